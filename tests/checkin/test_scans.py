"""One scan over HTTP: outcomes, reasons, windows, replays, evidence."""

import uuid
from dataclasses import replace

import pytest

from tests.activities.making import make_draft, make_published
from tests.activities.making import shift as shift_form
from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import Api
from tests.registration.making import add_child
from tests.stations.making import make_keeper, make_station


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def test_in_and_out_make_an_attendance_and_verified_minutes(post: Post) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    came = post.scan(who, "in", shift)
    assert told(came) == (201, "checked_in")
    assert came.body["volunteer"] == {"id": who.id, "display_name": "张*丰"}
    assert (came.body["evidence"], came.body["flags"], came.body["walk_in"]) == ("strong", [], False)
    post.go(90.9)
    left = post.scan(who, "out", shift)
    assert told(left) == (201, "checked_out")
    assert left.body["minutes"] == 90
    assert left.body["attendance_id"] == came.body["attendance_id"]
    (row,) = post.attendances(shift)
    assert row["id"] == came.body["attendance_id"]
    assert (row["state"], row["minutes"], row["evidence"]) == ("closed", 90, "strong")
    hours = post.hours(who)
    assert (hours["minutes_total"], hours["minutes_verified"], hours["minutes_pending"]) == (90, 90, 0)


def test_every_outcome_of_a_live_scan(post: Post) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    assert told(post.scan(who, "out", shift)) == (409, "not-checked-in")
    assert told(post.scan(who, "out")) == (409, "not-checked-in")
    assert told(post.scan(who, "in", shift)) == (201, "checked_in")
    assert told(post.scan(who, "in", shift)) == (200, "already_checked_in")
    assert told(post.scan(who, "in")) == (200, "already_checked_in")
    post.go(30)
    assert told(post.scan(who, "out")) == (201, "checked_out")
    assert told(post.scan(who, "out", shift)) == (200, "already_checked_out")
    assert told(post.scan(who, "out")) == (200, "already_checked_out")
    post.go(60)
    late = post.scan(who, "in", shift, sent_at=post.at(66).isoformat(), scanned_at=post.at(66).isoformat())
    assert told(late) == (202, "needs_review")
    assert late.body["flags"] == ["clock-skew"]


def test_a_refusal_is_a_problem_with_what_the_next_step_needs(post: Post) -> None:
    shift = post.shift(60, 120)
    who = post.volunteer(shift)
    early = post.scan(who, "in", shift)
    assert told(early) == (409, "too-early")
    assert "application/problem+json" in early.headers["Content-Type"]
    assert {"type", "title", "status", "detail", "code"} <= early.body.keys()
    assert (early.body["code"], early.body["outcome"]) == ("checkin-refused", "refused")
    assert early.body["reasons"] == ["too-early"]
    assert early.body["opens_at"] == "2026-03-22T02:30:00Z"
    assert early.body["closes_at"] == "2026-03-22T04:00:00Z"
    assert early.body["volunteer"]["display_name"] == "张*丰"


@pytest.mark.parametrize("text", ["not-a-code", "", "1" * 27, "9" * 64, "９１", "\x00\n\t", "'; DROP TABLE scans;--"])
def test_any_text_is_judged_as_a_code(post: Post, text: str) -> None:
    shift = post.shift(0, 120)
    answer = post.scan(text, "in", shift)
    assert told(answer) == (409, "code-invalid")
    assert answer.body["reasons"] == ["code-invalid"]
    assert "volunteer" not in answer.body


def test_65_characters_are_bad_input(post: Post) -> None:
    answer = post.scan("9" * 65, "in")
    assert (answer.status, answer.codes) == (422, {"volunteer_code": "length"})


def test_a_forged_code_with_a_known_pass_number_names_nobody(post: Post) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    body = post.code(who)[:12] + "0000000000000"
    forged = f"{body}{98 - int(body) * 100 % 97:02d}"
    answer = post.scan(forged, "in", shift)
    assert told(answer) == (409, "code-invalid")
    assert "volunteer" not in answer.body


