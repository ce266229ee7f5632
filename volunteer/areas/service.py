"""Areas: added by an admin, read by everybody.

Source: contract/api.md, Areas, units, tasks; decisions 4.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.areas import queries
from volunteer.areas.models import Area, AreaPopulation
from volunteer.areas.rules import AreaLevel, level_fault
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Conflict, InvalidInput, NotFound, invalid


def add_area(actor: Actor, values: dict[str, Any], now: dt.datetime) -> Area:
    """Add an area: `code`, `name`, `level`, and perhaps `parent_id` and `resident_population`.

    Raises:
        Conflict: the code is taken.
        InvalidInput: `unknown` or `level-order` on `parent_id`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, f"area code {values['code']}")
        if session.scalar(sa.select(Area.id).where(Area.code == values["code"])):
            raise Conflict("这个区域代码已被使用,请核对后换一个。", field="code")
        parent_id = values.get("parent_id")
        parent = session.get(Area, parent_id) if parent_id else None
        if parent_id and parent is None:
            raise invalid("parent_id", "unknown", "没有找到上级区域,请重新选择。")
        fault = level_fault(AreaLevel(values["level"]), AreaLevel(parent.level) if parent else None)
        if fault:
            raise InvalidInput([fault])
        area = Area(id=new_id(), created_at=now, **values)
        session.add(area)
        audit.record(session, actor, now, "area.add", ("area", area.id))
        _keep_population(session, actor, area, now)
        session.flush()
        return area


def change_area(actor: Actor, area_id: uuid.UUID, name: str, resident_population: int | None, now: dt.datetime) -> Area:
    """Rename an area, or write its population anew; its code, level and place stay. The same again changes nothing.

    Raises:
        NotFound: no such area.
    """
    actor.require_admin()
    with transaction() as session:
        area = session.get(Area, area_id, with_for_update=True)
        if area is None:
            raise NotFound
        wanted = {"name": name, "resident_population": resident_population}
        differing = sorted(field for field, value in wanted.items() if getattr(area, field) != value)
        area.name, area.resident_population = name, resident_population
        if differing:
            audit.record(session, actor, now, "area.change", ("area", area_id), fields=differing)
            _keep_population(session, actor, area, now)
        session.flush()
        return area


def _keep_population(session: Session, actor: Actor, area: Area, now: dt.datetime) -> None:
    """Keep who wrote an area's population when, where it differs from what was kept last."""
    session.flush()
    query = sa.select(AreaPopulation).where(AreaPopulation.area_id == area.id)
    last = session.scalars(query.order_by(AreaPopulation.version.desc()).limit(1)).first()
    if last.resident_population == area.resident_population if last else area.resident_population is None:
        return
    session.add(
        AreaPopulation(
            area_id=area.id,
            version=last.version + 1 if last else 1,
            resident_population=area.resident_population,
            set_by=actor.account_id,
            set_at=now,
            set_on=site_day(now, settings().zone),
        )
    )


def list_areas(parent_id: uuid.UUID | None, level: str | None, limit: int, after: str | None) -> list[Area]:
    """Return up to `limit` + 1 areas by code: all, or the children of one, or those of one level."""
    query = sa.select(Area).order_by(Area.code).limit(limit + 1)
    if parent_id:
        query = query.where(Area.parent_id == parent_id)
    if level:
        query = query.where(Area.level == level)
    if after is not None:
        query = query.where(Area.code > after)
    return list(reading().scalars(query))


def area_exists(area_id: uuid.UUID) -> bool:
    """Whether there is such an area."""
    return reading().get(Area, area_id) is not None


def area_ids_below(area_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return these areas and all their descendants, by id; unknown ids are left out."""
    return frozenset(reading().scalars(queries.ids_below(area_ids))) if area_ids else frozenset()


def find_areas(text: str, limit: int) -> list[Area]:
    """Return up to `limit` areas in whose name or code a text stands, by code."""
    fits = sa.or_(Area.name.contains(text, autoescape=True), Area.code.contains(text, autoescape=True))
    exact_first = ((Area.code == text).desc(), (Area.name == text).desc(), Area.code)
    return list(reading().scalars(sa.select(Area).where(fits).order_by(*exact_first).limit(limit)))


def areas_of(area_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Area]:
    """Return the areas that exist among these, by id; one statement."""
    if not area_ids:
        return {}
    return {area.id: area for area in reading().scalars(sa.select(Area).where(Area.id.in_(area_ids)))}


def area_of(area_id: uuid.UUID | None) -> Area | None:
    """Return an area, or None where none is named or none is there."""
    return reading().get(Area, area_id) if area_id else None
