"""Hours, make-ups, corrections, reviews and the ledger's verification over HTTP."""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id, reading
from volunteer.hours import asking, deciding, queries, service, together, verification
from volunteer.hours import schemas as s
from volunteer.hours import together_schemas as ts
from volunteer.hours.models import HourRequest, RequestKind, RequestState
from volunteer.hours.narrowing import Narrowed
from volunteer.hours.together import Together, Verdict
from volunteer.registration.service import linked_persons, own_person
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import Page

room = Room("hours")
MAKE_UPS = frozenset({RequestKind.MAKE_UP})
CORRECTIONS = frozenset({RequestKind.CORRECTION})
STATE_OF = {word: state for state, word in queries.STATES.items()} | {"withdrawn": RequestState.WITHDRAWN}


def _before(call: Call) -> tuple[dt.datetime, uuid.UUID] | None:
    """Return the cursor of a list that is ordered by time and id."""
    found: tuple[dt.datetime, uuid.UUID] | None = decode_cursor(
        call.query["cursor"], dt.datetime.fromisoformat, uuid.UUID
    )
    return found


def _one(request: HourRequest) -> dict[str, Any]:
    """Return one request as lists show it."""
    return queries.views_of(reading(), [request])[0]


def _listed(call: Call, kinds: frozenset[RequestKind]) -> tuple[int, dict[str, Any]]:
    """Return a page of requests in the caller's scope and of those for whom the caller may act."""
    word = call.query["state"]
    state = STATE_OF[word] if word else None
    rows = queries.requests_in_scope(
        call.actor, kinds, state, call.query["limit"], _before(call), linked_persons(call.actor)
    )
    return 200, page(rows, call.query["limit"], lambda row: (row["asked_at"].isoformat(), row["id"]))


def _entries(call: Call, person_id: uuid.UUID) -> tuple[int, dict[str, Any]]:
    """Return a page of a person's entries."""
    limit = call.query["limit"]
    rows = service.entries(call.actor, person_id, call.now, limit, _before(call))
    return 200, page(rows, limit, lambda row: (row["at"].isoformat(), row["id"]))


@room.route("GET", "/me/hours", Permission.SIGNED_IN, Scope.SELF, answers={200: s.HoursOut}, errors=(403,))
def my_hours(call: Call) -> Any:
    """Tell the caller's minutes and star level."""
    return 200, service.totals(call.actor, own_person(call.actor), call.now)


@room.route(
    "GET",
    "/volunteers/<uuid:volunteer_id>/hours",
    Permission.SIGNED_IN,
    Scope.PERSON,
    answers={200: s.HoursOut},
    errors=(404,),
)
def hours(call: Call, volunteer_id: uuid.UUID) -> Any:
    """Tell a volunteer's minutes and star level."""
    return 200, service.totals(call.actor, volunteer_id, call.now)


@room.route(
    "GET",
    "/me/hours/entries",
    Permission.SIGNED_IN,
    Scope.SELF,
    query=Page,
    answers={200: s.EntryPage},
    errors=(403,),
)
def my_entries(call: Call) -> Any:
    """List the caller's lines and pending or refused requests, newest first."""
    return _entries(call, own_person(call.actor))


@room.route(
    "GET",
    "/volunteers/<uuid:volunteer_id>/hours/entries",
    Permission.SIGNED_IN,
    Scope.PERSON,
    query=Page,
    answers={200: s.EntryPage},
    errors=(404,),
)
def entries(call: Call, volunteer_id: uuid.UUID) -> Any:
    """List a volunteer's lines and pending or refused requests, newest first."""
    return _entries(call, volunteer_id)


@room.route(
    "GET",
    "/hours/<uuid:entry_id>/explanation",
    Permission.SIGNED_IN,
    Scope.PERSON,
    answers={200: s.ExplanationOut},
    errors=(404,),
)
def explanation(call: Call, entry_id: uuid.UUID) -> Any:
    """Explain a line: scans, pairs, clipping, union, tiers, minutes; computed anew."""
    return 200, service.explanation(call.actor, entry_id, call.now)


@room.route(
    "POST",
    "/make-ups",
    Permission.SIGNED_IN,
    Scope.PERSON,
    body=s.MakeUpIn,
    answers={201: s.MakeUpOut},
    errors=(403, 404, 409),
)
def ask_make_up(call: Call) -> Any:
    """Ask for time at a shift that no scan proves."""
    body = call.body
    times = (body["from_"], body["to"])
    request = asking.ask_make_up(call.actor, body["shift_id"], body["volunteer_id"], times, body["reason"], call.now)
    return 201, _one(request)


@room.route("GET", "/make-ups", Permission.SIGNED_IN, Scope.STATION, query=s.DecisionQuery, answers={200: s.MakeUpPage})
def list_make_ups(call: Call) -> Any:
    """List make-ups of the stations in scope, and one's own."""
    return _listed(call, MAKE_UPS)


@room.route(
    "POST",
    "/make-ups/<uuid:request_id>/approve",
    Permission.DECIDE,
    Scope.STATION,
    answers={200: s.MakeUpOut},
    errors=(404, 409),
)
def approve_make_up(call: Call, request_id: uuid.UUID) -> Any:
    """Grant a make-up; verified time always wins over it."""
    return 200, _one(deciding.accept(call.actor, request_id, call.now, MAKE_UPS))


