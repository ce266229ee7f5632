"""The keeper at the door: the hand scanner (J4), spoken code and search (J5), every state, walk-ins, the list."""

import datetime as dt
import io
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from pypdf import PdfReader

from tests.activities.making import Scene, make_published, make_scene, shift
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.pages import Browser
from tests.registration.making import Volunteer, add_volunteer, resident_id
from tests.units.making import PASSWORD, make_account
from volunteer.clock import SettableClock

_looks: set[str] = set()
WIDE = {ord(str(n)): 0xFF10 + n for n in range(10)}


@dataclass
class Gate:
    """A station with shifts of now, later and elsewhere, and a keeper's phone."""

    world: World
    scene: Scene
    elsewhere: Scene
    keeper: str
    shifts: dict[str, str] = field(default_factory=dict)
    tardy: list[Volunteer] = field(default_factory=list)

    def volunteer(self, *names: str) -> Volunteer:
        """Register somebody and sign them up."""
        who = add_volunteer(self.world.api)
        for name in names:
            self.world.api("POST", f"/shifts/{self.shifts[name]}/signups", {}, who.token, expect=201)
        return who

    def code(self, who: Volunteer, seconds: float = 0) -> str:
        """Return the living code of this very moment, or of one some seconds from it."""
        clock: SettableClock = self.world.api.app.extensions["clock"]
        clock.set(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))
        payload: str = self.world.api("GET", "/me/code", token=who.token, expect=200).body["payload"]
        clock.set(dt.datetime.now(dt.UTC))
        return payload

    def scan(self, who: Volunteer, name: str, token: str) -> None:
        """Sign somebody in beside the page."""
        body = {"volunteer_code": self.code(who), "direction": "in", "shift_id": self.shifts[name]}
        self.world.api("POST", "/checkins", body, token, expect=201)


def publish(world: World, scene: Scene, *spans: tuple[float, float, int], **more: Any) -> list[str]:
    """Publish an activity; return the ids of its shifts."""
    forms = [shift(world.api, *span) for span in spans]
    return [one["id"] for one in make_published(world.api, scene, *forms, **{"walk_ins": False, **more})["shifts"]]


@pytest.fixture(scope="session")
def gate(world: World) -> Gate:
    scene = make_scene(world.api, world.admin)
    keeper = make_account(world.api, world.admin, "station_keeper", station_id=scene.station)
    made, clock = Gate(world, scene, make_scene(world.api, world.admin), keeper), world.api.app.extensions["clock"]
    made.shifts["now"], made.shifts["later"] = publish(world, scene, (-10, 180, 40), (100, 180, 40))
    made.shifts["off"], made.shifts["kept"] = publish(world, scene, (-5, 170, 9), (-5, 170, 9), title="河道清洁")
    made.shifts["small"] = publish(world, scene, (-10, 175, 1), title="图书整理", walk_ins=True)[0]
    made.shifts["open"] = publish(world, scene, (-10, 175, 9), title="巡河", walk_ins=True)[0]
    made.shifts["elsewhere"] = publish(world, made.elsewhere, (-10, 180, 9), title="西站值守")[0]
    made.shifts["long"] = publish(world, scene, (-150, 120, 9), title="旧书整理")[0]
    now = clock.now()
    clock.set(now - dt.timedelta(minutes=40))
    made.shifts["over"] = publish(world, scene, (-5, 20, 9), title="早高峰劝导")[0]
    made.tardy.append(made.volunteer("over"))
    clock.set(now)
    return made


