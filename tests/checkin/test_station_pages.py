"""The keeper's pages without a browser: the station's day, scanning, entering by hand, walk-ins, taking back."""

import re
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.checkin.making import Post, make_post
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, ZONE, Api
from tests.pages import Browser, Page
from tests.registration.making import PASSWORD as OWN_PASSWORD
from tests.registration.making import Volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import PASSWORD, make_account
from volunteer.checkin.models import SCANS
from volunteer.database import db

STATE = re.compile(r'data-k="([a-z_-]+)"')


@dataclass
class Door:
    """A station with a keeper at its scanning page."""

    post: Post
    keeper: Browser

    @property
    def path(self) -> str:
        """Where one scans."""
        return f"/station/{self.post.scene.station}/scan"

    def scan(self, who: Volunteer | str, direction: str = "in", **more: str) -> Page:
        """Scan a living code, or type a text."""
        code = who if isinstance(who, str) else self.post.code(who)
        return self.keeper.post(self.path, expect=None, code=code, direction=direction, **more)

    def by_hand(self, found: Page) -> Page:
        """Press the first button of those who were found."""
        names = ("person_id", "shift_id", "direction", "heard")
        fields = {
            name: re.search(rf'name="{name}" value="([^"]*)"', found.source.split("data-k=")[1]) for name in names
        }
        return self.keeper.post(
            self.path, expect=200, **{name: match[1] if match else "" for name, match in fields.items()}
        )


def state(shown: Page) -> str:
    """Return the state that a page shows."""
    found = STATE.search(shown.source)
    return found[1] if found else ""


@pytest.fixture
def door(api: Api, admin: str) -> Door:
    post = make_post(api, admin)
    station = post.scene.station
    phone = api.remembered("keeper", lambda: make_account(api, admin, "station_keeper", station_id=station))
    return Door(post, Browser(api.app, phone, PASSWORD))


# The day


