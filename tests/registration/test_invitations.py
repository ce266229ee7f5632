"""Invitations: who stands on a list is registered only by their own deed, or leaves no trace."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.imports.making import bring_in, person
from tests.registration.making import CONSENT, PASSWORD, form, guardian, new_phone, on_paper, resident_id
from tests.units.making import make_liaison, make_unit
from volunteer.database import db, metadata


@pytest.fixture
def unit(api: Api, admin: str) -> str:
    return make_unit(api, admin, code="B1")


@pytest.fixture
def liaison(api: Api, admin: str, unit: str) -> str:
    return make_liaison(api, admin, unit_id=unit)


def invite(api: Api, liaison: str, number: str = "", phone: str = "") -> tuple[str, str, str]:
    """Invite somebody; return the invitation, the phone and the identity number."""
    row = person(number=number, phone=phone or new_phone())
    bring_in(api, liaison, row)
    found = api("GET", "/volunteers?status=invited", token=liaison, expect=200).body["items"]
    return found[0]["id"], row[2], row[1]


def answer(api: Api, invitation: str, phone: str, how: str = "claim", expect: int = 200, **more: Any) -> Any:
    """Claim or refuse with a right code."""
    body = {"phone": phone, "phone_code": api.code(phone, "register")} | more
    if how == "claim":
        body = {"consent_version": CONSENT, "password": PASSWORD} | body
    return api("POST", f"/invitations/{invitation}/{how}", body, expect=expect)


def status_of(api: Api, admin: str, person_id: str) -> str:
    found: str = api("GET", f"/volunteers/{person_id}", token=admin, expect=200).body["status"]
    return found


def test_a_claim_with_the_lists_phone_registers(api: Api, admin: str, liaison: str, unit: str) -> None:
    invitation, phone, _ = invite(api, liaison)
    made = answer(api, invitation, phone).body
    assert (made["id"], made["status"]) == (invitation, "registered")
    me = api("GET", "/me", token=api.login(phone, PASSWORD), expect=200).body["volunteer"]
    assert (me["id"], me["unit_id"]) == (invitation, unit)
    assert answer(api, invitation, phone, expect=409).body["code"] == "illegal-transition"
    assert answer(api, invitation, phone, "refuse", expect=409).body["code"] == "illegal-transition"


def test_another_phone_needs_the_identity_number(api: Api, liaison: str) -> None:
    invitation, _, number = invite(api, liaison)
    other = new_phone()
    assert answer(api, invitation, other, expect=422).codes == {"phone": "claim-failed"}
    wrong = answer(api, invitation, other, expect=422, id_number=resident_id())
    assert wrong.codes == {"phone": "claim-failed"}
    assert answer(api, invitation, other, id_number=number).body["status"] == "registered"


def test_a_claim_needs_code_and_consent_at_once(api: Api, admin: str, liaison: str) -> None:
    invitation, phone, _ = invite(api, liaison)
    body = {"phone": phone, "phone_code": "000000", "consent_version": "1999-01-01", "password": "short"}
    faults = api("POST", f"/invitations/{invitation}/claim", body, expect=422).codes
    assert faults == {"consent_version": "consent-required", "password": "weak-password", "phone_code": "wrong-code"}
    assert status_of(api, admin, invitation) == "invited"
    api("POST", f"/invitations/{resident_uuid()}/claim", body, expect=404)


def resident_uuid() -> str:
    return "01900000-0000-7000-8000-000000000000"


def test_a_child_is_claimed_with_a_guardian(api: Api, liaison: str) -> None:
    born = dt.date(2014, 6, 1)
    invitation, phone, _ = invite(api, liaison, resident_id(born))
    assert answer(api, invitation, phone, expect=422).codes == {"guardian": "guardian-required"}
    made = answer(api, invitation, phone, guardian=guardian(api, phone)).body
    assert made["status"] == "registered"
    me = api("GET", "/me", token=api.login(phone, PASSWORD), expect=200).body
    assert [one["id"] for one in me["acts_for"]] == [invitation]


def test_who_refuses_is_erased_at_once(app: Flask, api: Api, admin: str, liaison: str) -> None:
    invitation, phone, number = invite(api, liaison)
    answer(api, invitation, phone, "refuse", 204)
    api("GET", f"/volunteers/{invitation}", token=admin, expect=404)
    with app.app_context():
        persons, invitations = metadata.tables["persons"], metadata.tables["invitations"]
        row = db.session.execute(sa.select(persons)).one()
        assert (row.status, row.name, row.phone_sealed, row.id_number_index) == ("erased", None, None, None)
        assert db.session.execute(sa.select(invitations)).one().refused_at is not None
    api("POST", "/volunteers", form(api, id_number=number), expect=201)


def test_registering_oneself_answers_the_invitation(api: Api, admin: str, liaison: str, unit: str) -> None:
    invitation, _, number = invite(api, liaison)
    made = api("POST", "/volunteers", form(api, id_number=number, name="闻人自己"), expect=201).body
    assert (made["id"], made["status"]) == (invitation, "registered")
    found = api("GET", f"/volunteers/{invitation}", token=admin, expect=200).body
    assert (found["display_name"], found["unit_id"]) == ("闻**己", unit)
    elsewhere = make_unit(api, admin)
    second, _, number = invite(api, liaison)
    api("POST", "/volunteers", form(api, id_number=number, unit_id=elsewhere), expect=201)
    assert api("GET", f"/volunteers/{second}", token=admin, expect=200).body["unit_id"] == elsewhere


def test_nobody_without_proof_answers_for_the_invited(api: Api, admin: str, liaison: str) -> None:
    invitation, phone, number = invite(api, liaison)
    refused = api("POST", "/volunteers", form(api, proved=False, id_number=number), expect=409).body
    assert refused["code"] == "already-registered"
    body = {"id_type": "resident_id", "id_number": number, "phone": phone, "phone_code": api.code(phone, "register")}
    assert api("POST", "/volunteers/claim", body, expect=422).codes == {"id_number": "claim-failed"}
    api("POST", f"/volunteers/{invitation}/confirm", {}, liaison, expect=409)
    assert status_of(api, admin, invitation) == "invited"


def test_a_paper_answers_for_who_has_no_phone(api: Api, admin: str, liaison: str) -> None:
    invitation, _, number = invite(api, liaison)
    made = on_paper(api, liaison, id_number=number)
    assert (made.status, made.body["id"], made.body["status"]) == (201, invitation, "unproven")
    api("POST", f"/volunteers/{invitation}/confirm", {}, liaison, expect=200)
    assert status_of(api, admin, invitation) == "registered"
