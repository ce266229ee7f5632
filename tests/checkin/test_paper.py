"""The code on paper: good with the place or the word of the day, else held; dead with its version; guesses are few."""

import re
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from tests.checkin.making import Post, make_post
from tests.checkin.test_visit_pages import foreign_station, here, press, rows, signed_in, staff
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_child
from volunteer import pdf
from volunteer.checkin.credentials import cards
from volunteer.checkin.credentials.codes import CodeKeys
from volunteer.checkin.posters import paper_codes
from volunteer.database import db

AT_STATION = {"latitude": "39.9075", "longitude": "116.3972", "accuracy_m": "20"}
FAR_AWAY = {"latitude": "31.2", "longitude": "121.5", "accuracy_m": "20"}


@pytest.fixture
def post(api: object, admin: str) -> Post:
    return make_post(api, admin)  # type: ignore[arg-type]


def paper(post: Post, deed: str = "", **body: str) -> dict[str, object]:
    """Do a deed of the keeper's at the station's sheet; without one, look at it."""
    path = f"/stations/{post.scene.station}/paper-code{deed}"
    found: dict[str, object]
    if not deed and not body:
        found = post.api("GET", path, token=post.scene.keeper, expect=200).body
    else:
        expect = 200 if deed else 201
        found = post.api("POST", path, body if any(body.values()) else {}, post.scene.keeper, expect).body
    return found


def hang(post: Post) -> dict[str, str]:
    """Make the station's sheet; return it."""
    path = f"/stations/{post.scene.station}/paper-code"
    made: dict[str, str] = post.api("POST", path, {}, post.scene.keeper, 201).body
    return made


def word(post: Post) -> str:
    """Return today's word."""
    found: str = paper(post)["sheet"]["word"]  # type: ignore[index]
    return found


def other_than(said: str) -> str:
    """Return four digits that are not the word."""
    return f"{(int(said) + 1) % 10_000:04d}"


def path_of(sheet: dict[str, str]) -> str:
    """Return the path in a sheet's QR code."""
    parts = urlsplit(sheet["url"])
    return f"{parts.path}?{parts.query}"


def before(post: Post, browser: Browser, sheet: dict[str, str]) -> Browser:
    """Hold the phone before the sheet."""
    browser.get(path_of(sheet))
    return browser


def send(post: Post, browser: Browser, expect: int, direction: str = "in", **more: str) -> Browser:
    """Press a button of the page that is shown, and stay where it leads."""
    fields = {"ticket": browser.page.hidden("ticket"), "direction": direction} | more
    browser.post(here(post), expect, **fields)
    return browser


def flags(post: Post, shift: str) -> list[str]:
    """Return the flags of the only attendance of a shift."""
    (found,) = post.attendances(shift)
    assert found["evidence"] == "weak"
    return sorted(found["flags"])


def test_at_the_station_a_press_is_enough_and_its_minutes_wait(post: Post) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    who = post.volunteer(shift)
    browser = before(post, signed_in(post, who), sheet)
    assert rows(post) == (0, 0)
    assert "今天的口令" in browser.page.source
    assert press(post, browser, "in", **AT_STATION) == "ok_in"
    assert "扫的是纸质海报" in browser.page.source
    assert flags(post, shift) == ["paper"]
    post.go(60)
    before(post, browser, sheet)
    assert press(post, browser, "out", **AT_STATION) == "ok_out"
    assert post.hours(who)["minutes_total"] == 0
    assert post.hours(who)["minutes_pending"] == 60
    (review,) = post.reviews()
    assert review["kind"] == "weak_evidence"
    post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper, 200)
    assert post.hours(who)["minutes_total"] == 60


