"""Finding stations: by words in order of code, or by place, nearest first. Public.

A box in SQL cuts the map, the great circle decides. Source: contract, GET /stations; stack.md (no GIS needed).
"""

import math
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.stations.models import Station
from volunteer.stations.rules import EARTH_RADIUS_M, Point, distance_m


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station as the public sees it, with its distance where one was asked for."""

    station: Station
    distance_m: float | None = None


def get_profile(station_id: uuid.UUID) -> Station:
    """Return a station.

    Raises:
        NotFound: no such station.
    """
    station = reading().get(Station, station_id)
    if station is None:
        raise NotFound
    return station


def described() -> sa.Select[Any]:
    """Return a select of all stations: id, code, name, level, parent, unit, area, address, place and phone."""
    names = ("id", "code", "name", "level", "parent_id", "unit_id", "area_id")
    return sa.select(
        *(getattr(Station, name) for name in names),
        Station.address,
        Station.latitude,
        Station.longitude,
        Station.phone,
    )


def list_by_code(q: str | None, limit: int, after: str | None) -> list[StationRow]:
    """Return up to `limit` stations in order of code, after the code `after`."""
    query = sa.select(Station).where(*words(q)).order_by(Station.code).limit(limit)
    if after is not None:
        query = query.where(Station.code > after)
    return [StationRow(station) for station in reading().scalars(query)]


def list_near(
    point: Point, radius_m: int | None, q: str | None, limit: int, after: tuple[float, uuid.UUID] | None
) -> list[StationRow]:
    """Return up to `limit` stations with coordinates, nearest first, within `radius_m` metres if given."""
    query = sa.select(Station).where(Station.latitude.is_not(None), *words(q), *_box(point, radius_m))
    rows = [StationRow(station, _distance(point, station)) for station in reading().scalars(query)]
    rows = [row for row in rows if radius_m is None or near_key(row)[0] <= radius_m]
    rows.sort(key=near_key)
    return [row for row in rows if after is None or near_key(row) > after][:limit]


def near_key(row: StationRow) -> tuple[float, uuid.UUID]:
    """Return what rows near a place are sorted by; also the cursor."""
    return round(row.distance_m or 0.0, 1), row.station.id


def ids_near(point: Point, radius_m: int) -> dict[uuid.UUID, float]:
    """Return the stations within a radius, with their distances."""
    query = sa.select(Station).where(Station.latitude.is_not(None), *_box(point, radius_m))
    found = {station.id: _distance(point, station) for station in reading().scalars(query)}
    return {station_id: metres for station_id, metres in found.items() if round(metres, 1) <= radius_m}


def degrees_around(point: Point, radius_m: float) -> tuple[float, float]:
    """Return half the height and half the width, in degrees, of a box that holds the circle; 180 near the poles."""
    height = math.degrees(radius_m / EARTH_RADIUS_M) * 1.001
    reach = min(90.0, abs(point.latitude) + height)
    shrink = math.cos(math.radians(reach))
    return height, min(180.0, height / shrink) if shrink > 1e-6 else 180.0


def _box(point: Point, radius_m: float | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the box; the width is left out where it would cross the date line."""
    if radius_m is None:
        return []
    height, width = degrees_around(point, radius_m)
    box: list[sa.ColumnElement[bool]] = [Station.latitude.between(point.latitude - height, point.latitude + height)]
    if abs(point.longitude) + width < 180:
        box.append(Station.longitude.between(point.longitude - width, point.longitude + width))
    return box


def _distance(point: Point, station: Station) -> float:
    """Return the distance to a station that has coordinates."""
    return distance_m(point, Point(station.latitude or 0.0, station.longitude or 0.0))


def words(q: str | None) -> list[sa.ColumnElement[bool]]:
    """Return the condition of a search in code, name and address."""
    if not q:
        return []
    fields = (Station.code, Station.name, Station.address)
    return [sa.or_(*(field.icontains(q, autoescape=True) for field in fields))]
