"""Big imports: checked and written by a worker, seen on the way, neither lost nor done twice when it is killed."""

import datetime as dt
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api, Backend
from tests.imports.making import commit, person, roster, upload
from tests.registration.making import resident_id
from tests.servers import running
from tests.units.making import make_account, make_unit
from volunteer import bulk, jobs, progress
from volunteer.clock import SettableClock
from volunteer.database import db, metadata
from volunteer.imports import service
from volunteer.jobs import Handler

PASSWORD = "Liaison-2026-pass"


@pytest.fixture(autouse=True)
def everything_is_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BIG_BYTES", 10)
    monkeypatch.setattr(service, "BIG_ROWS", 1)


@pytest.fixture
def liaison(api: Api, admin: str) -> str:
    return api.login(make_account(api, admin, "unit_liaison", unit_id=make_unit(api, admin, code="B1")), PASSWORD)


def state_of(api: Api, token: str, import_id: str) -> Any:
    return api("GET", f"/imports/{import_id}", token=token, expect=200).body


def count(app: Flask, table: str) -> int:
    with app.app_context():
        return int(db.session.scalar(sa.select(sa.func.count()).select_from(metadata.tables[table])) or 0)


def test_a_big_file_is_checked_and_written_by_the_worker(app: Flask, api: Api, liaison: str) -> None:
    made = upload(api, liaison, roster(person(), person("闻人乙"), person("某1")), 202).body
    assert (made["state"], made["progress"]) == ("checking", {"done": 0, "total": 0})
    assert commit(api, liaison, made["id"], 409)["code"] == "illegal-transition"
    assert jobs.run_due(app) == 1
    checked = state_of(api, liaison, made["id"])
    assert (checked["state"], checked["valid"], checked["invalid"]) == ("checked", 2, 1)
    assert checked["progress"] is None
    assert commit(api, liaison, made["id"], 409)["code"] == "has-errors"
    handed = commit(api, liaison, made["id"], 202, only_valid=True)
    assert handed["state"] == "committing"
    assert commit(api, liaison, made["id"], 202, only_valid=True)["state"] == "committing"
    assert count(app, "persons") == 0
    assert jobs.run_due(app) == 1
    done = {"created": 2, "updated": 0, "unchanged": 0, "skipped": 1}
    assert commit(api, liaison, made["id"]) == done
    assert state_of(api, liaison, made["id"])["state"] == "committed"
    assert (count(app, "persons"), jobs.run_due(app)) == (2, 0)


def test_a_big_file_that_cannot_be_read_says_why(app: Flask, api: Api, liaison: str) -> None:
    made = upload(api, liaison, b"%PDF-1.7 is no sheet", 202).body
    jobs.run_due(app)
    found = state_of(api, liaison, made["id"])
    assert (found["state"], found["reason"], found["message"][:4]) == ("unreadable", "not-a-sheet", "这不是 ")
    assert count(app, "import_parts") == 0


def test_a_grant_taken_away_meanwhile_ends_it(app: Flask, api: Api, admin: str, liaison: str) -> None:
    account = api("GET", "/me", token=liaison, expect=200).body["account"]
    made = upload(api, liaison, roster(person(), person("闻人乙")), 202).body
    jobs.run_due(app)
    commit(api, liaison, made["id"], 202)
    waiting = upload(api, liaison, roster(person("闻人丙"), person("闻人丁")), 202).body
    api("DELETE", f"/grants/{account['roles'][0]['grant_id']}", token=admin, expect=204)
    jobs.run_due(app)
    found = state_of(api, admin, made["id"])
    assert (found["state"], {one["code"] for one in found["errors"]}) == ("checked", {"required"})
    api("POST", f"/accounts/{account['id']}/disable", {}, admin)
    assert count(app, "persons") == 0
    assert state_of(api, admin, waiting["id"])["state"] == "checked"


