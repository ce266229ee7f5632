"""Work that takes too long for an answer: kept as rows, done by a worker, seen by who asked, never lost, never twice.

A job is added in the transaction of the deed that needs it. The worker (`volunteer work`) is woken through a queue
(`volunteer.queueing`), which may forget: what counts are the rows, and the worker looks them through every minute. A
job whose worker has died is taken up again by the next; a handler must therefore find out for itself, under a lock,
whether its work was done. Source: contract, Imports; stack.md G34.
"""

import datetime as dt
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, Session, mapped_column

from volunteer import progress
from volunteer.database import Base, after_commit, done_reading, new_id, one_of, reading, transaction

log = logging.getLogger(__name__)
MOST_TRIES: Final = 3
BEAT_SECONDS: Final = 5.0
#: Whoever has not been heard of for so long is taken for dead, if they run on another machine.
STALE: Final = dt.timedelta(minutes=2)
TICK_SECONDS: Final = 0.5
Tick = Callable[[int, int], None]


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work about one thing. `done` of `total` is its progress; `worker` is host and process."""

    __tablename__ = "jobs"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(sa.String(10))
    attempts: Mapped[int]
    done: Mapped[int]
    total: Mapped[int]
    worker: Mapped[str | None] = mapped_column(sa.String(120))
    created_at: Mapped[dt.datetime]
    beat_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        one_of("state", JobState),
        sa.Index("ix_jobs_subject_id", "subject_id"),
        sa.Index("ix_jobs_state", "state", "id"),
    )


@dataclass(frozen=True, slots=True)
class Handler:
    """What does a job.

    Attributes:
        run: does it, given the thing, the time and how to tell progress.
        give_up: what follows the last failed try: the thing must not look as if it were still being worked on.
    """

    run: Callable[[uuid.UUID, dt.datetime, Tick], None]
    give_up: Callable[[uuid.UUID, dt.datetime], None]


#: Name -> handler; the rooms' are put here by `app`.
HANDLERS: dict[str, Handler] = {}
#: Wakes a worker; filled by `app`.
WAKE: list[Callable[[], None]] = []
#: What the worker does at every look besides jobs: work whose rows are kept elsewhere. Filled by `app`.
LOOKS: list[Callable[[dt.datetime], object]] = []


def add(session: Session, name: str, subject_id: uuid.UUID, now: dt.datetime) -> None:
    """Add a job in the transaction under way; a worker is woken once it is safe."""
    waiting = JobState.WAITING.value
    job = Job(id=new_id(), name=name, subject_id=subject_id, state=waiting, attempts=0, done=0, total=0, created_at=now)
    session.add(job)
    session.flush()
    after_commit(wake)


def wake() -> None:
    """Wake a worker; one who cannot be woken looks for work by itself."""
    for wake in WAKE:
        try:
            wake()
        except Exception:
            log.exception("a worker could not be woken")


def progress_of(subject_id: uuid.UUID) -> tuple[int, int]:
    """Return how much of the newest job about a thing is done, and of how much; zeros where nobody knows yet."""
    query = sa.select(Job.id, Job.done, Job.total).where(Job.subject_id == subject_id).order_by(Job.id.desc()).limit(1)
    row = reading().execute(query).one_or_none()
    return progress.read(row.id) or (row.done, row.total) if row else (0, 0)


def list_jobs(limit: int = 50) -> list[Job]:
    """Return the newest jobs, with how far they are: what waits, runs, is done or has failed."""
    found = list(reading().scalars(sa.select(Job).order_by(Job.id.desc()).limit(limit)))
    for job in found:
        reading().expunge(job)
        job.done, job.total = progress.read(job.id) or (job.done, job.total)
    return found


def run_due(app: Flask) -> int:
    """Do every job that waits, or whose worker has died, one after another; return how many were tried.

    Between them comes whatever else the worker looks after, so that a message does not wait for a row of imports.
    """
    count = 0
    while True:
        with app.app_context():
            clock = app.extensions["clock"]
            _look(clock.now())
            job_id = _take(clock.now())
            if job_id is None:
                return count
            _do(app, job_id)
            count += 1


def _look(now: dt.datetime) -> None:
    """Do what is looked after besides jobs; what fails there keeps no job from being done."""
    for look in LOOKS:
        try:
            look(now)
        except Exception:
            log.exception("a look has failed")


def _take(now: dt.datetime) -> uuid.UUID | None:
    """Take the oldest job that nobody works on; None where there is none."""
    with transaction() as session:
        query = sa.select(Job).where(Job.state.in_((JobState.WAITING.value, JobState.RUNNING.value))).order_by(Job.id)
        for job in session.scalars(query.with_for_update(skip_locked=True)):
            if job.state == JobState.WAITING or _is_abandoned(job, now):
                job.state, job.worker, job.beat_at = JobState.RUNNING.value, _own_name(), now
                job.attempts, job.done, job.total = job.attempts + 1, 0, 0
                progress.forget(job.id)
                return job.id
    return None


def _own_name() -> str:
    """Return host and process."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}"


