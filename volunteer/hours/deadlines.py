"""Until when a make-up may be asked for, in the site's zone: for the pages, which say it before somebody asks."""

import datetime as dt

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.hours.make_ups import Deadline, make_up_deadline


def deadline_of(ends_at: dt.datetime) -> Deadline:
    """Return the last site day on which a make-up may be asked for at a shift that ends at an instant.

    Source: decisions.md 20; contract, "POST /make-ups" (``deadline``).
    """
    return make_up_deadline(site_day(ends_at, settings().zone))


def is_late(deadline: Deadline, now: dt.datetime) -> bool:
    """Whether a deadline has passed."""
    return site_day(now, settings().zone) > deadline.on
