"""A unit proposes, a station answers: who holds the pen, who sees it, and that nothing is published on the way."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from tests.activities.making import Scene, at, form, make_scene, messages, shift
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import add_volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import PASSWORD, make_account, make_liaison, make_unit
from volunteer.activities.rules_proposals import (
    BY_STATION,
    MOVES,
    WITH_UNIT,
    ProposalRefusal,
    ProposalState,
    why_not,
    why_not_rewrite,
)
from volunteer.clock import SettableClock
from volunteer.database import transaction

_P, _R = ProposalState, ProposalRefusal
CODES = {_P.WRITING: "w", _P.PROPOSED: "p", _P.SENT_BACK: "b", _P.TAKEN_OVER: "t", _P.DROPPED: "d"}


def test_one_table_of_moves() -> None:
    """From each state to writing, proposed, sent back, taken over, dropped: `s` the station has it, `n` it has not."""
    said = {
        None: ".",
        _R.WITH_STATION: "s",
        _R.NOT_WITH_STATION: "n",
        _R.TAKEN_OVER: "t",
        _R.DROPPED: "d",
        _R.ALREADY_BACK: "a",
    }
    table = {CODES[one]: "".join(said[why_not(one, new)] for new in ProposalState) for one in ProposalState}
    assert table == {"w": "..nn.", "p": "....s", "b": "a..n.", "t": "ttt.t", "d": "dddd."}
    pen = {CODES[one]: said[why_not_rewrite(one)] for one in ProposalState}
    assert pen == {"w": ".", "p": "s", "b": ".", "t": "t", "d": "d"}
    assert {one for one in ProposalState if why_not_rewrite(one) is None} == WITH_UNIT
    assert all(new not in BY_STATION for one in WITH_UNIT for new in MOVES[one]), "the unit decides for the station"


@pytest.fixture
def scene(api: Api, admin: str) -> Scene:
    return make_scene(api, admin)


@pytest.fixture
def us(api: Api, admin: str, scene: Scene) -> dict[str, str]:
    """A bureau over a school, somebody else's unit, a foreign station; tokens of their people."""

    def make() -> dict[str, str]:
        bureau = make_unit(api, admin, code="B1", name="教育局")
        school = make_unit(api, admin, bureau, code="B1-1", name="第一小学")
        other = make_unit(api, admin, code="O1", name="卫生局")
        elsewhere = make_station(api, admin)
        made = {"bureau": bureau, "school": school, "other": other, "elsewhere": elsewhere}
        made |= {"us": make_liaison(api, admin, unit_id=bureau), "them": make_liaison(api, admin, unit_id=other)}
        return made | {"foreign_keeper": make_keeper(api, admin, elsewhere)}

    made: dict[str, str] = api.remembered(__name__, make)
    return made


def propose(api: Api, us: dict[str, str], station_id: str, **more: Any) -> str:
    """Write a proposal of the school and hand it in; return its id."""
    body = form(api, station_id, title="护学岗", organizer_unit_id=us["school"], **more)
    made = api("POST", "/activity-proposals", body, us["us"], expect=201).body
    assert (made["proposal"], made["status"], made["leader_phone"]) == ("writing", "draft", body["leader_phone"])
    handed: str = api("POST", f"/activity-proposals/{made['id']}/hand-in", {}, us["us"], expect=200).body["id"]
    return handed


def refused(answer: Any) -> tuple[int, list[str]]:
    """Return the status and the reasons of an answer."""
    return answer.status, answer.body.get("reasons", [])


