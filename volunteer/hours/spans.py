"""Arithmetic on spans of whole minutes. Pure; a minute is an integer, unix seconds // 60, so parts always add up.

A span is half-open: 09:02 to 11:30 is the 148 minutes 09:02, …, 11:29, whatever seconds the two instants had.

Source: contract, "Conventions" (every instant is cut to its minute before any arithmetic); peers.md T25, T26, T29, T30.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class Span(NamedTuple):
    """The minutes ``start <= minute < end``; build one with ``span``, which refuses a negative one."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        """The length in minutes, never negative."""
        return self.end - self.start


def minute_of(at: datetime) -> int:
    """Return the minute of an instant: seconds are cut, not rounded.

    Raises:
        ValueError: the instant is naive.
    """
    if at.utcoffset() is None:
        raise ValueError("a naive instant has no minute")
    return (at - _EPOCH) // _MINUTE  # integers throughout: a float would round 59.9999999 s up


def instant_of(minute: int) -> datetime:
    """Return the instant (UTC) at which a minute begins."""
    return _EPOCH + minute * _MINUTE


def span(start_at: datetime, end_at: datetime) -> Span:
    """Return the minutes between two instants, both cut to their minutes.

    Raises:
        ValueError: an instant is naive, or the end lies before the start (a duration is never negative).
    """
    if end_at < start_at:
        raise ValueError("a span of time ends before it starts")
    return Span(minute_of(start_at), minute_of(end_at))


def clip(one: Span, bound: Span) -> Span | None:
    """Return the part of a span that lies in another, or None where no minute does."""
    start, end = max(one.start, bound.start), min(one.end, bound.end)
    return Span(start, end) if start < end else None


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same minutes as sorted spans that neither overlap nor touch."""
    merged: list[Span] = []
    for one in sorted(s for s in spans if s.minutes > 0):
        if merged and one.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, one.end))
        else:
            merged.append(one)
    return tuple(merged)


def subtract(one: Span, taken: Iterable[Span]) -> tuple[Span, ...]:
    """Return the minutes of a span that lie in none of the taken ones, as sorted spans."""
    rest, start = [], one.start
    for hole in union(taken):
        if hole.end <= start or hole.start >= one.end:
            continue
        if hole.start > start:
            rest.append(Span(start, hole.start))
        start = hole.end
    if start < one.end:
        rest.append(Span(start, one.end))
    return tuple(rest)


def by_site_day(one: Span, zone: tzinfo) -> tuple[tuple[date, Span], ...]:
    """Return a span cut at the midnights of the site's zone, each part with its day.

    Source: decisions.md 2 (a shift over midnight gives one line a site day); peers.md T26, T27.
    """
    parts, start = [], one.start
    while start < one.end:
        day, midnight = _day_of(start, zone)
        end = min(one.end, midnight)
        parts.append((day, Span(start, end)))
        start = end
    return tuple(parts)


@lru_cache(maxsize=4096)
def _day_of(minute: int, zone: tzinfo) -> tuple[date, int]:
    """Return the site day of a minute and the minute at which that day ends; many people share the same ones."""
    day = instant_of(minute).astimezone(zone).date()
    return day, minute_of(datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone))


def total(spans: Iterable[Span]) -> int:
    """Return the sum of the lengths in minutes."""
    return sum(one.minutes for one in spans)
