"""Stations over HTTP: making, moving, finding, and who may."""

import uuid

import pytest

from tests.conftest import Api
from tests.stations.making import HERE, make_keeper, make_station
from tests.units.making import make_area, make_liaison, make_staff, make_unit
from volunteer.stations.rules import Crs, Point, distance_m, from_wgs84

NORTH_100M = 100 / 111_195  # degrees of latitude


def test_an_admin_makes_a_station_and_everybody_sees_it(api: Api, admin: str) -> None:
    unit, area = make_unit(api, admin), make_area(api, admin)
    body = {
        "code": "Z1",
        "name": "城东实践站",
        "level": "station",
        "site_kind": "town_hall",
        "unit_id": unit,
        "area_id": area,
        "address": "东大街 1 号",
        "phone": "0571-8800000",
        "geo_optional": True,
        **HERE,
    }
    made = api("POST", "/stations", body, admin, expect=201).body
    seen = api("GET", f"/stations/{made['id']}", expect=200).body
    assert seen == made
    assert {name: seen[name] for name in body} == body
    assert (seen["parent_id"], seen["crs_source"]) == (None, "wgs84")


def test_only_an_admin_makes_stations(api: Api, admin: str) -> None:
    keeper = make_keeper(api, admin, make_station(api, admin))
    body = {"code": "Z1", "name": "站", "level": "station"}
    api("POST", "/stations", body, keeper, expect=403)
    api("POST", "/stations", body, expect=401)


def test_a_taken_code_is_a_conflict(api: Api, admin: str) -> None:
    body = {"code": "Z1", "name": "站", "level": "station"}
    api("POST", "/stations", body, admin, expect=201)
    assert api("POST", "/stations", body, admin, expect=409).body["code"] == "code-taken"
    other = make_station(api, admin)
    assert api("PATCH", f"/stations/{other}", {"code": "Z1"}, admin, expect=409).body["code"] == "code-taken"


def test_references_and_levels_are_checked_all_at_once(api: Api, admin: str) -> None:
    nobody = str(uuid.uuid4())
    body = {"code": "Z1", "name": "站", "level": "station", "latitude": 1.0}
    body |= {"parent_id": nobody, "unit_id": nobody, "area_id": nobody}
    codes = api("POST", "/stations", body, admin, expect=422).codes
    assert codes == {"parent_id": "unknown", "unit_id": "unknown", "area_id": "unknown", "longitude": "required"}
    point = make_station(api, admin, "point")
    above = {"code": "Z2", "name": "中心", "level": "center", "parent_id": point}
    assert api("POST", "/stations", above, admin, expect=422).codes == {"level": "bad-level"}


@pytest.mark.parametrize("crs", list(Crs))
def test_coordinates_are_kept_as_wgs84(api: Api, admin: str, crs: Crs) -> None:
    here = Point(**HERE)
    given = from_wgs84(here, crs)  # checked against published values in test_rules
    body = {"code": "Z1", "name": "站", "level": "station", "latitude": given.latitude, "longitude": given.longitude}
    made = api("POST", "/stations", body | {"crs": crs}, admin, expect=201).body
    assert made["crs_source"] == crs
    assert distance_m(Point(made["latitude"], made["longitude"]), here) < 0.5


