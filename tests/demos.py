"""The demo's district, loaded once a run for everybody who looks at it: which costs as much as some hundred tests.

The first who asks loads it, by the machine's clock; the others wait, and all get a copy of their own.
"""

import datetime as dt
import fcntl
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from volunteer import config, demo, migrations
from volunteer.app import create_app
from volunteer.clock import SettableClock
from volunteer.database import db


@dataclass(frozen=True)
class District:
    """A loaded demo in a folder: its environment, when its story ended, how its loading told of itself, its cost.

    `cpu_s` is the processor's time, which a busy machine does not lengthen.
    """

    folder: Path
    environ: dict[str, str]
    now: dt.datetime
    progress: list[int]
    cpu_s: float

    @property
    def url(self) -> str:
        """Return the database's URL."""
        return f"sqlite:///{self.folder / 'volunteer.db'}"

    def app(self) -> Flask:
        """Make the app as the demo is served, its clock where the story ended."""
        return create_app(config.read_settings(self.environ), SettableClock(self.now))


def district(root: Path, folder: Path) -> District:
    """Return a copy in `folder`; `root` is shared by the workers of a run."""
    origin = root / "demo"
    origin.mkdir(exist_ok=True)
    with (root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (origin / "told.json").exists():
            _load(origin)
    for name in ("volunteer.db", "demo-keys.env", "told.json"):
        shutil.copyfile(origin / name, folder / name)
    told = json.loads((folder / "told.json").read_text())
    environ = demo.environment({"VOLUNTEER_DATA_DIR": str(folder)})
    return District(folder, environ, dt.datetime.fromisoformat(told["now"]), told["progress"], told["cpu_s"])


def _load(origin: Path) -> None:
    """Load the demo into an empty database, and note when and how."""
    now, progress = dt.datetime.now(dt.UTC), list[int]()
    settings = config.read_settings(demo.environment({"VOLUNTEER_DATA_DIR": str(origin)}))
    migrations.upgrade(settings.database_url)
    clock, begun = SettableClock(now), time.process_time()
    with create_app(settings, clock).app_context():
        assert demo.load(now, clock, progress.append)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    told = {"now": now.isoformat(), "progress": progress, "cpu_s": time.process_time() - begun}
    (origin / "told.json").write_text(json.dumps(told))
