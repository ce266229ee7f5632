"""Units at an administrator's desk: the tree level by level, adding with a task, changing, moving, closing."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.units.making import add_staff, make_area, make_unit, set_target
from volunteer.clock import SettableClock

GOOD = {"code": "JY-01", "name": "望江区教育局", "kind": "government"}


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def names(seen: Page) -> list[str]:
    """Return the units of the list, in its order."""
    return re.findall(r'<th scope="row"><span><a [^>]*>([^<]*)</a>', seen.source)


def unit_id(seen: Page) -> str:
    """Return the id of the unit to which a form led."""
    assert seen.status == 303, (seen.status, seen.faults)
    return seen.location.split("?")[0].rsplit("/", 1)[1]


def read(api: Api, admin: str, unit: str) -> Any:
    return api("GET", f"/units/{unit}", token=admin, expect=200).body


def test_the_tree_is_walked_level_by_level(api: Api, admin: str, boss: Browser) -> None:
    assert "还没有单位" in boss.get("/manage/units").source
    top = make_unit(api, admin, name="区政府")
    school = make_unit(api, admin, top, name="第一小学", headcount=40)
    make_unit(api, admin, school, name="一年级组")
    set_target(api, admin, school, 12)
    assert names(boss.get("/manage/units")) == ["区政府"]
    below = boss.get("/manage/units", parent=top)
    assert names(below) == ["第一小学"]
    cells = dict(re.findall(r'<td class="num" data-label="([^"]*)">([^<]*)</td>', below.source))
    assert cells == {"单位人数": "40", "2026 年任务数": "12"}
    assert f"/manage/units?parent={school}" in below.source
    deepest = boss.get("/manage/units", parent=school)
    assert re.findall(r'<ol class="crumbs">(.*?)</ol>', deepest.source, re.DOTALL)[0].count("<li>") == 3


def test_units_are_found_by_words_kind_area_and_what_they_lack(api: Api, admin: str, boss: Browser) -> None:
    street = make_area(api, admin)
    top = make_unit(api, admin, name="区政府", area_id=street)
    school = make_unit(api, admin, top, name="第一小学", kind="school", code="XX-100%")
    gone = make_unit(api, admin, name="老机构")
    other = make_unit(api, admin, name="供电公司", kind="enterprise")
    set_target(api, admin, other, 5)
    api("PATCH", f"/units/{gone}", {"closed_on": "2026-03-22"}, admin, expect=422)
    assert names(boss.get("/manage/units", q="小学")) == ["第一小学"]
    assert names(boss.get("/manage/units", q="100%")) == ["第一小学"]
    assert names(boss.get("/manage/units", kind="enterprise")) == ["供电公司"]
    assert names(boss.get("/manage/units", area_id=street)) == ["区政府", "第一小学"]
    assert set(names(boss.get("/manage/units", show="no-task"))) == {"第一小学", "老机构"}
    assert read(api, admin, school)["area_id"] is None
    seen = boss.get("/manage/units", expect=422, kind="castle", show="nothing")
    assert set(seen.faults) == {"kind", "show"}
    assert "没有符合条件的单位" in boss.get("/manage/units", q="不存在").source


def test_many_units_come_in_pages(api: Api, admin: str, boss: Browser) -> None:
    for number in range(53):
        make_unit(api, admin, code=f"P{number:03}", name=f"第{number}小学")
    first = boss.get("/manage/units")
    link = re.search(r'href="(/manage/units\?[^"]*cursor=[^"]*)"', first.source)
    assert link
    second = boss.get(link[1].replace("&amp;", "&"))
    assert names(first) + names(second) == [f"第{number}小学" for number in range(53)]


def test_a_unit_is_added_below_another_with_its_task(api: Api, admin: str, boss: Browser) -> None:
    street = make_area(api, admin, name="望江街道")
    top = make_unit(api, admin, area_id=street)
    form = boss.get("/manage/units/new", parent=top)
    assert form.value("area_id").startswith("望江街道(")
    made = unit_id(
        boss.post("/manage/units/new", **GOOD, parent=top, target="120", headcount="300", area_id=form.value("area_id"))
    )
    unit = read(api, admin, made)
    assert (unit["parent_id"], unit["area_id"], unit["headcount"]) == (top, street, 300)
    assert api("GET", f"/units/{made}/targets", token=admin).body["items"][0]["target"] == 120
    assert "管理员" in boss.get(f"/manage/units/{made}").source


def test_a_unit_and_its_task_come_together_or_not_at_all(
    api: Api, admin: str, boss: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("volunteer.units.targets.set_target", broken)
    boss.post("/manage/units/new", expect=500, **GOOD, target="120")
    assert names(boss.get("/manage/units", q=GOOD["code"])) == []


def test_all_faults_come_at_once_and_what_was_typed_stays(api: Api, admin: str, boss: Browser) -> None:
    bad = {"code": "", "name": "名" * 101, "kind": "", "headcount": "多", "uscc": "123", "area_id": "没有的街道"}
    seen = boss.post("/manage/units/new", expect=422, **bad, target="-1")
    assert set(seen.faults) == {"code", "name", "kind", "headcount", "uscc", "area_id", "target"}
    assert (seen.value("headcount"), seen.value("uscc"), seen.value("area_id")) == ("多", "123", "没有的街道")
    assert seen.title.startswith("错误:")
    make_unit(api, admin, code=GOOD["code"])
    seen = boss.post("/manage/units/new", expect=409, **GOOD)
    assert (set(seen.faults), seen.value("name")) == ({"code"}, GOOD["name"])
    boss.post("/manage/units/new", expect=404, **GOOD, parent="junk")


def test_an_area_that_is_not_clear_is_chosen_from_those_that_fit(api: Api, admin: str, boss: Browser) -> None:
    first = make_area(api, admin, name="东湖街道", code="330100")
    second = make_area(api, admin, name="东湖新区", code="3301")
    seen = boss.post("/manage/units/new", expect=422, **GOOD, area_id="东湖")
    assert set(seen.faults) == {"area_id"}
    assert f'value="{first}"' in seen.source
    assert f'value="{second}"' in seen.source
    chosen = {"area_id": "东湖", "area_id_for": "东湖", "area_id_choice": second}
    assert read(api, admin, unit_id(boss.post("/manage/units/new", **GOOD, **chosen)))["area_id"] == second
    # Another text than the choices were offered for is looked up anew; an exact code wins over those that hold it.
    changed = GOOD | {"code": "B", "area_id": "3301", "area_id_for": "东湖", "area_id_choice": first}
    assert read(api, admin, unit_id(boss.post("/manage/units/new", **changed)))["area_id"] == second


def test_what_describes_a_unit_is_changed_and_emptied(api: Api, admin: str, boss: Browser) -> None:
    street = make_area(api, admin)
    unit = make_unit(api, admin, name="旧名", headcount=10, area_id=street)
    form = boss.get(f"/manage/units/{unit}/edit")
    typed = {name: form.value(name) for name in ("code", "name", "kind", "headcount", "uscc", "area_id")}
    assert unit_id(boss.post(f"/manage/units/{unit}/edit", **typed)) == unit
    assert read(api, admin, unit)["area_id"] == street
    boss.post(f"/manage/units/{unit}/edit", **(typed | {"name": "新名", "headcount": "", "area_id": ""}))
    after = read(api, admin, unit)
    assert (after["name"], after["headcount"], after["area_id"]) == ("新名", None, None)
    other = make_unit(api, admin)
    taken = read(api, admin, other)["code"]
    assert boss.post(f"/manage/units/{unit}/edit", expect=409, **(typed | {"code": taken})).value("code") == taken


def test_every_setting_of_a_task_is_told(api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin)
    for target in ("10", "20", "20"):
        boss.post(f"/manage/units/{unit}/target", year="2026", target=target)
    text = boss.get(f"/manage/units/{unit}").source
    assert [cell for cell in re.findall(r'data-label="任务数[^"]*">(\d+)<', text)] == ["20", "10"]
    seen = boss.post(f"/manage/units/{unit}/target", expect=422, year="1999", target="")
    assert set(seen.faults) == {"year", "target"}


def test_a_unit_is_moved_with_all_below_it(api: Api, admin: str, boss: Browser, clock: SettableClock) -> None:
    top, other = make_unit(api, admin, name="甲局"), make_unit(api, admin, name="乙局")
    unit = make_unit(api, admin, top, name="丙校")
    child = make_unit(api, admin, unit)
    path = f"/manage/units/{unit}/move"
    assert boss.get(path).value("parent_id").startswith("甲局(")
    assert set(boss.post(path, expect=422, parent_id="没有的局", on="昨天").faults) == {"parent_id", "on"}
    code = read(api, admin, child)["code"]
    assert set(boss.post(path, expect=422, parent_id=code, on="2026-03-22").faults) == {"parent_id"}
    assert set(boss.post(path, expect=422, parent_id="乙局", on="2026-03-23").faults) == {"on"}
    clock.advance(days=1)
    boss.post(path, parent_id="乙局", on="2026-03-23")
    assert names(boss.get("/manage/units", parent=other)) == ["丙校"]
    text = boss.get(f"/manage/units/{unit}").source
    assert "2026-03-22 至 2026-03-23" in text
    assert "2026-03-23 起" in text
    boss.post(path, parent_id="", on="2026-03-23")
    assert "丙校" in names(boss.get("/manage/units"))


def test_a_unit_is_closed_when_nothing_stands_in_it(api: Api, admin: str, boss: Browser, clock: SettableClock) -> None:
    unit = make_unit(api, admin, name="老单位")
    child = make_unit(api, admin, unit, name="老科室")
    clock.advance(days=1)
    path = f"/manage/units/{unit}/close"
    assert "还不能撤销" in boss.get(path).source
    assert "下级单位" in boss.post(path, expect=409, closed_on="2026-03-23").faults["closed_on"]
    assert set(boss.post(path, expect=422, closed_on="").faults) == {"closed_on"}
    boss.post(f"/manage/units/{child}/close", closed_on="2026-03-23")
    boss.post(path, closed_on="2026-03-23")
    assert names(boss.get("/manage/units")) == []
    assert set(names(boss.get("/manage/units", show="closed"))) == {"老单位", "老科室"}
    listed = boss.get("/manage/units", show="all", q="老")
    assert listed.source.count("2026-03-23 已撤销") == 2
    shown = boss.get(f"/manage/units/{child}").source
    assert "老单位" in shown
    assert ">撤销单位</a>" not in shown


def test_liaisons_are_named(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin)
    assert "还没有联络员" in boss.get(f"/manage/units/{unit}").source
    add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    assert "周联络" in boss.get(f"/manage/units/{unit}").source


def test_the_start_tells_of_units_without_a_task(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    top = make_unit(api, admin)
    leaf = make_unit(api, admin, top)
    assert "未填任务数的单位" in boss.get("/me").source
    set_target(api, admin, leaf, 3)
    assert "未填任务数的单位" not in boss.get("/me").source


def test_nobody_but_an_admin_comes_in(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin)
    for staff in (("unit_liaison", {"unit_id": unit}), ("auditor", {})):
        clerk = Browser(app, *add_staff(api, admin, staff[0], **staff[1]))
        clerk.get(f"/manage/units/{unit}", expect=403)
        clerk.post(f"/manage/units/{unit}/edit", expect=403, **GOOD)
    assert boss.get("/manage/units/01900000-0000-7000-8000-000000000000", expect=404)
