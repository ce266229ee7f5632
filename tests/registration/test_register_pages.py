"""Registering on pages: a known paper is claimed, a child has a guardian, a parent is signed in, no text messages."""

import dataclasses
import re

from tests.conftest import Api
from tests.pages import Browser, Page
from tests.registration.making import CHILD, CONSENT, PASSWORD, add_volunteer, new_phone, resident_id
from volunteer import config

MOTHER = {"guardian__name": "李秀英", "guardian__relation": "mother"}


def fill(desk: Browser, number: str, phone: str, **more: str) -> Page:
    """Go through the first two steps without a unit; return the last one."""
    first = desk.post(
        "/register", expect=200, name="王小明", id_type="resident_id", id_number=number, phone=phone, **more
    )
    return desk.post("/register/unit", expect=200, draft=first.value("draft"), unit_id="")


def shown_code(page: Page, purpose: str) -> str:
    """Return the code that the demonstration shows on a page."""
    found = re.search(rf'data-code="{purpose}">(\d+)<', page.source)
    assert found
    return found[1]


def finish(desk: Browser, last: Page, **fields: str) -> Page:
    """Submit the last step, with consent."""
    return desk.post("/register/confirm", expect=None, draft=last.value("draft"), consent_version=CONSENT, **fields)


def test_a_known_paper_is_claimed_by_the_phone_it_was_registered_with(api: Api) -> None:
    known, desk = add_volunteer(api), Browser(api.app)
    last = fill(desk, known.id_number, known.phone)
    met = finish(desk, last, phone_code=shown_code(last, "register"))
    assert met.status == 409
    code = api.code(known.phone, "register")
    claimed = desk.post("/register/claim", draft=met.value("draft"), phone_code=code)
    assert (claimed.status, claimed.location) == (303, "/register/done")
    assert known.no in desk.get("/register/done").words


def test_a_paper_is_not_claimed_by_another_phone(api: Api) -> None:
    known, desk, other = add_volunteer(api), Browser(api.app), new_phone()
    last = fill(desk, known.id_number, other)
    met = finish(desk, last, phone_code=shown_code(last, "register"))
    assert met.status == 409
    refused = desk.post("/register/claim", expect=422, draft=met.value("draft"), phone_code=api.code(other, "register"))
    assert known.no not in refused.words


def test_a_child_with_a_phone_has_a_guardian_with_another(api: Api) -> None:
    desk, own, mothers = Browser(api.app), new_phone(), new_phone()
    last = fill(desk, resident_id(CHILD), own)
    code = shown_code(last, "register")
    asked = desk.post(
        "/register/confirm", expect=200, draft=last.value("draft"), send="guardian", guardian__phone=mothers, **MOTHER
    )
    sent = {"guardian__phone": mothers, "guardian__phone_code": shown_code(asked, "guardian"), **MOTHER}
    assert finish(desk, asked, phone_code=code, **sent).location == "/register/done"
    # The guardian acts for the child; the child's own phone gives the child an account too.
    for phone, purpose in ((mothers, "acts_for"), (own, "volunteer")):
        body = {"phone": phone, "phone_code": api.code(phone, "login")}
        token = api("POST", "/auth/login", body, expect=200).body["access_token"]
        assert api("GET", "/me", token=token, expect=200).body[purpose], purpose


def test_a_parent_who_is_signed_in_registers_a_child_and_stays_who_they_are(api: Api) -> None:
    parent = add_volunteer(api)
    desk = Browser(api.app, parent.phone, PASSWORD)
    last = fill(desk, resident_id(CHILD), parent.phone)
    sent = {
        "guardian__phone": parent.phone,
        "guardian__phone_code": api.code(parent.phone, "guardian"),
        **MOTHER,
    }
    assert finish(desk, last, **sent).location == "/register/done"
    me = api("GET", "/me", token=parent.token, expect=200).body
    assert (me["volunteer"]["id"], len(me["acts_for"])) == (parent.id, 1)


def test_without_text_messages_one_registers_and_shows_the_paper_later(api: Api) -> None:
    conf = config.settings()
    config.install(dataclasses.replace(conf, sms="none"))
    try:
        desk = Browser(api.app)
        last = fill(desk, resident_id(), new_phone())
        assert "没有开通短信" in last.words
        assert finish(desk, last).location == "/register/done"
        assert "核实" in desk.get("/register/done").words
        assert 'name="password"' in desk.get("/login").source
    finally:
        config.install(conf)
