"""Settling: lines carry unit and station of the day, midnights are cut, time ahead counts once it has passed."""

import datetime as dt
import uuid
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.hours.making import Told, World, at, pair
from tests.units.making import make_unit
from volunteer.access import OPERATOR
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction
from volunteer.hours import service
from volunteer.hours.external import External, add_records
from volunteer.hours.models import LedgerLine
from volunteer.hours.policy import POLICIES, policy_on, star_level
from volunteer.hours.postings import Group, GroupKey, Posting, Ruling, postings, wanted_lines


def lines(app: Flask, person_id: str) -> list[LedgerLine]:
    with app.app_context():
        query = sa.select(LedgerLine).where(LedgerLine.person_id == uuid.UUID(person_id)).order_by(LedgerLine.sequence)
        return list(reading().scalars(query))


def test_a_shift_over_midnight_gives_a_line_a_day(app: Flask, world: World, told: Told, clock: SettableClock) -> None:
    shift = world.shift(780, 900)  # 23:00 to 01:00
    who = world.volunteer(shift)
    clock.set(at(1000))
    told.settle(who, pair(shift, 780, 895))
    found = [(line.site_day, line.minutes, line.unit_id, line.station_id) for line in lines(app, who.id)]
    unit, station = uuid.UUID(world.unit), uuid.UUID(world.station)
    assert found == [(dt.date(2026, 3, 22), 60, unit, station), (dt.date(2026, 3, 23), 55, unit, station)]


def test_days_that_were_not_told_stay_as_they_are(app: Flask, world: World, told: Told, clock: SettableClock) -> None:
    early, night, morning = world.shifts([(0, 60), (780, 900), (1300, 1400)])  # night: 23:00 to 01:00
    who = world.volunteer(early, night, morning)
    clock.set(at(1500))
    told.settle(who, pair(early, 0, 60), pair(night, 780, 900))
    told.settle(who, pair(morning, 1300, 1400), days=True)
    assert [line.minutes for line in lines(app, who.id)] == [60, 60, 60, 100]
    told.settle(who, pair(early, 10, 40, "weak_evidence"), days=True)
    assert [line.minutes for line in lines(app, who.id)] == [60, 60, 60, 100]


def test_a_line_keeps_the_unit_of_its_day(
    app: Flask, world: World, api: Api, admin: str, told: Told, clock: SettableClock
) -> None:
    shift, late = world.shifts([(0, 60), (1440, 1500)])
    who = world.volunteer(shift, late)
    other = make_unit(api, admin)
    clock.set(at(600))
    api("POST", f"/volunteers/{who.id}/transfer", {"unit_id": other, "on": "2026-03-23"}, admin, expect=200)
    clock.set(at(1600))
    told.settle(who, pair(shift, 0, 60), pair(late, 1440, 1500))
    assert [line.unit_id for line in lines(app, who.id)] == [uuid.UUID(world.unit), uuid.UUID(other)]


def test_accepted_time_ahead_counts_once_it_has_passed(
    world: World, api: Api, told: Told, clock: SettableClock
) -> None:
    shift = world.shift(-60, 120)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -60, 60, "late_evidence"))
    assert world.hours(who)["minutes_pending"] == 120
    api("POST", f"/reviews/{world.reviews()[0]['id']}/accept", {}, world.keeper, expect=200)
    assert world.hours(who)["minutes_total"] == 60
    clock.set(at(60))
    assert world.hours(who)["minutes_total"] == 120


def test_whoever_must_know_hears_that_lines_changed(world: World, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[uuid.UUID] = []
    monkeypatch.setattr(
        "volunteer.hours.settling.LINES_CHANGED", [lambda *_: lambda people, _now: heard.extend(people)]
    )
    shift = world.shift(-60, 120)
    who = world.volunteer(shift)
    for _ in range(2):
        told.settle(who, pair(shift, -60, -10))
    assert heard == [uuid.UUID(who.id)]


def test_what_counts_for_a_certificate_is_net(app: Flask, world: World, api: Api, told: Told) -> None:
    shift = world.shift(-60, 120)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -60, -10))
    (line,) = lines(app, who.id)
    asked = api("POST", f"/hours/{line.id}/corrections", {"minutes": 40, "reason": "休息"}, who.token, expect=201).body
    api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=200)
    with app.app_context():
        views = service.lines_of(reading(), uuid.UUID(who.id), dt.date(2026, 3, 22), dt.date(2026, 3, 22))
        none = service.lines_of(reading(), uuid.UUID(who.id), dt.date(2026, 3, 23), None)
    assert [(view.id, view.minutes) for view in views] == [(line.id, 40)]
    assert none == []