def test_a_moved_subtree_takes_its_keepers_and_nobody_hangs_under_himself(api: Api, admin: str) -> None:
    center, other = make_station(api, admin, "center"), make_station(api, admin, "center")
    institute = make_station(api, admin, "institute", center)
    station = make_station(api, admin, "station", institute)
    keeper = make_keeper(api, admin, other)
    api("PATCH", f"/stations/{station}", {"name": "新名"}, keeper, expect=404)
    api("PATCH", f"/stations/{institute}", {"parent_id": other}, admin, expect=200)
    assert api("PATCH", f"/stations/{station}", {"name": "新名"}, keeper, expect=200).body["name"] == "新名"
    api("PATCH", f"/stations/{station}", {"name": "旧名"}, make_keeper(api, admin, center), expect=404)
    under = api("PATCH", f"/stations/{other}", {"parent_id": station, "level": "station"}, admin, expect=422)
    assert under.codes["parent_id"] == "own-descendant"
    self = api("PATCH", f"/stations/{other}", {"parent_id": other}, admin, expect=422)
    assert self.codes == {"parent_id": "own-descendant"}
    lower = api("PATCH", f"/stations/{institute}", {"level": "point"}, admin, expect=422)
    assert lower.codes == {"level": "bad-level"}
    api("PATCH", f"/stations/{institute}", {"parent_id": None}, admin, expect=200)
    api("PATCH", f"/stations/{station}", {"name": "新名"}, keeper, expect=404)


def test_the_tree_has_a_deepest_level(api: Api, admin: str) -> None:
    parent: str | None = None
    for _ in range(21):
        parent = make_station(api, admin, "point", parent)
    body = {"code": "deep", "name": "点", "level": "point", "parent_id": parent}
    assert api("POST", "/stations", body, admin, expect=422).codes == {"parent_id": "too-deep"}
    top = make_station(api, admin, "point")
    make_station(api, admin, "point", top)
    too_deep = api("PATCH", f"/stations/{top}", {"parent_id": parent}, admin, expect=422)
    assert too_deep.codes == {"parent_id": "too-deep"}


def test_a_keeper_changes_the_profile_but_not_the_place_in_the_tree(api: Api, admin: str) -> None:
    center = make_station(api, admin, "center")
    station = make_station(api, admin, "station", center, **HERE)
    keeper = make_keeper(api, admin, center)
    change = {"phone": "0571-1", "address": "新址", "latitude": 30.0, "longitude": 120.0, "geo_optional": True}
    seen = api("PATCH", f"/stations/{station}", change, keeper, expect=200).body
    assert {name: seen[name] for name in change} == change
    for name, value in {"parent_id": None, "level": "point", "code": "X", "unit_id": None, "area_id": None}.items():
        api("PATCH", f"/stations/{station}", {name: value}, keeper, expect=403)
    half = api("PATCH", f"/stations/{station}", {"latitude": 31.0}, keeper, expect=422)
    assert half.codes == {"longitude": "required"}
    gone = api("PATCH", f"/stations/{station}", {"latitude": None, "longitude": None}, keeper, expect=200).body
    assert (gone["latitude"], gone["crs_source"]) == (None, None)


def test_t41_a_keeper_of_one_station_reaches_nothing_of_another(api: Api, admin: str) -> None:
    mine, other = make_station(api, admin), make_station(api, admin)
    keeper, other_keeper = make_keeper(api, admin, mine), make_keeper(api, admin, other)
    device = api("POST", f"/stations/{other}/devices", {"name": "平板"}, other_keeper, expect=201).body
    for method, path, body in (
        ("PATCH", f"/stations/{other}", {"name": "x"}),
        ("POST", f"/stations/{other}/devices", {"name": "x"}),
        ("GET", f"/stations/{other}/devices", None),
        ("DELETE", f"/devices/{device['id']}", None),
        ("PATCH", f"/stations/{uuid.uuid4()}", {"name": "x"}),
    ):
        api(method, path, body, keeper, expect=404)


def test_a_grant_on_an_area_covers_the_stations_there_and_below(api: Api, admin: str) -> None:
    district = make_area(api, admin, "district")
    street = make_area(api, admin, "street", district)
    inside, outside = make_station(api, admin, area_id=street), make_station(api, admin)
    below = make_station(api, admin, "point", inside)
    keeper = make_keeper(api, admin, area_id=district)
    api("PATCH", f"/stations/{inside}", {"name": "x"}, keeper, expect=200)
    api("PATCH", f"/stations/{below}", {"name": "x"}, keeper, expect=200)
    api("PATCH", f"/stations/{outside}", {"name": "x"}, keeper, expect=404)