@pytest.mark.parametrize("place", [{}, FAR_AWAY])
def test_elsewhere_the_word_is_asked_for_and_who_has_none_is_held(post: Post, place: dict[str, str]) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    knows, does_not = post.volunteer(shift), post.volunteer(shift)
    browser = before(post, signed_in(post, knows), sheet)
    send(post, browser, 422, **place)
    assert browser.page.faults["word-of-me"].endswith("等工作人员核对。")
    assert rows(post) == (0, 0)
    send(post, browser, 422, word=other_than(word(post)), **place)
    assert "口令不对" in browser.page.source
    assert "也可以不填" in browser.page.source
    assert rows(post) == (0, 0)
    assert press(post, browser, "in", word=f" {word(post)[:2]} {word(post)[2:]}", **place) == "flag"
    astray = "too-far" if place else "no-location"
    assert flags(post, shift) == sorted(["paper", "word", astray])

    browser = before(post, signed_in(post, does_not), sheet)
    send(post, browser, 422, **place)
    assert press(post, browser, "in", without="1", **place) == "review"
    assert "没有在站点的位置,也没有当天的口令" in browser.page.source
    post.go(60)
    before(post, browser, sheet)
    assert press(post, browser, "out", **AT_STATION) == "ok_out"
    assert post.hours(does_not)["minutes_pending"] == 60
    notes = post.api("GET", f"/shifts/{shift}/attendances", token=post.scene.keeper).body["items"]
    assert sorted(notes[-1]["flags"]) == sorted(["paper", "unconfirmed", astray])


def test_a_sheet_dies_with_its_version_and_its_tickets_with_it(post: Post) -> None:
    shift, old = post.shift(0, 60), hang(post)
    browser, late = (before(post, signed_in(post, post.volunteer(shift)), old) for _ in range(2))
    path = f"/stations/{post.scene.station}/paper-code"
    assert post.api("POST", path, {}, post.scene.keeper, 422).body["errors"][0]["field"] == "reason"
    new = post.api("POST", path, {"reason": "有人拍下来发到群里"}, post.scene.keeper, 201).body
    assert (old["version"], new["version"]) == (1, 2)
    assert old["code"] != new["code"]
    ticket = browser.page.hidden("ticket")
    assert press(post, browser, "in", ticket, **AT_STATION) == "revoked"
    browser.get(path_of(old), 410)
    assert browser.page.state == "revoked"
    late.get(f"{here(post)}?ticket={late.page.hidden('ticket')}", 410)
    before(post, late, new)
    assert press(post, late, "in", **AT_STATION) == "ok_in"
    for _ in range(2):
        after = paper(post, "/revoke", reason="有屏幕了")
        assert after["sheet"] is None
    assert [one["version"] for one in after["earlier"]] == [2, 1]  # type: ignore[attr-defined]
    post.api("POST", f"{path}/word", {"reason": "泄露"}, post.scene.keeper, 409)
    post.api("GET", f"{path}.pdf", token=post.scene.keeper, expect=404)
    assert hang(post)["version"] == 3
    body = {"code": old["code"], "direction": "in"}
    assert post.api("POST", "/me/checkins", body, post.people[0].token, 409).body["reason"] == "code-revoked"


def test_a_made_up_code_opens_nothing_and_the_digits_may_be_typed(post: Post) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    browser = signed_in(post, post.volunteer(shift))
    for digits in (other_number(sheet["code"]), "1234567890123456", "5"):
        browser.get(f"{here(post)}?p={digits}", 404)
        browser.get("/s")
        browser.post("/s", 422, code=digits)
        assert browser.page.faults["code"].startswith("这不是海报上的数字")
    browser.get(f"/s/{foreign_station(post)}?p={sheet['code']}", 404)
    browser.get("/s")
    browser.post("/s", 303, code=" ".join(re.findall("....", sheet["code"])))
    browser.follow()
    assert press(post, browser, "in", **AT_STATION) == "ok_in"


