"""What the search reads of scans, attendances and requests: candidates in SQL, a fixed number of statements each.

Each returns little beside what will be judged: the database narrows by grouping, `finding` looks exactly.
Source: domain.md g1; peers.md 4.7.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from volunteer.activities.models import Activity, Shift
from volunteer.checkin.models import Attendance, ScanPlace, ScanRow, ScanVoid
from volunteer.database import is_postgresql
from volunteer.hours.models import HourRequest, RequestKind, RequestState

GRANTED = (RequestKind.MAKE_UP, RequestKind.CORRECTION)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site, both included, and their instants, half-open."""

    from_on: dt.date
    to_on: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime


def _counting(period: Period) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of scans in the period that are somebody's and have not been voided."""
    is_voided = sa.exists().where(ScanVoid.scan_id == ScanRow.id)
    inside = (ScanRow.judged_at >= period.starts_at, ScanRow.judged_at < period.ends_at)
    return [*inside, ScanRow.person_id.is_not(None), ~is_voided]


def overlaps(session: Session, period: Period) -> list[tuple[Attendance, Attendance]]:
    """Return pairs of attendances of one person at different stations whose first and last minutes overlap."""
    first, second = aliased(Attendance), aliased(Attendance)
    shift, other = aliased(Shift), aliased(Shift)
    here, there = aliased(Activity), aliased(Activity)
    query = (
        sa.select(first, second)
        .join(second, sa.and_(second.person_id == first.person_id, second.shift_id > first.shift_id))
        .join(shift, shift.id == first.shift_id)
        .join(here, here.id == shift.activity_id)
        .join(other, other.id == second.shift_id)
        .join(there, there.id == other.activity_id)
        .where(
            first.site_day.between(period.from_on, period.to_on),
            first.pair_count > 0,
            second.pair_count > 0,
            here.station_id != there.station_id,
            first.first_in_at < second.last_out_at,
            second.first_in_at < first.last_out_at,
        )
    )
    return [(one, other) for one, other in session.execute(query)]


def same_seconds(session: Session, period: Period, people: int) -> list[list[ScanRow]]:
    """Return the scans of each second in which one device or account scanned at least so many people.

    A paper list is one call for many people; it is left to what looks at equal minutes.
    """
    stamp = (
        sa.func.to_char(ScanRow.scanned_at, "YYYY-MM-DD HH24:MI:SS")
        if is_postgresql(session)
        else sa.func.strftime("%Y-%m-%d %H:%M:%S", ScanRow.scanned_at)
    )
    live = [*_counting(period), ScanRow.mode != "roll_call"]
    grouped = (
        sa.select(ScanRow.device_id, ScanRow.account_id, stamp.label("second"))
        .where(*live)
        .group_by(ScanRow.device_id, ScanRow.account_id, stamp)
        .having(sa.func.count(ScanRow.person_id.distinct()) >= people)
        .subquery()
    )
    same = sa.and_(
        stamp == grouped.c.second,
        ScanRow.device_id.is_not_distinct_from(grouped.c.device_id),
        ScanRow.account_id.is_not_distinct_from(grouped.c.account_id),
    )
    rows = session.scalars(sa.select(ScanRow).join(grouped, same).where(*live).order_by(ScanRow.scanned_at, ScanRow.id))
    found: dict[tuple[object, ...], list[ScanRow]] = {}
    for row in rows:
        found.setdefault((row.device_id, row.account_id, row.scanned_at.replace(microsecond=0)), []).append(row)
    return list(found.values())


def shared_phones(session: Session, period: Period, people: int) -> dict[tuple[str, str], list[ScanRow]]:
    """Return the own check-ins of each phone that served at least so many people on these days.

    A phone is its account; and, while places are kept (30 days), its address with what its browser says of itself.
    """
    found: dict[tuple[str, str], list[ScanRow]] = {}
    own = [*_counting(period), ScanRow.mode == "self"]
    many = sa.func.count(ScanRow.person_id.distinct()) >= people
    accounts = sa.select(ScanRow.account_id).where(*own).group_by(ScanRow.account_id).having(many)
    for row in session.scalars(sa.select(ScanRow).where(*own, ScanRow.account_id.in_(accounts))):
        found.setdefault(("account", str(row.account_id)), []).append(row)
    phones = (
        sa.select(ScanPlace.address, ScanPlace.user_agent)
        .join(ScanRow, ScanRow.id == ScanPlace.scan_id)
        .where(*own, ScanPlace.address.is_not(None), ScanPlace.user_agent.is_not(None))
        .group_by(ScanPlace.address, ScanPlace.user_agent)
        .having(many)
        .subquery()
    )
    is_same = sa.and_(ScanPlace.address == phones.c.address, ScanPlace.user_agent == phones.c.user_agent)
    query = sa.select(ScanRow, ScanPlace.address, ScanPlace.user_agent).join(ScanPlace, ScanPlace.scan_id == ScanRow.id)
    for row, address, agent in session.execute(query.join(phones, is_same).where(*own)):
        found.setdefault((str(address), str(agent)), []).append(row)
    return found


