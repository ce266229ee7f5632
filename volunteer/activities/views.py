"""Reading activities, shifts and sign-ups: what the public sees, what is only for those in scope, what is masked.

Public once published; drafts for who reads the station. The leader is masked but for who runs the station and who is
signed up. Source: contract, Conventions (masking), `GET /activities`; peers.md T41, T42.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.activities import proposals, service
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import LIVE, ActivityStatus, SignupStatus
from volunteer.activities.rules_proposals import UNSEEN, ProposalState
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.phone import mask_phone
from volunteer.registration import service as registration
from volunteer.registration.rules import mask_name
from volunteer.stations import service as stations
from volunteer.stations.queries import degrees_around, ids_near
from volunteer.stations.rules import Point, distance_m
from volunteer.stations.service import StationBrief

PUBLIC = (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED, ActivityStatus.CANCELLED)
NEAR_M = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities a list is asked for; `start` and `end` are instants, half-open. `run_by_caller`: no others.

    `proposed`: what units propose and the station has not answered.
    """

    station_id: uuid.UUID | None = None
    category: str | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None
    near: Point | None = None
    radius_m: int = NEAR_M
    q: str | None = None
    open: bool | None = None
    status: str | None = None
    run_by_caller: bool = False
    proposed: bool = False


def get_activity(actor: Actor, activity_id: uuid.UUID) -> dict[str, Any]:
    """Return an activity with its shifts as the caller may see it.

    Raises:
        NotFound: no such activity, or a draft outside the caller's scope.
    """
    activity = reading().get(Activity, activity_id)
    if activity is None or not _may_see(actor, activity):
        raise NotFound
    return shown(actor, [activity])[0]


def get_shift(actor: Actor, shift_id: uuid.UUID) -> dict[str, Any]:
    """Return a shift with what it takes from its activity, as the caller may see it.

    Raises:
        NotFound: no such shift, or one of a draft outside the caller's scope.
    """
    shift = reading().get(Shift, shift_id)
    activity = reading().get(Activity, shift.activity_id) if shift else None
    if shift is None or activity is None or not _may_see(actor, activity):
        raise NotFound
    view: dict[str, Any] = shift_views([shift], {activity.id: activity})[0]
    station = stations.get_station(activity.station_id)
    names = {"activity_title": activity.title, "activity_status": activity.status, "station_name": station.name}
    return view | names | {"activity_id": activity.id, "station_id": station.id}


def _may_see(actor: Actor, activity: Activity) -> bool:
    """Whether the caller may know of an activity."""
    if activity.status in PUBLIC:
        return True
    if proposals.state_of(reading(), activity.id) in UNSEEN:
        return False
    return stations.may_at(actor, Permission.READ_STATIONS, stations.get_station(activity.station_id))


