"""Registration rates of units as of a day: who may see which rows, and what stands in them.

Screen, XLSX and CSV come from the same `RatesQuery` through the same function. Source: contract, Reports; Fine points.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.areas.service import area_exists
from volunteer.database import reading
from volunteer.errors import NotFound, invalid
from volunteer.reports import populations, queries
from volunteer.reports.periods import day_asked
from volunteer.reports.queries import Setting, UnitOfDay
from volunteer.units import service as units
from volunteer.units.rules import (
    Counts,
    Denominator,
    RateRow,
    RateSort,
    SortOrder,
    UnitFigures,
    UnitKind,
    roll_up,
    sort_rows,
    sum_counts,
)


@dataclass(frozen=True, slots=True)
class RatesQuery:
    """What to report. `kind` and `area_id` choose among the rows; they change no figure, no rank and no total."""

    as_of: dt.date | None = None
    root: uuid.UUID | None = None
    depth: int | None = None
    kind: UnitKind | None = None
    area_id: uuid.UUID | None = None
    sort: RateSort | None = None
    order: SortOrder = SortOrder.ASC
    denominator: Denominator = Denominator.TASK


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a unit of that day with the figures of its whole subtree."""

    unit: UnitOfDay
    parent_name: str | None
    depth: int
    rank: int | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class RatesReport:
    """The report. `without_unit` is how many of the total's registered persons belong to no unit.

    `last_set`: when the numbers that the rates are over were last changed, and by whom.
    """

    as_of: dt.date
    year: int
    rows: list[Line]
    total: Counts
    without_unit: int
    denominator: Denominator = Denominator.TASK
    last_set: Setting | None = None


@dataclass(frozen=True, slots=True)
class _View:
    """Whose rows to show: `roots` None = all tops; `allowed` None = every unit."""

    roots: Collection[uuid.UUID] | None
    allowed: frozenset[uuid.UUID] | None


def registration_rates(actor: Actor, query: RatesQuery, now: dt.datetime) -> RatesReport:
    """Return the rates of the units in the caller's scope, as of the end of a day.

    Raises:
        InvalidInput: `in-future` on `as_of`, `unknown` on `area_id`.
        NotFound: `root` is no unit, or outside the scope.
    """
    day = day_asked(query.as_of, now)
    if query.area_id and not area_exists(query.area_id):
        raise invalid("area_id", "unknown", "没有找到这个区域,请重新选择。")
    view = _view(actor, query.root, day)
    session = reading()
    tree = queries.tree(session, day)
    if query.root and query.root not in tree:
        tree[query.root] = _not_yet_there(query.root)
    own = queries.own_counts(session, day)
    figures = [UnitFigures(unit.id, unit.parent_id, unit.code, own.get(unit.id, Counts())) for unit in tree.values()]
    settle = settling(session, query.denominator, day, tree)
    rows = roll_up(figures, view.roots, query.depth, lambda unit_id, counts: settle((unit_id,), counts))
    total, without_unit = _total(view, tree, own, rows)
    tops = [row.unit_id for row in rows if row.depth == 0]
    total = settle(tree if view.roots is None else tops, total)
    shown = _chosen(session, query, day, rows, view.allowed, tree)
    if query.sort:
        shown = sort_rows(shown, query.sort, query.order)
    last = queries.last_set(session, query.denominator, day)
    lines = [_line(row, tree) for row in shown]
    return RatesReport(day, day.year, lines, total, without_unit, query.denominator, last)


Settle = Callable[[Iterable[uuid.UUID], Counts], Counts]


def settling(session: Session, by: Denominator, day: dt.date, tree: Mapping[uuid.UUID, UnitOfDay]) -> Settle:
    """Return what says over which number the rate of a sum is, and over all units in it counts residents once."""
    if by is not Denominator.POPULATION:
        return lambda _unit_ids, counts: replace(counts, by=by)
    below, parents = populations.areas_below(tree), queries.area_parents(session)
    known = queries.populations(session, day)

    def settle(unit_ids: Iterable[uuid.UUID], counts: Counts) -> Counts:
        area_ids = frozenset[uuid.UUID]().union(*(below[one] for one in unit_ids))
        return replace(counts, by=by, population=populations.residents(area_ids, parents, known))

    return settle


def _view(actor: Actor, root: uuid.UUID | None, day: dt.date) -> _View:
    """Return what the caller sees: a root of today's scope, or all that was in their grants' scope on `day`.

    Under a root, a unit is shown that is or was theirs; what moved away from it meanwhile stays in its sums.
    """
    today_scope = units.unit_ids_in_scope(actor, Permission.READ_REPORTS)
    if root is not None and not (units.unit_exists(root) if today_scope is None else root in today_scope):
        raise NotFound
    if today_scope is None:
        return _View(None if root is None else (root,), None)
    scope = units.granted_scope(actor, Permission.READ_REPORTS, day) or frozenset()
    return _View(scope, scope) if root is None else _View((root,), scope | today_scope)


def _not_yet_there(unit_id: uuid.UUID) -> UnitOfDay:
    """Return a unit that exists, but stood in no tree on the report's day: a row of zeros."""
    brief = units.unit_briefs((unit_id,))[unit_id]
    return UnitOfDay(brief.id, brief.code, brief.name, brief.kind, None)


def _total(
    view: _View,
    tree: Mapping[uuid.UUID, UnitOfDay],
    own: Mapping[uuid.UUID | None, Counts],
    rows: Collection[RateRow[uuid.UUID]],
) -> tuple[Counts, int]:
    """Return the figures of the roots, or of everybody once, and how many of them belong to no unit."""
    total = sum_counts(row.counts for row in rows if row.depth == 0)
    if view.roots is not None:
        return total, 0
    rest = sum_counts(counts for unit_id, counts in own.items() if unit_id not in tree)
    return total + rest, rest.registered


def _chosen(
    session: Session,
    query: RatesQuery,
    day: dt.date,
    rows: list[RateRow[uuid.UUID]],
    allowed: frozenset[uuid.UUID] | None,
    tree: Mapping[uuid.UUID, UnitOfDay],
) -> list[RateRow[uuid.UUID]]:
    """Return the rows that the caller may see and asked for."""
    inside = queries.ids_in_area(session, query.area_id, day) if query.area_id else None
    return [
        row
        for row in rows
        if (allowed is None or row.unit_id in allowed)
        and (inside is None or row.unit_id in inside)
        and (query.kind is None or tree[row.unit_id].kind == query.kind)
    ]


def _line(row: RateRow[uuid.UUID], tree: Mapping[uuid.UUID, UnitOfDay]) -> Line:
    """Return a row with what describes its unit."""
    parent = tree.get(row.parent_id) if row.parent_id else None
    return Line(tree[row.unit_id], parent.name if parent else None, row.depth, row.rank, row.counts)
