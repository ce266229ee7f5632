"""A person's own sign-ups, as they see them: all, one, the next."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor
from volunteer.activities import service
from volunteer.activities.models import Shift, Signup
from volunteer.activities.rules import SignupStatus
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import service as registration


def list_own_signups(
    person_id: uuid.UUID, limit: int, before: tuple[dt.datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """Return up to `limit` sign-ups of a person, the last first, each with its shift."""
    query = sa.select(Signup).where(Signup.person_id == person_id)
    if before:
        at, last = before
        query = query.where((Signup.created_at < at) | ((Signup.created_at == at) & (Signup.id < last)))
    session = reading()
    rows = session.scalars(query.order_by(Signup.created_at.desc(), Signup.id.desc()).limit(limit)).all()
    shifts = service.shifts_of(session, [row.shift_id for row in rows])
    return [_shown(row, shifts[row.shift_id]) for row in rows]


def get_own_signup(actor: Actor, signup_id: uuid.UUID) -> dict[str, Any]:
    """Return a sign-up of the caller, or of somebody they act for.

    Raises:
        NotFound: no such sign-up, or somebody else's.
    """
    session = reading()
    row = session.get(Signup, signup_id)
    if row is None or not registration.may_act_for(actor, row.person_id):
        raise NotFound
    return _shown(row, service.get_shift(session, row.shift_id))


def next_one(actor: Actor, now: dt.datetime) -> dict[str, Any] | None:
    """Return the confirmed sign-up of the caller whose shift is on, or comes next."""
    session = reading()
    query = (
        sa.select(Signup)
        .join(Shift, Shift.id == Signup.shift_id)
        .where(
            Signup.person_id == registration.own_person(actor),
            Signup.status == SignupStatus.CONFIRMED,
            Shift.ends_at > now,
            Shift.cancelled_at.is_(None),
        )
        .order_by(Shift.starts_at, Signup.id)
        .limit(1)
    )
    row = session.scalars(query).first()
    return _shown(row, service.get_shift(session, row.shift_id)) if row else None


def _shown(row: Signup, shift: service.ShiftFacts) -> dict[str, Any]:
    """Return a sign-up as its person sees it."""
    names = ("activity_id", "activity_title", "station_id", "station_name", "post", "place", "starts_at", "ends_at")
    own = ("id", "shift_id", "status", "walk_in", "created_at", "reason")
    view = {name: getattr(row, name) for name in own} | {name: getattr(shift, name) for name in names}
    return view | {"volunteer_id": row.person_id, "activity_status": shift.status, "shift_cancelled": shift.cancelled}
