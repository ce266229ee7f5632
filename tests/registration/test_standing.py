"""Confirming, suspending, restoring, transferring, contesting: states by date, scopes, messages."""

import datetime as dt
import uuid

from flask import Flask

from tests.conftest import Api
from tests.registration.making import add_unproven, add_volunteer, on_paper
from tests.units.making import make_area, make_liaison, make_staff, make_unit, pass_days
from volunteer.clock import SettableClock
from volunteer.database import reading
from volunteer.registration import queries, service
from volunteer.registration.models import StatusSpan
from volunteer.registration.rules import PersonStatus


def counted(app: Flask, day: str) -> set[str]:
    """Return who counts as registered at the end of a day."""
    with app.app_context():
        return {str(i) for i in reading().scalars(queries.counted_as_of(dt.date.fromisoformat(day)))}


def messages(api: Api, token: str) -> list[str]:
    """Return the kinds of the messages to a person, newest first."""
    return [m["kind"] for m in api("GET", "/me/messages", token=token, expect=200).body["items"]]


def test_any_keeper_confirms_who_shows_the_paper(api: Api, app: Flask, admin: str, clock: SettableClock) -> None:
    person = add_unproven(api)
    assert counted(app, "2026-03-22") == set()
    admin = pass_days(api, clock, 2)
    keeper = make_staff(api, admin, "station_keeper", area_id=make_area(api, admin))
    other = make_staff(api, admin, "station_keeper", area_id=make_area(api, admin))
    done = api("POST", f"/volunteers/{person.id}/confirm", {}, keeper, expect=200).body
    assert done == {"id": person.id, "volunteer_no": person.no, "status": "registered", "unit_id": None}
    for token in (keeper, other):
        assert api("POST", f"/volunteers/{person.id}/confirm", {}, token, expect=200).body == done
    assert counted(app, "2026-03-23") == set()
    assert counted(app, "2026-03-24") == {person.id}
    with app.app_context():
        from volunteer.accounts.sign_in import authenticate

        mine, theirs = authenticate(keeper, clock.now()), authenticate(other, clock.now())
        assert mine
        assert theirs
        assert service.has_confirmed(reading(), mine, uuid.UUID(person.id))
        assert not service.has_confirmed(reading(), theirs, uuid.UUID(person.id))


