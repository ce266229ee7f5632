"""Becoming a volunteer over HTTP: proved and unproven phones, children, families, papers, known identities, races."""

import dataclasses
import datetime as dt
import random
import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Answer, Api
from tests.registration.making import (
    CHILD,
    PASSWORD,
    add_child,
    add_unproven,
    add_volunteer,
    form,
    guardian,
    new_phone,
    on_paper,
    resident_id,
)
from tests.units.making import make_area, make_liaison, make_staff, make_unit
from volunteer import config
from volunteer.clock import SettableClock
from volunteer.database import reading
from volunteer.registration import fresh_numbers, queries, registering, vault
from volunteer.registration.models import Person
from volunteer.sealing import Keyring


def test_a_proved_phone_registers_and_opens_an_account(api: Api, admin: str) -> None:
    unit, area = make_unit(api, admin), make_area(api, admin)
    more = {"political_status": "13", "skills": ["first_aid"], "service_categories": ["traffic_guidance"]}
    person = add_volunteer(api, unit, area_id=area, **more)
    assert len(person.no) == 9
    me = api("GET", "/me", token=person.token, expect=200).body
    assert me["volunteer"] == {
        "id": person.id,
        "volunteer_no": person.no,
        "status": "registered",
        "unit_id": unit,
    }
    assert me["acts_for"] == []
    shown = api("GET", f"/volunteers/{person.id}", token=person.token, expect=200).body
    assert (shown["name"], shown["display_name"], shown["phone"]) == ("张三丰", "张*丰", person.phone)
    assert (shown["area_id"], shown["skills"], shown["birth_date"], shown["age"]) == (
        area,
        ["first_aid"],
        "1990-05-01",
        35,
    )
    assert shown["id_number"] == person.id_number[0] + "*" * 16 + person.id_number[-1]


def test_an_unproved_phone_is_unproven_and_opens_no_account(api: Api) -> None:
    person = add_unproven(api)
    api("POST", "/auth/login", {"phone": person.phone, "password": PASSWORD}, expect=401)
    code = api.code(person.phone, "login")
    api("POST", "/auth/login", {"phone": person.phone, "phone_code": code}, expect=401)


def test_a_wrong_code_is_a_fault_and_never_silently_unproven(api: Api) -> None:
    body = form(api, phone_code="000000x")
    assert api("POST", "/volunteers", body, expect=422).codes == {"phone_code": "wrong-code"}


def test_a_code_proves_one_registration(api: Api) -> None:
    body = form(api)
    api("POST", "/volunteers", body, expect=201)
    again = body | {"id_number": resident_id()}
    assert api("POST", "/volunteers", again, expect=422).codes == {"phone_code": "wrong-code"}


def test_every_fault_is_told_at_once(api: Api, admin: str) -> None:
    closed = make_unit(api, admin)
    api("PATCH", f"/units/{closed}", {"closed_on": "2026-03-22"}, admin)
    body = {
        "name": "张3",
        "id_type": "resident_id",
        "id_number": "11010119850317000Z",
        "phone": "12345",
        "phone_code": "1",
        "password": "12345678",
        "consent_version": "1999-01-01",
        "unit_id": "018f0000-0000-7000-8000-000000000000",
        "area_id": "018f0000-0000-7000-8000-000000000000",
        "political_status": "99",
        "skills": ["first_aid", "flying"],
        "service_categories": ["nothing"],
        "rank": 1,
    }
    assert api("POST", "/volunteers", body, expect=422).codes == {
        "name": "bad-name",
        "id_number": "checksum",
        "phone": "bad-phone",
        "consent_version": "consent-required",
        "unit_id": "unknown",
        "area_id": "unknown",
        "political_status": "unknown-value",
        "skills.1": "unknown-value",
        "service_categories.0": "unknown-value",
        "rank": "unknown-field",
    }
    empty = api("POST", "/volunteers", {}, expect=422).codes
    assert empty == {
        "name": "required",
        "id_type": "required",
        "id_number": "required",
        "phone": "required",
        "consent_version": "consent-required",
    }
    weak = form(api, password="12345678", phone_code="999", birth=CHILD)
    assert api("POST", "/volunteers", weak, expect=422).codes == {
        "password": "weak-password",
        "phone_code": "wrong-code",
        "guardian": "guardian-required",
    }