def sign_in(visitor: Visitor, phone: str) -> None:
    """Sign in by password from the landing page."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", PASSWORD)
    visitor.tap("登录", "button")


def at_the_door(visitor: Visitor, gate: Gate) -> None:
    """Go from the landing page to the scanner."""
    sign_in(visitor, gate.keeper)
    visitor.tap("签到台")
    visitor.tap("开始扫码")


def state(visitor: Visitor, key: str) -> None:
    """Wait for a state, and look at it: at every width the first of its colour, then axe alone."""
    shown = visitor.page.locator(f"[data-panel] [data-k={key}]")
    shown.wait_for()
    look = f"{shown.get_attribute('class')} {shown.locator('..').locator('.doors').count()}"
    if look in _looks:
        visitor.ask_axe(key)
    else:
        _looks.add(look)
        visitor.look()


def beam(visitor: Visitor, text: str, end: str = "Enter") -> None:
    """Type as a hand scanner does, wherever the focus is: fast, and with a suffix."""
    visitor.page.keyboard.type(text, delay=4)
    if end:
        visitor.page.keyboard.press(end)


def test_j4_two_taps_to_the_scanner_and_none_for_each_volunteer(visitor: Visitor, gate: Gate) -> None:
    sign_in(visitor, gate.keeper)
    assert "个班次" in visitor.text
    visitor.tap("签到台")
    visitor.taps = 0
    visitor.tap("开始扫码")
    assert visitor.taps <= 2
    people = [gate.volunteer("now") for _ in range(5)]
    posts: list[str] = []
    visitor.page.on("request", lambda one: posts.append(one.url) if one.url.endswith("/scan") else None)
    # Enter, Tab, full-width digits, and a scanner without a suffix or with a late one; the focus is on the page once.
    beam(visitor, gate.code(people[0]))
    state(visitor, "ok_in")
    visitor.page.evaluate("document.activeElement.blur()")
    beam(visitor, gate.code(people[1]), "Tab")
    visitor.page.locator(".last li").nth(1).wait_for()
    visitor.page.locator("#code").fill("")
    visitor.page.keyboard.insert_text(gate.code(people[2]).translate(WIDE))
    visitor.page.locator(".last li").nth(2).wait_for()
    beam(visitor, gate.code(people[3]), "")
    visitor.page.locator(".last li").nth(3).wait_for()
    for _ in range(2):  # of a slow scanner, and of one that ends its line with two
        visitor.page.keyboard.press("Enter")
    beam(visitor, gate.code(people[4]))
    visitor.page.locator(".last li").nth(4).wait_for()
    assert len(posts) == 5, "an Enter that comes late wipes no answer away"
    assert visitor.page.evaluate("document.activeElement.id") == "code"
    assert visitor.taps <= 2
    assert visitor.page.locator(".last li", has_text="签到成功").count() == 5


@pytest.mark.parametrize("by", ["spoken", "name", "tail"])
def test_j5_a_dead_phone_costs_four_taps(visitor: Visitor, gate: Gate, by: str) -> None:
    who = gate.volunteer("now")
    text = {"spoken": said_by(gate, who), "name": "三丰", "tail": who.phone[-6:]}[by]
    at_the_door(visitor, gate)
    visitor.taps = 0
    visitor.type("扫码,或输入口述四位码、姓名、手机尾号", text)
    visitor.tap("确定")
    state(visitor, "met")
    mine = visitor.page.locator("[data-k=met] li", has=visitor.page.locator(f"input[value='{who.id}']"))
    mine.get_by_role("button").click()
    visitor.taps += 1
    state(visitor, "ok_in")
    assert visitor.taps <= 4
    there = gate.world.api("GET", f"/shifts/{gate.shifts['now']}/attendances", token=gate.scene.keeper).body["items"]
    assert [one["evidence"] for one in there if one["volunteer_id"] == who.id] == ["weak"]


def said_by(gate: Gate, who: Volunteer) -> str:
    """Return the four digits of a volunteer's own page."""
    client = gate.world.api.app.test_client()
    form = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    client.post("/login", data={"csrf_token": token[1], "phone": who.phone, "password": "Volunteer-2026"})
    found = re.search(r'class="spoken num">(\d{4})<', client.get("/me/code").get_data(as_text=True))
    assert found
    return found[1]


