"""A real server on SQLite, a town's small world in it, and Debian's Chromium."""

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Answer, Api, Sqlite, read_settings
from tests.e2e.visitor import LOOKED, Visitor
from tests.servers import running
from volunteer import config
from volunteer.accounts import service as accounts
from volunteer.app import create_app
from volunteer.clock import SettableClock
from volunteer.config import Settings
from volunteer.database import db

ADDRESSES = count()
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


#: What a phone and a door go through, looked at on every run; desks are left to `make test-slow`, which CI runs too.
DAILY = {"base", "camera", "keeper", "offline", "offline_code", "visit", "volunteer"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the journeys at desks to slow: a browser costs seconds a page, and their rules have tests of their own."""
    for item in items:
        if item.path.parent.name == "e2e" and item.path.stem.removeprefix("test_") not in DAILY:
            item.add_marker(pytest.mark.slow)


class Afar(Api):
    """A client at another address each time, so that what tests prepare does not count against the browsers' limit."""

    def __call__(self, *args: Any, **more: Any) -> Answer:
        number = next(ADDRESSES)
        address = f"127.1.{number // 250 % 250}.{number % 250 + 1}"
        return super().__call__(*args, environ_overrides={"REMOTE_ADDR": address}, **more)


@dataclass(frozen=True)
class World:
    """A served installation: its address, and a client of its API that works on the same database."""

    base: str
    api: Api
    admin: str
    settings: Settings


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if os.environ.get("BROWSER") == "0":
        pytest.skip("BROWSER=0")
    path = shutil.which("chromium")
    assert path, "no chromium: run `make browser`, or leave these tests out with BROWSER=0"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def world(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The server, and in it an administrator; tests add what they need through `api`."""
    folder = tmp_path_factory.mktemp("e2e")
    base_folder = tmp_path_factory.getbasetemp()
    LOOKED[:] = [(base_folder.parent if "PYTEST_XDIST_WORKER" in os.environ else base_folder) / "looked"]
    LOOKED[0].mkdir(exist_ok=True)
    backend = Sqlite(folder)
    backend.restore()
    settings = read_settings(backend.url(), folder)
    app = create_app(settings, SettableClock(dt.datetime.now(dt.UTC)))
    with app.app_context():
        accounts.create_first_admin(ADMIN_PHONE, "管理员", ADMIN_PASSWORD, app.extensions["clock"].now())
    api = Afar(app)
    with running(backend.url(), workers=1) as base:
        yield World(base, api, api.login(ADMIN_PHONE, ADMIN_PASSWORD), settings)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def ours(world: World) -> None:
    """Let this process mean the world's settings and the present: other tests may have installed theirs."""
    config.install(world.settings)
    world.api.app.extensions["clock"].set(dt.datetime.now(dt.UTC))


@pytest.fixture
def visitor(chromium: Browser, world: World) -> Iterator[Visitor]:
    """Somebody at a phone, on the landing page."""
    with Visitor.arrive(chromium, world.base) as somebody:
        yield somebody


@pytest.fixture
def without_scripts(chromium: Browser, world: World) -> Iterator[Visitor]:
    """The same with JavaScript switched off."""
    with Visitor.arrive(chromium, world.base, java_script_enabled=False) as somebody:
        yield somebody
