"""Forgetting messages that are over their time, and knowing when somebody was told something."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import transaction
from volunteer.notifications.models import OutboxMessage


def told_at(session: Session, person_id: uuid.UUID, kind: str) -> dt.datetime | None:
    """Return when a person was last told something of this kind in the app; None if never, or forgotten."""
    query = sa.select(sa.func.max(OutboxMessage.created_at))
    found = session.scalar(query.where(OutboxMessage.person_id == person_id, OutboxMessage.kind == kind))
    return found if found is None or found.tzinfo else found.replace(tzinfo=dt.UTC)


def forget_messages(before: dt.datetime, _now: dt.datetime) -> int:
    """Delete the messages in the app from before an instant; return how many."""
    return _forget("app", before)


def forget_sms(before: dt.datetime, _now: dt.datetime) -> int:
    """Delete the records of SMS from before an instant; return how many. Words and numbers are wiped long before."""
    return _forget("sms", before)


def _forget(channel: str, before: dt.datetime) -> int:
    """Delete what one channel carried."""
    theirs = sa.delete(OutboxMessage).where(OutboxMessage.channel == channel, OutboxMessage.created_at < before)
    with transaction() as session:
        return int(session.execute(theirs).rowcount)  # type: ignore[attr-defined]
