"""Where a person stands, today and on any day: one function moves it, and keeps both in step.

A day has the status at its end, so a second move on one day replaces the first; the audit log keeps every move.
Source: decisions 5, 17.
"""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.errors import IllegalTransition
from volunteer.registration.models import Person, StatusSpan
from volunteer.registration.rules import PersonStatus, may_become

#: Tells the time where a question comes without one (whom an account may act for); `app` sets it.
CLOCK: list[Callable[[], dt.datetime]] = []


def present_day() -> dt.date:
    """Return the day of the site that it is."""
    return today(CLOCK[0]())


def today(now: dt.datetime) -> dt.date:
    """Return the day of the site at `now`."""
    return site_day(now, settings().zone)


def begin(session: Session, person: Person, status: PersonStatus, on: dt.date) -> None:
    """Give a new person their first status."""
    person.status = status.value
    session.add(StatusSpan(id=new_id(), person_id=person.id, status=status.value, from_on=on))


def move(session: Session, person: Person, status: PersonStatus, on: dt.date) -> None:
    """Move a locked person to `status` from the site day `on` on.

    Raises:
        IllegalTransition: the table of moves does not allow it.
    """
    if not may_become(PersonStatus(person.status), status):
        raise IllegalTransition
    person.status = status.value
    current = session.scalars(
        sa.select(StatusSpan).where(StatusSpan.person_id == person.id, StatusSpan.until_on.is_(None))
    ).one()
    if current.from_on >= on:
        current.status = status.value
        return
    current.until_on = on
    session.flush()
    session.add(StatusSpan(id=new_id(), person_id=person.id, status=status.value, from_on=on))


def spans_of(session: Session, person: Person) -> list[StatusSpan]:
    """Return a person's spans from the first on."""
    query = sa.select(StatusSpan).where(StatusSpan.person_id == person.id).order_by(StatusSpan.from_on)
    return list(session.scalars(query))
