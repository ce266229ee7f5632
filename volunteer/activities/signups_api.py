"""Sign-ups over HTTP."""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.activities import own_signups, signups, views
from volunteer.activities import schemas as s
from volunteer.activities.signups import SignupAnswer
from volunteer.registration import service as registration
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("signups")


def _answer(status: int, answer: SignupAnswer) -> Any:
    """Return the sign-up, or 409 with all reasons and what to do about each."""
    if answer.signup is not None:
        return status, answer.signup
    sentences = "".join(reason.sentence for reason in answer.reasons)
    return 409, {"detail": sentences, "reasons": [reason.value for reason in answer.reasons]}


@room.route(
    "POST",
    "/shifts/<uuid:shift_id>/signups",
    Permission.SIGNED_IN,
    Scope.PERSON,
    body=s.SignupIn,
    answers={201: s.SignupOut, 409: s.SignupRefusedOut},
    errors=(403,),
)
def sign_up(call: Call, shift_id: uuid.UUID) -> Any:
    """Sign up for a shift: oneself, whom one acts for, or anybody as staff of its station."""
    return _answer(201, signups.sign_up(call.actor, shift_id, call.body["volunteer_id"], call.channel, call.now))


@room.route(
    "GET",
    "/shifts/<uuid:shift_id>/signups",
    Permission.READ_STATIONS,
    Scope.STATION,
    query=s.SignupQuery,
    answers={200: s.SignupPage},
)
def list_signups(call: Call, shift_id: uuid.UUID) -> Any:
    """List a shift's sign-ups, names masked."""
    limit = call.query["limit"]
    after = decode_cursor(call.query["cursor"], _instant, uuid.UUID)
    rows = views.list_signups(call.actor, shift_id, call.query["q"], limit + 1, after)
    return 200, page(rows, limit, lambda row: (row["created_at"].isoformat(), row["id"]))


def _instant(text: str) -> dt.datetime:
    """Return an aware instant of a cursor."""
    instant = dt.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


@room.route(
    "POST",
    "/signups/<uuid:signup_id>/cancel",
    Permission.SIGNED_IN,
    Scope.PERSON,
    body=s.MaybeReasonIn,
    answers={200: s.SignupOut},
    errors=(404, 409),
)
def cancel_signup(call: Call, signup_id: uuid.UUID) -> Any:
    """Cancel a sign-up; the first in the waiting list takes the seat and is told."""
    return 200, signups.cancel_signup(call.actor, signup_id, call.body["reason"], call.now)


@room.route(
    "POST",
    "/signups/<uuid:signup_id>/approve",
    Permission.RUN_ACTIVITIES,
    Scope.STATION,
    answers={200: s.SignupOut, 409: s.SignupRefusedOut},
)
def approve_signup(call: Call, signup_id: uuid.UUID) -> Any:
    """Approve a pending sign-up: it gets a seat or a place in the waiting list."""
    return _answer(200, signups.approve_signup(call.actor, signup_id, call.now))


@room.route(
    "POST",
    "/signups/<uuid:signup_id>/reject",
    Permission.RUN_ACTIVITIES,
    Scope.STATION,
    body=s.MaybeReasonIn,
    answers={200: s.SignupOut},
    errors=(409,),
)
def reject_signup(call: Call, signup_id: uuid.UUID) -> Any:
    """Reject a pending sign-up; the person is told."""
    return 200, signups.reject_signup(call.actor, signup_id, call.body["reason"], call.now)


@room.route(
    "GET",
    "/me/signups",
    Permission.SIGNED_IN,
    Scope.SELF,
    query=s.OwnSignupQuery,
    answers={200: s.OwnSignupPage},
    errors=(403,),
)
def list_own_signups(call: Call) -> Any:
    """List one's own sign-ups, or those of somebody one acts for, the last first."""
    person_id = registration.acting_as(call.actor, call.query["volunteer_id"])
    limit = call.query["limit"]
    before = decode_cursor(call.query["cursor"], _instant, uuid.UUID)
    rows = own_signups.list_own_signups(person_id, limit + 1, before)
    return 200, page(rows, limit, lambda row: (row["created_at"].isoformat(), row["id"]))
