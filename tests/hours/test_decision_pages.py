"""Deciding on pages: the queue and its tabs, the evidence on the page, a second person always, many at once."""

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.hours.making import Told, World, at, make_keeper, make_station, pair
from tests.pages import Browser
from tests.units.making import make_staff
from volunteer.clock import SettableClock
from volunteer.database import db
from volunteer.hours import decision_pages
from volunteer.hours.models import RequestKind

QUEUE = "/decisions"


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def weak(world: World, told: Told, count: int = 1) -> list[str]:
    """Let people have weak evidence of 50 minutes each; return the reviews' ids, oldest first."""
    shift = world.shift(-180, 30)
    for _ in range(count):
        who = world.volunteer(shift)
        told.settle(who, pair(shift, -90, -40, "weak_evidence", number=hash(who.id)))
    return [review["id"] for review in reversed(world.reviews())]


def test_a_review_shows_its_scans_and_is_accepted(post: Post, api: Api) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    for minutes, direction in ((10, "in"), (70, "out")):
        post.go(minutes)
        assert post.scan(post.card(who), direction, shift).status == 201
    (review,) = post.reviews()
    keeper = Browser.of(api.app, post.scene.keeper)
    queue = keeper.get(f"{QUEUE}?kind=reviews")
    assert f"/decisions/reviews/{review['id']}" in queue.links()
    shown = keeper.get(f"/decisions/reviews/{review['id']}")
    for words in (
        "扫打印的志愿者卡",
        "使用了打印的志愿者卡",
        "门口平板",
        "1 小时",
        "3 月 22 日(周日) 10:10",
        "每日上限",
    ):
        assert words in shown.text, words
    assert who.phone not in shown.source
    assert "张三丰" not in shown.source
    done = keeper.post(f"/decisions/reviews/{review['id']}", do="accept")
    after = keeper.get(done.location)
    assert "已通过" in after.text
    assert post.hours(who)["minutes_total"] == 60
    assert "已通过" in keeper.get(f"/decisions/reviews/{review['id']}").text


def test_a_refusal_needs_a_reason_and_the_person_reads_it(world: World, api: Api, told: Told) -> None:
    (review,) = weak(world, told)
    keeper, path = Browser.of(api.app, world.keeper), f"/decisions/reviews/{review}"
    blank = keeper.post(path, do="refuse", reason="  ", expect=422)
    assert (list(blank.faults), blank.title[:3]) == (["reason"], "错误:")
    assert re.search(r"<details[^>]* open", blank.source)
    keeper.post(path, do="refuse", reason="照片中没有本人")
    assert "照片中没有本人" in keeper.get(path).text
    assert keeper.post(path, do="accept", expect=409).text.count("当前状态不能进行这项操作") == 1
    assert "这里没有待审核的内容" in keeper.get(f"{QUEUE}?kind=reviews").text


def test_the_deadline_for_asking_again_is_said(world: World, api: Api, told: Told) -> None:
    (review,) = weak(world, told)
    assert "4 月 3 日前申请补录" in Browser.of(api.app, world.keeper).get(f"/decisions/reviews/{review}").text


def test_the_next_is_a_tap_away(world: World, api: Api, told: Told) -> None:
    ids = weak(world, told, 2)
    keeper = Browser.of(api.app, world.keeper)
    decided = keeper.post(f"/decisions/reviews/{ids[0]}", do="refuse", reason="不在场")
    after = keeper.get(decided.location)
    assert "未通过" in after.text
    assert re.search(rf'btn-primary" href="/decisions/reviews/{ids[1]}"', after.source)


def test_make_ups_are_looked_at_one_by_one(world: World, api: Api, told: Told) -> None:
    (review,) = weak(world, told)
    asked = world.make_up(world.volunteer(), world.shift(-170, 30), -160, -100)
    keeper = Browser.of(api.app, world.keeper)
    done = keeper.post("/decisions/together", do="accept", ids=[review, asked])
    mixed = keeper.get(done.location)
    assert "已通过 1 项" in mixed.text
    assert "有 1 项没有处理" in mixed.text


