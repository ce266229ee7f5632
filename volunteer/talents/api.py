"""The talent pool over HTTP."""

import uuid
from collections.abc import Mapping
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import service as registration
from volunteer.talents import schemas as s
from volunteer.talents import searching, service
from volunteer.talents.rules import Part, QualificationKind
from volunteer.talents.searching import Wanted
from volunteer.talents.service import Profile, Time, today
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("talents")
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF
MANAGE = Permission.MANAGE_PEOPLE
PERSON, PAPER = "/volunteers/<uuid:person_id>", "/qualifications/<uuid:paper_id>"


@room.route("GET", "/me/talents", SIGNED_IN, SELF, query=s.WhoseQuery, answers={200: s.ProfileOut})
def get_own(call: Call) -> Any:
    """Show what the pool knows of the caller, or of a dependant."""
    return 200, _profile(call, registration.acting_as(call.actor, call.query["volunteer_id"]))


@room.route("POST", "/me/talents/join", SIGNED_IN, SELF, body=s.WhoseIn, answers={200: s.ProfileOut}, errors=(409,))
def join(call: Call) -> Any:
    """Join the pool; of a dependant under 18, by the guardian."""
    person_id = registration.acting_as(call.actor, call.body["volunteer_id"])
    service.join(call.actor, person_id, call.now)
    return 200, _profile(call, person_id)


@room.route("POST", "/me/talents/leave", SIGNED_IN, SELF, body=s.WhoseIn, answers={200: s.ProfileOut})
def leave(call: Call) -> Any:
    """Leave the pool."""
    person_id = registration.acting_as(call.actor, call.body["volunteer_id"])
    service.leave(call.actor, person_id, call.now)
    return 200, _profile(call, person_id)


@room.route("PUT", "/me/talents/times", SIGNED_IN, SELF, body=s.TimesIn, answers={200: s.ProfileOut})
def set_own_times(call: Call) -> Any:
    """Say when one has time as a rule."""
    person_id = registration.acting_as(call.actor, call.body["volunteer_id"])
    service.set_times(call.actor, person_id, [(one["weekday"], one["part"]) for one in call.body["times"]], call.now)
    return 200, _profile(call, person_id)


@room.route("POST", "/me/qualifications", SIGNED_IN, SELF, body=s.OwnPaperIn, answers={201: s.PaperOut})
def add_own_paper(call: Call) -> Any:
    """Add a paper of one's own."""
    body = dict(call.body)
    person_id = registration.acting_as(call.actor, body.pop("volunteer_id"))
    row = service.add_paper(call.actor, person_id, body, call.now)
    return 201, service.paper(row, today(call.now), in_full=True)


@room.route("GET", "/talents", Permission.READ_REPORTS, Scope.UNIT, query=s.TalentQuery, answers={200: s.TalentPage})
def list_talents(call: Call) -> Any:
    """Look for people of the pool in scope, the newest first, masked."""
    query = dict(call.query)
    limit, cursor = query.pop("limit"), decode_cursor(query.pop("cursor"), uuid.UUID)
    rows = searching.search(call.actor, wanted_of(query), limit, cursor[0] if cursor else None, call.now)
    listed = page(rows, limit, lambda row: (row.id,))
    items = [{"person": one.person, "papers": one.papers, "times": _times(one.times)} for one in listed["items"]]
    return 200, listed | {"items": items}


@room.route("GET", PERSON + "/talents", Permission.READ_PEOPLE, Scope.PERSON, answers={200: s.ProfileOut})
def get_talents(call: Call, person_id: uuid.UUID) -> Any:
    """Show what the pool knows of a person in scope."""
    return 200, _profile(call, person_id)


@room.route("POST", PERSON + "/qualifications", MANAGE, Scope.PERSON, body=s.PaperIn, answers={201: s.PaperOut})
def add_paper(call: Call, person_id: uuid.UUID) -> Any:
    """Add a paper of a person in scope."""
    row = service.add_paper(call.actor, person_id, call.body, call.now)
    return 201, service.paper(row, today(call.now), in_full=False)


@room.route("POST", PAPER + "/check", MANAGE, Scope.PERSON, answers={200: s.PaperOut})
def check_paper(call: Call, paper_id: uuid.UUID) -> Any:
    """Note that an entry was compared with the paper itself."""
    service.check_paper(call.actor, paper_id, call.now)
    return 200, service.get_paper(call.actor, paper_id, call.now)[1]


@room.route("DELETE", PAPER, SIGNED_IN, Scope.PERSON, answers={204: None})
def remove_paper(call: Call, paper_id: uuid.UUID) -> Any:
    """Delete a paper: one's own, or of a person whom one manages."""
    service.remove_paper(call.actor, paper_id, call.now)
    return 204, None


def wanted_of(query: Mapping[str, Any]) -> Wanted:
    """Return what a loaded query looks for."""
    kind, part = query.get("kind"), query.get("part")
    return Wanted(
        **{name: value for name, value in query.items() if name not in ("kind", "part")},
        kind=QualificationKind(kind) if kind else None,
        part=Part(part) if part else None,
    )


def _profile(call: Call, person_id: uuid.UUID) -> dict[str, Any]:
    """Return a profile as it is answered."""
    found: Profile = service.profile(call.actor, person_id, call.now)
    return {name: getattr(found, name) for name in found.__dataclass_fields__} | {"times": _times(found.times)}


def _times(times: list[Time]) -> list[dict[str, Any]]:
    """Return times as they are answered."""
    return [{"weekday": weekday, "part": part} for weekday, part in times]