def test_a_code_is_good_for_sixty_seconds_from_its_steps_start(post: Post) -> None:
    shift = post.shift(0, 120)
    for seconds, wanted in ((0, (201, "checked_in")), (59, (201, "checked_in")), (60, (409, "code-expired"))):
        who = post.volunteer(shift)
        post.go(1)
        code = post.code(who)
        post.go(1 + seconds / 60)
        assert told(post.scan(code, "in", shift)) == wanted
    post.go(40)
    assert told(post.scan(code, "in", shift)) == (409, "code-invalid")


def test_full_width_digits_and_spaces_are_read_as_meant(post: Post) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in post.code(who))
    assert told(post.scan(f" {wide}\n", "in", shift)) == (201, "checked_in")


def test_a_code_works_once_a_step_and_direction_but_state_is_judged_first(post: Post) -> None:
    first, second = post.shifts((0, 10, 9), (10, 60, 9))
    who = post.volunteer(first, second)
    code = post.code(who)
    assert told(post.scan(code, "in", first)) == (201, "checked_in")
    assert told(post.scan(code, "in", first)) == (200, "already_checked_in")
    assert told(post.scan(code, "out", first)) == (201, "checked_out")
    again = post.scan(code, "in", first)
    assert (told(again), again.body["reasons"]) == ((409, "code-used"), ["code-used"])
    assert told(post.scan(code, "out", first)) == (200, "already_checked_out")
    post.go(1)
    assert told(post.scan(who, "in", first)) == (201, "checked_in")


@pytest.mark.parametrize(
    ("direction", "minute", "wanted"),
    [
        ("in", -31, "too-early"),
        ("in", -30, "checked_in"),
        ("in", -15, "checked_in"),
        ("in", 0, "checked_in"),
        ("in", 15, "checked_in"),
        ("in", 60, "checked_in"),
        ("in", 60 + 59 / 60, "checked_in"),
        ("in", 61, "too-late"),
        ("out", 61, "checked_out"),
        ("out", 120, "checked_out"),
        ("out", 120 + 59 / 60, "checked_out"),
        ("out", 121, "too-late"),
    ],
)
def test_the_windows_to_the_minute(post: Post, direction: str, minute: float, wanted: str) -> None:
    shift = post.shift(60, 120)
    who = post.volunteer(shift)
    if direction == "out":
        post.go(60)
        assert told(post.scan(who, "in", shift)) == (201, "checked_in")
    post.go(60 + minute)
    assert told(post.scan(who, direction, shift))[1] == wanted


def test_the_reasons_come_all_at_once_in_the_contracts_order(post: Post) -> None:
    shift, other = post.shift(60, 120), make_station(post.api, post.admin)
    who = post.volunteer()
    far = make_device(post.api, make_keeper(post.api, post.admin, other), other)
    reasons = post.scan(who, "in", shift, far).body["reasons"]
    assert reasons == ["wrong-station", "not-signed-up", "too-early"]
    post.api("POST", f"/volunteers/{who.id}/suspend", {"reason": "核查"}, post.admin, 200)
    assert post.scan(who, "in", shift).body["reasons"] == ["suspended", "not-signed-up", "too-early"]
    post.api("POST", f"/volunteers/{who.id}/restore", {}, post.admin, 200)
    assert post.scan(who, "in", shift).body["reasons"] == ["not-signed-up", "too-early"]


