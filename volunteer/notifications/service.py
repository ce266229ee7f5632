"""Tell people things: queue in the transaction of the deed, deliver after its commit, list what was told."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.bulk import Rows
from volunteer.config import settings
from volunteer.database import new_id, reading
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.outbox import columns_of, deliver, queue, send_now, standing, wake_sender
from volunteer.notifications.rules import Outcome, SmsState
from volunteer.notifications.senders import carries

__all__ = [
    "PHONE_OF",
    "Mailing",
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
    session.add(OutboxMessage(**in_app(person_id, kind, body, now)))
    if carries(settings(), kind):
        found = [phone_of(session, person_id) for phone_of in PHONE_OF] if phones is None else phones
        for phone in found:
            if phone is not None:
                queue(session, phone, kind, sms or {}, now)


def in_app(person_id: uuid.UUID, kind: str, body: str, now: dt.datetime) -> dict[str, object]:
    """Return the columns of a message in the app: it is delivered by the commit itself."""
    return {
        "id": new_id(),
        "channel": "app",
        "kind": kind,
        "person_id": person_id,
        "body": body[:1000],
        "created_at": now,
        "sent_at": now,
        "attempts": 0,
        "state": SmsState.SENT.value,
    }


class Mailing:
    """Messages to many people, gathered first, then written with what they are about.

    Each goes where `tell` lets it go: in the app, and by SMS to the phone that is given.
    """

    COLUMNS: Final = (
        *("id", "channel", "kind", "person_id", "to_sealed", "body", "body_sealed", "created_at", "sent_at"),
        *("attempts", "state", "due_at", "expires_at"),
    )

    def __init__(self, now: dt.datetime) -> None:
        self._now, self._has_sms = now, False
        self.rows = Rows(OutboxMessage, self.COLUMNS)

    def add(self, person_id: uuid.UUID, kind: str, body: str, phone: str | None, sms: Mapping[str, str]) -> None:
        """Tell one person."""
        self.rows.add(in_app(person_id, kind, body, self._now))
        if phone is not None and carries(settings(), kind):
            self.rows.add(columns_of(phone, kind, sms, self._now))
            self._has_sms = True

    def wake_sender(self, session: Session) -> None:
        """Wake the worker when the rows, written in the transaction under way, are safe."""
        if self._has_sms:
            wake_sender(session)


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
