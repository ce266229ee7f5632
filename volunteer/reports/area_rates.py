"""Registration rates by area as of a day: one query behind the screen, the API and the sheets.

Who has units sees the figures of these units, by the areas in which they lie; who has areas sees all that lies in them.
Over residents only whole areas are rated, and only among whole areas is ranked. Source: contract, Reports; Fine points.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from volunteer.access import Actor, Permission, Role
from volunteer.areas import service as areas
from volunteer.areas.rules import AreaLevel
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.reports import area_figures, queries
from volunteer.reports.periods import day_asked
from volunteer.reports.queries import AreaOfTree, Setting
from volunteer.reports.unit_rates import BEFORE
from volunteer.units import service as units
from volunteer.units.rules import (
    Counts,
    Denominator,
    RateRow,
    RateSort,
    SortOrder,
    UnitFigures,
    roll_up,
    sort_rows,
    sum_counts,
)

Id = uuid.UUID
Own = Mapping[Id | None, Counts]


@dataclass(frozen=True, slots=True)
class AreaRatesQuery:
    """What to report. `level` chooses among the rows; it changes no figure, no rank and no total."""

    as_of: dt.date | None = None
    root: uuid.UUID | None = None
    depth: int | None = None
    level: AreaLevel | None = None
    sort: RateSort | None = None
    order: SortOrder = SortOrder.ASC
    denominator: Denominator = Denominator.TASK


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One row: an area with the figures of all that lies in it; `below`: how many areas lie directly in it."""

    area: AreaOfTree
    parent_name: str | None
    depth: int
    rank: int | None
    counts: Counts
    below: int


@dataclass(frozen=True, slots=True)
class AreaRatesReport:
    """The report.

    Attributes:
        above: the areas around the root that the caller may open, the largest first.
        without_area: how many of the total's registered persons count in no area.
        is_part: whether only the caller's own units are in it, not all that lies in these areas.
        last_set: when the numbers that the rates are over were last changed, and by whom.
    """

    as_of: dt.date
    year: int
    rows: list[AreaLine]
    total: Counts
    without_area: int
    above: list[AreaOfTree]
    is_part: bool
    denominator: Denominator = Denominator.TASK
    last_set: Setting | None = None


@dataclass(frozen=True, slots=True)
class _View:
    """What the caller sees: `scope` None = every unit; `whole` None = every area, with all that lies in it."""

    scope: frozenset[Id] | None
    whole: frozenset[Id] | None
    tops: frozenset[Id] | None


@dataclass(frozen=True, slots=True)
class _Over:
    """Over which number the rates are, and the tree of areas."""

    by: Denominator
    known: Mapping[Id, int | None]
    lands: Mapping[Id, AreaOfTree]

    def figures(self, own: Own) -> list[UnitFigures[Id]]:
        """Return every area with its own figures."""
        return [UnitFigures(one.id, one.parent_id, one.code, own.get(one.id, Counts())) for one in self.lands.values()]

    def settling(self, whole: Collection[Id] | None) -> Callable[[Id, Counts], Counts]:
        """Return what says over which number the rate of a sum is: over its residents only that of a whole area."""

        def settle(area_id: Id, counts: Counts) -> Counts:
            population = self.known.get(area_id) if whole is None or area_id in whole else None
            return replace(counts, by=self.by, population=population)

        return settle


def area_rates(actor: Actor, query: AreaRatesQuery, now: dt.datetime) -> AreaRatesReport:
    """Return the rates by area of the units in the caller's scope, as of the end of a day.

    Raises:
        InvalidInput: `in-future` on `as_of`.
        NotFound: `root` is no area, or outside the scope.
    """
    day = day_asked(query.as_of, now)
    session = reading()
    lands, lies_in = queries.areas_in_all(session), area_figures.area_of_units(queries.tree(session, day))
    own = queries.own_counts(session, day)
    view = _view(actor, lies_in, day)
    mine = area_figures.own_by_area(own, lies_in, view.scope)
    roots = view.tops if query.root is None else frozenset({query.root})
    if query.root is not None and not _may_open(query.root, view, lands):
        raise NotFound
    known = queries.populations(session, day) if query.denominator is Denominator.POPULATION else {}
    over = _Over(query.denominator, known, lands)
    rows = roll_up(over.figures(mine), roots, query.depth, over.settling(view.whole))
    if view.scope is not None:
        everybody = roll_up(over.figures(area_figures.own_by_area(own, lies_in, None)), None, None, over.settling(None))
        rows = _ranked_as_whole(rows, everybody, view.whole or frozenset())
    return _report(query, day, (mine, rows), view, over)


