"""How a recorded scan is told: the answer's words and the status that goes with them. Pure.

Source: contract, "POST /checkins" (201, 200, 202, 409) and "POST /checkins/batch".
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from volunteer.activities.service import ShiftFacts
from volunteer.checkin.attendance.outcomes import Decision
from volunteer.checkin.keys import Claim
from volunteer.checkin.reasons import MESSAGES, Outcome, Reason
from volunteer.checkin.recording import Recorded

CREATED, OK, ACCEPTED, REFUSED = 201, 200, 202, 409
_STATUSES = {
    Outcome.CHECKED_IN: CREATED,
    Outcome.CHECKED_OUT: CREATED,
    Outcome.NEEDS_REVIEW: ACCEPTED,
    Outcome.UNMATCHED: ACCEPTED,
    Outcome.REFUSED: REFUSED,
}
REFUSED_TITLE = "这次扫码没有被接受"


def single(recorded: Recorded) -> tuple[int, dict[str, Any]]:
    """Return status and body of one scan: a new one tells what it did, one sent again where it stands now (200)."""
    decision = recorded.decision
    assert decision  # noqa: S101 - an id that belongs to something else was raised before
    body = whole(recorded, decision)
    if recorded.claim is Claim.AGAIN:
        return OK, body
    status = _STATUSES.get(decision.outcome, OK)
    return status, problem(body) if status == REFUSED else body


def whole(recorded: Recorded, decision: Decision) -> dict[str, Any]:
    """Return everything that is told of a scan."""
    body: dict[str, Any] = {
        "id": recorded.event.client_id or recorded.scan_id,
        "scan_id": recorded.scan_id,
        "direction": recorded.event.direction,
        "outcome": decision.outcome,
        "message": MESSAGES[decision.reason or decision.outcome],
        "attendance_id": _attendance_id(recorded, decision),
        "shift_id": decision.shift_id,
        "at": decision.at,
        "walk_in": recorded.is_walk_in,
        "evidence": decision.evidence,
        "flags": sorted(decision.flags),
    }
    if recorded.person:
        body["volunteer"] = {"id": recorded.person.id, "display_name": recorded.person.display_name}
    if decision.minutes is not None:
        body["minutes"] = decision.minutes
    if decision.closed_shift_id:
        body["closed_attendance_id"] = recorded.attendance_of(decision.closed_shift_id)
    if decision.outcome is Outcome.REFUSED:
        body |= _refused(recorded, decision)
    return body


def problem(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the problem document of a refused scan."""
    code = "ambiguous" if body["reason"] == Reason.AMBIGUOUS else "checkin-refused"
    return {
        "type": f"/problems/{code}",
        "title": REFUSED_TITLE,
        "status": REFUSED,
        "detail": body["message"],
        "code": code,
        **body,
    }


def in_batch(recorded: Recorded) -> dict[str, Any]:
    """Return one result of a batch; an id that belongs to something else is refused without saying to what."""
    if recorded.decision is None:
        return {
            "id": recorded.event.client_id,
            "outcome": Outcome.REFUSED,
            "reason": Reason.ID_REUSED,
            "reasons": [Reason.ID_REUSED],
            "message": MESSAGES[Reason.ID_REUSED],
        }
    return whole(recorded, recorded.decision)


def _attendance_id(recorded: Recorded, decision: Decision) -> UUID | None:
    """Return the attendance that a scan made, or found as it should be."""
    acted = decision.effective or decision.outcome in (Outcome.ALREADY_CHECKED_IN, Outcome.ALREADY_CHECKED_OUT)
    return recorded.attendance_of(decision.shift_id) if acted else None


def _refused(recorded: Recorded, decision: Decision) -> dict[str, Any]:
    """Return why, and what the next step needs."""
    shifts: Mapping[UUID, ShiftFacts] = recorded.shifts or {}
    told: dict[str, Any] = {"reason": decision.reason, "reasons": list(decision.reasons)}
    if decision.opens_at and decision.closes_at:
        told |= {"opens_at": decision.opens_at, "closes_at": decision.closes_at}
    here = shifts.get(decision.open_shift_id) if decision.open_shift_id else None
    if here:
        told["open"] = {"shift_id": here.id, "station_name": here.station_name}
    if recorded.arrived and recorded.arrived.choices:
        told["choices"] = [choice(shift) for shift in recorded.arrived.choices]
    if recorded.arrived and recorded.arrived.signup_reasons:
        told["signup_reasons"] = list(recorded.arrived.signup_reasons)
    return told


def choice(shift: ShiftFacts) -> dict[str, Any]:
    """Return a shift to choose from."""
    return {
        "shift_id": shift.id,
        "activity_title": shift.activity_title,
        "post": shift.post,
        "place": shift.place,
        "station_name": shift.station_name,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
    }