def test_a_closed_unit_takes_nobody(api: Api, admin: str, clock: SettableClock) -> None:
    from tests.units.making import pass_days

    unit = make_unit(api, admin)
    admin = pass_days(api, clock, 1)
    api("PATCH", f"/units/{unit}", {"closed_on": "2026-03-23"}, admin, expect=200)
    assert api("POST", "/volunteers", form(api, unit_id=unit), expect=422).codes == {"unit_id": "unknown"}


def test_other_papers_need_birth_date_and_sex(api: Api) -> None:
    body = form(api, id_type="passport", id_number="e12345678")
    assert api("POST", "/volunteers", body, expect=422).codes == {"birth_date": "required", "sex": "required"}
    told = {"birth_date": "1980-02-29", "sex": "female"}
    body |= told | {"phone_code": api.code(body["phone"], "register")}
    api("POST", "/volunteers", body, expect=201)
    shown = api("GET", "/me/data", token=api.login(body["phone"], PASSWORD), expect=200).body["person"]
    assert (shown["id_type"], shown["id_number"], shown["birth_date"]) == ("passport", "E12345678", "1980-02-29")


def test_a_known_identity_is_told_only_how_to_claim_it(api: Api) -> None:
    person = add_volunteer(api)
    for proved in (True, False):
        body = form(api, proved=proved, name="李四", id_number=person.id_number.lower())
        told = api("POST", "/volunteers", body, expect=409).body
        assert told["code"] == "already-registered"
        assert set(told) == {"type", "title", "status", "detail", "code"}
        for secret in (person.id, person.no, "张", person.phone[-4:]):
            assert secret not in told["detail"]


def test_an_identity_is_known_under_older_keys_too(api: Api) -> None:
    person, old = add_volunteer(api), config.settings()
    newer = Keyring(old.keyring.seal_keys, {**old.keyring.index_keys, 2: bytes(range(32))})
    config.install(dataclasses.replace(old, keyring=newer))
    body = form(api, id_number=person.id_number)
    assert api("POST", "/volunteers", body, expect=409).body["code"] == "already-registered"
    assert api("GET", f"/volunteers/{person.id}", token=api.login(person.phone, PASSWORD), expect=200)


def test_a_refused_registration_leaves_the_code_unspent(api: Api) -> None:
    person = add_volunteer(api)
    body = form(api, id_number=person.id_number)
    api("POST", "/volunteers", body, expect=409)
    api("POST", "/volunteers", body | {"id_number": resident_id()}, expect=201)


