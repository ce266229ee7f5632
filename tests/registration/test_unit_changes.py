"""Changing units by request and by list, leaving, reporting in beside; nobody counts twice and the past stays."""

import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_child, add_volunteer
from tests.units.making import add_staff, make_liaison, make_unit, pass_days
from volunteer.accounts.models import Account
from volunteer.clock import SettableClock
from volunteer.database import transaction
from volunteer.registration.models import UnitRequest

RATES = "/reports/registration-rates"


def figures(api: Api, admin: str, query: str = "") -> dict[str, tuple[int, int]]:
    """Return how many are registered in each unit and how many report in there; under `total`, all together."""
    body = api("GET", f"{RATES}?{query}", token=admin, expect=200).body
    found = {row["unit_id"]: (row["registered"], row["report_ins"]) for row in body["rows"]}
    return found | {"total": (body["total"]["registered"], body["total"]["report_ins"])}


def test_a_volunteer_asks_to_change_units_and_the_liaison_answers(app: Flask, api: Api, admin: str) -> None:
    old, new = make_unit(api, admin, name="老学校"), make_unit(api, admin, name="新学校")
    person = add_volunteer(api, old)
    phone, word = add_staff(api, admin, "unit_liaison", unit_id=old)
    liaison, token = Browser(app, phone, word), api.login(phone, word)
    stranger = make_liaison(api, admin, unit_id=new)
    me = Browser(app, person.phone, PASSWORD)
    assert "换单位" in me.get("/me/profile").text
    assert set(me.post("/me/unit", expect=422, kind="move", unit_id="").faults) == {"unit_id"}
    assert "已经属于" in me.post("/me/unit", expect=409, kind="move", unit_id="老学校").faults["unit_id"]
    me.post("/me/unit", kind="move", unit_id="新学校", note="随父母搬家")
    assert "转到新学校" in me.follow().text
    assert "等待处理" in me.post("/me/unit", expect=409, kind="leave").faults["unit_id"]
    (asked,) = api("GET", "/unit-requests", token=token, expect=200).body
    assert (asked["from_unit"], asked["to_unit"], asked["note"]) == ("老学校", "新学校", "随父母搬家")
    assert api("GET", "/unit-requests", token=stranger, expect=200).body == []
    for deed, body in (("approve", None), ("reject", {"reason": "不行"})):
        api("POST", f"/unit-requests/{asked['id']}/{deed}", body, stranger, expect=404)
    page = liaison.get("/people/changes")
    assert "张*丰" in page.text
    assert person.id not in page.text
    path = f"/people/changes/{asked['id']}"
    assert len(liaison.post(path, expect=422, answer="refuse", reason="").faults) == 1
    liaison.post(path, answer="refuse", reason="请先办理转学手续")
    assert "请先办理转学手续" in me.get("/me/unit").text
    liaison.post(path, expect=409, answer="accept")

    again = api("POST", "/me/unit-requests", {"unit_id": new}, person.token, expect=201).body
    assert api("POST", "/me/unit-requests", {"unit_id": new}, person.token, expect=201).body["id"] == again["id"]
    liaison.post(f"/people/changes/{again['id']}", answer="accept")
    liaison.post(f"/people/changes/{again['id']}", answer="accept")  # done already, by them
    assert figures(api, admin)[new] == (1, 0)
    leaving = api("POST", "/me/unit-requests", {"unit_id": None}, person.token, expect=201).body
    api("POST", f"/unit-requests/{leaving['id']}/approve", token=stranger, expect=200)
    assert figures(api, admin) == {old: (0, 0), new: (0, 0), "total": (1, 0)}
    assert api("POST", "/me/unit-requests", {"unit_id": None}, person.token, expect=409).body["code"] == "no-unit"
    back = api("POST", "/me/unit-requests", {"unit_id": old}, person.token, expect=201).body
    api("POST", f"/unit-requests/{back['id']}/withdraw", token=person.token, expect=200)
    api("POST", f"/unit-requests/{back['id']}/approve", token=admin, expect=409)
    told = api("GET", "/me/data", token=person.token, expect=200).body["records"]["unit_requests"]
    assert [one["state"] for one in told] == ["refused", "accepted", "accepted", "withdrawn"]


def test_nobody_answers_their_own_request(app: Flask, api: Api, admin: str) -> None:
    unit, other = make_unit(api, admin), make_unit(api, admin)
    parent = add_volunteer(api, unit)
    child = add_child(api, parent, unit_id=unit)
    account = api("GET", "/me", token=parent.token).body["account"]["id"]
    api("POST", f"/accounts/{account}/grants", {"role": "unit_liaison", "unit_id": unit}, admin, expect=201)
    for whom in (None, child.id):
        body = {"unit_id": other, "volunteer_id": whom}
        asked = api("POST", "/me/unit-requests", body, parent.token, expect=201).body["id"]
        api("POST", f"/unit-requests/{asked}/approve", token=parent.token, expect=403)
        with app.app_context(), pytest.raises(sa.exc.IntegrityError):
            decide(uuid.UUID(asked), uuid.UUID(account))


