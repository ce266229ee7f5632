"""A station's sheet of paper over HTTP: for its keepers, never for devices."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.checkin.posters import paper
from volunteer.checkin.posters.paper_schemas import PaperIn, PaperOut, SheetOut
from volunteer.checkin.schemas import VoidIn
from volunteer.web.guard import public_root
from volunteer.web.routes import Call, Raw, Room

room = Room("checkin")
SCAN, RUN, HERE = Permission.SCAN, Permission.RUN_ACTIVITIES, Scope.STATION


@room.route("GET", "/stations/<uuid:station_id>/paper-code", SCAN, HERE, answers={200: PaperOut})
def show_paper(call: Call, station_id: uuid.UUID) -> Any:
    """Tell the fixed code of a station's poster on paper, and the word of the day that goes with it."""
    return 200, paper.tell(call.actor, station_id, public_root(), call.now)


@room.route("POST", "/stations/<uuid:station_id>/paper-code", RUN, HERE, body=PaperIn, answers={201: SheetOut})
def issue_paper(call: Call, station_id: uuid.UUID) -> Any:
    """Make a station's poster; one that is good dies at once, and wants a reason."""
    return 201, paper.issue(call.actor, station_id, call.body.get("reason"), public_root(), call.now)


@room.route("POST", "/stations/<uuid:station_id>/paper-code/revoke", RUN, HERE, body=VoidIn, answers={200: PaperOut})
def revoke_paper(call: Call, station_id: uuid.UUID) -> Any:
    """Put a station's poster out of use."""
    paper.revoke(call.actor, station_id, call.body["reason"], call.now)
    return 200, paper.tell(call.actor, station_id, public_root(), call.now)


@room.route("POST", "/stations/<uuid:station_id>/paper-code/word", RUN, HERE, body=VoidIn, answers={200: PaperOut})
def renew_word(call: Call, station_id: uuid.UUID) -> Any:
    """Change today's word at once; the one before is good no more."""
    paper.renew_word(call.actor, station_id, call.body["reason"], call.now)
    return 200, paper.tell(call.actor, station_id, public_root(), call.now)


@room.route("GET", "/stations/<uuid:station_id>/paper-code.pdf", RUN, HERE, answers={200: "application/pdf"})
def print_paper(call: Call, station_id: uuid.UUID) -> Any:
    """Print a station's poster, A4."""
    made = paper.sheet_pdf(call.actor, station_id, public_root(), call.now)
    return 200, Raw(made, "application/pdf", "poster.pdf", {"Cache-Control": "no-store"})
