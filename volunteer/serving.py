"""What gunicorn does besides serving: it starts the worker that does jobs, and ends it with itself.

gunicorn reads this file by its path (`--config`), so it imports nothing of ours.
"""

import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_workers: list["subprocess.Popen[bytes]"] = []


def when_ready(_server: Any) -> None:
    """Start the worker once we listen."""
    _workers.append(subprocess.Popen([sys.executable, "-m", "volunteer", "work"], cwd=ROOT))


def on_exit(_server: Any) -> None:
    """End the worker; what it was doing is taken up by the next."""
    for worker in _workers:
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