def test_who_is_suspended_while_inside_may_still_go_out(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    code = post.code(who)
    post.api("POST", f"/volunteers/{who.id}/suspend", {"reason": "核查"}, post.admin, 200)
    assert told(post.scan(code, "out", shift)) == (201, "checked_out")


def test_unknown_unpublished_and_cancelled_shifts(post: Post) -> None:
    who = post.volunteer()
    assert told(post.scan(who, "in", str(uuid.uuid4()))) == (409, "shift-unknown")
    draft = make_draft(post.api, post.scene, shift_form(post.api))["shifts"][0]["id"]
    assert told(post.scan(who, "in", draft)) == (409, "shift-unknown")
    one, two = post.shifts((0, 60, 9), (0, 60, 9))
    inside, outside = post.volunteer(one), post.volunteer(two)
    post.scan(inside, "in", one)
    for each in (one, two):
        post.api("POST", f"/shifts/{each}/cancel", {"reason": "暴雨"}, post.scene.keeper, 200)
    assert post.scan(outside, "in", two).body["reasons"][0] == "cancelled"
    post.go(20)
    assert told(post.scan(inside, "out", one)) == (201, "checked_out")


def test_waiting_and_pending_people_are_not_signed_up(post: Post) -> None:
    shift = post.shift(0, 60, 1)
    post.volunteer(shift)
    waiting = post.volunteer(shift)
    assert told(post.scan(waiting, "in", shift)) == (409, "not-signed-up")


def test_open_elsewhere_says_where_and_the_next_shift_of_the_station_signs_out_of_the_one_before(post: Post) -> None:
    first, second = post.shifts((0, 60, 9), (60, 120, 9))
    station = make_station(post.api, post.admin, "station", post.scene.center)
    other_scene = replace(post.scene, station=station, keeper=make_keeper(post.api, post.admin, station))
    other = replace(post, scene=other_scene, device=make_device(post.api, other_scene.keeper, station))
    elsewhere = other.shift(60, 120, walk_ins=True)
    who = post.volunteer(first, second)
    came = post.scan(who, "in", first)
    post.go(40)
    refused = other.scan(who, "in", elsewhere)
    assert told(refused) == (409, "open-elsewhere")
    assert refused.body["open"]["shift_id"] == first
    assert refused.body["open"]["station_name"]
    post.go(55)
    went_on = post.scan(who, "in", second)
    assert told(went_on) == (201, "checked_in")
    assert went_on.body["closed_attendance_id"] == came.body["attendance_id"]
    assert post.attendances(first)[0]["minutes"] == 55
    assert post.hours(who)["minutes_verified"] == 55


def test_without_a_shift_an_in_is_the_earliest_sign_up_in_its_window(post: Post) -> None:
    first, second = post.shifts((0, 60, 9), (60, 120, 9))
    who = post.volunteer(second, first)
    post.go(35)
    assert post.scan(who, "in").body["shift_id"] == first
    late = post.volunteer(second)
    assert post.scan(late, "in").body["shift_id"] == second
    nobody = post.volunteer()
    assert told(post.scan(nobody, "in")) == (409, "not-signed-up")


def test_without_a_shift_the_one_walk_in_shift_is_taken_and_of_several_one_is_to_choose(post: Post) -> None:
    shift = post.shift(0, 60, walk_ins=True)
    who = post.volunteer()
    came = post.scan(who, "in")
    assert (told(came), came.body["walk_in"], came.body["shift_id"]) == ((201, "checked_in"), True, shift)
    assert post.attendances(shift)[0]["walk_in"] is True
    post.shift(0, 60, walk_ins=True)
    choose = post.scan(post.volunteer(), "in")
    assert (choose.status, choose.body["code"], choose.body["outcome"]) == (409, "ambiguous", "refused")
    assert len(choose.body["choices"]) == 2
    assert {"shift_id", "post", "starts_at", "activity_title"} <= choose.body["choices"][0].keys()


def test_a_walk_in_takes_a_seat_and_the_last_one_is_full(post: Post) -> None:
    shift = post.shift(0, 60, 1, walk_ins=True)
    who = post.volunteer()
    assert told(post.scan(who, "in", shift)) == (201, "checked_in")
    late = post.volunteer()
    assert told(post.scan(late, "in", shift)) == (409, "full")
    seen = post.api("GET", f"/shifts/{shift}", expect=200).body
    assert (seen["confirmed"], seen["seats_left"]) == (1, 0)


def test_a_walk_in_who_is_refused_takes_no_seat_and_overlapping_sign_ups_do_not_matter(post: Post) -> None:
    first, open_door = post.shift(0, 60), post.shift(0, 60, walk_ins=True)
    who = post.volunteer(first)
    post.scan(who, "in", first)
    post.go(1)
    assert told(post.scan(who, "in", open_door)) == (409, "open-elsewhere")
    assert post.api("GET", f"/shifts/{open_door}", expect=200).body["confirmed"] == 0
    post.scan(who, "out", first)
    post.go(2)
    assert told(post.scan(who, "in", open_door)) == (201, "checked_in")


def test_a_walk_in_who_may_not_sign_up_is_told_why(post: Post) -> None:
    form = shift_form(post.api, 0, 60, min_age=16)
    young = make_published(post.api, post.scene, form, walk_ins=True)["shifts"][0]["id"]
    parent = post.volunteer()
    child = add_child(post.api, parent)
    code = post.api("GET", f"/me/code?volunteer_id={child.id}", token=child.token, expect=200).body["payload"]
    refused = post.scan(code, "in", young)
    assert told(refused) == (409, "not-signed-up")
    assert refused.body["signup_reasons"] == ["too-young"]
    assert told(post.scan(parent, "in", young)) == (201, "checked_in")


def test_the_same_id_again_says_where_the_scan_stands_now(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    mark, code = str(uuid.uuid4()).upper(), post.code(who)
    first = post.scan(code, "in", shift, id=mark)
    again = post.scan(code, "in", shift, id=mark.lower())
    assert (first.status, again.status) == (201, 200)
    assert first.body == again.body
    assert first.body["id"] == mark.lower()
    other = post.scan(code, "out", shift, id=mark)
    assert (other.status, other.body["code"]) == (409, "id-reused")
    sender = post.scan(code, "in", shift, post.scene.keeper, id=mark)
    assert (sender.status, sender.body["code"]) == (409, "id-reused")
    post.api("POST", f"/checkins/{first.body['id']}/void", {"reason": "误扫"}, post.scene.keeper, 200)
    assert told(post.scan(code, "in", shift, id=mark)) == (200, "voided")


def test_a_refused_scan_sent_again_is_told_again_and_stored_once(post: Post) -> None:
    shift = post.shift(60, 120)
    mark = str(uuid.uuid4())
    who = post.volunteer(shift)
    code = post.code(who)
    assert told(post.scan(code, "in", shift, id=mark)) == (409, "too-early")
    assert told(post.scan(code, "in", shift, id=mark)) == (200, "too-early")
    stranger = str(uuid.uuid4())
    assert told(post.scan("x", "in", shift, id=stranger)) == (409, "code-invalid")
    assert told(post.scan("x", "in", shift, id=stranger)) == (200, "code-invalid")


def test_who_was_overtaken_on_the_way_to_the_persons_lock_comes_second(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    code = post.code(who)
    post.go(2 / 60)
    assert told(post.scan(code, "in", shift)) == (201, "checked_in")
    post.go(0)  # this one came two seconds earlier, and waited
    assert told(post.scan(code, "in", shift, post.scene.keeper)) == (200, "already_checked_in")
    assert told(post.scan(code, "out", shift, post.scene.keeper)) == (201, "checked_out")


def test_judged_at_is_scanned_plus_the_clocks_difference(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.go(9)
    code = post.code(who)
    post.go(10)
    off = post.scan(code, "in", shift, scanned_at=post.at(7).isoformat(), sent_at=post.at(8).isoformat())
    assert (told(off), off.body["at"]) == ((201, "checked_in"), "2026-03-22T02:09:00Z")
    ahead = post.scan(who, "out", shift, scanned_at=post.at(11.5).isoformat())
    assert (ahead.status, ahead.codes) == (422, {"scanned_at": "in-future"})
    naive = post.scan(who, "out", shift, scanned_at="2026-03-22T10:00:00")
    assert naive.codes == {"scanned_at": "invalid-instant"}
    absurd = post.scan(who, "out", shift, scanned_at="8999-01-01T00:00:00Z", sent_at="1971-01-01T00:00:00Z")
    assert absurd.codes == {"scanned_at": "invalid-instant"}


def test_twenty_wrong_codes_a_minute_then_wait(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    for number in range(20):
        assert told(post.scan(f"wrong {number}", "in", shift)) == (409, "code-invalid")
    full = post.scan("wrong again", "in", shift)
    assert (full.status, full.body["code"]) == (429, "rate-limited")
    assert 1 <= int(full.headers["Retry-After"]) <= 61
    assert post.scan(who, "in", shift).status == 429
    assert told(post.scan(who, "in", shift, post.scene.keeper)) == (201, "checked_in")
    post.go(1.1)
    assert told(post.scan(who, "in", shift)) == (200, "already_checked_in")
