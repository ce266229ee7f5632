"""The volunteer before the station's code: opening writes nothing, a press counts once, a ticket outlives it."""

import re
import uuid
from urllib.parse import unquote, urlsplit

import pytest
import sqlalchemy as sa

from tests.checkin.making import Post, make_post
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer, add_child, new_phone
from tests.units.making import PASSWORD as STAFF_PASSWORD
from volunteer.database import db

NOWHERE = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def post(api: object, admin: str) -> Post:
    return make_post(api, admin)  # type: ignore[arg-type]


def code_of(post: Post, shift_id: str | None = None) -> str:
    """Return the path of the station's code of this moment."""
    query = f"?shift_id={shift_id}" if shift_id else ""
    path = f"/stations/{post.scene.station}/code{query}"
    parts = urlsplit(post.api("GET", path, token=post.device, expect=200).body["url"])
    return f"{parts.path}?{parts.query}"


def here(post: Post) -> str:
    """Return the address of the station's page."""
    return f"/s/{post.scene.station}"


def rows(post: Post) -> tuple[int, int]:
    """Return how many scans and attendances there are."""
    with post.api.app.app_context(), db.engine.connect() as connection:
        scans, attended = (
            connection.scalar(sa.text(f"SELECT count(*) FROM {name}"))  # noqa: S608 - our own names
            for name in ("scans", "attendances")
        )
        return int(scans or 0), int(attended or 0)


def signed_in(post: Post, who: Volunteer) -> Browser:
    """Return the person's own browser."""
    return Browser(post.api.app, who.phone, PASSWORD)


def press(post: Post, browser: Browser, direction: str, ticket: str = "", **more: str) -> str:
    """Press a button of the page that was opened; return the state of the page that it leads to."""
    fields = {"ticket": ticket or browser.page.hidden("ticket"), "direction": direction} | more
    browser.post(here(post), **fields)
    browser.follow()
    return browser.page.state


def test_opening_writes_nothing_one_press_counts_once_ac9(post: Post) -> None:
    who = post.volunteer(post.shift(0, 60))
    browser = signed_in(post, who)
    before = rows(post)
    code = code_of(post)
    for _ in range(3):
        browser.get(code)
    assert rows(post) == before == (0, 0)
    ticket = browser.page.hidden("ticket")
    assert press(post, browser, "in") == "flag"  # no position: green, with a band
    result = browser.page.path
    assert rows(post) == (1, 1)
    browser.get(result)
    assert rows(post) == (1, 1)
    browser.get(code)
    assert press(post, browser, "in", ticket) == "dup"
    assert rows(post) == (1, 1)


def test_a_code_is_accepted_for_ninety_seconds_ac10(post: Post) -> None:
    shift = post.shift(0, 60)
    code = code_of(post)
    for seconds, status in ((0, 200), (60, 200), (89, 200), (91, 410)):
        browser = signed_in(post, post.volunteer(shift))
        post.go(seconds / 60)
        browser.get(code, status)
    assert browser.page.state == "expired"
    assert "/me/code" in browser.page.source
    browser.get(f"{here(post)}?c=12345678", 404)
    assert browser.page.state == "bad"
    browser.get(here(post), 404)
    assert rows(post) == (0, 0)


def test_a_ticket_works_ten_minutes_and_in_its_browser_only_ac10(post: Post) -> None:
    shift = post.shift(0, 60)
    in_time, late = signed_in(post, post.volunteer(shift)), signed_in(post, post.volunteer(shift))
    for browser in (in_time, late):
        browser.get(code_of(post))
    other = signed_in(post, post.volunteer(shift))
    other.get("/me")
    ticket = in_time.page.hidden("ticket")
    assert press(post, other, "in", ticket) == "bad"
    other.get(f"{here(post)}?ticket={ticket}", 404)
    post.go(9)
    in_time.get(f"{here(post)}?ticket={ticket}")
    assert press(post, in_time, "in") == "flag"
    assert press(post, in_time, "out", ticket) == "code-used"
    post.go(11)
    kept = late.page.hidden("ticket")
    assert press(post, late, "in") == "expired"
    late.get(f"{here(post)}?ticket={kept}", 410)
    late.get(f"/s/{NOWHERE}?ticket={kept}", 410)


