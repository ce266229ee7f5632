"""Signing in over HTTP: passwords, codes, limits, grants, the page."""

import re

import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from volunteer.clock import SettableClock

KEEPER = {"phone": "13911112222", "name": "王站员", "password": "Keeper-2026-pass"}


def test_an_admin_signs_in_and_sees_who_they_are(api: Api, admin: str) -> None:
    me = api("GET", "/me", token=admin, expect=200).body
    assert me["account"]["name"] == "管理员"
    assert [role["role"] for role in me["account"]["roles"]] == ["admin"]
    assert (me["volunteer"], me["acts_for"]) == (None, [])


def test_unknown_phone_and_wrong_password_are_told_alike(api: Api, admin: str) -> None:
    wrong = api("POST", "/auth/login", {"phone": ADMIN_PHONE, "password": "nonsense"}, expect=401)
    unknown = api("POST", "/auth/login", {"phone": "13999999999", "password": "nonsense"}, expect=401)
    assert wrong.body == unknown.body
    assert wrong.body["code"] == "invalid-credentials"
    assert "application/problem+json" in wrong.headers["Content-Type"]


def test_ten_failures_a_phone_then_wait(api: Api, admin: str, clock: SettableClock) -> None:
    for _ in range(10):
        api("POST", "/auth/login", {"phone": ADMIN_PHONE, "password": "nonsense"}, expect=401)
    full = api("POST", "/auth/login", {"phone": ADMIN_PHONE, "password": ADMIN_PASSWORD}, expect=429)
    assert full.body["code"] == "rate-limited"
    assert 1 <= int(full.headers["Retry-After"]) <= 301
    clock.advance(minutes=5, seconds=1)
    api.login(ADMIN_PHONE, ADMIN_PASSWORD)


def test_sixty_right_sign_ins_from_one_address_pass(api: Api, admin: str) -> None:
    for _ in range(60):
        api.login(ADMIN_PHONE, ADMIN_PASSWORD)


def test_a_code_signs_in_once_and_not_after_five_minutes(api: Api, admin: str, clock: SettableClock) -> None:
    code = api.code(ADMIN_PHONE, "login")
    api("POST", "/auth/login", {"phone": ADMIN_PHONE, "phone_code": code}, expect=200)
    api("POST", "/auth/login", {"phone": ADMIN_PHONE, "phone_code": code}, expect=401)
    late = api.code(ADMIN_PHONE, "login")
    clock.advance(minutes=5, seconds=1)
    api("POST", "/auth/login", {"phone": ADMIN_PHONE, "phone_code": late}, expect=401)


def test_a_code_request_tells_nothing_about_the_phone(api: Api, admin: str) -> None:
    known = api("POST", "/auth/phone-codes", {"phone": ADMIN_PHONE, "purpose": "login"}, expect=202).body
    unknown = api("POST", "/auth/phone-codes", {"phone": "13999999999", "purpose": "login"}, expect=202).body
    assert set(known) == set(unknown) == {"expires_in", "code"}


def test_a_reset_password_ends_every_session(api: Api, admin: str) -> None:
    code = api.code(ADMIN_PHONE, "reset")
    weak = {"phone": ADMIN_PHONE, "phone_code": code, "password": "12345678"}
    assert api("POST", "/auth/password", weak, expect=422).codes == {"password": "weak-password"}
    api("POST", "/auth/password", weak | {"password": "Another-2026"}, expect=204)
    api("GET", "/me", token=admin, expect=401)
    api.login(ADMIN_PHONE, "Another-2026")


def test_a_token_ends_with_logout_and_after_twelve_hours(api: Api, admin: str, clock: SettableClock) -> None:
    other = api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    api("POST", "/auth/logout", {}, token=other, expect=204)
    api("GET", "/me", token=other, expect=401)
    clock.advance(hours=12, seconds=1)
    api("GET", "/me", token=admin, expect=401)


def test_a_known_phone_gets_a_grant_instead_of_a_second_account(api: Api, admin: str) -> None:
    made = api("POST", "/accounts", KEEPER, admin, expect=201).body["id"]
    taken = api("POST", "/accounts", KEEPER, admin, expect=409).body
    assert (taken["code"], taken["id"]) == ("phone-taken", made)
    api("POST", f"/accounts/{made}/grants", {"role": "auditor"}, admin, expect=201)
    listed = api("GET", f"/accounts/{made}/grants", token=admin, expect=200).body["items"]
    assert [grant["role"] for grant in listed] == ["auditor"]


