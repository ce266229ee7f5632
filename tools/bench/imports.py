"""How long a roster of 100 000 rows takes and how much memory, against the bare reader on the same file.

Each step runs in a process of its own, so that its peak is its own: the bare reader; our reading; reading and judging
all rows; then, on SQLite and on a durable PostgreSQL, checking as the service does, and the commit. Beside the commit
another process writes a small row every 50 ms, as a door with a queue does; "door s" is the longest that one of them
took: on SQLite the time for which the writer was held. CPU and memory are the process' own and its opener's.
"""

import datetime as dt
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter
from flask import Flask

from tests import postgres
from volunteer import audit, migrations, sealing
from volunteer.access import OPERATOR
from volunteer.app import create_app
from volunteer.config import read_settings
from volunteer.database import transaction
from volunteer.imports import service
from volunteer.imports.checking import check_roster
from volunteer.imports.reading import read_sheets
from volunteer.imports.rules_people import Known
from volunteer.imports.rules_states import Kind
from volunteer.units import service as units

ROWS = 100_000
UNITS = 65
DOOR_SECONDS = 0.05
LINE = "{:46} {:>7} {:>7} {:>7} {:>9} {:>9} {:>8}"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def resident_id(number: int) -> str:
    """Return a made-up, well-formed identity number, another one for each number."""
    born = dt.date(1950, 1, 1) + dt.timedelta(days=number // 1000)
    body = f"110101{born:%Y%m%d}{number % 1000:03}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def write_roster(path: Path, rows: int) -> None:
    """Write a roster with the columns that rosters have."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        header = ("序号", "姓名", "性别", "身份证号", "手机号", "单位代码", "政治面貌")
        for column, text in enumerate(header):
            sheet.write_string(0, column, text)
        for number in range(rows):
            sheet.write_number(number + 1, 0, number + 1)
            person = resident_id(number)
            sex = "男" if int(person[16]) % 2 else "女"
            cells = (f"某{chr(0x4E00 + number % 5000)}", sex, person, f"139{number:08}", f"U{number % UNITS}", "群众")
            for column, text in enumerate(cells, 1):
                sheet.write_string(number + 1, column, text)


def bare(path: Path) -> int:
    """Read all cells with the library alone."""
    with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
        return sum(1 for _ in book.get_sheet_by_index(0).iter_rows()) - 1


def reading(path: Path) -> int:
    """Read the file as we do: in a process apart, every cell told."""
    return len(read_sheets(path.read_bytes())[0].lines) - 1


def judging(path: Path) -> int:
    """Read the file and judge all rows."""
    known = Known({f"U{number}": uuid.UUID(int=number) for number in range(UNITS)}, {}, {"群众": "13"})
    return len(check_roster(read_sheets(path.read_bytes()), known, dt.date(2026, 11, 22)).drafts)


def laying(_: Path) -> int:
    """Make the database, with the units of the roster."""
    migrations.upgrade(read_settings(os.environ).database_url)
    with _app().app_context():
        for number in range(UNITS):
            body = {"code": f"U{number}", "name": f"单位{number}", "kind": "government"}
            units.add_unit(OPERATOR, body, dt.datetime.now(dt.UTC))
    return UNITS


def checking(path: Path) -> int:
    """Check the file as the service does, against who is known, and keep it sealed."""
    with _app().app_context():
        STARTED[:] = [time.perf_counter(), _cpu()]
        now = dt.datetime.now(dt.UTC)
        return service.upload(OPERATOR, Kind.VOLUNTEERS, path.name, path.read_bytes(), None, now, at_once=True).valid


def committing(_: Path) -> int:
    """Commit what was checked last: judged again, sealed, written."""
    with _app().app_context():
        STARTED[:] = [time.perf_counter(), _cpu()]
        (checked, *_others) = service.list_imports(OPERATOR, 1, None)
        return service.commit(OPERATOR, checked.id, {}, dt.datetime.now(dt.UTC), at_once=True).plan["created"]


def waiting(_: Path) -> int:
    """Write one small row after the other until the input ends, as a door does; tell the longest time of one, in ms."""
    longest = 0.0
    with _app().app_context():
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], DOOR_SECONDS)[0]:
            begun = time.perf_counter()
            with transaction() as session:
                audit.record(session, OPERATOR, dt.datetime.now(dt.UTC), "bench.door", ("unit", None))
            longest = max(longest, time.perf_counter() - begun)
    return round(longest * 1000)


def _cpu() -> float:
    """Return the CPU time of this process and its opener so far, in seconds; PostgreSQL's own is not in it."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _app() -> Flask:
    """Return the service on the bench's database."""
    return create_app(read_settings(os.environ))


STEPS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "bare": ("the bare reader", bare),
    "reading": ("read, in a process apart", reading),
    "judging": ("read and judge every row", judging),
    "laying": ("", laying),
    "checking": ("check against who is known, keep", checking),
    "committing": ("judge again, seal, write", committing),
    "waiting": ("", waiting),
}
STARTED: list[float] = []


