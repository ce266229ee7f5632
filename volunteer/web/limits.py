"""Limits that hold over several workers and a restart: one row a hit, counted in a sliding window.

A hit is taken *before* the costly or guessable thing is tried, under a lock on its name, so that a burst cannot slip
through between count and insert. Source: contract, Conventions (Limits); stack.md G31 (no library stores these in SQL).
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.config import settings
from volunteer.database import Base, lock_name, new_id, reading, survive, transaction
from volunteer.errors import RateLimited
from volunteer.prepared import Later, Query


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` hits in `seconds`."""

    most: int
    seconds: int


LIMITS = {
    "password": Limit(10, 300),
    "sign-in": Limit(120, 600),
    "register": Limit(120, 600),
    "ask": Limit(10, 3600),
    "phone-code": Limit(5, 600),
    "phone-code-address": Limit(240, 600),
    "wrong-code": Limit(20, 60),
    "photo": Limit(30, 60),
    "verify": Limit(120, 600),
    "visit": Limit(20, 60),
    "visit-address": Limit(3000, 600),
    "word": Limit(5, 600),
    "word-day": Limit(20, 86_400),
    "word-station": Limit(200, 86_400),
}


class LimitHit(Base):
    """One use of something limited. `key` is a keyed digest: no phone or address stands here."""

    __tablename__ = "limit_hits"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[bytes]
    at: Mapped[dt.datetime]

    __table_args__ = (sa.Index("ix_limit_hits_key_at", "key", "at"),)


_SINCE = Query(
    lambda _: (
        sa.select(LimitHit.at)
        .where(LimitHit.key == sa.bindparam("key"), LimitHit.at > sa.bindparam("edge"))
        .order_by(LimitHit.at)
    )
)


def take(name: str, subject: str, now: dt.datetime) -> uuid.UUID:
    """Count one use of `name` by `subject` and return the hit, which `give_back` can take away.

    Raises:
        RateLimited: the window is full; `Retry-After` says when the oldest hit leaves it.
    """
    limit = LIMITS[name]
    key = _key(name, subject)
    with transaction() as session:
        lock_name(session, key.hex())
        session.execute(sa.delete(LimitHit).where(LimitHit.key == key, LimitHit.at <= _edge(limit, now)))
        count, oldest = session.execute(
            sa.select(sa.func.count(), sa.func.min(LimitHit.at)).where(LimitHit.key == key)
        ).one()
        if count < limit.most:
            hit = new_id()
            session.add(LimitHit(id=hit, key=key, at=now))
            survive(lambda: _keep(hit, key, now))
            return hit
    raise _full(limit, oldest, now)


def _keep(hit: uuid.UUID, key: bytes, now: dt.datetime) -> None:
    """Count a hit again whose request was rolled back as a whole (one with an idempotency key)."""
    with transaction() as session:
        session.add(LimitHit(id=hit, key=key, at=now))


def check(name: str, subject: str, now: dt.datetime) -> None:
    """Raise RateLimited if the window of `name` and `subject` is full, without counting a use."""
    checking(name, subject, now)()


def checking(name: str, subject: str, now: dt.datetime) -> Later[None]:
    """Ask what `check` needs to know, together with what else is asked; return what checks."""
    limit = LIMITS[name]
    asked = _SINCE.later(reading(), key=_key(name, subject), edge=_edge(limit, now))

    def checked() -> None:
        hits = asked()
        if len(hits) >= limit.most:
            raise _full(limit, hits[0].at, now)

    return checked


def give_back(hit: uuid.UUID) -> None:
    """Take a hit away again: it was no failure after all."""
    with transaction() as session:
        session.execute(sa.delete(LimitHit).where(LimitHit.id == hit))


def forget_old(now: dt.datetime) -> int:
    """Delete hits older than every window; return how many."""
    longest = max(limit.seconds for limit in LIMITS.values())
    with transaction() as session:
        result = session.execute(sa.delete(LimitHit).where(LimitHit.at < now - dt.timedelta(seconds=longest)))
        return int(result.rowcount)  # type: ignore[attr-defined]


def _key(name: str, subject: str) -> bytes:
    """Return the digest of what is limited and for whom."""
    return settings().keyring.blind_index(f"{name} {subject}", "limit")


def _edge(limit: Limit, now: dt.datetime) -> dt.datetime:
    """Return the start of the window, outside it."""
    return now - dt.timedelta(seconds=limit.seconds)


def _full(limit: Limit, oldest: dt.datetime, now: dt.datetime) -> RateLimited:
    """Return the error that says when to come back."""
    return RateLimited(int((oldest + dt.timedelta(seconds=limit.seconds) - now).total_seconds()) + 1)
