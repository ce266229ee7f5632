"""Another phone or another identity over HTTP: asked for by one, decided by another; and one's family and its steps.

Source: decisions 3, 14; domain.md g1 F4; contract, GET /me (`acts_for`).
"""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import changing, correcting, family
from volunteer.registration import schemas_credentials as s
from volunteer.registration.rules_credentials import ChangeKind
from volunteer.web.routes import Call, Room

room = Room("credentials")
CHANGE, ONE = "/person-changes/<uuid:change_id>", "/me/family/<uuid:person_id>"
READ, PERSON = Permission.READ_PEOPLE, Scope.PERSON
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF


@room.route(
    "POST",
    "/volunteers/<uuid:person_id>/person-changes",
    SIGNED_IN,
    PERSON,
    body=s.IdentityIn,
    answers={201: s.ChangeOut},
    errors=(409,),
)
def ask_identity(call: Call, person_id: uuid.UUID) -> Any:
    """Ask that a wrong name or identity be put right: oneself, who acts for the person, or staff who know them."""
    change_id = correcting.ask_identity(call.actor, person_id, call.body, call.body["reason"], call.now)
    return 201, _shown(call, change_id)


def _shown(call: Call, change_id: uuid.UUID) -> Any:
    """Return a request as the caller sees it, as staff or as the person."""
    own = (one for one in changing.list_own(call.actor, call.now) if one.id == change_id)
    return next(own, None) or changing.get(call.actor, change_id, call.now)


@room.route("GET", "/person-changes", READ, PERSON, answers={200: s.ChangeOut(many=True)})
def list_open(call: Call) -> Any:
    """List what waits and is the caller's to decide, or was asked by them, the oldest first."""
    return 200, changing.list_open(call.actor, call.now)


@room.route("GET", CHANGE, READ, PERSON, answers={200: s.ChangeOut})
def get_change(call: Call, change_id: uuid.UUID) -> Any:
    """Show a request to who may decide it, or made it."""
    return 200, changing.get(call.actor, change_id, call.now)


@room.route("POST", CHANGE + "/accept", READ, PERSON, body=s.AcceptIn, answers={200: s.ChangeOut}, errors=(409,))
def accept_change(call: Call, change_id: uuid.UUID) -> Any:
    """Let a request take effect, with the person and the paper at hand; never by who asked."""
    body, kind = call.body, changing.get(call.actor, change_id, call.now).kind
    if kind is ChangeKind.PHONE:
        correcting.accept_phone(call.actor, change_id, body["tail"], body["reason"], call.now)
    else:
        correcting.accept_identity(call.actor, change_id, body, body["reason"], call.now)
    return 200, changing.get(call.actor, change_id, call.now)


@room.route("POST", CHANGE + "/refuse", READ, PERSON, body=s.RefuseIn, answers={200: s.ChangeOut}, errors=(409,))
def refuse_change(call: Call, change_id: uuid.UUID) -> Any:
    """Refuse a request, with a reason that the person reads."""
    changing.refuse(call.actor, change_id, call.body["reason"], call.now)
    return 200, changing.get(call.actor, change_id, call.now)


@room.route("POST", CHANGE + "/withdraw", SIGNED_IN, SELF, answers={200: s.ChangeOut}, errors=(404, 409))
def withdraw_change(call: Call, change_id: uuid.UUID) -> Any:
    """Take a request back: who made it, or the person whom it is about and who objects."""
    changing.withdraw(call.actor, change_id, call.now)
    return 200, _shown(call, change_id)


@room.route("GET", "/me/person-changes", SIGNED_IN, SELF, answers={200: s.ChangeOut(many=True)})
def list_own(call: Call) -> Any:
    """List the requests about the caller and whom they act for, the newest first."""
    return 200, changing.list_own(call.actor, call.now)


@room.route("GET", "/me/family", SIGNED_IN, SELF, answers={200: s.FamilyOut})
def show_family(call: Call) -> Any:
    """Show whom the caller acts for, and who acts for the caller."""
    return 200, family.family_of(call.actor, call.now)


@room.route(
    "POST",
    ONE + "/hand-over",
    SIGNED_IN,
    SELF,
    body=s.OwnPhoneIn,
    answers={200: s.FamilyOut},
    errors=(404, 409),
    limit="sign-in",
)
def hand_over(call: Call, person_id: uuid.UUID) -> Any:
    """Give somebody an account of their own, by a code for `register` to their phone."""
    family.hand_over(call.actor, person_id, call.body["phone"], call.body["phone_code"], call.now)
    return 200, family.family_of(call.actor, call.now)


@room.route(
    "POST",
    ONE + "/guardians",
    SIGNED_IN,
    SELF,
    body=s.SecondGuardianIn,
    answers={200: s.FamilyOut},
    errors=(404, 409),
    limit="sign-in",
)
def add_guardian(call: Call, person_id: uuid.UUID) -> Any:
    """Add a second guardian of a child, by a code for `guardian` to that guardian's phone."""
    family.add_guardian(call.actor, person_id, call.body, call.now)
    return 200, family.family_of(call.actor, call.now)


@room.route("DELETE", ONE, SIGNED_IN, SELF, answers={204: None}, errors=(404, 409))
def stop_acting(call: Call, person_id: uuid.UUID) -> Any:
    """Act for somebody no longer."""
    family.stop_acting(call.actor, person_id, call.now)
    return 204, None


@room.route("DELETE", "/me/family/acting/<uuid:account_id>", SIGNED_IN, SELF, answers={204: None}, errors=(404, 409))
def end_acting(call: Call, account_id: uuid.UUID) -> Any:
    """Let somebody act for the caller no longer."""
    family.end_acting(call.actor, account_id, call.now)
    return 204, None
