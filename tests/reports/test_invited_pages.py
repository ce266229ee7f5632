"""What came of a unit's invitations: numbers where they were made, names only in scope, and who was reminded when."""

import datetime as dt
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from tests.conftest import Api
from tests.imports.making import bring_in, person
from tests.pages import Browser
from tests.registration.making import CONSENT, new_phone, resident_id
from tests.units.making import make_liaison, make_unit, set_target


@pytest.fixture
def school(api: Api, admin: str) -> dict[str, str]:
    """A bureau with a school below it, and somebody else's unit."""
    bureau = make_unit(api, admin, code="B1", name="教育局")
    below = make_unit(api, admin, bureau, code="S1", name="望江中学")
    other = make_unit(api, admin, code="O1", name="卫生局")
    set_target(api, admin, below, 5)
    tokens = {name: make_liaison(api, admin, unit_id=unit) for name, unit in (("us", bureau), ("them", other))}
    return {"bureau": bureau, "school": below, "other": other} | tokens


def answer(api: Api, phone: str, how: str) -> str:
    """Claim or refuse; return the invitation."""
    body = {"phone": phone, "phone_code": api.code(phone, "register")}
    found = api("POST", "/registration-checks", body, expect=200).body
    invitation: str = found["people"][0]["id"]
    consent = {"consent_version": CONSENT} if how == "claim" else {}
    api("POST", f"/invitations/{invitation}/{how}", consent | {"proof": found["proof"]})
    return invitation


def figures(page: Any) -> list[str]:
    """Return the figures of a page."""
    import re

    block = re.search(r'<ul class="figures">(.*?)</ul>', page.source, re.DOTALL)
    assert block
    return re.findall(r"<b>(.*?)</b>", block[1])


def test_a_liaison_sees_what_came_of_the_invitations_and_reminds(api: Api, admin: str, school: dict[str, str]) -> None:
    rows = [person(f"闻人{name}", phone=new_phone(), code="S1") for name in "甲乙丙丁"]
    bring_in(api, school["us"], *rows)
    claimed = answer(api, rows[0][2], "claim")
    answer(api, rows[1][2], "refuse")
    desk, path = Browser.of(api.app, school["us"]), f"/rates/{school['bureau']}/invited"
    page = desk.get(path)
    assert figures(page) == ["2", "0", "1", "0", "1"]
    assert ("闻*丙" in page.text, "闻*甲" in page.text, "闻*乙" in page.text) == (True, True, False)
    assert "/invited" in page.value("reminder")
    assert "教育局" in page.value("reminder")
    assert rows[2][2] not in page.source

    third = page.source.split('name="people" value="')[1][:36]
    assert set(desk.post(f"{path}/reminded", expect=422, who="ticked").faults) == {"people"}
    desk.post(f"{path}/reminded", who="ticked", people=[third, claimed])
    assert "提醒了 1 人" in desk.follow().text
    assert figures(desk.page)[1] == "1"
    desk.post(f"{path}/reminded", who="all")
    assert "提醒了 2 人" in desk.follow().text
    assert "陈联络" in desk.page.text or "陈**" in desk.page.text or "陈*络" in desk.page.text
    assert desk.get(path, state="claimed").text.count("闻*") == 1
    book = openpyxl.load_workbook(BytesIO(desk.post(f"{path}.xlsx", expect=200, state="invited").data))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row if cell.value]
    assert sum(cell.startswith("闻*") for cell in cells) == 2
    assert any("不同意 1 人" in cell for cell in cells)
    log = api("GET", f"/volunteers/{claimed}", token=school["us"], expect=200).body
    assert log["status"] == "registered"
    assert "待本人确认" in desk.get(f"/rates/{school['school']}/missing").text
    assert "已邀请 2 人" in desk.get(f"/rates/{school['school']}").text


