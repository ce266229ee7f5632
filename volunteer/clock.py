"""The one place that reads the time, and how instants become days of the site.

Everything else gets the time passed in: an aware instant `now`. Instants are stored as UTC and cut into days in the
site's zone (`VOLUNTEER_TIMEZONE`). Source: architecture.md, conventions; peers.md T29.
"""

import datetime as dt
import time
from typing import Protocol
from zoneinfo import ZoneInfo

Instant = dt.datetime


class Clock(Protocol):
    """What tells the time: the system in production, a settable one in tests and in the demo's story."""

    def now(self) -> Instant:
        """Return the present as an aware instant in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """Return the present in UTC."""
        return dt.datetime.now(dt.UTC)


class SettableClock:
    """A clock that stands still until it is moved: for tests and for building the demo's past."""

    def __init__(self, start: Instant) -> None:
        self._now = aware(start)

    def now(self) -> Instant:
        """Return the instant that was last set, in UTC."""
        return self._now.astimezone(dt.UTC)

    def set(self, instant: Instant) -> None:
        """Move to `instant`."""
        self._now = aware(instant)

    def advance(self, **span: float) -> Instant:
        """Move on by a `timedelta(**span)` and return the new present."""
        self._now = self._now + dt.timedelta(**span)
        return self.now()


def aware(instant: Instant) -> Instant:
    """Return `instant`, or raise ValueError if it has no zone: a naive time is a fault, never a guess."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("an instant needs a zone")
    return instant


def to_minute(instant: Instant) -> Instant:
    """Cut an instant to its minute, in UTC. Source: contract, Conventions (before any arithmetic)."""
    return aware(instant).astimezone(dt.UTC).replace(second=0, microsecond=0)


def site_day(instant: Instant, zone: ZoneInfo) -> dt.date:
    """Return the day of the site that `instant` falls on."""
    return aware(instant).astimezone(zone).date()


def day_starts_at(day: dt.date, zone: ZoneInfo) -> Instant:
    """Return the first instant of a day of the site, in UTC."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)


def monotonic_seconds() -> float:
    """Return seconds that only ever grow: for waiting and measuring, never for judging."""
    return time.monotonic()
