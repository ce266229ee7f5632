"""What a unit's pages of activities read: those that it organises, who of its people signed up and came; in SQL.

A unit organises what names it, or a team of its own. Its people are those who count in it on the day of asking, so that
nobody is shown whom the caller may not see today. Source: ux.md U8; decisions 4, 6.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities import proposals
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import LIVE, ActivityStatus, SignupStatus
from volunteer.activities.rules_proposals import ProposalState
from volunteer.checkin.models import ATTENDANCES
from volunteer.hours.models import HourRequest, RequestKind, RequestState
from volunteer.reports.stations_queries import present_at
from volunteer.teams.models import Team
from volunteer.units import memberships
from volunteer.units import queries as unit_queries

Ids = frozenset[uuid.UUID]
Cursor = tuple[dt.datetime, uuid.UUID]
Place = tuple[uuid.UUID, uuid.UUID]
"""A person and a shift."""
AHEAD = (ActivityStatus.DRAFT, ActivityStatus.SUBMITTED, ActivityStatus.PUBLISHED)


class When(StrEnum):
    """Which half of the list: what is still to come, the next first; or all else, the last first."""

    COMING = "coming"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities of these units (None = of all units) are wanted; a station means that one alone."""

    unit_ids: Ids | None
    when: When = When.COMING
    status: str | None = None
    station_id: uuid.UUID | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of an activity, or of one shift: of the shifts that are not called off, and of who came.

    Attributes:
        attended: person-times: an attendance that stands, or an approved make-up.
        ours, ours_waiting, ours_attended: the same of the asking units' people; `ours` has a place.
    """

    shifts: int = 0
    capacity: int = 0
    confirmed: int = 0
    waiting: int = 0
    pending: int = 0
    ours: int = 0
    ours_waiting: int = 0
    attended: int = 0
    ours_attended: int = 0


def organised_by(unit_ids: Ids | None) -> sa.ColumnElement[bool]:
    """Return the condition that one of these units, or a team of theirs, organises an activity; None = any unit."""
    mine = Team.unit_id.is_not(None) if unit_ids is None else Team.unit_id.in_(unit_ids)
    unit = Activity.organizer_unit_id
    named = unit.is_not(None) if unit_ids is None else unit.in_(unit_ids)
    return named | Activity.team_id.in_(sa.select(Team.id).where(mine))


def people_of(unit_ids: Ids | None, day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of who counts in one of these units on a day; None = in any."""
    if unit_ids is None:
        return sa.select(unit_queries.memberships_as_of(day).subquery().c.person_id)
    return memberships.persons_in_units(unit_ids, day)


def list_events(
    session: Session, wanted: Wanted, limit: int, after: Cursor | None, now: dt.datetime
) -> list[tuple[Activity, dt.datetime]]:
    """Return up to `limit` activities after a cursor, each with its time: the next shift to come, or the last."""
    times, conditions = _conditions(wanted, now)
    is_next = wanted.when is When.COMING
    key = times.c.next_at if is_next else times.c.last_at
    query = sa.select(Activity, key).join(times, times.c.activity_id == Activity.id).where(*conditions)
    query = query.where(_is_coming(times) if is_next else ~_is_coming(times))
    if after:
        at, last = after
        later = key > at if is_next else key < at
        query = query.where(later | ((key == at) & (Activity.id > last)))
    query = query.order_by(key if is_next else key.desc(), Activity.id).limit(limit)
    return [(activity, at) for activity, at in session.execute(query)]


def count_events(session: Session, wanted: Wanted, now: dt.datetime) -> dict[When, int]:
    """Return how many activities each half of the list has."""
    times, conditions = _conditions(wanted, now)
    coming = sa.func.count().filter(_is_coming(times))
    query = sa.select(coming, sa.func.count()).select_from(Activity)
    row = session.execute(query.join(times, times.c.activity_id == Activity.id).where(*conditions)).one()
    return {When.COMING: row[0], When.PAST: row[1] - row[0]}


def stations_of(session: Session, unit_ids: Ids | None) -> list[uuid.UUID]:
    """Return the stations at which these units organise anything."""
    return list(session.scalars(sa.select(Activity.station_id).where(organised_by(unit_ids)).distinct()))


