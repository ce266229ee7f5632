"""Every scan as evidence: listed by day with filters, and one scan with all that is known of it, in words.

Whoever runs or reads a station sees what was scanned there; names masked. Nothing here writes.
Source: ux.md A8; decisions 8, 10; peers.md T13, T46.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.accounts.directory import names_of
from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts
from volunteer.checkin.attendance import lives
from volunteer.checkin.door import door, showing
from volunteer.checkin.models import SCAN_PLACES, SCAN_VOIDS, SCANS, CodeForm
from volunteer.checkin.reasons import Flag
from volunteer.checkin.rules import AHEAD_OVER
from volunteer.clock import day_starts_at
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief

Cursor = tuple[dt.datetime, uuid.UUID]
READ = Permission.READ_STATIONS
FORMS: Final[Mapping[CodeForm, str]] = {
    CodeForm.PERSONAL: "手机上的动态码",
    CodeForm.CARD: "打印的志愿者卡",
    CodeForm.STATION: "站点的动态码",
    CodeForm.TICKET: "站点的动态码,打开后登录再提交",
    CodeForm.NONE: "没有码",
    CodeForm.UNREADABLE: "不是本系统签发的码",
}
PAPER: Final = "站点的纸质海报"
CHANNELS: Final[Mapping[str, str]] = {
    "wechat": "微信",
    "browser": "浏览器",
    "device": "站点设备",
    "keeper": "工作人员",
    "import": "导入",
}
ACCURACIES: Final[Mapping[str, str]] = {
    "fine": "定位误差 50 米以内",
    "fair": "定位误差 200 米以内",
    "coarse": "定位误差超过 200 米",
    "unknown": "没有说明定位误差",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list shall show: one site day, and if told one station with those below it, one shift, mark, result."""

    day: dt.date
    station_id: uuid.UUID | None = None
    shift_id: uuid.UUID | None = None
    mark: str | None = None
    result: str | None = None


def list_scans(actor: Actor, asked: Asked, limit: int, before: Cursor | None) -> list[dict[str, Any]]:
    """Return up to `limit` scans of a day as they stand now, the last first.

    Raises:
        NotFound: the station, or the shift, is not the caller's to see.
    """
    query = sa.select(SCANS.c.id, SCANS.c.received_at).where(*_where(actor, asked))
    if before:
        query = query.where(sa.tuple_(SCANS.c.received_at, SCANS.c.id) < before)
    query = query.order_by(SCANS.c.received_at.desc(), SCANS.c.id.desc()).limit(limit)
    ids = [row.id for row in reading().execute(query)]
    rows, ways = lives.rows_of(reading(), ids), showing.scans_of(reading(), ids)
    shifts = activities.shifts_of(reading(), {row.shift_id for row in rows.values() if row.shift_id})
    return [
        told
        | {
            "received_at": rows[told["scan_id"]].received_at,
            "shift": shifts.get(rows[told["scan_id"]].shift_id),
            "way": ways[told["scan_id"]].way,
            "notes": ways[told["scan_id"]].notes,
        }
        for told in door.told_of(ids)
    ]


def get_scan(actor: Actor, scan_id: uuid.UUID) -> dict[str, Any]:
    """Return all that is known of one scan.

    Raises:
        NotFound: no such scan at a station that the caller may read.
    """
    session = reading()
    row = lives.rows_of(session, [scan_id]).get(scan_id)
    if row is None:
        raise NotFound
    shift = activities.shifts_of(session, [row.shift_id]).get(row.shift_id) if row.shift_id else None
    station = _station_of(actor, row, shift)
    scan = showing.scans_of(session, [scan_id])[scan_id]
    place = session.execute(sa.select(SCAN_PLACES).where(SCAN_PLACES.c.scan_id == scan_id)).first()
    names = names_of(actor, [row.account_id]) if row.account_id else {}
    off = row.received_at - row.sent_at
    return {
        **door.told_of([scan_id])[0],
        "scan": scan,
        "person_id": row.person_id,
        "shift": shift,
        "station": station,
        "form": PAPER if Flag.PAPER in row.flags else FORMS[CodeForm(row.code_form)],
        "by": scan.device or names.get(row.account_id, ""),
        "channel": CHANNELS[row.channel],
        "scanned_at": row.scanned_at,
        "sent_at": row.sent_at,
        "received_at": row.received_at,
        "judged_at": row.judged_at,
        "clock_off": off if abs(off) > AHEAD_OVER else None,
        "accuracy": ACCURACIES[row.accuracy] if row.accuracy else None,
        "is_placed": place is not None and place.latitude is not None,
        "is_strong": row.strong and not row.held and not row.flags,
        "key_version": row.code_version,
        "is_voided": bool(row.voided),
    }


def readable_stations(actor: Actor) -> list[StationBrief]:
    """Return the stations whose scans the caller may read, by path."""
    return stations.stations_in_scope(actor, READ)


def _where(actor: Actor, asked: Asked) -> list[sa.ColumnElement[bool]]:
    """Return what a scan of the list fulfils."""
    zone = settings().zone
    start, end = day_starts_at(asked.day, zone), day_starts_at(asked.day + dt.timedelta(days=1), zone)
    where = [SCANS.c.judged_at >= start, SCANS.c.judged_at < end]
    ids = stations.station_ids_in_scope(actor, READ)
    if asked.station_id is not None:
        station = stations.require_station(actor, READ, asked.station_id)
        ids = stations.station_ids_under((station.path,))
    if asked.shift_id is not None:
        activities.require_shift(actor, READ, asked.shift_id)
        where.append(SCANS.c.shift_id == asked.shift_id)
    elif ids is not None:
        # A shift may have begun the day before; where a scan names one, that one's station says whose it is.
        known = activities.shifts_between(reading(), ids, start - dt.timedelta(days=2), end + dt.timedelta(days=2))
        here = SCANS.c.shift_id.is_(None) & SCANS.c.station_id.in_(ids)
        where.append(SCANS.c.shift_id.in_([shift.id for shift in known]) | here)
    return [*where, *_narrowed(asked)]


def _narrowed(asked: Asked) -> list[sa.ColumnElement[bool]]:
    """Return what mark and result ask for, as it was judged on arrival."""
    found: list[sa.ColumnElement[bool]] = []
    if asked.mark:
        found.append(showing.carrying(asked.mark))
    is_voided = sa.select(SCAN_VOIDS.c.scan_id).where(SCAN_VOIDS.c.scan_id == SCANS.c.id).exists()
    is_refused = sa.cast(SCANS.c.refusals, sa.Text) != "[]"
    results = {
        "taken": ~is_refused & ~is_voided & ~SCANS.c.held,
        "refused": is_refused & ~is_voided,
        "held": SCANS.c.held & ~is_refused & ~is_voided,
        "voided": is_voided,
    }
    return [*found, results[asked.result]] if asked.result else found


def _station_of(actor: Actor, row: Any, shift: ShiftFacts | None) -> StationBrief | None:
    """Return the station that a scan belongs to: its shift's, else where it was made; NotFound where it is foreign."""
    station_id = shift.station_id if shift else row.station_id
    if station_id is not None:
        return stations.require_station(actor, READ, station_id)
    if not actor.has_everywhere(READ):
        raise NotFound
    return None
