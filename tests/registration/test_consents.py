"""Consents apart from each other, given and withdrawn; notices by version; who is asked again when purposes change."""

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import CONSENT, PASSWORD, add_child, add_volunteer
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction
from volunteer.registration import consents, rules_consents
from volunteer.registration.rules_consents import ConsentKind, compare, may_give

K = ConsentKind
TODAY = dt.date(2026, 3, 22)
ADULT, TEEN, CHILD = dt.date(1990, 5, 1), dt.date(2009, 6, 1), dt.date(2014, 6, 1)


@pytest.mark.parametrize(
    ("relation", "birth", "refused"),
    [
        ("self", ADULT, None),
        ("family", ADULT, "self-only"),
        ("guardian", ADULT, "self-only"),
        ("guardian", TEEN, None),
        ("self", TEEN, "guardian-only"),
        ("family", CHILD, "guardian-only"),
        ("guardian", CHILD, None),
        ("", ADULT, "self-only"),
    ],
)
def test_who_may_say_yes(relation: str, birth: dt.date, refused: str | None) -> None:
    assert may_give(relation, birth, TODAY) == refused


def test_publishing_says_all_that_is_wrong() -> None:
    faults = rules_consents.check_publication("同一份\n", TODAY - dt.timedelta(days=1), TODAY, ("2026-03-22", "同一份"))
    assert [(fault.field, fault.code) for fault in faults] == [
        ("from_on", "past-day"),
        ("from_on", "not-after"),
        ("text", "same-text"),
    ]
    assert not list(rules_consents.check_publication("新", TODAY, TODAY, ("2026-03-01", "旧")))
    lines = compare("一\n二\n三", "一\n二点五\n三")
    assert [(line.state, line.text) for line in lines] == [
        ("same", "一"),
        ("gone", "二"),
        ("new", "二点五"),
        ("same", "三"),
    ]


def standing(api: Api, token: str, kind: str, **query: str) -> dict[str, Any]:
    """Return where somebody stands with one consent."""
    tail = "".join(f"?{name}={value}" for name, value in query.items())
    found = api("GET", f"/me/consents{tail}", token=token, expect=200).body
    return next(one for one in found if one["kind"] == kind)


def test_each_consent_is_given_and_taken_back_apart_and_holds_at_once(
    api: Api, app: Flask, clock: SettableClock
) -> None:
    person, other = add_volunteer(api), add_volunteer(api)
    ids = [uuid.UUID(person.id), uuid.UUID(other.id)]
    assert {one["kind"]: one["given_version"] for one in api("GET", "/me/consents", token=person.token).body} == {
        "registration": CONSENT,
        "public_names": None,
        "photos": None,
        "upstream": None,
    }
    for _ in range(2):
        api("PUT", "/me/consents/public_names", {"version": CONSENT}, person.token, expect=200)
    api("PUT", "/me/consents/photos", {"version": CONSENT}, person.token, expect=200)
    old = api("PUT", "/me/consents/upstream", {"version": "2025-01-01"}, person.token, expect=422)
    assert old.codes == {"version": "old-version"}
    api("PUT", "/me/consents/cookies", {"version": CONSENT}, person.token, expect=404)
    with app.app_context():
        assert consents.having(reading(), ids, K.PUBLIC_NAMES, TODAY) == {ids[0]}
        assert consents.having(reading(), ids, K.REGISTRATION, TODAY) == set(ids)
        assert not consents.has(reading(), ids[0], K.PUBLIC_NAMES, TODAY - dt.timedelta(days=1))
        assert not consents.has(reading(), ids[0], K.PUBLIC_NAMES, TODAY, version="2026-03-02")
        assert len(consents.history_of(reading(), ids[:1])) == 3
    clock.advance(days=2)
    token = api.login(person.phone, PASSWORD)
    for _ in range(2):
        api("DELETE", "/me/consents/public_names", None, token, expect=200)
    with app.app_context():
        asked = [TODAY + dt.timedelta(days=n) for n in range(4)]
        assert [consents.has(reading(), ids[0], K.PUBLIC_NAMES, day) for day in asked] == [True, True, False, False]
        assert consents.has(reading(), ids[0], K.PHOTOS, asked[3]), "one withdrawal took another with it"
    data = api("GET", "/me/data", token=token, expect=200).body
    assert [(c["kind"], c["withdrawn_at"]) for c in data["consents"]] == [
        ("registration", None),
        ("public_names", "2026-03-24T02:00:00Z"),
        ("photos", None),
    ]
    assert [c["action"] for c in data["changes"]].count("consent.give") == 2
    assert [c["action"] for c in data["changes"]].count("consent.withdraw") == 1