def _conditions(wanted: Wanted, now: dt.datetime) -> tuple[sa.Subquery, list[sa.ColumnElement[bool]]]:
    """Return the times of the activities in question, and the conditions of a list without its half."""
    mine = organised_by(wanted.unit_ids)
    is_ahead = sa.and_(Shift.cancelled_at.is_(None), Shift.ends_at > now)
    times = (
        sa.select(
            Shift.activity_id,
            sa.func.min(sa.case((is_ahead, Shift.starts_at))).label("next_at"),
            sa.func.max(Shift.starts_at).label("last_at"),
        )
        .where(Shift.activity_id.in_(sa.select(Activity.id).where(mine)))
        .group_by(Shift.activity_id)
        .subquery()
    )
    found = [mine]
    if wanted.status in tuple(ProposalState):
        found.append(proposals.in_state(ProposalState(wanted.status)))
    elif wanted.status:
        found.append(Activity.status == wanted.status)
    if wanted.station_id:
        found.append(Activity.station_id == wanted.station_id)
    if wanted.q:
        found.append(Activity.title.icontains(wanted.q, autoescape=True))
    return times, found


def _is_coming(times: sa.Subquery) -> sa.ColumnElement[bool]:
    """Return the condition that an activity has a shift ahead and may still take place."""
    is_dropped = proposals.in_state(ProposalState.DROPPED)
    return sa.and_(Activity.status.in_(AHEAD), times.c.next_at.is_not(None), ~is_dropped)


def activity_figures(
    session: Session, ids: Collection[uuid.UUID], ours: sa.Select[uuid.UUID]
) -> dict[uuid.UUID, Figures]:
    """Return the figures of these activities; three statements."""
    return _figures(session, Shift.activity_id, ids, ours)


def shift_figures(session: Session, ids: Collection[uuid.UUID], ours: sa.Select[uuid.UUID]) -> dict[uuid.UUID, Figures]:
    """Return the figures of these shifts; three statements."""
    return _figures(session, Shift.id, ids, ours)


def _figures(
    session: Session,
    by: sa.orm.InstrumentedAttribute[uuid.UUID],
    ids: Collection[uuid.UUID],
    ours: sa.Select[uuid.UUID],
) -> dict[uuid.UUID, Figures]:
    """Return figures by activity or by shift."""
    found: dict[uuid.UUID, dict[str, int]] = {one: {} for one in ids}
    if not found:
        return {}
    count, total = sa.func.count(), sa.func.sum
    seats = sa.select(by, count, total(Shift.capacity), total(Shift.confirmed_count))
    for key, shifts, capacity, confirmed in session.execute(
        seats.where(by.in_(ids), Shift.cancelled_at.is_(None)).group_by(by)
    ):
        found[key] |= {"shifts": shifts, "capacity": int(capacity), "confirmed": int(confirmed)}
    is_ours, status = Signup.person_id.in_(ours), Signup.status
    signed = sa.select(
        by,
        count.filter(status == SignupStatus.WAITLISTED),
        count.filter(status == SignupStatus.PENDING),
        count.filter(is_ours, status == SignupStatus.CONFIRMED),
        count.filter(is_ours, status != SignupStatus.CONFIRMED),
    ).join(Signup, Signup.shift_id == Shift.id)
    for key, *row in session.execute(signed.where(by.in_(ids), status.in_(LIVE)).group_by(by)):
        found[key] |= dict(zip(("waiting", "pending", "ours", "ours_waiting"), row, strict=True))
    present = present_at(_shifts(by, ids))
    came = sa.select(by, count, count.filter(present.c.person_id.in_(ours)))
    for key, attended, of_ours in session.execute(came.join(present, present.c.shift_id == Shift.id).group_by(by)):
        found[key] |= {"attended": attended, "ours_attended": of_ours}
    return {key: Figures(**values) for key, values in found.items()}


def _shifts(by: Any, ids: Collection[uuid.UUID]) -> sa.CTE:
    """Return these shifts, or those of these activities, with the columns that `present_at` asks for."""
    columns = (Shift.id, Activity.station_id, Activity.team_id, sa.true().label("is_held"))
    return sa.select(*columns).join(Activity, Activity.id == Shift.activity_id).where(by.in_(ids)).cte("asked_shifts")


def get_activity(session: Session, activity_id: uuid.UUID) -> Activity | None:
    """Return an activity."""
    return session.get(Activity, activity_id)


def activities_of(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Activity]:
    """Return these activities, by id."""
    return {one.id: one for one in session.scalars(sa.select(Activity).where(Activity.id.in_(ids)))}


def organised_among(session: Session, ids: Collection[uuid.UUID], unit_ids: Ids | None) -> set[uuid.UUID]:
    """Return which of these activities one of these units, or a team of theirs, organises."""
    return set(session.scalars(sa.select(Activity.id).where(Activity.id.in_(ids), organised_by(unit_ids))))


