"""Running activities on pages: who sees what, every step by a second person, and a form that needs no scripts."""

import datetime as dt
import re
from typing import Any

import pytest

from tests.activities.making import (
    Scene,
    make_draft,
    make_published,
    make_scene,
    make_shift,
    shift,
)
from tests.conftest import Api
from tests.pages import Browser, Page
from tests.stations.making import make_keeper, make_station
from tests.units.making import make_staff, make_unit
from volunteer.clock import SettableClock

NEW = "/manage/activities/new"
LOCAL = "%Y-%m-%dT%H:%M"


@pytest.fixture
def scene(api: Api, admin: str) -> Scene:
    return make_scene(api, admin)


@pytest.fixture
def keeper(api: Api, scene: Scene) -> Browser:
    return Browser.of(api.app, scene.keeper)


def local(api: Api, hours: float) -> str:
    """The value of a time field, hours from now."""
    zone = dt.timezone(dt.timedelta(hours=8))
    return (api.now() + dt.timedelta(hours=hours)).astimezone(zone).strftime(LOCAL)


def filled(api: Api, page: Page, **more: Any) -> dict[str, Any]:
    """The form of a page, filled in soundly where it was empty."""
    sound = {
        "title": "文明交通劝导",
        "category": "traffic_guidance",
        "summary": "路口文明劝导。",
        "risk_notice": "注意车流。",
        "leader_name": "王站员",
        "leader_phone": "138 0000 5678",
        "shifts.0.post": "东路口",
        "shifts.0.starts_at": local(api, 24),
        "shifts.0.ends_at": local(api, 26),
        "shifts.0.capacity": "4",
    }
    return page.form("title") | sound | more


def path_of(activity: dict[str, Any]) -> str:
    return f"/manage/activities/{activity['id']}"


def test_a_draft_is_written_submitted_approved_and_called_off(api: Api, scene: Scene, keeper: Browser) -> None:
    done = keeper.post(NEW, **filled(api, keeper.get(NEW)))
    shown = keeper.get(done.location)
    assert "草稿已保存" in shown.text
    path = done.location.partition("?")[0]
    assert f"{path}/submit" in shown.links()
    assert f"{path}/approve" not in shown.links()
    keeper.post(f"{path}/submit")
    assert "须由上级站点的管理员审核" in keeper.get(path).text
    refused = keeper.post(f"{path}/approve", expect=403)
    assert "须由上级站点的管理员审核" in refused.text
    centre = Browser.of(api.app, scene.center_keeper)
    assert f"{path}/approve" in centre.get(path).links()
    centre.post(f"{path}/approve")
    assert "审核通过并发布" in keeper.get(path).text
    assert f"{path}/cancel" in keeper.get(path).links()
    blank = keeper.post(f"{path}/cancel", reason=" ", expect=422)
    assert blank.title.startswith("错误:")
    assert list(blank.faults) == ["reason"]
    keeper.post(f"{path}/cancel", reason="暴雨")
    ended = keeper.get(path)
    assert "暴雨" in ended.text
    assert f"{path}/cancel" not in ended.links()
    assert keeper.post(f"{path}/submit", expect=409).status == 409


def test_nobody_approves_what_they_wrote_not_even_above(api: Api, scene: Scene) -> None:
    centre = Browser.of(api.app, scene.center_keeper)
    page = centre.get(NEW)
    done = centre.post(NEW, **filled(api, page, station_id=scene.station))
    path = done.location.partition("?")[0]
    centre.post(f"{path}/submit")
    assert "不能审核自己创建或提交的活动" in centre.get(path).text
    assert f"{path}/approve" not in centre.get(path).links()
    centre.post(f"{path}/approve", expect=403)


def test_a_rejected_one_is_copied_into_a_new_draft(api: Api, scene: Scene, keeper: Browser) -> None:
    made = make_draft(api, scene, shift(api, 60, 120), title="清洁家园")
    keeper.post(f"{path_of(made)}/submit")
    Browser.of(api.app, scene.center_keeper).post(f"{path_of(made)}/reject", reason="请写清楚集合点")
    shown = keeper.get(path_of(made))
    assert "请写清楚集合点" in shown.text
    copy = keeper.get(f"{NEW}?copy={made['id']}").form("title")
    assert (copy["title"], copy["shifts.0.id"]) == ("清洁家园", "")
    assert dt.datetime.fromisoformat(copy["shifts.0.starts_at"]) > dt.datetime.fromisoformat(local(api, 0))


