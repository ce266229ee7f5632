"""Changing one's details and phone on pages, and the start that asks once about the size of text."""

import datetime as dt
import re

from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_volunteer, new_phone, resident_id
from tests.units.making import make_area


def test_details_are_changed_and_shown_again(api: Api, admin: str) -> None:
    person, area = add_volunteer(api), make_area(api, admin)
    skill = api("GET", "/code-tables/skills", expect=200).body[0]["code"]
    desk = Browser(api.app, person.phone, PASSWORD)
    contact = {"emergency_contact__name": "李秀英", "emergency_contact__phone": "150 0000 0000"}
    sent = desk.post("/me/profile/edit", area_id=area, skills=[skill], **contact)
    assert (sent.status, sent.location) == (303, "/me/profile?saved=1")
    seen = api("GET", f"/volunteers/{person.id}", token=person.token, expect=200).body
    assert (seen["area_id"], seen["skills"], seen["emergency_contact"]["name"]) == (area, [skill], "李秀英")
    form = desk.get("/me/profile/edit")
    assert form.value("emergency_contact.phone") == "15000000000"
    assert "checked" in form.source
    desk.post("/me/profile/edit")
    seen = api("GET", f"/volunteers/{person.id}", token=person.token, expect=200).body
    assert (seen["area_id"], seen["skills"], seen["emergency_contact"]) == (None, [], None)


def test_what_is_wrong_stands_beside_the_field_and_nothing_is_lost(api: Api) -> None:
    desk = Browser(api.app, add_volunteer(api).phone, PASSWORD)
    sent = desk.post(
        "/me/profile/edit",
        expect=422,
        area_id="junk",
        emergency_contact__phone="12",
        emergency_contact__relation="mother",
    )
    assert "<title>错误:" in sent.source
    for field in ("area_id", "emergency_contact.phone", "emergency_contact.name"):
        assert f'href="#{field}"' in sent.source, field
    assert sent.value("emergency_contact.phone") == "12"
    unknown = desk.post("/me/profile/edit", expect=422, skills=["no-such-skill"])
    assert (unknown.status, 'href="#skills"' in unknown.source) == (422, True)


def test_account_and_registration_move_to_another_phone_together(api: Api) -> None:
    person, phone = add_volunteer(api), new_phone()
    desk = Browser(api.app, person.phone, PASSWORD)
    desk.post("/me/phone", expect=422, phone="12")
    wrong = desk.post("/me/phone", expect=422, phone=phone, phone_code="000000")
    assert (wrong.status, 'href="#phone_code"' in wrong.source) == (422, True)
    assert desk.post("/me/phone", phone=phone, phone_code=api.code(phone, "register")).location.startswith(
        "/me/profile"
    )
    token = api.login(phone, PASSWORD)
    assert api("GET", f"/volunteers/{person.id}", token=token, expect=200).body["phone"] == phone
    api("POST", "/auth/login", {"phone": person.phone, "password": PASSWORD}, expect=401)


def test_a_phone_with_an_account_is_not_taken_over(api: Api) -> None:
    person, other = add_volunteer(api), add_volunteer(api)
    desk = Browser(api.app, person.phone, PASSWORD)
    sent = desk.post("/me/phone", expect=422, phone=other.phone, phone_code=api.code(other.phone, "register"))
    assert "这个手机号已有账号" in sent.words
    assert api("GET", f"/volunteers/{person.id}", token=person.token, expect=200).body["phone"] == person.phone


def test_who_is_sixty_is_asked_once_about_the_size_of_text(api: Api) -> None:
    old = api.now().date().replace(day=1) - dt.timedelta(days=61 * 366)
    desk = Browser(api.app, add_volunteer(api, id_number=resident_id(old)).phone, PASSWORD)
    young = Browser(api.app, add_volunteer(api).phone, PASSWORD)
    question = "字看得清吗"
    assert question in desk.get("/me").words
    assert question not in young.get("/me").words
    desk.post("/text-size", expect=302, size="normal", back="/me")
    assert question not in desk.get("/me").words


def test_the_tabs_mark_where_one_is(api: Api) -> None:
    """What lies below /me belongs to "me", not to the start."""
    desk = Browser(api.app, add_volunteer(api).phone, PASSWORD)
    marks = {
        path: re.findall(r'aria-current="(\w+)">([^<]+)<', desk.get(path).source.partition('class="tabs')[2])
        for path in ("/me", "/me/code", "/me/hours", "/me/profile", "/activities", "/help")
    }
    assert marks == {
        "/me": [("page", "首页")],
        "/me/code": [("page", "我的码")],
        "/me/hours": [("true", "我的")],
        "/me/profile": [("page", "我的")],
        "/activities": [("page", "活动")],
        "/help": [],
    }
