"""How long a roster of 100 000 rows takes and how much memory, against the bare reader on the same file.

Each step runs in a process of its own, so that its peak is its own: the bare reader; our reading; reading and judging
all rows; checking as the service does; writing all of it on SQLite. Memory is the process' own and its opener's.
"""

import datetime as dt
import json
import os
import resource
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

from volunteer import migrations, sealing
from volunteer.access import OPERATOR
from volunteer.app import create_app
from volunteer.config import read_settings
from volunteer.imports import service
from volunteer.imports.checking import check_roster
from volunteer.imports.reading import read_sheets
from volunteer.imports.rules_people import Known
from volunteer.imports.rules_states import Kind
from volunteer.units import service as units

ROWS = 100_000
LINE = "{:34} {:>8} {:>8} {:>9} {:>9}"
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
            cells = (f"某{chr(0x4E00 + number % 5000)}", sex, person, f"139{number:08}", f"U{number % 65}", "群众")
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
    known = Known({f"U{number}": uuid.UUID(int=number) for number in range(65)}, {}, {"群众": "13"})
    return len(check_roster(read_sheets(path.read_bytes()), known, dt.date(2026, 11, 22)).drafts)


def checking(path: Path) -> int:
    """Check the file as the service does, against who is known, and keep it sealed."""
    return _served(path, lambda now: service.upload(*_asked(path), now, at_once=True).valid)


def writing(path: Path) -> int:
    """Check the file and write all of it."""

    def run(now: dt.datetime) -> int:
        made = service.upload(*_asked(path), now, at_once=True)
        return service.commit(OPERATOR, made.id, {}, now, at_once=True).plan["created"]

    return _served(path, run)


def _asked(path: Path) -> tuple[Any, ...]:
    """Return what an upload is asked with."""
    return OPERATOR, Kind.VOLUNTEERS, path.name, path.read_bytes(), None


def _served(path: Path, run: Callable[[dt.datetime], int]) -> int:
    """Run on a fresh database with the units of the roster; only `run` is timed."""
    with tempfile.TemporaryDirectory(prefix="volunteer-bench-") as folder:
        env = dict(sealing.generate_keys()) | {"VOLUNTEER_DATA_DIR": folder}
        conf = read_settings(env)
        migrations.upgrade(conf.database_url)
        app = create_app(conf)
        with app.app_context():
            now = dt.datetime.now(dt.UTC)
            for number in range(65):
                body = {"code": f"U{number}", "name": f"单位{number}", "kind": "government"}
                units.add_unit(OPERATOR, body, now)
            STARTED[:] = [time.perf_counter()]
            return run(now)


STEPS: dict[str, tuple[str, Callable[[Path], int]]] = {
    "bare": ("the bare reader", bare),
    "reading": ("read, in a process apart", reading),
    "judging": ("read and judge every row", judging),
    "checking": ("check against who is known, keep", checking),
    "writing": ("check and write all", writing),
}
STARTED: list[float] = []


def report(rows: int = ROWS) -> None:
    """Print a line for each step."""
    print(f"\nA roster of {rows} rows (XLSX, 7 columns)")
    print(LINE.format("what", "s", "ratio", "own MB", "opener MB"))
    with tempfile.TemporaryDirectory(prefix="volunteer-bench-") as folder:
        path = Path(folder) / "roster.xlsx"
        write_roster(path, rows)
        base = 0.0
        for name, (title, _) in STEPS.items():
            command = [sys.executable, "-m", "tools.bench.imports", name, str(path)]
            told = subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": "."})
            found = json.loads(told.stdout)
            if found["rows"] != rows:
                raise RuntimeError(f"{name}: {found}")
            base = base or found["seconds"]
            ratio = f"{found['seconds'] / base:.1f}"
            print(LINE.format(title, f"{found['seconds']:.1f}", ratio, found["own_mb"], found["opener_mb"]))


def main() -> None:
    """Run one step and tell its figures, or report all."""
    if len(sys.argv) < 3:
        report(int(sys.argv[1]) if len(sys.argv) == 2 else ROWS)
        return
    STARTED[:] = [time.perf_counter()]
    rows = STEPS[sys.argv[1]][1](Path(sys.argv[2]))
    seconds = time.perf_counter() - STARTED[0]
    own, opener = (
        resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"rows": rows, "seconds": seconds, "own_mb": own, "opener_mb": opener}))


if __name__ == "__main__":
    main()
