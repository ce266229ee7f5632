"""Reading attendances: of a shift, of oneself with why, and a station's day. States are functions of the clock.

Source: contract, "GET /shifts/{id}/attendances", "GET /me/attendances", "GET /stations/{id}/today", "Hours".
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.activities.rules import ActivityStatus, SignupStatus
from volunteer.activities.service import ShiftFacts, SignupView
from volunteer.checkin.attendance import outcomes
from volunteer.checkin.attendance.lives import of_fold
from volunteer.checkin.attendance.outcomes import State
from volunteer.checkin.attendance.owners import records_of
from volunteer.checkin.attendance.projection import facts_of
from volunteer.checkin.models import ATTENDANCES as ROWS
from volunteer.checkin.models import ScanRow
from volunteer.checkin.reasons import Direction, Evidence, Flag
from volunteer.checkin.rules import door_span, window
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.hours.policy import POLICY
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief

Cursor = tuple[dt.datetime, uuid.UUID]
OF_LATE = dt.timedelta(days=30)
"""How long a person is reminded of an attendance without an end: longer than a make-up may be asked for."""
WORDS = {
    "open": "已签到、还没有签退,离开时请记得签退。",
    "unclosed": "没有在时限内签退,这次暂记 0 分钟;设备稍后上传的签退会自动计入,也可以申请补录。",
    "weak": "这次的记录需要站点工作人员核对,核对后计入时长。",
    "outside": "在班次时间以外的部分不计时长。",
    Flag.LATE: "记录上传时已超过 72 小时。",
    Flag.CLOCK_SKEW: "设备时间与标准时间相差较大。",
    Flag.AHEAD: "记录的时间晚于收到的时间。",
    Flag.OVER_CAPACITY: "到场时该班次名额已满。",
    Flag.SELF_SCAN: "由本人或家人的账号扫码。",
    Flag.SHARED_DEVICE: "这部手机 10 分钟内为 3 人以上签到,也可能是家人合用,请核对本人是否在场。",
    Flag.ROLL_CALL: "由工作人员按纸质名单登记。",
    Flag.CARD: "使用了打印的志愿者卡。",
    Flag.NO_LOCATION: "签到时没有提供位置。",
    Flag.TOO_FAR: "签到位置离服务地点较远。",
    Flag.MANUAL: "由工作人员手工登记。",
    Flag.PAPER: "扫的是站点的纸质海报。",
    Flag.WORD: "说出了站点当天的口令。",
    Flag.UNCONFIRMED: "扫纸质海报时,没有在站点范围内的位置,也没有当天的口令。",
}


def shift_attendances(
    actor: Actor, shift_id: uuid.UUID, limit: int, after: Cursor | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return up to `limit` + 1 attendances of a shift, by first check-in.

    Raises:
        NotFound: no such shift at the caller's stations.
    """
    session = reading()
    activities.require_shift(actor, Permission.READ_STATIONS, shift_id)
    query = sa.select(ROWS).where(ROWS.c.shift_id == shift_id, ROWS.c.pair_count > 0)
    if after:
        query = query.where(sa.tuple_(ROWS.c.first_in_at, ROWS.c.id) > after)
    rows = session.execute(query.order_by(ROWS.c.first_in_at, ROWS.c.id).limit(limit + 1)).all()
    names = registration.display_names(session, {row.person_id for row in rows})
    return [view(row, now) | {"display_name": names.get(row.person_id, "")} for row in rows]


def present_at(shift_id: uuid.UUID, now: dt.datetime) -> dict[uuid.UUID, dict[str, Any]]:
    """Return who was at a shift and how far they are, by person: a handler of `activities.service.PRESENT_AT`."""
    rows = reading().execute(sa.select(ROWS).where(ROWS.c.shift_id == shift_id, ROWS.c.pair_count > 0)).all()
    return {
        row.person_id: {
            "state": outcomes.state(facts_of(row), now).value,
            "in_at": row.first_in_at,
            "out_at": None if row.has_open_pair else row.last_out_at,
            "minutes": row.minutes,
            "walk_in": row.walk_in,
        }
        for row in rows
    }