def test_a_guardian_says_yes_for_a_child_and_nobody_for_another_adult(api: Api, app: Flask) -> None:
    parent = add_volunteer(api)
    child = add_child(api, parent)
    body = {"version": CONSENT, "volunteer_id": child.id}
    api("PUT", "/me/consents/photos", body, parent.token, expect=200)
    with app.app_context():
        (given,) = [row for row in consents.history_of(reading(), [uuid.UUID(child.id)]) if row.kind == "photos"]
        assert given.is_by_guardian
    api("PUT", "/me/consents/photos", body, add_volunteer(api).token, expect=404)
    grandfather = add_volunteer(api)
    with app.app_context(), transaction() as session:
        from volunteer.registration import links

        helper = api("GET", "/me", token=parent.token).body["account"]["id"]
        links.attach(session, uuid.UUID(grandfather.id), uuid.UUID(helper), links.FAMILY, api.now())
    body = {"version": CONSENT, "volunteer_id": grandfather.id}
    assert api("PUT", "/me/consents/photos", body, parent.token, expect=403).body["code"] == "self-only"
    api("DELETE", f"/me/consents/photos?volunteer_id={grandfather.id}", None, parent.token, expect=200)


def test_withdrawing_registration_leads_to_erasure_and_stops_everything_at_once(
    api: Api, app: Flask, clock: SettableClock
) -> None:
    person = add_volunteer(api)
    me = Browser(app, person.phone, PASSWORD)
    me.post("/me/privacy/photos/give", version=CONSENT)
    assert "从现在起在所有地方生效" in me.follow().words
    sent = me.post("/me/privacy/registration/withdraw")
    assert sent.location == "/me/privacy/leave"
    assert "不带姓名保留的" in me.follow().words
    me.post("/me/privacy/leave")
    assert "注册将于" in me.follow().words
    with app.app_context():
        for kind in (K.REGISTRATION, K.PHOTOS):
            assert not consents.has(reading(), uuid.UUID(person.id), kind, TODAY)
    me.post("/me/privacy/photos/give", expect=409, version=CONSENT)
    me.post("/me/privacy/stay")
    assert "注册继续有效" in me.follow().words
    with app.app_context():
        held = [kind for kind in K if consents.has(reading(), uuid.UUID(person.id), kind, TODAY)]
    assert held == [K.REGISTRATION], "what was withdrawn came back without being given"
    clock.advance(minutes=16)
    assert "请先重新登录" in me.get("/me/privacy/leave").words
    me.post("/me/privacy/leave", expect=401)


