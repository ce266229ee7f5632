"""Activities of a unit that ends: those still to come are handed to the unit that goes on.

One of which a shift has begun before that day stays with the unit that organised it: proofs of service name it.
Source: decisions 6 (who organises).
"""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities.models import Activity, Shift
from volunteer.activities.rules import ActivityStatus
from volunteer.clock import day_starts_at
from volunteer.config import settings
from volunteer.units.rules_endings import InUse
from volunteer.units.seams import Handing, Held, Holding

OPEN = (ActivityStatus.DRAFT, ActivityStatus.SUBMITTED, ActivityStatus.PUBLISHED)


def of_unit(session: Session, unit_id: uuid.UUID, on: dt.date) -> list[Held]:
    """Return the activities that a unit organises and that begin on a day or later, by title."""
    begun = sa.select(Shift.id).where(
        Shift.activity_id == Activity.id, Shift.starts_at < day_starts_at(on, settings().zone)
    )
    query = sa.select(Activity.id, Activity.title).where(
        Activity.organizer_unit_id == unit_id, Activity.status.in_(OPEN), ~begun.exists()
    )
    return [Held(*row) for row in session.execute(query.order_by(Activity.title, Activity.id))]


def give(session: Session, activity_ids: Collection[uuid.UUID], handing: Handing) -> int:
    """Let another unit organise those of these activities that a unit still organises; return how many."""
    mine = sa.and_(Activity.id.in_(activity_ids), Activity.organizer_unit_id == handing.unit_id)
    activities = list(session.scalars(sa.select(Activity).where(mine).order_by(Activity.id).with_for_update()))
    for activity in activities:
        activity.organizer_unit_id = handing.to_id
    session.flush()
    return len(activities)


HOLDING = Holding(InUse.ACTIVITIES, "主办的、尚未开始的活动", of_unit, give)