def test_a_make_up_is_decided_above_with_the_days_scans_in_sight(post: Post, api: Api, admin: str) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    post.go(5)
    post.scan(who, "in", shift)
    post.go(300)
    times = {"from": post.at(5).isoformat(), "to": post.at(110).isoformat()}
    body = {"shift_id": shift, "reason": "手机没电,未能签退"} | times
    asked = api("POST", "/make-ups", body, who.token, expect=201).body["id"]
    keeper, path = Browser.of(api.app, post.scene.keeper), f"/decisions/make-ups/{asked}"
    shown = keeper.get(path)
    for words in ("手机没电,未能签退", "扫志愿者的码", "10:05", "1 小时 45 分钟"):
        assert words in shown.text, words
    keeper.post(path, do="accept")
    assert post.hours(who)["minutes_total"] == 105


def test_a_flagged_make_up_is_for_a_higher_station(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    asked = world.make_up(world.volunteer(shift), shift, -170, -50)
    keeper, path = Browser.of(api.app, world.keeper), f"/decisions/make-ups/{asked}"
    shown = keeper.get(path)
    assert "须由上级站点负责人或管理员审核" in shown.text
    assert 'value="accept"' not in shown.source
    assert "须由上级站点负责人或管理员审核" in keeper.get(f"{QUEUE}?kind=make-ups").text
    assert "须由上级站点负责人或管理员审核" in keeper.post(path, do="accept", expect=403).text
    centre = Browser.of(api.app, world.centre_keeper)
    assert "补录的时间早于活动发布" in centre.get(path).text
    centre.post(path, do="accept")


def test_nobody_decides_on_their_own(world: World, api: Api, told: Told, admin: str) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    recorded = pair(shift, -90, -40, "weak_evidence")
    account = uuid.UUID(api("GET", "/me", token=world.keeper).body["account"]["id"])
    told.recorders[recorded.key.in_scan] = account
    told.settle(who, recorded)
    (review,) = world.reviews()
    keeper, path = Browser.of(api.app, world.keeper), f"/decisions/reviews/{review['id']}"
    assert "不能审核" in keeper.get(path).text
    assert 'value="accept"' not in keeper.get(path).source
    keeper.post(path, do="accept", expect=403)
    account = api("GET", "/me", token=who.token).body["account"]["id"]
    api("POST", f"/accounts/{account}/grants", {"role": "admin"}, admin, expect=201)
    themself = Browser.of(api.app, who.token)
    assert "不能审核" in themself.get(f"{QUEUE}?kind=reviews").text
    assert 'name="ids"' not in themself.get(f"{QUEUE}?kind=reviews").source
    themself.post(path, do="accept", expect=403)
    Browser.of(api.app, world.centre_keeper).post(path, do="accept")


def test_a_correction_is_decided_with_its_explanation(post: Post, api: Api) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    for minutes, direction in ((0, "in"), (120, "out")):
        post.go(minutes)
        post.scan(who, direction, shift)
    (entry,) = api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"]
    body = {"minutes": 90, "reason": "提前半小时离开"}
    asked = api("POST", f"/hours/{entry['id']}/corrections", body, who.token, expect=201).body["id"]
    keeper, path = Browser.of(api.app, post.scene.keeper), f"/decisions/corrections/{asked}"
    shown = keeper.get(path)
    for words in ("提前半小时离开", "现在计入 2 小时", "申请改为 1 小时 30 分钟", "−30 分钟", "班次内 2 小时"):
        assert words in shown.text, words
    assert asked in keeper.get(f"{QUEUE}?kind=corrections").source
    keeper.post(path, do="accept")
    assert post.hours(who)["minutes_total"] == 90
    assert "现在计入 2 小时" in keeper.get(path).text


def test_strangers_find_nothing_and_readers_no_door(world: World, api: Api, told: Told, admin: str) -> None:
    (review,) = weak(world, told)
    asked = world.make_up(world.volunteer(), world.shift(-170, 30), -160, -100)
    stranger = Browser.of(api.app, make_keeper(api, admin, make_station(api, admin)))
    for path in (f"/decisions/reviews/{review}", f"/decisions/make-ups/{asked}"):
        stranger.get(path, expect=404)
        stranger.post(path, do="accept", expect=404)
    assert "50 分钟" not in stranger.get(f"/decisions/together?do=accept&ids={review}").text
    mixed = stranger.get(stranger.post("/decisions/together", do="accept", ids=[review]).location)
    assert "有 1 项没有处理" in mixed.text
    assert "已通过 0 项" in mixed.text
    assert "50 分钟" not in mixed.text
    assert "分钟" not in stranger.get(f"{QUEUE}?kind=reviews&done={review}").text
    Browser.of(api.app, world.keeper).get(f"/decisions/corrections/{review}", expect=404)
    Browser.of(api.app, make_staff(api, admin, "auditor")).get(QUEUE, expect=403)
    Browser.of(api.app, world.volunteer().token).get(QUEUE, expect=403)


def test_scans_at_other_peoples_stations_are_only_counted(post: Post, api: Api, admin: str) -> None:
    elsewhere = make_post(api, admin)
    there, here = elsewhere.shift(0, 60), post.shift(200, 320)
    who = post.volunteer(there, here)
    for minutes, direction in ((0, "in"), (60, "out")):
        post.go(minutes)
        elsewhere.scan(who, direction, there)
    post.go(600)
    times = {"from": post.at(200).isoformat(), "to": post.at(300).isoformat()}
    asked = api("POST", "/make-ups", {"shift_id": here, "reason": "忘带手机"} | times, who.token, expect=201).body["id"]
    shown = Browser.of(api.app, post.scene.keeper).get(f"/decisions/make-ups/{asked}")
    assert "当天在其他站点另有 2 条签到记录" in shown.text
    assert "扫志愿者的码" not in shown.text
    assert "扫志愿者的码" in Browser.of(api.app, admin).get(f"/decisions/make-ups/{asked}").text


def test_the_start_says_how_much_waits_for_the_caller(world: World, api: Api, told: Told, clock: SettableClock) -> None:
    keeper = Browser.of(api.app, world.keeper)
    assert QUEUE not in re.sub(r"<nav.*?</nav>", "", keeper.get("/me").source, flags=re.DOTALL)
    weak(world, told, 2)
    shift = world.shift(-180, 30)
    world.make_up(world.volunteer(shift), shift, -170, -50)
    card = re.search(r"<section.*?待办审核.*?</section>", keeper.get("/me").source, re.DOTALL)
    assert card
    assert ">2<" in card[0]
    above = re.search(
        r"<section.*?待办审核.*?</section>", Browser.of(api.app, world.centre_keeper).get("/me").source, re.DOTALL
    )
    assert above
    assert ">3<" in above[0]


def test_the_queue_pages_oldest_first(
    world: World, api: Api, told: Told, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_pages, "MOST_TICKED", 3)
    shift = world.shift(-180, 30)
    for number in range(4):
        clock.set(at(0) + dt.timedelta(seconds=number))
        told.settle(world.volunteer(shift), pair(shift, -90, -40, "weak_evidence", number=number + 1))
    ids = [review["id"] for review in reversed(world.reviews())]
    keeper = Browser.of(api.app, world.keeper)
    first = keeper.get(f"{QUEUE}?kind=reviews")
    listed = re.findall(r'href="/decisions/reviews/([0-9a-f-]{36})"', first.source)
    assert listed == ids[:3]
    (onward,) = [link for link in first.links() if "cursor=" in link]
    assert ids[3] in keeper.get(onward).source


def test_every_kind_has_its_words(app: Flask) -> None:
    with app.test_request_context():
        words = app.jinja_env.get_template("hours/_case.html").make_module({"faults": []})
        said = [getattr(words, name)(kind.value) for kind in RequestKind for name in ("kind_word", "why_it_waits")]
    assert len({str(one) for one in said}) == 2 * len(RequestKind)


def test_a_long_queue_costs_no_more_statements(world: World, app: Flask, api: Api, told: Told) -> None:
    keeper = Browser.of(api.app, world.keeper)

    def cost() -> int:
        seen: list[str] = []
        with app.app_context():
            engine = db.engine

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        sa.event.listen(engine, "before_cursor_execute", note)
        keeper.get(f"{QUEUE}?kind=reviews")
        keeper.get("/me")
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    weak(world, told, 2)
    few = cost()
    weak(world, told, 6)
    assert cost() == few
