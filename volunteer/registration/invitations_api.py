"""Asking whether one is registered, and answering invitations, over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import answering, asking, invitees, proofs
from volunteer.registration import invitations_schemas as s
from volunteer.registration.invitees import InvitationState
from volunteer.registration.schemas import RegisteredOut
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("invitations")
INVITATION = "/invitations/<uuid:invitation_id>"
UNIT = "/units/<uuid:unit_id>/invitations"


@room.route(
    "POST",
    INVITATION + "/claim",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.InvitationClaimIn,
    answers={200: RegisteredOut},
    errors=(409,),
    limit="register",
)
def claim_invitation(call: Call, invitation_id: uuid.UUID) -> Any:
    """Claim an invitation with the phone's code, and be registered."""
    return 200, answering.claim(call.actor, invitation_id, call.body, call.now, call.channel, _proof(call))


@room.route(
    "POST",
    INVITATION + "/refuse",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.InvitationRefuseIn,
    answers={204: None},
    errors=(409,),
    limit="register",
)
def refuse_invitation(call: Call, invitation_id: uuid.UUID) -> Any:
    """Refuse an invitation with the phone's code: all that is known of the person is erased at once."""
    answering.refuse(call.actor, invitation_id, call.body, call.now, _proof(call))
    return 204, None


@room.route(
    "POST",
    "/registration-checks",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.AskIn,
    answers={200: s.AskedOut},
    limit="register",
)
def ask(call: Call) -> Any:
    """Am I registered? Tell who proves a phone, and nobody else."""
    body = call.body
    proof = asking.ask(call.actor, body["phone"], body["phone_code"], body.get("id_number"), call.now)
    return 200, {
        "proof": proofs.give(proof, proofs.BEARER, call.now),
        "people": asking.answer(proof, call.now),
    }


@room.route(
    "GET",
    UNIT,
    Permission.READ_REPORTS,
    Scope.UNIT,
    query=s.InvitedQuery,
    answers={200: s.InvitedPage},
)
def list_invited(call: Call, unit_id: uuid.UUID) -> Any:
    """List whom a unit or one below it invited, masked, with who was reminded when, and what came of all of them."""
    query, limit = call.query, call.query["limit"]
    state = InvitationState(query["state"]) if query["state"] else None
    last = decode_cursor(query["cursor"], uuid.UUID)
    rows = invitees.list_invited(call.actor, unit_id, state, limit, last[0] if last else None, call.now)
    whole, lines = invitees.numbers_of(call.actor, unit_id, call.now)
    return 200, page(rows, limit, lambda row: (row.id,)) | {"total": whole, "units": lines}


@room.route(
    "POST", UNIT + "/reminders", Permission.MANAGE_PEOPLE, Scope.UNIT, body=s.RemindIn, answers={200: s.RemindedOut}
)
def remind(call: Call, unit_id: uuid.UUID) -> Any:
    """Note that these people, or all who still wait, were reminded now; the words go another way."""
    return 200, {"reminded": invitees.remind(call.actor, unit_id, call.body["volunteer_ids"], call.now)}


def _proof(call: Call) -> proofs.Proof | None:
    """Return what the caller has proved before, where they say so."""
    return proofs.require(call.body["proof"], call.now) if "proof" in call.body else None
