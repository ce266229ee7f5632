"""Shifts and sign-ups as other rooms see them: facts of shifts, who is signed up, and where a scan may belong.

Source: contract, Activities, Check-in (candidates without `shift_id`); decisions 6, 19.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import LIVE, ActivityKind, ActivityStatus, SignupStatus
from volunteer.clock import to_minute
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.prepared import Later, Query
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief

#: Whether a person has been checked in at a shift, told by check-in: (session, person, shift).
HAS_ATTENDED: list[Callable[[Session, uuid.UUID, uuid.UUID], bool]] = []
#: Called when the time or place of a published shift has changed, in the same transaction: (session, shift, now).
SHIFT_MOVED: list[Callable[[Session, uuid.UUID, dt.datetime], None]] = []

#: Who was checked in at a shift and how far they are, told by check-in: (shift, now) -> by person `state` (`open`,
#: `closed`, `unclosed`), `in_at`, `out_at`, `minutes`, `flags`.
PRESENT_AT: list[Callable[[uuid.UUID, dt.datetime], dict[uuid.UUID, dict[str, Any]]]] = []

IN_EARLY = dt.timedelta(minutes=30)
#: Everything that facts of a shift are told from, in one row: the shift, its activity, its station.
_SELECT = (
    sa.select(
        Shift.id,
        Shift.activity_id,
        Shift.post,
        Shift.place,
        Shift.latitude,
        Shift.longitude,
        Shift.starts_at,
        Shift.ends_at,
        Shift.capacity,
        Shift.cancelled_at,
        Activity.title,
        Activity.category,
        Activity.kind,
        Activity.status,
        Activity.station_id,
        Activity.organizer_unit_id,
        Activity.address,
        Activity.latitude.label("latitude_2"),
        Activity.longitude.label("longitude_2"),
        Activity.checkin_radius_m,
        Activity.walk_ins,
        Activity.needs_approval,
        Activity.published_at,
        Activity.leader_name_sealed,
        Activity.created_by,
        Activity.summary,
        stations.STATIONS.c.name,
        stations.STATIONS.c.path,
        stations.STATIONS.c.latitude.label("latitude_3"),
        stations.STATIONS.c.longitude.label("longitude_3"),
        stations.STATIONS.c.geo_optional,
    )
    .join(Activity, Activity.id == Shift.activity_id)
    .join(stations.STATIONS, stations.STATIONS.c.id == Activity.station_id)
)
_BY_ID = Query(lambda among: _SELECT.where(among(Shift.__table__.c.id, "ids")).order_by(Shift.starts_at, Shift.id))
_SIGNUPS = Query(
    lambda among: (
        sa.select(Signup.id, Signup.shift_id, Signup.person_id, Signup.status, Signup.created_at, Signup.walk_in)
        .where(among(Signup.__table__.c.person_id, "people"), among(Signup.__table__.c.shift_id, "shifts"))
        .order_by(Signup.created_at, Signup.id)
    )
)
OPEN_TO_SCANS = (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED)


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """A shift with all that it takes from its activity and station.

    `place`, `latitude` and `longitude` are the shift's own, else the activity's, else the station's. `cancelled` is the
    shift's own; `status` is the activity's (`finished` still takes late evidence). `walk_ins` is false where sign-up
    needs approval.
    """

    id: uuid.UUID
    activity_id: uuid.UUID
    activity_title: str
    category: str
    kind: ActivityKind
    status: ActivityStatus
    station_id: uuid.UUID
    station_name: str
    station_path: str
    organizer_unit_id: uuid.UUID | None
    post: str
    place: str
    latitude: float | None
    longitude: float | None
    checkin_radius_m: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    capacity: int
    cancelled: bool
    walk_ins: bool
    published_at: dt.datetime | None
    leader_name_sealed: bytes
    geo_optional: bool
    created_by: uuid.UUID
    summary: str

    @property
    def leader_name(self) -> str:
        """The name of who leads it, opened."""
        return _opened(self.leader_name_sealed, "leader_name_sealed", self.activity_id)


@dataclass(frozen=True, slots=True)
class SignupView:
    """One sign-up as other rooms see it."""

    id: uuid.UUID
    shift_id: uuid.UUID
    person_id: uuid.UUID
    status: SignupStatus
    created_at: dt.datetime
    walk_in: bool


@dataclass(frozen=True, slots=True)
class Candidates:
    """The shifts that a scan without `shift_id` may mean, each list by start, then id."""

    signed_up: list[ShiftFacts]
    walk_in: list[ShiftFacts]


def shift_exists(shift_id: uuid.UUID) -> bool:
    """Whether there is such a shift: which ids a grant may name."""
    return reading().scalar(sa.select(Shift.id).where(Shift.id == shift_id)) is not None


def shifts_of(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ShiftFacts]:
    """Return the shifts that exist among `ids`, in two statements."""
    return finding_shifts(session, ids)()


def finding_shifts(session: Session, ids: Iterable[uuid.UUID]) -> Later[dict[uuid.UUID, ShiftFacts]]:
    """Ask what `shifts_of` returns, together with what else is asked; return what gives it."""
    wanted = list(set(ids))
    asked = _BY_ID.later(session, ids=wanted) if wanted else None
    return lambda: {row.id: _one(row) for row in asked()} if asked else {}


def shift_titles(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return what shifts are called where a role names them: the activity and the day, by id."""
    zone = settings().zone
    facts = shifts_of(reading(), ids).values()
    return {one.id: f"{one.activity_title}({one.starts_at.astimezone(zone):%Y-%m-%d %H:%M})" for one in facts}


