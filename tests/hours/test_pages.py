"""A volunteer's own hours on pages: sums, what waits and why, the explanation of a line, and asking for time."""

import datetime as dt
import re
import uuid

import pytest
from flask import Flask

from tests.conftest import Api
from tests.hours.making import Told, World, at, pair
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer, add_child
from volunteer.clock import SettableClock
from volunteer.config import settings
from volunteer.hours import seams


def signed_in(app: Flask, who: Volunteer) -> Browser:
    """Return the person's own browser."""
    return Browser(app, who.phone, PASSWORD)


def local(minutes: int) -> str:
    """Return an instant as a `datetime-local` field holds it, minutes from the start."""
    return at(minutes).astimezone(settings().zone).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def served(world: World, told: Told) -> tuple[Volunteer, str, str]:
    """Somebody with 120 verified minutes of a shift of 210: the person, the shift, the entry."""
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -190, -60))
    return who, shift, world.entries(who)[0]["id"]


def test_without_hours_there_is_a_way_on(app: Flask, world: World, told: Told) -> None:
    browser = signed_in(app, world.volunteer())
    browser.get("/me/hours")
    assert "还没有时长" in browser.page.source
    assert 'href="/activities"' in browser.page.source
    browser.get("/me")
    assert 'href="/me/hours"' in browser.page.source


def test_sums_years_and_each_record(app: Flask, served: tuple[Volunteer, str, str]) -> None:
    who, _, entry = served
    browser = signed_in(app, who)
    browser.get("/me/hours")
    assert re.findall(r"<li>(\S+)<b>([^<]+)</b>", browser.page.source)[:3] == [
        ("累计", "2 小时"),
        ("今年", "2 小时"),
        ("待核对", "0 分钟"),
    ]
    assert "扫码核实 2 小时,审核认定 0 分钟" in browser.page.source
    assert "2026 年" in browser.page.source
    assert f'href="/me/hours/{entry}"' in browser.page.source


def test_records_are_paged(app: Flask, world: World, told: Told) -> None:
    shifts = world.shifts([(60 * number, 60 * number + 30) for number in range(21)])
    who = world.volunteer(*shifts[:1])
    world.api.app.extensions["clock"].set(at(60 * 24))
    told.settle(who, *(pair(one, 60 * number, 60 * number + 30) for number, one in enumerate(shifts)))
    browser = signed_in(app, who)
    browser.get("/me/hours")
    first = set(re.findall(r'href="(/me/hours/[0-9a-f-]{36})"', browser.page.source))
    (more,) = re.findall(r'href="(/me/hours\?cursor=[^"]+)"', browser.page.source)
    browser.get(more.replace("&amp;", "&"))
    rest = set(re.findall(r'href="(/me/hours/[0-9a-f-]{36})"', browser.page.source))
    assert (len(first), first & rest, len(first | rest)) == (20, set(), len(first) + len(rest))
    assert len(rest) >= 1
    browser.get("/me/hours?cursor=junk", 422)


def test_a_line_explains_each_minute(app: Flask, world: World, served: tuple[Volunteer, str, str]) -> None:
    who, _, entry = served
    browser = signed_in(app, who)
    browser.get(f"/me/hours/{entry}")
    for sentence in (
        "班次以内 2 小时",
        "班次以外,不计 10 分钟",
        "刚才重新算了一遍,结果一致",
        "规则第 1 版",
        "申请更正",
    ):
        assert sentence in browser.page.source
    signed_in(app, world.volunteer()).get(f"/me/hours/{entry}", 404)
    asked = world.api("POST", f"/hours/{entry}/corrections", {"minutes": 90, "reason": "早走"}, who.token, 201).body
    world.api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=200)
    browser.get(f"/me/hours/{entry}")
    assert "由 2 小时 更正为 1 小时 30 分钟" in browser.page.source


def test_a_line_that_was_taken_back_cannot_be_corrected(
    app: Flask, world: World, told: Told, served: tuple[Volunteer, str, str]
) -> None:
    who, shift, entry = served
    told.settle(who, pair(shift, -50, -20))
    kinds = {one["id"]: one["kind"] for one in world.entries(who)}
    reversal = next(one for one, kind in kinds.items() if kind == "reversal")
    browser = signed_in(app, who)
    for one in (entry, reversal):
        browser.get(f"/me/hours/{one}")
        assert "/correct" not in browser.page.source
    browser.get(f"/me/hours/{reversal}")
    assert "冲回了之前的一行" in browser.page.source
    browser.get(f"/me/hours/{entry}/correct")
    browser.post(f"/me/hours/{entry}/correct", 409, hours="1", minutes="0", reason="早走")
    assert "已被冲回或替换" in browser.page.source


