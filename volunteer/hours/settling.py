"""Settling: the ledger is made to say what the rules say, by appending; the open reviews likewise.

The result is a function of the evidence and the decisions alone: in any order, in parts, twice, the sum is the same.
Source: architecture.md, The journey of one scan (5); decisions 1, 2; contract, Hours.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import reading, transaction
from volunteer.hours import ledger, reviews
from volunteer.hours.models import HourRequest, LedgerChain, LedgerLine, LineClass, LineKind
from volunteer.hours.postings import Group, GroupKey, Posting, groups_of, postings
from volunteer.hours.reckoning import Reckoned, reckon
from volunteer.hours.seams import LINES_CHANGED, Presence, presences_of
from volunteer.registration.service import lock_person
from volunteer.units.memberships import unit_of


@dataclass(frozen=True, slots=True)
class Settled:
    """What counts and what waits, by shift, after settling; `changed`: lines were appended."""

    minutes: dict[uuid.UUID, int]
    pending: dict[uuid.UUID, int]
    changed: bool


def settle(
    session: Session,
    person_id: uuid.UUID,
    presences: Sequence[Presence],
    now: dt.datetime,
    days: Iterable[dt.date] | None = None,
) -> Settled:
    """Append what makes the ledger equal to the rules, and refresh the open reviews; the person must be locked.

    Args:
        session: of the transaction under way.
        person_id: whose hours.
        presences: every presence of the person, or with `days` every presence at a shift that touches one of them.
        now: no minute counts before it has passed.
        days: the site days that `presences` tell completely; lines and reviews of other days stay as they are. Give
            every day that a touched shift touches. None: all days.
    """
    only = None if days is None else frozenset(days)
    chain = ledger.lock_chain(session, person_id)
    reckoned = reckon(session, person_id, presences, now)
    wanted = {key: one for key, one in reckoned.wanted().items() if only is None or key.site_day in only}
    groups = groups_of(ledger.lines_of_person(session, person_id, only))
    changed = False
    for key in sorted(wanted.keys() | groups.keys()):
        version, lines = wanted.get(key, (0, []))
        group = groups.get(key, Group())
        steps = postings(group, lines)
        changed = changed or bool(steps)
        _append(session, person_id, key, group, steps, version, reckoned, now)
    reviews.refresh(session, person_id, presences, reckoned, now, only)
    _remember(chain, reckoned, now, whole=only is None)
    if changed:
        for handler in LINES_CHANGED:
            handler(session, person_id, now)
    return _settled(reckoned, wanted, changed)


def settle_again(session: Session, person_id: uuid.UUID, now: dt.datetime) -> Settled:
    """Settle from all of a person's presences, as check-in tells them; the person must be locked."""
    return settle(session, person_id, presences_of(session, person_id), now)


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


def _append(
    session: Session,
    person_id: uuid.UUID,
    key: GroupKey,
    group: Group,
    steps: Sequence[Posting],
    version: int,
    reckoned: Reckoned,
    now: dt.datetime,
) -> None:
    """Append the lines of one group. A reversal keeps the unit, station and policy of what it takes back."""
    shift = reckoned.shifts.get(key.shift_id)
    there = {line.id: line for line in (group.base, *group.corrections) if line}
    unit_id = unit_of(session, person_id, key.site_day) if steps else None
    base_id = None
    for step in steps:
        taken_back = there[step.reverses] if step.reverses else None
        line = ledger.append(
            session,
            person_id,
            ledger.NewLine(
                kind=LineKind(step.kind),
                class_=LineClass(step.credit_class),
                minutes=step.minutes,
                shift_id=key.shift_id,
                site_day=key.site_day,
                policy_version=taken_back.policy_version if taken_back else version,
                unit_id=taken_back.unit_id if taken_back else unit_id,
                station_id=taken_back.station_id if taken_back else shift.station_id if shift else None,
                request_id=step.request_id,
                reverses=step.reverses,
                corrects=(step.corrects or base_id) if step.kind == LineKind.CORRECTION else None,
            ),
            now,
        )
        if step.kind in (LineKind.SERVICE, LineKind.MAKE_UP):
            base_id = line.id


def _remember(chain: LedgerChain, reckoned: Reckoned, now: dt.datetime, *, whole: bool) -> None:
    """Note when accepted minutes that lie ahead will have passed."""
    candidates = [reckoned.ahead_until] if reckoned.ahead_until else []
    if not whole and chain.resettle_at is not None and chain.resettle_at > now:
        candidates.append(chain.resettle_at)
    soonest = min(candidates, default=None)
    if chain.resettle_at != soonest:
        chain.resettle_at = soonest


def _settled(reckoned: Reckoned, wanted: dict[GroupKey, tuple[int, list[Posting]]], changed: bool) -> Settled:
    """Sum up by shift."""
    minutes: dict[uuid.UUID, int] = {}
    pending: dict[uuid.UUID, int] = {}
    for key, (_, lines) in wanted.items():
        minutes[key.shift_id] = minutes.get(key.shift_id, 0) + sum(line.minutes for line in lines)
    for one in reckoned.pendings:
        pending[one.shift_id] = pending.get(one.shift_id, 0) + one.minutes
    return Settled(minutes, pending, changed)
