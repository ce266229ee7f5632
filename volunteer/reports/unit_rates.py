"""One unit's registration rate: where it stands, how it came there week by week, what lies below it.

Weeks are counted as the report is: by the tree, the tasks and the memberships of each day. Source: ux.md U1, A3, §9.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from volunteer.access import Actor, Permission
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.reports import queries
from volunteer.reports.queries import Place, Task, UnitOfDay
from volunteer.reports.service import Line, RatesQuery, registration_rates, settling
from volunteer.units import service as units
from volunteer.units.rules import Counts, Denominator, RateSort, SortOrder

WEEKS = 12
WEEK = dt.timedelta(days=7)
BEFORE = 4 * WEEK


@dataclass(frozen=True, slots=True)
class Week:
    """A unit's subtree at the end of a day; `change` is against the week before, None for the first."""

    day: dt.date
    counts: Counts
    change: int | None


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit.

    Attributes:
        above: the units over it that the caller may see, the highest first.
        siblings: how many units stand beside it under the same parent, itself included.
        children: the units right below it, the one with the lowest rate first.
        weeks: the last of them ends on the report's day.
    """

    as_of: dt.date
    line: Line
    above: list[UnitOfDay]
    siblings: int
    children: list[Line]
    weeks: list[Week]


def unit_report(actor: Actor, unit_id: uuid.UUID, as_of: dt.date | None, now: dt.datetime) -> UnitReport:
    """Return what a liaison sees first of a unit.

    Raises:
        NotFound: no such unit, or outside the scope. InvalidInput: as `registration_rates`.
    """
    query = RatesQuery(as_of=as_of, root=unit_id, depth=1, sort=RateSort.RATE, order=SortOrder.ASC)
    report = registration_rates(actor, query, now)
    session = reading()
    tree = queries.tree(session, report.as_of)
    line = next(row for row in report.rows if row.unit.id == unit_id)
    children = [row for row in report.rows if row.unit.id != unit_id]
    return UnitReport(
        as_of=report.as_of,
        line=line,
        above=_above(actor, line.unit, tree),
        siblings=sum(1 for unit in tree.values() if unit.parent_id == line.unit.parent_id),
        children=children,
        weeks=weekly(unit_id, report.as_of),
    )


def _above(actor: Actor, unit: UnitOfDay, tree: Mapping[uuid.UUID, UnitOfDay]) -> list[UnitOfDay]:
    """Return the units over one that the caller may see, the highest first."""
    scope = units.unit_ids_in_scope(actor, Permission.READ_REPORTS)
    found: list[UnitOfDay] = []
    above = unit.parent_id
    while above is not None and above in tree and (scope is None or above in scope):
        found.insert(0, tree[above])
        above = tree[above].parent_id
    return found


def weekly(unit_id: uuid.UUID, last: dt.date) -> list[Week]:
    """Return the last weeks of a unit with everything below it, the oldest first; three statements for all of them."""
    session = reading()
    days = [last - WEEK * back for back in reversed(range(WEEKS))]
    places, tasks = queries.places(session), queries.tasks(session, sorted({day.year for day in days}))
    below = {day: _below(unit_id, places, day) for day in days}
    registered = queries.registered_by_day(session, days, frozenset().union(*below.values()))
    counts = [
        Counts(
            target=_task(tasks, below[day], day), registered=sum(registered.get((day, one), 0) for one in below[day])
        )
        for day in days
    ]
    return _weeks(days, counts)


def weekly_of_all(last: dt.date) -> list[Week]:
    """Return the last weeks of everybody, in a unit or in none, against the tasks of all units; three statements."""
    session = reading()
    days = [last - WEEK * back for back in reversed(range(WEEKS))]
    places, tasks = queries.places(session), queries.tasks(session, sorted({day.year for day in days}))
    registered = queries.registered_in_all(session, days)
    every = {day: frozenset(place.unit_id for place in places if place.holds(day)) for day in days}
    return _weeks(days, [Counts(target=_task(tasks, every[day], day), registered=registered[day]) for day in days])


def _weeks(days: Sequence[dt.date], counts: Sequence[Counts]) -> list[Week]:
    """Return counts with their changes."""
    return [
        Week(day, one, None if before is None else one.registered - before.registered)
        for day, one, before in zip(days, counts, [None, *counts], strict=False)
    ]


def _below(unit_id: uuid.UUID, places: Iterable[Place], day: dt.date) -> frozenset[uuid.UUID]:
    """Return a unit and all that stood below it on a day."""
    children: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for place in places:
        if place.holds(day):
            children.setdefault(place.parent_id, []).append(place.unit_id)
    found, waiting = {unit_id}, [unit_id]
    while waiting:
        lower = [one for one in children.get(waiting.pop(), ()) if one not in found]
        found.update(lower)
        waiting += lower
    return frozenset(found)


def _task(tasks: Sequence[Task], unit_ids: frozenset[uuid.UUID], day: dt.date) -> int | None:
    """Return the sum of these units' tasks for the year of a day, as they stood at its end; None if there is none."""
    of_day = {
        task.unit_id: task.target
        for task in tasks
        if task.unit_id in unit_ids and task.year == day.year and task.set_on <= day
    }
    known = [target for target in of_day.values() if target is not None]
    return sum(known) if known else None


def registered_before(actor: Actor, query: RatesQuery, as_of: dt.date, now: dt.datetime) -> dict[uuid.UUID, int]:
    """Return how many were registered in each unit of a report four weeks before its day."""
    plain = replace(query, as_of=as_of - BEFORE, kind=None, area_id=None, sort=None)
    return {line.unit.id: line.counts.registered for line in registration_rates(actor, plain, now).rows}


def home_unit(actor: Actor, now: dt.datetime) -> uuid.UUID | None:
    """Return the one unit at the top of the caller's scope, or None where there are several or everything."""
    scope = units.unit_ids_in_scope(actor, Permission.READ_REPORTS)
    if scope is None:
        return None
    tree = queries.tree(reading(), site_day(now, settings().zone))
    tops = [unit.id for unit in tree.values() if unit.id in scope and unit.parent_id not in scope]
    return tops[0] if len(tops) == 1 else None


def over(report: UnitReport) -> list[tuple[Denominator, Counts]]:
    """Return the figures of a unit over its headcount and over the residents, where these are known."""
    session = reading()
    settle = settling(session, Denominator.POPULATION, report.as_of, queries.tree(session, report.as_of))
    unit_id, counts = report.line.unit.id, report.line.counts
    both = (replace(counts, by=Denominator.HEADCOUNT), settle((unit_id,), counts))
    return [(one.by, one) for one in both if one.base]
