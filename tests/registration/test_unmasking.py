"""Minors behind the mask: asked for, approved by a second person, open for a day, told to the guardian, listed."""

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_child, add_volunteer
from tests.units.making import add_staff, make_liaison, make_unit
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction

REASON = {"fields": ["name", "guardian_phone"], "reason": "走失,联系监护人"}


def test_nobody_looks_at_a_minor_alone_not_even_an_administrator(
    api: Api, app: Flask, admin: str, clock: SettableClock
) -> None:
    unit = make_unit(api, admin)
    parent, liaison = add_volunteer(api), make_liaison(api, admin, unit_id=unit)
    foreign = make_liaison(api, admin, unit_id=make_unit(api, admin))
    child, adult = add_child(api, parent, unit_id=unit, name="小明"), add_volunteer(api, unit)
    second = api.login(*add_staff(api, admin, "admin"))
    look, ask = f"/volunteers/{child.id}/unmask", f"/volunteers/{child.id}/unmask-requests"
    for token in (liaison, admin):
        assert api("POST", look, REASON, token, expect=403).body["code"] == "minor-needs-approval"
    api("POST", ask, REASON, foreign, expect=404)
    api("POST", f"/volunteers/{adult.id}/unmask-requests", REASON, liaison, expect=409)
    request = api("POST", ask, REASON, admin, expect=201).body
    assert api("POST", ask, REASON, admin, expect=201).body["id"] == request["id"], "the same question twice"
    approve = f"/unmask-requests/{request['id']}/approve"
    assert api("POST", approve, {}, admin, expect=403).body["code"] == "second-person"
    api("POST", approve, {}, liaison, expect=403)
    for _ in range(2):
        assert api("POST", approve, {}, second, expect=200).body["open_until"] == "2026-03-23T02:00:00Z"
    api("POST", f"/unmask-requests/{request['id']}/refuse", {"reason": "不必"}, second, expect=409)
    assert api("POST", look, REASON, admin, expect=200).body == {"name": "小明", "guardian_phone": parent.phone}
    more = {"fields": ["name", "phone"], "reason": "顺便"}
    assert api("POST", look, more, admin, expect=403).body["code"] == "minor-needs-approval"
    api("POST", look, REASON, liaison, expect=403)  # another one's approval
    clock.advance(hours=23, minutes=59)
    api("POST", look, REASON, api.login(ADMIN_PHONE, ADMIN_PASSWORD), expect=200)
    clock.advance(minutes=1)
    api("POST", look, REASON, api.login(ADMIN_PHONE, ADMIN_PASSWORD), expect=403)
    data = api("GET", f"/me/data?volunteer_id={child.id}", token=api.login(parent.phone, PASSWORD), expect=200).body
    assert [one["reason"] for one in data["unmaskings"]] == [REASON["reason"]] * 2
    told = [(one["state"], one["used"], one["reason"]) for one in data["records"]["unmask_requests"]]
    assert told == [("approved", 2, REASON["reason"])]
    with app.app_context(), pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.text("UPDATE unmask_requests SET decided_by = asked_by"))


def test_by_page_a_liaison_asks_an_administrator_decides_and_the_guardian_reads_it(
    api: Api, app: Flask, admin: str
) -> None:
    unit = make_unit(api, admin)
    parent = add_volunteer(api)
    child = add_child(api, parent, unit_id=unit, name="小明")
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=unit))
    boss, path = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD), f"/people/{child.id}/unmask"
    assert "须先由另一位管理员批准" in liaison.get(path).words
    assert set(liaison.post(path, expect=422).faults) == {"fields", "reason"}
    liaison.post(path, fields=["name", "guardian_phone"], reason="联系监护人")
    assert "由另一位管理员审批" in liaison.follow().words
    assert "有人申请查看未成年人的信息" in boss.get("/me").words
    found = re.search(r"/manage/unmask-requests/[0-9a-f-]{36}", boss.get("/manage/unmask-requests").source)
    assert found
    assert set(boss.post(found[0], expect=422, deed="refuse").faults) == {"reason"}
    boss.post(found[0], deed="approve")
    assert "已批准" in boss.follow().words
    assert "之前可以查看下列内容" in liaison.get(path).words
    seen = liaison.post(path, expect=200, fields=["guardian_phone"])
    assert parent.phone in seen.source
    assert "小明" not in seen.source, "more was shown than was ticked"
    assert seen.headers["Cache-Control"] == "no-store"
    year = boss.get("/manage/unmask-requests", year="2026").text
    assert "1 次" in year
    assert "小明" not in year
    assert "这一年没有申请" in boss.get("/manage/unmask-requests", year="2025").words
    told = Browser(app, parent.phone, PASSWORD).get("/me/privacy/data", volunteer_id=child.id).text
    for said in ("申请查看未成年人信息", "批准查看未成年人信息", "查看完整个人信息", "联系监护人", "监护人手机号"):
        assert said in told
    assert "陈联络" not in told, "a name of staff in full"


