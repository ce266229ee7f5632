"""The searches: what the database narrowed down is looked at exactly, and said with its figures. They write nothing."""

import datetime as dt
import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts
from volunteer.anomalies import queries, rules
from volunteer.anomalies.queries import Period
from volunteer.anomalies.rules import FindingKind, Found, Seen, Thresholds
from volunteer.clock import day_starts_at, site_day
from volunteer.config import settings
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.stations.rules import Point, distance_m

Search = Callable[["Ground"], Iterator[Found]]
Spans = list[tuple[dt.datetime, dt.datetime]]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where to look, and from where on something is looked at."""

    session: Session
    period: Period
    limits: Thresholds

    def shifts(self, ids: Iterable[uuid.UUID | None]) -> Mapping[uuid.UUID, ShiftFacts]:
        """Return the shifts that evidence names."""
        return activities.shifts_of(self.session, [one for one in ids if one])


def period_of(from_on: dt.date, to_on: dt.date) -> Period:
    """Return the period of two days, both included."""
    zone = settings().zone
    return Period(from_on, to_on, day_starts_at(from_on, zone), day_starts_at(to_on + dt.timedelta(days=1), zone))


def search(ground: Ground) -> list[Found]:
    """Return all that looks wrong, by kind."""
    return [one for look in SEARCHES for one in look(ground)]


def _overlaps(ground: Ground) -> Iterator[Found]:
    """Find who was at two stations at once."""
    rows = queries.overlaps(ground.session, ground.period)
    shifts = ground.shifts(one.shift_id for row in rows for one in row)
    for first, second in rows:
        minutes, start, end = rules.shared_minutes(_spans(first.pairs), _spans(second.pairs))
        if minutes < ground.limits.overlap_minutes or start is None or end is None:
            continue
        one, other = shifts[first.shift_id], shifts[second.shift_id]
        yield Found(
            kind=FindingKind.OVERLAP,
            key=f"overlap:{first.person_id}:{first.shift_id}:{second.shift_id}",
            on_day=first.site_day,
            figures={
                "first": one.station_name,
                "second": other.station_name,
                "minutes": minutes,
                "start": _clock(start),
                "end": _clock(end),
            },
            people=frozenset({first.person_id}),
            station_id=one.station_id,
            shift_ids=(first.shift_id, second.shift_id),
            scan_ids=(*_scans(first.pairs), *_scans(second.pairs)),
        )


def _same_seconds(ground: Ground) -> Iterator[Found]:
    """Find devices and accounts that scanned several people within a second."""
    for rows in queries.same_seconds(ground.session, ground.period, ground.limits.same_second_people):
        first = rows[0]
        by = f"device:{first.device_id}" if first.device_id else f"account:{first.account_id}"
        people = frozenset(row.person_id for row in rows if row.person_id)
        second = first.scanned_at.replace(microsecond=0)
        way = "一台设备" if first.device_id else "一个账号"
        yield _of_scans(
            FindingKind.SAME_SECOND,
            f"same_second:{by}:{int(second.timestamp())}",
            rows,
            people,
            {
                "way": way,
                "at": _moment(second, seconds=True),
                "people": len(people),
            },
        )


def _shared_phones(ground: Ground) -> Iterator[Found]:
    """Find phones that checked in several people within some minutes; the same crowd is told once."""
    limits, told = ground.limits, dict[uuid.UUID, int]()
    within = dt.timedelta(minutes=limits.shared_device_minutes)
    found = list[tuple[tuple[str, str], tuple[Seen, ...]]]()
    for phone, seen in queries.own_scans(ground.session, ground.period, limits.shared_device_people):
        for crowd in rules.crowds(seen, limits.shared_device_people, within):
            earlier = {told.get(one.id, -1) for one in crowd}
            if len(earlier) == 1 and -1 not in earlier:
                continue
            told |= dict.fromkeys((one.id for one in crowd), len(found))
            found.append((phone, crowd))
    facts = queries.facts_of_scans(ground.session, told)
    for phone, crowd in found:
        people = frozenset(one.person_id for one in crowd)
        figures = {"minutes": limits.shared_device_minutes, "people": len(people)}
        figures |= {"start": _moment(crowd[0].at), "end": _clock(crowd[-1].at)}  # type: ignore[dict-item]
        digest = hashlib.sha256("|".join(phone).encode()).hexdigest()[:16]
        phone_key = f"shared_device:{digest}"
        seen_scans = [facts[one.id] for one in crowd]
        told_of = _of_scans(FindingKind.SHARED_DEVICE, f"{phone_key}:{crowd[0].id}", seen_scans, people, figures)
        yield replace(told_of, series=phone_key)


def _long_ones(ground: Ground) -> Iterator[Found]:
    """Find presences that are much longer than their shift."""
    rows = queries.long_ones(ground.session, ground.period, ground.limits.longer_by_minutes)
    found = [(attendance, shift, _present(attendance.pairs)) for attendance, shift in rows]
    found = [one for one in found if one[2] - _minutes(one[1]) >= ground.limits.longer_by_minutes]
    facts = ground.shifts(attendance.shift_id for attendance, _, _ in found)
    for attendance, shift, present in found:
        about = facts[attendance.shift_id]
        planned = _minutes(shift)
        yield Found(
            kind=FindingKind.LONGER_THAN_SHIFT,
            key=f"longer:{attendance.person_id}:{attendance.shift_id}",
            on_day=attendance.site_day,
            figures={"shift": about.activity_title, "present": present, "planned": planned, "extra": present - planned},
            people=frozenset({attendance.person_id}),
            station_id=about.station_id,
            shift_ids=(attendance.shift_id,),
            scan_ids=tuple(_scans(attendance.pairs)),
        )


def _moves(ground: Ground) -> Iterator[Found]:
    """Find scans at two stations that nobody could reach in the time between."""
    limits, corners = ground.limits, queries.farthest(ground.session)
    if corners is None:
        return
    within = dt.timedelta(hours=distance_m(*corners) / 1000 / limits.travel_kmh)
    rows = queries.moves(ground.session, ground.period, within)
    places = stations.station_briefs(one for row in rows for one in (row.before_station, row.station_id))
    points = {one.id: Point(one.latitude, one.longitude or 0.0) for one in places.values() if one.latitude is not None}
    scans = queries.facts_of_scans(ground.session, (row.before_id for row in rows))
    for after in rows:
        if after.before_station not in points or after.station_id not in points:
            continue
        metres = distance_m(points[after.before_station], points[after.station_id])
        span = after.judged_at - after.before_at
        speed = rules.speed_kmh(metres, span)
        if metres < limits.travel_km * 1000 or speed < limits.travel_kmh:
            continue
        figures = {
            "minutes": int(span.total_seconds() // 60),
            "first": places[after.before_station].name,
            "second": places[after.station_id].name,
            "km": f"{metres / 1000:.1f}",
            "kmh": round(speed),
        }
        key, both = f"travel:{after.before_id}:{after.id}", [scans[after.before_id], after]
        yield _of_scans(FindingKind.IMPOSSIBLE_TRAVEL, key, both, frozenset({after.person_id}), figures)


def _identical(ground: Ground) -> Iterator[Found]:
    """Find shifts at which many came and went in the same minute."""
    groups = queries.identical(ground.session, ground.period, ground.limits.identical_people)
    facts = ground.shifts(rows[0].shift_id for rows in groups)
    for rows in groups:
        first, about = rows[0], facts[rows[0].shift_id]
        start, end = first.first_in_at, first.last_out_at
        if start is None or end is None:
            continue
        listed = sum(any(pair.get("roll_call") for pair in row.pairs) for row in rows)
        yield Found(
            kind=FindingKind.IDENTICAL_MINUTES,
            key=f"identical:{first.shift_id}:{int(start.timestamp()) // 60}:{int(end.timestamp()) // 60}",
            on_day=first.site_day,
            figures={
                "shift": about.activity_title,
                "people": len(rows),
                "start": _clock(start),
                "end": _clock(end),
                "listed": listed,
            },
            people=frozenset(row.person_id for row in rows),
            station_id=about.station_id,
            shift_ids=(first.shift_id,),
            scan_ids=tuple(scan for row in rows for scan in _scans(row.pairs)),
        )


def _pairs(ground: Ground) -> Iterator[Found]:
    """Find pairs of asker and approver who share most of the make-ups of a month."""
    for month, period in _months(ground.period):
        pairs = [one for one in queries.given(ground.session, period) if one.make_ups and one.asker]
        by_asker = Counter[uuid.UUID | None]()
        for one in pairs:
            by_asker[one.asker] += one.make_ups
        for one in pairs:
            percent = 100 * one.make_ups // by_asker[one.asker]
            if one.make_ups < ground.limits.pair_requests or percent < ground.limits.pair_percent or not one.asker:
                continue
            rows = queries.granted(ground.session, period, one.decider, one.asker)
            figures = {"month": month, "count": one.make_ups, "percent": percent}
            key = f"pair:{month}:{one.asker}:{one.decider}"
            found = _of_requests(FindingKind.MAKE_UP_PAIR, key, rows, frozenset({one.asker, one.decider}), figures)
            yield replace(found, amount=one.make_ups, step=ground.limits.pair_requests)


def _volumes(ground: Ground) -> Iterator[Found]:
    """Find accounts that granted very many hours in a month."""
    for month, period in _months(ground.period):
        count, minutes = Counter[uuid.UUID](), Counter[uuid.UUID]()
        for one in queries.given(ground.session, period):
            count[one.decider] += one.count
            minutes[one.decider] += one.minutes
        for account, total in minutes.items():
            if total >= ground.limits.granted_hours * 60:
                figures = {"month": month, "count": count[account], "hours": f"{total / 60:.1f}"}
                rows = queries.granted(ground.session, period, account)
                key = f"granted:{month}:{account}"
                found = _of_requests(FindingKind.GRANTED_VOLUME, key, rows, frozenset({account}), figures)
                yield replace(found, amount=total // 60, step=ground.limits.granted_hours)


SEARCHES: Sequence[Search] = (
    _overlaps,
    _same_seconds,
    _shared_phones,
    _long_ones,
    _moves,
    _identical,
    _pairs,
    _volumes,
)


def _of_scans(
    kind: FindingKind, key: str, rows: Sequence[Any], people: frozenset[uuid.UUID], figures: Mapping[str, Any]
) -> Found:
    """Return a finding whose evidence is scans."""
    last = rows[-1]
    return Found(
        kind=kind,
        key=key,
        on_day=site_day(last.judged_at, settings().zone),
        figures=figures,
        people=people,
        station_id=last.station_id,
        shift_ids=tuple(dict.fromkeys(row.shift_id for row in rows if row.shift_id)),
        scan_ids=tuple(row.id for row in rows),
    )


def _of_requests(
    kind: FindingKind, key: str, rows: Sequence[Any], accounts: frozenset[uuid.UUID], figures: Mapping[str, Any]
) -> Found:
    """Return a finding whose evidence is requests; it is about accounts, and about whoever was credited."""
    return Found(
        kind=kind,
        key=key,
        on_day=site_day(rows[-1].decided_at, settings().zone),
        figures=figures,
        people=frozenset(row.person_id for row in rows),
        accounts=accounts,
        station_id=rows[-1].station_id,
        request_ids=tuple(row.id for row in rows),
        series=key,
    )


def _months(period: Period) -> Iterator[tuple[str, Period]]:
    """Yield the months that a period touches, `2026-03`: what is counted by month is counted whole."""
    first = period.from_on.replace(day=1)
    while first <= period.to_on:
        following = (first + dt.timedelta(days=32)).replace(day=1)
        yield f"{first:%Y-%m}", period_of(first, following - dt.timedelta(days=1))
        first = following


def _spans(pairs: Iterable[Mapping[str, Any]]) -> Spans:
    """Return the closed spans of an attendance."""
    return [
        (dt.datetime.fromisoformat(one["in"]), dt.datetime.fromisoformat(one["out"]))
        for one in pairs
        if one.get("in") and one.get("out")
    ]


def _present(pairs: Iterable[Mapping[str, Any]]) -> int:
    """Return the minutes of the closed spans, whether inside the shift or not."""
    return sum(int((end - start).total_seconds() // 60) for start, end in _spans(pairs))


def _scans(pairs: Iterable[Mapping[str, Any]]) -> list[uuid.UUID]:
    """Return the scans of an attendance."""
    return [uuid.UUID(one[name]) for one in pairs for name in ("in_scan", "out_scan") if one.get(name)]


def _minutes(shift: Any) -> int:
    """Return the length of a shift."""
    return int((shift.ends_at - shift.starts_at).total_seconds() // 60)


def _clock(at: dt.datetime) -> str:
    """Return a time of the site, `09:30`."""
    return f"{at.astimezone(settings().zone):%H:%M}"


def _moment(at: dt.datetime, *, seconds: bool = False) -> str:
    """Return a day and a time of the site."""
    local = at.astimezone(settings().zone)
    return f"{local:%Y-%m-%d %H:%M:%S}" if seconds else f"{local:%Y-%m-%d %H:%M}"


def parties_of(session: Session, found: Sequence[Found]) -> list[frozenset[uuid.UUID]]:
    """Return every account that is in each finding: named by it, of a person whom it is about, or who scanned."""
    accounts = registration.accounts_of(session, {who for one in found for who in one.people})
    makers = queries.makers_of(session, (scan for one in found for scan in one.scan_ids))
    return [
        one.accounts.union(
            *(accounts.get(who, ()) for who in one.people), (makers[scan] for scan in one.scan_ids if scan in makers)
        )
        for one in found
    ]