def test_every_state_that_a_scan_can_come_to_here(visitor: Visitor, gate: Gate) -> None:
    api, page, label = gate.world.api, visitor.page, visitor.page.get_by_label
    who, nobody, later, gone = gate.volunteer("now"), gate.volunteer(), gate.volunteer("later"), gate.volunteer("off")
    gate.volunteer("small")
    at_the_door(visitor, gate)

    def scan(text: str, key: str) -> None:
        beam(visitor, text)
        state(visitor, key)

    scan(gate.code(who), "ok_in")
    scan(gate.code(who), "dup")
    label("签退", exact=True).check()
    scan(gate.code(nobody), "not-checked-in")
    scan(gate.code(who), "ok_out")
    scan(gate.code(who), "dup_out")
    away = gate.volunteer("elsewhere")
    gate.scan(away, "elsewhere", gate.elsewhere.keeper)
    scan(gate.code(away), "wrong")
    label("签到", exact=True).check()
    scan("9" * 27, "bad")
    scan("没有这个人", "nobody")
    scan(gate.code(who, -300), "expired")
    scan(gate.code(nobody), "choose")
    page.locator("#choices summary").click()
    for name, person, key in (
        ("small", nobody, "full"),
        ("later", later, "early"),
        ("over", gate.tardy[0], "late"),
        ("now", nobody, "none"),
        ("open", away, "open-elsewhere"),
        ("off", gone, "cancelled"),
    ):
        if key == "cancelled":
            api("POST", f"/shifts/{gate.shifts[name]}/cancel", {"reason": "暴雨"}, gate.scene.keeper, expect=200)
        if name == "later" and not page.locator(f"#shift_id option[value='{gate.shifts[name]}']").count():
            continue  # it begins tomorrow: this runs late in the evening
        page.locator("#shift_id").select_option(gate.shifts[name])
        scan(gate.code(person), key)
    held = gate.volunteer("kept")
    api("POST", f"/volunteers/{held.id}/suspend", {"reason": "核实中"}, gate.world.admin, expect=200)
    page.locator("#shift_id").select_option("")
    scan(gate.code(held), "suspended")
    # In, out and in again within the 60 s of one code: nobody looks in between.
    swift = gate.volunteer("now")
    code = gate.code(swift)
    for way, key in (("签到", "ok_in"), ("签退", "ok_out"), ("签到", "code-used")):
        label(way, exact=True).check()
        beam(visitor, code)
        page.locator(f"[data-panel] [data-k={key}]").wait_for()
    visitor.look()


def test_the_scanner_works_without_scripts(without_scripts: Visitor, gate: Gate) -> None:
    who = gate.volunteer("now")
    visitor = without_scripts
    at_the_door(visitor, gate)
    visitor.type("扫码,或输入口述四位码、姓名、手机尾号", gate.code(who))
    visitor.tap("确定")
    assert visitor.page.locator("[data-k=ok_in]").count() == 1
    visitor.tap("确定")
    assert visitor.page.title().startswith("错误:")
    visitor.type("扫码,或输入口述四位码、姓名、手机尾号", who.phone[-6:])
    visitor.tap("确定")
    visitor.page.locator("[data-k=met]").get_by_role("button").first.click()
    assert visitor.page.locator("[data-k=dup]").count() == 1


def test_a_lost_network_loses_no_scan_and_says_where_nothing_was_saved(visitor: Visitor, gate: Gate) -> None:
    who = gate.volunteer("now")
    at_the_door(visitor, gate)
    visitor.page.context.set_offline(True)
    beam(visitor, "三丰")
    state(visitor, "err")
    visitor.page.locator("#code").fill("")
    beam(visitor, gate.code(who))
    state(visitor, "off")
    visitor.page.context.set_offline(False)
    visitor.page.get_by_text("保存的 1 条都已上传").wait_for()
    visitor.trouble[:] = [one for one in visitor.trouble if "ERR_INTERNET_DISCONNECTED" not in one]


