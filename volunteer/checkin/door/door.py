"""What a keeper sees at the door: where they may scan, who is meant by what was typed, the last scans.

Source: ux.md S1, S2, S4, §5b; contract, "GET /stations/{id}/today".
"""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.checkin.arrivals import outcome_of_stranger
from volunteer.checkin.attendance import lives
from volunteer.checkin.attendance.outcomes import Decision
from volunteer.checkin.credentials import codes, spoken
from volunteer.checkin.models import SCANS
from volunteer.checkin.queries import led_shifts, require_door, require_station_of, station_today
from volunteer.checkin.reasons import Outcome
from volunteer.database import reading
from volunteer.errors import Forbidden, NotFound
from volunteer.registration import service as registration
from volunteer.stations import queries as station_queries
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief
from volunteer.web import limits

MOST_STATIONS = 30
LAST = 10
STILL_LAST = dt.timedelta(hours=1)
"""How long after midnight a scan of the evening is still among the last ones, and can be taken back there."""
#: What is no name and no number that somebody has: only a scanner types this much, or an address.
_SCANNED = re.compile(r"[0-9]{12,}|.*[/:?=].*|.{33,}")


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody on today's list who may be meant, at one shift; `heard` is the spoken code where that found them."""

    person: Mapping[str, Any]
    shift: Mapping[str, Any]
    heard: str


def is_code(text: str) -> bool:
    """Whether a text in the one input is a code (read or misread) rather than a name or a number to look for."""
    return bool(_SCANNED.fullmatch(codes.normalise(text))) or (bool(text.strip()) and not codes.normalise(text))


def doors(actor: Actor, q: str = "") -> list[StationBrief]:
    """Return up to `MOST_STATIONS` + 1 stations whose door the caller may watch, those at the top of their scope first.

    Raises:
        Forbidden: the caller has nothing to do at any door.
    """
    if not (actor.has(Permission.SCAN) or actor.has(Permission.READ_STATIONS)):
        raise Forbidden
    paths = stations.scan_paths(actor)
    if paths is None or actor.has_everywhere(Permission.READ_STATIONS):
        rows = station_queries.list_by_code(q or None, MOST_STATIONS + 1, None)
        return [stations.brief_of(row.station) for row in rows]
    led = activities.shifts_of(reading(), led_shifts(actor)).values()
    ids = stations.station_ids_under(paths) | {shift.station_id for shift in led}
    mine = sorted(stations.station_briefs(ids).values(), key=lambda one: (one.path.count("/"), one.code))
    return [one for one in mine if q.casefold() in one.name.casefold()][: MOST_STATIONS + 1]


def only_door(actor: Actor) -> uuid.UUID | None:
    """Return the one station that the caller's grants name, below which all of theirs lies; None for several."""
    paths = stations.scan_paths(actor)
    if paths is None:
        return None
    led = activities.shifts_of(reading(), led_shifts(actor)).values()
    named = {path for path in paths} | {shift.station_path for shift in led}
    top = [path for path in named if not any(path != other and path.startswith(other) for other in named)]
    return uuid.UUID(top[0].rstrip("/").rpartition("/")[2]) if len(top) == 1 else None


def scanned_at(actor: Actor, station_id: uuid.UUID) -> uuid.UUID | None:
    """Return the station as a scan of this caller names it: itself, or nothing for who leads a shift there.

    Raises:
        NotFound: not the caller's to scan at.
    """
    station, only = require_door(actor, station_id)
    if not actor.has(Permission.SCAN):
        raise NotFound
    if only is not None:
        return None
    paths = stations.scan_paths(actor)
    if paths is not None and not station.path.startswith(paths):
        raise NotFound
    return station.id


def find(actor: Actor, station_id: uuid.UUID, text: str, now: dt.datetime) -> list[Met]:
    """Return whom a spoken code, a part of a name or the last digits of a phone mean on today's list of a station.

    Raises:
        NotFound: not the caller's station.
        RateLimited: 20 times in a minute nobody was found.
    """
    limits.check("wrong-code", actor.key, now)
    text, session = codes.normalise(text), reading()
    today = station_today(actor, station_id, now)
    heard = _who_said(today, text) if len(text) == len("0000") and text.isdigit() else {}
    people = {person["volunteer_id"] for shift in today["shifts"] for person in shift["people"]}
    meant = registration.match_people(session, people, text)
    met = [
        Met(person, shift, text if (shift["station_id"], person["volunteer_id"]) in heard else "")
        for shift in today["shifts"]
        for person in shift["people"]
        if person["volunteer_id"] in meant or (shift["station_id"], person["volunteer_id"]) in heard
    ]
    if not met:
        limits.take("wrong-code", actor.key, now)
    return sorted(met, key=lambda one: (not one.heard, one.shift["starts_at"]))


