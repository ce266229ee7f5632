"""What a fold hands down to hours: closed pairs as presences. Pure.

Source: contract, after "POST /shifts/{id}/roll-call" (strong and weak) and "GET /reviews" (kinds).
"""

from __future__ import annotations

from volunteer.checkin.attendance.outcomes import Folded, Pair
from volunteer.checkin.reasons import Flag
from volunteer.hours.facts import PairKey, PendingKind, Presence


def presences(folded: Folded) -> tuple[Presence, ...]:
    """Return the closed pairs of a person; a pair without an out has no minutes and is left out."""
    return tuple(
        Presence(
            PairKey(pair.shift_id, pair.in_scan, pair.out_scan),
            pair.in_at,
            pair.out_at,
            review_kind(pair),
            pair.roll_call,
        )
        for attendance in folded.attendances.values()
        for pair in attendance.pairs
        if pair.out_scan is not None and pair.out_at is not None
    )


def review_kind(pair: Pair) -> PendingKind | None:
    """Return why the minutes of a pair wait, None for a strong one; a lack of seats goes before lateness."""
    if pair.strong:
        return None
    if Flag.OVER_CAPACITY in pair.flags:
        return PendingKind.OVER_CAPACITY
    if pair.flags & {Flag.LATE, Flag.CLOCK_SKEW, Flag.AHEAD}:
        return PendingKind.LATE_EVIDENCE
    return PendingKind.WEAK_EVIDENCE