def test_what_waits_is_told_with_why(app: Flask, world: World, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -180, -60, "weak_evidence"))
    browser = signed_in(app, who)
    browser.get("/me/hours")
    assert "还没有计入的" in browser.page.source
    assert "不全是现场扫动态码" in browser.page.source
    assert "待核对 2 小时" in browser.page.source
    review = world.reviews()[0]["id"]
    world.api("POST", f"/reviews/{review}/refuse", {"reason": "当时不在岗"}, world.keeper, expect=200)
    browser.get("/me/hours")
    assert "未通过:当时不在岗" in browser.page.source
    assert "还没有计入的" not in browser.page.source


def test_an_attendance_without_an_end_leads_to_a_make_up(
    app: Flask, world: World, told: Told, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = world.shift(10, 100)
    who = world.volunteer(shift)
    row = {
        "shift_id": uuid.UUID(shift),
        "state": "unclosed",
        "activity_title": "文明交通劝导",
        "post": "路口",
        "starts_at": at(10),
        "ends_at": at(100),
        "pairs": [{"in": at(25), "out": None}],
        "why": [],
    }
    monkeypatch.setattr(seams, "ATTENDED", [lambda _person, _shift, _now: [row]])
    clock.set(at(200))
    browser = signed_in(app, who)
    browser.get("/me/hours")
    assert "暂计 0 分钟。最晚 2026 年 4 月 3 日 可以申请补录" in browser.page.source  # 10 working days after 22 March
    (way,) = re.findall(r'class="btn btn-primary" href="(/me/make-ups/new\?shift=[^"]+)"', browser.page.source)
    browser.get(way)
    assert f'name="from" type="datetime-local" value="{local(25)}"' in browser.page.source
    assert f'name="to" type="datetime-local" value="{local(100)}"' in browser.page.source
    fields = {"shift_id": shift, "from_": local(25), "to": local(100), "reason": "手机没电"}
    assert browser.post("/me/make-ups/new", **fields).location == "/me/requests?fresh=1"
    browser.follow()
    assert browser.page.state == "saved"
    assert "手机没电" in browser.page.source
    browser.get("/me/hours")
    assert "暂计 0 分钟" not in browser.page.source
    assert "待核对 1 小时 15 分钟" in browser.page.source
    monkeypatch.setattr(seams, "ATTENDED", [lambda _person, _shift, _now: [row | {"shift_id": who.id}]])
    clock.set(at(20 * 24 * 60))
    browser.get("/me/hours")
    assert "补录期限已过" in browser.page.source


def test_all_faults_of_a_make_up_are_told_and_what_was_typed_is_kept(
    app: Flask, world: World, told: Told, clock: SettableClock
) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    browser = signed_in(app, who)
    browser.get(f"/me/make-ups/new?shift={shift}")
    browser.post("/me/make-ups/new", 422, shift_id=shift, from_="", to="junk", reason="")
    assert "<title>错误:" in browser.page.source
    assert set(re.findall(r'href="#(\w+)"', browser.page.source)) >= {"from", "to", "reason"}
    browser.post("/me/make-ups/new", 422, shift_id=shift, from_=local(-400), to=local(10), reason="停电了")
    assert "必须在班次时间之内" in browser.page.source
    assert "只能补录已经过去的时间" in browser.page.source
    assert "停电了</textarea>" in browser.page.source
    clock.set(dt.datetime(2026, 4, 20, 12, 0, tzinfo=at(0).tzinfo))
    browser = signed_in(app, who)
    browser.get(f"/me/make-ups/new?shift={shift}")
    assert "截止" in browser.page.source
    browser.post("/me/make-ups/new", 422, shift_id=shift, from_=local(-100), to=local(-50), reason="停电")
    assert 'href="#shift_id"' in browser.page.source
    assert 'id="shift_id"' in browser.page.source


def test_without_a_shift_one_chooses_among_ones_own(app: Flask, world: World, told: Told, clock: SettableClock) -> None:
    begun, later = world.shifts([(10, 60), (600, 660)])
    who = world.volunteer(begun, later)
    browser = signed_in(app, who)
    browser.get("/me/make-ups/new")
    assert "现在没有可以申请补录的班次" in browser.page.source
    clock.set(at(100))
    browser.get("/me/make-ups/new")
    assert f'<option value="{begun}"' in browser.page.source
    assert f'<option value="{later}"' not in browser.page.source
    browser.post("/me/make-ups/new", 422, shift_id="", from_=local(10), to=local(60), reason="停电")
    assert 'href="#shift_id"' in browser.page.source
    browser.post("/me/make-ups/new", shift_id=begun, from_=local(10), to=local(60), reason="停电")
    clock.set(at(60 * 24 * 30))
    browser = signed_in(app, who)
    browser.get("/me/make-ups/new")
    assert f'<option value="{begun}"' not in browser.page.source


def test_a_correction_is_asked_for_in_hours_and_minutes(
    app: Flask, world: World, served: tuple[Volunteer, str, str]
) -> None:
    who, _, entry = served
    path = f"/me/hours/{entry}/correct"
    browser = signed_in(app, who)
    browser.get(path)
    assert re.search(r'name="hours"[^>]*value="2"', browser.page.source)
    for hours, minutes, sentence in (
        ("9", "0", "0 到 210 分钟之间"),
        ("2", "0", "与现在相同"),
        ("zwei", "", "这一项"),
        ("-1", "0", "之间的整数"),
    ):
        browser.post(path, 422, hours=hours, minutes=minutes, reason="算错")
        assert sentence in browser.page.source
        assert re.search(rf'name="hours"[^>]*value="{hours}"', browser.page.source)
    browser.post(path, 422, hours="1", minutes="0", reason=" ")
    assert 'href="#reason"' in browser.page.source
    assert browser.post(path, hours="1", minutes="30", reason="早走").location == "/me/requests?fresh=1"
    browser.follow()
    assert "应为 1 小时 30 分钟" in browser.page.source
    assert "−30 分钟" in browser.page.source
    browser.get(path)
    browser.post(path, 409, hours="1", minutes="0", reason="早走")
    assert "已有一个更正申请在审核" in browser.page.source
    asked = world.api("GET", "/corrections", token=who.token, expect=200).body["items"][0]["id"]
    world.api("POST", f"/corrections/{asked}/reject", {"reason": "签退在 11 点"}, world.keeper, expect=200)
    browser.get("/me/requests")
    assert "审核意见:签退在 11 点" in browser.page.source
    stranger = signed_in(app, world.volunteer())
    stranger.get("/me")
    stranger.post(path, 404, hours="1", minutes="0", reason="早走")


def test_a_guardian_sees_and_asks_for_a_child(app: Flask, api: Api, world: World, told: Told) -> None:
    shift = world.shift(-180, 30)
    parent = world.volunteer()
    child = add_child(api, parent)
    told.settle(child, pair(shift, -180, -120))
    browser = signed_in(app, parent)
    browser.get("/me/hours")
    assert "还没有时长" in browser.page.source
    assert f"/me/hours?volunteer_id={child.id}" in browser.page.source
    browser.get(f"/me/hours?volunteer_id={child.id}")
    assert "1 小时" in browser.page.source
    (entry,) = re.findall(r'href="(/me/hours/[0-9a-f-]{36})"', browser.page.source)
    browser.get(entry)
    assert f'href="/me/hours?volunteer_id={child.id}"' in browser.page.source
    browser.get(f"{entry}/correct")
    assert browser.post(f"{entry}/correct", hours="0", minutes="30", reason="早走").location == (
        f"/me/requests?volunteer_id={child.id}&fresh=1"
    )
    browser.get(f"/me/make-ups/new?shift={shift}&volunteer_id={child.id}")
    fields = {"shift_id": shift, "from_": local(-100), "to": local(-50), "reason": "停电"}
    browser.post("/me/make-ups/new", volunteer_id=child.id, **fields)
    assert len(api("GET", "/make-ups", token=parent.token, expect=200).body["items"]) == 1
    stranger = world.volunteer()
    other = signed_in(app, stranger)
    other.get(f"/me/hours?volunteer_id={child.id}")
    assert "还没有时长" in other.page.source  # whom one may not act for is not there: one sees one's own
