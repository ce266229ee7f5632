"""Attendances: what the fold says, kept where it can be read; and what hours hears of it.

Only rows that differ are written, so folding again what has not changed writes nothing (`rebuild` proves it).
Source: decisions 1; contract, "GET /shifts/{id}/attendances", "Hours".
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts as FullShift
from volunteer.checkin.attendance.lives import Life
from volunteer.checkin.attendance.outcomes import AttendanceFacts, Folded, Pair
from volunteer.checkin.attendance.presence import presences as pairs_present
from volunteer.checkin.models import ATTENDANCES, UNMATCHED_SCANS, ScanRow
from volunteer.checkin.reasons import Flag, Mode, Outcome
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.hours import service as hours
from volunteer.hours.seams import Presence
from volunteer.hours.spans import clip, span, total, union
from volunteer.prepared import Insert, Later, Query, Update

LONGEST = dt.timedelta(days=2)
"""A shift of at most 24 h touches at most this many days after the one on which it starts."""
_COMPARED = (
    "pairs",
    "pair_count",
    "has_open_pair",
    "first_in_at",
    "last_out_at",
    "closes_at",
    "minutes",
    "walk_in",
    "evidence",
    "flags",
    "site_day",
)
_ADD = Insert(ATTENDANCES)
_CHANGE = Update(ATTENDANCES, "id", _COMPARED)
_LIST = Insert(UNMATCHED_SCANS)
_THERE = Query(
    lambda among: sa.select(*(ATTENDANCES.c[name] for name in ("id", "person_id", "shift_id", *_COMPARED))).where(
        among(ATTENDANCES.c.person_id, "people"), among(ATTENDANCES.c.shift_id, "shifts")
    )
)
_IDS = Query(
    lambda among: sa.select(ATTENDANCES.c.person_id, ATTENDANCES.c.shift_id, ATTENDANCES.c.id).where(
        among(ATTENDANCES.c.person_id, "people")
    )
)
_PRESENCE = sa.select(
    *(ATTENDANCES.c[name] for name in ("person_id", "shift_id", "pairs", "walk_in", "closes_at", "has_open_pair"))
).where(ATTENDANCES.c.pair_count > 0)
_PRESENT = Query(lambda among: _PRESENCE.where(among(ATTENDANCES.c.person_id, "people")))
_PRESENT_ON = Query(
    lambda among: _PRESENCE.where(
        among(ATTENDANCES.c.person_id, "people"),
        ATTENDANCES.c.site_day.between(sa.bindparam("low"), sa.bindparam("high")),
    )
)
_WAITING = Query(lambda among: sa.select(UNMATCHED_SCANS).where(among(UNMATCHED_SCANS.c.person_id, "people")))
_LISTED = Query(lambda among: sa.select(UNMATCHED_SCANS.c.scan_id).where(among(UNMATCHED_SCANS.c.scan_id, "ids")))


@dataclass(slots=True)
class Written:
    """What a projection did: the attendances it touched, by (person, shift), and whose hours of which days moved."""

    ids: dict[tuple[uuid.UUID, uuid.UUID], uuid.UUID] = field(default_factory=dict)
    moved: dict[uuid.UUID, set[dt.date]] = field(default_factory=dict)
    changed_count: int = 0

    def move(self, person_id: uuid.UUID, days: Iterable[dt.date]) -> None:
        """Note that a person's hours of these site days must be settled."""
        self.moved.setdefault(person_id, set()).update(days)


class There:
    """The attendances of some people at some shifts, asked together with what else is asked."""

    def __init__(self, session: Session, people: Collection[uuid.UUID], shifts: Collection[uuid.UUID]) -> None:
        self._session, self._people, self._shifts = session, set(people), set(shifts)
        asks = people and shifts
        self._asked = _THERE.later(session, people=list(people), shifts=list(shifts)) if asks else None

    def rows(self, wanted: Collection[tuple[uuid.UUID, uuid.UUID]]) -> dict[tuple[uuid.UUID, uuid.UUID], Any]:
        """Return the attendances that are there among these, by (person, shift); what was not asked is asked now."""
        people, shifts = {key[0] for key in wanted}, {key[1] for key in wanted}
        rows = self._asked() if self._asked else []
        if not (people <= self._people and shifts <= self._shifts):
            rows = _THERE(self._session, people=list(people), shifts=list(shifts))
        return {(row.person_id, row.shift_id): row for row in rows}


