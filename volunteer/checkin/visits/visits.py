"""A volunteer before a station's code: what the code is worth, who is asking, and what each of them would do now.

Nothing here writes but the count of openings: opening the page changes nothing.
Source: ux.md §5a, P6, V10; contract, "GET /stations/{id}/code" and "POST /me/checkins".
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.activities import service as activities
from volunteer.activities.rules import SignupStatus
from volunteer.activities.service import ShiftFacts
from volunteer.checkin import answers
from volunteer.checkin.attendance import lives, projection
from volunteer.checkin.attendance.lives import of_fold
from volunteer.checkin.credentials import cards, codes, tickets
from volunteer.checkin.credentials.codes import CodeStatus
from volunteer.checkin.events import Event, keys
from volunteer.checkin.keys import Claim
from volunteer.checkin.models import ATTENDANCES
from volunteer.checkin.posters import paper_codes, sheets
from volunteer.checkin.reasons import Direction, Mode, Reason
from volunteer.checkin.recording import Recorded
from volunteer.checkin.rules import door_span, place_of, serves, window
from volunteer.clock import site_day, to_minute
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.web import limits

JUST_ARRIVED = dt.timedelta(minutes=10)
"""Who scans again so soon means to make sure, not to leave."""


class Stand(StrEnum):
    """Where a person stands at a station, and so what is offered to them first."""

    ABSENT = "absent"
    ARRIVED = "arrived"
    PRESENT = "present"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Opened:
    """A station's code that was live when it was opened: the ticket for it, the shift that it names, and for whom.

    `on_paper`: it was that of a sheet, which asks for the place or the word of the day as well.
    """

    ticket: str
    shift_id: uuid.UUID | None
    browser: str
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """A person before the code: the caller, or one they act for.

    Attributes:
        person_id: who; volunteer_id: the same, None for the caller themself.
        shift: the one that is meant: where they are, or where they would be checked in; None where none is found.
        choices: walk-in shifts to choose from, where several are meant.
        at: when they came (`ARRIVED`, `PRESENT`) or left (`LEFT`); before the window of `shift`, when it opens.
    """

    person_id: uuid.UUID
    volunteer_id: uuid.UUID | None
    display_name: str
    stand: Stand
    shift: ShiftFacts | None = None
    choices: tuple[ShiftFacts, ...] = ()
    at: dt.datetime | None = None


def count_opening(browser: str, address: str, now: dt.datetime) -> None:
    """Count that a station's page is opened: seldom by one browser, often from one address.

    A whole village stands behind one address of its operator (CGNAT), and WeChat opens a page twice; one phone, also
    one that goes round a family, opens few in a minute. `browser` is its secret, "" before it has one.

    Raises:
        RateLimited: 20 in a minute by one browser, or 3,000 in ten minutes from one address.
    """
    browsers = [("visit", browser[:100])] if browser else []
    limits.take_all([*browsers, ("visit-address", address)], now)


def open_code(text: str, browser: str, now: dt.datetime) -> Opened | Reason:
    """Return a ticket for the station's code in an address, of a screen or a sheet, or why it is none that is good."""
    on_paper = paper_codes.read(text)
    if on_paper is not None:
        sheet = sheets.judge(reading(), on_paper)
        if isinstance(sheet, Reason):
            return sheet
        return Opened(tickets.issue(sheet.station_id, browser, now, sheet_id=sheet.id), None, browser, on_paper=True)
    found = cards.open_station_code(text, browser, now)
    if found is not None:
        return Opened(found[0], found[1].shift_id, browser)
    code = codes.read_station(text)
    is_late = code is not None and codes.judge_station(keys(), code, now).status is CodeStatus.EXPIRED
    return Reason.CODE_EXPIRED if is_late else Reason.CODE_INVALID


