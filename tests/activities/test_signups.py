"""Signing up over HTTP: every reason at once, the waiting list, approval, cancelling, and who may for whom."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import (
    at,
    make_draft,
    make_published,
    make_scene,
    make_shift,
    messages,
    reasons,
    seats,
    shift,
    sign_up,
    signed_up,
    statuses,
)
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import PASSWORD, add_child, add_unproven, add_volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import make_liaison, make_staff, make_unit
from volunteer.activities import service, signups
from volunteer.activities.rules import SignupStatus
from volunteer.clock import SettableClock
from volunteer.database import db, reading, transaction
from volunteer.registration import service as registration


@pytest.fixture
def attended() -> Iterator[set[tuple[uuid.UUID, uuid.UUID]]]:
    """Who has been checked in where, for the hook that check-in fills."""
    seen: set[tuple[uuid.UUID, uuid.UUID]] = set()
    handler = lambda _session, person_id, shift_id: (person_id, shift_id) in seen  # noqa: E731
    service.HAS_ATTENDED.append(handler)
    yield seen
    service.HAS_ATTENDED.remove(handler)


def test_seats_then_the_waiting_list_then_full(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=2)
    for status in ("confirmed", "confirmed", "waitlisted"):
        signed_up(api, shift_id, add_volunteer(api).token, status)
    assert seats(api, shift_id) == (2, 1, 0)
    strict = make_published(api, scene, shift(api, 300, 400, 1, waitlist=False))["shifts"][0]["id"]
    signed_up(api, strict, add_volunteer(api).token)
    assert reasons(sign_up(api, strict, add_volunteer(api).token)) == ["full"]


def test_t3_every_reason_is_told_at_once_and_the_rules_stand_on_the_server(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    volunteer = add_volunteer(api)
    draft = make_draft(api, scene, shift(api, min_age=60, skills=["first_aid"]), signup_opens_at=at(api, 5))
    shift_id = draft["shifts"][0]["id"]
    refused = sign_up(api, shift_id, volunteer.token)
    assert reasons(refused) == ["not-published", "not-open", "too-young", "skill-missing"]
    assert (refused.body["status"], refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert "技能" in refused.body["detail"]


def test_signing_up_twice_is_refused_and_coming_back_goes_to_the_end_of_the_line(
    api: Api, admin: str, clock: SettableClock
) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=1)
    first, second, third = (add_volunteer(api) for _ in range(3))
    place = signed_up(api, shift_id, first.token)
    assert reasons(sign_up(api, shift_id, first.token)) == ["already-signed-up"]
    waiting = signed_up(api, shift_id, second.token, "waitlisted")
    clock.advance(seconds=1)
    signed_up(api, shift_id, third.token, "waitlisted")
    api("POST", f"/signups/{waiting}/cancel", {}, second.token, expect=200)
    clock.advance(seconds=1)
    signed_up(api, shift_id, second.token, "waitlisted")
    api("POST", f"/signups/{place}/cancel", {"reason": "临时有事"}, first.token, expect=200)
    found = statuses(api, shift_id, scene.keeper)
    assert (found[third.id], found[second.id]) == ("confirmed", "waitlisted")


def test_back_to_back_is_no_overlap_and_waiting_blocks_nothing(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    volunteer = add_volunteer(api)
    full = make_shift(api, scene, 100, 200, capacity=1)
    signed_up(api, full, add_volunteer(api).token)
    signed_up(api, full, volunteer.token, "waitlisted")
    signed_up(api, make_shift(api, scene, 60, 120), volunteer.token)
    signed_up(api, make_shift(api, scene, 120, 180), volunteer.token)
    assert reasons(sign_up(api, make_shift(api, scene, 119, 130), volunteer.token)) == ["overlap"]


def test_t9_a_freed_seat_is_freed_once_and_goes_to_the_first_who_still_can(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, 100, 200, capacity=1)
    holder, busy, suspended, ready, last = (add_volunteer(api) for _ in range(5))
    place = signed_up(api, shift_id, holder.token)
    for volunteer in (busy, suspended, ready, last):
        signed_up(api, shift_id, volunteer.token, "waitlisted")
    signed_up(api, make_shift(api, scene, 150, 160), busy.token)
    api("POST", f"/volunteers/{suspended.id}/suspend", {"reason": "核查中"}, admin, expect=200)
    for _ in range(2):
        done = api("POST", f"/signups/{place}/cancel", {}, holder.token, expect=200).body
    assert done["status"] == "cancelled"
    found = statuses(api, shift_id, scene.keeper)
    assert found == {
        holder.id: "cancelled",
        busy.id: "waitlisted",
        suspended.id: "waitlisted",
        ready.id: "confirmed",
        last.id: "waitlisted",
    }
    assert seats(api, shift_id) == (1, 3, 0)
    assert messages(api, ready.token)[0] == "signup-confirmed"
    assert messages(api, busy.token) == []


def test_sign_up_opens_and_closes(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    window = {"signup_opens_at": at(api, 10), "signup_closes_at": at(api, 20)}
    limited, unlimited = make_shift(api, scene, **window), make_shift(api, scene, 300, 400)
    under_way = make_shift(api, scene, -30, 30)
    people = [add_volunteer(api) for _ in range(4)]
    signed_up(api, under_way, people[0].token)
    assert reasons(sign_up(api, limited, people[0].token)) == ["not-open"]
    clock.advance(minutes=10)
    signed_up(api, limited, people[0].token)
    clock.advance(minutes=10)
    assert reasons(sign_up(api, limited, people[1].token)) == ["closed"]
    clock.advance(minutes=10)
    assert reasons(sign_up(api, under_way, people[1].token)) == ["closed"]
    signed_up(api, unlimited, people[1].token)


def test_ages_and_guardians(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    parent = add_volunteer(api)
    child = add_child(api, parent)
    plain, strict = (
        make_shift(api, scene),
        make_published(api, scene, shift(api, 300, 400, min_age=16))["shifts"][0]["id"],
    )
    hazardous = make_shift(api, scene, 500, 600, hazardous=True, insurance_policy="PICC 1")
    assert sign_up(api, plain, parent.token, child.id).body["status"] == "confirmed"
    assert reasons(sign_up(api, strict, parent.token, child.id)) == ["too-young"]
    assert reasons(sign_up(api, hazardous, parent.token, child.id)) == ["too-young"]
    signed_up(api, hazardous, parent.token)
    assert statuses(api, plain, scene.keeper) == {child.id: "confirmed"}
    listed = api("GET", f"/me/signups?volunteer_id={child.id}", token=parent.token, expect=200).body["items"]
    assert [(row["shift_id"], row["volunteer_id"]) for row in listed] == [(plain, child.id)]


def test_who_is_suspended_or_unproven_is_refused(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    volunteer, unproven = add_volunteer(api), add_unproven(api)
    shift_id = make_shift(api, scene)
    api("POST", f"/volunteers/{volunteer.id}/suspend", {"reason": "核查中"}, admin, expect=200)
    assert reasons(sign_up(api, shift_id, volunteer.token)) == ["suspended"]
    assert reasons(sign_up(api, shift_id, scene.keeper, unproven.id)) == ["suspended"]


def test_t4_staff_sign_up_others_under_the_same_rules(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_published(api, scene, shift(api, capacity=1, waitlist=False))["shifts"][0]["id"]
    first, second = add_volunteer(api), add_volunteer(api)
    assert sign_up(api, shift_id, scene.keeper, first.id).status == 201
    assert messages(api, first.token) == ["signup-by-staff"]
    assert reasons(sign_up(api, shift_id, scene.center_keeper, first.id)) == ["full", "already-signed-up"]
    assert reasons(sign_up(api, shift_id, admin, second.id)) == ["full"]


def test_who_may_sign_up_whom(api: Api, admin: str) -> None:
    scene, unit = make_scene(api, admin), make_unit(api, admin)
    shift_id = make_shift(api, scene, capacity=9)
    volunteer, member = add_volunteer(api), add_volunteer(api, unit)
    body = sign_up(api, shift_id, scene.keeper).body
    assert (body["status"], body["code"]) == (403, "not-a-volunteer")
    assert sign_up(api, shift_id, volunteer.token, member.id).status == 404
    assert sign_up(api, shift_id, make_keeper(api, admin, make_station(api, admin)), member.id).status == 404
    assert sign_up(api, shift_id, make_staff(api, admin, "auditor"), member.id).status == 404
    liaison = make_liaison(api, admin, unit_id=unit)
    assert sign_up(api, shift_id, liaison, volunteer.id).status == 404
    assert sign_up(api, shift_id, liaison, member.id).status == 201
    assert sign_up(api, shift_id, scene.keeper, str(uuid.uuid4())).status == 404
    assert sign_up(api, str(uuid.uuid4()), volunteer.token).status == 404
    api("POST", f"/shifts/{shift_id}/signups", {}, expect=401)


def test_approval_gives_a_seat_or_a_place_in_the_list(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=1, needs_approval=True)
    people = [add_volunteer(api) for _ in range(4)]
    pending = [signed_up(api, shift_id, volunteer.token, "pending") for volunteer in people]
    assert seats(api, shift_id) == (0, 0, 1)
    assert reasons(sign_up(api, make_shift(api, scene, 60, 70), people[0].token)) == ["overlap"]
    for _ in range(2):
        done = api("POST", f"/signups/{pending[0]}/approve", {}, scene.keeper, expect=200).body
        assert done["status"] == "confirmed"
    assert api("POST", f"/signups/{pending[1]}/approve", {}, scene.keeper, expect=200).body["status"] == "waitlisted"
    for _ in range(2):
        done = api("POST", f"/signups/{pending[2]}/reject", {"reason": "人数已够"}, scene.keeper, expect=200).body
        assert done["status"] == "rejected"
    api("POST", f"/signups/{pending[2]}/approve", {}, scene.keeper, expect=409)
    api("POST", f"/signups/{pending[0]}/reject", {}, scene.keeper, expect=409)
    api("POST", f"/signups/{pending[2]}/cancel", {}, people[2].token, expect=409)
    api("POST", f"/volunteers/{people[3].id}/suspend", {"reason": "核查中"}, admin, expect=200)
    refused = api("POST", f"/signups/{pending[3]}/approve", {}, scene.keeper, expect=409)
    assert reasons(refused) == ["suspended"]
    assert [messages(api, volunteer.token) for volunteer in people[:3]] == [
        ["signup-approved"],
        ["signup-approved"],
        ["signup-rejected"],
    ]
    for path in ("approve", "reject"):
        api("POST", f"/signups/{pending[3]}/{path}", {}, people[3].token, expect=403)


def test_a_keeper_does_not_approve_their_own_sign_up(api: Api, admin: str, app: Flask) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, needs_approval=True)
    keeper = add_volunteer(api)
    account = api("GET", "/me", token=keeper.token, expect=200).body["account"]["id"]
    grant = {"role": "station_keeper", "station_id": scene.station}
    api("POST", f"/accounts/{account}/grants", grant, admin, expect=201)
    own = signed_up(api, shift_id, keeper.token, "pending")
    refused = api("POST", f"/signups/{own}/approve", {}, keeper.token, expect=403)
    assert refused.body["code"] == "second-person-required"
    page = Browser(app, keeper.phone, PASSWORD).post(f"/manage/signups/{own}/approve", expect=403)
    assert "另一位工作人员" in page.text
    assert api("POST", f"/signups/{own}/approve", {}, scene.keeper, expect=200).body["status"] == "confirmed"


def test_after_a_check_in_or_the_end_nobody_cancels(
    api: Api, admin: str, clock: SettableClock, attended: set[tuple[uuid.UUID, uuid.UUID]]
) -> None:
    scene = make_scene(api, admin)
    shift_id, volunteer = make_shift(api, scene), add_volunteer(api)
    signup = signed_up(api, shift_id, volunteer.token)
    attended.add((uuid.UUID(volunteer.id), uuid.UUID(shift_id)))
    refused = api("POST", f"/signups/{signup}/cancel", {}, volunteer.token, expect=409)
    assert refused.body["code"] == "already-attended"
    api("POST", f"/signups/{signup}/cancel", {}, scene.keeper, expect=409)
    api("POST", f"/shifts/{shift_id}/cancel", {}, scene.keeper, expect=200)
    assert statuses(api, shift_id, scene.keeper) == {volunteer.id: "confirmed"}
    attended.clear()
    clock.advance(minutes=180)
    api("POST", f"/signups/{signup}/cancel", {}, volunteer.token, expect=409)


def test_t7_a_cancelled_sign_up_stays_cancelled(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id, volunteer = make_shift(api, scene, needs_approval=True), add_volunteer(api)
    signup = signed_up(api, shift_id, volunteer.token, "pending")
    api("POST", f"/signups/{signup}/cancel", {}, volunteer.token, expect=200)
    api("POST", f"/signups/{signup}/approve", {}, scene.keeper, expect=409)
    assert statuses(api, shift_id, scene.keeper) == {volunteer.id: "cancelled"}


def test_staff_cancel_for_others_who_are_told(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id, volunteer, stranger = make_shift(api, scene), add_volunteer(api), add_volunteer(api)
    signup = signed_up(api, shift_id, volunteer.token)
    api("POST", f"/signups/{signup}/cancel", {}, stranger.token, expect=404)
    api("POST", f"/signups/{signup}/cancel", {"reason": "重复"}, scene.keeper, expect=200)
    assert messages(api, volunteer.token) == ["signup-cancelled"]
    api("POST", f"/signups/{uuid.uuid4()}/cancel", {}, volunteer.token, expect=404)


def test_the_keepers_list_is_masked_paged_and_searched(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=5)
    people = [add_volunteer(api, name=name) for name in ("王小明", "李雷", "王芳")]
    for volunteer in people:
        signed_up(api, shift_id, volunteer.token)
    path = f"/shifts/{shift_id}/signups"
    page = api("GET", f"{path}?limit=2", token=scene.keeper, expect=200).body
    rest = api("GET", f"{path}?limit=2&cursor={page['next_cursor']}", token=scene.keeper, expect=200).body
    rows = page["items"] + rest["items"]
    assert [row["display_name"] for row in rows] == ["王*明", "李*", "王*"]
    assert set(rows[0]) == {"id", "volunteer_id", "display_name", "status", "walk_in", "created_at"}

    def found(q: str) -> list[str]:
        listed = api("GET", path, token=scene.keeper, query_string={"q": q}, expect=200).body["items"]
        return [row["volunteer_id"] for row in listed]

    assert found("王") == [people[0].id, people[2].id]
    assert found(people[1].phone[-4:]) == [people[1].id]
    assert found("赵") == []
    api("GET", path, token=people[0].token, expect=403)
    api("GET", path, token=make_staff(api, admin, "auditor"), expect=200)
    assert api("GET", f"{path}?cursor=x", token=scene.keeper, expect=422).codes == {"cursor": "bad-cursor"}


def test_ones_own_list_is_newest_first_and_paged(api: Api, admin: str, clock: SettableClock) -> None:
    scene, volunteer = make_scene(api, admin), add_volunteer(api)
    shifts = [make_shift(api, scene, 100 * n, 100 * n + 50) for n in (1, 2, 3)]
    for shift_id in shifts:
        signed_up(api, shift_id, volunteer.token)
        clock.advance(seconds=1)
    page = api("GET", "/me/signups?limit=2", token=volunteer.token, expect=200).body
    rest = api("GET", f"/me/signups?cursor={page['next_cursor']}", token=volunteer.token, expect=200).body
    assert [row["shift_id"] for row in page["items"] + rest["items"]] == shifts[::-1]
    assert page["items"][0]["activity_title"] == "文明交通劝导"
    api("GET", "/me/signups", token=scene.keeper, expect=403)


def test_t8_a_repeated_post_with_its_key_is_the_same_place(api: Api, admin: str) -> None:
    scene, volunteer = make_scene(api, admin), add_volunteer(api)
    path = f"/shifts/{make_shift(api, scene)}/signups"
    key = {"Idempotency-Key": "tap-tap"}
    first = api("POST", path, {}, volunteer.token, expect=201, headers=key)
    again = api("POST", path, {}, volunteer.token, expect=201, headers=key)
    assert first.body == again.body


def test_the_channel_of_a_sign_up_is_kept(app: Flask, api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=9)
    first, second, third = (add_volunteer(api) for _ in range(3))
    wechat = {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0"}
    api("POST", f"/shifts/{shift_id}/signups", {}, first.token, expect=201, headers=wechat)
    signed_up(api, shift_id, second.token)
    sign_up(api, shift_id, scene.keeper, third.id)
    with app.app_context():
        rows = db.session.execute(sa.text("SELECT channel FROM signups ORDER BY id")).scalars().all()
        db.session.rollback()
    assert rows == ["wechat", "browser", "keeper"]


def walk_in(app: Flask, person_id: str, shift_id: str, now: dt.datetime, *, over_capacity: bool = False) -> str:
    """Let a person walk in as check-in does; return the status or the reasons."""
    with app.app_context(), transaction() as session:
        person = registration.lock_person(session, uuid.UUID(person_id))
        facts = service.get_shift(session, uuid.UUID(shift_id))
        decision = signups.walk_in(session, person, facts, now, over_capacity=over_capacity)
        return decision.status.value if decision.status else ",".join(decision.reasons)


def test_a_walk_in_takes_a_seat_that_is_left_or_one_on_top(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, 10, 60, capacity=1)
    first, second, third = (add_volunteer(api) for _ in range(3))
    signed_up(api, make_shift(api, scene, 20, 30), first.token)
    assert walk_in(app, first.id, shift_id, clock.now()) == "confirmed"
    assert walk_in(app, first.id, shift_id, clock.now()) == "confirmed"
    assert walk_in(app, second.id, shift_id, clock.now()) == "full"
    assert walk_in(app, second.id, shift_id, clock.now(), over_capacity=True) == "confirmed"
    assert seats(api, shift_id) == (2, 0, 0)
    listed = api("GET", f"/shifts/{shift_id}/signups", token=scene.keeper, expect=200).body["items"]
    assert [row["walk_in"] for row in listed] == [True, True]
    signed_up(api, shift_id, third.token, "waitlisted")
    over = next(row["id"] for row in listed if row["volunteer_id"] == second.id)
    api("POST", f"/signups/{over}/cancel", {}, second.token, expect=200)
    assert seats(api, shift_id) == (1, 1, 0)  # the seat on top went with the one who sat on it
    clock.advance(days=2)
    with app.app_context(), transaction() as session:
        from volunteer.activities import lifecycle

        assert lifecycle.finish_ended(session, clock.now()) == 2
    assert walk_in(app, second.id, shift_id, clock.now(), over_capacity=True) == "confirmed"


def test_t9_a_seat_on_top_leaves_with_who_sat_on_it(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    shift_id, late = make_shift(api, scene, capacity=2), add_volunteer(api)
    for _ in range(2):
        signed_up(api, shift_id, add_volunteer(api).token)
    assert walk_in(app, late.id, shift_id, clock.now(), over_capacity=True) == "confirmed"
    over = api("GET", "/me/signups", token=late.token, expect=200).body["items"][0]["id"]
    api("POST", f"/signups/{over}/cancel", {}, late.token, expect=200)
    less = api("PATCH", f"/shifts/{shift_id}", {"capacity": 1}, scene.keeper, expect=422)
    assert less.codes == {"capacity": "below-confirmed"}


def test_a_walk_in_is_judged_by_who_it_is(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    volunteer = add_volunteer(api)
    strict = make_published(api, scene, shift(api, min_age=60, skills=["first_aid"]))["shifts"][0]["id"]
    assert walk_in(app, volunteer.id, strict, clock.now(), over_capacity=True) == "too-young,skill-missing"
    reviewed = make_shift(api, scene, needs_approval=True)
    assert walk_in(app, volunteer.id, reviewed, clock.now()) == "pending"
    assert statuses(api, reviewed, scene.keeper) == {}
    full = make_shift(api, scene, 300, 400, capacity=1)
    signed_up(api, full, add_volunteer(api).token)
    signed_up(api, full, volunteer.token, "waitlisted")
    assert walk_in(app, volunteer.id, full, clock.now()) == "full"
    assert walk_in(app, volunteer.id, full, clock.now(), over_capacity=True) == "confirmed"
    assert seats(api, full) == (2, 0, 0)


def test_candidates_are_the_shifts_in_their_window(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    volunteer = add_volunteer(api)
    mine, door = make_shift(api, scene, 35, 65), make_shift(api, scene, -60, 5)
    make_shift(api, scene, 36, 90)  # not open yet
    make_shift(api, scene, 5, 20, walk_ins=False)
    make_shift(api, scene, 5, 20, needs_approval=True)
    make_draft(api, scene, shift(api, 5, 20))
    signed_up(api, mine, volunteer.token)
    clock.advance(minutes=5)
    with app.app_context():
        path = service.get_shift(reading(), uuid.UUID(mine)).station_path
        for paths, expected in (
            (None, ([mine], [door])),
            ((path,), ([mine], [door])),
            ((path.rsplit("/", 2)[0] + "/",), ([mine], [door])),
            (("/nowhere/",), ([], [])),
            ((), ([], [])),
        ):
            found = service.candidates(reading(), uuid.UUID(volunteer.id), clock.now(), paths)
            assert ([str(f.id) for f in found.signed_up], [str(f.id) for f in found.walk_in]) == expected
        db.session.rollback()


def test_facts_of_shifts_and_sign_ups_for_other_rooms(app: Flask, api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    own = make_published(api, scene, shift(api, place="东门", latitude=30.0, longitude=120.0), address="大街 1 号")
    plain = make_published(api, scene)
    volunteer = add_volunteer(api)
    first, second = own["shifts"][0]["id"], plain["shifts"][0]["id"]
    cancelled = signed_up(api, first, volunteer.token)
    api("POST", f"/signups/{cancelled}/cancel", {}, volunteer.token, expect=200)
    with app.app_context():
        person, ids = uuid.UUID(volunteer.id), [uuid.UUID(first), uuid.UUID(second)]
        facts = service.shifts_of(reading(), [*ids, uuid.uuid4()])
        assert set(facts) == set(ids)
        assert (facts[ids[0]].place, facts[ids[0]].latitude) == ("东门", 30.0)
        assert (facts[ids[1]].latitude, facts[ids[1]].leader_name) == (39.9075, "王站员")
        assert facts[ids[0]].station_path.count("/") == 3
        seen = service.signup_status(reading(), person, ids[0])
        assert seen is not None
        assert seen.status is SignupStatus.CANCELLED
        assert service.signup_status(reading(), person, ids[1]) is None
        assert service.signups_for(reading(), ids) == []
        db.session.rollback()


def test_t36_who_is_erased_keeps_no_seat(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    shift_id = make_shift(api, scene, capacity=1)
    leaver, next_one = add_volunteer(api), add_volunteer(api)
    signed_up(api, shift_id, leaver.token)
    signed_up(api, shift_id, next_one.token, "waitlisted")
    with app.app_context(), transaction() as session:
        registration.lock_person(session, uuid.UUID(leaver.id))
        signups.leave(session, uuid.UUID(leaver.id), clock.now())
    assert statuses(api, shift_id, scene.keeper) == {leaver.id: "cancelled", next_one.id: "confirmed"}
    data = api("GET", "/me/data", token=leaver.token, expect=200).body["records"]["signups"]
    assert [(row["status"], row["activity_title"]) for row in data] == [("cancelled", "文明交通劝导")]


def test_t6_over_full_is_still_full(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    shift_id = make_published(api, scene, shift(api, capacity=1, waitlist=False))["shifts"][0]["id"]
    for _ in range(3):
        assert walk_in(app, add_volunteer(api).id, shift_id, clock.now(), over_capacity=True) == "confirmed"
    assert seats(api, shift_id) == (3, 0, 0)
    assert reasons(sign_up(api, shift_id, add_volunteer(api).token)) == ["full"]
    api("PATCH", f"/shifts/{shift_id}", {"capacity": 2}, scene.keeper, expect=200)
    assert reasons(sign_up(api, shift_id, add_volunteer(api).token)) == ["full"]
