"""The demo: what `make run` shows, loaded through the services, once, and entered with one tap.

One loaded district serves all tests of a run; a slow test loads it on PostgreSQL, and at awkward moments.
"""

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.conftest import KEYS, ZONE, Api, Backend, Sqlite
from tests.demos import District, district
from tests.pages import Browser
from volunteer import cli, config, demo
from volunteer.app import create_app
from volunteer.clock import SettableClock
from volunteer.database import db, reading
from volunteer.demo import people, story
from volunteer.demo.roles import ADMIN_NAME, ADMIN_PHONE, PARTS, PASSWORD

START = dt.datetime(2026, 3, 22, 10, 0, tzinfo=ZONE)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> District:
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    return district(shared, tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def served(loaded: District) -> Iterator[Flask]:
    made = loaded.app()
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def app(loaded: District, served: Flask) -> Flask:
    """The one loaded app of this file: tests read it, and leave it as it was."""
    config.install(config.read_settings(loaded.environ))
    served.extensions["clock"].set(loaded.now)
    return served


@pytest.fixture
def admin(app: Flask, api: Api) -> str:
    return api.login(ADMIN_PHONE, PASSWORD)


@pytest.fixture
def today(loaded: District) -> dt.date:
    return loaded.now.astimezone(ZONE).date()


def load(app: Flask, now: dt.datetime = START) -> bool:
    clock: SettableClock = app.extensions["clock"]
    clock.set(now)
    with app.app_context():
        return demo.load(now, clock)


def after(day: dt.date, days: int) -> str:
    return (day + dt.timedelta(days=days)).isoformat()


def everything(api: Api, path: str, token: str, **query: str) -> list[dict[str, Any]]:
    """Return all pages of a list."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        more = "&".join(f"{name}={value}" for name, value in {"limit": "100", **query}.items())
        page = api("GET", f"{path}?{more}" + (f"&cursor={cursor}" if cursor else ""), token=token, expect=200).body
        found += page["items"]
        cursor = page["next_cursor"]
    return found


def rates(api: Api, token: str, **query: str) -> dict[str, Any]:
    more = "&".join(f"{name}={value}" for name, value in query.items())
    body: dict[str, Any] = api("GET", f"/reports/registration-rates?{more}", token=token, expect=200).body
    return body


def station_rows(api: Api, token: str, first: str, last: str) -> dict[str, dict[str, Any]]:
    rows = api("GET", f"/reports/stations?from={first}&to={last}", token=token, expect=200).body["rows"]
    return {row["code"]: row for row in rows}


def test_the_district_is_at_129_percent_of_its_task(api: Api, admin: str) -> None:
    report = rates(api, admin)
    total = report["total"]
    assert (total["registered"], total["target"], f"{total['rate']:.0%}") == (516, 400, "129%")
    assert total["without_unit"] == 6
    assert len(report["rows"]) == 60
    assert all(row["target"] is not None for row in report["rows"])


def test_units_are_above_below_and_without_a_task_and_some_share_a_rank(api: Api, admin: str) -> None:
    rows = rates(api, admin)["rows"]
    assert sum(row["rate"] is not None and row["rate"] < 1 for row in rows) >= 6
    assert sum(row["rate"] is not None and row["rate"] > 1.29 for row in rows) >= 20
    assert [row["name"] for row in rows if row["rate"] is None] == ["区志愿者协会"]
    assert max(Counter(row["rank"] for row in rows if row["rank"]).values()) >= 2
    assert len({row["kind"] for row in rows}) >= 6
    assert {row["depth"] for row in rows} == {0, 1}


def test_the_rate_rises_week_by_week(api: Api, admin: str, today: dt.date) -> None:
    weekly = [rates(api, admin, as_of=after(today, offset))["total"]["registered"] for offset in range(-77, 1, 7)]
    assert weekly == sorted(set(weekly))
    assert weekly[0] < 0.6 * weekly[-1]


def test_last_years_tasks_are_there_too(api: Api, admin: str, today: dt.date) -> None:
    unit = rates(api, admin)["rows"][0]["unit_id"]
    items = api("GET", f"/units/{unit}/targets", token=admin, expect=200).body["items"]
    assert sorted(item["year"] for item in items) == [today.year - 1, today.year]


def test_24_nodes_of_three_levels_stand_in_22_communities(api: Api, admin: str, today: dt.date) -> None:
    levels = Counter(row["level"] for row in station_rows(api, admin, after(today, 0), after(today, 0)).values())
    assert levels == {"center": 1, "institute": 5, "station": 18}
    assert len(everything(api, "/areas", admin, level="community")) == 22


def test_more_than_20_teams_have_more_than_300_people(api: Api, admin: str, today: dt.date) -> None:
    report = api("GET", f"/reports/teams?from={after(today, -60)}&to={today}", token=admin, expect=200).body
    assert (len(report["rows"]), report["total"]["members"]) == (24, 312)
    assert len({row["kind"] for row in report["rows"]}) == 6
    assert 6 <= report["total"]["sessions"] < report["total"]["person_times"]
    assert 0 < report["total"]["active"] < report["total"]["members"]


def test_the_centre_held_31_sessions_with_1050_person_times_audience_included(
    api: Api, admin: str, today: dt.date
) -> None:
    centre = station_rows(api, admin, after(today, -90), after(today, 0))["ZX"]
    assert centre["own_sessions"] == 31
    assert (centre["own_person_times"], centre["audience"]) == (186, 864)
    assert centre["own_person_times"] + centre["audience"] == story.read("centre")["person_times"] == 1050
    assert centre["minutes"] > centre["own_minutes"] > 186 * 60


def test_a_week_of_the_roster_has_four_places_at_each_crossing(api: Api, admin: str, today: dt.date) -> None:
    row = station_rows(api, admin, after(today, -7), after(today, -1))["QHS"]
    assert row["own_sessions"] == 7 * 2 * 6
    assert row["own_person_times"] == 7 * 2 * 6 * 4 - 6 - 3
    found = everything(api, "/activities", admin, q="路口值勤", **{"from": after(today, -7), "to": after(today, -1)})
    shifts = [shift for activity in found for shift in activity["shifts"]]
    assert len(found) == 7
    assert len(shifts) == 84
    assert {shift["capacity"] for shift in shifts} == {4}
    places = {(shift["place"], shift["latitude"], shift["longitude"]) for shift in shifts}
    assert len(places) == len({place for place, _, _ in places}) == 6


def test_hours_stand_in_both_of_the_last_months(api: Api, admin: str, today: dt.date) -> None:
    assert station_rows(api, admin, after(today, -29), after(today, 0))["ZX"]["minutes"] > 10_000
    assert station_rows(api, admin, after(today, -59), after(today, -30))["ZX"]["minutes"] > 5_000
    assert api("GET", "/ledger/verification", token=admin, expect=200).body["ok"] is True


def test_people_are_of_all_ages_and_in_every_standing(api: Api, admin: str) -> None:
    found = everything(api, "/volunteers", admin)
    states = Counter(person["status"] for person in found)
    assert states == {"registered": 515, "suspended": 1, "unproven": 12, "invited": 5}
    ages = [person["age"] for person in found]
    assert 14 <= min(ages) < 18
    assert 70 < max(ages) <= 80
    assert set(Counter(person["sex"] for person in found)) == {"male", "female"}
    assert sum(person["unit_id"] is None for person in found if person["status"] != "unproven") == 6


def test_something_of_each_kind_waits_for_a_decision(api: Api, app: Flask) -> None:
    keeper = api.login(part("keeper"), PASSWORD)
    kinds = Counter(one["kind"] for one in everything(api, "/reviews", keeper, state="open"))
    assert kinds["weak_evidence"] >= 4
    desk = Browser.of(app, keeper)
    shared = desk.get("/decisions", kind="reviews", mark="shared-device")  # the fourth with one phone
    assert shared.source.count('href="/decisions/reviews/') == 1
    assert len(everything(api, "/make-ups", keeper, state="pending")) == 1
    centre = api.login(part("centre"), PASSWORD)
    assert len(everything(api, "/corrections", centre, state="pending")) == 1
    assert {one["state"] for one in everything(api, "/make-ups", centre)} == {"pending", "approved", "rejected"}
    waiting = everything(api, "/activities", centre, status="submitted")
    assert [one["title"] for one in waiting] == ["志愿者骨干培训", "邻里百家宴筹备"]
    drafts = {one["title"] for one in everything(api, "/activities", centre, status="draft")}
    assert drafts == {"新年灯谜会", "旧书换新知", "中学生公园讲解"}
    liaison = api.login(part("liaison"), PASSWORD)
    states = Counter(one["proposal"] for one in everything(api, "/activity-proposals", liaison))
    assert states == {"taken-over": 1, "proposed": 1, "sent-back": 1, "writing": 1}


def test_there_is_something_to_sign_up_for(api: Api, app: Flask, loaded: District) -> None:
    open_ones = everything(api, "/activities", api.login(part("volunteer"), PASSWORD), open="true")
    shifts = [shift for one in open_ones for shift in one["shifts"] if instant(shift["starts_at"]) > loaded.now]
    assert sum(shift["seats_left"] > 0 for shift in shifts) > 20
    assert [shift["waiting"] for shift in shifts if shift["waiting"]] == [2]


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def part(key: str) -> str:
    """Return the phone of one of the parts."""
    return next(one.phone for one in PARTS if one.key == key)


def test_a_shift_is_on_today_with_people_in_out_and_awaited(api: Api, app: Flask, loaded: District) -> None:
    keeper = api.login(part("keeper"), PASSWORD)
    station = next(one["id"] for one in everything(api, "/stations", keeper, q="青禾街道"))
    shifts = api("GET", f"/stations/{station}/today", token=keeper, expect=200).body["shifts"]
    duty = next(one for one in shifts if one["activity_title"] == "便民服务台值守")
    assert instant(duty["starts_at"]) < loaded.now < instant(duty["ends_at"])
    assert Counter(one["presence"] for one in duty["people"]) == {"expected": 2, "in": 2, "out": 1}
    own = everything(api, "/me/signups", api.login(part("volunteer"), PASSWORD))
    assert duty["shift_id"] in [one["shift_id"] for one in own]


@pytest.mark.parametrize("key", [one.key for one in PARTS])
def test_everybody_on_the_landing_page_signs_in(key: str, api: Api, app: Flask) -> None:
    me = api("GET", "/me", token=api.login(part(key), PASSWORD), expect=200).body
    assert bool(me["account"]["roles"]) == (key not in ("volunteer", "elder", "parent"))
    assert bool(me["volunteer"]) == (key in ("volunteer", "elder", "parent"))
    assert bool(me["acts_for"]) == (key == "parent")


def test_the_volunteers_have_hours_and_messages_and_the_volunteer_a_proof(api: Api, app: Flask) -> None:
    for key in ("volunteer", "elder", "parent"):
        token = api.login(part(key), PASSWORD)
        assert api("GET", "/me/hours", token=token, expect=200).body["minutes_total"] > 100
        assert key == "elder" or everything(api, "/me/messages", token)
    token = api.login(part("volunteer"), PASSWORD)
    assert len(everything(api, "/me/certificates", token)) == 1


def test_the_parts_are_those_of_the_data() -> None:
    data = story.read("people")
    told = {row["key"]: (row["phone"], row["name"]) for row in (*data["cast"], *data["staff"])}
    told["admin"] = (ADMIN_PHONE, ADMIN_NAME)
    assert {one.key: (one.phone, one.name) for one in PARTS}.items() <= told.items()


def test_numbers_of_papers_are_nobodys() -> None:
    assert people.resident_id(dt.date(1990, 1, 31), 101).startswith("99000019900131101")


def test_it_loads_in_at_most_90_seconds(loaded: District) -> None:
    assert loaded.cpu_s < 90


def test_its_progress_is_told(loaded: District) -> None:
    assert loaded.progress == list(range(0, 101, 10))


def test_a_second_load_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = reading().scalar(sa.text("SELECT count(*) FROM audit_entries"))
    assert not load(app)
    with app.app_context():
        assert reading().scalar(sa.text("SELECT count(*) FROM audit_entries")) == before


def test_a_story_that_breaks_leaves_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Sqlite(tmp_path)
    app = backend.fresh()
    monkeypatch.setattr(people, "_staff", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load(app)
    with app.app_context():
        assert reading().scalar(sa.text("SELECT count(*) FROM units")) == 0
        db.engine.dispose()


def test_what_lies_ahead_is_no_part_of_the_story() -> None:
    tale = story.Story(START, SettableClock(START))
    with pytest.raises(ValueError, match="the story ends"):
        tale.at(START + dt.timedelta(seconds=1), lambda: None)


def test_the_data_files_hold_the_totals() -> None:
    units = story.rows_of("units")
    assert sum(row["task"] for row in units) == 400
    centre = story.read("centre")
    assert sum(row[1] + row[2] for row in centre["sessions"]) == 1050
    assert json.dumps(units, ensure_ascii=False).count("社区居民委员会") == 22


def test_a_door_of_the_landing_page_leads_into_each_part(app: Flask) -> None:
    for one in PARTS:
        client = app.test_client()
        landing = client.get("/").get_data(as_text=True)
        assert f'name="part" value="{one.key}"' in landing
        entered = client.post("/demo/enter", data={"part": one.key, "csrf_token": token_of(landing)})
        assert (entered.status_code, entered.location) == (302, "/me")
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert one.title in landing
        assert client.get("/me").status_code == 200


def test_a_door_wants_the_form_of_this_site_and_a_part_that_there_is(app: Flask) -> None:
    client = app.test_client()
    landing = client.get("/").get_data(as_text=True)
    assert client.post("/demo/enter", data={"part": "admin"}).status_code == 403
    assert client.post("/demo/enter", data={"part": "mayor", "csrf_token": token_of(landing)}).status_code == 404
    assert "Set-Cookie" not in client.get("/me").headers
    assert client.get("/me").location.startswith("/login")


def token_of(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_without_the_demos_accounts_there_is_no_door(tmp_path: Any) -> None:
    backend = Sqlite(tmp_path)
    backend.restore()
    environ = demo.environment({"VOLUNTEER_DATA_DIR": str(tmp_path)}) | {"VOLUNTEER_DATABASE_URL": backend.url()}
    empty = create_app(config.read_settings(environ), SettableClock(START))
    landing = empty.test_client().get("/").get_data(as_text=True)
    assert 'name="part"' not in landing
    refused = empty.test_client()
    page = refused.get("/login").get_data(as_text=True)
    assert refused.post("/demo/enter", data={"part": "admin", "csrf_token": token_of(page)}).status_code == 401
    with empty.app_context():
        db.engine.dispose()


def test_a_real_installation_is_never_given_the_demos_accounts(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (KEYS | {"VOLUNTEER_SMS": "none", "VOLUNTEER_DATA_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(cli.main, ["demo", "load"])
    assert told.exit_code == 1
    assert "known passwords" in told.output


def test_loading_by_hand_says_whether_it_did(loaded: District, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in loaded.environ.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(cli.main, ["demo", "load"])
    assert (told.exit_code, told.output) == (0, "there is data already: nothing was changed\n")


def test_how_far_it_is_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    cli._tell_progress(0)
    cli._tell_progress(40)
    assert capsys.readouterr().out.splitlines()[1:] == ["  40 %"]


def test_its_welcome_names_the_place_and_everybody() -> None:
    told = demo.welcome(8123)
    assert "http://127.0.0.1:8123" in told
    assert all(one.phone in told and one.title in told for one in PARTS)


def test_an_installation_that_is_no_demo_has_no_doors_whatever_its_accounts(loaded: District, app: Flask) -> None:
    plain = create_app(config.read_settings(loaded.environ | {"VOLUNTEER_DEMO": "0"}), SettableClock(loaded.now))
    client = plain.test_client()
    assert 'name="part"' not in client.get("/").get_data(as_text=True)
    page = client.get("/login").get_data(as_text=True)
    assert client.post("/demo/enter", data={"part": "admin", "csrf_token": token_of(page)}).status_code == 404
    with plain.app_context():
        db.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_it_loads_on_postgresql_too(backend: Backend) -> None:
    fresh = backend.fresh()
    assert load(fresh)
    api = Api(fresh)
    assert rates(api, api.login(ADMIN_PHONE, PASSWORD))["total"]["registered"] == 516


AWKWARD = {
    "just past midnight": (2026, 5, 10, 0, 1),
    "just before midnight": (2026, 5, 10, 23, 58),
    "in a shift of the roster": (2026, 5, 10, 7, 45),
    "at New Year": (2027, 1, 1, 9, 0),
    "on a leap day": (2028, 2, 29, 18, 35),
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", AWKWARD)
def test_it_loads_at_any_moment(moment: str, tmp_path: Any) -> None:
    backend = Sqlite(tmp_path)
    fresh, now = backend.fresh(), dt.datetime(*AWKWARD[moment], tzinfo=ZONE)
    assert load(fresh, now)
    api = Api(fresh)
    token = api.login(ADMIN_PHONE, PASSWORD)
    assert f"{rates(api, token)['total']['rate']:.0%}" == "129%"
    assert station_rows(api, token, after(now.date(), -90), after(now.date(), 0))["ZX"]["own_sessions"] == 31
    keeper = api.login(part("keeper"), PASSWORD)
    station = next(one["id"] for one in everything(api, "/stations", keeper, q="青禾街道"))
    shifts = api("GET", f"/stations/{station}/today", token=keeper, expect=200).body["shifts"]
    assert any(one["activity_title"] == "便民服务台值守" and one["inside"] == 2 for one in shifts)
    with fresh.app_context():
        db.engine.dispose()


def test_who_answers_for_grids_communities_and_zones(api: Api, admin: str) -> None:
    grids = api("GET", "/pairings/coverage", token=admin, expect=200).body
    assert (grids["areas"], grids["covered"], grids["leaders"]) == (65, 63, 26)
    assert {one["gap"] for one in grids["gaps"]} == {"no_leader"}, "the one who left the other day"
    assert grids["units"] == 60
    duty = api("GET", "/pairings", token=admin, expect=200).body["items"]
    paired = [one for one in duty if one["kind"] == "paired"]
    assert len({one["official_id"] for one in paired} - {None}) == 14
    assert len({one["area_id"] for one in paired}) == 22
    assert len(api("GET", "/zones", token=admin, expect=200).body["items"]) == 13


def test_a_unit_was_merged_one_closed_and_talents_have_papers(app: Flask, api: Api, admin: str) -> None:
    found = {one["code"]: one for one in everything(api, "/units", admin)}
    assert "LGB" not in found
    village = [one for one in api("GET", "/pairings", token=admin).body["items"] if one["kind"] == "village_help"]
    assert [one["unit_id"] for one in village] == [found["MZJ"]["id"]], "it came with the unit that was merged"
    closed = Browser(app, ADMIN_PHONE, PASSWORD).get("/manage/units", show="closed").text
    assert "区老干部服务中心" in closed
    assert "文明创建筹备办公室" in closed
    papers = [paper for one in everything(api, "/talents", admin) for paper in one["papers"]]
    assert (len(papers), sum(paper["is_checked"] for paper in papers)) == (7, 5)


def test_something_looks_wrong_and_somebody_forgot_to_sign_out(app: Flask, api: Api, admin: str) -> None:
    found = api("GET", "/findings?state=open&limit=200", token=admin, expect=200).body["items"]
    assert {one["kind"] for one in found} == {"same_second", "longer_than_shift", "granted_volume"}
    assert 3 <= len(found) <= 6
    volunteer = api.login("13800000101", PASSWORD)
    (asked,) = api("GET", "/me/findings", token=volunteer, expect=200).body["items"]
    assert (asked["kind"], asked["state"], asked["statements"]) == ("longer_than_shift", "open", [])
    forgot = Browser(app, "13800000102", PASSWORD).get("/me/hours")
    assert "没有签退,暂计 0 分钟" in forgot.text
    assert "/me/make-ups/new?shift=" in forgot.source
