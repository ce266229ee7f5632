"""Reads of the dated tree of units, of tasks and of memberships, each as of a day.

A select as of a day uses that day's rows only: nothing about the past moves when the present is reorganised.
Source: decisions 4, 5; contract, Reports and Fine points.
"""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, aliased

from volunteer.areas import queries as areas
from volunteer.units.models import COUNTS, REPORT_IN, Membership, Placement, Target, Unit, UnitEnding, UnitVersion

#: A literal, so that the partial indexes on it can be used.
IS_COUNTED = Membership.kind == sa.literal_column(f"'{COUNTS}'")


def in_force(
    from_on: InstrumentedAttribute[dt.date],
    until_on: InstrumentedAttribute[dt.date | None],
    day: dt.date | sa.BindParameter[dt.date],
) -> sa.ColumnElement[bool]:
    """Return the condition that `day` lies in the half-open days of a row."""
    return sa.and_(from_on <= day, sa.or_(until_on.is_(None), until_on > day))


def tree_as_of(day: dt.date) -> sa.Select[uuid.UUID, str, str, str, uuid.UUID | None, uuid.UUID | None]:
    """Return a select of (id, code, name, kind, area_id, parent_id) of the units that stood in the tree on `day`."""
    standing = in_force(Placement.from_on, Placement.until_on, day)
    if day == dt.date.max:  # as it is now, which the units themselves know
        query = sa.select(Unit.id, Unit.code, Unit.name, Unit.kind, Unit.area_id, Placement.parent_id)
        return query.join(Placement, Placement.unit_id == Unit.id).where(standing)
    version = _versions_as_of(day).subquery("version")
    return (
        sa.select(Unit.id, Unit.code, Unit.name, version.c.kind, version.c.area_id, Placement.parent_id)
        .join(Placement, Placement.unit_id == Unit.id)
        .join(version, version.c.unit_id == Unit.id)
        .where(standing)
    )


def _versions_as_of(day: dt.date) -> sa.Select[uuid.UUID, str, uuid.UUID | None, int | None]:
    """Return a select of (unit_id, kind, area_id, headcount) as they stood at the end of `day`."""
    newest = (
        sa.select(UnitVersion.unit_id, sa.func.max(UnitVersion.version).label("version"))
        .where(UnitVersion.set_on <= day)
        .group_by(UnitVersion.unit_id)
        .subquery()
    )
    same = sa.and_(UnitVersion.unit_id == newest.c.unit_id, UnitVersion.version == newest.c.version)
    columns = (UnitVersion.unit_id, UnitVersion.kind, UnitVersion.area_id, UnitVersion.headcount)
    return sa.select(*columns).join(newest, same)


def headcounts_as_of(day: dt.date) -> sa.Select[uuid.UUID, int | None]:
    """Return a select of (unit_id, headcount) of the units that had one at the end of `day`."""
    version = _versions_as_of(day).subquery()
    return sa.select(version.c.unit_id, version.c.headcount).where(version.c.headcount.is_not(None))


def last_headcount(day: dt.date) -> sa.Select[dt.datetime, uuid.UUID | None]:
    """Return a select of (set_at, set_by) of the last change of any unit's headcount by `day`."""
    before = aliased(UnitVersion)
    earlier = sa.and_(before.unit_id == UnitVersion.unit_id, before.version == UnitVersion.version - 1)
    query = sa.select(UnitVersion.set_at, UnitVersion.set_by).outerjoin(before, earlier)
    query = query.where(UnitVersion.headcount.is_distinct_from(before.headcount), UnitVersion.set_on <= day)
    return query.order_by(UnitVersion.set_at.desc()).limit(1)


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


def targets_of(years: Collection[int]) -> sa.Select[uuid.UUID, int, dt.date, int | None]:
    """Return a select of (unit_id, year, set_on, target): the tasks of these years as they were set, in that order."""
    query = sa.select(Target.unit_id, Target.year, Target.set_on, Target.target).where(Target.year.in_(years))
    return query.order_by(Target.unit_id, Target.year, Target.version)


def last_set(day: dt.date) -> sa.Select[dt.datetime, uuid.UUID | None]:
    """Return a select of (set_at, set_by) of the task of the year of `day` that was set last by then, if any was."""
    query = sa.select(Target.set_at, Target.set_by).where(Target.year == day.year, Target.set_on <= day)
    return query.order_by(Target.set_at.desc()).limit(1)


def targets_as_of(day: dt.date) -> sa.Select[uuid.UUID, int | None]:
    """Return a select of (unit_id, target) for the year of `day`, as the tasks stood at the end of `day`; all known."""
    newest = (
        sa.select(Target.unit_id, sa.func.max(Target.version).label("version"))
        .where(Target.year == day.year, Target.set_on <= day)
        .group_by(Target.unit_id)
        .subquery()
    )
    same = sa.and_(Target.unit_id == newest.c.unit_id, Target.version == newest.c.version)
    query = sa.select(Target.unit_id, Target.target).join(newest, same)
    return query.where(Target.year == day.year, Target.target.is_not(None))


def report_ins_as_of(day: dt.date) -> sa.Select[uuid.UUID, uuid.UUID]:
    """Return a select of (person_id, unit_id): where people reported in (双报到) on `day`, beside where they count."""
    here = in_force(Membership.from_on, Membership.until_on, day)
    return sa.select(Membership.person_id, Membership.unit_id).where(Membership.kind == REPORT_IN, here)


def memberships_as_of(day: dt.date | sa.BindParameter[dt.date]) -> sa.Select[uuid.UUID, uuid.UUID]:
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