def test_a_job_that_fails_is_tried_again_and_then_given_up(
    app: Flask, api: Api, liaison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def fail(*_: Any) -> None:
        tried.append("once")
        raise RuntimeError("a secret that must not be kept")

    known = jobs.HANDLERS[service.CHECK]
    monkeypatch.setitem(jobs.HANDLERS, service.CHECK, Handler(fail, known.give_up))
    made = upload(api, liaison, roster(person()), 202).body
    jobs.run_due(app)
    assert len(tried) == jobs.MOST_TRIES
    assert state_of(api, liaison, made["id"])["reason"] == "too-heavy"
    with app.app_context():
        (job,) = jobs.list_jobs()
        assert (job.state, job.error) == ("failed", "RuntimeError")


def test_who_is_not_heard_of_is_taken_for_dead(app: Flask, api: Api, clock: SettableClock, liaison: str) -> None:
    upload(api, liaison, roster(person()), 202)
    table = metadata.tables["jobs"]
    with app.app_context(), db.engine.begin() as connection:
        values = {"state": "running", "worker": "another-machine:1", "beat_at": clock.now(), "attempts": 1}
        connection.execute(sa.update(table).values(**values))
    assert jobs.run_due(app) == 0
    clock.set(clock.now() + dt.timedelta(minutes=3))
    assert jobs.run_due(app) == 1


def test_progress_moves_while_a_file_is_checked_and_while_it_is_written(
    app: Flask, api: Api, liaison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen over HTTP at each step, also while the one transaction is open and nothing of it can be seen yet."""
    monkeypatch.setattr("volunteer.imports.checking.TICK_ROWS", 1)
    monkeypatch.setattr(bulk, "CHUNK", 1)
    monkeypatch.setattr(jobs, "TICK_SECONDS", 0.0)
    seen: list[tuple[int, int, int]] = []
    real = jobs._tell

    def tell(told: Flask, job_id: Any, done: int, total: int) -> None:
        real(told, job_id, done, total)
        shown = state_of(api, liaison, made["id"])["progress"]
        seen.append((shown["done"], shown["total"], count(app, "persons")))

    monkeypatch.setattr(jobs, "_tell", tell)
    made = upload(api, liaison, roster(person(), person("闻人乙")), 202).body
    jobs.run_due(app)
    assert seen == [(0, 4, 0), (1, 4, 0), (2, 4, 0)]
    seen.clear()
    commit(api, liaison, made["id"], 202)
    jobs.run_due(app)
    judged, made_ready = [(0, 8, 0), (1, 8, 0), (2, 8, 0)], (4, 8, 0)
    written = [(24 + n, 32, 0) for n in range(9)]
    assert seen == [*judged, made_ready, *written]
    assert count(app, "persons") == 2
    with app.app_context():
        assert [(job.done, job.total) for job in jobs.list_jobs()] == [(32, 32), (2, 4)]
        assert not progress.read(jobs.list_jobs()[0].id)


def wait_for(what: Callable[[], Any], seconds: float = 40) -> Any:
    """Return what becomes true within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_a_worker_killed_in_the_middle_loses_nothing_and_does_nothing_twice(
    app: Flask, backend: Backend, api: Api, clock: SettableClock, admin: str
) -> None:
    clock.set(dt.datetime.now(dt.UTC))
    admin = api.login("13900000001", "Admin-2026-pass")
    make_unit(api, admin, code="K1")
    rows = [person("闻人甲", number=resident_id(), code="K1") for _ in range(40)]
    made = upload(api, admin, roster(*rows), 202).body
    assert backend.settings is not None

    def job(state: str) -> Any:
        with app.app_context():
            found = [one for one in jobs.list_jobs() if one.name == service.COMMIT]
            return next((one for one in found if one.state == state), None)

    with running(backend.settings.database_url, workers=1, work=True, VOLUNTEER_TEST_PAUSE_MS="1500"):
        wait_for(lambda: state_of(api, admin, made["id"])["state"] == "checked")
        commit(api, admin, made["id"], 202)
        first = int(wait_for(lambda: job("running")).worker.rpartition(":")[2])
        time.sleep(0.7)  # into the pause between writing and committing
        os.kill(first, signal.SIGKILL)
        assert count(app, "persons") == 0
        done = wait_for(lambda: job("done"))
    second = int(done.worker.rpartition(":")[2])
    assert (done.attempts, second != first) == (2, True)
    assert [count(app, table) for table in ("persons", "invitations", "memberships")] == [40, 40, 40]
    assert commit(api, admin, made["id"])["created"] == 40
    wait_for(lambda: not os.path.exists(f"/proc/{second}"))
