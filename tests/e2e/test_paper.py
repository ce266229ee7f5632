"""The code on paper in a real browser: at the station, elsewhere, no place told, without scripts; and its keeper."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.test_visit import Door, door, press, show, sign_in_here
from tests.e2e.visitor import Visitor
from tests.stations.making import HERE
from tests.units.making import add_staff

__all__ = ["door"]
ELSEWHERE = {"latitude": 31.2, "longitude": 121.5, "accuracy": 20}


@pytest.fixture(scope="session")
def sheet(door: Door) -> dict[str, str]:
    """Hang up the station's sheet."""
    post = door.post
    path = f"/stations/{post.scene.station}/paper-code"
    made: dict[str, str] = post.api("POST", path, {}, post.scene.keeper, 201).body
    return made


def come(visitor: Visitor, door: Door, sheet: dict[str, str]) -> None:
    """Hold the phone before the sheet, and sign in."""
    visitor.page.goto(f"{door.world.base}/{path_of(sheet)}")
    visitor.look()
    sign_in_here(visitor, door.volunteer().phone)
    assert "您扫的是纸质海报" in visitor.text


def path_of(sheet: dict[str, str]) -> str:
    """Return the path in the sheet's QR code, after its slash."""
    return sheet["url"].partition("://")[2].partition("/")[2]


def test_at_the_station_one_press_is_enough(chromium: Browser, door: Door, sheet: dict[str, str]) -> None:
    place = {"latitude": HERE["latitude"], "longitude": HERE["longitude"], "accuracy": 20}
    with Visitor.arrive(chromium, door.world.base, geolocation=place, permissions=["geolocation"]) as visitor:
        come(visitor, door, sheet)
        press(visitor, "签到")
        assert show(visitor) == "ok_in"
        assert "扫的是纸质海报" in visitor.text


def test_elsewhere_who_knows_no_word_is_recorded_and_told_what_comes_next(
    chromium: Browser,
    door: Door,
    sheet: dict[str, str],
) -> None:
    with Visitor.arrive(chromium, door.world.base, geolocation=ELSEWHERE, permissions=["geolocation"]) as visitor:
        come(visitor, door, sheet)
        press(visitor, "签到", ".summary")
        press(visitor, "没有口令,先记下签到")
        assert show(visitor) == "review"
        assert "核对后会计入时长" in visitor.text


def test_who_refuses_to_say_where_they_are_says_the_word(visitor: Visitor, door: Door, sheet: dict[str, str]) -> None:
    come(visitor, door, sheet)
    press(visitor, "签到", ".summary")
    wrong = f"{(int(sheet['word']) + 1) % 10_000:04d}"
    visitor.type("今天的口令", wrong)
    press(visitor, "填好口令,签到", "text=口令不对")
    visitor.type("今天的口令", sheet["word"])
    press(visitor, "填好口令,签到")
    assert show(visitor) == "flag"


def test_without_scripts_digits_are_typed(without_scripts: Visitor, door: Door, sheet: dict[str, str]) -> None:
    visitor = without_scripts
    visitor.page.goto(door.world.base + "/s")
    visitor.type("海报上的数字", sheet["code"])
    visitor.tap("继续")
    sign_in_here(visitor, door.volunteer().phone)
    visitor.type("今天的口令", sheet["word"])
    visitor.tap("签到")
    assert show(visitor) == "flag"


def test_a_keeper_makes_prints_and_replaces_the_sheet(visitor: Visitor, door: Door, sheet: dict[str, str]) -> None:
    visitor.tap("登录")
    visitor.tap("用密码登录")
    phone, password = add_staff(door.world.api, door.world.admin, "station_keeper", station_id=door.post.scene.station)
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")
    visitor.tap("签到台")
    assert f"纸质海报今天的口令:{sheet['word']}" in visitor.text
    visitor.tap("查看海报和口令")
    assert sheet["word"] in visitor.text
    with visitor.page.expect_response(lambda answer: answer.url.endswith("sheet.pdf")) as printed:
        visitor.page.evaluate("fetch(document.querySelector('a[href$=\"sheet.pdf\"]').href)")
    assert printed.value.headers["content-type"] == "application/pdf"
    visitor.tap("口令泄露了,马上换")
    visitor.type("原因说明", "有人把口令发到群里")
    visitor.tap("更换今天的口令", "button")
    assert sheet["word"] not in visitor.text
    visitor.tap("换一张新海报")
    visitor.type("原因说明", "海报被拍照传开")
    visitor.tap("换一张新海报", "button")
    assert "已停用的海报" in visitor.text
    visitor.page.goto(f"{door.world.base}/{path_of(sheet)}")
    visitor.look()
    assert show(visitor) == "revoked"
    visitor.page.goto(door.world.base + "/s")
    visitor.look()
    visitor.type("海报上的数字", "1234")
    visitor.tap("继续")
    assert "这不是海报上的数字" in visitor.text
    visitor.type("海报上的数字", sheet["code"])
    visitor.tap("继续")
    assert show(visitor) == "revoked"
