"""Large text and "read to me" where somebody stands at a door: their code, the station's page, the result, the scanner.

Chromium here has no voices, so the browser is given one, which keeps what it is told to say.
"""

from playwright.sync_api import Browser

from tests.e2e.conftest import World
from tests.e2e.test_keeper import beam
from tests.e2e.test_records import sign_in as sign_in_with_password
from tests.e2e.test_visit import Door, door, press, sign_in_here
from tests.e2e.visitor import Visitor
from tests.units.making import add_staff

__all__ = ["door"]
VOICE = """
  window.said = [];
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [{ lang: "zh-CN" }], cancel() {}, addEventListener() {},
    speak(spoken) { said.push(spoken.text); setTimeout(() => spoken.onend?.({ type: "end" })); } } });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


def read(visitor: Visitor) -> str:
    """Press "read to me"; return what was said since the page opened."""
    button = visitor.page.get_by_role("button", name="读给我听")
    button.click()
    button.wait_for()  # it says "stop" until the last word
    return "|".join(visitor.page.evaluate("said"))


def test_what_matters_at_the_door_is_large_and_read_aloud(chromium: Browser, door: Door) -> None:
    who = door.volunteer()
    with Visitor.arrive(chromium, door.world.base) as visitor:
        visitor.page.context.add_init_script(VOICE)
        visitor.tap("大字版")
        visitor.tap("登录")
        sign_in_here(visitor, who.phone)
        said = read(visitor)
        assert "下一班" in said  # V1
        assert "文明交通劝导" in said
        visitor.tap("出示我的签到码")
        spoken = visitor.page.locator(".spoken").first.inner_text().strip()
        said = read(visitor)  # V2: four digits one by one, no picture
        assert " ".join(spoken) in said
        assert "对准扫码器" in said
        door.scan(visitor)
        assert "文明交通劝导" in read(visitor)  # P6
        press(visitor, "签到")
        said = read(visitor)  # V10: the result and what to do next, not the sign
        assert said.startswith("签到成功")
        assert "✓" not in said
        assert "服务结束后请再扫一次签退" in said
        visitor.page.goto(visitor.base + "/me/messages")
        visitor.look()
        assert read(visitor).startswith("消息")
        visitor.page.goto(visitor.base + "/privacy")
        visitor.look()
        assert read(visitor).startswith("个人信息处理告知书|志愿者")


def test_the_scanner_is_large_and_tells_each_result_if_asked(chromium: Browser, door: Door, world: World) -> None:
    who = door.volunteer()
    keeper = add_staff(world.api, world.admin, "station_keeper", station_id=door.post.scene.station)
    with Visitor.arrive(chromium, door.world.base) as visitor:
        visitor.page.context.add_init_script(VOICE)
        visitor.tap("大字版")
        sign_in_with_password(visitor, *keeper)
        visitor.tap("签到台")
        visitor.tap("开始扫码")
        beam(visitor, "9" * 27)
        visitor.page.locator("[data-panel] [data-k=bad]").wait_for()
        assert visitor.page.evaluate("said") == []
        visitor.choose("读出结果")
        beam(visitor, door.post.code(who))
        visitor.page.locator("[data-panel] [data-k=ok_in]").wait_for()
        visitor.look()
        assert visitor.page.evaluate("said") == ["结果会读出来。", "签到成功"]