def other_number(code: str) -> str:
    """Return the code with another number and right check digits."""
    body = f"{(int(code[:5]) + 1) % 90_000 + 10_000}{code[5:14]}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def test_words_are_guessed_seldom_and_never_judged_uncounted(post: Post) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    guesser, honest = (before(post, signed_in(post, post.volunteer(shift)), sheet) for _ in range(2))
    right = word(post)
    for _ in range(5):
        send(post, guesser, 422, word=other_than(right))
    send(post, guesser, 429, word=right)  # the right one is told from a wrong one no more
    assert "口令填错太多次" in guesser.page.source
    assert int(guesser.page.headers["Retry-After"]) <= 601
    assert rows(post) == (0, 0)
    body = {"code": sheet["code"], "direction": "in", "word": right}
    post.api("POST", "/me/checkins", body, post.people[0].token, 429)
    assert press(post, honest, "in", word=right) == "flag"
    assert press(post, guesser, "in", without="1") == "review"
    for number in range(6):  # right words are no tries
        way = ("out", "in")[number % 2]
        said = {"code": sheet["code"], "direction": way, "word": right}
        post.api("POST", "/me/checkins", said, post.people[1].token, 201)


def test_the_word_changes_at_midnight_and_when_it_leaked(post: Post) -> None:
    sheet = hang(post)
    first = word(post)
    after: dict[str, str] = paper(post, "/word", reason="有人发到网上")["sheet"]  # type: ignore[assignment]
    assert after["word"] != first
    assert after["code"] == sheet["code"]
    shift = post.shift(0, 60)
    token = post.volunteer(shift).token
    body = {"code": sheet["url"], "direction": "in", "word": first}
    refused = post.api("POST", "/me/checkins", body, token, 422).body
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [("word", "wrong-word")]
    assert post.api("POST", "/me/checkins", body | {"word": after["word"]}, token, 201).body["flags"] == [
        "no-location",
        "paper",
        "word",
    ]
    zone = post.api.app.config["BABEL_DEFAULT_TIMEZONE"]
    now = post.clock.now().astimezone(ZoneInfo(zone))
    phone, password = staff(post)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    told = []
    for instant in (midnight - timedelta(seconds=1), midnight):
        post.clock.set(instant)
        token = post.api("POST", "/auth/login", {"phone": phone, "password": password}, expect=200).body["access_token"]
        told.append(
            post.api("GET", f"/stations/{post.scene.station}/paper-code", token=token, expect=200).body["sheet"]
        )
    late, tomorrow = told
    assert late["word"] == after["word"] != tomorrow["word"]
    assert (tomorrow["word_on"], tomorrow["code"]) == (midnight.date().isoformat(), sheet["code"])


def test_the_api_holds_who_says_no_word(post: Post) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    body = {"code": sheet["code"], "direction": "in"}
    told = post.api("POST", "/me/checkins", body, post.volunteer(shift).token, 202).body
    assert told["outcome"] == "needs_review"
    assert told["flags"] == ["no-location", "paper", "unconfirmed"]
    place = {"latitude": 39.9075, "longitude": 116.3972, "accuracy_m": 20}
    told = post.api("POST", "/me/checkins", body | place, post.volunteer(shift).token, 201).body
    assert (told["evidence"], told["flags"]) == ("weak", ["paper"])
    early = post.shift(60 * 5, 60 * 6)
    named = body | {"shift_id": early, "word": "0000"}  # refused for another reason: the word is not judged
    assert post.api("POST", "/me/checkins", named, post.volunteer(early).token, 409).body["reason"] == "too-early"


