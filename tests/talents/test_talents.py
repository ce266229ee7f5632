"""The talent pool: who may be in it and be called, papers and their check, and what follows a person."""

import datetime as dt
import io

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import messages
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer, add_child, add_volunteer, form
from tests.units.making import PASSWORD as STAFF
from tests.units.making import make_account, make_area, make_liaison, make_unit
from volunteer import housekeeping
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction
from volunteer.registration import erasure
from volunteer.registration.rules import PersonStatus
from volunteer.talents.models import Qualification, Talent, TalentTime
from volunteer.talents.rules import CallReason, PoolReason, call_reasons, is_valid_on, pool_reasons

FIRST_AID = {"kind": "first_aid", "number": "JJ20260017", "issuer": "市红十字会", "expires_on": "2026-06-30"}
TEEN = dt.date(2010, 1, 1)


def found(api: Api, token: str, query: str = "") -> list[str]:
    """Return the ids of who a search finds."""
    items = api("GET", f"/talents{query}", token=token, expect=200).body["items"]
    return [one["person"]["id"] for one in items]


def in_pool(api: Api, who: Volunteer) -> None:
    """Let a person join."""
    api("POST", "/me/talents/join", {}, who.token, expect=200)


def test_a_volunteer_keeps_papers_and_times_and_staff_in_scope_find_them(api: Api, admin: str) -> None:
    area = make_area(api, admin)
    school, bank = make_unit(api, admin), make_unit(api, admin)
    liaison, foreign = make_liaison(api, admin, unit_id=school), make_liaison(api, admin, unit_id=bank)
    ada, bob = add_volunteer(api, school, skills=["first_aid"], area_id=area), add_volunteer(api, school)
    paper = api("POST", "/me/qualifications", FIRST_AID, ada.token, expect=201).body
    assert (paper["number"], paper["is_checked"]) == ("JJ20260017", False)
    times = {"times": [{"weekday": 6, "part": "evening"}, {"weekday": 6, "part": "morning"}]}
    mine = api("PUT", "/me/talents/times", times, ada.token, expect=200).body
    assert [one["part"] for one in mine["times"]] == ["morning", "evening"]
    assert found(api, admin) == [], "nobody is in the pool without a yes"
    in_pool(api, ada)
    in_pool(api, ada)
    in_pool(api, bob)

    assert found(api, liaison) == [bob.id, ada.id]
    assert found(api, foreign) == []
    for query in (
        "?skill=first_aid",
        "?kind=first_aid",
        "?kind=first_aid&valid_on=2026-06-30",
        "?weekday=6&part=morning",
        f"?area_id={area}",
    ):
        assert found(api, admin, query) == [ada.id], query
    nobody = ("?kind=first_aid&valid_on=2026-07-01", "?kind=driver", "?weekday=7", "?is_checked=true", "?skill=first")
    assert [found(api, admin, query) for query in nobody] == [[]] * len(nobody)
    api("GET", f"/talents?unit_id={bank}", token=liaison, expect=404)
    seen = api("GET", f"/volunteers/{ada.id}/talents", token=liaison, expect=200).body
    assert seen["papers"][0]["number"] == "********17"
    api("GET", f"/volunteers/{ada.id}/talents", token=foreign, expect=404)

    api("POST", f"/qualifications/{paper['id']}/check", token=foreign, expect=404)
    for _ in range(2):
        assert api("POST", f"/qualifications/{paper['id']}/check", token=liaison, expect=200).body["is_checked"]
    assert messages(api, ada.token).count("paper-checked") == 1
    assert found(api, admin, "?is_checked=true") == [ada.id]
    past = api("POST", "/me/qualifications", FIRST_AID | {"expires_on": "2026-03-21"}, ada.token, expect=422)
    assert past.body["errors"][0]["code"] == "expired"
    unnamed = api("POST", "/me/qualifications", {"kind": "other", "issuer": "某校"}, ada.token, expect=422)
    assert unnamed.body["errors"][0]["field"] == "name"


def test_nobody_checks_their_own_paper(api: Api, admin: str) -> None:
    school = make_unit(api, admin)
    phone = make_account(api, admin, "unit_liaison", unit_id=school)
    token = api.login(phone, STAFF)
    api("POST", "/volunteers", form(api, unit_id=school, phone=phone, password=None), expect=201)
    paper = api("POST", "/me/qualifications", FIRST_AID, token, expect=201).body
    refused = api("POST", f"/qualifications/{paper['id']}/check", token=token, expect=403)
    assert refused.body["code"] == "second-person-required"


def test_the_young_join_by_their_guardian_and_never_for_danger(api: Api, admin: str, clock: SettableClock) -> None:
    parent = add_volunteer(api)
    child, teen = add_child(api, parent), add_child(api, parent, TEEN)
    whose = {"volunteer_id": child.id}
    refused = api("POST", "/me/talents/join", whose, parent.token, expect=409)
    assert refused.body["reasons"] == ["too-young"]
    joined = api("POST", "/me/talents/join", {"volunteer_id": teen.id}, parent.token)
    if joined.status == 409:  # a child by a guardian's phone is confirmed by staff first
        api("POST", f"/volunteers/{teen.id}/confirm", {}, admin, expect=200)
        joined = api("POST", "/me/talents/join", {"volunteer_id": teen.id}, parent.token, expect=200)
    assert joined.body["by_guardian"] is True
    in_pool(api, parent)
    assert found(api, admin) == [teen.id, parent.id]
    assert found(api, admin, "?is_hazardous=true") == [parent.id]


