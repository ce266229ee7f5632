"""Check-in's use cases: one scan, a batch, a volunteer's own, a roll-call, and taking a scan back.

A refusal is returned, not raised, so that the scan is kept; each use case is one transaction.
Source: contract, "Check-in and check-out"; architecture.md, The journey of one scan; peers.md T10 to T31, T46.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.checkin import answers
from volunteer.checkin.attendance import lives, projection
from volunteer.checkin.attendance.projection import has_attended, presences_of, recorded_by
from volunteer.checkin.credentials import tickets
from volunteer.checkin.events import Event, Position, Proof, canonical, prove_station
from volunteer.checkin.jobs import close_due, rebuild
from volunteer.checkin.keys import Claim, scan_of_client
from volunteer.checkin.models import SCAN_VOIDS, CodeForm, ScanVoid
from volunteer.checkin.posters import paper_codes, sheets
from volunteer.checkin.posters.sheets import Sheet
from volunteer.checkin.queries import require_station_of
from volunteer.checkin.reasons import MESSAGES, Direction, Mode, Outcome, Reason
from volunteer.checkin.recording import Recorded, Recording, judge_times
from volunteer.checkin.rules import AHEAD_OVER
from volunteer.checkin.scanners import Scanner, scanner_of, volunteer_scanner
from volunteer.checkin.visits import phones
from volunteer.database import reading, transaction
from volunteer.errors import Conflict, Forbidden, NotFound, invalid
from volunteer.registration import service as registration
from volunteer.registration.rules import PersonStatus
from volunteer.registration.service import PersonFacts
from volunteer.stations import service as stations
from volunteer.stations.rules import Point

__all__ = [
    "check_in_own",
    "close_due",
    "has_attended",
    "presences_of",
    "rebuild",
    "record_batch",
    "record_scan",
    "recorded_by",
    "roll_call",
    "void_scan",
]
Answer = tuple[int, dict[str, Any]]


def record_scan(
    actor: Actor, body: Mapping[str, Any], now: dt.datetime, *, address: str = "", agent: str = ""
) -> Answer:
    """Record one scan by a device, a keeper or a shift leader; return the status and what to say.

    201 it acted · 200 nothing to change, or sent before · 202 it waits for a person · 409 refused, with reasons.

    `kept_at` is when a page kept the scan before it sent it: ours is the time that is judged, but sent again in a batch
    it is the same scan.

    Raises:
        InvalidInput: it is judged to lie more than 60 s ahead.
        Conflict: `id-reused`.
        RateLimited: 20 wrong codes in a minute.
    """
    scanned_at = body.get("scanned_at") or body.get("sent_at") or now
    event = Event(
        direction=Direction(body["direction"]),
        mode=Mode.LIVE,
        scanned_at=scanned_at,
        sent_at=body.get("sent_at") or now,
        body=_body_of(body, body.get("kept_at") or body.get("scanned_at"), body.get("station_id")),
        client_id=body.get("id"),
        shift_id=body.get("shift_id"),
        code=body["volunteer_code"],
        is_timed_here=body.get("scanned_at") is None and body.get("sent_at") is None,
    )
    with transaction() as session:
        recording = Recording(session, actor.key, [event], now)
        scanner = scanner_of(actor, body.get("station_id"), address=address, agent=agent)
        return _one(recording, scanner, event, now)


def record_batch(
    actor: Actor, body: Mapping[str, Any], now: dt.datetime, *, address: str = "", agent: str = ""
) -> list[dict[str, Any]]:
    """Record what a device or keeper scanned without a network; return where each scan stands, in order.

    Nothing is dropped: what is late, ahead, off the clock or without a seat is held for a person. The end state is that
    of the set of scans, however they were sent. `station_id` narrows who keeps several stations to the one of the page.

    Raises:
        InvalidInput: a scan's time is none (`events.3.scanned_at`).
        RateLimited: the device has had its 20 wrong codes of this minute; send it all again later.
    """
    events = [
        Event(
            direction=Direction(one["direction"]),
            mode=Mode.BATCH,
            scanned_at=one["scanned_at"],
            sent_at=body["sent_at"],
            body=_body_of(one, one["scanned_at"], body.get("station_id")),
            client_id=one["id"],
            shift_id=one.get("shift_id"),
            code=one["volunteer_code"],
        )
        for one in body["events"]
    ]
    with transaction() as session:
        arrivals = [judge_times(event, now, f"events.{i}.scanned_at") for i, event in enumerate(events)]
        recording = Recording(session, actor.key, events, now)
        scanner = scanner_of(actor, body.get("station_id"), address=address, agent=agent)
        recorded = recording.run(scanner, arrivals)
    return [answers.in_batch(one) for one in recorded]


def check_in_own(
    actor: Actor,
    body: Mapping[str, Any],
    now: dt.datetime,
    *,
    channel: str,
    browser: str = "",
    address: str = "",
    agent: str = "",
    asks_word: bool = False,
) -> Answer:
    """Record a volunteer's own scan of a station's code (or the ticket for one); answers as `record_scan`.

    With a code on paper and neither a position at the station nor the word of the day it is held for a person (202).
    With `asks_word` who said none is asked for it first, and nothing is recorded yet.

    Raises:
        Forbidden: the account belongs to no volunteer. NotFound: not the caller's to act for.
        InvalidInput: on `word`: `wrong-word`, or `required` with `asks_word`.
        Conflict: `id-reused`. RateLimited: 20 wrong codes in a minute, or (`TooManyWords`) wrong words.
    """
    knows_word = _judge_word(actor, body, browser, now)
    with transaction() as session:
        person_id = registration.acting_as(actor, body.get("volunteer_id"))
        shown = _shown(session, body, person_id, browser, now)
        station = stations.station_briefs([shown.station_id]).get(shown.station_id) if shown.station_id else None
        event = Event(
            direction=Direction(body["direction"]),
            mode=Mode.SELF,
            scanned_at=now,
            sent_at=now,
            body=canonical(code=body.get("code"), ticket=body.get("ticket"), who=person_id, way=body["direction"]),
            client_id=body.get("id"),
            shift_id=shown.shift_id or body.get("shift_id"),
            person_id=person_id,
            proof=shown.proof,
            position=_position(body),
            once=shown.once,
            is_timed_here=True,
            sheet_id=shown.sheet_id,
            knows_word=knows_word,
            asks_word=asks_word,
        )
        phone = phones.digests_of(browser, now)
        scanner = volunteer_scanner(actor, station, channel, address=address, agent=agent, phones=phone)
        return _one(Recording(session, actor.key, [event], now), scanner, event, now)


def roll_call(actor: Actor, shift_id: uuid.UUID, body: Mapping[str, Any], now: dt.datetime) -> list[dict[str, Any]]:
    """Record a paper list: weak evidence, whose minutes wait for somebody else's review.

    Raises:
        NotFound: no such shift at the caller's stations.
        InvalidInput: `at` is ahead.
    """
    at, direction = body.get("at") or now, Direction(body["direction"])
    if at - now > AHEAD_OVER:
        raise invalid("at", "in-future", "点名时间不能晚于现在,请修改后重新提交。")
    asked: list[uuid.UUID] = list(dict.fromkeys(body["volunteer_ids"]))
    with transaction() as session:
        shift = activities.require_shift(actor, Permission.RUN_ACTIVITIES, shift_id)
        known = registration.lock_people(session, asked)
        meant = _left_of(session, known)
        events = [
            Event(
                direction=direction,
                mode=Mode.ROLL_CALL,
                scanned_at=at,
                sent_at=now,
                body="",
                shift_id=shift.id,
                person_id=meant.get(person_id, person_id),
                proof=Proof(CodeForm.NONE),
                reason=body["reason"],
            )
            for person_id in asked
            if person_id in known
        ]
        arrivals = [judge_times(event, now, "at") for event in events]
        recording = Recording(session, actor.key, events, now)
        recorded = {one.event.person_id: one for one in recording.run(scanner_of(actor), arrivals)}
        audit.record(session, actor, now, "checkin.roll-call", ("shift", shift.id), body["reason"], people=len(events))
    return [{"volunteer_id": who} | _listed(recorded.get(meant.get(who, who))) for who in asked]


def _left_of(session: Session, known: Mapping[uuid.UUID, PersonFacts]) -> dict[uuid.UUID, uuid.UUID]:
    """Return who is meant by those of these records that were merged while the list lay on paper."""
    merged = [person_id for person_id, person in known.items() if person.status is PersonStatus.MERGED]
    return registration.survivors(session, merged) if merged else {}


def void_scan(actor: Actor, scan_id: uuid.UUID, reason: str, now: dt.datetime) -> dict[str, Any]:
    """Append that a scan no longer counts, and fold again; a second time is harmless.

    Args:
        actor: a keeper of the scan's station.
        scan_id: ours, or the id that the client gave.
        reason: why, for the person and the auditor.
        now: the present.

    Raises:
        NotFound: no such scan at the caller's stations.
        Forbidden: it is evidence about the caller, or about whom they act for.
    """
    with transaction() as session:
        row = lives.rows_of(session, [scan_id]).get(scan_id)
        if row is None:
            scan_id = scan_of_client(session, scan_id) or scan_id
            row = lives.rows_of(session, [scan_id]).get(scan_id)
        if row is None:
            raise NotFound
        person = registration.lock_person(session, row.person_id) if row.person_id else None
        require_station_of(actor, row)
        if person and actor.account in registration.account_ids_of(session, person.id):
            raise Forbidden("不能作废本人或所代办人员的签到记录,请由其他工作人员处理。")
        void = sa.select(ScanVoid.scan_id).where(ScanVoid.scan_id == scan_id)
        if session.scalar(void) is None:
            voided = {"scan_id": scan_id, "voided_by": actor.account, "voided_at": now, "reason": reason}
            session.execute(sa.insert(SCAN_VOIDS), [voided])
            audit.record(session, actor, now, "scan.void", ("scan", scan_id), reason)
            if person:
                life = lives.load(session, {person.id: (row.judged_at, row.judged_at)}, {})[person.id]
                projection.project(session, [life], {person.id: life.folded()}, now)
        return {
            "id": row.client_id or scan_id,
            "scan_id": scan_id,
            "outcome": Outcome.VOIDED,
            "message": MESSAGES[Outcome.VOIDED],
            "shift_id": row.shift_id,
            "direction": row.direction,
        }


def _one(recording: Recording, scanner: Scanner, event: Event, now: dt.datetime) -> Answer:
    """Record one event in the transaction under way."""
    arrival = judge_times(event, now)
    if arrival.is_future:
        raise invalid("scanned_at", "in-future", "扫码时间晚于现在,请检查设备时间。")
    recorded = recording.run(scanner, [arrival])[0]
    if recorded.claim is Claim.REUSED:
        raise Conflict(MESSAGES[Reason.ID_REUSED], code="id-reused")
    return answers.single(recorded)


def _body_of(one: Mapping[str, Any], scanned_at: dt.datetime | None, station_id: uuid.UUID | None) -> str:
    """Return what makes a scan the same again; when it was sent may differ."""
    return canonical(
        code=one["volunteer_code"],
        way=one["direction"],
        shift=one.get("shift_id"),
        at=scanned_at.isoformat() if scanned_at else None,
        station=station_id,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a volunteer showed: its proof, its station and shift, the sheet of paper, and the id of a ticket."""

    proof: Proof
    station_id: uuid.UUID | None = None
    shift_id: uuid.UUID | None = None
    sheet_id: uuid.UUID | None = None
    once: uuid.UUID | None = None


