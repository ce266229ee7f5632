"""The ledger's chains: lines are appended to a person's chain, each bound to the one before it.

`hash` = SHA-256 over the previous hash and the line's canonical bytes: anybody can check it. `mac` = HMAC of that hash
under a key that is not in the database, so a chain that was computed anew after a change does not pass. The chain's end
(`LedgerChain`) carries a MAC too and moves in the same transaction, so a missing last line does not pass either.
`heads.py` signs the ends daily and verifies all of it; it says what is found and what is not.
Source: decisions 1, 2; peers.md T13, T35.
"""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import new_id
from volunteer.hours.models import LedgerChain, LedgerLine, LineClass, LineKind

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class NewLine:
    """What a line says; the ledger adds number, time and seals. `reverses` and `corrects` name earlier lines."""

    kind: LineKind
    class_: LineClass
    minutes: int
    shift_id: uuid.UUID | None
    site_day: dt.date
    policy_version: int
    unit_id: uuid.UUID | None = None
    station_id: uuid.UUID | None = None
    request_id: uuid.UUID | None = None
    reverses: uuid.UUID | None = None
    corrects: uuid.UUID | None = None


def lock_chain(session: Session, person_id: uuid.UUID) -> LedgerChain:
    """Return the person's chain, locked; the caller has locked the person, so nobody else makes it meanwhile."""
    chain = session.get(LedgerChain, person_id, with_for_update=True)
    if chain is None:
        chain = LedgerChain(person_id=person_id, entries=0, last_hash=GENESIS, mac=end_mac(person_id, 0, GENESIS))
        session.add(chain)
        session.flush()
    return chain


def append(session: Session, person_id: uuid.UUID, new: NewLine, now: dt.datetime) -> LedgerLine:
    """Append one line to a person's chain in the transaction under way; the person must be locked."""
    chain = lock_chain(session, person_id)
    line = LedgerLine(
        id=new_id(),
        person_id=person_id,
        sequence=chain.entries + 1,
        shift_id=new.shift_id,
        site_day=new.site_day,
        kind=new.kind.value,
        class_=new.class_.value,
        minutes=new.minutes,
        policy_version=new.policy_version,
        unit_id=new.unit_id,
        station_id=new.station_id,
        request_id=new.request_id,
        reverses=new.reverses,
        corrects=new.corrects,
        created_at=now,
        prev_hash=chain.last_hash,
    )
    line.hash = hash_of(line)
    line.mac = keyed(b"line", line.hash)
    session.add(line)
    chain.entries, chain.last_hash = line.sequence, line.hash
    chain.mac = end_mac(person_id, chain.entries, chain.last_hash)
    session.flush()
    return line


def lines_of_person(session: Session, person_id: uuid.UUID, days: Iterable[dt.date] | None = None) -> list[LedgerLine]:
    """Return a person's lines in order, all or those of some site days."""
    query = sa.select(LedgerLine).where(LedgerLine.person_id == person_id).order_by(LedgerLine.sequence)
    if days is not None:
        query = query.where(LedgerLine.site_day.in_(list(days)))
    return list(session.scalars(query))


def hash_of(line: LedgerLine) -> bytes:
    """Return the hash that a line must have: of the previous hash and everything the line says."""
    said = (
        line.id,
        line.person_id,
        line.sequence,
        line.shift_id,
        line.site_day,
        line.kind,
        line.class_,
        line.minutes,
        line.policy_version,
        line.unit_id,
        line.station_id,
        line.request_id,
        line.reverses,
        line.corrects,
        line.created_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
    )
    plain = [part if isinstance(part, int | None) else str(part) for part in said]
    return hashlib.sha256(line.prev_hash + json.dumps(plain, separators=(",", ":")).encode()).digest()


def end_mac(person_id: uuid.UUID, entries: int, last_hash: bytes) -> bytes:
    """Return the MAC of a chain's end."""
    return keyed(b"end", end_bytes(person_id, entries, last_hash))


def end_bytes(person_id: uuid.UUID, entries: int, last_hash: bytes) -> bytes:
    """Return a chain's end as bytes of fixed length, for MACs and digests."""
    return person_id.bytes + entries.to_bytes(8) + last_hash


def keyed(purpose: bytes, message: bytes, version: int | None = None) -> bytes:
    """Return key version (1 byte) and HMAC-SHA256 under a key derived from the ledger key of that version."""
    keys = settings().ledger_keys
    chosen = max(keys) if version is None else version
    derived = hmac.digest(keys[chosen], b"volunteer/ledger/mac/" + purpose, "sha256")
    return bytes((chosen,)) + hmac.digest(derived, message, "sha256")


def is_keyed(mac: bytes, purpose: bytes, message: bytes) -> bool:
    """Whether a MAC is ours; a key version that we do not have proves nothing."""
    if not mac or mac[0] not in settings().ledger_keys:
        return False
    return hmac.compare_digest(mac, keyed(purpose, message, mac[0]))
