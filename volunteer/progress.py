"""How far a running job is, told while its transaction is still open, and seen by whoever asks.

On SQLite nobody else can write while the job does, so it stands in a small file beside the database, where every
process of the one machine sees it, and no check-in waits for it. On PostgreSQL it stands in the job's row, written
through a connection of its own (`volunteer.jobs`). What stands here may be lost: it decides nothing. Source: adr/0015.
"""

import contextlib
import os
import uuid
from pathlib import Path
from typing import Final

from volunteer.config import settings

FOLDER: Final = "progress"


def is_apart() -> bool:
    """Whether progress stands apart from the database."""
    return settings().database_url.startswith("sqlite")


def put(job_id: uuid.UUID, done: int, total: int) -> None:
    """Tell how far a job is; who reads at that moment sees this or what stood before, never half of it."""
    path = _path(job_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{done} {total}", encoding="ascii")
    os.replace(fresh, path)


def read(job_id: uuid.UUID) -> tuple[int, int] | None:
    """Return what was told last of a job; None where nothing was, or where it does not stand apart."""
    if not is_apart():
        return None
    with contextlib.suppress(OSError, ValueError):
        done, total = _path(job_id).read_text(encoding="ascii").split()
        return int(done), int(total)
    return None


def forget(job_id: uuid.UUID) -> None:
    """Forget what was told of a job that begins again, or is over."""
    if is_apart():
        _path(job_id).unlink(missing_ok=True)


def _path(job_id: uuid.UUID) -> Path:
    """Return where it stands."""
    return Path(settings().database_url.removeprefix("sqlite:///")).parent / FOLDER / job_id.hex
