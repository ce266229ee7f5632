"""What the search reads of scans, attendances and requests: candidates in SQL, a fixed number of statements each.

Each returns little beside what will be judged: the database narrows by grouping, `finding` looks exactly.
Source: domain.md g1; peers.md 4.7.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from volunteer.activities.models import Activity, Shift
from volunteer.anomalies.rules import Seen
from volunteer.checkin.models import Attendance, ScanPlace, ScanRow, ScanVoid
from volunteer.database import is_postgresql
from volunteer.hours.models import HourRequest, LineClass, RequestKind, RequestState
from volunteer.stations.models import Station
from volunteer.stations.rules import Point

GRANTED = (RequestKind.MAKE_UP, RequestKind.CORRECTION)
LISTS = (RequestKind.WEAK_EVIDENCE, RequestKind.LATE_EVIDENCE, RequestKind.OVER_CAPACITY)
AT_ONCE = 1000
FACTS = (ScanRow.id, ScanRow.person_id, ScanRow.judged_at, ScanRow.station_id, ScanRow.shift_id)


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
            sa.or_(*(one.site_day.between(period.from_on, period.to_on) for one in (first, second))),
            first.pair_count > 0,
            second.pair_count > 0,
            here.station_id != there.station_id,
            first.first_in_at < second.last_out_at,
            second.first_in_at < first.last_out_at,
        )
    )
    return [(one, other) for one, other in session.execute(query)]


def same_seconds(session: Session, period: Period, people: int) -> list[list[Any]]:
    """Return the scans of each second in which one device or account made at least so many, by that and by time.

    Each has `id, person_id, device_id, account_id, scanned_at, judged_at, station_id, shift_id`. A paper list is one
    call for many people; it is left to what looks at equal minutes.
    """
    stamp = (
        sa.func.date_trunc("second", ScanRow.scanned_at)
        if is_postgresql(session)
        else sa.func.substr(ScanRow.scanned_at, 1, len("2026-03-22 02:00:00"), type_=sa.String())
    )
    key = (ScanRow.device_id, ScanRow.account_id, stamp)
    columns = [*FACTS, ScanRow.device_id, ScanRow.account_id, ScanRow.scanned_at]
    counted = (
        sa.select(*columns, sa.func.count().over(partition_by=key).label("made"))
        .where(*_counting(period), ScanRow.mode != "roll_call")
        .subquery()
    )
    query = sa.select(counted).where(counted.c.made >= people)
    rows = session.execute(query.order_by(counted.c.scanned_at, counted.c.id)).all()
    found: dict[tuple[object, ...], list[Any]] = {}
    for row in rows:
        found.setdefault((row.device_id, row.account_id, row.scanned_at.replace(microsecond=0)), []).append(row)
    return [scans for scans in found.values() if len({one.person_id for one in scans}) >= people]


def own_scans(session: Session, period: Period, people: int) -> Iterator[tuple[tuple[str, str], list[Seen]]]:
    """Yield the own check-ins of each phone that served at least so many people on these days, by time.

    A phone is its account; and, while places are kept (30 days), its address with what its browser says of itself. The
    database sorts, one phone at a time is held here.
    """
    own = [*_counting(period), ScanRow.mode == "self"]
    many = sa.func.count(ScanRow.person_id.distinct()) >= people
    seen = (ScanRow.id, ScanRow.person_id, ScanRow.judged_at)
    in_time = (ScanRow.judged_at, ScanRow.id)
    accounts = sa.select(ScanRow.account_id).where(*own).group_by(ScanRow.account_id).having(many)
    by_account = sa.select(sa.literal("account"), ScanRow.account_id, *seen)
    by_account = by_account.where(*own, ScanRow.account_id.in_(accounts)).order_by(ScanRow.account_id, *in_time)
    yield from _phones(session, by_account)
    phone = (ScanPlace.address, ScanPlace.user_agent)
    phones = (
        sa.select(*phone)
        .join(ScanRow, ScanRow.id == ScanPlace.scan_id)
        .where(*own, *(part.is_not(None) for part in phone))
        .group_by(*phone)
        .having(many)
        .subquery()
    )
    is_same = sa.and_(*(part == phones.c[part.key] for part in phone))
    by_phone = sa.select(*phone, *seen).join(ScanPlace, ScanPlace.scan_id == ScanRow.id).join(phones, is_same)
    yield from _phones(session, by_phone.where(*own).order_by(*phone, *in_time))


def _phones(session: Session, query: Any) -> Iterator[tuple[tuple[str, str], list[Seen]]]:
    """Yield the scans of each phone of a query that is sorted by phone, as they come."""
    rows = session.execute(query.execution_options(yield_per=AT_ONCE))
    for phone, scans in groupby(rows, key=lambda row: (str(row[0]), str(row[1]))):
        yield phone, [Seen(one.id, one.person_id, one.judged_at) for one in scans]


def long_ones(session: Session, period: Period, longer_by: int) -> list[tuple[Attendance, Shift]]:
    """Return the attendances that last, from first to last minute, so many minutes longer than their shift, or nearly.

    That is necessary for a presence to be so much longer; pauses between are left to whoever looks exactly.
    """
    planned, present = (
        _seconds(session, *span)
        for span in ((Shift.starts_at, Shift.ends_at), (Attendance.first_in_at, Attendance.last_out_at))
    )
    query = (
        sa.select(Attendance, Shift)
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(
            Attendance.site_day.between(period.from_on, period.to_on),
            Attendance.pair_count > 0,
            Attendance.last_out_at.is_not(None),
            present - planned >= (longer_by - 1) * 60,  # a minute for what julianday rounds
        )
    )
    return [(one, other) for one, other in session.execute(query)]


def _seconds(session: Session, start: Any, end: Any) -> sa.ColumnElement[Any]:
    """Return the seconds between two instants."""
    if is_postgresql(session):
        return sa.extract("epoch", end - start)
    return (sa.func.julianday(end, type_=sa.Float()) - sa.func.julianday(start, type_=sa.Float())) * 86_400


def farthest(session: Session) -> tuple[Point, Point] | None:
    """Return two opposite corners of the box in which all stations lie; None where none has a place."""
    ends = (end(one) for end in (sa.func.min, sa.func.max) for one in (Station.latitude, Station.longitude))
    row: Any = session.execute(sa.select(*ends)).one()
    return None if row[0] is None else (Point(row[0], row[1]), Point(row[2], row[3]))


def moves(session: Session, period: Period, within: dt.timedelta) -> list[Any]:
    """Return each person's scans that follow one at another station so soon.

    Each has the facts of the scan, and `before_id`, `before_station`, `before_at` of the one before.
    """

    def before(column: Any) -> Any:
        order = (ScanRow.judged_at, ScanRow.id)
        return sa.func.lag(column, type_=column.type).over(partition_by=ScanRow.person_id, order_by=order)

    followed = (
        sa.select(
            *FACTS,
            before(ScanRow.id).label("before_id"),
            before(ScanRow.station_id).label("before_station"),
            before(ScanRow.judged_at).label("before_at"),
        )
        .where(*_counting(period), ScanRow.station_id.is_not(None))
        .subquery()
    )
    query = sa.select(followed).where(
        followed.c.before_station != followed.c.station_id,
        _seconds(session, followed.c.before_at, followed.c.judged_at) <= within.total_seconds() + 1,
    )
    return list(session.execute(query))


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


@dataclass(frozen=True, slots=True)
class Given:
    """What one account agreed to of another's requests: how many make-ups, how many in all, their minutes."""

    asker: uuid.UUID | None
    decider: uuid.UUID
    make_ups: int
    count: int
    minutes: int


