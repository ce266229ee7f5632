"""Units as the desk lists them: level by level or found by words, with this year's task and what stands below.

Source: ux.md A5; contract, Areas, units, tasks.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from volunteer.access import Actor
from volunteer.database import reading
from volunteer.units import queries
from volunteer.units.models import Placement, Unit


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which units; `parent_id` counts only where nothing else is asked, None = the top ones; `ids`: these very ones."""

    parent_id: uuid.UUID | None = None
    q: str | None = None
    kind: str | None = None
    area_id: uuid.UUID | None = None
    show: str = "open"
    ids: tuple[uuid.UUID, ...] | None = None

    @property
    def is_search(self) -> bool:
        """Whether units of every level are wanted."""
        return bool(self.q or self.kind or self.area_id or self.show != "open" or self.ids is not None)


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit in the list; of a closed one, its last place. `below` counts the units that stand below it now."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    headcount: int | None
    area_id: uuid.UUID | None
    closed_on: dt.date | None
    parent_id: uuid.UUID | None
    parent_name: str | None
    target: int | None
    below: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stood from one day until another."""

    parent_id: uuid.UUID | None
    parent_name: str | None
    from_on: dt.date
    until_on: dt.date | None


def list_lines(actor: Actor, wanted: Wanted, limit: int, after: str | None, today: dt.date) -> list[UnitLine]:
    """Return up to `limit` units by code, after the code `after`, with the task of the year of `today`; one statement.

    `show` is `open`, `closed`, `all`, or `no-task`: open ones with nothing below them and no task of this year.

    Raises:
        Forbidden: the caller is no admin.
    """
    actor.require_admin()
    query = _lines(today).where(*_conditions(wanted, today)).order_by(Unit.code).limit(limit)
    if after is not None:
        query = query.where(Unit.code > after)
    return [UnitLine(*row) for row in reading().execute(query)]


def count_without_task(today: dt.date) -> int:
    """Return how many open units with nothing below them have no task of this year."""
    query = _lines(today).where(*_conditions(Wanted(show="no-task"), today)).subquery()
    return int(reading().scalar(sa.select(sa.func.count()).select_from(query)) or 0)


def find_units(text: str, limit: int) -> list[Unit]:
    """Return up to `limit` open units in whose name or code a text stands, what is called exactly so first."""
    fits = sa.or_(Unit.name.contains(text, autoescape=True), Unit.code.contains(text, autoescape=True))
    exact_first = ((Unit.code == text).desc(), (Unit.name == text).desc(), Unit.code)
    query = sa.select(Unit).where(fits, Unit.closed_on.is_(None)).order_by(*exact_first)
    return list(reading().scalars(query.limit(limit)))


def unit_of(unit_id: uuid.UUID | None) -> Unit | None:
    """Return a unit, or None where none is named or none is there."""
    return reading().get(Unit, unit_id) if unit_id else None


class Step(NamedTuple):
    """A unit on the way down the tree."""

    id: uuid.UUID
    name: str


def lineage(unit_id: uuid.UUID | None) -> list[Step]:
    """Return the units from the top down to this one, as the tree stands; of a closed one, where it stood last."""
    if unit_id is None:
        return []
    start = sa.select(Unit.id, Placement.parent_id, sa.literal(0).label("height"))
    line = start.join(Placement, _last_place()).where(Unit.id == unit_id).cte("line", recursive=True)
    up = sa.select(Unit.id, Placement.parent_id, line.c.height + 1).join(Placement, _last_place())
    line = line.union_all(up.join(line, line.c.parent_id == Unit.id))
    query = sa.select(Unit.id, Unit.name).join(line, line.c.id == Unit.id).order_by(line.c.height.desc())
    return [Step(row.id, row.name) for row in reading().execute(query)]


def places_of(unit_id: uuid.UUID) -> list[Place]:
    """Return where a unit has stood, the newest first."""
    parent = aliased(Unit)
    query = (
        sa.select(Placement.parent_id, parent.name, Placement.from_on, Placement.until_on)
        .outerjoin(parent, parent.id == Placement.parent_id)
        .where(Placement.unit_id == unit_id)
        .order_by(Placement.from_on.desc())
    )
    return [Place(*row) for row in reading().execute(query)]


def _last_place() -> sa.ColumnElement[bool]:
    """Return the condition that a placement is a unit's last one: open, or ended by its closing."""
    ended = sa.or_(Placement.until_on.is_(None), Placement.until_on == Unit.closed_on)
    return sa.and_(Placement.unit_id == Unit.id, ended)


def _lines(today: dt.date) -> sa.Select[Any]:
    """Return the select of `UnitLine`s."""
    parent, task = aliased(Unit), queries.targets_as_of(today).subquery("task")
    return (
        sa.select(
            Unit.id,
            Unit.code,
            Unit.name,
            Unit.kind,
            Unit.headcount,
            Unit.area_id,
            Unit.closed_on,
            Placement.parent_id,
            parent.name.label("parent_name"),
            task.c.target,
            _below().label("below"),
        )
        .join(Placement, _last_place())
        .outerjoin(parent, parent.id == Placement.parent_id)
        .outerjoin(task, task.c.unit_id == Unit.id)
    )


def _below() -> sa.ScalarSelect[int]:
    """Return the number of units that stand below one now."""
    child = aliased(Placement)
    count = sa.select(sa.func.count()).select_from(child)
    return count.where(child.parent_id == Unit.id, child.until_on.is_(None)).correlate(Unit).scalar_subquery()


def _conditions(wanted: Wanted, today: dt.date) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a search, or of one level of the tree."""
    if wanted.ids is not None:
        return [Unit.id.in_(wanted.ids)]
    if not wanted.is_search:
        at = Placement.parent_id == wanted.parent_id if wanted.parent_id else Placement.parent_id.is_(None)
        return [Unit.closed_on.is_(None), at]
    found: list[sa.ColumnElement[bool]] = []
    if wanted.show != "all":
        found.append(Unit.closed_on.is_not(None) if wanted.show == "closed" else Unit.closed_on.is_(None))
    if wanted.q:
        found.append(sa.or_(*(field.contains(wanted.q, autoescape=True) for field in (Unit.name, Unit.code))))
    if wanted.kind:
        found.append(Unit.kind == wanted.kind)
    if wanted.area_id:
        found.append(Unit.id.in_(queries.ids_in_area(wanted.area_id, today)))
    if wanted.show == "no-task":
        task = queries.targets_as_of(today).subquery("own_task")
        found += [Unit.id.not_in(sa.select(task.c.unit_id)), _below() == 0]
    return found
