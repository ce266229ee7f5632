"""How sign-ups follow a merge of two records: one live place a shift, and no seat taken twice."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities import seats
from volunteer.activities.models import Shift, Signup
from volunteer.activities.rules import BLOCKING, SignupStatus
from volunteer.errors import Worded
from volunteer.registration.merging import Merger, Moved, reassign

_BEST: Final = (SignupStatus.CONFIRMED, SignupStatus.PENDING, SignupStatus.WAITLISTED)


class SignupNote(Worded):
    """What meets in a merge of sign-ups; the value is the permanent code."""

    SAME_SHIFT = "same-shift", "两份记录报了同一个班次。合并后保留一个名额,多出的名额让给候补的人。"
    OVERLAPPING = "overlapping-signups", "合并后有时间重叠的报名。请联系本人,取消不能参加的班次。"


def merge_signups(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Keep the better of two live sign-ups for a shift, end the other, and let all that is left be the survivor's."""
    by_shift: dict[uuid.UUID, list[Signup]] = {}
    for signup in seats.live_signups_of(session, (from_id, into_id)):
        by_shift.setdefault(signup.shift_id, []).append(signup)
    doubled = sorted(shift_id for shift_id, found in by_shift.items() if len(found) > 1)
    for shift_id in doubled:
        _end_worse(session, by_shift[shift_id], now)
    session.flush()
    done = reassign(session, Signup.__table__, from_id, into_id)
    session.expire_all()
    met = {SignupNote.SAME_SHIFT: bool(doubled), SignupNote.OVERLAPPING: _overlaps(session, into_id, now)}
    return Moved(done.moved - len(doubled), len(doubled), notes=tuple(note for note, is_so in met.items() if is_so))


def _end_worse(session: Session, pair: Sequence[Signup], now: dt.datetime) -> None:
    """End all but the best of one person's live sign-ups for a shift, and fill the seats that are free then."""
    shift, activity = seats.lock_shift(session, pair[0].shift_id)
    best, *worse = sorted(pair, key=lambda one: (_BEST.index(SignupStatus(one.status)), one.created_at, one.id))
    best.walk_in = any(one.walk_in for one in pair)
    for signup in worse:
        seats.end_signup(session, shift, signup, "system", "merged", now)
    if shift.starts_at > now:
        seats.fill_seats(session, shift, activity, {}, now)


def _overlaps(session: Session, person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether a person is to be at two places at once from now on."""
    query = (
        sa.select(Shift.starts_at, Shift.ends_at)
        .join(Signup, Signup.shift_id == Shift.id)
        .where(
            Signup.person_id == person_id,
            Signup.status.in_(BLOCKING),
            Shift.cancelled_at.is_(None),
            Shift.ends_at > now,
        )
        .order_by(Shift.starts_at, Shift.ends_at)
    )
    latest = None
    for starts_at, ends_at in session.execute(query):
        if latest is not None and starts_at < latest:
            return True
        latest = ends_at if latest is None else max(latest, ends_at)
    return False


TABLES: Final[Mapping[str, Merger]] = {"signups": Merger("报名", merge_signups)}
