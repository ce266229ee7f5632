"""Who did what to what, when and why: an append-only log that the person concerned and the auditor can read.

Holds no personal data: ids, codes and the reason that was given. Kept at least 180 days (Cybersecurity Law 21).
Source: domain.md b6 (PIPL 51, 54); peers.md T4, T41.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from volunteer.access import Actor
from volunteer.database import Base, new_id


class AuditEntry(Base):
    """One deed. `actor` is the asker's stable name (`account:…`, `device:…`, `system`)."""

    __tablename__ = "audit_entries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    actor: Mapped[str] = mapped_column(sa.String(60))
    action: Mapped[str] = mapped_column(sa.String(60))
    subject_kind: Mapped[str] = mapped_column(sa.String(30))
    subject_id: Mapped[uuid.UUID | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    details: Mapped[dict[str, Any] | None]

    __table_args__ = (sa.Index("ix_audit_entries_subject", "subject_kind", "subject_id", "at"),)


def record(
    session: Session,
    actor: Actor | str,
    now: dt.datetime,
    action: str,
    subject: tuple[str, uuid.UUID | None],
    reason: str | None = None,
    **details: Any,
) -> None:
    """Append one deed in the transaction under way. `details` must hold no personal data."""
    entry = AuditEntry(
        id=new_id(),
        at=now,
        actor=actor if isinstance(actor, str) else actor.key,
        action=action,
        subject_kind=subject[0],
        subject_id=subject[1],
        reason=reason,
        details=details or None,
    )
    session.add(entry)


def entries_about(session: Session, kind: str, subject_id: uuid.UUID, limit: int = 200) -> list[AuditEntry]:
    """Return what was done to one thing, newest first."""
    query = (
        sa.select(AuditEntry)
        .where(AuditEntry.subject_kind == kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))