def test_keepers_tend_the_sheet_and_nobody_else_learns_the_word(post: Post) -> None:
    keeper = Browser(post.api.app, *staff(post))
    page = f"/station/{post.scene.station}/paper"
    keeper.get(page)
    assert "没有启用纸质海报" in keeper.page.source
    for _ in range(2):  # twice is one sheet
        keeper.get("/station")
        keeper.get(page)
        keeper.post(page, 303)
    keeper.get(page)
    digits = word(post)
    assert digits in keeper.page.source
    assert keeper.page.headers["Cache-Control"] == "no-store"
    keeper.get(f"/station?station={post.scene.station}")
    assert f"纸质海报今天的口令:{digits}" in keeper.page.source
    sheet = keeper.get(f"{page}/sheet.pdf")
    assert sheet.data.startswith(b"%PDF")
    for deed, said in (("word", "口令"), ("replace", "新海报"), ("revoke", "停用")):
        keeper.get(f"{page}/{deed}")
        assert said in keeper.page.source
        keeper.post(f"{page}/{deed}", 422, reason="")
        assert "reason" in keeper.page.faults
        keeper.post(f"{page}/{deed}", 303, reason="到期更换")
    keeper.get(page)
    assert "到期更换" in keeper.page.source
    keeper.get(f"{page}/word", 303)  # there is no sheet now
    deeds = [one["action"] for one in audit_of(post)]
    assert deeds == ["paper.issue", "paper.print", "paper.word", "paper.replace", "paper.revoke"]
    hang(post)
    foreign = Browser(post.api.app, *staff(post, station_id=foreign_station(post)))
    for tail in ("", "/replace", "/revoke", "/word", "/sheet.pdf"):
        foreign.get(page + tail, 404)
    post.api("GET", f"/stations/{post.scene.station}/paper-code", token=post.device, expect=403)
    pack = post.api(
        "GET", f"/stations/{post.scene.station}/offline-pack?date={post.api.now():%Y-%m-%d}", token=post.device
    )
    assert word(post) not in re.findall(r"(?<!\d)\d{4}(?!\d)", str(pack.body))


def test_the_sheet_is_one_page_however_long_the_name() -> None:
    code = paper_codes.issue(CodeKeys({1: b"k" * 32}, 1), 54321, UUID(int=1), 12)
    for name in ("东湖站", "新时代文明实践站" * 12):
        words = dict.fromkeys(
            ("site", "helpline", "helpline_hours", "address", "issued"), "服务热线与地址 010-12345678"
        )
        data = words | {"station": name, "digits": paper_codes.grouped(code), "version": 12}
        assert (
            len(pdf.pictures("checkin/sheet.typ", data, {"qr.svg": cards.picture_of("https://host/s?p=" + code)}, 20))
            == 1
        )


def audit_of(post: Post) -> list[dict[str, str]]:
    """Return the deeds at sheets, in order."""
    with post.api.app.app_context(), db.engine.connect() as connection:
        query = "SELECT action, reason FROM audit_entries WHERE action LIKE 'paper.%' ORDER BY id"
        return [dict(row._mapping) for row in connection.execute(sa.text(query))]


def test_one_browser_opens_few_pages_a_minute_and_a_village_behind_one_address_many(post: Post) -> None:
    sheet = hang(post)
    browser = Browser(post.api.app)
    for _ in range(21):
        browser.get(path_of(sheet), 302)
    browser.get(path_of(sheet), 429)  # the first came without the cookie
    assert 1 <= int(browser.page.headers["Retry-After"]) <= 61
    for _ in range(25):
        Browser(post.api.app).get(path_of(sheet), 302)
    post.clock.advance(seconds=61)
    browser.get(path_of(sheet), 302)


def test_a_family_that_signs_in_first_presses_once_each(post: Post) -> None:
    shift, sheet = post.shift(0, 60), hang(post)
    parent = post.volunteer(shift)
    child = add_child(post.api, parent)
    post.api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, parent.token, 201)
    browser = Browser(post.api.app)
    browser.get(path_of(sheet), 302)
    browser.follow()
    browser.sign_in(parent.phone, PASSWORD, next=browser.page.hidden("next"))
    browser.follow()
    own, childs = dict.fromkeys(re.findall(r'name="ticket" value="([^"]*)"', browser.page.source))
    assert press(post, browser, "in", own, **AT_STATION) == "ok_in"
    assert press(post, browser, "in", childs, volunteer_id=child.id, **AT_STATION) == "ok_in"
    assert press(post, browser, "out", childs, **AT_STATION) == "bad"  # it is the child's alone
    assert press(post, browser, "out", own, volunteer_id=child.id, **AT_STATION) == "code-used"
    other = signed_in(post, post.volunteer(shift))
    other.get("/me")
    assert press(post, other, "in", childs, **AT_STATION) == "bad"  # another browser
    post.go(11)
    assert press(post, browser, "out", childs, volunteer_id=child.id, **AT_STATION) == "expired"
