"""Tell people things: queue in the transaction of the deed, deliver after its commit, list what was told."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import new_id, reading
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.outbox import deliver, queue, send_now, standing
from volunteer.notifications.rules import Outcome, SmsState
from volunteer.notifications.senders import carries

__all__ = [
    "PHONE_OF",
    "MessageView",
    "Outcome",
    "SmsState",
    "deliver",
    "list_messages",
    "queue",
    "send_now",
    "standing",
    "tell",
]
#: The phone to which a person's messages go: their own if proved, a minor's guardian's; filled by `app.wire`.
PHONE_OF: list[Callable[[Session, uuid.UUID], str | None]] = []


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message in the app as its reader sees it."""

    id: uuid.UUID
    kind: str
    body: str
    created_at: dt.datetime
    read_at: dt.datetime | None


def tell(
    session: Session,
    person_id: uuid.UUID,
    kind: str,
    body: str,
    now: dt.datetime,
    sms: Mapping[str, str] | None = None,
    phones: Collection[str] | None = None,
) -> None:
    """Queue a message in the app for a person; it is there when the transaction commits, and only then.

    Kinds with words in `texts.TEXTS` go by SMS as well, with the values `sms` in them: to `phones` if given, else to
    wherever the person's messages go.
    """
    session.add(
        OutboxMessage(
            id=new_id(),
            channel="app",
            kind=kind,
            person_id=person_id,
            body=body[:1000],
            created_at=now,
            sent_at=now,
            state=SmsState.SENT.value,
        )
    )
    if carries(settings(), kind):
        found = [phone_of(session, person_id) for phone_of in PHONE_OF] if phones is None else phones
        for phone in found:
            if phone is not None:
                queue(session, phone, kind, sms or {}, now)


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
