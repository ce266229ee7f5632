"""Headcounts and tasks of many units at once: what differs is written, all of it or nothing.

A number that somebody else has changed since it was shown is not overwritten unseen: nothing is written, and the row
says what it is now. Source: ux.md A5; decisions 5 (both are kept by day, with who set them).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.database import reading, transaction
from volunteer.errors import Fault, InvalidInput, NotFound
from volunteer.units import listing, queries, service, targets
from volunteer.units.listing import UnitLine, Wanted
from volunteer.units.models import Target, Unit, UnitVersion

HEADCOUNT, TARGET = "headcount", "target"


@dataclass(frozen=True, slots=True)
class Wish:
    """A number as it was shown and as it is wanted; None where there is none."""

    shown: int | None
    wanted: int | None

    @property
    def is_change(self) -> bool:
        """Whether it was touched."""
        return self.shown != self.wanted


@dataclass(frozen=True, slots=True)
class Row:
    """What is wanted of one unit."""

    unit_id: uuid.UUID
    headcount: Wish
    target: Wish

    def changes(self) -> Iterable[tuple[str, Wish]]:
        """Yield the names and numbers that were touched."""
        return ((name, wish) for name in (HEADCOUNT, TARGET) if (wish := getattr(self, name)).is_change)


class LastSet(NamedTuple):
    """When a number was last set, and by whom."""

    at: dt.datetime
    by: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class NumbersLine:
    """A unit with its numbers of a year, and who set them last."""

    unit: UnitLine
    headcount_set: LastSet | None
    target_set: LastSet | None


def field(name: str, unit_id: uuid.UUID) -> str:
    """Return what the field of a unit's number is called."""
    return f"{name}-{unit_id}"


def list_numbers(
    actor: Actor, wanted: Wanted, year: int, limit: int, after: str | None, today: dt.date
) -> list[NumbersLine]:
    """Return up to `limit` units by code with their numbers: the headcount of today and the task of a year.

    Raises:
        Forbidden: the caller is no admin.
    """
    day = today if year == today.year else dt.date(year, 12, 31)
    found = listing.list_lines(actor, wanted, limit, after, day)
    ids = [unit.id for unit in found]
    heads, tasks = _headcounts_set(ids), _targets_set(ids, year)
    return [NumbersLine(unit, heads.get(unit.id), tasks.get(unit.id)) for unit in found]


def _headcounts_set(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, LastSet]:
    """Return when the headcounts of units were last changed."""
    query = sa.select(UnitVersion).where(UnitVersion.unit_id.in_(ids))
    found: dict[uuid.UUID, LastSet] = {}
    before: dict[uuid.UUID, int | None] = {}
    for one in reading().scalars(query.order_by(UnitVersion.unit_id, UnitVersion.version)) if ids else ():
        if before.get(one.unit_id) != one.headcount:
            found[one.unit_id] = LastSet(one.set_at, one.set_by)
        before[one.unit_id] = one.headcount
    return found


def _targets_set(ids: Collection[uuid.UUID], year: int) -> dict[uuid.UUID, LastSet]:
    """Return when the tasks of units for a year were last set, or taken back."""
    query = sa.select(Target).where(Target.unit_id.in_(ids), Target.year == year).order_by(Target.version)
    return {one.unit_id: LastSet(one.set_at, one.set_by) for one in reading().scalars(query)} if ids else {}


def set_numbers(actor: Actor, year: int, rows: Sequence[Row], now: dt.datetime) -> int:
    """Write the numbers that were touched; return of how many units any differs now.

    Raises:
        NotFound: no such unit.
        InvalidInput: `changed-meanwhile` on every number that is no longer as it was shown, `closed` on those of a
            unit that was closed; nothing is written then.
    """
    actor.require_admin()
    touched = sorted((row for row in rows if any(row.changes())), key=lambda row: row.unit_id)
    with transaction() as session:
        units = _locked(session, [row.unit_id for row in touched])
        current = _current(units, _targets(session, list(units), year))
        faults = _all_faults(touched, units, current)
        if faults:
            raise InvalidInput(faults)
        differing = [row for row in touched if any(current[row.unit_id][n] != w.wanted for n, w in row.changes())]
        for row in differing:
            _write(actor, row, year, now)
        return len(differing)


def faults_of(actor: Actor, year: int, rows: Sequence[Row]) -> list[Fault]:
    """Return what would be wrong with the numbers that were touched, as it stands now; nothing is locked or written."""
    actor.require_admin()
    session = reading()
    touched = [row for row in rows if any(row.changes())]
    ids = [row.unit_id for row in touched]
    units = {one.id: one for one in session.scalars(sa.select(Unit).where(Unit.id.in_(ids)))}
    return _all_faults(touched, units, _current(units, _targets(session, ids, year)))


def _all_faults(
    touched: Iterable[Row], units: Mapping[uuid.UUID, Unit], current: Mapping[uuid.UUID, Mapping[str, int | None]]
) -> list[Fault]:
    """Return why the numbers of any of these units are not written."""
    known = [row for row in touched if row.unit_id in units]
    return [fault for row in known for fault in _faults(row, units[row.unit_id], current[row.unit_id])]


def _current(
    units: Mapping[uuid.UUID, Unit], tasks: Mapping[uuid.UUID, int | None]
) -> dict[uuid.UUID, dict[str, int | None]]:
    """Return the numbers of units as they stand."""
    return {one.id: {HEADCOUNT: one.headcount, TARGET: tasks.get(one.id)} for one in units.values()}


def _locked(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Unit]:
    """Lock units in the order of their ids."""
    query = sa.select(Unit).where(Unit.id.in_(ids)).order_by(Unit.id).with_for_update()
    found = {one.id: one for one in session.scalars(query.execution_options(populate_existing=True))}
    if len(found) < len(set(ids)):
        raise NotFound
    return found


def _targets(session: Session, ids: Collection[uuid.UUID], year: int) -> dict[uuid.UUID, int | None]:
    """Return the tasks of units for a year, as they stand."""
    query = queries.targets_of([year]).where(Target.unit_id.in_(ids))
    return {row.unit_id: row.target for row in session.execute(query)}


def _faults(row: Row, unit: Unit, current: Mapping[str, int | None]) -> list[Fault]:
    """Return why the numbers of a unit are not written."""
    found = []
    for name, wish in row.changes():
        if unit.closed_on is not None:
            found.append(Fault(field(name, unit.id), "closed", "这个单位刚被撤销,不用再填。请改回原来的数。"))
        elif current[name] not in (wish.shown, wish.wanted):
            is_now = "清空了" if current[name] is None else f"改成了 {current[name]}"
            sentence = f"您填写时,别人已把它{is_now}。仍要用您填的数,请再保存一次。"
            found.append(Fault(field(name, unit.id), "changed-meanwhile", sentence))
    return found


def _write(actor: Actor, row: Row, year: int, now: dt.datetime) -> None:
    """Write what was touched of a unit."""
    if row.headcount.is_change:
        service.change_unit(actor, row.unit_id, {HEADCOUNT: row.headcount.wanted}, now)
    if row.target.is_change and row.target.wanted is None:
        targets.withdraw_target(actor, row.unit_id, year, now)
    elif row.target.is_change and row.target.wanted is not None:
        targets.set_target(actor, row.unit_id, year, row.target.wanted, now)