def test_a_ticket_of_one_station_opens_no_other(post: Post) -> None:
    browser = signed_in(post, post.volunteer(post.shift(0, 60)))
    browser.get(code_of(post))
    browser.get(f"/s/{foreign_station(post)}?ticket={browser.page.hidden('ticket')}", 404)


def test_signing_in_first_loses_no_visit(post: Post) -> None:
    who = post.volunteer(post.shift(0, 60))
    browser = Browser(post.api.app)
    browser.get(code_of(post), 302)
    assert browser.page.location.startswith("/login?next=/s/")
    browser.follow()
    assert "您扫的码已保留 10 分钟" in browser.page.source
    back = browser.page.hidden("next")
    post.go(8)
    assert browser.sign_in(who.phone, PASSWORD, next=back).location == unquote(back)
    browser.follow()
    assert press(post, browser, "in") == "flag"
    cookie = browser.client.get_cookie("volunteer_browser")
    assert cookie
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_who_registers_first_comes_back(post: Post) -> None:
    browser = Browser(post.api.app)
    browser.get(code_of(post), 302)
    with browser.client.session_transaction() as session:
        session["registered"] = {"number": "1", "status": "registered"}
    browser.get("/register/done")
    assert f"/login?next=/s/{post.scene.station}?ticket" in unquote(browser.page.source)


def test_a_form_that_was_open_when_the_session_ended_leads_to_sign_in_and_back(post: Post) -> None:
    who = post.volunteer(post.shift(0, 60))
    browser = signed_in(post, who)
    browser.get(code_of(post))
    ticket = browser.page.hidden("ticket")
    browser.client.delete_cookie("volunteer_session")
    target = browser.post(here(post), ticket=ticket, direction="in").location
    assert target.startswith("/login?next=/s/")
    assert ticket in unquote(target)


def test_the_page_offers_what_the_person_would_do(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    browser = signed_in(post, who)

    def stand() -> str:
        browser.get(code_of(post))
        return re.findall(r'data-stand="(\w+)"', browser.page.source)[0]

    assert stand() == "absent"
    assert "您是 张*丰 吗?" in browser.page.source
    assert "文明交通劝导" in browser.page.source
    press(post, browser, "in")
    post.go(5)
    assert stand() == "arrived"
    assert "不用再操作" in browser.page.source
    post.go(20)
    assert stand() == "present"
    assert press(post, browser, "out") == "ok_out"
    assert "这次 20 分钟" in browser.page.source
    assert stand() == "left"
    assert press(post, browser, "out") == "dup_out"
    stand()
    assert press(post, browser, "in", shift_id=shift) == "flag"


def test_who_goes_on_to_the_next_shift_is_offered_it(post: Post) -> None:
    first, second = post.shifts((0, 60, 9), (60, 120, 9))
    browser = signed_in(post, post.volunteer(first, second))
    browser.get(code_of(post))
    press(post, browser, "in", shift_id=first)
    post.go(60)
    browser.get(code_of(post))
    assert browser.page.hidden("shift_id") == second
    assert press(post, browser, "in", shift_id=second) == "flag"
    assert "上一个班次已同时签退" in browser.page.source


def test_several_open_doors_are_chosen_from(post: Post) -> None:
    one, two = post.shifts((0, 60, 9), (10, 60, 9), walk_ins=True)
    browser = signed_in(post, post.volunteer())
    browser.get(code_of(post))
    assert {one, two} <= set(re.findall(r'type="radio"[^>]*value="([^"]+)"', browser.page.source))
    browser.post(here(post), 422, ticket=browser.page.hidden("ticket"), direction="in")
    assert "<title>错误:" in browser.page.source
    assert 'href="#shift-of-me"' in browser.page.source
    assert 'id="shift-of-me"' in browser.page.source
    assert press(post, browser, "in", shift_id=two) == "flag"
    assert post.attendances(two)[0]["walk_in"]


def test_a_code_for_one_shift_means_that_shift(post: Post) -> None:
    _, two = post.shifts((0, 60, 9), (10, 60, 9), walk_ins=True)
    browser = signed_in(post, post.volunteer())
    browser.get(code_of(post, two))
    assert browser.page.hidden("shift_id") == two
    assert press(post, browser, "in") == "flag"
    assert len(post.attendances(two)) == 1


def test_a_guardian_chooses_for_whom(post: Post) -> None:
    shift = post.shift(0, 60)
    parent = post.volunteer(shift)
    child = add_child(post.api, parent)
    post.api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, parent.token, 201)
    browser = signed_in(post, parent)
    browser.get(code_of(post))
    assert len(re.findall(r'data-stand="absent"', browser.page.source)) == 2
    first = browser.page.hidden("ticket")
    assert press(post, browser, "in", volunteer_id=child.id, shift_id=shift) == "flag"
    browser.get(f"{here(post)}?ticket={first}")
    assert press(post, browser, "in", first) == "code-used"  # one ticket, one press
    browser.get(code_of(post))
    tickets = re.findall(r'name="ticket" value="([^"]*)"', browser.page.source)
    assert len(set(tickets)) == 2
    stranger = post.volunteer(shift)
    browser.post(here(post), 404, ticket=tickets[0], direction="in", volunteer_id=stranger.id)


