"""Areas over HTTP: who may add them, their levels, codes and lists."""

import uuid

import pytest
from flask import Flask

from tests.conftest import Api
from tests.units.making import make_area, make_staff
from volunteer.areas import service

CITY = {"code": "3502", "name": "厦门市", "level": "city", "resident_population": 5_300_000}


def test_an_admin_adds_areas_and_everybody_reads_them(api: Api, admin: str) -> None:
    city = api("POST", "/areas", CITY, admin, expect=201).body
    assert city == CITY | {"id": city["id"], "parent_id": None}
    make_area(api, admin, "district", city["id"], code="350203", name="思明区")
    listed = api("GET", "/areas", expect=200).body["items"]
    assert [(area["code"], area["parent_id"]) for area in listed] == [("3502", None), ("350203", city["id"])]


def test_only_an_admin_adds_areas(api: Api, admin: str) -> None:
    auditor = make_staff(api, admin, "auditor")
    assert api("POST", "/areas", CITY, auditor, expect=403).body["code"] == "forbidden"
    api("POST", "/areas", CITY, expect=401)


def test_a_code_is_taken_once(api: Api, admin: str) -> None:
    api("POST", "/areas", CITY, admin, expect=201)
    assert api("POST", "/areas", CITY | {"name": "别的"}, admin, expect=409).body["code"] == "conflict"


@pytest.mark.parametrize(("level", "parent", "status"), [("city", "city", 422), ("street", "grid", 422)])
def test_an_area_stands_under_a_larger_one(api: Api, admin: str, level: str, parent: str, status: int) -> None:
    above = make_area(api, admin, parent)
    body = {"code": "1", "name": "区", "level": level, "parent_id": above}
    assert api("POST", "/areas", body, admin, expect=status).codes == {"parent_id": "level-order"}
    below = make_area(api, admin, "street", make_area(api, admin, "city"))
    assert api("GET", f"/areas?parent_id={below}", expect=200).body["items"] == []


def test_every_fault_is_named(api: Api, admin: str) -> None:
    body = {"name": "", "level": "planet", "resident_population": -1, "parent_id": "x"}
    assert api("POST", "/areas", body, admin, expect=422).codes == {
        "code": "required",
        "name": "length",
        "level": "unknown-value",
        "resident_population": "out-of-range",
        "parent_id": "invalid",
    }
    unknown = {"code": "1", "name": "区", "level": "grid", "parent_id": str(uuid.uuid4())}
    assert api("POST", "/areas", unknown, admin, expect=422).codes == {"parent_id": "unknown"}


def test_lists_are_filtered_and_paged(api: Api, admin: str) -> None:
    city = make_area(api, admin, "city")
    streets = [make_area(api, admin, "street", city) for _ in range(3)]
    make_area(api, admin, "grid", streets[0])
    first = api("GET", f"/areas?parent_id={city}&limit=2", expect=200).body
    rest = api("GET", f"/areas?parent_id={city}&limit=2&cursor={first['next_cursor']}", expect=200).body
    assert [area["id"] for area in first["items"] + rest["items"]] == streets
    assert rest["next_cursor"] is None
    assert len(api("GET", "/areas?level=grid", expect=200).body["items"]) == 1
    assert api("GET", "/areas?level=planet&cursor=x", expect=422).codes == {"level": "unknown-value"}
    assert api("GET", "/areas?cursor=x", expect=422).codes == {"cursor": "bad-cursor"}


def test_the_subtree_of_areas(app: Flask, api: Api, admin: str) -> None:
    city = make_area(api, admin, "city")
    street = make_area(api, admin, "street", city)
    grid = make_area(api, admin, "grid", street)
    other = make_area(api, admin, "city")
    with app.app_context():
        below = service.area_ids_below([uuid.UUID(street), uuid.UUID(other)])
        assert {str(area_id) for area_id in below} == {street, grid, other}
        assert service.area_ids_below([]) == frozenset()
        assert not service.area_exists(uuid.uuid4())
