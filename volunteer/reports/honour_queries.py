"""What the list of honour and the sheet for the platform above read: minutes of people in a period."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.hours.models import LedgerLine
from volunteer.reports.queries import COUNTED_CLASSES
from volunteer.units import memberships


def served(
    session: Session,
    people: sa.Select[uuid.UUID],
    days: tuple[dt.date, dt.date],
    members: Collection[uuid.UUID] | None,
    served_at: Collection[uuid.UUID] | None,
    today: dt.date,
    skip: int,
    limit: int,
) -> Sequence[Any]:
    """Return rows (person_id, minutes, rank) of those of `people` who served on `days`, both included, the most first.

    Of any unit where `members` is None, else of those units as of `today`; at any station where `served_at` is None.
    """
    minutes = sa.func.sum(LedgerLine.minutes).label("minutes")
    query = sa.select(LedgerLine.person_id, minutes, sa.func.rank().over(order_by=minutes.desc()).label("rank"))
    query = query.where(*_of(days), LedgerLine.person_id.in_(people))
    if members is not None:
        query = query.where(LedgerLine.person_id.in_(memberships.persons_in_units(members, today)))
    if served_at is not None:
        query = query.where(LedgerLine.station_id.in_(served_at))
    query = query.group_by(LedgerLine.person_id).having(minutes > 0)
    query = query.order_by(minutes.desc(), LedgerLine.person_id).offset(skip).limit(limit)
    return session.execute(query).all()


def minutes_of(
    session: Session, person_ids: Collection[uuid.UUID], days: tuple[dt.date, dt.date] | None = None
) -> dict[uuid.UUID, int]:
    """Return the counted minutes of these people, in these days (both included) or in their whole lives."""
    if not person_ids:
        return {}
    query = sa.select(LedgerLine.person_id, sa.func.sum(LedgerLine.minutes)).where(
        LedgerLine.person_id.in_(person_ids), *(_of(days) if days else (LedgerLine.class_.in_(COUNTED_CLASSES),))
    )
    return {person_id: int(minutes) for person_id, minutes in session.execute(query.group_by(LedgerLine.person_id))}


def _of(days: tuple[dt.date, dt.date]) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a line counts and its day lies between these."""
    return LedgerLine.site_day.between(*days), LedgerLine.class_.in_(COUNTED_CLASSES)
