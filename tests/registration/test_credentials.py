"""Another phone for who lost theirs, a wrong identity put right: asked by one, decided by another, then forgotten."""

import datetime as dt
import re
import uuid

import pytest
import sqlalchemy as sa

from tests.activities.making import make_scene, make_shift
from tests.certificates.making import give_minutes, sign_up
from tests.certificates.making import make_shift as make_past_shift
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import ADULT, PASSWORD, Volunteer, add_volunteer, new_phone, resident_id
from tests.stations.making import make_station
from tests.units.making import PASSWORD as STAFF
from tests.units.making import make_account, make_unit
from volunteer import housekeeping
from volunteer.clock import SettableClock
from volunteer.database import db, metadata, transaction
from volunteer.registration.credential_models import PersonChange
from volunteer.registration.rules_credentials import WAIT, WAIT_FOR_STAFF, Bar, ChangeKind, DecisionFacts, bars, due_at

NOW = dt.datetime(2026, 3, 22, 2, 0, tzinfo=dt.UTC)
PLAIN = {"is_asker": False, "is_party": False, "is_staff_account": False, "is_admin": False}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, ()),
        ({"is_asker": True}, (Bar.OWN_REQUEST,)),
        ({"is_party": True, "is_admin": True}, (Bar.OWN_PERSON,)),
        ({"is_staff_account": True}, (Bar.STAFF_ACCOUNT,)),
        ({"is_staff_account": True, "is_admin": True}, ()),
        ({"due_at": NOW + dt.timedelta(seconds=1)}, (Bar.TOO_EARLY,)),
        ({"is_asker": True, "due_at": NOW + WAIT}, (Bar.OWN_REQUEST, Bar.TOO_EARLY)),
    ],
)
def test_nobody_gives_an_account_away_alone_or_at_once(more: dict[str, object], found: tuple[Bar, ...]) -> None:
    assert bars(DecisionFacts(**({"now": NOW, "due_at": NOW} | PLAIN | more))) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "has_account", "is_staff", "wait"),
    [
        (ChangeKind.PHONE, True, False, WAIT),
        (ChangeKind.PHONE, True, True, WAIT_FOR_STAFF),
        (ChangeKind.PHONE, False, False, dt.timedelta()),
        (ChangeKind.IDENTITY, True, True, dt.timedelta()),
    ],
)
def test_the_old_phone_has_time_to_object(
    kind: ChangeKind, has_account: bool, is_staff: bool, wait: dt.timedelta
) -> None:
    assert due_at(kind, NOW, has_account=has_account, is_staff_account=is_staff) == NOW + wait


@pytest.fixture
def school(api: Api, admin: str) -> str:
    return make_unit(api, admin, name="第一小学")


@pytest.fixture
def teacher(api: Api, school: str) -> Volunteer:
    return add_volunteer(api, school, name="欧阳慕白")


def liaison(api: Api, admin: str, school: str, name: str = "陈联络") -> Browser:
    return Browser(api.app, make_account(api, admin, "unit_liaison", name, unit_id=school), STAFF)


def row(api: Api, name: str = "person_changes") -> dict[str, object]:
    table = metadata.tables[name]
    with api.app.app_context():
        return dict(db.session.execute(sa.select(table).order_by(table.c.id.desc())).mappings().first() or {})


def waiting(desk: Browser) -> list[str]:
    return re.findall(r'href="(/people/credentials/[0-9a-f-]{36})"', desk.get("/people/credentials").source)


