"""The searches: what the database narrowed down is looked at exactly, and said with its figures. They write nothing."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    limits, told = ground.limits, set[frozenset[uuid.UUID]]()
    within = dt.timedelta(minutes=limits.shared_device_minutes)
    for phone, rows in queries.shared_phones(ground.session, ground.period, limits.shared_device_people).items():
        by_id = {row.id: row for row in rows}
        seen = [Seen(row.id, row.person_id, row.judged_at) for row in rows if row.person_id]
        for crowd in rules.crowds(seen, limits.shared_device_people, within):
            ids = frozenset(one.id for one in crowd)
            if any(ids <= other for other in told):
                continue
            told.add(ids)
            people = frozenset(one.person_id for one in crowd)
            figures = {"minutes": limits.shared_device_minutes, "people": len(people)}
            figures |= {"start": _moment(crowd[0].at), "end": _clock(crowd[-1].at)}  # type: ignore[dict-item]
            digest = hashlib.sha256("|".join(phone).encode()).hexdigest()[:16]
            key = f"shared_device:{digest}:{crowd[0].id}"
            yield _of_scans(FindingKind.SHARED_DEVICE, key, [by_id[one.id] for one in crowd], people, figures)


def _long_ones(ground: Ground) -> Iterator[Found]:
    """Find presences that are much longer than their shift."""
    rows = queries.long_ones(ground.session, ground.period)
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
    rows = queries.moves(ground.session, ground.period)
    places = stations.station_briefs(one.station_id for row in rows for one in row if one.station_id)
    for before, after in rows:
        first, second = places.get(before.station_id or before.id), places.get(after.station_id or after.id)
        if first is None or second is None or first.latitude is None or second.latitude is None:
            continue
        metres = distance_m(
            Point(first.latitude, first.longitude or 0.0), Point(second.latitude, second.longitude or 0.0)
        )
        span = after.judged_at - before.judged_at
        speed = rules.speed_kmh(metres, span)
        if metres < ground.limits.travel_km * 1000 or speed < ground.limits.travel_kmh:
            continue
        figures = {
            "minutes": int(span.total_seconds() // 60),
            "first": first.name,
            "second": second.name,
            "km": f"{metres / 1000:.1f}",
            "kmh": round(speed),
        }
        people = frozenset({after.person_id} if after.person_id else ())
        yield _of_scans(
            FindingKind.IMPOSSIBLE_TRAVEL, f"travel:{before.id}:{after.id}", [before, after], people, figures
        )


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
    by_pair: dict[tuple[str, uuid.UUID, uuid.UUID], list[Any]] = {}
    by_asker: dict[tuple[str, uuid.UUID], int] = {}
    for row in queries.granted(ground.session, _months(ground.period)):
        if row.kind != "make_up" or row.asker_account_id is None or row.decided_by is None:
            continue
        month = _month(row.decided_at)
        by_pair.setdefault((month, row.asker_account_id, row.decided_by), []).append(row)
        by_asker[month, row.asker_account_id] = by_asker.get((month, row.asker_account_id), 0) + 1
    for (month, asker, approver), rows in by_pair.items():
        percent = 100 * len(rows) // by_asker[month, asker]
        if len(rows) >= ground.limits.pair_requests and percent >= ground.limits.pair_percent:
            figures = {"month": month, "count": len(rows), "percent": percent}
            key = f"pair:{month}:{asker}:{approver}"
            yield _of_requests(FindingKind.MAKE_UP_PAIR, key, rows, frozenset({asker, approver}), figures)


def _volumes(ground: Ground) -> Iterator[Found]:
    """Find accounts that granted very many hours in a month."""
    by_account: dict[tuple[str, uuid.UUID], list[Any]] = {}
    for row in queries.granted(ground.session, _months(ground.period)):
        if row.decided_by is not None:
            by_account.setdefault((_month(row.decided_at), row.decided_by), []).append(row)
    for (month, account), rows in by_account.items():
        minutes = sum(_granted(row) for row in rows)
        if minutes >= ground.limits.granted_hours * 60:
            figures = {"month": month, "count": len(rows), "hours": f"{minutes / 60:.1f}"}
            key = f"granted:{month}:{account}"
            yield _of_requests(FindingKind.GRANTED_VOLUME, key, rows, frozenset({account}), figures)


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
    )


def _granted(row: Any) -> int:
    """Return the minutes that a decision gave; a correction downwards gives none."""
    return int(row.minutes) if row.kind == "make_up" else max(0, int(row.minutes) - int(row.base_minutes or 0))


def _months(period: Period) -> Period:
    """Return the whole months that a period touches: what is counted by month is counted whole."""
    last = (period.to_on.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    return period_of(period.from_on.replace(day=1), last)


def _month(at: dt.datetime | None) -> str:
    """Return the month of an instant, `2026-03`."""
    return f"{site_day(at, settings().zone):%Y-%m}" if at else ""


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


def accounts_in(session: Session, found: Found) -> frozenset[uuid.UUID]:
    """Return every account that is in a finding: named by it, or of a person whom it is about."""
    own = frozenset[uuid.UUID]().union(*(registration.account_ids_of(session, one) for one in found.people))
    return found.accounts | own
