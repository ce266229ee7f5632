"""A service in real processes, on a database that the test has built: for races that need more than threads.

    with running(url, workers=2, VOLUNTEER_TEST_PAUSE_MS="50") as base:
        at_once([lambda: send(base, "POST", path, {}, token) for token in tokens])

It has the keys of `tests.conftest` and the machine's clock: set the test's clock to the present before making tokens.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.conftest import API, KEYS, Answer

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 20.0
T = TypeVar("T")
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through http_proxy


@contextmanager
def running(url: str, workers: int = 2, demo: bool = False, work: bool = False, **env: str) -> Iterator[str]:
    """Serve the database at `url` as in production, with so many worker processes; yield the base URL.

    `demo` serves it as `make run` does, with two workers; `work` starts the worker for jobs too.

    The service and its workers are ended on the way out, whatever happened.
    """
    folder = Path(tempfile.mkdtemp(prefix="volunteer-serve-"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VOLUNTEER_")}
    environ |= KEYS | {
        "VOLUNTEER_DATABASE_URL": url,
        "VOLUNTEER_DATA_DIR": str(folder),
        "VOLUNTEER_SMS": "demo",
        "VOLUNTEER_INSECURE_COOKIES": "1",
    }
    port = _free_port()
    asked = ["demo", "serve"] if demo else ["serve", "--workers", str(workers), *([] if work else ["--no-work"])]
    command = [sys.executable, "-m", "volunteer", *asked, "--port", str(port)]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ | env, stdout=log, stderr=log, cwd=ROOT)
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}", workers, folder / "serve.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def send(base: str, method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> Answer:
    """Send one request to a running service; bytes go as they are, with the headers given."""
    request = urllib.request.Request(base + API + path, method=method, headers=headers)  # noqa: S310 - our own
    data = None
    if isinstance(body, bytes):
        data = body
    elif body is not None:
        data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _opener.open(request, data, timeout=60) as found:
            status, raw, got = found.status, found.read(), dict(found.headers)
    except urllib.error.HTTPError as error:
        with error:
            status, raw, got = error.code, error.read(), dict(error.headers)
    is_json = "json" in got.get("Content-Type", "") and raw
    return Answer(status, json.loads(raw) if is_json else None, got, raw)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at the same moment, a thread each; return their answers in order."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def _wait_until_ready(process: "subprocess.Popen[bytes]", base: str, workers: int, log: Path) -> None:
    """Wait until the service answers and all its workers are there."""
    end = time.monotonic() + START_SECONDS
    while not (_answers(base) and len(_children(process.pid)) >= workers):
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError("the service did not start: " + log.read_text()[-2000:])
        time.sleep(0.05)


def _answers(base: str) -> bool:
    try:
        with _opener.open(base + "/readyz", timeout=5):
            return True
    except (urllib.error.HTTPError, urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _children(pid: int) -> list[str]:
    """Return the ids of gunicorn's workers; the service has become gunicorn, and its other child does jobs."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    with contextlib.suppress(OSError):
        return [one for one in found if b"gunicorn" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return []


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the service, which ends its workers."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)


def _free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
