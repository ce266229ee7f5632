"""Reads of the dated tree of units, of tasks and of memberships, each as of a day.

A select as of a day uses that day's rows only: nothing about the past moves when the present is reorganised.
Source: decisions 4, 5; contract, Reports and Fine points.
"""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from volunteer.areas import queries as areas
from volunteer.units.models import COUNTS, Membership, Placement, Target, Unit, UnitEnding

#: A literal, so that the partial indexes on it can be used.
IS_COUNTED = Membership.kind == sa.literal_column(f"'{COUNTS}'")


def in_force(
    from_on: InstrumentedAttribute[dt.date], until_on: InstrumentedAttribute[dt.date | None], day: dt.date
) -> sa.ColumnElement[bool]:
    """Return the condition that `day` lies in the half-open days of a row."""
    return sa.and_(from_on <= day, sa.or_(until_on.is_(None), until_on > day))


def tree_as_of(day: dt.date) -> sa.Select[uuid.UUID, str, str, str, uuid.UUID | None, uuid.UUID | None]:
    """Return a select of (id, code, name, kind, area_id, parent_id) of the units that stood in the tree on `day`."""
    return (
        sa.select(Unit.id, Unit.code, Unit.name, Unit.kind, Unit.area_id, Placement.parent_id)
        .join(Placement, Placement.unit_id == Unit.id)
        .where(in_force(Placement.from_on, Placement.until_on, day))
    )


def described() -> sa.Select[uuid.UUID, str, str, str, uuid.UUID | None, int | None, str | None, dt.date | None]:
    """Return a select of (id, code, name, kind, area_id, headcount, uscc, closed_on) of all units, closed ones too."""
    return sa.select(Unit.id, Unit.code, Unit.name, Unit.kind, Unit.area_id, Unit.headcount, Unit.uscc, Unit.closed_on)


def placements() -> sa.Select[uuid.UUID, uuid.UUID | None, dt.date, dt.date | None]:
    """Return a select of (unit_id, parent_id, from_on, until_on): every place that a unit had or has in the tree."""
    return sa.select(Placement.unit_id, Placement.parent_id, Placement.from_on, Placement.until_on)


def heirs_as_of(day: dt.date) -> sa.Select[uuid.UUID, uuid.UUID | None]:
    """Return a select of (unit_id, heir_id) of the units that were closed by `day`: into which each was merged.

    Of one that was only closed, the unit above it, where it stood last; null where it stood at the top.
    """
    ending = sa.and_(UnitEnding.unit_id == Unit.id, UnitEnding.undone_at.is_(None))
    heir = sa.func.coalesce(UnitEnding.into_id, Placement.parent_id).label("heir_id")
    query = sa.select(Unit.id.label("unit_id"), heir)
    query = query.join(Placement, sa.and_(Placement.unit_id == Unit.id, Placement.until_on == Unit.closed_on))
    return query.outerjoin(UnitEnding, ending).where(Unit.closed_on <= day)


def targets_of(years: Collection[int]) -> sa.Select[uuid.UUID, int, dt.date, int]:
    """Return a select of (unit_id, year, set_on, target): the tasks of these years as they were set, in that order."""
    query = sa.select(Target.unit_id, Target.year, Target.set_on, Target.target).where(Target.year.in_(years))
    return query.order_by(Target.unit_id, Target.year, Target.version)


def last_set(year: int) -> sa.Select[dt.datetime | None]:
    """Return a select of the one `set_at` when a task of a year was last set; null if none was."""
    return sa.select(sa.func.max(Target.set_at).label("set_at")).where(Target.year == year)


def targets_as_of(day: dt.date) -> sa.Select[uuid.UUID, int]:
    """Return a select of (unit_id, target) for the year of `day`, as the tasks stood at the end of `day`."""
    newest = (
        sa.select(Target.unit_id, sa.func.max(Target.version).label("version"))
        .where(Target.year == day.year, Target.set_on <= day)
        .group_by(Target.unit_id)
        .subquery()
    )
    same = sa.and_(Target.unit_id == newest.c.unit_id, Target.version == newest.c.version)
    return sa.select(Target.unit_id, Target.target).join(newest, same).where(Target.year == day.year)


def memberships_as_of(day: dt.date) -> sa.Select[uuid.UUID, uuid.UUID]:
    """Return a select of (person_id, unit_id): the one unit in which each person counted on `day`."""
    return sa.select(Membership.person_id, Membership.unit_id).where(
        IS_COUNTED, in_force(Membership.from_on, Membership.until_on, day)
    )


def membership_spans() -> sa.Select[uuid.UUID, uuid.UUID, dt.date, dt.date | None]:
    """Return a select of (person_id, unit_id, from_on, until_on): where each person counted on which half-open days."""
    columns = (Membership.person_id, Membership.unit_id, Membership.from_on, Membership.until_on)
    return sa.select(*columns).where(IS_COUNTED)


def ids_in_scope(
    unit_ids: Collection[uuid.UUID], area_ids: Collection[uuid.UUID], day: dt.date
) -> sa.CompoundSelect[uuid.UUID]:
    """Return a select of the units that these grants cover in the tree of `day`.

    A unit covers its subtree. An area covers the units that lie in it or in a smaller area of it; a unit without an
    area of its own lies where the unit above it lies.
    """
    tree = tree_as_of(day).cte("tree")
    below = sa.select(tree.c.id).where(tree.c.id.in_(unit_ids)).cte("below", recursive=True)
    below = below.union(sa.select(tree.c.id).join(below, tree.c.parent_id == below.c.id))
    inside = sa.select(tree.c.id).where(tree.c.area_id.in_(areas.ids_below(area_ids))).cte("inside", recursive=True)
    inside = inside.union(
        sa.select(tree.c.id).join(inside, tree.c.parent_id == inside.c.id).where(tree.c.area_id.is_(None))
    )
    return sa.union(sa.select(below.c.id), sa.select(inside.c.id))


def ids_in_area(area_id: uuid.UUID, day: dt.date) -> sa.CompoundSelect[uuid.UUID]:
    """Return a select of the units that lie in an area, or in a smaller one of it, in the tree of `day`."""
    return ids_in_scope((), (area_id,), day)
