"""Judging a scan as it arrives: what stands against it now, which shift it means, and the seat of a walk-in.

Only what is true at arrival is decided here and stored with the scan; what depends on other scans is the fold's, which
is asked first wherever a seat or a ticket would be used up for nothing.
Source: contract, "Check-in and check-out" and "Fine points"; decisions 1, 8; architecture.md, hops 3 and 4.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from volunteer.activities import service as activities
from volunteer.activities import signups
from volunteer.activities.rules import ActivityStatus, SignupStatus
from volunteer.activities.service import ShiftFacts as FullShift
from volunteer.activities.service import SignupView
from volunteer.checkin.attendance.lives import Life, of_fold
from volunteer.checkin.attendance.outcomes import Decision
from volunteer.checkin.events import Event, Proof
from volunteer.checkin.keys import ScanKeyIn, claim
from volunteer.checkin.models import CodeForm
from volunteer.checkin.posters.sheets import WordFault
from volunteer.checkin.reasons import Direction, Evidence, Flag, Mode, Outcome, Reason, in_order
from volunteer.checkin.rules import Arrival, Scan, shift_refusals
from volunteer.checkin.scanners import Scanner
from volunteer.checkin.visits import phones
from volunteer.hours.spans import instant_of, minute_of
from volunteer.registration.rules import PersonStatus
from volunteer.registration.service import PersonFacts
from volunteer.stations.rules import Point, check_position

TAKES_SCANS = (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED, ActivityStatus.CANCELLED)
HELD_BACK = (PersonStatus.SUSPENDED,)
Signups = dict[tuple[uuid.UUID, uuid.UUID], SignupView]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A scan that was judged: the row to store, and what the answer adds to the fold's decision."""

    scan: Scan
    row: dict[str, Any]
    choices: tuple[FullShift, ...] = ()
    signup_reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class _Case:
    """What is known of one scan while it is judged."""

    event: Event
    arrival: Arrival
    proof: Proof
    reasons: set[Reason] = field(default_factory=set)
    flags: set[Flag] = field(default_factory=set)
    shift: FullShift | None = None
    walk_in: bool = False
    held: bool = False
    is_excused: bool = False
    distance_m: int | None = None
    choices: tuple[FullShift, ...] = ()
    signup_reasons: tuple[str, ...] = ()