def get_shift(session: Session, shift_id: uuid.UUID) -> ShiftFacts:
    """Return a shift.

    Raises:
        NotFound: no such shift.
    """
    found = shifts_of(session, [shift_id]).get(shift_id)
    if found is None:
        raise NotFound
    return found


def shifts_between(
    session: Session, station_ids: frozenset[uuid.UUID] | None, start: dt.datetime, end: dt.datetime
) -> list[ShiftFacts]:
    """Return the published or finished activities' shifts that overlap a span, by start; None = at every station."""
    where = [Shift.starts_at < end, Shift.ends_at > start, Activity.status.in_(OPEN_TO_SCANS)]
    if station_ids is not None:
        where.append(Activity.station_id.in_(station_ids))
    return _facts(session, *where)


def confirmed_between(session: Session, person_id: uuid.UUID, start: dt.datetime, end: dt.datetime) -> list[ShiftFacts]:
    """Return the shifts overlapping a span for which a person has a confirmed sign-up, by start."""
    mine = sa.select(Signup.shift_id).where(Signup.person_id == person_id, Signup.status == SignupStatus.CONFIRMED)
    where = (Shift.starts_at < end, Shift.ends_at > start, Shift.cancelled_at.is_(None), Shift.id.in_(mine))
    return _facts(session, *where, Activity.status.in_(OPEN_TO_SCANS))


def candidates(session: Session, person_id: uuid.UUID, at: dt.datetime, paths: tuple[str, ...] | None) -> Candidates:
    """Return the shifts whose window for an in holds the minute of `at`, below these station paths (None = all)."""
    minute = to_minute(at)
    where = [
        Shift.starts_at <= minute + IN_EARLY,
        Shift.ends_at >= minute,
        Shift.cancelled_at.is_(None),
        Activity.status.in_(OPEN_TO_SCANS),
    ]
    if paths is not None:
        where.append(Activity.station_id.in_(stations.station_ids_under(paths)))
    mine = sa.select(Signup.shift_id).where(
        Signup.person_id == person_id, Signup.status == SignupStatus.CONFIRMED, Signup.shift_id == Shift.id
    )
    signed_up = _facts(session, *where, mine.exists())
    open_doors = _facts(session, *where, Activity.walk_ins.is_(True), ~Activity.needs_approval, ~mine.exists())
    return Candidates(signed_up, open_doors)


def signup_status(session: Session, person_id: uuid.UUID, shift_id: uuid.UUID) -> SignupView | None:
    """Return a person's sign-up for a shift: the live one, else the last one, else None."""
    return signups_of(session, [person_id], [shift_id]).get((person_id, shift_id))


def signups_of(
    session: Session, person_ids: Iterable[uuid.UUID], shift_ids: Iterable[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID], SignupView]:
    """Return the sign-ups by (person, shift), in one statement: the live one, else the last one."""
    return finding_signups(session, person_ids, shift_ids)()


