"""Spot checks: anybody can draw again; whoever recorded a record does not check it; figures without people."""

import hashlib
import uuid
from typing import Any

from flask import Flask

from tests.checkin.making import make_post
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.stations.making import make_station
from tests.units.making import add_staff
from volunteer.anomalies.spot_rules import Involved, draw, population_digest, summary

IDS = [uuid.UUID(int=number) for number in range(1, 101)]
ALL_YES = dict.fromkeys(("present", "content", "duration", "known"), "yes")


def test_a_draw_is_a_function_of_seed_and_ids() -> None:
    first = draw(IDS, b"seed", 10)
    assert first == draw(list(reversed(IDS)) * 2, b"seed", 10) == draw(IDS, b"seed", 20)[:10]
    assert set(first) != set(draw(IDS, b"other", 10))
    assert len(draw(IDS[:3], b"seed", 10)) == 3
    assert population_digest(IDS) == population_digest(reversed(IDS)) != population_digest(IDS[1:])


def test_a_summary_counts_what_failed() -> None:
    found = summary([ALL_YES, ALL_YES | {"known": "no"}, ALL_YES | {"known": "unclear"}])
    assert (found["checked"], found["passed"], found["failed_known"], found["failed_present"]) == (3, 1, 1, 0)


def again(app: Flask, check: dict[str, Any]) -> None:
    """Draw again as anybody can who has a SHA-256: from what is public, without our code."""
    listed = Browser(app).get(f"/spot-checks/{check['id']}/records.txt")
    ids = [uuid.UUID(line) for line in listed.source.split()]
    assert len(ids) == check["population"]
    assert hashlib.sha256(b"".join(one.bytes for one in ids)).hexdigest() == check["digest"]
    lot = {one: hashlib.sha256(bytes.fromhex(check["seed"]) + one.bytes).hexdigest() for one in ids}
    assert [str(one) for one in sorted(ids, key=lambda one: lot[one])][: len(check["drawn"])] == check["drawn"]


def test_nobody_checks_what_they_have_a_part_in(api: Api, admin: str, app: Flask) -> None:
    """Four administrators: one keeps the station above, one accepted the minutes, one acts for the person, one none."""
    post = make_post(api, admin)
    shift_id = post.shift(0, 60)
    who = post.volunteer(shift_id)
    post.go(0)
    assert post.scan(who, "in", shift_id).status == 201
    post.go(50)
    assert post.scan(who, "out", shift_id).status == 201
    day = {"from": "2026-03-22", "to": "2026-03-22"}
    check = api("POST", "/spot-checks", {"title": "抽查", **day, "size": 1}, admin, expect=201).body["id"]
    (item,) = api("GET", f"/spot-checks/{check}/items", token=admin, expect=200).body["items"]

    def refused(*, approves: str = "", **grant: str) -> str:
        phone, password = add_staff(api, admin, "admin")
        token = api.login(phone, password)
        account = api("GET", "/me", token=token, expect=200).body["account"]["id"]
        if grant:
            api("POST", f"/accounts/{account}/grants", grant, admin, expect=201)
        if approves:
            api("POST", approves, {}, token, expect=200)
        answered = api("PUT", f"/spot-check-items/{item['id']}", ALL_YES, token)
        assert answered.status in (200, 403), answered.body
        return str(answered.body.get("detail", ""))

    assert refused(role="station_keeper", station_id=post.scene.center) == Involved.OWN_STATION.message
    assert refused(role="shift_leader", shift_id=shift_id) == Involved.OWN_STATION.message
    assert refused(role="station_keeper", station_id=make_station(api, admin, "station", post.scene.center)) == ""
    entry = api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"][0]["id"]
    asked = api("POST", f"/hours/{entry}/corrections", {"minutes": 30, "reason": "早退"}, who.token, expect=201).body
    assert refused(approves=f"/corrections/{asked['id']}/approve") == Involved.DECIDED.message