def decide(request_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Write past the service that an account has answered a request which somebody else has asked."""
    with transaction() as session:
        found = session.get_one(UnitRequest, request_id)
        found.asked_by = session.scalars(sa.select(Account.id).where(Account.id != account_id).limit(1)).one()
        found.state, found.decided_by, found.decided_at = "refused", account_id, found.asked_at


def test_leaving_and_reporting_in_leave_the_past_alone_and_count_nobody_twice(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    office, street = make_unit(api, admin, name="区教育局"), make_unit(api, admin, name="望江社区")
    corner = make_unit(api, admin, street, name="第一网格")
    person = add_volunteer(api, office)
    account = api("GET", "/me", token=person.token).body["account"]["id"]
    for role in ("unit_liaison", "auditor"):
        scope = {"unit_id": street} if role == "unit_liaison" else {}
        api("POST", f"/accounts/{account}/grants", {"role": role} | scope, admin, expect=201)
    for name in ("一队", "二队"):
        body = {"name": name, "kind": "general", "unit_id": office, "station_id": None}
        team = api("POST", "/teams", body, admin, expect=201).body["id"]
        api("POST", f"/teams/{team}/members", {"volunteer_id": person.id}, admin, expect=201)
    path = f"/volunteers/{person.id}/report-ins"
    assert api("POST", path, {"unit_id": office}, admin, expect=409).body["code"] == "own-unit"
    boss = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=office))
    boss.post(f"/people/{person.id}/report-in", unit_id="第一网格", on="2026-03-22")
    assert "双报到" in boss.follow().text
    assert api("POST", path, {"unit_id": street}, admin, expect=409).body["code"] == "already-reports-in"
    assert figures(api, admin) == {office: (1, 0), street: (0, 1), corner: (0, 1), "total": (1, 1)}
    admin = pass_days(api, clock, 1)
    past = api("GET", f"{RATES}?as_of=2026-03-22", token=admin).raw
    boss = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=office))
    boss.post(f"/people/{person.id}/report-in", end="1", on="2026-03-23")
    assert figures(api, admin)["total"] == (1, 0)
    boss.post(f"/people/{person.id}/leave", expect=403, on="2026-03-22")
    boss.post(f"/people/{person.id}/leave", on="2026-03-23", reason="退休")
    assert "已登记离开单位" in boss.follow().text
    assert figures(api, admin) == {office: (0, 0), street: (0, 0), corner: (0, 0), "total": (1, 0)}
    assert api("GET", f"{RATES}?as_of=2026-03-22", token=admin).raw == past
    messages = api("GET", "/me/messages", token=api.login(person.phone, PASSWORD), expect=200).body["items"]
    assert any("不再属于区教育局" in one["body"] for one in messages)


def test_a_list_of_people_is_moved_after_a_look(app: Flask, api: Api, admin: str) -> None:
    top = make_unit(api, admin)
    class_one, class_two = make_unit(api, admin, top, name="一班"), make_unit(api, admin, top, name="二班")
    foreign = make_unit(api, admin, name="外校")
    ours = [add_volunteer(api, class_one) for _ in range(3)]
    there, elsewhere = add_volunteer(api, class_two), add_volunteer(api, foreign)
    numbers = {one.id: one.no for one in (*ours, there, elsewhere)}
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=top))
    filled = liaison.post("/people/move", expect=200, fill="1", from_unit_id=class_one, numbers="", on="2026-03-22")
    assert sorted(filled.value("numbers").split()) == sorted(numbers[one.id] for one in ours)
    listed = filled.value("numbers") + f"\n{numbers[there.id]},{numbers[elsewhere.id]} 123"
    form = {"numbers": listed, "on": "2026-03-22"}
    assert set(liaison.post("/people/move", expect=422, numbers=" ", on="", to_unit_id="").faults) == {
        "numbers",
        "on",
        "to_unit_id",
    }
    assert set(liaison.post("/people/move", expect=422, **form, to_unit_id="外校").faults) == {"to_unit_id"}
    plan = liaison.post("/people/move", expect=200, **form, to_unit_id="二班")
    assert "6 人中有 3 人将从 2026-03-22 起转到二班" in plan.text
    assert plan.text.count("不在您的管理范围内") == 2
    assert plan.text.count("不用转移") == 1
    assert figures(api, admin)[class_two] == (1, 0)
    liaison.post("/people/move", **form, to_unit_id=plan.value("to_unit_id"), confirmed="1")
    assert "已转移 3 人" in liaison.follow().text
    assert figures(api, admin)[class_two] == (4, 0)
    assert figures(api, admin)[foreign] == (1, 0)
    one_class = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=class_two))
    refused = one_class.post("/people/move", expect=422, **form, to_unit_id="一班")
    assert "不负责" in refused.faults["to_unit_id"]