def test_minutes_from_elsewhere_are_shown_apart(app: Flask, world: World, api: Api, told: Told) -> None:
    who = world.volunteer()
    with app.app_context(), transaction() as session:
        record = External(uuid.UUID(who.id), dt.date(2025, 5, 1), 90, "学雷锋日", "省平台", None)
        assert [add_records(session, OPERATOR, [record, record], None, api.now()) for _ in range(2)] == [1, 0]
    told.settle(who)
    hours = world.hours(who)
    assert (hours["minutes_external"], hours["minutes_total"], hours["star_level"]) == (90, 0, 0)
    (entry,) = world.entries(who)
    assert (entry["kind"], entry["class"], entry["shift_id"]) == ("external", "external", None)
    assert (entry["activity_title"], entry["station_name"]) == ("学雷锋日", "省平台")
    answer = api("GET", f"/hours/{entry['id']}/explanation", token=who.token, expect=200).body
    assert answer["agrees"] is True


def test_an_unclosed_shift_is_told_with_the_way_out(app: Flask, world: World, api: Api, told: Told) -> None:
    shift = world.shift(-60, 120)
    who = world.volunteer(shift)
    with app.app_context(), transaction() as session:
        facts = service.Presence(told_shift(session, shift)).shift
        assert facts is not None
        service.tell_unclosed(session, uuid.UUID(who.id), facts, api.now())
    body = api("GET", "/me/messages", token=who.token, expect=200).body["items"][0]["body"]
    assert "没有签退" in body
    assert "2026-04-03" in body


def told_shift(session: object, shift: str) -> object:
    from volunteer.activities.service import get_shift

    return get_shift(session, uuid.UUID(shift))  # type: ignore[arg-type]


def test_policies_begin_on_a_day_and_stars_ascend() -> None:
    assert policy_on(dt.date(2026, 3, 22)) is POLICIES[0][1]
    assert [star_level(minutes) for minutes in (5999, 6000, 18000, 36000, 60000, 90000)] == [0, 1, 2, 3, 4, 5]


KEY = GroupKey(uuid.UUID(int=1), dt.date(2026, 3, 22), "service", "verified")
FIRST, SECOND = uuid.UUID(int=7), uuid.UUID(int=8)


@pytest.mark.parametrize(
    ("minutes", "rulings", "expected"),
    [
        (0, [Ruling(FIRST, 90, 120)], []),
        (120, [], [("service", "verified", 120)]),
        (120, [Ruling(FIRST, 90, 120)], [("service", "verified", 120), ("correction", "verified", -30)]),
        (80, [Ruling(FIRST, 90, 120)], [("service", "verified", 80)]),
        (120, [Ruling(FIRST, 150, 120)], [("service", "verified", 120), ("correction", "granted", 30)]),
        (140, [Ruling(FIRST, 150, 120)], [("service", "verified", 140), ("correction", "granted", 10)]),
        (80, [Ruling(FIRST, 150, 120)], [("service", "verified", 80), ("correction", "granted", 30)]),
        (
            120,
            [Ruling(FIRST, 150, 120), Ruling(SECOND, 60, 150)],
            [
                ("service", "verified", 120),
                ("correction", "granted", 30),
                ("correction", "granted", -30),
                ("correction", "verified", -60),
            ],
        ),
    ],
)
def test_what_a_group_should_consist_of(
    minutes: int, rulings: list[Ruling], expected: list[tuple[str, str, int]]
) -> None:
    found = wanted_lines(KEY, minutes, rulings)
    assert [(one.kind, one.credit_class, one.minutes) for one in found] == expected


def line(sequence: int, kind: str, minutes: int, **more: object) -> SimpleNamespace:
    blank = {"class_": "verified", "request_id": None, "reverses": None, "corrects": None}
    return SimpleNamespace(id=uuid.UUID(int=sequence), sequence=sequence, kind=kind, minutes=minutes, **blank | more)


def test_a_group_is_left_alone_grown_or_written_anew() -> None:
    group = Group()
    group.take(line(1, "service", 120))
    assert postings(group, wanted_lines(KEY, 120)) == []
    grown = postings(group, wanted_lines(KEY, 120, [Ruling(FIRST, 90, 120)]))
    assert grown == [Posting("correction", "verified", -30, FIRST, corrects=uuid.UUID(int=1))]
    anew = postings(group, wanted_lines(KEY, 140))
    assert [(one.kind, one.minutes, one.reverses) for one in anew] == [
        ("reversal", -120, uuid.UUID(int=1)),
        ("service", 140, None),
    ]
    group.take(line(2, "correction", -120, corrects=uuid.UUID(int=1), request_id=FIRST))
    assert postings(group, wanted_lines(KEY, 140, [Ruling(FIRST, 0, 120)])) == []
    assert [one.minutes for one in postings(group, wanted_lines(KEY, 140))] == [140]
