"""The fold: from all scans of one person to where each scan stands and to the person's attendances. Pure.

The fold is over the *set* of scans in order of (``judged_at``, id), so the order of arrival, repetition and partition
cannot matter. Nothing that depends on another scan is kept from an earlier fold: a late ``in`` turns an ``unmatched``
out into ``checked_out``. Memory of a shift ends with its out window, which is what lets ``segments`` cut a life.

Source: decisions.md 1; contract, "Check-in and check-out" and "Fine points".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from volunteer.checkin.attendance.outcomes import AttendanceFacts, Decision, Folded, Pair
from volunteer.checkin.reasons import Direction, Evidence, Flag, Mode, Outcome, Reason, in_order
from volunteer.checkin.rules import Scan, ShiftFacts, open_minutes, serves, window
from volunteer.hours.policy import POLICY, Policy
from volunteer.hours.spans import Span, clip, instant_of


def in_judged_order(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """Return each scan once, by (``judged_at``, the device's id or else ours).

    Raises:
        ValueError: two different scans have one id.

    Source: contract, "POST /checkins/batch".
    """
    by_id: dict[UUID, Scan] = {}
    for scan in scans:
        known = by_id.setdefault(scan.id, scan)
        if known is not scan and known != scan:
            raise ValueError(f"two different scans have the id {scan.id}")
    return tuple(sorted(by_id.values(), key=lambda scan: scan.rank))


def fold(scans: Iterable[Scan], shifts: Mapping[UUID, ShiftFacts], policy: Policy = POLICY) -> Folded:
    """Return where every scan of one person stands and the attendances that they make.

    Raises:
        ValueError: two different scans have one id, or a scan names a shift that ``shifts`` lacks without having been
            refused at arrival (forgetting to load a shift must not erase an attendance).

    Source: decisions.md 1; contract, "Check-in and check-out".
    """
    walk = _Walk(shifts, policy)
    for scan in in_judged_order(scans):
        walk.take(scan)
    return Folded(walk.decisions, {shift_id: walk.attendance(shift_id) for shift_id in walk.visits})


@dataclass(slots=True)
class _Visit:
    """A pair in the making."""

    opened_by: Scan
    closed_by: Scan | None = None


@dataclass(slots=True)
class _Walk:
    """The state between two scans; ``open_id`` may outlive its window, so it is read through ``_open_shift`` only."""

    shifts: Mapping[UUID, ShiftFacts]
    policy: Policy
    decisions: dict[UUID, Decision] = field(default_factory=dict)
    visits: dict[UUID, list[_Visit]] = field(default_factory=dict)
    used: set[tuple[int, Direction]] = field(default_factory=set)
    open_id: UUID | None = None

    def take(self, scan: Scan) -> None:
        """Judge the next scan and let it act."""
        if scan.voided:
            self._decide(scan, Outcome.VOIDED, self._named_shift(scan))
        elif scan.direction is Direction.IN:
            self._take_in(scan)
        else:
            self._take_out(scan)

    def _take_in(self, scan: Scan) -> None:
        shift, here = self._named_shift(scan), self._open_shift(scan)
        if shift is None:
            return self._refuse(scan, None, ())
        against: tuple[Reason, ...] = ()
        if self._is_past(shift, scan):
            against = (Reason.TOO_LATE,)
        elif here is not None and here.id != shift.id and not _follows(shift, here):
            against = (Reason.OPEN_ELSEWHERE,)
        if scan.refusals or against:
            return self._refuse(scan, shift, against, here)
        if here is not None and here.id == shift.id:
            return self._decide(scan, Outcome.ALREADY_CHECKED_IN, shift)
        if self._is_used(scan):
            return self._refuse(scan, shift, (Reason.CODE_USED,))
        if here is not None:
            self.visits[here.id][-1].closed_by = scan
        self.visits.setdefault(shift.id, []).append(_Visit(scan))
        self.open_id = shift.id
        return self._act(scan, Outcome.CHECKED_IN, shift, closed=here)

    def _take_out(self, scan: Scan) -> None:
        here = self._open_shift(scan)
        if scan.shift_id is None:
            return self._take_shiftless_out(scan, here)
        shift = self._named_shift(scan)
        if shift is None:
            return self._refuse(scan, None, ())
        if self._is_past(shift, scan):
            return self._refuse(scan, shift, (Reason.TOO_LATE,))
        if here is not None and here.id == shift.id:
            return self._close(scan, shift)
        if any(visit.closed_by for visit in self.visits.get(shift.id, ())):
            return self._already_out(scan, shift)
        return self._nothing_to_close(scan, shift, here)

    def _take_shiftless_out(self, scan: Scan, here: ShiftFacts | None) -> None:
        if here is None:
            left = self._shift_left_last(scan)
            # The contract: in a batch without shift_id and with nothing open, unmatched.
            if left is None or scan.mode is Mode.BATCH:
                return self._nothing_to_close(scan, None, None)
            return self._already_out(scan, left)
        if not serves(scan.places, here):
            return self._refuse(scan, here, (Reason.WRONG_STATION,), here)
        return self._close(scan, here)

    def _close(self, scan: Scan, shift: ShiftFacts) -> None:
        if scan.refusals:
            return self._refuse(scan, shift, ())
        if self._is_used(scan):
            return self._refuse(scan, shift, (Reason.CODE_USED,))
        visit = self.visits[shift.id][-1]
        visit.closed_by = scan
        self.open_id = None
        return self._act(scan, Outcome.CHECKED_OUT, shift, minutes=_minutes_inside(visit, scan, shift))

    def _already_out(self, scan: Scan, shift: ShiftFacts) -> None:
        if scan.refusals:
            return self._refuse(scan, shift, ())
        return self._decide(scan, Outcome.ALREADY_CHECKED_OUT, shift)

    def _nothing_to_close(self, scan: Scan, shift: ShiftFacts | None, here: ShiftFacts | None) -> None:
        if scan.mode is not Mode.BATCH:
            return self._refuse(scan, shift, (Reason.NOT_CHECKED_IN,), here)
        if scan.refusals:
            return self._refuse(scan, shift, ())
        return self._decide(scan, Outcome.UNMATCHED, shift)

    def _act(
        self,
        scan: Scan,
        outcome: Outcome,
        shift: ShiftFacts,
        *,
        closed: ShiftFacts | None = None,
        minutes: int | None = None,
    ) -> None:
        if scan.code_step is not None:
            self.used.add((scan.code_step, scan.direction))
        closed_id = closed.id if closed else None
        said = Outcome.NEEDS_REVIEW if scan.held else outcome
        self._decide(scan, said, shift, effective=True, closed_shift_id=closed_id, minutes=minutes)

    def _refuse(
        self, scan: Scan, shift: ShiftFacts | None, against: tuple[Reason, ...], here: ShiftFacts | None = None
    ) -> None:
        reasons = in_order((*scan.refusals, *against))
        names_open = {Reason.OPEN_ELSEWHERE, Reason.WRONG_STATION, Reason.NOT_CHECKED_IN} & set(against)
        opens_at, closes_at = window(shift, scan.direction, self.policy) if shift else (None, None)
        self._decide(
            scan,
            Outcome.REFUSED,
            shift,
            reasons=reasons,
            open_shift_id=here.id if here and names_open else None,
            opens_at=opens_at,
            closes_at=closes_at,
        )

    def _decide(
        self,
        scan: Scan,
        outcome: Outcome,
        shift: ShiftFacts | None,
        *,
        reasons: tuple[Reason, ...] = (),
        effective: bool = False,
        minutes: int | None = None,
        closed_shift_id: UUID | None = None,
        open_shift_id: UUID | None = None,
        opens_at: datetime | None = None,
        closes_at: datetime | None = None,
    ) -> None:
        self.decisions[scan.id] = Decision(
            scan_id=scan.id,
            outcome=outcome,
            reasons=reasons,
            shift_id=shift.id if shift else scan.shift_id,
            at=instant_of(scan.minute),
            evidence=Evidence.STRONG if _is_strong(scan) else Evidence.WEAK,
            flags=_flags(scan),
            walk_in=scan.walk_in,
            effective=effective,
            minutes=minutes,
            closed_shift_id=closed_shift_id,
            open_shift_id=open_shift_id,
            opens_at=opens_at,
            closes_at=closes_at,
        )

    def attendance(self, shift_id: UUID) -> AttendanceFacts:
        """Return the attendance at a shift that has a visit."""
        visits = self.visits[shift_id]
        return AttendanceFacts(
            shift_id,
            tuple(_pair(shift_id, visit) for visit in visits),
            any(visit.opened_by.walk_in for visit in visits),
            window(self.shifts[shift_id], Direction.OUT, self.policy).closes_at,
        )

    def _named_shift(self, scan: Scan) -> ShiftFacts | None:
        if scan.shift_id is None:
            return None
        shift = self.shifts.get(scan.shift_id)
        if shift is None and not scan.refusals and not scan.voided:
            raise ValueError(f"scan {scan.id} names the shift {scan.shift_id}, which was not loaded")
        return shift

    def _open_shift(self, scan: Scan) -> ShiftFacts | None:
        """Where the person is in at that moment: past its out window a visit is unclosed, no longer open."""
        if self.open_id is None or self._is_past(self.shifts[self.open_id], scan):
            return None
        return self.shifts[self.open_id]

    def _shift_left_last(self, scan: Scan) -> ShiftFacts | None:
        """The shift of the most recent out, of those that the scanner serves and whose out window has not passed."""
        left = [
            (visit.closed_by.rank, self.shifts[shift_id])
            for shift_id, visits in self.visits.items()
            for visit in visits
            if visit.closed_by and not self._is_past(self.shifts[shift_id], scan)
        ]
        served = [one for one in left if serves(scan.places, one[1])]
        return max(served, key=lambda one: one[0])[1] if served else None

    def _is_past(self, shift: ShiftFacts, scan: Scan) -> bool:
        return scan.minute > open_minutes(shift, Direction.OUT, self.policy)[1]

    def _is_used(self, scan: Scan) -> bool:
        return scan.code_step is not None and (scan.code_step, scan.direction) in self.used


def _follows(shift: ShiftFacts, here: ShiftFacts) -> bool:
    """The next shift: any of the same station that starts later. Source: contract, "Fine points"."""
    return shift.station_id == here.station_id and shift.starts_minute > here.starts_minute


def _minutes_inside(visit: _Visit, out: Scan, shift: ShiftFacts) -> int:
    inside = clip(Span(visit.opened_by.minute, out.minute), Span(shift.starts_minute, shift.ends_minute))
    return (inside or Span(0, 0)).minutes


def _flags(scan: Scan) -> frozenset[Flag]:
    return scan.flags | {Flag.ROLL_CALL} if scan.mode is Mode.ROLL_CALL else scan.flags


def _is_strong(scan: Scan) -> bool:
    """Source: contract, after "POST /shifts/{id}/roll-call": held or flagged is weak whatever the scanner was."""
    return scan.strong and not scan.held and not _flags(scan)


def _is_excused(scan: Scan) -> bool:
    """One end without a position, at a station that has ``geo_optional``, does not weaken a strong other end."""
    return scan.geo_optional and not scan.held and _flags(scan) == {Flag.NO_LOCATION}


def _as_closing(scan: Scan) -> Scan:
    """Return an in as the out of the shift before: that the *new* shift has no seat left says nothing about the old."""
    if scan.direction is Direction.OUT or Flag.OVER_CAPACITY not in scan.flags:
        return scan
    flags = scan.flags - {Flag.OVER_CAPACITY}
    return Scan(
        scan.id,
        scan.direction,
        scan.judged_at,
        scan.shift_id,
        scan.mode,
        strong=scan.strong,
        held=False,  # what else held it is among the flags and weakens the end by itself
        flags=flags,
        geo_optional=scan.geo_optional,
    )


def _pair(shift_id: UUID, visit: _Visit) -> Pair:
    first = visit.opened_by
    last = _as_closing(visit.closed_by) if visit.closed_by else None
    ends = (first, last) if last else (first,)
    weak = [end for end in ends if not _is_strong(end)]
    flags = frozenset[Flag]().union(*(_flags(end) for end in ends))
    return Pair(
        shift_id=shift_id,
        in_scan=first.id,
        in_at=instant_of(first.minute),
        out_scan=last.id if last else None,
        out_at=instant_of(last.minute) if last else None,
        strong=last is not None and (not weak or (len(weak) == 1 and _is_excused(weak[0]))),
        roll_call=Flag.ROLL_CALL in flags,
        flags=flags,
    )
