"""Check-in over HTTP: scans, attendances, codes and cards."""

import datetime as dt
import uuid
from typing import Any

from flask import request

from volunteer.access import Permission, Scope
from volunteer.checkin import queries, service
from volunteer.checkin import schemas as s
from volunteer.checkin.credentials import cards, packing
from volunteer.checkin.photos import photos
from volunteer.checkin.photos.photo_schemas import PhotoIn, PhotoOut
from volunteer.web.guard import public_root
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Raw, Room
from volunteer.web.schemas import Page

room = Room("checkin")
SCAN, RUN, READ, ME = Permission.SCAN, Permission.RUN_ACTIVITIES, Permission.READ_STATIONS, Permission.SIGNED_IN
HERE, SELF = Scope.STATION, Scope.SELF
BROWSER = "volunteer_browser"
SCANNED = {200: s.ScanOut, 201: s.ScanOut, 202: s.ScanOut, 409: s.ScanRefusedOut}


def _agent() -> str:
    """Return what the sender says it is."""
    return request.headers.get("User-Agent", "")


@room.route("POST", "/checkins", SCAN, HERE, body=s.ScanIn, answers=SCANNED, errors=(429,), devices=True)
def add_scan(call: Call) -> Any:
    """Scan a volunteer's code in or out; a refused scan is kept too."""
    return service.record_scan(call.actor, call.body, call.now, address=call.address, agent=_agent())


@room.route(
    "POST", "/checkins/batch", SCAN, HERE, body=s.BatchIn, answers={200: s.BatchOut}, errors=(429,), devices=True
)
def add_batch(call: Call) -> Any:
    """Send what was scanned without a network: in parts, in any order, twice, it comes to the same."""
    results = service.record_batch(call.actor, call.body, call.now, address=call.address, agent=_agent())
    return 200, {"results": results}


@room.route(
    "POST",
    "/checkins/photos",
    SCAN,
    HERE,
    body=PhotoIn,
    answers={200: PhotoOut},
    errors=(429,),
    upload=True,
)
def read_photo(call: Call) -> Any:
    """Read the code in a photo (JPEG, PNG, WebP; up to 8 MB); the photo is not kept, and nobody is checked in by it."""
    return 200, {"volunteer_code": photos.read_code(call.actor, call.body["file"].data, call.now)}


@room.route("POST", "/me/checkins", ME, SELF, body=s.OwnScanIn, answers=SCANNED, errors=(404, 429))
def add_own_scan(call: Call) -> Any:
    """Scan a station's code in or out oneself."""
    return service.check_in_own(
        call.actor,
        call.body,
        call.now,
        channel=call.channel,
        browser=request.cookies.get(BROWSER, ""),
        address=call.address,
        agent=_agent(),
    )


@room.route("POST", "/shifts/<uuid:shift_id>/roll-call", RUN, HERE, body=s.RollCallIn, answers={200: s.RollCallOut})
def roll_call(call: Call, shift_id: uuid.UUID) -> Any:
    """Enter a paper list; the minutes wait for somebody else's review."""
    return 200, {"results": service.roll_call(call.actor, shift_id, call.body, call.now)}


@room.route("POST", "/checkins/<uuid:scan_id>/void", RUN, HERE, body=s.VoidIn, answers={200: s.ScanOut})
def void_scan(call: Call, scan_id: uuid.UUID) -> Any:
    """Say that a scan does not count; it stays, with who said so and why."""
    return 200, service.void_scan(call.actor, scan_id, call.body["reason"], call.now)


@room.route("GET", "/shifts/<uuid:shift_id>/attendances", READ, HERE, query=Page, answers={200: s.AttendancePage})
def list_attendances(call: Call, shift_id: uuid.UUID) -> Any:
    """List who was at a shift, by first check-in."""
    limit, after = call.query["limit"], _cursor(call)
    rows = queries.shift_attendances(call.actor, shift_id, limit, after, call.now)
    return 200, page(rows, limit, _key)


@room.route("GET", "/me/attendances", ME, SELF, query=s.OwnPage, answers={200: s.OwnAttendancePage}, errors=(404,))
def list_own_attendances(call: Call) -> Any:
    """List one's own attendances, newest first, each with why it counts as it does."""
    limit, before = call.query["limit"], _cursor(call)
    rows = queries.own_attendances(call.actor, call.query["volunteer_id"], limit, before, call.now)
    return 200, page(rows, limit, _key)


@room.route("GET", "/stations/<uuid:station_id>/today", READ, HERE, answers={200: s.TodayOut}, devices=True)
def station_today(call: Call, station_id: uuid.UUID) -> Any:
    """Show a station's day: its shifts, and who is expected, in, and out."""
    return 200, queries.station_today(call.actor, station_id, call.now)


