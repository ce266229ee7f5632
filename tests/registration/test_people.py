"""Seeing, finding and changing people: who sees what of whom, and nothing of another unit."""

import datetime as dt
import uuid

import pytest
from flask import Flask

from tests.conftest import Api
from tests.imports.making import bring_in
from tests.imports.making import person as listed
from tests.registration.making import (
    CHILD,
    PASSWORD,
    add_child,
    add_unproven,
    add_volunteer,
    form,
    new_phone,
    on_paper,
    resident_id,
)
from tests.units.making import make_area, make_liaison, make_staff, make_unit
from volunteer.access import NOBODY
from volunteer.database import reading, transaction
from volunteer.registration import service
from volunteer.registration.rules import PersonStatus

MASKED = ("name", "id_type", "id_number", "birth_date", "guardian", "emergency_contact")


def test_a_liaison_sees_masks(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    person, liaison = add_volunteer(api, unit), make_liaison(api, admin, unit_id=unit)
    seen = api("GET", f"/volunteers/{person.id}", token=liaison, expect=200).body
    assert (seen["display_name"], seen["phone"], seen["unit_id"], seen["age"], seen["is_minor"]) == (
        "张*丰",
        f"150****{person.phone[-4:]}",
        unit,
        35,
        False,
    )
    assert all(seen[name] is None for name in MASKED)
    auditor = make_staff(api, admin, "auditor")
    assert api("GET", f"/volunteers/{person.id}", token=auditor, expect=200).body == seen


def test_people_of_other_units_are_not_there(api: Api, admin: str) -> None:
    mine, other = make_unit(api, admin), make_unit(api, admin)
    liaison = make_liaison(api, admin, unit_id=mine)
    alone, theirs = add_volunteer(api), add_volunteer(api, other)
    unproven = add_unproven(api, other)
    child = add_child(api, theirs, unit_id=other)
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"skills": []}),
        ("POST", "/confirm", {}),
        ("POST", "/suspend", {"reason": "x"}),
        ("POST", "/restore", {}),
        ("POST", "/contest", {"reason": "x"}),
        ("POST", "/unmask", {"fields": ["name"], "reason": "x"}),
        ("POST", "/transfer", {"unit_id": mine, "on": "2026-03-22"}),
    ]
    unknown = str(uuid.uuid4())
    for person_id in (theirs.id, unproven.id, child.id, unknown):
        for method, tail, body in calls:
            answer = api(method, f"/volunteers/{person_id}{tail}", body, liaison)
            assert (answer.status, answer.body["code"]) == (404, "not-found"), (method, tail)
    for method, tail, body in calls[:-1]:
        assert api(method, f"/volunteers/{alone.id}{tail}", body, liaison).status == 404, tail
    away = {"unit_id": other, "on": "2026-03-22"}
    api("POST", f"/volunteers/{alone.id}/transfer", away, liaison, expect=404)
    api("GET", f"/volunteers?unit_id={other}", token=liaison, expect=404)
    assert api("GET", "/volunteers", token=liaison, expect=200).body["items"] == []


def test_volunteers_see_nobody_else(api: Api, admin: str) -> None:
    person, other = add_volunteer(api), add_volunteer(api)
    api("GET", f"/volunteers/{other.id}", token=person.token, expect=404)
    api("PATCH", f"/volunteers/{other.id}", {"skills": []}, person.token, expect=404)
    api("GET", f"/me/data?volunteer_id={other.id}", token=person.token, expect=404)
    api("GET", f"/me/messages?volunteer_id={other.id}", token=person.token, expect=404)
    api("DELETE", f"/me?volunteer_id={other.id}", {}, person.token, expect=404)
    api("POST", f"/me/restore?volunteer_id={other.id}", {}, person.token, expect=404)
    api("GET", "/volunteers", token=person.token, expect=403)
    for path in (f"/volunteers/{other.id}", "/volunteers", "/me/data", "/me/messages"):
        api("GET", path, expect=401)
    for tail in ("confirm", "suspend", "restore", "transfer", "contest", "unmask"):
        body = {"reason": "x", "unit_id": other.id, "fields": ["name"]}
        assert api("POST", f"/volunteers/{other.id}/{tail}", body, person.token).status in (403, 422)
        assert api("POST", f"/volunteers/{other.id}/{tail}", {}, person.token).status == 403


