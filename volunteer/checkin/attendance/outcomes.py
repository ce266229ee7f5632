"""What the fold comes to: decisions, pairs, attendances, and the state of an attendance at an instant. Pure.

Source: contract, "POST /checkins", "GET /shifts/{id}/attendances", "Hours"; decisions.md 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from volunteer.checkin.reasons import Evidence, Flag, Outcome, Reason
from volunteer.hours.spans import minute_of


class State(StrEnum):
    """Where an attendance stands at an instant."""

    OPEN = "open"
    CLOSED = "closed"
    UNCLOSED = "unclosed"


@dataclass(frozen=True, slots=True)
class Pair:
    """One presence: an in and, where there is one, its out; instants are cut to the minute.

    ``strong`` is True only for a closed pair with both ends strong. ``roll_call``: an end is a roll-call, so that the
    minutes are granted, not verified, when accepted. An ``in`` at the next shift may be the out (``out_scan``).
    """

    shift_id: UUID
    in_scan: UUID
    in_at: datetime
    out_scan: UUID | None
    out_at: datetime | None
    strong: bool
    roll_call: bool
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class AttendanceFacts:
    """One person at one shift: the pairs in order; ``closes_at`` is the last minute of the out window."""

    shift_id: UUID
    pairs: tuple[Pair, ...]
    walk_in: bool
    closes_at: datetime

    @property
    def evidence(self) -> Evidence:
        """Strong where every pair is."""
        return Evidence.STRONG if all(pair.strong for pair in self.pairs) else Evidence.WEAK

    @property
    def flags(self) -> frozenset[Flag]:
        """The flags of all its pairs."""
        return frozenset().union(*(pair.flags for pair in self.pairs))


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one scan stands now.

    ``at`` is ``judged_at`` cut to its minute. ``minutes`` (outs that closed a pair): its minutes inside the shift.
    ``effective``: it opened or closed a pair. ``closed_shift_id``: the shift that this ``in`` signed out of.
    ``open_shift_id``: where the person is in, given with ``open-elsewhere``, ``wrong-station`` and ``not-checked-in``.
    ``opens_at`` and ``closes_at`` (refused, shift known): the window of its direction.
    """

    scan_id: UUID
    outcome: Outcome
    reasons: tuple[Reason, ...]
    shift_id: UUID | None
    at: datetime
    evidence: Evidence
    flags: frozenset[Flag]
    walk_in: bool
    effective: bool = False
    minutes: int | None = None
    closed_shift_id: UUID | None = None
    open_shift_id: UUID | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None

    @property
    def reason(self) -> Reason | None:
        """The first reason in the contract's order."""
        return self.reasons[0] if self.reasons else None


@dataclass(frozen=True, slots=True)
class Folded:
    """The end state of one person: a decision for each scan id, an attendance for each shift with a pair."""

    decisions: dict[UUID, Decision]
    attendances: dict[UUID, AttendanceFacts]


def state(attendance: AttendanceFacts, now: datetime) -> State:
    """Return open, closed or unclosed as a function of the clock, whether or not any job has run.

    ``unclosed``: a pair has no out and the out window has passed; that pair has 0 minutes, provisionally, and closed
    pairs of the same attendance still count. Source: contract, "Hours".
    """
    if all(pair.out_at is not None for pair in attendance.pairs):
        return State.CLOSED
    return State.UNCLOSED if minute_of(now) > minute_of(attendance.closes_at) else State.OPEN
