"""Where units stand in the tree, by date: moves, closings and openings, in the transaction under way.

Callers hold `lock_tree`: all moves are serialised, so that two of them cannot tie a knot together. A move may be dated
back to the unit's last one, never before it, and never ahead: the newest placements are the tree of today.
Source: decisions 5; contract, `PATCH /units/{id}`.
"""

import datetime as dt
import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import lock_name, new_id
from volunteer.errors import Fault, InvalidInput
from volunteer.units.models import Placement, Unit
from volunteer.units.rules import UnitFault, would_cycle
from volunteer.units.rules_endings import EndFault

#: As of this day the tree is the newest one.
LATEST = dt.date.max
UNKNOWN_PARENT = Fault("parent_id", "unknown", "没有找到上级单位,请重新选择。")


def lock_tree(session: Session) -> None:
    """Let one transaction at a time change the tree."""
    lock_name(session, "unit tree")


def parent_of(session: Session, unit_id: uuid.UUID) -> uuid.UUID | None:
    """Return the unit above, as it stands now; of a closed unit, the last one."""
    return _last(session, unit_id).parent_id


def move(session: Session, unit: Unit, parent_id: uuid.UUID | None, on: dt.date, today: dt.date) -> bool:
    """Put `unit` under another one from `on` on; return whether anything changed.

    Raises:
        InvalidInput: `unknown` or `cycle` on `parent_id`; `in-future`, `before-last-move` or `before-parent` on `on`;
            `closed` on `parent_id` for a closed unit on either side.
    """
    last = _last(session, unit.id)
    if last.until_on is None and last.parent_id == parent_id:
        return False
    fault = _day_fault(last, on, today) or _parent_fault(session, unit, parent_id, on)
    if fault is None and _ties_a_knot(session, unit.id, parent_id, on):
        fault = UnitFault.CYCLE.at("parent_id")
    if fault:
        raise InvalidInput([fault])
    put(session, unit.id, parent_id, on)
    return True


def children_of(session: Session, unit_id: uuid.UUID, on: dt.date) -> list[Placement]:
    """Return the places below a unit that are held on `on` or later, by unit."""
    query = sa.select(Placement).where(Placement.parent_id == unit_id, after(Placement.until_on, on))
    return list(session.scalars(query.order_by(Placement.unit_id, Placement.from_on)))


def close(session: Session, unit: Unit, on: dt.date, today: dt.date) -> None:
    """Take `unit` out of the tree from `on` on; callers know that nothing stands in it.

    Raises:
        InvalidInput: `in-future` or `before-last-move` on `closed_on`.
    """
    last = _last(session, unit.id)
    if on > today:
        raise InvalidInput([EndFault.IN_FUTURE.at("closed_on")])
    if on <= last.from_on or unit.closed_on is not None:
        raise InvalidInput([EndFault.BEFORE_LAST_MOVE.at("closed_on")])
    last.until_on = unit.closed_on = on
    session.flush()


def reopen(session: Session, unit: Unit) -> None:
    """Put a closed unit back where it stood last."""
    _last(session, unit.id).until_on = unit.closed_on = None
    session.flush()


def put(session: Session, unit_id: uuid.UUID, parent_id: uuid.UUID | None, on: dt.date) -> bool:
    """Let a unit stand elsewhere from `on` on, which is not before its last move; whether its last place was split."""
    last = _last(session, unit_id)
    is_split = last.from_on != on
    if is_split:
        last.until_on = on
        session.flush()
        session.add(Placement(id=new_id(), unit_id=unit_id, parent_id=parent_id, from_on=on))
    else:
        last.parent_id = parent_id
    session.flush()
    return is_split


def put_back(session: Session, unit_id: uuid.UUID, to_id: uuid.UUID, from_id: uuid.UUID, on: dt.date) -> bool:
    """Undo a `put` under `from_id` on a day, if nothing has moved the unit since; whether it stands under `to_id`."""
    last = _last(session, unit_id)
    if last.until_on is not None or last.parent_id != from_id or last.from_on != on:
        return False
    before = session.scalars(sa.select(Placement).where(Placement.unit_id == unit_id, Placement.until_on == on)).first()
    if before is None or before.parent_id != to_id:
        last.parent_id = to_id
    else:
        session.delete(last)
        session.flush()
        before.until_on = None
    session.flush()
    return True


def is_below(session: Session, unit_id: uuid.UUID, top_id: uuid.UUID, on: dt.date) -> bool:
    """Whether a unit stands somewhere below another one on `on` or on any later day."""
    return any(_is_under(parents, unit_id, top_id) for parents in _trees_since(session, on))


def _is_under(parents: dict[uuid.UUID, uuid.UUID | None], unit_id: uuid.UUID, top_id: uuid.UUID) -> bool:
    """Whether one of the ancestors of a unit is `top_id`; the parents form no ring."""
    above = parents.get(unit_id)
    while above is not None and above != top_id:
        above = parents.get(above)
    return above is not None


def after(until_on: sa.orm.InstrumentedAttribute[dt.date | None], day: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition that a row is in force on `day` or later."""
    return sa.or_(until_on.is_(None), until_on > day)


def _last(session: Session, unit_id: uuid.UUID) -> Placement:
    """Return the newest placement of a unit; each has one from its first day."""
    query = sa.select(Placement).where(Placement.unit_id == unit_id).order_by(Placement.from_on.desc()).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _day_fault(last: Placement, on: dt.date, today: dt.date) -> Fault | None:
    """Return why a unit cannot move on that day."""
    if on > today:
        return Fault("on", "in-future", "调整日期不能晚于今天。")
    if on < last.from_on:
        return Fault("on", "before-last-move", f"调整日期不能早于该单位上一次调整的日期 {last.from_on}。")
    return None


def _parent_fault(session: Session, unit: Unit, parent_id: uuid.UUID | None, on: dt.date) -> Fault | None:
    """Return why a unit cannot stand under that one on that day."""
    parent = session.get(Unit, parent_id) if parent_id else None
    if parent_id and parent is None:
        return UNKNOWN_PARENT
    if unit.closed_on or (parent and parent.closed_on):
        return Fault("parent_id", "closed", "已撤销的单位不能再调整,也不能作为上级单位。")
    if parent and parent.created_on > on:
        return Fault("on", "before-parent", f"上级单位从 {parent.created_on} 起才有,请填写这一天或更晚的日期。")
    return None


def last_move(session: Session, unit_id: uuid.UUID) -> dt.date:
    """Return from which day on a unit stands where it stands, or stood last."""
    return _last(session, unit_id).from_on


def _ties_a_knot(session: Session, unit_id: uuid.UUID, parent_id: uuid.UUID | None, on: dt.date) -> bool:
    """Whether the unit would be its own ancestor on `on` or on any later day."""
    if parent_id is None:
        return False
    return any(would_cycle(parents, unit_id, parent_id) for parents in _trees_since(session, on))


def _trees_since(session: Session, on: dt.date) -> Iterator[dict[uuid.UUID, uuid.UUID | None]]:
    """Yield the parents of all units on `on` and on every later day on which something moved."""
    columns = (Placement.unit_id, Placement.parent_id, Placement.from_on, Placement.until_on)
    rows = session.execute(sa.select(*columns).where(after(Placement.until_on, on))).all()
    for day in sorted({on} | {row.from_on for row in rows if row.from_on > on}):
        yield {
            row.unit_id: row.parent_id
            for row in rows
            if row.from_on <= day and (row.until_on is None or row.until_on > day)
        }
