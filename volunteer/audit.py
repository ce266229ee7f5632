"""Who did what to what, when and why: an append-only log that the person concerned and the auditor can read.

Holds no personal data: ids, codes and the reason that was given. Kept at least 180 days (Cybersecurity Law 21).
Source: domain.md b6 (PIPL 51, 54); peers.md T4, T41.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
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

    __table_args__ = (
        sa.Index("ix_audit_entries_subject", "subject_kind", "subject_id", "at"),
        sa.Index("ix_audit_entries_at", "at"),
    )


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deeds; what is None is not asked. `since` is in, `until` is out."""

    actor: str | None = None
    actions: tuple[str, ...] | None = None
    subject: uuid.UUID | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def list_entries(session: Session, wanted: Wanted, limit: int, before: uuid.UUID | None = None) -> list[AuditEntry]:
    """Return up to `limit` deeds, the last written first, from before the deed `before` on; one statement.

    Ids are UUIDv7, so their order is that of writing, and the primary key serves it however long the log is.
    """
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if wanted.actor is not None:
        query = query.where(AuditEntry.actor == wanted.actor)
    if wanted.actions is not None:
        query = query.where(AuditEntry.action.in_(wanted.actions))
    if wanted.subject is not None:
        query = query.where(AuditEntry.subject_id == wanted.subject)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(session.scalars(query))


def entries_about(session: Session, kind: str, subject_id: uuid.UUID, limit: int = 200) -> list[AuditEntry]:
    """Return what was done to one thing, newest first."""
    query = (
        sa.select(AuditEntry)
        .where(AuditEntry.subject_kind == kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))
