"""A real service for the bench: gunicorn as in production, on SQLite (FULL) or a durable PostgreSQL."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from volunteer import sealing

ADMIN = ("13900000001", "Bench-2026-pass")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Service:
    """A running service and the processes whose CPU counts as its cost."""

    base: str
    environ: dict[str, str]
    process: subprocess.Popen[bytes]
    postgres_folder: str

    def cpu_ms(self) -> tuple[float, float]:
        """Return the CPU used so far in milliseconds: by gunicorn's processes, and by PostgreSQL's."""
        app = database = 0.0
        server = _server_pid(self.postgres_folder)
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                used, parent = _stat(folder)
                if int(folder.name) == self.process.pid or parent == self.process.pid:
                    app += used
                elif server and server in (int(folder.name), parent):
                    database += used
        return app, database


def _stat(folder: Path) -> tuple[float, int]:
    """Return CPU milliseconds and parent of a process, with those of its ended children; zeros for one just ended."""
    try:
        fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) * 1000 / TICKS, int(fields[1])
    except (OSError, IndexError):
        return 0.0, 0


def _server_pid(folder: str) -> int:
    """Return the pid of the PostgreSQL that runs in `folder`, 0 without one."""
    found = sorted(Path(folder).rglob("postmaster.pid")) if folder else []
    return int(found[0].read_text().split()[0]) if found else 0


@contextmanager
def running(database_url: str, folder: Path, postgres_folder: str = "", workers: int = 2) -> Iterator[Service]:
    """Migrate, make an admin, serve with workers of four threads; end all at the end."""
    keys = dict(sealing.generate_keys())
    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VOLUNTEER_")} | keys
    environ |= {
        "VOLUNTEER_DATABASE_URL": database_url,
        "VOLUNTEER_DATA_DIR": str(folder),
        "VOLUNTEER_SMS": "demo",
        "VOLUNTEER_INSECURE_COOKIES": "1",
        "VOLUNTEER_TRUSTED_PROXIES": "1",
        "VOLUNTEER_ADMIN_PASSWORD": ADMIN[1],
    }
    command = [sys.executable, "-m", "volunteer"]
    subprocess.run([*command, "db", "upgrade"], env=environ, check=True, capture_output=True)
    subprocess.run(
        [*command, "admin", "create", "--phone", ADMIN[0], "--name", "管理员"],
        env=environ,
        check=True,
        capture_output=True,
    )
    serve = [*command, "serve", "--port", str(port), "--workers", str(workers), "--no-work"]
    with (
        (folder / "serve.log").open("wb") as log,
        subprocess.Popen(serve, env=environ, stdout=log, stderr=log) as process,
    ):
        try:
            base = f"http://127.0.0.1:{port}"
            await_answer(base + "/readyz")
            yield Service(base, environ, process, postgres_folder)
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_answer(url: str, seconds: float = 120) -> None:
    """Wait until `url` answers 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + seconds
    while True:
        try:
            with opener.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
