"""The fold: windows, states, refusals, and that only the set of scans matters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.checkin.fold import fold, in_judged_order
from volunteer.checkin.outcomes import State, state
from volunteer.checkin.presence import presences, review_kind
from volunteer.checkin.reasons import MESSAGES, Direction, Evidence, Flag, Mode, Outcome, Reason, in_order
from volunteer.checkin.rules import Scan, ShiftFacts, judge_arrival, shift_refusals, window_refusals
from volunteer.checkin.segments import join, quiet_points, remembered_until, segment_for, segments
from volunteer.hours.facts import PendingKind

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
IN, OUT = Direction.IN, Direction.OUT


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def shift(number: int, start: float, end: float, station: int = 1, path: str | None = None) -> ShiftFacts:
    path = path or f"/c/{station}/"
    return ShiftFacts(UUID(int=number), UUID(int=1000 + station), f"站{station}", path, at(start), at(end))


A = shift(1, 0, 120)  # 09:00 to 11:00 at station 1
NEXT = shift(2, 120, 240)  # right after it, same station
TWIN = shift(3, 0, 120)  # same time, same station
ELSE = shift(4, 60, 180, station=2)
NIGHT = shift(5, 780, 1020)  # 22:00 to 02:00
SHIFTS = {one.id: one for one in (A, NEXT, TWIN, ELSE, NIGHT)}


def scan(number: int, direction: Direction, minute: float, where: ShiftFacts | None = A, **more) -> Scan:
    more.setdefault("strong", True)
    return Scan(UUID(int=number), direction, at(minute), where.id if where else None, **more)


def outcomes(*scans: Scan) -> list[str]:
    decisions = fold(scans, SHIFTS).decisions
    return [str(decisions[one.id].reason or decisions[one.id].outcome) for one in scans]


def pairs(*scans: Scan) -> dict[int, list[tuple[int, int | None]]]:
    return {
        shift_id.int: [
            (minutes(pair.in_at), None if pair.out_at is None else minutes(pair.out_at)) for pair in attendance.pairs
        ]
        for shift_id, attendance in fold(scans, SHIFTS).attendances.items()
    }


def minutes(instant: datetime) -> int:
    return int((instant - NINE).total_seconds()) // 60


# Words


def test_every_reason_and_outcome_has_one_sentence_that_says_what_to_do():
    assert set(MESSAGES) == {*Reason, *Outcome}
    assert len(MESSAGES) == len(Reason) + len(Outcome)
    for word, sentence in MESSAGES.items():
        assert sentence.endswith("。"), word
        assert sentence.count("。") == 1, word
        assert "请" in sentence or word in {Outcome.CHECKED_OUT}, word
    assert len(set(MESSAGES.values())) == len(MESSAGES)


def test_reasons_come_in_the_order_of_the_contract():
    contract = (
        "code-invalid code-expired suspended shift-unknown wrong-station cancelled not-signed-up full too-early "
        "too-late open-elsewhere not-checked-in code-used"
    )
    found = [str(reason) for reason in Reason]
    assert [reason for reason in found if reason != "code-revoked"][:13] == contract.split()
    assert found.index("code-revoked") == 2  # of what the code alone says, before all that the person or shift says
    assert in_order([Reason.TOO_LATE, Reason.SUSPENDED, Reason.TOO_LATE]) == (Reason.SUSPENDED, Reason.TOO_LATE)


# Windows


@pytest.mark.parametrize(
    ("direction", "minute", "wanted"),
    [
        (IN, -31, "too-early"),
        (IN, -30 - 1 / 60, "too-early"),
        (IN, -30, None),
        (IN, -1, None),
        (IN, 0, None),
        (IN, 15, None),
        (IN, 120, None),
        (IN, 120 + 59 / 60, None),  # still the minute of the end
        (IN, 121, "too-late"),
        (OUT, -31, "too-early"),
        (OUT, -30, None),
        (OUT, 121, None),
        (OUT, 180, None),
        (OUT, 180 + 59 / 60, None),
        (OUT, 181, "too-late"),
    ],
)
def test_windows_include_both_bounds_by_the_minute(direction, minute, wanted):
    assert window_refusals(A, direction, at(minute)) == ((Reason(wanted),) if wanted else ())


def test_windows_cut_the_seconds_of_the_shift_too():
    odd = replace(A, starts_at=at(0.9), ends_at=at(120.9))
    assert window_refusals(odd, IN, at(-30)) == ()
    assert window_refusals(odd, IN, at(121)) == (Reason.TOO_LATE,)


def test_a_shift_has_station_window_and_cancellation_against_a_scan_and_cancellation_spares_an_out():
    off = replace(A, cancelled=True)
    assert shift_refusals(off, IN, at(500), ("/c/2/",)) == (Reason.WRONG_STATION, Reason.CANCELLED, Reason.TOO_LATE)
    assert shift_refusals(off, OUT, at(60), ("/c/",)) == ()
    assert shift_refusals(A, IN, at(0), None) == ()
    assert shift_refusals(shift(9, 0, 60, path="/c/12/"), IN, at(0), ("/c/1/",)) == (Reason.WRONG_STATION,)


@pytest.mark.parametrize("bad", [{"ends_at": at(-1)}, {"station_path": "/c/1"}, {"station_path": "c/1/"}])
def test_facts_that_cannot_be_are_refused(bad):
    with pytest.raises(ValueError, match=r"ends before|path"):
        replace(A, **bad)


def test_a_scan_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="naive"):
        Scan(UUID(int=1), OUT, datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="names its shift"):
        Scan(UUID(int=1), IN, NINE)
    with pytest.raises(ValueError, match="path"):
        scan(1, IN, 0, places=("/c/1",))


# Arrival


@pytest.mark.parametrize(
    ("scanned", "sent", "received", "flags"),
    [
        (0, 0, 0, set()),
        (0, 72 * 60, 72 * 60, set()),
        (0, 72 * 60 + 1, 72 * 60 + 1, {Flag.LATE}),
        (0, 0, 5, set()),
        (0, 0, 5.1, {Flag.CLOCK_SKEW}),
        (0, 5.1, 0, {Flag.CLOCK_SKEW}),
        (1, 0, 0, set()),
        (1.1, 0, 0, {Flag.AHEAD}),
        (3, 6, 0, {Flag.CLOCK_SKEW}),
    ],
)
def test_arrival_judges_the_device_clock_by_what_it_said_on_sending(scanned, sent, received, flags):
    arrival = judge_arrival(at(scanned), at(sent), at(received))
    assert arrival.judged_at == at(scanned) + (at(received) - at(sent))
    assert (arrival.flags, arrival.held, arrival.is_future) == (flags, bool(flags), Flag.AHEAD in flags)


# One shift


def test_in_and_out_make_a_pair_of_whole_minutes():
    folded = fold([scan(1, IN, 2.99), scan(2, OUT, 150.02)], SHIFTS)
    assert folded.decisions[UUID(int=2)].minutes == 118  # 09:02 to 11:00, the shift's end
    assert folded.decisions[UUID(int=1)].at == at(2)
    assert pairs(scan(1, IN, 2.99), scan(2, OUT, 150.02)) == {1: [(2, 150)]}
    assert folded.attendances[A.id].evidence is Evidence.STRONG
    assert [p.review for p in presences(folded)] == [None]


def test_commands_name_the_target_state_and_repeat_harmlessly():
    assert outcomes(scan(1, IN, 0), scan(2, IN, 5), scan(3, OUT, 10), scan(4, OUT, 11)) == [
        "checked_in",
        "already_checked_in",
        "checked_out",
        "already_checked_out",
    ]
    assert pairs(scan(1, IN, 0), scan(2, IN, 5), scan(3, OUT, 10), scan(4, OUT, 11)) == {1: [(0, 10)]}


def test_re_entry_opens_a_second_pair():
    scans = scan(1, IN, 0), scan(2, OUT, 10), scan(3, IN, 20), scan(4, OUT, 30)
    assert outcomes(*scans) == ["checked_in", "checked_out", "checked_in", "checked_out"]
    assert pairs(*scans) == {1: [(0, 10), (20, 30)]}


@pytest.mark.parametrize("where", [A, None])
@pytest.mark.parametrize(("mode", "wanted"), [(Mode.LIVE, "not-checked-in"), (Mode.BATCH, "unmatched")])
def test_an_out_without_an_in_waits_in_a_batch_and_is_refused_live_and_pairs_when_the_in_comes(where, mode, wanted):
    out = scan(2, OUT, 60, where, mode=mode)
    assert outcomes(out) == [wanted]
    assert outcomes(out, scan(1, IN, 0)) == ["checked_out", "checked_in"]


def test_an_out_before_its_in_never_pairs_with_it():
    assert pairs(scan(1, OUT, 5), scan(2, IN, 10)) == {1: [(10, None)]}


def test_equal_instants_are_ordered_by_id():
    assert outcomes(scan(1, IN, 5), scan(2, OUT, 5)) == ["checked_in", "checked_out"]
    assert outcomes(scan(2, IN, 5), scan(1, OUT, 5)) == ["checked_in", "not-checked-in"]


def test_an_out_at_another_shift_than_the_open_one_says_where_the_person_is():
    folded = fold([scan(1, IN, 60), scan(2, OUT, 70, ELSE)], SHIFTS)
    decision = folded.decisions[UUID(int=2)]
    assert (decision.reason, decision.open_shift_id) == (Reason.NOT_CHECKED_IN, A.id)
    assert (decision.opens_at, decision.closes_at) == (at(30), at(240))


@pytest.mark.parametrize(
    ("minute", "live", "wanted_state"),
    [
        (180, "checked_out", State.CLOSED),
        (180.99, "checked_out", State.CLOSED),
        (181, "not-checked-in", State.UNCLOSED),
    ],
)
def test_a_shiftless_out_closes_until_the_last_minute_of_the_window(minute, live, wanted_state):
    scans = scan(1, IN, 0), scan(2, OUT, minute, None)
    assert outcomes(*scans)[1] == live
    assert state(fold(scans, SHIFTS).attendances[A.id], at(500)) is wanted_state


def test_a_named_out_past_the_window_is_too_late_even_if_arrival_missed_it():
    assert outcomes(scan(1, IN, 0), scan(2, OUT, 181))[1] == "too-late"
    assert outcomes(scan(1, IN, 200)) == ["too-late"]  # the shift was shortened after the scan


@pytest.mark.parametrize(("now", "wanted"), [(0, State.OPEN), (180.99, State.OPEN), (181, State.UNCLOSED)])
def test_the_close_is_a_function_of_the_clock(now, wanted):
    attendance = fold([scan(1, IN, 0)], SHIFTS).attendances[A.id]
    assert state(attendance, at(now)) is wanted
    assert presences(fold([scan(1, IN, 0)], SHIFTS)) == ()


def test_an_attendance_with_a_closed_and_a_forgotten_pair_is_unclosed_and_keeps_the_closed_one():
    folded = fold([scan(1, IN, 0), scan(2, OUT, 10), scan(3, IN, 20)], SHIFTS)
    assert state(folded.attendances[A.id], at(500)) is State.UNCLOSED
    assert [(p.in_at, p.out_at) for p in presences(folded)] == [(at(0), at(10))]


def test_a_night_shift_pairs_over_midnight():
    assert pairs(scan(1, IN, 780, NIGHT), scan(2, OUT, 1020, None)) == {5: [(780, 1020)]}


# Shiftless outs


def test_a_live_shiftless_out_after_the_out_says_already_while_the_window_lasts():
    scans = [scan(1, IN, 0), scan(2, OUT, 10)]
    assert outcomes(*scans, scan(3, OUT, 180, None))[2] == "already_checked_out"
    assert outcomes(*scans, scan(3, OUT, 181, None))[2] == "not-checked-in"
    assert outcomes(*scans, scan(3, OUT, 20, None, mode=Mode.BATCH))[2] == "unmatched"
    assert outcomes(*scans, scan(3, OUT, 20, None, places=("/c/2/",)))[2] == "not-checked-in"


def test_a_shiftless_out_at_a_scanner_that_does_not_serve_the_open_shift_is_wrong_station():
    for path, wanted in (("/c/2/", "wrong-station"), ("/c/", "checked_out"), ("/c/1/", "checked_out")):
        assert outcomes(scan(1, IN, 0), scan(2, OUT, 10, None, places=(path,)))[1] == wanted


# Two shifts


def test_an_in_at_the_next_shift_of_the_station_signs_out_of_the_one_before():
    folded = fold([scan(1, IN, 0), scan(2, IN, 119, NEXT), scan(3, OUT, 200, NEXT)], SHIFTS)
    decision = folded.decisions[UUID(int=2)]
    assert (decision.outcome, decision.closed_shift_id) == (Outcome.CHECKED_IN, A.id)
    assert folded.attendances[A.id].pairs[0].out_scan == UUID(int=2)
    assert pairs(scan(1, IN, 0), scan(2, IN, 119, NEXT), scan(3, OUT, 200, NEXT)) == {1: [(0, 119)], 2: [(119, 200)]}


@pytest.mark.parametrize("other", [ELSE, TWIN])
def test_an_in_elsewhere_or_at_a_shift_that_does_not_start_later_is_refused(other):
    folded = fold([scan(1, IN, 60), scan(2, IN, 70, other)], SHIFTS)
    decision = folded.decisions[UUID(int=2)]
    assert (decision.reason, decision.open_shift_id) == (Reason.OPEN_ELSEWHERE, A.id)
    assert (decision.opens_at, decision.closes_at) == (other.starts_at - timedelta(minutes=30), other.ends_at)
    assert outcomes(scan(1, IN, 60), scan(2, OUT, 65), scan(3, IN, 70, other))[2] == "checked_in"


def test_a_forgotten_check_out_blocks_only_until_its_window_has_passed():
    assert outcomes(scan(1, IN, 0), scan(2, IN, 180, ELSE))[1] == "open-elsewhere"
    late = replace(ELSE, ends_at=at(400))
    folded = fold([scan(1, IN, 0), scan(2, IN, 181, late)], {**SHIFTS, late.id: late})
    assert folded.decisions[UUID(int=2)].outcome is Outcome.CHECKED_IN
    assert folded.decisions[UUID(int=2)].closed_shift_id is None
    assert folded.attendances[A.id].pairs[0].out_at is None


# Refusals judged at arrival


def test_a_refused_scan_has_no_effect_and_gives_all_reasons_in_order():
    bad = scan(2, IN, 70, ELSE, refusals=(Reason.FULL, Reason.SUSPENDED))
    decision = fold([scan(1, IN, 60), bad], SHIFTS).decisions[bad.id]
    assert decision.reasons == (Reason.SUSPENDED, Reason.FULL, Reason.OPEN_ELSEWHERE)
    assert not decision.effective
    assert outcomes(scan(1, IN, 0, refusals=(Reason.CODE_EXPIRED,)), scan(2, OUT, 10)) == [
        "code-expired",
        "not-checked-in",
    ]
    refused_out = scan(2, OUT, 10, refusals=(Reason.CODE_EXPIRED,))
    assert pairs(scan(1, IN, 0), refused_out) == {1: [(0, None)]}
    assert fold([refused_out], SHIFTS).decisions[refused_out.id].reasons == (
        Reason.CODE_EXPIRED,
        Reason.NOT_CHECKED_IN,
    )


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.BATCH])
@pytest.mark.parametrize("where", [A, None])
def test_a_refused_out_stays_refused_in_every_state(mode, where):
    bad = scan(9, OUT, 30, where, mode=mode, refusals=(Reason.SUSPENDED,))
    for others in ((), (scan(1, IN, 0),), (scan(1, IN, 0), scan(2, OUT, 10))):
        assert fold([*others, bad], SHIFTS).decisions[bad.id].reason is Reason.SUSPENDED


@pytest.mark.parametrize("direction", [IN, OUT])
def test_an_unknown_shift_is_refused_where_arrival_said_so_and_an_unloaded_one_is_a_fault(direction):
    stranger = shift(77, 0, 60)
    known = scan(1, direction, 0, stranger, refusals=(Reason.SHIFT_UNKNOWN,))
    assert outcomes(known) == ["shift-unknown"]
    with pytest.raises(ValueError, match="not loaded"):
        outcomes(scan(1, direction, 0, stranger))


def test_an_ambiguous_in_has_no_shift_and_no_effect():
    assert outcomes(scan(1, IN, 0, None, refusals=(Reason.AMBIGUOUS,))) == ["ambiguous"]


# Codes used up


def test_a_code_is_used_once_a_direction_and_state_is_judged_before_reuse():
    used = {"code_step": 7}
    scans = scan(1, IN, 0, **used), scan(2, IN, 0.1, **used), scan(3, OUT, 0.2, **used), scan(4, IN, 0.3, **used)
    assert outcomes(*scans) == ["checked_in", "already_checked_in", "checked_out", "code-used"]
    again = scan(5, OUT, 0.5, code_step=7)
    assert outcomes(*scans[:3], scan(4, IN, 0.3, code_step=8), again)[4] == "code-used"
    assert outcomes(*scans[:3], again)[3] == "already_checked_out"


def test_cards_and_roll_calls_are_not_used_up():
    scans = scan(1, IN, 0), scan(2, OUT, 1), scan(3, IN, 2), scan(4, OUT, 3)
    assert outcomes(*scans) == ["checked_in", "checked_out", "checked_in", "checked_out"]


def test_a_refused_scan_uses_no_code():
    refused = scan(1, IN, 0, refusals=(Reason.FULL,), code_step=7)
    assert outcomes(refused, scan(2, IN, 0.5, code_step=7)) == ["full", "checked_in"]


def test_a_voided_scan_has_no_effect_and_frees_its_code():
    void = scan(1, IN, 0, voided=True, code_step=7)
    assert outcomes(void, scan(2, IN, 0.5, code_step=7)) == ["voided", "checked_in"]
    assert outcomes(scan(1, IN, 0, voided=True), scan(2, OUT, 10)) == ["voided", "not-checked-in"]
    assert pairs(scan(1, IN, 0), scan(2, OUT, 10, voided=True), scan(3, OUT, 20)) == {1: [(0, 20)]}


# Evidence

ON_PAPER = {"mode": Mode.SELF, "strong": False, "flags": frozenset({Flag.PAPER})}
UNCONFIRMED = {"held": True, "flags": frozenset({Flag.PAPER, Flag.NO_LOCATION, Flag.UNCONFIRMED})}


@pytest.mark.parametrize(
    ("first", "last", "strong", "kind"),
    [
        ({}, {}, True, None),
        ({"strong": False}, {}, False, PendingKind.WEAK_EVIDENCE),
        ({}, {"flags": frozenset({Flag.SELF_SCAN})}, False, PendingKind.WEAK_EVIDENCE),
        ({"held": True, "flags": frozenset({Flag.LATE})}, {}, False, PendingKind.LATE_EVIDENCE),
        ({"held": True, "flags": frozenset({Flag.OVER_CAPACITY, Flag.LATE})}, {}, False, PendingKind.OVER_CAPACITY),
        ({"mode": Mode.ROLL_CALL}, {}, False, PendingKind.WEAK_EVIDENCE),
        ({"strong": False, "flags": frozenset({Flag.NO_LOCATION})}, {}, False, PendingKind.WEAK_EVIDENCE),
        ({"strong": False, "flags": frozenset({Flag.NO_LOCATION}), "geo_optional": True}, {}, True, None),
        (
            {"strong": False, "flags": frozenset({Flag.NO_LOCATION}), "geo_optional": True},
            {"strong": False, "flags": frozenset({Flag.NO_LOCATION}), "geo_optional": True},
            False,
            PendingKind.WEAK_EVIDENCE,
        ),
        (ON_PAPER, {}, False, PendingKind.WEAK_EVIDENCE),
        (
            ON_PAPER | {"flags": frozenset({Flag.PAPER, Flag.NO_LOCATION, Flag.WORD})},
            {},
            False,
            PendingKind.WEAK_EVIDENCE,
        ),
        # a station that excuses a missing position excuses it on paper never
        ({}, ON_PAPER | UNCONFIRMED | {"geo_optional": True}, False, PendingKind.WEAK_EVIDENCE),
    ],
)
def test_a_pair_is_strong_only_if_both_ends_are(first, last, strong, kind):
    folded = fold([scan(1, IN, 0, **first), scan(2, OUT, 60, **last)], SHIFTS)
    pair = folded.attendances[A.id].pairs[0]
    assert (pair.strong, review_kind(pair)) == (strong, kind)
    assert pair.roll_call is (first.get("mode") is Mode.ROLL_CALL)
    assert folded.attendances[A.id].evidence is (Evidence.STRONG if strong else Evidence.WEAK)


def test_a_held_scan_takes_part_at_once_and_needs_review():
    held = scan(1, IN, 0, held=True, walk_in=True, flags=frozenset({Flag.OVER_CAPACITY}))
    folded = fold([held, scan(2, OUT, 60)], SHIFTS)
    assert [d.outcome for d in folded.decisions.values()] == [Outcome.NEEDS_REVIEW, Outcome.CHECKED_OUT]
    assert folded.decisions[held.id].effective
    assert folded.attendances[A.id].walk_in
    assert folded.attendances[A.id].flags == {Flag.OVER_CAPACITY}


def test_who_came_by_paper_without_a_proof_is_in_waits_and_leaves_like_anybody():
    came = scan(1, IN, 0, **ON_PAPER | UNCONFIRMED)
    again, left = scan(2, IN, 5, **ON_PAPER), scan(3, OUT, 60, **ON_PAPER)
    assert outcomes(came, again, left) == ["needs_review", "already_checked_in", "checked_out"]
    assert fold([came, again, left], SHIFTS).decisions[left.id].minutes == 60
    gone = replace(came, voided=True)  # what stood behind it stands by its own proof
    assert outcomes(gone, again, left) == ["voided", "checked_in", "checked_out"]
    assert not fold([came, left], SHIFTS).attendances[A.id].pairs[0].strong


def test_an_excused_end_stays_excused_where_only_seats_held_it():
    flags = frozenset({Flag.OVER_CAPACITY, Flag.NO_LOCATION})
    closing = scan(2, IN, 119, NEXT, strong=False, held=True, flags=flags, geo_optional=True)
    folded = fold([scan(1, IN, 0), closing], SHIFTS)
    assert folded.attendances[A.id].pairs[0].strong


def test_that_the_next_shift_has_no_seat_says_nothing_about_the_one_it_closes():
    over = scan(2, IN, 119, NEXT, held=True, flags=frozenset({Flag.OVER_CAPACITY}))
    late = scan(2, IN, 119, NEXT, held=True, flags=frozenset({Flag.OVER_CAPACITY, Flag.LATE}))
    for closing, strong in ((over, True), (late, False)):
        folded = fold([scan(1, IN, 0), closing, scan(3, OUT, 200, NEXT)], SHIFTS)
        assert folded.attendances[A.id].pairs[0].strong is strong
        assert Flag.OVER_CAPACITY not in folded.attendances[A.id].flags
        assert review_kind(folded.attendances[NEXT.id].pairs[0]) is PendingKind.OVER_CAPACITY


# The set decides

_FLAGS = st.frozensets(
    st.sampled_from([Flag.LATE, Flag.OVER_CAPACITY, Flag.NO_LOCATION]), max_size=1
) | st.sampled_from([ON_PAPER["flags"], UNCONFIRMED["flags"]])


@st.composite
def lives(draw) -> tuple[list[Scan], dict[UUID, ShiftFacts]]:
    """Up to 14 scans over up to 5 shifts of 2 stations within two days, window-judged as arrival would."""
    shifts = {}
    for number in range(1, draw(st.integers(1, 5)) + 1):
        start = draw(st.integers(0, 40)) * 60
        station = draw(st.integers(1, 2))
        one = shift(number, start, start + draw(st.sampled_from([1, 30, 60, 240])), station)
        shifts[one.id] = one
    scans = []
    for number in range(1, draw(st.integers(1, 14)) + 1):
        where = draw(st.sampled_from(sorted(shifts.values(), key=lambda s: s.id)))
        edge = draw(st.sampled_from([where.starts_at, where.ends_at]))
        instant = edge + timedelta(seconds=draw(st.sampled_from([0, 0, 7, 59, 60])))
        instant += timedelta(minutes=draw(st.sampled_from([-31, -30, -5, 0, 0, 1, 5, 30, 60, 61, 62])))
        direction = draw(st.sampled_from([IN, OUT]))
        named = direction is IN or draw(st.booleans())
        flags = draw(_FLAGS)
        scans.append(
            Scan(
                UUID(int=draw(st.integers(0, 2**20)) * 100 + number),
                direction,
                instant,
                where.id if named else None,
                draw(st.sampled_from([Mode.LIVE, Mode.BATCH, Mode.SELF])),
                window_refusals(where, direction, instant) if named else (),
                int(instant.timestamp()) // 30 - draw(st.integers(0, 1)) if draw(st.booleans()) else None,
                draw(st.booleans()),
                bool(flags) and draw(st.booleans()),
                flags,
                voided=draw(st.integers(0, 9)) == 0,
                places=draw(st.sampled_from([None, ("/c/1/",), ("/c/",), ("/c/2/", "/c/1/")])),
            )
        )
    return scans, shifts


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


def test_a_shift_is_remembered_to_the_end_of_its_last_minute():
    assert remembered_until(scan(1, IN, 0), SHIFTS) == at(181)
    assert remembered_until(scan(1, IN, 0, refusals=(Reason.FULL,)), SHIFTS) == at(0)
    assert remembered_until(scan(1, IN, 0, voided=True), SHIFTS) == at(181)
    assert remembered_until(scan(1, OUT, 5, None), SHIFTS) == at(5)
    assert remembered_until(scan(1, OUT, 5, None, code_step=1), SHIFTS) == at(6)


def test_a_code_used_in_the_last_minute_of_a_window_is_remembered():
    """An out at the very end of one window, then in and out at another shift with the same code."""
    after = shift(8, 170, 300, station=2)
    shifts = {A.id: A, after.id: after}
    scans = [
        scan(1, IN, 0),
        scan(2, OUT, 180.7, code_step=7),
        scan(3, IN, 181, after),
        scan(4, OUT, 181.1, after, code_step=7),
    ]
    assert len(segments(scans, shifts)) == 1
    assert fold(scans, shifts).decisions[UUID(int=4)].reason is Reason.CODE_USED


def test_days_apart_are_segments_apart():
    tomorrow = shift(8, 1440, 1500)
    shifts = {A.id: A, tomorrow.id: tomorrow}
    scans = [scan(1, IN, 0), scan(2, OUT, 60), scan(3, IN, 1440, tomorrow)]
    assert [len(part) for part in segments(scans, shifts)] == [2, 1]
    assert quiet_points(scans, shifts) == (at(0), at(1440))
    with pytest.raises(LookupError):
        segment_for(scans, shifts, UUID(int=99))


def test_two_scans_with_one_id_and_two_segments_with_one_shift_are_faults():
    with pytest.raises(ValueError, match="two different scans"):
        fold([scan(1, IN, 0), scan(1, IN, 1)], SHIFTS)
    part = fold([scan(1, IN, 0)], SHIFTS)
    with pytest.raises(ValueError, match="two segments"):
        join([part, part])
