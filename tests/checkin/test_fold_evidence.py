"""What the fold makes of strong and weak evidence, and of what is held."""

from dataclasses import replace

import pytest

from tests.checkin.folding import (
    IN,
    NEXT,
    ON_PAPER,
    OUT,
    SHIFTS,
    UNCONFIRMED,
    A,
    outcomes,
    scan,
)
from volunteer.checkin.attendance.fold import fold
from volunteer.checkin.attendance.presence import review_kind
from volunteer.checkin.reasons import Evidence, Flag, Mode, Outcome
from volunteer.hours.facts import PendingKind


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