class Desk:
    """Judges the scans of one request, one after the other; the people are locked, their lives loaded."""

    def __init__(
        self,
        session: Session,
        scanner: Scanner,
        shifts: dict[uuid.UUID, FullShift],
        known_signups: Signups,
        now: dt.datetime,
    ) -> None:
        self._session = session
        self._scanner = scanner
        self._shifts = shifts
        self._signups = known_signups
        self._now = now

    def judge(self, event: Event, arrival: Arrival, proof: Proof, person: PersonFacts, life: Life) -> Arrived:
        """Return the scan as it is to be stored; it then stands among the person's others."""
        case = self._case(event, arrival, proof, person)
        self._find_shift(case, person)
        if case.shift:
            self._against_shift(case, life)
        if event.mode is Mode.SELF:
            self._look_at_phone(case, person, life)
        if event.direction is Direction.IN and case.shift:
            self._admit(case, person, life)
        if event.sheet_id:
            self._confirm(case, person, life)
        if event.once and self._would_change(case, person, life):
            ticket = ScanKeyIn(event.once, "ticket", event.scan_id, event.once.bytes)
            if claim(self._session, [ticket], self._now):
                case.reasons.add(Reason.CODE_USED)
        return self._finished(case, person)

    def _case(self, event: Event, arrival: Arrival, proof: Proof, person: PersonFacts) -> _Case:
        """Return a scan with what code and person alone say against it."""
        case = _Case(event, arrival, proof, held=arrival.held, flags=set(arrival.flags))
        if proof.refusal:
            case.reasons.add(proof.refusal)
        if person.status in HELD_BACK and event.direction is Direction.IN:
            case.reasons.add(Reason.SUSPENDED)
        if proof.form is CodeForm.CARD:
            case.flags.add(Flag.CARD)
        if event.sheet_id:
            case.flags.add(Flag.PAPER)
        if person.id in self._scanner.own_persons:
            case.flags.add(Flag.SELF_SCAN)
        return case

    def stranger(self, event: Event, arrival: Arrival, proof: Proof) -> Arrived:
        """Return a scan whose code names nobody; it is kept, and folded with nothing."""
        case = _Case(event, arrival, proof, {proof.refusal or Reason.CODE_INVALID}, set(arrival.flags))
        case.shift = self._shifts.get(event.shift_id) if event.shift_id else None
        return self._finished(case, None)

    def _find_shift(self, case: _Case, person: PersonFacts) -> None:
        """Find the shift that is named or, for an in, the one that is meant."""
        event = case.event
        if event.shift_id is not None:
            case.shift = self._shifts.get(event.shift_id)
            if case.shift is None or case.shift.status not in TAKES_SCANS:
                case.shift = None
                case.reasons.add(Reason.SHIFT_UNKNOWN)
        elif event.direction is Direction.IN and case.proof.refusal is None:
            self._choose(case, person)

    def _choose(self, case: _Case, person: PersonFacts) -> None:
        """The sign-up in its window with the earliest start, else the one walk-in shift; several are ambiguous."""
        paths = self._scanner.paths
        found = activities.candidates(self._session, person.id, case.arrival.judged_at, paths)
        mine = [shift for shift in found.signed_up if self._scanner.serves(of_fold(shift))]
        open_doors = [shift for shift in found.walk_in if self._scanner.serves(of_fold(shift))]
        self._shifts.update((shift.id, shift) for shift in (*mine, *open_doors))
        if mine:
            case.shift = mine[0]
            self._learn_signups(person.id, mine[:1])
        elif len(open_doors) == 1:
            case.shift = open_doors[0]
            self._learn_signups(person.id, open_doors)
        elif open_doors:
            case.choices = tuple(open_doors)
            case.reasons.add(Reason.AMBIGUOUS)
        else:
            case.reasons.add(Reason.NOT_SIGNED_UP)

    def _learn_signups(self, person_id: uuid.UUID, shifts: Iterable[FullShift]) -> None:
        """Load the sign-ups for shifts that nobody named."""
        missing = [shift.id for shift in shifts if (person_id, shift.id) not in self._signups]
        if missing:
            self._signups.update(activities.signups_of(self._session, [person_id], missing))

    def _against_shift(self, case: _Case, life: Life) -> None:
        """Add what the shift itself has against the scan."""
        assert case.shift  # noqa: S101 - the caller looked
        places = self._scanner.places
        against = shift_refusals(life.of_fold(case.shift), case.event.direction, case.arrival.judged_at, places)
        case.reasons.update(against)
        if case.shift.status == ActivityStatus.CANCELLED and case.event.direction is Direction.IN:
            case.reasons.add(Reason.CANCELLED)

    def _look_at_phone(self, case: _Case, person: PersonFacts, life: Life) -> None:
        """Flag what a volunteer's own phone tells: where it is, and for how many it serves."""
        self._locate(case, person, life)
        if phones.is_shared(self._session, self._scanner.phones, person.id, self._now):
            case.flags.add(Flag.SHARED_DEVICE)

    def _locate(self, case: _Case, person: PersonFacts, life: Life) -> None:
        """Flag a phone that is too far or does not say where it is; neither is refused."""
        shift, position = case.shift, case.event.position
        if shift is None and not case.reasons:
            meant = self._asked(case, person, life).shift_id
            shift = self._shifts.get(meant) if meant else None
        case.is_excused = shift is not None and shift.geo_optional
        if position is None or shift is None or shift.latitude is None or shift.longitude is None:
            case.flags.add(Flag.NO_LOCATION)
            return
        place = Point(shift.latitude, shift.longitude)
        verdict = check_position(position.point, position.accuracy_m, place, shift.checkin_radius_m)
        case.distance_m = round(verdict.distance_m)
        if verdict.too_far:
            case.flags.add(Flag.TOO_FAR)

    def _confirm(self, case: _Case, person: PersonFacts, life: Life) -> None:
        """Ask of a code on paper what shows that somebody is here: the place, or the word of the day; else hold it.

        Raises:
            InvalidInput: on `word`: `wrong-word`, or `required` where whoever asks wants one.
        """
        knows, is_astray = case.event.knows_word, bool(case.flags & {Flag.NO_LOCATION, Flag.TOO_FAR})
        if case.reasons or not (knows or is_astray):
            return
        if knows:
            case.flags.add(Flag.WORD)
            return
        if knows is False:
            raise WordFault.WRONG.refused()
        if case.event.asks_word and self._would_change(case, person, life):
            raise WordFault.MISSING.refused()
        case.flags.add(Flag.UNCONFIRMED)
        case.held = True

    def _admit(self, case: _Case, person: PersonFacts, life: Life) -> None:
        """Ask for a sign-up, or give a walk-in a seat where the scan would act."""
        assert case.shift  # noqa: S101 - the caller looked
        signup = self._signups.get((person.id, case.shift.id))
        if signup and signup.status == SignupStatus.CONFIRMED:
            case.walk_in = signup.walk_in
        elif not case.shift.walk_ins:
            case.reasons.add(Reason.NOT_SIGNED_UP)
        elif not case.reasons:
            case.walk_in = True
            if self._would_change(case, person, life):
                self._seat(case, person)

    def _seat(self, case: _Case, person: PersonFacts) -> None:
        """Take a seat for a walk-in; in a batch one is added where none is left, for it is evidence (peers.md T20)."""
        assert case.shift  # noqa: S101 - the caller looked
        channel, shift = self._scanner.channel, case.shift
        decision = signups.walk_in(self._session, person, shift, self._now, channel=channel)
        if decision.status is None and set(decision.reasons) == {"full"} and case.event.mode is Mode.BATCH:
            case.flags.add(Flag.OVER_CAPACITY)
            case.held = True
            signups.walk_in(self._session, person, shift, self._now, over_capacity=True, channel=channel)
        elif decision.status is None:
            case.reasons.add(Reason.FULL if "full" in decision.reasons else Reason.NOT_SIGNED_UP)
            case.signup_reasons = tuple(str(reason) for reason in decision.reasons)
            return
        self._signups.update(activities.signups_of(self._session, [person.id], [shift.id]))

    def _would_change(self, case: _Case, person: PersonFacts, life: Life) -> bool:
        """Whether the scan, as it stands, would open or close a pair."""
        return not case.reasons and self._asked(case, person, life).effective

    def _asked(self, case: _Case, person: PersonFacts, life: Life) -> Decision:
        """Return what the fold would say of the scan as it stands."""
        if case.shift:
            life.shifts[case.shift.id] = case.shift
        scan = self._finished(case, person).scan
        return life.folded(scan).decisions[scan.id]

    def _finished(self, case: _Case, person: PersonFacts | None) -> Arrived:
        """Return the scan and its row."""
        event, scanner, proof = case.event, self._scanner, case.proof
        is_personal = proof.form is CodeForm.PERSONAL and proof.refusal is None
        scan = Scan(
            id=event.scan_id,
            direction=event.direction,
            judged_at=case.arrival.judged_at,
            shift_id=case.shift.id if case.shift else None,
            mode=event.mode,
            refusals=in_order(case.reasons),
            code_step=proof.step if is_personal else None,
            strong=proof.is_live,
            held=case.held,
            flags=frozenset(case.flags),
            walk_in=case.walk_in,
            geo_optional=case.is_excused,
            places=scanner.places,
            client_id=event.client_id,
        )
        return Arrived(scan, _row(scan, case, scanner, person, self._now), case.choices, case.signup_reasons)