def _shown(session: Session, body: Mapping[str, Any], person_id: uuid.UUID, browser: str, now: dt.datetime) -> _Shown:
    """Return what a volunteer showed."""
    if "ticket" not in body:
        on_paper = paper_codes.read(body["code"])
        if on_paper is not None:
            return _on_paper(CodeForm.STATION, sheets.judge(session, on_paper))
        proof, code = prove_station(body["code"], now)
        return _Shown(proof, code.station_id, code.shift_id) if code else _Shown(proof)
    try:
        ticket = tickets.read(body["ticket"], browser, now)
    except tickets.ExpiredTicket:
        return _Shown(Proof(CodeForm.TICKET, Reason.CODE_EXPIRED))
    if ticket is None or ticket.person_id not in (None, person_id):
        return _Shown(Proof(CodeForm.TICKET, Reason.CODE_INVALID))
    if ticket.sheet_id is not None:
        return _on_paper(CodeForm.TICKET, sheets.still_good(session, ticket.sheet_id), ticket.id)
    return _Shown(Proof(CodeForm.TICKET, is_live=True), ticket.station_id, ticket.shift_id, once=ticket.id)


def _judge_word(actor: Actor, body: Mapping[str, Any], browser: str, now: dt.datetime) -> bool | None:
    """Return whether the word that was said with a sheet is right; None where none was said.

    Before the scan's transaction: the tries are counted for good before anybody learns what they were worth, and nobody
    is kept waiting for them while the scan is judged.
    """
    if not body.get("word"):
        return None
    session = reading()
    person_id = registration.acting_as(actor, body.get("volunteer_id"))
    sheet_id = _shown(session, body, person_id, browser, now).sheet_id
    return sheets.confirm(session, person_id, sheet_id, body["word"], now) if sheet_id else None


def _on_paper(form: CodeForm, found: Sheet | Reason, once: uuid.UUID | None = None) -> _Shown:
    """Return what a sheet's code is worth: never strong, for whoever saw it once has it; its version is kept."""
    if isinstance(found, Reason):
        return _Shown(Proof(form, found))
    return _Shown(Proof(form, version=found.version), found.station_id, sheet_id=found.id, once=once)


def _position(body: Mapping[str, Any]) -> Position | None:
    """Return where the phone says it is."""
    if body.get("latitude") is None or body.get("longitude") is None:
        return None
    return Position(Point(body["latitude"], body["longitude"]), body.get("accuracy_m"))


def _listed(recorded: Recorded | None) -> dict[str, Any]:
    """Return one result of a roll-call; who is not there to be listed is refused and kept nowhere."""
    if recorded is None or recorded.decision is None:
        reason = Reason.NOT_SIGNED_UP
        return {"outcome": Outcome.REFUSED, "reason": reason, "reasons": [reason], "message": MESSAGES[reason]}
    return answers.whole(recorded, recorded.decision)