def given(session: Session, period: Period) -> list[Given]:
    """Return what was accepted in the period and gave minutes that no scan proves, by who asked and agreed.

    Make-ups, paper lists, and corrections: those give what they add; one downwards gives nothing.
    """
    is_make_up = HourRequest.kind == RequestKind.MAKE_UP
    more = HourRequest.minutes - sa.func.coalesce(HourRequest.base_minutes, 0)
    minutes = sa.case((HourRequest.kind != RequestKind.CORRECTION, HourRequest.minutes), (more > 0, more), else_=0)
    pair = (HourRequest.asker_account_id, HourRequest.decided_by)
    query = sa.select(*pair, sa.func.sum(sa.case((is_make_up, 1), else_=0)), sa.func.count(), sa.func.sum(minutes))
    rows = session.execute(query.where(*_granted(period)).group_by(*pair).order_by(*pair))
    return [Given(asker, decider, int(ups), int(n), int(total)) for asker, decider, ups, n, total in rows if decider]


def _granted(period: Period) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of requests that were accepted in the period and gave minutes that no scan proves.

    Minutes over the limit of a day are those of a list again, and counted once.
    """
    decided = (HourRequest.decided_at >= period.starts_at, HourRequest.decided_at < period.ends_at)
    is_list = sa.and_(HourRequest.kind.in_(LISTS), HourRequest.class_ == LineClass.GRANTED)
    return [sa.or_(HourRequest.kind.in_(GRANTED), is_list), HourRequest.state == RequestState.ACCEPTED, *decided]


def granted(session: Session, period: Period, decider: uuid.UUID, asker: uuid.UUID | None = None) -> list[HourRequest]:
    """Return what one account granted in the period, by time; with an asker: only their make-ups."""
    query = sa.select(HourRequest).where(*_granted(period), HourRequest.decided_by == decider)
    if asker:
        query = query.where(HourRequest.asker_account_id == asker, HourRequest.kind == RequestKind.MAKE_UP)
    return list(session.scalars(query.order_by(HourRequest.decided_at, HourRequest.id)))


def decided_by(
    session: Session, account_id: uuid.UUID, served: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return those of these (person, shift) about whose minutes an account has decided."""
    pair = (HourRequest.person_id, HourRequest.shift_id)
    query = sa.select(*pair).where(HourRequest.decided_by == account_id).distinct()
    found = {
        (person_id, shift_id)
        for part in portions(person_id for person_id, _ in served)
        for person_id, shift_id in session.execute(query.where(HourRequest.person_id.in_(part)))
        if shift_id
    }
    return found.intersection(served)


