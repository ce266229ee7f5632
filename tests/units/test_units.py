"""Units and their tasks over HTTP: codes, moves by date, scopes, tasks with who set them when."""

import contextlib
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.units.making import make_area, make_liaison, make_staff, make_unit, move, pass_days, set_target
from volunteer.access import Actor, GrantView, Permission, Role
from volunteer.clock import SettableClock
from volunteer.database import db, reading, transaction
from volunteer.units import placements, service

BUREAU = {"code": "B1", "name": "教育局", "kind": "government"}
USCC = "91350211M000100Y46"


def parent_of(api: Api, admin: str, unit_id: str) -> str | None:
    found: str | None = api("GET", f"/units/{unit_id}", token=admin, expect=200).body["parent_id"]
    return found


def test_an_admin_adds_units_and_everybody_sees_their_names(api: Api, admin: str) -> None:
    area = make_area(api, admin)
    bureau = api("POST", "/units", BUREAU | {"area_id": area, "headcount": 12}, admin, expect=201).body
    assert bureau == BUREAU | {
        "id": bureau["id"],
        "parent_id": None,
        "area_id": area,
        "headcount": 12,
        "uscc": None,
        "created_on": "2026-03-22",
        "closed_on": None,
    }
    school = make_unit(api, admin, bureau["id"], name="第一小学", kind="school", code="S1")
    (row,) = api("GET", f"/units?parent_id={bureau['id']}", expect=200).body["items"]
    assert row == {"id": school, "code": "S1", "name": "第一小学", "kind": "school"}
    assert [row["code"] for row in api("GET", "/units?q=小学", expect=200).body["items"]] == ["S1"]
    assert api("GET", "/units?q=%25", expect=200).body["items"] == []


