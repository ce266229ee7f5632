"""The keeper at the door: today at the station, scanning by hand scanner or by typing, taking a scan back.

Everything works without scripts: what is typed is posted, the answer stands above the form. With `scan.js` the same
route gives the answer alone, and the input keeps the focus. Source: ux.md S1, S2, §5b, §5d, AC13, J4, J5.
"""

import uuid
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.checkin import queries, service
from volunteer.checkin.api import as_pack
from volunteer.checkin.credentials import packing
from volunteer.checkin.door import by_hand, door
from volunteer.checkin.door.states import Audience, Shown, failed, shown, stored, unheard
from volunteer.checkin.door.sync_pages import owner_of
from volunteer.checkin.door.sync_schemas import MOST_KEPT, KeptAt
from volunteer.checkin.posters import paper
from volunteer.checkin.reasons import Direction, Outcome, Reason
from volunteer.checkin.schemas import PackQuery, VoidIn
from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.errors import Conflict, Fault, InvalidInput, RateLimited
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief
from volunteer.web import forms
from volunteer.web.layout import Card
from volunteer.web.pages import Pages

pages = Pages("station")
#: Why somebody is entered by hand, as the form offers it: what is kept with the scan.
REASONS = ("手机没电或打不开", "没有带手机和志愿者卡", "站点网络不通", "扫码枪或平板坏了")
#: How the script asks for the answer alone.
PART = "part"
#: What WeChat's own browser says of itself: cameras often fail in it, and it installs no pages.
WECHAT = "MicroMessenger"


@pages.page("/station", Permission.SIGNED_IN, Scope.STATION)
def today_page() -> Any:
    """Show a station's day, or let the caller choose among the stations whose door is theirs."""
    chosen = id_of(request.args.get("station", "")) or door.only_door(g.actor)
    q = request.args.get("q", "").strip()
    if chosen is None:
        found = door.doors(g.actor, q)
        if len(found) != 1 or q:
            return render_template("checkin/doors.html", found=found[: door.MOST_STATIONS], more=_more(found), q=q)
        chosen = found[0].id
    door.doors(g.actor)
    today = queries.station_today(g.actor, chosen, g.now)
    return render_template(
        "checkin/today.html",
        today=today,
        rights=rights_at(chosen),
        counts=counts_of(today),
        word=paper.word_today(g.actor, chosen, g.now),
    )


@pages.page("/station/<uuid:station_id>/scan", Permission.SCAN, Scope.STATION, methods=("GET", "POST"))
def scan_page(station_id: uuid.UUID) -> Any:
    """Take what a scanner, a keyboard or a keeper types: a code, a spoken code, a name, the tail of a phone."""
    here = door.scanned_at(g.actor, station_id)
    if request.method == "GET":
        typed = {name: request.args.get(name, "") for name in ("direction", "shift_id")}
        return _scanner(station_id, typed), 200
    typed = forms.typed("code", "direction", "shift_id", "scan_id", "kept_at", "person_id", "heard", "reason")
    if typed["person_id"]:
        return _enter(station_id, typed)
    if not typed["code"]:
        fault = Fault("code", "required", _("Scan a code, or type one, a name, or the end of a phone number."))
        return _scanner(station_id, typed, faults=[fault]), 422
    if door.is_code(typed["code"]):
        return scan_typed(station_id, here, typed)
    try:
        met = door.find(g.actor, station_id, typed["code"], g.now)
    except RateLimited as error:
        return _limited(station_id, typed, error)
    return _scanner(station_id, typed, met=met, looked=True), 200


@pages.page("/station/<uuid:station_id>/pack", Permission.SCAN, Scope.STATION)
def pack_file(station_id: uuid.UUID) -> Any:
    """Give a keeper's browser the offline pack of a day, as the API gives it to a device."""
    query, faults = forms.load(PackQuery(), request.args.to_dict())
    if faults:
        raise InvalidInput(faults)
    pack = packing.offline_pack(g.actor, station_id, query["date"], g.now)
    status, raw = as_pack(pack, request.headers.get("If-None-Match", ""))
    return Response(raw.data, status, mimetype=raw.media_type, headers=dict(raw.headers))


@pages.page(
    "/station/<uuid:station_id>/scans/<uuid:scan_id>/void",
    Permission.RUN_ACTIVITIES,
    Scope.STATION,
    methods=("GET", "POST"),
)
def void_page(station_id: uuid.UUID, scan_id: uuid.UUID) -> Any:
    """Ask why a scan shall not count, and append that it does not."""
    scan = door.scan_of(g.actor, scan_id, g.now)
    station = queries.require_door(g.actor, station_id)[0]
    faults: list[Fault] = []
    if request.method == "POST":
        body, faults = forms.load(VoidIn(), forms.filled(forms.typed("reason")))
        if not faults:
            service.void_scan(g.actor, scan_id, body["reason"], g.now)
            return redirect(url_for("station.scan_page", station_id=station_id), 303)
    page = render_template("checkin/void.html", scan=scan, told=told(scan), station=station, faults=faults)
    return page, 422 if faults else 200


def desk_card(actor: Actor, now: Instant) -> Card | None:
    """Tell staff who scan what today brings at their door, on their start."""
    if not actor.has(Permission.SCAN):
        return None
    title, only = _("Check-in desk"), door.only_door(actor)
    if only is None:
        return Card(title, "", _("Choose a station, then scan."), url_for("station.today_page"), _("Choose a station"))
    today = queries.station_today(actor, only, now)
    if not today["shifts"]:
        return Card(title, "", _("No shift today."), url_for("station.today_page"), _("See the station"))
    if waiting := sum(len(shift["unsigned"]) for shift in today["shifts"]):
        told = _("people are not signed out though their shift is over; in time they still can")
        return Card(title, str(waiting), told, url_for("station.today_page", station=only), _("See who it is"))
    text = _("shifts today: %(expected)s not here yet, %(inside)s inside, %(left)s left", **counts_of(today))
    return Card(
        title, str(len(today["shifts"])), text, url_for("station.scan_page", station_id=only), _("Start scanning")
    )


