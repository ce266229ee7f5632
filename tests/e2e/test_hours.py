"""A volunteer's hours in a real browser: what counts and why, what waits, asking for what is missing; proofs (J10)."""

import datetime as dt
import io
from dataclasses import dataclass

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.checkin.making import Post, make_post
from tests.e2e.conftest import World
from tests.e2e.test_visit import sign_in_here
from tests.e2e.test_volunteer import BUDGET
from tests.e2e.visitor import Visitor
from tests.registration.making import Volunteer, add_child


@dataclass(frozen=True)
class Past:
    """Somebody who was at one shift from its start to its end, and forgot to leave another; with a child."""

    who: Volunteer
    child: Volunteer


@pytest.fixture(scope="session")
def past(world: World) -> Past:
    clock = world.api.app.extensions["clock"]
    now = clock.now()
    clock.set(now - dt.timedelta(days=1))
    post: Post = make_post(world.api, world.admin)
    whole, half = post.shift(0, 120, title="河岸清洁"), post.shift(150, 240, title="图书整理")
    who = post.volunteer(whole, half)
    child = add_child(world.api, who)
    for minutes, direction, shift in ((-5, "in", whole), (115, "out", whole), (160, "in", half)):
        post.go(minutes)
        post.scan(who, direction, shift)
    clock.set(now)
    return Past(who, child)


def test_hours_explain_themselves_and_what_is_missing_is_asked_for(visitor: Visitor, past: Past) -> None:
    visitor.tap("登录")
    sign_in_here(visitor, past.who.phone)
    visitor.tap("我的时长")
    assert "1 小时 55 分钟" in visitor.text
    assert "没有签退,暂计 0 分钟" in visitor.text
    visitor.tap("河岸清洁")
    assert "班次以外,不计 5 分钟" in visitor.text
    visitor.tap("大字版")
    visitor.tap("标准版")
    visitor.tap("有误,申请更正")
    visitor.type("小时", "3")
    visitor.tap("提交申请")
    assert visitor.page.title().startswith("错误:")
    visitor.type("小时", "2")
    visitor.type("分钟", "0")
    visitor.type("哪里不对", "扫码晚了五分钟")
    visitor.tap("提交申请")
    assert "已收到,等待审核" in visitor.text
    visitor.tap("返回我的时长")
    visitor.page.locator("main .btn-primary", has_text="申请补录").click()
    visitor.look()
    visitor.tap("提交申请")
    assert visitor.page.title().startswith("错误:")
    visitor.type("为什么没有扫码记录", "手机没电了")
    visitor.tap("提交申请")
    assert "手机没电了" in visitor.text
    visitor.tap("返回我的时长")
    assert "暂计 0 分钟" not in visitor.text
    visitor.page.locator("main a", has_text="张*丰").last.click()
    visitor.look()
    assert "还没有时长" in visitor.text


def test_asking_works_without_scripts(without_scripts: Visitor, past: Past) -> None:
    visitor = without_scripts
    visitor.tap("登录")
    sign_in_here(visitor, past.who.phone)
    visitor.tap("我的时长")
    visitor.tap("申请补录", nth=-1)
    visitor.pick("哪个班次", visitor.page.locator("#shift_id option").nth(1).inner_text())
    visitor.tap("提交申请")
    assert visitor.page.locator("[aria-invalid]").count() == 3


def test_a_proof_is_issued_printed_and_verified_by_its_code(visitor: Visitor, chromium: Browser, past: Past) -> None:
    visitor.tap("登录")
    sign_in_here(visitor, past.who.phone)
    visitor.tap("我的证明")
    visitor.page.get_by_text("其他时间段").click()
    visitor.type("第一天", "2020-01-01")
    visitor.type("最后一天", "2020-12-31")
    visitor.tap("开具这份证明")
    assert visitor.page.title().startswith("错误:")
    visitor.page.locator("main .actions .btn-primary").first.click()
    visitor.page.wait_for_load_state()
    visitor.look()
    assert "这份证明有效" in visitor.text
    printed = PdfReader(io.BytesIO(visitor.page.pdf())).pages
    assert len(printed) == 1
    for name, kind in (("A4 证明(PDF)", "application/pdf"), ("看图片", "image/png")):
        link = visitor.page.get_by_role("link", name=name, exact=True).get_attribute("href")
        answer = visitor.page.request.get(visitor.base + str(link))
        assert answer.headers["content-type"] == kind
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.body())))
    with Visitor.arrive(chromium, visitor.base) as anybody:
        anybody.page.goto(code.text)
        anybody.look()
        assert (anybody.taps, anybody.heading) == (0, "查验志愿服务记录证明")  # J10
        assert "这份证明有效" in anybody.text
        anybody.page.goto(code.text.partition("?")[0])
        anybody.look()
        anybody.type("网址末尾的验证码", code.text.rpartition("=")[2].lower())
        anybody.tap("查验")
        assert "这份证明有效" in anybody.text
    visitor.tap("别人查验时看到的")
    assert "1小时55分" in visitor.text


def test_these_pages_are_light(visitor: Visitor, past: Past) -> None:
    visitor.tap("登录")
    sign_in_here(visitor, past.who.phone)
    for path in ("/me/hours", "/me/requests", "/me/make-ups/new", "/me/certificates"):
        visitor.page.goto(visitor.base + path)
        assert visitor.weight <= BUDGET, path
