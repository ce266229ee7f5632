"""What other rooms hand to hours and hear from it: presences in, handlers that `app` wires (decisions 19)."""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from volunteer.activities.service import ShiftFacts
from volunteer.hours import facts


@dataclass(frozen=True, slots=True)
class Presence:
    """One person at one shift, as check-in sees it now.

    Attributes:
        shift: the shift; None only for scans that name none and found none (`unmatched`).
        pairs: its closed pairs (`checkin.attendance.presence.presences`), strong or not.
        unmatched: scans that wait for a person though they prove no minute: an out whose in has not arrived.
        open_until: the last minute of the out window if a pair has no out yet; past it the attendance is unclosed.
        station_id: where a shiftless unmatched scan was made; else the shift's station is taken.
        at: when a shiftless unmatched scan is judged to have happened; its site day is the review's.
    """

    shift: ShiftFacts | None
    pairs: tuple[facts.Presence, ...] = ()
    unmatched: tuple[uuid.UUID, ...] = ()
    open_until: dt.datetime | None = None
    station_id: uuid.UUID | None = None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as whoever decides should see it.

    Attributes:
        at: when it is judged to have happened; `received_at` when it came.
        way: how it came, in words; `device` the scanner's name, `account_id` who made it; one of the two is there.
        notes: what speaks against it, a sentence each (flags, refusals, voided).
        counts: it was accepted and has not been voided.
        distance_m: metres from the place of service, where a phone said where it was.
    """

    id: uuid.UUID
    direction: str
    at: dt.datetime
    received_at: dt.datetime
    shift_id: uuid.UUID | None
    station_id: uuid.UUID | None
    way: str
    device: str
    account_id: uuid.UUID | None
    distance_m: int | None
    reason: str | None
    notes: tuple[str, ...]
    counts: bool


ScansOf = Callable[[Session, Collection[uuid.UUID]], dict[uuid.UUID, Scan]]
ScansBetween = Callable[[Session, uuid.UUID, dt.datetime, dt.datetime], list[Scan]]
PresenceOf = Callable[[Session, uuid.UUID], Sequence[Presence]]
LinesChanged = Callable[[Session, Collection[uuid.UUID]], Callable[[Collection[uuid.UUID], dt.datetime], None]]
RecordedBy = Callable[[Session, Sequence[uuid.UUID]], frozenset[uuid.UUID]]

#: Every presence of a person, told by check-in, so that a decision in hours can settle again. One handler.
PRESENCE_OF: list[PresenceOf] = []
#: Called in the transaction before these people's lines may change, to ask and lock what it needs; returns what is
#: called after the lines of some of them have: certificates are superseded.
LINES_CHANGED: list[LinesChanged] = []
#: The accounts that recorded these scans (keepers, leaders; a device has none): they never review them. One handler.
RECORDED_BY: list[RecordedBy] = []
#: The scans behind requests, by id, in a fixed number of statements: what a decision's page shows. One handler.
SCANS_OF: list[ScansOf] = []
#: A person's scans between two instants, accepted or not, in order. One handler.
SCANS_BETWEEN: list[ScansBetween] = []

#: What a review may be found by: names and words of what its scans carry, and which of some scans carry one.
MARKS: dict[str, str] = {}
MARKED: list[Callable[[Session, Collection[uuid.UUID], str], frozenset[uuid.UUID]]] = []

#: A person's attendances at one shift or, without one, those not closed of late, each with its state and why: told by
#: check-in for the person's own page, newest first. One handler.
ATTENDED: list[Callable[[uuid.UUID, uuid.UUID | None, dt.datetime], list[dict[str, Any]]]] = []


def attended(person_id: uuid.UUID, shift_id: uuid.UUID | None, now: dt.datetime) -> list[dict[str, Any]]:
    """Return what check-in tells of a person's attendances; nothing before it is wired."""
    return [one for handler in ATTENDED for one in handler(person_id, shift_id, now)]


def presences_of(session: Session, person_id: uuid.UUID) -> list[Presence]:
    """Return every presence of a person; none before check-in is wired."""
    return [presence for handler in PRESENCE_OF for presence in handler(session, person_id)]


def recorded_by(session: Session, scan_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return the accounts that recorded any of these scans."""
    found: frozenset[uuid.UUID] = frozenset()
    for handler in RECORDED_BY if scan_ids else ():
        found |= handler(session, scan_ids)
    return found


def scans_of(session: Session, scan_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Scan]:
    """Return these scans by id, as far as there are any."""
    found: dict[uuid.UUID, Scan] = {}
    for handler in SCANS_OF if scan_ids else ():
        found |= handler(session, scan_ids)
    return found


def scans_between(session: Session, person_id: uuid.UUID, start: dt.datetime, end: dt.datetime) -> list[Scan]:
    """Return a person's scans between two instants, in order."""
    return [scan for handler in SCANS_BETWEEN for scan in handler(session, person_id, start, end)]


def marked(session: Session, scan_ids: Collection[uuid.UUID], mark: str) -> frozenset[uuid.UUID]:
    """Return those of these scans that carry a mark of `MARKS`."""
    found: frozenset[uuid.UUID] = frozenset()
    for handler in MARKED if scan_ids else ():
        found |= handler(session, scan_ids, mark)
    return found
