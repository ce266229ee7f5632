"""Teams: who may found, lead and join them, by date; what their figures count; what erasing and merging leave."""

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import make_draft, make_published, make_scene, publish, shift
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer, add_child, add_unproven, add_volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import make_area, make_liaison, make_unit, pass_days
from volunteer.clock import SettableClock
from volunteer.database import transaction
from volunteer.registration import erasure
from volunteer.registration.rules import PersonStatus
from volunteer.teams import merging
from volunteer.teams.rules import Joining, JoinReason, check_join

REASON = {"reason": "任务结束"}
ADULT, MINOR, DAY = dt.date(1990, 1, 1), dt.date(2012, 1, 1), dt.date(2026, 3, 22)


def joining(**more: Any) -> Joining:
    plain: dict[str, Any] = {
        "on": DAY,
        "status": PersonStatus.REGISTERED,
        "birth_date": ADULT,
        "guardian_consented": False,
        "skills": frozenset({"law"}),
        "is_member": False,
        "required_skill": None,
        "is_dissolved": False,
        "takes_requests": True,
        "by_request": True,
    }
    return Joining(**plain | more)


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        ({}, ()),
        ({"is_dissolved": True, "takes_requests": False}, (JoinReason.DISSOLVED,)),
        ({"takes_requests": False}, (JoinReason.CLOSED,)),
        ({"takes_requests": False, "by_request": False}, ()),
        ({"is_member": True}, (JoinReason.ALREADY_MEMBER,)),
        ({"status": PersonStatus.SUSPENDED}, (JoinReason.NOT_REGISTERED,)),
        ({"status": PersonStatus.INVITED}, (JoinReason.NOT_REGISTERED,)),
        ({"birth_date": MINOR}, (JoinReason.GUARDIAN_CONSENT_MISSING,)),
        ({"birth_date": MINOR, "guardian_consented": True}, ()),
        ({"required_skill": "law"}, ()),
        ({"required_skill": "rescue", "is_member": True}, (JoinReason.ALREADY_MEMBER, JoinReason.SKILL_MISSING)),
    ],
)
def test_every_reason_against_joining_is_named(facts: dict[str, Any], reasons: tuple[JoinReason, ...]) -> None:
    assert check_join(joining(**facts)) == reasons


def make_team(api: Api, token: str, **more: Any) -> str:
    body = {"name": "文明交通劝导队", "kind": "general"} | more
    team_id: str = api("POST", "/teams", body, token, expect=201).body["id"]
    return team_id


def ask(api: Api, team: str, who: Volunteer, expect: int = 201, **more: Any) -> Any:
    return api("POST", f"/teams/{team}/requests", more, who.token, expect=expect).body


def members(api: Api, team: str, token: str, day: str = "") -> list[str]:
    path = f"/teams/{team}/members" + (f"?as_of={day}" if day else "")
    return [one["volunteer_id"] for one in api("GET", path, None, token, expect=200).body["items"]]


