"""A shift on pages: its sign-ups decided and changed by the keeper, its change, its end, and its list on paper."""

import re

import pytest

from tests.activities.making import (
    Scene,
    make_draft,
    make_published,
    make_scene,
    make_shift,
    shift,
    signed_up,
    statuses,
)
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import CONSENT, Volunteer, add_volunteer
from tests.stations.making import make_device, make_keeper, make_station
from volunteer.clock import SettableClock


@pytest.fixture
def scene(api: Api, admin: str) -> Scene:
    return make_scene(api, admin)


@pytest.fixture
def keeper(api: Api, scene: Scene) -> Browser:
    return Browser.of(api.app, scene.keeper)


def path_of(shift_id: str) -> str:
    return f"/manage/shifts/{shift_id}"


def asking(api: Api, scene: Scene, people: int = 2, **more: int) -> tuple[str, list[tuple[Volunteer, str]]]:
    """A shift whose sign-ups are decided by a keeper, and who asked."""
    shift_id = make_shift(api, scene, needs_approval=True, **more)
    found = []
    for _ in range(people):
        who = add_volunteer(api)
        found.append((who, signed_up(api, shift_id, who.token, "pending")))
    return shift_id, found


def test_pending_ones_are_approved_and_turned_down(api: Api, scene: Scene, keeper: Browser) -> None:
    shift_id, ((first, one), (second, two)) = asking(api, scene)
    page = keeper.get(path_of(shift_id))
    assert f"/manage/signups/{one}/approve" in page.links()
    assert "张三丰" not in page.source
    assert first.phone not in page.source
    done = keeper.post(f"/manage/signups/{one}/approve")
    assert "报名已确认" in keeper.get(done.location).text
    assert "本人会收到消息" in keeper.get(f"/manage/signups/{two}/reject").text
    keeper.post(f"/manage/signups/{two}/reject", reason="人数已够")
    assert statuses(api, shift_id, scene.keeper) == {first.id: "confirmed", second.id: "rejected"}
    assert keeper.post(f"/manage/signups/{two}/approve", expect=409).text.count("不能进行这项操作") == 1


def test_what_stands_against_an_approval_is_all_said(api: Api, scene: Scene, keeper: Browser, admin: str) -> None:
    _, ((who, one),) = asking(api, scene, 1)
    api("POST", f"/volunteers/{who.id}/suspend", {"reason": "核实"}, admin, expect=200)
    refused = keeper.post(f"/manage/signups/{one}/approve", expect=409)
    assert re.findall(r'data-reason="([\w-]+)"', refused.source) == ["suspended"]


def test_a_cancelled_one_gives_the_seat_to_who_waits(api: Api, scene: Scene, keeper: Browser) -> None:
    shift_id = make_shift(api, scene, capacity=1)
    first, second = add_volunteer(api), add_volunteer(api)
    one = signed_up(api, shift_id, first.token)
    signed_up(api, shift_id, second.token, "waitlisted")
    done = keeper.post(f"/manage/signups/{one}/cancel", reason="本人来电")
    assert "候补的第一位已递补" in keeper.get(done.location).text
    assert statuses(api, shift_id, scene.keeper) == {first.id: "cancelled", second.id: "confirmed"}


def test_a_keeper_signs_somebody_up_by_the_whole_number(api: Api, scene: Scene, keeper: Browser) -> None:
    shift_id, who = make_shift(api, scene), add_volunteer(api)
    path = f"{path_of(shift_id)}/signups"
    assert list(keeper.post(path, who=who.phone[-6:], expect=422).faults) == ["who"]
    assert list(keeper.post(path, who="", expect=422).faults) == ["who"]
    found = keeper.post(path, who=f"{who.phone[:3]} {who.phone[3:]}", expect=200)
    assert "张*丰" in found.text
    assert who.phone not in found.source
    done = keeper.post(path, volunteer_id=found.form("volunteer_id")["volunteer_id"])
    assert "已为本人报名" in keeper.get(done.location).text
    again = keeper.post(path, volunteer_id=who.id, expect=409)
    assert re.findall(r'data-reason="([\w-]+)"', again.source) == ["already-signed-up"]
    assert keeper.post(path, who=who.no, expect=200).text.count("张*丰") >= 1


def test_presence_and_the_close_out_with_an_audience(
    api: Api, scene: Scene, keeper: Browser, clock: SettableClock
) -> None:
    shift_id = make_shift(api, scene, 20, 60, 5)
    came, stayed_away = add_volunteer(api), add_volunteer(api)
    for who in (came, stayed_away):
        signed_up(api, shift_id, who.token)
    assert f"{path_of(shift_id)}/close-out" not in keeper.get(path_of(shift_id)).links()
    assert "班次开始后才能填写" in keeper.post(f"{path_of(shift_id)}/close-out", audience_count="3", expect=409).text
    _, device = make_device(api, scene.keeper, scene.station)
    clock.advance(minutes=25)
    code = api("GET", "/me/code", token=came.token, expect=200).body["payload"]
    scan = {"volunteer_code": code, "shift_id": shift_id, "direction": "in"}
    api("POST", "/checkins", scan, device, expect=201)
    page = keeper.get(path_of(shift_id))
    assert "已签到 10:25" in page.text
    assert "未签到" in page.text
    form = keeper.get(f"{path_of(shift_id)}/close-out")
    assert "到场志愿者 1 人" in form.text
    assert "张*丰" in form.text
    for text in ("", "很多", "-1"):
        wrong = keeper.post(f"{path_of(shift_id)}/close-out", audience_count=text, expect=422)
        assert list(wrong.faults) == ["audience_count"]
    keeper.post(f"{path_of(shift_id)}/close-out", audience_count="320", beneficiary_count="")
    assert "受众 320 人" in keeper.get(path_of(shift_id)).text
    keeper.post(f"{path_of(shift_id)}/close-out", audience_count="300")
    assert api("GET", f"/shifts/{shift_id}", expect=200).body["audience_count"] == 300
    clock.advance(minutes=120)
    page = keeper.get(path_of(shift_id))
    assert "没有签退" in page.text
    assert "未到" in page.text


