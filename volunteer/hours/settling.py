"""Settling: the ledger is made to say what the rules say, by appending; the open reviews likewise.

The result is a function of the evidence and the decisions alone: in any order, in parts, twice, the sum is the same.
Source: architecture.md, The journey of one scan (5); decisions 1, 2; contract, Hours.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import reading, transaction
from volunteer.hours import ledger, reviews
from volunteer.hours.ledger import Chain
from volunteer.hours.models import HourRequest, LedgerChain, LedgerLine, LineClass, LineKind
from volunteer.hours.postings import Group, GroupKey, Posting, groups_of, postings
from volunteer.hours.reckoning import Reckoned, decided_from, reckon
from volunteer.hours.seams import LINES_CHANGED, Presence, presences_of
from volunteer.registration.service import lock_person
from volunteer.units.memberships import finding_units, units_of

#: The unit at which time was served though the person was no member there: by shift and site day (merged records).
Served = Mapping[tuple[uuid.UUID, dt.date], uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts and what waits, by shift, after settling; `changed`: lines were appended."""

    minutes: dict[uuid.UUID, int]
    pending: dict[uuid.UUID, int]
    changed: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One person's evidence.

    Attributes:
        presences: every presence of the person, or with `days` every presence at a shift that touches one of them.
        days: the site days that `presences` tell completely; lines and reviews of other days stay as they are. Give
            every day that a touched shift touches. None: all days.
        served: units of time that was served under another record of the person; else membership tells it.
    """

    presences: Sequence[Presence]
    days: frozenset[dt.date] | None = None
    served: Served = field(default_factory=dict)


def settle(
    session: Session,
    person_id: uuid.UUID,
    presences: Sequence[Presence],
    now: dt.datetime,
    days: Iterable[dt.date] | None = None,
    served: Served | None = None,
) -> Settled:
    """Settle one person: `settle_many`."""
    case = Case(presences, None if days is None else frozenset(days), served or {})
    return settle_many(session, {person_id: case}, now)[person_id]


class Asked:
    """What settling some people must know, asked together with what else is asked; the people are locked.

    `days_of_people`: as `Case.days`.
    """

    def __init__(self, session: Session, days_of_people: Mapping[uuid.UUID, frozenset[dt.date] | None]) -> None:
        people = list(days_of_people)
        self.chains = ledger.locking_chains(session, people)
        self.requests = reviews.finding_requests(session, people)
        self.lines = ledger.finding_lines(session, days_of_people)
        by_day: dict[dt.date, list[uuid.UUID]] = {}
        for person_id, days in days_of_people.items():
            for day in days or ():
                by_day.setdefault(day, []).append(person_id)
        self._units = {day: (frozenset(who), finding_units(session, who, day)) for day, who in by_day.items()}
        self.changes = [handler(session, people) for handler in LINES_CHANGED]

    def units_of(self, session: Session, people: Collection[uuid.UUID], day: dt.date) -> dict[uuid.UUID, uuid.UUID]:
        """Return the unit of each of these people on a day; what was not asked is asked now."""
        known, units = self._units.get(day, (frozenset(), dict))
        return units() if known.issuperset(people) else units_of(session, people, day)


def settle_many(
    session: Session, cases: Mapping[uuid.UUID, Case], now: dt.datetime, asked: Asked | None = None
) -> dict[uuid.UUID, Settled]:
    """Append what makes the ledger equal to the rules, and refresh the open reviews; the people must be locked.

    A fixed number of statements for any number of people.

    Args:
        session: of the transaction under way.
        cases: whose hours, and from what.
        now: no minute counts before it has passed.
        asked: what was asked for these people and days already.
    """
    if not cases:
        return {}
    asked = asked or Asked(session, {person_id: case.days for person_id, case in cases.items()})
    chains, requests, lines = asked.chains(), asked.requests(), asked.lines()
    found: dict[uuid.UUID, Settled] = {}
    steps: list[_Step] = []
    for person_id, case in sorted(cases.items(), key=lambda one: one[0]):
        decided = decided_from(requests[person_id])
        reckoned = reckon(session, person_id, case.presences, now, decided)
        wanted = {key: one for key, one in reckoned.wanted().items() if case.days is None or key.site_day in case.days}
        mine = _steps(chains[person_id], wanted, groups_of(lines[person_id]), reckoned, case.served)
        steps += mine
        reviews.refresh(session, person_id, requests[person_id], case.presences, reckoned, now, case.days)
        _remember(chains[person_id], reckoned, now, whole=case.days is None)
        found[person_id] = _settled(reckoned, wanted, bool(mine))
    session.flush()
    ledger.write(session, chains.values(), _linked(session, steps, now, asked))
    changed = {person_id for person_id, settled in found.items() if settled.changed}
    for change in asked.changes if changed else ():
        change(changed, now)
    return found


def settle_again(session: Session, person_id: uuid.UUID, now: dt.datetime, served: Served | None = None) -> Settled:
    """Settle from all of a person's presences, as check-in tells them; the person must be locked."""
    return settle(session, person_id, presences_of(session, person_id), now, served=served)


