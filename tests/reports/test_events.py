"""A liaison's activities: what their units organise, who of their people goes where; of others counts alone."""

import io
import re

import openpyxl
import pytest

from tests.activities.making import Scene, make_draft, make_published, make_scene, shift, sign_up
from tests.conftest import Api
from tests.pages import Browser, Page
from tests.registration.making import add_volunteer
from tests.units.making import PASSWORD, make_account, make_liaison, make_unit, pass_days
from volunteer.clock import SettableClock

ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)


@pytest.fixture
def scene(api: Api, admin: str) -> Scene:
    return make_scene(api, admin)


@pytest.fixture
def ours(api: Api, admin: str, scene: Scene) -> dict[str, str]:
    """A bureau over a school with a team, and somebody else's unit; a liaison's phone each."""

    def make() -> dict[str, str]:
        bureau = make_unit(api, admin, code="B1", name="教育局")
        school = make_unit(api, admin, bureau, code="B1-1", name="第一小学")
        other = make_unit(api, admin, code="O1", name="卫生局")
        token = make_liaison(api, admin, unit_id=school)
        team = api("POST", "/teams", {"name": "校队", "kind": "general", "unit_id": school}, token, expect=201).body[
            "id"
        ]
        phones = {
            name: make_account(api, admin, "unit_liaison", unit_id=unit)
            for name, unit in (("us", bureau), ("them", other))
        }
        return {"bureau": bureau, "school": school, "other": other, "team": team} | phones

    made: dict[str, str] = api.remembered(__name__, make)
    return made


def rows(page: Page) -> dict[str, list[str]]:
    """Return the cells of each row by the words of its heading."""
    found: dict[str, list[str]] = {}
    for row in ROW.findall(page.source):
        cells = [re.sub(r"<[^>]+>|\s+", "", cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
        if 'scope="row"' in row:
            found[cells[0]] = cells[1:]
    return found


def test_a_liaison_lists_what_their_units_organise(api: Api, ours: dict[str, str], scene: Scene) -> None:
    first, second = add_volunteer(api, ours["school"], name="王建国"), add_volunteer(api, ours["bureau"], name="李秀英")
    stranger = add_volunteer(api, ours["other"], name="赵无关")
    soon = make_published(api, scene, shift(api, capacity=2), title="本校劝导", organizer_unit_id=ours["school"])
    make_published(api, scene, shift(api, 600, 660), title="校队服务", team_id=ours["team"])
    make_draft(api, scene, shift(api, 30, 50), title="本局草稿", organizer_unit_id=ours["bureau"])
    make_published(api, scene, title="别家活动", organizer_unit_id=ours["other"])
    for person in (first, stranger, second):
        sign_up(api, soon["shifts"][0]["id"], person.token)
    desk = Browser(api.app, ours["us"], PASSWORD)
    page = desk.get("/unit/events")
    found = rows(page)
    assert [name[:4] for name in found] == ["本局草稿", "本校劝导", "校队服务"], "the next first"
    assert found["本校劝导第一小学"][3:6] == ["已确认2人,共需2人候补1人", "1还没有名额1人", "0"]
    assert found["校队服务校队"][0] == "已发布"
    assert "已结束0" in page.words
    assert list(rows(desk.get(f"/unit/events?unit_id={ours['school']}"))) == ["本校劝导第一小学", "校队服务校队"]
    assert list(rows(desk.get("/unit/events?status=draft&q=草稿"))) == ["本局草稿教育局"]
    assert "没有符合条件的活动" in desk.get("/unit/events?q=没有").words
    assert desk.get("/unit/events?status=nonsense", expect=422).words.count("只能是") >= 1
    desk.get(f"/unit/events?unit_id={ours['other']}", expect=404)
    assert list(rows(Browser(api.app, ours["them"], PASSWORD).get("/unit/events"))) == ["别家活动卫生局"]
    sheet = openpyxl.load_workbook(io.BytesIO(desk.get("/unit/events.xlsx?q=本校").data)).active
    assert sheet is not None
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert [line[0] for line in lines[-2:]] == ["活动", "本校劝导"]
    assert lines[-1][5:] == [1, 2, 2, 1, 0, 0, 1, 0]


def test_an_activity_tells_who_of_ours_comes_and_of_others_how_many(
    api: Api, admin: str, ours: dict[str, str], scene: Scene, clock: SettableClock
) -> None:
    mine, stranger = add_volunteer(api, ours["school"], name="王建国"), add_volunteer(api, ours["other"], name="赵无关")
    event = make_published(api, scene, shift(api, 10, 130), title="本校劝导", organizer_unit_id=ours["school"])
    theirs = make_published(api, scene, shift(api, 600, 700), title="别家活动", organizer_unit_id=ours["other"])
    alone = make_published(api, scene, title="与我们无关", organizer_unit_id=ours["other"])
    for person in (mine, stranger):
        sign_up(api, event["shifts"][0]["id"], person.token)
    sign_up(api, theirs["shifts"][0]["id"], mine.token)
    desk = Browser(api.app, ours["us"], PASSWORD)
    page = desk.get(f"/unit/events/{event['id']}")
    for said in ("王*国", "另有1个名额由其他单位或没有单位的人占用", "请提前十分钟到"):
        assert said in page.words
    for hidden in ("王建国", "赵无关", "赵*关", stranger.id, "13800005678", "王站员"):
        assert hidden not in page.source
    assert "本单位主办" not in desk.get(f"/unit/events/{theirs['id']}").words
    desk.get(f"/unit/events/{alone['id']}", expect=404)
    Browser(api.app, ours["them"], PASSWORD).get(f"/unit/events/{event['id']}", expect=200)
    going = rows(desk.get("/unit/service"))
    assert list(going) == ["本校劝导", "别家活动"]
    assert going["别家活动"][2:] == ["卫生局", "1", "1", "0"]
    empty = make_unit(api, admin, ours["school"], name="一年级")
    assert "这段时间本单位没有人报名" in desk.get(f"/unit/service?unit_id={empty}").words
    desk.get(f"/unit/service?unit_id={ours['other']}", expect=404)
    clock.advance(minutes=20)
    code = api("GET", "/me/code", token=mine.token, expect=200).body["payload"]
    body = {"volunteer_code": code, "direction": "in", "shift_id": event["shifts"][0]["id"]}
    api("POST", "/checkins", body, scene.keeper, expect=201)
    page = desk.get(f"/unit/events/{event['id']}")
    assert "已签到" in page.words
    assert rows(desk.get("/unit/events"))["本校劝导第一小学"][5] == "1本单位1"
    pass_days(api, clock, 1)
    assert "没有签退" in desk.get(f"/unit/events/{event['id']}").words
    assert list(rows(desk.get("/unit/events?when=past"))) == ["本校劝导第一小学"]


def test_long_lists_go_on(api: Api, ours: dict[str, str], scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("volunteer.reports.event_pages.ROWS", 2)
    for number in range(5):
        make_draft(api, scene, shift(api, 60, 120 + number), title=f"活动{number}", organizer_unit_id=ours["school"])
    desk, seen, path = Browser(api.app, ours["us"], PASSWORD), list[str](), "/unit/events"
    while path:
        page = desk.get(path)
        seen += list(rows(page))
        more = re.search(r'href="(/unit/events\?[^"]*cursor=[^"]+)"', page.source)
        path = more[1].replace("&amp;", "&") if more else ""
    assert sorted(seen) == [f"活动{number}第一小学" for number in range(5)]
    assert desk.get("/unit/events?cursor=nonsense", expect=422)
