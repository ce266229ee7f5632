"""What every test stands on: the app on a real database (both kinds), a clock that tests set, and a client.

Each test that asks for `app` runs twice, on SQLite and on PostgreSQL, on a database freshly copied from a migrated one.
"""

import copy
import datetime as dt
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask

from tests import postgres
from volunteer import config, migrations, sealing
from volunteer.accounts import pages as accounts_pages
from volunteer.accounts import passwords
from volunteer.app import create_app
from volunteer.clock import SettableClock
from volunteer.config import Settings
from volunteer.database import db, metadata
from volunteer.reports import public

ZONE = ZoneInfo("Asia/Shanghai")
#: Sunday, 22 March 2026, 10:00 in Shanghai: where every test's clock starts.
START = dt.datetime(2026, 3, 22, 10, 0, tzinfo=ZONE)
API = "/api/v1"
KEYS = dict(sealing.generate_keys())


def read_settings(url: str, folder: Path, **more: str) -> Settings:
    """Return the settings that tests run with: those of production, with the demo sender and plain HTTP."""
    env = KEYS | {
        "VOLUNTEER_DATABASE_URL": url,
        "VOLUNTEER_DATA_DIR": str(folder),
        "VOLUNTEER_SMS": "demo",
        "VOLUNTEER_INSECURE_COOKIES": "1",
    }
    return config.read_settings(env | more)


#: Argon2 at production cost is most of a test's time; only tests/accounts/test_passwords.py looks at that cost.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[PasswordHasher]:
    """Hash cheaply in this process; gives the hasher of production to who tests it. Real servers are not touched."""
    production, passwords._HASHER = passwords._HASHER, CHEAP
    passwords._NOBODY = CHEAP.hash("nobody has this password")
    yield production
    passwords._HASHER = production


class Backend:
    """One kind of database, with a migrated template that `fresh` copies.

    It knows whether something was committed since it was fresh, so that a beginning that many tests share is made once
    and put back for the others (`remembered`).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app: Flask | None = None
        self.settings: Settings | None = None
        self.beginning: tuple[Any, ...] | None = None
        self.kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def url(self) -> str:
        """Return the URL of the database that tests use."""
        raise NotImplementedError  # pragma: no cover - the two below do

    def restore(self) -> None:
        """Put a copy of the template in its place."""
        raise NotImplementedError  # pragma: no cover - the two below do

    def fresh(self) -> Flask:
        """Return the app on an empty, migrated database, its clock at START."""
        if self.app is None:
            self.restore()
            self.settings = read_settings(self.url(), self.folder)
            self.app = create_app(self.settings, SettableClock(START))
            with self.app.app_context():
                sa.event.listen(db.engine, "commit", self._written)
        else:
            with self.app.app_context():
                db.engine.dispose()
            self.restore()
        assert self.settings
        config.install(self.settings)
        accounts_pages.LANDING[:] = [public.Kept()]  # figures of the test before, which its clock may call fresh
        self.app.extensions["clock"].set(START)
        self.beginning = ()
        return self.app

    def _written(self, _connection: sa.Connection) -> None:
        """What is in the database now is no beginning that others share."""
        self.beginning = None

    def remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives; where the same was made of the same beginning before, put its rows back instead.

        `make` may depend on nothing but the database, the clock and `key`, and gives plain values.
        """
        assert self.app
        began = self.beginning
        if began is None:
            return make()
        name = (*began, key, self.app.extensions["clock"].now())
        if name in self.kept:
            made, rows = self.kept[name]
            self.put_back(rows)
        else:
            made = make()
            self.kept[name] = made, self.rows()
        self.beginning = name
        return copy.deepcopy(made)

    def rows(self) -> Any:
        """Return all that is in the database."""
        raise NotImplementedError  # pragma: no cover - the two below do

    def put_back(self, rows: Any) -> None:
        """Put what `rows` gave in place of what is there."""
        raise NotImplementedError  # pragma: no cover - the two below do


