"""Headcounts and tasks of many units on one page: what was changed is written, whole or not at all, never unseen."""

import uuid

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.units.making import make_area, make_unit, pass_days, set_target
from volunteer.clock import SettableClock

PATH = "/manage/units/numbers"


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def numbers(api: Api, admin: str, unit: str) -> tuple[int | None, int | None, int]:
    """Return headcount, task in force, and how often the task was set."""
    told = api("GET", f"/units/{unit}/targets", token=admin, expect=200).body["items"]
    head = api("GET", f"/units/{unit}", token=admin, expect=200).body["headcount"]
    return head, told[0]["target"] if told else None, len(told)


def test_what_was_changed_is_written_and_nothing_else(
    app: Flask, api: Api, admin: str, boss: Browser, clock: SettableClock
) -> None:
    top = make_unit(api, admin, name="区政府")
    one, other, third = (make_unit(api, admin, top, name=name, headcount=10) for name in ("教育局", "水利局", "民政局"))
    make_unit(api, admin, one, name="第一小学")
    set_target(api, admin, one, 5)
    set_target(api, admin, other, 6)
    admin = pass_days(api, clock, 1)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    past = api("GET", "/reports/registration-rates?as_of=2026-03-22", token=admin).body["rows"]
    seen = boss.get(PATH, parent=top)
    assert "第一小学" not in seen.text
    assert (seen.value(f"headcount-{one}"), seen.value(f"target-{third}")) == ("10", "")
    assert "3 月 22 日(周日) 10:00 管理员" in seen.text
    form = seen.form(f"target-{one}")
    assert form["unit"] == [one, other, third]
    change = {f"target-{one}": "8", f"target-{other}": "", f"headcount-{third}": "0"}
    boss.post(f"{PATH}?parent={top}", **(form | change))
    assert "已保存 3 个单位" in boss.follow().text
    assert numbers(api, admin, one) == (10, 8, 2)
    assert numbers(api, admin, other) == (10, None, 2)
    assert numbers(api, admin, third) == (0, None, 0)
    again = boss.get(PATH, parent=top)
    boss.post(f"{PATH}?parent={top}", **again.form(f"target-{one}"))
    assert "没有改动" in boss.follow().text
    rows = {row["unit_id"]: row for row in api("GET", "/reports/registration-rates", token=admin).body["rows"]}
    assert (rows[one]["target"], rows[other]["target"], rows[other]["rate"]) == (8, None, None)
    assert api("GET", "/reports/registration-rates?as_of=2026-03-22", token=admin).body["rows"] == past
    told = boss.get(f"/manage/units/{other}").text
    assert "2026 年任务数" in told
    assert "已取消" in told
    assert "管理员" in again.text


def test_all_faults_come_at_once_with_what_was_typed_and_nothing_is_written(
    api: Api, admin: str, boss: Browser
) -> None:
    one, other, gone = (make_unit(api, admin, name=name, headcount=3) for name in ("甲局", "乙局", "丙局"))
    form = boss.get(PATH).form(f"target-{one}")
    set_target(api, admin, other, 20)
    api("PATCH", f"/units/{gone}", {"headcount": 4}, admin, expect=200)
    change = {f"target-{one}": "八", f"headcount-{one}": "-1", f"target-{other}": "7", f"headcount-{other}": "9"}
    seen = boss.post(PATH, expect=422, **(form | change))
    assert set(seen.faults) == {f"target-{one}", f"headcount-{one}", f"target-{other}"}
    assert "别人已把它改成了 20" in seen.faults[f"target-{other}"]
    assert (seen.value(f"target-{one}"), seen.value(f"headcount-{other}")) == ("八", "9")
    assert seen.value(f"headcount-{gone}") == "4", "what was not touched is as it stands now"
    assert seen.title.startswith("错误:")
    assert numbers(api, admin, other) == (3, 20, 1)
    mended = seen.form(f"target-{one}") | {f"target-{one}": "8", f"headcount-{one}": "3"}
    boss.post(PATH, **mended)
    assert [numbers(api, admin, unit) for unit in (one, other, gone)] == [(3, 8, 1), (9, 7, 2), (4, None, 0)]
    unknown = str(uuid.uuid4())
    boss.post(PATH, expect=404, **(form | {"unit": [unknown], f"target-{unknown}": "1"}))


def test_who_saves_later_does_not_overwrite_unseen_and_a_closed_unit_takes_nothing(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    one, gone = make_unit(api, admin, name="甲局"), make_unit(api, admin, name="乙局")
    admin = pass_days(api, clock, 2)
    first, second = (Browser(app, ADMIN_PHONE, ADMIN_PASSWORD) for _ in range(2))
    theirs, mine = (browser.get(PATH).form(f"target-{one}") for browser in (first, second))
    first.post(PATH, **(theirs | {f"target-{one}": "5"}))
    api("PATCH", f"/units/{gone}", {"closed_on": "2026-03-24"}, admin, expect=200)
    seen = second.post(PATH, expect=422, **(mine | {f"target-{one}": "6", f"target-{gone}": "1"}))
    assert "改成了 5" in seen.faults[f"target-{one}"]
    assert "刚被撤销" in seen.faults[f"target-{gone}"]
    assert numbers(api, admin, one) == (None, 5, 1)
    second.post(PATH, **(seen.form(f"target-{one}") | {f"target-{gone}": ""}))
    assert numbers(api, admin, one) == (None, 6, 2)
    same = first.get(PATH).form(f"target-{one}")
    second.post(PATH, **(same | {f"target-{one}": "9"}))
    first.post(PATH, **(same | {f"target-{one}": "9"}))  # both meant the same: nothing is wrong
    assert numbers(api, admin, one) == (None, 9, 3)


def test_it_goes_by_year_filter_and_page(api: Api, admin: str, boss: Browser) -> None:
    area = make_area(api, admin, name="望桥街道")
    units = [make_unit(api, admin, code=f"P{number:03}", name=f"第{number}小学") for number in range(52)]
    away = make_unit(api, admin, code="ZZ", name="街道办", area_id=area)
    set_target(api, admin, units[0], 4)
    first = boss.get(PATH)
    form = first.form(f"target-{units[1]}") | {f"target-{units[1]}": "11", "then": "next"}
    assert len(form["unit"]) == 50
    boss.post(PATH, **form)
    second = boss.follow()
    assert "已保存 1 个单位" in second.text
    assert second.form(f"target-{away}")["unit"] == [*units[50:], away]
    missing = boss.get(PATH, show="no-task", year="2026")
    assert missing.form(f"target-{units[2]}")["unit"][0] == units[2]
    ahead = boss.get(PATH, area_id=area, year="2027")
    boss.post(f"{PATH}?area_id={area}&year=2027", **(ahead.form(f"target-{away}") | {f"target-{away}": "70"}))
    told = api("GET", f"/units/{away}/targets", token=admin).body["items"]
    assert [(one["year"], one["target"]) for one in told] == [(2027, 70)]
    assert boss.get(PATH, expect=422, show="moon", year="x").faults.keys() == {"show", "year"}
    assert "还没有" in boss.get(PATH, parent=away).text
