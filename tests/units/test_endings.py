"""Closing and merging units: what stands in the way, what moves, what is taken back, and who may."""

import datetime as dt
import uuid

from flask import Flask

from tests.activities.making import form as activity_form
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.reports.making import register
from tests.stations.making import make_station
from tests.units.making import PASSWORD, make_account, make_liaison, make_unit, move, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction
from volunteer.units import memberships, successions
from volunteer.units.models import REPORT_IN

RATES = "/reports/registration-rates"
DAY = "2026-03-25"


def counts(api: Api, admin: str, day: str = DAY) -> dict[str, tuple[int | None, int]]:
    """Return task and registered of every unit on a day."""
    rows = api("GET", f"{RATES}?as_of={day}", token=admin, expect=200).body["rows"]
    return {row["unit_id"]: (row["target"], row["registered"]) for row in rows}


def reports_in(app: Flask, person: str, unit: str) -> None:
    """Let a person report in at a unit from the first day on."""
    with app.app_context(), transaction() as session:
        first = dt.date(2026, 3, 22)
        now = app.extensions["clock"].now()
        memberships.join(session, uuid.UUID(person), uuid.UUID(unit), first, now, REPORT_IN)


def report_ins(app: Flask, unit: str) -> int:
    with app.app_context():
        return successions.count(reading(), uuid.UUID(unit), REPORT_IN, dt.date(2026, 3, 25))


