"""The facts that check-in is judged on, its windows, and what is judged once at arrival. Pure: no clock is read.

What depends on the other scans of the person is in ``fold``; it is judged again whenever a scan arrives.

Source: contract, "Check-in and check-out"; decisions.md 1 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from volunteer.checkin.reasons import Direction, Flag, Mode, Reason, in_order
from volunteer.clock import day_starts_at
from volunteer.hours.policy import POLICY, Policy
from volunteer.hours.spans import instant_of, minute_of

LATE_AFTER = timedelta(hours=72)
SKEW_OVER = timedelta(minutes=5)
AHEAD_OVER = timedelta(seconds=60)
MOST_ON_ONE_PHONE = 3
SHARED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """What check-in must know of a shift.

    ``station_path`` is the materialized path of its station in the tree, ``/`` at both ends. ``cancelled`` is read at
    arrival only: a scan accepted before the cancellation stays accepted.

    Raises:
        ValueError: an instant is naive, the end lies before the start, or the path lacks a ``/`` at an end.
    """

    id: UUID
    station_id: UUID
    station_name: str
    station_path: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool = False
    starts_minute: int = field(init=False, repr=False, compare=False)
    ends_minute: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_minute", minute_of(self.starts_at))
        object.__setattr__(self, "ends_minute", minute_of(self.ends_at))
        if self.ends_minute < self.starts_minute:
            raise ValueError("a shift ends before it starts")
        _check_path(self.station_path)


@dataclass(frozen=True, slots=True)
class Scan:
    """One stored scan of one person, with what was judged when it arrived; nothing in it ever changes but ``voided``.

    ``refusals`` are the reasons judged at arrival (code, person, shift, station, sign-up, seats, window). An ``out``
    should not carry ``not-signed-up`` or ``full``: who is in may go out, and the in may arrive later.
    ``shift_id`` is None for an ``out`` that names no shift (the fold resolves it) and for a refused ``in``.
    ``strong`` says whether this end alone is strong evidence; ``geo_optional`` that the station excuses a missing
    position; ``held`` that it takes part at once while its minutes wait for a person (``needs_review``).
    ``code_step`` is the step of a live personal code, None for cards, roll-calls and station codes: those are not
    used up. ``places`` are what the scanner may serve (see ``serves``); None serves everything.
    ``client_id`` is the id that the device gave; it orders scans of one instant, for ours tells the order of arrival.

    Raises:
        ValueError: the instant is naive, an ``in`` neither names a shift nor is refused, or the path is malformed.
    """

    id: UUID
    direction: Direction
    judged_at: datetime
    shift_id: UUID | None = None
    mode: Mode = Mode.LIVE
    refusals: tuple[Reason, ...] = ()
    code_step: int | None = None
    strong: bool = False
    held: bool = False
    flags: frozenset[Flag] = frozenset()
    walk_in: bool = False
    voided: bool = False
    geo_optional: bool = False
    places: tuple[str, ...] | None = None
    client_id: UUID | None = None
    minute: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "minute", minute_of(self.judged_at))
        if self.direction is Direction.IN and self.shift_id is None and not self.refusals:
            raise ValueError("an accepted in names its shift")
        for place in self.places or ():
            _check_path(place)

    @property
    def rank(self) -> tuple[datetime, UUID]:
        """Where the scan stands among the others, however they arrived."""
        return self.judged_at, self.client_id or self.id


class Window(NamedTuple):
    """The minutes in which a direction is accepted, both included: ``opens_at <= minute <= closes_at``."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a scan is judged to have happened; ``held``: there are flags, and a person must look at it."""

    judged_at: datetime
    flags: frozenset[Flag]
    held: bool
    is_future: bool


def window(shift: ShiftFacts, direction: Direction, policy: Policy = POLICY) -> Window:
    """Return when a direction is accepted: in from 30 min before the start to the end, out until 60 min after the end.

    An out opens with the in, for who comes early may leave early. Source: contract, "Windows".
    """
    opens, closes = open_minutes(shift, direction, policy)
    return Window(instant_of(opens), instant_of(closes))