def hold_ticket(text: str, station_id: uuid.UUID, browser: str, now: dt.datetime) -> Opened | Reason:
    """Return a ticket that this browser was given for this station before, or why it is none that is good."""
    try:
        ticket = tickets.read(text, browser, now)
    except tickets.ExpiredTicket:
        return Reason.CODE_EXPIRED
    if ticket is None or ticket.station_id != station_id:
        return Reason.CODE_INVALID
    if ticket.sheet_id is not None:
        sheet = sheets.still_good(reading(), ticket.sheet_id)
        if isinstance(sheet, Reason):
            return sheet
    return Opened(text, ticket.shift_id, browser, ticket.sheet_id is not None)


def path_of_typed(text: str) -> str | None:
    """Return where the digits of a sheet lead that somebody typed, good or revoked; None where they are of no sheet."""
    code = paper_codes.read(text)
    station_id = sheets.station_of(reading(), code) if code else None
    return paper_codes.path_of(station_id, code.digits) if code and station_id else None


def callers(actor: Actor, station_id: uuid.UUID, shift_id: uuid.UUID | None, now: dt.datetime) -> list[Caller]:
    """Return the caller and all for whom they act, the caller first, each with what they would do at a station now.

    One statement a person beside those for all: a family is a handful.

    Raises:
        Forbidden: `not-a-volunteer`, and nobody to act for. NotFound: no such station.
    """
    session, station = reading(), stations.get_station(station_id)
    own = registration.find_own_person(actor)
    people = [who for who in registration.linked_persons(actor) if who != own]
    if own is None and not people:
        registration.own_person(actor)
    names = registration.display_names(session, {*people, *([own] if own else [])})
    recent = _recent(session, [*([own] if own else []), *people], now)
    shifts = activities.shifts_of(session, {row.shift_id for rows in recent.values() for row in rows})
    found = []
    for who in [*([own] if own else []), *people]:
        desk = _Desk(session, station.path, place_of(station_id), shift_id, shifts, now)
        found.append(desk.caller(None if who == own else who, names.get(who, ""), who, recent.get(who, [])))
    return found


