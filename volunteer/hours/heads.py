"""Signed heads of all chains: daily, the ends of the chains that grew are signed with a key that no database holds.

Each signing (Ed25519) covers the ends that it lists, the totals, and the signature of the one before, so that none can
be dropped between two others or changed. `verification.py` checks lines against ends, and ends against heads.

Found: a changed line (hash), a line computed anew (MAC), a missing line in the middle (sequence, previous hash), a
missing last line (sealed end of the chain; head, if signed), a missing chain (sealed end, head), a changed, missing or
foreign head. Not found: putting back *everything* as it was at an earlier moment, lines, sealed ends and heads alike,
for instance a whole backup; against that the last signature is kept elsewhere (`volunteer ledger verify` prints it).
Until a chain is first signed, deleting all of it together with its sealed end is not found either.
Source: decisions 2; ADR on the ledger's seals.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import lock_name, transaction
from volunteer.hours import ledger
from volunteer.hours.models import LedgerChain, LedgerHead, LedgerHeadChain

End = tuple[uuid.UUID, int, bytes]


def sign_heads(now: dt.datetime) -> int | None:
    """Sign the ends of all chains that grew since the last signing; return its number, None where none grew.

    A chain whose own seal does not hold is not signed: signing must not launder what the verification would find.
    """
    with transaction() as session:
        lock_name(session, "ledger-heads")
        last = session.scalars(sa.select(LedgerHead).order_by(LedgerHead.sequence.desc()).limit(1)).first()
        grown = [
            chain
            for chain in session.scalars(_grown())
            if ledger.is_keyed(chain.mac, b"end", ledger.end_bytes(chain.person_id, chain.entries, chain.last_hash))
        ]
        if not grown:
            return None
        chains, entries = session.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(LedgerChain.entries), 0)).select_from(LedgerChain)
        ).one()
        version = max(settings().ledger_keys)
        head = LedgerHead(
            sequence=last.sequence + 1 if last else 1,
            day=site_day(now, settings().zone),
            signed_at=now,
            chains=chains,
            entries=int(entries),
            digest=digest_of((chain.person_id, chain.entries, chain.last_hash) for chain in grown),
            key_version=version,
        )
        key = Ed25519PrivateKey.from_private_bytes(settings().ledger_keys[version])
        head.signature = key.sign(message_of(head, last.signature if last else b""))
        session.add(head)
        session.flush()
        session.add_all(
            LedgerHeadChain(
                head=head.sequence, person_id=chain.person_id, entries=chain.entries, last_hash=chain.last_hash
            )
            for chain in grown
        )
        return head.sequence


def _grown() -> sa.Select[LedgerChain]:
    """Return the chains that are longer than they were when last signed."""
    signed = (
        sa.select(LedgerHeadChain.person_id, sa.func.max(LedgerHeadChain.entries).label("entries"))
        .group_by(LedgerHeadChain.person_id)
        .subquery()
    )
    return (
        sa.select(LedgerChain)
        .outerjoin(signed, signed.c.person_id == LedgerChain.person_id)
        .where(LedgerChain.entries > sa.func.coalesce(signed.c.entries, 0))
        .order_by(LedgerChain.person_id)
    )


def digest_of(ends: Iterable[End]) -> bytes:
    """Return the digest of the ends that a head lists."""
    found = hashlib.sha256()
    for person_id, entries, last_hash in sorted(ends, key=lambda end: end[0].bytes):
        found.update(ledger.end_bytes(person_id, entries, last_hash))
    return found.digest()


def message_of(head: LedgerHead, previous: bytes) -> bytes:
    """Return what is signed."""
    said = [
        "volunteer/ledger/head",
        head.sequence,
        head.day.isoformat(),
        head.signed_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        head.chains,
        head.entries,
        head.digest.hex(),
        head.key_version,
        previous.hex(),
    ]
    return json.dumps(said, separators=(",", ":")).encode()


def is_signed(head: LedgerHead, previous: bytes) -> bool:
    """Whether a head bears our signature over exactly what it says."""
    seed = settings().ledger_keys.get(head.key_version)
    if seed is None:
        return False
    try:
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        public.verify(head.signature, message_of(head, previous))
    except InvalidSignature:
        return False
    return True
