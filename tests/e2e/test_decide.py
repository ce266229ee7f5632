"""A keeper writes activities, others decide: the journeys of who runs a station, from the landing page by clicking."""

import datetime as dt
import re
from dataclasses import dataclass
from itertools import count

import pytest
from playwright.sync_api import Locator

from tests.activities.making import Scene, at, make_published, shift
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import add_volunteer
from tests.stations.making import HERE, make_station
from tests.units.making import PASSWORD

_numbers = count(1)


@dataclass(frozen=True)
class Staff:
    """Somebody with a role: how they sign in, and their token."""

    phone: str
    token: str


@dataclass(frozen=True)
class Stage:
    """A centre with a keeper who decides, a station below it with a keeper who runs it."""

    world: World
    center: str
    station: str
    above: Staff
    keeper: Staff


def add_keeper(world: World, name: str, station_id: str) -> Staff:
    """Add a keeper who signs in with a password."""
    phone = f"1355555{next(_numbers):04}"
    made = world.api("POST", "/accounts", {"phone": phone, "name": name, "password": PASSWORD}, world.admin, 201).body
    grant = {"role": "station_keeper", "station_id": station_id}
    world.api("POST", f"/accounts/{made['id']}/grants", grant, world.admin, 201)
    return Staff(phone, world.api.login(phone, PASSWORD))


@pytest.fixture(scope="session")
def stage(world: World) -> Stage:
    center = make_station(world.api, world.admin, "center", name="望江新时代文明实践中心")
    station = make_station(world.api, world.admin, "station", center, name="东湖公园站", **HERE)
    above, keeper = add_keeper(world, "祁站长", center), add_keeper(world, "祁站员", station)
    return Stage(world, center, station, above, keeper)


def sign_in(visitor: Visitor, who: Staff) -> None:
    """Sign in with a password, from the landing page."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", who.phone)
    visitor.type("密码", PASSWORD)
    visitor.tap("登录", "button")


def follow(visitor: Visitor, target: Locator) -> None:
    """Click what has no name of its own, and look at what comes."""
    target.click()
    visitor.taps += 1
    visitor.page.wait_for_load_state()
    visitor.look()


def local(hours: float) -> str:
    """Return the value of a time field, hours from now."""
    zone = dt.timezone(dt.timedelta(hours=8))
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def write_activity(visitor: Visitor, title: str, begin: str, end: str) -> None:
    """Fill the form with two shifts, the second after the first; save it."""
    visitor.tap("新建活动")
    visitor.type("活动名称", title)
    visitor.pick("类别", "交通引导")
    visitor.type("做什么", "路口文明劝导,一岗四人。")
    visitor.type("风险提示与注意事项", "路口车流较大,请在安全区内值守。")
    visitor.type("负责人姓名", "祁站员")
    visitor.type("负责人电话", "138 0000 5678")
    visitor.type("岗位", "东路口")
    visitor.type("开始时间", begin)
    visitor.type("结束时间", end)
    visitor.type("需要人数", "4")
    visitor.tap("再加一班")
    second = visitor.page.locator("#shift-1")
    second.get_by_label("岗位").fill("西路口")
    second.get_by_label("开始时间").fill(local(26))
    second.get_by_label("结束时间").fill(local(28))
    visitor.tap("保存草稿")


def test_a_keeper_writes_an_activity_and_the_centre_publishes_it(visitor: Visitor, stage: Stage) -> None:
    sign_in(visitor, stage.keeper)
    visitor.tap("活动管理")
    write_activity(visitor, "文明交通劝导周", local(24), local(23))
    assert visitor.page.title().startswith("错误:")
    visitor.page.locator("#shift-0").get_by_label("结束时间").fill(local(26))
    visitor.tap("保存草稿")
    assert "草稿已保存" in visitor.text
    visitor.tap("提交审核")
    assert "待审核" in visitor.text
    visitor.switch_user()
    sign_in(visitor, stage.above)
    visitor.tap("活动管理")
    visitor.tap("文明交通劝导周")
    visitor.tap("驳回")
    visitor.tap("不,返回")
    visitor.tap("通过并发布")
    assert "已发布" in visitor.text
    visitor.tap("取消活动")
    visitor.tap("不,返回")
    visitor.tap("修改")
    visitor.tap("保存")
    visitor.tap("查看公开页面")
    assert visitor.heading == "文明交通劝导周"


def serve(stage: Stage, title: str) -> str:
    """Publish an activity whose shift has begun; return the shift's id."""
    api = stage.world.api
    one = shift(api, -180, 30, 9, place="公园东门")
    made = make_published(api, scene_of(stage), one, title=title, walk_ins=False)
    found: str = made["shifts"][0]["id"]
    return found


