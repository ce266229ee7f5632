"""Reading teams: found by words and filters, one with its members by day, requests that wait, one's own teams.

Names are masked for everybody; teams themselves are public, members are not. Source: contract, Conventions (masking).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.areas import service as areas
from volunteer.database import reading
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.teams import joining, members, service
from volunteer.teams.models import Team, TeamLeader, TeamMember, TeamRequest
from volunteer.teams.rules import RequestState
from volunteer.units import service as units

READ, MANAGE = Permission.READ_TEAMS, Permission.MANAGE_TEAMS
SHOWN = (
    "id",
    "code",
    "name",
    "kind",
    "introduction",
    "unit_id",
    "station_id",
    "area_id",
    "required_skill",
    "requirement",
    "takes_requests",
    "founded_on",
    "dissolved_on",
    "dissolved_reason",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which teams; what is None is not asked. `standing`: True = not dissolved, False = dissolved."""

    q: str | None = None
    kind: str | None = None
    unit_id: uuid.UUID | None = None
    station_id: uuid.UUID | None = None
    area_id: uuid.UUID | None = None
    standing: bool | None = None
    mine_only: bool = False


@dataclass(frozen=True, slots=True)
class MemberView:
    """A span of somebody in a team; `leads`: they lead it on the day that is looked at."""

    volunteer_id: uuid.UUID
    display_name: str
    from_on: dt.date
    until_on: dt.date | None
    leads: bool


@dataclass(frozen=True, slots=True)
class LeaderView:
    """A span of somebody who led a team."""

    volunteer_id: uuid.UUID
    display_name: str
    from_on: dt.date
    until_on: dt.date | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request to join; `why_not` says why the reader may not answer it."""

    id: uuid.UUID
    team_id: uuid.UUID
    team_name: str
    volunteer_id: uuid.UUID
    display_name: str
    state: RequestState
    note: str | None
    asked_at: dt.datetime
    decided_at: dt.datetime | None
    reason: str | None
    why_not: str = ""


def list_teams(
    actor: Actor, wanted: Wanted, limit: int, after: tuple[str, uuid.UUID] | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return up to `limit` teams by name, after a name and id; `mine_only`: those over which the caller has a say."""
    query = sa.select(Team).where(*_conditions(actor, wanted)).order_by(Team.name, Team.id).limit(limit)
    if after:
        name, last = after
        query = query.where(sa.or_(Team.name > name, sa.and_(Team.name == name, Team.id > last)))
    return shown(list(reading().scalars(query)), now)


