"""The period of a report: days of the site, and the instants between which they lie."""

import datetime as dt
from dataclasses import dataclass

from volunteer.clock import day_starts_at, site_day
from volunteer.config import settings
from volunteer.errors import invalid


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site, both included, and the instants between which their shifts start; `now` parts what is held."""

    from_on: dt.date
    to_on: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime
    now: dt.datetime


def day_asked(as_of: dt.date | None, now: dt.datetime) -> dt.date:
    """Return the day as of which a report is; left out, today.

    Raises:
        InvalidInput: `in-future` on `as_of`.
    """
    today = site_day(now, settings().zone)
    if as_of is not None and as_of > today:
        raise invalid("as_of", "in-future", "统计日期不能晚于今天。")
    return as_of or today


def period_of(from_on: dt.date | None, to_on: dt.date | None, now: dt.datetime) -> Period:
    """Return the period that was asked for.

    Args:
        from_on: the first day; left out, the first of the month of the last.
        to_on: the last day; left out, today.
        now: the present.

    Raises:
        InvalidInput: `to-before-from`.
    """
    zone = settings().zone
    last = to_on or site_day(now, zone)
    first = from_on or last.replace(day=1)
    if last < first:
        raise invalid("to", "to-before-from", "结束日期不能早于开始日期。")
    return Period(first, last, day_starts_at(first, zone), day_starts_at(last + dt.timedelta(days=1), zone), now)
