"""The station's code in a real browser: J1, J2, the screen that shows it, the phone that is asked where it is."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.checkin.making import Post, make_post
from tests.e2e.conftest import World
from tests.e2e.test_volunteer import drawn, read_code
from tests.e2e.visitor import Visitor
from tests.registration.making import Volunteer
from tests.stations.making import HERE
from tests.units.making import add_staff


@dataclass(frozen=True)
class Door:
    """A station with a shift that is on, and a way to be before its code."""

    world: World
    post: Post
    shift: str

    def code(self) -> str:
        """Return the address that the station's code holds at this moment."""
        path = f"/stations/{self.post.scene.station}/code"
        parts = urlsplit(self.post.api("GET", path, token=self.post.device, expect=200).body["url"])
        return f"{self.world.base}{parts.path}?{parts.query}"

    def scan(self, visitor: Visitor) -> None:
        """Hold the phone before the code: what opens, opens without a tap."""
        visitor.taps = 0
        visitor.page.goto(self.code())
        visitor.look()

    def volunteer(self) -> Volunteer:
        """Register somebody who is signed up for the shift."""
        return self.post.volunteer(self.shift)


@pytest.fixture(scope="session")
def door(world: World) -> Door:
    post = make_post(world.api, world.admin)
    return Door(world, post, post.shift(-60, 120))


def sign_in_here(visitor: Visitor, phone: str) -> None:
    """Sign in with a code on the page that asks for it."""
    visitor.type("手机号", phone)
    visitor.tap("获取验证码")
    visitor.type("短信验证码", read_code(visitor, "login"))
    visitor.tap("登录", "button")


def press(visitor: Visitor, name: str, comes: str = "[data-k]") -> None:
    """Press a button of the visit; the phone is asked where it is, so what comes does not come at once."""
    visitor.page.get_by_role("button", name=name, exact=True).first.click()
    visitor.taps += 1
    visitor.page.wait_for_selector(comes)
    visitor.look()


def show(visitor: Visitor) -> str:
    """Return the state that is shown."""
    return str(visitor.page.locator("[data-k]").get_attribute("data-k"))


def test_a_first_visit_and_the_next_one(chromium: Browser, door: Door) -> None:
    place = {"latitude": HERE["latitude"], "longitude": HERE["longitude"], "accuracy": 20}
    with Visitor.arrive(chromium, door.world.base, geolocation=place, permissions=["geolocation"]) as visitor:
        door.scan(visitor)
        assert visitor.heading == "登录"
        sign_in_here(visitor, door.volunteer().phone)
        press(visitor, "签到")
        assert show(visitor) == "ok_in"  # the phone said where it was
        assert visitor.taps <= 6  # J2
        visitor.page.reload()
        assert show(visitor) == "ok_in"
        door.scan(visitor)
        assert "不用再操作" in visitor.text
        visitor.page.reload()  # the address holds the ticket by now, so this is no second visit to the code
        assert "ticket=" in visitor.page.url
        press(visitor, "我现在就走,签退")
        assert show(visitor) == "ok_out"
        door.scan(visitor)
        assert "已签退" in visitor.text


def test_who_is_signed_in_needs_two_taps(visitor: Visitor, door: Door) -> None:
    visitor.tap("登录")
    sign_in_here(visitor, door.volunteer().phone)
    door.scan(visitor)
    press(visitor, "签到")
    assert show(visitor) == "flag"  # this phone does not say where it is
    visitor.tap("知道了")
    assert visitor.heading.startswith("您好")
    assert visitor.taps <= 2  # J1


def test_a_stranger_to_the_shift_is_shown_the_way(visitor: Visitor, door: Door) -> None:
    visitor.tap("登录")
    sign_in_here(visitor, door.post.volunteer().phone)
    door.scan(visitor)
    assert "没有查到您此时在本站的报名" in visitor.text
    visitor.tap("大字版")
    assert "没有查到您此时在本站的报名" in visitor.text  # changing the size of text keeps the ticket
    visitor.tap("标准版")
    press(visitor, "签到")
    assert show(visitor) == "none"
    visitor.tap("回到签到页")
    visitor.tap("不是您?换人登录")
    assert visitor.heading == "登录"
    visitor.page.goto(re.sub(r"c=\d+", "c=00000000", door.code()))
    visitor.look()
    assert show(visitor) == "bad"


def test_several_shifts_are_asked_about(visitor: Visitor, world: World) -> None:
    door = Door(world, make_post(world.api, world.admin), "")
    door.post.shifts((-30, 100, 9), (-20, 90, 9), walk_ins=True, title="两个班次都可以来")
    visitor.tap("登录")
    sign_in_here(visitor, door.post.volunteer().phone)
    door.scan(visitor)
    press(visitor, "签到", ".summary")
    assert visitor.page.get_by_role("alert").get_by_role("link").get_attribute("href") == "#shift-of-me"
    visitor.page.get_by_role("radio").first.check()
    press(visitor, "签到")
    assert show(visitor) == "flag"


def test_the_visit_works_without_scripts(without_scripts: Visitor, door: Door) -> None:
    visitor = without_scripts
    door.scan(visitor)
    sign_in_here(visitor, door.volunteer().phone)
    visitor.tap("签到")
    assert show(visitor) == "flag"
    visitor.page.go_back()
    assert "不用再操作" in visitor.text
    visitor.tap("知道了")
    assert visitor.heading.startswith("您好")


def test_the_screen_renews_its_code_and_says_when_it_cannot(visitor: Visitor, door: Door) -> None:
    visitor.tap("登录")
    visitor.tap("用密码登录")
    phone, password = add_staff(door.world.api, door.world.admin, "station_keeper", station_id=door.post.scene.station)
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")
    visitor.page.clock.install()
    visitor.tap("签到台")
    visitor.tap("显示站点码")
    picture = visitor.page.locator("#code")
    drawn(visitor)
    assert re.search(r"\d+ 秒后换新码", visitor.text)
    with visitor.page.expect_response(lambda answer: "poster.svg" in answer.url):
        visitor.page.clock.run_for(31_000)
    visitor.page.locator("#code[src^='data:image/svg']").wait_for()
    visitor.page.context.set_offline(True)
    visitor.page.clock.run_for(40_000)
    # A network that answers with a page of its own is no network: no picture of it, no code that looks alive.
    visitor.page.route("**/poster.svg*", lambda route: route.fulfill(content_type="text/html", body="<p>Wi-Fi"))
    with visitor.page.expect_response(lambda answer: "poster.svg" in answer.url):
        visitor.page.context.set_offline(False)
        visitor.page.clock.run_for(1_000)
    visitor.page.clock.run_for(40_000)
    assert "暂停使用,请改用扫志愿者码" in visitor.text
    assert not picture.is_visible()
    visitor.look()
    visitor.page.unroute("**/poster.svg*")
    with visitor.page.expect_response(lambda answer: "poster.svg" in answer.url and answer.ok):
        visitor.page.clock.run_for(11_000)
    visitor.page.wait_for_selector("#paused", state="hidden")
    visitor.page.clock.run_for(1_000)
    assert picture.is_visible()
    visitor.trouble = [one for one in visitor.trouble if not re.search("ERR_INTERNET|policy '' of", one)]
    visitor.page.locator("summary", has_text="只给一个班次").click()
    visitor.tap("文明交通劝导 · 东路口", nth=0)
    assert "全站通用的码" in visitor.text