class Sqlite(Backend):
    """SQLite: a file copied from a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.template = folder / "template.db"
        migrations.upgrade(f"sqlite:///{self.template}")

    def url(self) -> str:
        return f"sqlite:///{self.folder / 'test.db'}"

    def restore(self) -> None:
        for tail in ("", "-wal", "-shm"):
            (self.folder / f"test.db{tail}").unlink(missing_ok=True)
        shutil.copyfile(self.template, self.folder / "test.db")

    def rows(self) -> bytes:
        with closing(sqlite3.connect(self.folder / "test.db")) as connection:
            return connection.serialize()

    def put_back(self, rows: bytes) -> None:
        assert self.app
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for tail in ("-wal", "-shm"):
            (self.folder / f"test.db{tail}").unlink(missing_ok=True)
        (self.folder / "test.db").write_bytes(rows)


class Postgresql(Backend):
    """PostgreSQL: a database made from a template, on the server that all workers share.

    Copying a database costs checkpoints, so the next test gets the same one, emptied of what was written; one whose
    triggers were touched (tests that tamper with the ledger drop some) is made anew.
    """

    SHAPE = sa.text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")

    def __init__(self, folder: Path, server: postgres.Server) -> None:
        super().__init__(folder)
        self.server = server
        self.template = f"template_{os.getpid()}"
        self.name = f"work_{os.getpid()}"
        self.engine: sa.Engine | None = None
        self.shape = 0
        self.seeds: dict[str, list[dict[str, Any]]] = {}
        server.create_template(self.template, migrations.upgrade)

    def url(self) -> str:
        return self.server.url(self.name)

    def restore(self) -> None:
        if self.engine is not None and self._emptied(self.engine):
            return
        if self.engine is not None:
            self.engine.dispose()
        self.server.drop_database(self.name)
        self.server.create_database(self.name, self.template)
        self.engine = sa.create_engine(self.url())
        with self.engine.connect() as connection:
            self.shape = int(connection.scalar(self.SHAPE) or 0)
            self.seeds = {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }

    def _emptied(self, engine: sa.Engine) -> bool:
        """Put every table back as the migrations left it; False where the shape has changed."""
        with engine.begin() as connection:
            if connection.scalar(self.SHAPE) != self.shape:
                return False
            names = [table.name for table in metadata.sorted_tables]
            written = sa.text(" UNION ALL ".join(f"SELECT '{n}' WHERE EXISTS (SELECT 1 FROM {n})" for n in names))  # noqa: S608
            used = set(connection.scalars(written))
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for table in metadata.sorted_tables:
                if table.name in used:
                    connection.execute(table.delete())
                if self.seeds[table.name]:
                    connection.execute(table.insert(), self.seeds[table.name])
        return True

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        assert self.engine
        with self.engine.connect() as connection:
            found = {
                table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in metadata.sorted_tables
            }
        return {name: rows for name, rows in found.items() if rows != self.seeds[name]}

    def put_back(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        assert self.engine
        with self.engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for name, kept in rows.items():
                connection.execute(metadata.tables[name].delete())
                connection.execute(metadata.tables[name].insert(), kept)

    def close(self) -> None:
        """Let go of the database."""
        if self.engine is not None:
            self.engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.start() as server:
        yield server


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Backend]]:
    made: dict[str, Backend] = {}
    yield made
    for backend in made.values():
        if backend.app is not None:
            with backend.app.app_context():
                db.engine.dispose()
        if isinstance(backend, Postgresql):
            backend.close()


#: What takes minutes on one worker, the longest first: they begin, so that nobody waits for them at the end.
LONGEST = ("test_acceptance", "test_fuzz", "test_limits")
#: What asks the same of every route, or of a process that is killed, whatever the database: on PostgreSQL in
#: `make test-slow`.
SAME_ON_BOTH = ("pages", "t41_each_role", "killed_in_the_middle")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; leave pages and roles on PostgreSQL to slow: what they call runs on both every day."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    for item in items:
        spec = getattr(item, "callspec", None)
        is_same = any(word in item.path.stem + item.name for word in SAME_ON_BOTH)
        if is_same and spec is not None and spec.params.get("backend") == "postgresql":
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(
    request: pytest.FixtureRequest, backends: dict[str, Backend], tmp_path_factory: pytest.TempPathFactory
) -> Backend:
    name: str = request.param
    if name not in backends:
        folder = tmp_path_factory.mktemp(name)
        if name == "sqlite":
            backends[name] = Sqlite(folder)
        else:
            backends[name] = Postgresql(folder, request.getfixturevalue("postgres_server"))
    return backends[name]


@pytest.fixture
def app(backend: Backend) -> Flask:
    """The app on a fresh database; every test runs on both kinds."""
    return backend.fresh()


@pytest.fixture
def clock(app: Flask) -> SettableClock:
    found: SettableClock = app.extensions["clock"]
    return found


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes

    @property
    def codes(self) -> dict[str, str]:
        """The faults of a 422: field -> code."""
        return {fault["field"]: fault["code"] for fault in self.body["errors"]}


def as_form(name: str, data: bytes, **fields: str) -> tuple[bytes, str]:
    """Return a form with a file as a browser sends it, and its media type."""
    mark = "a-mark-between-parts"
    parts = [(f'name="{field}"', text.encode()) for field, text in fields.items()]
    parts.append((f'name="file"; filename="{name}"', data))
    body = b"".join(
        f"--{mark}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + part + b"\r\n" for head, part in parts
    )
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


class Api:
    """Speaks the HTTP contract with the app under test."""

    def __init__(self, app: Flask, backend: Backend | None = None) -> None:
        self.app = app
        self.backend = backend
        self.now = app.extensions["clock"].now

    def remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, made once for all tests that begin with it (`Backend.remembered`)."""
        return self.backend.remembered(key, make) if self.backend else make()

    def __call__(
        self, method: str, path: str, body: Any = None, token: str | None = None, expect: int | None = None, **more: Any
    ) -> Answer:
        """Send one request; `expect` asserts the status and shows the answer if it differs."""
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            more.update(data=json.dumps(body).encode(), content_type="application/json")
        response = self.app.test_client().open(API + path, method=method, headers=headers, **more)
        raw = response.get_data()
        is_json = "json" in (response.content_type or "") and raw
        answer = Answer(response.status_code, json.loads(raw) if is_json else None, dict(response.headers), raw)
        assert expect is None or answer.status == expect, (method, path, answer.status, answer.body)
        return answer

    def upload(self, path: str, name: str, data: bytes, token: str, expect: int | None = None, **fields: str) -> Answer:
        """Send a file as a form does."""
        body, kind = as_form(name, data, **fields)
        return self("POST", path, None, token, expect, data=body, content_type=kind)

    def login(self, phone: str, password: str) -> str:
        """Sign in; return the bearer token."""
        body = {"phone": phone, "password": password}
        token: str = self("POST", "/auth/login", body, expect=200).body["access_token"]
        return token

    def code(self, phone: str, purpose: str) -> str:
        """Ask for a code to a phone; return it (the demo sender shows it)."""
        sent = self("POST", "/auth/phone-codes", {"phone": phone, "purpose": purpose}, expect=202)
        code: str = sent.body["code"]
        return code


@pytest.fixture
def api(app: Flask, backend: Backend) -> Api:
    return Api(app, backend)


ADMIN_PHONE, ADMIN_PASSWORD = "13900000001", "Admin-2026-pass"


@pytest.fixture
def admin(app: Flask, api: Api) -> str:
    """The token of the first administrator."""
    from volunteer.accounts import service

    def make() -> str:
        with app.app_context():
            service.create_first_admin(ADMIN_PHONE, "管理员", ADMIN_PASSWORD, api.now())
        return api.login(ADMIN_PHONE, ADMIN_PASSWORD)

    return api.remembered("admin", make)
