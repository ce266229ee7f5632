"""A fair queue for SQLite's single writer, over threads and processes.

SQLite's own busy handler sleeps and is unfair: with four processes one writer waited four seconds (perf.md §3).
Here the writers of one process stand in line (first come, first served), and the process at the head of its own line
waits on a file lock for the others. The kernel frees that lock if a process dies. Source: decisions 18.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WriterQueue:
    """One line of writers for one database file."""

    def __init__(self, lock_file: Path) -> None:
        self._path = lock_file
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False
        self._descriptor = -1
        self._pid = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for our turn, hold it for the block, and pass it on."""
        self._enter()
        try:
            descriptor = self._open()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            self._leave()

    def _enter(self) -> None:
        """Take the head of the line of this process, or wait to be called."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        called.wait()

    def _leave(self) -> None:
        """Call the next in line; the place stays taken in its name, so nobody can jump the queue."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False

    def _open(self) -> int:
        """Open the lock file once a process: a descriptor inherited by a fork would share its parent's lock."""
        if self._descriptor < 0 or self._pid != os.getpid():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._pid = os.getpid()
        return self._descriptor
