"""The outbox: what people are to be told."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of

CHANNELS = ("app", "sms")


class OutboxMessage(Base):
    """One message. In the app it is delivered by the commit itself; an SMS leaves after it.

    `person_id` is set for messages in the app; `to_sealed` and `body_sealed` for SMS, which may carry codes.
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

    __table_args__ = (
        one_of("channel", CHANNELS),
        sa.CheckConstraint("(channel = 'app') = (person_id IS NOT NULL AND body IS NOT NULL)", name="app_has_person"),
        sa.CheckConstraint(
            "(channel = 'sms') = (to_sealed IS NOT NULL AND body_sealed IS NOT NULL)", name="sms_has_phone"
        ),
        sa.Index("ix_outbox_messages_person", "person_id", "created_at"),
        sa.Index("ix_outbox_messages_unsent", "sent_at", "created_at"),
    )
