"""Over HTTP: one's own data, messages and erasure; and looking behind the mask."""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.clock import aware
from volunteer.registration import privacy, unmask_requests
from volunteer.registration import schemas as s
from volunteer.registration import schemas_unmasking as u
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("privacy")


@room.route(
    "POST",
    "/volunteers/<uuid:person_id>/unmask",
    Permission.UNMASK,
    Scope.PERSON,
    body=u.UnmaskIn,
    answers={200: u.UnmaskOut},
)
def unmask(call: Call, person_id: uuid.UUID) -> Any:
    """Show fields of a person in full, for a reason; the person sees that it was done."""
    return 200, privacy.unmask(call.actor, person_id, call.body["fields_"], call.body["reason"], call.now)


@room.route(
    "POST",
    "/volunteers/<uuid:person_id>/unmask-requests",
    Permission.UNMASK,
    Scope.PERSON,
    body=u.UnmaskIn,
    answers={201: u.UnmaskRequestOut},
)
def ask_unmasking(call: Call, person_id: uuid.UUID) -> Any:
    """Ask to see fields of a minor; a second person decides, and then it is open for 24 hours."""
    return 201, unmask_requests.ask(call.actor, person_id, call.body["fields_"], call.body["reason"], call.now)


@room.route(
    "POST", "/volunteers/<uuid:person_id>/call-back", Permission.UNMASK, Scope.PERSON, answers={200: u.CalledOut}
)
def ask_to_call(call: Call, person_id: uuid.UUID) -> Any:
    """Send word to a person, or to a minor's guardian, to call back; once an hour, and no number is shown."""
    return 200, {"sent": unmask_requests.ask_to_call(call.actor, person_id, call.now)}


@room.route("GET", "/unmask-requests", Permission.AUDIT, Scope.SITE, answers={200: u.UnmaskRequestOut(many=True)})
def list_unmask_requests(call: Call) -> Any:
    """List the requests that wait."""
    return 200, unmask_requests.list_requests(call.actor)


@room.route(
    "POST",
    "/unmask-requests/<uuid:request_id>/approve",
    Permission.MANAGE_SITE,
    Scope.SITE,
    answers={200: u.UnmaskRequestOut},
)
def approve_unmasking(call: Call, request_id: uuid.UUID) -> Any:
    """Let who asked see the fields for 24 hours; never by who asked."""
    return 200, unmask_requests.decide(call.actor, request_id, call.now, approve=True)


@room.route(
    "POST",
    "/unmask-requests/<uuid:request_id>/refuse",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=u.UnmaskRefusalIn,
    answers={200: u.UnmaskRequestOut},
)
def refuse_unmasking(call: Call, request_id: uuid.UUID) -> Any:
    """Refuse it, with a reason."""
    reason = call.body["reason"]
    return 200, unmask_requests.decide(call.actor, request_id, call.now, approve=False, reason=reason)


@room.route("GET", "/me/messages", Permission.SIGNED_IN, Scope.SELF, query=s.MessageQuery, answers={200: s.MessagePage})
def list_messages(call: Call) -> Any:
    """List the messages to the caller and those they act for, the newest first."""
    query, limit = call.query, call.query["limit"]
    before = decode_cursor(query["cursor"], _instant, uuid.UUID)
    rows = privacy.list_messages(call.actor, query["volunteer_id"], limit, before)
    return 200, page(rows, limit, lambda row: (row.created_at, row.id))


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))


@room.route("GET", "/me/data", Permission.SIGNED_IN, Scope.SELF, query=s.WhoseQuery, answers={200: s.MyDataOut})
def export(call: Call) -> Any:
    """Give everything held about the caller, or about a dependant."""
    return 200, privacy.export(call.actor, call.query["volunteer_id"], call.now)


@room.route("DELETE", "/me", Permission.SIGNED_IN, Scope.SELF, query=s.WhoseQuery, answers={200: s.ErasureOut})
def ask_erasure(call: Call) -> Any:
    """Ask for erasure after 7 days; needs a sign-in of the last 15 minutes."""
    return 200, privacy.ask_erasure(call.actor, call.query["volunteer_id"], call.now, call.channel)


@room.route("POST", "/me/restore", Permission.SIGNED_IN, Scope.SELF, query=s.WhoseQuery, answers={200: s.ErasureOut})
def take_back_erasure(call: Call) -> Any:
    """Take back the request for erasure."""
    return 200, privacy.take_back_erasure(call.actor, call.query["volunteer_id"], call.now, call.channel)