def test_only_an_admin_changes_units(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    for token in (make_staff(api, admin, "auditor"), make_liaison(api, admin, unit_id=unit)):
        api("POST", "/units", BUREAU, token, expect=403)
        api("PATCH", f"/units/{unit}", {"name": "新名"}, token, expect=403)
        api("PUT", f"/units/{unit}/targets/2026", {"target": 1}, token, expect=403)


def test_a_code_is_taken_once(api: Api, admin: str) -> None:
    api("POST", "/units", BUREAU, admin, expect=201)
    other = make_unit(api, admin, code="B2")
    assert api("POST", "/units", BUREAU, admin, expect=409).body["code"] == "conflict"
    api("PATCH", f"/units/{other}", {"code": "B1"}, admin, expect=409)
    api("PATCH", f"/units/{other}", {"code": "B2"}, admin, expect=200)


def test_every_fault_of_a_unit_is_named(api: Api, admin: str) -> None:
    nobody = str(uuid.uuid4())
    body = {"code": "1", "name": "单位", "kind": "other", "parent_id": nobody, "area_id": nobody, "uscc": USCC[:-1]}
    assert api("POST", "/units", body, admin, expect=422).codes == {
        "parent_id": "unknown",
        "area_id": "unknown",
        "uscc": "bad-uscc",
    }
    wrong = {"name": "", "kind": "planet", "headcount": -1}
    assert set(api("POST", "/units", wrong, admin, expect=422).codes) == {"code", "name", "kind", "headcount"}
    made = make_unit(api, admin, uscc=USCC.lower())
    assert api("GET", f"/units/{made}", token=admin, expect=200).body["uscc"] == USCC


def test_units_are_paged_by_code(api: Api, admin: str) -> None:
    units = [make_unit(api, admin) for _ in range(3)]
    first = api("GET", "/units?limit=2", expect=200).body
    rest = api("GET", f"/units?limit=2&cursor={first['next_cursor']}", expect=200).body
    assert [unit["id"] for unit in first["items"] + rest["items"]] == units
    assert rest["next_cursor"] is None


def test_a_unit_is_changed_and_moved(api: Api, admin: str, clock: SettableClock) -> None:
    top, unit = make_unit(api, admin), make_unit(api, admin)
    admin = pass_days(api, clock, 1)
    changed = api("PATCH", f"/units/{unit}", {"name": "新名", "parent_id": top, "headcount": None}, admin, expect=200)
    assert (changed.body["name"], changed.body["parent_id"]) == ("新名", top)
    move(api, admin, unit, None)
    assert parent_of(api, admin, unit) is None
    api("PATCH", f"/units/{uuid.uuid4()}", {"name": "新名"}, admin, expect=404)


def test_a_unit_cannot_stand_under_itself_or_its_descendant(api: Api, admin: str) -> None:
    top = make_unit(api, admin)
    middle = make_unit(api, admin, top)
    low = make_unit(api, admin, middle)
    for below in (top, middle, low):
        answer = api("PATCH", f"/units/{top}", {"parent_id": below}, admin, expect=422)
        assert answer.codes == {"parent_id": "cycle"}
    assert parent_of(api, admin, top) is None


def test_a_move_may_be_dated_back_to_the_last_one_and_never_ahead(api: Api, admin: str, clock: SettableClock) -> None:
    top, unit = make_unit(api, admin), make_unit(api, admin)
    admin = pass_days(api, clock, 10)
    late = make_unit(api, admin)
    path = f"/units/{unit}"
    ahead = api("PATCH", path, {"parent_id": top, "on": "2026-04-02"}, admin, expect=422)
    assert ahead.codes == {"on": "in-future"}
    early = api("PATCH", path, {"parent_id": top, "on": "2026-03-21"}, admin, expect=422)
    assert early.codes == {"on": "before-last-move"}
    before = api("PATCH", path, {"parent_id": late, "on": "2026-03-25"}, admin, expect=422)
    assert before.codes == {"on": "before-parent"}
    assert api("PATCH", path, {"on": "2026-03-25"}, admin, expect=422).codes == {"on": "needs-parent"}
    move(api, admin, unit, top, on="2026-03-25")
    again = api("PATCH", path, {"parent_id": None, "on": "2026-03-24"}, admin, expect=422)
    assert again.codes == {"on": "before-last-move"}


def test_a_move_into_the_past_sees_the_moves_since(api: Api, admin: str, clock: SettableClock) -> None:
    one, other = make_unit(api, admin), make_unit(api, admin)
    admin = pass_days(api, clock, 4)
    move(api, admin, other, one)
    answer = api("PATCH", f"/units/{one}", {"parent_id": other, "on": "2026-03-23"}, admin, expect=422)
    assert answer.codes == {"parent_id": "cycle"}


def test_two_moves_at_once_tie_no_knot(app: Flask, api: Api, admin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make_unit(api, admin), make_unit(api, admin)
    below_one, below_other = make_unit(api, admin, one), make_unit(api, admin, other)
    both_checked = threading.Barrier(2)
    check = placements._ties_a_knot
    seen: list[int] = []

    def check_then_meet(*args: Any) -> bool:
        answer = check(*args)
        with contextlib.suppress(threading.BrokenBarrierError):  # the lock keeps the second one from coming here
            both_checked.wait(0.3)
        return answer

    def run(unit_id: str, parent_id: str) -> None:
        seen.append(api("PATCH", f"/units/{unit_id}", {"parent_id": parent_id}, admin).status)

    monkeypatch.setattr(placements, "_ties_a_knot", check_then_meet)
    threads = [threading.Thread(target=run, args=pair) for pair in ((one, below_other), (other, below_one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == [200, 422]


def test_a_closed_unit_leaves_the_tree(api: Api, admin: str, clock: SettableClock) -> None:
    top = make_unit(api, admin)
    unit = make_unit(api, admin, top)
    admin = pass_days(api, clock, 2)
    path = f"/units/{unit}"
    for day, code in (("2026-03-22", "before-last-move"), ("2026-03-25", "in-future")):
        assert api("PATCH", path, {"closed_on": day}, admin, expect=422).codes == {"closed_on": code}
    used = api("PATCH", f"/units/{top}", {"closed_on": "2026-03-24"}, admin, expect=409)
    assert used.body["code"] == "unit-in-use"
    for _ in range(2):
        assert api("PATCH", path, {"closed_on": "2026-03-24"}, admin, expect=200).body["closed_on"] == "2026-03-24"
    assert [row["id"] for row in api("GET", "/units", expect=200).body["items"]] == [top]
    assert api("PATCH", path, {"parent_id": None}, admin, expect=422).codes == {"parent_id": "closed"}
    assert api("PATCH", f"/units/{top}", {"parent_id": unit}, admin, expect=422).codes == {"parent_id": "closed"}
    api("PATCH", f"/units/{top}", {"closed_on": "2026-03-24"}, admin, expect=200)


def test_a_liaison_reaches_their_own_subtree_only(api: Api, admin: str) -> None:
    mine, foreign = make_unit(api, admin), make_unit(api, admin)
    below = make_unit(api, admin, mine)
    liaison = make_liaison(api, admin, unit_id=mine)
    for unit in (mine, below):
        api("GET", f"/units/{unit}", token=liaison, expect=200)
        api("GET", f"/units/{unit}/targets", token=liaison, expect=200)
    for unit in (foreign, str(uuid.uuid4())):
        for path in (f"/units/{unit}", f"/units/{unit}/targets"):
            assert api("GET", path, token=liaison, expect=404).body["code"] == "not-found"
    api("GET", f"/units/{foreign}", expect=401)
    api("GET", f"/units/{foreign}", token=make_staff(api, admin, "auditor"), expect=200)
    move(api, admin, below, foreign)
    api("GET", f"/units/{below}", token=liaison, expect=404)


def test_a_grant_on_an_area_covers_the_units_that_lie_in_it(api: Api, admin: str) -> None:
    city = make_area(api, admin, "city")
    street, elsewhere = make_area(api, admin, "street", city), make_area(api, admin, "street", city)
    bureau = make_unit(api, admin, area_id=street)
    office = make_unit(api, admin, bureau)
    school = make_unit(api, admin, bureau, area_id=elsewhere)
    of_street, of_city = make_liaison(api, admin, area_id=street), make_liaison(api, admin, area_id=city)
    reached = {unit: api("GET", f"/units/{unit}", token=of_street).status for unit in (bureau, office, school)}
    assert reached == {bureau: 200, office: 200, school: 404}
    assert api("GET", f"/units/{school}", token=of_city).status == 200


def test_scopes_as_other_rooms_ask_for_them(app: Flask, api: Api, admin: str) -> None:
    area = make_area(api, admin)
    top = make_unit(api, admin, area_id=area)
    low = make_unit(api, admin, top)
    unit_id, area_id = uuid.UUID(top), uuid.UUID(area)

    def actor(role: Role, **scope: uuid.UUID) -> Actor:
        return Actor(account_id=uuid.uuid4(), grants=(GrantView(uuid.uuid4(), role, **scope),))

    with app.app_context():
        everything = service.unit_ids_in_scope(actor(Role.ADMIN), Permission.READ_PEOPLE)
        assert everything is None
        mine = service.unit_ids_in_scope(actor(Role.UNIT_LIAISON, unit_id=unit_id), Permission.READ_PEOPLE)
        assert mine == {unit_id, uuid.UUID(low)}
        keeper = service.unit_ids_in_scope(actor(Role.STATION_KEEPER, area_id=area_id), Permission.READ_PEOPLE)
        assert keeper == frozenset()
        briefs = service.unit_briefs([unit_id, uuid.UUID(low), uuid.uuid4()])
        assert {brief.parent_id for brief in briefs.values()} == {None, unit_id}
        assert service.unit_briefs([]) == {}


def test_a_grant_names_a_unit_or_area_that_exists(api: Api, admin: str) -> None:
    made = api("POST", "/accounts", {"phone": "13911112222", "name": "陈联络", "password": "Liaison-1"}, admin)
    for name in ("unit_id", "area_id"):
        body = {"role": "unit_liaison", name: str(uuid.uuid4())}
        assert api("POST", f"/accounts/{made.body['id']}/grants", body, admin, expect=422).codes == {name: "unknown"}


def test_tasks_are_kept_with_who_set_them_when(api: Api, admin: str, clock: SettableClock) -> None:
    unit = make_unit(api, admin)
    path = f"/units/{unit}/targets"
    first = api("PUT", f"{path}/2026", {"target": 7}, admin, expect=200).body
    me = api("GET", "/me", token=admin).body["account"]["id"]
    assert first == {
        "unit_id": unit,
        "year": 2026,
        "target": 7,
        "set_by": me,
        "set_at": "2026-03-22T02:00:00Z",
        "set_on": "2026-03-22",
    }
    admin = pass_days(api, clock, 1)
    assert api("PUT", f"{path}/2026", {"target": 7}, admin, expect=200).body == first
    api("PUT", f"{path}/2026", {"target": 0}, admin, expect=200)
    api("PUT", f"{path}/2027", {"target": 9}, admin, expect=200)
    one = api("GET", f"{path}?limit=1", token=admin, expect=200).body
    rest = api("GET", f"{path}?cursor={one['next_cursor']}", token=admin, expect=200).body
    assert [(row["year"], row["target"]) for row in one["items"] + rest["items"]] == [(2027, 9), (2026, 0), (2026, 7)]


@pytest.mark.parametrize(
    ("year", "target", "code"), [("2026", -1, "target"), ("26", 1, "year"), ("2026", 1.5, "target")]
)
def test_a_task_is_a_whole_number_of_a_year(api: Api, admin: str, year: str, target: float, code: str) -> None:
    unit = make_unit(api, admin)
    assert set(api("PUT", f"/units/{unit}/targets/{year}", {"target": target}, admin, expect=422).codes) == {code}
    api("PUT", f"/units/{uuid.uuid4()}/targets/2026", {"target": 1}, admin, expect=404)


def test_the_database_itself_keeps_tasks_and_places(app: Flask, api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    set_target(api, admin, unit, 5)
    with app.app_context():
        for statement in (
            "UPDATE unit_targets SET target = 6",
            "DELETE FROM unit_targets",
            "INSERT INTO unit_placements (id, unit_id, from_on)"
            " SELECT unit_id, unit_id, '2026-03-23' FROM unit_placements",
            "UPDATE unit_placements SET until_on = from_on",
        ):
            with pytest.raises(sa.exc.IntegrityError), transaction() as session:
                session.execute(sa.text(statement))
        assert reading().scalar(sa.text("SELECT target FROM unit_targets")) == 5
        db.session.rollback()
