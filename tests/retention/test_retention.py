"""How long what is kept: a time or a reason for every table, each rule carried out by the clock, runs on a page."""

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import add_unproven, add_volunteer
from tests.units.making import add_staff, make_unit, pass_days
from volunteer import app as building
from volunteer import housekeeping
from volunteer.clock import SettableClock
from volunteer.database import metadata, reading, transaction
from volunteer.exports.models import ExportedPerson
from volunteer.notifications.models import OutboxMessage
from volunteer.registration.models import Invitation, Person
from volunteer.retention import service
from volunteer.retention.rules import BY_KEY, KEPT, RULES, fault_of


def test_every_table_has_a_time_or_a_reason_to_stay() -> None:
    assert building.ROOMS
    going = {table for rule in RULES for table in rule.tables}
    undecided = set(metadata.tables) - going - set(KEPT)
    assert undecided == set(), "say in volunteer/retention/rules.py how long these are kept, or why they stay"
    assert (going | set(KEPT)) - set(metadata.tables) == set(), "no such table any more"
    assert going & set(KEPT) == {"invitations", "persons"}, "a table that both goes and stays"
    assert set(housekeeping.CARRIERS) == set(BY_KEY), "a rule that nobody carries out"
    assert all(rule.least <= rule.days <= rule.most for rule in RULES)


@pytest.mark.parametrize(
    ("key", "days", "fault"),
    [
        ("messages", 180, None),
        ("messages", 179, "outside"),
        ("messages", 1096, "outside"),
        ("sms", 179, "outside"),
        ("export-people", 179, "outside"),
        ("places", 30, "fixed"),
        ("places", 60, "fixed"),
        ("everything", 1, "unknown-rule"),
    ],
)
def test_times_stay_within_what_the_law_allows(key: str, days: int, fault: str | None) -> None:
    assert fault_of(key, days) == fault


def removed(app: Flask, clock: SettableClock) -> dict[str, int]:
    """Run what the timer runs; return how much each rule removed."""
    with app.app_context():
        done = housekeeping.run(clock.now())
    return {key: done[f"removed: {key}"] for key in BY_KEY}


def there(app: Flask, query: sa.Select[Any]) -> list[Any]:
    """Return what a query finds."""
    with app.app_context():
        return list(reading().scalars(query))


def test_who_was_never_confirmed_is_told_and_then_erased(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    waiting, confirmed, late = add_unproven(api), add_unproven(api), add_volunteer(api)
    api("POST", f"/volunteers/{confirmed.id}/confirm", {}, admin, expect=200)
    told = sa.select(OutboxMessage.person_id).where(OutboxMessage.kind == "unproven-lapses")
    clock.advance(days=76)
    assert removed(app, clock)["unproven"] == 0
    assert there(app, told) == []
    clock.advance(minutes=1)
    for _ in range(2):
        assert removed(app, clock)["unproven"] == 0
    assert there(app, told) == [uuid.UUID(waiting.id)], "told once"
    clock.advance(days=13, hours=23)
    assert removed(app, clock)["unproven"] == 0
    clock.advance(hours=1)
    assert removed(app, clock)["unproven"] == 1
    assert removed(app, clock)["unproven"] == 0
    status = dict(zip((waiting.id, confirmed.id, late.id), ("erased", "registered", "registered"), strict=True))
    for key, expected in status.items():
        assert there(app, sa.select(Person.status).where(Person.id == uuid.UUID(key))) == [expected]


def test_a_shorter_time_takes_nobody_by_surprise(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    add_unproven(api)
    clock.advance(days=60)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    boss.post("/manage/retention/unproven", days="30")
    assert removed(app, clock)["unproven"] == 0, "erased without being told"
    clock.advance(days=14)
    assert removed(app, clock)["unproven"] == 1


def test_each_other_rule_removes_what_is_over_its_time_and_nothing_else(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    unit = make_unit(api, admin)
    member, leaver, invited = add_volunteer(api, unit), add_volunteer(api, unit), add_unproven(api)
    contact = {"name": "皇甫嵩", "phone": "15911112222", "relation": "spouse"}
    for person in (member, leaver):
        api("PATCH", f"/volunteers/{person.id}", {"emergency_contact": contact}, person.token, expect=200)
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=unit))
    liaison.post("/people.xlsx", expect=200)
    api("POST", f"/volunteers/{member.id}/suspend", {"reason": "x"}, admin, expect=200)
    with app.app_context(), transaction() as session:
        one = session.get_one(Person, uuid.UUID(invited.id))
        one.status = "invited"
        session.execute(sa.text("UPDATE person_statuses SET status = 'invited' WHERE status = 'unproven'"))
        session.add(Invitation(person_id=one.id, invited_at=clock.now()))
        gone = session.get_one(Person, uuid.UUID(leaver.id))
        from volunteer.registration import statuses
        from volunteer.registration.rules import PersonStatus

        statuses.move(session, gone, PersonStatus.LEFT, dt.date(2026, 3, 22))
        sms = OutboxMessage(id=uuid.uuid4(), channel="app", kind="kept", person_id=one.id, body="x", state="sent")
        sms.created_at = clock.now() + dt.timedelta(days=366)
        session.add(sms)
    begun = clock.now()
    contacts = sa.select(Person.id).where(Person.emergency_name_sealed.is_not(None))
    for keys, days in ((("contacts",), 30), (("invitations",), 180), (("messages", "export-people"), 365)):
        clock.set(begun + dt.timedelta(days=days))
        early = removed(app, clock)
        clock.set(begun + dt.timedelta(days=days + 1, minutes=1))
        due, again = removed(app, clock), removed(app, clock)
        assert [(early[key], due[key] > 0, again[key]) for key in keys] == [(0, True, 0)] * len(keys), keys
    assert there(app, contacts) == [uuid.UUID(member.id)]
    assert there(app, sa.select(Person.status).where(Person.id == uuid.UUID(invited.id))) == ["erased"]
    assert there(app, sa.select(OutboxMessage.kind).where(OutboxMessage.channel == "app")) == ["kept"]
    assert there(app, sa.select(ExportedPerson.person_id)) == []
    assert len(there(app, sa.text("SELECT number FROM exports"))) == 1, "the log itself stays"  # type: ignore[arg-type]


def test_the_page_tells_rules_runs_and_who_set_what(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "还没有运行" in boss.get("/manage/retention").words
    add_volunteer(api)
    clock.advance(days=3)
    count = removed(app, clock)["sign-in"]
    assert count > 0
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert f"清理{count}条" in boss.get("/manage/retention").words
    for days, key in (("10", "messages"), ("abc", "messages"), ("", "messages"), ("31", "places")):
        wrong = boss.post(f"/manage/retention/{key}", expect=422, days=days)
        assert set(wrong.faults) == {f"days-{key}"}, days
        assert f'value="{days}"' in wrong.source or key == "places"
    boss.post("/manage/retention/messages", days="400")
    assert "400天" in boss.follow().words
    boss.post("/manage/retention/messages", days="400")
    with app.app_context():
        assert service.days_of("messages") == 400
        assert len(reading().execute(sa.text("SELECT key FROM retention_settings")).all()) == 1
    auditor = Browser(app, *add_staff(api, pass_days(api, clock, 0), "auditor"))
    seen = auditor.get("/manage/retention")
    assert "修改期限" not in seen.words
    auditor.post("/manage/retention/messages", expect=403, days="500")