def has_ours(session: Session, activity_id: uuid.UUID, ours: sa.Select[uuid.UUID]) -> bool:
    """Whether one of our people is or was signed up for an activity."""
    query = sa.select(Signup.id).join(Shift, Shift.id == Signup.shift_id)
    query = query.where(Shift.activity_id == activity_id, Signup.person_id.in_(ours)).limit(1)
    return session.scalar(query) is not None


def our_signups(
    session: Session, activity_id: uuid.UUID, ours: sa.Select[uuid.UUID], limit: int, after: Cursor | None
) -> list[tuple[Signup, Shift]]:
    """Return up to `limit` live sign-ups of our people for an activity, by shift, then in order of signing up."""
    query = sa.select(Signup, Shift).join(Shift, Shift.id == Signup.shift_id)
    query = query.where(Shift.activity_id == activity_id, Signup.status.in_(LIVE), Signup.person_id.in_(ours))
    if after:
        at, last = after
        query = query.where((Shift.starts_at > at) | ((Shift.starts_at == at) & (Signup.id > last)))
    rows = session.execute(query.order_by(Shift.starts_at, Signup.id).limit(limit))
    return [(signup, shift) for signup, shift in rows]


def attendances_of(session: Session, places: Collection[Place]) -> list[sa.Row[Any]]:
    """Return the attendances of these people at these shifts."""
    there = sa.select(ATTENDANCES).where(
        ATTENDANCES.c.person_id.in_({person for person, _ in places}),
        ATTENDANCES.c.shift_id.in_({shift for _, shift in places}),
        ATTENDANCES.c.pair_count > 0,
    )
    return [row for row in session.execute(there) if (row.person_id, row.shift_id) in places]


def made_up(session: Session, places: Collection[Place]) -> set[Place]:
    """Return for which of these people and shifts a make-up was approved."""
    query = sa.select(HourRequest.person_id, HourRequest.shift_id).where(
        HourRequest.kind == RequestKind.MAKE_UP,
        HourRequest.state == RequestState.ACCEPTED,
        HourRequest.person_id.in_({person for person, _ in places}),
        HourRequest.shift_id.in_({shift for _, shift in places}),
    )
    return {(person, shift) for person, shift in session.execute(query) if shift and (person, shift) in places}


@dataclass(frozen=True, slots=True)
class Going:
    """An activity for which our people are signed up: the first shift of theirs, and how many of them."""

    activity_id: uuid.UUID
    at: dt.datetime
    people: int
    confirmed: int
    waiting: int


def going(
    session: Session,
    ours: sa.Select[uuid.UUID],
    span: tuple[dt.datetime, dt.datetime],
    limit: int,
    after: Cursor | None,
) -> list[Going]:
    """Return where our people are signed up in a span, whoever organises, by their first shift there."""
    places = _places(ours, span)
    first = sa.func.min(places.c.starts_at)
    is_confirmed = places.c.status == SignupStatus.CONFIRMED
    query = sa.select(
        places.c.activity_id,
        first,
        sa.func.count(places.c.person_id.distinct()),
        sa.func.count().filter(is_confirmed),
        sa.func.count().filter(~is_confirmed),
    ).group_by(places.c.activity_id)
    if after:
        at, last = after
        query = query.having((first > at) | ((first == at) & (places.c.activity_id > last)))
    return [Going(*row) for row in session.execute(query.order_by(first, places.c.activity_id).limit(limit))]


def count_going(
    session: Session, ours: sa.Select[uuid.UUID], span: tuple[dt.datetime, dt.datetime]
) -> tuple[int, int, int]:
    """Return how many of our people have a place in a span, how many places those are, and how many only wait."""
    places = _places(ours, span)
    is_confirmed = places.c.status == SignupStatus.CONFIRMED
    people = sa.func.count(places.c.person_id.distinct()).filter(is_confirmed)
    query = sa.select(people, sa.func.count().filter(is_confirmed), sa.func.count().filter(~is_confirmed))
    row = session.execute(query.select_from(places)).one()
    return row[0], row[1], row[2]


def _places(ours: sa.Select[uuid.UUID], span: tuple[dt.datetime, dt.datetime]) -> sa.Subquery:
    """Return the live sign-ups of our people for published shifts that end after, and begin before, a span's bounds."""
    columns = (Shift.activity_id, Shift.starts_at, Signup.person_id, Signup.status)
    query = sa.select(*columns).join(Shift, Shift.id == Signup.shift_id)
    return (
        query.join(Activity, Activity.id == Shift.activity_id)
        .where(
            Signup.status.in_(LIVE),
            Signup.person_id.in_(ours),
            Shift.cancelled_at.is_(None),
            Shift.ends_at > span[0],
            Shift.starts_at < span[1],
            Activity.status == ActivityStatus.PUBLISHED,
        )
        .subquery()
    )
