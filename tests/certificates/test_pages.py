"""A volunteer's own proofs on pages: one tap for a year, the list with its states, PDF and picture."""

import datetime as dt
import io
import re

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from pypdf import PdfReader

from tests.certificates.making import correct, give_minutes, make_shift, sign_up, today
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer, add_child, add_volunteer
from tests.stations.making import make_station

A4 = (594.96, 841.92)


@pytest.fixture
def shift(api: Api, admin: str) -> str:
    return make_shift(api, admin, make_station(api, admin, name="第一实践站"))


@pytest.fixture
def volunteer(api: Api, admin: str, shift: str) -> Volunteer:
    """Somebody with 148 minutes."""
    one = add_volunteer(api, name="欧阳慧敏")
    sign_up(api, shift, one)
    give_minutes(api, admin, shift, one, 148)
    return one


def signed_in(app: Flask, who: Volunteer) -> Browser:
    """Return the person's own browser."""
    return Browser(app, who.phone, PASSWORD)


def issue(browser: Browser) -> str:
    """Press the first button of the list; return where it leads."""
    browser.get("/me/certificates")
    target = browser.post("/me/certificates", from_=browser.page.hidden("from"), to=browser.page.hidden("to")).location
    assert re.fullmatch(r"/me/certificates/2026[0-9A-Z]{10}", target)
    return target


def test_without_hours_the_page_says_why_there_is_no_proof(app: Flask, api: Api) -> None:
    browser = signed_in(app, add_volunteer(api))
    browser.get("/me/certificates")
    assert "现在还不能开证明" in browser.page.source
    assert 'href="/me/hours"' in browser.page.source
    browser.post("/me/certificates", 422, from_="2026-01-01", to="2026-12-31")
    assert "没有可以证明的服务时长" in browser.page.source
    assert "<title>错误:" in browser.page.source


def test_one_tap_issues_a_proof_of_the_year_and_again_the_same(app: Flask, api: Api, volunteer: Volunteer) -> None:
    browser = signed_in(app, volunteer)
    target = issue(browser)
    browser.follow()
    assert browser.page.state == "ok"
    assert "2小时28分" in browser.page.source
    assert f"2026年1月1日 至 {today(api).replace('2026-03-', '2026年3月')}日" in browser.page.source
    assert issue(browser) == target
    browser.get("/me/certificates")
    assert browser.page.source.count(f'href="{target}"') == 1
    browser.get("/me/certificates?year=2026")
    assert 'href="/me/certificates"' in browser.get("/me").source


def test_another_period_is_checked_and_kept(app: Flask, api: Api, volunteer: Volunteer) -> None:
    browser = signed_in(app, volunteer)
    browser.get("/me/certificates")
    browser.post("/me/certificates", 422, from_="", to="junk")
    assert set(re.findall(r'href="#(\w+)"', browser.page.source)) >= {"from", "to"}
    browser.post("/me/certificates", 422, from_="2026-03-22", to="2026-03-01")
    assert "结束日期不能早于开始日期" in browser.page.source
    assert 'value="2026-03-22"' in browser.page.source
    browser.post("/me/certificates", 422, from_="2025-01-01", to="2025-12-31")
    assert 'href="#from"' in browser.page.source
    browser.post("/me/certificates", from_="2026-03-01", to="2026-03-31")


def test_the_paper_is_one_sheet_of_a4_and_its_code_opens_the_page_j10(
    app: Flask, api: Api, volunteer: Volunteer
) -> None:
    browser = signed_in(app, volunteer)
    target = issue(browser)
    browser.get(f"{target}/proof.pdf")
    assert browser.page.mimetype == "application/pdf"
    assert browser.page.headers["Cache-Control"] == "no-store"
    (sheet,) = PdfReader(io.BytesIO(browser.page.data)).pages
    assert [float(side) for side in sheet.mediabox[2:]] == pytest.approx(A4, abs=1)
    browser.get(f"{target}/picture.png")
    assert browser.page.mimetype == "image/png"
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(browser.page.data)))
    anybody = Browser(app)
    anybody.get(code.text)
    assert anybody.page.state == "ok"
    assert "这份证明有效" in anybody.page.source
    for tail in ("?sheet=0", "?sheet=2", "?sheet=x"):
        browser.get(f"{target}/picture.png{tail}", 404)


def test_states_are_told_with_the_way_on(app: Flask, api: Api, admin: str, volunteer: Volunteer) -> None:
    browser = signed_in(app, volunteer)
    target = issue(browser)
    correct(api, admin, volunteer, 60)
    browser.get(target)
    assert browser.page.state == "dup"
    assert "重新开具" in browser.page.source
    newer = browser.post("/me/certificates", from_=browser.page.hidden("from"), to=browser.page.hidden("to")).location
    browser.get(target)
    assert f'href="{newer}"' in browser.page.source
    number = newer.rpartition("/")[2]
    api("POST", f"/certificates/{number}/revoke", {"reason": "记录不实"}, admin, expect=200)
    browser.get(newer)
    assert browser.page.state == "bad"
    browser.get("/me/certificates")
    assert "已过时" in browser.page.source
    assert "已撤销" in browser.page.source


def test_proofs_are_for_the_person_and_who_acts_for_them(
    app: Flask, api: Api, admin: str, shift: str, volunteer: Volunteer
) -> None:
    child = add_child(api, volunteer)
    api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, volunteer.token, 201)
    mine = issue(browser := signed_in(app, volunteer))
    browser.get(f"/me/certificates?volunteer_id={child.id}")
    assert "现在还不能开证明" in browser.page.source
    stranger = signed_in(app, add_volunteer(api))
    for tail in ("", "/proof.pdf", "/picture.png"):
        stranger.get(mine + tail, 404)
    stranger.get("/me/certificates/2026AAAAAAAAAA", 404)
    asked = {"shift_id": shift, "volunteer_id": child.id, "reason": "停电"}
    times = {
        "from": (api.now() - dt.timedelta(hours=2)).isoformat(),
        "to": (api.now() - dt.timedelta(hours=1)).isoformat(),
    }
    made = api("POST", "/make-ups", asked | times, volunteer.token, expect=201).body["id"]
    browser.get(f"/me/certificates?volunteer_id={child.id}")
    assert "还有 1 小时 待核对" in browser.page.source
    api("POST", f"/make-ups/{made}/approve", {}, admin, expect=200)
    browser.get(f"/me/certificates?volunteer_id={child.id}")
    fields = {"from_": browser.page.hidden("from"), "to": browser.page.hidden("to"), "volunteer_id": child.id}
    theirs = browser.post("/me/certificates", **fields).location
    browser.get(theirs)
    assert f'href="/me/certificates?volunteer_id={child.id}"' in browser.page.source
    browser.get("/me/certificates")
    assert theirs not in browser.page.source


def test_who_cannot_scan_types_the_code(app: Flask, api: Api, volunteer: Volunteer) -> None:
    browser = signed_in(app, volunteer)
    target = issue(browser)
    browser.follow()
    (path,) = re.findall(r'href="(/v/[^"]+)"', browser.page.source)
    number, token = path.removeprefix("/v/").split("?token=")
    assert target.endswith(number)
    anybody = Browser(app)
    anybody.get(f"/v/{number}", 404)
    assert 'name="token"' in anybody.page.source
    anybody.get(f"/v/{number}?token={token.lower()}")
    assert "这份证明有效" in anybody.page.source
