"""The tables of the talent pool: who is in it, their papers, their times. The number of a paper is sealed.

Skills and kinds of service stand with the person (registration). There is no column for what the law discourages.
"""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.talents.rules import Part, QualificationKind


class Talent(Base):
    """That somebody is in the pool, since when; `by_guardian`: the guardian said yes. Leaving deletes the row."""

    __tablename__ = "talents"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    joined_at: Mapped[dt.datetime]
    joined_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    by_guardian: Mapped[bool]


class TalentTime(Base):
    """A part of a weekday (1 is Monday) on which somebody has time as a rule."""

    __tablename__ = "talent_times"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(sa.String(10), primary_key=True)

    __table_args__ = (one_of("part", Part), sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday_known"))


class Qualification(Base):
    """A paper that proves what somebody can. `expires_on` is its last day; `checked_by` compared it with the paper."""

    __tablename__ = "qualifications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str | None] = mapped_column(sa.String(60))
    number_sealed: Mapped[bytes | None]
    issuer: Mapped[str] = mapped_column(sa.String(100))
    expires_on: Mapped[dt.date | None] = mapped_column(index=True)
    added_at: Mapped[dt.datetime]
    added_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    checked_at: Mapped[dt.datetime | None]
    checked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    told_expiring_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("kind", QualificationKind),
        sa.CheckConstraint("(checked_at IS NULL) = (checked_by IS NULL)", name="checked_by_somebody"),
        sa.CheckConstraint("kind <> 'other' OR name IS NOT NULL", name="other_is_named"),
    )