def test_a_lost_phone_is_replaced_by_two_members_of_staff_after_a_day(
    api: Api, admin: str, school: str, teacher: Volunteer, clock: SettableClock
) -> None:
    asker, other = liaison(api, admin, school), liaison(api, admin, school, "李联络")
    foreign = liaison(api, admin, make_unit(api, admin))
    path, phone, inside = f"/people/{teacher.id}/phone", new_phone(), Browser(api.app, teacher.phone, PASSWORD)
    foreign.get(path, expect=404)
    assert set(asker.post(path, expect=422, phone="1").faults) == {"phone", "reason", "seen"}
    told = {"phone": phone, "reason": "旧手机在河边丢失", "seen": "1"}
    asker.post(path, expect=200, **told)
    code = asker.page.source.partition('data-code="register">')[2][:6]
    assert set(asker.post(path, expect=422, phone_code="000000", **told).faults) == {"phone_code"}
    asker.post(path, phone_code=code, **told)
    taken = asker.post(path, expect=409, phone_code=api.code(phone, "register"), **told)
    assert "已有一份同样的申请" in taken.words
    (change,) = waiting(asker)
    assert "由另一位工作人员核对" in asker.get(change).words
    asker.post(change, expect=422, verb="accept", tail=phone[-4:], seen="1")
    foreign.get(change, expect=404)
    assert waiting(foreign) == []
    early = other.post(change, expect=422, verb="accept", tail=phone[-4:], seen="1")
    assert "还在等待期内" in early.words
    assert "change-phone-asked" in [m["kind"] for m in api("GET", "/me/messages", token=teacher.token).body["items"]]
    clock.advance(hours=24)
    wrong = other.post(change, expect=422, verb="accept", tail="0000", seen="1")
    assert set(wrong.faults) == {"tail"}
    other.post(change, verb="accept", tail=phone[-4:], seen="1")
    assert (row(api)["state"], row(api)["values_sealed"]) == ("accepted", None)
    inside.get("/me", expect=302)
    api("POST", "/auth/login", {"phone": teacher.phone, "password": PASSWORD}, expect=401)
    token = api.login(phone, PASSWORD)
    assert api("GET", f"/volunteers/{teacher.id}", token=token, expect=200).body["phone"] == phone
    table = metadata.tables["outbox_messages"]
    with api.app.app_context():
        sent = sa.select(sa.func.count()).where(table.c.channel == "sms", table.c.kind == "phone-changed")
        assert db.session.scalar(sent) == 2, "the old phone and the new one"
    other.post(change, verb="accept", tail="0000", seen="1")


def test_the_person_objects_and_nothing_changes(
    api: Api, admin: str, school: str, teacher: Volunteer, clock: SettableClock
) -> None:
    asker, other, phone = liaison(api, admin, school), liaison(api, admin, school, "李联络"), new_phone()
    told = {"phone": phone, "reason": "本人要求", "seen": "1", "phone_code": api.code(phone, "register")}
    asker.post(f"/people/{teacher.id}/phone", **told)
    (change,) = waiting(asker)
    me, stranger = Browser(api.app, teacher.phone, PASSWORD), Browser(api.app, add_volunteer(api).phone, PASSWORD)
    (take_back,) = [one for one in me.get("/me/credentials").links() if one.endswith("/withdraw")]
    stranger.post(take_back, expect=404)
    me.post(take_back)
    assert "一切照旧" in me.follow().words
    clock.advance(hours=25)
    other.post(change, expect=422, verb="accept", tail=phone[-4:], seen="1")
    assert row(api)["state"] == "withdrawn"
    api.login(teacher.phone, PASSWORD)


def test_one_member_of_staff_alone_takes_no_account_over(api: Api, admin: str, school: str, teacher: Volunteer) -> None:
    token, phone = api.login(make_account(api, admin, "unit_liaison", unit_id=school), STAFF), new_phone()
    change = {"phone": phone, "phone_code": api.code(phone, "register")}
    api("PATCH", f"/volunteers/{teacher.id}", change, token, expect=202)
    claim = {"id_type": "resident_id", "id_number": teacher.id_number, "password": "Another-2026"}
    thief = claim | {"phone": phone, "phone_code": api.code(phone, "register")}
    assert api("POST", "/volunteers/claim", thief, expect=422).codes == {"id_number": "claim-failed"}
    assert api("GET", "/me", token=teacher.token, expect=200).body["volunteer"]["id"] == teacher.id


