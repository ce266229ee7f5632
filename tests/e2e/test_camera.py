"""The keeper's camera: a film of codes held before it, photos, a camera that does not open, WeChat's browser."""

import io
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from playwright.sync_api import Browser

from tests.activities.making import make_scene
from tests.e2e.conftest import FLAGS, World
from tests.e2e.test_keeper import Gate, publish, sign_in, state
from tests.e2e.visitor import Visitor
from tests.units.making import make_account
from tools.bench.decoders import KINDS, scene

SECOND = 30  # frames
#: What a browser says that could install the page.
INSTALLABLE = "dispatchEvent(new Event('beforeinstallprompt', { cancelable: true }))"
#: How many bytes of scripts the page has fetched.
SCRIPTS = """performance.getEntriesByType("resource").filter((one) => one.name.endsWith(".js"))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
#: Keeps the keys of the states that were shown, one after the other: a film goes on while a test looks.
SHOWN = """
  window.shown = [];
  new MutationObserver(() => {
    const key = document.querySelector("[data-panel] [data-k]")?.dataset.k;
    if (key && key !== "busy" && key !== shown.at(-1)) shown.push(key);
  }).observe(document, { childList: true, subtree: true });
"""
SEEN = """one => { const { top, bottom } = one.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight; }"""
NOISE = Image.effect_noise((640, 480), 60)


@pytest.fixture(scope="module")
def gate(world: World) -> Gate:
    """A station with one shift of now."""
    scene = make_scene(world.api, world.admin)
    keeper = make_account(world.api, world.admin, "station_keeper", station_id=scene.station)
    made = Gate(world, scene, scene, keeper)
    made.shifts["now"] = publish(world, scene, (-10, 180, 40))[0]
    return made


def picture(text: str = "", size: int = 260) -> Image.Image:
    """Return what a camera sees: noise, and before it a phone with a code, a little askew."""
    frame = NOISE.convert("RGB")
    if text:
        made = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_Q, border=4)
        made.add_data(text)
        code = made.make_image().get_image().convert("RGB").resize((size, size))
        frame.paste(code.rotate(7, expand=True, fillcolor="white"), (180, 90))
    return frame


def film(path: Path, *shots: tuple[str, float]) -> Path:
    """Write a film of codes, each for so many seconds, that Chromium's fake camera plays in a loop."""
    with path.open("wb") as out:
        for text, seconds in shots:
            drawn = io.BytesIO()
            picture(text).save(drawn, "JPEG", quality=80)
            out.write(drawn.getvalue() * int(seconds * SECOND))
    return path


@contextmanager
def with_camera(chromium: Browser, film: Path) -> Iterator[Browser]:
    """Yield a browser whose camera plays a film; who may use it is asked of the context."""
    flags = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])
    try:
        yield browser
    finally:
        browser.close()


def at_the_scanner(visitor: Visitor, gate: Gate) -> None:
    """Sign in and start scanning."""
    sign_in(visitor, gate.keeper)
    visitor.tap("签到台")
    visitor.taps = 0
    visitor.tap("开始扫码")


def test_j4_two_taps_then_the_camera_takes_one_after_the_other(
    chromium: Browser, world: World, gate: Gate, tmp_path: Path
) -> None:
    who = gate.volunteer("now")
    shots = tmp_path / "codes.mjpeg"
    with (
        with_camera(chromium, shots) as browser,
        Visitor.arrive(browser, world.base, permissions=["camera"]) as visitor,
    ):
        visitor.page.add_init_script(SHOWN)
        at_the_scanner(visitor, gate)
        visitor.page.evaluate(INSTALLABLE)
        assert visitor.page.locator("#install").is_visible()
        fetched: list[str] = []
        visitor.page.on("request", lambda request: fetched.append(request.url))
        assert visitor.page.evaluate(SCRIPTS) < 25 * 1024, "before the camera is asked for (AC20)"
        # Somebody's code, no code of ours, nobody's hand, and round again: the same code after a while is told so. The
        # film is made now, for a code lives for a minute; the browser opens it with the camera.
        film(shots, (gate.code(who), 1.5), ("https://example.org/", 1.5), ("", 3))
        visitor.page.get_by_role("button", name="打开摄像头扫码").click()
        visitor.taps += 1
        visitor.page.wait_for_function("() => shown.length >= 3")
        assert visitor.page.evaluate("shown.slice(0, 3)") == ["ok_in", "bad", "dup"], "in view, it is one scan (T17)"
        assert visitor.taps == 2
        assert any("/decode." in one for one in fetched), "the decoder comes with the camera, not with the page"
        visitor.look()
        visitor.page.get_by_role("link", name="切到签退").click()  # in place: the camera stays open
        assert visitor.page.get_by_label("签退", exact=True).is_checked()
        # A hand scanner is heard beside the camera, with what is not in the film; closing the camera ends its light.
        visitor.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        visitor.page.keyboard.type(gate.code(gate.volunteer()), delay=4)
        visitor.page.keyboard.press("Enter")
        visitor.page.wait_for_function("() => shown.includes('not-checked-in')")
        assert visitor.page.locator("[data-panel]").evaluate(SEEN), "wherever the page was scrolled to"
        visitor.page.get_by_role("button", name="关闭摄像头").click()
        assert visitor.page.locator("#video").evaluate("one => one.srcObject === null")
    rows = world.api("GET", f"/shifts/{gate.shifts['now']}/attendances", token=gate.scene.keeper).body["items"]
    assert [len(one["pairs"]) for one in rows if one["volunteer_id"] == who.id] == [1]