def scene_of(stage: Stage) -> Scene:
    """The stage as the makers of activities know it."""
    return Scene(stage.center, stage.station, stage.above.token, stage.keeper.token)


def listed_on_paper(stage: Stage, shift_id: str, people: int) -> None:
    """Let people be on a paper list, which waits for somebody else's review."""
    api, who = stage.world.api, [add_volunteer(stage.world.api) for _ in range(people)]
    for one in who:
        api("POST", f"/shifts/{shift_id}/signups", {}, one.token, 201)
    for direction, minutes in (("in", -120), ("out", -30)):
        body = {"direction": direction, "at": at(api, minutes), "reason": "断网", "volunteer_ids": [o.id for o in who]}
        api("POST", f"/shifts/{shift_id}/roll-call", body, stage.keeper.token, 200)


def test_a_roster_is_written_without_scripts(without_scripts: Visitor, stage: Stage) -> None:
    visitor = without_scripts
    sign_in(visitor, stage.keeper)
    visitor.tap("活动管理")
    write_activity(visitor, "路口值守", local(24), local(26))
    visitor.tap("修改")
    visitor.page.get_by_text("把一个班次复制到多个地点、多天").click()
    visitor.pick("哪个班次", "班次 2 · 西路口")
    visitor.type("地点,每行一个", "中心路口\n东路口\n西路口\n南路口\n北路口")
    visitor.tap("生成这些班次")
    assert visitor.page.locator("fieldset[id^=shift-]").count() == 6
    visitor.tap("删去班次 1")
    visitor.tap("保存草稿")
    visitor.tap("提交审核")
    assert visitor.text.count("西路口") == 6
    visitor.switch_user()
    sign_in(visitor, stage.above)
    visitor.tap("待办审核")
    follow(visitor, visitor.page.get_by_role("link", name="查看并审核 路口值守"))
    visitor.tap("通过并发布")
    assert "已发布" in visitor.text


def test_a_shift_is_run_from_its_sign_ups_to_the_close_out(visitor: Visitor, stage: Stage) -> None:
    api = stage.world.api
    made = make_published(api, scene_of(stage), shift(api, -30, 60, 3), title="文艺演出", needs_approval=True)
    shift_id, asker, by_phone = made["shifts"][0]["id"], add_volunteer(api), add_volunteer(api)
    api("POST", f"/shifts/{shift_id}/signups", {}, asker.token, 201)
    sign_in(visitor, stage.keeper)
    visitor.tap("审核")
    follow(visitor, visitor.page.get_by_role("link", name="报名").last)
    follow(visitor, visitor.page.get_by_role("link", name="查看并审核").first)
    visitor.tap("通过 张*丰")
    assert "报名已确认" in visitor.text
    visitor.tap("取消报名 张*丰")
    visitor.tap("不,返回")
    visitor.tap("代人报名")
    visitor.type("完整的手机号或志愿者编号", "15000000000")
    visitor.tap("查找")
    visitor.type("完整的手机号或志愿者编号", by_phone.phone)
    visitor.tap("查找")
    visitor.tap("为 张*丰 报名")
    visitor.tap("不通过 张*丰")
    visitor.tap("不,返回")
    visitor.tap("打印名单")
    visitor.page.emulate_media(media="print")
    assert not visitor.page.locator("header.top").is_visible()
    assert len(re.findall(rb"/Type\s*/Page\b", visitor.page.pdf(format="A4"))) == 1
    visitor.page.emulate_media(media="screen")
    visitor.tap("返回班次")
    visitor.tap("修改班次")
    visitor.tap("不改了,返回")
    visitor.tap("取消班次")
    visitor.tap("不,返回")
    visitor.tap("填写结束情况")
    visitor.type("受众人数", "很多")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.type("受众人数", "320")
    visitor.tap("保存")
    assert "受众 320 人" in visitor.text
    visitor.tap("返回活动")
    visitor.tap("添加班次")
    visitor.tap("保存")
    assert visitor.page.locator("[aria-invalid]").count() == 4


