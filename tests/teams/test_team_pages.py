"""Teams on pages: founded by a liaison, joined by a volunteer, answered by who leads it; and their figures."""

import io

from flask import Flask
from openpyxl import load_workbook

from tests.checkin.making import make_post
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_volunteer
from tests.teams.test_teams import make_team
from tests.units.making import add_staff, make_unit

FORM = {"name": "晨光助学队", "kind": "professional", "takes_requests": "1", "requirement": "教师资格证"}


def test_a_team_lives_on_pages(app: Flask, api: Api, admin: str) -> None:
    unit, elsewhere = make_unit(api, admin, name="区教育局"), make_unit(api, admin, name="区文化局")
    first, second = add_volunteer(api, unit), add_volunteer(api)
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=unit))
    assert "还没有队伍" in liaison.get("/manage/teams").text
    form = liaison.get("/manage/teams/new")
    assert form.value("unit_id").startswith("区教育局")
    wrong = liaison.post("/manage/teams/new", expect=422, name="", kind="", unit_id="区文化局", founded_on="昨天")
    assert set(wrong.faults) == {"name", "kind", "founded_on"}
    refused = liaison.post("/manage/teams/new", expect=422, **FORM, unit_id="区文化局")
    assert set(refused.faults) == {"unit_id"}
    assert elsewhere
    made = liaison.post("/manage/teams/new", **FORM, unit_id="区教育局", founded_on="2026-03-01")
    team = made.location.split("?")[0].rsplit("/", 1)[1]
    assert "教师资格证" in liaison.follow().text

    assert set(liaison.post(f"/manage/teams/{team}/leader", expect=422, number="000000000").faults) == {"number"}
    leading = liaison.post(f"/manage/teams/{team}/leader", number=first.no, from_="2026-03-02")
    assert "队长已指定" in liaison.get(leading.location).text

    stranger = Browser(app)
    assert "晨光助学队" in stranger.get("/teams", q="助学").text
    assert "登录后申请加入" in stranger.get(f"/teams/{team}").text
    volunteer = Browser(app, second.phone, PASSWORD)
    volunteer.get("/teams", q="没有这支")
    assert "没有符合的队伍" in volunteer.page.text
    volunteer.post(f"/teams/{team}/join", note="周末有空")
    assert "等待答复" in volunteer.follow().text

    leader = Browser(app, first.phone, PASSWORD)
    assert "有 1 人等待您答复" in leader.get("/me/teams").text
    waiting = leader.get(f"/teams/{team}/members")
    assert "周末有空" in waiting.text
    approve = next(link for link in waiting.links() if link.endswith("/approve"))
    leader.post(approve)
    assert "已同意" in leader.follow().text
    assert "您是这支队伍的队员" in volunteer.get(f"/teams/{team}").text
    assert leader.get(f"/teams/{team}/members", as_of="2026-03-21").source.count('scope="row"') == 2
    assert set(leader.get(f"/teams/{team}/members", as_of="x", expect=422).faults) == {"as_of"}
    end = next(link for link in leader.get(f"/teams/{team}/members").links() if link.endswith("/end"))
    assert set(leader.post(end, expect=422, on="2026-03-01", reason="不再参加").faults) == {"on"}
    leader.post(end, on="2026-03-22", reason="不再参加")
    assert volunteer.get("/me/teams").text.count("晨光助学队") == 1  # the request, no more the team

    edit = liaison.get(f"/manage/teams/{team}/edit")
    fields = edit.form("name") | {"takes_requests": "", "introduction": "周末辅导作业"}
    liaison.post(f"/manage/teams/{team}/edit", **fields)
    assert "不接受申请" in volunteer.get(f"/teams/{team}").text
    assert set(volunteer.post(f"/teams/{team}/join", expect=422).faults) == {"note"}
    liaison.post(f"/manage/teams/{team}/dissolve", reason="并入其他队伍")
    assert "已于 2026-03-22 解散" in liaison.follow().text
    assert "晨光助学队" not in liaison.get("/manage/teams").text
    assert "晨光助学队" in liaison.get("/manage/teams", show="dissolved").text


def test_figures_count_each_person_once_and_are_the_same_in_the_sheet(app: Flask, api: Api, admin: str) -> None:
    post = make_post(api, admin)
    one, two = make_team(api, admin), make_team(api, admin, name="理论宣讲队")
    shift_id = post.shifts((0, 60, 4), team_id=one)[0]
    who, idle = post.volunteer(shift_id), add_volunteer(api)
    for team in (one, two):
        api("POST", f"/teams/{team}/members", {"volunteer_id": who.id}, admin, expect=201)
    api("POST", f"/teams/{two}/members", {"volunteer_id": idle.id}, admin, expect=201)
    post.go(0)
    assert post.scan(who, "in", shift_id).status == 201
    post.go(50)
    assert post.scan(who, "out", shift_id).status == 201

    body = api("GET", "/reports/teams?from=2026-03-01&to=2026-03-31", token=admin, expect=200).body
    figures = ("members", "active", "sessions", "persons", "person_times", "minutes")
    rows = {row["team_id"]: tuple(row["counts"][name] for name in figures) for row in body["rows"]}
    assert rows == {one: (1, 1, 1, 1, 1, 50), two: (2, 1, 0, 0, 0, 0)}
    assert tuple(body["total"][name] for name in figures) == (2, 1, 1, 1, 1, 50)
    assert api("GET", "/reports/teams?from=2026-03-01&to=2026-02-01", token=admin, expect=422).codes == {
        "to": "to-before-from"
    }
    none = api("GET", "/reports/teams", token=post.scene.keeper, expect=200).body
    assert none["rows"] == []
    boss = Browser.of(app, admin)
    seen = boss.get("/manage/teams/figures", **{"from": "2026-03-01", "to": "2026-03-31"})
    assert "每人只计一次" in seen.text
    sheet = load_workbook(io.BytesIO(boss.get("/manage/teams/figures.xlsx", **{"from": "2026-03-01"}).data)).active
    assert sheet is not None
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=6)]
    assert [row[3:] for row in values] == [[1, 1, 1, 1, 1, 50], [2, 1, 0, 0, 0, 0], [2, 1, 1, 1, 1, 50]]