def _is_abandoned(job: Job, now: dt.datetime) -> bool:
    """Whether the worker of a running job has died: its process is gone, or it was not heard of for long."""
    host, _, pid = (job.worker or ":0").rpartition(":")
    if host == socket.gethostname()[:100]:
        return int(pid) != os.getpid() and not _is_alive(int(pid))
    return job.beat_at is None or job.beat_at < now - STALE


def _is_alive(pid: int) -> bool:
    """Whether there is such a process on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _do(app: Flask, job_id: uuid.UUID) -> None:
    """Do a taken job and note how it ended; after the last failure, give it up."""
    clock = app.extensions["clock"]
    job = reading().get_one(Job, job_id, populate_existing=True)
    name, subject_id, attempts = job.name, job.subject_id, job.attempts
    done_reading()
    handler, error = HANDLERS[name], None
    try:
        if attempts > MOST_TRIES:
            error = "its worker died each time"
        else:
            with _beating(app, job_id):
                handler.run(subject_id, clock.now(), _ticker(app, job_id))
    except Exception as failure:
        log.exception("job %s %s failed, try %s", name, job_id, attempts)
        error = f"{type(failure).__name__}"
    is_over = error is None or attempts >= MOST_TRIES
    if error is not None and is_over:
        handler.give_up(subject_id, clock.now())
    state = JobState.DONE if error is None else JobState.FAILED if is_over else JobState.WAITING
    with transaction() as session:
        values = {"state": state.value, "error": error, "finished_at": clock.now() if is_over else None}
        if told := progress.read(job_id):
            values |= {"done": told[0], "total": told[1]}
        session.execute(sa.update(Job).where(Job.id == job_id).values(**values))
    progress.forget(job_id)


@contextmanager
def _beating(app: Flask, job_id: uuid.UUID) -> Iterator[None]:
    """Say every few seconds that the job is being worked on."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            _note(app, job_id, beat_at=app.extensions["clock"].now())

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _ticker(app: Flask, job_id: uuid.UUID) -> Tick:
    """Return what notes progress, a few times a second at most, inside a transaction of the job's own too."""
    last = 0.0

    def tick(done: int, total: int) -> None:
        nonlocal last
        if done >= total or time.monotonic() - last >= TICK_SECONDS:
            last = time.monotonic()
            _tell(app, job_id, done, total)

    return tick


def _tell(app: Flask, job_id: uuid.UUID, done: int, total: int) -> None:
    """Tell how far a running job is, where others see it while its transaction is open."""
    if progress.is_apart():
        progress.put(job_id, done, total)
    else:
        _note(app, job_id, done=done, total=total)


def _note(app: Flask, job_id: uuid.UUID, **values: object) -> None:
    """Write to the row of a running job, in a session of its own."""
    with app.app_context(), transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(**values))


def forget_old(now: dt.datetime) -> int:
    """Delete jobs that were over 30 days ago; return how many."""
    with transaction() as session:
        result = session.execute(sa.delete(Job).where(Job.finished_at < now - dt.timedelta(days=30)))
        return int(result.rowcount)  # type: ignore[attr-defined]
