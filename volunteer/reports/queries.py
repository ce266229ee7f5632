"""What the registration rates read: figures by unit, counted in SQL, a fixed number of statements.

Units and tasks come as rows, people only as counts, so that nothing grows with people.
Source: contract, Reports and Fine points; decisions 5.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.areas import queries as areas
from volunteer.hours.models import LedgerLine, LineClass
from volunteer.registration.queries import counted_as_of, counted_spans
from volunteer.units import queries as units
from volunteer.units.rules import Counts, Denominator

#: The classes whose minutes count; `external` ones are shown to their owner only.
COUNTED_CLASSES = (LineClass.VERIFIED, LineClass.GRANTED)


#: More units than this are not named in a statement; it then counts in all of them.
MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stood in the tree on the half-open days from `from_on` to `until_on`."""

    unit_id: uuid.UUID
    parent_id: uuid.UUID | None
    from_on: dt.date
    until_on: dt.date | None

    def holds(self, day: dt.date) -> bool:
        """Whether the unit stood here on a day."""
        return self.from_on <= day and (self.until_on is None or self.until_on > day)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it was set on a day; None: taken back."""

    unit_id: uuid.UUID
    year: int
    set_on: dt.date
    target: int | None


@dataclass(frozen=True, slots=True)
class UnitOfDay:
    """A unit as it stood in the tree on the report's day."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    parent_id: uuid.UUID | None
    area_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class AreaOfTree:
    """An area, as it is called now; its place does not change."""

    id: uuid.UUID
    code: str
    name: str
    level: str
    parent_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Setting:
    """When a number was last set, and by whom."""

    at: dt.datetime
    by: uuid.UUID | None


def tree(session: Session, day: dt.date) -> dict[uuid.UUID, UnitOfDay]:
    """Return the units that stood in the tree on `day`, by id."""
    rows = session.execute(units.tree_as_of(day))
    return {row.id: UnitOfDay(row.id, row.code, row.name, row.kind, row.parent_id, row.area_id) for row in rows}


def ids_in_area(session: Session, area_id: uuid.UUID, day: dt.date) -> frozenset[uuid.UUID]:
    """Return the units of that day's tree that lie in an area or in a smaller one of it."""
    return frozenset(session.scalars(units.ids_in_area(area_id, day)))


def own_counts(session: Session, day: dt.date) -> dict[uuid.UUID | None, Counts]:
    """Return each unit's **own** figures as of `day`, without its descendants'; under None, those of no unit.

    Persons stand in the unit in which they counted on `day`, minutes in that of the day of service. What a unit that is
    closed by then has served stands with the unit that it was merged into, else with the one that was above it; its
    task ended with it.
    """
    heads = {row.unit_id: row.headcount for row in session.execute(units.headcounts_as_of(day))}
    reporting = {row.unit_id: row.people for row in session.execute(_report_ins(day))}
    targets = {row.unit_id: row.target for row in session.execute(units.targets_as_of(day))}
    people = {row.unit_id: row for row in session.execute(_people(day))}
    minutes = {row.unit_id: row for row in session.execute(_minutes(day))}
    heirs = {row.unit_id: row.heir_id for row in session.execute(units.heirs_as_of(day))}
    found: dict[uuid.UUID | None, Counts] = {}
    for unit_id in {*targets, *people, *minutes, *heads, *reporting}:
        person_row, minute_row = people.get(unit_id), minutes.get(unit_id)
        own = Counts(
            target=targets.get(unit_id) if unit_id and unit_id not in heirs else None,
            registered=person_row.registered if person_row else 0,
            active=person_row.active if person_row else 0,
            minutes=int(minute_row.minutes) if minute_row else 0,
            minutes_verified=int(minute_row.verified) if minute_row else 0,
            headcount=heads.get(unit_id) if unit_id and unit_id not in heirs else None,
            report_ins=reporting.get(unit_id, 0) if unit_id else 0,
        )
        heir = _standing(unit_id, heirs)
        found[heir] = found[heir] + own if heir in found else own
    return found


def _standing(unit_id: uuid.UUID | None, heirs: Mapping[uuid.UUID, uuid.UUID | None]) -> uuid.UUID | None:
    """Return the unit that a closed one has come to, over as many steps as it takes; None where it is none."""
    while unit_id is not None and unit_id in heirs:
        unit_id = heirs[unit_id]
    return unit_id


def registered_by_day(
    session: Session, days: Sequence[dt.date], unit_ids: Collection[uuid.UUID]
) -> dict[tuple[dt.date, uuid.UUID], int]:
    """Return how many counted in each of these units itself at the end of each day.

    One statement that reads each membership once: of one person, no two spans of a kind hold on the same day.
    """
    counted, member = counted_spans().subquery(), units.membership_spans().subquery()
    query = sa.select(member.c.unit_id, *(_sum_if(sa.and_(_holds(member, d), _holds(counted, d))) for d in days))
    query = query.join(counted, counted.c.person_id == member.c.person_id).group_by(member.c.unit_id)
    if len(unit_ids) <= MOST_NAMED:
        query = query.where(member.c.unit_id.in_(unit_ids))
    return {
        (day, unit_id): int(count)
        for unit_id, *counts in session.execute(query)
        for day, count in zip(days, counts, strict=True)
    }