def own_attendances(
    actor: Actor, volunteer_id: uuid.UUID | None, limit: int, before: Cursor | None, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return up to `limit` + 1 attendances of the caller, or of whom they act for, newest first, each with why.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id, session = registration.acting_as(actor, volunteer_id), reading()
    query = sa.select(ROWS).where(ROWS.c.person_id == person_id, ROWS.c.pair_count > 0)
    if before:
        query = query.where(sa.tuple_(ROWS.c.first_in_at, ROWS.c.id) < before)
    rows = session.execute(query.order_by(ROWS.c.first_in_at.desc(), ROWS.c.id.desc()).limit(limit + 1)).all()
    shifts = activities.shifts_of(session, {row.shift_id for row in rows})
    return [_own(view(row, now), shifts[row.shift_id]) for row in rows]


def attended(person_id: uuid.UUID, shift_id: uuid.UUID | None, now: dt.datetime) -> list[dict[str, Any]]:
    """Return a person's attendance at a shift or, without one, those not closed of late: `hours.seams.ATTENDED`."""
    query = sa.select(ROWS).where(ROWS.c.person_id == person_id, ROWS.c.pair_count > 0)
    if shift_id is not None:
        query = query.where(ROWS.c.shift_id == shift_id)
    else:
        query = query.where(ROWS.c.has_open_pair, ROWS.c.closes_at >= now - OF_LATE)
    session = reading()
    rows = session.execute(query.order_by(ROWS.c.first_in_at.desc(), ROWS.c.id.desc())).all()
    shifts = activities.shifts_of(session, {row.shift_id for row in rows})
    return [_own(view(row, now), shifts[row.shift_id]) for row in rows]


def station_today(actor: Actor, station_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return the shifts of a station and those below it today, with who is expected, in, and out.

    Those of last night are there as long as their outs are accepted, those of next night once their ins are.

    Raises:
        NotFound: no such station in the caller's scope.
    """
    return station_day(actor, station_id, site_day(now, settings().zone), now)


def station_day(actor: Actor, station_id: uuid.UUID, day: dt.date, now: dt.datetime) -> dict[str, Any]:
    """Return the same of any site day.

    Raises:
        NotFound: no such station in the caller's scope.
    """
    station, only = require_door(actor, station_id)
    session = reading()
    starts, ends = door_span(day, settings().zone)
    if day == site_day(now, settings().zone):
        starts = min(starts, now - dt.timedelta(minutes=POLICY.out_late_minutes + 1))  # its last minute counts
    ids = stations.station_ids_under((station.path,))
    shifts = [
        shift for shift in activities.shifts_between(session, frozenset(ids), starts, ends) if not shift.cancelled
    ]
    shifts = [shift for shift in shifts if only is None or shift.id in only]
    shift_ids = [shift.id for shift in shifts]
    signups = activities.signups_for(session, shift_ids) if shift_ids else []
    there = sa.select(ROWS).where(ROWS.c.shift_id.in_(shift_ids), ROWS.c.pair_count > 0)
    rows = session.execute(there).all() if shift_ids else []
    names = registration.display_names(session, {s.person_id for s in signups} | {row.person_id for row in rows})
    return {
        "station_id": station.id,
        "station_name": station.name,
        "date": day,
        "now": now,
        "whole": only is None,
        "shifts": [_of_today(shift, signups, rows, names, now) for shift in shifts],
    }


def require_door(actor: Actor, station_id: uuid.UUID) -> tuple[StationBrief, frozenset[uuid.UUID] | None]:
    """Return a station whose door the caller may watch, and to which shifts that is limited (None = all of them).

    Keepers and devices watch where they scan, auditors everywhere, shift leaders their own shifts.

    Raises:
        NotFound: no such station, or nothing of it is the caller's.
    """
    station = stations.get_station(station_id)
    paths = stations.scan_paths(actor)
    if actor.has_everywhere(Permission.READ_STATIONS) or paths is None or (paths and station.path.startswith(paths)):
        return station, None
    led = activities.shifts_of(reading(), led_shifts(actor)).values()
    mine = frozenset(shift.id for shift in led if shift.station_path.startswith(station.path))
    if not mine:
        raise NotFound
    return station, mine


def led_shifts(actor: Actor) -> list[uuid.UUID]:
    """Return the shifts of which the caller is leader."""
    return [grant.shift_id for grant in actor.grants_with(Permission.SCAN) if grant.shift_id]


def require_scan_station(actor: Actor, station_id: uuid.UUID) -> StationBrief:
    """Return a station for which the caller may scan.

    Raises:
        NotFound: no such station, or outside the caller's scope.
    """
    paths, station = stations.scan_paths(actor), stations.get_station(station_id)
    if paths is not None and not (paths and station.path.startswith(paths)):
        raise NotFound
    return station


def require_station_of(actor: Actor, row: Any) -> None:
    """Raise NotFound unless the caller keeps the station of a scan's shift, or else the one where it was made."""
    shift = activities.shifts_of(reading(), [row.shift_id]).get(row.shift_id) if row.shift_id else None
    station_id = shift.station_id if shift else row.station_id
    if station_id is not None:
        stations.require_station(actor, Permission.RUN_ACTIVITIES, station_id)
    elif not actor.has_everywhere(Permission.RUN_ACTIVITIES):
        raise NotFound


def view(row: Any, now: dt.datetime) -> dict[str, Any]:
    """Return an attendance as everybody may see it who may see it at all."""
    facts = facts_of(row)
    return {
        "id": row.id,
        "volunteer_id": row.person_id,
        "shift_id": row.shift_id,
        "state": outcomes.state(facts, now),
        "pairs": [{"in": pair.in_at, "out": pair.out_at} for pair in facts.pairs],
        "minutes": row.minutes,
        "evidence": row.evidence,
        "flags": row.flags,
        "walk_in": row.walk_in,
        "first_in_at": row.first_in_at,
    }


def exported(session: Session, person_id: uuid.UUID) -> Mapping[str, Any]:
    """Return all scans and attendances of a person, for GET /me/data: a handler of registration."""
    theirs = ScanRow.person_id.in_(records_of(person_id))
    scans = session.scalars(sa.select(ScanRow).where(theirs).order_by(ScanRow.judged_at))
    attended = session.execute(sa.select(ROWS).where(ROWS.c.person_id == person_id).order_by(ROWS.c.first_in_at))
    names = ("id", "shift_id", "direction", "mode", "judged_at", "received_at", "refusals", "flags", "channel")
    return {
        "scans": [{name: getattr(scan, name) for name in (*names, "distance_m")} for scan in scans],
        "attendances": [
            {"id": row.id, "shift_id": row.shift_id, "pairs": row.pairs, "minutes": row.minutes, "flags": row.flags}
            for row in attended
        ],
    }


def _own(shown: dict[str, Any], shift: ShiftFacts) -> dict[str, Any]:
    """Add what the person wants to know: which shift, and why it counts as it does."""
    return shown | {
        "activity_title": shift.activity_title,
        "station_name": shift.station_name,
        "post": shift.post,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "why": list(_why(shown, shift)),
    }


def _why(shown: Mapping[str, Any], shift: ShiftFacts) -> Iterable[dict[str, str]]:
    """Say why an attendance counts as it does, each with its code and a sentence."""
    if shown["state"] is not State.CLOSED:
        yield {"code": shown["state"], "message": WORDS[shown["state"].value]}
    closed = [pair for pair in shown["pairs"] if pair["out"]]
    if closed and shown["evidence"] == Evidence.WEAK:
        yield {"code": "weak", "message": WORDS["weak"]}
    for flag in shown["flags"]:
        yield {"code": flag, "message": WORDS[Flag(flag)]}
    if any(pair["in"] < shift.starts_at or pair["out"] > shift.ends_at for pair in closed):
        yield {"code": "outside", "message": WORDS["outside"]}


def _of_today(
    shift: ShiftFacts,
    signups: Sequence[SignupView],
    rows: Sequence[Any],
    names: Mapping[uuid.UUID, str],
    now: dt.datetime,
) -> dict[str, Any]:
    """Return one of today's shifts: everybody signed up or there, and how far they are."""
    here = {row.person_id: row for row in rows if row.shift_id == shift.id}
    signed = {s.person_id: s for s in signups if s.shift_id == shift.id}
    people = [_person_today(who, signed.get(who), here.get(who), names, now) for who in dict.fromkeys([*signed, *here])]
    states = [person["presence"] for person in people]
    opens_at, _ = window(of_fold(shift), Direction.IN)
    return {
        "shift_id": shift.id,
        "activity_id": shift.activity_id,
        "activity_title": shift.activity_title,
        "post": shift.post,
        "place": shift.place,
        "station_id": shift.station_id,
        "station_name": shift.station_name,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "opens_at": opens_at,
        "closes_at": window(of_fold(shift), Direction.OUT).closes_at,
        "capacity": shift.capacity,
        "walk_ins": shift.walk_ins,
        "unsigned": [one["display_name"] for one in people if one["presence"] == "in"] if shift.ends_at <= now else [],
        "is_over": shift.status == ActivityStatus.FINISHED,
        "expected": states.count("expected"),
        "inside": states.count("in"),
        "left": states.count("out"),
        "people": people,
    }


def _person_today(
    who: uuid.UUID, signup: SignupView | None, row: Any, names: Mapping[uuid.UUID, str], now: dt.datetime
) -> dict[str, Any]:
    """Return one person of today's list, masked."""
    presence = "expected" if signup and signup.status == SignupStatus.CONFIRMED else "waiting"
    if row is not None:
        state = outcomes.state(facts_of(row), now)
        presence = {State.OPEN: "in", State.CLOSED: "out", State.UNCLOSED: "unclosed"}[state]
    return {
        "volunteer_id": who,
        "display_name": names.get(who, ""),
        "signup_id": signup.id if signup else None,
        "status": signup.status if signup else None,
        "walk_in": bool(signup.walk_in if signup else row is not None and row.walk_in),
        "presence": presence,
        "in_at": row.first_in_at if row is not None else None,
        "out_at": row.last_out_at if row is not None and not row.has_open_pair else None,
    }