def test_a_team_is_founded_joined_led_left_and_dissolved_by_date(api: Api, admin: str, clock: SettableClock) -> None:
    unit, foreign = make_unit(api, admin), make_unit(api, admin)
    liaison, neighbour = make_liaison(api, admin, unit_id=unit), make_liaison(api, admin, unit_id=foreign)
    first, second = add_volunteer(api, unit), add_volunteer(api, foreign)
    team = make_team(api, liaison, unit_id=unit, founded_on="2026-03-01", leader_id=first.id)
    shown = api("GET", f"/teams/{team}", expect=200).body
    assert (shown["code"], shown["leader_name"], shown["member_count"]) == ("TD0001", "张*丰", 1)

    for body in ({"unit_id": foreign}, {"unit_id": None}, {"area_id": unit}, {"required_skill": "flying"}):
        faulty = api("POST", "/teams", {"name": "队", "kind": "party", "unit_id": unit} | body, liaison, expect=422)
        assert set(faulty.codes) == set(body)
    assert api("POST", "/teams", {"name": "队", "kind": "party", "code": "TD0001"}, admin, expect=409).body["field"]
    for method, path, body in (
        ("PATCH", f"/teams/{team}", {"name": "别人的队"}),
        ("POST", f"/teams/{team}/dissolve", REASON),
        ("GET", f"/teams/{team}/members", None),
        ("POST", f"/teams/{team}/members", {"volunteer_id": second.id}),
    ):
        api(method, path, body, neighbour, expect=404)

    asked = ask(api, team, second, note="周末有空")
    assert ask(api, team, second)["id"] == asked["id"]
    assert api("POST", f"/team-requests/{asked['id']}/approve", {}, second.token, expect=404)
    api("POST", f"/team-requests/{asked['id']}/approve", {}, neighbour, expect=404)
    approved = api("POST", f"/team-requests/{asked['id']}/approve", {}, first.token, expect=200).body
    assert approved["state"] == "accepted"
    api("POST", f"/team-requests/{asked['id']}/approve", {}, first.token, expect=200)
    api("POST", f"/team-requests/{asked['id']}/reject", REASON, first.token, expect=409)
    assert ask(api, team, second, expect=409)["reasons"] == ["already-member"]
    assert members(api, team, first.token) == [first.id, second.id]
    assert members(api, team, liaison, "2026-03-21") == [first.id]

    other_team = make_team(api, admin, name="理论宣讲队")
    api("POST", f"/teams/{other_team}/members", {"volunteer_id": second.id}, admin, expect=201)
    mine = api("GET", "/me/teams", token=second.token, expect=200).body["items"]
    assert [one["team"]["name"] for one in mine] == ["文明交通劝导队", "理论宣讲队"]
    assert [one["name"] for one in api("GET", "/teams?q=宣讲", expect=200).body["items"]] == ["理论宣讲队"]

    admin = pass_days(api, clock, 3)
    liaison = make_liaison(api, admin, unit_id=unit)
    token = api.login(second.phone, PASSWORD)
    api("POST", f"/teams/{team}/members", {"volunteer_id": second.id}, liaison, expect=404)
    put = {"volunteer_id": second.id, "from": "2026-03-10"}
    assert api("PUT", f"/teams/{team}/leader", put, admin, expect=409).body["reasons"] == ["already-member"]
    api("PUT", f"/teams/{team}/leader", {"volunteer_id": second.id, "from": "2026-03-24"}, admin, expect=200)
    api("POST", f"/teams/{team}/members/{second.id}/end", REASON, admin, expect=409)
    left = api("POST", f"/teams/{team}/members/{first.id}/end", REASON | {"on": "2026-03-23"}, token, expect=200).body
    assert (left["from"], left["until"]) == ("2026-03-01", "2026-03-23")
    assert members(api, team, token) == [second.id]
    assert members(api, team, token, "2026-03-22") == [first.id, second.id]
    api("POST", f"/teams/{team}/leave", {}, token, expect=200)
    assert api("GET", f"/teams/{team}", expect=200).body["leader_name"] is None

    api("POST", f"/teams/{other_team}/dissolve", REASON | {"on": "2026-03-21"}, admin, expect=422)
    gone = api("POST", f"/teams/{other_team}/dissolve", REASON, admin, expect=200).body
    assert (gone["dissolved_on"], gone["member_count"]) == ("2026-03-25", 0)
    assert members(api, other_team, admin, "2026-03-24") == [second.id]
    assert ask(api, other_team, Volunteer("", "", "", token, ""), expect=409)["reasons"] == ["dissolved"]
    messages = api("GET", "/me/messages", token=token, expect=200).body["items"]
    assert [one["kind"] for one in messages][:2] == ["team-dissolved", "team-leader"]


def test_minors_need_a_guardian_and_professional_teams_a_skill(api: Api, admin: str) -> None:
    station = make_station(api, admin)
    keeper, parent = make_keeper(api, admin, station), add_volunteer(api)
    child, unproven = add_child(api, parent), add_unproven(api)
    team = make_team(api, keeper, station_id=station, kind="professional", required_skill="law", requirement="律师证")
    refused = ask(api, team, parent, expect=409, volunteer_id=child.id)
    assert refused["reasons"] == ["skill-missing"]
    api("PATCH", f"/volunteers/{child.id}", {"skills": ["law"]}, parent.token, expect=200)
    asked = ask(api, team, parent, volunteer_id=child.id)
    api("POST", f"/team-requests/{asked['id']}/reject", REASON, keeper, expect=200)
    asked = ask(api, team, parent, volunteer_id=child.id)
    api("POST", f"/team-requests/{asked['id']}/withdraw", {}, parent.token, expect=200)
    api("POST", f"/team-requests/{asked['id']}/approve", {}, keeper, expect=409)
    add = {"volunteer_id": unproven.id}
    reasons = api("POST", f"/teams/{team}/members", add, keeper, expect=409).body["reasons"]
    assert reasons == ["not-registered", "skill-missing"]