def test_all_that_is_held_is_taken_away_after_a_fresh_sign_in_and_on_record(
    api: Api, app: Flask, admin: str, clock: SettableClock
) -> None:
    person = add_volunteer(api, make_unit(api, admin, name="教育局"))
    me = Browser(app, person.phone, PASSWORD)
    read = me.post("/me/privacy/data/html", expect=200)
    number = read.headers["X-Export-Number"]
    assert read.headers["Content-Disposition"] == f"attachment; filename=my-data-{number}.html"
    for said in ("张三丰", person.id_number, person.phone, "教育局", "证件号码", "注册和记录服务", number):
        assert said in read.source
    codes = {one for pair in re.findall(r"<b>([a-z_]+)</b>|<h2>([a-z_]+)</h2>", read.source) for one in pair if one}
    assert codes == set(), "what has no Chinese word"
    machine = me.post("/me/privacy/data/json", expect=200)
    assert json.loads(machine.data)["person"]["id_number"] == person.id_number
    me.post("/me/privacy/data/xml", expect=404)
    assert "下载本人数据" in me.get("/me/privacy/data").text
    with app.app_context():
        taken = reading().execute(sa.text("SELECT kind, format FROM exports ORDER BY id")).all()
        assert [tuple(row) for row in taken] == [("own-data", "html"), ("own-data", "json")]
    stranger = Browser(app, add_volunteer(api).phone, PASSWORD)
    assert person.id_number not in stranger.post("/me/privacy/data/json", expect=200, volunteer_id=person.id).source
    clock.advance(minutes=16)
    assert "请先重新登录" in me.get("/me/privacy/data").words
    me.post("/me/privacy/data/json", expect=401)


def test_who_is_the_only_administrator_is_told_what_to_do_and_asks_for_a_call(
    api: Api, app: Flask, admin: str, clock: SettableClock
) -> None:
    parent = add_volunteer(api)
    child = add_child(api, parent)
    boss, path = Browser.of(app, admin), f"/people/{child.id}/unmask"
    page = boss.get(path)
    assert "目前没有人可以审批" in page.text
    assert "/manage/accounts" in page.source
    boss.post(path, fields=["guardian_phone"], reason="联系监护人")
    waits = boss.follow()
    assert "目前没有人可以审批" in waits.text
    assert parent.phone not in waits.source
    asked = api("GET", "/unmask-requests", token=admin, expect=200).body[0]["id"]
    assert "请再授权一位" in boss.get(f"/manage/unmask-requests/{asked}").text
    assert api("POST", f"/unmask-requests/{asked}/approve", {}, admin, expect=403).body["code"] == "second-person"
    for said in ("消息已发出", "一小时内已发过"):
        boss.post(f"/people/{child.id}/call-back")
        assert said in boss.follow().text
    told = [m["kind"] for m in api("GET", "/me/messages", token=parent.token, expect=200).body["items"]]
    assert told.count("call-back") == 1
    data = api("GET", f"/me/data?volunteer_id={child.id}", token=parent.token, expect=200).body
    assert [one["action"] for one in data["changes"]].count("person.call-back") == 1
    clock.advance(hours=1)
    assert api("POST", f"/volunteers/{child.id}/call-back", {}, admin, expect=200).body == {"sent": True}
    add_staff(api, admin, "admin")
    assert "目前没有人可以审批" not in boss.get(path).text