def counts_of(today: dict[str, Any]) -> dict[str, int]:
    """Return how many are expected, inside and gone over all shifts of a day."""
    return {name: sum(shift[name] for shift in today["shifts"]) for name in ("expected", "inside", "left")}


def told(scan: dict[str, Any]) -> Shown:
    """Return the state of a scan in a list."""
    answer = {"outcome": scan["outcome"], "reason": scan["reason"], "evidence": scan["evidence"]}
    return shown(answer | {"direction": scan["direction"], "flags": scan["flags"]}, Audience.KEEPER)


def scan_typed(station_id: uuid.UUID, here: uuid.UUID | None, typed: dict[str, str]) -> Any:
    """Record one scan, and show what it came to."""
    body = {
        "id": id_of(typed["scan_id"]),
        "volunteer_code": typed["code"][:MOST_KEPT],
        "direction": _direction(typed["direction"]),
        "shift_id": id_of(typed["shift_id"]),
        "station_id": here,
        "kept_at": _kept_at(typed["kept_at"]),
    }
    agent = request.headers.get("User-Agent", "")
    try:
        status, answer = service.record_scan(g.actor, body, g.now, address=request.remote_addr or "", agent=agent)
    except RateLimited as error:
        return _limited(station_id, typed, error)
    except Conflict:
        status, answer = 409, {"outcome": Outcome.REFUSED, "reason": Reason.ID_REUSED}
    return _scanner(station_id, typed, answer=answer), status


def _kept_at(text: str) -> Instant | None:
    """Return when the page kept the scan before it sent it; None where it keeps none."""
    body, _faults = forms.load(KeptAt(), forms.filled({"kept_at": text}))
    return body.get("kept_at")


def _enter(station_id: uuid.UUID, typed: dict[str, str]) -> Any:
    """Check in or out somebody whom the keeper knows again, by hand."""
    person_id, shift_id = id_of(typed["person_id"]), id_of(typed["shift_id"])
    if person_id is None or shift_id is None:
        return _scanner(station_id, typed, looked=True), 422
    reason = typed["reason"][:500] or REASONS[0]
    way = _direction(typed["direction"])
    answer = by_hand.enter(g.actor, shift_id, person_id, way, reason, g.now, typed["heard"])
    page = _scanner(station_id, typed | {"shift_id": ""}, answer=answer)
    return page, 409 if answer["outcome"] == Outcome.REFUSED else 200


def _limited(station_id: uuid.UUID, typed: dict[str, str], error: RateLimited) -> Any:
    """Say that too many wrong codes came, and when to go on."""
    state = failed(
        _("Too many wrong codes. Go on in %(n)s seconds.", n=error.retry_after_s), Audience.KEEPER, station_id
    )
    return _scanner(station_id, typed, state=state), 429


def _scanner(
    station_id: uuid.UUID,
    typed: dict[str, str],
    *,
    answer: dict[str, Any] | None = None,
    state: Shown | None = None,
    met: list[door.Met] | None = None,
    looked: bool = False,
    faults: list[Fault] | None = None,
) -> str:
    """Return the scanning page, or for the script its answer alone: the state, who may be meant, the last scans."""
    station, today = stations.get_station(station_id), queries.station_today(g.actor, station_id, g.now)
    if answer is not None:
        known = answer | {"since": door.since(today, answer)}
        state = shown(known, Audience.KEEPER, place=station.name, station_id=station_id)
    template = "checkin/_parts.html" if PART in request.form else "checkin/scan.html"
    return render_template(
        template,
        station=station,
        today=today,
        counts=counts_of(today),
        rights=rights_at(station_id),
        direction=_direction(typed["direction"]).value,
        shift_id=typed["shift_id"],
        scan_id=new_id(),
        answer=answer or {},
        why_not=[reason.sentence for reason in by_hand.reasons_against(answer or {})],
        state=state,
        met=met or [],
        looked=looked,
        typed=typed,
        faults=faults or [],
        in_wechat=WECHAT in request.headers.get("User-Agent", ""),
        reasons=REASONS,
        failed=unheard(station_id),
        saved=stored("#", station_id),
        owner=owner_of(g.actor),
        zone=settings().zone,
        scans=[(scan, told(scan)) for scan in door.last_scans(today, g.now)],
    )


def rights_at(station_id: uuid.UUID) -> dict[str, bool]:
    """Return what the caller may do at a station beside looking: scan there, run its activities."""
    station = stations.get_station(station_id)
    led = queries.require_door(g.actor, station_id)[1] is not None
    return {
        "scan": led or stations.may_at(g.actor, Permission.SCAN, station),
        "run": stations.may_at(g.actor, Permission.RUN_ACTIVITIES, station),
    }


def _more(found: list[StationBrief]) -> bool:
    """Whether there are more stations than are shown."""
    return len(found) > door.MOST_STATIONS


def _direction(text: str) -> Direction:
    """Return the direction that was chosen; in, unless it says out."""
    return Direction.OUT if text == Direction.OUT else Direction.IN


def id_of(text: str) -> uuid.UUID | None:
    """Return an id, or None for what is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