def test_a_proposal_goes_to_the_station_and_is_published_by_the_usual_way_alone(
    api: Api, admin: str, us: dict[str, str], scene: Scene, clock: SettableClock
) -> None:
    body = form(api, scene.station, title="护学岗", organizer_unit_id=us["school"])
    draft = api("POST", "/activity-proposals", body, us["us"], expect=201).body
    path, run = f"/activity-proposals/{draft['id']}", f"/activities/{draft['id']}"
    for token in (scene.keeper, scene.center_keeper, us["foreign_keeper"], us["them"]):
        api("GET", path, token=token, expect=404)
        assert api("GET", "/activity-proposals", token=token, expect=200).body["items"] == []
    for token in (scene.keeper, us["us"], admin):
        api("GET", run, token=token, expect=404)
    assert api("GET", "/activities?status=draft", token=scene.keeper, expect=200).body["items"] == []
    api("POST", f"{run}/submit", {}, scene.keeper, expect=404)
    api("POST", f"{path}/take-over", {}, scene.keeper, expect=404)
    api("POST", f"{path}/hand-in", {}, us["us"], expect=200)
    assert api("POST", f"{path}/hand-in", {}, us["us"], expect=200).body["proposal"] == "proposed"
    assert refused(api("PUT", path, body, us["us"])) == (409, ["with-station"])
    assert [one["id"] for one in api("GET", "/activity-proposals", token=scene.keeper, expect=200).body["items"]] == [
        draft["id"]
    ]
    for deed, sent in (("submit", {}), ("shifts", shift(api))):
        assert refused(api("POST", f"{run}/{deed}", sent, scene.keeper)) == (409, ["not-taken-over"]), deed
    assert refused(api("PATCH", run, {"title": "改名"}, scene.keeper)) == (409, ["not-taken-over"])
    shift_id = draft["shifts"][0]["id"]
    assert refused(api("PATCH", f"/shifts/{shift_id}", {"capacity": 9}, scene.keeper)) == (409, ["not-taken-over"])
    api("POST", f"{path}/send-back", {"reason": "请加一名带队老师"}, us["foreign_keeper"], expect=404)
    api("POST", f"{path}/send-back", {"reason": " "}, scene.keeper, expect=422)
    api("POST", f"{path}/send-back", {"reason": "请加一名带队老师"}, scene.keeper, expect=200)
    assert refused(api("POST", f"{path}/take-over", {}, scene.keeper)) == (409, ["not-with-station"])
    api("PUT", path, body | {"title": "护学岗(带队)", "organizer_unit_id": us["other"]}, us["us"], expect=404)
    api("PUT", path, body | {"title": "护学岗(带队)"}, us["us"], expect=200)
    api("POST", f"{path}/hand-in", {}, us["us"], expect=200)
    taken = api("POST", f"{path}/take-over", {}, scene.keeper, expect=200).body
    assert [one["state"] for one in taken["steps"]] == ["writing", "proposed", "sent-back", "proposed", "taken-over"]
    assert [one["reason"] for one in taken["steps"] if one["reason"]] == ["请加一名带队老师"]
    assert refused(api("POST", f"{path}/recall", {}, us["us"])) == (409, ["taken-over"])
    moved = api("PATCH", run, {"organizer_unit_id": us["other"]}, scene.keeper, expect=422).body
    assert [one["code"] for one in moved["errors"]] == ["proposed-by-unit"]
    api("PATCH", run, {"summary": "早晚各一班。"}, scene.keeper, expect=200)
    api("POST", f"{run}/submit", {}, scene.keeper, expect=200)
    api("POST", f"{run}/approve", {}, scene.keeper, expect=403)
    assert api("POST", f"{run}/approve", {}, scene.center_keeper, expect=200).body["organizer_unit_id"] == us["school"]
    with api.app.app_context(), pytest.raises(sa.exc.DBAPIError, match="append-only"), transaction() as session:
        session.execute(sa.text("DELETE FROM activity_proposal_steps"))


def test_what_a_unit_calls_back_or_drops_the_station_sees_no_more(
    api: Api, us: dict[str, str], scene: Scene, clock: SettableClock
) -> None:
    proposed = propose(api, us, scene.station)
    path = f"/activity-proposals/{proposed}"
    assert refused(api("POST", f"{path}/drop", {}, us["us"])) == (409, ["with-station"])
    api("POST", f"{path}/recall", {}, us["us"], expect=200)
    api("GET", path, token=scene.keeper, expect=404)
    body = form(api, us["elsewhere"], title="护学岗", organizer_unit_id=us["school"])
    api("PUT", path, body, us["us"], expect=200)
    api("POST", f"{path}/hand-in", {}, us["us"], expect=200)
    api("GET", path, token=scene.keeper, expect=404)
    api("GET", path, token=us["foreign_keeper"], expect=200)
    api("POST", f"{path}/recall", {}, us["us"], expect=200)
    api("POST", f"{path}/drop", {}, us["us"], expect=200)
    assert refused(api("POST", f"{path}/hand-in", {}, us["us"])) == (409, ["dropped"])
    late = api("POST", "/activity-proposals", body, us["us"], expect=201).body["id"]
    clock.advance(hours=4)
    assert refused(api("POST", f"/activity-proposals/{late}/hand-in", {}, us["us"])) == (409, ["all-over"])
    assert api("GET", f"/activity-proposals/{late}", token=us["us"], expect=200).body["proposal"] == "writing"
    faulty = body | {"station_id": us["school"], "organizer_unit_id": us["school"], "team_id": None}
    assert [
        one["field"] for one in api("POST", "/activity-proposals", faulty, us["us"], expect=422).body["errors"]
    ] == ["team_id"]


