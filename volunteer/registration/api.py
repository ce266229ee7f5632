"""Registration over HTTP: becoming a volunteer, and the room's public words."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import claiming, code_tables, notices, people, registering, standing
from volunteer.registration import schemas as s
from volunteer.registration.rules import IdType
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("registration")
PERSON = "/volunteers/<uuid:person_id>"


@room.route("GET", "/privacy-notice", Permission.ANYONE, Scope.NOTHING, answers={200: s.NoticeOut})
def get_privacy_notice(call: Call) -> Any:
    """Show the privacy notice in force."""
    return 200, notices.current_notice()


@room.route("GET", "/code-tables/<name>", Permission.ANYONE, Scope.NOTHING, answers={200: s.CodeEntryOut(many=True)})
def list_codes(call: Call, name: str) -> Any:
    """List what a code table offers: categories, skills, relations, political_status, guarantees."""
    return 200, code_tables.list_codes(name)


@room.route(
    "PUT",
    "/code-tables/<name>",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.CodeEntriesIn,
    answers={200: s.CodeEntryOut(many=True)},
)
def replace_codes(call: Call, name: str) -> Any:
    """Change what a code table offers."""
    return 200, code_tables.replace_codes(call.actor, name, call.body["items"], call.now)


@room.route(
    "POST",
    "/volunteers",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.RegisterIn,
    answers={201: s.RegisteredOut},
    errors=(409,),
    limit="register",
)
def register(call: Call) -> Any:
    """Register a volunteer: oneself, somebody of the family, or by staff with a signed paper."""
    return 201, registering.register(call.actor, call.body, call.now, call.channel)


@room.route(
    "POST",
    "/volunteers/claim",
    Permission.ANYONE,
    Scope.NOTHING,
    body=s.ClaimIn,
    answers={200: s.RegisteredOut},
    limit="register",
)
def claim(call: Call) -> Any:
    """Claim an existing registration with its identity number and phone."""
    body = call.body
    person = claiming.claim(
        call.actor,
        IdType(body["id_type"]),
        body["id_number"],
        body["phone"],
        body["phone_code"],
        body.get("password"),
        call.now,
    )
    return 200, person


@room.route("GET", "/volunteers", Permission.READ_PEOPLE, Scope.UNIT, query=s.PersonQuery, answers={200: s.PersonPage})
def list_people(call: Call) -> Any:
    """List the people in scope, the newest first, masked."""
    query = call.query
    before = decode_cursor(query["cursor"], uuid.UUID)
    last = before[0] if before else None
    limit = query["limit"]
    statuses = (query["status"],) if query["status"] else ()
    rows = people.list_people(call.actor, query["unit_id"], query["q"], statuses, limit, last, call.now)
    return 200, page(rows, limit, lambda row: (row.id,))


@room.route("GET", PERSON, Permission.SIGNED_IN, Scope.PERSON, answers={200: s.PersonOut})
def get_person(call: Call, person_id: uuid.UUID) -> Any:
    """Show a person: in full to themself and who acts for them, masked to staff in scope."""
    return 200, people.get_person(call.actor, person_id, call.now)


@room.route(
    "PATCH",
    PERSON,
    Permission.SIGNED_IN,
    Scope.PERSON,
    body=s.PersonIn,
    answers={200: s.PersonOut, 202: s.PersonOut},
    errors=(409,),
)
def change_person(call: Call, person_id: uuid.UUID) -> Any:
    """Change a person's fields; 202 where staff ask for another name or phone, which a second person decides."""
    person = people.change_person(call.actor, person_id, call.body, call.now)
    return 202 if person.pending_changes else 200, person


@room.route("POST", PERSON + "/confirm", Permission.REGISTER_OTHERS, Scope.PERSON, answers={200: s.StandingOut})
def confirm(call: Call, person_id: uuid.UUID) -> Any:
    """Register an unproven person whose paper was seen."""
    return 200, standing.confirm(call.actor, person_id, call.now)


@room.route(
    "POST",
    PERSON + "/suspend",
    Permission.MANAGE_PEOPLE,
    Scope.PERSON,
    body=s.PersonReasonIn,
    answers={200: s.StandingOut},
)
def suspend(call: Call, person_id: uuid.UUID) -> Any:
    """Suspend a registered person."""
    return 200, standing.suspend(call.actor, person_id, call.body["reason"], call.now)


@room.route(
    "POST",
    PERSON + "/restore",
    Permission.MANAGE_PEOPLE,
    Scope.PERSON,
    body=s.PersonRestoreIn,
    answers={200: s.StandingOut},
)
def restore(call: Call, person_id: uuid.UUID) -> Any:
    """Lift a suspension."""
    return 200, standing.restore(call.actor, person_id, call.body["reason"], call.now)


@room.route(
    "POST",
    PERSON + "/transfer",
    Permission.MANAGE_PEOPLE,
    Scope.PERSON,
    body=s.PersonTransferIn,
    answers={200: s.StandingOut},
)
def transfer(call: Call, person_id: uuid.UUID) -> Any:
    """Move a person to another unit from a day on."""
    return 200, standing.transfer(call.actor, person_id, call.body["unit_id"], call.body["on"], call.now)


@room.route(
    "POST",
    PERSON + "/contest",
    Permission.MANAGE_PEOPLE,
    Scope.PERSON,
    body=s.PersonReasonIn,
    answers={200: s.StandingOut},
)
def contest(call: Call, person_id: uuid.UUID) -> Any:
    """Say that a person who chose the unit does not belong to it."""
    return 200, standing.contest(call.actor, person_id, call.body["reason"], call.now)
