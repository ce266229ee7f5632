"""Answering invitations over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import answering
from volunteer.registration import schemas as s
from volunteer.web.routes import Call, Room

room = Room("invitations")
INVITATION = "/invitations/<uuid:invitation_id>"


@room.route(
    "POST",
    INVITATION + "/claim",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.InvitationClaimIn,
    answers={200: s.RegisteredOut},
    errors=(409,),
    limit="register",
)
def claim_invitation(call: Call, invitation_id: uuid.UUID) -> Any:
    """Claim an invitation with the phone's code, and be registered."""
    return 200, answering.claim(call.actor, invitation_id, call.body, call.now, call.channel)


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
    answering.refuse(call.actor, invitation_id, call.body, call.now)
    return 204, None