def test_nobody_of_another_unit_sees_or_reminds(api: Api, admin: str, school: dict[str, str]) -> None:
    row = person("闻人甲", phone=new_phone(), code="S1")
    bring_in(api, school["us"], row)
    claimed = answer(api, row[2], "claim")
    ours, theirs = Browser.of(api.app, school["us"]), Browser.of(api.app, school["them"])
    path = f"/rates/{school['school']}/invited"
    theirs.get(path, expect=404)
    for deed, body in (("/reminded", {"who": "all"}), ("/reminded", {"who": "ticked"}), (".xlsx", {})):
        theirs.post(path + deed, expect=404, **body)
    # Who moved away counts where they were invited, and is named there no more.
    body = {"unit_id": school["other"]}
    api("POST", f"/volunteers/{claimed}/transfer", body, admin, expect=200)
    page = ours.get(path)
    assert (figures(page)[2], "闻*甲" in page.text) == ("1", False)
    assert figures(theirs.get(f"/rates/{school['other']}/invited"))[2] == "0"


def test_who_agreed_elsewhere_may_object_for_seven_days_and_deny_afterwards(
    api: Api, admin: str, school: dict[str, str]
) -> None:
    phones = {name: new_phone() for name in ("objects", "counts", "child")}
    born = dt.date(2013, 4, 5)
    rows = [person(phone=phones["objects"], code="S1"), person("闻人乙", phone=phones["counts"], code="S1")]
    rows.append(person("闻人丙", phone=phones["child"], code="S1", number=resident_id(born)))
    rows.append(person("闻人丁", phone="", code="S1"))
    for _ in range(2):  # the same file again tells nobody twice
        bring_in(api, admin, *rows, consent_reference="档案 2026-1")
    clock = api.app.extensions["clock"]
    desk = Browser(api.app)

    def prove(phone: str) -> str:
        desk.post("/invited", phone=phone, phone_code=api.code(phone, "register"))
        return desk.follow().text

    def count() -> int:
        from volunteer.registration import vouching

        with api.app.app_context():
            return vouching.count_due(api.now())

    clock.set(api.now() + dt.timedelta(days=6))
    assert (count(), "起在这里计入" in prove(phones["objects"])) == (0, True)
    answer(api, phones["objects"], "refuse")
    assert "须监护人同意" in prove(phones["child"])
    clock.set(api.now() + dt.timedelta(days=1))
    assert count() == 1
    told = prove(phones["counts"])
    assert ("已注册" in told, "我从未同意注册" in told) == (True, True)
    admin = api.login("13900000001", "Admin-2026-pass")
    statuses = [one["status"] for one in api("GET", "/volunteers", token=admin, expect=200).body["items"]]
    assert sorted(statuses) == ["invited", "invited", "registered"]
    assert figures(Browser.of(api.app, admin).get(f"/rates/{school['school']}/invited")) == ["2", "1", "0", "1", "1"]


def test_the_same_over_http(api: Api, school: dict[str, str]) -> None:
    rows = [person(f"闻人{name}", phone=new_phone(), code="S1") for name in "甲乙丙"]
    bring_in(api, school["us"], *rows)
    answer(api, rows[0][2], "claim")
    path = f"/units/{school['bureau']}/invitations"
    for tail in ("", "?state=invited"):
        api("GET", path + tail, token=school["them"], expect=404)
    found = api("GET", f"{path}?state=invited", token=school["us"], expect=200).body
    assert [one["display_name"] for one in found["items"]] == ["闻*丙", "闻*乙"]
    assert (found["total"]["invited"], found["total"]["claimed"], found["units"][0]["unit"]) == (2, 1, "望江中学")
    assert rows[1][2] not in str(found)
    api("POST", f"{path}/reminders", {"volunteer_ids": []}, school["us"], expect=422)
    api("POST", f"{path}/reminders", {"volunteer_ids": None}, school["them"], expect=404)
    one = [found["items"][0]["id"]]
    assert api("POST", f"{path}/reminders", {"volunteer_ids": one}, school["us"], expect=200).body == {"reminded": 1}
    told = api("GET", f"{path}?limit=1", token=school["us"], expect=200).body
    assert (told["items"][0]["reminded_at"] is not None, told["total"]["reminded"]) == (True, 1)
    rest = api("GET", f"{path}?limit=1&cursor={told['next_cursor']}", token=school["us"], expect=200).body
    assert rest["items"][0]["id"] != told["items"][0]["id"]
