"""Make-ups over HTTP: who may ask, who may decide, what speaks against them, and that verified time wins."""

import datetime as dt
import uuid

import pytest

from tests.conftest import Api
from tests.hours.making import Told, World, at, make_keeper, make_station, pair
from tests.registration.making import add_child
from volunteer.clock import SettableClock


def test_a_make_up_waits_and_counts_as_granted_time_once_approved(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    asked = world.make_up(who, shift, -170, -50)
    assert world.hours(who)["minutes_pending"] == 120
    assert world.hours(who)["minutes_total"] == 0
    assert [(e["kind"], e["state"], e["minutes"]) for e in world.entries(who)] == [("make_up", "pending", 120)]
    api("POST", f"/make-ups/{asked}/approve", {}, who.token, expect=403)
    api("POST", f"/make-ups/{asked}/approve", {}, world.keeper, expect=403)
    done = api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=200).body
    assert (done["state"], done["minutes"]) == ("approved", 120)
    hours = world.hours(who)
    assert (hours["minutes_total"], hours["minutes_granted"], hours["minutes_pending"]) == (120, 120, 0)
    (entry,) = world.entries(who)
    assert (entry["kind"], entry["class"], entry["state"], entry["minutes"]) == ("make_up", "granted", "effective", 120)
    assert entry["activity_title"].startswith("文明交通劝导")
    messages = api("GET", "/me/messages", token=who.token, expect=200).body["items"]
    assert "已通过" in messages[0]["body"]


def test_all_faults_are_told_by_field(world: World, api: Api, told: Told, clock: SettableClock) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)

    def faults(start: int, end: int) -> dict[str, str]:
        body = {"shift_id": shift, "from": at(start).isoformat(), "to": at(end).isoformat(), "reason": "停电"}
        return api("POST", "/make-ups", body, who.token, expect=422).codes

    assert faults(-50, -50) == {"to": "ends-before-start"}
    assert faults(-200, -100) == {"from": "outside-shift"}
    assert faults(-10, 10) == {"to": "future"}
    world.make_up(who, shift, -170, -50)
    assert faults(-51, -20) == {"from": "already-credited"}
    world.make_up(who, shift, -50, -20)
    clock.set(dt.datetime(2026, 4, 8, 12, 0, tzinfo=at(0).tzinfo))  # ten working days and a festival later
    who = world.volunteer()
    body = {"shift_id": shift, "from": at(-170).isoformat(), "to": at(-50).isoformat(), "reason": "停电"}
    assert api("POST", "/make-ups", body, who.token, expect=422).codes == {"shift_id": "deadline"}


def test_time_before_the_sign_up_is_flagged_too(world: World, api: Api, told: Told, clock: SettableClock) -> None:
    shift = world.shift(10, 200)
    clock.set(at(100))
    who = world.volunteer(shift)
    clock.set(at(150))
    body = {"shift_id": shift, "from": at(90).isoformat(), "to": at(120).isoformat(), "reason": "停电"}
    asked = api("POST", "/make-ups", body, who.token, expect=201).body
    assert asked["flags"] == ["before-sign-up"]
    api("POST", f"/make-ups/{asked['id']}/approve", {}, world.keeper, expect=403)
    plain = api("POST", "/make-ups", body | {"from": at(120).isoformat(), "to": at(150).isoformat()}, who.token).body
    assert plain["flags"] == []
    api("POST", f"/make-ups/{plain['id']}/approve", {}, world.keeper, expect=200)
    assert world.hours(who)["minutes_total"] == 30


def test_out_of_scope_is_not_there(world: World, api: Api, admin: str, told: Told) -> None:
    shift = world.shift(-180, 30)
    asked = world.make_up(world.volunteer(shift), shift, -170, -50)
    other = make_keeper(api, admin, make_station(api, admin))
    api("POST", f"/make-ups/{asked}/approve", {}, other, expect=404)
    api("POST", f"/make-ups/{uuid.uuid4()}/approve", {}, world.centre_keeper, expect=404)
    assert api("GET", "/make-ups", token=other, expect=200).body["items"] == []
    listed = api("GET", "/make-ups?state=pending", token=world.keeper, expect=200).body["items"]
    assert [row["id"] for row in listed] == [asked]
    assert "*" in listed[0]["volunteer"]["display_name"]


