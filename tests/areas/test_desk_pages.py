"""Areas at an administrator's desk: the tree level by level, adding, renaming."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.units.making import add_staff, make_area, make_unit


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def names(seen: Page) -> list[str]:
    """Return the areas of the list, in its order."""
    return re.findall(r'<th scope="row"><span><a [^>]*>([^<]*)</a>', seen.source)


def read(api: Api, area: str) -> Any:
    return next(one for one in api("GET", "/areas", expect=200).body["items"] if one["id"] == area)


def test_the_tree_is_walked_level_by_level_and_searched(api: Api, admin: str, boss: Browser) -> None:
    assert "还没有区域" in boss.get("/manage/areas").source
    district = make_area(api, admin, "district", name="望江区", resident_population=580000)
    street = make_area(api, admin, "street", district, name="东湖街道")
    make_area(api, admin, "community", street, name="湖滨社区")
    assert names(boss.get("/manage/areas")) == ["望江区"]
    assert "580000" in boss.get("/manage/areas").source
    assert names(boss.get("/manage/areas", parent=district)) == ["东湖街道"]
    assert names(boss.get("/manage/areas", q="湖")) == ["东湖街道", "湖滨社区"]
    assert names(boss.get("/manage/areas", level="community")) == ["湖滨社区"]
    assert set(boss.get("/manage/areas", expect=422, level="planet").faults) == {"level"}
    assert "没有符合条件的区域" in boss.get("/manage/areas", q="没有").source


def test_an_area_leads_to_its_units(api: Api, admin: str, boss: Browser) -> None:
    area = make_area(api, admin, name="东湖街道")
    make_unit(api, admin, name="湖滨小学", area_id=area)
    make_unit(api, admin, name="别处小学")
    link = re.search(r'href="(/manage/units\?area_id=[^"]+)"', boss.get("/manage/areas").source)
    assert link
    seen = boss.get(link[1])
    assert names(seen) == ["湖滨小学"]
    assert "只看东湖街道的单位" in seen.source


def test_an_area_is_added_in_another(api: Api, admin: str, boss: Browser) -> None:
    district = make_area(api, admin, "district", name="望江区")
    assert "望江区" in boss.get("/manage/areas/new", parent=district).source
    form = {"name": "东湖街道", "code": "330102001", "level": "street", "resident_population": "42000"}
    made = boss.post("/manage/areas/new", parent=district, **form)
    assert made.location.startswith(f"/manage/areas?parent={district}")
    (area,) = api("GET", f"/areas?parent_id={district}", expect=200).body["items"]
    assert (area["name"], area["resident_population"]) == ("东湖街道", 42000)
    assert set(boss.post("/manage/areas/new", expect=409, **form).faults) == {"code"}
    larger = boss.post("/manage/areas/new", expect=422, parent=district, **(form | {"code": "X", "level": "city"}))
    assert set(larger.faults) == {"level"}
    boss.post("/manage/areas/new", expect=404, parent="junk", **form)


def test_all_faults_come_at_once_and_what_was_typed_stays(boss: Browser) -> None:
    seen = boss.post("/manage/areas/new", expect=422, name="", code="", level="", resident_population="许多")
    assert set(seen.faults) == {"name", "code", "level", "resident_population"}
    assert seen.value("resident_population") == "许多"


def test_an_area_is_renamed_and_keeps_its_place(api: Api, admin: str, boss: Browser) -> None:
    district = make_area(api, admin, "district")
    area = make_area(api, admin, "street", district, name="旧街道", resident_population=10)
    before = read(api, area)
    form = boss.get(f"/manage/areas/{area}/edit")
    assert (form.value("name"), form.value("resident_population")) == ("旧街道", "10")
    boss.post(f"/manage/areas/{area}/edit", name="新街道", resident_population="", code="X", level="city")
    assert read(api, area) == before | {"name": "新街道", "resident_population": None}
    boss.post(f"/manage/areas/{area}/edit", name="新街道")
    assert boss.get("/manage/audit", action="area.change").source.count('data-label="操作">修改区域') == 1
    assert set(boss.post(f"/manage/areas/{area}/edit", expect=422, name="").faults) == {"name"}
    assert boss.get("/manage/areas/01900000-0000-7000-8000-000000000000/edit", expect=404)


def test_nobody_but_an_admin_comes_in(app: Flask, api: Api, admin: str) -> None:
    area = make_area(api, admin)
    auditor = Browser(app, *add_staff(api, admin, "auditor"))
    for path in ("/manage/areas", "/manage/areas/new", f"/manage/areas/{area}/edit"):
        auditor.get(path, expect=403)
    auditor.post(f"/manage/areas/{area}/edit", expect=403, name="我的")
