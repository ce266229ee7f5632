"""Accounts of staff at the desk: found, made, given roles by choosing over what, shut, opened; an auditor reads."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.registration.making import add_volunteer
from tests.stations.making import make_station
from tests.units.making import add_staff, make_area, make_unit
from volunteer import config
from volunteer.accounts.service import create_account

PHONE, PASSWORD = "13712345678", "Chen-2026-pass"


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def names(seen: Page) -> list[str]:
    """Return the accounts of the list."""
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', seen.source)


def account_of(api: Api, admin: str, phone: str) -> str:
    found: str = api("GET", f"/accounts?q={phone}", token=admin, expect=200).body["items"][0]["id"]
    return found


def grants(api: Api, admin: str, account: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api("GET", f"/accounts/{account}/grants", token=admin, expect=200).body["items"]
    return found


def end_link(seen: Page, nth: int = 0) -> str:
    return re.findall(r'href="(/manage/grants/[^"]+/end)"', seen.source)[nth]


def test_accounts_are_found_with_their_roles(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin, name="望江小学")
    phone, _ = add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    listed = boss.get("/manage/accounts")
    assert set(names(listed)) == {"管理员", "周联络"}
    assert re.search(r"单位联络员:\s*望江小学", listed.source)
    assert phone not in listed.source
    assert names(boss.get("/manage/accounts", q="周")) == ["周联络"]
    assert names(boss.get("/manage/accounts", q=phone)) == ["周联络"]
    assert "没有符合条件" in boss.get("/manage/accounts", q="没有这人").source
    assert set(boss.get("/manage/accounts", expect=422, q="很" * 51).faults) == {"q"}


def test_many_accounts_come_in_pages(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    with app.app_context():
        for number in range(52):
            create_account(None, f"1350000{number:04}", f"员工{number}", PASSWORD, api.now())
    first = boss.get("/manage/accounts", q="员工")
    link = re.search(r'href="(/manage/accounts\?[^"]*cursor=[^"]*)"', first.source)
    assert link
    second = boss.get(link[1].replace("&amp;", "&"))
    assert names(first) + names(second) == [f"员工{number}" for number in range(52)]


def test_an_account_is_made_and_given_a_unit_in_two_steps(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin, name="望江小学")
    made = boss.post("/manage/accounts/new", phone=PHONE, name="陈联络", password=PASSWORD)
    page = made.location.split("?")[0]
    first = boss.get(f"{page}/grant")
    assert first.source.count('type="radio"') == 4
    assert set(boss.get(f"{page}/grant", expect=422, role="king").faults) == {"role"}
    assert 'name="unit_id"' in boss.get(f"{page}/grant", role="unit_liaison").source
    boss.post(f"{page}/grant", role="unit_liaison", unit_id="望江")
    account = page.rsplit("/", 1)[1]
    (grant,) = grants(api, admin, account)
    assert (grant["role"], grant["unit_id"]) == ("unit_liaison", unit)
    assert "望江小学" in boss.get(page).source
    Browser(app, PHONE, PASSWORD)


def test_from_a_unit_the_role_comes_along(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit, station = make_unit(api, admin, name="望江小学"), make_station(api, admin, name="东湖站")
    for page, role, thing in (
        (f"/manage/units/{unit}", "unit_liaison", "望江小学"),
        (f"/manage/stations/{station}", "station_keeper", "东湖站"),
    ):
        link = re.search(r'href="(/manage/accounts\?[^"]*)"', boss.get(page).source)
        assert link
        listed = boss.get(link[1].replace("&amp;", "&"))
        assert thing in listed.source
        add = re.search(r'href="(/manage/accounts/new\?[^"]*)"', listed.source)
        assert add
        wish = {
            name: boss.get(add[1].replace("&amp;", "&")).source.count(f'name="{name}"') for name in ("role", "scope")
        }
        assert wish == {"role": 1, "scope": 1}
        scope = unit if role == "unit_liaison" else station
        fields = {"phone": f"137{len(thing):08}", "name": "陈联络", "password": PASSWORD, "role": role, "scope": scope}
        made = boss.post("/manage/accounts/new", **fields)
        form = boss.get(made.location)
        field = "unit_id" if role == "unit_liaison" else "station_id"
        assert form.value(field).startswith(thing)
        boss.post(made.location.split("?")[0], role=role, **{field: form.value(field)})
        assert "陈联络" in boss.get(page).source


def test_all_faults_come_at_once_and_a_password_never_comes_back(boss: Browser) -> None:
    seen = boss.post("/manage/accounts/new", expect=422, phone="12", name="", password="short")
    assert set(seen.faults) == {"phone", "name", "password"}
    assert (seen.value("phone"), seen.value("password")) == ("12", "")
    seen = boss.post("/manage/accounts/new", expect=422, phone=PHONE, name="陈", password=f"a-{PHONE}")
    assert set(seen.faults) == {"password"}


def test_without_a_password_only_codes_open_the_account(api: Api, boss: Browser) -> None:
    boss.post("/manage/accounts/new", phone=PHONE, name="陈联络", password="")
    code = api.code(PHONE, "login")
    api("POST", "/auth/login", {"phone": PHONE, "phone_code": code}, expect=200)
    config.install(replace(config.settings(), sms="none"))
    assert set(boss.post("/manage/accounts/new", expect=422, phone="13712345679", name="陈", password="").faults) == {
        "password"
    }


def test_who_has_an_account_is_led_to_it_by_a_masked_name(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    one = add_volunteer(api, name="欧阳慕白")
    seen = boss.post("/manage/accounts/new", expect=409, phone=one.phone, name="欧阳", password=PASSWORD)
    link = re.search(r'href="(/manage/accounts/[^"]+/grant)"', seen.source)
    assert link
    form = boss.get(link[1])
    assert "欧***" in form.source
    assert "欧阳慕白" not in form.source
    auditor = Browser(app, *add_staff(api, admin, "auditor"))
    auditor.get(link[1].removesuffix("/grant"), expect=404)


def test_a_role_needs_its_scope_and_only_one(api: Api, admin: str, boss: Browser) -> None:
    make_unit(api, admin, name="望江小学")
    make_unit(api, admin, name="望江中学")
    area = make_area(api, admin, name="东湖街道")
    account = boss.post("/manage/accounts/new", phone=PHONE, name="陈联络", password=PASSWORD).location.split("?")[0]
    path = f"{account}/grant"
    assert set(boss.post(path, expect=422, role="unit_liaison").faults) == {"unit_id"}
    both = boss.post(path, expect=422, role="unit_liaison", unit_id="望江小学", area_id="东湖街道")
    assert set(both.faults) == {"unit_id", "area_id"}
    several = boss.post(path, expect=422, role="unit_liaison", unit_id="望江")
    assert set(several.faults) == {"unit_id"}
    assert several.source.count('name="unit_id_choice"') == 2
    assert set(boss.post(path, expect=422, role="unit_liaison", unit_id="没有").faults) == {"unit_id"}
    boss.post(path, role="unit_liaison", area_id="东湖街道")
    boss.post(path, role="auditor")
    given = grants(api, admin, account.rsplit("/", 1)[1])
    assert {(grant["role"], grant["area_id"]) for grant in given} == {("unit_liaison", area), ("auditor", None)}
    boss.post(path, expect=422, role="shift_leader")


def test_a_role_ends_after_a_question(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin, name="望江小学")
    phone, _ = add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    page = f"/manage/accounts/{account_of(api, admin, phone)}"
    link = end_link(boss.get(page))
    assert "望江小学" in boss.get(link).source
    assert len(grants(api, admin, page.rsplit("/", 1)[1])) == 1
    boss.post(link)
    assert grants(api, admin, page.rsplit("/", 1)[1]) == []
    text = boss.get(page).source
    assert "还没有角色" in text
    assert "已收回的角色" in text


def test_the_last_administrator_stays(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    page = f"/manage/accounts/{account_of(api, admin, ADMIN_PHONE)}"
    link = end_link(boss.get(page))
    assert "最后一位管理员" in boss.post(link, expect=409).source
    assert "最后一位管理员" in boss.post(f"{page}/disable", expect=409).source
    boss.get("/manage/accounts")


def test_an_account_is_shut_and_opened_again(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    unit = make_unit(api, admin)
    phone, password = add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    clerk = Browser(app, phone, password)
    page = f"/manage/accounts/{account_of(api, admin, phone)}"
    assert "立即退出" in boss.get(f"{page}/disable").source
    clerk.get("/me")
    boss.post(f"{page}/disable")
    assert clerk.get("/me", expect=302).location.startswith("/login")
    api("POST", "/auth/login", {"phone": phone, "password": password}, expect=401)
    assert "已停用" in boss.get(page).source
    boss.get(f"{page}/grant", expect=404)
    boss.post(f"{page}/enable")
    assert "周联络" in boss.get(f"/manage/units/{unit}").source
    Browser(app, phone, password).get("/me")


def test_a_volunteers_account_is_not_opened_here(app: Flask, api: Api, admin: str, boss: Browser) -> None:
    account = api("GET", "/me", token=add_volunteer(api).token, expect=200).body["account"]["id"]
    boss.post(f"/manage/accounts/{account}/disable")
    boss.post(f"/manage/accounts/{account}/enable", expect=404)


def test_an_auditor_reads_masked_and_changes_nothing(app: Flask, api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    phone, _ = add_staff(api, admin, "unit_liaison", name="周联络", unit_id=unit)
    auditor = Browser(app, *add_staff(api, admin, "auditor", name="吴审计"))
    page = f"/manage/accounts/{account_of(api, admin, phone)}"
    for text in (auditor.get("/manage/accounts").source, auditor.get(page).source):
        assert "周**" in text
        assert "周联络" not in text
        assert phone not in text
    assert "收回" not in auditor.get(page).source
    for path in ("/manage/accounts/new", f"{page}/grant", f"{page}/disable"):
        auditor.get(path, expect=403)
        auditor.post(path, expect=403, role="admin")
    auditor.post(f"{page}/enable", expect=403)
