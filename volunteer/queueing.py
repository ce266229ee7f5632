"""The queue that wakes the worker: huey, on SQLite beside the database or in PostgreSQL; and the worker itself.

The queue holds nothing but "look for work"; jobs are rows (`volunteer.jobs`), so a lost message costs a minute at most.
The worker is a process that runs the consumer, below one that starts it again when it dies. Source: stack.md G34.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, Final

from flask import Flask
from huey import PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from volunteer import jobs
from volunteer.config import Settings, settings

log = logging.getLogger(__name__)
NAME: Final = "volunteer"
DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG
RESTART_SECONDS: Final = 1.0


def make_queue(conf: Settings) -> Any:
    """Return the queue of an installation."""
    if conf.database_url.startswith("sqlite"):
        folder = Path(conf.database_url.removeprefix("sqlite:///")).parent
        folder.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(NAME, filename=str(folder / "jobs.db"), results=False)
    return PostgresHuey(NAME, dsn=conf.database_url.replace("+psycopg", "", 1), results=False)


def wake() -> None:
    """Tell a worker to look for work; a connection of its own, since this happens a few times a day."""
    queue = make_queue(settings())
    try:
        _tasks(queue, None)()
    finally:
        queue.storage.close()


def _tasks(queue: Any, app: Flask | None) -> Any:
    """Declare the one task on a queue: look for work, when woken and every minute; return what queues it."""

    def look() -> None:
        if app is not None:
            jobs.run_due(app)

    queue.periodic_task(crontab(minute="*"), name="look-every-minute")(look)
    return queue.task(name="look")(look)


def work(app: Flask) -> None:
    """Do jobs until told to stop, in a child process that is started again whenever it dies."""
    _end_with_parent()
    child = 0

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if child:
            os.kill(child, signal.SIGTERM)
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    while True:
        child = os.fork()
        if child == 0:
            _consume(app)
        os.waitpid(child, 0)
        log.warning("the worker has died; another one starts")
        time.sleep(RESTART_SECONDS)


def _consume(app: Flask) -> None:
    """Be the worker: one thread that does jobs, one that wakes it every minute."""
    _end_with_parent()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    queue = make_queue(settings())
    _tasks(queue, app)()  # what an earlier worker has left
    Consumer(queue, workers=1, scheduler_interval=1, max_delay=0.5, check_worker_health=True).run()
    os._exit(0)


def _end_with_parent() -> None:
    """Ask the kernel to end this process when the one above it is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
    if os.getppid() == 1:
        sys.exit(0)
