"""The log of what left as a sheet, and who was in it: ids alone, so that a person can be told."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.exports.rules import LONGEST_QUERY, Format


class Export(Base):
    """One export: who took what when, in words that name nobody, and how many rows.

    `fields` are the columns that were not masked, with the `reason` for it; None where all were. Append-only.
    """

    __tablename__ = "exports"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(60), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    format: Mapped[str] = mapped_column(sa.String(10))
    query: Mapped[str] = mapped_column(sa.String(LONGEST_QUERY))
    rows: Mapped[int]
    people: Mapped[int]
    fields: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    reason: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        one_of("format", Format),
        sa.CheckConstraint("(fields IS NULL) = (reason IS NULL)", name="unmasked_has_reason"),
    )


class ExportedPerson(Base):
    """That a person was in an export. Forgotten before the log is; gone when the person is erased."""

    __tablename__ = "exported_persons"

    export_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("exports.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)

    __table_args__ = (sa.Index("ix_exported_persons_person_id", "person_id"),)
