"""What a bare Flask view and a bare database cost on this machine: the limits beside which check-ins are shown.

The view has no duties: it inserts one row, durably, over a connection of its own thread, by psycopg or sqlite3. The
database's limit is the same statement without HTTP. Both count the rows afterwards: a figure never counts refusals.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, request

from tools.bench.service import Service, await_answer, free_port

CREATE = "CREATE TABLE IF NOT EXISTS bare_scans (id TEXT PRIMARY KEY, code TEXT, at TEXT)"
INSERT = "INSERT INTO bare_scans VALUES ({0}, {0}, {0}) ON CONFLICT DO NOTHING"
COUNT = "SELECT count(*) FROM bare_scans"
_kept = threading.local()


def connect(url: str) -> Any:
    """Return a connection that commits each statement durably."""
    if url.startswith("sqlite"):
        found = sqlite3.connect(url.removeprefix("sqlite:///") + ".bare", isolation_level=None, timeout=60)
        found.execute("PRAGMA journal_mode=WAL")
        found.execute("PRAGMA synchronous=FULL")
        return found
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is measured

    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True, prepare_threshold=1)


def insert(connection: Any, url: str, code: str) -> None:
    """Insert one row."""
    mark = "?" if url.startswith("sqlite") else "%s"
    connection.execute(INSERT.format(mark), (str(uuid.uuid4()), code, str(time.time())))


def make_app() -> Flask:
    """Return the bare service."""
    app, url = Flask(__name__), os.environ["BARE_URL"]

    @app.get("/readyz")
    def ready() -> str:
        return "ok"

    @app.post("/api/v1/bare")
    def bare() -> Any:
        if not hasattr(_kept, "connection"):
            _kept.connection = connect(url)
        insert(_kept.connection, url, request.get_json()["volunteer_code"])
        return {"outcome": "checked_in"}, 201

    return app


@contextmanager
def bare_service(url: str, folder: Path, postgres_folder: str) -> Iterator[Service]:
    """Serve the bare view with two workers of four threads, as the real service is served."""
    connect(url).execute(CREATE)
    port, environ = free_port(), os.environ | {"BARE_URL": url}
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "4", "--keep-alive", "30"]
    command += ["-b", f"127.0.0.1:{port}", "tools.bench.limits:make_app()"]
    with (
        (folder / "bare.log").open("wb") as log,
        subprocess.Popen(command, env=environ, stdout=log, stderr=log) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}"
            await_answer(base + "/readyz")
            yield Service(base, environ, process, postgres_folder)
        finally:
            process.terminate()
            process.wait(30)


def rows(url: str) -> int:
    """Return how many rows were inserted."""
    return int(connect(url).execute(COUNT).fetchone()[0])


def scans(url: str) -> int:
    """Return how many scans the service has stored."""
    query = "SELECT count(*) FROM scans"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)) as connection:
            return int(connection.execute(query).fetchone()[0])
    with closing(connect(url)) as connection:
        return int(connection.execute(query).fetchone()[0])


def database_alone(url: str, count: int) -> tuple[float, float]:
    """Insert `count` rows one after another; return rows a second and this process's CPU in ms a row."""
    connection = connect(url)
    connection.execute(CREATE)
    begun, used = time.perf_counter(), time.process_time()
    for number in range(count):
        insert(connection, url, json.dumps(number))
    return count / (time.perf_counter() - begun), (time.process_time() - used) * 1000 / count
