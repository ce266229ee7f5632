"""What is done by the clock or by hand: reminding who is in, telling who forgot, proving the projection, old places.

Answers are right whether or not any of this has run (contract, "Hours").
Source: decisions 1 (rebuild), 10 (30 days); contract, "Start, for a machine" (`attendance close|rebuild`).
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities import lifecycle as activities_life
from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts
from volunteer.checkin.attendance import lives, projection
from volunteer.checkin.attendance.lives import Life
from volunteer.checkin.attendance.owners import OWNER, WITH_OWNERS, records_of
from volunteer.checkin.models import ATTENDANCES, SCANS, ScanPlace, ScanRow
from volunteer.checkin.reasons import MESSAGES, Direction, Outcome
from volunteer.clock import to_minute
from volunteer.config import settings
from volunteer.database import reading, transaction
from volunteer.hours import service as hours
from volunteer.hours.policy import POLICY
from volunteer.notifications.service import tell
from volunteer.registration import service as registration

PLACES_KEPT = dt.timedelta(days=30)
REMINDER = "checkin-remind"
WINDOW = dt.timedelta(minutes=POLICY.out_late_minutes)
REMIND_AFTER = (dt.timedelta(0), dt.timedelta(minutes=30))
"""When somebody who is still in is told to check out, after the end of the shift."""


def close_due(now: dt.datetime) -> dict[str, int]:
    """Tell everybody once whose check-out did not come in time, finish what has ended, forget old places.

    Returns how many attendances were told of (`told`), activities finished, and places forgotten. Provisional: an out
    that was judged inside the window counts whenever it arrives.
    """
    remind_due(now)
    told = _tell_unclosed(now)
    with transaction() as session:
        finished = activities_life.finish_ended(session, now)
    return {"told": told, "finished": finished, "places_forgotten": forget_places(now)}


def watch(now: dt.datetime) -> None:
    """Remind who is still in, and tell who was not out in time: what the worker looks after every minute."""
    remind_due(now)
    _tell_unclosed(now)


def remind_due(now: dt.datetime) -> int:
    """Remind everybody who is still in when their shift ends and half an hour later; return how many.

    Each time once, however often this runs; who is late for the first is told the second time only.
    """
    is_in = (ATTENDANCES.c.has_open_pair, ATTENDANCES.c.closes_at >= to_minute(now))
    query = sa.select(ATTENDANCES.c.person_id, ATTENDANCES.c.closes_at, ATTENDANCES.c.reminded_at).where(*is_in)
    soon = query.where(ATTENDANCES.c.closes_at <= now + WINDOW)
    people = {row.person_id for row in reading().execute(soon) if _is_due(row, now)}
    reminded = 0
    for person_id in sorted(people):
        with transaction() as session:
            registration.lock_person(session, person_id)
            rows = session.execute(sa.select(ATTENDANCES).where(ATTENDANCES.c.person_id == person_id, *is_in)).all()
            due = [row for row in rows if _is_due(row, now)]
            shifts = activities.shifts_of(session, {row.shift_id for row in due})
            for row in due:
                tell(session, person_id, REMINDER, _reminder(shifts[row.shift_id], row.closes_at), now)
            ids = [row.id for row in due]
            session.execute(sa.update(ATTENDANCES).where(ATTENDANCES.c.id.in_(ids)).values(reminded_at=now))
            reminded += len(due)
    return reminded


def _is_due(row: Any, now: dt.datetime) -> bool:
    """Whether a reminder has come due since the last one."""
    passed = [at for after in REMIND_AFTER if (at := row.closes_at - WINDOW + after) <= now]
    return bool(passed) and (row.reminded_at is None or row.reminded_at < passed[-1])


def _reminder(shift: ShiftFacts, closes_at: dt.datetime) -> str:
    """Return what is told to who is still in: what to do, until when, and what happens else."""
    until = closes_at.astimezone(settings().zone)
    return (
        f"「{shift.activity_title}」的班次已经结束,您还没有签退。请在 {until:%H:%M} 前扫码签退,"
        "或请站点工作人员扫您的码;过时没有签退,这次暂记 0 分钟。"
    )


def _tell_unclosed(now: dt.datetime) -> int:
    """Tell whose window for checking out has passed; return how many attendances."""
    is_due = (
        ATTENDANCES.c.has_open_pair,
        ATTENDANCES.c.closes_at < to_minute(now),
        ATTENDANCES.c.told_unclosed_at.is_(None),
    )
    due = reading().execute(sa.select(ATTENDANCES.c.person_id, ATTENDANCES.c.id).where(*is_due)).all()
    told = 0
    for person_id in sorted({row.person_id for row in due}):
        with transaction() as session:
            registration.lock_person(session, person_id)
            query = sa.select(ATTENDANCES.c.id, ATTENDANCES.c.shift_id).where(
                ATTENDANCES.c.person_id == person_id, *is_due
            )
            rows = session.execute(query).all()
            shifts = activities.shifts_of(session, {row.shift_id for row in rows})
            life = lives.whole(session, person_id) if rows else None
            for row in rows:
                why = _tried(life, row.shift_id) if life else None
                hours.tell_unclosed(session, person_id, shifts[row.shift_id], now, why)
            told += len(rows)
            ids = [row.id for row in rows]
            session.execute(sa.update(ATTENDANCES).where(ATTENDANCES.c.id.in_(ids)).values(told_unclosed_at=now))
    return told


def _tried(life: Life, shift_id: uuid.UUID) -> str | None:
    """Return what became of the last check-out that was tried after the open in and did not count, None without one."""
    folded = life.folded()
    opened = folded.attendances[shift_id].pairs[-1].in_at
    tried = [
        decision
        for scan in life.scans.values()
        if scan.direction is Direction.OUT
        and (decision := folded.decisions[scan.id]).outcome is Outcome.REFUSED
        and decision.at >= opened
        and decision.shift_id in (shift_id, None)
    ]
    if not tried:
        return None
    last = max(tried, key=lambda decision: decision.at)
    at = last.at.astimezone(settings().zone)
    return f"没有有效的签退:{at:%H:%M} 扫的签退没有被接受({MESSAGES[last.reason or last.outcome].rstrip('。')})。"


def rebuild(now: dt.datetime) -> dict[str, int]:
    """Fold every life again; return how many people there are, and how many rows were not what the fold says.

    `changed` is 0 unless somebody has been at the tables, or a shift was moved past its scans.
    """
    people = list(reading().scalars(_owners()))
    changed = 0
    for person_id in sorted(person_id for person_id in people if person_id):
        with transaction() as session:
            registration.lock_people(session, [person_id])
            changed += refold(session, person_id, now)
    count = reading().scalar(sa.select(sa.func.count()).select_from(ATTENDANCES).where(ATTENDANCES.c.pair_count > 0))
    return {"people": len(people), "attendances": count or 0, "changed": changed}


def _owners() -> sa.Select[uuid.UUID]:
    """Return a select of whose scans there are, each person once."""
    return sa.select(OWNER).select_from(WITH_OWNERS).where(SCANS.c.person_id.is_not(None)).distinct()


def refold(session: Session, person_id: uuid.UUID, now: dt.datetime) -> int:
    """Fold one whole life again, the person locked; return how many rows changed."""
    life = lives.whole(session, person_id)
    written = projection.project(session, [life], {person_id: life.folded()}, now)
    return written.changed_count


def shift_moved(session: Session, shift_id: uuid.UUID, now: dt.datetime) -> None:
    """Fold everybody again who was scanned at a shift: a handler of `activities.service.SHIFT_MOVED`."""
    people = {person_id for person_id in session.scalars(_owners().where(SCANS.c.shift_id == shift_id)) if person_id}
    for person_id in _locked(session, people):
        refold(session, person_id, now)
        hours.settle_again(session, person_id, now)


def forget_places(now: dt.datetime) -> int:
    """Delete where scans older than 30 days were made from; return how many."""
    with transaction() as session:
        result = session.execute(sa.delete(ScanPlace).where(ScanPlace.received_at < now - PLACES_KEPT))
        return int(result.rowcount)  # type: ignore[attr-defined]


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Delete where a person's scans were made from: a handler of registration's erasure."""
    theirs = sa.select(ScanRow.id).where(ScanRow.person_id.in_(records_of(person_id)))
    session.execute(sa.delete(ScanPlace).where(ScanPlace.scan_id.in_(theirs)))


def _locked(session: Session, people: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Lock people in order of id."""
    wanted = sorted(people)
    return sorted(registration.lock_people(session, wanted)) if wanted else []
