"""Over HTTP: what one agrees to, each consent apart from the others, and the notices that say what it is."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.errors import NotFound
from volunteer.registration import consenting, desk_consents, notices
from volunteer.registration import schemas_consents as s
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.schemas import WhoseQuery
from volunteer.web.routes import Call, Room

room = Room("consents")
PERSON = "/volunteers/<uuid:person_id>/consents"
STANDINGS = s.StandingOut(many=True)


@room.route("GET", "/me/consents", Permission.SIGNED_IN, Scope.SELF, query=WhoseQuery, answers={200: STANDINGS})
def list_consents(call: Call) -> Any:
    """List what the caller, or a dependant, agrees to."""
    return 200, consenting.standings(call.actor, call.query["volunteer_id"], call.now)


@room.route(
    "PUT",
    "/me/consents/<kind>",
    Permission.SIGNED_IN,
    Scope.SELF,
    body=s.ConsentIn,
    answers={200: STANDINGS},
    errors=(409,),
)
def give_consent(call: Call, kind: str) -> Any:
    """Agree to one thing, under the version of its notice that was read."""
    whose = call.body["volunteer_id"]
    consenting.give(call.actor, whose, _kind(kind), call.body["version"], call.now, call.channel)
    return 200, consenting.standings(call.actor, whose, call.now)


@room.route(
    "DELETE",
    "/me/consents/<kind>",
    Permission.SIGNED_IN,
    Scope.SELF,
    query=WhoseQuery,
    answers={200: STANDINGS},
    errors=(409,),
)
def withdraw_consent(call: Call, kind: str) -> Any:
    """Take one consent back, in force at once; registration's leads to erasure after 7 days."""
    whose = call.query["volunteer_id"]
    consenting.withdraw(call.actor, whose, _kind(kind), call.now, call.channel)
    return 200, consenting.standings(call.actor, whose, call.now)


def _kind(text: str) -> ConsentKind:
    """Return the consent that an address names."""
    try:
        return ConsentKind(text)
    except ValueError:
        raise NotFound from None


@room.route("GET", PERSON, Permission.READ_PEOPLE, Scope.PERSON, answers={200: STANDINGS})
def list_of_person(call: Call, person_id: uuid.UUID) -> Any:
    """List what a person in scope agrees to beside the registration."""
    return 200, desk_consents.standings(call.actor, person_id, call.now)


@room.route(
    "POST",
    PERSON,
    Permission.READ_PEOPLE,
    Scope.PERSON,
    body=s.PaperConsentsIn,
    answers={200: STANDINGS},
    errors=(409,),
)
def record_signed(call: Call, person_id: uuid.UUID) -> Any:
    """Put down what somebody without an account signed on paper."""
    kinds = [ConsentKind(kind) for kind in call.body["kinds"]]
    return 200, desk_consents.record(call.actor, person_id, kinds, call.body["paper_consent_reference"], call.now)


@room.route("DELETE", PERSON + "/<kind>", Permission.READ_PEOPLE, Scope.PERSON, answers={200: STANDINGS})
def withdraw_for_person(call: Call, person_id: uuid.UUID, kind: str) -> Any:
    """Take a consent back, as the person at the desk asks."""
    return 200, desk_consents.withdraw(call.actor, person_id, _kind(kind), call.now)


@room.route("GET", "/privacy-notices", Permission.ANYONE, Scope.NOTHING, answers={200: s.NoticeOut(many=True)})
def list_notices(call: Call) -> Any:
    """Show the notices in force, one for each consent."""
    return 200, list(notices.current_notices().values())


@room.route(
    "POST", "/privacy-notices", Permission.MANAGE_SITE, Scope.SITE, body=s.NoticeIn, answers={201: s.NoticeMadeOut}
)
def draft_notice(call: Call) -> Any:
    """Draft a new version of a notice; nobody sees it before it is published."""
    return 201, {"id": notices.draft(call.actor, call.body, call.now)}


@room.route(
    "POST",
    "/privacy-notices/<uuid:notice_id>/publish",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.PublishIn,
    answers={200: s.NoticeMadeOut},
)
def publish_notice(call: Call, notice_id: uuid.UUID) -> Any:
    """Publish a draft, in force from a day on; nobody changes it afterwards."""
    notices.publish(call.actor, notice_id, call.body["from_on"], call.now)
    return 200, {"id": notice_id}