@room.route(
    "POST",
    "/make-ups/<uuid:request_id>/reject",
    Permission.DECIDE,
    Scope.STATION,
    body=s.ReasonIn,
    answers={200: s.MakeUpOut},
    errors=(404, 409),
)
def reject_make_up(call: Call, request_id: uuid.UUID) -> Any:
    """Refuse a make-up; the person is told why."""
    return 200, _one(deciding.refuse(call.actor, request_id, call.body["reason"], call.now, MAKE_UPS))


@room.route(
    "POST",
    "/hours/<uuid:entry_id>/corrections",
    Permission.SIGNED_IN,
    Scope.PERSON,
    body=s.CorrectionIn,
    answers={201: s.CorrectionOut},
    errors=(404, 409),
)
def ask_correction(call: Call, entry_id: uuid.UUID) -> Any:
    """Ask for another net value of an effective line."""
    request = asking.ask_correction(call.actor, entry_id, call.body["minutes"], call.body["reason"], call.now)
    return 201, _one(request)


@room.route(
    "GET", "/corrections", Permission.SIGNED_IN, Scope.STATION, query=s.DecisionQuery, answers={200: s.CorrectionPage}
)
def list_corrections(call: Call) -> Any:
    """List corrections of the stations in scope, and one's own."""
    return _listed(call, CORRECTIONS)


@room.route(
    "POST",
    "/corrections/<uuid:request_id>/approve",
    Permission.DECIDE,
    Scope.STATION,
    answers={200: s.CorrectionOut},
    errors=(404, 409),
)
def approve_correction(call: Call, request_id: uuid.UUID) -> Any:
    """Approve a correction: the difference is appended."""
    return 200, _one(deciding.accept(call.actor, request_id, call.now, CORRECTIONS))


@room.route(
    "POST",
    "/corrections/<uuid:request_id>/reject",
    Permission.DECIDE,
    Scope.STATION,
    body=s.ReasonIn,
    answers={200: s.CorrectionOut},
    errors=(404, 409),
)
def reject_correction(call: Call, request_id: uuid.UUID) -> Any:
    """Refuse a correction; the person is told why."""
    return 200, _one(deciding.refuse(call.actor, request_id, call.body["reason"], call.now, CORRECTIONS))


@room.route(
    "GET",
    "/reviews",
    Permission.READ_STATIONS,
    Scope.STATION,
    query=ts.ReviewQuery,
    answers={200: s.ReviewPage},
    errors=(404,),
)
def list_reviews(call: Call) -> Any:
    """List what waits for a decision at the stations in scope, newest first, narrowed as the queue's page is."""
    limit = call.query["limit"]
    state = RequestState(call.query["state"])
    asked = {name: call.query[name] for name in ("kind", "mark", "station_id", "unit_id", "shift_id")}
    narrowed = Narrowed(**asked, before=call.query["asked_before"], today=site_day(call.now, settings().zone))
    before = _before(call)
    rows = queries.requests_in_scope(call.actor, frozenset(RequestKind), state, limit, before, narrowed=narrowed)
    return 200, page(rows, limit, lambda row: (row["asked_at"].isoformat(), row["id"]))


@room.route(
    "POST",
    "/reviews/<uuid:request_id>/accept",
    Permission.DECIDE,
    Scope.STATION,
    answers={200: s.ReviewOut},
    errors=(404, 409),
)
def accept_review(call: Call, request_id: uuid.UUID) -> Any:
    """Accept what waits: its minutes count."""
    return 200, _one(deciding.accept(call.actor, request_id, call.now))


@room.route(
    "POST",
    "/reviews/<uuid:request_id>/refuse",
    Permission.DECIDE,
    Scope.STATION,
    body=s.ReasonIn,
    answers={200: s.ReviewOut},
    errors=(404, 409),
)
def refuse_review(call: Call, request_id: uuid.UUID) -> Any:
    """Refuse what waits: its minutes never count; the person is told why."""
    return 200, _one(deciding.refuse(call.actor, request_id, call.body["reason"], call.now))


@room.route("POST", "/reviews/accept", Permission.DECIDE, Scope.STATION, body=s.IdsIn, answers={200: s.AcceptedList})
def accept_reviews(call: Call) -> Any:
    """Accept many reviews, each for itself."""
    return 200, {"results": deciding.accept_many(call.actor, call.body["ids"], call.now)}


@room.route(
    "POST",
    "/reviews/decisions",
    Permission.DECIDE,
    Scope.STATION,
    body=ts.DecisionsIn,
    answers={200: ts.DecisionsOut},
    errors=(409,),
)
def decide_reviews(call: Call) -> Any:
    """Accept or refuse many reviews with one reason, each for itself; the same `batch_id` again changes nothing."""
    body = call.body
    one = Together(body["batch_id"] or new_id(), Verdict(body["decision"]), tuple(body["ids"]), body["reason"])
    return 200, together.decide(call.actor, one, call.now)


@room.route(
    "GET",
    "/reviews/decisions/<uuid:batch_id>",
    Permission.DECIDE,
    Scope.STATION,
    answers={200: ts.DecisionsOut},
    errors=(404,),
)
def get_decision(call: Call, batch_id: uuid.UUID) -> Any:
    """Tell what came of a decision of one's own about many."""
    return 200, together.decision(call.actor, batch_id)


@room.route("GET", "/ledger/verification", Permission.AUDIT, Scope.SITE, answers={200: s.VerificationOut})
def ledger_verification(call: Call) -> Any:
    """Tell whether the ledger's chains and their signed heads hold."""
    return 200, verification.answer(call.now)
