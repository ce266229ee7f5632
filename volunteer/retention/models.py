"""What administrators set, and what each run removed: counts alone."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base


class RetentionSetting(Base):
    """A time as somebody set it: appended, never changed; the newest of a rule is in force."""

    __tablename__ = "retention_settings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(20), index=True)
    days: Mapped[int]
    set_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("days >= 0", name="days_are_days"),)


class RetentionRun(Base):
    """That a rule was carried out, and how much went."""

    __tablename__ = "retention_runs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    key: Mapped[str] = mapped_column(sa.String(20))
    removed: Mapped[int]

    __table_args__ = (sa.Index("ix_retention_runs_key_at", "key", "at"),)
