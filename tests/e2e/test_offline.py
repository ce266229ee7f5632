"""A day without a network: kept, honestly told, opened anew, sent once, and what came of each (AC14, AC19)."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.activities.making import make_scene
from tests.e2e.conftest import World
from tests.e2e.test_keeper import Gate, at_the_door, beam, publish, state
from tests.e2e.visitor import PATIENCE_MS, Visitor
from tests.units.making import make_account

SLATE = "rgb(51, 65, 85)"
#: Every address in every cache, and every scan that the device keeps.
CACHED = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
  (await (await caches.open(name)).keys()).map((one) => `${one.method} ${new URL(one.url).pathname}`)))).flat()"""
KEPT = """() => new Promise((done) => { indexedDB.open("volunteer-scans").onsuccess = ({ target }) => {
  const asked = target.result.transaction("STORE").objectStore("STORE").getAll();
  asked.onsuccess = () => { target.result.close(); done(asked.result); }; }; })"""

PUT = """(all) => new Promise((done) => { indexedDB.open("volunteer-scans").onsuccess = ({ target }) => {
  const work = target.result.transaction("STORE", "readwrite");
  for (const one of all) work.objectStore("STORE").put(one);
  work.oncomplete = () => { target.result.close(); done(); }; }; })"""


@pytest.fixture(scope="module")
def gate(world: World) -> Gate:
    """A station with one shift of now."""
    scene = make_scene(world.api, world.admin)
    keeper = make_account(world.api, world.admin, "station_keeper", station_id=scene.station)
    made = Gate(world, scene, make_scene(world.api, world.admin), keeper)
    made.shifts["now"] = publish(world, scene, (-10, 180, 90))[0]
    return made


def kept(page: Page, store: str = "scans") -> list[dict[str, Any]]:
    """Return what the device keeps."""
    found: list[dict[str, Any]] = page.evaluate(KEPT.replace("STORE", store))
    return found


def keep(page: Page, rows: list[dict[str, Any]], store: str = "scans") -> None:
    """Let the device keep these."""
    page.evaluate(PUT.replace("STORE", store), rows)


