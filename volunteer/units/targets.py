"""Registration tasks (任务数) of units by year: each setting is kept with who set it when.

A task set today is not in a report as of yesterday. Source: contract, `PUT /units/{id}/targets/{year}`; Fine points.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.database import reading, transaction
from volunteer.errors import NotFound, invalid
from volunteer.units.models import Target, Unit
from volunteer.units.service import UnitView, add_unit, require_unit, today

FIRST_YEAR, LAST_YEAR = 2000, 2999


def set_target(actor: Actor, unit_id: uuid.UUID, year: int, target: int, now: dt.datetime) -> Target:
    """Set the task of a unit for a year; the same value again changes nothing. Returns the task in force.

    Raises:
        NotFound: no such unit.
        InvalidInput: `out-of-range` on `year`.
    """
    with transaction() as session:
        known = _newest(session, actor, unit_id, year)
        if known is not None and known.target == target:
            return known
        return _append(session, actor, (unit_id, year, known), target, now)


def withdraw_target(actor: Actor, unit_id: uuid.UUID, year: int, now: dt.datetime) -> None:
    """Take the task of a year back, so that the unit has none, as before it was set; without one nothing changes.

    Raises:
        NotFound: no such unit.
        InvalidInput: `out-of-range` on `year`.
    """
    with transaction() as session:
        known = _newest(session, actor, unit_id, year)
        if known is not None and known.target is not None:
            _append(session, actor, (unit_id, year, known), None, now)


def _newest(session: Session, actor: Actor, unit_id: uuid.UUID, year: int) -> Target | None:
    """Lock a unit for an admin; return the newest setting of its task for a year."""
    actor.require_admin()
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise invalid("year", "out-of-range", f"请填写 {FIRST_YEAR} 到 {LAST_YEAR} 之间的年份。")
    if session.get(Unit, unit_id, with_for_update=True) is None:
        raise NotFound
    query = sa.select(Target).where(Target.unit_id == unit_id, Target.year == year)
    return session.scalars(query.order_by(Target.version.desc()).limit(1)).first()


def _append(
    session: Session, actor: Actor, of: tuple[uuid.UUID, int, Target | None], target: int | None, now: dt.datetime
) -> Target:
    """Add a setting after the newest one."""
    unit_id, year, newest = of
    made = Target(
        unit_id=unit_id,
        year=year,
        version=newest.version + 1 if newest else 1,
        target=target,
        set_by=actor.account_id,
        set_at=now,
        set_on=today(now),
    )
    session.add(made)
    if target is None:
        audit.record(session, actor, now, "unit.no-target", ("unit", unit_id), year=year)
    else:
        audit.record(session, actor, now, "unit.target", ("unit", unit_id), year=year, target=target)
    session.flush()
    return made


def add_unit_with_target(actor: Actor, values: dict[str, Any], target: int | None, now: dt.datetime) -> UnitView:
    """Add a unit, and set its task of this year where there is one; both or neither. Raises what the two raise."""
    with transaction():
        unit = add_unit(actor, values, now)
        if target is not None:
            set_target(actor, unit.id, today(now).year, target, now)
        return unit


def list_targets(actor: Actor, unit_id: uuid.UUID, limit: int, after: tuple[int, int] | None) -> list[Target]:
    """Return up to `limit` + 1 settings of a unit, the latest year and the newest setting first.

    Raises:
        NotFound: no such unit, or outside the scope.
    """
    require_unit(actor, Permission.READ_UNITS, unit_id)
    query = sa.select(Target).where(Target.unit_id == unit_id).order_by(Target.year.desc(), Target.version.desc())
    if after:
        year, version = after
        query = query.where(sa.or_(Target.year < year, sa.and_(Target.year == year, Target.version < version)))
    return list(reading().scalars(query.limit(limit + 1)))
