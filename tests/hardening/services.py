"""A service started as in production, for tests that need real processes: gunicorn, two workers, a real database.

It can be stopped and started again on the same data, so that what must survive a restart is seen to.
"""

import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Answer, Backend, as_form
from tests.servers import send
from volunteer import sealing

START_SECONDS = 60.0
COMMAND = [sys.executable, "-m", "volunteer"]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Service:
    """A running service: where it listens, its environment and its log."""

    base: str
    environ: dict[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        expect: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request over the wire; `expect` asserts the status and shows the answer if it differs."""
        answer = send(self.base, method, path, body, token, **(headers or {}))
        told = self.log.read_text()[-3000:] if answer.status == 500 else answer.raw[:500].decode(errors="replace")
        assert expect is None or answer.status == expect, f"{method} {path}: {answer.status} {told}"
        return answer

    def upload(self, path: str, name: str, data: bytes, token: str, expect: int | None = None) -> Answer:
        """Send a file as a form does."""
        body, kind = as_form(name, data)
        return self("POST", path, body, token, expect, {"Content-Type": kind})

    def now(self) -> dt.datetime:
        """Return the present: the service reads the machine's clock."""
        return dt.datetime.now(dt.UTC)

    def login(self, phone: str, password: str, **headers: str) -> str:
        """Sign in; return the bearer token."""
        body = {"phone": phone, "password": password}
        token: str = self("POST", "/auth/login", body, expect=200, headers=headers).body["access_token"]
        return token

    def code(self, phone: str, purpose: str) -> str:
        """Ask for a code to a phone; return it (the demo sender shows it)."""
        sent = self("POST", "/auth/phone-codes", {"phone": phone, "purpose": purpose}, expect=202)
        code: str = sent.body["code"]
        return code

    def start(self) -> None:
        """Serve, and wait until it is ready."""
        port = self.base.rpartition(":")[2]
        serve = [*COMMAND, "serve", "--port", port, "--workers", "2", "--no-work"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(serve, env=self.environ, stdout=log, stderr=log, cwd=ROOT)
        end = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("the service did not start: " + self.log.read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as a service manager does, and wait until it has ended."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(START_SECONDS)
            self.process = None

    def restart(self) -> None:
        """Stop and start on the same data."""
        self.stop()
        self.start()

    def _is_ready(self) -> bool:
        with contextlib.suppress(ConnectionError, TimeoutError, urllib.error.URLError):
            return send(self.base, "GET", "/privacy-notice").status == 200
        return False


@contextmanager
def served(url: str, folder: Path, **more: str) -> Iterator[Service]:
    """Serve an empty, migrated database with one admin; end it with all its children at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VOLUNTEER_")}
    environ |= dict(sealing.generate_keys()) | {
        "VOLUNTEER_DATABASE_URL": url,
        "VOLUNTEER_DATA_DIR": str(folder),
        "VOLUNTEER_SMS": "demo",
        "VOLUNTEER_INSECURE_COOKIES": "1",
        "VOLUNTEER_ADMIN_PASSWORD": ADMIN_PASSWORD,
    }
    environ |= more
    for words in (("db", "upgrade"), ("admin", "create", "--phone", ADMIN_PHONE, "--name", "管理员")):
        subprocess.run([*COMMAND, *words], env=environ, check=True, capture_output=True, cwd=ROOT)
    service = Service(f"http://127.0.0.1:{_free_port()}", environ, folder / "serve.log")
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def served_on(backend: Backend, folder: Path, **more: str) -> Iterator[Service]:
    """Serve on a database of the given kind that nobody else uses."""
    server = getattr(backend, "server", None)
    if server is None:
        with served(f"sqlite:///{folder / 'served.db'}", folder, **more) as service:
            yield service
        return
    name = f"served_{os.getpid()}"
    server.drop_database(name)
    try:
        with served(server.create_database(name), folder, **more) as service:
            yield service
    finally:
        server.drop_database(name)


def _free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
