"""Anomalies: each search finds what it should, once; a second person decides; a correction is proposed, not made."""

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import PASSWORD
from tests.stations.making import make_keeper, make_station
from tests.units.making import add_staff
from volunteer.anomalies import privacy, rules, service
from volunteer.anomalies.rules import FindingKind, Seen, Thresholds, crowds, shared_minutes, speed_kmh
from volunteer.checkin.models import Attendance
from volunteer.database import transaction
from volunteer.registration.models import PersonAccount

START = dt.datetime(2026, 3, 22, 2, 0, tzinfo=dt.UTC)
DAYS = {"from": "2026-03-16", "to": "2026-03-23"}


def at(minutes: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


def seen(*scans: tuple[int, float]) -> list[Seen]:
    return [Seen(uuid.UUID(int=n), uuid.UUID(int=who), at(minute)) for n, (who, minute) in enumerate(scans, 1)]


@pytest.mark.parametrize(
    ("scans", "sizes"),
    [
        ([(1, 0), (2, 3), (3, 6)], []),
        ([(1, 0), (2, 3), (3, 6), (4, 10)], [4]),
        ([(1, 0), (2, 3), (3, 6), (4, 10.5)], []),
        ([(1, 0), (1, 1), (2, 2), (3, 3)], []),
        ([(1, 0), (2, 1), (3, 2), (4, 3), (1, 60), (2, 61), (3, 62), (4, 63)], [4, 4]),
        ([(1, 0), (2, 4), (3, 8), (4, 9), (5, 12)], [5]),
    ],
)
def test_a_crowd_is_four_people_by_one_phone_in_ten_minutes(scans: list[tuple[int, float]], sizes: list[int]) -> None:
    assert [len(one) for one in crowds(seen(*scans), 4, dt.timedelta(minutes=10))] == sizes


def test_only_shared_minutes_count_and_speed_is_over_the_time_between() -> None:
    here, there = [(at(0), at(60)), (at(90), at(120))], [(at(50), at(100))]
    assert shared_minutes(here, there) == (20, at(50), at(100))
    assert shared_minutes(here, [(at(60), at(90))]) == (0, None, None)
    assert speed_kmh(10_000, dt.timedelta(minutes=5)) == 120
    assert speed_kmh(1_000, dt.timedelta(0)) == 60


def test_every_kind_has_words_and_every_threshold_its_limits() -> None:
    assert all(kind.label and kind.meaning and rules._SAYINGS[kind] for kind in FindingKind)
    assert set(rules.LIMITS) == set(rules.NAMES)
    assert rules.threshold_faults(Thresholds()) == []
    assert [one.field for one in rules.threshold_faults(Thresholds(pair_percent=101))] == ["pair_percent"]


def findings(api: Api, token: str, query: str = "") -> dict[str, list[dict[str, Any]]]:
    """Return the findings by kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in api("GET", f"/findings?limit=200{query}", token=token, expect=200).body["items"]:
        found.setdefault(one["kind"], []).append(one)
    return found


def looked(api: Api, token: str) -> tuple[int, int]:
    """Search; return what was found, and what of it is new."""
    body = api("POST", "/findings/search", DAYS, token, expect=200).body
    return body["found"], body["fresh"]


def crowd(api: Api, post: Post, count: int = 4) -> str:
    """Let people come in within one second by the scanner, and leave in one minute; return the shift."""
    shift_id = post.shift(0, 60)
    people = [post.volunteer(shift_id) for _ in range(count)]
    for minute, direction in ((-20, "in"), (100, "out")):
        post.go(minute)
        for who in people:
            assert post.scan(who, direction, shift_id).status == 201
    return shift_id


def test_the_searches_find_and_find_once(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    far = make_station(api, admin, "station", post.scene.center, latitude=39.99, longitude=116.5, name="远处站")
    limits = {"identical_people": 4, "longer_by_minutes": 45}
    assert api("PATCH", "/anomaly-policy", limits, admin, expect=200).body["version"] == 1
    assert set(api("PATCH", "/anomaly-policy", {"travel_km": 0}, admin, expect=422).codes) == {"travel_km"}
    shift_id = crowd(api, post)
    elsewhere = make_device(api, make_keeper(api, admin, far), far)
    stray = post.people[0]
    post.go(101)
    assert told(post.scan(stray, "in", None, elsewhere)) == (
        409,
        "not-signed-up",
    )  # it says where all the same
    post.go(200)

    assert looked(api, admin) == (8, 8)
    assert looked(api, admin) == (8, 0)
    found = findings(api, admin)
    counts = {kind: len(rows) for kind, rows in found.items()}
    assert counts == {"same_second": 2, "longer_than_shift": 4, "identical_minutes": 1, "impossible_travel": 1}
    long = found["longer_than_shift"][0]
    assert long["said"] == "在「文明交通劝导」在场 120 分钟,班次只有 60 分钟,多出 60 分钟。"
    assert long["evidence"]["shift_ids"] == [shift_id]
    assert "4 人都在" in found["identical_minutes"][0]["said"]
    assert "远处站" in found["impossible_travel"][0]["said"]
    assert findings(api, admin, "&kind=overlap") == {}
    with app.app_context():
        assert service.look_nightly(api.now()) == 0
    for body, codes in (
        ({"from": "2026-03-22", "to": "2026-03-01"}, {"to": "to-before-from"}),
        ({"from": "2026-01-01", "to": "2026-03-01"}, {"to": "too-long"}),
    ):
        assert api("POST", "/findings/search", body, admin, expect=422).codes == codes


def test_one_phone_for_many_and_two_stations_at_once(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    shift_id = post.shift(0, 60)
    people = [post.volunteer(shift_id) for _ in range(4)]
    post.go(0)
    for who in people:
        code = api("GET", f"/stations/{post.scene.station}/code", token=post.device, expect=200).body["code"]
        body = {"code": f"{post.scene.station}:{code}", "direction": "in"}
        url = api("GET", f"/stations/{post.scene.station}/code", token=post.device, expect=200).body["url"]
        sent = api("POST", "/me/checkins", body | {"code": url}, who.token)
        assert sent.status == 201, sent.body
    other = make_post(api, admin)
    at_once = other.shift(0, 60)
    with app.app_context(), transaction() as session:
        for one in (shift_id, at_once):
            row = session.scalars(sa.select(Attendance).where(Attendance.shift_id == uuid.UUID(one))).first()
            row = row or Attendance(id=uuid.uuid4(), person_id=uuid.UUID(people[0].id), shift_id=uuid.UUID(one))
            row.person_id, row.site_day, row.pair_count, row.has_open_pair = (
                uuid.UUID(people[0].id),
                dt.date(2026, 3, 22),
                1,
                False,
            )
            row.first_in_at, row.last_out_at, row.closes_at = at(0), at(60), at(120)
            row.pairs = [{"in": at(0).isoformat(), "out": at(60).isoformat()}]
            row.minutes, row.walk_in, row.evidence, row.flags = 60, False, "strong", []
            session.add(row)
    post.go(120)
    looked(api, admin)
    found = findings(api, admin)
    assert "为 4 人签到" in found["shared_device"][0]["said"]
    assert "同时在场 60 分钟" in found["overlap"][0]["said"]


def test_whoever_is_in_a_finding_is_heard_and_told(api: Api, admin: str, app: Flask) -> None:
    post, stranger = make_post(api, admin), make_post(api, admin)
    elsewhere = stranger.volunteer(stranger.shift(0, 60))
    api("PATCH", "/anomaly-policy", {"identical_people": 4}, admin, expect=200)
    crowd(api, post)
    post.go(200)
    looked(api, admin)
    who = post.people[0]
    found = findings(api, admin)
    open_one, other = found["identical_minutes"][0]["id"], found["same_second"][0]["id"]

    def concerning(token: str) -> list[dict[str, Any]]:
        return list(api("GET", "/me/findings", token=token, expect=200).body["items"])

    def messages() -> list[str]:
        items = api("GET", "/me/messages", token=who.token, expect=200).body["items"]
        return [one["body"] for one in items if one["kind"].startswith("anomaly-")]

    mine = f"/me/findings/{open_one}/statements"
    assert (concerning(who.token), messages()) == ([], [])
    api("POST", mine, {"text": "在场"}, who.token, expect=404)
    for _ in range(2):
        api("POST", f"/findings/{open_one}/ask", token=admin, expect=200)
    assert len(messages()) == 1
    assert "这只是疑问" in messages()[0]
    (seen_by_them,) = concerning(who.token)
    assert (seen_by_them["may_state"], seen_by_them["said"]) == (True, found["identical_minutes"][0]["said"])
    assert set(seen_by_them) & {"evidence", "station_id"} == set()
    assert concerning(elsewhere.token) == []
    api("POST", mine, {"text": "在场"}, elsewhere.token, expect=404)
    page = Browser(app, who.phone, PASSWORD)
    assert "说明情况" in page.get("/me/messages").text
    path = f"/me/findings/{open_one}"
    assert set(page.post(path, expect=422).faults) == {"text"}
    page.post(path, text="我们坐同一辆车来,一起走的。")
    assert "一起走的" in page.follow().text
    api("POST", mine, {"text": "我们坐同一辆车来,一起走的。"}, who.token, expect=201)
    said = api("GET", f"/findings/{open_one}", token=admin, expect=200).body["statements"]
    assert [(one["by"], one["text"]) for one in said] == [("张*丰", "我们坐同一辆车来,一起走的。")]
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "坐同一辆车" in boss.get(f"/manage/anomalies/{open_one}").text
    api("POST", f"/findings/{open_one}/dismiss", {"reason": "集体乘车"}, admin, expect=200)
    assert any("没有问题" in one for one in messages())
    api("POST", mine, {"text": "谢谢"}, who.token, expect=409)
    api("POST", f"/findings/{open_one}/ask", token=admin, expect=409)

    api("POST", f"/findings/{other}/uphold", {"reason": "设备时间停走"}, admin, expect=200)  # nobody was asked
    assert any("经核查属实" in one for one in messages())
    (told, _) = concerning(who.token)
    assert (told["state"], told["reason"], told["may_state"]) == ("upheld", "设备时间停走", True)
    for number in range(6):
        sent = api("POST", f"/me/findings/{other}/statements", {"text": f"不同意 {number}"}, who.token)
        assert sent.status == (201 if number < 5 else 409)
    held = api("GET", "/me/data", token=who.token, expect=200).body["records"]
    assert len(held["finding_statements"]) == 6
    with app.app_context(), transaction() as session:
        privacy.forget_person(session, uuid.UUID(who.id), api.now())
    assert api("GET", f"/findings/{other}", token=admin, expect=200).body["statements"] == []


def test_who_came_to_act_for_somebody_since_does_not_decide(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    crowd(api, post)
    post.go(200)
    looked(api, admin)
    one = findings(api, admin)["same_second"][0]["id"]
    account = api("GET", "/me", token=admin, expect=200).body["account"]["id"]
    with app.app_context(), transaction() as session:
        who = uuid.UUID(post.people[0].id)
        link = PersonAccount(person_id=who, account_id=uuid.UUID(account), relation="guardian", created_at=api.now())
        session.add(link)
    refused = api("POST", f"/findings/{one}/dismiss", {"reason": "无"}, admin, expect=403).body
    assert refused["code"] == "second-person-required"


def test_a_month_grows_while_it_waits_and_is_told_again_once_decided(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    api("PATCH", "/anomaly-policy", {"pair_requests": 2, "granted_hours": 1}, admin, expect=200)
    shifts = post.shifts(*((60 * n, 60 * n + 60, 4) for n in range(5)), (300, 360, 4))
    who, listed = post.volunteer(*shifts), post.volunteer(shifts[5])
    post.go(430)

    def grant(number: int) -> None:
        body = {"shift_id": shifts[number], "volunteer_id": who.id, "reason": "停电"}
        body |= {"from": post.at(60 * number).isoformat(), "to": post.at(60 * number + 60).isoformat()}
        asked = api("POST", "/make-ups", body, post.scene.keeper, expect=201).body["id"]
        api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)

    def pairs() -> list[tuple[str, int]]:
        looked(api, admin)
        rows = findings(api, admin).get("make_up_pair", [])
        return sorted((one["state"], len(one["evidence"]["request_ids"])) for one in rows)

    for number in range(2):
        grant(number)
    assert pairs() == [("open", 2)]
    grant(2)
    assert pairs() == [("open", 3)]  # the one that waits says what it is now
    assert "有 3 项" in findings(api, admin)["make_up_pair"][0]["said"]
    phone, password = add_staff(api, admin, "admin")
    other = api.login(phone, password)
    one = findings(api, admin)["make_up_pair"][0]["id"]
    api("POST", f"/findings/{one}/dismiss", {"reason": "停电"}, other, expect=200)
    grant(3)
    assert pairs() == [("dismissed", 3)]
    grant(4)
    assert pairs() == [("dismissed", 3), ("open", 5)]  # as much again has come

    for direction, minute in (("in", 300), ("out", 360)):
        body = {
            "direction": direction,
            "at": post.at(minute).isoformat(),
            "volunteer_ids": [listed.id],
            "reason": "断网",
        }
        api("POST", f"/shifts/{shifts[5]}/roll-call", body, post.scene.keeper, expect=200)
    (review,) = api("GET", "/reviews", token=post.scene.center_keeper, expect=200).body["items"]
    api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.center_keeper, expect=200)
    looked(api, admin)
    said = {one["said"] for one in findings(api, admin)["granted_volume"]}
    assert "2026-03 同一账号同意了 1 项人工时长,共 1.0 小时。" in said  # a paper list is granted time as well


def test_a_crowd_over_midnight_is_told_once(api: Api, admin: str) -> None:
    post = make_post(api, admin)
    api("PATCH", "/anomaly-policy", {"shared_device_people": 2}, admin, expect=200)
    shift_id = post.shift(830, 890)  # 23:50 at the site
    people = [post.volunteer(shift_id) for _ in range(4)]
    for minute, pair in ((836, people[:2]), (842, people[2:])):
        post.go(minute)
        for who in pair:
            url = api("GET", f"/stations/{post.scene.station}/code", token=post.device, expect=200).body["url"]
            token = api.login(who.phone, PASSWORD)
            assert api("POST", "/me/checkins", {"code": url, "direction": "in"}, token).status == 201
    admin = api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    assert looked(api, admin)[1] == len(findings(api, admin)["shared_device"]) == 1
    day = {"from": "2026-03-23", "to": "2026-03-23"}
    assert api("POST", "/findings/search", day, admin, expect=200).body == {"found": 1, "fresh": 0}


def test_two_who_decide_at_once_come_to_one_decision(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    crowd(api, post)
    post.go(200)
    looked(api, admin)
    one = findings(api, admin)["same_second"][0]["id"]
    check = {"title": "抽查", "from": "2026-03-22", "to": "2026-03-22", "size": 1}
    drawn = api("POST", "/spot-checks", check, admin, expect=201).body["id"]
    phone, password = add_staff(api, admin, "admin")
    tokens = (admin, api.login(phone, password))
    (item,) = api("GET", f"/spot-checks/{drawn}/items", token=admin, expect=200).body["items"]
    answers = dict.fromkeys(("present", "content", "duration", "known"), "yes")
    api("PUT", f"/spot-check-items/{item['id']}", answers, admin, expect=200)

    def at_once(*requests: tuple[str, dict[str, str]]) -> list[int]:
        gate, statuses = threading.Barrier(2), list[int]()

        def send(path: str, body: dict[str, str], token: str) -> None:
            gate.wait()
            statuses.append(Api(app)("POST", path, body, token).status)

        threads = [
            threading.Thread(target=send, args=(*request, token))
            for request, token in zip(requests, tokens, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(statuses)

    reason = {"reason": "核对过"}
    assert at_once((f"/findings/{one}/dismiss", reason), (f"/findings/{one}/uphold", reason)) == [200, 409]
    publish = f"/spot-checks/{drawn}/publish"
    assert at_once((publish, {"conclusion": "合格"}), (publish, {"conclusion": "不合格"})) == [200, 409]
    assert api("PUT", f"/spot-check-items/{item['id']}", answers, admin).status == 409


def test_make_ups_of_one_pair_are_decided_by_a_third(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    limits = {"pair_requests": 2, "granted_hours": 1}
    api("PATCH", "/anomaly-policy", limits, admin, expect=200)
    first, second = post.shifts((0, 60, 4), (60, 120, 4))
    who = post.volunteer(first, second)
    post.go(130)
    for shift_id, start in ((first, 0), (second, 60)):
        body = {"shift_id": shift_id, "volunteer_id": who.id, "reason": "停电"}
        body |= {"from": post.at(start).isoformat(), "to": post.at(start + 60).isoformat()}
        asked = api("POST", "/make-ups", body, post.scene.keeper, expect=201).body["id"]
        api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)
    assert looked(api, admin) == (2, 2)
    found = findings(api, admin)
    pair, volume = found["make_up_pair"][0], found["granted_volume"][0]
    assert (pair["said"], volume["said"]) == (
        "2026-03 同一人申请、同一人同意的补录有 2 项,占申请人全部已同意补录的 100%。",
        "2026-03 同一账号同意了 2 项人工时长,共 2.0 小时。",
    )
    path = f"/findings/{pair['id']}"
    assert api("POST", f"{path}/uphold", {"reason": "核实"}, admin, expect=403).body["code"] == "second-person-required"
    with app.app_context(), transaction() as session, pytest.raises(sa.exc.DBAPIError, match="second person"):
        session.execute(
            sa.text(
                "UPDATE findings SET state = 'upheld', reason = 'x', decided_at = found_at, decided_by = "
                "(SELECT account_id FROM finding_parties WHERE finding_id = findings.id LIMIT 1)"
            )
        )
    boss, password = add_staff(api, admin, "admin")
    other = api.login(boss, password)
    entry = next(one["id"] for one in api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"])
    proposal = {"entry_id": entry, "minutes": 0, "reason": "没有到场"}
    api("POST", f"{path}/proposals", proposal, other, expect=409)
    upheld = api("POST", f"{path}/uphold", {"reason": "两人均承认"}, other, expect=200).body
    assert upheld["state"] == "upheld"
    api("POST", f"{path}/uphold", {"reason": "两人均承认"}, other, expect=200)
    api("POST", f"{path}/dismiss", {"reason": "无"}, other, expect=409)
    total = post.hours(who)["minutes_total"]
    asked = api("POST", f"{path}/proposals", proposal, other, expect=201).body
    assert (asked["state"], post.hours(who)["minutes_total"]) == ("open", total)
    api("POST", f"/corrections/{asked['id']}/approve", {}, other, expect=403)
    api("POST", f"/corrections/{asked['id']}/approve", {}, post.scene.center_keeper, expect=200)
    assert post.hours(who)["minutes_total"] == total - 60
    api("POST", f"{path}/proposals", proposal | {"entry_id": str(uuid.uuid4())}, other, expect=404)
    own = api("GET", "/me/data", token=who.token, expect=200).body["records"]["findings"]
    assert {one["state"] for one in own} == {"upheld", "open"}

    page = Browser(app, boss, password)
    listed = page.get("/manage/anomalies")
    assert "人工时长,共 2.0 小时" in listed.text
    link = f"/manage/anomalies/{volume['id']}"
    assert set(page.post(f"{link}/dismiss", expect=422).faults) == {"reason"}
    page.post(f"{link}/dismiss", reason="停电当天集中补录,已核对签到纸。")
    assert "已排除" in page.follow().text
    assert "您是其中的" in Browser(app, ADMIN_PHONE, ADMIN_PASSWORD).get(f"/manage/anomalies/{pair['id']}").text
    assert "已认定" in page.get("/manage/anomalies", state="all").text
    assert set(page.post("/manage/anomalies/search", expect=422, from_="x").faults) == {"from", "to"}
    fields = page.get("/manage/anomalies/policy").form("travel_kmh")
    assert set(page.post("/manage/anomalies/policy", expect=422, **fields | {"travel_kmh": "1"}).faults) == {
        "travel_kmh"
    }
    page.post("/manage/anomalies/policy", **fields | {"travel_kmh": "200"})
    saved = page.follow().text
    assert "已保存" in saved
    assert "120 → 200" in saved
    assert "100 → 1" in saved


def test_what_stays_below_a_threshold_is_no_finding_and_a_line_of_something_else_no_part_of_one(
    api: Api, admin: str
) -> None:
    post = make_post(api, admin)
    far = make_station(api, admin, "station", post.scene.center, latitude=39.99, longitude=116.5)
    device = make_device(api, make_keeper(api, admin, far), far)
    api("PATCH", "/anomaly-policy", {"pair_requests": 2}, admin, expect=200)
    *missed, served = post.shifts((0, 60, 4), (60, 120, 4), (120, 180, 4), (180, 240, 4))
    who = post.volunteer(*missed, served)
    for minute, way in ((180, "in"), (240, "out")):
        post.go(minute)
        assert post.scan(who, way, served).status == 201
    for start, shift_id in zip((0, 60, 120), missed, strict=True):
        body = {"shift_id": shift_id, "volunteer_id": who.id, "reason": "停电"}
        body |= {"from": post.at(start).isoformat(), "to": post.at(start + 60).isoformat()}
        asked = api("POST", "/make-ups", body, post.scene.keeper, expect=201).body["id"]
        api("POST", f"/make-ups/{asked}/approve", {}, admin if start else post.scene.center_keeper, expect=200)
    post.go(300)
    assert told(post.scan(who, "in", None, device)) == (409, "not-signed-up")  # 13 km in an hour
    assert looked(api, admin) == (0, 0), "two of three make-ups by one pair are 66 %"

    api("PATCH", "/anomaly-policy", {"pair_percent": 60}, admin, expect=200)
    assert looked(api, admin) == (1, 1)
    (pair,) = findings(api, admin)["make_up_pair"]
    other = api.login(*add_staff(api, admin, "admin"))
    api("POST", f"/findings/{pair['id']}/uphold", {"reason": "两人均承认"}, other, expect=200)
    lines = api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"]
    proposals = [
        api("POST", f"/findings/{pair['id']}/proposals", {"entry_id": one["id"], "minutes": 0, "reason": "没来"}, other)
        for one in lines
    ]
    assert sorted((one["kind"], sent.status) for one, sent in zip(lines, proposals, strict=True)) == [
        *[("make_up", 201)] * 2,
        ("make_up", 404),
        ("service", 404),
    ]