def test_drawn_checked_published(api: Api, admin: str, app: Flask) -> None:
    post = make_post(api, admin)
    shift_id = post.shift(0, 60)
    people = [post.volunteer(shift_id) for _ in range(3)]
    post.go(0)
    for who, token in zip(people, (None, None, admin), strict=True):
        assert post.scan(who, "in", shift_id, token).status == 201
    post.go(50)
    for who in people:
        assert post.scan(who, "out", shift_id).status == 201
    body = {"title": "三月抽查", "from": "2026-03-01", "to": "2026-03-22", "size": 10}
    for change, codes in (
        ({"to": "2026-02-01"}, {"to": "to-before-from"}),
        ({"to": "2026-03-23"}, {"to": "in-future"}),
        ({"from": "2026-03-01", "to": "2026-03-21"}, {"size": "nothing-to-draw"}),
    ):
        assert api("POST", "/spot-checks", body | change, admin, expect=422).codes == codes
    check = api("POST", "/spot-checks", body, admin, expect=201).body
    assert (check["population"], len(check["drawn"])) == (3, 3)
    drawn = [uuid.UUID(one) for one in check["drawn"]]
    assert draw(drawn, bytes.fromhex(check["seed"]), 10) == drawn
    assert population_digest(drawn) == check["digest"]
    api("GET", f"/spot-checks/{check['id']}", expect=404)
    assert "/spot-checks" in Browser(app).get("/").links()
    drawn_so_far = Browser(app).get("/spot-checks")
    assert "三月抽查" in drawn_so_far.text  # a draw that displeases cannot be thrown away unseen
    assert check["seed"] not in drawn_so_far.source
    assert not any(one in drawn_so_far.source for one in check["drawn"])
    items = api("GET", f"/spot-checks/{check['id']}/items", token=admin, expect=200).body["items"]
    codes = [api("PUT", f"/spot-check-items/{one['id']}", ALL_YES, admin).status for one in items]
    assert sorted(codes) == [200, 200, 403]
    refused = api("POST", f"/spot-checks/{check['id']}/publish", {"conclusion": "合格"}, admin, expect=409).body
    assert refused["code"] == "illegal-transition"

    phone, password = add_staff(api, admin, "admin")
    other, left = Browser(app, phone, password), items[codes.index(403)]["id"]
    path = f"/manage/spot-checks/{check['id']}"
    assert "请由另一位管理员核查" in Browser(app, ADMIN_PHONE, ADMIN_PASSWORD).get(path).text
    faulty = other.post(f"{path}/items/{left}", expect=422, **ALL_YES | {"known": "no"})
    assert set(faulty.faults) == {"note"}
    assert set(other.post(f"{path}/items/{left}", expect=422).faults) == {"present", "content", "duration", "known"}
    looked_into = other.get(f"{path}/items/{left}")
    assert "2026-03-22 10:50:00" in looked_into.text  # the scan, to the second
    assert f"/people/{people[2].id}" in looked_into.source
    other.post(f"{path}/items/{left}", **ALL_YES | {"known": "no"}, note="本人说没有参加。")
    assert "本人知情:否" in other.follow().text
    assert set(other.post(f"{path}/publish", expect=422).faults) == {"conclusion"}
    other.post(f"{path}/publish", conclusion="抽查三条,一条本人不知情,已提出更正。")
    other.post(f"{path}/items/{left}", expect=422, **ALL_YES)
    told = "抽查三条,一条本人不知情,已提出更正。"
    api("POST", f"/spot-checks/{check['id']}/publish", {"conclusion": told}, admin, expect=200)
    api("POST", f"/spot-checks/{check['id']}/publish", {"conclusion": "全部合格"}, admin, expect=409)
    public = api("GET", "/spot-checks", expect=200).body["items"][0]
    assert (public["summary"]["checked"], public["summary"]["passed"], public["summary"]["failed_known"]) == (3, 2, 1)
    assert public["summary"]["unclear"] == 0
    again(app, public)
    shown = Browser(app).get("/spot-checks")
    assert "一条本人不知情" in shown.text
    assert "张*丰" not in shown.text
    made = other.post("/manage/spot-checks/new", title="再抽", from_="2026-03-22", to="2026-03-22", size="1")
    assert "再抽" in other.get(made.location).text
    assert set(other.post("/manage/spot-checks/new", expect=422, size="0").faults) == {"title", "from", "to", "size"}