@room.route(
    "GET",
    "/stations/<uuid:station_id>/code",
    SCAN,
    HERE,
    query=s.StationCodeQuery,
    answers={200: s.StationCodeOut},
    devices=True,
)
def station_code(call: Call, station_id: uuid.UUID) -> Any:
    """Give the code that a station shows to volunteers: a new one every 30 s."""
    return 200, cards.station_code(call.actor, station_id, call.query["shift_id"], public_root(), call.now)


@room.route(
    "GET",
    "/stations/<uuid:station_id>/offline-pack",
    SCAN,
    HERE,
    query=s.PackQuery,
    answers={200: s.PackOut, 304: None},
    errors=(413,),
    devices=True,
)
def offline_pack(call: Call, station_id: uuid.UUID) -> Any:
    """Give what a scanner needs for a day without a network; who holds it can name nobody and forge nothing."""
    pack = packing.offline_pack(call.actor, station_id, call.query["date"], call.now)
    return as_pack(pack, request.headers.get("If-None-Match", ""))


@room.route("GET", "/me/code", ME, SELF, query=s.Whose, answers={200: s.OwnCodeOut}, errors=(404,))
def own_code(call: Call) -> Any:
    """Give one's living code and the next two."""
    return 200, cards.own_code(call.actor, call.query["volunteer_id"], call.now)


@room.route("GET", "/me/code.svg", ME, SELF, query=s.Whose, answers={200: "image/svg+xml"}, errors=(404,))
def own_code_svg(call: Call) -> Any:
    """Draw one's living code."""
    return 200, _picture(cards.own_code_svg(call.actor, call.query["volunteer_id"], call.now))


@room.route("GET", "/me/card", ME, SELF, query=s.Whose, answers={200: s.CardOut}, errors=(404,))
def own_card(call: Call) -> Any:
    """Give what stands on one's printed card."""
    return 200, cards.own_card(call.actor, call.query["volunteer_id"])


@room.route("GET", "/me/card.svg", ME, SELF, query=s.Whose, answers={200: "image/svg+xml"}, errors=(404,))
def own_card_svg(call: Call) -> Any:
    """Draw the code of one's printed card."""
    return 200, _picture(cards.version_1(cards.own_card(call.actor, call.query["volunteer_id"])["payload"]))


@room.route("GET", "/me/card.pdf", ME, SELF, query=s.Whose, answers={200: "application/pdf"}, errors=(404,))
def own_card_pdf(call: Call) -> Any:
    """Print one's card."""
    return 200, _printed(cards.own_card_pdf(call.actor, call.query["volunteer_id"]))


@room.route("POST", "/me/card/renew", ME, SELF, body=s.WhoseIn, answers={200: s.CardOut}, errors=(404,))
def renew_card(call: Call) -> Any:
    """Make the cards printed before worthless."""
    return 200, cards.renew_card(call.actor, call.body.get("volunteer_id"), call.now)


@room.route(
    "GET",
    "/volunteers/<uuid:person_id>/card.pdf",
    RUN,
    Scope.PERSON,
    answers={200: "application/pdf"},
)
def volunteer_card_pdf(call: Call, person_id: uuid.UUID) -> Any:
    """Print the card of somebody without a phone."""
    return 200, _printed(cards.card_pdf(call.actor, person_id, call.now))


def as_pack(pack: packing.Pack, known: str) -> tuple[int, Raw]:
    """Return a pack for who has none or another one, and 304 for who has it; the way there keeps none."""
    headers = {"ETag": pack.etag, "Cache-Control": "no-store"}
    if pack.etag in known:
        return 304, Raw(b"", "application/json", headers=headers)
    return 200, Raw(pack.body, "application/json", headers=headers)


def _cursor(call: Call) -> tuple[dt.datetime, uuid.UUID] | None:
    """Return where a page of attendances goes on."""
    found: tuple[dt.datetime, uuid.UUID] | None = decode_cursor(
        call.query["cursor"], dt.datetime.fromisoformat, uuid.UUID
    )
    return found


def _key(row: dict[str, Any]) -> tuple[str, uuid.UUID]:
    """Return what attendances are listed by."""
    return row["first_in_at"].isoformat(), row["id"]


def _picture(svg: bytes) -> Raw:
    """Return an SVG that nobody keeps."""
    return Raw(svg, "image/svg+xml", headers={"Cache-Control": "no-store"})


def _printed(pdf: bytes) -> Raw:
    """Return a card as a file."""
    return Raw(pdf, "application/pdf", "card.pdf", {"Cache-Control": "no-store"})