def test_a_notice_is_drafted_compared_and_published_for_good(
    api: Api, app: Flask, admin: str, clock: SettableClock
) -> None:
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    form = boss.get("/manage/notices/new", kind="photos").form("text")
    faulty = boss.post("/manage/notices/new", expect=422, kind="photos", text="", summary="")
    assert set(faulty.faults) == {"text", "summary"}
    changed = form["text"].replace("不作人脸识别,", "不作人脸识别,可用于年度画册,")
    boss.post("/manage/notices/new", kind="photos", text=changed, summary="增加年度画册", changes_purposes="1")
    draft = boss.follow()
    assert "可用于年度画册" in draft.source
    path = draft.path
    same = boss.post(f"{path}/publish", expect=422, from_on="2026-03-21")
    assert set(same.faults) == {"from_on"}
    boss.post(f"{path}/publish", from_on="2026-03-25")
    assert "任何人都不能再修改" in boss.follow().words
    boss.post(f"{path}/publish", from_on="2026-03-25")
    boss.post(f"{path}/publish", expect=409, from_on="2026-03-26")
    boss.post(f"{path}/drop", expect=409)
    boss.post(f"{path}/edit", expect=409, kind="photos", text="另一份", summary="偷改")
    with app.app_context(), pytest.raises(sa.exc.DBAPIError, match="final"), transaction() as session:
        session.execute(sa.text("UPDATE notices SET text = 'x'"))
    listed = boss.get("/manage/notices")
    assert "尚未施行" in listed.words
    notice = {one["kind"]: one["version"] for one in api("GET", "/privacy-notices", expect=200).body}
    assert notice["photos"] == CONSENT
    clock.advance(days=3)
    notice = {one["kind"]: one["version"] for one in api("GET", "/privacy-notices", expect=200).body}
    assert notice == dict.fromkeys(K, CONSENT) | {"photos": "2026-03-25"}
    assert "可用于年度画册" in Browser(app).get("/privacy", kind="photos").words
    assert "可用于年度画册" not in Browser(app).get("/privacy", kind="photos", version=CONSENT).words
    Browser(app).get("/privacy", expect=404, kind="photos", version="../../models")


def test_changed_purposes_ask_again_at_the_next_sign_in_and_the_old_yes_holds(
    api: Api, app: Flask, admin: str, clock: SettableClock
) -> None:
    person, child_of = add_volunteer(api), add_volunteer(api)
    child = add_child(api, child_of)
    for summary, asks, day in (("改正错字", False, "2026-03-23"), ("增加保险公司", True, "2026-03-24")):
        body = {"kind": "registration", "text": f"告知书 {summary}", "summary": summary, "changes_purposes": asks}
        made = api("POST", "/privacy-notices", body, admin, expect=201).body["id"]
        api("POST", f"/privacy-notices/{made}/publish", {"from_on": day}, admin, expect=200)
    clock.advance(days=1)
    assert Browser(app).post("/login", expect=302, phone=person.phone, password=PASSWORD).location == "/me"
    clock.advance(days=1)
    me = Browser(app)
    sent = me.post("/login", expect=302, phone=person.phone, password=PASSWORD, next="/me/hours")
    assert sent.location.startswith("/me/privacy/again?next=")
    page = me.follow()
    assert "增加保险公司" in page.words
    assert page.links().count("/me/hours") == 1, "no way on without an answer"
    token = api.login(person.phone, PASSWORD)
    assert (found := standing(api, token, "registration"))["asks_again"]
    assert found["given_version"] == CONSENT
    with app.app_context():
        key, day = uuid.UUID(person.id), dt.date(2026, 3, 24)
        assert consents.has(reading(), key, K.REGISTRATION, day)
        assert not consents.has(reading(), key, K.REGISTRATION, day, version="2026-03-24")
    assert me.post("/me/privacy/again", next="/me/hours").location == "/me/hours"
    assert standing(api, token, "registration")["asks_again"], "no answer was taken for a yes"
    me.post("/me/privacy/again", next="/me/hours", agreed=f"{key}:registration:2026-03-24")
    assert not standing(api, token, "registration")["asks_again"]
    assert Browser(app).post("/login", expect=302, phone=person.phone, password=PASSWORD).location == "/me"
    guardian = Browser(app, child_of.phone, PASSWORD)
    asked = guardian.get("/me/privacy/again").source
    assert asked.count('name="agreed"') == 2, "the guardian is asked for themself and for the child"
    assert f"{child.id}:registration:2026-03-24" in asked
    assert "增加保险公司" in guardian.get("/me/privacy/changes/registration").words