def until(page: Page, true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(PATIENCE_MS // 100):
        if true():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never came")


def rows(gate: Gate) -> dict[str, list[dict[str, Any]]]:
    """Return the pairs of everybody at the shift, by person."""
    path = f"/shifts/{gate.shifts['now']}/attendances?limit=200"
    items = gate.world.api("GET", path, token=gate.scene.keeper, expect=200).body["items"]
    return {one["volunteer_id"]: one["pairs"] for one in items}


def forgive_offline(visitor: Visitor) -> None:
    """A browser says itself that it has no network."""
    visitor.trouble[:] = [one for one in visitor.trouble if "ERR_INTERNET_DISCONNECTED" not in one]


def test_scans_without_a_network_are_kept_told_and_sent_once(visitor: Visitor, gate: Gate) -> None:
    page, context = visitor.page, visitor.page.context
    listed, stranger = gate.volunteer("now"), gate.volunteer()
    at_the_door(visitor, gate)
    until(page, lambda: any(one.endswith("/scan") for one in page.evaluate(CACHED)))
    until(page, lambda: len(kept(page, "packs")) == 1)
    context.set_offline(True)

    beam(visitor, gate.code(listed))
    state(visitor, "off")
    told = page.locator("[data-panel] [data-k=off]")
    assert told.evaluate("one => getComputedStyle(one).backgroundColor") == SLATE  # never green (AC14)
    assert "张*丰 待上传 1 条" in told.inner_text()
    beam(visitor, gate.code(stranger))
    page.get_by_text("名单外。 待上传 2 条").wait_for()
    beam(visitor, gate.code(listed))
    page.get_by_text("刚才已保存过").wait_for()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_text("本机有 3 条扫码没有上传").wait_for()
    visitor.look()

    # The page is closed and opened again, still without a network: an empty frame, and all that was kept.
    page.reload()
    page.get_by_text("本机已保存 3 条").wait_for()
    assert [one["state"] for one in kept(page)] == ["unsent"] * 3
    beam(visitor, "9" * 27)
    page.get_by_text("这不是志愿者的码,或者没有扫全,请再扫。 待上传 4 条").wait_for()
    page.get_by_text("请按上面说的再扫一次").wait_for()
    assert page.locator("[data-panel] [data-k=off][role=alert]").get_attribute("data-tones") == "220"
    visitor.look()
    page.goto(visitor.base + "/me")
    assert visitor.heading == "现在没有网络"
    page.goto(f"{visitor.base}/station/{gate.scene.station}/queue")
    page.locator("#unsent li").nth(3).wait_for()
    visitor.look()
    assert not {listed.id, stranger.id} & rows(gate).keys()

    # There is a network again, so the page sends by itself, but the service does not answer; then somebody asks for it.
    page.route("**/sync", lambda route: route.fulfill(status=503))
    context.set_offline(False)
    page.get_by_text("系统暂时没有应答").wait_for()
    page.unroute("**/sync")
    visitor.trouble[:] = [one for one in visitor.trouble if "status of 503" not in one and "/sync" not in one]
    page.get_by_role("button", name="立即上传").click()
    page.locator("[data-k=empty]").wait_for()
    told_now = page.locator("#answered").inner_text()
    assert [word in told_now for word in ("签到成功", "没有查到报名", "已签到过", "二维码无效")] == [True] * 4
    visitor.look()
    found = rows(gate)
    assert (len(found[listed.id]), stranger.id in found) == (1, False)

    # Opened without a network and empty-handed, the page finds out by itself that there is one again.
    context.set_offline(True)
    page.goto(f"{visitor.base}/station/{gate.scene.station}/scan")
    page.locator("#camera-open").wait_for()
    context.set_offline(False)
    page.get_by_role("link", name="网络已恢复,打开完整页面").click()
    page.get_by_text("最近的扫码").wait_for()

    # What the worker keeps: frames and files, whatever pages were opened. Who signs out takes the day along.
    for path in ("/me", "/people", "/manage/activities", "/manage/scans"):
        assert page.goto(visitor.base + path).ok, path
    for one in page.evaluate(CACHED):
        assert re.fullmatch(r"GET (/static/dist/[\w.-]+|/station/shell/(scan|queue|check)|/offline)", one), one
    # The page is closed while a scan waits: any page of the keeper's sends it.
    page.goto(f"{visitor.base}/station/{gate.scene.station}/scan")
    context.set_offline(True)
    page.get_by_label("签退", exact=True).check()
    beam(visitor, gate.code(listed))
    page.locator("[data-panel] [data-k=off]").wait_for()
    page.goto("about:blank")
    context.set_offline(False)
    page.goto(visitor.base + "/station")
    until(page, lambda: all(one["state"] == "answered" for one in kept(page)))
    assert [bool(pair["out"]) for pair in rows(gate)[listed.id]] == [True]
    with page.expect_navigation():  # once the device is emptied
        page.get_by_role("button", name="退出登录").click()
    assert kept(page) == []
    assert kept(page, "packs") == []
    forgive_offline(visitor)


def test_what_the_service_does_not_take_is_kept_shown_and_handed_over(visitor: Visitor, gate: Gate) -> None:
    """One that cannot be read does not hold up the others, and nobody sends for another unasked (T19, T20)."""
    page = visitor.page
    at_the_door(visitor, gate)
    mine = page.locator("#scanner").get_attribute("data-owner")
    one = {"station": gate.scene.station, "direction": "in", "shift_id": "", "state": "unsent"}
    people = [gate.volunteer("now") for _ in range(4)]
    scans = [one | {"id": str(uuid.uuid4()), "code": gate.code(who), "owner": mine} for who in people]
    for scan in scans:
        scan["scanned_at"] = dt.datetime.now(dt.UTC).isoformat()
    scans[1]["scanned_at"] = "1960-01-01T00:00:00Z"  # a tablet that woke up without a battery
    scans[3]["owner"] = "somebody else"
    keep(page, scans)
    visitor.tap("待上传")
    page.get_by_text("系统没有接收(422)").wait_for()
    page.get_by_text("这是别的工作人员在本机扫的").wait_for()
    assert page.locator("#answered li", has_text="签到成功").count() == 2
    visitor.look()
    page.get_by_role("button", name="由我上传").click()
    page.locator("#answered li", has_text="签到成功").nth(2).wait_for()
    assert page.locator("#unsent li").count() == 1

    with page.expect_download() as file:
        page.get_by_role("button", name="导出,交给管理员").click()
    assert [kept["id"] for kept in json.loads(file.value.path().read_text("utf-8"))] == [scans[1]["id"]]
    page.locator("[data-k=empty]").wait_for()
    assert {one.id for one in people if one.id in rows(gate)} == {people[i].id for i in (0, 2, 3)}

    # Its answer was lost, then the clock was set and its time moved: it is still the scan that had arrived (T19, T24).
    moved = (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)).isoformat()
    keep(page, [scans[0] | {"told_at": moved}])
    page.reload()
    until(page, lambda: next(kept for kept in kept(page) if kept["id"] == scans[0]["id"])["state"] == "answered")
    shown = {kept["id"]: kept["shown"]["key"] for kept in kept(page) if kept["state"] == "answered"}
    assert shown[scans[0]["id"]] == "ok_in"


def test_the_list_of_yesterday_names_nobody_today(visitor: Visitor, gate: Gate) -> None:
    """A wrong list is no list: the scan is kept, unchecked (T22)."""
    page, who = visitor.page, gate.volunteer("now")
    at_the_door(visitor, gate)
    until(page, lambda: len(kept(page, "packs")) == 1)
    page.context.set_offline(True)
    beam(visitor, gate.code(who))
    page.get_by_text("张*丰 待上传 1 条").wait_for()
    (list_of_today,) = kept(page, "packs")
    list_of_today["pack"]["date"] = "2026-01-01"
    keep(page, [list_of_today], "packs")
    beam(visitor, gate.code(gate.volunteer("now")))
    page.get_by_text("还没有核对。 待上传 2 条").wait_for()
    forgive_offline(visitor)


PORTAL = "<!doctype html><title>Free Wi-Fi</title><p>Please sign in to this network."
#: What may answer in the service's place, and what the page then says of it.
ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"status": 200, "content_type": "text/html", "body": PORTAL}, "可能要先在这个 Wi-Fi 的网页上登录"),
    ({"status": 500}, "系统暂时没有应答"),
    ({"status": 200, "content_type": "application/json", "body": "{}"}, "可能要先在这个 Wi-Fi 的网页上登录"),
    ({"status": 429, "headers": {"Retry-After": "1"}}, "错误的码太多"),
    ({"status": 401}, "请重新登录"),
    *[({"status": status}, "系统暂时没有应答") for status in (502, 503, 504, 503)],
]


