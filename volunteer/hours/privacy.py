"""What hours holds about a person: told in full to them, and emptied of words when they are erased.

Ledger lines stay, so that past sums do not move (decisions 15); the free words of requests do not.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.hours import ledger
from volunteer.hours.models import ExternalRecord, HourRequest, RequestState


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return a person's lines and requests, for GET /me/data: a handler of registration."""
    of_line = ("id", "kind", "minutes", "shift_id", "site_day", "created_at", "reverses", "corrects")
    of_request = ("id", "kind", "state", "minutes", "shift_id", "site_day", "reason", "decision_reason", "created_at")
    asked = sa.select(HourRequest).where(HourRequest.person_id == person_id).order_by(HourRequest.created_at)
    of_record = ("site_day", "minutes", "title", "source", "added_at")
    elsewhere = sa.select(ExternalRecord).where(ExternalRecord.person_id == person_id).order_by(ExternalRecord.added_at)
    return {
        "ledger_lines": [
            {name: getattr(line, name) for name in of_line} | {"class": line.class_}
            for line in ledger.lines_of_person(session, person_id)
        ],
        "hour_requests": [{name: getattr(row, name) for name in of_request} for row in session.scalars(asked)],
        "external_records": [{name: getattr(row, name) for name in of_record} for row in session.scalars(elsewhere)],
    }


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Withdraw what waits and drop the reasons given: a handler of registration's erasure."""
    theirs = HourRequest.person_id == person_id
    waiting = {"state": RequestState.WITHDRAWN.value, "pending_minutes": 0}
    session.execute(sa.update(HourRequest).where(theirs, HourRequest.state == RequestState.OPEN).values(waiting))
    session.execute(sa.update(HourRequest).where(theirs).values(reason=None, decision_reason=None))
    elsewhere = ExternalRecord.person_id == person_id
    session.execute(sa.update(ExternalRecord).where(elsewhere).values(title=None, source=None))
