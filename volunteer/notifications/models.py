"""The outbox: what people are to be told."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.notifications.rules import OPEN, SmsState

CHANNELS = ("app", "sms")
_OPEN = ", ".join(f"'{state}'" for state in OPEN)


class OutboxMessage(Base):
    """One message. In the app it is delivered by the commit itself; an SMS leaves after it.

    `person_id` is set for messages in the app. An SMS has a number and values for its words, sealed, which may hold a
    code; both are wiped once it is sent, given up or past its time. Its id is the idempotency key for the provider.

    Attributes:
        state: of an SMS; a message in the app is `sent`.
        due_at: when the worker looks at it next; of one that is being sent, when its sender is taken for dead.
        expires_at: when an SMS is no longer worth sending.
        result: the provider's word for how the last try ended; `reference`: under what it keeps the message.
    """

    __tablename__ = "outbox_messages"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[uuid.UUID | None]
    to_sealed: Mapped[bytes | None]
    body: Mapped[str | None] = mapped_column(sa.String(1000))
    body_sealed: Mapped[bytes | None]
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(10))
    due_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    result: Mapped[str | None] = mapped_column(sa.String(60))
    reference: Mapped[str | None] = mapped_column(sa.String(60))

    __table_args__ = (
        one_of("channel", CHANNELS),
        one_of("state", SmsState),
        sa.CheckConstraint("(channel = 'app') = (person_id IS NOT NULL AND body IS NOT NULL)", name="app_has_person"),
        sa.CheckConstraint(
            f"(channel = 'sms' AND state IN ({_OPEN})) = (to_sealed IS NOT NULL AND body_sealed IS NOT NULL)",
            name="open_sms_has_phone",
        ),
        sa.CheckConstraint(
            f"(channel = 'sms' AND state IN ({_OPEN})) = (due_at IS NOT NULL)", name="open_sms_is_looked_at"
        ),
        sa.Index("ix_outbox_messages_person", "person_id", "created_at"),
        sa.Index("ix_outbox_messages_due", "due_at"),
    )