def long_ones(session: Session, period: Period) -> list[tuple[Attendance, Shift]]:
    """Return the attendances whose first and last minute lie beyond both ends of the shift, or well beyond one."""
    query = (
        sa.select(Attendance, Shift)
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(
            Attendance.site_day.between(period.from_on, period.to_on),
            Attendance.pair_count > 0,
            Attendance.last_out_at.is_not(None),
            sa.or_(Attendance.first_in_at < Shift.starts_at, Attendance.last_out_at > Shift.ends_at),
        )
    )
    return [(one, other) for one, other in session.execute(query)]


def moves(session: Session, period: Period) -> list[tuple[ScanRow, ScanRow]]:
    """Return each person's scans that follow one at another station; (before, after)."""
    accepted = [*_counting(period), ScanRow.station_id.is_not(None)]
    followed = (
        sa.select(
            ScanRow.id.label("id"),
            ScanRow.station_id.label("station_id"),
            sa.func.lag(ScanRow.id, type_=ScanRow.id.type)
            .over(partition_by=ScanRow.person_id, order_by=(ScanRow.judged_at, ScanRow.id))
            .label("before_id"),
            sa.func.lag(ScanRow.station_id, type_=ScanRow.station_id.type)
            .over(partition_by=ScanRow.person_id, order_by=(ScanRow.judged_at, ScanRow.id))
            .label("before_station"),
        )
        .where(*accepted)
        .subquery()
    )
    before, after = aliased(ScanRow), aliased(ScanRow)
    query = (
        sa.select(before, after)
        .join(followed, followed.c.before_id == before.id)
        .join(after, after.id == followed.c.id)
        .where(followed.c.before_station != followed.c.station_id)
    )
    return [(one, other) for one, other in session.execute(query)]


def identical(session: Session, period: Period, people: int) -> list[list[Attendance]]:
    """Return the attendances of each shift at which so many people have the same first and last minute."""
    same = (Attendance.shift_id, Attendance.first_in_at, Attendance.last_out_at)
    closed = [Attendance.site_day.between(period.from_on, period.to_on), Attendance.pair_count > 0]
    closed.append(Attendance.last_out_at.is_not(None))
    grouped = sa.select(*same).where(*closed).group_by(*same).having(sa.func.count() >= people).subquery()
    joined = sa.and_(*(column == grouped.c[column.key] for column in same))
    rows = session.scalars(sa.select(Attendance).join(grouped, joined).where(*closed).order_by(Attendance.id))
    found: dict[tuple[object, ...], list[Attendance]] = {}
    for row in rows:
        found.setdefault((row.shift_id, row.first_in_at, row.last_out_at), []).append(row)
    return list(found.values())


def granted(session: Session, period: Period) -> list[HourRequest]:
    """Return the make-ups and corrections that were accepted in the period and gave minutes, by time of decision."""
    query = sa.select(HourRequest).where(
        HourRequest.kind.in_(GRANTED),
        HourRequest.state == RequestState.ACCEPTED,
        HourRequest.decided_at >= period.starts_at,
        HourRequest.decided_at < period.ends_at,
    )
    return list(session.scalars(query.order_by(HourRequest.decided_at, HourRequest.id)))


def shifts_of_requests(session: Session, request_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return the shifts of requests."""
    query = sa.select(HourRequest.shift_id).where(HourRequest.id.in_(request_ids), HourRequest.shift_id.is_not(None))
    return [shift_id for shift_id in session.scalars(query.distinct()) if shift_id]


def scans_by_id(session: Session, scan_ids: Sequence[uuid.UUID]) -> list[ScanRow]:
    """Return scans, by time."""
    query = sa.select(ScanRow).where(ScanRow.id.in_(scan_ids))
    return list(session.scalars(query.order_by(ScanRow.judged_at, ScanRow.id)))


def voided(session: Session, scan_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these scans that have been voided."""
    return set(session.scalars(sa.select(ScanVoid.scan_id).where(ScanVoid.scan_id.in_(scan_ids))))


def requests_by_id(session: Session, request_ids: Sequence[uuid.UUID]) -> list[HourRequest]:
    """Return requests, by time of decision."""
    query = sa.select(HourRequest).where(HourRequest.id.in_(request_ids))
    return list(session.scalars(query.order_by(HourRequest.decided_at, HourRequest.id)))


def attendances_between(
    session: Session, from_on: dt.date, to_on: dt.date, station_ids: frozenset[uuid.UUID] | None
) -> list[uuid.UUID]:
    """Return the attendances with a pair on these days, at these stations (None = at every one)."""
    query = sa.select(Attendance.id).where(Attendance.site_day.between(from_on, to_on), Attendance.pair_count > 0)
    if station_ids is not None:
        query = query.join(Shift, Shift.id == Attendance.shift_id).join(Activity, Activity.id == Shift.activity_id)
        query = query.where(Activity.station_id.in_(station_ids))
    return list(session.scalars(query))


def attendance(session: Session, attendance_id: uuid.UUID) -> Attendance:
    """Return an attendance that exists."""
    return session.get_one(Attendance, attendance_id)
