"""A draft written anew as a whole: its words and its shifts together, in one transaction.

While an activity is a draft nobody has signed up, so a shift that is left out goes. Source: ux.md A7; contract,
`PATCH /activities/{id}` (a draft freely).
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import checks, lifecycle, proposals
from volunteer.activities.models import Activity, Shift
from volunteer.activities.rules import ActivityStatus
from volunteer.clock import to_minute
from volunteer.database import transaction
from volunteer.errors import IllegalTransition
from volunteer.stations import service as stations


def rewrite_draft(
    actor: Actor,
    activity_id: uuid.UUID,
    values: Mapping[str, Any],
    kept: Sequence[uuid.UUID | None],
    now: dt.datetime,
) -> Activity:
    """Make a draft what `values` say, its shifts in their order; `kept` tells which shift each of them was, if any.

    Raises:
        NotFound: outside the caller's scope, also for the station it would move to.
        IllegalTransition: it is no draft any more.
        InvalidInput: all faults of the activity and its shifts at once.
    """
    with transaction() as session:
        activity = lifecycle.lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        if activity.status != ActivityStatus.DRAFT:
            raise IllegalTransition("活动已提交,不能再修改。")
        stations.require_station(actor, Permission.RUN_ACTIVITIES, values["station_id"])
        proposals.require_same_organizer(session, activity, values)
        redraft(session, actor, activity, values, kept, now)
        return activity


def redraft(
    session: Session,
    actor: Actor,
    activity: Activity,
    values: Mapping[str, Any],
    kept: Sequence[uuid.UUID | None],
    now: dt.datetime,
) -> None:
    """Make a locked draft what `values` say, by somebody whose scope was asked before.

    Raises:
        InvalidInput: all faults of the activity and its shifts at once.
    """
    checks.require_sound(session, values, now)
    for name in set(values) - {*lifecycle.SEALED, "shifts"}:
        setattr(activity, name, values[name])
    lifecycle.seal_leader(activity, values)
    for shift in _placed(session, activity.id, values["shifts"], kept):
        _take_away(session, actor, shift, now)
    audit.record(session, actor, now, "activity.rewrite", ("activity", activity.id), shifts=len(values["shifts"]))


def _placed(
    session: Session, activity_id: uuid.UUID, rows: Sequence[Mapping[str, Any]], kept: Sequence[uuid.UUID | None]
) -> list[Shift]:
    """Change the shifts that are kept and add the new ones, each in its place; return those that are left out."""
    there = {one.id: one for one in session.scalars(sa.select(Shift).where(Shift.activity_id == activity_id))}
    for position, (row, known) in enumerate(zip(rows, kept, strict=True)):
        shift = there.pop(known, None) if known else None
        if shift is None:
            session.add(checks.new_shift(activity_id, position, row))
            continue
        for name, value in row.items():
            setattr(shift, name, to_minute(value) if name in ("starts_at", "ends_at") else value)
        shift.position, shift.cancelled_at, shift.cancelled_by, shift.cancel_reason = position, None, None, None
    session.flush()
    return list(there.values())


def _take_away(session: Session, actor: Actor, shift: Shift, now: dt.datetime) -> None:
    """Delete a shift; one that a stray scan names is called off instead, for scans are never touched."""
    try:
        with session.begin_nested():
            session.delete(shift)
            session.flush()
    except IntegrityError:
        session.refresh(shift)
        shift.cancelled_at, shift.cancelled_by = now, actor.account
        session.flush()
