"""One phone for more than three volunteers within ten minutes: told at the scan, weak evidence, never refused."""

import datetime as dt
from functools import partial

import pytest
import sqlalchemy as sa

from tests.checkin.making import Post, make_post
from tests.checkin.test_evidence import HERE, station_code
from tests.checkin.test_races import at_once, statements
from tests.checkin.test_visit_pages import code_of
from tests.conftest import Api
from tests.meetings import meeting, names_unlocked
from tests.pages import Browser
from tests.registration.making import PASSWORD, Volunteer
from volunteer import housekeeping
from volunteer.anomalies.rules import Thresholds
from volunteer.checkin.visits import phones
from volunteer.database import db


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def scan(post: Post, who: Volunteer, phone: str, direction: str = "in", code: str = "") -> list[str]:
    """Let somebody scan the station's code with a phone that stands at the station; return the flags of it."""
    client = post.api.app.test_client()
    if phone:
        client.set_cookie("volunteer_browser", phone)
    body = {"code": code or station_code(post), "direction": direction} | HERE
    answer = client.post("/api/v1/me/checkins", json=body, headers={"Authorization": f"Bearer {who.token}"})
    assert answer.status_code in (200, 201), answer.json
    assert answer.json
    flags: list[str] = answer.json["flags"]
    assert answer.json["evidence"] == ("weak" if flags else "strong")
    return flags


def test_the_fourth_person_within_ten_minutes_is_flagged_and_nobody_else(post: Post) -> None:
    shift = post.shift(0, 120, 30)
    people = [post.volunteer(shift) for _ in range(7)]
    flagged = []
    for minute, who, phone in (
        (0, 0, "blue"),
        (0, 0, "green"),
        (4, 1, "blue"),
        (4, 1, "green"),
        (6, 2, "blue"),
        (6, 2, "green"),
        (7, 2, "blue"),  # the third once more
        (8, 3, "red"),  # a phone of their own
        (9, 4, ""),  # none that is known
        (10, 5, "blue"),  # the fourth, within the last second
        (10 + 1 / 60, 5, "green"),  # the first has left the window
        (17, 6, "blue"),  # three within ten minutes again
    ):
        post.go(minute)
        if scan(post, people[who], phone):
            flagged.append((minute, phone))
    assert flagged == [(10, "blue")]

    post.go(18)
    keeper_phone = [post.scan(who, "out", shift, post.scene.keeper).body["flags"] for who in people]
    assert keeper_phone == [[]] * 7
    assert [len(post.scan(who, "in", shift).body["flags"]) for who in people] == [0] * 7


def flagged_at_once(post: Post) -> list[list[str]]:
    """Let one phone serve four people at the same moment; return the flags of each."""
    shift = post.shift(0, 60)
    people, code = [post.volunteer(shift) for _ in range(4)], station_code(post)
    with meeting(post.api.app, len(people)):
        return sorted(at_once([partial(scan, post, who, "blue", code=code) for who in people]))


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_fourth_is_flagged_also_where_all_four_come_at_the_same_moment(post: Post) -> None:
    assert flagged_at_once(post) == [[], [], [], ["shared-device"]]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_control_without_the_lock_of_the_phone_misses_the_fourth(post: Post) -> None:
    with names_unlocked(post.api.app):
        assert flagged_at_once(post) == [[]] * 4


def test_exactly_three_then_a_fourth_whose_minutes_wait_for_a_keeper_who_sees_why(post: Post) -> None:
    shift = post.shift(0, 60)
    people = [post.volunteer(shift) for _ in range(4)]
    phone = Browser(post.api.app)
    for who in people:
        phone.sign_in(who.phone, PASSWORD)
        phone.get(code_of(post))
        ticket = phone.page.hidden("ticket")
        where = {name: str(value) for name, value in HERE.items()}
        phone.post(f"/s/{post.scene.station}", ticket=ticket, direction="in", **where)
        phone.follow()
        is_fourth = who is people[3]
        assert phone.page.state == "ok_in"
        assert ("这部手机刚为几个人签到过" in phone.page.words) == is_fourth
        phone.post("/logout", expect=302)
    post.go(40)
    for who in people:
        assert scan(post, who, who.phone, "out") == []
    assert [post.hours(who)["minutes_total"] for who in people] == [40, 40, 40, 0]
    (review,) = post.reviews()
    assert (review["kind"], review["minutes"], review["volunteer"]["id"]) == ("weak_evidence", 40, people[3].id)

    keeper = Browser.of(post.api.app, post.scene.keeper)
    assert keeper.get("/manage/scans", mark="shared-device").source.count('<th scope="row">') == 1
    assert "这部手机10分钟内为3人以上签到" in keeper.page.words
    keeper.get(keeper.page.source.split("/manage/scans/")[1].split('"')[0].join(("/manage/scans/", "")))
    assert "弱凭证" in keeper.page.words
    assert "这部手机10分钟内为3人以上签到" in keeper.get(f"/decisions/reviews/{review['id']}").words
    post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper, 200)
    assert post.hours(people[3])["minutes_verified"] == 40


def test_a_look_at_the_phone_is_one_statement_under_a_lock_and_a_scanner_pays_none(post: Post) -> None:
    shift = post.shift(0, 60)
    warm, one, two, three = (post.volunteer(shift) for _ in range(4))
    code = post.code(three)
    scan(post, warm, "")
    without = statements(post, lambda: scan(post, one, ""))
    with_it = statements(post, lambda: scan(post, two, "blue"))
    more = [one for one in with_it if one not in without]
    assert [one for one in more if "pg_advisory" in one] == more[:-1], "a lock on PostgreSQL, and the look"
    assert len(with_it) == len(without) + len(more) <= len(without) + 2
    assert "scan_places" not in " ".join(statements(post, lambda: post.scan(code, "in", shift)))


def test_what_is_kept_of_a_phone_is_another_digest_each_day_and_gone_after_two(post: Post) -> None:
    with post.api.app.app_context():
        evening = dt.datetime(2026, 3, 22, 15, 59, tzinfo=dt.UTC)  # 23:59 at the site
        (before,) = phones.digests_of("blue", evening)
        after = phones.digests_of("blue", evening + dt.timedelta(minutes=2))
        assert after[1] == before != after[0]
        assert phones.digests_of("blue", evening + dt.timedelta(minutes=12)) == after[:1]
        assert phones.digests_of("", evening) == ()
    scan(post, post.volunteer(post.shift(0, 60)), "blue")

    def kept() -> list[bytes]:
        with post.api.app.app_context(), db.engine.connect() as connection:
            return list(connection.scalars(sa.text("SELECT phone FROM scan_places WHERE phone IS NOT NULL")))

    assert len(kept()) == 1
    assert b"blue" not in kept()[0]
    for days, left in ((1, 1), (3, 0)):
        with post.api.app.app_context():
            housekeeping.JOBS["phones of scans forgotten"](post.at(days * 1440))
        assert len(kept()) == left


def test_the_nightly_search_looks_for_the_same() -> None:
    assert (Thresholds().shared_device_people, Thresholds().shared_device_minutes) == (4, 10)
