"""The ids that clients give: whoever claims one first has it; the same again is answered, anything else is refused.

Source: contract, "POST /checkins" (`id`); decisions 7; peers.md T8, T19.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.checkin.events import Event, digest_of
from volunteer.checkin.models import SCAN_KEYS, ScanKey
from volunteer.prepared import Insert, Later, Query


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


_CLAIM = Insert(SCAN_KEYS, if_free="client_id")
_KNOWN = Query(
    lambda among: sa.select(
        SCAN_KEYS.c.client_id, SCAN_KEYS.c.sender, SCAN_KEYS.c.scan_id, SCAN_KEYS.c.body_digest
    ).where(among(SCAN_KEYS.c.client_id, "ids"))
)


def claim(session: Session, keys: Sequence[ScanKeyIn], now: dt.datetime) -> dict[uuid.UUID, Any]:
    """Claim ids, in order of id; return what those stand for that were taken. Waits for whoever claims them now."""
    return _claiming(session, keys, now)()


def _claiming(session: Session, keys: Sequence[ScanKeyIn], now: dt.datetime) -> Later[dict[uuid.UUID, Any]]:
    """Ask what `claim` returns, together with what else is asked; return what gives it."""
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
    count = _CLAIM.later(session, rows)

    def taken() -> dict[uuid.UUID, Any]:
        if count() == len(rows):
            return {}
        ours = {key.client_id: key.scan_id for key in keys}
        known = _KNOWN(session, ids=list(ours))
        return {row.client_id: row for row in known if row.scan_id != ours[row.client_id]}

    return taken


def claim_events(session: Session, sender: str, events: Sequence[Event], now: dt.datetime) -> Later[list[Claimed]]:
    """Claim the ids of events; return what tells, in their order, what came of it.

    One without an id is always new. An id may come twice in one request.
    """
    first: dict[uuid.UUID, ScanKeyIn] = {}
    for event in events:
        if event.client_id and event.client_id not in first:
            first[event.client_id] = ScanKeyIn(event.client_id, sender, event.scan_id, digest_of(event.body))
    taken = _claiming(session, list(first.values()), now)
    return lambda: _claimed(sender, events, first, taken())


def _claimed(
    sender: str, events: Sequence[Event], first: Mapping[uuid.UUID, ScanKeyIn], taken: Mapping[uuid.UUID, Any]
) -> list[Claimed]:
    """Return what came of each event's id."""
    claimed = []
    for event in events:
        key = first.get(event.client_id) if event.client_id else None
        if key is None or (key.scan_id == event.scan_id and key.client_id not in taken):
            claimed.append(Claimed(Claim.NEW, event.scan_id))
            continue
        held = taken.get(key.client_id, key)
        is_same = held.sender == sender and held.body_digest == digest_of(event.body)
        claimed.append(Claimed(Claim.AGAIN if is_same else Claim.REUSED, held.scan_id))
    return claimed


def scan_of_client(session: Session, client_id: uuid.UUID) -> uuid.UUID | None:
    """Return the scan that a client's id stands for."""
    return session.scalar(sa.select(ScanKey.scan_id).where(ScanKey.client_id == client_id))
