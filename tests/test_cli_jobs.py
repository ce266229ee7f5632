"""What an operator runs by hand or by a timer, on both databases."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.certificates.making import give_minutes, make_shift, sign_up
from tests.conftest import Api
from tests.registration.making import add_volunteer
from tests.stations.making import make_station
from volunteer import cli, housekeeping
from volunteer.clock import SettableClock
from volunteer.database import db, metadata

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line on the app's database; gives exit code and what it printed."""
    monkeypatch.setattr(cli, "_app", lambda: app)

    def invoke(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def line(api: Api, admin: str) -> None:
    """One ledger line."""
    shift = make_shift(api, admin, make_station(api, admin))
    who = add_volunteer(api)
    sign_up(api, shift, who)
    give_minutes(api, admin, shift, who)


@pytest.mark.usefixtures("line")
def test_the_commands_say_what_they_did(run: Run) -> None:
    assert run("ledger", "verify") == (0, "1 lines, all good\n")
    assert run("attendance", "rebuild") == (0, "people: 0\nattendances: 0\nchanged: 0\n")
    code, said = run("keys", "rotate")
    assert (code, "persons: 0\n" in said) == (0, True)
    code, said = run("messages")
    assert (code, "waiting: 1\n" in said, "new-device" in said) == (0, True, True)
    code, said = run("housekeeping")
    assert (code, "told: " in said, "ledger holds and is signed: 1\n" in said) == (0, True, True)


@pytest.mark.usefixtures("line")
def test_a_changed_line_is_found_and_named(app: Flask, run: Run) -> None:
    lines = metadata.tables["ledger_lines"]
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("DROP TRIGGER ledger_lines_append_only_update"))
        else:
            connection.execute(sa.text("ALTER TABLE ledger_lines DISABLE TRIGGER USER"))
        connection.execute(sa.update(lines).values(minutes=999))
        line_id = connection.scalar(sa.select(lines.c.id))
    code, said = run("ledger", "verify")
    assert (code, str(line_id) in said, "changed" in said) == (1, True, True)


def test_housekeeping_forgets_what_is_past_its_time(app: Flask, api: Api, clock: SettableClock) -> None:
    who = add_volunteer(api)
    assert who.token
    with app.app_context():
        assert sum(housekeeping.run(clock.now())[name] for name in ("removed: sign-in", "people erased")) == 0
        clock.advance(days=3)
        done = housekeeping.run(clock.now())
        left = {
            name: db.session.scalar(sa.select(sa.func.count()).select_from(metadata.tables[name]))
            for name in ("tokens", "phone_codes", "limit_hits", "idempotency_keys")
        }
    assert (done["removed: sign-in"], done["removed: limits"] > 0) == (2, True)
    assert set(left.values()) == {0}