def is_said_by(station_id: uuid.UUID, person_id: uuid.UUID, text: str, now: dt.datetime) -> bool:
    """Whether a spoken code is this person's today at a station."""
    return (station_id, person_id) in _said(reading(), {station_id}, text, now)


def _who_said(today: Mapping[str, Any], text: str) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return the (station, person) pairs of today's list that a spoken code means."""
    return _said(reading(), {shift["station_id"] for shift in today["shifts"]}, text, today["now"])


def _said(
    session: Any, station_ids: Collection[uuid.UUID], text: str, now: dt.datetime
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Return whom a spoken code means at these stations, each with the station's whole day: so it is the same code."""
    day, start, end = spoken.day_span(now)
    known = activities.shifts_between(session, frozenset(station_ids), start, end)
    shifts = [one for one in known if not one.cancelled]
    listed = spoken.codes_of(session, shifts, activities.signups_for(session, [one.id for one in shifts]), day)
    return {(station, person) for (station, digits), person in listed.items() if digits == text}


def since(today: Mapping[str, Any], answer: Mapping[str, Any]) -> dt.datetime | None:
    """Return when somebody who is already in or out of a shift of today came or left; None for anybody else."""
    name = {Outcome.ALREADY_CHECKED_IN: "in_at", Outcome.ALREADY_CHECKED_OUT: "out_at"}.get(answer["outcome"])
    who = (answer.get("volunteer") or {}).get("id")
    shifts = [shift for shift in today["shifts"] if shift["shift_id"] == answer.get("shift_id")]
    people = [person for shift in shifts for person in shift["people"] if person["volunteer_id"] == who]
    return people[0][name] if name and people else None


def last_scans(today: Mapping[str, Any], now: dt.datetime) -> list[dict[str, Any]]:
    """Return the last scans of a station's day with where each stands now, newest first; names masked.

    `today` is `queries.station_today` as this caller sees it, which has the scope.
    """
    session = reading()
    _, day_starts, _ = spoken.day_span(now)
    start = min(day_starts, now - STILL_LAST)
    of_shifts = SCANS.c.shift_id.in_([shift["shift_id"] for shift in today["shifts"]])
    here = sa.and_(SCANS.c.station_id == today["station_id"], sa.true() if today["whole"] else sa.false())
    query = sa.select(SCANS.c.id).where(SCANS.c.received_at >= start, of_shifts | here)
    ids = session.scalars(query.order_by(SCANS.c.received_at.desc(), SCANS.c.id.desc()).limit(LAST)).all()
    return told_of(ids)


def scan_of(actor: Actor, scan_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return one scan with where it stands now.

    Raises:
        NotFound: no such scan at a station where the caller runs activities.
    """
    row = lives.rows_of(reading(), [scan_id]).get(scan_id)
    if row is None:
        raise NotFound
    require_station_of(actor, row)
    return told_of([scan_id])[0]


def told_of(ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    """Return scans as a list shows them, in the order of `ids`; the lives of all their people are read at once."""
    session = reading()
    rows = lives.rows_of(session, ids)
    shifts: dict[uuid.UUID, Any] = {}
    instants: dict[uuid.UUID, list[dt.datetime]] = {}
    for row in rows.values():
        if row.person_id:
            instants.setdefault(row.person_id, []).append(row.judged_at)
    spans = {person_id: (min(found), max(found)) for person_id, found in instants.items()}
    decisions: dict[uuid.UUID, Decision] = {}
    for life in lives.load(session, spans, shifts).values():
        decisions |= life.folded().decisions
    names = registration.display_names(session, instants)
    return [_one(rows[one], decisions.get(one), names) for one in ids]


def _one(row: Any, decision: Decision | None, names: Mapping[uuid.UUID, str]) -> dict[str, Any]:
    """Return one scan as a list shows it."""
    now_is = decision or outcome_of_stranger(lives.scan_of(row))
    return {
        "scan_id": row.id,
        "direction": row.direction,
        "at": now_is.at,
        "display_name": names.get(row.person_id, "") if row.person_id else "",
        "outcome": now_is.outcome,
        "reason": now_is.reason,
        "evidence": now_is.evidence,
        "flags": sorted(now_is.flags),
        "minutes": now_is.minutes,
    }
