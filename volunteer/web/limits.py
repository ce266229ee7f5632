"""Limits that hold over several workers and a restart: one row a hit, counted in a sliding window.

A hit is taken *before* the costly or guessable thing is tried, under a lock on its name, so that a burst cannot slip
through between count and insert, and for good: a request that is undone as a whole has tried all the same.
Source: contract, Conventions (Limits); stack.md G31 (no library stores these in SQL).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from volunteer.config import settings
from volunteer.database import Base, for_good, lock_name, new_id, reading
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

    It stays counted, and others see it before they may try, whatever becomes of the request (`database.for_good`).

    Raises:
        RateLimited: the window is full; `Retry-After` says when the oldest hit leaves it.
    """
    return take_all([(name, subject)], now)[0]


def take_all(uses: Sequence[tuple[str, str]], now: dt.datetime) -> list[uuid.UUID]:
    """Count one use of each (name, subject) as `take`; what stands before one that is full is counted all the same.

    Always in the same order of names: each is locked until all are counted.

    Raises:
        RateLimited: a window is full.
    """
    wanted = [(LIMITS[name], _key(name, subject), new_id()) for name, subject in uses]
    full = for_good(lambda session: _count(session, wanted, now))
    if full is not None:
        raise full
    return [hit for _, _, hit in wanted]


def _count(session: Session, wanted: Sequence[tuple[Limit, bytes, uuid.UUID]], now: dt.datetime) -> RateLimited | None:
    """Write the hits, in order; return the error of the first whose window is full."""
    for limit, key, hit in wanted:
        lock_name(session, key.hex())
        session.execute(sa.delete(LimitHit).where(LimitHit.key == key, LimitHit.at <= _edge(limit, now)))
        count, oldest = session.execute(
            sa.select(sa.func.count(), sa.func.min(LimitHit.at)).where(LimitHit.key == key)
        ).one()
        if count >= limit.most:
            return _full(limit, oldest, now)
        session.execute(sa.insert(LimitHit).values(id=hit, key=key, at=now))
    return None


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


def give_back(*hits: uuid.UUID) -> None:
    """Take hits away again, for good: it was no failure after all."""
    for_good(lambda session: session.execute(sa.delete(LimitHit).where(LimitHit.id.in_(hits))))


def forget_old(now: dt.datetime) -> int:
    """Delete hits older than every window; return how many."""
    longest = max(limit.seconds for limit in LIMITS.values())
    old = sa.delete(LimitHit).where(LimitHit.at < now - dt.timedelta(seconds=longest))
    return for_good(lambda session: int(session.execute(old).rowcount))  # type: ignore[attr-defined]


def _key(name: str, subject: str) -> bytes:
    """Return the digest of what is limited and for whom."""
    return settings().keyring.blind_index(f"{name} {subject}", "limit")


def _edge(limit: Limit, now: dt.datetime) -> dt.datetime:
    """Return the start of the window, outside it."""
    return now - dt.timedelta(seconds=limit.seconds)


def _full(limit: Limit, oldest: dt.datetime, now: dt.datetime) -> RateLimited:
    """Return the error that says when to come back."""
    return RateLimited(int((oldest + dt.timedelta(seconds=limit.seconds) - now).total_seconds()) + 1)
