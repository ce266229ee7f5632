"""What each search for anomalies costs over the longest period, on both databases: time, statements, memory.

Each search runs in a process of its own, so that its peak is its own; `memory` is what the process grew by. The limit
beside them is one reading of every scan's id, person and time by the driver alone.
"""

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from tests import postgres
from tools.bench import town
from volunteer import migrations, sealing
from volunteer.access import OPERATOR
from volunteer.anomalies import searching, service
from volunteer.anomalies.rules import FindingKind, Thresholds
from volunteer.app import create_app
from volunteer.config import read_settings
from volunteer.database import db, transaction

LINE = "{:34} {:>8} {:>6} {:>10} {:>8}"
LAST = town.FIRST + dt.timedelta(days=town.DAYS - 1)
NOW = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def report() -> None:
    """Print a table for each database."""
    keys = dict(sealing.generate_keys())
    with tempfile.TemporaryDirectory(prefix="volunteer-bench-") as folder:
        _report("SQLite", f"sqlite:///{Path(folder) / 'town.db'}", keys | {"VOLUNTEER_DATA_DIR": folder})
        with postgres.start(durable=True, key="bench-anomalies") as server:
            url = server.create_database("town")
            _report("PostgreSQL", url, keys | {"VOLUNTEER_DATA_DIR": folder})


def _report(title: str, url: str, env: dict[str, str]) -> None:
    """Fill one database and print what searching it costs."""
    env = env | {"VOLUNTEER_DATABASE_URL": url}
    _run(env, "fill")
    attendances = town.SHIFTS * town.PER_SHIFT
    print(f"\nAnomalies of {town.DAYS} days: {attendances} attendances, {attendances * 5} scans, {title}")
    print(LINE.format("what", "s", "SQL", "memory MB", "found"))
    for name in STEPS:
        found = _run(env, name)
        print(LINE.format(name, f"{found['seconds']:.2f}", found["statements"], found["grown_mb"], found["found"]))


def _run(env: dict[str, str], name: str) -> Any:
    """Run one step in a process of its own."""
    command = [sys.executable, "-m", "tools.bench.anomalies", name]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("VOLUNTEER_")}
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environ | env | {"PYTHONPATH": "."})
    return json.loads(told.stdout)


def _fill() -> int:
    """Fill the database, and let the planner see it."""
    with transaction() as session:
        town.fill(session)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    return 0


def _limit() -> int:
    """Read what the searches read, once, and do nothing with it."""
    with transaction() as session:
        return len(session.execute(sa.text("SELECT id, person_id, judged_at FROM scans")).all())


def _search(number: int, kind: FindingKind) -> Callable[[], int]:
    """Return one search, which must find what was planted."""

    def run() -> int:
        with transaction() as session:
            ground = searching.Ground(session, searching.period_of(town.FIRST, LAST), Thresholds())
            found = list(searching.SEARCHES[number](ground))
        if len(found) < town.PLANTED[kind] or any(one.kind is not kind for one in found):
            raise RuntimeError(f"{kind}: {len(found)} found, {town.PLANTED[kind]} planted")
        return len(found)

    return run


def _night() -> int:
    """Search the last days, as every night."""
    return service.look_nightly(dt.datetime.combine(LAST, dt.time(12), dt.UTC))


def _all() -> int:
    """Search all, and write down what was found."""
    return service.look(OPERATOR, town.FIRST, LAST, NOW).fresh


STEPS: dict[str, Callable[[], int]] = {
    "limit: read every scan once": _limit,
    **{kind.value: _search(number, kind) for number, kind in enumerate(FindingKind)},
    "all, written down": _all,
    "all again, nothing new": _all,
    "the last 7 days, as every night": _night,
}


def main() -> None:
    """Run one step and tell its figures, or report all."""
    if len(sys.argv) < 2:
        report()
        return
    conf = read_settings(dict(os.environ))
    if sys.argv[1] == "fill":
        migrations.upgrade(conf.database_url)
    app, statements = create_app(conf), list[str]()
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        found = (STEPS | {"fill": _fill})[sys.argv[1]]()
        seconds = time.perf_counter() - begun
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    print(json.dumps({"found": found, "seconds": seconds, "statements": len(statements), "grown_mb": grown}))


if __name__ == "__main__":
    main()
