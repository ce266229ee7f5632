"""Leaving a unit, reporting in beside it, and requests to belong elsewhere, over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import belonging, unit_changes
from volunteer.registration import schemas as s
from volunteer.web.routes import Call, Room

room = Room("unit-changes")
PERSON = "/volunteers/<uuid:person_id>"
REQUEST = "/unit-requests/<uuid:request_id>"
MANAGE = (Permission.MANAGE_PEOPLE, Scope.PERSON)


@room.route("POST", PERSON + "/leave", *MANAGE, body=s.LeaveIn, answers={200: s.StandingOut})
def leave(call: Call, person_id: uuid.UUID) -> Any:
    """Let a person belong to no unit from a day on; they stay registered."""
    return 200, belonging.leave(call.actor, person_id, call.body["on"], call.body["reason"], call.now)


@room.route(
    "POST", PERSON + "/report-ins", *MANAGE, body=s.PersonTransferIn, answers={200: s.StandingOut}, errors=(409,)
)
def report_in(call: Call, person_id: uuid.UUID) -> Any:
    """Let a person report in (双报到) at a unit beside their own, from a day on."""
    return 200, belonging.report_in(call.actor, person_id, call.body["unit_id"], call.body["on"], call.now)


@room.route("POST", PERSON + "/report-ins/end", *MANAGE, body=s.EndReportInIn, answers={200: s.StandingOut})
def end_report_in(call: Call, person_id: uuid.UUID) -> Any:
    """Let a person report in nowhere from a day on."""
    return 200, belonging.end_report_in(call.actor, person_id, call.body["on"], call.now)


@room.route(
    "POST",
    "/me/unit-requests",
    Permission.SIGNED_IN,
    Scope.SELF,
    body=s.UnitRequestIn,
    answers={201: s.UnitRequestOut},
    errors=(404, 409),
)
def ask(call: Call) -> Any:
    """Ask to belong to another unit, or to none."""
    body = call.body
    return 201, unit_changes.ask(call.actor, body["volunteer_id"], body["unit_id"], body["note"], call.now)


@room.route(
    "GET",
    "/me/unit-requests",
    Permission.SIGNED_IN,
    Scope.SELF,
    query=s.OwnRequests,
    answers={200: s.UnitRequestOut(many=True)},
    errors=(404,),
)
def list_own(call: Call) -> Any:
    """List one's own requests, the newest first."""
    return 200, unit_changes.list_own(call.actor, call.query["volunteer_id"])


@room.route(
    "POST", REQUEST + "/withdraw", Permission.SIGNED_IN, Scope.SELF, answers={200: s.UnitRequestOut}, errors=(404, 409)
)
def withdraw(call: Call, request_id: uuid.UUID) -> Any:
    """Take back a request of one's own."""
    return 200, unit_changes.withdraw(call.actor, request_id, call.now)


@room.route("GET", "/unit-requests", Permission.MANAGE_PEOPLE, Scope.UNIT, answers={200: s.UnitRequestOut(many=True)})
def list_open(call: Call) -> Any:
    """List the requests that wait for the caller, the first first."""
    return 200, unit_changes.list_open(call.actor, call.now)


@room.route("POST", REQUEST + "/approve", *MANAGE, answers={200: s.UnitRequestOut}, errors=(409,))
def approve(call: Call, request_id: uuid.UUID) -> Any:
    """Agree: from today on the person belongs where they asked to."""
    return 200, unit_changes.accept(call.actor, request_id, call.now)


@room.route("POST", REQUEST + "/reject", *MANAGE, body=s.PersonReasonIn, answers={200: s.UnitRequestOut}, errors=(409,))
def reject(call: Call, request_id: uuid.UUID) -> Any:
    """Send a request back, with the reason."""
    return 200, unit_changes.refuse(call.actor, request_id, call.body["reason"], call.now)