def test_the_list_is_the_units_subtree_in_pages(api: Api, admin: str) -> None:
    top = make_unit(api, admin)
    below = make_unit(api, admin, top)
    liaison = make_liaison(api, admin, unit_id=top)
    made = [add_volunteer(api, unit).id for unit in (top, below, below)]
    add_volunteer(api)
    first = api("GET", "/volunteers?limit=2", token=liaison, expect=200).body
    rest = api("GET", f"/volunteers?limit=2&cursor={first['next_cursor']}", token=liaison, expect=200).body
    assert [p["id"] for p in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert first["items"][0]["unit_id"] == below
    assert len(api("GET", f"/volunteers?unit_id={below}", token=liaison, expect=200).body["items"]) == 2
    assert len(api("GET", "/volunteers", token=admin, expect=200).body["items"]) == 4
    assert api("GET", "/volunteers?cursor=x", token=admin, expect=422).codes == {"cursor": "bad-cursor"}
    assert api("GET", "/volunteers?status=x", token=admin, expect=422).codes == {"status": "unknown-value"}


def test_people_are_found_by_name_number_and_phone(api: Api, admin: str) -> None:
    parent = add_volunteer(api, name="欧阳修", phone="15012345678")
    other = add_volunteer(api, name="Li_Lei".replace("_", " "), phone="15099995678")
    child = add_child(api, parent, name="欧小明")

    def found(q: str, **more: str) -> set[str]:
        query = "&".join(f"{name}={value}" for name, value in ({"q": q} | more).items())
        return {p["id"] for p in api("GET", f"/volunteers?{query}", token=admin, expect=200).body["items"]}

    assert found("阳修") == {parent.id}
    assert found("li le") == {other.id}
    assert found("%") == set()
    assert found("欧小明") == {child.id}
    assert found("小明") == set()
    assert found(other.no) == {other.id}
    assert found("5678") == {parent.id, other.id, child.id}
    assert found("95678") == {other.id}
    assert found("15012345678") == {parent.id, child.id}
    assert found("5678", status="suspended") == set()


def test_a_keeper_finds_only_who_stands_before_them(api: Api, admin: str) -> None:
    keeper = make_staff(api, admin, "station_keeper", area_id=make_area(api, admin))
    proved, unproven = add_volunteer(api), add_unproven(api)

    def found(q: str) -> list[str]:
        return [p["id"] for p in api("GET", f"/volunteers?q={q}", token=keeper, expect=200).body["items"]]

    assert found(unproven.no) == [unproven.id]
    assert found(proved.no) == found("张三丰") == found("张") == []
    assert api("GET", "/volunteers", token=keeper, expect=200).body["items"] == []
    api("GET", f"/volunteers?unit_id={make_unit(api, admin)}", token=keeper, expect=404)
    api("GET", f"/volunteers/{proved.id}", token=keeper, expect=404)


def test_a_keeper_sees_whom_the_hook_names(api: Api, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = make_staff(api, admin, "station_keeper", area_id=make_area(api, admin))
    person, other = add_volunteer(api), add_volunteer(api)
    monkeypatch.setattr(service, "KEEPER_SEES", service.KEEPER_SEES)
    service.KEEPER_SEES.append(lambda _actor, person_id: str(person_id) == person.id)
    try:
        assert api("GET", f"/volunteers/{person.id}", token=keeper, expect=200).body["display_name"] == "张*丰"
        api("GET", f"/volunteers/{other.id}", token=keeper, expect=404)
        api("PATCH", f"/volunteers/{person.id}", {"skills": []}, keeper, expect=403)
        shown = api(
            "POST", f"/volunteers/{person.id}/unmask", {"fields": ["phone"], "reason": "通知改期"}, keeper, expect=200
        )
        assert shown.body == {"phone": person.phone}
    finally:
        service.KEEPER_SEES.pop()


def test_a_person_changes_their_own_fields(api: Api, admin: str) -> None:
    person = add_volunteer(api)
    path = f"/volunteers/{person.id}"
    contact = {"name": "李四", "phone": "150 1111 2222", "relation": "spouse"}
    changes = {"skills": ["law"], "political_status": "01", "emergency_contact": contact}
    changed = api("PATCH", path, changes, person.token, expect=200).body
    assert (changed["skills"], changed["political_status"]) == (["law"], "01")
    assert changed["emergency_contact"] == contact | {"phone": "15011112222"}
    wrong = {"skills": ["x"], "phone": "1", "emergency_contact": {"name": "a", "phone": "15011112222", "relation": "x"}}
    assert api("PATCH", path, wrong, person.token, expect=422).codes == {"phone": "bad-phone"}
    del wrong["phone"]
    assert api("PATCH", path, wrong, person.token, expect=422).codes == {
        "skills.0": "unknown-value",
        "emergency_contact.relation": "unknown-value",
    }
    assert api("PATCH", path, {"name": "别人"}, person.token, expect=403).body["code"] == "forbidden"
    assert api("PATCH", path, {"emergency_contact": None}, person.token, expect=200).body["emergency_contact"] is None


def test_a_new_phone_is_proved(api: Api) -> None:
    person, phone = add_volunteer(api), new_phone()
    path = f"/volunteers/{person.id}"
    for code in ({}, {"phone_code": "000000"}):
        assert api("PATCH", path, {"phone": phone, **code}, person.token, expect=422).codes == {
            "phone_code": "wrong-code"
        }
    change = {"phone": phone, "phone_code": api.code(phone, "register")}
    assert api("PATCH", path, change, person.token, expect=200).body["phone"] == phone
    assert api("PATCH", path, change, person.token, expect=422).codes == {"phone_code": "wrong-code"}


def test_a_liaison_alone_changes_neither_name_nor_phone(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    liaison, person = make_liaison(api, admin, unit_id=unit), add_volunteer(api, unit)
    path = f"/volunteers/{person.id}"
    asked = api("PATCH", path, {"name": "张三封", "reason": "证件上是封"}, liaison, expect=202).body
    assert (asked["display_name"], [one["fields"] for one in asked["pending_changes"]]) == ("张*丰", [["name"]])
    again = api("PATCH", path, {"name": "张三封", "skills": ["law"]}, liaison, expect=202).body
    assert (again["pending_changes"], again["skills"]) == (asked["pending_changes"], ["law"])
    assert api("PATCH", path, {"name": "李四"}, liaison, expect=409).body["code"] == "already-asked"
    assert api("PATCH", path, {"name": "张三丰"}, liaison, expect=200).body["pending_changes"] == []
    change = f"/person-changes/{asked['pending_changes'][0]['id']}"
    seen = {"name": "张三封", "seen": True}
    assert api("POST", f"{change}/accept", seen, liaison, expect=409).body["reasons"] == ["own-request"]
    other = make_liaison(api, admin, unit_id=unit)
    away = make_liaison(api, admin, unit_id=make_unit(api, admin))
    assert api("POST", f"{change}/accept", seen | {"name": "张三"}, other, expect=422).codes == {"name": "not-the-same"}
    api("POST", f"{change}/accept", seen, away, expect=404)
    assert api("POST", f"{change}/accept", seen | {"seen": False}, other, expect=422).codes == {"seen": "required"}
    assert [one["id"] for one in api("GET", "/person-changes", token=other, expect=200).body] == [change[-36:]]
    assert api("POST", f"{change}/accept", seen, other, expect=200).body["state"] == "accepted"
    assert api("GET", path, token=liaison, expect=200).body["display_name"] == "张*封"
    assert api("PATCH", path, {"name": "3"}, liaison, expect=422).codes == {"name": "bad-name"}
    phone = new_phone()
    api("PATCH", path, {"emergency_contact": None}, liaison, expect=403)
    assert api("PATCH", path, {"phone": phone}, liaison, expect=422).codes == {"phone_code": "wrong-code"}
    proved = {"phone": phone, "phone_code": api.code(phone, "register")}
    moved = api("PATCH", path, proved, liaison, expect=202).body
    assert (moved["phone"], moved["pending_changes"][0]["kind"]) == (f"150****{person.phone[-4:]}", "phone")
    told = api("GET", "/me/messages", token=person.token, expect=200).body["items"]
    assert {"change-phone-asked", "change-identity-asked"} <= {message["kind"] for message in told}
    own = api("GET", "/me/person-changes", token=person.token, expect=200).body
    assert [(one["kind"], one["state"], one["phone"]) for one in own] == [
        ("phone", "open", f"150****{phone[-4:]}"),
        ("identity", "accepted", None),
    ]
    for _ in range(2):
        ended = api("POST", f"/person-changes/{own[0]['id']}/withdraw", {}, person.token, expect=200).body
        assert ended["state"] == "withdrawn"
    refused = api("POST", f"/person-changes/{own[0]['id']}/refuse", {"reason": "没有证件"}, other, expect=409)
    assert refused.body["code"] == "illegal-transition"
    api("PATCH", path, {"skills": []}, make_staff(api, admin, "auditor"), expect=403)
    child = add_child(api, person, unit_id=unit)
    api("PATCH", f"/volunteers/{child.id}", {"name": "小红"}, liaison, expect=202)
    assert api("GET", f"/volunteers/{child.id}", token=person.token, expect=200).body["name"] == "张三丰"
    row = listed("闻人甲", number=resident_id())
    bring_in(api, liaison, row)
    (invited,) = api("GET", "/volunteers?status=invited", token=liaison, expect=200).body["items"]
    named = api("PATCH", f"/volunteers/{invited['id']}", {"name": "闻人乙"}, liaison, expect=200).body
    assert (named["display_name"], named["pending_changes"]) == ("闻*乙", []), "who is only invited is as the list says"


def test_the_promises_to_other_rooms(api: Api, app: Flask, admin: str) -> None:
    parent = add_volunteer(api, name="欧阳修", skills=["law"])
    child = add_child(api, parent, name="欧小明")
    ids = [uuid.UUID(parent.id), uuid.UUID(child.id)]
    with app.app_context():
        session = reading()
        known = service.facts_of(session, [*ids, uuid.uuid4()])
        assert set(known) == set(ids)
        adult, minor = known[ids[0]], known[ids[1]]
        assert (adult.status, adult.display_name, adult.skills) == (PersonStatus.REGISTERED, "欧*修", {"law"})
        assert (minor.birth_date, minor.guardian_consented, adult.guardian_consented) == (CHILD, True, False)
        assert (minor.card_serial, len(minor.pass_no)) == (1, 9)
        assert minor.pass_no != minor.volunteer_no
        assert service.display_names(session, ids) == {ids[0]: "欧*修", ids[1]: "欧*明"}
        assert service.facts_of(session, []) == {}
        assert service.full_name(session, ids[1]) == "欧小明"
        assert service.find_by_pass(session, minor.pass_no) == minor
        assert service.find_by_pass(session, "000000000") is None
        assert service.find_by_passes(session, [minor.pass_no, "1"]) == {minor.pass_no: minor}
        assert service.match_people(session, ids, "小明") == {ids[1]}
        assert service.match_people(session, ids, parent.phone[-5:]) == set(ids)
        assert service.match_people(session, ids, parent.phone[-3:]) == set()
        assert service.match_people(session, [], "小明") == service.match_people(session, ids, " ") == set()
        assert service.person_exists(ids[0])
        assert not service.may_act_for(NOBODY, ids[0])
        assert service.find_own_person(NOBODY) is None
        assert len(service.account_ids_of(session, ids[1])) == 1
        assert not service.has_confirmed(session, NOBODY, ids[0])
        with transaction() as session:
            assert service.lock_person(session, ids[0]) == adult
            assert service.find_by_pass(session, adult.pass_no, lock=True) == adult
            assert service.renew_card(session, ids[0]).card_serial == 2


def test_who_is_no_volunteer_is_told_so(api: Api, admin: str) -> None:
    for path in ("/me/data",):
        assert api("GET", path, token=admin, expect=403).body["code"] == "not-a-volunteer"
    assert api("DELETE", "/me", {}, admin, expect=403).body["code"] == "not-a-volunteer"
    assert api("GET", "/me/messages", token=admin, expect=200).body["items"] == []


def test_a_paper_person_is_searched_and_shown_without_a_phone(api: Api, admin: str) -> None:
    made = on_paper(api, admin, name="王桂兰", birth=dt.date(1946, 1, 1)).body
    listed = api("GET", "/volunteers?q=王桂", token=admin, expect=200).body["items"]
    assert [(p["id"], p["phone"], p["status"]) for p in listed] == [(made["id"], None, "unproven")]


def test_a_family_member_sees_the_other_in_full(api: Api) -> None:
    person = add_volunteer(api)
    body = form(api, proved=False, name="王桂兰", password=None)
    made = api("POST", "/volunteers", body, person.token, expect=201).body
    assert made["status"] == "unproven"
    assert api("GET", f"/volunteers/{made['id']}", token=person.token, expect=200).body["name"] == "王桂兰"
    assert PASSWORD not in str(api("GET", f"/me/data?volunteer_id={made['id']}", token=person.token).body)
