"""What waits for a decision about activities: those submitted, and sign-ups that somebody has to look at.

Source: ux.md U8; contract, Activities (a keeper above, second person), `POST /signups/{id}/approve`.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.activities import service
from volunteer.activities.lifecycle import why_not_decide
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import ActivityStatus, SignupStatus
from volunteer.database import reading
from volunteer.registration import service as registration
from volunteer.stations import service as stations

Cursor = tuple[dt.datetime, uuid.UUID]
#: More than this many are "and more": nobody decides them in one sitting.
MOST_COUNTED = 200


def submitted_activities(actor: Actor, limit: int, after: Cursor | None = None) -> list[dict[str, Any]]:
    """Return up to `limit` + 1 submitted activities of the caller's stations, oldest first, each with why not."""
    query = sa.select(Activity).where(*_submitted(actor))
    if after:
        query = query.where(sa.tuple_(Activity.submitted_at, Activity.id) > after)
    rows = list(reading().scalars(query.order_by(Activity.submitted_at, Activity.id).limit(limit + 1)))
    briefs = stations.station_briefs(row.station_id for row in rows)
    names = directory.names_of(actor, [row.submitted_by for row in rows if row.submitted_by])
    refusals = _refusals(actor, rows)
    firsts = sa.select(Shift.activity_id, sa.func.min(Shift.starts_at), sa.func.count()).where(
        Shift.activity_id.in_([row.id for row in rows]), Shift.cancelled_at.is_(None)
    )
    shifts = {row[0]: row for row in reading().execute(firsts.group_by(Shift.activity_id))} if rows else {}
    return [
        {
            "id": row.id,
            "title": row.title,
            "station_name": briefs[row.station_id].name,
            "submitted_at": row.submitted_at,
            "submitted_by": names.get(row.submitted_by or row.id, ""),
            "first": shifts[row.id][1] if row.id in shifts else None,
            "count": shifts[row.id][2] if row.id in shifts else 0,
            "why_not": refusals[row.id],
        }
        for row in rows
    ]


def pending_signups(actor: Actor, now: dt.datetime, limit: int, after: Cursor | None = None) -> list[dict[str, Any]]:
    """Return up to `limit` + 1 sign-ups to decide at the caller's stations, the oldest first, names masked."""
    query = sa.select(Signup).join(Shift).join(Activity).where(*_pending(actor, now))
    if after:
        query = query.where(sa.tuple_(Signup.created_at, Signup.id) > after)
    session = reading()
    rows = list(session.scalars(query.order_by(Signup.created_at, Signup.id).limit(limit + 1)))
    names = registration.display_names(session, {row.person_id for row in rows})
    shifts = service.shifts_of(session, {row.shift_id for row in rows})
    return [
        {"id": row.id, "display_name": names[row.person_id], "asked_at": row.created_at, "shift": shifts[row.shift_id]}
        for row in rows
    ]


def counts(actor: Actor, now: dt.datetime) -> dict[str, int]:
    """Return how many activities and sign-ups wait at the caller's stations."""
    submitted = sa.select(sa.func.count()).select_from(Activity).where(*_submitted(actor))
    pending = sa.select(sa.func.count()).select_from(Signup).join(Shift).join(Activity).where(*_pending(actor, now))
    return {"activities": reading().scalar(submitted) or 0, "signups": reading().scalar(pending) or 0}


def count_decidable(actor: Actor, now: dt.datetime) -> int:
    """Return how many of them the caller may decide, of the first 200 activities."""
    rows = list(reading().scalars(sa.select(Activity).where(*_submitted(actor)).limit(MOST_COUNTED)))
    return sum(not refusal for refusal in _refusals(actor, rows).values()) + counts(actor, now)["signups"]


def _submitted(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of submitted activities in the caller's scope."""
    scope = stations.station_ids_in_scope(actor, Permission.DECIDE)
    found: list[sa.ColumnElement[bool]] = [Activity.status == ActivityStatus.SUBMITTED]
    return found if scope is None else [*found, Activity.station_id.in_(scope)]


def _pending(actor: Actor, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of sign-ups that still can be decided in the caller's scope."""
    scope = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    found: list[sa.ColumnElement[bool]] = [
        Signup.status == SignupStatus.PENDING,
        Shift.ends_at > now,
        Shift.cancelled_at.is_(None),
        Activity.status == ActivityStatus.PUBLISHED,
    ]
    return found if scope is None else [*found, Activity.station_id.in_(scope)]


def _refusals(actor: Actor, rows: list[Activity]) -> dict[uuid.UUID, str]:
    """Return why the caller may not decide each of these, or "" (each station is looked up once)."""
    places = set() if actor.is_admin else {row.station_id for row in rows}
    above = {one for one in places if stations.holds_above(actor, Permission.DECIDE, one)}
    return {
        row.id: why_not_decide(
            actor, row.station_id, (row.created_by, row.submitted_by), is_above=row.station_id in above
        )
        for row in rows
    }