def test_two_units_become_one_and_apart_again(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    old, new = make_unit(api, admin, name="老单位", headcount=30), make_unit(api, admin, name="新单位", headcount=50)
    team = make_unit(api, admin, old, name="老科室")
    set_target(api, admin, old, 3)
    set_target(api, admin, new, 5)
    people = [register(api, old), register(api, old), register(api, new), register(api)]
    for person, unit in zip(people, (new, None, old, old), strict=True):
        if unit:
            reports_in(app, person, unit)
    station = make_station(api, admin, "station", unit_id=old, name="老单位门前站")
    phone = make_account(api, admin, "unit_liaison", "陈联络", unit_id=old)
    admin = pass_days(api, clock, 3)
    wanted = activity_form(api, station, organizer_unit_id=old, title="下周活动")
    coming = api("POST", "/activities", wanted, admin, expect=201).body["id"]
    past = api("GET", f"{RATES}?as_of=2026-03-24", token=admin).raw
    before = api("GET", f"{RATES}?as_of={DAY}", token=admin).raw
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    asked = boss.get(f"/manage/units/{old}/close").text
    for words in ("下级单位 1 个", "成员 2 人", "归属站点 1 个", "未开始的活动 1 个"):
        assert words in asked
    path = f"/manage/units/{old}/merge"
    assert set(boss.post(path, expect=422, into_id="没有的", on="").faults) == {"into_id", "on"}
    shown = boss.post(path, expect=200, into_id="新单位", on=DAY)
    for words in ("老科室", "老单位门前站", "下周活动", "陈联络"):
        assert words in shown.text
    assert (shown.value("target"), shown.value("headcount")) == ("8", "80")
    form = {name: shown.value(name) for name in ("into_id", "on", "seen", "target", "headcount")}
    late = register(api, old)
    again = boss.post(path, expect=409, **form, keep_liaisons="1")
    assert "重新核对" in again.faults["target"]
    boss.post(path, **(form | {"seen": again.value("seen")}), keep_liaisons="1", reason="区编办〔2026〕3 号")
    assert "区编办〔2026〕3 号" in boss.follow().text
    assert counts(api, admin) == {new: (8, 4), team: (None, 0)}
    assert (report_ins(app, old), report_ins(app, new)) == (0, 1)  # two of the three belong to the new unit itself
    assert api("GET", f"{RATES}?as_of=2026-03-24", token=admin).raw == past
    assert api("GET", f"/units/{new}", token=api.login(phone, PASSWORD), expect=200).body["headcount"] == 80
    assert api("GET", f"/stations/{station}", token=admin).body["unit_id"] == new
    assert api("GET", f"/activities/{coming}", token=admin).body["organizer_unit_id"] == new
    api("POST", f"/units/{old}/merge", {"into_id": new, "on": DAY}, admin, expect=200)

    api("POST", f"/volunteers/{late}/transfer", {"unit_id": team, "on": DAY}, admin, expect=200)
    boss.post(f"/manage/units/{old}/reopen")
    assert "1 个人或单位之后又有变动" in boss.follow().text
    assert counts(api, admin) == {old: (3, 3), new: (5, 1), team: (None, 1)}
    api("POST", f"/volunteers/{late}/transfer", {"unit_id": None, "on": DAY}, admin, expect=422)
    assert report_ins(app, old) == 2
    api("GET", f"/units/{new}", token=api.login(phone, PASSWORD), expect=404)
    assert api("GET", f"/stations/{station}", token=admin).body["unit_id"] == old
    assert api("GET", f"/activities/{coming}", token=admin).body["organizer_unit_id"] == old
    assert api("GET", f"{RATES}?as_of=2026-03-24", token=admin).raw == past
    assert before != past


def test_a_close_or_merger_is_taken_back_on_its_day_alone(api: Api, admin: str, clock: SettableClock) -> None:
    top = make_unit(api, admin)
    one, other = make_unit(api, admin, top), make_unit(api, admin)
    liaison = make_liaison(api, admin, unit_id=one)
    admin = pass_days(api, clock, 3)
    api("PATCH", f"/units/{one}", {"closed_on": DAY}, admin, expect=200)
    api("PATCH", f"/units/{top}", {"closed_on": DAY}, admin, expect=200)
    refused = api("POST", f"/units/{one}/reopen", token=admin, expect=409).body
    assert refused["code"] == "above-closed"
    for unit in (top, one, one):
        assert api("POST", f"/units/{unit}/reopen", token=admin, expect=200).body["closed_on"] is None
    assert counts(api, admin).keys() == {top, one, other}
    api("POST", f"/units/{one}/merge", {"into_id": other, "keep_liaisons": False}, admin, expect=200)
    admin = pass_days(api, clock, 1)
    assert api("POST", f"/units/{one}/reopen", token=admin, expect=409).body["code"] == "not-today"
    api("GET", f"/units/{other}", token=liaison, expect=401)


def test_what_cannot_be_merged_says_why(api: Api, admin: str, clock: SettableClock) -> None:
    one, other, gone = (make_unit(api, admin) for _ in range(3))
    child, wanderer = make_unit(api, admin, one), make_unit(api, admin, one)
    admin = pass_days(api, clock, 3)
    young = make_unit(api, admin)
    move(api, admin, wanderer, other, on="2026-03-25")
    api("PATCH", f"/units/{gone}", {"closed_on": DAY}, admin, expect=200)
    cases = [
        (one, {"into_id": one}, {"into_id": "itself"}),
        (one, {"into_id": str(uuid.uuid4())}, {"into_id": "unknown"}),
        (one, {"into_id": child}, {"into_id": "into-its-own"}),
        (one, {"into_id": gone}, {"into_id": "closed"}),
        (gone, {"into_id": one}, {"into_id": "closed", "on": "before-last-move"}),
        (one, {"into_id": other, "on": "2026-03-26"}, {"on": "in-future"}),
        (one, {"into_id": other, "on": "2026-03-22"}, {"on": "before-last-move"}),
        (one, {"into_id": young, "on": "2026-03-24"}, {"on": "before-unit"}),
        (one, {"into_id": other, "on": "2026-03-24"}, {"on": "later-changes"}),
    ]
    for unit, body, faults in cases:
        answer = api("POST", f"/units/{unit}/merge", body, admin, expect=422)
        if unit == gone:
            assert answer.codes["into_id"] == "closed"
        else:
            assert answer.codes == faults, body
    used = api("PATCH", f"/units/{one}", {"closed_on": DAY}, admin, expect=409).body
    assert [(use["code"], use["count"]) for use in used["reasons"]] == [("units-below", 1)]
