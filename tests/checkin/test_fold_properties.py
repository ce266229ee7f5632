"""Only the set of scans matters: not their order, repetition, partition, nor which device brought them when.

Lives are made with voids, reused codes, shifts that were moved or cancelled since a scan arrived, and devices whose
clocks are wrong.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checkin.folding import IN, ON_PAPER, OUT, UNCONFIRMED, shift
from volunteer.checkin.attendance.fold import fold, in_judged_order
from volunteer.checkin.attendance.presence import presences
from volunteer.checkin.attendance.segments import join, quiet_points, segment_for, segments
from volunteer.checkin.reasons import Flag, Mode, Reason
from volunteer.checkin.rules import Scan, ShiftFacts, judge_arrival, shift_refusals

_FLAGS = st.frozensets(
    st.sampled_from([Flag.LATE, Flag.OVER_CAPACITY, Flag.NO_LOCATION]), max_size=1
) | st.sampled_from([ON_PAPER["flags"], UNCONFIRMED["flags"]])


@st.composite
def lives(draw) -> tuple[list[Scan], dict[UUID, ShiftFacts]]:
    """Up to 14 scans over up to 5 shifts of 2 stations within two days, judged as at their arrival.

    The shifts are returned as they are now: since some scans arrived, some were moved, made longer or shorter, or
    cancelled.
    """
    shifts, before = {}, {}
    for number in range(1, draw(st.integers(1, 5)) + 1):
        start = draw(st.integers(0, 40)) * 60
        length = draw(st.sampled_from([1, 30, 60, 240]))
        one = shift(number, start, start + length, draw(st.integers(1, 2)))
        before[one.id] = shifts[one.id] = one
        if draw(st.integers(0, 2)) == 0:
            moved, longer = draw(st.sampled_from([-90, -15, 0, 15, 240])), draw(st.sampled_from([-20, 0, 60]))
            begin = one.starts_at + timedelta(minutes=moved)
            end = begin + timedelta(minutes=max(1, length + longer))
            shifts[one.id] = replace(one, starts_at=begin, ends_at=end, cancelled=draw(st.booleans()))
    scans = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        chosen = draw(st.sampled_from(sorted(shifts)))
        where = draw(st.sampled_from([before, shifts]))[chosen]  # as it was when this one arrived
        edge = draw(st.sampled_from([where.starts_at, where.ends_at]))
        instant = edge + timedelta(seconds=draw(st.sampled_from([0, 0, 7, 59, 60])))
        instant += timedelta(minutes=draw(st.sampled_from([-31, -30, -5, 0, 0, 1, 5, 30, 60, 61, 62])))
        direction = draw(st.sampled_from([IN, OUT]))
        named = direction is IN or draw(st.booleans())
        flags, places = draw(_FLAGS), draw(st.sampled_from([None, ("/c/1/",), ("/c/",), ("/c/2/", "/c/1/")]))
        scans.append(
            Scan(
                UUID(int=draw(st.integers(0, 2**20)) * 100 + number),
                direction,
                instant,
                where.id if named else None,
                draw(st.sampled_from([Mode.LIVE, Mode.BATCH])),
                shift_refusals(where, direction, instant, None) if named else (),
                int(instant.timestamp()) // 30 - draw(st.integers(0, 1)) if draw(st.booleans()) else None,
                draw(st.booleans()),
                bool(flags) and draw(st.booleans()),
                flags,
                voided=draw(st.integers(0, 9)) == 0,
                places=places,
            )
        )
    return scans, shifts


def test_lives_hold_what_they_promise():
    """Each of these must be found among the lives: else the properties below say less than they seem to."""

    def has_unrefused_in_of_a_cancelled_shift(life) -> bool:
        scans, shifts = life
        return any(s.shift_id and shifts[s.shift_id].cancelled and not s.refusals and s.direction is IN for s in scans)

    def has_pair_past_a_moved_window(life) -> bool:
        return any(one.reason in (Reason.TOO_LATE, Reason.TOO_EARLY) for one in _changed_by_moving(life))

    wanted = {
        "cancelled after the in": has_unrefused_in_of_a_cancelled_shift,
        "refused because cancelled": lambda life: any(Reason.CANCELLED in one.refusals for one in life[0]),
        "accepted, then its window went": has_pair_past_a_moved_window,
        "voided in": lambda life: any(one.voided and one.direction is IN for one in life[0]),
        "two modes": lambda life: len({one.mode for one in life[0]}) == 2,
    }
    seen = set()

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(lives())
    def look(life) -> None:
        seen.update(name for name, is_so in wanted.items() if name not in seen and is_so(life))

    look()
    assert seen == set(wanted)


def _changed_by_moving(life):
    """Yield what the fold now says of scans that arrived without a refusal."""
    scans, shifts = life
    decisions = fold(scans, shifts).decisions
    return [decisions[one.id] for one in scans if not one.refusals and not one.voided]


class Device:
    """A device whose clock is wrong by so much, and which sends some time after it scanned."""

    def __init__(self, error: timedelta) -> None:
        self.error = error

    def arrived(self, scan: Scan, after: timedelta) -> Scan:
        """Return the scan as it is judged on arrival."""
        received = scan.judged_at + after
        arrival = judge_arrival(scan.judged_at + self.error, received + self.error, received)
        return replace(
            scan, judged_at=arrival.judged_at, held=arrival.held or scan.held, flags=arrival.flags | scan.flags
        )


_ERRORS = st.sampled_from([0, -1, 4 * 60, -6 * 60, 86_400, -40 * 365 * 86_400])


@settings(max_examples=150, deadline=None)
@given(lives(), st.lists(_ERRORS, min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_wrong_clocks_crashes_and_several_devices_change_no_minute(life, errors, rng):
    """Three devices, each wrong by its own, send in parts; some answers are lost, and what they held is sent again."""
    scans, shifts = life
    devices = [Device(timedelta(seconds=error)) for error in errors]
    by = {one.id: rng.choice(devices) for one in scans}
    store: dict[UUID, Scan] = {}
    waiting = list(scans)
    while waiting:
        rng.shuffle(waiting)
        sent = waiting[: rng.randrange(1, 6)]
        for one in sent:
            store.setdefault(one.id, by[one.id].arrived(one, timedelta(minutes=rng.randrange(3000))))
        if rng.random() < 0.7:  # else the answer was lost: all of it comes again, later, in other parts
            del waiting[: len(sent)]
    found, wanted = fold(store.values(), shifts), fold(scans, shifts)
    assert {shift_id: _spans(one) for shift_id, one in found.attendances.items()} == {
        shift_id: _spans(one) for shift_id, one in wanted.attendances.items()
    }
    skewed = {one.id for one in scans if abs(by[one.id].error) > timedelta(minutes=5)}
    assert all(Flag.CLOCK_SKEW in store[one].flags and store[one].held for one in skewed)


def _spans(attendance) -> list[tuple[datetime, datetime | None]]:
    """Return the pairs of an attendance as instants."""
    return [(pair.in_at, pair.out_at) for pair in attendance.pairs]


@settings(max_examples=100, deadline=None)
@given(lives())
def test_that_a_shift_is_cancelled_now_takes_nothing_from_who_served(life):
    """Whether it is cancelled is asked at arrival alone; what was evidence then is evidence still."""
    scans, shifts = life
    cancelled = {one.id: replace(one, cancelled=True) for one in shifts.values()}
    assert fold(scans, cancelled) == fold(scans, {one.id: replace(one, cancelled=False) for one in shifts.values()})


@settings(max_examples=150, deadline=None)
@given(lives(), st.randoms(use_true_random=False))
def test_any_order_any_repetition_any_partition_gives_the_same(life, rng):
    scans, shifts = life
    whole = fold(scans, shifts)
    arriving = scans + [rng.choice(scans) for _ in range(rng.randrange(4))]
    rng.shuffle(arriving)
    store: dict[UUID, Scan] = {}
    latest = None
    while arriving:
        size = rng.randrange(1, len(arriving) + 1)
        for one in arriving[:size]:
            store.setdefault(one.id, one)
        del arriving[:size]
        latest = fold(store.values(), shifts)
    assert latest == whole
    assert list(latest.attendances) == list(whole.attendances)
    assert set(whole.decisions) == {one.id for one in scans}


@settings(max_examples=300, deadline=None)
@given(lives())
def test_segments_fold_alone_to_what_they_fold_to_together(life):
    scans, shifts = life
    parts = segments(scans, shifts)
    assert [one for part in parts for one in part] == list(in_judged_order(scans))
    assert join(fold(part, shifts) for part in parts) == fold(scans, shifts)
    assert quiet_points(scans, shifts) == tuple(part[0].judged_at for part in parts)
    assert all(one in segment_for(scans, shifts, one.id) for one in scans)


@settings(max_examples=100, deadline=None)
@given(lives())
def test_a_void_changes_nothing_outside_the_segment_of_the_voided_scan(life):
    scans, shifts = life
    void = replace(scans[0], voided=True)
    touched = {one.id for one in segment_for(scans, shifts, void.id)}
    before, after = fold(scans, shifts), fold([void, *scans[1:]], shifts)
    for scan_id in before.decisions.keys() - touched:
        assert before.decisions[scan_id] == after.decisions[scan_id]


@settings(max_examples=100, deadline=None)
@given(lives())
def test_pairs_of_one_person_never_overlap_and_every_pair_ends_after_it_began(life):
    scans, shifts = life
    found = sorted((p.in_at, p.out_at) for p in presences(fold(scans, shifts)))
    assert all(begin <= end for begin, end in found)
    assert all(one[1] <= later[0] for one, later in pairwise(found))
