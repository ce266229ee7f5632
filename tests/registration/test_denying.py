"""Who never agreed is erased, and not put down again by the next list; who registered whom falsely stays known."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.imports.making import bring_in, person, roster
from tests.pages import Browser
from tests.registration.making import add_volunteer, form, new_phone, on_paper, resident_id
from tests.units.making import PASSWORD, make_account, make_liaison, make_unit
from volunteer.database import db, metadata
from volunteer.registration import erasure, refusals


@pytest.fixture
def unit(api: Api, admin: str) -> str:
    return make_unit(api, admin, code="B1", name="望江中学")


@pytest.fixture
def liaison(api: Api, admin: str, unit: str) -> str:
    return make_liaison(api, admin, unit_id=unit)


def prove(api: Api, phone: str, number: str = "") -> Any:
    """Prove a phone, perhaps with an identity number."""
    body = {"phone": phone, "phone_code": api.code(phone, "register")} | ({"id_number": number} if number else {})
    return api("POST", "/registration-checks", body, expect=200).body


def deny(api: Api, person_id: str, number: str, expect: int = 200) -> Any:
    """Deny that one agreed, by the identity number and a phone of one's own."""
    proof = prove(api, new_phone(), number)["proof"]
    return api("POST", f"/volunteers/{person_id}/deny", {"proof": proof}, expect=expect).body


def refuse(api: Api, liaison: str, row: list[str]) -> None:
    """Bring somebody in, and let them refuse."""
    bring_in(api, liaison, row)
    found = prove(api, row[2])
    api("POST", f"/invitations/{found['people'][0]['id']}/refuse", {"proof": found["proof"]}, expect=204)


def later(api: Api, days: int) -> None:
    """Let some days pass."""
    api.app.extensions["clock"].set(api.now() + dt.timedelta(days=days))


def test_who_refused_is_not_invited_by_the_next_list(app: Flask, api: Api, liaison: str, unit: str) -> None:
    row, other = person(phone=new_phone()), person(phone=new_phone())
    refuse(api, liaison, row)
    with app.app_context():
        kept = db.session.execute(sa.select(metadata.tables["refusals"])).one()
        assert set(kept._mapping) == {"id", "identity_index", "digest_sealed", "keep_until"}
    name = "again.csv"
    checked = api.upload("/imports/volunteers", name, roster(row, other), liaison, 201).body
    assert [(one["row"], one["code"]) for one in checked["errors"]] == [(2, "refused-before")]
    assert "曾收到邀请并明确不同意" in checked["errors"][0]["message"]
    assert checked["plan"]["created"] == 1
    api("POST", f"/imports/{checked['id']}/commit", {"only_valid": True}, liaison, expect=200)
    assert len(api("GET", "/volunteers?status=invited", token=liaison, expect=200).body["items"]) == 1

    api("POST", "/volunteers", form(api, id_number=row[1], unit_id=unit), expect=201)
    checked = api.upload("/imports/volunteers", name, roster(row), liaison, 201).body
    assert (checked["invalid"], checked["plan"]["unchanged"]) == (0, 1)
    with app.app_context():
        assert db.session.execute(sa.select(metadata.tables["refusals"])).all() == []


def test_a_refusal_is_kept_for_three_years(app: Flask, api: Api, liaison: str) -> None:
    refuse(api, liaison, person(phone=new_phone()))
    with app.app_context():
        later(api, 3 * 365)
        assert refusals.forget_old(api.now()) == 0
        later(api, 1)
        assert refusals.forget_old(api.now()) == 1


def test_who_denies_is_erased_after_seven_days_without_anybodys_leave(
    app: Flask, api: Api, admin: str, liaison: str, unit: str
) -> None:
    number = resident_id()
    made = on_paper(api, liaison, id_number=number, unit_id=unit).body["id"]
    assert deny(api, made, number)["erase_after"] is not None
    assert deny_again(api, made, number) == 404
    (one,) = api("GET", "/denials", token=admin, expect=200).body["items"]
    assert (one["person_id"], one["by_phone"], one["unit"], one["state"]) == (made, False, "望江中学", "open")
    assert "张三丰" not in str(one)
    with app.app_context():
        later(api, 6)
        assert erasure.erase_due(api.now()) == 0
        later(api, 2)
        assert erasure.erase_due(api.now()) == 1
    (one,) = api("GET", "/denials?state=closed", token=admin_again(api), expect=200).body["items"]
    assert (one["state"], one["display_name"], one["by"] is not None) == ("erased", None, True)
    checked = api.upload(
        "/imports/volunteers", "a.csv", roster(person(number=number, code="B1")), admin_again(api), 201
    ).body
    assert [one["code"] for one in checked["errors"]][-1:] == ["refused-before"]