def settle_if_due(person_id: uuid.UUID, now: dt.datetime) -> None:
    """Settle again if accepted minutes that lay ahead have passed by now: answers are right without any job."""
    due = sa.select(LedgerChain.resettle_at).where(LedgerChain.person_id == person_id)
    resettle_at = reading().scalar(due)
    if resettle_at is not None and resettle_at <= now:
        with transaction() as session:
            lock_person(session, person_id)
            settle_again(session, person_id, now)


def shift_moved(session: Session, shift_id: uuid.UUID, now: dt.datetime) -> None:
    """Settle again whoever has lines or a make-up at a shift: a handler of `activities.service.SHIFT_MOVED`."""
    people = set(session.scalars(sa.select(LedgerLine.person_id).where(LedgerLine.shift_id == shift_id).distinct()))
    people |= set(session.scalars(sa.select(HourRequest.person_id).where(HourRequest.shift_id == shift_id).distinct()))
    for person_id in sorted(people):
        lock_person(session, person_id)
        settle_again(session, person_id, now)


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be appended to one group of a person's lines; `unit_id` is known where it was said before."""

    chain: Chain
    key: GroupKey
    group: Group
    postings: Sequence[Posting]
    version: int
    station_id: uuid.UUID | None
    unit_id: uuid.UUID | None


def _steps(
    chain: Chain,
    wanted: Mapping[GroupKey, tuple[int, list[Posting]]],
    groups: Mapping[GroupKey, Group],
    reckoned: Reckoned,
    served: Served,
) -> list[_Step]:
    """Return what makes a person's groups those that are wanted, in order."""
    found = []
    for key in sorted(wanted.keys() | groups.keys()):
        version, lines = wanted.get(key, (0, []))
        group = groups.get(key, Group())
        missing, shift = postings(group, lines), reckoned.shifts.get(key.shift_id)
        if missing:
            station_id = shift.station_id if shift else None
            unit_id = (group.base and group.base.unit_id) or served.get((key.shift_id, key.site_day))
            found.append(_Step(chain, key, group, missing, version, station_id, unit_id))
    return found


def _linked(session: Session, steps: Sequence[_Step], now: dt.datetime, asked: Asked) -> list[dict[str, Any]]:
    """Return the lines of all steps as columns, linked to their chains.

    Each unit is that of the day of service, and what a group's earlier lines said stays (decisions 2, 5).
    """
    by_day: dict[dt.date, set[uuid.UUID]] = {}
    for step in steps:
        if step.unit_id is None:
            by_day.setdefault(step.key.site_day, set()).add(step.chain.person_id)
    units = {day: asked.units_of(session, people, day) for day, people in by_day.items()}
    found = []
    for step in steps:
        unit_id = step.unit_id or units[step.key.site_day].get(step.chain.person_id)
        found += list(_of_step(step, unit_id, now))
    return found


def _of_step(step: _Step, unit_id: uuid.UUID | None, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """Yield the lines of one group. A reversal keeps the unit, station and policy of what it takes back."""
    there = {line.id: line for line in (step.group.base, *step.group.corrections) if line}
    base_id = None
    for one in step.postings:
        taken_back = there[one.reverses] if one.reverses else None
        row = step.chain.link(
            ledger.NewLine(
                kind=LineKind(one.kind),
                class_=LineClass(one.credit_class),
                minutes=one.minutes,
                shift_id=step.key.shift_id,
                site_day=step.key.site_day,
                policy_version=taken_back.policy_version if taken_back else step.version,
                unit_id=taken_back.unit_id if taken_back else unit_id,
                station_id=taken_back.station_id if taken_back else step.station_id,
                request_id=one.request_id,
                reverses=one.reverses,
                corrects=(one.corrects or base_id) if one.kind == LineKind.CORRECTION else None,
            ),
            now,
        )
        if one.kind in (LineKind.SERVICE, LineKind.MAKE_UP):
            base_id = row["id"]
        yield row


def _remember(chain: Chain, reckoned: Reckoned, now: dt.datetime, *, whole: bool) -> None:
    """Note when accepted minutes that lie ahead will have passed."""
    candidates = [reckoned.ahead_until] if reckoned.ahead_until else []
    if not whole and chain.resettle_at is not None and chain.resettle_at > now:
        candidates.append(chain.resettle_at)
    chain.resettle(min(candidates, default=None))


def _settled(reckoned: Reckoned, wanted: Mapping[GroupKey, tuple[int, list[Posting]]], changed: bool) -> Settled:
    """Sum up by shift."""
    minutes: dict[uuid.UUID, int] = {}
    pending: dict[uuid.UUID, int] = {}
    for key, (_, lines) in wanted.items():
        minutes[key.shift_id] = minutes.get(key.shift_id, 0) + sum(line.minutes for line in lines)
    for one in reckoned.pendings:
        pending[one.shift_id] = pending.get(one.shift_id, 0) + one.minutes
    return Settled(minutes, pending, changed)
