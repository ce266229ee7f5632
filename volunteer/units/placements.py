"""Where units stand in the tree, by date: moves and closings, in the transaction under way.

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
from volunteer.errors import Conflict, Fault, InvalidInput, invalid
from volunteer.units.models import COUNTS, Membership, Placement, Unit
from volunteer.units.rules import UnitFault, would_cycle

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
    if last.from_on == on:
        last.parent_id = parent_id
    else:
        last.until_on = on
        session.flush()
        session.add(Placement(id=new_id(), unit_id=unit.id, parent_id=parent_id, from_on=on))
    session.flush()
    return True


def close(session: Session, unit: Unit, on: dt.date, today: dt.date) -> bool:
    """Take `unit` out of the tree from `on` on; return whether anything changed.

    Raises:
        InvalidInput: `in-future` or `before-last-move` on `closed_on`.
        Conflict: `unit-in-use`: a unit stands below it, or somebody belongs to it on that day or later.
    """
    if unit.closed_on == on:
        return False
    last = _last(session, unit.id)
    if on > today:
        raise invalid("closed_on", "in-future", "撤销日期不能晚于今天。")
    if on <= last.from_on or unit.closed_on is not None:
        raise invalid("closed_on", "before-last-move", "撤销日期应晚于该单位最近一次调整的日期,且只能撤销一次。")
    below = sa.select(Placement.id).where(Placement.parent_id == unit.id, _after(Placement.until_on, on))
    members = sa.select(Membership.id).where(
        Membership.unit_id == unit.id, Membership.kind == COUNTS, _after(Membership.until_on, on)
    )
    if session.scalar(sa.select(sa.or_(below.exists(), members.exists()))):
        raise Conflict("该单位还有下级单位或成员,请先把他们转到别的单位。", code="unit-in-use")
    last.until_on = unit.closed_on = on
    session.flush()
    return True


def _after(until_on: sa.orm.InstrumentedAttribute[dt.date | None], day: dt.date) -> sa.ColumnElement[bool]:
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


def _ties_a_knot(session: Session, unit_id: uuid.UUID, parent_id: uuid.UUID | None, on: dt.date) -> bool:
    """Whether the unit would be its own ancestor on `on` or on any later day."""
    if parent_id is None:
        return False
    return any(would_cycle(parents, unit_id, parent_id) for parents in _trees_since(session, on))


def _trees_since(session: Session, on: dt.date) -> Iterator[dict[uuid.UUID, uuid.UUID | None]]:
    """Yield the parents of all units on `on` and on every later day on which something moved."""
    columns = (Placement.unit_id, Placement.parent_id, Placement.from_on, Placement.until_on)
    rows = session.execute(sa.select(*columns).where(_after(Placement.until_on, on))).all()
    for day in sorted({on} | {row.from_on for row in rows if row.from_on > on}):
        yield {
            row.unit_id: row.parent_id
            for row in rows
            if row.from_on <= day and (row.until_on is None or row.until_on > day)
        }
