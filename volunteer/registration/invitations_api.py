"""Asking whether one is registered, and answering invitations, over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import answering, asking, proofs
from volunteer.registration import invitations_schemas as s
from volunteer.registration.schemas import RegisteredOut
from volunteer.web.routes import Call, Room

room = Room("invitations")
INVITATION = "/invitations/<uuid:invitation_id>"


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


def _proof(call: Call) -> proofs.Proof | None:
    """Return what the caller has proved before, where they say so."""
    return proofs.require(call.body["proof"], call.now) if "proof" in call.body else None
