"""The fold: windows, states, refusals, and that only the set of scans matters."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.checkin.folding import (
    ELSE,
    IN,
    NEXT,
    NIGHT,
    NINE,
    OUT,
    SHIFTS,
    TWIN,
    A,
    at,
    outcomes,
    pairs,
    scan,
    shift,
)
from volunteer.checkin.attendance.fold import fold
from volunteer.checkin.attendance.outcomes import State, state
from volunteer.checkin.attendance.presence import presences
from volunteer.checkin.attendance.segments import join, quiet_points, remembered_until, segment_for, segments
from volunteer.checkin.reasons import MESSAGES, Evidence, Flag, Mode, Outcome, Reason, in_order
from volunteer.checkin.rules import Scan, judge_arrival, shift_refusals, window_refusals

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
