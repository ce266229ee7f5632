"""Units: added and changed by an admin, seen by their liaisons; and the scope that grants give over them.

Source: contract/api.md, Areas, units, tasks; decisions 4, 5.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.areas.service import area_exists
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Conflict, Fault, InvalidInput, NotFound
from volunteer.units import credit_codes, endings, placements, queries, versions
from volunteer.units.models import Placement, Unit
from volunteer.units.rules import check_uscc


@dataclass(frozen=True, slots=True)
class UnitBrief:
    """What other rooms need of a unit: `parent_id` is today's, or the last one of a closed unit."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    parent_id: uuid.UUID | None
    area_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class UnitView:
    """A unit as its liaison sees it, with its place of today."""

    id: uuid.UUID
    code: str
    name: str
    kind: str
    parent_id: uuid.UUID | None
    area_id: uuid.UUID | None
    headcount: int | None
    uscc: str | None
    created_on: dt.date
    closed_on: dt.date | None


def find_id(text: str) -> uuid.UUID:
    """Return the id that a form or an address names.

    Raises:
        NotFound: it is none.
    """
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound from error


def today(now: dt.datetime) -> dt.date:
    """Return the day of the site."""
    return site_day(now, settings().zone)


def add_unit(actor: Actor, values: dict[str, Any], now: dt.datetime) -> UnitView:
    """Add a unit, in the tree from today on.

    Raises:
        Conflict: the code is taken.
        InvalidInput: `unknown` on `parent_id` or `area_id`, `bad-uscc` and `uscc-taken` on `uscc`.
    """
    actor.require_admin()
    values = dict(values)
    with transaction() as session:
        parent_id = values.pop("parent_id", None)
        faults = _mend(session, values)
        if parent_id and session.get(Unit, parent_id) is None:
            faults.append(placements.UNKNOWN_PARENT)
        if faults:
            raise InvalidInput(faults)
        _claim_code(session, values["code"])
        unit = Unit(id=new_id(), created_at=now, created_on=today(now), **values)
        session.add(unit)
        session.flush()
        session.add(Placement(id=new_id(), unit_id=unit.id, parent_id=parent_id, from_on=unit.created_on))
        versions.keep(session, actor, unit, now)
        audit.record(session, actor, now, "unit.add", ("unit", unit.id))
        session.flush()
        return view(unit, parent_id)


def change_unit(actor: Actor, unit_id: uuid.UUID, changes: dict[str, Any], now: dt.datetime) -> UnitView:
    """Change a unit: what describes it at once, its place (`parent_id`) from `on` or today on.

    Raises:
        NotFound: no such unit.
        Conflict: the code is taken; `unit-in-use` for closing one with members or units below it.
        InvalidInput: as `add_unit`, `placements.move` and `endings.close`; `needs-parent` on `on` without a move.
    """
    actor.require_admin()
    changes = dict(changes)
    is_move, parent_id, on = "parent_id" in changes, changes.pop("parent_id", None), changes.pop("on", None)
    closed_on = changes.pop("closed_on", None)
    with transaction() as session:
        if is_move or closed_on:
            placements.lock_tree(session)  # before any row, so that two moves wait instead of tying up each other
        unit = session.get(Unit, unit_id, with_for_update=True)
        if unit is None:
            raise NotFound
        faults = _mend(session, changes, unit)
        if on is not None and not is_move:
            faults.append(Fault("on", "needs-parent", "这个日期是调整上级单位的日期,请同时填写上级单位。"))
        if faults:
            raise InvalidInput(faults)
        if is_move and placements.move(session, unit, parent_id, on or today(now), today(now)):
            audit.record(session, actor, now, "unit.move", ("unit", unit_id), on=str(on or today(now)))
        if closed_on is not None:
            endings.close(session, actor, unit, closed_on, today(now), now)
        _describe(session, actor, unit, changes, now)
        return view(unit, placements.parent_of(session, unit_id))


def _describe(session: Session, actor: Actor, unit: Unit, changes: dict[str, Any], now: dt.datetime) -> None:
    """Write what differs of the fields that are not dated."""
    differing = {name: value for name, value in changes.items() if getattr(unit, name) != value}
    if "code" in differing:
        _claim_code(session, differing["code"])
    for name, value in differing.items():
        setattr(unit, name, value)
    if "uscc" in differing:
        unit.is_uscc_shared = None
    if differing:
        audit.record(session, actor, now, "unit.change", ("unit", unit.id), fields=sorted(differing))
        versions.keep(session, actor, unit, now)
    session.flush()


def _claim_code(session: Session, code: str) -> None:
    """Raise Conflict if another unit has the code; keep it until commit."""
    lock_name(session, f"unit code {code}")
    known = session.scalar(sa.select(Unit.id).where(Unit.code == code))
    if known is not None:
        raise Conflict("这个单位代码已被使用,请核对后换一个。", field="code", id=str(known))


