"""Transactions: what commits, what rolls back, who may write; and the fair queue of SQLite's writers."""

import datetime as dt
import multiprocessing
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.meetings import meeting, names_unlocked
from tests.servers import at_once
from volunteer import audit, database
from volunteer.audit import AuditEntry
from volunteer.database import after_commit, db, new_id, reading, transaction
from volunteer.errors import RateLimited
from volunteer.notifications import service as notifications
from volunteer.web import limits
from volunteer.writers import WriterQueue

NOW = dt.datetime(2026, 3, 22, 2, 0, tzinfo=dt.UTC)


def count() -> int:
    found = reading().scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    reading().rollback()
    return int(found or 0)


def note() -> None:
    with transaction() as session:
        audit.record(session, "system", NOW, "test.note", ("test", None))


def test_the_outermost_block_commits_and_what_is_raised_rolls_back_all(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(KeyError), transaction():  # noqa: PT012 - raising after the deed is the point
            note()
            raise KeyError
        assert count() == 0
        with transaction():
            note()
            note()
        assert count() == 2


def test_after_commit_runs_only_once_the_data_is_safe(app: Flask) -> None:
    done: list[int] = []
    with app.app_context():
        with pytest.raises(KeyError), transaction():  # noqa: PT012 - raising after the deed is the point
            after_commit(lambda: done.append(1))
            raise KeyError
        with transaction():
            after_commit(lambda: done.append(2))
            assert done == []
    assert done == [2]


def test_a_failed_try_counts_although_its_request_was_undone(app: Flask) -> None:
    with app.app_context():
        for _ in range(10):
            with pytest.raises(KeyError), transaction():  # noqa: PT012 - raising after the deed is the point
                limits.take("password", "13900000000", NOW)
                raise KeyError
        with pytest.raises(RateLimited):
            limits.take("password", "13900000000", NOW)


def tried(app: Flask, name: str) -> str:
    """Take one use in a request that is undone as a whole; return whether it was let in."""
    with app.app_context():
        try:
            with transaction():
                limits.take(name, "somebody", NOW)
                raise KeyError
        except KeyError:
            return "in"
        except RateLimited:
            return "out"


def test_a_try_is_counted_before_another_may_try_although_its_request_will_be_undone(app: Flask) -> None:
    found: list[str] = []
    other = threading.Thread(target=lambda: found.append(tried(app, "word")))
    assert [tried(app, "word") for _ in range(4)] == ["in"] * 4
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        with pytest.raises(KeyError), transaction():  # noqa: PT012 - what happens in between is the point
            limits.take("word", "somebody", NOW)
            other.start()
            if is_sqlite:
                queue = database._queues[db.engine.url.database or ""]
                while not queue._waiting:
                    pass
            else:
                other.join(5)
                assert found == ["out"], "it waits, and may be quicker than what counts the first"
            raise KeyError
    other.join()
    assert found == ["out"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_of_many_tries_at_once_that_are_undone_as_many_pass_as_the_limit_says(app: Flask) -> None:
    with meeting(app, 8):
        assert sorted(at_once([lambda: tried(app, "word")] * 8)) == ["in"] * 5 + ["out"] * 3


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_the_control_without_locks_on_names_lets_all_of_them_pass(app: Flask) -> None:
    with names_unlocked(app), meeting(app, 8):
        assert at_once([lambda: tried(app, "word")] * 8) == ["in"] * 8


def test_a_hit_that_was_given_back_stays_so_in_a_request_that_is_undone(app: Flask) -> None:
    with app.app_context():
        for _ in range(6):
            with pytest.raises(KeyError), transaction():  # noqa: PT012 - raising after the deed is the point
                limits.give_back(*limits.take_all([("word", "somebody"), ("word-day", "somebody")], NOW))
                raise KeyError


def test_a_write_outside_a_transaction_is_refused(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(RuntimeError, match="outside"):
            reading().execute(sa.insert(AuditEntry).values(id=new_id()))
        audit.record(reading(), "system", NOW, "test.note", ("test", None))
        with pytest.raises(RuntimeError, match="outside"):
            reading().flush()
        reading().rollback()


def test_the_audit_log_refuses_change_and_deletion(app: Flask) -> None:
    with app.app_context():
        note()
        for deed in (sa.update(AuditEntry).values(action="other"), sa.delete(AuditEntry)):
            with pytest.raises(sa.exc.IntegrityError, match="append-only"), transaction() as session:
                session.execute(deed)
        assert count() == 1


def test_a_message_is_there_with_the_deed_or_not_at_all(app: Flask) -> None:
    person = new_id()
    with app.app_context():
        with pytest.raises(KeyError), transaction() as session:  # noqa: PT012 - raising after the deed is the point
            notifications.tell(session, person, "test", "您好", NOW)
            raise KeyError
        assert notifications.list_messages([person], 10) == []
        with transaction() as session:
            notifications.tell(session, person, "test", "您好", NOW)
        assert [m.body for m in notifications.list_messages([person], 10)] == ["您好"]


def test_read_modify_write_of_eight_threads_loses_nothing(app: Flask) -> None:
    person = new_id()
    with app.app_context(), transaction() as session:
        notifications.tell(session, person, "test", "0", NOW)
    table = sa.table("outbox_messages", sa.column("id"), sa.column("attempts"))

    def add() -> None:
        with app.app_context():
            for _ in range(20):
                with transaction() as session:
                    now = session.scalar(sa.select(table.c.attempts).with_for_update())
                    session.execute(sa.update(table).values(attempts=now + 1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        assert reading().scalar(sa.select(table.c.attempts)) == 160


def test_writers_of_one_process_are_served_in_the_order_they_came(tmp_path: Path) -> None:
    queue, served, arrived = WriterQueue(tmp_path / "lock"), [], threading.Semaphore(0)

    def write(number: int) -> None:
        arrived.release()
        with queue.turn():
            served.append(number)

    with queue.turn():
        threads = []
        for number in range(12):
            thread = threading.Thread(target=write, args=(number,))
            thread.start()
            threads.append(thread)
            arrived.acquire()
            while len(queue._waiting) < number + 1:
                pass
    for thread in threads:
        thread.join()
    assert served == list(range(12))


def _hold(path: Path, results: "multiprocessing.Queue[int]", turns: int) -> None:
    """Take turns in a process of its own and count those in which someone else was inside."""
    queue, marker, clashes = WriterQueue(path), path.with_suffix(".inside"), 0
    for _ in range(turns):
        with queue.turn():
            try:
                marker.touch(exist_ok=False)
            except FileExistsError:
                clashes += 1
            marker.unlink(missing_ok=True)
    results.put(clashes)


def test_the_queue_keeps_processes_apart(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_hold, args=(tmp_path / "lock", results, 300)) for _ in range(3)]
    for worker in workers:
        worker.start()
    clashes = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert clashes == [0, 0, 0]


def test_a_dead_writer_frees_the_queue(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    worker = context.Process(target=_die_inside, args=(tmp_path / "lock", ready))
    worker.start()
    assert ready.wait(30)
    worker.kill()
    worker.join()
    begun = time.monotonic()
    with WriterQueue(tmp_path / "lock").turn():
        assert time.monotonic() - begun < 5


def _die_inside(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    """Hold the lock until killed."""
    with WriterQueue(path).turn():
        ready.set()
        threading.Event().wait()


def test_sqlite_is_durable(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            names = ("synchronous", "journal_mode", "foreign_keys")
            pragmas = {name: reading().scalar(sa.text(f"PRAGMA {name}")) for name in names}
            assert pragmas == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