def registered_in_all(session: Session, days: Sequence[dt.date]) -> dict[dt.date, int]:
    """Return how many counted at the end of each day, in a unit or in none; one statement."""
    counted = counted_spans().subquery()
    counts = session.execute(sa.select(*(_sum_if(_holds(counted, day)) for day in days))).one()
    return {day: int(count) for day, count in zip(days, counts, strict=True)}


def _holds(span: sa.Subquery, day: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition that `day` lies in the half-open days of a span."""
    return sa.and_(span.c.from_on <= day, sa.or_(span.c.until_on.is_(None), span.c.until_on > day))


def _sum_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Return how many rows meet a condition."""
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def last_set(session: Session, by: Denominator, day: dt.date) -> Setting | None:
    """Return when one of the numbers that a rate is over was last set by `day`, of whatever unit or area."""
    query = {
        Denominator.TASK: units.last_set(day),
        Denominator.HEADCOUNT: units.last_headcount(day),
        Denominator.POPULATION: areas.last_population(day),
    }[by]
    row = session.execute(query).first()
    return Setting(row.set_at, row.set_by) if row else None


def populations(session: Session, day: dt.date) -> dict[uuid.UUID, int | None]:
    """Return the resident populations of areas as they stood on a day."""
    return {row.area_id: row.resident_population for row in session.execute(areas.populations_as_of(day))}


def area_parents(session: Session) -> dict[uuid.UUID, uuid.UUID | None]:
    """Return in which area each area lies."""
    return {row.id: row.parent_id for row in session.execute(areas.parents())}


def areas_in_all(session: Session) -> dict[uuid.UUID, AreaOfTree]:
    """Return all areas, by id."""
    return {
        row.id: AreaOfTree(row.id, row.code, row.name, row.level, row.parent_id)
        for row in session.execute(areas.tree())
    }


def places(session: Session) -> list[Place]:
    """Return every place that a unit had or has in the tree."""
    return [Place(*row) for row in session.execute(units.placements())]


def tasks(session: Session, years: Collection[int]) -> list[Task]:
    """Return the tasks of these years as they were set, of each unit and year the newest last."""
    return [Task(*row) for row in session.execute(units.targets_of(years))]


def _people(day: dt.date) -> sa.Select[uuid.UUID | None, int, int]:
    """Return a select of (unit_id, registered, active) as of `day`; one statement, so active is never the larger."""
    counted = counted_as_of(day).subquery("counted")
    member = units.memberships_as_of(day).subquery("member")
    active = _active_persons(day).subquery("active")
    joined = counted.outerjoin(member, member.c.person_id == counted.c.person_id)
    joined = joined.outerjoin(active, active.c.person_id == counted.c.person_id)
    return (
        sa.select(
            member.c.unit_id,
            sa.func.count().label("registered"),
            sa.func.count(active.c.person_id).label("active"),
        )
        .select_from(joined)
        .group_by(member.c.unit_id)
    )


def _report_ins(day: dt.date) -> sa.Select[uuid.UUID, int]:
    """Return a select of (unit_id, people): how many of those who count reported in at each unit on `day`."""
    counted, here = counted_as_of(day).subquery("counted"), units.report_ins_as_of(day).subquery("here")
    people = sa.func.count(here.c.person_id.distinct()).label("people")
    query = sa.select(here.c.unit_id, people).join(counted, counted.c.person_id == here.c.person_id)
    return query.group_by(here.c.unit_id)


def _of_the_year(day: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition that a ledger line counts and its day lies between 1 January and `day`."""
    return sa.and_(
        LedgerLine.site_day.between(day.replace(month=1, day=1), day), LedgerLine.class_.in_(COUNTED_CLASSES)
    )


def _active_persons(day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of the persons with at least one effective minute from 1 January to `day`."""
    query = sa.select(LedgerLine.person_id).where(_of_the_year(day)).group_by(LedgerLine.person_id)
    return query.having(sa.func.sum(LedgerLine.minutes) > 0)


def _minutes(day: dt.date) -> sa.Select[uuid.UUID | None, int, int]:
    """Return a select of (unit_id, minutes, verified): effective minutes by the unit of the service day."""
    verified = sa.case((LedgerLine.class_ == LineClass.VERIFIED, LedgerLine.minutes), else_=0)
    return (
        sa.select(
            LedgerLine.unit_id,
            sa.func.sum(LedgerLine.minutes).label("minutes"),
            sa.func.sum(verified).label("verified"),
        )
        .where(_of_the_year(day))
        .group_by(LedgerLine.unit_id)
    )


def served_in_year(session: Session, day: dt.date) -> tuple[int, int]:
    """Return the effective minutes from 1 January to `day`, and the shifts in which any were served."""
    by_shift = (
        sa.select(LedgerLine.shift_id, sa.func.sum(LedgerLine.minutes).label("minutes"))
        .where(_of_the_year(day))
        .group_by(LedgerLine.shift_id)
        .subquery()
    )
    served = sa.select(
        sa.func.coalesce(sa.func.sum(by_shift.c.minutes), 0),
        sa.func.count(by_shift.c.shift_id).filter(by_shift.c.minutes > 0),
    )
    minutes, shifts = session.execute(served).one()
    return int(minutes), shifts
