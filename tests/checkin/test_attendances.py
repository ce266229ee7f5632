"""Reading attendances, a station's day, who may see what; jobs; what the tables hold and refuse."""

import re
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from tests.activities.making import messages
from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import Volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import make_staff
from volunteer.checkin import jobs, service
from volunteer.database import Uuid, db
from volunteer.registration import erasure


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def test_unclosed_is_a_function_of_the_clock_and_a_late_out_still_counts(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    out = post.event(who, "out", shift, 100)
    for minute, state in ((60, "open"), (120, "open"), (121, "unclosed")):
        post.go(minute)
        assert post.attendances(shift)[0]["state"] == state
    mine = post.api("GET", "/me/attendances", token=who.token, expect=200).body["items"]
    assert [(one["state"], one["minutes"], one["why"][0]["code"]) for one in mine] == [("unclosed", 0, "unclosed")]
    assert "补录" in mine[0]["why"][0]["message"]
    post.batch([out])
    (row,) = post.attendances(shift)
    assert (row["state"], row["minutes"]) == ("closed", 60)
    assert post.hours(who)["minutes_verified"] == 60


def test_closing_tells_each_person_once_and_changes_no_answer(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    post.go(120)
    with post.api.app.app_context():
        assert service.close_due(post.api.now())["told"] == 0
    post.go(121)
    before = post.attendances(shift)
    with post.api.app.app_context():
        assert service.close_due(post.api.now())["told"] == 1
        assert service.close_due(post.api.now())["told"] == 0
    assert post.attendances(shift) == before
    assert messages(post.api, who.token).count("hours-unclosed") == 1


def test_who_tried_to_check_out_is_told_why_it_did_not_count(post: Post) -> None:
    shift = post.shift(0, 60)
    who, before = post.volunteer(shift), post.volunteer(shift)
    assert post.scan(before, "out", shift).body["reason"] == "not-checked-in"  # says nothing of the way out
    post.go(1)
    for one in (who, before):
        post.scan(one, "in", shift)
    post.go(61)
    old = post.code(who)
    post.go(65)
    assert post.scan(old, "out", shift).body["reason"] == "code-expired"
    post.go(121)
    with post.api.app.app_context():
        jobs.watch(post.api.now())

    def why(one: Volunteer) -> str:
        items = post.api("GET", "/me/messages", token=one.token, expect=200).body["items"]
        (body,) = [item["body"] for item in items if item["kind"] == "hours-unclosed"]
        return str(body)

    assert "11:05 扫的签退没有被接受(签到码已过期" in why(who)
    assert "申请补录" in why(who)
    assert "没有被接受" not in why(before)


def test_rebuilding_finds_what_was_changed_behind_its_back(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    post.go(30)
    post.scan(who, "out", shift)
    before = post.attendances(shift)
    with post.api.app.app_context():
        for harm in ("minutes = 500", "pairs = '[]', pair_count = 0"):
            with db.engine.begin() as connection:
                connection.execute(sa.text(f"UPDATE attendances SET {harm}"))  # noqa: S608
            assert service.rebuild(post.api.now()) == {"people": 1, "attendances": 1, "changed": 1}
        assert service.rebuild(post.api.now())["changed"] == 0
    assert post.attendances(shift) == before
    assert post.hours(who)["minutes_total"] == 30


def test_who_is_still_in_is_reminded_at_the_end_and_half_an_hour_later_once_each(post: Post) -> None:
    shift = post.shift(0, 60)
    stays, leaves = post.volunteer(shift), post.volunteer(shift)
    for who in (stays, leaves):
        post.scan(who, "in", shift)
    told = []
    for minute in (59, 60, 61, 89, 90, 91, 120, 121):
        post.go(minute)
        with post.api.app.app_context():
            jobs.watch(post.api.now())
            jobs.watch(post.api.now())
        kinds = messages(post.api, stays.token)
        told.append((kinds.count("checkin-remind"), kinds.count("hours-unclosed")))
        if minute == 61:
            keeper = Browser.of(post.api.app, post.scene.keeper)
            assert "还没有签退" in keeper.get("/station").words
            # One tap to those who are still in, the way and the time of the end proposed (ux.md S8).
            (path,) = (link for link in keeper.page.links() if link.endswith("only=in"))
            proposed = keeper.get(path).form("reason")
            assert (proposed["direction"], proposed["at"][-5:]) == ("out", "11:00")
            assert "2人还没签退" in keeper.get(f"/station/{post.scene.station}/scan").words
            assert "班次已结束" in keeper.get("/me").words
            keeper.post(path, **proposed | {"people": [leaves.id], "reason": "忘记签退"})
    assert told == [(0, 0), (1, 0), (1, 0), (1, 0), (2, 0), (2, 0), (2, 0), (2, 1)]
    assert messages(post.api, leaves.token).count("checkin-remind") == 1
    page = Browser.of(post.api.app, stays.token).get("/me/messages")
    asked = Browser.of(post.api.app, stays.token).get("/me/make-ups/new?of=unclosed")
    assert "/me/make-ups/new?of=unclosed" in page.links()
    assert asked.hidden("shift_id") == shift  # one tap from the message to the form, its times proposed
    assert asked.value("from").endswith("10:00")
    assert "/me/code" in page.source


def test_who_is_in_late_is_reminded_once_by_a_late_run(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    post.go(95)
    with post.api.app.app_context():
        assert [jobs.remind_due(post.api.now()) for _ in range(2)] == [1, 0]
    assert messages(post.api, who.token).count("checkin-remind") == 1


def test_a_shift_that_is_made_longer_counts_what_was_served(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    later = post.at(90).isoformat()
    post.go(30)
    post.api("PATCH", f"/shifts/{shift}", {"ends_at": later}, post.scene.keeper, 200)
    post.go(85)
    assert told(post.scan(who, "out", shift)) == (201, "checked_out")
    assert post.hours(who)["minutes_total"] == 85


def test_who_was_checked_in_cannot_cancel(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer()
    signup = post.api("POST", f"/shifts/{shift}/signups", {}, who.token, 201).body["id"]
    post.scan(who, "in", shift)
    answer = post.api("POST", f"/signups/{signup}/cancel", {}, who.token)
    assert (answer.status, answer.body["code"]) == (409, "already-attended")


def test_attendances_are_listed_in_pages(post: Post) -> None:
    shift = post.shift(0, 60)
    people = [post.volunteer(shift) for _ in range(3)]
    for minute, who in enumerate(people):
        post.go(minute)
        post.scan(who, "in", shift)
    path = f"/shifts/{shift}/attendances?limit=2"
    first = post.api("GET", path, token=post.scene.keeper, expect=200).body
    rest = post.api("GET", f"{path}&cursor={first['next_cursor']}", token=post.scene.keeper, expect=200).body
    assert [row["volunteer_id"] for row in first["items"] + rest["items"]] == [who.id for who in people]
    assert rest["next_cursor"] is None
    assert first["items"][0]["display_name"] == "张*丰"
    assert post.api("GET", f"{path}&cursor=x", token=post.scene.keeper).codes == {"cursor": "bad-cursor"}


def test_today_tells_who_is_expected_in_and_out(post: Post) -> None:
    shift = post.shift(0, 60)
    tomorrow, cancelled = post.shift(24 * 60, 25 * 60), post.shift(0, 60)
    post.api("POST", f"/shifts/{cancelled}/cancel", {"reason": "暴雨"}, post.scene.keeper, 200)
    expected, inside, left = (post.volunteer(shift) for _ in range(3))
    for who in (inside, left):
        post.scan(who, "in", shift)
    post.go(10)
    post.scan(left, "out", shift)
    for token in (post.device, post.scene.keeper, post.scene.center_keeper):
        day = post.api("GET", f"/stations/{post.scene.station}/today", token=token, expect=200).body
        (seen,) = day["shifts"]
        assert (day["date"], seen["shift_id"]) == ("2026-03-22", shift)
        assert (seen["expected"], seen["inside"], seen["left"]) == (1, 1, 1)
        assert {row["volunteer_id"]: row["presence"] for row in seen["people"]} == {
            expected.id: "expected",
            inside.id: "in",
            left.id: "out",
        }
        assert "张三丰" not in str(day)
        assert not [one for one in (tomorrow, cancelled) if one in str(day)]
    center = post.api("GET", f"/stations/{post.scene.center}/today", token=post.scene.center_keeper, expect=200).body
    assert len(center["shifts"]) == 1
    assert post.api("GET", f"/stations/{post.scene.center}/today", token=post.device).status == 404


def test_a_door_at_midnight_sees_the_shifts_that_it_still_and_already_serves(post: Post) -> None:
    late, early = post.shift(12 * 60, 14 * 60 - 20), post.shift(14 * 60 + 20, 15 * 60)  # until 23:40, from 00:20
    post.go(12 * 60 - 10)
    who, next_one = post.volunteer(late), post.volunteer(early)
    post.scan(who, "in", late)
    keeper = Browser.of(post.api.app, post.scene.keeper)

    def listed(minutes: float) -> set[str]:
        post.go(minutes)
        found = post.api("GET", f"/stations/{post.scene.station}/today", token=post.device, expect=200).body
        return {shift["shift_id"] for shift in found["shifts"]}

    assert listed(14 * 60 - 5) == {late, early}
    offered = keeper.get(f"/station/{post.scene.station}/scan").source  # a shift of another day says so
    assert ("3 月 23 日(周一) 0:20–" in offered, "3 月 22 日(周日) 22:00–" in offered) == (True, False)
    assert told(post.scan(next_one, "in", early)) == (201, "checked_in")
    assert listed(14 * 60 + 30) == {late, early}
    assert "/void" in keeper.get(f"/station/{post.scene.station}/scan").source  # of 23:55
    assert told(post.scan(who, "out", late)) == (201, "checked_out")
    assert (listed(14 * 60 + 40.9), listed(14 * 60 + 41)) == ({late, early}, {early})


def test_another_station_sees_voids_and_lists_nothing_and_its_scans_are_wrong_station(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    scan = post.scan(who, "in", shift).body["id"]
    station = make_station(post.api, post.admin)
    keeper = make_keeper(post.api, post.admin, station)
    device = make_device(post.api, keeper, station)
    assert post.api("GET", f"/shifts/{shift}/attendances", token=keeper).status == 404
    assert post.api("POST", f"/checkins/{scan}/void", {"reason": "x"}, keeper).status == 404
    assert post.api("POST", f"/checkins/{uuid.uuid4()}/void", {"reason": "x"}, keeper).status == 404
    roll = {"direction": "in", "volunteer_ids": [who.id], "reason": "x"}
    assert post.api("POST", f"/shifts/{shift}/roll-call", roll, keeper).status == 404
    for path in (f"/stations/{post.scene.station}/today", f"/stations/{post.scene.station}/code"):
        assert post.api("GET", path, token=keeper).status == 404
        assert post.api("GET", path, token=device).status == 404
    for token in (keeper, device):
        assert told(post.scan(who, "out", shift, token)) == (409, "wrong-station")
        wrong = post.scan(who, "out", None, token)
        assert told(wrong) == (409, "wrong-station")
        assert wrong.body["open"]["shift_id"] == shift
    (sent,) = post.batch([post.event(who, "in", shift, 0)], device)
    assert (sent["outcome"], sent["reason"]) == ("refused", "wrong-station")
    assert post.attendances(shift)[0]["state"] == "open"


def test_a_keeper_of_several_stations_narrows_with_station_id(post: Post) -> None:
    here = post.shift(0, 60, walk_ins=True)
    other = make_station(post.api, post.admin, "station", post.scene.center)
    who, second = post.volunteer(here), post.volunteer(here)
    token = post.scene.center_keeper
    assert told(post.scan(who, "in", here, token, station_id=other)) == (409, "wrong-station")
    assert told(post.scan(who, "in", None, token, station_id=other)) == (409, "not-signed-up")
    assert told(post.scan(who, "in", None, token, station_id=post.scene.station)) == (201, "checked_in")
    assert told(post.scan(second, "in", here, post.scene.keeper, station_id=other)) == (409, "wrong-station")
    assert told(post.scan(second, "in", None, post.admin)) == (201, "checked_in")


def test_devices_and_people_call_what_is_theirs(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    assert post.api("GET", f"/shifts/{shift}/attendances", token=post.device).status == 403
    assert post.api("GET", "/me/code", token=post.device).status == 403
    assert post.scan(who, "in", shift, who.token).status == 403
    assert post.api("POST", "/checkins", {"volunteer_code": "x", "direction": "in"}).status == 401
    auditor = make_staff(post.api, post.admin, "auditor")
    assert post.scan(who, "in", shift, auditor).status == 403
    post.scan(who, "in", shift)
    assert len(post.attendances(shift, auditor)) == 1
    assert post.api("GET", "/me/attendances", token=post.scene.keeper).status == 403


def test_scans_and_voids_stay_as_they_are(post: Post) -> None:
    shift = post.shift(0, 60)
    scan = post.scan(post.volunteer(shift), "in", shift).body["id"]
    post.api("POST", f"/checkins/{scan}/void", {"reason": "误扫"}, post.scene.keeper, 200)
    with post.api.app.app_context():
        for deed in ("UPDATE scans SET strong = NULL", "DELETE FROM scans", "DELETE FROM scan_voids"):
            with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
                connection.execute(sa.text(deed))


def test_every_scan_is_kept_and_no_code_stands_in_the_tables(post: Post) -> None:
    shift = post.shift(60, 120)
    who = post.volunteer(shift)
    code = post.code(who)
    told_codes = [code, "geheim-9999-geheim", post.card(who)]
    for text in told_codes:
        assert post.scan(text, "in", shift, post.scene.keeper).status == 409
    own = {"code": "https://example.org/s/x?c=87654321", "direction": "in", "latitude": 39.9, "longitude": 116.4}
    post.api("POST", "/me/checkins", own, who.token, 409)
    with post.api.app.app_context(), db.engine.connect() as connection:
        tables = ("scans", "scan_keys", "scan_places", "attendances")
        dump = {table: connection.execute(sa.text(f"SELECT * FROM {table}")).mappings().all() for table in tables}  # noqa: S608
    assert len(dump["scans"]) == 4
    assert sum(row["person_id"] is None for row in dump["scans"]) == 1
    text = str({table: [dict(row) for row in rows] for table, rows in dump.items()})
    assert not [secret for secret in (*told_codes, code[12:25], "87654321", "geheim") if secret in text]
    assert not re.search(r"39\.9|116\.4", str([dict(row) for row in dump["scans"]]))
    assert "39.9" in str([dict(row) for row in dump["scan_places"]])


def test_places_are_forgotten_after_thirty_days(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift, post.scene.keeper)
    post.go(30 * 24 * 60)
    with post.api.app.app_context():
        assert jobs.forget_places(post.api.now()) == 0
        post.clock.advance(seconds=1)
        assert jobs.forget_places(post.api.now()) == 1


def test_who_is_erased_leaves_their_scans_and_no_place(post: Post) -> None:
    shift = post.shift(0, 60)
    gone, stays = post.volunteer(shift), post.volunteer(shift)
    for who in (gone, stays):
        post.scan(who, "in", shift, post.scene.keeper)
    post.api("DELETE", "/me", {}, gone.token, 200)
    post.go(7 * 24 * 60)
    with post.api.app.app_context():
        assert erasure.erase_due(post.api.now()) == 1
        whose = sa.text("SELECT person_id FROM scans JOIN scan_places ON scan_id = id").columns(person_id=Uuid())
        with db.engine.connect() as connection:
            assert connection.scalars(whose).all() == [uuid.UUID(stays.id)]
            assert connection.scalar(sa.text("SELECT count(*) FROM scans")) == 2


def test_ones_own_data_holds_ones_scans(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    post.scan(who, "in", shift)
    records = post.api("GET", "/me/data", token=who.token, expect=200).body["records"]
    assert [scan["direction"] for scan in records["scans"]] == ["in"]
    assert [one["shift_id"] for one in records["attendances"]] == [shift]
