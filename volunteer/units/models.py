"""The tables of units: the units themselves, and dated what changes about them: place, tasks, members.

Days are half-open: from `from_on` on, until `until_on` no longer. Source: decisions 4, 5.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.units.rules import UnitKind

COUNTS = "counts"
REPORT_IN = "report_in"
MEMBERSHIP_KINDS = (COUNTS, REPORT_IN)


class Unit(Base):
    """A unit. Name, kind, area and headcount are as they are now; `UnitVersion` knows them by day.

    `is_uscc_shared` marks a credit code that another open unit had too, before it was asked to be one's own.
    """

    __tablename__ = "units"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(20))
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    headcount: Mapped[int | None]
    uscc: Mapped[str | None] = mapped_column(sa.String(18))
    is_uscc_shared: Mapped[bool | None]
    created_at: Mapped[dt.datetime]
    created_on: Mapped[dt.date]
    closed_on: Mapped[dt.date | None]

    __table_args__ = (
        one_of("kind", UnitKind),
        sa.CheckConstraint("headcount >= 0", name="headcount_not_negative"),
        sa.CheckConstraint("closed_on > created_on", name="closed_after_created"),
        sa.Index(
            "uq_units_uscc_open",
            "uscc",
            unique=True,
            sqlite_where=sa.text("closed_on IS NULL AND is_uscc_shared IS NULL"),
            postgresql_where=sa.text("closed_on IS NULL AND is_uscc_shared IS NULL"),
        ),
    )


class Placement(Base):
    """Where a unit stood in the tree from one day until another; the open one is where it stands now."""

    __tablename__ = "unit_placements"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("units.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]

    __table_args__ = (
        sa.CheckConstraint("until_on > from_on", name="until_after_from"),
        sa.CheckConstraint("parent_id <> unit_id", name="not_its_own_parent"),
        sa.UniqueConstraint("unit_id", "from_on"),
        sa.Index(
            "uq_unit_placements_open",
            "unit_id",
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        ),
    )


class UnitVersion(Base):
    """What described a unit from a day on: appended, never changed; the highest version set by a day is in force then.

    Reports of a day take kind, area and headcount from here; the name is told, so that former ones are known.
    """

    __tablename__ = "unit_versions"

    unit_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("units.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(20))
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"))
    headcount: Mapped[int | None]
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
    set_on: Mapped[dt.date]

    __table_args__ = (
        one_of("kind", UnitKind),
        sa.CheckConstraint("headcount >= 0", name="headcount_not_negative"),
    )


class UnitEnding(Base):
    """How a unit was closed: merged into another one (`into_id`) or not, by whom, and what went where by it.

    `moved` lets the deed be undone on its day; it holds ids and days only. Of a unit, one at most is not undone.
    """

    __tablename__ = "unit_endings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    unit_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("units.id"))
    into_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    closed_on: Mapped[dt.date]
    reason: Mapped[str | None] = mapped_column(sa.String(200))
    done_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    done_at: Mapped[dt.datetime]
    moved: Mapped[dict[str, Any]]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    undone_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.CheckConstraint("into_id <> unit_id", name="not_into_itself"),
        sa.Index("ix_unit_endings_unit_id", "unit_id", "done_at"),
        sa.Index(
            "uq_unit_endings_in_force",
            "unit_id",
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        ),
    )


class Target(Base):
    """A registration task as it was set: appended, never changed; the highest version set by a day is in force then.

    One without a number takes the task back: from then on there is none, which is not the same as one of 0.
    """

    __tablename__ = "unit_targets"

    unit_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("units.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target: Mapped[int | None]
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
    set_on: Mapped[dt.date]

    __table_args__ = (sa.CheckConstraint("target >= 0", name="not_negative"),)


class Membership(Base):
    """A person in a unit: `counts` (one at a time) or `report_in` (双报到, beside it). No overlap: also by trigger."""

    __tablename__ = "memberships"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    unit_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("units.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    recorded_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("kind", MEMBERSHIP_KINDS),
        sa.CheckConstraint("until_on > from_on", name="until_after_from"),
        sa.Index(
            "uq_memberships_counts_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("kind = 'counts' AND until_on IS NULL"),
            postgresql_where=sa.text("kind = 'counts' AND until_on IS NULL"),
        ),
        sa.Index(
            "uq_memberships_counts_from",
            "person_id",
            "from_on",
            unique=True,
            sqlite_where=sa.text("kind = 'counts'"),
            postgresql_where=sa.text("kind = 'counts'"),
        ),
        sa.Index("ix_memberships_unit_id_from_on", "unit_id", "from_on"),
    )