def test_a_liaison_of_the_area_keeps_no_station_there(api: Api, admin: str) -> None:
    area = make_area(api, admin)
    station = make_station(api, admin, area_id=area)
    liaison = make_liaison(api, admin, area_id=area)
    api("PATCH", f"/stations/{station}", {"name": "x"}, liaison, expect=403)
    api("GET", f"/stations/{station}/devices", token=liaison, expect=403)


def test_an_auditor_reads_and_changes_nothing(api: Api, admin: str) -> None:
    station, auditor = make_station(api, admin), make_staff(api, admin, "auditor")
    api("GET", f"/stations/{station}/devices", token=auditor, expect=200)
    api("PATCH", f"/stations/{station}", {"name": "x"}, auditor, expect=403)
    api("POST", f"/stations/{station}/devices", {"name": "x"}, auditor, expect=403)


def test_a_grant_names_a_station_that_exists(api: Api, admin: str) -> None:
    account = api("POST", "/accounts", {"phone": "13711110000", "name": "王", "password": "Keeper-2026-x"}, admin).body
    grant = {"role": "station_keeper", "station_id": str(uuid.uuid4())}
    path = f"/accounts/{account['id']}/grants"
    assert api("POST", path, grant, admin, expect=422).codes == {"station_id": "unknown"}


def test_the_nearest_come_first_with_their_distance(api: Api, admin: str) -> None:
    latitude, longitude = HERE["latitude"], HERE["longitude"]
    far, near = (
        make_station(api, admin, latitude=latitude + steps * NORTH_100M, longitude=longitude) for steps in (30, 3)
    )
    make_station(api, admin)  # without coordinates
    here = make_station(api, admin, **HERE)
    at = f"/stations?near={latitude},{longitude}"
    found = api("GET", at, expect=200).body["items"]
    assert [(row["id"], round(row["distance_m"])) for row in found] == [(here, 0), (near, 300), (far, 3000)]
    inside = api("GET", f"{at}&radius_m=300", expect=200).body["items"]
    assert [row["id"] for row in inside] == [here, near]
    just_less = api("GET", f"{at}&radius_m=299", expect=200).body["items"]
    assert [row["id"] for row in just_less] == [here]


def test_lists_are_paged_by_code_and_by_distance(api: Api, admin: str) -> None:
    ids = [make_station(api, admin, **HERE) for _ in range(5)]
    for start in ("/stations?limit=2", f"/stations?limit=2&near={HERE['latitude']},{HERE['longitude']}"):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = api("GET", start + (f"&cursor={cursor}" if cursor else ""), expect=200).body
            seen += [row["id"] for row in page["items"]]
            cursor = page["next_cursor"]
        assert sorted(seen) == sorted(ids)


@pytest.mark.parametrize(
    "query", ["near=1", "near=a,b", "near=91,0", "near=nan,0", "radius_m=5", "near=1,2&radius_m=0"]
)
def test_a_bad_place_is_told(api: Api, query: str) -> None:
    assert api("GET", f"/stations?{query}", expect=422).body["code"] == "validation-failed"


def test_words_find_stations_literally(api: Api, admin: str) -> None:
    wanted = make_station(api, admin, name="城东100%实践站")
    make_station(api, admin, name="城东100实践站")
    found = api("GET", "/stations", query_string={"q": "100%"}, expect=200).body["items"]
    assert [row["id"] for row in found] == [wanted]


def test_a_box_that_touches_the_pole_or_the_date_line_holds_all(api: Api, admin: str) -> None:
    pole = make_station(api, admin, latitude=89.9999, longitude=0.0)
    line = make_station(api, admin, latitude=0.0, longitude=-179.9999)
    assert [r["id"] for r in api("GET", "/stations?near=89.9999,180&radius_m=1000").body["items"]] == [pole]
    assert [r["id"] for r in api("GET", "/stations?near=0,179.9999&radius_m=1000").body["items"]] == [line]