def test_on_pages_a_liaison_proposes_and_a_keeper_answers(
    api: Api, admin: str, us: dict[str, str], scene: Scene
) -> None:
    names = {one["id"]: one["name"] for one in api("GET", "/stations", token=admin, expect=200).body["items"]}
    desk = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=us["bureau"]), PASSWORD)
    door = Browser(api.app, make_account(api, admin, "station_keeper", station_id=scene.station), PASSWORD)
    empty = desk.post("/unit/events/new", expect=422, rows="1")
    assert {"station", "unit", "title", "shifts.0.starts_at"} <= set(re.findall(r'href="#([\w.]+)"', empty.source))
    local = {"starts_at": at(api, 600), "ends_at": at(api, 700)}
    sent = {f"shifts.0.{name}": text[:16] for name, text in local.items()} | {
        "shifts.0.post": "校门",
        "shifts.0.capacity": "4",
    }
    texts = form(api, "", []) | {"title": "护学岗", "station": names[scene.station], "unit": "第一小学", "rows": "1"}
    texts = {name: text for name, text in texts.items() if isinstance(text, str)} | sent
    texts |= {"kind": "volunteering", "checkin_radius_m": "300"}
    assert "没有找到" in desk.post("/unit/events/new", expect=422, **texts | {"unit": "卫生局"}).words, (
        "a unit of others"
    )
    made = desk.post("/unit/events/new", expect=303, **texts).location.partition("?")[0]
    assert "站点还看不到" in desk.get(made).words
    page = desk.post(f"{made}/edit", expect=303, **texts | {"title": "护学岗早班"})
    assert "护学岗早班" in desk.get(page.location).words
    one = made.rpartition("/")[2]
    door.get(f"/manage/activities/{one}", expect=404)
    desk.post(f"{made}/hand-in", expect=303)
    assert "单位提议的活动1" in door.get("/me").words
    assert "护学岗早班" in door.get("/manage/activities?proposed=1").words
    seen = door.get(f"/manage/activities/{one}")
    assert "第一小学提议这个活动" in seen.words
    assert f"/manage/activities/{one}/submit" not in seen.source
    door.post(f"/manage/activities/{one}/submit", expect=409)
    assert door.post(f"/manage/activities/{one}/send-back", expect=422).words.count("请填写") >= 1
    door.post(f"/manage/activities/{one}/send-back", expect=303, reason="请换到周六")
    assert "被退回的活动提议1" in desk.get("/me").words
    assert "请换到周六" in desk.get(made).words
    assert "护学岗早班" in desk.get("/unit/events?status=sent-back").words
    desk.post(f"{made}/hand-in", expect=303)
    door.post(f"/manage/activities/{one}/take-over", expect=303)
    refusal = desk.post(f"{made}/recall", expect=303)
    assert "站点已经接手" in desk.get(refusal.location).words
    assert "由站点提交审核" in desk.get(made).words
    door.post(f"/manage/activities/{one}/submit", expect=303)
    admin_desk = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    admin_desk.post(f"/manage/activities/{one}/approve", expect=303)
    assert "护学岗早班" in api("GET", "/activities", expect=200).raw.decode()


def test_both_sides_are_told(api: Api, admin: str, us: dict[str, str], scene: Scene) -> None:
    """A keeper and a liaison who are volunteers read it in the app; there is nothing personal in it."""
    keeper, liaison = add_volunteer(api, us["school"]), add_volunteer(api, us["school"])
    for person, grant in (
        (keeper, {"role": "station_keeper", "station_id": scene.station}),
        (liaison, {"role": "unit_liaison", "unit_id": us["bureau"]}),
    ):
        account = api("GET", "/me", token=person.token, expect=200).body["account"]["id"]
        api("POST", f"/accounts/{account}/grants", grant, admin, expect=201)
    proposed = propose(api, us | {"us": liaison.token}, scene.station)
    assert messages(api, keeper.token) == ["proposal-made"]
    api("POST", f"/activity-proposals/{proposed}/send-back", {"reason": "换时间"}, scene.keeper, expect=200)
    assert messages(api, liaison.token) == ["proposal-answered"]
    api("POST", f"/activity-proposals/{proposed}/hand-in", {}, liaison.token, expect=200)
    api("POST", f"/activity-proposals/{proposed}/take-over", {}, scene.keeper, expect=200)
    api("POST", f"/activities/{proposed}/submit", {}, scene.keeper, expect=200)
    api("POST", f"/activities/{proposed}/approve", {}, scene.center_keeper, expect=200)
    listed = api("GET", "/me/messages", token=liaison.token, expect=200).body["items"]
    said = [one["body"] for one in listed if one["kind"] == "proposal-answered"]
    assert ["已通过审核并发布" in said[0], "已由站点接手" in said[1], "被站点退回" in said[2]] == [True] * 3