def report(rows: int = ROWS) -> None:
    """Print a line for each step, on both databases where one takes part."""
    print(f"\nA roster of {rows} rows (XLSX, 7 columns)")
    print(LINE.format("what", "s", "CPU s", "ratio", "own MB", "opener MB", "door s"))
    with tempfile.TemporaryDirectory(prefix="volunteer-bench-") as folder:
        path = Path(folder) / "roster.xlsx"
        write_roster(path, rows)
        base = 0.0
        for name in ("bare", "reading", "judging"):
            found = _run(name, path, rows)
            base = base or found["seconds"]
            _show(STEPS[name][0], found, base)
        keys = dict(sealing.generate_keys())
        sqlite = keys | {"VOLUNTEER_DATA_DIR": folder}
        _report_database("SQLite", path, rows, base, sqlite)
        with postgres.start(durable=True, key="bench") as server:
            url = server.create_database("bench_imports")
            _report_database("PostgreSQL", path, rows, base, sqlite | {"VOLUNTEER_DATABASE_URL": url})


def _report_database(title: str, path: Path, rows: int, base: float, env: dict[str, str]) -> None:
    """Check and commit on one database, the commit beside a door that writes."""
    _run("laying", path, UNITS, env)
    _show(f"{title}: {STEPS['checking'][0]}", _run("checking", path, rows, env), base)
    with _started("waiting", path, env) as door:
        assert door.stdout is not None  # noqa: S101 - it is a pipe
        door.stdout.readline()
        found = _run("committing", path, rows, env)
        told, _ = door.communicate(b"")
    _show(f"{title}: {STEPS['committing'][0]}", found, base, f"{json.loads(told)['rows'] / 1000:.2f}")


def _run(name: str, path: Path, rows: int, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run one step in a process of its own; return its figures."""
    with _started(name, path, env or {}) as step:
        told, _ = step.communicate()
    if step.returncode:
        raise RuntimeError(f"{name} has failed")
    found: dict[str, Any] = json.loads(told)
    if found["rows"] != rows:
        raise RuntimeError(f"{name}: {found}")
    return found


def _started(name: str, path: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start one step in a process of its own."""
    command = [sys.executable, "-m", "tools.bench.imports", name, str(path)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env=os.environ | env | {"PYTHONPATH": "."})


def _show(title: str, found: dict[str, Any], base: float, door: str = "") -> None:
    """Print one line."""
    ratio = f"{found['seconds'] / base:.1f}"
    spent = (f"{found['seconds']:.1f}", f"{found['cpu']:.1f}", ratio)
    print(LINE.format(title, *spent, found["own_mb"], found["opener_mb"], door), flush=True)


def main() -> None:
    """Run one step and tell its figures, or report all."""
    if len(sys.argv) < 3:
        report(int(sys.argv[1]) if len(sys.argv) == 2 else ROWS)
        return
    STARTED[:] = [time.perf_counter(), _cpu()]
    rows = STEPS[sys.argv[1]][1](Path(sys.argv[2]))
    seconds, cpu = time.perf_counter() - STARTED[0], _cpu() - STARTED[1]
    own, opener = (
        resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu, "own_mb": own, "opener_mb": opener}))


if __name__ == "__main__":
    main()
