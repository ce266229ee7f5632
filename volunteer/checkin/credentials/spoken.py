"""The four digits that a volunteer may say at the door when their phone shows nothing: unique in one station's day.

A keyed digest of station, day and person; where two on the list fall together, who signed up later moves on to the
next one. Nothing is stored, and nothing new is known of the person. They only find somebody on the list: the keeper
compares the masked name, and what is recorded is a roll-call with this reason, weak until another person accepts it.
Source: ux.md, "Read it with these changes" and §4.2 (fallbacks).
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.activities import service as activities
from volunteer.activities.rules import SignupStatus
from volunteer.activities.service import ShiftFacts, SignupView
from volunteer.checkin.attendance.lives import of_fold
from volunteer.checkin.credentials import codes
from volunteer.checkin.events import keys
from volunteer.checkin.reasons import Direction
from volunteer.checkin.rules import door_span, window
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.registration import service as registration

REASON = "口述四位码"
MOST_ATTEMPTS = 200
Key = tuple[uuid.UUID, str]


@dataclass(frozen=True, slots=True)
class OwnSpoken:
    """A code to say, and where it means its person."""

    digits: str
    station_name: str


def day_span(now: dt.datetime) -> tuple[dt.date, dt.datetime, dt.datetime]:
    """Return the site day of an instant, and the instants between which its shifts lie (`rules.door_span`)."""
    day = site_day(now, settings().zone)
    return day, *door_span(day, settings().zone)


def codes_of(
    session: Session, shifts: Iterable[ShiftFacts], signups: Sequence[SignupView], day: dt.date
) -> dict[Key, uuid.UUID]:
    """Return who is meant by a code at a station: (station, digits) to person, for all that are confirmed that day."""
    station_of = {shift.id: shift.station_id for shift in shifts}
    listed = [one for one in signups if one.status == SignupStatus.CONFIRMED and one.shift_id in station_of]
    facts = registration.facts_of(session, {one.person_id for one in listed})
    passes = {person_id: person.pass_no for person_id, person in facts.items()}
    found: dict[Key, uuid.UUID] = {}
    for station_id, person_id in dict.fromkeys((station_of[one.shift_id], one.person_id) for one in listed):
        digits = _free(found, station_id, day, passes[person_id])
        if digits is not None:
            found[(station_id, digits)] = person_id
    return found


def own_codes(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime) -> list[OwnSpoken]:
    """Return what the caller, or who they act for, may say today: one code for each station that still expects them.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id, session = registration.acting_as(actor, volunteer_id), reading()
    day, start, end = day_span(now)
    mine = activities.confirmed_between(session, person_id, start, end)
    ahead = {one.station_id: one for one in mine if window(of_fold(one), Direction.OUT).closes_at >= now}
    if not ahead:
        return []
    shifts = [one for one in activities.shifts_between(session, frozenset(ahead), start, end) if not one.cancelled]
    listed = codes_of(session, shifts, activities.signups_for(session, [one.id for one in shifts]), day)
    return [
        OwnSpoken(digits, ahead[station_id].station_name)
        for (station_id, digits), who in listed.items()
        if who == person_id and station_id in ahead
    ]


def _free(taken: Mapping[Key, uuid.UUID], station_id: uuid.UUID, day: dt.date, pass_no: str) -> str | None:
    """Return the first of a person's codes that nobody before them has; None on a list too long for four digits."""
    for attempt in range(MOST_ATTEMPTS):
        digits = codes.spoken_digits(keys(), station_id, day, pass_no, attempt)
        if (station_id, digits) not in taken:
            return digits
    return None