def test_whatever_answers_nothing_is_lost_and_the_page_says_what_to_do(visitor: Visitor, gate: Gate) -> None:
    """A hotel's Wi-Fi, a gateway without a service, a session that is over, half an answer, a closed door (T19)."""
    page = visitor.page
    at_the_door(visitor, gate)
    door, mine = gate.scene.station, page.locator("#scanner").get_attribute("data-owner")
    people = [gate.volunteer("now") for _ in range(3)]
    now = dt.datetime.now(dt.UTC).isoformat()
    one = {"direction": "in", "shift_id": "", "state": "unsent", "owner": mine, "scanned_at": now}
    scans = [one | {"id": str(uuid.uuid4()), "station": door, "code": gate.code(who)} for who in people]
    keep(page, scans)
    asked: list[int] = []
    answer: dict[str, Any] = dict(ANSWERS[0][0])

    def instead(route: Route) -> None:
        asked.append(len((route.request.post_data_json or {"events": []})["events"]))
        if "half" not in answer:
            return route.fulfill(**answer)
        real = route.fetch()
        if not real.ok:
            return route.fulfill(response=real)
        return route.fulfill(response=real, json={"results": real.json()["results"][: answer["half"]]})

    page.route("**/sync", instead)
    # Scanned in front of such a network: kept, told in slate, and why.
    held: list[Route] = []
    page.route("**/scan", lambda route: held.append(route))
    beam(visitor, gate.code(gate.volunteer("now")))
    state(visitor, "busy")  # the last answer is gone before this one is there
    held[0].fulfill(status=200, content_type="text/html", body=PORTAL)
    state(visitor, "off")
    page.get_by_text(ANSWERS[0][1]).wait_for()
    page.unroute("**/scan")
    page.goto(f"{visitor.base}/station/{door}/queue")
    for told, said in ANSWERS:
        answer.clear()
        answer |= told
        with page.expect_response(re.compile("/sync$")):  # several are told alike
            page.get_by_role("button", name="立即上传").click()
        page.locator("#trouble", has_text=said).wait_for()
        assert [kept["state"] for kept in kept(page)] == ["unsent"] * 4, told
        assert page.get_by_role("link", name="重新登录").is_visible() == (told["status"] == 401)
    assert set(asked) == {4}, "who is not there is not asked for each of them"
    visitor.look()

    # Half an answer settles half; a station that is theirs no more does not hold up the others.
    answer.clear()
    answer["half"] = 2
    keep(page, [one | {"id": str(uuid.uuid4()), "station": gate.elsewhere.station, "code": "9" * 27}])
    page.get_by_role("button", name="立即上传").click()
    page.locator("#answered li").nth(1).wait_for()
    page.get_by_text("系统没有接收(404)").or_(page.get_by_text("系统没有接收(403)")).wait_for()
    assert sorted(kept["state"] for kept in kept(page)) == ["answered"] * 2 + ["unsent"] * 3
    page.unroute("**/sync")
    page.get_by_role("button", name="立即上传").click()
    page.locator("#answered li").nth(3).wait_for()
    page.get_by_text("您已没有本站的扫码权限").wait_for()
    assert sum(len(pairs) for person, pairs in rows(gate).items() if person in {who.id for who in people}) == 3
    page.get_by_role("link", name="开始扫码").click()
    page.get_by_text("其中 1 条要您处理").wait_for()

    # A private window may keep nothing: the page says so before the network goes, and scans as long as there is one.
    private = page.context.new_page()
    private.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError'); }")
    private.goto(page.url)
    private.get_by_text("这个浏览器不能保存扫码").wait_for()
    for _ in range(2):
        private.keyboard.type(gate.code(gate.volunteer("now")), delay=4)
        private.keyboard.press("Enter")
        private.locator("[data-panel] [data-k=ok_in]").wait_for()
        private.locator("[data-panel]").evaluate("one => one.replaceChildren()")
    strangers = re.compile(r"status of 50\d|policy '' of .*/s(ync|can)$")  # what is not ours has no policy of ours
    visitor.trouble[:] = [one for one in visitor.trouble if not strangers.search(one)]


def test_this_device_is_checked_point_by_point(visitor: Visitor, gate: Gate) -> None:
    who = gate.volunteer("now")
    at_the_door(visitor, gate)
    until(visitor.page, lambda: len(kept(visitor.page, "packs")) == 1)
    visitor.tap("检查本机")
    visitor.page.get_by_role("button", name="开始检测").click()
    visitor.page.locator("[data-check=sound][data-k]").wait_for()
    found = visitor.page.locator("#checks li").evaluate_all("all => all.map(one => [one.dataset.check, one.dataset.k])")
    good = {name for name, what in found if what == "good"}
    assert {"https", "network", "clock", "storage", "worker", "list", "sound"} <= good
    assert dict(found)["camera"] == "bad"  # there is none here
    visitor.page.locator("#keys").focus()
    typed = ((gate.code(who), "Enter", "扫码枪正常"), ("abc", "Enter", "这不是"), (gate.code(who), "", "没有发送回车"))
    for text, end, said in typed:
        beam(visitor, text, end)
        visitor.page.get_by_text(said).wait_for()
    visitor.look()
