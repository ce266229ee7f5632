"""What a keeper's page needs to go on without a network: the frame of its pages, and the door for what it kept.

The frame holds nobody's data and is the same for everybody, so that the service worker may keep it. What was scanned is
kept on the device before it is sent, and given up only when the answer is there. Source: ux.md §3, S6, S7; peers.md T19
to T22, T24.
"""

import hmac
import uuid
from collections.abc import Mapping
from typing import Any

from flask import abort, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from volunteer.access import Actor, Permission, Scope
from volunteer.checkin import service
from volunteer.checkin.door import door
from volunteer.checkin.door.states import Audience, shown, stored, unheard
from volunteer.checkin.door.sync_schemas import SyncIn
from volunteer.config import settings
from volunteer.errors import InvalidInput
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("scanner")
#: The pages that open without a network, by the last part of their address.
SHELLS = {"scan": "checkin/scan.html", "queue": "checkin/queue.html", "check": "checkin/check.html"}
_NOWHERE = uuid.UUID(int=0)


@pages.page("/station/<uuid:station_id>/sync", Permission.SCAN, Scope.STATION, methods=("GET", "POST"))
def sync_page(station_id: uuid.UUID) -> Any:
    """Take what the page kept, as `POST /checkins/batch` does; a GET says who would send it, and gives the token."""
    here = door.scanned_at(g.actor, station_id)
    station = stations.get_station(station_id)
    if request.method == "GET":
        return jsonify(owner=owner_of(g.actor), csrf=generate_csrf(), name=station.name), 200, _KEPT_BY_NOBODY
    body, faults = forms.load(SyncIn(), request.get_json(silent=True) or {})
    if faults:
        raise InvalidInput(faults)
    agent = request.headers.get("User-Agent", "")
    sent = body | {"station_id": here}
    results = service.record_batch(g.actor, sent, g.now, address=request.remote_addr or "", agent=agent)
    told = [_told(one, station.name, station_id) for one in results]
    return jsonify(results=told), 200, _KEPT_BY_NOBODY


@pages.page("/station/<uuid:station_id>/queue", Permission.SCAN, Scope.STATION)
def queue_page(station_id: uuid.UUID) -> Any:
    """Show what this device has kept and not sent, and what came of the rest; the script reads it from the device."""
    door.scanned_at(g.actor, station_id)
    station, zone = stations.get_station(station_id), settings().zone
    return render_template("checkin/queue.html", station=station, owner=owner_of(g.actor), zone=zone)


@pages.page("/station/<uuid:station_id>/check", Permission.SCAN, Scope.STATION)
def check_page(station_id: uuid.UUID) -> Any:
    """Try this device: address, camera, storage, clock, network, hand scanner; each with what to do about it."""
    door.scanned_at(g.actor, station_id)
    station, zone = stations.get_station(station_id), settings().zone
    return render_template("checkin/check.html", station=station, owner=owner_of(g.actor), zone=zone)


@pages.page("/station/shell/<name>", Permission.ANYONE, Scope.NOTHING)
def shell_page(name: str) -> Any:
    """Give the empty frame of a page that opens without a network; the service worker keeps it."""
    if name not in SHELLS:
        abort(404)
    station = {"id": _NOWHERE, "name": _("this station")}
    return render_template(
        SHELLS[name],
        bare=True,
        station=station,
        owner="",
        zone=settings().zone,
        direction="in",
        shift_id="",
        scan_id="",
        answer={},
        faults=[],
        today={"shifts": []},
        rights={"scan": True, "run": False},
        failed=unheard(_NOWHERE),
        saved=stored("#", _NOWHERE),
    )


def owner_of(actor: Actor) -> str:
    """Return the name under which a device keeps what somebody scanned: it says who sends it, and tells nobody who."""
    key = settings().secret_key.encode()
    return hmac.digest(key, f"scan-owner|{actor.key}".encode(), "sha256")[:12].hex()


_KEPT_BY_NOBODY = {"Cache-Control": "no-store"}


def _told(answer: Mapping[str, Any], place: str, station_id: uuid.UUID) -> dict[str, Any]:
    """Return one result as the page shows it."""
    state = shown(answer, Audience.KEEPER, place=place, station_id=station_id)
    return {
        "id": str(answer["id"]),
        "outcome": answer["outcome"],
        "key": state.key,
        "kind": state.kind,
        "icon": state.icon,
        "title": state.title,
        "detail": state.detail,
        "next": state.next_text,
        "band": state.band,
    }