def test_a_paper_list_a_walk_in_and_a_scan_taken_back(visitor: Visitor, gate: Gate) -> None:
    listed, came = gate.volunteer("kept"), gate.volunteer()
    sign_in(visitor, gate.keeper)
    visitor.tap("签到台")
    visitor.page.get_by_role("link", name="河道清洁").last.click()
    visitor.look()
    visitor.tap("登记所选的人")
    assert visitor.page.title().startswith("错误:")
    visitor.page.locator(f"input[value='{listed.id}']").check()
    visitor.page.get_by_label("人工登记的原因").fill("断网,纸质名单")
    visitor.tap("登记所选的人")
    assert "已人工登记 1 人" in visitor.text
    visitor.tap("现场报名")
    visitor.tap("查找")
    visitor.type("完整的手机号或志愿者编号", came.phone)
    visitor.tap("查找")
    visitor.page.get_by_label("班次", exact=True).select_option(gate.shifts["kept"])  # a long day is a list that opens
    visitor.tap("报名并签到")
    state_of = visitor.page.locator("[data-k=ok_in]")
    assert state_of.count() == 1
    visitor.tap("开始扫码")
    visitor.tap("大字版")
    visitor.tap("标准版")
    visitor.page.locator(".last a").first.click()
    visitor.look()
    visitor.tap("作废")
    visitor.type("作废的原因", "登记错了人")
    visitor.tap("作废")
    assert "这条记录已作废" in visitor.text


def test_somebody_who_never_touches_a_phone(visitor: Visitor, gate: Gate) -> None:
    """Registered at the desk, card printed, signed in and out by typed digits, settled, a proof on paper."""
    api, clock = gate.world.api, gate.world.api.app.extensions["clock"]
    clock.set(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=95))
    early = Browser(api.app, gate.keeper, PASSWORD)
    clock.set(dt.datetime.now(dt.UTC))
    sign_in(visitor, gate.keeper)
    visitor.tap("签到台")
    visitor.tap("凭证件代为注册")
    visitor.tap("提交注册")
    assert visitor.page.title().startswith("错误:")
    visitor.page.locator("#name").fill("皇甫秀")
    visitor.type("证件号码", resident_id())
    visitor.type("同意书的编号或存放处", "档案 7-12")
    visitor.choose("我已核对证件原件,本人已签同意书")
    visitor.tap("提交注册")
    number = visitor.page.locator("dd.num").inner_text()
    card = download(visitor, "打印志愿者卡")
    digits = re.search(r"92\d{25}", card)
    assert digits
    visitor.tap("今天的班次")
    visitor.tap("现场报名")
    visitor.type("完整的手机号或志愿者编号", number)
    visitor.tap("查找")
    visitor.page.get_by_label("班次", exact=True).select_option(gate.shifts["long"])
    visitor.tap("只报名,再扫码签到")
    # The morning's check-in, at the same page an hour and a half ago.
    clock.set(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=90))
    scanned = early.post(f"/station/{gate.scene.station}/scan", expect=None, code=digits[0], direction="in")
    assert "签到成功" in scanned.words
    clock.set(dt.datetime.now(dt.UTC))
    visitor.tap("开始扫码")
    visitor.page.get_by_label("签退", exact=True).check()
    beam(visitor, digits[0])
    state(visitor, "ok_out")
    spent = re.search(r"1 小时 (3\d) 分钟", visitor.text)  # an hour and a half, and what this test takes
    assert spent
    reviews = api("GET", "/reviews?state=open", token=gate.scene.center_keeper, expect=200).body["items"]
    ids = [one["id"] for one in reviews if one["shift_id"] == gate.shifts["long"]]
    api("POST", "/reviews/accept", {"ids": ids}, gate.scene.center_keeper, expect=200)
    visitor.tap("今天的班次")
    visitor.page.get_by_role("link", name="旧书").click()
    visitor.look()
    visitor.tap("皇*秀")
    visitor.tap("开具服务证明")
    assert spent[0] in visitor.text
    visitor.tap("开具")
    assert f"{60 + int(spent[1])}分钟" in download(visitor, "打印证明")


def download(visitor: Visitor, name: str) -> str:
    """Follow a link to a PDF with the browser's session; return its text without blanks."""
    link = visitor.page.get_by_role("link", name=name, exact=True).get_attribute("href")
    answer = visitor.page.context.request.get(visitor.base + (link or ""))
    assert answer.headers["content-type"] == "application/pdf"
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages).split())
