"""The station's screen: the rotating code that volunteers scan, large, with the time. Source: ux.md §5a, S3."""

import uuid
from typing import Any

from flask import Response, g, make_response, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.checkin import queries
from volunteer.checkin.credentials import cards
from volunteer.config import settings
from volunteer.web.guard import public_root
from volunteer.web.pages import Pages

pages = Pages("poster")
LATE_S = 60
"""How long the screen goes on without a network: a code lives 90 s from its step, so its last one is still good."""


@pages.page("/station/<uuid:station_id>/poster", Permission.SCAN, Scope.STATION)
def poster_page(station_id: uuid.UUID) -> Any:
    """Show the station's code of this moment, or that of one of today's shifts; it renews itself."""
    shift_id = _shift()
    code = cards.station_code(g.actor, station_id, shift_id, public_root(), g.now)
    today = queries.station_today(g.actor, station_id, g.now)
    shifts = [one for one in today["shifts"] if one["closes_at"] > g.now]
    body = render_template(
        "checkin/poster.html",
        station_id=station_id,
        station_name=today["station_name"],
        shift=next((one for one in today["shifts"] if one["shift_id"] == shift_id), None),
        shifts=shifts,
        refresh_after_s=code["refresh_after_s"],
        address=url_for("poster.poster_picture", station_id=station_id, shift=shift_id),
        zone=str(settings().zone),
        late_s=LATE_S,
        inside=_inside(today, shift_id),
        now=g.now,
    )
    response = make_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.page("/station/<uuid:station_id>/poster.svg", Permission.SCAN, Scope.STATION)
def poster_picture(station_id: uuid.UUID) -> Any:
    """Draw the code of this moment; `Refresh-After` says when the next one is due, `Inside` how many are here."""
    code = cards.station_code(g.actor, station_id, _shift(), public_root(), g.now)
    inside = _inside(queries.station_today(g.actor, station_id, g.now), _shift())
    headers = {"Cache-Control": "no-store", "Refresh-After": str(code["refresh_after_s"]), "Inside": str(inside)}
    return Response(cards.picture_of(code["url"]), mimetype="image/svg+xml", headers=headers)


def _inside(today: dict[str, Any], shift_id: uuid.UUID | None) -> int:
    """Return how many are checked in at the station, or at one of its shifts."""
    return sum(shift["inside"] for shift in today["shifts"] if shift_id in (None, shift["shift_id"]))


def _shift() -> uuid.UUID | None:
    """Return the shift that the address names; what is no id means the whole station."""
    try:
        return uuid.UUID(request.args["shift"])
    except (KeyError, ValueError):
        return None
