"""What the report on teams reads: members by day, and what came of the activities that a team organised; in SQL.

Sessions, people and person-times are those of the report on stations, counted by team instead of by station.
Source: domain.md A3; decisions 4 (a person in many teams is one person).
"""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities.models import Activity, Shift
from volunteer.hours.models import LedgerLine
from volunteer.reports.periods import Period
from volunteer.reports.queries import COUNTED_CLASSES
from volunteer.reports.stations_queries import period_shifts, present_at
from volunteer.teams.service import members_on

Ids = frozenset[uuid.UUID]


@dataclass(frozen=True, slots=True)
class TeamCounts:
    """The figures of a team, or of several with each person once.

    Attributes:
        members: who was in it on the last day.
        active: those of them with credited minutes in the period, whoever organised.
        sessions, persons, person_times, minutes: of the activities that it organised, whoever came.
    """

    members: int = 0
    active: int = 0
    sessions: int = 0
    persons: int = 0
    person_times: int = 0
    minutes: int = 0


def counts_by_team(session: Session, period: Period, ids: Ids) -> dict[uuid.UUID, TeamCounts]:
    """Return the figures of each of these teams; a fixed number of statements."""
    found = {team_id: [0] * 6 for team_id in ids}
    inside = _members(period, ids)
    people = sa.func.count(inside.c.person_id.distinct())
    active = people.filter(inside.c.person_id.in_(_active(period)))
    for team_id, *figures in session.execute(sa.select(inside.c.team_id, people, active).group_by(inside.c.team_id)):
        found[team_id][:2] = figures
    present = present_at(period_shifts(period))
    came = sa.select(
        present.c.team_id, sa.func.count(present.c.shift_id.distinct()), sa.func.count(present.c.person_id.distinct())
    ).add_columns(sa.func.count())
    for team_id, *figures in session.execute(came.where(present.c.team_id.in_(ids)).group_by(present.c.team_id)):
        found[team_id][2:5] = figures
    lines = _lines(period, ids).add_columns(Activity.team_id).group_by(Activity.team_id)
    for minutes, team_id in session.execute(lines):
        found[team_id][5] = int(minutes)
    return {team_id: TeamCounts(*figures) for team_id, figures in found.items()}


def counts_together(session: Session, period: Period, ids: Ids) -> TeamCounts:
    """Return the figures of these teams together, each person once."""
    inside = _members(period, ids)
    people = sa.func.count(inside.c.person_id.distinct())
    members, active = session.execute(sa.select(people, people.filter(inside.c.person_id.in_(_active(period))))).one()
    present = present_at(period_shifts(period))
    came = sa.select(
        sa.func.count(present.c.shift_id.distinct()), sa.func.count(present.c.person_id.distinct()), sa.func.count()
    )
    sessions, persons, person_times = session.execute(came.where(present.c.team_id.in_(ids))).one()
    minutes = session.scalar(_lines(period, ids)) or 0
    return TeamCounts(members, active, sessions, persons, person_times, int(minutes))


def _members(period: Period, ids: Ids) -> sa.Subquery:
    """Return (team_id, person_id) of who was in these teams on the last day."""
    inside = members_on(period.to_on).subquery()
    return sa.select(inside.c.team_id, inside.c.person_id).where(inside.c.team_id.in_(ids)).subquery()


def _active(period: Period) -> sa.Select[uuid.UUID]:
    """Return who has at least one credited minute in the period."""
    return (
        sa.select(LedgerLine.person_id)
        .where(LedgerLine.site_day.between(period.from_on, period.to_on), LedgerLine.class_.in_(COUNTED_CLASSES))
        .group_by(LedgerLine.person_id)
        .having(sa.func.sum(LedgerLine.minutes) > 0)
    )


def _lines(period: Period, ids: Ids) -> sa.Select[int]:
    """Return the sum of the credited minutes of the activities that these teams organised, by day of service."""
    return (
        sa.select(sa.func.sum(LedgerLine.minutes))
        .join(Shift, Shift.id == LedgerLine.shift_id)
        .join(Activity, Activity.id == Shift.activity_id)
        .where(
            Activity.team_id.in_(ids),
            LedgerLine.site_day.between(period.from_on, period.to_on),
            LedgerLine.class_.in_(COUNTED_CLASSES),
        )
    )