def finding_signups(
    session: Session, person_ids: Iterable[uuid.UUID], shift_ids: Iterable[uuid.UUID]
) -> Later[dict[tuple[uuid.UUID, uuid.UUID], SignupView]]:
    """Ask what `signups_of` returns, together with what else is asked; return what gives it."""
    people, shifts = list(set(person_ids)), list(set(shift_ids))
    asked = _SIGNUPS.later(session, people=people, shifts=shifts) if people and shifts else None

    def found() -> dict[tuple[uuid.UUID, uuid.UUID], SignupView]:
        there: dict[tuple[uuid.UUID, uuid.UUID], SignupView] = {}
        for row in asked() if asked else ():
            key = (row.person_id, row.shift_id)
            if key not in there or there[key].status not in LIVE:
                there[key] = view_of(row)
        return there

    return found


def signups_for(session: Session, shift_ids: Iterable[uuid.UUID]) -> list[SignupView]:
    """Return the live sign-ups of shifts, in order of signing up."""
    query = sa.select(Signup).where(Signup.shift_id.in_(list(set(shift_ids))), Signup.status.in_(LIVE))
    return [view_of(signup) for signup in session.scalars(query.order_by(Signup.created_at, Signup.id))]


def view_of(signup: Any) -> SignupView:
    """Return a sign-up, or a row with its columns, as other rooms see it."""
    return SignupView(
        signup.id,
        signup.shift_id,
        signup.person_id,
        SignupStatus(signup.status),
        signup.created_at,
        signup.walk_in,
    )


def keeper_sees(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether the person is signed up at a station that the caller keeps. Source: contract, Fine points."""
    station_ids = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    if station_ids is None:
        return True
    query = (
        sa.select(Signup.id)
        .join(Shift, Shift.id == Signup.shift_id)
        .join(Activity, Activity.id == Shift.activity_id)
        .where(Signup.person_id == person_id, Signup.status.in_(LIVE), Activity.station_id.in_(station_ids))
        .limit(1)
    )
    return bool(station_ids) and reading().scalar(query) is not None


def require_shift(actor: Actor, permission: Permission, shift_id: uuid.UUID) -> ShiftFacts:
    """Return a shift of a station over which the caller holds a permission.

    Raises:
        NotFound: no such shift, or outside the caller's scope.
    """
    facts = get_shift(reading(), shift_id)
    stations.require_station(actor, permission, facts.station_id)
    return facts


def _facts(session: Session, *where: sa.ColumnElement[bool]) -> list[ShiftFacts]:
    """Return the facts of the shifts that a condition selects, by start, then id; fresh from the database."""
    return [_one(row) for row in session.execute(_SELECT.where(*where).order_by(Shift.starts_at, Shift.id))]


def _one(row: Any) -> ShiftFacts:
    """Return the facts of one row of `_SELECT`."""
    owners = ((row.latitude, row.longitude), (row.latitude_2, row.longitude_2), (row.latitude_3, row.longitude_3))
    latitude, longitude = next((point for point in owners if point[0] is not None), (None, None))
    return ShiftFacts(
        id=row.id,
        activity_id=row.activity_id,
        activity_title=row.title,
        category=row.category,
        kind=ActivityKind(row.kind),
        status=ActivityStatus(row.status),
        station_id=row.station_id,
        station_name=row.name,
        station_path=row.path,
        organizer_unit_id=row.organizer_unit_id,
        post=row.post,
        place=row.place or row.address or row.name,
        latitude=latitude,
        longitude=longitude,
        checkin_radius_m=row.checkin_radius_m,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        capacity=row.capacity,
        cancelled=row.cancelled_at is not None,
        walk_ins=row.walk_ins and not row.needs_approval,
        published_at=row.published_at,
        leader_name_sealed=row.leader_name_sealed,
        geo_optional=row.geo_optional,
        created_by=row.created_by,
        summary=row.summary,
    )


def place_of(shift: Shift, activity: Activity, station: StationBrief) -> tuple[float | None, float | None]:
    """Return where a shift is: its own coordinates, else the activity's, else the station's."""
    owners: Sequence[Shift | Activity | StationBrief] = (shift, activity, station)
    for owner in owners:
        if owner.latitude is not None:
            return owner.latitude, owner.longitude
    return None, None


def leader_of(activity: Activity) -> tuple[str, str]:
    """Return the leader's name and phone, opened."""
    sealed = {"leader_name_sealed": activity.leader_name_sealed, "leader_phone_sealed": activity.leader_phone_sealed}
    name, phone = (_opened(value, column, activity.id) for column, value in sealed.items())
    return name, phone


def _opened(sealed: bytes, column: str, activity_id: uuid.UUID) -> str:
    """Return what a sealed column of an activity holds."""
    return settings().keyring.open(sealed, "activities", column, activity_id)
