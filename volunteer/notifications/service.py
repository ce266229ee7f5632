"""Tell people things: queue in the transaction of the deed, deliver after its commit, list what was told."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import after_commit, new_id, reading, transaction
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.senders import SENDERS, SendError

TRIES = 5


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in the app as its reader sees it."""

    id: uuid.UUID
    kind: str
    body: str
    created_at: dt.datetime
    read_at: dt.datetime | None


def tell(session: Session, person_id: uuid.UUID, kind: str, body: str, now: dt.datetime) -> None:
    """Queue a message in the app for a person; it is there when the transaction commits, and only then."""
    session.add(
        OutboxMessage(
            id=new_id(), channel="app", kind=kind, person_id=person_id, body=body[:1000], created_at=now, sent_at=now
        )
    )


def send_sms(session: Session, phone: str, kind: str, text: str, now: dt.datetime) -> None:
    """Queue an SMS; it leaves after commit."""
    queue_sms(session, phone, kind, text, now)
    after_commit(lambda: deliver(now))


def queue_sms(session: Session, phone: str, kind: str, text: str, now: dt.datetime) -> None:
    """Queue an SMS for the next delivery, as one of many. Number and text are sealed while they wait."""
    ring, row_id = settings().keyring, new_id()
    session.add(
        OutboxMessage(
            id=row_id,
            channel="sms",
            kind=kind,
            created_at=now,
            to_sealed=ring.seal(phone, "outbox_messages", "to_sealed", row_id),
            body_sealed=ring.seal(text, "outbox_messages", "body_sealed", row_id),
        )
    )


def deliver(now: dt.datetime) -> int:
    """Send what waits, oldest first; return how many left. A failure stays for the next call, five tries in all."""
    sender = SENDERS.get(settings().sms)
    if sender is None:
        return 0
    sent = 0
    with transaction() as session:
        waiting = sa.select(OutboxMessage).where(
            OutboxMessage.sent_at.is_(None), OutboxMessage.channel == "sms", OutboxMessage.attempts < TRIES
        )
        ring = settings().keyring
        for row in session.scalars(
            waiting.order_by(OutboxMessage.created_at).limit(100).with_for_update(skip_locked=True)
        ):
            row.attempts += 1
            to = ring.open(row.to_sealed or b"", "outbox_messages", "to_sealed", row.id)
            text = ring.open(row.body_sealed or b"", "outbox_messages", "body_sealed", row.id)
            try:
                sender.send(to, text)
            except SendError:
                continue
            row.sent_at = now
            sent += 1
    return sent


def list_messages(
    person_ids: Sequence[uuid.UUID], limit: int, before: tuple[dt.datetime, uuid.UUID] | None = None
) -> list[MessageView]:
    """Return the messages in the app to these people, newest first, after the cursor `before`."""
    query = sa.select(OutboxMessage).where(OutboxMessage.channel == "app", OutboxMessage.person_id.in_(person_ids))
    if before:
        at, last = before
        query = query.where(
            (OutboxMessage.created_at < at) | ((OutboxMessage.created_at == at) & (OutboxMessage.id < last))
        )
    rows = reading().scalars(query.order_by(OutboxMessage.created_at.desc(), OutboxMessage.id.desc()).limit(limit))
    return [MessageView(r.id, r.kind, r.body or "", r.created_at, r.read_at) for r in rows]


def hand_on(session: Session, from_id: uuid.UUID, into_id: uuid.UUID) -> int:
    """Let the messages in the app to one person be those of another (merged records); return how many."""
    moved = sa.update(OutboxMessage).where(OutboxMessage.person_id == from_id).values(person_id=into_id)
    return int(session.execute(moved).rowcount)  # type: ignore[attr-defined]
