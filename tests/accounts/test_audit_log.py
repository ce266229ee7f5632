"""The audit log on a page: all that was done, the last first, in words, filtered, masked for an auditor."""

import datetime as dt
import re
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.registration.making import add_volunteer
from tests.stations.making import make_device, make_station
from tests.units.making import add_staff, make_unit, pass_days, set_target
from volunteer.accounts import deeds
from volunteer.clock import SettableClock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def done(seen: Page) -> list[str]:
    """Return the deeds of the list, in its order."""
    return re.findall(r'<td data-label="操作">([^<]*)</td>', seen.source)


def test_every_deed_that_the_source_records_has_a_word() -> None:
    found = set()
    for path in (ROOT / "volunteer").rglob("*.py"):
        calls = re.findall(r"audit\.record\((.*?)\)\n", path.read_text("utf-8"), re.DOTALL)
        found |= {code for call in calls for code in re.findall(r'"([a-z-]+\.[a-z-]+)"', call)}
    assert len(found) > 40
    assert {code for code in found if deeds.deed(code) == code} == set()
    assert deeds.deed("hours.make_up.refuse") == "补录时长:不通过"
    assert deeds.deed("something.new") == "something.new"


def test_the_last_deed_stands_first_with_who_and_what(api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin, name="望江小学")
    set_target(api, admin, unit, 120)
    seen = boss.get("/manage/audit")
    assert done(seen)[:2] == ["设置任务数", "新增单位"]
    assert "管理员" in seen.source
    assert f'<a href="/manage/units/{unit}">单位 望江小学</a>' in seen.source
    assert re.search(r"任务数:\s*120", seen.source)


def test_deeds_are_filtered_by_deed_day_doer_and_thing(
    app: Flask, api: Api, admin: str, boss: Browser, clock: SettableClock
) -> None:
    unit, other = make_unit(api, admin), make_unit(api, admin)
    phone, password = add_staff(api, admin, "station_keeper", station_id=make_station(api, admin))
    assert done(boss.get("/manage/audit", action="unit.add")) == ["新增单位"] * 2
    assert done(boss.get("/manage/audit", subject=other)) == ["新增单位"]
    fresh = pass_days(api, clock, 1)
    set_target(api, fresh, unit, 3)
    assert done(boss.get("/manage/audit", **{"from": "2026-03-23"})) == ["设置任务数"]
    assert "设置任务数" not in done(boss.get("/manage/audit", to="2026-03-22"))
    assert done(boss.get("/manage/audit", **{"from": "2026-03-23", "to": "2026-03-23"})) == ["设置任务数"]
    keeper = api.login(phone, password)
    make_device(api, keeper, api("GET", "/stations", expect=200).body["items"][0]["id"])
    account = api("GET", "/me", token=keeper).body["account"]["id"]
    theirs = boss.get("/manage/audit", actor=f"account:{account}")
    assert done(theirs) == ["添加设备"]
    assert "只看陈联络的操作" in theirs.source
    bad = boss.get(
        "/manage/audit", expect=422, action="no.deed", actor="account:1", **{"from": "2026-03-02", "to": "1"}
    )
    assert set(bad.faults) == {"action", "actor", "to"}
    turned = boss.get("/manage/audit", expect=422, **{"from": "2026-03-02", "to": "2026-03-01"})
    assert set(turned.faults) == {"to"}
    assert "没有符合条件的操作记录" in boss.get("/manage/audit", action="person.erase").source


def test_a_long_log_comes_in_pages_and_none_is_lost(api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin)
    for target in range(53):
        set_target(api, admin, unit, target)
    first = boss.get("/manage/audit", action="unit.target")
    link = re.search(r'href="(/manage/audit\?[^"]*cursor=[^"]*)"', first.source)
    assert link
    second = boss.get(link[1].replace("&amp;", "&"))
    targets = [int(said) for seen in (first, second) for said in re.findall(r"任务数:\s*(\d+)", seen.source)]
    assert targets == list(range(52, -1, -1))


def test_an_auditor_reads_it_masked_and_a_liaison_does_not(app: Flask, api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    phone, password = add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    one = add_volunteer(api, unit_id=unit)
    liaison = api.login(phone, password)
    api("POST", f"/volunteers/{one.id}/unmask", {"fields": ["phone"], "reason": "电话核实"}, liaison, expect=200)
    auditor = Browser(app, *add_staff(api, admin, "auditor"))
    seen = auditor.get("/manage/audit")
    assert "查看完整个人信息" in seen.source
    assert "电话核实" in seen.source
    assert "周**" in seen.source
    assert "周联络" not in seen.source
    assert one.phone not in seen.source
    assert "/manage/units/" not in seen.source
    Browser(app, phone, password).get("/manage/audit", expect=403)


def test_exports_are_found_together(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    for action in deeds.EXPORTS:
        assert action in deeds.DEEDS
    with app.app_context():
        from volunteer import audit
        from volunteer.database import transaction

        with transaction() as session:
            for action in ("people.export", "unit.add"):
                audit.record(session, "system", dt.datetime.now(dt.UTC), action, ("unit", None), people=3)
    seen = boss.get("/manage/audit", action="exports")
    assert done(seen) == ["导出人员名单"]
    assert "系统" in seen.source
