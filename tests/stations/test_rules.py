"""Datums, distances, fences and levels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.stations.rules import (
    Crs,
    Point,
    StationFault,
    StationLevel,
    check_position,
    distance_m,
    from_wgs84,
    is_in_china,
    may_be_child,
    to_wgs84,
)

CITIES = {
    # centre of the city in WGS-84, and how far its GCJ-02 image lies (ux.md 5c)
    "beijing": (Point(39.9042, 116.4074), 555),
    "shanghai": (Point(31.2304, 121.4737), 481),
    "guangzhou": (Point(23.1291, 113.2644), 621),
    "chengdu": (Point(30.5728, 104.0668), 363),
    "wuhan": (Point(30.5928, 114.3055), 586),
    "urumqi": (Point(43.8256, 87.6168), 265),
}
SHIFTED = (Crs.GCJ02, Crs.BD09)
inland = st.builds(Point, st.floats(18.0, 53.5), st.floats(73.5, 135.0))


def away(point: Point, metres: float, bearing_deg: float) -> Point:
    """Return the point some metres away, on the plane that touches the earth there."""
    north, east = metres * math.cos(math.radians(bearing_deg)), metres * math.sin(math.radians(bearing_deg))
    per_degree = 111_195.08
    return Point(
        point.latitude + north / per_degree,
        point.longitude + east / (per_degree * math.cos(math.radians(point.latitude))),
    )


@pytest.mark.parametrize("city", CITIES)
def test_the_national_offset_is_as_published(city: str) -> None:
    point, expected_m = CITIES[city]
    assert distance_m(point, from_wgs84(point, Crs.GCJ02)) == pytest.approx(expected_m, abs=8)


@pytest.mark.parametrize("city", CITIES)
def test_images_agree_with_the_formulas_as_they_are_printed(city: str) -> None:
    wgs, _ = CITIES[city]
    gcj, bd = from_wgs84(wgs, Crs.GCJ02), from_wgs84(wgs, Crs.BD09)
    assert (gcj.latitude, gcj.longitude) == pytest.approx(reference_gcj02(wgs), abs=1e-9)
    assert (bd.latitude, bd.longitude) == pytest.approx(reference_bd09(gcj), abs=1e-9)


def reference_gcj02(point: Point) -> tuple[float, float]:
    """Write the public GCJ-02 formula out once more, term by term as it is usually printed."""
    pi, x, y = math.pi, point.longitude - 105.0, point.latitude - 35.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    d_lat += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lat += (20.0 * math.sin(y * pi) + 40.0 * math.sin(y / 3.0 * pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * pi) + 320.0 * math.sin(y * pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    d_lon += (20.0 * math.sin(6.0 * x * pi) + 20.0 * math.sin(2.0 * x * pi)) * 2.0 / 3.0
    d_lon += (20.0 * math.sin(x * pi) + 40.0 * math.sin(x / 3.0 * pi)) * 2.0 / 3.0
    d_lon += (150.0 * math.sin(x / 12.0 * pi) + 300.0 * math.sin(x / 30.0 * pi)) * 2.0 / 3.0
    a, ee, rad = 6378245.0, 0.00669342162296594323, point.latitude / 180.0 * pi
    magic = 1 - ee * math.sin(rad) * math.sin(rad)
    d_lat = (d_lat * 180.0) / ((a * (1 - ee)) / (magic * math.sqrt(magic)) * pi)
    d_lon = (d_lon * 180.0) / (a / math.sqrt(magic) * math.cos(rad) * pi)
    return point.latitude + d_lat, point.longitude + d_lon


def reference_bd09(gcj: Point) -> tuple[float, float]:
    x, y, x_pi = gcj.longitude, gcj.latitude, math.pi * 3000.0 / 180.0
    z = math.sqrt(x * x + y * y) + 0.00002 * math.sin(y * x_pi)
    theta = math.atan2(y, x) + 0.000003 * math.cos(x * x_pi)
    return z * math.sin(theta) + 0.006, z * math.cos(theta) + 0.0065


@given(inland, st.sampled_from(SHIFTED))
def test_there_and_back_is_the_same_place(point: Point, crs: Crs) -> None:
    assert distance_m(to_wgs84(from_wgs84(point, crs), crs), point) < 0.01
    assert distance_m(from_wgs84(to_wgs84(point, crs), crs), point) < 0.01


@given(inland)
def test_wgs84_stays_wgs84(point: Point) -> None:
    assert to_wgs84(point, Crs.WGS84) == from_wgs84(point, Crs.WGS84) == point


@pytest.mark.parametrize(
    "point", [Point(51.5, 0.0), Point(-33.9, 151.2), Point(0.8, 100), Point(90, 180), Point(35, 138)]
)
@pytest.mark.parametrize("crs", Crs)
def test_outside_china_nothing_moves(point: Point, crs: Crs) -> None:
    assert not is_in_china(point)
    assert to_wgs84(point, crs) == from_wgs84(point, crs) == point


@pytest.mark.parametrize(
    "degrees", [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1), (math.nan, 0), (0, math.nan), (math.inf, 0)]
)
def test_points_are_on_earth(degrees: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="within"):
        Point(*degrees)


@pytest.mark.parametrize(
    ("one", "other", "expected_m"),
    [
        (Point(0, 0), Point(0, 0), 0),
        (Point(0, 0), Point(1, 0), 111_195),
        (Point(0, 0), Point(0, 1), 111_195),
        (Point(60, 0), Point(60, 1), 55_597),
        (Point(0, 0), Point(0, 180), 20_015_115),
        (Point(0, -179.5), Point(0, 179.5), 111_195),
        (Point(39.9042, 116.4074), Point(31.2304, 121.4737), 1_067_300),
    ],
)
def test_distances(one: Point, other: Point, expected_m: float) -> None:
    assert distance_m(one, other) == pytest.approx(expected_m, rel=1e-3)
    assert distance_m(one, other) == distance_m(other, one)


@pytest.mark.parametrize("city", CITIES)
def test_both_readings_of_the_right_place_pass_a_fence_of_300_m(city: str) -> None:
    place, _ = CITIES[city]
    for bearing in range(0, 360, 30):
        near = away(place, 250, bearing)
        for shown in (near, from_wgs84(near, Crs.GCJ02)):
            verdict = check_position(shown, 0, place, 300)
            assert not verdict.too_far
            assert verdict.distance_m <= 251


@pytest.mark.parametrize("city", CITIES)
def test_a_place_1500_m_away_fails_in_both_readings(city: str) -> None:
    place, _ = CITIES[city]
    for bearing in range(0, 360, 15):
        far = away(place, 1500, bearing)
        for shown in (far, from_wgs84(far, Crs.GCJ02)):
            verdict = check_position(shown, 5000, place, 300)
            assert verdict.too_far
            assert verdict.distance_m > 500


@pytest.mark.parametrize(
    ("metres", "accuracy_m", "too_far"),
    [
        (299, 0, False),
        (301, 0, True),
        (301, None, True),
        (301, -50, True),
        (301, math.nan, True),
        (349, 50, False),
        (351, 50, True),
        (499, 200, False),
        (499, 1000, False),
        (499, math.inf, False),
        (501, 1000, True),
    ],
)
def test_the_border_of_the_fence(metres: float, accuracy_m: float | None, too_far: bool) -> None:
    place = Point(51.5, 0.0)  # no second reading abroad
    verdict = check_position(away(place, metres, 0), accuracy_m, place, 300)
    assert verdict.too_far is too_far
    assert verdict.distance_m == pytest.approx(metres, abs=0.5)


def test_exactly_at_the_border_is_near_enough() -> None:
    place, shown = Point(51.5, 0.0), Point(51.502, 0.0)
    assert not check_position(shown, None, place, distance_m(shown, place)).too_far


def test_levels() -> None:
    order = list(StationLevel)
    assert [level.value for level in order] == ["center", "institute", "station", "point"]
    for parent_place, parent in enumerate(order):
        for place, level in enumerate(order):
            assert may_be_child(level, parent) is (place >= parent_place)
    assert all(level.label for level in order)
    assert StationFault.BAD_LEVEL.at("level").code == "bad-level"
    assert all(fault.sentence.endswith("。") for fault in StationFault)
