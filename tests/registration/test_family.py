"""Families on pages: acting for a child, a second guardian by their own code, handing over, ending it."""

import pytest

from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_child, add_volunteer, form, new_phone
from volunteer.clock import SettableClock
from volunteer.registration.rules_family import FamilyFault, LinkFacts, leaving_fault


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (LinkFacts(is_minor=True, has_own_account=True, others=0), FamilyFault.LAST_GUARDIAN),
        (LinkFacts(is_minor=True, has_own_account=False, others=1), None),
        (LinkFacts(is_minor=False, has_own_account=False, others=0), FamilyFault.NOBODY_LEFT),
        (LinkFacts(is_minor=False, has_own_account=True, others=0), None),
    ],
)
def test_a_child_keeps_a_guardian_and_nobody_is_left_without_a_way_in(
    facts: LinkFacts, fault: FamilyFault | None
) -> None:
    assert leaving_fault(facts) is fault


def code_on(browser: Browser) -> str:
    return browser.page.source.partition('data-code="family">')[2][:6]


def test_a_family_from_the_first_guardian_to_the_childs_own_phone(api: Api, clock: SettableClock) -> None:
    mother = add_volunteer(api)
    child, phone, fathers = add_child(api, mother), new_phone(), new_phone()
    desk, stranger = Browser(api.app, mother.phone, PASSWORD), Browser(api.app, add_volunteer(api).phone, PASSWORD)
    base = f"/me/family/{child.id}"
    assert child.no in desk.get("/me/family").words
    assert child.no not in stranger.get("/me/family").words
    for page in ("hand-over", "guardian", "stop"):
        stranger.get(f"{base}/{page}", expect=404)
        stranger.post(f"{base}/{page}", expect=404, phone=phone, name="某人", phone_code="000000")
    assert "请先添加另一位监护人" in desk.post(f"{base}/stop", expect=409).words
    assert set(desk.post(f"{base}/guardian", expect=422, phone="1").faults) == {"phone", "name"}
    desk.post(f"{base}/guardian", expect=200, phone=fathers, name="王建国")
    told = {"phone": fathers, "name": "王建国"}
    assert set(desk.post(f"{base}/guardian", expect=422, phone_code="000000", **told).faults) == {"phone_code"}
    desk.post(f"{base}/guardian", expect=200, **told)
    desk.post(f"{base}/guardian", phone_code=code_on(desk), **told)
    father = api("POST", "/auth/login", {"phone": fathers, "phone_code": api.code(fathers, "login")}, expect=200).body
    acts = api("GET", "/me", token=father["access_token"], expect=200).body["acts_for"]
    assert [one["id"] for one in acts] == [child.id]
    taken = desk.post(
        f"{base}/hand-over", expect=422, phone=mother.phone, phone_code=api.code(mother.phone, "register")
    )
    assert "这个手机号已有账号" in taken.words
    desk.post(f"{base}/hand-over", expect=200, phone=phone)
    desk.post(f"{base}/hand-over", phone=phone, phone_code=code_on(desk))
    mine = api("POST", "/auth/login", {"phone": phone, "phone_code": api.code(phone, "login")}, expect=200).body
    token = mine["access_token"]
    assert api("GET", "/me", token=token, expect=200).body["volunteer"]["id"] == child.id
    kid = Browser.of(api.app, token)
    assert "到您满18周岁为止" in kid.get("/me/family").words
    assert api("GET", "/me", token=mother.token, expect=200).body["acts_for"], "a guardian until the 18th birthday"
    account = api("GET", "/me", token=mother.token, expect=200).body["account"]["id"]
    kid.post(f"/me/family/acting/{account}/end", expect=409)
    desk.post(f"{base}/stop")
    assert child.no not in desk.get("/me/family").words


def test_a_grandparent_takes_themself_over_and_ends_who_acts_for_them(api: Api) -> None:
    daughter, phone = add_volunteer(api), new_phone()
    body = form(api, proved=False, password=None, phone=daughter.phone)
    old = api("POST", "/volunteers", body, daughter.token, expect=201).body
    desk = Browser(api.app, daughter.phone, PASSWORD)
    base = f"/me/family/{old['id']}"
    assert "请先把账号交给本人" in desk.post(f"{base}/stop", expect=409).words
    desk.post(f"{base}/hand-over", phone=phone, phone_code=api.code(phone, "register"))
    assert old["volunteer_no"] not in desk.get("/me/family").words
    desk.get(f"{base}/hand-over", expect=404)


def test_the_same_over_http(api: Api) -> None:
    mother = add_volunteer(api)
    child, phone, fathers = add_child(api, mother), new_phone(), new_phone()
    base = f"/me/family/{child.id}"
    told = {"name": "王建国", "phone": fathers}
    assert api("DELETE", base, None, mother.token, expect=409).body["code"] == "last-guardian"
    api("POST", f"{base}/guardians", told | {"phone_code": "000000"}, mother.token, expect=422)
    added = told | {"phone_code": api.code(fathers, "guardian")}
    (one,) = api("POST", f"{base}/guardians", added, mother.token, expect=200).body["dependants"]
    assert (one["id"], one["others"], one["has_own_account"]) == (child.id, 1, False)
    own = {"phone": phone, "phone_code": api.code(phone, "register")}
    (one,) = api("POST", f"{base}/hand-over", own, mother.token, expect=200).body["dependants"]
    assert one["has_own_account"]
    body = {"phone": phone, "phone_code": api.code(phone, "login")}
    kid = api("POST", "/auth/login", body, expect=200).body["access_token"]
    acting = api("GET", "/me/family", token=kid, expect=200).body
    assert (acting["is_minor"], len(acting["acting"]), "李秀英" in str(acting)) == (True, 2, False)
    account = acting["acting"][0]["account_id"]
    assert api("DELETE", f"/me/family/acting/{account}", None, kid, expect=409).body["code"] == "minor"
    api("DELETE", base, None, add_volunteer(api).token, expect=404)
    api("DELETE", base, None, mother.token, expect=204)
    assert api("GET", "/me/family", token=mother.token, expect=200).body["dependants"] == []