def test_a_copy_of_a_past_roster_lies_ahead_on_the_same_weekday(
    api: Api, scene: Scene, keeper: Browser, clock: SettableClock
) -> None:
    made = make_published(api, scene, shift(api, 60, 120), shift(api, 60 * 24 * 3, 60 * 24 * 3 + 60))
    before = [dt.datetime.fromisoformat(one["starts_at"]) for one in made["shifts"]]
    clock.advance(hours=9)
    copy = keeper.get(f"{NEW}?copy={made['id']}").form("title")
    after = [dt.datetime.fromisoformat(copy[f"shifts.{n}.starts_at"] + "+08:00") for n in (0, 1)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [dt.timedelta(weeks=1)] * 2
    keeper.post(NEW, **copy)


def test_all_faults_are_said_at_once_beside_their_fields(api: Api, scene: Scene, keeper: Browser) -> None:
    form = filled(api, keeper.get(NEW)) | {"do": "add"}
    form = keeper.post(NEW, **form, expect=200).form("title")
    form |= {"title": "", "leader_phone": "12", "organizer": "没有这个单位", "do": "save"}
    form |= {"shifts.0.ends_at": local(api, 23), "shifts.1.capacity": "很多"}
    wrong = keeper.post(NEW, **form, expect=422)
    assert wrong.title.startswith("错误:")
    assert set(wrong.faults) == {
        "title",
        "leader_phone",
        "organizer",
        "shifts.0.ends_at",
        "shifts.1.post",
        "shifts.1.capacity",
    }
    assert wrong.faults["shifts.1.post"] == "第 2 项 · 岗位:请填写这一项。"
    again = wrong.form("title")
    assert (again["leader_phone"], again["shifts.1.capacity"]) == ("12", "很多")
    assert all(f'id="{field}"' in wrong.source for field in wrong.faults)
    assert again["shifts.0.post"] == "东路口"
    listed = api("GET", "/activities?status=draft", token=scene.keeper, expect=200).body["items"]
    assert listed == []


def test_what_the_service_finds_stands_beside_the_field(api: Api, scene: Scene, keeper: Browser) -> None:
    form = filled(api, keeper.get(NEW), title="补录上周", **{"shifts.0.ends_at": local(api, 60)})
    assert set(keeper.post(NEW, **form, expect=422).faults) == {"title", "shifts.0.ends_at"}


def test_rows_are_added_spread_and_taken_away_without_scripts(api: Api, scene: Scene, keeper: Browser) -> None:
    form = filled(api, keeper.get(NEW), do="add")
    more = keeper.post(NEW, **form, expect=200).form("title")
    assert (more["rows"], more["title"], more["shifts.1.starts_at"]) == ("2", "文明交通劝导", local(api, 26))
    fewer = keeper.post(NEW, **more | {"do": "remove.1"}, expect=200).form("title")
    assert (fewer["rows"], fewer["shifts.0.post"]) == ("1", "东路口")
    crossings = "\r\n".join(["东路口", "西路口", " ", "南路口", "北路口"])
    wanted = {"do": "spread", "spread_from": "0", "spread_places": crossings, "spread_days": "2"}
    roster = keeper.post(NEW, **fewer | wanted, expect=200).form("title")
    assert roster["rows"] == "12"
    path = keeper.post(NEW, **roster | {"do": "save"}).location.partition("?")[0]
    made = api("GET", f"/activities/{path.rpartition('/')[2]}", token=scene.keeper, expect=200).body
    places = [one["place"] for one in made["shifts"]]
    assert places == ["东路口", "西路口", "南路口", "北路口"] * 3
    assert len({one["starts_at"] for one in made["shifts"]}) == 3


def test_a_double_tap_makes_one_draft(api: Api, scene: Scene, keeper: Browser) -> None:
    form = filled(api, keeper.get(NEW))
    first, second = keeper.post(NEW, **form), keeper.post(NEW, **form)
    assert first.location == second.location
    other = Browser.of(api.app, scene.center_keeper)
    assert other.post(NEW, **form | {"station_id": scene.station}).location != first.location
    for odd in ("", "nonsense", "0" * 36, "-" * 36):
        keeper.post(NEW, **form | {"form_id": odd, "shifts.0.id": odd})
    assert keeper.get("/manage/activities").text.count("文明交通劝导") == 6


def test_weekdays_only_leave_out_the_weekend(api: Api, scene: Scene, keeper: Browser) -> None:
    form = filled(api, keeper.get(NEW))  # tomorrow is a Monday
    wanted = {"do": "spread", "spread_from": "0", "spread_days": "7", "spread_weekdays": "1"}
    roster = keeper.post(NEW, **form | wanted, expect=200).form("title")
    days = [dt.datetime.fromisoformat(roster[f"shifts.{n}.starts_at"]).weekday() for n in range(int(roster["rows"]))]
    assert days == [0, 1, 2, 3, 4, 0]


def test_a_draft_is_changed_as_a_whole(api: Api, scene: Scene, admin: str, keeper: Browser) -> None:
    unit = make_unit(api, admin, name="东湖街道办事处")
    made = make_draft(api, scene, shift(api, 60, 120, post="甲"), shift(api, 120, 180, post="乙"))
    form = keeper.get(f"{path_of(made)}/edit").form("title")
    form = keeper.post(f"{path_of(made)}/edit", **form | {"do": "remove.0"}, expect=200).form("title")
    form |= {"do": "save", "organizer": "东湖", "address": "东湖公园东门", "shifts.0.capacity": "7", "walk_ins": ""}
    keeper.post(f"{path_of(made)}/edit", **form)
    now = api("GET", f"/activities/{made['id']}", token=scene.keeper, expect=200).body
    assert [(one["id"], one["post"], one["capacity"]) for one in now["shifts"]] == [(made["shifts"][1]["id"], "乙", 7)]
    assert (now["organizer_unit_id"], now["address"], now["walk_ins"]) == (unit, "东湖公园东门", False)
    assert "东湖街道办事处" in keeper.get(path_of(made)).text
    form = keeper.get(f"{path_of(made)}/edit").form("title") | {"organizer": "", "address": ""}
    keeper.post(f"{path_of(made)}/edit", **form)
    now = api("GET", f"/activities/{made['id']}", token=scene.keeper, expect=200).body
    assert (now["organizer_unit_id"], now["address"]) == (None, None)


def test_a_published_one_changes_only_where_nobody_is_harmed(api: Api, scene: Scene, keeper: Browser) -> None:
    made = make_published(api, scene, hazardous=True, insurance_policy="平安 1")
    page = keeper.get(f"{path_of(made)}/edit")
    assert 'name="station_id"' not in page.source
    assert 'name="shifts.0.post"' not in page.source
    form = page.form("title")
    keeper.post(f"{path_of(made)}/edit", **form | {"summary": "改了说明", "address": "西门"})
    now = api("GET", f"/activities/{made['id']}", expect=200).body
    assert (now["summary"], now["address"]) == ("改了说明", "西门")
    assert set(keeper.post(f"{path_of(made)}/edit", **form | {"title": ""}, expect=422).faults) == {"title"}
    kept = keeper.post(f"{path_of(made)}/edit", **form | {"insurance_policy": ""}, expect=422)
    assert "不能修改" in " ".join(kept.faults.values())


def test_insurance_is_recorded_while_a_dangerous_one_waits(api: Api, scene: Scene, keeper: Browser) -> None:
    made = make_draft(api, scene, hazardous=True)
    keeper.post(f"{path_of(made)}/submit")
    centre = Browser.of(api.app, scene.center_keeper)
    assert "须先登记志愿者保险" in centre.post(f"{path_of(made)}/approve", expect=409).text
    page = keeper.get(f"{path_of(made)}/edit")
    assert 'name="title"' not in page.source
    keeper.post(f"{path_of(made)}/edit", **page.form("insurance_policy") | {"insurance_policy": "平安 2026-1"})
    centre.post(f"{path_of(made)}/approve")
    assert "已发布" in keeper.get(path_of(made)).text


def test_a_stranger_finds_nothing_and_a_reader_no_door(api: Api, scene: Scene, admin: str) -> None:
    made = make_published(api, scene)
    stranger = Browser.of(api.app, make_keeper(api, admin, make_station(api, admin)))
    assert made["title"] not in stranger.get("/manage/activities").text
    for tail in ("", "/edit", "/cancel"):
        stranger.get(path_of(made) + tail, expect=404)
    for tail in ("submit", "approve", "finish"):
        stranger.post(f"{path_of(made)}/{tail}", expect=404)
    stranger.get(f"{NEW}?copy={made['id']}", expect=404)
    form = filled(api, stranger.get(NEW)) | {"station_id": scene.station}
    stranger.post(NEW, **form, expect=404)
    Browser.of(api.app, make_staff(api, admin, "auditor")).get("/manage/activities", expect=403)


def test_the_list_is_filtered_by_state_and_words_and_pages(api: Api, scene: Scene, keeper: Browser) -> None:
    for number in range(21):
        make_draft(api, scene, title=f"草稿{number:02}")
    make_shift(api, scene, title="已经发布的")
    first = keeper.get("/manage/activities?status=draft")
    assert "草稿20" in first.text
    assert "草稿00" not in first.text
    assert "已经发布的" not in first.text
    (onward,) = [link for link in first.links() if "cursor=" in link]
    assert "草稿00" in keeper.get(onward).text
    assert re.search(r"已发布 1\b", first.text)
    assert "草稿07" in keeper.get("/manage/activities?q=草稿07").text
    assert "还没有活动" in keeper.get("/manage/activities?q=没有这样的").text


def test_whom_the_history_names_is_masked_but_for_an_admin(api: Api, scene: Scene, admin: str) -> None:
    made = make_published(api, scene)
    of_centre = Browser.of(api.app, scene.center_keeper).get(path_of(made)).text
    assert (of_centre.count("陈联络"), of_centre.count("陈**")) == (1, 2)
    assert Browser.of(api.app, admin).get(path_of(made)).text.count("陈联络") == 3
