"""What every page stands on: the built sheet, signing in, large text, roles, errors, print."""

import json
import urllib.request

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor


def test_the_service_says_that_its_assets_are_built(world: World) -> None:
    with urllib.request.urlopen(world.base + "/healthz") as answer:  # noqa: S310 - our own
        assert json.load(answer)["assets"] == "built"


def test_an_administrator_signs_in_sees_the_sidebar_and_leaves(visitor: Visitor) -> None:
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", "139 0000 0001")
    visitor.type("密码", "wrong")
    visitor.tap("登录", "button")
    assert visitor.page.title().startswith("错误:")
    assert visitor.page.get_by_role("alert").get_by_role("link").get_attribute("href") == "#phone"
    assert visitor.page.get_by_label("手机号").input_value() == "139 0000 0001"
    visitor.type("密码", ADMIN_PASSWORD)
    visitor.tap("登录", "button")
    assert visitor.heading == "您好,管理员"
    assert visitor.page.locator(".side a[aria-current]").inner_text() == "总览"
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.tap("菜单")
    assert [one.inner_text() for one in visitor.page.locator("main h2").all()][:2] == ["日常工作", "数据"]
    visitor.page.get_by_role("main").get_by_role("link", name="单位与任务").click()
    assert visitor.heading == "单位与任务"
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.tap("退出登录")
    assert visitor.page.get_by_role("link", name="登录", exact=True).count() == 1
    assert ADMIN_PHONE not in visitor.text


def test_help_is_on_every_page_and_says_who_is_there(visitor: Visitor) -> None:
    visitor.tap("帮助")
    visitor.page.get_by_text("忘记签退了怎么办?").click()
    assert "10 个工作日" in visitor.text
    visitor.tap("无障碍说明")
    visitor.tap("隐私")
    assert visitor.heading == "个人信息处理告知书"


def test_large_text_is_kept_and_can_be_left(visitor: Visitor) -> None:
    visitor.tap("大字版")
    visitor.tap("登录")
    assert visitor.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    visitor.tap("标准版")
    assert visitor.heading == "登录"
    assert visitor.page.evaluate("getComputedStyle(document.documentElement).fontSize") == "18px"


def test_an_unknown_address_says_what_next(visitor: Visitor) -> None:
    visitor.page.goto(visitor.base + "/nowhere")
    visitor.look()
    visitor.tap("返回首页")
    visitor.page.goto(visitor.base + "/v/ZM000000000000?token=x")
    visitor.look()
    assert "查无此证明" in visitor.text


def test_on_paper_there_is_no_navigation(visitor: Visitor) -> None:
    visitor.page.emulate_media(media="print")
    assert not visitor.page.locator("header.top").is_visible()
    assert visitor.page.locator("h1").is_visible()