def test_a_position_is_taken_or_left_out_and_junk_is_no_position(post: Post) -> None:
    shift = post.shift(0, 60)
    states = []
    for place in (
        {"latitude": "39.9075", "longitude": "116.3972", "accuracy_m": "20"},
        {"latitude": "31.2", "longitude": "121.5", "accuracy_m": "20"},
        {"latitude": "north", "longitude": "116.3972"},
        {"latitude": "39.9", "longitude": ""},
    ):
        browser = signed_in(post, post.volunteer(shift))
        browser.get(code_of(post))
        states.append(press(post, browser, "in", **place))
    assert states == ["ok_in", "flag", "flag", "flag"]
    browser.get(code_of(post))
    browser.post(here(post), 422, ticket="x", direction="in", latitude="100", longitude="0")


def test_who_comes_early_or_late_is_told_the_time_of_their_own_shift(post: Post) -> None:
    shift = post.shift(60, 120)
    browser = signed_in(post, post.volunteer(shift))
    browser.get(code_of(post))
    assert "10:30 开始签到" in browser.page.source
    assert browser.page.hidden("shift_id") == shift
    assert press(post, browser, "in", shift_id=shift) == "early"
    post.go(140)
    browser.get(code_of(post))
    assert press(post, browser, "in", shift_id=shift) == "late"
    assert f"/me/make-ups/new?shift={shift}" in browser.page.source
    browser.get("/me/signups")
    browser.get(re.findall(r'href="(/me/signups/[^"]+)"', browser.page.source)[0])
    assert f"/me/make-ups/new?shift={shift}" in browser.page.source
    post.go(60 * 24 + 100)
    browser = signed_in(post, post.people[0])
    browser.get(code_of(post))
    assert "没有查到您此时在本站的报名" in browser.page.source


def test_who_comes_before_midnight_for_a_shift_after_it_is_told_when_it_opens(post: Post) -> None:
    who = post.volunteer(post.shift(14 * 60 + 20, 15 * 60))  # from 00:20
    post.go(13 * 60 + 45)
    browser = signed_in(post, who)
    browser.get(code_of(post))
    assert "23:50 开始签到" in browser.page.source


def test_who_served_earlier_today_is_not_told_to_come_late(post: Post) -> None:
    shift = post.shift(0, 60)
    browser = signed_in(post, post.volunteer(shift))
    browser.get(code_of(post))
    press(post, browser, "in")
    post.go(60)
    browser.get(code_of(post))
    press(post, browser, "out")
    post.go(180)
    browser.get(code_of(post))
    assert "没有查到您此时在本站的报名" in browser.page.source