def _report(
    query: AreaRatesQuery, day: dt.date, found: tuple[Own, list[RateRow[Id]]], view: _View, over: _Over
) -> AreaRatesReport:
    """Return the rows that were asked for, with the total of all."""
    mine, rows = found
    total, without = _total(query, mine, rows)
    chosen = [row for row in rows if query.level is None or over.lands[row.unit_id].level == query.level]
    if query.sort:
        chosen = sort_rows(chosen, query.sort, query.order)
    return AreaRatesReport(
        as_of=day,
        year=day.year,
        rows=_lines(chosen, over.lands),
        total=total,
        without_area=without,
        above=_above(query.root, view, over.lands),
        is_part=view.whole is not None and not all(row.unit_id in view.whole for row in rows),
        denominator=query.denominator,
        last_set=queries.last_set(reading(), query.denominator, day),
    )


def _view(actor: Actor, lies_in: Mapping[Id, Id | None], day: dt.date) -> _View:
    """Return what the caller sees: by grants over areas all that lies there, by grants over units these alone."""
    scope = units.granted_scope(actor, Permission.READ_REPORTS, day)
    if scope is None:
        return _View(None, None, None)
    grants = [one for one in actor.grants_with(Permission.READ_REPORTS) if one.role is Role.UNIT_LIAISON]
    whole = areas.area_ids_below({one.area_id for one in grants if one.area_id})
    held = {area_id for unit_id in scope if (area_id := lies_in.get(unit_id)) is not None}
    return _View(scope, whole, whole | held)


def _may_open(area_id: Id, view: _View, lands: Mapping[Id, AreaOfTree]) -> bool:
    """Whether an area is one of the caller's or lies in one."""
    if area_id not in lands:
        return False
    at: Id | None = area_id
    while view.tops is not None and at is not None and at not in view.tops:
        at = lands[at].parent_id
    return at is not None


def _ranked_as_whole(rows: list[RateRow[Id]], everybody: list[RateRow[Id]], whole: Collection[Id]) -> list[RateRow[Id]]:
    """Return rows with the ranks that whole areas have among all; a part of an area has none."""
    ranks = {row.unit_id: row.rank for row in everybody if row.unit_id in whole}
    return [replace(row, rank=ranks.get(row.unit_id)) for row in rows]


def _total(query: AreaRatesQuery, mine: Own, rows: Collection[RateRow[Id]]) -> tuple[Counts, int]:
    """Return the figures of the root, or of everybody once, and how many of them count in no area."""
    tops = [row for row in rows if row.depth == 0]
    total = sum_counts(row.counts for row in tops)
    nowhere = mine.get(None, Counts()) if query.root is None else Counts()
    lived = [row.counts.population for row in tops]
    population = sum(one or 0 for one in lived) if lived and None not in lived else None
    return replace(total + nowhere, by=query.denominator, population=population), nowhere.registered


def _above(root: Id | None, view: _View, lands: Mapping[Id, AreaOfTree]) -> list[AreaOfTree]:
    """Return the areas around one that the caller may open, the largest first."""
    found: list[AreaOfTree] = []
    at = lands[root].parent_id if root else None
    while at is not None and _may_open(at, view, lands):
        found.insert(0, lands[at])
        at = lands[at].parent_id
    return found


def _lines(rows: Collection[RateRow[Id]], lands: Mapping[Id, AreaOfTree]) -> list[AreaLine]:
    """Return rows with what describes their areas."""
    below = Counter(one.parent_id for one in lands.values())
    found = []
    for row in rows:
        parent = lands.get(row.parent_id) if row.parent_id else None
        name = parent.name if parent else None
        found.append(AreaLine(lands[row.unit_id], name, row.depth, row.rank, row.counts, below[row.unit_id]))
    return found


def registered_before(actor: Actor, query: AreaRatesQuery, as_of: dt.date, now: dt.datetime) -> dict[Id, int]:
    """Return how many were registered in each area of a report four weeks before its day."""
    plain = replace(query, as_of=as_of - BEFORE, level=None, sort=None)
    return {line.area.id: line.counts.registered for line in area_rates(actor, plain, now).rows}