def test_a_liaison_confirms_in_their_units(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    liaison = make_liaison(api, admin, unit_id=unit)
    mine = on_paper(api, liaison, unit_id=unit).body["id"]
    assert api("POST", f"/volunteers/{mine}/confirm", {}, liaison, expect=200).body["unit_id"] == unit
    api("POST", f"/volunteers/{add_unproven(api).id}/confirm", {}, liaison, expect=404)
    api("POST", f"/volunteers/{mine}/confirm", {}, make_staff(api, admin, "auditor"), expect=403)


def test_a_keeper_confirms_nobody_who_proved_a_phone(api: Api, admin: str) -> None:
    keeper = make_staff(api, admin, "station_keeper", area_id=make_area(api, admin))
    person = add_volunteer(api)
    api("POST", f"/volunteers/{person.id}/confirm", {}, keeper, expect=404)
    api("POST", f"/volunteers/{person.id}/confirm", {}, admin, expect=200)
    api("POST", f"/volunteers/{person.id}/suspend", {"reason": "冒名"}, admin, expect=200)
    assert api("POST", f"/volunteers/{person.id}/confirm", {}, admin, expect=409).body["code"] == "illegal-transition"


def test_a_suspension_is_dated_told_and_lifted(api: Api, app: Flask, admin: str, clock: SettableClock) -> None:
    unit = make_unit(api, admin)
    person, liaison = add_volunteer(api, unit), make_liaison(api, admin, unit_id=unit)
    path = f"/volunteers/{person.id}"
    assert api("POST", path + "/restore", {}, liaison, expect=200).body["status"] == "registered"
    assert api("POST", path + "/suspend", {}, liaison, expect=422).codes == {"reason": "required"}
    clock.advance(hours=13, minutes=59)  # 23:59 of the same day
    admin = pass_days(api, clock, 0)
    liaison = make_liaison(api, admin, unit_id=unit)
    for _ in range(2):
        done = api("POST", path + "/suspend", {"reason": "代人签到"}, liaison, expect=200).body
        assert done["status"] == "suspended"
    clock.advance(days=3)
    liaison = make_liaison(api, pass_days(api, clock, 0), unit_id=unit)
    for _ in range(2):
        api("POST", path + "/restore", {"reason": "已核实"}, liaison, expect=200)
    with app.app_context():
        spans = [(s.status, str(s.from_on), s.until_on and str(s.until_on)) for s in _spans(person.id)]
        as_of = queries.with_status_as_of(dt.date(2026, 3, 24), frozenset({PersonStatus.SUSPENDED}))
        assert list(reading().scalars(as_of)) == [uuid.UUID(person.id)]
    assert spans == [("suspended", "2026-03-22", "2026-03-25"), ("registered", "2026-03-25", None)]
    assert counted(app, "2026-03-23") == counted(app, "2026-03-25") == {person.id}
    token = api.login(person.phone, "Volunteer-2026")
    assert messages(api, token) == ["registered", "suspended"]


def _spans(person_id: str) -> list[StatusSpan]:
    """Return a person's spans in order."""
    rows = reading().query(StatusSpan).filter_by(person_id=uuid.UUID(person_id))
    return list(rows.order_by(StatusSpan.from_on))


def test_who_is_unproven_is_not_suspended(api: Api, admin: str) -> None:
    person = add_unproven(api)
    for tail in ("suspend", "restore"):
        answer = api("POST", f"/volunteers/{person.id}/{tail}", {"reason": "x"}, admin, expect=409)
        assert answer.body["code"] == "illegal-transition"


def test_a_transfer_has_its_day(api: Api, admin: str, clock: SettableClock) -> None:
    old, new = make_unit(api, admin), make_unit(api, admin)
    person = add_volunteer(api, old)
    admin = pass_days(api, clock, 10)  # 1 April
    liaison = make_liaison(api, admin, unit_id=old)
    path = f"/volunteers/{person.id}/transfer"

    def codes(on: str, token: str) -> dict[str, str]:
        return api("POST", path, {"unit_id": new, "on": on}, token, expect=422).codes

    assert codes("2026-05-03", liaison) == {"on": "too-far-ahead"}
    assert codes("2026-03-21", admin) == {"on": "before-registration"}
    unknown = {"unit_id": str(uuid.uuid4()), "on": "2026-04-01"}
    assert api("POST", path, unknown, liaison, expect=422).codes == {"unit_id": "unknown"}
    api("POST", path, {"unit_id": new, "on": "2026-03-31"}, liaison, expect=403)
    ahead = api("POST", path, {"unit_id": new, "on": "2026-05-02"}, liaison, expect=200).body
    assert (ahead["unit_id"], ahead["status"]) == (new, "registered")
    assert api("GET", f"/volunteers/{person.id}", token=liaison, expect=200).body["unit_id"] == old
    past = {"unit_id": new, "on": "2026-03-22"}
    for _ in range(2):
        assert api("POST", path, past, admin, expect=200).body["unit_id"] == new
    api("GET", f"/volunteers/{person.id}", token=liaison, expect=404)
    token = api.login(person.phone, "Volunteer-2026")
    assert messages(api, token) == ["transferred", "transferred"]
    assert api("POST", path, {"unit_id": old}, admin, expect=200).body["unit_id"] == old


def test_a_liaison_takes_in_who_has_no_unit(api: Api, admin: str) -> None:
    mine, other = make_unit(api, admin), make_unit(api, admin)
    liaison, alone = make_liaison(api, admin, unit_id=mine), add_volunteer(api)
    path = f"/volunteers/{alone.id}/transfer"
    api("POST", path, {"unit_id": other, "on": "2026-03-22"}, liaison, expect=404)
    assert api("POST", path, {"unit_id": mine, "on": "2026-03-22"}, liaison, expect=200).body["unit_id"] == mine


def test_a_contested_person_stays_registered_without_a_unit(api: Api, admin: str, clock: SettableClock) -> None:
    unit = make_unit(api, admin)
    person = add_volunteer(api, unit)
    admin = pass_days(api, clock, 1)
    liaison = make_liaison(api, admin, unit_id=unit)
    path = f"/volunteers/{person.id}/contest"
    done = api("POST", path, {"reason": "查无此人"}, liaison, expect=200).body
    assert (done["status"], done["unit_id"]) == ("registered", None)
    api("POST", path, {"reason": "查无此人"}, liaison, expect=404)
    api("POST", path, {"reason": "查无此人"}, admin, expect=200)
    token = api.login(person.phone, "Volunteer-2026")
    told = api("GET", "/me/messages", token=token, expect=200).body["items"]
    assert [m["kind"] for m in told] == ["contested"]
    assert "查无此人" in told[0]["body"]
    assert api("GET", "/me", token=token, expect=200).body["volunteer"]["unit_id"] is None


def test_status_and_spans_agree(api: Api, app: Flask, admin: str) -> None:
    person = add_unproven(api)
    api("POST", f"/volunteers/{person.id}/confirm", {}, admin, expect=200)
    api("POST", f"/volunteers/{person.id}/suspend", {"reason": "x"}, admin, expect=200)
    with app.app_context():
        assert [(s.status, s.until_on) for s in _spans(person.id)] == [("suspended", None)]
        assert service.facts_of(reading(), [uuid.UUID(person.id)])[uuid.UUID(person.id)].status == "suspended"