def test_a_shift_is_added_changed_and_called_off(api: Api, scene: Scene, keeper: Browser) -> None:
    made = make_published(api, scene, shift(api, 60, 120, 2))
    who = add_volunteer(api)
    signed_up(api, made["shifts"][0]["id"], who.token)
    path = f"/manage/activities/{made['id']}/shifts/new"
    form = keeper.get(path).form("post")
    assert set(keeper.post(path, **form, expect=422).faults) == {"post", "starts_at", "ends_at", "capacity"}
    form |= {"post": "北路口", "starts_at": "2026-03-23T09:00", "ends_at": "2026-03-23T08:00", "capacity": "4"}
    assert set(keeper.post(path, **form, expect=422).faults) == {"ends_at"}
    keeper.post(path, **form | {"ends_at": "2026-03-23T11:00"})
    assert "北路口" in keeper.get(f"/manage/activities/{made['id']}").text
    path = path_of(made["shifts"][0]["id"])
    form = keeper.get(f"{path}/edit").form("post")
    assert set(keeper.post(f"{path}/edit", **form | {"capacity": "0"}, expect=422).faults) == {"capacity"}
    keeper.post(f"{path}/edit", **form | {"place": "南门", "min_age": "", "capacity": "3"})
    now = api("GET", f"/shifts/{made['shifts'][0]['id']}", expect=200).body
    assert (now["place"], now["capacity"]) == ("南门", 3)
    assert list(keeper.post(f"{path}/edit", **form | {"min_age": "60"}, expect=422).faults) == ["min_age"]
    assert list(keeper.post(f"{path}/cancel", reason="", expect=422).faults) == ["reason"]
    keeper.post(f"{path}/cancel", reason="暴雨")
    page = keeper.get(path)
    assert "暴雨" in page.text
    assert f"{path}/edit" not in page.links()
    assert keeper.get(f"{path}/edit", expect=302).location == path


def test_the_list_for_paper_has_who_is_expected(api: Api, scene: Scene, keeper: Browser) -> None:
    shift_id = make_shift(api, scene, capacity=1)
    first, second = add_volunteer(api), add_volunteer(api)
    signed_up(api, shift_id, first.token)
    signed_up(api, shift_id, second.token, "waitlisted")
    page = keeper.get(f"{path_of(shift_id)}/roster")
    assert "应到 1 人" in page.text
    assert page.text.count("张*丰") == 1
    assert "张三丰" not in page.source
    assert ("请勿拍照" in page.text, "已同意" in page.text) == (True, False)
    api("PUT", "/me/consents/photos", {"version": CONSENT}, first.token, expect=200)
    assert "已同意" in keeper.get(f"{path_of(shift_id)}/roster").text
    assert "可拍照" in keeper.get(path_of(shift_id)).text
    api("DELETE", "/me/consents/photos", None, first.token, expect=200)
    assert "已同意" not in keeper.get(f"{path_of(shift_id)}/roster").text


def test_a_stranger_finds_no_shift(api: Api, scene: Scene, admin: str) -> None:
    shift_id, ((who, one),) = asking(api, scene, 1)
    draft = make_draft(api, scene)
    stranger = Browser.of(api.app, make_keeper(api, admin, make_station(api, admin)))
    for tail in ("", "/edit", "/cancel", "/close-out", "/roster", "/signups"):
        stranger.get(path_of(shift_id) + tail, expect=404)
    for tail, fields in (
        ("signups", {"volunteer_id": who.id}),
        ("signups", {"who": who.phone}),
        ("cancel", {"reason": "x"}),
    ):
        stranger.post(f"{path_of(shift_id)}/{tail}", **fields, expect=404)
    for step in ("approve", "reject", "cancel"):
        stranger.post(f"/manage/signups/{one}/{step}", expect=404)
    stranger.get(f"/manage/activities/{draft['id']}/shifts/new", expect=404)
    assert "张*丰" not in stranger.get("/decisions?kind=signups").text


def test_the_queue_lists_pending_sign_ups(api: Api, scene: Scene, keeper: Browser) -> None:
    shift_id, _ = asking(api, scene)
    queue = keeper.get("/decisions?kind=signups")
    assert queue.links().count(path_of(shift_id)) == 2
    assert "报名 2" in queue.text