def test_the_day_shows_the_shifts_with_what_is_expected_and_inside(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    first = door.post.volunteer(shift)
    door.post.volunteer(shift)
    door.post.scan(first, "in")

    shown = door.keeper.get("/station")

    assert "未到1人,在场1人,已签退0人" in shown.words
    assert f'href="{door.path}"' in shown.source
    assert f"/shifts/{shift}" in shown.source
    assert "现在" in shown.words


def test_a_day_without_shifts_says_what_is_next(door: Door) -> None:
    assert "今天没有班次" in door.keeper.get("/station").words


def test_who_keeps_several_stations_chooses(door: Door, api: Api, admin: str) -> None:
    names = [make_station(api, admin, name=name) for name in ("北站", "南站")]
    phone = make_account(api, admin, "station_keeper", station_id=names[0])
    account = api("GET", f"/accounts?q={phone}", token=admin, expect=200).body["items"][0]["id"]
    grant = {"role": "station_keeper", "station_id": names[1]}
    api("POST", f"/accounts/{account}/grants", grant, admin, expect=201)
    both = Browser(api.app, phone, PASSWORD)

    shown = both.get("/station")
    assert "北站" in shown.words
    assert "南站" in shown.words
    both.get("/station", station=names[1])
    both.get("/station", expect=404, station=door.post.scene.station)


def test_an_auditor_reads_the_day_without_buttons(door: Door, api: Api, admin: str) -> None:
    shift = door.post.shift(-10, 120)
    auditor = Browser(api.app, make_account(api, admin, "auditor"), PASSWORD)

    shown = auditor.get("/station", station=door.post.scene.station)
    assert '/scan"' not in shown.source
    roster = auditor.get(f"/station/{door.post.scene.station}/shifts/{shift}")
    assert "人工登记" not in roster.words


def test_a_volunteer_has_no_door(door: Door, api: Api) -> None:
    who = door.post.volunteer()
    Browser(api.app, who.phone, OWN_PASSWORD).get("/station", expect=403)


def test_a_shift_leader_sees_and_scans_the_own_shift_alone(door: Door, api: Api, admin: str) -> None:
    mine, other = door.post.shifts((-10, 120, 9), (-10, 130, 9))
    leader, there, elsewhere = door.post.volunteer(), door.post.volunteer(mine), door.post.volunteer(other)
    account = api("GET", "/me", token=leader.token, expect=200).body["account"]["id"]
    grant = {"role": "shift_leader", "shift_id": mine}
    api("POST", f"/accounts/{account}/grants", grant, admin, expect=201)
    desk = Door(door.post, Browser(api.app, leader.phone, OWN_PASSWORD))

    today = desk.keeper.get("/station")
    assert mine in today.source
    assert other not in today.source
    assert state(desk.scan(there)) == "ok_in"
    assert state(desk.scan(elsewhere)) == "none"
    assert "请叫一位管理员" in desk.scan(there.phone[-4:]).words
    foreign = make_station(api, admin)
    for path in (f"/station?station={foreign}", f"/station/{foreign}/scan", f"/station/{foreign}/shifts/{mine}"):
        desk.keeper.get(path, expect=404)


# Scanning


def test_a_living_code_signs_in_and_out(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)

    came = door.scan(who)
    assert (came.status, state(came)) == (201, "ok_in")
    assert "张*丰" in came.words
    assert "在场1" in came.words
    door.post.go(60)
    left = door.scan(who, "out")
    assert (left.status, state(left)) == (201, "ok_out")
    assert "1小时" in left.words
    assert 'id="out" value="out" checked' in left.source
    assert door.post.hours(who)["minutes_total"] == 60


def test_full_width_digits_and_blanks_are_the_same_code(door: Door) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    wide = door.post.code(who).translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    assert state(door.scan(f" {wide[:9]} {wide[9:]}\t")) == "ok_in"


def test_the_same_form_sent_twice_is_one_scan(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)
    code, scan_id = door.post.code(who), door.keeper.get(door.path).value("scan_id")

    first, second = (door.scan(code, scan_id=scan_id) for _ in range(2))

    assert (state(first), state(second)) == ("ok_in", "ok_in")
    assert (first.status, second.status) == (201, 200)
    assert second.words.count("签到成功") == first.words.count("签到成功")
    other = door.scan(code, "out", scan_id=scan_id)
    assert (other.status, state(other)) == (409, "reused")


def test_the_script_gets_the_answer_alone(door: Door) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    part = door.scan(who, part="answer")
    assert state(part) == "ok_in"
    assert "<html" not in part.source


def test_nothing_typed_is_a_fault_beside_the_field(door: Door) -> None:
    shown = door.scan("")
    assert shown.status == 422
    assert "错误:" in shown.source.split("</title>")[0]
    assert 'href="#code"' in shown.source
    assert 'aria-invalid="true"' in shown.source


@pytest.mark.parametrize("text", ["910000000000000000000000000", "https://pay.example/abc", "1" * 40, "x" * 700])
def test_what_is_no_code_of_ours_is_said_in_red(door: Door, text: str) -> None:
    shown = door.scan(text)
    assert (shown.status, state(shown)) == (409, "bad")


def test_a_card_counts_but_waits_for_another_keeper(door: Door) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    shown = door.scan(door.post.card(who))
    assert state(shown) == "ok_in"
    assert "时长要等另一位工作人员核对" in shown.words


def test_who_has_not_signed_up_is_sent_to_the_walk_in_page(door: Door) -> None:
    door.post.shift(-10, 120)
    who = door.post.volunteer()
    shown = door.scan(who)
    assert (shown.status, state(shown)) == (409, "none")
    assert f"/walk-in?person_id={who.id}" in shown.source


def test_twenty_wrong_codes_a_minute_and_no_more(door: Door) -> None:
    for _ in range(20):
        door.scan("9" * 27)
    shown = door.scan("9" * 27)
    assert (shown.status, state(shown)) == (429, "err")
    assert "错误的码太多" in shown.words
    assert door.scan("1234").status == 429


def test_the_last_scans_are_told_as_they_stand(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)
    for n in range(12):
        door.scan("9" * 27 if n else who)
    listed = door.keeper.get(door.path)
    assert listed.source.count('class="tag kind-') == 10
    assert "二维码无效" in listed.words
    assert "/void" not in listed.source, "what was refused needs no taking back"


def test_a_choice_of_walk_in_shifts_is_offered(door: Door) -> None:
    shifts = door.post.shifts((-10, 120, 9), (-10, 130, 9), walk_ins=True)
    who = door.post.volunteer()
    shown = door.scan(who)
    assert state(shown) == "choose"
    for shift in shifts:
        assert f"shift_id={shift}" in shown.source
    assert state(door.scan(who, shift_id=shifts[1])) == "ok_in"


# By hand


def spoken(api: Api, who: Volunteer) -> str:
    """Return the four digits that a volunteer's page shows."""
    found = re.search(r'class="spoken num">(\d{4})<', Browser(api.app, who.phone, OWN_PASSWORD).get("/me/code").source)
    assert found
    return found[1]


def test_four_spoken_digits_find_one_person_and_the_keeper_confirms(door: Door, api: Api) -> None:
    shift = door.post.shift(-10, 120)
    people = [door.post.volunteer(shift) for _ in range(3)]

    found = door.scan(spoken(api, people[1]))
    assert state(found) == "met"
    assert found.source.count('name="person_id"') == 1
    entered = door.by_hand(found)

    assert state(entered) == "ok_in"
    assert "核对" in entered.words
    there = door.post.attendances(shift)
    assert [(one["volunteer_id"], one["evidence"]) for one in there] == [(people[1].id, "weak")]


def test_the_reason_kept_is_the_spoken_code_only_where_it_is_theirs(door: Door, api: Api) -> None:
    shift = door.post.shift(-10, 120)
    first, second = door.post.volunteer(shift), door.post.volunteer(shift)
    fields = {"shift_id": shift, "direction": "in", "heard": spoken(api, first), "reason": "手机没电或打不开"}
    for who in (first, second):
        assert state(door.keeper.post(door.path, expect=200, person_id=who.id, **fields)) == "ok_in"
    with api.app.app_context():
        kept = dict(db.session.execute(sa.select(SCANS.c.person_id, SCANS.c.reason)).all())
    assert kept == {UUID(first.id): "口述四位码", UUID(second.id): "手机没电或打不开"}


def test_guessing_spoken_digits_is_bounded_like_wrong_codes(door: Door) -> None:
    door.post.volunteer(door.post.shift(-10, 120))
    answers = [door.scan(f"没有{n}").status for n in range(21)]
    assert answers == [200] * 20 + [429]
    walk_in = f"/station/{door.post.scene.station}/walk-in"
    assert 'href="#who"' in door.keeper.post(walk_in, expect=422, who="13000000000").source
    door.post.go(2)
    assert door.scan("没有").status == 200


def test_spoken_digits_are_nobodys_on_another_day_or_without_a_sign_up(door: Door, api: Api) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)
    digits = spoken(api, who)
    stranger = Browser(api.app, door.post.volunteer().phone, OWN_PASSWORD).get("/me/code")
    assert 'class="spoken' not in stranger.source
    door.post.go(24 * 60)
    phone = make_account(
        api, api.login(ADMIN_PHONE, ADMIN_PASSWORD), "station_keeper", station_id=door.post.scene.station
    )
    assert state(Door(door.post, Browser(api.app, phone, PASSWORD)).scan(digits)) == "nobody"


