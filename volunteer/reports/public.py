"""What everybody may know of the site: three numbers on the landing page, kept for five minutes.

The numbers are those of the reports: registered persons of today, effective minutes and shifts served of this year.
Source: ux.md P1.
"""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer.clock import Instant, site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.registration.queries import counted_as_of
from volunteer.reports import queries

KEPT = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """Registered volunteers, minutes served this year and the shifts in which they were served, as of an instant."""

    as_of: Instant
    registered: int
    minutes: int
    sessions: int


class Kept:
    """The figures of one installation, counted again after five minutes: the landing page is open to all."""

    def __init__(self) -> None:
        self._last: PublicFigures | None = None

    def __call__(self, now: Instant) -> PublicFigures:
        """Return figures no older than five minutes."""
        last = self._last
        if last is None or not last.as_of <= now < last.as_of + KEPT:
            self._last = last = public_figures(now)
        return last


def public_figures(now: Instant) -> PublicFigures:
    """Count the three numbers: two statements."""
    day, session = site_day(now, settings().zone), reading()
    registered = session.scalar(sa.select(sa.func.count()).select_from(counted_as_of(day).subquery())) or 0
    minutes, sessions = queries.served_in_year(session, day)
    return PublicFigures(now, registered, minutes, sessions)
