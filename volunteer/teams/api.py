"""Teams over HTTP."""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.registration import service as registration
from volunteer.teams import joining, keeping, members, views
from volunteer.teams import schemas as s
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("teams")
MANAGE, SIGNED_IN = Permission.MANAGE_TEAMS, Permission.SIGNED_IN
TEAM, REQUEST = "/teams/<uuid:team_id>", "/team-requests/<uuid:request_id>"


@room.route("GET", "/teams", Permission.ANYONE, Scope.NOTHING, query=s.TeamQuery, answers={200: s.TeamPage})
def list_teams(call: Call) -> Any:
    """List teams by name."""
    query = dict(call.query)
    limit, after = query.pop("limit"), decode_cursor(query.pop("cursor"), str, uuid.UUID)
    rows = views.list_teams(call.actor, views.Wanted(**query), limit + 1, after, call.now)
    return 200, page(rows, limit, lambda row: (row["name"], row["id"]))


@room.route("POST", "/teams", MANAGE, Scope.UNIT, body=s.TeamIn, answers={201: s.TeamOut}, errors=(409,))
def add_team(call: Call) -> Any:
    """Found a team of a unit, a station or an area."""
    return 201, views.get_team(keeping.add_team(call.actor, call.body, call.now).id, call.now)


@room.route("GET", TEAM, Permission.ANYONE, Scope.NOTHING, answers={200: s.TeamOut})
def get_team(call: Call, team_id: uuid.UUID) -> Any:
    """Show a team."""
    return 200, views.get_team(team_id, call.now)


@room.route("PATCH", TEAM, MANAGE, Scope.UNIT, body=s.TeamPatch, answers={200: s.TeamOut}, errors=(409,))
def change_team(call: Call, team_id: uuid.UUID) -> Any:
    """Change a team."""
    keeping.change_team(call.actor, team_id, call.body, call.now)
    return 200, views.get_team(team_id, call.now)


@room.route("POST", f"{TEAM}/dissolve", MANAGE, Scope.UNIT, body=s.DissolveIn, answers={200: s.TeamOut})
def dissolve_team(call: Call, team_id: uuid.UUID) -> Any:
    """Dissolve a team from a day on."""
    keeping.dissolve(call.actor, team_id, call.body["on"], call.body["reason"], call.now)
    return 200, views.get_team(team_id, call.now)


@room.route("GET", f"{TEAM}/members", SIGNED_IN, Scope.UNIT, query=s.MemberQuery, answers={200: s.MemberPage})
def list_members(call: Call, team_id: uuid.UUID) -> Any:
    """List who is in a team on a day, to who has a say over it or leads it."""
    limit, as_of = call.query["limit"], call.query["as_of"]
    after = decode_cursor(call.query["cursor"], dt.date.fromisoformat, uuid.UUID)
    rows = views.list_members(call.actor, team_id, as_of, limit + 1, after, call.now)
    return 200, page(rows, limit, lambda row: (row.from_on, row.volunteer_id))


@room.route("POST", f"{TEAM}/members", MANAGE, Scope.UNIT, body=s.MemberIn, answers={201: s.SpanOut}, errors=(409,))
def add_member(call: Call, team_id: uuid.UUID) -> Any:
    """Add a person to a team; the person is told."""
    return 201, members.add_member(call.actor, team_id, call.body["volunteer_id"], call.body["from_on"], call.now)


@room.route(
    "POST",
    f"{TEAM}/members/<uuid:volunteer_id>/end",
    SIGNED_IN,
    Scope.UNIT,
    body=s.DissolveIn,
    answers={200: s.SpanOut},
    errors=(409,),
)
def end_member(call: Call, team_id: uuid.UUID, volunteer_id: uuid.UUID) -> Any:
    """Take a person out of a team; the person is told why."""
    on, reason = call.body["on"], call.body["reason"]
    return 200, members.end_member(call.actor, team_id, volunteer_id, on, reason, call.now)


@room.route("PUT", f"{TEAM}/leader", MANAGE, Scope.UNIT, body=s.MemberIn, answers={200: s.SpanOut}, errors=(409,))
def make_leader(call: Call, team_id: uuid.UUID) -> Any:
    """Let a person lead a team."""
    return 200, members.make_leader(call.actor, team_id, call.body["volunteer_id"], call.body["from_on"], call.now)


@room.route(
    "POST",
    f"{TEAM}/requests",
    SIGNED_IN,
    Scope.SELF,
    body=s.JoinIn,
    answers={201: s.TeamRequestOut},
    errors=(409,),
)
def ask_to_join(call: Call, team_id: uuid.UUID) -> Any:
    """Ask to join a team."""
    return 201, joining.ask(call.actor, team_id, call.body["volunteer_id"], call.body["note"], call.now)


@room.route(
    "GET", f"{TEAM}/requests", SIGNED_IN, Scope.UNIT, query=s.TeamRequestQuery, answers={200: s.TeamRequestPage}
)
def list_requests(call: Call, team_id: uuid.UUID) -> Any:
    """List the requests to join a team, to who has a say over it or leads it."""
    limit = call.query["limit"]
    after = decode_cursor(call.query["cursor"], dt.datetime.fromisoformat, uuid.UUID)
    rows = views.list_requests(call.actor, team_id, call.query["state"], limit + 1, after, call.now)
    return 200, page(rows, limit, lambda row: (row.asked_at.isoformat(), row.id))


@room.route("POST", f"{REQUEST}/approve", SIGNED_IN, Scope.UNIT, answers={200: s.TeamRequestOut}, errors=(409,))
def approve_request(call: Call, request_id: uuid.UUID) -> Any:
    """Agree that somebody joins."""
    return 200, joining.approve(call.actor, request_id, call.now)


@room.route(
    "POST",
    f"{REQUEST}/reject",
    SIGNED_IN,
    Scope.UNIT,
    body=s.TeamReasonIn,
    answers={200: s.TeamRequestOut},
    errors=(409,),
)
def reject_request(call: Call, request_id: uuid.UUID) -> Any:
    """Refuse that somebody joins, and say why."""
    return 200, joining.reject(call.actor, request_id, call.body["reason"], call.now)


@room.route("POST", f"{REQUEST}/withdraw", SIGNED_IN, Scope.SELF, answers={200: s.TeamRequestOut}, errors=(409,))
def withdraw_request(call: Call, request_id: uuid.UUID) -> Any:
    """Take a request back."""
    return 200, joining.withdraw(call.actor, request_id, call.now)


@room.route("POST", f"{TEAM}/leave", SIGNED_IN, Scope.SELF, body=s.WhomIn, answers={200: s.SpanOut})
def leave_team(call: Call, team_id: uuid.UUID) -> Any:
    """Leave a team."""
    return 200, members.leave(call.actor, team_id, call.body["volunteer_id"], call.now)


@room.route("GET", "/me/teams", SIGNED_IN, Scope.SELF, query=s.OwnTeamsQuery, answers={200: s.OwnTeamsOut})
def list_own_teams(call: Call) -> Any:
    """List the caller's teams and requests, or those of somebody they act for."""
    person_id = registration.acting_as(call.actor, call.query["volunteer_id"])
    teams = views.own_teams(person_id, call.now)
    return 200, {"items": teams, "requests": views.own_requests(person_id)}
