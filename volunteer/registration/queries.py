"""Reads that others build on: who counts as registered on a day. No personal data."""

import datetime as dt
import uuid

import sqlalchemy as sa

from volunteer.registration.models import PersonMerge, StatusSpan
from volunteer.registration.rules import COUNTED, PersonStatus


def counted_as_of(day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of those who count at the end of `day`: registered or suspended.

    Source: contract, Reports; decisions 5, 17.
    """
    return with_status_as_of(day, COUNTED)


def with_status_as_of(day: dt.date, statuses: frozenset[PersonStatus]) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of those who stand in one of `statuses` at the end of `day`."""
    return sa.select(StatusSpan.person_id).where(
        StatusSpan.status.in_(sorted(status.value for status in statuses)),
        StatusSpan.from_on <= day,
        StatusSpan.until_on.is_(None) | (StatusSpan.until_on > day),
    )


def merged_records() -> sa.FromClause:
    """Return the rows (`person_id`, `into_id`) of records that were merged into others; none leads to another."""
    return PersonMerge.__table__


def counted_spans() -> sa.Select[uuid.UUID, dt.date, dt.date | None]:
    """Return a select of (person_id, from_on, until_on): the half-open days on which people count."""
    counted = sorted(status.value for status in COUNTED)
    return sa.select(StatusSpan.person_id, StatusSpan.from_on, StatusSpan.until_on).where(
        StatusSpan.status.in_(counted)
    )