def _row(scan: Scan, case: _Case, scanner: Scanner, person: PersonFacts | None, now: dt.datetime) -> dict[str, Any]:
    """Return the columns of a scan."""
    event, proof = case.event, case.proof
    return {
        "id": scan.id,
        "client_id": event.client_id,
        "person_id": person.id if person else None,
        "shift_id": scan.shift_id,
        "named_shift_id": event.shift_id,
        "station_id": scanner.station_id,
        "direction": scan.direction.value,
        "mode": scan.mode.value,
        "scanned_at": event.scanned_at,
        "sent_at": event.sent_at,
        "received_at": now,
        "judged_at": scan.judged_at,
        "code_form": proof.form.value,
        "code_version": proof.version,
        "code_step": proof.step,
        "code_digest": proof.digest,
        "refusals": [reason.value for reason in scan.refusals],
        "flags": sorted(flag.value for flag in scan.flags),
        "strong": scan.strong,
        "held": scan.held,
        "geo_optional": scan.geo_optional,
        "walk_in": scan.walk_in,
        "places": None if scan.places is None else list(scan.places),
        "account_id": scanner.account_id,
        "device_id": scanner.device_id,
        "channel": scanner.channel,
        "distance_m": case.distance_m,
        "accuracy": event.position.accuracy.value if event.position else None,
        "reason": event.reason,
    }


def outcome_of_stranger(scan: Scan) -> Decision:
    """Return where a scan stands that names nobody: the same for good, unless it is voided."""
    return Decision(
        scan_id=scan.id,
        outcome=Outcome.VOIDED if scan.voided else Outcome.REFUSED,
        reasons=() if scan.voided else scan.refusals,
        shift_id=scan.shift_id,
        at=instant_of(minute_of(scan.judged_at)),
        evidence=Evidence.WEAK,
        flags=scan.flags,
        walk_in=False,
    )
