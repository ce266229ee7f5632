"""The journey of scans through one transaction, one or five hundred at a time.

An id is claimed, the person locked, the scan judged and stored, the life folded, the attendances written.

Statements are for sets: a batch costs little more than a single scan, and both go the same way. People are locked
before anything else, in order of id; shifts only for a walk-in's seat.
Source: architecture.md, The journey of one scan; decisions 1; contract, "POST /checkins" and "/checkins/batch".
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts as FullShift
from volunteer.checkin.arrivals import Arrived, Desk, outcome_of_stranger
from volunteer.checkin.attendance import lives, projection
from volunteer.checkin.attendance.lives import Life
from volunteer.checkin.attendance.outcomes import Decision, Folded
from volunteer.checkin.credentials import codes
from volunteer.checkin.credentials.codes import ReadCode
from volunteer.checkin.events import Event, Proof, check_year, no_such_time, prove
from volunteer.checkin.keys import Claim, Claimed, claim_events
from volunteer.checkin.models import SCAN_PLACES, SCANS
from volunteer.checkin.reasons import Direction, Mode, Reason
from volunteer.checkin.rules import Arrival, judge_arrival
from volunteer.checkin.scanners import Scanner
from volunteer.errors import RateLimited
from volunteer.prepared import Insert
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.web import limits

OVERTAKEN = dt.timedelta(seconds=5)
"""How long a request may wait for a person's lock while others pass it."""
_STORE, _STORE_PLACES = Insert(SCANS), Insert(SCAN_PLACES)
Ids = dict[tuple[uuid.UUID, uuid.UUID], uuid.UUID]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event and where its scan stands now. `decision` is None where the id belongs to something else.

    `attendance_ids` and `shifts` are those of the whole request.
    """

    event: Event
    claim: Claim
    scan_id: uuid.UUID
    decision: Decision | None = None
    person: PersonFacts | None = None
    arrived: Arrived | None = None
    attendance_ids: Ids | None = None
    shifts: Mapping[uuid.UUID, FullShift] | None = None
    is_walk_in: bool = False

    def attendance_of(self, shift_id: uuid.UUID | None) -> uuid.UUID | None:
        """Return the id of the person's attendance at a shift."""
        if shift_id is None or self.person is None or self.attendance_ids is None:
            return None
        return self.attendance_ids.get((self.person.id, shift_id))


def judge_times(event: Event, now: dt.datetime, field: str = "scanned_at") -> Arrival:
    """Return when an event is judged to have happened.

    Raises:
        InvalidInput: the device's clocks put it where no calendar is.
    """
    try:
        arrival = judge_arrival(event.scanned_at, event.sent_at, now)
    except OverflowError as error:
        raise no_such_time(field) from error
    check_year(arrival.judged_at, field)
    return arrival


def _in_turn(event: Event, arrival: Arrival, life: Life) -> Arrival:
    """Return when a scan happened that is answered at once: after those that were answered before it.

    Where two come at the same moment, the one that got the person's lock first is first; by a microsecond, so that the
    other is told `already_checked_in` and not a second `checked_in` (peers.md T10). A device's own time is only moved
    off an instant that is taken; ours is also put after what overtook it on the way to the lock.
    """
    at, known = arrival.judged_at, {scan.judged_at for scan in life.scans.values()}
    if event.is_timed_here:
        at = max([at, *(one for one in known if at < one < at + OVERTAKEN)])
    while at in known:
        at += dt.timedelta(microseconds=1)
    return replace(arrival, judged_at=at)


