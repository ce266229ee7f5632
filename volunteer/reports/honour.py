"""The public list of honour (光荣榜): who agreed to be named, with the hours they served in a period, the most first.

What is read is what holds now: a consent that is taken back is gone from the next read, so nothing is kept on the way.
Source: PIPL 15, 25; domain.md b2 (R685 art. 32, 34); ADR 0010.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import Fault, InvalidInput, NotFound
from volunteer.hours.policy import star_level
from volunteer.registration import publishing
from volunteer.reports import honour_queries as queries
from volunteer.stations import service as stations
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units

MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list: whose members, or served at which station, with all below either; of which days, both included."""

    from_on: dt.date
    to_on: dt.date
    unit_id: uuid.UUID | None = None
    station_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One of the list; ties share a rank. `minutes` are those of the period, the stars those of a whole life."""

    rank: int
    name: str
    is_masked: bool
    unit: str | None
    minutes: int
    star_level: int


def wanted(
    from_on: dt.date | None,
    to_on: dt.date | None,
    unit_id: uuid.UUID | None,
    station_id: uuid.UUID | None,
    now: dt.datetime,
) -> Wanted:
    """Return what is asked for; without days, this year up to today.

    Raises:
        InvalidInput: `to-before-from`, `too-long`: over a year.
    """
    last = to_on or site_day(now, settings().zone)
    first = from_on or last.replace(month=1, day=1)
    if last < first:
        raise InvalidInput([Fault("to", "to-before-from", "结束日期不能早于开始日期。")])
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput([Fault("to", "too-long", f"一次最多查看 {MOST_DAYS} 天,请缩短日期范围。")])
    return Wanted(first, last, unit_id, station_id)


def honour_list(asked: Wanted, limit: int, skip: int, now: dt.datetime) -> list[Line]:
    """Return up to `limit` + 1 lines of the list after the first `skip`.

    Raises:
        NotFound: no such unit or station.
    """
    session, day = reading(), site_day(now, settings().zone)
    members, served_at = _place(asked, day)
    people = publishing.may_be_named(day)
    rows = queries.served(session, people, (asked.from_on, asked.to_on), members, served_at, day, skip, limit + 1)
    ids = [row.person_id for row in rows]
    names = publishing.public_names(session, ids, day)
    theirs = memberships.units_of(session, ids, day)
    known = units.unit_briefs(set(theirs.values()))
    stars = queries.minutes_of(session, ids)
    lines = []
    for person_id, served, place in rows:
        if person_id in names:
            unit = known.get(theirs.get(person_id, person_id))
            name = names[person_id]
            level = star_level(stars.get(person_id, 0))
            lines.append(Line(place, name.text, name.is_masked, unit.name if unit else None, int(served), level))
    return lines


def _place(asked: Wanted, day: dt.date) -> tuple[Collection[uuid.UUID] | None, Collection[uuid.UUID] | None]:
    """Return the units whose members, and the stations at which, are meant, with all below; None for any."""
    members: Collection[uuid.UUID] | None = None
    served_at: Collection[uuid.UUID] | None = None
    if asked.unit_id is not None:
        if not units.unit_exists(asked.unit_id):
            raise NotFound
        members = reading().scalars(unit_queries.ids_in_scope((asked.unit_id,), (), day)).all()
    if asked.station_id is not None:
        served_at = stations.station_ids_below(asked.station_id)
        if not served_at:
            raise NotFound
    return members, served_at
