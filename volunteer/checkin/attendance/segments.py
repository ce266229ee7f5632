"""Cutting a person's life into segments that fold alone to what they fold to together. Pure.

A scan is remembered until the out window of its shift has passed (``remembered_until``). Between two scans, a cut is
legal where everything before it has been forgotten: a *quiet point*. A service may keep ``remembered_until`` in a
column and find the segment of an instant by SQL: it begins at the last scan before which no scan of the person has a
``remembered_until`` later than that scan's ``judged_at``.

Source: decisions.md 1 (attendances are a fold over all scans of one person); house rule for its cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from volunteer.checkin.attendance.fold import in_judged_order
from volunteer.checkin.attendance.outcomes import AttendanceFacts, Decision, Folded
from volunteer.checkin.credentials.codes import PERSONAL_STEPS, STEP_SECONDS
from volunteer.checkin.reasons import Direction
from volunteer.checkin.rules import Scan, ShiftFacts, open_minutes
from volunteer.hours.policy import POLICY, Policy
from volunteer.hours.spans import instant_of

_CODE_LIFE = timedelta(seconds=STEP_SECONDS * PERSONAL_STEPS)


def remembered_until(scan: Scan, shifts: Mapping[UUID, ShiftFacts], policy: Policy = POLICY) -> datetime:
    """Return the first instant (UTC) from which a scan can no longer change what happens to later ones.

    Refused at arrival: at once. Else the end of the *last minute* of its shift's out window (a whole minute longer
    than ends_at + 60 min, for instants are cut to minutes), and 60 s where it may use up a personal code. ``voided``
    does not shorten it, so that a void recomputes all that the scan had touched.
    """
    until = own = scan.judged_at.astimezone(UTC)
    if scan.refusals:
        return own
    shift = shifts.get(scan.shift_id) if scan.shift_id else None
    if shift is not None:
        until = max(until, instant_of(open_minutes(shift, Direction.OUT, policy)[1] + 1))
    return until if scan.code_step is None else max(until, own + _CODE_LIFE)


def segments(
    scans: Iterable[Scan], shifts: Mapping[UUID, ShiftFacts], policy: Policy = POLICY
) -> tuple[tuple[Scan, ...], ...]:
    """Return the scans, each once and in order, cut at every quiet point.

    Raises:
        ValueError: two different scans have one id.
    """
    return tuple(tuple(part) for part, _ in remembered(scans, shifts, policy))


def remembered(
    scans: Iterable[Scan], shifts: Mapping[UUID, ShiftFacts], policy: Policy = POLICY
) -> list[tuple[list[Scan], datetime]]:
    """Return the `segments`, each with the instant (UTC) from which no scan of it can change anything.

    Raises:
        ValueError: two different scans have one id.
    """
    parts: list[tuple[list[Scan], datetime]] = []
    for scan in in_judged_order(scans):
        own = remembered_until(scan, shifts, policy)
        if not parts or parts[-1][1] <= scan.judged_at:
            parts.append(([scan], own))
        else:
            part, until = parts[-1]
            part.append(scan)
            parts[-1] = part, max(until, own)
    return parts


def quiet_points(
    scans: Iterable[Scan], shifts: Mapping[UUID, ShiftFacts], policy: Policy = POLICY
) -> tuple[datetime, ...]:
    """Return the instants at which segments begin: the ``judged_at`` of the first scan of each."""
    return tuple(part[0].judged_at for part in segments(scans, shifts, policy))


def segment_for(
    scans: Iterable[Scan], shifts: Mapping[UUID, ShiftFacts], scan_id: UUID, policy: Policy = POLICY
) -> tuple[Scan, ...]:
    """Return the segment that holds a scan: folding it alone judges that scan as folding everything does.

    Raises:
        LookupError: the scan is not among them.
    """
    for part in segments(scans, shifts, policy):
        if any(scan.id == scan_id for scan in part):
            return part
    raise LookupError(f"no scan {scan_id}")


def join(parts: Iterable[Folded]) -> Folded:
    """Return the folds of segments as one; segments never share a shift, so nothing is merged.

    Raises:
        ValueError: two parts hold an attendance at one shift: they were no segments.
    """
    decisions: dict[UUID, Decision] = {}
    attendances: dict[UUID, AttendanceFacts] = {}
    for part in parts:
        if attendances.keys() & part.attendances.keys():
            raise ValueError("two segments hold an attendance at one shift")
        decisions.update(part.decisions)
        attendances.update(part.attendances)
    return Folded(decisions, attendances)
