"""Areas as the desk lists them: level by level, or found by words. Source: ux.md A5 (the third tree)."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from volunteer.access import Actor
from volunteer.areas.models import Area
from volunteer.areas.rules import AreaLevel
from volunteer.database import reading


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which areas; `parent_id` counts only where nothing else is asked, None = the largest ones."""

    parent_id: uuid.UUID | None = None
    q: str | None = None
    level: str | None = None

    @property
    def is_search(self) -> bool:
        """Whether areas of every level are wanted."""
        return bool(self.q or self.level)


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area in the list: what it lies in, how many lie directly in it."""

    id: uuid.UUID
    code: str
    name: str
    level: AreaLevel
    resident_population: int | None
    parent_name: str | None
    below: int


def list_lines(actor: Actor, wanted: Wanted, limit: int, after: str | None) -> list[AreaLine]:
    """Return up to `limit` areas by code, after the code `after`; one statement.

    Raises:
        Forbidden: the caller is no admin.
    """
    actor.require_admin()
    parent, child = aliased(Area), aliased(Area)
    count = sa.select(sa.func.count()).select_from(child).where(child.parent_id == Area.id).correlate(Area)
    query = sa.select(Area, parent.name, count.scalar_subquery()).outerjoin(parent, parent.id == Area.parent_id)
    query = query.where(*_conditions(wanted)).order_by(Area.code).limit(limit)
    if after is not None:
        query = query.where(Area.code > after)
    return [
        AreaLine(area.id, area.code, area.name, AreaLevel(area.level), area.resident_population, parent_name, below)
        for area, parent_name, below in reading().execute(query)
    ]


def lineage(area_id: uuid.UUID | None) -> list[Area]:
    """Return the areas from the largest down to this one; one statement for each, there are five levels."""
    line: list[Area] = []
    while area_id is not None:
        area = reading().get(Area, area_id)
        if area is None:
            break
        line.insert(0, area)
        area_id = area.parent_id
    return line


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a search, or of one level of the tree."""
    if not wanted.is_search:
        return [Area.parent_id == wanted.parent_id if wanted.parent_id else Area.parent_id.is_(None)]
    found: list[sa.ColumnElement[bool]] = []
    if wanted.q:
        found.append(sa.or_(*(field.contains(wanted.q, autoescape=True) for field in (Area.name, Area.code))))
    if wanted.level:
        found.append(Area.level == wanted.level)
    return found