def test_a_wrong_number_is_put_right_and_all_that_hangs_on_it_follows(
    api: Api, admin: str, school: str, teacher: Volunteer, clock: SettableClock
) -> None:
    desk, boss = liaison(api, admin, school), Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    foreign = liaison(api, admin, make_unit(api, admin))
    me, other = Browser(api.app, teacher.phone, PASSWORD), add_volunteer(api)
    shift = make_shift(api, make_scene(api, admin))
    api("POST", f"/shifts/{shift}/signups", {}, teacher.token, expect=201)
    right = resident_id(dt.date(2012, 3, 4))
    base = {"id_type": "resident_id", "reason": "注册时输错一位"}
    path = "/me/identity"
    mistyped = right[:-1] + ("1" if right[-1] == "0" else "0")
    assert "校验位" in me.post(path, expect=422, id_number=mistyped, **base).words
    assert "另一份注册使用" in me.post(path, expect=422, id_number=other.id_number, **base).words
    assert "没有需要更正" in me.post(path, expect=422, id_number=teacher.id_number, **base).words
    me.post(path, id_number=right, name="欧阳㵑白", **base)
    assert row(api)["fields"] == ["birth_date", "id_number", "id_type", "name", "sex"]
    (change,) = waiting(desk)
    assert right not in desk.get(change).source
    foreign.get(change, expect=404)
    wrong = desk.post(change, expect=422, verb="accept", id_number=teacher.id_number, name="欧阳慕白", seen="1")
    assert set(wrong.faults) == {"name", "id_number"}
    assert set(desk.post(change, expect=422, verb="accept", id_number=right, name="欧阳㵑白").faults) == {"seen"}
    desk.post(change, verb="accept", id_number=right, name="欧阳㵑白", seen="1")
    seen = api("GET", f"/volunteers/{teacher.id}", token=teacher.token, expect=200).body
    assert (seen["name"], seen["birth_date"], seen["is_minor"]) == ("欧阳㵑白", "2012-03-04", True)
    kinds = [one["kind"] for one in api("GET", "/me/messages", token=teacher.token, expect=200).body["items"]]
    assert {"identity-corrected", "signup-cancelled"} <= set(kinds)
    audited = [
        one for one in boss.get("/manage/audit", subject=teacher.id).source.split("<tr")[1:] if "更正身份" in one
    ]
    assert len(audited) == 2
    assert all(right not in one and teacher.id_number not in one for one in audited)
    assert row(api)["values_sealed"] is None


def test_a_wrong_name_makes_proofs_worthless(api: Api, admin: str, school: str) -> None:
    shift, who = make_past_shift(api, admin, make_station(api, admin)), add_volunteer(api, school, name="艾力江买买提")
    sign_up(api, shift, who)
    give_minutes(api, admin, shift, who)
    today = {"from": "2026-03-01", "to": "2026-03-31"}
    proof = api("POST", "/me/certificates", today, who.token, expect=201).body
    desk, other = liaison(api, admin, school), liaison(api, admin, school, "李联络")
    told = {"id_type": "resident_id", "id_number": who.id_number, "name": "艾力江.买买提", "reason": "漏了间隔号"}
    desk.post(f"/people/{who.id}/identity", **told)
    (change,) = waiting(desk)
    assert row(api)["fields"] == ["name"]
    other.post(change, verb="accept", name="艾力江·买买提", seen="1")
    listed = api("GET", "/me/certificates", token=who.token, expect=200).body["items"]
    assert [(one["number"], one["state"]) for one in listed] == [(proof["number"], "superseded")]


def test_nobody_decides_about_themself_and_the_database_knows_it(
    api: Api, admin: str, school: str, teacher: Volunteer
) -> None:
    me = Browser(api.app, teacher.phone, PASSWORD)
    me.post("/me/identity", id_type="resident_id", id_number=resident_id(ADULT), reason="号码有误")
    found = row(api)
    account = api("GET", "/me", token=teacher.token, expect=200).body["account"]["id"]
    api("POST", f"/accounts/{account}/grants", {"role": "unit_liaison", "unit_id": school}, admin, expect=201)
    page = me.get(f"/people/credentials/{found['id']}")
    assert "由另一位工作人员核对" in page.words
    me.post(f"/people/credentials/{found['id']}", expect=422, verb="refuse", reason="不对")
    boss = api("GET", "/me", token=admin, expect=200).body["account"]["id"]
    with api.app.app_context():
        with transaction() as session:
            session.execute(sa.update(PersonChange).values(asked_by=uuid.UUID(boss)))
        for by, said in ((boss, "second_person"), (account, "a party may not decide")):
            decided = sa.update(PersonChange).values(state="refused", values_sealed=None, decided_by=uuid.UUID(by))
            with pytest.raises(sa.exc.IntegrityError, match=said), transaction() as session:
                session.execute(decided)


def test_what_nobody_decides_expires_empty(
    api: Api, admin: str, school: str, teacher: Volunteer, clock: SettableClock
) -> None:
    me = Browser(api.app, teacher.phone, PASSWORD)
    me.post("/me/identity", id_type="resident_id", id_number=resident_id(ADULT), reason="号码有误")
    clock.advance(days=31)
    with api.app.app_context():
        assert housekeeping.run(clock.now())["changes of persons expired"] == 1
    assert (row(api)["state"], row(api)["values_sealed"]) == ("expired", None)
