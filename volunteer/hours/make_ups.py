"""What speaks against a make-up, and until when one may be asked for. Pure.

Source: contract, "POST /make-ups"; decisions.md 20; domain.md g3 (10 working days: Order 67 Art. 11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

import chinese_calendar

from volunteer.hours.facts import ShiftTimes
from volunteer.hours.policy import POLICY
from volunteer.hours.spans import Span, clip, minute_of


class MakeUpFault(StrEnum):
    """Why a make-up cannot be asked for (422)."""

    ENDS_BEFORE_START = "ends-before-start"
    FUTURE = "future"
    OUTSIDE_SHIFT = "outside-shift"
    ALREADY_CREDITED = "already-credited"
    DEADLINE = "deadline"


class MakeUpFlag(StrEnum):
    """Why a make-up needs a keeper of a higher station or an admin."""

    BEFORE_PUBLICATION = "before-publication"
    BEFORE_SIGN_UP = "before-sign-up"


class Deadline(NamedTuple):
    """The last site day on which a make-up may be asked for; ``provisional`` where the official list is not out yet."""

    on: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class MakeUpVerdict:
    """All faults at once, the flags, and the minutes asked for (0 where the range is empty or negative)."""

    faults: tuple[MakeUpFault, ...]
    flags: tuple[MakeUpFlag, ...]
    minutes: int
    deadline: Deadline


def make_up_deadline(
    shift_ends_on: date, n: int = POLICY.make_up_working_days, official: Mapping[date, bool] | None = None
) -> Deadline:
    """Return the ``n``-th working day after the site day on which a shift ends.

    A day in ``official`` (True: working day) is what an administrator entered. Else ``chinese_calendar`` decides for
    the years it knows, and past them Monday to Friday are taken and the deadline is provisional.

    Raises:
        ValueError: ``n`` is negative.

    Source: decisions.md 20; contract, "POST /make-ups" (``deadline``).
    """
    if n < 0:
        raise ValueError("a number of days is not negative")
    day, provisional = shift_ends_on, False
    while n > 0:
        day += timedelta(days=1)
        is_working, is_guess = _is_working_day(day, official or {})
        provisional = provisional or is_guess
        n -= is_working
    return Deadline(day, provisional)


def make_up_faults(
    from_at: datetime,
    to_at: datetime,
    shift: ShiftTimes,
    *,
    now: datetime,
    zone: tzinfo,
    taken: Iterable[Span] = (),
    published_at: datetime | None,
    signed_up_at: datetime | None,
    deadline: Deadline | None = None,
) -> MakeUpVerdict:
    """Return everything that speaks against asking for ``from_at`` to ``to_at`` of a shift, each cut to its minute.

    ``taken`` are the minutes credited or pending (``Hours.taken`` and other open make-ups). None for ``published_at``
    or ``signed_up_at`` means never, and is flagged. Past ``deadline`` (computed where None) is a fault.

    Raises:
        ValueError: an instant is naive.

    Source: contract, "POST /make-ups".
    """
    start, end = minute_of(from_at), minute_of(to_at)
    due = deadline or make_up_deadline(shift.ends_at.astimezone(zone).date())
    asked = Span(start, end) if start < end else None
    tests = {
        MakeUpFault.ENDS_BEFORE_START: asked is None,
        MakeUpFault.FUTURE: end > minute_of(now),
        MakeUpFault.OUTSIDE_SHIFT: start < minute_of(shift.starts_at) or end > minute_of(shift.ends_at),
        MakeUpFault.ALREADY_CREDITED: asked is not None and any(clip(asked, one) for one in taken),
        MakeUpFault.DEADLINE: now.astimezone(zone).date() > due.on,
    }
    flags = {
        MakeUpFlag.BEFORE_PUBLICATION: published_at is None or start < minute_of(published_at),
        MakeUpFlag.BEFORE_SIGN_UP: signed_up_at is None or start < minute_of(signed_up_at),
    }
    return MakeUpVerdict(
        tuple(fault for fault, is_so in tests.items() if is_so),
        tuple(flag for flag, is_so in flags.items() if is_so),
        asked.minutes if asked else 0,
        due,
    )


def _is_working_day(day: date, official: Mapping[date, bool]) -> tuple[bool, bool]:
    """Return (is it a working day, is that a guess)."""
    if day in official:
        return official[day], False
    try:
        return bool(chinese_calendar.is_workday(day)), False
    except NotImplementedError:  # a year that the calendar does not know
        return day.weekday() < 5, True