def _mend(session: Session, values: dict[str, Any], unit: Unit | None = None) -> list[Fault]:
    """Bring a credit code into its one spelling; return what is wrong with it and with the area."""
    faults = []
    if values.get("uscc"):
        checked = check_uscc(values["uscc"])
        if isinstance(checked, Fault):
            faults.append(checked)
        else:
            values["uscc"] = checked
            if unit is None or (unit.uscc != checked and unit.closed_on is None):
                taken = credit_codes.claim(session, checked, unit.id if unit else None)
                faults += [taken] if taken else []
    if values.get("area_id") and not area_exists(values["area_id"]):
        faults.append(Fault("area_id", "unknown", "没有找到所在区域,请重新选择。"))
    return faults


def view(unit: Unit, parent_id: uuid.UUID | None) -> UnitView:
    """Return a unit with its place, for this room's other use cases."""
    names = ("id", "code", "name", "kind", "area_id", "headcount", "uscc", "created_on", "closed_on")
    return UnitView(parent_id=parent_id, **{name: getattr(unit, name) for name in names})


def get_unit(actor: Actor, unit_id: uuid.UUID) -> UnitView:
    """Return a unit in the caller's scope.

    Raises:
        NotFound: no such unit, or outside the scope.
    """
    require_unit(actor, Permission.READ_UNITS, unit_id)
    session = reading()
    return view(session.get_one(Unit, unit_id), placements.parent_of(session, unit_id))


def list_units(parent_id: uuid.UUID | None, q: str | None, limit: int, after: str | None) -> list[Unit]:
    """Return up to `limit` + 1 open units by code: all, or the children of one; `q` is a part of name or code."""
    query = sa.select(Unit).join(Placement, Placement.unit_id == Unit.id).where(Placement.until_on.is_(None))
    query = query.order_by(Unit.code).limit(limit + 1)
    if parent_id:
        query = query.where(Placement.parent_id == parent_id)
    if q:
        query = query.where(sa.or_(Unit.name.contains(q, autoescape=True), Unit.code.contains(q, autoescape=True)))
    if after is not None:
        query = query.where(Unit.code > after)
    return list(reading().scalars(query))


def list_in_scope(actor: Actor, permission: Permission, limit: int) -> list[UnitBrief]:
    """Return up to `limit` open units over which the caller holds `permission`, by code: what a filter offers."""
    scope = unit_ids_in_scope(actor, permission)
    query = sa.select(Unit, Placement.parent_id).join(Placement, Placement.unit_id == Unit.id)
    query = query.where(Placement.until_on.is_(None)).order_by(Unit.code).limit(limit)
    if scope is not None:
        query = query.where(Unit.id.in_(scope))
    return [
        UnitBrief(unit.id, unit.code, unit.name, unit.kind, parent_id, unit.area_id)
        for unit, parent_id in reading().execute(query)
    ]


def unit_exists(unit_id: uuid.UUID) -> bool:
    """Whether there is such a unit, open or closed."""
    return reading().get(Unit, unit_id) is not None


def is_closed(unit_id: uuid.UUID) -> bool:
    """Whether a unit was closed; as it stands in the database now."""
    return reading().scalar(sa.select(Unit.closed_on).where(Unit.id == unit_id)) is not None


def find_by_code(code: str) -> uuid.UUID | None:
    """Return the unit with a code, open or closed, or None."""
    return reading().scalar(sa.select(Unit.id).where(Unit.code == code))


def unit_briefs(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, UnitBrief]:
    """Return the units among `unit_ids` that exist, by id; one statement."""
    query = (
        sa.select(Unit.id, Unit.code, Unit.name, Unit.kind, Placement.parent_id, Unit.area_id)
        .join(Placement, Placement.unit_id == Unit.id)
        .where(Unit.id.in_(unit_ids))
        .order_by(Placement.from_on)
    )
    return {row.id: UnitBrief(*row) for row in reading().execute(query)} if unit_ids else {}


def granted_scope(actor: Actor, permission: Permission, day: dt.date) -> frozenset[uuid.UUID] | None:
    """Return the units over which the caller holds `permission` in the tree of `day`; None = everything.

    Only liaisons hold units: a keeper's grant on an area is about the stations there.
    """
    if actor.has_everywhere(permission):
        return None
    grants = [grant for grant in actor.grants_with(permission) if grant.role is Role.UNIT_LIAISON]
    unit_ids = {grant.unit_id for grant in grants if grant.unit_id}
    area_ids = {grant.area_id for grant in grants if grant.area_id}
    if not unit_ids and not area_ids:
        return frozenset()
    return frozenset(reading().scalars(queries.ids_in_scope(unit_ids, area_ids, day)))


def unit_ids_in_scope(actor: Actor, permission: Permission) -> frozenset[uuid.UUID] | None:
    """Return the units over which the caller holds `permission` in the tree as it stands; None = everything."""
    return granted_scope(actor, permission, placements.LATEST)


def require_unit(actor: Actor, permission: Permission, unit_id: uuid.UUID) -> None:
    """Raise NotFound unless the unit exists and the caller holds `permission` over it."""
    scope = unit_ids_in_scope(actor, permission)
    if not (unit_exists(unit_id) if scope is None else unit_id in scope):
        raise NotFound
