"""Making and changing stations. The tree changes under one lock, and paths of the whole subtree are written anew.

Source: contract, Stations; decisions 6; domain.md c3.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.areas import service as areas
from volunteer.database import constraint_of, lock_name, new_id, transaction
from volunteer.errors import Conflict, Fault, Forbidden, InvalidInput, NotFound
from volunteer.stations.models import LONGEST_PATH, Station
from volunteer.stations.rules import Crs, Point, StationFault, StationLevel, may_be_child, to_wgs84
from volunteer.stations.service import require_station
from volunteer.units import service as units

#: What only an admin changes: where a station hangs, and whose it is.
ADMIN_FIELDS = frozenset({"code", "level", "parent_id", "unit_id", "area_id"})
STEP = len(str(uuid.UUID(int=0))) + 1


def add_station(actor: Actor, values: Mapping[str, Any], now: dt.datetime) -> Station:
    """Make a station.

    Raises:
        InvalidInput: `unknown` parent, unit or area; `bad-level` above its parent; `too-deep`; half a point.
        Conflict: `code-taken`.
    """
    actor.require_admin()
    with transaction() as session:
        _lock_tree(session)
        parent = _parent(session, values.get("parent_id"))
        faults = _reference_faults(values) + _place_faults(values)
        if values.get("parent_id") and parent is None:
            faults.append(Fault("parent_id", "unknown", "没有找到所选的上级站点,请重新选择。"))
        faults += _level_faults(StationLevel(values["level"]), parent)
        if parent and len(parent.path) + STEP > LONGEST_PATH:
            faults.append(Fault("parent_id", "too-deep", "上级站点的层级太深,请选择更高一级的站点。"))
        if faults:
            raise InvalidInput(faults)
        station_id = new_id()
        path = f"{parent.path if parent else '/'}{station_id}/"
        plain = {name: value for name, value in values.items() if name not in ("crs", "latitude", "longitude")}
        station = Station(id=station_id, path=path, created_at=now, **plain)
        _set_place(station, values)
        session.add(station)
        _flush(session)
        audit.record(session, actor, now, "station.add", ("station", station_id), code=station.code)
        return station


def change_station(actor: Actor, station_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Station:
    """Change a station's profile (its keepers), or also its code, level and place in the trees (an admin).

    Raises:
        NotFound: no such station, or not the caller's.
        Forbidden: a keeper would change what only an admin may.
        InvalidInput: as for a new one; `own-descendant` for a move under itself.
        Conflict: `code-taken`.
    """
    with transaction() as session:
        _lock_tree(session)
        require_station(actor, Permission.MANAGE_STATION, station_id)
        if ADMIN_FIELDS & set(values) and not actor.is_admin:
            raise Forbidden("站点的编号、级别和上下级关系只能由管理员修改。")
        station = session.get(Station, station_id, with_for_update=True, populate_existing=True)
        if station is None:
            raise NotFound
        _check_change(session, station, values)
        for name, value in values.items():
            if name not in ("crs", "latitude", "longitude", "parent_id"):
                setattr(station, name, value)
        if {"latitude", "longitude"} & set(values):
            _set_place(station, values)
        if "parent_id" in values:
            _move(session, station, _parent(session, values["parent_id"]))
        _flush(session)
        audit.record(session, actor, now, "station.change", ("station", station_id), fields=sorted(values))
        return station


def _check_change(session: Session, station: Station, values: Mapping[str, Any]) -> None:
    """Raise InvalidInput with all that is wrong with a change."""
    faults = _reference_faults(values) + _place_faults(values)
    parent_id = values.get("parent_id", station.parent_id)
    parent = _parent(session, parent_id)
    if parent_id and parent is None:
        faults.append(Fault("parent_id", "unknown", "没有找到所选的上级站点,请重新选择。"))
    elif parent and parent.path.startswith(station.path):
        faults.append(Fault("parent_id", "own-descendant", "不能把站点移到它自己的下级之下,请另选上级站点。"))
    elif parent and "parent_id" in values and _depth_below(session, station) + len(parent.path) > LONGEST_PATH:
        faults.append(Fault("parent_id", "too-deep", "上级站点的层级太深,请选择更高一级的站点。"))
    level = StationLevel(values.get("level", station.level))
    faults += _level_faults(level, parent)
    below = session.scalars(sa.select(Station.level).where(Station.parent_id == station.id).distinct())
    if not all(may_be_child(StationLevel(child), level) for child in below):
        faults.append(StationFault.BAD_LEVEL.at("level"))
    if faults:
        raise InvalidInput(dict.fromkeys(faults))


def _lock_tree(session: Session) -> None:
    """Let one at a time change the tree."""
    lock_name(session, "stations tree")


def _parent(session: Session, parent_id: uuid.UUID | None) -> Station | None:
    """Return the station above, fresh from the database."""
    return session.get(Station, parent_id, populate_existing=True) if parent_id else None


def _depth_below(session: Session, station: Station) -> int:
    """Return the length that the longest path of the subtree adds to a new parent's path."""
    longest = session.scalar(
        sa.select(sa.func.max(sa.func.length(Station.path))).where(Station.path.startswith(station.path))
    )
    return int(longest or 0) - len(station.path) + STEP