def test_a_grant_is_in_force_and_ends_on_the_next_request(api: Api, admin: str) -> None:
    made = api("POST", "/accounts", KEEPER, admin, expect=201).body["id"]
    token = api.login(KEEPER["phone"], KEEPER["password"])
    api("GET", "/accounts", token=token, expect=403)
    grant = api("POST", f"/accounts/{made}/grants", {"role": "auditor"}, admin, expect=201).body["id"]
    page = api("GET", "/accounts?limit=1", token=token, expect=200).body
    assert len(page["items"]) == 1
    assert {row["name"] for row in api("GET", "/accounts", token=token).body["items"]} == {"管**", "王**"}
    assert {row["name"] for row in api("GET", "/accounts", token=admin).body["items"]} == {"管理员", "王站员"}
    assert len(api("GET", f"/accounts?cursor={page['next_cursor']}", token=token, expect=200).body["items"]) == 1
    api("DELETE", f"/grants/{grant}", token=admin, expect=204)
    api("GET", "/accounts", token=token, expect=403)


def test_a_grant_names_the_scope_of_its_role(api: Api, admin: str) -> None:
    made = api("POST", "/accounts", KEEPER, admin, expect=201).body["id"]
    path = f"/accounts/{made}/grants"
    assert api("POST", path, {"role": "station_keeper"}, admin, expect=422).codes == {"station_id": "scope-required"}
    scoped = {"role": "admin", "unit_id": made}
    assert api("POST", path, scoped, admin, expect=422).codes == {"unit_id": "scope-not-for-role"}
    unknown = {"role": "unit_liaison", "unit_id": made}
    assert api("POST", path, unknown, admin, expect=422).codes == {"unit_id": "unknown"}


def test_the_last_admin_stays(api: Api, admin: str) -> None:
    me = api("GET", "/me", token=admin).body["account"]
    kept = api("DELETE", f"/grants/{me['roles'][0]['grant_id']}", token=admin, expect=409)
    assert kept.body["code"] == "last-admin"
    assert api("POST", f"/accounts/{me['id']}/disable", {}, admin, expect=409).body["code"] == "last-admin"


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed-json"),
        (b'{"phone": NaN}', "application/json", 400, "malformed-json"),
        (b"[1]", "application/json", 422, "validation-failed"),
        (b"phone=1", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        (b'"' + b"x" * 2_000_000 + b'"', "application/json", 413, "payload-too-large"),
    ],
)
def test_what_is_not_our_json_is_refused(api: Api, data: bytes, kind: str, status: int, code: str) -> None:
    answer = api("POST", "/auth/login", data=data, content_type=kind, expect=status)
    assert answer.body["code"] == code


def test_all_faults_are_named_at_once(api: Api, admin: str) -> None:
    answer = api("POST", "/accounts?what=1", {"phone": "12", "password": "", "rank": 1}, admin, expect=422)
    assert answer.codes == {
        "what": "unknown-field",
        "rank": "unknown-field",
        "phone": "bad-phone",
        "password": "length",
        "name": "required",
    }


def test_a_creating_post_is_idempotent_by_its_key(api: Api, admin: str) -> None:
    key = {"Idempotency-Key": "7f4a"}
    first = api("POST", "/accounts", KEEPER, admin, expect=201, headers=key)
    again = api("POST", "/accounts", KEEPER, admin, expect=201, headers=key)
    assert first.body == again.body
    other = KEEPER | {"phone": "13911113333"}
    assert api("POST", "/accounts", other, admin, expect=409, headers=key).body["code"] == "conflict"


def test_health_readiness_and_the_description(app: Flask, api: Api) -> None:
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    document = api("GET", "/openapi.json", expect=200).body
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/accounts/{account_id}/grants"]["post"]["x-permission"] == "manage-site"
    assert api("PUT", "/me", expect=405).headers["Allow"]


def test_sign_in_by_the_page_keeps_what_was_typed(app: Flask, admin: str) -> None:
    client = app.test_client()
    form = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    typed = {"csrf_token": token[1], "phone": "139 0000 0001", "password": "wrong"}
    wrong = client.post("/login", data=typed)
    page = wrong.get_data(as_text=True)
    assert wrong.status_code == 401
    assert "139 0000 0001" in page
    assert "wrong" not in page.replace('class="field wrong"', "")
    assert "<title>错误:" in page
    right = client.post("/login", data=typed | {"password": ADMIN_PASSWORD, "next": "//evil.example"})
    assert (right.status_code, right.headers["Location"]) == (302, "/me")
    cookie = right.headers.getlist("Set-Cookie")[0]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "管理员" in client.get("/me").get_data(as_text=True)


def test_a_form_without_its_token_is_refused(app: Flask, admin: str) -> None:
    client = app.test_client()
    assert client.post("/login", data={"phone": ADMIN_PHONE, "password": ADMIN_PASSWORD}).status_code == 403
    assert client.get("/me").headers["Location"].startswith("/login?next=")
