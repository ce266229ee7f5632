"""A volunteer's journeys: registering (J7), signing in, signing up (J6), the waiting list, the code (J3)."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.activities.making import Scene, make_published, make_scene, shift
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import CHILD, add_volunteer, new_phone, resident_id
from tests.units.making import make_unit

BUDGET = 60 * 1024


@dataclass(frozen=True)
class Town:
    """A unit and a scene with an activity that has places."""

    world: World
    scene: Scene
    unit: str
    activity: dict[str, Any]


@pytest.fixture(scope="session")
def town(world: World) -> Town:
    make_unit(world.api, world.admin, name="东湖街道办事处")
    scene = make_scene(world.api, world.admin)
    activity = make_published(
        world.api, scene, shift(world.api, 60, 180, 40), shift(world.api, 1500, 1620, 40, post="西路口")
    )
    return Town(world, scene, "东湖街道办事处", activity)


def read_code(visitor: Visitor, purpose: str) -> str:
    """Return the code that the demonstration shows."""
    return visitor.page.locator(f"[data-code={purpose}]").inner_text()


def drawn(visitor: Visitor) -> None:
    """Wait until a code is drawn, also where a script has just put another in its place."""
    visitor.page.wait_for_function(
        "() => { const one = document.getElementById('code'); return one.complete && one.naturalWidth > 0; }"
    )


def register(visitor: Visitor, phone: str, number: str) -> None:
    """Register from the landing page, with a unit."""
    visitor.tap("注册成为志愿者")
    visitor.type("姓名", "王小明")
    visitor.type("证件号码", number)
    visitor.type("手机号", phone)
    visitor.tap("下一步")
    visitor.type("单位名称", "东湖")
    visitor.tap("查找")
    visitor.tap("东湖街道办事处")
    visitor.type("短信验证码", read_code(visitor, "register"))
    visitor.choose("我已阅读并同意个人信息处理告知书")
    visitor.tap("提交注册")


def sign_in(visitor: Visitor, phone: str) -> None:
    """Sign in with a code, from the landing page."""
    visitor.tap("登录")
    visitor.type("手机号", phone)
    visitor.tap("获取验证码")
    visitor.type("短信验证码", read_code(visitor, "login"))
    visitor.tap("登录", "button")


def sign_up(visitor: Visitor, title: str) -> None:
    """Sign up from the start page for the first shift of an activity."""
    visitor.tap("活动")
    visitor.tap(title)
    visitor.page.locator("main .btn-primary").first.click()
    visitor.taps += 1
    visitor.look()
    visitor.page.locator("main .btn-xl").click()
    visitor.taps += 1
    visitor.page.wait_for_load_state()
    visitor.look()


def test_a_newcomer_registers_signs_in_signs_up_and_shows_the_code(visitor: Visitor, town: Town) -> None:
    phone = new_phone()
    register(visitor, phone, resident_id())
    assert visitor.heading == "注册成功"
    assert visitor.taps <= 12  # J7
    sign_in(visitor, phone)
    assert visitor.heading == "您好,王小明"
    visitor.taps = 0
    sign_up(visitor, "文明交通劝导")
    assert visitor.heading == "报名成功"
    assert visitor.taps <= 4  # J6
    visitor.tap("首页")
    assert "下一班" in visitor.text
    visitor.taps = 0
    visitor.tap("出示我的签到码")
    assert visitor.taps <= 1  # J3
    drawn(visitor)
    visitor.tap("刷新签到码")
    visitor.tap("我的")
    assert "东湖街道办事处" in visitor.text
    visitor.tap("修改我的资料")
    visitor.type("联系人电话", "12")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.type("联系人姓名", "李秀英")
    visitor.type("联系人电话", "150 0000 0000")
    visitor.tap("保存")
    assert "已保存" in visitor.text
    visitor.tap("更换手机号")
    visitor.type("新手机号", new_phone())
    visitor.tap("获取验证码")
    visitor.type("短信验证码", read_code(visitor, "register"))
    visitor.tap("换成这个手机号")
    assert "已保存" in visitor.text
    visitor.tap("大字")
    visitor.tap("标准字")
    visitor.tap("消息")
    visitor.tap("首页")
    visitor.tap("我的报名")
    visitor.tap("文明交通劝导")
    visitor.tap("取消报名")
    visitor.tap("不取消,保留报名")
    visitor.tap("取消报名")
    visitor.tap("确认取消")
    assert visitor.heading == "报名已取消"
    visitor.tap("退出登录")
    assert visitor.heading == "身边的志愿服务"


def test_what_is_wrong_is_said_at_once_and_kept(visitor: Visitor, town: Town) -> None:
    visitor.page.clock.install()
    visitor.tap("注册成为志愿者")
    visitor.type("姓名", "王小明")
    visitor.type("证件号码", "110101199003070000")
    visitor.type("手机号", "12")
    visitor.tap("下一步")
    assert visitor.page.title().startswith("错误:")
    assert visitor.page.locator("[aria-invalid]").count() == 2
    assert visitor.page.get_by_label("证件号码").input_value() == "110101199003070000"
    number = resident_id()
    visitor.type("证件号码", number)
    visitor.type("手机号", new_phone())
    visitor.tap("下一步")
    assert number not in visitor.page.content()
    visitor.type("单位名称", "没有的单位")
    visitor.tap("查找")
    visitor.tap("没有单位,继续")
    assert number not in visitor.page.content()
    visitor.tap("提交注册")
    assert visitor.page.get_by_role("alert").get_by_role("link").get_attribute("href") == "#phone_code"
    visitor.type("短信验证码", "000")
    visitor.tap("提交注册")
    assert visitor.page.locator("[aria-invalid]").count() == 2
    again = visitor.page.locator("[data-resend]")
    assert again.is_disabled()
    assert re.fullmatch(r"重新发送验证码\(\d\d\)", again.inner_text())
    visitor.page.clock.fast_forward(61_000)
    visitor.tap("重新发送验证码")
    visitor.type("短信验证码", read_code(visitor, "register"))
    visitor.choose("我已阅读并同意个人信息处理告知书")
    visitor.tap("提交注册")
    assert visitor.heading == "注册成功"


def test_a_known_paper_is_claimed_with_its_phone(visitor: Visitor, town: Town) -> None:
    known = add_volunteer(town.world.api)
    register(visitor, known.phone, known.id_number)
    assert visitor.heading == "这份证件已经注册过"
    visitor.type("短信验证码", "000000")
    visitor.tap("认领这份注册")
    assert visitor.page.title().startswith("错误:")


def test_a_child_registers_with_a_guardian(visitor: Visitor, town: Town) -> None:
    parent = new_phone()
    visitor.tap("注册成为志愿者")
    visitor.type("姓名", "王小宝")
    visitor.type("证件号码", resident_id(CHILD))
    visitor.type("手机号", parent)
    visitor.tap("下一步")
    visitor.tap("没有单位,继续")
    visitor.type("监护人姓名", "李秀英")
    visitor.pick("监护人是您的", "母亲")
    visitor.type("监护人手机号", parent)
    visitor.tap("给监护人发送验证码")
    assert visitor.page.get_by_label("监护人姓名").input_value() == "李秀英"
    visitor.type("监护人收到的验证码", read_code(visitor, "guardian"))
    visitor.choose("我已阅读并同意个人信息处理告知书")
    visitor.tap("提交注册")
    assert visitor.heading == "注册成功"
    visitor.switch_user()
    sign_in(visitor, parent)
    visitor.tap("活动")
    visitor.tap("文明交通劝导")
    visitor.page.locator("main .btn-primary").first.click()
    visitor.look()
    visitor.tap("确认报名")
    assert visitor.heading == "报名成功"


def test_who_waits_gets_the_place_that_is_given_up(visitor: Visitor, town: Town) -> None:
    api = town.world.api
    make_published(api, town.scene, shift(api, 3000, 3060, 1), title="只有一个名额")
    first, second = add_volunteer(api), add_volunteer(api)
    sign_in(visitor, first.phone)
    sign_up(visitor, "只有一个名额")
    assert visitor.heading == "报名成功"
    visitor.switch_user()
    sign_in(visitor, second.phone)
    sign_up(visitor, "只有一个名额")
    assert visitor.heading == "已加入候补"
    sign_up(visitor, "只有一个名额")
    assert visitor.heading == "报名没有成功"
    assert visitor.page.locator("[data-reason]").evaluate_all("all => all.map(one => one.dataset.reason)") == [
        "already-signed-up"
    ]
    visitor.switch_user()
    sign_in(visitor, first.phone)
    visitor.tap("查看这次报名")
    visitor.tap("取消报名")
    visitor.tap("确认取消")
    visitor.switch_user()
    sign_in(visitor, second.phone)
    assert "只有一个名额" in visitor.text
    visitor.tap("消息")
    assert "只有一个名额" in visitor.text


def test_activities_are_found_by_filters_in_the_address(visitor: Visitor, town: Town) -> None:
    visitor.tap("看看活动")
    visitor.page.get_by_text("查找和筛选").click()
    visitor.type("关键词", "没有这样的")
    visitor.tap("查询")
    assert "没有符合条件的活动" in visitor.text
    assert "q=" in visitor.page.url
    visitor.tap("查看全部活动")
    visitor.tap("文明交通劝导")
    visitor.page.locator("main .btn-primary").first.click()
    visitor.look()
    assert visitor.heading == "登录"
    assert "next=" in visitor.page.url


def test_signing_up_by_keyboard_alone(visitor: Visitor, town: Town) -> None:
    person = add_volunteer(town.world.api)
    sign_in(visitor, person.phone)
    visitor.walk_to("活动")
    visitor.walk_to("文明交通劝导")
    visitor.walk_to(re.compile("^报名"))
    visitor.walk_to("确认报名")
    assert visitor.heading == "报名成功"


def test_all_of_it_works_without_scripts(without_scripts: Visitor, town: Town) -> None:
    visitor, phone = without_scripts, new_phone()
    register(visitor, phone, resident_id())
    assert visitor.heading == "注册成功"
    sign_in(visitor, phone)
    sign_up(visitor, "文明交通劝导")
    assert visitor.heading == "报名成功"
    visitor.tap("我的码")
    assert visitor.page.locator("noscript meta, head meta[http-equiv=refresh]").count() == 1
    answer = visitor.page.request.get(visitor.base + "/me/code.svg")
    assert (answer.status, answer.headers["content-type"].split(";")[0]) == (200, "image/svg+xml")


def test_pages_are_light(visitor: Visitor, town: Town) -> None:
    person = add_volunteer(town.world.api)
    sign_in(visitor, person.phone)
    for name in ("首页", "活动", "我的码", "我的"):
        visitor.tap(name)
        assert visitor.weight <= BUDGET, name


def test_filters_that_cannot_be_read_are_told(visitor: Visitor, town: Town) -> None:
    visitor.tap("看看活动")
    visitor.page.goto(visitor.page.url + "?from=gestern")
    visitor.look()
    assert visitor.page.title().startswith("错误:")
    assert visitor.page.locator("#from[aria-invalid]").count() == 1
