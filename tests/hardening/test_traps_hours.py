"""Traps of time and hours that other systems fell into, sprung over HTTP. Source: peers.md §5, T25 to T33."""

import datetime as dt
from typing import Any

import pytest

from tests.checkin.making import Post, make_post
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, ZONE, Api
from tests.registration.making import PASSWORD, Volunteer
from volunteer.clock import SettableClock


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def post_at(api: Api, clock: SettableClock, *start: int) -> Post:
    """Build the world of check-in at an instant of the site."""
    clock.set(dt.datetime(*start, tzinfo=ZONE))  # type: ignore[arg-type]
    return make_post(api, api.login(ADMIN_PHONE, ADMIN_PASSWORD))


def serve(post: Post, who: Volunteer, shift: str | None, starts: float, ends: float) -> None:
    """Scan somebody in and out, minutes from the start."""
    post.go(starts)
    assert post.scan(who, "in", shift).status == 201
    post.go(ends)
    assert post.scan(who, "out", shift).status == 201


def entries(post: Post, who: Volunteer) -> list[tuple[str, int]]:
    """Return a person's effective lines: day and minutes, by day."""
    token = post.api.login(who.phone, PASSWORD)
    items = post.api("GET", "/me/hours/entries", token=token, expect=200).body["items"]
    return sorted((one["on"], one["minutes"]) for one in items if one["state"] == "effective")


def activity(post: Post, starts_at: str, ends_at: str) -> Any:
    """Try to make an activity of one shift."""
    body = {"station_id": post.scene.station, "category": "traffic_guidance", "leader_phone": "13900000000"}
    body |= {name: "值守" for name in ("title", "summary", "risk_notice", "leader_name")}
    shift = {"post": "岗", "starts_at": starts_at, "ends_at": ends_at, "capacity": 2}
    return post.api("POST", "/activities", body | {"shifts": [shift]}, post.scene.keeper)


def test_t25_an_end_before_its_start_is_a_fault_and_never_a_day_less_ten_minutes(post: Post) -> None:
    wrong = activity(post, post.at(60).isoformat(), post.at(50).isoformat())
    assert (wrong.status, wrong.codes) == (422, {"shifts.0.ends_at": "ends-before-start"})
    shift = post.shift(-60, 60)
    who = post.volunteer(shift)
    body = {"shift_id": shift, "from": post.at(-20).isoformat(), "to": post.at(-30).isoformat(), "reason": "停电"}
    assert post.api("POST", "/make-ups", body, who.token).status == 422
    out, came = post.event(who, "out", shift, -20), post.event(who, "in", shift, -10)
    post.batch([out, came])
    hours = post.hours(who)
    assert (hours["minutes_total"], hours["minutes_pending"]) == (0, 0)


def test_t26_a_shift_over_midnight_is_one_shift_with_a_line_a_day(api: Api, admin: str, clock: SettableClock) -> None:
    post = post_at(api, clock, 2026, 3, 24, 21, 0)
    shift = post.shift(60, 300)  # 22:00 to 02:00
    who = post.volunteer(shift)
    serve(post, who, shift, 60, 300)
    assert entries(post, who) == [("2026-03-24", 120), ("2026-03-25", 120)]
    for day in ("2026-03-24", "2026-03-25"):
        listed = api("GET", f"/activities?from={day}&to={day}", expect=200).body["items"]
        assert [one["id"] for activity in listed for one in activity["shifts"]] == [shift]
    assert api("GET", "/activities?from=2026-03-26&to=2026-03-26", expect=200).body["items"] == []


def test_t27_a_night_shift_is_signed_out_of_after_midnight(api: Api, admin: str, clock: SettableClock) -> None:
    post = post_at(api, clock, 2026, 3, 24, 21, 0)
    shift = post.shift(60, 300)
    stayed, forgot = post.volunteer(shift), post.volunteer(shift)
    post.go(60)
    for who in (stayed, forgot):
        assert post.scan(who, "in").status == 201
    post.go(181)  # 00:01: nobody was signed out at 23:59:59
    assert {one["state"] for one in post.attendances(shift)} == {"open"}
    post.go(290)
    assert post.scan(stayed, "out").body["minutes"] == 230
    post.go(361)  # an hour and a minute after the end
    assert sum(minutes for _, minutes in entries(post, stayed)) == 230
    assert entries(post, forgot) == []
    states = {one["volunteer_id"]: one["state"] for one in post.attendances(shift)}
    assert states == {stayed.id: "closed", forgot.id: "unclosed"}


@pytest.mark.parametrize(
    ("came", "left", "minutes"), [(-30, 90, 60), (-10, 20, 20), (30, 90, 30), (20, 40, 20), (59, 119, 1)]
)
def test_t28_credit_is_the_overlap_with_the_shift(api: Api, admin: str, came: int, left: int, minutes: int) -> None:
    post = make_post(api, admin)
    shift = post.shift(40, 100)
    who = post.volunteer(shift)
    serve(post, who, shift, came + 40, left + 40)
    assert post.hours(who)["minutes_total"] == minutes


