"""The tables of spot checks: what was drawn from what by which seed, and what was found."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base


class SpotCheck(Base):
    """One draw: `seed` and `digest` (of the population) are hexadecimal; both are published with the results.

    `drawn_from`: the ids of the population in order, 16 bytes each; NULL for draws from before they were kept.
    """

    __tablename__ = "spot_checks"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    seed: Mapped[str] = mapped_column(sa.String(64))
    population: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    drawn_from: Mapped[bytes | None] = mapped_column(deferred=True)
    drawn_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    drawn_at: Mapped[dt.datetime]
    published_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    published_at: Mapped[dt.datetime | None]
    conclusion: Mapped[str | None] = mapped_column(sa.String(1000))

    __table_args__ = (
        sa.CheckConstraint("to_on >= from_on", name="to_after_from"),
        sa.CheckConstraint("(published_at IS NULL) = (conclusion IS NULL)", name="published_with_conclusion"),
    )


class SpotCheckItem(Base):
    """One attendance that was drawn, in the order of the draw; answered once, by somebody who is not in it."""

    __tablename__ = "spot_check_items"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    check_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("spot_checks.id"))
    position: Mapped[int]
    attendance_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("attendances.id"))
    answers: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    note: Mapped[str | None] = mapped_column(sa.String(500))
    checked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    checked_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("check_id", "position"),
        sa.UniqueConstraint("check_id", "attendance_id"),
        sa.CheckConstraint("(answers IS NULL) = (checked_by IS NULL)", name="answered_by_somebody"),
    )
