"""Reads of the areas' tree."""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa

from volunteer.areas.models import Area, AreaPopulation


def ids_by_code() -> sa.Select[str, uuid.UUID]:
    """Return a select of (code, id) of all areas."""
    return sa.select(Area.code, Area.id)


def ids_below(area_ids: Collection[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of these areas and of all their descendants."""
    below = sa.select(Area.id).where(Area.id.in_(area_ids)).cte("areas_below", recursive=True)
    below = below.union(sa.select(Area.id).join(below, Area.parent_id == below.c.id))
    return sa.select(below.c.id)


def tree() -> sa.Select[uuid.UUID, str, str, str, uuid.UUID | None]:
    """Return a select of (id, code, name, level, parent_id) of all areas; places do not change."""
    return sa.select(Area.id, Area.code, Area.name, Area.level, Area.parent_id)


def parents() -> sa.Select[uuid.UUID, uuid.UUID | None]:
    """Return a select of (id, parent_id) of all areas; places do not change."""
    return sa.select(Area.id, Area.parent_id)


def populations_as_of(day: dt.date) -> sa.Select[uuid.UUID, int | None]:
    """Return a select of (area_id, resident_population) as they stood at the end of `day`."""
    newest = (
        sa.select(AreaPopulation.area_id, sa.func.max(AreaPopulation.version).label("version"))
        .where(AreaPopulation.set_on <= day)
        .group_by(AreaPopulation.area_id)
        .subquery()
    )
    same = sa.and_(AreaPopulation.area_id == newest.c.area_id, AreaPopulation.version == newest.c.version)
    return sa.select(AreaPopulation.area_id, AreaPopulation.resident_population).join(newest, same)


def last_population(day: dt.date) -> sa.Select[dt.datetime, uuid.UUID | None]:
    """Return a select of (set_at, set_by) of the population that was written last by `day`, if any was."""
    query = sa.select(AreaPopulation.set_at, AreaPopulation.set_by).where(AreaPopulation.set_on <= day)
    return query.order_by(AreaPopulation.set_at.desc()).limit(1)