def is_in(person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether a person is checked in somewhere and may still check out."""
    return any(row.has_open_pair for row in _recent(reading(), [person_id], now).get(person_id, []))


def own_scan(actor: Actor, scan_id: uuid.UUID) -> dict[str, Any]:
    """Return where a scan of the caller, or of one they act for, stands now, told as when it was made.

    Raises:
        NotFound: no such scan, or somebody else's.
    """
    session = reading()
    row = lives.rows_of(session, [scan_id]).get(scan_id)
    if row is None or row.person_id is None or not registration.may_act_for(actor, row.person_id):
        raise NotFound
    shifts = activities.shifts_of(session, [row.named_shift_id] if row.named_shift_id else [])
    life = lives.load(session, {row.person_id: (row.judged_at, row.judged_at)}, shifts)[row.person_id]
    folded = life.folded()
    decision = folded.decisions[scan_id]
    attendance = folded.attendances.get(decision.shift_id) if decision.shift_id else None
    event = Event(Direction(row.direction), Mode(row.mode), row.scanned_at, row.sent_at, "", row.client_id)
    recorded = Recorded(
        event,
        Claim.AGAIN,
        scan_id,
        decision,
        registration.facts_of(session, [row.person_id])[row.person_id],
        attendance_ids=projection.ids_of(session, [row.person_id]),
        shifts=shifts,
        is_walk_in=decision.walk_in or bool(attendance and attendance.walk_in),
    )
    told = answers.whole(recorded, decision)
    shift = shifts.get(decision.shift_id) if decision.shift_id else None
    return told | {"shift": shift, "station_id": row.station_id, "person_id": row.person_id}


def _recent(session: Session, people: Sequence[uuid.UUID], now: dt.datetime) -> dict[uuid.UUID, list[Any]]:
    """Return the attendances whose window for going out is still open, by person, the latest first."""
    query = sa.select(ATTENDANCES).where(
        ATTENDANCES.c.person_id.in_(people), ATTENDANCES.c.pair_count > 0, ATTENDANCES.c.closes_at >= to_minute(now)
    )
    found: dict[uuid.UUID, list[Any]] = {}
    for row in session.execute(query.order_by(ATTENDANCES.c.first_in_at.desc(), ATTENDANCES.c.id)):
        found.setdefault(row.person_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class _Desk:
    """A station (or one shift of it) at an instant, before which people are judged."""

    session: Session
    path: str
    place: str
    shift_id: uuid.UUID | None
    shifts: dict[uuid.UUID, ShiftFacts]
    now: dt.datetime

    def caller(self, volunteer_id: uuid.UUID | None, name: str, person_id: uuid.UUID, recent: Sequence[Any]) -> Caller:
        """Return what a person would do here: leave where they are, else come to what is meant."""
        whom = person_id, volunteer_id, name
        here = [row for row in recent if self._is_here(self.shifts[row.shift_id])]
        inside = next((row for row in here if row.has_open_pair), None)
        ahead, doors = self._meant(person_id, {row.shift_id for row in here})
        if inside is not None and not (ahead and self.shifts[inside.shift_id].ends_at <= self.now):
            return self._inside(whom, inside)
        if ahead is not None:
            opens_at = window(of_fold(ahead), Direction.IN).opens_at
            return Caller(*whom, Stand.ABSENT, ahead, at=opens_at if opens_at > self.now else None)
        if here:
            return Caller(*whom, Stand.LEFT, self.shifts[here[0].shift_id], at=here[0].last_out_at)
        return Caller(*whom, Stand.ABSENT, doors[0] if len(doors) == 1 else None, doors if len(doors) > 1 else ())

    def _inside(self, whom: tuple[uuid.UUID, uuid.UUID | None, str], row: Any) -> Caller:
        """Return somebody who is in: to leave, unless they came a moment ago."""
        shift, at = self.shifts[row.shift_id], projection.facts_of(row).pairs[-1].in_at
        is_new = self.now - at < JUST_ARRIVED and self.now < shift.ends_at
        return Caller(*whom, Stand.ARRIVED if is_new else Stand.PRESENT, shift, at=at)

    def _is_here(self, shift: ShiftFacts) -> bool:
        """Whether the code is for a shift."""
        return shift.id == self.shift_id if self.shift_id else serves((self.place,), of_fold(shift))

    def _meant(self, person_id: uuid.UUID, known: set[uuid.UUID]) -> tuple[ShiftFacts | None, tuple[ShiftFacts, ...]]:
        """Return the shift that one who comes now means, beside those where they were: theirs, else open doors.

        One who comes before or after the window of their own shift means that shift, so that they are told the time.
        """
        if self.shift_id is not None:
            return (None if self.shift_id in known else activities.get_shift(self.session, self.shift_id)), ()
        found = activities.candidates(self.session, person_id, self.now, (self.path,))
        mine = [one for one in found.signed_up if one.id not in known and self._is_here(one)]
        doors = tuple(one for one in found.walk_in if one.id not in known and self._is_here(one))
        if mine or doors:
            return (mine[0] if mine else None), doors
        return self._today(person_id, known), ()

    def _today(self, person_id: uuid.UUID, known: set[uuid.UUID]) -> ShiftFacts | None:
        """Return the shift of today for which a person is signed up here: the next one, else the last one."""
        span = door_span(site_day(self.now, settings().zone), settings().zone)
        below = stations.station_ids_under((self.path,))
        shifts = {one.id: one for one in activities.shifts_between(self.session, below, *span) if one.id not in known}
        signups = activities.signups_of(self.session, [person_id], shifts) if shifts else {}
        confirmed = {shift_id for (_, shift_id), one in signups.items() if one.status == SignupStatus.CONFIRMED}
        served = sa.select(ATTENDANCES.c.shift_id).where(
            ATTENDANCES.c.person_id == person_id,
            ATTENDANCES.c.shift_id.in_(confirmed),
            ATTENDANCES.c.pair_count > 0,
            ~ATTENDANCES.c.has_open_pair,
        )
        confirmed -= set(self.session.scalars(served)) if confirmed else set()
        mine = sorted((shifts[one] for one in confirmed), key=lambda one: one.starts_at)
        return next((one for one in mine if one.ends_at > self.now), mine[-1] if mine else None)
