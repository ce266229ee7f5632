"""The tables of imports: what was uploaded, what was found in it, what became of it.

The file itself is kept sealed, in parts, only as long as it may still be committed or mended. What is found in it is
kept as rows, columns and sentences, without what the cells say. Source: contract, Imports; decisions 9.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.imports.rules_states import Kind, State


class Import(Base):
    """One upload. `plan` is what a commit would do, or has done: created, updated, unchanged, skipped.

    Attributes:
        sha256: of the file, to tell whether two uploads are the same, and whether what is stored is what was checked.
        faults: the first thousand, as row, column, code, message; `fault_count` is all of them.
        asked_by: who uploaded it; None for the operator at the command line.
        is_partial, reference_sealed, committed_by: how to commit in the background, and for whom.
        reason: why the file could not be read, a code of `FileFault`.
    """

    __tablename__ = "imports"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.String(12))
    filename_sealed: Mapped[bytes | None]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"))
    asked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    created_at: Mapped[dt.datetime]
    checked_at: Mapped[dt.datetime | None]
    committed_at: Mapped[dt.datetime | None]
    erase_after: Mapped[dt.datetime | None] = mapped_column(index=True)
    reason: Mapped[str | None] = mapped_column(sa.String(20))
    rows: Mapped[int] = mapped_column(default=0)
    valid: Mapped[int] = mapped_column(default=0)
    invalid: Mapped[int] = mapped_column(default=0)
    fault_count: Mapped[int] = mapped_column(default=0)
    faults: Mapped[list[Any]]
    ignored: Mapped[list[Any]]
    plan: Mapped[dict[str, Any]]
    is_partial: Mapped[bool | None]
    reference_sealed: Mapped[bytes | None]
    committed_by: Mapped[uuid.UUID | None]

    __table_args__ = (one_of("kind", Kind), one_of("state", State))


class ImportPart(Base):
    """A part of an uploaded file, sealed for its row (base64 of at most 128 KB)."""

    __tablename__ = "import_parts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("imports.id"))
    position: Mapped[int]
    body_sealed: Mapped[bytes]

    __table_args__ = (sa.UniqueConstraint("import_id", "position"),)
