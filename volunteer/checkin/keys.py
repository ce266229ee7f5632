"""The ids that clients give: whoever claims one first has it; the same again is answered, anything else is refused.

Source: contract, "POST /checkins" (`id`); decisions 7; peers.md T8, T19.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from volunteer.checkin.events import Event, digest_of
from volunteer.checkin.models import SCAN_KEYS, ScanKey
from volunteer.database import is_postgresql


class Claim(StrEnum):
    """What came of an event's id: it is new, was there before, or belongs to something else."""

    NEW = "new"
    AGAIN = "again"
    REUSED = "reused"


@dataclass(frozen=True, slots=True)
class ScanKeyIn:
    """One id to claim."""

    client_id: uuid.UUID
    sender: str
    scan_id: uuid.UUID
    body_digest: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of it, and the scan that the id stands for."""

    claim: Claim
    scan_id: uuid.UUID


def claim(session: Session, keys: Sequence[ScanKeyIn], now: dt.datetime) -> set[uuid.UUID]:
    """Claim ids, in order of id; return those that were free. Waits for whoever claims them now."""
    if not keys:
        return set()
    rows = [
        {
            "client_id": key.client_id,
            "sender": key.sender,
            "scan_id": key.scan_id,
            "body_digest": key.body_digest,
            "created_at": now,
        }
        for key in sorted(keys, key=lambda key: key.client_id)
    ]
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    query = insert(SCAN_KEYS).on_conflict_do_nothing(index_elements=["client_id"])
    return set(session.scalars(query.returning(SCAN_KEYS.c.client_id), rows))


def claim_events(session: Session, sender: str, events: Sequence[Event], now: dt.datetime) -> list[Claimed]:
    """Claim the ids of events, in their order; one without an id is always new. An id may come twice in one request."""
    first: dict[uuid.UUID, ScanKeyIn] = {}
    for event in events:
        if event.client_id and event.client_id not in first:
            first[event.client_id] = ScanKeyIn(event.client_id, sender, event.scan_id, digest_of(event.body))
    free = claim(session, list(first.values()), now)
    taken = first.keys() - free
    there = {row.client_id: row for row in session.execute(_known(taken))} if taken else {}
    claimed = []
    for event in events:
        key = first.get(event.client_id) if event.client_id else None
        if key is None or (key.scan_id == event.scan_id and key.client_id in free):
            claimed.append(Claimed(Claim.NEW, event.scan_id))
            continue
        held = there.get(key.client_id, key)
        is_same = held.sender == sender and held.body_digest == digest_of(event.body)
        claimed.append(Claimed(Claim.AGAIN if is_same else Claim.REUSED, held.scan_id))
    return claimed


def scan_of_client(session: Session, client_id: uuid.UUID) -> uuid.UUID | None:
    """Return the scan that a client's id stands for."""
    return session.scalar(sa.select(ScanKey.scan_id).where(ScanKey.client_id == client_id))


def _known(ids: set[uuid.UUID]) -> sa.Select[tuple[uuid.UUID, str, uuid.UUID, bytes]]:
    """Return what these ids stand for."""
    return sa.select(SCAN_KEYS.c.client_id, SCAN_KEYS.c.sender, SCAN_KEYS.c.scan_id, SCAN_KEYS.c.body_digest).where(
        SCAN_KEYS.c.client_id.in_(ids)
    )