def test_nobody_decides_about_themself_in_the_service_or_in_the_database(api: Api, admin: str, app: Flask) -> None:
    unit = make_unit(api, admin)
    who = add_volunteer(api, unit)
    account = api("GET", "/me", token=who.token, expect=200).body["account"]["id"]
    api("POST", f"/accounts/{account}/grants", {"role": "unit_liaison", "unit_id": unit}, admin, expect=201)
    team = make_team(api, admin, unit_id=unit)
    asked = ask(api, team, who)
    refused = api("POST", f"/team-requests/{asked['id']}/approve", {}, who.token, expect=403).body
    assert refused["code"] == "own-request"
    parent = add_volunteer(api)
    child = add_child(api, parent)
    guarded = ask(api, team, parent, volunteer_id=child.id)
    with app.app_context(), transaction() as session, pytest.raises(sa.exc.DBAPIError, match="second person"):
        session.execute(
            sa.text(
                "UPDATE team_requests SET state = 'accepted', decided_at = asked_at, asked_by = (SELECT id FROM"
                " accounts WHERE id NOT IN (SELECT account_id FROM person_accounts) LIMIT 1), decided_by ="
                " (SELECT account_id FROM person_accounts a WHERE a.person_id = team_requests.person_id LIMIT 1)"
            )
        )
    assert guarded["state"] == "open"


def test_a_team_organises_an_activity_and_that_stays(api: Api, admin: str, app: Flask) -> None:
    scene = make_scene(api, admin)
    team, unit = make_team(api, scene.keeper, station_id=scene.station), make_unit(api, admin)
    both = {"team_id": team, "organizer_unit_id": unit}
    draft = make_draft(api, scene, shift(api), team_id=team)
    assert api("PATCH", f"/activities/{draft['id']}", both, scene.keeper, expect=422).codes == {
        "team_id": "one-organizer"
    }
    shown = publish(api, scene, draft["id"])
    assert shown["team_id"] == team
    api("PATCH", f"/activities/{draft['id']}", {"team_id": None}, scene.keeper, expect=409)
    seen = Browser(app).get(f"/activities/{draft['id']}")
    assert "文明交通劝导队" in seen.text
    api("POST", f"/teams/{team}/dissolve", REASON, scene.keeper, expect=200)
    body = {"team_id": team}
    assert make_published(api, scene)["team_id"] is None
    fresh = make_draft(api, scene)
    assert api("PATCH", f"/activities/{fresh['id']}", body, scene.keeper, expect=422).codes == {"team_id": "unknown"}
    assert api("GET", f"/activities/{draft['id']}", expect=200).body["team_id"] == team


def test_erasing_ends_and_merging_goes_on(api: Api, admin: str, app: Flask, clock: SettableClock) -> None:
    area = make_area(api, admin)
    one, two = add_volunteer(api), add_volunteer(api)
    led, shared = make_team(api, admin, area_id=area, leader_id=one.id), make_team(api, admin, name="青年队")
    for who in (one, two):
        api("POST", f"/teams/{shared}/members", {"volunteer_id": who.id}, admin, expect=201)
    asked = make_team(api, admin, name="巾帼队")
    ask(api, asked, one, note="我想参加")
    told = api("GET", "/me/data", token=one.token, expect=200).body["records"]
    assert [row["team"] for row in told["teams"]] == ["文明交通劝导队", "青年队"]
    assert (told["teams_led"][0]["team"], told["team_requests"][0]["note"]) == ("文明交通劝导队", "我想参加")

    with app.app_context(), transaction() as session:
        moved = [
            merging.TABLES[name].move(session, uuid.UUID(one.id), uuid.UUID(two.id), api.now())
            for name in ("team_members", "team_leaders", "team_requests")
        ]
    assert [(row.moved, row.ended) for row in moved] == [(1, 1), (1, 0), (1, 0)]
    mine = api("GET", "/me/teams", token=two.token, expect=200).body
    assert [(row["team"]["id"], row["leads"]) for row in mine["items"]] == [(led, True), (shared, False)]
    assert [row["state"] for row in mine["requests"]] == ["open"]
    api("DELETE", "/me", token=two.token, expect=200)
    admin = pass_days(api, clock, 8)
    with app.app_context():
        assert erasure.erase_due(api.now()) == 1
    assert [api("GET", f"/teams/{team}", expect=200).body["member_count"] for team in (led, shared)] == [0, 0]
    assert api("GET", f"/teams/{asked}/requests", token=admin, expect=200).body["items"][0]["note"] is None
    assert members(api, shared, admin, "2026-03-25") == [two.id]