def _move(session: Session, station: Station, parent: Station | None) -> None:
    """Hang a subtree under another parent: every path below is written anew, in one statement."""
    old, new = station.path, f"{parent.path if parent else '/'}{station.id}/"
    station.parent_id = parent.id if parent else None
    session.flush()
    session.execute(
        sa.update(Station)
        .where(Station.path.startswith(old))
        .values(path=sa.literal(new) + sa.func.substr(Station.path, len(old) + 1))
        .execution_options(synchronize_session=False)
    )
    session.refresh(station)


def _reference_faults(values: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for a unit or an area that does not exist."""
    faults = []
    if values.get("unit_id") and not units.unit_exists(values["unit_id"]):
        faults.append(Fault("unit_id", "unknown", "没有找到所选的单位,请重新选择。"))
    if values.get("area_id") and not areas.area_exists(values["area_id"]):
        faults.append(Fault("area_id", "unknown", "没有找到所选的区域,请重新选择。"))
    return faults


def _level_faults(level: StationLevel, parent: Station | None) -> list[Fault]:
    """Return a fault for a station that would stand above its parent."""
    if parent is None or may_be_child(level, StationLevel(parent.level)):
        return []
    return [StationFault.BAD_LEVEL.at("level")]


def _place_faults(values: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for half a pair of coordinates, or a datum without any."""
    latitude, longitude = values.get("latitude"), values.get("longitude")
    if (latitude is None) == (longitude is None) and ("latitude" in values) == ("longitude" in values):
        if values.get("crs") and latitude is None:
            return [Fault("crs", "no-coordinates", "请同时填写经度和纬度。")]
        return []
    missing = "latitude" if latitude is None else "longitude"
    return [Fault(missing, "required", "经度和纬度要同时填写。")]


def _set_place(station: Station, values: Mapping[str, Any]) -> None:
    """Keep coordinates as WGS-84, with the datum that they came in."""
    if values.get("latitude") is None:
        station.latitude = station.longitude = station.crs_source = None
        return
    crs = Crs(values.get("crs") or Crs.WGS84)
    point = to_wgs84(Point(values["latitude"], values["longitude"]), crs)
    station.latitude, station.longitude, station.crs_source = point.latitude, point.longitude, crs


def _flush(session: Session) -> None:
    """Send the changes; a taken code is a conflict that says so."""
    try:
        session.flush()
    except sa.exc.IntegrityError as error:
        if "code" in constraint_of(error):
            raise Conflict("这个站点编号已被使用,请换一个编号。", code="code-taken") from error
        raise