def test_t29_times_have_an_offset_and_days_are_those_of_the_site(api: Api, admin: str, clock: SettableClock) -> None:
    post = post_at(api, clock, 2026, 3, 31, 23, 0)
    naive = activity(post, "2026-04-01T09:00:00", "2026-04-01T10:00:00")
    assert set(naive.codes.values()) == {"invalid-instant"}
    shift = post.shift(0, 90)  # 23:00 to 00:30, over the month's end
    who = post.volunteer(shift)
    serve(post, who, shift, 30, 90)
    assert entries(post, who) == [("2026-03-31", 30), ("2026-04-01", 30)]
    for first, last in (("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-01")):
        report = f"/reports/stations?from={first}&to={last}"
        rows = api("GET", report, token=post.scene.keeper, expect=200).body["rows"]
        assert [row["minutes"] for row in rows] == [30]


def test_t31_hours_come_from_being_there_not_from_signing_up(api: Api, admin: str, clock: SettableClock) -> None:
    post = make_post(api, admin)
    shift, later = post.shift(0, 60), post.shift(200, 260)
    absent = post.volunteer(shift, later)
    present = post.volunteer(shift, later)
    serve(post, present, shift, 0, 60)
    post.go(130)
    assert post.hours(absent)["minutes_total"] == 0
    assert post.hours(present)["minutes_total"] == 60
    assert post.hours(absent)["minutes_pending"] == post.hours(present)["minutes_pending"] == 0


def test_t32_overlapping_presence_counts_once(post: Post) -> None:
    one, other = post.shift(-180, 30), post.shift(-120, 60)
    who = post.volunteer(one)
    first = [post.event(who, "in", one, -180), post.event(who, "out", one, -120)]
    second = [post.event(who, "in", one, -150), post.event(who, "out", one, -90)]
    post.batch(first)
    post.batch(second)
    assert post.hours(who)["minutes_total"] == 60, (
        "in from the first in to the first out; what came between says so again"
    )
    body = {"shift_id": one, "from": post.at(-150).isoformat(), "to": post.at(-130).isoformat(), "reason": "重复"}
    assert post.api("POST", "/make-ups", body, who.token).status == 422
    post.api("POST", f"/shifts/{other}/signups", {}, who.token, expect=409)


def test_t32_a_make_up_and_a_late_scan_of_the_same_time_count_once(post: Post) -> None:
    shift = post.shift(-120, 60)
    who = post.volunteer(shift)
    body = {"shift_id": shift, "from": post.at(-60).isoformat(), "to": post.at(-30).isoformat(), "reason": "停电"}
    asked = post.api("POST", "/make-ups", body, who.token, expect=201).body["id"]
    post.api("POST", f"/make-ups/{asked}/approve", {}, post.scene.center_keeper, expect=200)
    assert post.hours(who)["minutes_granted"] == 30
    post.batch([post.event(who, "in", shift, -50), post.event(who, "out", shift, -20)])
    hours = post.hours(who)
    assert (hours["minutes_verified"], hours["minutes_granted"], hours["minutes_total"]) == (30, 10, 40)


def test_t32_no_day_has_more_than_eight_hours_without_a_decision(api: Api, admin: str, clock: SettableClock) -> None:
    post = post_at(api, clock, 2026, 3, 24, 1, 0)
    shift = post.shift(0, 1200)
    who = post.volunteer(shift)
    post.go(0)
    assert post.scan(who, "in", shift).status == 201
    post.go(1200)
    device = post.api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    who_token = post.api.login(who.phone, PASSWORD)
    code = api("GET", "/me/code", token=who_token, expect=200).body["payload"]
    assert post.scan(code, "out", shift, device).status == 201
    hours = api("GET", "/me/hours", token=who_token, expect=200).body
    assert (hours["minutes_total"], hours["minutes_pending"]) == (480, 720)


def test_t33_minutes_are_whole_and_every_total_is_the_sum_of_its_lines(post: Post) -> None:
    shifts = [post.shift(40 * n, 40 * n + 30) for n in range(3)]
    people = [post.volunteer(*shifts) for _ in range(2)]
    for n, shift in enumerate(shifts):
        for number, who in enumerate(people):
            post.go(40 * n + number + 59 / 60)
            assert post.scan(who, "in", shift).status == 201
        for number, who in enumerate(people):
            post.go(40 * n + 20 + number + 1 / 60)
            assert post.scan(who, "out", shift).status == 201
    totals = []
    for who in people:
        hours = post.hours(who)
        lines = [minutes for _, minutes in entries(post, who)]
        assert hours["minutes_total"] == sum(lines) == 60  # three times 20: seconds are cut before arithmetic
        assert all(isinstance(value, int) for value in hours.values())
        totals.append(hours["minutes_total"])
    day = post.start.astimezone(ZONE).date().isoformat()
    path = f"/reports/stations?from={day}&to={day}"
    (row,) = post.api("GET", path, token=post.scene.keeper, expect=200).body["rows"]
    assert (row["minutes"], row["persons"], row["person_times"]) == (sum(totals), 2, 6)
