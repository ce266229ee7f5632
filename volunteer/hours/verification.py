"""Verifying the ledger: every line against its chain, every chain against its sealed end, every end against the heads.

All is read from one snapshot on a connection of its own, lines as a stream, so that a million lines take little memory
and what is appended meanwhile is no fault. Source: contract, "GET /ledger/verification"; decisions 2; peers.md T35.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import db, new_id, reading, transaction
from volunteer.hours import heads, ledger
from volunteer.hours.models import LedgerChain, LedgerHead, LedgerHeadChain, LedgerLine, LedgerVerification

#: Up to so many lines the answer is always computed afresh; above, the last run of the job is given.
INLINE_LINES = 20_000
AT_ONCE = 1_000
#: All lines, by person and sequence, as plain rows with the model's names.
_LINES = sa.select(
    *(getattr(LedgerLine, name).label(name) for name in LedgerLine.__mapper__.attrs.keys())  # noqa: SIM118
).order_by(LedgerLine.person_id, LedgerLine.sequence)

Signed = dict[uuid.UUID, dict[int, bytes]]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a run found. `first_bad` is a line, or the person of a chain of which lines are missing.

    `fault`: `changed` `foreign` `missing` `chain-end` `head` `signed-end`.
    """

    ok: bool
    entries: int
    first_bad: uuid.UUID | None
    fault: str | None
    checked_at: dt.datetime


class _Bad(Exception):
    """The first fault; ends the run."""

    def __init__(self, where: uuid.UUID | None, fault: str) -> None:
        super().__init__(fault)
        self.where = where
        self.fault = fault


def verify(now: dt.datetime) -> Verification:
    """Verify all chains and heads, keep the answer, and return it."""
    first_bad, fault = None, None
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with Session(connection) as session:
            entries = session.scalar(sa.select(sa.func.count()).select_from(LedgerLine)) or 0
            try:
                _check(session, connection)
            except _Bad as bad:
                first_bad, fault = bad.where, bad.fault
    found = Verification(fault is None, entries, first_bad, fault, now)
    with transaction() as session:
        session.add(
            LedgerVerification(
                id=new_id(), checked_at=now, ok=found.ok, entries=entries, first_bad=first_bad, fault=fault
            )
        )
    return found


def verify_and_sign(now: dt.datetime) -> Verification:
    """Run the job: verify, and sign the heads if all is well. Daily, or oftener."""
    found = verify(now)
    if found.ok:
        heads.sign_heads(now)
    return found


def answer(now: dt.datetime) -> Verification:
    """Return the last answer; a small ledger is verified afresh, and signed if today it has not been."""
    session = reading()
    count = session.scalar(sa.select(sa.func.count()).select_from(LedgerLine)) or 0
    latest = sa.select(LedgerVerification).order_by(LedgerVerification.checked_at.desc(), LedgerVerification.id.desc())
    last = session.scalars(latest.limit(1)).first()
    if last is None or count <= INLINE_LINES:
        today = site_day(now, settings().zone)
        is_signed = session.scalar(sa.select(LedgerHead.sequence).where(LedgerHead.day == today).limit(1))
        return verify(now) if is_signed else verify_and_sign(now)
    return Verification(last.ok, last.entries, last.first_bad, last.fault, last.checked_at)


def _check(session: Session, connection: Connection) -> None:
    """Raise _Bad for the first fault."""
    signed = _signed_ends(session)
    ends = {
        row.person_id: (row.entries, row.last_hash)
        for row in session.execute(sa.select(*LedgerChain.__table__.c)).all()
        if _is_sealed(row)
    }
    with connection.execute(_LINES, execution_options={"yield_per": AT_ONCE}) as stream:
        for person_id, lines in groupby(stream, key=lambda line: line.person_id):
            _check_chain(person_id, lines, ends.pop(person_id, None), signed.pop(person_id, {}))
    for person_id, (entries, _) in ends.items():
        if entries:
            raise _Bad(person_id, "missing")
    for person_id in signed:
        raise _Bad(person_id, "missing")


def _is_sealed(row: Any) -> bool:
    """Return True for a chain end that bears our MAC; else raise."""
    message = ledger.end_bytes(row.person_id, row.entries, row.last_hash)
    if not ledger.is_keyed(row.mac, b"end", message):
        raise _Bad(row.person_id, "chain-end")
    return True


def _check_chain(
    person_id: uuid.UUID, lines: Iterable[Any], end: tuple[int, bytes] | None, signed: dict[int, bytes]
) -> None:
    """Check one person's lines, their end, and that they still hold every end that was signed."""
    previous, count, last = ledger.GENESIS, 0, person_id
    for line in lines:
        count += 1
        if line.sequence != count or line.prev_hash != previous:
            raise _Bad(line.id, "missing")
        if ledger.hash_of(line) != line.hash:
            raise _Bad(line.id, "changed")
        if not ledger.is_keyed(line.mac, b"line", line.hash):
            raise _Bad(line.id, "foreign")
        if signed.pop(count, line.hash) != line.hash:
            raise _Bad(line.id, "signed-end")
        previous, last = line.hash, line.id
    if signed:
        raise _Bad(last, "missing")
    if end != (count, previous):
        raise _Bad(last, "chain-end")


def _signed_ends(session: Session) -> Signed:
    """Return the ends that were signed, by person and length, after checking every head."""
    listed: dict[int, list[heads.End]] = {}
    signed: Signed = {}
    for row in session.execute(sa.select(*LedgerHeadChain.__table__.c)).all():
        listed.setdefault(row.head, []).append((row.person_id, row.entries, row.last_hash))
        signed.setdefault(row.person_id, {})[row.entries] = row.last_hash
    previous = b""
    for number, head in enumerate(session.scalars(sa.select(LedgerHead).order_by(LedgerHead.sequence)), start=1):
        is_whole = head.sequence == number and heads.is_signed(head, previous)
        if not is_whole or heads.digest_of(listed.pop(number, [])) != head.digest:
            raise _Bad(None, "head")
        previous = head.signature
    if listed:
        raise _Bad(None, "head")
    return signed
