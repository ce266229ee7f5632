"""Teams as other rooms see them, and over which of them a caller has a say.

A liaison has a say over teams of their units, a keeper over teams of their stations, an admin over all; who leads a
team today, over its members and requests. Outside of that its members are not there (404); the team itself is public.
Source: decisions 4 (teams are never units), 6 (a team may organise an activity).
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from volunteer.access import Actor, Permission
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.teams.models import Team, TeamLeader, TeamMember
from volunteer.units import service as units


@dataclass(frozen=True, slots=True)
class TeamBrief:
    """What other rooms need of a team."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    founded_on: dt.date
    dissolved_on: dt.date | None


def today(now: dt.datetime) -> dt.date:
    """Return the day of the site."""
    return site_day(now, settings().zone)


def in_force(
    from_on: InstrumentedAttribute[dt.date], until_on: InstrumentedAttribute[dt.date | None], day: dt.date
) -> sa.ColumnElement[bool]:
    """Return the condition that `day` lies in the half-open days of a row."""
    return sa.and_(from_on <= day, sa.or_(until_on.is_(None), until_on > day))


def members_on(day: dt.date) -> sa.Select[uuid.UUID, uuid.UUID]:
    """Return a select of (team_id, person_id): who was in which team on a day; a person may be in many."""
    query = sa.select(TeamMember.team_id, TeamMember.person_id)
    return query.where(in_force(TeamMember.from_on, TeamMember.until_on, day))


def team_exists(team_id: uuid.UUID) -> bool:
    """Whether there is such a team that is not dissolved: which may organise something new."""
    query = sa.select(Team.id).where(Team.id == team_id, Team.dissolved_on.is_(None))
    return reading().scalar(query) is not None


def all_team_ids() -> frozenset[uuid.UUID]:
    """Return every team, dissolved ones too."""
    return frozenset(reading().scalars(sa.select(Team.id)))


def team_briefs(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, TeamBrief]:
    """Return the teams that exist among `ids`, by id; one statement."""
    if not ids:
        return {}
    rows = reading().scalars(sa.select(Team).where(Team.id.in_(set(ids))))
    return {row.id: brief_of(row) for row in rows}


def brief_of(team: Team) -> TeamBrief:
    """Return a row as other rooms see it."""
    return TeamBrief(team.id, team.code, team.name, team.kind, team.founded_on, team.dissolved_on)


def find_teams(text: str, limit: int) -> list[Team]:
    """Return up to `limit` teams that stand, in whose name or code a text is; what is called exactly so first."""
    fits = sa.or_(Team.name.contains(text, autoescape=True), Team.code.contains(text, autoescape=True))
    order = ((Team.code == text).desc(), (Team.name == text).desc(), Team.code)
    query = sa.select(Team).where(fits, Team.dissolved_on.is_(None)).order_by(*order)
    return list(reading().scalars(query.limit(limit)))


def in_scope(actor: Actor, permission: Permission) -> sa.ColumnElement[bool] | None:
    """Return the condition on teams over which the caller holds a permission; None = all of them."""
    if actor.has_everywhere(permission):
        return None
    ways: list[sa.ColumnElement[bool]] = [sa.false()]
    unit_ids = units.unit_ids_in_scope(actor, permission)
    station_ids = stations.station_ids_in_scope(actor, permission)
    if unit_ids:
        ways.append(Team.unit_id.in_(unit_ids))
    if station_ids:
        ways.append(Team.station_id.in_(station_ids))
    return sa.or_(*ways)


def team_ids_in_scope(actor: Actor, permission: Permission) -> frozenset[uuid.UUID] | None:
    """Return the teams over which the caller holds a permission; None = all of them."""
    condition = in_scope(actor, permission)
    return None if condition is None else frozenset(reading().scalars(sa.select(Team.id).where(condition)))


def has_say(actor: Actor, permission: Permission, team_id: uuid.UUID) -> bool:
    """Whether the caller holds a permission over a team."""
    condition = in_scope(actor, permission)
    query = sa.select(Team.id).where(Team.id == team_id)
    return reading().scalar(query if condition is None else query.where(condition)) is not None


def leads(actor: Actor, team_id: uuid.UUID, day: dt.date) -> bool:
    """Whether the caller is who leads a team on a day."""
    person_id = registration.find_own_person(actor)
    return person_id is not None and leader_of(reading(), team_id, day) == person_id


def leader_of(session: Session, team_id: uuid.UUID, day: dt.date) -> uuid.UUID | None:
    """Return who leads a team on a day."""
    return leaders_of(session, [team_id], day).get(team_id)


def leaders_of(session: Session, team_ids: Collection[uuid.UUID], day: dt.date) -> dict[uuid.UUID, uuid.UUID]:
    """Return who leads which team on a day; one statement."""
    query = sa.select(TeamLeader.team_id, TeamLeader.person_id).where(
        TeamLeader.team_id.in_(team_ids), in_force(TeamLeader.from_on, TeamLeader.until_on, day)
    )
    return {team_id: person_id for team_id, person_id in session.execute(query)}


def get_team(team_id: uuid.UUID) -> Team:
    """Return a team.

    Raises:
        NotFound: no such team.
    """
    team = reading().get(Team, team_id)
    if team is None:
        raise NotFound
    return team


def lock_team(session: Session, team_id: uuid.UUID) -> Team:
    """Return a team, fresh and locked until commit.

    Raises:
        NotFound: no such team.
    """
    query = sa.select(Team).where(Team.id == team_id).with_for_update()
    team = session.scalars(query.execution_options(populate_existing=True)).first()
    if team is None:
        raise NotFound
    return team


def require_say(actor: Actor, permission: Permission, team_id: uuid.UUID, day: dt.date, *, or_leads: bool) -> None:
    """Raise NotFound unless the caller holds a permission over the team, or with `or_leads` leads it on the day."""
    if not has_say(actor, permission, team_id) and not (or_leads and leads(actor, team_id, day)):
        raise NotFound