def test_a_keeper_asks_for_a_volunteer_and_another_decides(world: World, api: Api, admin: str, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    body = {"shift_id": shift, "from": at(-170).isoformat(), "to": at(-50).isoformat(), "reason": "停电"}
    body["volunteer_id"] = who.id
    asked = api("POST", "/make-ups", body, world.centre_keeper, expect=201).body["id"]
    denied = api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=403)
    assert denied.body["code"] == "second-person-required"
    api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)
    stranger = make_keeper(api, admin, make_station(api, admin))
    api("POST", "/make-ups", body, stranger, expect=404)
    api("POST", "/make-ups", body, world.volunteer().token, expect=404)


def test_a_guardian_asks_for_a_child_and_decides_nothing(world: World, api: Api, admin: str, told: Told) -> None:
    shift = world.shift(-180, 30)
    parent = world.volunteer()
    child = add_child(api, parent, dt.date(2010, 1, 1), unit_id=world.unit)
    asked = world.make_up(parent, shift, -100, -50, volunteer_id=child.id)
    account = api("GET", "/me", token=parent.token).body["account"]["id"]
    api(
        "POST", f"/accounts/{account}/grants", {"role": "station_keeper", "station_id": world.centre}, admin, expect=201
    )
    api("POST", f"/make-ups/{asked}/approve", {}, parent.token, expect=403)
    api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=200)
    assert api("GET", f"/volunteers/{child.id}/hours", token=parent.token, expect=200).body["minutes_granted"] == 50


def test_a_decision_is_repeated_or_refused(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    asked = world.make_up(who, shift, -170, -50)
    api("POST", f"/make-ups/{asked}/reject", {"reason": "无凭证"}, world.centre_keeper, expect=200)
    api("POST", f"/make-ups/{asked}/reject", {"reason": "无凭证"}, world.centre_keeper, expect=200)
    denied = api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=409)
    assert denied.body["code"] == "illegal-transition"
    assert world.hours(who)["minutes_pending"] == 0
    assert [(e["kind"], e["state"]) for e in world.entries(who)] == [("make_up", "refused")]
    assert "无凭证" in api("GET", "/me/messages", token=who.token).body["items"][0]["body"]
    world.make_up(who, shift, -170, -50)


def test_an_open_attendance_is_closed_first(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.open_until[uuid.UUID(who.id), shift] = at(90)
    body = {"shift_id": shift, "from": at(-170).isoformat(), "to": at(-50).isoformat(), "reason": "停电"}
    assert api("POST", "/make-ups", body, who.token, expect=409).body["code"] == "attendance-open"
    told.open_until[uuid.UUID(who.id), shift] = at(-1)
    api("POST", "/make-ups", body, who.token, expect=201)


def test_verified_time_wins_over_a_make_up_by_lines(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    asked = world.make_up(who, shift, -170, -50)
    api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=200)
    told.settle(who, pair(shift, -100, -20))
    hours = world.hours(who)
    assert (hours["minutes_verified"], hours["minutes_granted"], hours["minutes_total"]) == (80, 70, 150)
    lines = [(e["kind"], e["minutes"]) for e in reversed(world.entries(who))]
    assert lines == [("make_up", 120), ("reversal", -120), ("make_up", 70), ("service", 80)]
    assert sum(minutes for _, minutes in lines) == 150


def test_a_make_up_is_checked_again_when_it_is_approved(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    asked = world.make_up(who, shift, -170, -50)
    told.settle(who, pair(shift, -100, -20))
    assert world.hours(who)["minutes_pending"] == 70
    told.settle(who, pair(shift, -180, -100))
    denied = api("POST", f"/make-ups/{asked}/approve", {}, world.centre_keeper, expect=409)
    assert denied.body["code"] == "already-credited"
    assert world.hours(who)["minutes_total"] == 160


@pytest.mark.parametrize("more", [{"kind": "duty_labor"}])
def test_duty_labour_gives_no_volunteer_minutes(world: World, api: Api, told: Told, more: dict[str, str]) -> None:
    shift = world.shift(-180, 30, **more)
    who = world.volunteer(shift)
    body = {"shift_id": shift, "from": at(-170).isoformat(), "to": at(-50).isoformat(), "reason": "停电"}
    assert api("POST", "/make-ups", body, who.token, expect=422).codes == {"shift_id": "no-minutes"}
    told.settle(who, pair(shift, -100, -20), pair(shift, -20, 0, "weak_evidence"))
    assert world.hours(who)["minutes_total"] == 0
    assert world.reviews() == []


def test_a_draft_is_not_there_for_a_volunteer(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30, published=False)
    body = {"shift_id": shift, "from": at(-170).isoformat(), "to": at(-50).isoformat(), "reason": "停电"}
    api("POST", "/make-ups", body, world.volunteer().token, expect=404)