def shifts_of_requests(session: Session, request_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return the shifts of requests."""
    query = sa.select(HourRequest.shift_id).where(HourRequest.id.in_(request_ids), HourRequest.shift_id.is_not(None))
    return [shift_id for shift_id in session.scalars(query.distinct()) if shift_id]


def facts_of_scans(session: Session, scan_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return `id, person_id, judged_at, station_id, shift_id` of scans, by id."""
    query = sa.select(*FACTS)
    return {row.id: row for part in portions(scan_ids) for row in session.execute(query.where(ScanRow.id.in_(part)))}


def makers_of(session: Session, scan_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the accounts that made scans, by scan; those of devices are left out."""
    query = sa.select(ScanRow.id, ScanRow.account_id).where(ScanRow.account_id.is_not(None))
    rows = (row for part in portions(scan_ids) for row in session.execute(query.where(ScanRow.id.in_(part))))
    return {scan_id: account_id for scan_id, account_id in rows if account_id}


def portions(ids: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield many values as lists that a statement can carry."""
    every = list(dict.fromkeys(ids))
    for start in range(0, len(every), AT_ONCE):
        yield every[start : start + AT_ONCE]


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


def attendances(session: Session, attendance_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Attendance]:
    """Return attendances by id."""
    query = sa.select(Attendance)
    rows = (row for part in portions(attendance_ids) for row in session.scalars(query.where(Attendance.id.in_(part))))
    return {row.id: row for row in rows}
