"""Batches: nothing dropped, the end state is that of the set of scans; against an independent count by minutes."""

import datetime as dt
import random
import uuid
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy.orm import Session

from tests.activities.making import make_published, statuses
from tests.activities.making import shift as shift_form
from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import Api
from tests.registration.making import add_child
from volunteer.checkin import service
from volunteer.checkin.attendance import lives


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def said(results: list[dict[str, Any]]) -> list[str]:
    return [row.get("reason") or row["outcome"] for row in results]


def test_an_out_waits_for_its_in_and_the_order_does_not_matter(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    came, left = post.event(who, "in", shift, 5), post.event(who, "out", shift, 50)
    post.go(55)
    assert said(post.batch([left])) == ["unmatched"]
    (review,) = post.reviews()
    assert (review["kind"], review["minutes"]) == ("unmatched", 0)
    assert said(post.batch([came])) == ["checked_in"]
    assert post.reviews() == []
    again = post.batch([left, came, left])
    assert said(again) == ["checked_out", "checked_in", "checked_out"]
    assert [row["id"] for row in again] == [left["id"], came["id"], left["id"]]
    assert again[0]["attendance_id"] == again[1]["attendance_id"]
    assert post.hours(who)["minutes_verified"] == 45
    assert post.attendances(shift)[0]["minutes"] == 45


def test_scans_of_one_instant_are_ordered_by_their_ids_however_they_arrive(post: Post) -> None:
    shift = post.shift(0, 60)
    outcomes = set()
    post.go(6)
    for order in (1, -1):
        who = post.volunteer(shift)
        came, left = post.event(who, "in", shift, 5), post.event(who, "out", shift, 5)
        came["id"], left["id"] = sorted(str(uuid.uuid4()) for _ in range(2))
        for event in (came, left)[::order]:
            post.batch([event])
        outcomes.add(tuple(said(post.batch([came, left]))))
    assert outcomes == {("checked_in", "checked_out")}


def test_the_same_id_with_another_body_or_from_another_sender_is_refused_and_harms_nothing(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    came, left = post.event(who, "in", shift, 5), post.event(who, "out", shift, 50)
    post.go(55)
    other = left | {"id": came["id"]}
    assert said(post.batch([came, other, left])) == ["checked_in", "id-reused", "checked_out"]
    second = make_device(post.api, post.scene.keeper, post.scene.station)
    assert said(post.batch([came, left], second)) == ["id-reused", "id-reused"]
    assert post.hours(who)["minutes_verified"] == 45


def test_late_off_ahead_and_over_capacity_are_held_never_refused(post: Post) -> None:
    shift = post.shift(0, 60, 1, walk_ins=True)
    first, second, off, ahead = (post.volunteer() for _ in range(4))
    post.go(30)
    assert told(post.scan(first, "in", shift)) == (201, "checked_in")
    over = post.batch([post.event(second, "in", shift, 30)])
    assert (said(over), over[0]["flags"]) == (["needs_review"], ["over-capacity"])
    assert post.api("GET", f"/shifts/{shift}", expect=200).body["confirmed"] == 2
    slow = post.event(off, "in", shift, 24)
    code = post.event(off, "in", shift, 30)["volunteer_code"]
    skewed = post.batch([slow | {"volunteer_code": code}], sent=post.at(24))
    assert (said(skewed), skewed[0]["flags"]) == (["needs_review"], ["clock-skew", "over-capacity"])
    early = post.batch([post.event(ahead, "in", shift, 33)])
    assert (said(early), early[0]["flags"]) == (["needs_review"], ["ahead", "over-capacity"])
    post.go(50)
    post.scan(second, "out", shift)
    assert post.hours(second)["minutes_total"] == 0
    assert [row["kind"] for row in post.reviews()] == ["over_capacity"]


def test_a_seat_is_added_for_who_lacks_nothing_but_a_seat(post: Post) -> None:
    form = shift_form(post.api, 0, 60, 1, min_age=16)
    shift = make_published(post.api, post.scene, form, walk_ins=True)["shifts"][0]["id"]
    parent = post.volunteer()
    child = add_child(post.api, parent)
    code = post.api("GET", f"/me/code?volunteer_id={child.id}", token=child.token, expect=200).body["payload"]
    assert told(post.scan(parent, "in", shift)) == (201, "checked_in")
    (came,) = post.batch([post.event(code, "in", shift, 0)])
    assert (came["reason"], set(came["signup_reasons"])) == ("full", {"full", "too-young"})
    assert post.api("GET", f"/shifts/{shift}", expect=200).body["confirmed"] == 1


def test_a_batch_of_73_hours_ago_waits_for_a_review_and_one_of_71_does_not(post: Post) -> None:
    shift = post.shift(0, 60)
    one, two = post.volunteer(shift), post.volunteer(shift)
    events = [post.event(one, "in", shift, 0), post.event(one, "out", shift, 60)]
    late = [post.event(two, "in", shift, 0), post.event(two, "out", shift, 60)]
    post.go(71 * 60)
    assert said(post.batch(events)) == ["checked_in", "checked_out"]
    post.go(73 * 60 + 1)
    assert said(post.batch(late)) == ["needs_review", "needs_review"]
    assert post.batch(late)[0]["flags"] == ["late"]
    token = post.api.login(two.phone, "Volunteer-2026")
    hours = post.api("GET", "/me/hours", token=token, expect=200).body
    assert (hours["minutes_total"], hours["minutes_pending"]) == (0, 60)


def test_sign_up_and_suspension_are_judged_as_they_stand_when_a_scan_arrives(post: Post) -> None:
    shift = post.shift(0, 60)
    late, gone, held = post.volunteer(), post.volunteer(), post.volunteer(shift)
    signup = post.api("POST", f"/shifts/{shift}/signups", {}, gone.token, 201).body["id"]
    kept = [post.event(who, "in", shift, 5) for who in (late, gone, held)]
    post.go(20)
    post.api("POST", f"/shifts/{shift}/signups", {}, late.token, 201)
    post.api("POST", f"/signups/{signup}/cancel", {}, gone.token, 200)
    post.api("POST", f"/volunteers/{held.id}/suspend", {"reason": "核查"}, post.admin, 200)
    assert said(post.batch(kept)) == ["checked_in", "not-signed-up", "suspended"]
    assert statuses(post.api, shift, post.scene.keeper)[gone.id] == "cancelled"


def test_no_minute_is_credited_before_it_has_passed(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    events = [post.event(who, "in", shift, 0), post.event(who, "out", shift, 10.9)]
    post.go(10)
    post.batch(events)
    assert post.hours(who)["minutes_verified"] == 10
    second = post.volunteer(shift)
    ahead = [post.event(second, "in", shift, 10), post.event(second, "out", shift, 10 + 59 / 60 + 1)]
    ahead[1]["scanned_at"] = post.at(11).isoformat()
    ahead[1]["volunteer_code"] = post.event(second, "out", shift, 11)["volunteer_code"]
    post.batch(ahead)
    assert post.hours(second)["minutes_verified"] == 0
    post.go(11)
    assert post.hours(second)["minutes_verified"] == 1


def test_forged_codes_in_a_batch_are_kept_and_the_next_one_waits(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    forged = [post.event(f"bad {number}", "in", shift, 1) for number in range(25)]
    post.go(2)
    results = post.batch([*forged, post.event(who, "in", shift, 1)])
    assert said(results) == ["code-invalid"] * 25 + ["checked_in"]
    body = {"sent_at": post.at(2).isoformat(), "events": forged[:1]}
    assert post.api("POST", "/checkins/batch", body, post.device).status == 429
    post.go(4)
    assert said(post.batch(forged[:2])) == ["code-invalid", "code-invalid"]


def test_every_faulty_event_is_named_at_once(post: Post) -> None:
    bad = {"id": "x", "volunteer_code": "9" * 65, "direction": "up", "scanned_at": "2026-03-22T10:00:00"}
    answer = post.api("POST", "/checkins/batch", {"sent_at": post.at(0).isoformat(), "events": [bad]}, post.device, 422)
    assert set(answer.codes) == {
        "events.0.id",
        "events.0.volunteer_code",
        "events.0.direction",
        "events.0.scanned_at",
    }
    many = [post.event("x", "in", None, 0) | {"volunteer_code": ""}] * 501
    answer = post.api("POST", "/checkins/batch", {"sent_at": post.at(0).isoformat(), "events": many}, post.device, 422)
    assert answer.codes == {"events": "length"}


def by_the_minute(events: list[dict[str, Any]], start: dt.datetime, length: int) -> int:
    """Count minutes as a person with a watch would: stand at each minute of the shift and ask whether they are in."""
    scans = sorted((dt.datetime.fromisoformat(e["scanned_at"]), e["id"], e["direction"]) for e in events)
    is_in, came, spans = False, 0, []
    for instant, _, direction in scans:
        minute = int((instant - start).total_seconds() // 60)
        if direction == "in" and not is_in and minute <= length:
            is_in, came = True, minute
        elif direction == "out" and is_in:
            is_in = False
            spans.append((came, minute))
    return sum(any(a <= minute < b for a, b in spans) for minute in range(length))


FAST = dt.timedelta(minutes=4)


def upload(post: Post, part: list[dict[str, Any]], device: str, is_fast: bool, dies: bool) -> None:
    """Send scans as a device does: its clock may be wrong, and the server may die with all stored, none committed."""
    sent = post.clock.now() + FAST if is_fast else post.clock.now()
    if is_fast:
        part = [one | {"scanned_at": str(dt.datetime.fromisoformat(one["scanned_at"]) + FAST)} for one in part]

    def power_cut(session: Session) -> None:
        raise RuntimeError("the power is gone")

    if dies:
        hooks.listen(Session, "before_commit", power_cut)
        body = {"sent_at": sent.isoformat(), "events": part}
        assert post.api("POST", "/checkins/batch", body, device).status == 500
        hooks.remove(Session, "before_commit", power_cut)
    post.batch(part, device, sent)


@pytest.mark.parametrize("seed", range(4))
def test_split_shuffled_repeated_with_crashes_from_two_devices_one_with_a_wrong_clock_it_is_the_same(
    post: Post, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # a life is then read in many steps, as it would be where shifts follow each other for days
        monkeypatch.setattr(lives, "REACH", dt.timedelta(minutes=1))
    rng = random.Random(seed)  # noqa: S311 - a test's dice
    length, shift = 100, post.shift(0, 90)
    people = [post.volunteer(shift) for _ in range(4)]
    devices = [post.device, make_device(post.api, post.scene.keeper, post.scene.station)]
    mine: dict[str, list[dict[str, Any]]] = {}
    for who in people:
        minutes = sorted(rng.sample(range(-29 * 2, 130 * 2), rng.randrange(2, 9)))
        mine[who.id] = [post.event(who, rng.choice(["in", "out"]), shift, half / 2) for half in minutes]
    by = {one["id"]: rng.choice(devices) for events in mine.values() for one in events}

    def send(some: list[dict[str, Any]]) -> None:
        rng.shuffle(some)
        while some:
            size = rng.randrange(1, 8)
            for device in devices:
                part = [one for one in some[:size] if by[one["id"]] == device]
                if part:
                    upload(post, part, device, device != post.device, rng.random() < 0.3)
            del some[:size]

    every = [one for events in mine.values() for one in events]
    post.go(60)
    send([one for one in every if one["scanned_at"] <= post.at(55).isoformat() and rng.random() < 0.5])
    post.api("PATCH", f"/shifts/{shift}", {"ends_at": post.at(length).isoformat()}, post.scene.keeper, 200)
    post.go(160)
    send([*every, *rng.choices(every, k=5)])
    assert_counted(post, mine, shift, length)
    voided = [rng.choice(events) for events in mine.values()][:2]
    for one in voided:
        post.api("POST", f"/checkins/{one['id']}/void", {"reason": "扫错了"}, post.scene.keeper, 200)
    kept = {who: [one for one in events if one not in voided] for who, events in mine.items()}
    assert_counted(post, kept, shift, length)


def test_a_cancelled_shift_takes_what_was_served_and_nobody_new(post: Post) -> None:
    shift = post.shift(0, 90)
    there, late = post.volunteer(shift), post.volunteer(shift)
    post.go(5)
    post.scan(there, "in", shift)
    kept = [post.event(late, "in", shift, 10), post.event(there, "out", shift, 40), post.event(there, "in", shift, 20)]
    post.go(45)
    post.api("POST", f"/shifts/{shift}/cancel", {"reason": "暴雨"}, post.scene.keeper, 200)
    assert said(post.batch(kept)) == ["cancelled", "checked_out", "cancelled"]
    assert said(post.batch(kept[::-1])) == ["cancelled", "checked_out", "cancelled"]
    assert [post.hours(who)["minutes_total"] for who in (there, late)] == [35, 0]


def assert_counted(post: Post, events: dict[str, list[dict[str, Any]]], shift: str, length: int) -> None:
    """Assert that everybody has the minutes that a person with a watch would count, and that a rebuild agrees."""
    for who in post.people:
        assert post.hours(who)["minutes_total"] == by_the_minute(events[who.id], post.start, length), who
    rows = post.attendances(shift)
    with post.api.app.app_context():
        assert service.rebuild(post.api.now())["changed"] == 0
    assert post.attendances(shift) == rows
