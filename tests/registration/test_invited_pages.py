"""Answering an invitation, and asking whether one is registered, on pages: nobody but who proves the phone is told."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Api
from tests.imports.making import bring_in, person
from tests.pages import Browser, Page
from tests.registration.making import CONSENT, PASSWORD, add_volunteer, new_phone, resident_id
from tests.units.making import make_liaison, make_unit
from volunteer.registration.rules import PersonStatus
from volunteer.registration.rules_asking import NextStep, is_told_in_full, next_steps

S, N = PersonStatus, NextStep


@pytest.fixture
def unit(api: Api, admin: str) -> str:
    return make_unit(api, admin, code="B1", name="望江中学")


@pytest.fixture
def liaison(api: Api, admin: str, unit: str) -> str:
    return make_liaison(api, admin, unit_id=unit)


def invite(api: Api, liaison: str, number: str = "") -> tuple[str, str, str]:
    """Invite somebody; return the id, the phone and the identity number."""
    row = person(number=number, phone=new_phone())
    bring_in(api, liaison, row)
    found = api("GET", "/volunteers?status=invited", token=liaison, expect=200).body["items"]
    return found[0]["id"], row[2], row[1]


def prove(desk: Browser, api: Api, phone: str, path: str = "/invited", **more: Any) -> Page:
    """Prove a phone; return the answer."""
    desk.post(path, expect=303, phone=phone, phone_code=api.code(phone, "register"), **more)
    return desk.follow()


def later(api: Api, minutes: int) -> None:
    """Let some minutes pass."""
    api.app.extensions["clock"].set(api.now() + dt.timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("status", "by_phone", "has_proved", "steps", "in_full"),
    [
        (S.INVITED, True, False, (N.CLAIM, N.REFUSE), True),
        (S.INVITED, False, False, (N.CLAIM, N.REFUSE), True),
        (S.UNPROVEN, True, False, (N.TAKE_OVER, N.DENY), True),
        (S.REGISTERED, True, True, (N.SIGN_IN,), True),
        (S.SUSPENDED, False, True, (N.SIGN_IN, N.SHOW_PAPER), False),
        (S.REGISTERED, False, False, (N.SHOW_PAPER, N.DENY), True),
    ],
)
def test_what_is_told_and_what_is_next(
    status: S, by_phone: bool, has_proved: bool, steps: tuple[N, ...], in_full: bool
) -> None:
    told = {"by_phone": by_phone, "has_proved": has_proved}
    assert N.DENY not in next_steps(status, **told, is_leaving=True)
    assert (next_steps(status, **told), is_told_in_full(**told)) == (steps, in_full)


def test_who_is_invited_sees_the_list_and_registers(api: Api, admin: str, liaison: str, unit: str) -> None:
    invitation, phone, number = invite(api, liaison)
    desk = Browser(api.app)
    sent = desk.post("/invited", expect=200, phone=phone)
    stranger = desk.post("/invited", expect=200, phone=new_phone())
    assert (
        sent.text.replace(phone, "").split("验证码是")[0]
        == stranger.text.replace(stranger.value("phone"), "").split("验证码是")[0]
    )
    wrong = desk.post("/invited", expect=422, phone=phone, phone_code="000000")
    assert (set(wrong.faults), "望江中学" in wrong.text) == ({"phone_code"}, False)
    assert desk.get("/invited/answer", expect=302).location == "/invited?late=1"

    shown = prove(desk, api, phone)
    assert "望江中学" in shown.text
    assert "已被邀请,尚未注册" in shown.text
    assert number not in shown.source
    page = f"/invited/{invitation}/claim"
    desk.get(page)
    assert set(desk.post(page, expect=422, password="short").faults) == {"consent_version", "password"}
    assert desk.post(page, consent_version=CONSENT, password=PASSWORD).location == "/register/done"
    me = api("GET", "/me", token=api.login(phone, PASSWORD), expect=200).body["volunteer"]
    assert (me["id"], me["unit_id"]) == (invitation, unit)
    assert desk.get(page, expect=404).status == 404
    assert "已注册" in desk.get("/invited/answer").text


def test_who_refuses_is_erased_after_a_page_that_says_what_goes(api: Api, admin: str, liaison: str) -> None:
    invitation, _, number = invite(api, liaison)
    desk = Browser(api.app)
    assert "您没有注册" in prove(desk, api, new_phone()).text
    assert desk.get(f"/invited/{invitation}/refuse", expect=404).status == 404
    assert "望江中学" in prove(desk, api, new_phone(), id_number=number).text
    assert "证件号码" in desk.get(f"/invited/{invitation}/refuse").text
    desk.post(f"/invited/{invitation}/refuse")
    assert "已删除" in desk.follow().text
    api("GET", f"/volunteers/{invitation}", token=admin, expect=404)


def test_a_child_is_claimed_by_a_guardian_with_their_own_code(api: Api, liaison: str) -> None:
    born = dt.date(2012, 6, 1)
    said = {"consent_version": CONSENT, "guardian__name": "李秀英", "guardian__relation": "mother"}
    for guardians in ("the same", "another"):
        invitation, phone, _ = invite(api, liaison, resident_id(born))
        mothers = phone if guardians == "the same" else new_phone()
        desk, page = Browser(api.app), f"/invited/{invitation}/claim"
        assert "监护人同意" in prove(desk, api, phone).text
        assert set(desk.post(page, expect=422, consent_version=CONSENT).faults) == {"guardian"}
        if mothers != phone:
            missing = desk.post(page, expect=422, guardian__phone=mothers, **said)
            assert set(missing.faults) == {"guardian.phone_code"}
            desk.post(page, expect=200, guardian__phone=mothers, send="guardian", **said)
            said["guardian__phone_code"] = api.code(mothers, "guardian")
        assert desk.post(page, guardian__phone=mothers, **said).location == "/register/done"
        body = {"phone": mothers, "phone_code": api.code(mothers, "login")}
        token = api("POST", "/auth/login", body, expect=200).body["access_token"]
        me = api("GET", "/me", token=token, expect=200).body
        assert [one["id"] for one in me["acts_for"]] == [invitation]


def test_am_i_registered_tells_the_person_alone_and_they_see_who_asked(api: Api, unit: str) -> None:
    known, desk = add_volunteer(api, unit), Browser(api.app)
    assert "望江中学" in prove(desk, api, known.phone, "/am-i-registered").text
    other = new_phone()
    told = prove(desk, api, other, "/am-i-registered", id_number=known.id_number)
    assert ("望江中学" in told.text, "另一个手机号" in told.text) == (False, True)
    mine = api("GET", "/me/data", token=known.token, expect=200).body
    assert [one["action"] for one in mine["changes"]][:2] == ["person.ask", "person.ask"]
    assert [one["kind"] for one in mine["messages"]] == ["asked"]
    for _ in range(9):
        later(api, 6)
        prove(desk, api, other)
    later(api, 5)
    limited = desk.post("/invited", expect=422, phone=other, phone_code=api.code(other, "register"))
    assert "频繁" in limited.faults["phone_code"]


def test_a_proof_serves_this_browser_alone_for_a_quarter_of_an_hour(api: Api, liaison: str) -> None:
    invitation, phone, _ = invite(api, liaison)
    desk, thief = Browser(api.app), Browser(api.app)
    prove(desk, api, phone)
    thief.get("/privacy")
    assert thief.get(f"/invited/{invitation}/claim", expect=302).location == "/invited?late=1"
    later(api, 16)
    assert desk.post(f"/invited/{invitation}/refuse", expect=302).location == "/invited?late=1"


def test_who_was_put_down_by_others_takes_the_registration_over(app: Flask, api: Api, admin: str, unit: str) -> None:
    phone, number = new_phone(), resident_id()
    body = {"name": "赵无极", "id_type": "resident_id", "id_number": number, "phone": phone, "consent_version": CONSENT}
    made = api("POST", "/volunteers", body | {"unit_id": unit}, expect=201).body
    desk = Browser(app)
    prove(desk, api, phone)
    page = f"/invited/{made['id']}/take-over"
    assert desk.post(page, expect=422, id_number=resident_id()).faults.keys() == {"id_number"}
    assert desk.post(page, id_number=number, password=PASSWORD).location == "/register/done"
    assert api("GET", "/me", token=api.login(phone, PASSWORD), expect=200).body["volunteer"]["id"] == made["id"]


def test_over_the_api_one_proof_asks_and_answers(api: Api, liaison: str) -> None:
    invitation, phone, _ = invite(api, liaison)
    asked = api(
        "POST", "/registration-checks", {"phone": phone, "phone_code": api.code(phone, "register")}, expect=200
    ).body
    (one,) = asked["people"]
    assert (one["id"], one["status"], one["next_steps"]) == (invitation, "invited", ["claim", "refuse"])
    body = {"consent_version": CONSENT, "proof": "A" * 40}
    assert api("POST", f"/invitations/{invitation}/claim", body, expect=422).codes == {"proof": "proof-expired"}
    api("POST", f"/invitations/{invitation}/claim", body | {"proof": asked["proof"]}, expect=200)
    missing = api("POST", f"/invitations/{invitation}/refuse", {}, expect=422).codes
    assert missing == {"phone": "required", "phone_code": "required"}
