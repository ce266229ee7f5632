"""The demo: what `make run` shows, loaded through the services, once."""

from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from volunteer import demo
from volunteer.clock import SettableClock
from volunteer.database import reading
from volunteer.demo.story import ADMIN_PHONE, PASSWORD, STAFF, VOLUNTEER_PHONE


def load(app: Flask) -> bool:
    clock: SettableClock = app.extensions["clock"]
    with app.app_context():
        return demo.load(clock.now(), clock)


def test_the_district_is_at_129_percent_of_its_task(app: Flask, api: Api) -> None:
    assert load(app)
    admin = api.login(ADMIN_PHONE, PASSWORD)
    total = api("GET", "/reports/registration-rates", token=admin, expect=200).body["total"]
    assert (total["registered"], total["target"], f"{total['rate']:.0%}") == (18, 14, "129%")
    assert total["minutes"] == total["minutes_verified"] == 5 * 120 + 4 * 180
    stations = api("GET", "/reports/stations?from=2026-03-12&to=2026-03-22", token=admin, expect=200).body["rows"]
    centre = next(row for row in stations if row["code"] == "ZX")
    assert (centre["sessions"], centre["persons"], centre["person_times"]) == (2, 6, 11)
    assert api("GET", "/ledger/verification", token=admin, expect=200).body["ok"] is True
    waiting = api("GET", "/make-ups?state=pending", token=admin, expect=200).body["items"]
    assert len(waiting) == 2


def test_everybody_it_names_can_sign_in_and_has_something_to_do(app: Flask, api: Api) -> None:
    load(app)
    for phone in (*STAFF.values(), VOLUNTEER_PHONE):
        assert api("GET", "/me", token=api.login(phone, PASSWORD), expect=200)
    volunteer = api.login(VOLUNTEER_PHONE, PASSWORD)
    assert api("GET", "/me/hours", token=volunteer, expect=200).body["minutes_total"] == 300
    assert api("GET", "/me/signups", token=volunteer, expect=200).body["items"]


def test_a_second_load_changes_nothing(app: Flask) -> None:
    assert load(app)
    with app.app_context():
        before = reading().scalar(sa.text("SELECT count(*) FROM audit_entries"))
    assert not load(app)
    with app.app_context():
        assert reading().scalar(sa.text("SELECT count(*) FROM audit_entries")) == before


def test_the_demo_knows_no_tables() -> None:
    folder = Path(demo.__file__).parent
    assert all(".models" not in path.read_text() for path in folder.glob("*.py"))