def _conditions(actor: Actor, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a search."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.q:
        found.append(sa.or_(*(field.icontains(wanted.q, autoescape=True) for field in (Team.name, Team.code))))
    for field in ("kind", "unit_id", "station_id"):
        value = getattr(wanted, field)
        if value is not None:
            found.append(getattr(Team, field) == value)
    if wanted.area_id is not None:
        found.append(Team.area_id.in_(areas.area_ids_below([wanted.area_id])))
    if wanted.standing is not None:
        found.append(Team.dissolved_on.is_(None) if wanted.standing else Team.dissolved_on.is_not(None))
    scope = service.in_scope(actor, READ) if wanted.mine_only else None
    return found if scope is None else [*found, scope]


def get_team(team_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return a team as the public sees it.

    Raises:
        NotFound: no such team.
    """
    return shown([service.get_team(team_id)], now)[0]


def shown(teams: Sequence[Team], now: dt.datetime) -> list[dict[str, Any]]:
    """Return teams with their owners' names, the number of members today and the masked name of who leads.

    A fixed number of statements.
    """
    session, day = reading(), service.today(now)
    ids = [team.id for team in teams]
    owners = units.unit_briefs({team.unit_id for team in teams if team.unit_id})
    places = stations.station_briefs(team.station_id for team in teams if team.station_id)
    around = areas.areas_of({team.area_id for team in teams if team.area_id})
    leaders = service.leaders_of(session, ids, day)
    names = registration.display_names(session, set(leaders.values()))
    inside = service.members_on(day).where(TeamMember.team_id.in_(ids)).subquery()
    count = sa.select(inside.c.team_id, sa.func.count(inside.c.person_id.distinct())).group_by(inside.c.team_id)
    counts = {team_id: number for team_id, number in session.execute(count)}
    return [
        {name: getattr(team, name) for name in SHOWN}
        | {
            "unit_name": owners[team.unit_id].name if team.unit_id else None,
            "station_name": places[team.station_id].name if team.station_id else None,
            "area_name": around[team.area_id].name if team.area_id else None,
            "leader_name": names.get(leaders.get(team.id, team.id)),
            "member_count": counts.get(team.id, 0),
        }
        for team in teams
    ]


def count_people(actor: Actor, now: dt.datetime) -> tuple[int, int]:
    """Return how many teams the caller reads that stand today, and how many different people are in them."""
    session, day = reading(), service.today(now)
    scope = service.in_scope(actor, READ)
    standing = sa.select(Team.id).where(Team.dissolved_on.is_(None))
    if scope is not None:
        standing = standing.where(scope)
    inside = service.members_on(day).where(TeamMember.team_id.in_(standing)).subquery()
    people = sa.select(sa.func.count(inside.c.person_id.distinct()))
    teams = session.scalar(sa.select(sa.func.count()).select_from(standing.subquery()))
    return teams or 0, session.scalar(people) or 0


def list_members(
    actor: Actor,
    team_id: uuid.UUID,
    as_of: dt.date | None,
    limit: int,
    after: tuple[dt.date, uuid.UUID] | None,
    now: dt.datetime,
) -> list[MemberView]:
    """Return up to `limit` members of a team on a day (today unless said), who joined first first, names masked.

    Raises:
        NotFound: the caller neither reads nor leads the team.
    """
    day = as_of or service.today(now)
    service.require_say(actor, READ, team_id, service.today(now), or_leads=True)
    session = reading()
    query = sa.select(TeamMember).where(
        TeamMember.team_id == team_id, service.in_force(TeamMember.from_on, TeamMember.until_on, day)
    )
    if after:
        since, last = after
        query = query.where(
            sa.or_(TeamMember.from_on > since, sa.and_(TeamMember.from_on == since, TeamMember.person_id > last))
        )
    rows = session.scalars(query.order_by(TeamMember.from_on, TeamMember.person_id).limit(limit)).all()
    names = registration.display_names(session, {row.person_id for row in rows})
    leader = service.leader_of(session, team_id, day)
    return [
        MemberView(row.person_id, names[row.person_id], row.from_on, row.until_on, row.person_id == leader)
        for row in rows
    ]


def list_leaders(actor: Actor, team_id: uuid.UUID, now: dt.datetime) -> list[LeaderView]:
    """Return who led a team when, the last first, names masked.

    Raises:
        NotFound: the caller neither reads nor leads the team.
    """
    service.require_say(actor, READ, team_id, service.today(now), or_leads=True)
    session = reading()
    query = sa.select(TeamLeader).where(TeamLeader.team_id == team_id)
    rows = session.scalars(query.order_by(TeamLeader.from_on.desc(), TeamLeader.id.desc())).all()
    names = registration.display_names(session, {row.person_id for row in rows})
    return [LeaderView(row.person_id, names[row.person_id], row.from_on, row.until_on) for row in rows]


def list_requests(
    actor: Actor,
    team_id: uuid.UUID,
    state: str | None,
    limit: int,
    after: tuple[dt.datetime, uuid.UUID] | None,
    now: dt.datetime,
) -> list[RequestView]:
    """Return up to `limit` requests to join a team, the oldest first, names masked.

    Raises:
        NotFound: the caller neither reads nor leads the team.
    """
    service.require_say(actor, READ, team_id, service.today(now), or_leads=True)
    query = sa.select(TeamRequest).where(TeamRequest.team_id == team_id)
    if state:
        query = query.where(TeamRequest.state == state)
    if after:
        at, last = after
        query = query.where(
            sa.or_(TeamRequest.asked_at > at, sa.and_(TeamRequest.asked_at == at, TeamRequest.id > last))
        )
    rows = reading().scalars(query.order_by(TeamRequest.asked_at, TeamRequest.id).limit(limit)).all()
    return _requests(rows, actor)


def request_of(actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> RequestView:
    """Return a request over whose team the caller has a say.

    Raises:
        NotFound: there is none such.
    """
    row = reading().get(TeamRequest, request_id)
    service.require_say(actor, MANAGE, row.team_id if row else request_id, service.today(now), or_leads=True)
    return _requests([row] if row else [], actor)[0]


def _requests(rows: Sequence[TeamRequest], actor: Actor | None = None) -> list[RequestView]:
    """Return requests with names; `actor`: who would answer them."""
    session = reading()
    names = registration.display_names(session, {row.person_id for row in rows})
    teams = service.team_briefs({row.team_id for row in rows})
    return [
        RequestView(
            id=row.id,
            team_id=row.team_id,
            team_name=teams[row.team_id].name,
            volunteer_id=row.person_id,
            display_name=names[row.person_id],
            state=RequestState(row.state),
            note=row.note,
            asked_at=row.asked_at,
            decided_at=row.decided_at,
            reason=row.reason,
            why_not=joining.why_not_decide(session, actor, row) if actor and row.state == RequestState.OPEN else "",
        )
        for row in rows
    ]


def own_teams(person_id: uuid.UUID, now: dt.datetime) -> list[dict[str, Any]]:
    """Return the teams in which a person is today: the team, since when, and whether they lead it."""
    day = service.today(now)
    rows = members.teams_of(person_id, day)
    leaders = service.leaders_of(reading(), [team.id for _, team in rows], day)
    views = shown([team for _, team in rows], now)
    return [
        {"team": view, "from_on": member.from_on, "leads": leaders.get(team.id) == person_id}
        for (member, team), view in zip(rows, views, strict=True)
    ]


def own_requests(person_id: uuid.UUID, limit: int = 50) -> list[RequestView]:
    """Return the last requests of a person, the newest first."""
    query = sa.select(TeamRequest).where(TeamRequest.person_id == person_id)
    rows = reading().scalars(query.order_by(TeamRequest.asked_at.desc(), TeamRequest.id.desc()).limit(limit)).all()
    return _requests(rows)


def count_waiting(actor: Actor, now: dt.datetime) -> int:
    """Return how many requests wait for the caller: of teams over which they have a say or which they lead."""
    ways: list[sa.ColumnElement[bool]] = []
    if actor.has(MANAGE):
        scope = service.in_scope(actor, MANAGE)
        ways.append(sa.true() if scope is None else scope)
    person_id = registration.find_own_person(actor)
    if person_id is not None:
        day = service.today(now)
        led = sa.select(TeamLeader.team_id).where(
            TeamLeader.person_id == person_id, service.in_force(TeamLeader.from_on, TeamLeader.until_on, day)
        )
        ways.append(Team.id.in_(led))
    query = sa.select(sa.func.count()).select_from(TeamRequest).join(Team, Team.id == TeamRequest.team_id)
    return reading().scalar(query.where(TeamRequest.state == RequestState.OPEN, sa.or_(sa.false(), *ways))) or 0
