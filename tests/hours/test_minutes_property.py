"""Credited minutes against an independent counter that knows no spans: it walks a whole week minute by minute.

The counter shares no code with the rules: sets of minutes, a loop over the clock, its own windows and tiers.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.checkin.attendance.fold import fold
from volunteer.checkin.attendance.presence import presences
from volunteer.checkin.reasons import Direction
from volunteer.checkin.rules import Scan, ShiftFacts, shift_refusals
from volunteer.hours.facts import Hours, MakeUp, PairKey, PendingKind, Presence, Rulings, ShiftTimes
from volunteer.hours.rules import credit, recompute

ZONE = ZoneInfo("Asia/Shanghai")
BASE = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # 18:00 at the site: midnight is six hours on
BASE_SECOND = int(BASE.timestamp())
LATER = BASE + timedelta(days=30)


@dataclass(frozen=True)
class Shift:
    """A shift as the naive counter knows it: minutes after the base."""

    number: int
    start: int
    end: int
    station: int


@dataclass(frozen=True)
class Tap:
    """A scan as the naive counter knows it: seconds after the base."""

    number: int
    second: int
    is_in: bool
    shift: int | None
    strong: bool


def site_day(minute: int) -> date:
    return (datetime(2026, 11, 20, 18, 0) + timedelta(minutes=minute)).date()  # noqa: DTZ001 - wall clock, +08:00


class NaiveWalk:
    """Somebody who watches the door for days, with a clock that shows minutes and a bag of minutes not yet proved."""

    def __init__(self, shifts: dict[int, Shift]) -> None:
        self.shifts = shifts
        self.here: int | None = None
        self.bag: list[int] = []
        self.entered_strong = False
        self.owner: dict[int, int] = {}
        self.proved: set[int] = set()

    def take(self, minute: int, tap: Tap) -> None:
        target = self.here if tap.shift is None else tap.shift
        if target is None:
            return
        goal = self.shifts[target]
        if minute < goal.start - 30 or minute > goal.end + (0 if tap.is_in else 60):
            return
        enters = tap.is_in and (self.here is None or self.is_next(goal))
        if self.here is not None and (enters or (not tap.is_in and self.here == target)):
            self.empty_bag(tap.strong)
        if enters:
            self.here, self.entered_strong = target, tap.strong

    def is_next(self, goal: Shift) -> bool:
        old = self.shifts[self.here]
        return old.station == goal.station and old.start < goal.start

    def empty_bag(self, strong: bool) -> None:
        old = self.shifts[self.here]
        for minute in self.bag:
            if old.start <= minute < old.end:
                self.owner[minute] = old.number
                if strong and self.entered_strong:
                    self.proved.add(minute)
        self.here, self.bag = None, []


def naive_presence(shifts: dict[int, Shift], taps: list[Tap]) -> tuple[dict[int, int], set[int]]:
    """Walk the clock: which shift each minute belongs to, and which minutes are proved at both ends."""
    by_minute = defaultdict(list)
    for tap in sorted(set(taps), key=lambda t: (t.second, t.number)):
        by_minute[tap.second // 60].append(tap)
    walk = NaiveWalk(shifts)
    for minute in range(-200, 4500):
        if walk.here is not None and minute > shifts[walk.here].end + 60:
            walk.here, walk.bag = None, []  # never signed out: nothing
        for tap in by_minute[minute]:
            walk.take(minute, tap)
        if walk.here is not None:
            walk.bag.append(minute)
    return walk.owner, walk.proved


def naive_totals(owner: dict[int, int], proved: set[int]) -> tuple[Counter, Counter, Counter]:
    """Count minutes one by one: credited by (shift, day), waiting over the limit by (day, level), waiting for proof."""
    credited, over, weak, today = Counter(), Counter(), Counter(), Counter()
    for minute in sorted(owner):
        day = site_day(minute)
        if minute not in proved:
            weak[owner[minute]] += 1
            continue
        today[day] += 1
        if today[day] <= 480:
            credited[owner[minute], day] += 1
        else:
            over[day, "keeper" if today[day] <= 720 else "admin"] += 1
    return credited, over, weak


@st.composite
def worlds(draw) -> tuple[dict[int, Shift], list[Tap]]:
    """Two to four shifts around and over midnight, and up to 16 taps near their edges and in their middles."""
    shifts = {}
    for number in range(1, draw(st.integers(2, 4)) + 1):
        start = draw(st.one_of(st.integers(-60, 1500), st.sampled_from([0, 240, 360, 480])))
        length = draw(st.sampled_from([1, 20, 120, 240, 240, 600, 900]))
        shifts[number] = Shift(number, start, start + length, draw(st.sampled_from([1, 1, 2])))
    taps = []
    for number in range(draw(st.integers(1, 16))):
        one = shifts[draw(st.integers(1, len(shifts)))]
        is_in = draw(st.booleans())
        usual = one.start if is_in else one.end
        around = draw(st.sampled_from([usual, usual, one.start, one.end, (one.start + one.end) // 2]))
        minute = around + draw(st.sampled_from([-31, -30, -1, 0, 0, 0, 1, 15, 59, 60, 61]))
        named = is_in or draw(st.booleans())
        second = minute * 60 + draw(st.sampled_from([0, 1, 30, 59]))
        taps.append(Tap(number, second, is_in, one.number if named else None, draw(st.integers(0, 4)) > 0))
    return shifts, taps


def facts_of(shifts: dict[int, Shift]) -> dict[UUID, ShiftFacts]:
    return {
        UUID(int=s.number): ShiftFacts(
            UUID(int=s.number),
            UUID(int=100 + s.station),
            "站",
            f"/{s.station}/",
            BASE + timedelta(minutes=s.start),
            BASE + timedelta(minutes=s.end),
        )
        for s in shifts.values()
    }


def scan_of(tap: Tap, facts: dict[UUID, ShiftFacts]) -> Scan:
    direction = Direction.IN if tap.is_in else Direction.OUT
    at = datetime.fromtimestamp(BASE_SECOND + tap.second, ZONE)
    shift = facts[UUID(int=tap.shift)] if tap.shift else None
    refusals = shift_refusals(shift, direction, at, None) if shift else ()
    return Scan(UUID(int=tap.number), direction, at, shift.id if shift else None, refusals=refusals, strong=tap.strong)


def times_of(facts: dict[UUID, ShiftFacts]) -> dict[UUID, ShiftTimes]:
    return {one.id: ShiftTimes(one.id, one.starts_at, one.ends_at) for one in facts.values()}


def check_sane(hours: Hours) -> None:
    """A day has at most 1440 minutes, nothing is negative, nothing counts twice, and the explanation adds up."""
    days = Counter()
    for one in hours.credits:
        assert one.minutes > 0
        days[one.site_day] += one.minutes
    assert all(minutes <= 1440 for minutes in days.values())
    assert all(one.minutes > 0 for one in hours.pendings)
    assert all(piece.span.minutes > 0 for piece in hours.explanation.tiers)
    seen = [m for piece in hours.explanation.tiers for m in range(*piece.span)]
    seen += [m for one in hours.pendings if one.source for s in one.spans for m in range(*s)]
    assert len(seen) == len(set(seen))
    assert set(seen) == {m for one in hours.taken for m in range(*one)}
    assert recompute(hours.explanation) == hours.credits
    assert hours.minutes_total == hours.minutes_verified + hours.minutes_granted


@settings(max_examples=250, deadline=None)
@given(worlds(), st.integers(0, 2**32))
def test_minutes_are_those_of_the_naive_counter_in_any_order_and_repetition(world, seed):
    shifts, taps = world
    facts = facts_of(shifts)
    scans = [scan_of(tap, facts) for tap in taps]
    rng = random.Random(seed)  # noqa: S311 - shuffling, not a secret
    scans += rng.choices(scans, k=3)
    rng.shuffle(scans)
    found = list(presences(fold(scans, facts)))
    for one in found:
        assert one.out_at >= one.in_at
    rng.shuffle(found)
    hours = credit(found, times_of(facts), ZONE, LATER)
    check_sane(hours)

    credited, over, weak = naive_totals(*naive_presence(shifts, taps))
    assert Counter({(c.shift_id.int, c.site_day): c.minutes for c in hours.credits}) == credited
    seen_over, seen_weak = Counter(), Counter()
    for one in hours.pendings:
        if one.kind is PendingKind.OVER_CAP:
            seen_over[one.site_day, str(one.level)] += one.minutes
        else:
            seen_weak[one.shift_id.int] += one.minutes
    assert seen_over == over
    assert seen_weak == weak


@st.composite
def tangles(draw) -> tuple[list[Presence], list[MakeUp], dict[PairKey, bool], dict[UUID, ShiftTimes], datetime]:
    """Presences that overlap as no fold would make them, make-ups across them, rulings, and a clock in the middle."""
    shifts = {}
    for number in range(1, 4):
        start = draw(st.integers(0, 1000))
        one = ShiftTimes(
            UUID(int=number),
            BASE + timedelta(minutes=start),
            BASE + timedelta(minutes=start + draw(st.integers(0, 1400))),
        )
        shifts[one.id] = one
    ids = sorted(shifts)
    found, rulings = [], {}
    for number in range(draw(st.integers(0, 6))):
        key = PairKey(draw(st.sampled_from(ids)), UUID(int=100 + number), UUID(int=200 + number))
        start, length = draw(st.integers(0, 1500)), draw(st.integers(0, 1200))
        review = draw(st.sampled_from([None, None, PendingKind.WEAK_EVIDENCE, PendingKind.LATE_EVIDENCE]))
        roll_call = review is not None and draw(st.booleans())
        begin = BASE + timedelta(minutes=start)
        found.append(Presence(key, begin, begin + timedelta(minutes=length), review, roll_call))
        if draw(st.booleans()):
            rulings[key] = draw(st.booleans())
    make_ups = []
    for number in range(draw(st.integers(0, 3))):
        begin = BASE + timedelta(minutes=draw(st.integers(0, 2000)))
        end = begin + timedelta(minutes=draw(st.integers(0, 600)))
        make_ups.append(MakeUp(UUID(int=300 + number), draw(st.sampled_from(ids)), begin, end))
    return found, make_ups, rulings, shifts, BASE + timedelta(minutes=draw(st.sampled_from([600, 10_000])))


@settings(max_examples=250, deadline=None)
@given(tangles(), st.integers(0, 2**32))
def test_overlap_make_ups_and_rulings_agree_with_sets_of_minutes(tangle, seed):
    found, make_ups, rulings, shifts, now = tangle
    hours = credit(found, shifts, ZONE, now, make_ups=make_ups, rulings=Rulings(rulings))
    check_sane(hours)
    rng = random.Random(seed)  # noqa: S311 - shuffling, not a secret
    mixed, again = found + found[:2], make_ups + make_ups[:1]
    rng.shuffle(mixed)
    rng.shuffle(again)
    assert credit(mixed, shifts, ZONE, now, make_ups=again, rulings=Rulings(rulings)) == hours

    def inside(shift_id: UUID, start: datetime, end: datetime) -> set[int]:
        shift = shifts[shift_id]
        first, last = max(start, shift.starts_at), min(end, shift.ends_at)
        return set(range(int((first - BASE).total_seconds() // 60), int((last - BASE).total_seconds() // 60)))

    past = set(range(int((now - BASE).total_seconds() // 60)))
    verified, granted, pending, asked = set(), set(), set(), set()
    for one in found:
        bucket = granted if one.roll_call else verified
        if one.review and one.key not in rulings:
            bucket = pending
        if not (one.review and rulings.get(one.key) is False):
            bucket |= inside(one.key.shift_id, one.in_at, one.out_at)
    for one in make_ups:
        asked |= inside(one.shift_id, one.from_at, one.to_at)
    verified, granted, asked = verified & past, (granted & past) - verified, asked & past
    asked -= verified | granted
    days = Counter()
    counts = Counter()
    for group in (verified | granted, asked):
        for minute in sorted(group):
            days[site_day(minute)] += 1
            if days[site_day(minute)] <= 480:
                counts["verified" if minute in verified else "granted"] += 1
    assert (hours.minutes_verified, hours.minutes_granted) == (counts["verified"], counts["granted"])
    waiting = sum(one.minutes for one in hours.pendings if one.source)
    assert waiting == len(pending - verified - granted - asked)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_any_partition_of_the_scans_ends_in_the_same_hours(world):
    shifts, taps = world
    facts = facts_of(shifts)
    store: dict[UUID, Scan] = {}
    latest = None
    for tap in sorted(taps, key=lambda t: (t.number % 3, -t.second)):  # three devices, each sending its newest first
        store[UUID(int=tap.number)] = scan_of(tap, facts)
        latest = credit(presences(fold(store.values(), facts)), times_of(facts), ZONE, LATER)
    whole = credit(presences(fold([scan_of(t, facts) for t in taps], facts)), times_of(facts), ZONE, LATER)
    assert latest == whole
