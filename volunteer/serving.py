"""What gunicorn does besides serving: it starts the worker that does jobs, ends it with itself, and spares its own.

gunicorn reads this file by its path (`--config`), so it imports nothing of ours.
"""

import contextlib
import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
M_MMAP_THRESHOLD, LARGE = -3, 1024 * 1024
M_ARENA_MAX, ARENAS = -8, 2
ALONE = "SERVE_WITHOUT_WORKER"
_workers: list["subprocess.Popen[bytes]"] = []

#: gunicorn's setting: the service is loaded once, and the workers that are forked from it share what they only read.
#: Nothing is opened while it loads (`tests/test_serving.py`); new code or settings take a restart, not a HUP.
preload_app = True


def when_ready(_server: Any) -> None:
    """Prepare what the workers inherit, and start the worker for jobs, unless it runs elsewhere (`ALONE`)."""
    _spare()
    if os.environ.get(ALONE):
        return
    _workers.append(subprocess.Popen([sys.executable, "-m", "volunteer", "work"], cwd=ROOT))


def _spare() -> None:
    """Take what was loaded out of the search for garbage: it stays, and every full search would walk it for 0.1 s.

    A search would write to it, too, and what a worker writes to is no longer shared. And let large blocks go back to
    the system at once, and threads share their small ones: a password's hash takes 19 MB, and glibc would keep as much
    for every thread that ever made one.
    """
    gc.collect()
    gc.freeze()
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
        libc.mallopt(M_ARENA_MAX, ARENAS)


def on_exit(_server: Any) -> None:
    """End the worker; what it was doing is taken up by the next."""
    for worker in _workers:
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
