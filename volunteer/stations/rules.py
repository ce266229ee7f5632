"""Stations: their levels, and where a point on the map really is. Pure decisions.

Latitudes and longitudes are degrees, distances metres. WGS-84 is what satellites and browsers give and what we store;
maps in China show GCJ-02 (AMap, Tencent) or BD-09 (Baidu), some 250 to 700 m or more away.
Source: contract, Stations and Check-in; ux.md 5c and AC18.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from volunteer.errors import Worded

EARTH_RADIUS_M: Final = 6_371_008.8
MOST_ACCURACY_M: Final = 200.0


class Crs(StrEnum):
    """The datum of a pair of coordinates."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class StationLevel(StrEnum):
    """Centre of the county, institute of the street, station of the community, point anywhere. Source: domain.md c3."""

    CENTER = "center"
    INSTITUTE = "institute"
    STATION = "station"
    POINT = "point"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LEVEL_LABELS[self]


_LEVEL_LABELS: Final = {
    StationLevel.CENTER: "中心",
    StationLevel.INSTITUTE: "所",
    StationLevel.STATION: "站",
    StationLevel.POINT: "点",
}
_HEIGHT: Final = {level: -place for place, level in enumerate(StationLevel)}


class StationFault(Worded):
    """What can be wrong with a station; the value is the permanent code."""

    BAD_LEVEL = "bad-level", "站点的级别不能高于上级站点,请调整级别或另选上级站点。"


def may_be_child(level: StationLevel, parent_level: StationLevel) -> bool:
    """Return whether a station of `level` may stand under one of `parent_level`: the same level or lower.

    Source: house rule from domain.md c3 (centre, institute, station, point); levels may be left out.
    """
    return _HEIGHT[level] <= _HEIGHT[parent_level]


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees.

    Raises:
        ValueError: not finite, latitude outside ±90 or longitude outside ±180.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (abs(self.latitude) <= 90 and abs(self.longitude) <= 180):  # false for NaN too
            raise ValueError("latitude is within ±90 and longitude within ±180 degrees")


_KRASOVSKY_M: Final = 6_378_245.0
_KRASOVSKY_EE: Final = 0.00669342162296594323
_BD_PI: Final = math.pi * 3000 / 180
_STEPS: Final = 8  # each leaves less than a fiftieth of the error, which starts under 2 km


def to_wgs84(point: Point, crs: Crs) -> Point:
    """Return a point of any datum as WGS-84, to well under 0.5 m; outside China unchanged.

    Source: the public GCJ-02 and BD-09 transforms, inverted by iteration.
    """
    if crs is Crs.WGS84 or not is_in_china(point):
        return point
    guess = point
    for _ in range(_STEPS):
        image = _shifted(guess, crs)
        north, east = point.latitude - image.latitude, point.longitude - image.longitude
        guess = Point(guess.latitude + north, guess.longitude + east)
    return guess


def from_wgs84(point: Point, crs: Crs) -> Point:
    """Return a WGS-84 point in another datum, for maps that show it; outside China unchanged.

    Source: the public GCJ-02 and BD-09 transforms.
    """
    if crs is Crs.WGS84 or not is_in_china(point):
        return point
    return _shifted(point, crs)


def is_in_china(point: Point) -> bool:
    """Return whether the shifted datums apply: the usual rectangle, which also holds parts of the neighbours."""
    return 0.8293 <= point.latitude <= 55.8271 and 72.004 <= point.longitude <= 137.8347


def _shifted(point: Point, crs: Crs) -> Point:
    """Return the image of a WGS-84 point in GCJ-02 or BD-09."""
    gcj = _wgs84_to_gcj02(point)
    return gcj if crs is Crs.GCJ02 else _gcj02_to_bd09(gcj)


def _wgs84_to_gcj02(point: Point) -> Point:
    """Apply the national offset on the Krasovsky 1940 ellipsoid."""
    x, y = point.longitude - 105.0, point.latitude - 35.0
    phi = math.radians(point.latitude)
    magic = 1 - _KRASOVSKY_EE * math.sin(phi) ** 2
    root = math.sqrt(magic)
    meridian_m = _KRASOVSKY_M * (1 - _KRASOVSKY_EE) / (magic * root)
    parallel_m = _KRASOVSKY_M / root * math.cos(phi)
    return Point(
        point.latitude + math.degrees(_north_m(x, y) / meridian_m),
        point.longitude + math.degrees(_east_m(x, y) / parallel_m),
    )


def _waves(value: float, *terms: tuple[float, float]) -> float:
    """Return the sum of amplitude × sin(frequency × π × value), two thirds of it."""
    return sum(amplitude * math.sin(frequency * math.pi * value) for amplitude, frequency in terms) * 2 / 3


def _north_m(x: float, y: float) -> float:
    """Return the offset to the north."""
    plain = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    ripples = _waves(x, (20, 6), (20, 2)) + _waves(y, (20, 1), (40, 1 / 3))
    return plain + ripples + _waves(y, (160, 1 / 12), (320, 1 / 30))


def _east_m(x: float, y: float) -> float:
    """Return the offset to the east."""
    plain = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    ripples = _waves(x, (20, 6), (20, 2)) + _waves(x, (20, 1), (40, 1 / 3))
    return plain + ripples + _waves(x, (150, 1 / 12), (300, 1 / 30))


def _gcj02_to_bd09(point: Point) -> Point:
    """Apply Baidu's second offset."""
    x, y = point.longitude, point.latitude
    radius = math.hypot(x, y) + 0.00002 * math.sin(y * _BD_PI)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * _BD_PI)
    return Point(radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065)


def distance_m(one: Point, other: Point) -> float:
    """Return the great-circle distance in metres (haversine; within 0.6 % of the ellipsoid)."""
    phi_one, phi_other = math.radians(one.latitude), math.radians(other.latitude)
    half_north = (phi_other - phi_one) / 2
    half_east = math.radians(other.longitude - one.longitude) / 2
    a = math.sin(half_north) ** 2 + math.cos(phi_one) * math.cos(phi_other) * math.sin(half_east) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, a)))


@dataclass(frozen=True, slots=True)
class PositionVerdict:
    """How far a phone was: the shorter distance of the two readings of its position, and whether that is too far."""

    distance_m: float
    too_far: bool


def check_position(point: Point, accuracy_m: float | None, place: Point, radius_m: float) -> PositionVerdict:
    """Judge a phone's position against a place (WGS-84): near enough within radius + min(accuracy, 200) metres.

    Phones should give WGS-84 and some in China give GCJ-02, so the point is read as both and the nearer one counts.
    An accuracy that is absent, negative or not a number adds nothing. Too far is a flag, never a refusal.
    Source: contract, Check-in (`too-far`); ux.md 5c.
    """
    nearest_m = min(distance_m(point, place), distance_m(to_wgs84(point, Crs.GCJ02), place))
    slack_m = min(accuracy_m, MOST_ACCURACY_M) if accuracy_m is not None and accuracy_m > 0 else 0.0
    return PositionVerdict(nearest_m, nearest_m > radius_m + slack_m)