def deny_again(api: Api, made: str, number: str) -> int:
    """Deny a second time; the step is no longer offered."""
    proof = prove(api, new_phone(), number)["proof"]
    return api("POST", f"/volunteers/{made}/deny", {"proof": proof}).status


def admin_again(api: Api) -> str:
    """Return a fresh token of the administrator: tokens end while days pass."""
    return api.login(ADMIN_PHONE, ADMIN_PASSWORD)


def test_an_administrator_who_did_not_register_them_decides(api: Api, admin: str, liaison: str, unit: str) -> None:
    numbers = [resident_id() for _ in range(3)]
    people = [on_paper(api, liaison, id_number=number, unit_id=unit).body["id"] for number in numbers[:2]]
    people.append(on_paper(api, admin, id_number=numbers[2], unit_id=unit).body["id"])
    for made, number in zip(people, numbers, strict=True):
        deny(api, made, number)
    erased, kept, own = (one["id"] for one in api("GET", "/denials", token=admin, expect=200).body["items"])

    desk = Browser.of(api.app, admin)
    assert "张*丰" in desk.get("/denials").text
    page = f"/denials/{erased}"
    assert set(desk.post(page, expect=422).faults) == {"decision", "reason"}
    desk.post(page, decision="erase", reason="没有同意书")
    assert api("GET", f"/volunteers/{people[0]}", token=admin).status == 404
    body = {"decision": "keep", "reason": "同意书有本人签名"}
    for _ in range(2):
        told = api("POST", f"/denials/{kept}/decide", body, admin, expect=200).body
        assert (told["state"], told["erase_after"]) == ("kept", None)
    api("POST", f"/denials/{kept}/decide", body | {"decision": "erase"}, admin, expect=409)
    assert api("POST", f"/denials/{own}/decide", body, admin, expect=403).body["code"] == "own-deed"
    proof = prove(api, new_phone(), numbers[1])
    assert proof["people"][0]["next_steps"] == ["show-paper"], "what was decided is not asked again"
    deny(api, people[1], numbers[1], expect=404)
    auditor = api.login(make_account(api, admin, "auditor"), PASSWORD)
    assert [one["id"] for one in api("GET", "/denials", token=auditor, expect=200).body["items"]] == [own]
    closed = [api("GET", "/denials?state=closed&limit=1", token=auditor, expect=200).body]
    closed.append(api("GET", f"/denials?state=closed&limit=1&cursor={closed[0]['next_cursor']}", token=auditor).body)
    assert [one["items"][0]["id"] for one in closed] == [kept, erased]
    assert closed[1]["next_cursor"] is None


def test_who_registered_themself_has_nothing_to_deny_and_who_takes_over_takes_it_back(
    api: Api, admin: str, unit: str
) -> None:
    known = add_volunteer(api, unit)
    deny(api, known.id, known.id_number, expect=404)
    body = form(api, proved=False, unit_id=unit, password=None)
    made = api("POST", "/volunteers", body, expect=201).body["id"]
    desk = Browser(api.app)
    code = api.code(body["phone"], "register")
    desk.post("/invited", phone=body["phone"], phone_code=code)
    assert "7 天" in desk.get(f"/invited/{made}/deny").text
    desk.post(f"/invited/{made}/deny")
    assert "删除" in desk.follow().text
    desk.post(f"/invited/{made}/take-over", id_number=body["id_number"])
    (one,) = api("GET", "/denials?state=closed", token=admin, expect=200).body["items"]
    assert (one["state"], one["erase_after"]) == ("withdrawn", None)
