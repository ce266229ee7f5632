"""Reads of the areas' tree."""

import uuid
from collections.abc import Collection

import sqlalchemy as sa

from volunteer.areas.models import Area


def ids_by_code() -> sa.Select[str, uuid.UUID]:
    """Return a select of (code, id) of all areas."""
    return sa.select(Area.code, Area.id)


def ids_below(area_ids: Collection[uuid.UUID]) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of these areas and of all their descendants."""
    below = sa.select(Area.id).where(Area.id.in_(area_ids)).cte("areas_below", recursive=True)
    below = below.union(sa.select(Area.id).join(below, Area.parent_id == below.c.id))
    return sa.select(below.c.id)
