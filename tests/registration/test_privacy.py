"""One's own data, looking behind the mask, erasure; and that nothing personal stands anywhere in plain."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.registration.making import (
    CONSENT,
    add_child,
    add_unproven,
    add_volunteer,
    form,
    guardian,
    on_paper,
)
from tests.units.making import make_liaison, make_unit, pass_days
from volunteer.clock import SettableClock
from volunteer.database import db, reading
from volunteer.registration import erasure, privacy, queries, service
from volunteer.registration.rules import PersonStatus


def test_the_notice_and_its_version(api: Api) -> None:
    notice = api("GET", "/privacy-notice", expect=200).body
    assert notice["version"] == CONSENT
    assert "注销" in notice["text"]


def test_code_tables_are_public_and_edited_by_an_admin(api: Api, admin: str) -> None:
    for name in ("categories", "skills", "relations", "political_status", "guarantees"):
        assert {"code", "label"} == set(api("GET", f"/code-tables/{name}", expect=200).body[0])
    assert {"code": "traffic_guidance", "label": "交通引导"} in api("GET", "/code-tables/categories").body
    api("GET", "/code-tables/nothing", expect=404)
    items = [{"code": "drone", "label": "无人机"}, {"code": "law", "label": "法律援助"}]
    assert api("PUT", "/code-tables/skills", {"items": items}, admin, expect=200).body == items
    assert api("GET", "/code-tables/skills").body == items
    api("PUT", "/code-tables/skills", {"items": items}, add_volunteer(api).token, expect=403)
    api("PUT", "/code-tables/nothing", {"items": items}, admin, expect=404)
    twice = api("PUT", "/code-tables/skills", {"items": [items[0], items[0]]}, admin, expect=422)
    assert twice.codes == {"items.1.code": "repeated"}
    body = form(api, skills=["drone", "first_aid"])
    assert api("POST", "/volunteers", body, expect=422).codes == {"skills.1": "unknown-value"}


def test_unmasking_is_logged_for_the_person(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    person, liaison = add_volunteer(api, unit), make_liaison(api, admin, unit_id=unit)
    path = f"/volunteers/{person.id}/unmask"
    body = {"fields": ["phone", "name", "birth_date"], "reason": "核对名册"}
    assert api("POST", path, body, liaison, expect=200).body == {
        "name": "张三丰",
        "phone": person.phone,
        "birth_date": "1990-05-01",
    }
    assert api("POST", path, {"fields": ["phone"]}, liaison, expect=422).codes == {"reason": "required"}
    number = api("POST", path, {"fields": ["id_number"], "reason": "x"}, liaison, expect=422)
    assert number.codes == {"fields.0": "unknown-value"}
    log = api("GET", "/me/data", token=person.token, expect=200).body["unmaskings"]
    assert [(e["fields"], e["reason"]) for e in log] == [(["birth_date", "name", "phone"], "核对名册")]
    assert log[0]["by"].startswith("account:")


def test_my_data_is_everything(api: Api, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    when = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    given = {"lines": ({"on": when.date(), "at": when, "id": uuid.UUID(int=1), "n": 1, "no": None},)}
    monkeypatch.setattr(privacy, "EXPORTERS", [lambda _session, _person: given])
    person = add_volunteer(api, make_unit(api, admin, name="教育局"))
    data = api("GET", "/me/data", token=person.token, expect=200).body
    assert (data["person"]["id_number"], data["person"]["channel"]) == (person.id_number, "browser")
    assert data["statuses"] == [{"status": "registered", "from_on": "2026-03-22", "until_on": None}]
    assert [(c["version"], c["is_by_guardian"], c["paper_reference"]) for c in data["consents"]] == [
        (CONSENT, False, None)
    ]
    assert data["records"]["lines"] == [
        {"on": "2026-03-01", "at": "2026-03-01T00:00:00+00:00", "id": str(uuid.UUID(int=1)), "n": 1, "no": None}
    ]
    assert [c["action"] for c in data["changes"]] == ["person.register"]
    assert data["records"]["memberships"] == [
        {"unit": "教育局", "kind": "counts", "from_on": "2026-03-22", "until_on": None}
    ]
    assert [account["relation"] for account in data["records"]["accounts"]] == ["self"]


def test_messages_come_in_pages(api: Api, admin: str, clock: SettableClock) -> None:
    person = add_volunteer(api)
    for tail in ("suspend", "restore", "suspend"):
        api("POST", f"/volunteers/{person.id}/{tail}", {"reason": "x"}, admin, expect=200)
        clock.advance(minutes=1)
    first = api("GET", "/me/messages?limit=2", token=person.token, expect=200).body
    rest = api("GET", f"/me/messages?limit=2&cursor={first['next_cursor']}", token=person.token, expect=200).body
    kinds = [m["kind"] for m in first["items"] + rest["items"]]
    assert (kinds, rest["next_cursor"]) == (["suspended", "registered", "suspended"], None)
    from volunteer.web.paging import encode_cursor

    naive = encode_cursor("2026-03-22T10:00:00", uuid.uuid4())
    api("GET", f"/me/messages?cursor={naive}", token=person.token, expect=422)


def test_erasure_waits_seven_days_and_can_be_taken_back(api: Api, app: Flask, admin: str, clock: SettableClock) -> None:
    person = add_volunteer(api)
    asked = api("DELETE", "/me", {}, person.token, expect=200).body
    assert (asked["status"], asked["erase_after"]) == ("registered", "2026-03-29T02:00:00Z")
    assert api("DELETE", "/me", None, person.token, expect=200).body == asked
    for _ in range(2):
        assert api("POST", "/me/restore", {}, person.token, expect=200).body["erase_after"] is None
    clock.advance(minutes=16)
    assert api("DELETE", "/me", {}, person.token, expect=401).body["code"] == "unauthenticated"
    clock.advance(days=8)
    with app.app_context():
        assert erasure.erase_due(clock.now()) == 0


def test_erasing_leaves_a_tombstone(
    api: Api, app: Flask, admin: str, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[uuid.UUID] = []
    monkeypatch.setattr(erasure, "ERASERS", [lambda _session, person_id, _now: told.append(person_id)])
    unit = make_unit(api, admin)
    person = add_volunteer(api, unit, name="欧阳修")
    child = add_child(api, person, unit_id=unit)
    person_id = uuid.UUID(person.id)
    api("DELETE", "/me", {}, person.token, expect=200)
    api("DELETE", f"/me?volunteer_id={child.id}", {}, person.token, expect=200)
    clock.advance(days=7, seconds=-1)
    with app.app_context():
        assert erasure.erase_due(clock.now()) == 0
    clock.advance(seconds=1)
    token = api.login(person.phone, "Volunteer-2026")
    assert api("POST", "/me/restore", {}, token, expect=409).body["code"] == "illegal-transition"
    with app.app_context():
        pass_no = service.facts_of(reading(), [person_id])[person_id].pass_no
        assert erasure.erase_due(clock.now()) == 2
        assert erasure.erase_due(clock.now()) == 0
        facts = service.facts_of(reading(), [person_id])[person_id]
        assert (facts.status, facts.display_name) == (PersonStatus.ERASED, "已注销")
        assert service.find_by_pass(reading(), pass_no) is None
        assert not service.person_exists(person_id)
        assert set(told) == {person_id, uuid.UUID(child.id)}
        assert list(reading().scalars(queries.counted_as_of(dt.date(2026, 3, 28)))) != []
        assert list(reading().scalars(queries.counted_as_of(dt.date(2026, 3, 29)))) == []
        plain = "\n".join(everything(app))
        for secret in (person.phone, person.id_number, child.id_number, "欧阳修"):
            assert secret not in plain
    api("GET", "/me", token=token, expect=401)
    api("POST", "/auth/login", {"phone": person.phone, "password": "Volunteer-2026"}, expect=401)
    admin = pass_days(api, clock, 0)
    for tail in ("confirm", "suspend", "transfer", "unmask", "contest"):
        body: dict[str, Any] = {"suspend": {"reason": "x"}, "contest": {"reason": "x"}}.get(tail, {})
        body = {"transfer": {"unit_id": unit}, "unmask": {"fields": ["name"], "reason": "x"}}.get(tail, body)
        api("POST", f"/volunteers/{person.id}/{tail}", body, admin, expect=404)
    api("GET", f"/volunteers/{person.id}", token=admin, expect=404)
    again = api("POST", "/volunteers", form(api, id_number=person.id_number, phone=person.phone), expect=201).body
    assert again["id"] != person.id
    assert api("GET", "/me", token=api.login(person.phone, "Volunteer-2026")).body["volunteer"]["id"] == again["id"]


def test_who_takes_it_back_at_the_last_moment_is_not_erased(api: Api, app: Flask, clock: SettableClock) -> None:
    """What the job saw as due is judged again under the lock."""
    person, other = add_volunteer(api), add_volunteer(api)
    api("DELETE", "/me", {}, person.token, expect=200)
    with app.app_context():
        assert not erasure._erase_if_due(uuid.UUID(person.id), clock.now())
        assert not erasure._erase_if_due(uuid.UUID(other.id), clock.now() + dt.timedelta(days=8))


def test_a_staff_account_outlives_its_volunteer(api: Api, app: Flask, admin: str, clock: SettableClock) -> None:
    api("POST", "/volunteers", form(api, relation="self", password=None), admin, expect=201)
    api("DELETE", "/me", {}, admin, expect=200)
    clock.advance(days=7)
    with app.app_context():
        assert erasure.erase_due(clock.now()) == 1
    admin = pass_days(api, clock, 0)
    assert api("GET", "/me", token=admin, expect=200).body["volunteer"] is None


def everything(app: Flask) -> Iterator[str]:
    """Yield every value of every table, as text; bytes as they would be read."""
    with db.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):  # noqa: S608 - our own names
                for value in row:
                    yield value.decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


def test_nothing_personal_stands_in_plain(api: Api, app: Flask, admin: str) -> None:
    unit = make_unit(api, admin)
    adult = add_volunteer(api, unit, name="欧阳修")
    given = guardian(api, name="诸葛亮")
    body = form(api, birth=dt.date(2009, 1, 1), guardian=given, name="司马小光", unit_id=unit)
    minor = api("POST", "/volunteers", body, adult.token, expect=201, headers={"Idempotency-Key": "1"}).body
    paper = on_paper(
        api, admin, birth=dt.date(2012, 1, 1), name="上官小婉", guardian={"name": "夏侯惇", "relation": "father"}
    )
    unproven = add_unproven(api)
    contact = {"name": "皇甫嵩", "phone": "15911112222", "relation": "spouse"}
    api("PATCH", f"/volunteers/{adult.id}", {"emergency_contact": contact}, adult.token, expect=200)
    api("POST", f"/volunteers/{minor['id']}/suspend", {"reason": "违规"}, admin, expect=200)
    api("POST", f"/volunteers/{minor['id']}/unmask-requests", {"fields": ["name"], "reason": "核对"}, admin, expect=201)
    api("POST", f"/volunteers/{paper.body['id']}/confirm", {}, admin, expect=200)
    secrets = [adult.phone, adult.id_number, unproven.phone, unproven.id_number, body["phone"], body["id_number"]]
    secrets += ["诸葛亮", given["phone"], "司马小光", "上官小婉", "夏侯惇", "皇甫嵩", "15911112222", "2026-0012"]
    with app.app_context():
        plain = "\n".join(everything(app))
    assert "欧阳修" in plain  # adults are found by parts of their name, and the dump does read
    assert [secret for secret in secrets if secret in plain] == []