def list_newest(
    actor: Actor, wanted: Wanted, limit: int, after: uuid.UUID | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return up to `limit` activities that the caller may see, newest first, after the id `after`."""
    query = sa.select(Activity).where(*_conditions(actor, wanted, now)).order_by(Activity.id.desc()).limit(limit)
    if after:
        query = query.where(Activity.id < after)
    return shown(actor, list(reading().scalars(query)))


def list_near(
    actor: Actor, wanted: Wanted, limit: int, after: tuple[float, uuid.UUID] | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return up to `limit` activities within the radius of `wanted.near`, nearest first, with `distance_m`."""
    point = wanted.near or Point(0, 0)
    at_stations = ids_near(point, wanted.radius_m)
    height, width = degrees_around(point, wanted.radius_m)
    own = [Activity.latitude.between(point.latitude - height, point.latitude + height)]
    if abs(point.longitude) + width < 180:
        own.append(Activity.longitude.between(point.longitude - width, point.longitude + width))
    from_station = Activity.latitude.is_(None) & Activity.station_id.in_(at_stations)
    query = sa.select(Activity).where(*_conditions(actor, wanted, now), sa.and_(*own) | from_station)
    found = []
    for activity in reading().scalars(query):
        metres = at_stations.get(activity.station_id, 0.0)
        if activity.latitude is not None:
            metres = distance_m(point, Point(activity.latitude, activity.longitude or 0.0))
        key = (round(metres, 1), activity.id)
        if key[0] <= wanted.radius_m and (after is None or key > after):
            found.append((key, activity))
    found.sort(key=lambda pair: pair[0])
    page = found[:limit]
    rows = shown(actor, [activity for _, activity in page])
    return [view | {"distance_m": key[0]} for view, (key, _) in zip(rows, page, strict=True)]


def _conditions(actor: Actor, wanted: Wanted, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a list: what the caller may see and what is wanted."""
    found: list[sa.ColumnElement[bool]] = [(Activity.status != ActivityStatus.DRAFT) | ~proposals.unseen()]
    scope = stations.station_ids_in_scope(actor, Permission.READ_STATIONS)
    if scope is not None:
        found.append(Activity.status.in_(PUBLIC) | Activity.station_id.in_(scope))
    run = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES) if wanted.run_by_caller else None
    if run is not None:
        found.append(Activity.station_id.in_(run))
    if wanted.station_id:
        found.append(Activity.station_id.in_(stations.station_ids_below(wanted.station_id)))
    if wanted.category:
        found.append(Activity.category == wanted.category)
    if wanted.status:
        found.append(Activity.status == wanted.status)
    if wanted.proposed:
        found.append(proposals.in_state(ProposalState.PROPOSED))
    if wanted.q:
        words = (Activity.title, Activity.summary)
        found.append(sa.or_(*(field.icontains(wanted.q, autoescape=True) for field in words)))
    if wanted.start or wanted.end:
        found.append(_has_shift(*_overlap(wanted.start, wanted.end)))
    if wanted.open is not None:
        found.append(_is_open(now) if wanted.open else ~_is_open(now))
    return found


def _has_shift(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that an activity has a shift that is on and fits."""
    return sa.exists().where(Shift.activity_id == Activity.id, Shift.cancelled_at.is_(None), *where)


def _overlap(start: dt.datetime | None, end: dt.datetime | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition that a shift shares time with a half-open span."""
    bounds = [Shift.ends_at > start if start else None, Shift.starts_at < end if end else None]
    return [bound for bound in bounds if bound is not None]


def _is_open(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return the condition that somebody could sign up now, for a seat or the waiting list."""
    return sa.and_(
        Activity.status == ActivityStatus.PUBLISHED,
        Activity.signup_opens_at.is_(None) | (Activity.signup_opens_at <= now),
        Activity.signup_closes_at.is_(None) | (Activity.signup_closes_at > now),
        _has_shift(Shift.ends_at > now, (Shift.confirmed_count < Shift.capacity) | Shift.waitlist),
    )


def shown(actor: Actor, activities: Sequence[Activity]) -> list[dict[str, Any]]:
    """Return activities with their shifts, masked for the caller; a fixed number of statements."""
    ids = [activity.id for activity in activities]
    briefs = stations.station_briefs(activity.station_id for activity in activities)
    query = sa.select(Shift).where(Shift.activity_id.in_(ids)).order_by(Shift.activity_id, Shift.position)
    rows = list(reading().scalars(query)) if ids else []
    shifts: dict[uuid.UUID, list[dict[str, Any]]] = {activity_id: [] for activity_id in ids}
    for shift, view in zip(rows, shift_views(rows, {a.id: a for a in activities}), strict=True):
        shifts[shift.activity_id].append(view)
    mine, run = _signed_up(actor, ids), stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    return [
        _view(a, briefs[a.station_id], shifts[a.id], is_mine=a.id in mine, is_staff=run is None or a.station_id in run)
        for a in activities
    ]


def _view(
    activity: Activity, station: StationBrief, shifts: list[dict[str, Any]], *, is_mine: bool, is_staff: bool
) -> dict[str, Any]:
    """Return one activity, its leader masked for strangers."""
    columns = [column.key for column in sa.inspect(Activity).columns]
    view = {name: getattr(activity, name) for name in columns if not name.endswith("_sealed")}
    name, phone = service.leader_of(activity)
    if not (is_mine or is_staff):
        name, phone = mask_name(name), mask_phone(phone)
    view |= {"leader_name": name, "leader_phone": phone, "shifts": shifts, "distance_m": None}
    return view | {"station_name": station.name, "signed_up": is_mine}


def _signed_up(actor: Actor, activity_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return the activities for which the caller, or somebody they act for, is signed up."""
    ids = list(activity_ids)
    people = registration.linked_persons(actor) if ids and actor.account_id else []
    if not people:
        return set()
    query = (
        sa.select(Shift.activity_id)
        .join(Signup, Signup.shift_id == Shift.id)
        .where(Shift.activity_id.in_(ids), Signup.person_id.in_(people), Signup.status.in_(LIVE))
    )
    return set(reading().scalars(query))


def shift_views(shifts: Sequence[Shift], activities: Mapping[uuid.UUID, Activity]) -> list[dict[str, Any]]:
    """Return shifts with how many are confirmed, wait, and are still to be decided, and how many seats are left."""
    query = (
        sa.select(Signup.shift_id, Signup.status, sa.func.count())
        .where(
            Signup.shift_id.in_([shift.id for shift in shifts]),
            Signup.status.in_((SignupStatus.WAITLISTED, SignupStatus.PENDING)),
        )
        .group_by(Signup.shift_id, Signup.status)
    )
    rows = reading().execute(query) if shifts else ()
    counts = {(shift_id, status): count for shift_id, status, count in rows}
    columns = [column.key for column in sa.inspect(Shift).columns]
    return [
        {name: getattr(shift, name) for name in columns}
        | {
            "confirmed": shift.confirmed_count,
            "waiting": counts.get((shift.id, SignupStatus.WAITLISTED), 0),
            "pending": counts.get((shift.id, SignupStatus.PENDING), 0),
            "seats_left": max(0, shift.capacity - shift.confirmed_count),
            "cancelled": shift.cancelled_at is not None,
            "place": shift.place or activities[shift.activity_id].address,
        }
        for shift in shifts
    ]


def list_signups(
    actor: Actor, shift_id: uuid.UUID, q: str | None, limit: int, after: tuple[dt.datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """Return up to `limit` sign-ups of a shift in order of signing up, names masked; `q` finds by name or phone.

    Raises:
        NotFound: no such shift at a station that the caller reads.
    """
    service.require_shift(actor, Permission.READ_STATIONS, shift_id)
    session = reading()
    query = sa.select(Signup).where(Signup.shift_id == shift_id).order_by(Signup.created_at, Signup.id)
    if q:
        people = session.scalars(sa.select(Signup.person_id).where(Signup.shift_id == shift_id).distinct()).all()
        query = query.where(Signup.person_id.in_(registration.match_people(session, people, q)))
    if after:
        at, last = after
        query = query.where((Signup.created_at > at) | ((Signup.created_at == at) & (Signup.id > last)))
    rows = session.scalars(query.limit(limit)).all()
    names = registration.display_names(session, [row.person_id for row in rows])
    return [
        {
            "id": row.id,
            "volunteer_id": row.person_id,
            "display_name": names[row.person_id],
            "status": row.status,
            "walk_in": row.walk_in,
            "created_at": row.created_at,
        }
        for row in rows
    ]


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return all sign-ups of a person, for GET /me/data (registration's EXPORTERS)."""
    rows = session.scalars(sa.select(Signup).where(Signup.person_id == person_id).order_by(Signup.id)).all()
    shifts = service.shifts_of(session, [row.shift_id for row in rows])
    return {
        "signups": [
            {
                "id": str(row.id),
                "status": row.status,
                "walk_in": row.walk_in,
                "channel": row.channel,
                "created_at": row.created_at.isoformat(),
                "activity_title": shifts[row.shift_id].activity_title,
                "starts_at": shifts[row.shift_id].starts_at.isoformat(),
                "ends_at": shifts[row.shift_id].ends_at.isoformat(),
            }
            for row in rows
        ]
    }
