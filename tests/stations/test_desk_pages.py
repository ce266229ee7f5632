"""Stations at the desk: what an admin makes and places, what a keeper tends, what an auditor reads; devices."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.stations.making import HERE, make_device, make_station
from tests.units.making import add_staff, make_area, make_unit
from volunteer.clock import SettableClock
from volunteer.stations.rules import Crs, Point, from_wgs84

FORM = {"name": "东湖公园站", "code": "ST-01", "level": "station", "address": "东湖路 1 号"}


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def keeper_of(app: Flask, api: Api, admin: str, station: str) -> Browser:
    return Browser(app, *add_staff(api, admin, "station_keeper", name="祁站员", station_id=station))


def names(seen: Page) -> list[str]:
    """Return the stations of the list, in its order."""
    return re.findall(r'<th scope="row"><span><a [^>]*>([^<]*)</a>', seen.source)


def made_id(seen: Page) -> str:
    """Return the id of the station to which a form led."""
    assert seen.status == 303, (seen.status, seen.faults)
    return seen.location.split("?")[0].rsplit("/", 1)[1]


def read(api: Api, station: str) -> Any:
    return api("GET", f"/stations/{station}", expect=200).body


def typed(form: Page, *more: str) -> dict[str, str]:
    """Return a form as it stands."""
    fields = ("name", "site_kind", "address", "phone", "latitude", "longitude", "crs", *more)
    return {name: form.value(name) for name in fields}


def test_stations_are_walked_level_by_level_and_found(api: Api, admin: str, boss: Browser) -> None:
    assert "还没有站点" in boss.get("/manage/stations").source
    center = make_station(api, admin, "center", name="区中心")
    station = make_station(api, admin, "station", center, name="东湖站", address="东湖路", **HERE)
    make_station(api, admin, "point", station, name="东门点")
    make_device(api, admin, station)
    assert names(boss.get("/manage/stations")) == ["区中心"]
    below = boss.get("/manage/stations", parent=center)
    assert names(below) == ["东湖站"]
    assert re.findall(r'data-label="设备">(\d+)<', below.source) == ["1"]
    assert names(boss.get("/manage/stations", q="东湖路")) == ["东湖站"]
    assert names(boss.get("/manage/stations", level="point")) == ["东门点"]
    assert names(boss.get("/manage/stations", show="no-device")) == ["东门点"]
    assert set(boss.get("/manage/stations", expect=422, level="castle").faults) == {"level"}
    assert "没有符合条件的站点" in boss.get("/manage/stations", q="没有").source


def test_a_keeper_sees_and_changes_only_the_own_subtree(app: Flask, api: Api, admin: str) -> None:
    center = make_station(api, admin, "center", name="区中心")
    mine = make_station(api, admin, "institute", center, name="我的所")
    below = make_station(api, admin, "station", mine, name="我的站")
    other = make_station(api, admin, "institute", center, name="别人的所")
    keeper = keeper_of(app, api, admin, mine)
    assert names(keeper.get("/manage/stations")) == ["我的所"]
    assert names(keeper.get("/manage/stations", parent=mine)) == ["我的站"]
    assert names(keeper.get("/manage/stations", q="所")) == ["我的所"]
    assert names(keeper.get("/manage/stations", show="no-device")) == ["我的站"]
    own = keeper.get(f"/manage/stations/{below}")
    assert "别人的所" not in own.source
    assert "区中心" not in own.source
    device, _ = make_device(api, admin, other)
    for path in (f"/manage/stations/{other}", f"/manage/stations/{other}/edit", f"/manage/devices/{device}/revoke"):
        keeper.get(path, expect=404)
    keeper.get("/manage/stations", expect=404, parent=other)
    keeper.post(f"/manage/stations/{other}/edit", expect=404, name="我的了")
    keeper.post(f"/manage/stations/{other}/devices", expect=404, device="平板")
    keeper.post(f"/manage/devices/{device}/revoke", expect=404)
    keeper.get("/manage/stations/new", expect=403)
    assert read(api, other)["name"] == "别人的所"


def test_a_keeper_tells_of_the_station_but_does_not_move_it(app: Flask, api: Api, admin: str) -> None:
    center = make_station(api, admin, "center", name="区中心")
    station = make_station(api, admin, "station", center, name="旧站名", code="OLD")
    keeper = keeper_of(app, api, admin, station)
    form = keeper.get(f"/manage/stations/{station}/edit")
    assert 'name="code"' not in form.source
    sent = typed(form) | {"name": "新站名", "phone": "0571-87000000", "code": "NEW", "parent_id": "", "level": "center"}
    keeper.post(f"/manage/stations/{station}/edit", **sent)
    after = read(api, station)
    assert (after["name"], after["phone"]) == ("新站名", "0571-87000000")
    assert (after["code"], after["parent_id"], after["level"]) == ("OLD", center, "station")


def test_an_auditor_reads_and_changes_nothing(app: Flask, api: Api, admin: str) -> None:
    station = make_station(api, admin)
    keeper_of(app, api, admin, station)
    auditor = Browser(app, *add_staff(api, admin, "auditor"))
    seen = auditor.get(f"/manage/stations/{station}")
    assert "祁**" in seen.source
    assert "祁站员" not in seen.source
    assert "添加设备" not in seen.source
    auditor.post(f"/manage/stations/{station}/devices", expect=403, device="平板")
    auditor.get(f"/manage/stations/{station}/edit", expect=403)


@pytest.mark.parametrize("crs", list(Crs))
def test_a_place_says_which_map_it_is_from_and_is_converted(api: Api, boss: Browser, crs: Crs) -> None:
    here = Point(HERE["latitude"], HERE["longitude"])
    on_the_map = from_wgs84(here, crs)
    sent = FORM | {"latitude": str(on_the_map.latitude), "longitude": str(on_the_map.longitude)}
    seen = boss.post("/manage/stations/new", expect=422, **sent)
    assert set(seen.faults) == {"crs"}
    assert seen.value("latitude") == sent["latitude"]
    after = read(api, made_id(boss.post("/manage/stations/new", **sent, crs=crs.value)))
    assert (after["latitude"], after["longitude"]) == pytest.approx((here.latitude, here.longitude), abs=5e-6)
    assert after["crs_source"] == crs


def test_an_untouched_place_is_left_alone_and_a_new_one_asks_again(api: Api, admin: str, boss: Browser) -> None:
    point = from_wgs84(Point(HERE["latitude"], HERE["longitude"]), Crs.GCJ02)
    place = {"latitude": point.latitude, "longitude": point.longitude, "crs": "gcj02"}
    station = make_station(api, admin, **place)
    before, path = read(api, station), f"/manage/stations/{station}/edit"
    form = typed(boss.get(path), "code", "level", "parent_id", "unit_id", "area_id")
    assert form["crs"] == ""
    boss.post(path, **(form | {"name": "只改名"}))
    assert read(api, station) == before | {"name": "只改名"}
    assert set(boss.post(path, expect=422, **(form | {"latitude": "30.5"})).faults) == {"crs"}
    assert set(boss.post(path, expect=422, **(form | {"longitude": ""})).faults) == {"longitude", "crs"}
    boss.post(path, **(form | {"latitude": "", "longitude": ""}))
    assert (read(api, station)["latitude"], read(api, station)["crs_source"]) == (None, None)


def test_a_station_is_made_below_another_with_unit_and_area(api: Api, admin: str, boss: Browser) -> None:
    unit, area = make_unit(api, admin, name="文明办"), make_area(api, admin, name="东湖街道")
    center = make_station(api, admin, "center", name="区中心", unit_id=unit, area_id=area)
    form = boss.get("/manage/stations/new", parent=center)
    places = {name: form.value(name) for name in ("parent_id", "unit_id", "area_id")}
    assert places["unit_id"].startswith("文明办(")
    after = read(api, made_id(boss.post("/manage/stations/new", **FORM, **places, geo_optional="1")))
    assert (after["parent_id"], after["unit_id"], after["area_id"]) == (center, unit, area)
    assert after["geo_optional"] is True
    boss.get("/manage/stations/new", expect=404, parent="junk")


def test_all_faults_come_at_once_and_what_was_typed_stays(api: Api, admin: str, boss: Browser) -> None:
    bad = {"name": "", "code": "", "level": "", "latitude": "多少", "phone": "1" * 31, "parent_id": "没有的站"}
    seen = boss.post("/manage/stations/new", expect=422, **bad)
    assert set(seen.faults) == {"name", "code", "level", "latitude", "longitude", "crs", "phone", "parent_id"}
    assert (seen.value("latitude"), seen.value("parent_id")) == ("多少", "没有的站")
    point = make_station(api, admin, "point", name="东门点", code="ST-01")
    seen = boss.post("/manage/stations/new", expect=422, **FORM, parent_id="东门点")
    assert set(seen.faults) == {"level"}
    assert set(boss.post("/manage/stations/new", expect=409, **FORM).faults) == {"code"}
    assert read(api, point)["name"] == "东门点"


def test_a_token_is_shown_once_and_works_until_the_device_is_shut_out(app: Flask, api: Api, admin: str) -> None:
    station = make_station(api, admin)
    keeper = keeper_of(app, api, admin, station)
    page = f"/manage/stations/{station}"
    assert set(keeper.post(f"{page}/devices", expect=422, device="").faults) == {"device"}
    shown = keeper.post(f"{page}/devices", expect=200, device="北门扫码枪")
    token = re.search(r"data-token>([^<]+)<", shown.source)
    assert token
    assert "只显示这一次" in shown.source
    assert token[1] not in keeper.get(page).source
    api("GET", f"/stations/{station}/today", token=token[1], expect=200)
    listed = keeper.get(page)
    assert "北门扫码枪" in listed.source
    path = re.search(r'href="(/manage/devices/[^"]+/revoke)"', listed.source)
    assert path
    assert "立即不能扫码" in keeper.get(path[1]).source
    api("GET", f"/stations/{station}/today", token=token[1], expect=200)
    keeper.post(path[1])
    api("GET", f"/stations/{station}/today", token=token[1], expect=401)
    assert "北门扫码枪" not in keeper.get(page).source


def test_the_page_with_a_token_is_kept_by_nobody(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    station = make_station(api, admin)
    token = re.search(r'name="csrf_token" value="([^"]+)"', boss.get(f"/manage/stations/{station}").source)
    assert token
    data = {"csrf_token": token[1], "device": "平板"}
    answer = boss.client.post(f"/manage/stations/{station}/devices", data=data)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_start_tells_of_stations_without_a_device(
    app: Flask, api: Api, admin: str, boss: Browser, clock: SettableClock
) -> None:
    station = make_station(api, admin)
    assert "没有设备的站点" in boss.get("/me").source
    make_device(api, admin, station)
    assert "没有设备的站点" not in boss.get("/me").source
    clock.advance(days=181)
    assert "没有设备的站点" in Browser(app, ADMIN_PHONE, ADMIN_PASSWORD).get("/me").source
