"""Requests that meet inside the database: each is held before it commits until all others are there or wait for a lock.

    with meeting(app, len(calls)):
        answers = at_once(calls)

A race between reading and committing is so run for certain, not now and then. `names_unlocked` is for the control: the
same race with the locks on names off.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from volunteer.database import db

MOST_SECONDS = 20.0
#: Whoever waits for a name or a row; not who waits a moment for a table to grow.
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND wait_event IN ('advisory', 'transactionid', 'tuple')"
)


@contextmanager
def meeting(app: Flask, size: int) -> Iterator[None]:
    """Hold the first commit of each of `size` threads until the rest have come as far, or wait for a lock."""
    with app.app_context():
        looking = sa.create_engine(db.engine.url, poolclass=NullPool)
    came: set[int] = set()
    guard = threading.Lock()

    def is_met() -> bool:
        with looking.connect() as connection:
            return len(came) + int(connection.scalar(WAITING) or 0) >= size

    def hold(_session: Session) -> None:
        with guard:
            if threading.get_ident() in came:
                return
            came.add(threading.get_ident())
        end = time.monotonic() + MOST_SECONDS
        while not is_met():
            assert time.monotonic() < end, "the others neither came nor wait"

    event.listen(Session, "before_commit", hold)
    try:
        yield
    finally:
        event.remove(Session, "before_commit", hold)


@contextmanager
def names_unlocked(app: Flask) -> Iterator[None]:
    """Let locks on names be given at once by PostgreSQL: another function stands before its own."""
    with app.app_context():
        engine = db.engine
    name = engine.dialect.identifier_preparer.quote(str(engine.url.database))

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    run(
        "CREATE SCHEMA unlocked",
        "CREATE FUNCTION unlocked.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS ''",
        f"ALTER DATABASE {name} SET search_path = unlocked, pg_catalog, public",
    )
    try:
        yield
    finally:
        run(f"ALTER DATABASE {name} RESET search_path", "DROP SCHEMA unlocked CASCADE")
