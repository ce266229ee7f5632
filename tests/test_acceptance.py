"""The main job, black box, as the outside judges it: three times on one database, against gunicorn, on both databases.

The script waits for a full minute in each run, so both databases are tried at the same time; it hardly uses the
processor, and `conftest.py` starts this test first. The script lies beside the repository (`../shared/acceptance`), or
under the folder that `VOLUNTEER_SHARED` names.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import postgres
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.hardening.services import Service, served

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3
RUN_SECONDS = 300


def script() -> Path:
    """Return the acceptance script; without it the test fails, never passes."""
    folder = Path(os.environ.get("VOLUNTEER_SHARED") or ROOT.parent / "shared")
    found = folder / "acceptance" / "main_job.py"
    if not found.is_file():
        pytest.fail(f"{found} is not there: put shared/ beside the repository, or name it in VOLUNTEER_SHARED")
    return found


def run(service: Service, path: Path) -> list[str]:
    """Run the script until it fails or has passed three times; return what went wrong, empty if nothing did."""
    for attempt in range(1, RUNS + 1):
        done = subprocess.run(
            [sys.executable, str(path), service.base, ADMIN_PHONE, ADMIN_PASSWORD],
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
        )
        lines = done.stdout.splitlines() or [""]
        if done.returncode or not lines[-1].endswith(" 0 failed"):
            faults = [line for line in lines if not line.startswith("ok ")]
            return [f"run {attempt}:", *faults, done.stderr[-2000:], service.log.read_text()[-3000:]]
    return []


def test_the_main_job_passes_three_times_on_both_databases(tmp_path: Path, postgres_server: postgres.Server) -> None:
    path, name = script(), postgres.unique_name()
    url = postgres_server.create_database(name)
    try:
        with (
            served(f"sqlite:///{tmp_path / 'sqlite' / 'served.db'}", tmp_path / "sqlite") as on_sqlite,
            served(url, tmp_path / "postgresql") as on_postgresql,
            ThreadPoolExecutor(2) as pool,
        ):
            sqlite, postgresql = (pool.submit(run, one, path) for one in (on_sqlite, on_postgresql))
            assert (sqlite.result(), postgresql.result()) == ([], [])
    finally:
        postgres_server.drop_database(name)
