"""The report on stations: sessions, people, person-times, hours and presence, summed up the tree of stations."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import make_shift, sign_up
from tests.checkin.making import Post, make_post
from tests.conftest import ZONE, Api
from tests.registration.making import PASSWORD, Volunteer, add_volunteer
from tests.stations.making import make_device, make_keeper, make_station
from tests.units.making import make_liaison, make_staff, make_unit
from volunteer.clock import SettableClock
from volunteer.database import db


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def report(api: Api, token: str, first: str = "2026-03-01", last: str = "2026-03-31") -> dict[str, dict[str, Any]]:
    """Return the report's rows by station."""
    body = api("GET", f"/reports/stations?from={first}&to={last}", token=token, expect=200).body
    assert (body["from"], body["to"]) == (first, last)
    return {row["station_id"]: row for row in body["rows"]}


def figures(row: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return 场次, 人数, 人次 and minutes."""
    return row["sessions"], row["persons"], row["person_times"], row["minutes"]


def serve(post: Post, who: Volunteer, shift_id: str, begin: float, minutes: float) -> None:
    """Scan somebody in and, minutes later, out."""
    post.go(begin)
    assert post.scan(who, "in", shift_id).status == 201
    post.go(begin + minutes)
    assert post.scan(who, "out", shift_id).status == 201


def make_up(api: Api, admin: str, who: Volunteer, shift_id: str, begin: dt.datetime, minutes: int) -> None:
    """Credit minutes by an approved make-up."""
    end = begin + dt.timedelta(minutes=minutes)
    body = {"shift_id": shift_id, "from": begin.isoformat(), "to": end.isoformat(), "reason": "停电"}
    asked = api("POST", "/make-ups", body, who.token, expect=201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)


def test_a_centre_sums_its_stations_and_counts_each_person_once(post: Post, api: Api, admin: str) -> None:
    first, second = post.shifts((0, 60, 4), (60, 120, 2))
    both, one = post.volunteer(first, second), post.volunteer(first)
    serve(post, both, first, 0, 60)
    post.go(60)
    serve(post, both, second, 61, 30)
    at_centre = make_station(api, admin, "point", post.scene.center)
    post.go(120)
    shift_id = make_point_shift(post, at_centre)
    make_up(api, admin, one, shift_id, post.at(95), 20)
    api("POST", f"/shifts/{first}/close-out", {"audience_count": 300}, post.scene.keeper, expect=200)

    rows = report(api, admin)
    station, point, centre = rows[post.scene.station], rows[at_centre], rows[post.scene.center]
    assert figures(station) == (2, 1, 2, 90)
    assert figures(point) == (1, 1, 1, 20)
    assert figures(centre) == (3, 2, 3, 110)
    assert (centre["own_sessions"], centre["own_person_times"], centre["own_minutes"]) == (0, 0, 0)
    assert (station["own_sessions"], station["own_person_times"], station["own_minutes"]) == (2, 2, 90)
    assert (station["audience"], point["audience"], centre["audience"]) == (300, 0, 300)
    assert station["on_duty_rate"] == pytest.approx(2 / 6)
    assert centre["on_duty_rate"] == pytest.approx(3 / 8)
    assert (station["parent_id"], station["level"]) == (post.scene.center, "station")
    assert list(rows) == [post.scene.center, post.scene.station, at_centre]


def make_point_shift(post: Post, station_id: str) -> str:
    """Publish a shift of two places at another station that began two hours ago; return its id."""
    scene = post.scene.__class__(post.scene.center, station_id, post.scene.center_keeper, post.admin)
    return make_shift(post.api, scene, -30, 60, 2)


def test_a_make_up_counts_only_once_approved_and_never_twice(post: Post, api: Api, admin: str) -> None:
    shift_id = post.shift(0, 120, 4)
    who = post.volunteer(shift_id)
    serve(post, who, shift_id, 0, 30)
    post.go(100)
    body = {
        "shift_id": shift_id,
        "from": post.at(40).isoformat(),
        "to": post.at(60).isoformat(),
        "reason": "停电",
    }
    asked = api("POST", "/make-ups", body, who.token, expect=201).body["id"]
    assert figures(report(api, admin)[post.scene.station]) == (1, 1, 1, 30)
    api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)
    assert figures(report(api, admin)[post.scene.station]) == (1, 1, 1, 50)


def test_a_voided_attendance_and_a_pending_make_up_count_nowhere(post: Post, api: Api, admin: str) -> None:
    shift_id = post.shift(0, 60, 4)
    who = post.volunteer(shift_id)
    post.go(0)
    scan = post.scan(who, "in", shift_id).body["id"]
    assert figures(report(api, admin)[post.scene.station]) == (1, 1, 1, 0)
    api("POST", f"/checkins/{scan}/void", {"reason": "扫错了人"}, post.scene.keeper, expect=200)
    post.go(60)
    body = {"shift_id": shift_id, "from": post.at(0).isoformat(), "to": post.at(20).isoformat(), "reason": "停电"}
    asked = api("POST", "/make-ups", body, who.token, expect=201).body["id"]
    assert figures(report(api, admin)[post.scene.station]) == (0, 0, 0, 0)
    api("POST", f"/make-ups/{asked}/reject", {"reason": "没有凭证"}, admin, expect=200)
    assert figures(report(api, admin)[post.scene.station]) == (0, 0, 0, 0)


def test_days_are_the_sites_and_both_are_inside(post: Post, api: Api, admin: str, clock: SettableClock) -> None:
    """A shift from 23:30 to 00:30 is a session of its first day; its minutes belong to the days on which they pass."""
    minutes = (dt.datetime(2026, 3, 22, 23, 30, tzinfo=ZONE) - post.start).total_seconds() / 60
    shift_id = post.shift(minutes, minutes + 60)
    who = post.volunteer(shift_id)
    post.go(minutes - 30)
    who = replace(who, token=api.login(who.phone, PASSWORD))
    serve(post, who, shift_id, minutes, 60)
    admin = api.login("13900000001", "Admin-2026-pass")
    for first, last, sessions, worked in (
        ("2026-03-22", "2026-03-22", 1, 30),
        ("2026-03-23", "2026-03-23", 0, 30),
        ("2026-03-22", "2026-03-23", 1, 60),
        ("2026-03-21", "2026-03-21", 0, 0),
    ):
        row = report(api, admin, first, last)[post.scene.station]
        assert (row["sessions"], row["minutes"]) == (sessions, worked), (first, last)


def test_on_duty_counts_places_of_shifts_that_have_begun(post: Post, api: Api, admin: str) -> None:
    begun, _later = post.shifts((0, 60, 4), (60, 120, 2))
    cancelled = post.shift(0, 60, 9)
    api("POST", f"/shifts/{cancelled}/cancel", {"reason": "下雨"}, post.scene.keeper, expect=200)
    assert report(api, admin)[post.scene.station]["on_duty_rate"] == 0
    who = post.volunteer(begun)
    serve(post, who, begun, 0, 10)
    assert report(api, admin)[post.scene.station]["on_duty_rate"] == 0.25
    empty = make_station(api, admin)
    assert report(api, admin)[empty]["on_duty_rate"] is None


def test_who_sees_which_rows(post: Post, api: Api, admin: str) -> None:
    scene = post.scene
    other = make_station(api, admin, "center")
    assert set(report(api, admin)) == {scene.center, scene.station, other}
    assert set(report(api, make_staff(api, admin, "auditor"))) == {scene.center, scene.station, other}
    assert set(report(api, scene.center_keeper)) == {scene.center, scene.station}
    assert set(report(api, scene.keeper)) == {scene.station}
    path = "/reports/stations?from=2026-03-01&to=2026-03-31"
    for token in (add_volunteer(api).token, make_liaison(api, admin, unit_id=make_unit(api, admin)), post.device):
        api("GET", path, token=token, expect=403)
    api("GET", path, expect=401)


def test_bad_days_are_told_by_field(api: Api, admin: str) -> None:
    def faults(query: str) -> dict[str, str]:
        return api("GET", f"/reports/stations?{query}", token=admin, expect=422).codes

    assert faults("from=2026-03-02&to=2026-03-01") == {"to": "to-before-from"}
    assert faults("from=2026-02-30&to=x") == {"from": "invalid-date", "to": "invalid-date"}
    body = api("GET", "/reports/stations", token=admin, expect=200).body
    assert (body["from"], body["to"], body["rows"]) == ("2026-03-01", "2026-03-22", [])


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that run."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_the_number_of_statements_does_not_grow(post: Post, app: Flask, api: Api, admin: str) -> None:
    with counted(app) as few:
        report(api, admin)
    shift_id = post.shift(0, 60, 9)
    for _ in range(3):
        serve(post, post.volunteer(shift_id), shift_id, 0, 20)
    for _ in range(3):
        make_device(
            api, post.scene.keeper, make_station(api, admin, "point", post.scene.station) and post.scene.station
        )
    with counted(app) as many:
        report(api, admin)
    assert len(few) == len(many) <= 8


def test_a_keeper_of_an_area_sees_its_stations(api: Api, admin: str) -> None:
    from tests.units.making import make_area

    area = make_area(api, admin)
    station = make_station(api, admin, area_id=area)
    make_station(api, admin)
    assert set(report(api, make_keeper(api, admin, area_id=area))) == {station}


def test_sign_ups_alone_are_nobody(post: Post, api: Api, admin: str) -> None:
    shift_id = post.shift(0, 60, 4)
    assert sign_up(api, shift_id, add_volunteer(api).token).status == 201
    assert figures(report(api, admin)[post.scene.station]) == (0, 0, 0, 0)