def open_minutes(shift: ShiftFacts, direction: Direction, policy: Policy = POLICY) -> tuple[int, int]:
    """Return the first and the last minute of a `window`."""
    late = policy.out_late_minutes if direction is Direction.OUT else 0
    return shift.starts_minute - policy.in_early_minutes, shift.ends_minute + late


def window_refusals(
    shift: ShiftFacts, direction: Direction, at: datetime, policy: Policy = POLICY
) -> tuple[Reason, ...]:
    """Return ``too-early`` or ``too-late`` or nothing, by the minute of ``at``; both bounds are inside.

    Source: contract, "Windows"; peers.md T11.
    """
    opens, closes = open_minutes(shift, direction, policy)
    minute = minute_of(at)
    if minute < opens:
        return (Reason.TOO_EARLY,)
    if minute > closes:
        return (Reason.TOO_LATE,)
    return ()


def door_span(day: date, zone: ZoneInfo, policy: Policy = POLICY) -> tuple[datetime, datetime]:
    """Return the instants (UTC) between which the shifts of a site day lie, as its door sees them.

    The day, and what starts so soon after midnight that its ins are accepted before it. Source: contract, "Windows".
    """
    ends = day_starts_at(day + timedelta(days=1), zone) + timedelta(minutes=policy.in_early_minutes)
    return day_starts_at(day, zone), ends


def place_of(thing_id: UUID) -> str:
    """Return the place of a station or of a single shift: one step of a path."""
    return f"/{thing_id}/"


def serves(places: tuple[str, ...] | None, shift: ShiftFacts) -> bool:
    """Return whether a scanner with these places may serve the shift; None serves all.

    A place is a path or a step of one: the shift's station, any station above it, or the shift itself. Steps are looked
    for anywhere in the path, so that a scan goes on being served when its station is moved to another parent.

    Source: contract, "Stations" (a device serves that station's subtree) and "grants" (a shift leader serves a shift).
    """
    return places is None or any(place in f"{shift.station_path}{shift.id}/" for place in places)


def shift_refusals(
    shift: ShiftFacts, direction: Direction, at: datetime, places: tuple[str, ...] | None, policy: Policy = POLICY
) -> tuple[Reason, ...]:
    """Return what the shift itself has against a scan at arrival: wrong-station, cancelled (an in only), its window.

    Who is in when a shift is cancelled may still sign out: the time served is evidence.

    Source: contract, "POST /checkins" (reasons) and "Fine points".
    """
    reasons = list(window_refusals(shift, direction, at, policy))
    if not serves(places, shift):
        reasons.append(Reason.WRONG_STATION)
    if shift.cancelled and direction is Direction.IN:
        reasons.append(Reason.CANCELLED)
    return in_order(reasons)


def judge_arrival(scanned_at: datetime, sent_at: datetime, received_at: datetime) -> Arrival:
    """Return ``judged_at = scanned_at + (received_at - sent_at)`` at full precision, with what makes it held.

    Flags: ``late`` scanned over 72 h before arrival, ``clock-skew`` a device clock off by over 5 min, ``ahead`` over
    60 s in the future (``is_future``: a single scan is then 422, one of a batch is held).

    Raises:
        ValueError: an instant is naive.

    Source: decisions.md 8; contract, "POST /checkins/batch"; peers.md T24.
    """
    for instant in (scanned_at, sent_at, received_at):
        minute_of(instant)
    judged_at = scanned_at + (received_at - sent_at)
    age = received_at - judged_at
    tests = {
        Flag.LATE: age > LATE_AFTER,
        Flag.CLOCK_SKEW: abs(received_at - sent_at) > SKEW_OVER,
        Flag.AHEAD: -age > AHEAD_OVER,
    }
    flags = frozenset(flag for flag, is_so in tests.items() if is_so)
    return Arrival(judged_at, flags, bool(flags), Flag.AHEAD in flags)


def _check_path(path: str) -> None:
    # Without the closing "/" the station "/a/b" would serve "/a/bc" too.
    if not (path.startswith("/") and path.endswith("/")):
        raise ValueError("a station path begins and ends with '/'")