def test_reviews_are_accepted_one_by_one_and_together(visitor: Visitor, stage: Stage) -> None:
    listed_on_paper(stage, serve(stage, "图书整理"), 4)
    sign_in(visitor, stage.keeper)
    visitor.tap("待办审核")
    visitor.tap("签到核对 4")
    assert "记录签到的人不能审核" in visitor.text
    visitor.switch_user()
    sign_in(visitor, stage.above)
    visitor.taps = 0
    visitor.tap("审核")
    visitor.tap("签到核对 4")
    follow(visitor, visitor.page.locator("tbody th a").first)
    assert "工作人员按纸质名单登记" in visitor.text
    visitor.tap("通过")
    assert visitor.taps <= 4
    assert "本人会收到消息" in visitor.text
    visitor.tap("下一项")
    visitor.page.get_by_text("不通过,并说明原因").click()
    visitor.tap("不通过", "button")
    assert visitor.page.title().startswith("错误:")
    visitor.type("原因", "名单上没有签名")
    visitor.tap("不通过", "button")
    visitor.tap("签到核对 2")
    visitor.page.get_by_text("查找和筛选").click()
    visitor.pick("需要留意的情况", "人工登记")
    visitor.tap("查询")
    visitor.tap("通过勾选的项")
    assert visitor.page.title().startswith("错误:")
    visitor.tap("返回列表")
    visitor.tap("全选本页 2 项")
    visitor.tap("通过勾选的项")
    assert "2 人的" in visitor.text
    visitor.type("共同的理由", "纸质名单已核对签名")
    visitor.tap("确认通过这 2 项")
    assert "已通过 2 项" in visitor.text
    visitor.tap("回到待审核")


def test_a_make_up_is_decided_with_the_evidence_in_sight(visitor: Visitor, stage: Stage) -> None:
    api, shift_id = stage.world.api, serve(stage, "清洁家园")
    who = add_volunteer(api)
    api("POST", f"/shifts/{shift_id}/signups", {}, who.token, 201)
    code = api("GET", "/me/code", token=who.token, expect=200).body["payload"]
    scan = {"volunteer_code": code, "shift_id": shift_id, "direction": "in"}
    api("POST", "/checkins", scan, stage.keeper.token, 201)
    scan = {"volunteer_code": code, "shift_id": shift_id, "direction": "out"}
    api("POST", "/checkins", scan, stage.keeper.token)
    body = {"shift_id": shift_id, "from": at(api, -170), "to": at(api, -60), "reason": "手机没电,未能签到"}
    api("POST", "/make-ups", body, who.token, 201)
    sign_in(visitor, stage.above)
    visitor.tap("待办审核")
    follow(visitor, visitor.page.get_by_role("link", name="补录").first)
    follow(visitor, visitor.page.locator("tbody th a").first)
    assert "手机没电,未能签到" in visitor.text
    assert "当天的签到记录" in visitor.text
    visitor.tap("通过")
    assert "已通过" in visitor.text


def test_a_correction_is_decided_with_its_explanation(visitor: Visitor, stage: Stage) -> None:
    api, shift_id = stage.world.api, serve(stage, "助老送餐")
    who = add_volunteer(api)
    body = {"shift_id": shift_id, "from": at(api, -170), "to": at(api, -50), "reason": "设备故障"}
    asked = api("POST", "/make-ups", body, who.token, 201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, stage.above.token, 200)
    entry, *_ = api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"]  # two over midnight
    body = {"minutes": entry["minutes"] // 2, "reason": "提前半小时离开"}
    api("POST", f"/hours/{entry['id']}/corrections", body, who.token, 201)
    sign_in(visitor, stage.keeper)
    visitor.tap("待办审核")
    follow(visitor, visitor.page.get_by_role("link", name="更正").first)
    follow(visitor, visitor.page.locator("tbody th a").first)
    assert "提前半小时离开" in visitor.text
    visitor.tap("通过")
    assert "已通过" in visitor.text
