"""The table of areas."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.areas.rules import AreaLevel
from volunteer.database import Base, one_of


class Area(Base):
    """One area, with its official code. Its place in the tree does not change."""

    __tablename__ = "areas"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    level: Mapped[str] = mapped_column(sa.String(10))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    resident_population: Mapped[int | None]
    created_at: Mapped[dt.datetime]

    __table_args__ = (
        one_of("level", AreaLevel),
        sa.CheckConstraint("resident_population >= 0", name="population_not_negative"),
        sa.CheckConstraint("parent_id <> id", name="not_its_own_parent"),
    )


class AreaPopulation(Base):
    """A resident population as it was set: appended, never changed; the highest version set by a day is in force then.

    `Area.resident_population` is the newest one.
    """

    __tablename__ = "area_populations"

    area_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("areas.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    resident_population: Mapped[int | None]
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
    set_on: Mapped[dt.date]

    __table_args__ = (sa.CheckConstraint("resident_population >= 0", name="not_negative"),)
