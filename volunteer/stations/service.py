"""Stations as other rooms see them: briefs, and over which of them a caller holds a permission.

A grant on a station covers its subtree; a grant on an area covers the stations of that area's subtree and all below
them; a device covers the subtree of its own station. Outside the scope a thing is not there (404).
Source: contract, Sign-in and grants, Stations; decisions 4, 6; peers.md T41.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer.access import Actor, Permission, Role
from volunteer.areas import service as areas
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.prepared import Query
from volunteer.stations.models import Station
from volunteer.stations.rules import StationLevel

#: The table, for rooms above that join it: `_facts` of a shift takes name, path and place of its station.
STATIONS = Station.__table__
_PATHS = Query(lambda among: sa.select(STATIONS.c.path).where(among(STATIONS.c.id, "ids")))


@dataclass(frozen=True, slots=True)
class StationBrief:
    """What other rooms need of a station. `path` is `/<id>/…/<id>/`, its own id last; coordinates are WGS-84."""

    id: uuid.UUID
    code: str
    name: str
    level: StationLevel
    path: str
    parent_id: uuid.UUID | None
    unit_id: uuid.UUID | None
    area_id: uuid.UUID | None
    latitude: float | None
    longitude: float | None
    geo_optional: bool


def station_exists(station_id: uuid.UUID) -> bool:
    """Whether there is such a station: which ids a grant may name."""
    return reading().scalar(sa.select(Station.id).where(Station.id == station_id)) is not None


def station_briefs(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StationBrief]:
    """Return the stations that exist among `ids`."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {station.id: brief_of(station) for station in reading().scalars(_by_ids(wanted))}


def get_station(station_id: uuid.UUID) -> StationBrief:
    """Return a station.

    Raises:
        NotFound: no such station.
    """
    station = reading().scalars(_by_ids([station_id])).first()
    if station is None:
        raise NotFound
    return brief_of(station)


def station_ids_below(station_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return a station and all below it; nothing for one that does not exist."""
    path = reading().scalar(sa.select(Station.path).where(Station.id == station_id))
    return frozenset() if path is None else _ids_below((path,))


def station_ids_in_scope(actor: Actor, permission: Permission) -> frozenset[uuid.UUID] | None:
    """Return the stations over which the caller holds a permission; None = all of them."""
    paths = _paths(actor, permission)
    return None if paths is None else _ids_below(paths)


def stations_in_scope(actor: Actor, permission: Permission) -> list[StationBrief]:
    """Return the stations over which the caller holds a permission, in order of code: what a form offers to choose."""
    paths = _paths(actor, permission)
    query = sa.select(Station).order_by(Station.code)
    if paths is not None:
        query = query.where(sa.or_(sa.false(), *(Station.path.startswith(path) for path in paths)))
    return [brief_of(station) for station in reading().scalars(query)]


def scan_paths(actor: Actor) -> tuple[str, ...] | None:
    """Return the paths of the stations whose subtree the caller may scan for; None = everywhere.

    A shift leader has none here: that grant names a shift.
    """
    return _paths(actor, Permission.SCAN)


def paths_in_scope(actor: Actor, permission: Permission) -> tuple[str, ...] | None:
    """Return the paths of the stations whose subtrees the caller holds a permission over; None = everywhere."""
    return _paths(actor, permission)


def may_at(actor: Actor, permission: Permission, station: StationBrief) -> bool:
    """Whether the caller holds a permission over a station."""
    paths = _paths(actor, permission)
    return paths is None or station.path.startswith(paths)


def require_station(actor: Actor, permission: Permission, station_id: uuid.UUID) -> StationBrief:
    """Return a station over which the caller holds a permission.

    Raises:
        NotFound: no such station, or outside the caller's scope.
    """
    station = get_station(station_id)
    if not may_at(actor, permission, station):
        raise NotFound
    return station


def holds_above(actor: Actor, permission: Permission, station_id: uuid.UUID) -> bool:
    """Whether the caller holds a permission over a strict ancestor of a station, or over the whole site."""
    paths = _paths(actor, permission)
    if paths is None:
        return True
    parent = get_station(station_id).path.rstrip("/").rpartition("/")[0] + "/"
    return bool(paths) and parent.startswith(paths)


def brief_of(station: Station) -> StationBrief:
    """Return a row as other rooms see it."""
    return StationBrief(
        id=station.id,
        code=station.code,
        name=station.name,
        level=StationLevel(station.level),
        path=station.path,
        parent_id=station.parent_id,
        unit_id=station.unit_id,
        area_id=station.area_id,
        latitude=station.latitude,
        longitude=station.longitude,
        geo_optional=station.geo_optional,
    )


def _by_ids(ids: list[uuid.UUID]) -> sa.Select[Station]:
    """Return the query for stations, fresh from the database: a station may just have been moved."""
    return sa.select(Station).where(Station.id.in_(ids)).execution_options(populate_existing=True)


def _paths(actor: Actor, permission: Permission) -> tuple[str, ...] | None:
    """Return the paths whose subtrees the caller's grants cover for a permission; None = the whole site."""
    if actor.is_device:
        roots = {actor.device_station_id} if permission is Permission.SCAN else set()
        return _paths_of(roots, set())
    if actor.has_everywhere(permission):
        return None
    grants = [grant for grant in actor.grants_with(permission) if grant.role is not Role.UNIT_LIAISON]
    roots = {grant.station_id for grant in grants if grant.station_id}
    granted_areas = {grant.area_id for grant in grants if grant.area_id}
    return _paths_of(roots, set(areas.area_ids_below(granted_areas)) if granted_areas else set())


def _paths_of(ids: Iterable[uuid.UUID | None], area_ids: Iterable[uuid.UUID]) -> tuple[str, ...]:
    """Return the paths of these stations and of those in these areas."""
    ids, area_ids = list(ids), list(area_ids)
    if not ids and not area_ids:
        return ()
    if not area_ids:
        return tuple(sorted(row.path for row in _PATHS(reading(), ids=ids)))
    query = sa.select(Station.path).where(Station.id.in_(ids) | Station.area_id.in_(area_ids))
    return tuple(sorted(reading().scalars(query)))


def _ids_below(paths: Iterable[str]) -> frozenset[uuid.UUID]:
    """Return the stations whose path starts with one of `paths`."""
    conditions = [Station.path.startswith(path) for path in paths]
    if not conditions:
        return frozenset()
    return frozenset(reading().scalars(sa.select(Station.id).where(sa.or_(*conditions))))


def station_ids_under(paths: Iterable[str]) -> frozenset[uuid.UUID]:
    """Return the stations of these subtrees (see `scan_paths`)."""
    return _ids_below(paths)