@pytest.mark.parametrize("part", ["name", "tail"])
def test_a_name_or_a_phones_tail_finds_who_is_on_the_list(door: Door, part: str) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    found = door.scan("张三" if part == "name" else who.phone[-5:])
    assert state(found) == "met"
    assert "张三丰" not in found.words
    assert who.phone not in found.source
    assert state(door.by_hand(found)) == "ok_in"


def test_a_search_sees_the_own_station_alone(door: Door, api: Api, admin: str) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    elsewhere = make_station(api, admin)
    phone = make_account(api, admin, "station_keeper", station_id=elsewhere)
    other = Browser(api.app, phone, PASSWORD)
    assert state(other.post(f"/station/{elsewhere}/scan", expect=200, code=who.phone[-5:])) == "nobody"
    other.post(door.path, expect=404, code=who.phone[-5:])
    other.post(f"/station/{elsewhere}/scan", expect=404, person_id=who.id, shift_id=door.post.shift(-5, 60))


def test_several_of_a_list_are_entered_for_one_reason(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    people = [door.post.volunteer(shift) for _ in range(3)]
    path = f"/station/{door.post.scene.station}/shifts/{shift}"
    at = door.post.at(0).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")

    done = door.keeper.post(path, people=[one.id for one in people[:2]], direction="in", at=at, reason="断网,纸质名单")

    assert "已人工登记2人" in door.keeper.get(done.location).words
    assert len(door.post.attendances(shift)) == 2
    # Who is still missing is one tap away, however long the list is.
    assert "全部(3)未到(1)在场(2)" in door.keeper.get(path).words
    missing = door.keeper.get(path, only="expected").source
    assert [one.id in missing for one in people] == [False, False, True]


def test_all_faults_of_a_list_are_told_at_once_and_what_was_typed_stays(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    door.post.volunteer(shift)
    path = f"/station/{door.post.scene.station}/shifts/{shift}"
    shown = door.keeper.post(path, expect=422, direction="out", at="2026-03-22T09:55")
    assert 'href="#people"' in shown.source
    assert 'href="#reason"' in shown.source
    assert shown.value("at") == "2026-03-22T09:55"


def test_who_could_not_be_entered_is_named_with_the_way_on(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)
    path = f"/station/{door.post.scene.station}/shifts/{shift}"
    shown = door.keeper.post(path, expect=200, people=[who.id], direction="out", reason="断网")
    assert "还没有签到" in shown.words


def test_a_shift_of_another_station_is_not_there(door: Door, api: Api, admin: str) -> None:
    shift = door.post.shift(-10, 120)
    other = make_station(api, admin)
    door.keeper.get(f"/station/{other}/shifts/{shift}", expect=404)
    foreign = Browser(api.app, make_account(api, admin, "station_keeper", station_id=other), PASSWORD)
    foreign.get(f"/station/{other}/shifts/{shift}", expect=404)
    foreign.post(f"/station/{other}/shifts/{shift}", expect=404, people=["x"], direction="in")


# Walk-ins


def test_who_came_without_a_sign_up_is_signed_up_and_checked_in(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer()
    path = f"/station/{door.post.scene.station}/walk-in"

    found = door.keeper.post(path, expect=200, who=who.phone)
    assert "张*丰" in found.words
    assert who.phone not in found.source.split("<form")[-1]
    done = door.keeper.post(
        path, expect=200, person_id=who.id, shift_id=shift, then="in", reason="没有带手机和志愿者卡"
    )

    assert (done.status, state(done)) == (200, "ok_in")
    assert [one["volunteer_id"] for one in door.post.attendances(shift)] == [who.id]


def test_a_walk_in_shift_gives_the_seat_by_the_check_in_itself(door: Door) -> None:
    shift = door.post.shift(-10, 120, walk_ins=True)
    who = door.post.volunteer()
    path = f"/station/{door.post.scene.station}/walk-in"
    done = door.keeper.post(path, expect=200, person_id=who.id, shift_id=shift, then="in")
    assert state(done) == "ok_in"
    assert "现场报名" in done.words


def test_signing_up_alone_leaves_the_code_to_be_scanned(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer()
    path = f"/station/{door.post.scene.station}/walk-in"
    assert state(door.keeper.post(path, expect=200, person_id=who.id, shift_id=shift, then="up")) == "ok"
    assert state(door.scan(who)) == "ok_in"


def test_a_full_shift_gives_no_seat(door: Door) -> None:
    shift = door.post.shift(-10, 120, 1, walk_ins=True)
    door.post.volunteer(shift)
    who = door.post.volunteer()
    path = f"/station/{door.post.scene.station}/walk-in"
    full = door.keeper.post(path, expect=409, person_id=who.id, shift_id=shift, then="in")
    assert (full.status, state(full)) == (409, "full")
    assert state(door.scan(who)) == "full"


def test_an_unknown_number_is_a_fault_and_a_part_finds_nobody(door: Door) -> None:
    door.post.shift(-10, 120)
    who = door.post.volunteer()
    path = f"/station/{door.post.scene.station}/walk-in"
    for text in (who.phone[-4:], "13000000000", ""):
        shown = door.keeper.post(path, expect=422, who=text)
        assert 'href="#who"' in shown.source


# Taking back


def test_a_scan_is_taken_back_with_a_reason(door: Door) -> None:
    shift = door.post.shift(-10, 120)
    who = door.post.volunteer(shift)
    link = re.search(r'href="([^"]+/void)"', door.scan(who).source)
    assert link

    asked = door.keeper.get(link[1])
    assert "张*丰" in asked.words
    empty = door.keeper.post(link[1], expect=422)
    assert 'href="#reason"' in empty.source
    door.keeper.post(link[1], reason="扫错了人")

    assert "这条记录已作废" in door.keeper.get(door.path).words
    assert door.post.attendances(shift) == []


def test_a_foreign_keeper_takes_nothing_back(door: Door, api: Api, admin: str) -> None:
    who = door.post.volunteer(door.post.shift(-10, 120))
    link = re.search(r'href="([^"]+/void)"', door.scan(who).source)
    assert link
    other = make_station(api, admin)
    foreign = Browser(api.app, make_account(api, admin, "station_keeper", station_id=other), PASSWORD)
    own = link[1].replace(door.post.scene.station, other)
    foreign.get(link[1], expect=404)
    foreign.get(own, expect=404)
    foreign.post(own, expect=404, reason="无")


# The start


def test_the_start_tells_a_keeper_what_today_brings(door: Door) -> None:
    door.post.volunteer(door.post.shift(-10, 120))
    shown = door.keeper.get("/me")
    assert "个班次:未到1人" in shown.words
    assert f'href="{door.path}"' in shown.source


def test_a_keeper_by_area_has_a_door_too(door: Door, api: Api, admin: str) -> None:
    assert make_keeper(api, admin, door.post.scene.center)
    admin_desk = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "选择站点" in admin_desk.get("/me").words
    admin_desk.get("/station")


def test_the_pages_ask_the_database_as_often_for_many_as_for_few(door: Door) -> None:
    shift = door.post.shift(-10, 120, 40)
    paths = (door.path, "/station", f"/station/{door.post.scene.station}/shifts/{shift}")

    def asked() -> list[int]:
        counts = []
        for path in paths:
            with door.post.api.app.app_context():
                engine = db.engine
            said: list[str] = []
            listen = partial(_note, said)
            sa.event.listen(engine, "before_cursor_execute", listen)
            door.keeper.get(path)
            sa.event.remove(engine, "before_cursor_execute", listen)
            counts.append(len(said))
        return counts

    door.scan(door.post.volunteer(shift))
    door.scan(door.post.volunteer(shift), "out")
    few = asked()
    for _ in range(6):
        door.scan(door.post.volunteer(shift))
    assert asked() == few
    assert max(few) < 40


def _note(said: list[str], *event: object) -> None:
    """Note the statement of an event."""
    said.append(str(event[2]))
