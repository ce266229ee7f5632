"""The table of proofs: what one says is sealed; plain are number, range, minutes and the ids of its ledger lines."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base


class Certificate(Base):
    """One proof as it was issued.

    `lines` are the ledger lines that it covers, by id, with the minutes that each counted: all that must be asked of
    the ledger later is whether they still do (`rules.is_changed`). `content_sealed` is what the paper says, kept so
    that it can be printed again as it was; erasure empties it. `token_digest` is keyed: who reads the database cannot
    verify or forge.
    """

    __tablename__ = "certificates"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(14), unique=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    minutes: Mapped[int]
    lines: Mapped[dict[str, Any]]
    content_sealed: Mapped[bytes | None]
    token_digest: Mapped[bytes]
    token_sealed: Mapped[bytes]
    issued_at: Mapped[dt.datetime]
    issued_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    superseded_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    revoke_reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        sa.CheckConstraint("from_on <= to_on", name="from_before_to"),
        sa.CheckConstraint("minutes > 0", name="minutes_positive"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked_with_reason"),
        sa.Index("ix_certificates_person", "person_id", "issued_at"),
    )