def test_a_camera_that_does_not_open_says_what_to_do_and_a_photo_is_read(
    chromium: Browser, world: World, gate: Gate, tmp_path: Path
) -> None:
    who = gate.volunteer("now")
    blank = film(tmp_path / "none.mjpeg", ("", 0.2))
    with with_camera(chromium, blank) as browser, Visitor.arrive(browser, world.base) as visitor:
        at_the_scanner(visitor, gate)
        visitor.page.get_by_role("button", name="打开摄像头扫码").click()
        visitor.page.get_by_text("把“摄像头”改成“允许”").wait_for()
        visitor.look()
        picture("", 300).resize((1600, 1200)).save(tmp_path / "none.jpg")
        visitor.page.locator("#photo").set_input_files(tmp_path / "none.jpg")
        visitor.page.locator("#photo-said", has_text="没有找到二维码").wait_for()
        picture(gate.code(who), 300).resize((1600, 1200)).save(tmp_path / "code.jpg")
        visitor.page.locator("#photo").set_input_files(tmp_path / "code.jpg")
        state(visitor, "ok_in")
        # What the page does not read the server may: here the decoder never comes, later no browser opens the picture.
        visitor.page.route("**/decode.*", lambda route: route.abort())
        visitor.page.reload()
        chance = random.Random(7)  # noqa: S311 - the same frame every time
        second = gate.volunteer("now")
        hard = KINDS["dark"](scene(gate.code(second), 300, chance), chance)
        hard.save(tmp_path / "hard.png")
        visitor.page.locator("#photo").set_input_files(tmp_path / "hard.png")
        state(visitor, "ok_in")
        (tmp_path / "new.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(50))
        visitor.page.locator("#photo").set_input_files(tmp_path / "new.heic")
        visitor.page.get_by_text("读不了这种格式").wait_for()
        visitor.look()
    rows = world.api("GET", f"/shifts/{gate.shifts['now']}/attendances", token=gate.scene.keeper).body["items"]
    assert {who.id, second.id} <= {one["volunteer_id"] for one in rows if len(one["pairs"]) == 1}


def test_without_scripts_a_photo_is_a_form(without_scripts: Visitor, gate: Gate, tmp_path: Path) -> None:
    at_the_scanner(without_scripts, gate)
    without_scripts.tap("用照片扫码")
    without_scripts.tap("读码并登记")
    assert without_scripts.page.title().startswith("错误:")
    picture(gate.code(gate.volunteer("now")), 300).save(tmp_path / "code.jpg")
    without_scripts.page.get_by_label("一个码的照片").set_input_files(tmp_path / "code.jpg")
    without_scripts.tap("读码并登记")
    assert without_scripts.page.locator("[data-k=ok_in]").count()


def test_without_a_camera_and_inside_wechat_the_page_says_so(chromium: Browser, world: World, gate: Gate) -> None:
    """Inside WeChat the page sends to the browser (AC27)."""
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile XWEB/1260 MicroMessenger/8.0.50"
    with Visitor.arrive(chromium, world.base, user_agent=agent, service_workers="block") as visitor:
        at_the_scanner(visitor, gate)
        assert "在浏览器打开" in visitor.text
        visitor.page.evaluate(INSTALLABLE)
        assert visitor.page.locator("#install").is_hidden()
        # The network went before the camera's part was fetched: that is no camera that is missing.
        visitor.page.context.set_offline(True)
        visitor.page.get_by_role("button", name="打开摄像头扫码").click()
        visitor.page.get_by_text("摄像头功能还没有下载完").wait_for()
        visitor.page.context.set_offline(False)
        visitor.trouble[:] = [one for one in visitor.trouble if "ERR_INTERNET_DISCONNECTED" not in one]
        visitor.page.get_by_role("button", name="打开摄像头扫码").click()
        visitor.page.get_by_text("没有找到摄像头").wait_for()
        visitor.look()