class Recording:
    """The state of one request on its way; `run` is the way."""

    def __init__(self, session: Session, sender: str, events: Sequence[Event], now: dt.datetime) -> None:
        """Claim the ids, lock whom codes and events name, in order of id, and ask for the shifts: in one journey.

        `sender` is the scanner's key. The scanner itself may be found meanwhile.
        """
        self._session = session
        self._events = events
        self._now = now
        self._arrived: dict[uuid.UUID, Arrived] = {}
        self._lives: dict[uuid.UUID, Life] = {}
        self._stored: dict[uuid.UUID, Any] = {}
        guesses = any(event.code is not None or event.mode is Mode.SELF for event in events)
        self._check = limits.checking("wrong-code", sender, now) if guesses else None
        self._claims = claim_events(session, sender, events, now)
        texts = [(i, event.code) for i, event in enumerate(events) if event.code is not None]
        self._read = {i: code for i, text in texts if (code := codes.read(text))}
        passes = {code.pass_no for code in self._read.values()}
        named = {event.person_id for event in events if event.person_id}
        self._found = registration.finding_by_passes(session, passes, lock=True) if passes else None
        self._locked = registration.locking_people(session, named) if named else None
        self._named_shifts = {event.shift_id for event in events if event.shift_id}
        self._asked_shifts = activities.finding_shifts(session, self._named_shifts)

    def run(self, scanner: Scanner, arrivals: Sequence[Arrival]) -> list[Recorded]:
        """Record every event; return where each stands now, in the order given.

        Raises:
            RateLimited: 20 wrong codes in a minute; nothing of this request is kept then.
        """
        self._scanner = scanner
        if self._check:
            self._check()
        claims = self._claims()
        fresh = [i for i, claimed in enumerate(claims) if claimed.claim is Claim.NEW]
        self._stored = lives.rows_of(
            self._session, {c.scan_id for c in claims if c.claim is Claim.AGAIN} - self._own(fresh)
        )
        holders = self._take_people()
        proofs = {i: self._prove(self._events[i], self._read.get(i), holders, arrivals[i]) for i in fresh}
        self._load(fresh, arrivals, proofs)
        self._judge(fresh, arrivals, proofs)
        self._store(fresh)
        folds = {person_id: life.folded() for person_id, life in self._lives.items()}
        ids = self._project(folds)
        self._count_wrong(fresh)
        return [self._recorded(event, claimed, folds, ids) for event, claimed in zip(self._events, claims, strict=True)]

    def _own(self, fresh: Sequence[int]) -> set[uuid.UUID]:
        """Return the scans that this request makes itself."""
        return {self._events[i].scan_id for i in fresh}

    def _take_people(self) -> dict[str, PersonFacts]:
        """Take everybody who was locked, and whose scans were sent again; return who holds which number."""
        holders = self._found() if self._found else {}
        self._people = {person.id: person for person in holders.values()}
        self._people |= self._locked() if self._locked else {}
        again = {row.person_id for row in self._stored.values() if row.person_id} - self._people.keys()
        self._people |= registration.facts_of(self._session, again) if again else {}
        return holders

    def _prove(
        self, event: Event, code: ReadCode | None, holders: Mapping[str, PersonFacts], arrival: Arrival
    ) -> tuple[Proof, uuid.UUID | None]:
        """Return what an event's code is worth and whom it names."""
        if event.proof is not None:
            return event.proof, event.person_id
        holder = holders.get(code.pass_no) if code else None
        proof = prove(event.code or "", code, holder, arrival.judged_at)
        return proof, holder.id if holder and proof.refusal is not Reason.CODE_INVALID else None

    def _load(
        self, fresh: Sequence[int], arrivals: Sequence[Arrival], proofs: Mapping[int, tuple[Proof, uuid.UUID | None]]
    ) -> None:
        """Load the lives of all people around what was scanned, the shifts, and the sign-ups for the named ones."""
        instants: dict[uuid.UUID, list[dt.datetime]] = {}
        for i in fresh:
            person_id = proofs[i][1]
            if person_id in self._people:
                instants.setdefault(person_id, []).append(arrivals[i].judged_at)
        for row in self._stored.values():
            if row.person_id:
                instants.setdefault(row.person_id, []).append(row.judged_at)
        self._shifts: dict[uuid.UUID, FullShift] = self._asked_shifts()
        ins = {
            (person_id, event.shift_id)
            for i in fresh
            if (event := self._events[i]).direction is Direction.IN
            and event.shift_id in self._shifts
            and (person_id := proofs[i][1]) in self._people
        }
        people, shifts = {one[0] for one in ins if one[0]}, {one[1] for one in ins if one[1]}
        signups = activities.finding_signups(self._session, people, shifts)
        self._there = projection.There(self._session, instants.keys(), self._named_shifts)
        spans = {person_id: (min(found), max(found)) for person_id, found in instants.items()}
        self._lives = lives.load(self._session, spans, self._shifts)
        self._desk = Desk(self._session, self._scanner, self._shifts, signups(), self._now)

    def _judge(
        self, fresh: Sequence[int], arrivals: Sequence[Arrival], proofs: Mapping[int, tuple[Proof, uuid.UUID | None]]
    ) -> None:
        """Judge the new scans in order of when they happened, each among those before it."""
        for i in sorted(
            fresh, key=lambda i: (arrivals[i].judged_at, self._events[i].client_id or self._events[i].scan_id)
        ):
            event, (proof, person_id) = self._events[i], proofs[i]
            if person_id is None or person_id not in self._people:
                self._arrived[event.scan_id] = self._desk.stranger(event, arrivals[i], proof)
                continue
            life = self._lives[person_id]
            arrival = arrivals[i] if event.mode is Mode.BATCH else _in_turn(event, arrivals[i], life)
            arrived = self._desk.judge(event, arrival, proof, self._people[person_id], life)
            life.add(arrived.scan)
            self._arrived[event.scan_id] = arrived

    def _store(self, fresh: Sequence[int]) -> None:
        """Insert the new scans, and where they were made from."""
        if not fresh:
            return
        _STORE.later(self._session, [arrived.row for arrived in self._arrived.values()])
        scanner = self._scanner
        places = [
            {
                "scan_id": event.scan_id,
                "received_at": self._now,
                "latitude": event.position.point.latitude if event.position else None,
                "longitude": event.position.point.longitude if event.position else None,
                "accuracy_m": event.position.accuracy_m if event.position else None,
                "address": scanner.address[:60] or None,
                "user_agent": scanner.user_agent[:300] or None,
                "phone": scanner.phones[0] if scanner.phones else None,
            }
            for event in (self._events[i] for i in fresh)
            if event.position or scanner.device_id is None
        ]
        _STORE_PLACES.later(self._session, places)

    def _project(self, folds: Mapping[uuid.UUID, Folded]) -> Ids:
        """Write the attendances of whoever was scanned anew; return the ids of all that an answer may name."""
        changed = {arrived.row["person_id"] for arrived in self._arrived.values()} & self._lives.keys()
        written = projection.project(
            self._session, [self._lives[person_id] for person_id in sorted(changed)], folds, self._now, self._there
        )
        others = folds.keys() - changed
        if others:
            written.ids |= projection.ids_of(self._session, others)
        return written.ids

    def _count_wrong(self, fresh: Sequence[int]) -> None:
        """Count wrong codes; a batch is kept whole, however many are in it (peers.md T20)."""
        for i in fresh:
            arrived = self._arrived[self._events[i].scan_id]
            if Reason.CODE_INVALID in arrived.scan.refusals:
                try:
                    limits.take("wrong-code", self._scanner.key, self._now)
                except RateLimited:
                    if self._events[i].mode is not Mode.BATCH:
                        raise
                    return

    def _recorded(self, event: Event, claimed: Claimed, folds: Mapping[uuid.UUID, Folded], ids: Ids) -> Recorded:
        """Return where one event stands now."""
        if claimed.claim is Claim.REUSED:
            return Recorded(event, claimed.claim, claimed.scan_id)
        arrived = self._arrived.get(claimed.scan_id)
        person_id: uuid.UUID | None = arrived.row["person_id"] if arrived else self._stored[claimed.scan_id].person_id
        if person_id is None:
            scan = arrived.scan if arrived else lives.scan_of(self._stored[claimed.scan_id])
            return Recorded(
                event, claimed.claim, scan.id, outcome_of_stranger(scan), arrived=arrived, shifts=self._shifts
            )
        folded = folds[person_id]
        decision = folded.decisions[claimed.scan_id]
        attendance = folded.attendances.get(decision.shift_id) if decision.shift_id else None
        return Recorded(
            event,
            claimed.claim,
            claimed.scan_id,
            decision,
            self._people[person_id],
            arrived,
            ids,
            self._shifts,
            decision.walk_in or bool(attendance and attendance.walk_in),
        )
