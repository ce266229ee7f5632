"""The sheet for the platform above: who agreed to the purposes in force alone, and who is to be deleted there."""

import datetime as dt
import io
import re
from typing import Any

import openpyxl
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.registration.making import Volunteer, add_child, add_volunteer
from tests.reports.making import credit
from tests.reports.test_honour import agree
from tests.units.making import PASSWORD, make_account, make_unit
from volunteer.registration import erasure

WHY = {"reason": "市级平台 3 月月报"}


def sex(person: Volunteer) -> str:
    """Return the sex that an identity number tells (GB 11643)."""
    return "男" if int(person.id_number[16]) % 2 else "女"


def cells(page: Page) -> list[int]:
    """Return the figures of the page."""
    return [int(one) for one in re.findall(r'<dd class="num">(\d+)</dd>', page.source)]


def taken(desk: Browser, **days: str) -> list[list[Any]]:
    """Take the sheet; return its rows below the header."""
    seen = desk.post("/manage/upstream.xlsx", expect=200, **days, **WHY)
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(seen.data)).active.iter_rows()]
    return rows[next(number for number, row in enumerate(rows) if row[0] == "办理") :][1:]


def test_it_holds_who_agreed_and_says_how_many_do_not_stand_in_it(api: Api, admin: str, app: Flask) -> None:
    unit = make_unit(api, admin, name="望江社区")
    yes, other, never = (add_volunteer(api, unit, name=name) for name in ("欧阳修远", "王小明", "沉默者"))
    child = add_child(api, yes, unit_id=unit)
    for person in (yes, other):
        agree(api, person, "upstream")
    agree(api, yes, "upstream", volunteer_id=child.id)
    agree(api, never, "photos")
    credit(app, yes.id, unit, dt.date(2026, 3, 20), 90)
    credit(app, yes.id, unit, dt.date(2026, 2, 20), 600)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    page = boss.get("/manage/upstream")
    assert cells(page) == [4, 2, 1, 0, 1, 0]
    assert boss.post("/manage/upstream.xlsx", expect=422).faults.keys() == {"reason"}
    wrong = boss.post("/manage/upstream.xlsx", expect=422, **{"from": "2026-03-02", "to": "2026-03-01"}, **WHY)
    assert wrong.faults.keys() == {"to"}
    rows = taken(boss, **{"from": "2026-03-01", "to": "2026-03-22"})
    assert {tuple(row[:1] + row[2:8]) for row in rows} == {
        ("新增或更新", "欧阳修远", sex(yes), "居民身份证", yes.phone, "望江社区", 1.5),
        ("新增或更新", "王小明", sex(other), "居民身份证", other.phone, "望江社区", 0),
    }
    assert yes.id_number not in str(rows)
    (line,) = api("GET", "/me/data", token=yes.token, expect=200).body["records"]["exports"]
    assert (line["kind"], line["fields"], line["reason"]) == ("upstream", ["name", "phone"], WHY["reason"])
    assert api("GET", "/me/data", token=never.token, expect=200).body["records"]["exports"] == []
    assert WHY["reason"] in boss.get("/manage/exports").text

    api("DELETE", "/me/consents/upstream", None, other.token, expect=200)
    assert cells(boss.get("/manage/upstream")) == [4, 1, 2, 0, 1, 1]
    assert "请上级平台删除" in boss.page.text
    assert [row[:3] for row in taken(boss)] == [["请删除", other.no, None], ["新增或更新", yes.no, "欧阳修远"]]
    api("DELETE", "/me", None, other.token, expect=200)
    with app.app_context():
        assert erasure.erase_due(api.now() + dt.timedelta(days=8)) == 1
    assert next(row[:3] for row in taken(boss)) == ["请删除", other.no, None], "who is erased stays known above"
    for role in ("auditor", "unit_liaison"):
        scope = {"unit_id": unit} if role == "unit_liaison" else {}
        Browser(app, make_account(api, admin, role, **scope), PASSWORD).get("/manage/upstream", expect=403)


def test_changed_purposes_are_not_covered_by_an_older_yes(api: Api, admin: str, app: Flask) -> None:
    person = add_volunteer(api)
    agree(api, person, "upstream")
    notice = {"kind": "upstream", "text": "提供给省级平台。", "summary": "改为省级平台", "changes_purposes": True}
    made = api("POST", "/privacy-notices", notice, admin, expect=201).body["id"]
    api("POST", f"/privacy-notices/{made}/publish", {"from_on": "2026-03-22"}, admin, expect=200)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert cells(boss.get("/manage/upstream")) == [1, 0, 0, 1, 0, 0]
    assert "还没有人同意" in boss.page.text
    api("PUT", "/me/consents/upstream", {"version": "2026-03-22"}, person.token, expect=200)
    assert cells(boss.get("/manage/upstream")) == [1, 1, 0, 0, 0, 0]