def project(
    session: Session,
    lives: Iterable[Life],
    folds: Mapping[uuid.UUID, Folded],
    now: dt.datetime,
    there: There | None = None,
) -> Written:
    """Write the attendances of these people as their folds say, and settle hours where closed pairs changed.

    The people are locked; `there` was asked after that. A fixed number of statements for any number of them.
    """
    lives = list(lives)
    written = write(session, lives, folds, there)
    shifts = {shift_id: shift for life in lives for shift_id, shift in life.shifts.items()}
    if written.moved:
        days_of_people = {who: frozenset(days) for who, days in written.moved.items()}
        present = finding_presences(session, days_of_people, shifts)
        chains = hours.Asked(session, days_of_people)
        found = present()
        hours.settle_many(session, {who: hours.Case(found[who], days_of_people[who]) for who in found}, now, chains)
    return written


def write(
    session: Session, lives: Iterable[Life], folds: Mapping[uuid.UUID, Folded], there: There | None = None
) -> Written:
    """Write the attendances of these people as their folds say, and return whose hours are to be settled."""
    people = {life.person_id: life for life in lives}
    wanted: dict[tuple[uuid.UUID, uuid.UUID], dict[str, Any]] = {}
    shifts: dict[uuid.UUID, FullShift] = {}
    for person_id, life in people.items():
        shifts |= life.shifts
        for shift_id in _touched(life, folds[person_id]):
            facts = folds[person_id].attendances.get(shift_id)
            wanted[person_id, shift_id] = _values(facts, life.shifts[shift_id])
    written = Written()
    if wanted:
        _write(session, wanted, shifts, written, there or There(session, (), ()))
    _write_unmatched(session, people, folds, written)
    return written


def presences_of(session: Session, person_id: uuid.UUID) -> list[Presence]:
    """Return every presence of a person: a handler of `hours.seams.PRESENCE_OF`."""
    return presences_of_people(session, {person_id: set()})[person_id]


def presences_of_people(
    session: Session, days_of_people: Mapping[uuid.UUID, Collection[dt.date]], known: Mapping[uuid.UUID, FullShift] = {}
) -> dict[uuid.UUID, list[Presence]]:
    """Return each person's presences at shifts that touch one of their site days; without days, all.

    `known` are shifts that were loaded already.
    """
    return finding_presences(session, days_of_people, known)()


def finding_presences(
    session: Session, days_of_people: Mapping[uuid.UUID, Collection[dt.date]], known: Mapping[uuid.UUID, FullShift]
) -> Later[dict[uuid.UUID, list[Presence]]]:
    """Ask what `presences_of_people` returns, together with what else is asked; return what gives it."""
    people = list(days_of_people)
    if all(days_of_people.values()):
        every = {day for days in days_of_people.values() for day in days}
        rows = _PRESENT_ON.later(session, people=people, low=min(every) - LONGEST, high=max(every))
    else:
        rows = _PRESENT.later(session, people=people)
    waiting = _WAITING.later(session, people=people)
    return lambda: _of_people(session, days_of_people, known, rows(), waiting())


def _of_people(
    session: Session,
    days_of_people: Mapping[uuid.UUID, Collection[dt.date]],
    known: Mapping[uuid.UUID, FullShift],
    rows: Sequence[Any],
    waiting: Sequence[Any],
) -> dict[uuid.UUID, list[Presence]]:
    """Return each person's presences from their attendances and the outs that wait."""
    ids = {row.shift_id for row in rows} | {row.shift_id for row in waiting if row.shift_id}
    shifts = {**known, **activities.shifts_of(session, ids - known.keys())}
    touched = {shift_id: days_of(shifts[shift_id]) for shift_id in ids}
    of_rows: dict[uuid.UUID, list[Any]] = {person_id: [] for person_id in days_of_people}
    of_waiting: dict[uuid.UUID, list[Any]] = {person_id: [] for person_id in days_of_people}
    for row in rows:
        days = days_of_people[row.person_id]
        if not days or not touched[row.shift_id].isdisjoint(days):
            of_rows[row.person_id].append(row)
    for row in waiting:
        days = days_of_people[row.person_id]
        if not days or not _waiting_days(row, shifts).isdisjoint(days):
            of_waiting[row.person_id].append(row)
    return {person_id: _presences(of_rows[person_id], of_waiting[person_id], shifts) for person_id in days_of_people}


