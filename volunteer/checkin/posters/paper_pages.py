"""The station's sheet of paper: its keeper prints, replaces, revokes it and reads today's word; who types its digits.

Source: ux.md §5a (no screen); threat-model.md.
"""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Permission, Scope
from volunteer.checkin.api import BROWSER
from volunteer.checkin.door.station_pages import rights_at
from volunteer.checkin.posters import paper
from volunteer.checkin.posters.paper_codes import grouped
from volunteer.checkin.schemas import VoidIn
from volunteer.checkin.visits import visits
from volunteer.errors import Fault
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.guard import public_root
from volunteer.web.pages import Pages

pages = Pages("paper")
RUN = Permission.RUN_ACTIVITIES


@pages.page("/s", Permission.ANYONE, Scope.NOTHING, methods=("GET", "POST"))
def typed_page() -> Any:
    """Take the digits of a sheet from who cannot scan it, and lead to the visit that they begin."""
    if request.method == "GET":
        return render_template("checkin/typed.html", code="", faults=[])
    visits.count_opening(request.cookies.get(BROWSER, ""), request.remote_addr or "", g.now)
    code = forms.typed("code")["code"]
    path = visits.path_of_typed(code)
    if path is not None:
        return redirect(path, 303)
    fault = Fault("code", "code-invalid", _("These are not the digits of a poster. Please compare them, 16 in all."))
    return render_template("checkin/typed.html", code=code, faults=[fault]), 422


@pages.page("/station/<uuid:station_id>/paper", Permission.SCAN, Scope.STATION, methods=("GET", "POST"))
def paper_page(station_id: uuid.UUID) -> Any:
    """Show the station's sheet and today's word; make the first one."""
    here = url_for("paper.paper_page", station_id=station_id)
    if request.method == "POST":
        told = paper.tell(g.actor, station_id, public_root(), g.now)
        if told["sheet"] is None:
            paper.issue(g.actor, station_id, None, public_root(), g.now)
        return redirect(here, 303)
    return _private(
        render_template(
            "checkin/paper.html",
            station=stations.get_station(station_id),
            grouped=grouped,
            now=g.now,
            rights=rights_at(station_id),
            **paper.tell(g.actor, station_id, public_root(), g.now),
        )
    )


@pages.page("/station/<uuid:station_id>/paper/replace", RUN, Scope.STATION, methods=("GET", "POST"))
def replace_page(station_id: uuid.UUID) -> Any:
    """Ask why the sheet is replaced, and put a new one in its place."""
    return _asked(station_id, "replace", lambda why: paper.issue(g.actor, station_id, why, public_root(), g.now))


@pages.page("/station/<uuid:station_id>/paper/revoke", RUN, Scope.STATION, methods=("GET", "POST"))
def revoke_page(station_id: uuid.UUID) -> Any:
    """Ask why the sheet is put out of use, and do it."""
    return _asked(station_id, "revoke", lambda why: paper.revoke(g.actor, station_id, why, g.now))


@pages.page("/station/<uuid:station_id>/paper/word", RUN, Scope.STATION, methods=("GET", "POST"))
def word_page(station_id: uuid.UUID) -> Any:
    """Ask why today's word is changed, and change it."""
    return _asked(station_id, "word", lambda why: paper.renew_word(g.actor, station_id, why, g.now))


@pages.page("/station/<uuid:station_id>/paper/sheet.pdf", RUN, Scope.STATION)
def sheet_file(station_id: uuid.UUID) -> Any:
    """Give the sheet for printing."""
    made = paper.sheet_pdf(g.actor, station_id, public_root(), g.now)
    return _private(Response(made, mimetype="application/pdf"))


def _asked(station_id: uuid.UUID, deed: str, do: Callable[[str], object]) -> Any:
    """Ask for a reason and do a deed at the sheet that is good; lead to the sheet where there is none."""
    station = stations.require_station(g.actor, RUN, station_id)
    sheet = paper.tell(g.actor, station_id, public_root(), g.now)["sheet"]
    back = redirect(url_for("paper.paper_page", station_id=station_id), 303)
    if sheet is None:
        return back
    faults: list[Fault] = []
    if request.method == "POST":
        body, faults = forms.load(VoidIn(), forms.filled(forms.typed("reason")))
        if not faults:
            do(body["reason"])
            return back
    page = render_template("checkin/paper_deed.html", station=station, deed=deed, faults=faults, sheet=sheet)
    return page, 422 if faults else 200


def _private(answer: Any) -> Response:
    """Return an answer that nobody stores: whoever finds it later should not find the word."""
    response = Response(answer, mimetype="text/html") if isinstance(answer, str) else answer
    response.headers["Cache-Control"] = "no-store"
    return response
