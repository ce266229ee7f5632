"""The way of an SMS: queued in the transaction of its deed, claimed, tried, settled; each try seen in its row.

A try is written down before it is made (`sending`), so a process that dies in it leaves a row that says so; who finds
it asks the provider whether the message was taken before trying again. What does not end in its time expires.
"""

import datetime as dt
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import jobs
from volunteer.config import settings
from volunteer.database import after_commit, new_id, reading, transaction
from volunteer.notifications import rules
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.rules import Outcome, SmsState
from volunteer.notifications.senders import Result, Sms, carries, sender_of
from volunteer.notifications.texts import TEXTS

log = logging.getLogger(__name__)
TABLE = "outbox_messages"


def queue(session: Session, phone: str, kind: str, values: Mapping[str, str], now: dt.datetime) -> uuid.UUID | None:
    """Queue an SMS for the worker; None where messages of this kind do not go by SMS here.

    Raises:
        KeyError: the words of this kind need a value that is not given.
    """
    if not carries(settings(), kind):
        return None
    row = _row(phone, kind, values, now)
    session.add(row)
    wake_sender(session)
    return row.id


def send_now(phone: str, kind: str, values: Mapping[str, str], now: dt.datetime) -> Result | None:
    """Send an SMS in this request, after the commit that kept it: a code is waited for. None where there is no SMS.

    A try without an answer is taken up by the worker.
    """
    if not carries(settings(), kind):
        return None
    row = _row(phone, kind, values, now)
    row.state, row.attempts, row.due_at = SmsState.SENDING.value, 1, now + rules.LEASE
    with transaction() as session:
        session.add(row)
    return _try(Sms(row.id, kind, phone, values, now), 1, now)


def _row(phone: str, kind: str, values: Mapping[str, str], now: dt.datetime) -> OutboxMessage:
    """Return the row of a message that waits."""
    return OutboxMessage(**columns_of(phone, kind, values, now))


def columns_of(phone: str, kind: str, values: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
    """Return the columns of an SMS that waits, number and values sealed."""
    ring, row_id, text = settings().keyring, new_id(), TEXTS[kind]
    text.fill(values)
    return {
        "id": row_id,
        "channel": "sms",
        "kind": kind,
        "created_at": now,
        "state": SmsState.WAITING.value,
        "attempts": 0,
        "due_at": now,
        "expires_at": now + text.life,
        "to_sealed": ring.seal(phone, TABLE, "to_sealed", row_id),
        "body_sealed": ring.seal(json.dumps(dict(values), ensure_ascii=False), TABLE, "body_sealed", row_id),
    }


def wake_sender(session: Session) -> None:
    """Wake the worker, once, when what was queued in the transaction under way is safe."""
    if settings().sms != "demo" and jobs.wake not in session.info["after_commit"]:
        after_commit(jobs.wake)


def deliver(now: dt.datetime) -> int:
    """Try what is due, oldest first, until nothing is or the provider is in trouble; return how many were taken."""
    if sender_of(settings()) is None:
        return 0
    sent, skipped = 0, set[uuid.UUID]()
    while claimed := _claim(now, skipped):
        sms, attempts, is_unsure = claimed
        skipped.add(sms.id)
        result = _find_or_try(sms, attempts, now) if is_unsure else _try(sms, attempts, now)
        sent += result.outcome is Outcome.SENT
        if result.outcome in rules.STOPS_ROUND:
            break
    return sent


def _claim(now: dt.datetime, skipped: set[uuid.UUID]) -> tuple[Sms, int, bool] | None:
    """Write down that the oldest due message is tried; what is past its time expires on the way.

    Returns the message, the number of the try, and whether an earlier one may have been taken.
    """
    with transaction() as session:
        _expire(session, now)
        query = sa.select(OutboxMessage).where(OutboxMessage.due_at <= now, OutboxMessage.id.not_in(skipped))
        query = query.order_by(OutboxMessage.due_at, OutboxMessage.id).limit(1).with_for_update(skip_locked=True)
        row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if row is None:
            return None
        is_unsure = row.state != SmsState.WAITING
        row.attempts += 1
        row.state, row.due_at = SmsState.SENDING.value, now + rules.LEASE
        ring = settings().keyring
        phone = ring.open(row.to_sealed or b"", TABLE, "to_sealed", row.id)
        values = json.loads(ring.open(row.body_sealed or b"", TABLE, "body_sealed", row.id))
        return Sms(row.id, row.kind, phone, values, row.created_at), row.attempts, is_unsure


def _expire(session: Session, now: dt.datetime) -> None:
    """Wipe what is past its time, so that no code lies about longer than it lives."""
    gone = sa.update(OutboxMessage).where(OutboxMessage.expires_at <= now, OutboxMessage.due_at.is_not(None))
    wiped = {"state": SmsState.EXPIRED.value, "due_at": None, "to_sealed": None, "body_sealed": None}
    session.execute(gone.values(**wiped), execution_options={"synchronize_session": False})


def _find_or_try(sms: Sms, attempts: int, now: dt.datetime) -> Result:
    """Ask whether an earlier try was taken; try again only if it was not."""
    sender = sender_of(settings())
    taken = sender.was_taken(sms, now) if sender else None
    if taken is False:
        return _try(sms, attempts, now)
    result = Result(Outcome.SENT, "found") if taken else Result(Outcome.UNSURE, "nobody-says")
    _settle(sms, result, attempts, now)
    return result


def _try(sms: Sms, attempts: int, now: dt.datetime) -> Result:
    """Try a claimed message once, outside any transaction, and write down how it ended."""
    sender = sender_of(settings())
    result = sender.send(sms, now) if sender else Result(Outcome.REFUSED, "none")
    _settle(sms, result, attempts, now)
    return result


def _settle(sms: Sms, result: Result, attempts: int, now: dt.datetime) -> None:
    """Write down how a try ended; what is over keeps neither number nor words."""
    if result.outcome is not Outcome.SENT:
        log.warning("SMS %s %s, try %s: %s (%s)", sms.id, sms.kind, attempts, result.outcome, result.code)
    with transaction() as session:
        row = session.get_one(OutboxMessage, sms.id, with_for_update=True, populate_existing=True)
        if row.state != SmsState.SENDING or row.attempts != attempts:
            return
        step = rules.next_step(result.outcome, attempts, now, row.expires_at or now)
        row.state, row.due_at, row.result = step.state.value, step.due_at, result.code[:60]
        row.reference = (result.reference or "")[:60] or None
        if step.state is SmsState.SENT:
            row.sent_at = now
        if step.due_at is None:
            row.to_sealed = row.body_sealed = None


def standing(limit: int = 50) -> tuple[dict[str, int], list[OutboxMessage]]:
    """Return how many text messages stand in which state, and the newest that are not sent."""
    session = reading()
    is_sms = OutboxMessage.channel == "sms"
    counted = sa.select(OutboxMessage.state, sa.func.count()).where(is_sms).group_by(OutboxMessage.state)
    query = sa.select(OutboxMessage).where(is_sms, OutboxMessage.state != SmsState.SENT.value)
    rows = session.scalars(query.order_by(OutboxMessage.id.desc()).limit(limit))
    return {state: count for state, count in session.execute(counted)}, list(rows)