def _presences(rows: Sequence[Any], waiting: Sequence[Any], shifts: Mapping[uuid.UUID, FullShift]) -> list[Presence]:
    """Return one person's presences from their attendances and the outs that wait."""
    by_shift: dict[uuid.UUID, list[uuid.UUID]] = {}
    loose = []
    for scan in waiting:
        if scan.shift_id:
            by_shift.setdefault(scan.shift_id, []).append(scan.scan_id)
        else:
            loose.append(Presence(None, (), (scan.scan_id,), None, scan.station_id, scan.judged_at))
    found = [
        Presence(
            shifts[row.shift_id],
            pairs_present(Folded({}, {row.shift_id: facts_of(row)})),
            tuple(by_shift.pop(row.shift_id, ())),
            row.closes_at if row.has_open_pair else None,
        )
        for row in rows
    ]
    found += [Presence(shifts[shift_id], (), tuple(scan_ids)) for shift_id, scan_ids in by_shift.items()]
    return [*found, *loose]


def days_of(shift: FullShift) -> set[dt.date]:
    """Return the site days that a shift touches."""
    first, last = (site_day(at, settings().zone) for at in (shift.starts_at, shift.ends_at))
    return {first + dt.timedelta(days=number) for number in range((last - first).days + 1)}


def _waiting_days(row: Any, shifts: Mapping[uuid.UUID, FullShift]) -> set[dt.date]:
    """Return the site days on which an unmatched scan is reviewed."""
    return days_of(shifts[row.shift_id]) if row.shift_id else {site_day(row.judged_at, settings().zone)}


def has_attended(session: Session, person_id: uuid.UUID, shift_id: uuid.UUID) -> bool:
    """Whether a person was checked in at a shift: a handler of `activities.service.HAS_ATTENDED`."""
    query = sa.select(ATTENDANCES.c.id).where(
        ATTENDANCES.c.person_id == person_id, ATTENDANCES.c.shift_id == shift_id, ATTENDANCES.c.pair_count > 0
    )
    return session.execute(query).first() is not None