def test_an_old_refusal_does_not_stand_in_the_way(post: Post) -> None:
    shift = post.shift(33, 90)
    browser = signed_in(post, post.volunteer(shift))
    browser.get(code_of(post))
    ticket = browser.page.hidden("ticket")
    assert press(post, browser, "in", ticket, shift_id=shift) == "early"
    assert "开始签到" in browser.page.source
    post.go(4)
    browser.get("/me")
    assert press(post, browser, "in", ticket, shift_id=shift) == "flag"


def test_a_press_from_before_does_not_say_in_to_who_has_left(post: Post) -> None:
    shift = post.shift(0, 60)
    browser = signed_in(post, post.volunteer(shift))
    browser.get(code_of(post))
    ticket = browser.page.hidden("ticket")
    press(post, browser, "in", ticket)
    post.go(2)
    browser.get(code_of(post))
    assert press(post, browser, "out") == "ok_out"
    assert press(post, browser, "in", ticket) == "code-used"


def test_a_result_is_for_the_person_and_who_acts_for_them(post: Post) -> None:
    shift = post.shift(0, 60)
    parent = post.volunteer()
    child = add_child(post.api, parent)
    post.api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, parent.token, 201)
    browser = signed_in(post, parent)
    browser.get(code_of(post))
    press(post, browser, "in", volunteer_id=child.id)
    result = browser.page.path
    signed_in(post, post.volunteer()).get(result, 404)
    browser.get(f"/me/scans/{uuid.uuid4()}", 404)
    keeper = Browser(post.api.app)
    keeper.get(result, 302)


def test_who_is_no_volunteer_is_told_how_to_become_one(post: Post) -> None:
    browser = Browser(post.api.app, *staff(post))
    browser.get(code_of(post), 403)
    assert "/register" in browser.page.source


def staff(post: Post, **scope: str) -> tuple[str, str]:
    """Add a keeper; return what they sign in with."""
    phone = new_phone()
    made = post.api(
        "POST", "/accounts", {"phone": phone, "name": "祁站员", "password": STAFF_PASSWORD}, post.admin, 201
    )
    grant = {"role": "station_keeper", "station_id": post.scene.station} | scope
    post.api("POST", f"/accounts/{made.body['id']}/grants", grant, post.admin, 201)
    return phone, STAFF_PASSWORD


def test_the_poster_shows_the_living_code_to_keepers_of_the_station(post: Post) -> None:
    shift = post.shift(0, 60)
    keeper = Browser(post.api.app, *staff(post))
    path = f"/station/{post.scene.station}/poster"
    post.clock.advance(seconds=10)
    keeper.get(path)
    assert f"{path}.svg" in keeper.page.source
    assert 'http-equiv="refresh" content="20"' in keeper.page.source
    assert shift in keeper.page.source
    first = keeper.get(f"{path}.svg").source
    assert keeper.page.headers["Refresh-After"] == "20"
    assert keeper.page.headers["Cache-Control"] == "no-store"
    assert keeper.page.mimetype == "image/svg+xml"
    assert keeper.page.headers["Inside"] == "0"
    assert keeper.get(f"{path}.svg?shift={shift}").source != first
    keeper.get(f"{path}?shift={shift}")
    assert "全站通用的码" in keeper.page.source
    post.scan(post.volunteer(shift), "in")
    assert "现在在场1人" in keeper.get(path).words
    post.clock.advance(seconds=20)
    assert keeper.get(f"{path}.svg").source != first
    assert keeper.page.headers["Inside"] == "1"
    keeper.get(f"{path}.svg?shift={NOWHERE}", 404)
    foreign = Browser(post.api.app, *staff(post, station_id=foreign_station(post)))
    for tail in ("", ".svg"):
        foreign.get(path + tail, 404)


def foreign_station(post: Post) -> str:
    """Add a station that has nothing to do with ours."""
    body = {"code": "FREMD", "name": "别处的站", "level": "station"}
    made: str = post.api("POST", "/stations", body, post.admin, 201).body["id"]
    return made
