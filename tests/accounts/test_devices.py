"""Forgotten passwords, lost phones, and where somebody is signed in."""

import pytest
import sqlalchemy as sa

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_volunteer, new_phone
from volunteer.accounts.rules import device_name
from volunteer.database import db, metadata

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2318A) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0"
)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (WECHAT, "安卓设备 微信"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126",
            "Windows 电脑 Edge 浏览器",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1",
            "苹果手机 Safari 浏览器",
        ),
        ("curl/8.5.0", "其他设备"),
    ],
)
def test_a_device_is_named_as_its_owner_would(agent: str, name: str) -> None:
    assert device_name(agent) == name


def sms_kinds(api: Api) -> list[str]:
    table = metadata.tables["outbox_messages"]
    with api.app.app_context():
        return list(db.session.scalars(sa.select(table.c.kind).where(table.c.channel == "sms").order_by(table.c.id)))


def test_a_forgotten_password_is_set_by_a_code_and_ends_every_session(api: Api) -> None:
    person, inside = add_volunteer(api), Browser(api.app)
    inside.sign_in(person.phone, PASSWORD)
    outside = Browser(api.app)
    assert "/password" in outside.get("/login").links()
    assert "phone" in outside.post("/password", expect=422, phone="12").faults
    outside.post("/password", expect=200, phone=person.phone)
    code = outside.page.source.partition('data-code="reset">')[2][:6]
    weak = outside.post("/password", expect=422, phone=person.phone, phone_code=code, password="12345678")
    assert set(weak.faults) == {"password"}
    unknown = outside.post("/password", expect=422, phone=new_phone(), phone_code=code, password="Another-2026")
    assert set(unknown.faults) == {"phone_code"}
    outside.post("/password", phone=person.phone, phone_code=code, password="Another-2026")
    assert "新密码已设好" in outside.follow().words
    inside.get("/me", expect=302)
    outside.sign_in(person.phone, "Another-2026")
    assert sms_kinds(api) == ["password-changed"]
    assert "password-changed" in [
        one["kind"] for one in api("GET", "/me/messages", token=api.login(person.phone, "Another-2026")).body["items"]
    ]


def test_devices_are_listed_and_ended_one_by_one_or_all(api: Api) -> None:
    person = add_volunteer(api)
    here, there = Browser(api.app, person.phone, PASSWORD), Browser(api.app)
    there.client.environ_base["HTTP_USER_AGENT"] = WECHAT
    there.sign_in(person.phone, PASSWORD)
    page = here.get("/me/sessions")
    assert "安卓设备微信" in page.words
    assert page.source.count(">让它退出<") == 2, "the other browser, and the program that asked for a token"
    ends = [link for link in page.links() if link.endswith("/end") and link != "/me/sessions/end"]
    stranger = Browser(api.app, add_volunteer(api).phone, PASSWORD)
    stranger.post(ends[0], expect=404)
    there.get("/me")
    for link in ends:
        here.post(link)
    there.get("/me", expect=302)
    here.post(ends[0], expect=404)
    there.sign_in(person.phone, PASSWORD)
    here.post("/me/sessions/end")
    there.get("/me", expect=302)
    assert ">让它退出<" not in here.follow().source


def test_staff_are_told_of_a_device_that_is_new_and_of_no_other(api: Api, admin: str) -> None:
    assert sms_kinds(api) == ["new-device"], "the token that the fixture asked for"
    api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    browser = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert sms_kinds(api) == ["new-device"] * 2
    browser.sign_in(ADMIN_PHONE, ADMIN_PASSWORD)
    Browser(api.app, add_volunteer(api).phone, PASSWORD)
    assert sms_kinds(api) == ["new-device"] * 2


def test_a_lost_phone_is_shut_out_and_its_card_is_void(api: Api) -> None:
    person = add_volunteer(api)
    lost, here = Browser(api.app, person.phone, PASSWORD), Browser(api.app, person.phone, PASSWORD)
    table = metadata.tables["persons"]
    with api.app.app_context():
        assert db.session.scalar(sa.select(table.c.card_serial)) == 1
    assert "确认挂失" in here.get("/me/lost").words
    here.post("/me/lost")
    assert "以前打印的志愿者卡已作废" in here.follow().words
    lost.get("/me", expect=302)
    api("GET", "/me", token=person.token, expect=401)
    with api.app.app_context():
        assert db.session.scalar(sa.select(table.c.card_serial)) == 2


def test_a_changed_phone_is_told_to_both(api: Api) -> None:
    person, phone = add_volunteer(api), new_phone()
    body = {"phone": phone, "phone_code": api.code(phone, "register")}
    api("POST", "/me/phone", body, person.token, expect=204)
    assert sms_kinds(api) == ["phone-changed"] * 2


def test_sessions_over_http(api: Api) -> None:
    person = add_volunteer(api)
    tokens = [api.login(person.phone, PASSWORD) for _ in range(2)]
    listed = api("GET", "/me/sessions", token=tokens[0], expect=200).body
    assert [one["is_this"] for one in listed] == [True, False, False]
    api("DELETE", f"/me/sessions/{listed[1]['id']}", None, add_volunteer(api).token, expect=404)
    api("DELETE", f"/me/sessions/{listed[1]['id']}", None, tokens[0], expect=204)
    api("DELETE", f"/me/sessions/{listed[1]['id']}", None, tokens[0], expect=404)
    assert api("DELETE", "/me/sessions", None, tokens[0], expect=200).body == {"ended": 1}
    assert len(api("GET", "/me/sessions", token=tokens[0], expect=200).body) == 1
    api("GET", "/me/sessions", token=person.token, expect=401)