def recorded_by(session: Session, scan_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Return the accounts that made these scans: a handler of `hours.seams.RECORDED_BY`."""
    query = sa.select(ScanRow.account_id).where(ScanRow.id.in_(scan_ids), ScanRow.account_id.is_not(None))
    return frozenset(account_id for account_id in session.scalars(query) if account_id)


def ids_of(session: Session, people: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], uuid.UUID]:
    """Return the ids of these people's attendances, by (person, shift)."""
    return {(row.person_id, row.shift_id): row.id for row in _IDS(session, people=list(people))}


def facts_of(row: Any) -> AttendanceFacts:
    """Return a stored attendance as the fold said it."""
    return AttendanceFacts(
        row.shift_id, tuple(_pair_of(row.shift_id, one) for one in row.pairs), row.walk_in, row.closes_at
    )


def _touched(life: Life, folded: Folded) -> set[uuid.UUID]:
    """Return the shifts whose attendance these scans decide; one refused at arrival decides nothing."""
    named = {scan.shift_id for scan in life.scans.values() if scan.shift_id and not scan.refusals}
    return named | folded.attendances.keys()


def _values(facts: AttendanceFacts | None, shift: FullShift) -> dict[str, Any]:
    """Return the columns of an attendance; without facts those of one that has no pair left."""
    pairs = facts.pairs if facts else ()
    whole = span(shift.starts_at, shift.ends_at)
    inside = [part for p in pairs if p.out_at for part in [clip(span(p.in_at, p.out_at), whole)] if part]
    closes_at = facts.closes_at if facts else shift.ends_at
    return {
        "site_day": site_day(shift.starts_at, settings().zone),
        "pairs": [_plain(pair) for pair in pairs],
        "pair_count": len(pairs),
        "has_open_pair": any(pair.out_at is None for pair in pairs),
        "first_in_at": min((pair.in_at for pair in pairs), default=None),
        "last_out_at": max((pair.out_at for pair in pairs if pair.out_at), default=None),
        "closes_at": closes_at,
        "minutes": total(union(inside)),
        "walk_in": bool(facts and facts.walk_in),
        "evidence": facts.evidence.value if facts and pairs else "weak",
        "flags": sorted(flag.value for flag in facts.flags) if facts else [],
    }


def _plain(pair: Pair) -> dict[str, Any]:
    """Return a pair as JSON."""
    return {
        "in": pair.in_at.isoformat(),
        "out": pair.out_at.isoformat() if pair.out_at else None,
        "in_scan": str(pair.in_scan),
        "out_scan": str(pair.out_scan) if pair.out_scan else None,
        "strong": pair.strong,
        "roll_call": pair.roll_call,
        "flags": sorted(flag.value for flag in pair.flags),
    }


def _pair_of(shift_id: uuid.UUID, plain: Mapping[str, Any]) -> Pair:
    """Return a pair from JSON."""
    return Pair(
        shift_id=shift_id,
        in_scan=uuid.UUID(plain["in_scan"]),
        in_at=dt.datetime.fromisoformat(plain["in"]),
        out_scan=uuid.UUID(plain["out_scan"]) if plain["out_scan"] else None,
        out_at=dt.datetime.fromisoformat(plain["out"]) if plain["out"] else None,
        strong=plain["strong"],
        roll_call=plain["roll_call"],
        flags=frozenset(Flag(word) for word in plain["flags"]),
    )


def _write(
    session: Session,
    wanted: Mapping[tuple[uuid.UUID, uuid.UUID], dict[str, Any]],
    shifts: Mapping[uuid.UUID, FullShift],
    written: Written,
    asked: There,
) -> None:
    """Insert and update the rows that differ from what is wanted."""
    there = asked.rows(wanted)
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for key, values in wanted.items():
        row = there.get(key)
        if row is None:
            if values["pair_count"]:
                added.append({"id": new_id(), "person_id": key[0], "shift_id": key[1], **values})
                written.ids[key] = added[-1]["id"]
        else:
            written.ids[key] = row.id
            if any(getattr(row, name) != values[name] for name in _COMPARED):
                changed.append({"id": row.id, **values})
        if _closed(row.pairs if row else []) != _closed(values["pairs"]):
            written.move(key[0], days_of(shifts[key[1]]))
    written.changed_count += len(added) + len(changed)
    _ADD.later(session, added)
    _CHANGE.later(session, changed)


def _closed(pairs: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Return what hours would see of pairs."""
    return [pair for pair in pairs if pair["out"]]


def _write_unmatched(
    session: Session, people: Mapping[uuid.UUID, Life], folds: Mapping[uuid.UUID, Folded], written: Written
) -> None:
    """Keep the list of outs that wait for their in; only batches leave any, so others cost no statement."""
    known: dict[uuid.UUID, tuple[uuid.UUID, set[dt.date]]] = {}
    wanted: dict[uuid.UUID, dict[str, Any]] = {}
    for person_id, life in people.items():
        batched = [scan for scan in life.scans.values() if scan.mode is Mode.BATCH and scan.direction == "out"]
        for scan in batched:
            shift = life.shifts.get(scan.shift_id) if scan.shift_id else None
            days = days_of(shift) if shift else {site_day(scan.judged_at, settings().zone)}
            known[scan.id] = person_id, days
            decision = folds[person_id].decisions[scan.id]
            if decision.outcome is Outcome.UNMATCHED:
                wanted[scan.id] = {
                    "scan_id": scan.id,
                    "person_id": person_id,
                    "shift_id": decision.shift_id,
                    "judged_at": scan.judged_at,
                }
    if known:
        _replace_unmatched(session, known, wanted, written)


def _replace_unmatched(
    session: Session,
    who: Mapping[uuid.UUID, tuple[uuid.UUID, set[dt.date]]],
    wanted: dict[uuid.UUID, dict[str, Any]],
    written: Written,
) -> None:
    """Let exactly the wanted ones of these scans be listed."""
    listed = {row.scan_id for row in _LISTED(session, ids=list(who))}
    gone, new = listed - wanted.keys(), wanted.keys() - listed
    if gone:
        session.execute(sa.delete(UNMATCHED_SCANS).where(UNMATCHED_SCANS.c.scan_id.in_(gone)))
    if new:
        stations = sa.select(ScanRow.id, ScanRow.station_id).where(ScanRow.id.in_(new))
        for scan_id, station_id in session.execute(stations):
            wanted[scan_id]["station_id"] = station_id
        _LIST(session, [wanted[scan_id] for scan_id in sorted(new)])
    for scan_id in gone | new:
        written.move(*who[scan_id])
    written.changed_count += len(gone) + len(new)