def test_an_expiring_paper_is_told_once_and_all_goes_with_the_person(
    app: Flask, api: Api, clock: SettableClock
) -> None:
    ada = add_volunteer(api)
    api("POST", "/me/qualifications", FIRST_AID, ada.token, expect=201)
    in_pool(api, ada)
    with app.app_context():
        assert housekeeping.JOBS["papers that expire told"](api.now()) == 0
    clock.set(dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC))
    with app.app_context():
        assert [housekeeping.JOBS["papers that expire told"](api.now()) for _ in range(2)] == [1, 0]
    token = api.login(ada.phone, PASSWORD)
    assert messages(api, token)[0] == "paper-expires"
    told = api("GET", "/me/data", token=token, expect=200).body["records"]
    assert told["qualifications"][0]["number"] == "JJ20260017"
    api("DELETE", "/me", {}, token, expect=200)
    clock.set(api.now() + dt.timedelta(days=8))
    with app.app_context():
        erasure.erase_due(api.now())
        with transaction() as session:
            left = [
                session.scalar(sa.select(sa.func.count()).select_from(t)) for t in (Talent, TalentTime, Qualification)
            ]
        assert left == [0, 0, 0]


def test_the_pool_on_pages(app: Flask, api: Api, admin: str) -> None:
    school = make_unit(api, admin)
    ada = add_volunteer(api, school, name="欧阳慕白")
    me, boss = Browser(app, ada.phone, PASSWORD), Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "我的才能" in me.get("/me/profile").words
    me.post("/me/talents/join")
    me.post("/me/talents", times="6-morning")
    empty = me.post("/me/talents/papers/new", expect=422, kind="first_aid")
    assert "issuer" in empty.faults
    me.post("/me/talents/papers/new", **FIRST_AID)
    shown = me.get("/me/talents?done=paper")
    for said in ("已在库中", "急救员证", "JJ20260017", "待核对"):
        assert said in shown.words
    listed = boss.get("/talents?kind=first_aid&weekday=6")
    assert ("欧**白" in listed.words, "欧阳慕白" in listed.source, ada.phone in listed.source) == (True, False, False)
    boss.get("/talents?weekday=9", expect=422)
    assert "没有符合条件的人" in boss.get("/talents?kind=driver").words
    sheet = boss.post("/talents.xlsx", expect=200, kind="first_aid")
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet.data)).active.values)
    assert [row[1] for row in rows if row[0] == ada.no] == ["欧**白"]
    assert sheet.headers["X-Export-Number"] in str(rows)
    with app.app_context():
        paper_id = reading().scalar(sa.select(Qualification.id))
    page = boss.get(f"/papers/{paper_id}/check")
    assert ("********17" in page.words, "JJ20260017" in page.source) == (True, False)
    boss.post(f"/papers/{paper_id}/check")
    assert "已核对" in me.get("/me/talents").words
    boss.post(f"/people/{ada.id}/talents/papers/new", kind="other", name="救援队员证", issuer="蓝天救援队")
    assert "救援队员证" in boss.get(f"/people/{ada.id}/talents?done=paper").words
    boss.post(f"/papers/{paper_id}/remove")
    me.get(f"/me/talents/papers/{paper_id}/remove", expect=404)
    me.post("/me/talents/leave")
    assert "没有符合条件的人" in boss.get("/talents").words


_S = PersonStatus


@pytest.mark.parametrize(
    ("age", "status", "guardian", "pool", "call", "danger"),
    [
        (13, _S.REGISTERED, True, (PoolReason.TOO_YOUNG,), (CallReason.NOT_NOW,), (CallReason.MINOR_AND_DANGER,)),
        (14, _S.REGISTERED, True, (), (), (CallReason.MINOR_AND_DANGER,)),
        (17, _S.REGISTERED, False, (PoolReason.GUARDIAN_NEEDED,), (CallReason.NO_GUARDIAN,), ()),
        (18, _S.REGISTERED, False, (), (), ()),
        (40, _S.SUSPENDED, False, (PoolReason.NOT_REGISTERED,), (CallReason.NOT_NOW,), ()),
        (40, _S.UNPROVEN, False, (PoolReason.NOT_REGISTERED,), (CallReason.NOT_NOW,), ()),
    ],
)
def test_who_may_join_and_be_called(
    age: int,
    status: PersonStatus,
    guardian: bool,
    pool: tuple[PoolReason, ...],
    call: tuple[CallReason, ...],
    danger: tuple[CallReason, ...],
) -> None:
    assert pool_reasons(age, status, is_guardian=guardian) == pool
    assert call_reasons(age, status, has_guardian=guardian) == call
    dangerous = call_reasons(age, status, has_guardian=guardian, is_hazardous=True)
    assert set(dangerous) >= {*call, *danger}
    assert (CallReason.MINOR_AND_DANGER in dangerous) == (age < 18)


def test_the_last_day_of_a_paper_counts() -> None:
    day = dt.date(2026, 6, 30)
    assert (is_valid_on(day, day), is_valid_on(day, day + dt.timedelta(days=1)), is_valid_on(None, day)) == (
        True,
        False,
        True,
    )