def test_two_at_once_and_one_person(app: Flask, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have looked and found nobody when they insert; the unique index lets one through."""
    number = resident_id()
    bodies = [form(api, id_number=number) for _ in range(2)]
    barrier = threading.Barrier(2, timeout=2)
    put_identity = vault.put_identity

    def meet(*args: Any) -> None:
        put_identity(*args)
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            return  # SQLite has one writer: the other waits outside

    monkeypatch.setattr(registering.vault, "put_identity", meet)
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda body=body: answers.append(api("POST", "/volunteers", body))) for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201, 409]
    assert [a.body["code"] for a in answers if a.status == 409] == ["already-registered"]
    with app.app_context():
        assert reading().query(Person).count() == 1


class Scripted(random.Random):
    """Gives the numbers that it was told to give, one after the other."""

    def __init__(self, *numbers: str) -> None:
        super().__init__()
        self.left = [int(number) for number in numbers]

    def randrange(self, *_: Any) -> int:
        return self.left.pop(0)


def test_a_new_number_is_nobodys_neither_as_such_nor_as_a_pass_number(
    app: Flask, api: Api, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def numbers_of(person_id: str) -> tuple[str, str]:
        with app.app_context():
            person = reading().get_one(Person, uuid.UUID(person_id))
            return person.volunteer_no, person.pass_no

    mine, my_pass = numbers_of(add_volunteer(api).id)
    one, two, three, four = "411111111", "422222222", "433333333", "444444444"
    given = Scripted(my_pass, mine, one, one, two, my_pass, three, mine, four)
    monkeypatch.setattr(fresh_numbers, "RANDOM", given)
    by_oneself = api("POST", "/volunteers", form(api), expect=201).body["id"]
    on_a_paper = on_paper(api, admin).body["id"]
    assert {*numbers_of(by_oneself)} == {one, two}
    assert {*numbers_of(on_a_paper)} == {three, four}
    assert given.left == []


def test_a_phone_with_an_account_keeps_its_password(api: Api, admin: str) -> None:
    person = add_volunteer(api)
    other = form(api, phone=person.phone, password="Another-2026", name="张大山")
    made = api("POST", "/volunteers", other, expect=201).body
    api("POST", "/auth/login", {"phone": person.phone, "password": "Another-2026"}, expect=401)
    me = api("GET", "/me", token=api.login(person.phone, PASSWORD), expect=200).body
    assert me["volunteer"]["id"] == person.id
    assert [(p["id"], p["display_name"]) for p in me["acts_for"]] == [(made["id"], "张*山")]


def test_a_staff_account_becomes_a_volunteer_by_its_phone(api: Api, admin: str) -> None:
    body = form(api, phone="13900000001", password=None)
    made = api("POST", "/volunteers", body, expect=201).body
    assert api("GET", "/me", token=admin, expect=200).body["volunteer"]["id"] == made["id"]


def test_who_is_signed_in_registers_themself_once(api: Api, admin: str) -> None:
    body = form(api, relation="self", password=None)
    made = api("POST", "/volunteers", body, admin, expect=201).body
    assert api("GET", "/me", token=admin, expect=200).body["volunteer"]["id"] == made["id"]
    again = form(api, relation="self", password=None)
    assert api("POST", "/volunteers", again, admin, expect=422).codes == {"relation": "already-somebody"}


def test_signed_in_the_new_person_is_a_dependant(api: Api) -> None:
    person = add_volunteer(api)
    grandma = form(api, birth=dt.date(1946, 1, 1), name="王桂兰", password=None)
    made = api("POST", "/volunteers", grandma, person.token, expect=201).body
    assert made["status"] == "registered"
    me = api("GET", "/me", token=person.token, expect=200).body
    assert me["volunteer"]["id"] == person.id
    assert [p["id"] for p in me["acts_for"]] == [made["id"]]
    assert api("GET", f"/volunteers/{made['id']}", token=person.token, expect=200).body["name"] == "王桂兰"
    own = form(api, birth=dt.date(1946, 1, 2), name="王桂芳")
    sister = api("POST", "/volunteers", own, person.token, expect=201).body
    token = api.login(own["phone"], PASSWORD)
    assert api("GET", "/me", token=token, expect=200).body["volunteer"]["id"] == sister["id"]


def test_a_child_needs_a_guardian_whose_phone_is_proved(api: Api) -> None:
    def faults(given: Any) -> dict[str, str]:
        body = form(api, birth=CHILD, guardian=given)
        return api("POST", "/volunteers", body, expect=422).codes

    sound = guardian(api)
    assert faults(None) == {"guardian": "guardian-required"}
    assert faults({}) == {f"guardian.{name}": "required" for name in ("name", "phone", "phone_code", "relation")}
    assert faults(sound | {"phone_code": "000"}) == {"guardian.phone_code": "wrong-code"}
    assert faults(sound | {"phone_code": api.code(sound["phone"], "register")}) == {"guardian.phone_code": "wrong-code"}
    assert faults(sound | {"relation": "friend", "name": "3"}) == {
        "guardian.relation": "unknown-value",
        "guardian.name": "bad-name",
    }


def test_a_guardian_gets_an_account_and_acts_for_the_child(api: Api) -> None:
    given = guardian(api, relation="母亲")
    body = form(api, birth=CHILD, guardian=given, name="小明")
    made = api("POST", "/volunteers", body, expect=201).body
    assert made["status"] == "registered"
    code = api.code(given["phone"], "login")
    token = api("POST", "/auth/login", {"phone": given["phone"], "phone_code": code}, expect=200).body["access_token"]
    me = api("GET", "/me", token=token, expect=200).body
    assert (me["volunteer"], [p["display_name"] for p in me["acts_for"]]) == (None, ["小*"])
    shown = api("GET", f"/volunteers/{made['id']}", token=token, expect=200).body
    assert shown["guardian"] == {"name": "李秀英", "phone": given["phone"], "relation": "mother"}
    data = api("GET", f"/me/data?volunteer_id={made['id']}", token=token, expect=200).body
    assert data["consents"][0]["is_by_guardian"] is True
    own = api.login(body["phone"], PASSWORD)
    assert api("GET", "/me", token=own, expect=200).body["volunteer"]["id"] == made["id"]


def test_a_childs_own_phone_is_no_guardian(api: Api) -> None:
    child = form(api, birth=CHILD, guardian=guardian(api))
    api("POST", "/volunteers", child, expect=201)
    friend = form(api, birth=CHILD, guardian=guardian(api, child["phone"]))
    assert api("POST", "/volunteers", friend, expect=422).codes == {"guardian.phone": "guardian-too-young"}


def test_a_parents_phone_proves_itself_for_the_child(api: Api) -> None:
    parent = add_volunteer(api)
    child = add_child(api, parent)
    me = api("GET", "/me", token=parent.token, expect=200).body
    assert me["volunteer"]["id"] == parent.id
    assert [p["id"] for p in me["acts_for"]] == [child.id]
    assert api("GET", f"/volunteers/{child.id}", token=parent.token, expect=200).body["status"] == "registered"


def test_a_guardian_acts_until_the_18th_birthday(api: Api, clock: SettableClock) -> None:
    given = guardian(api)
    body = form(api, birth=dt.date(2008, 3, 23), guardian=given)
    made = api("POST", "/volunteers", body, expect=201).body

    def wards() -> list[str]:
        code = api.code(given["phone"], "login")
        login = {"phone": given["phone"], "phone_code": code}
        token = api("POST", "/auth/login", login, expect=200).body["access_token"]
        return [p["id"] for p in api("GET", "/me", token=token, expect=200).body["acts_for"]]

    assert wards() == [made["id"]]
    clock.advance(days=1)
    assert wards() == []


def test_staff_register_on_paper_without_a_phone(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    liaison = make_liaison(api, admin, unit_id=unit)
    made = on_paper(api, liaison, unit_id=unit, consent_version=None)
    assert (made.status, made.body["status"]) == (201, "unproven")
    person = api("GET", f"/volunteers/{made.body['id']}", token=liaison, expect=200).body
    assert (person["phone"], person["unit_id"], person["name"]) == (None, unit, None)
    assert on_paper(api, admin, birth=CHILD).codes == {"guardian": "guardian-required"}
    signed = {"name": "李秀英", "relation": "mother"}
    assert on_paper(api, admin, birth=CHILD, guardian=signed).status == 201


def test_papers_are_for_staff_in_scope(api: Api, admin: str) -> None:
    mine, other = make_unit(api, admin), make_unit(api, admin)
    liaison, person = make_liaison(api, admin, unit_id=mine), add_volunteer(api)
    assert on_paper(api, person.token).status == 403
    assert on_paper(api, make_staff(api, admin, "auditor")).status == 403
    assert on_paper(api, liaison, unit_id=other).status == 404
    body = form(api, proved=False, paper_consent_reference="1")
    api("POST", "/volunteers", body, expect=401)
    assert api("POST", "/volunteers", body, liaison, expect=422).codes == {
        "phone": "not-with-paper",
        "password": "not-with-paper",
    }


def test_a_claim_takes_identity_and_phone_together(api: Api) -> None:
    person, other = add_unproven(api), add_unproven(api)

    def claim(id_number: str, phone: str) -> Answer:
        code = api.code(phone, "register")
        body = {"id_type": "resident_id", "id_number": id_number, "phone": phone, "phone_code": code}
        return api("POST", "/volunteers/claim", body | {"password": PASSWORD})

    wrong = claim(person.id_number, other.phone)
    unknown = claim(resident_id(), new_phone())
    assert (wrong.status, wrong.codes, wrong.body) == (422, {"id_number": "claim-failed"}, unknown.body)
    claimed = claim(person.id_number, person.phone)
    assert (claimed.status, claimed.body["status"]) == (200, "registered")
    token = api.login(person.phone, PASSWORD)
    assert api("GET", "/me", token=token, expect=200).body["volunteer"]["id"] == person.id


def test_the_channel_is_kept(api: Api, app: Flask) -> None:
    made = api("POST", "/volunteers", form(api), expect=201, headers={"User-Agent": "x MicroMessenger/8"}).body
    with app.app_context():
        import uuid

        assert reading().get_one(Person, uuid.UUID(made["id"])).channel == "wechat"
        assert list(reading().scalars(queries.counted_as_of(dt.date(2026, 3, 22)))) == [uuid.UUID(made["id"])]
        assert list(reading().scalars(queries.counted_as_of(dt.date(2026, 3, 21)))) == []
