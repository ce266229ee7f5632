"""What the report on stations reads: figures by station, counted in SQL, a fixed number of statements.

A shift belongs to the site day on which it starts, minutes to the day of their ledger line. Distinct people are the
only figure that cannot be summed up a tree, so they are counted over each subtree. Source: contract, Reports.
"""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities.models import Activity, Shift
from volunteer.activities.rules import ActivityStatus
from volunteer.checkin.models import Attendance
from volunteer.hours.models import HourRequest, LedgerLine, RequestKind, RequestState
from volunteer.reports.periods import Period
from volunteer.reports.queries import COUNTED_CLASSES
from volunteer.stations.models import Station

HELD = (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED)


@dataclass(frozen=True, slots=True)
class StationOfTree:
    """A station as it stands in the tree today."""

    id: uuid.UUID
    code: str
    name: str
    level: str
    parent_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class StationCounts:
    """The figures of one station, or the sum of several.

    `attended` and `planned` are person-times and places of the shifts that were held, for the on-duty rate.
    """

    sessions: int = 0
    person_times: int = 0
    audience: int = 0
    minutes: int = 0
    attended: int = 0
    planned: int = 0

    def __add__(self, other: "StationCounts") -> "StationCounts":
        return StationCounts(
            self.sessions + other.sessions,
            self.person_times + other.person_times,
            self.audience + other.audience,
            self.minutes + other.minutes,
            self.attended + other.attended,
            self.planned + other.planned,
        )


def stations_of_tree(session: Session) -> dict[uuid.UUID, StationOfTree]:
    """Return every station, by id."""
    query = sa.select(Station.id, Station.code, Station.name, Station.level, Station.parent_id)
    return {
        row.id: StationOfTree(row.id, row.code, row.name, row.level, row.parent_id) for row in session.execute(query)
    }


def own_counts(session: Session, period: Period) -> dict[uuid.UUID, StationCounts]:
    """Return each station's own figures, without what is below it."""
    found: dict[uuid.UUID, StationCounts] = {}
    shifts = period_shifts(period)
    present = present_at(shifts)
    attended = sa.func.sum(sa.case((present.c.is_held, 1), else_=0))
    came = sa.select(
        present.c.station_id, sa.func.count(present.c.shift_id.distinct()), sa.func.count(), attended
    ).group_by(present.c.station_id)
    for station_id, sessions, person_times, on_duty in session.execute(came):
        _add(found, station_id, StationCounts(sessions, person_times, attended=int(on_duty)))
    places = sa.func.sum(sa.case((shifts.c.is_held, shifts.c.capacity), else_=0))
    held = sa.select(shifts.c.station_id, places, sa.func.coalesce(sa.func.sum(shifts.c.audience_count), 0))
    for station_id, planned, audience in session.execute(held.group_by(shifts.c.station_id)):
        _add(found, station_id, StationCounts(planned=int(planned), audience=int(audience)))
    lines = sa.select(LedgerLine.station_id, sa.func.sum(LedgerLine.minutes)).where(
        LedgerLine.site_day.between(period.from_on, period.to_on),
        LedgerLine.class_.in_(COUNTED_CLASSES),
        LedgerLine.station_id.is_not(None),
    )
    for station_id, minutes in session.execute(lines.group_by(LedgerLine.station_id)):
        _add(found, station_id, StationCounts(minutes=int(minutes)))
    return found


def persons_below(session: Session, period: Period) -> dict[uuid.UUID, int]:
    """Return how many different people came to each station or to one below it."""
    below = sa.select(Station.id.label("top"), Station.id.label("station_id")).cte("below", recursive=True)
    child = sa.select(below.c.top, Station.id).join(Station, Station.parent_id == below.c.station_id)
    below = below.union_all(child)
    present = present_at(period_shifts(period))
    query = (
        sa.select(below.c.top, sa.func.count(present.c.person_id.distinct()))
        .join(present, present.c.station_id == below.c.station_id)
        .group_by(below.c.top)
    )
    return {top: persons for top, persons in session.execute(query)}


def _add(found: dict[uuid.UUID, StationCounts], station_id: uuid.UUID | None, counts: StationCounts) -> None:
    """Add figures to those of a station."""
    if station_id is not None:
        found[station_id] = found.get(station_id, StationCounts()) + counts


def period_shifts(period: Period) -> sa.CTE:
    """Return the shifts that start in the period; `is_held`: published, not cancelled, and begun."""
    is_held = sa.and_(Activity.status.in_(HELD), Shift.cancelled_at.is_(None), Shift.starts_at <= period.now)
    return (
        sa.select(
            Shift.id,
            Activity.station_id,
            Activity.team_id,
            Shift.capacity,
            Shift.audience_count,
            is_held.label("is_held"),
        )
        .join(Activity, Activity.id == Shift.activity_id)
        .where(Shift.starts_at >= period.starts_at, Shift.starts_at < period.ends_at)
        .cte("period_shifts")
    )


def present_at(shifts: sa.CTE) -> sa.CTE:
    """Return (person, shift, station, team) once each: an attendance that still has a pair, or an approved make-up."""
    place = (shifts.c.station_id, shifts.c.team_id, shifts.c.is_held)
    attended = (
        sa.select(Attendance.person_id, Attendance.shift_id, *place)
        .join(shifts, shifts.c.id == Attendance.shift_id)
        .where(Attendance.pair_count > 0)
    )
    made_up = (
        sa.select(HourRequest.person_id, HourRequest.shift_id, *place)
        .join(shifts, shifts.c.id == HourRequest.shift_id)
        .where(HourRequest.kind == RequestKind.MAKE_UP, HourRequest.state == RequestState.ACCEPTED)
    )
    return sa.union(attended, made_up).cte("present")
