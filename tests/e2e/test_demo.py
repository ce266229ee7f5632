"""The demo as `make run` serves it: from the landing page into each role with one tap."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.demos import district
from tests.e2e.visitor import LOOKED, Visitor
from tests.servers import running
from volunteer.demo.roles import PARTS

STAFF = ("keeper", "centre", "liaison", "auditor", "admin")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's address."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    ours = district(shared, tmp_path_factory.mktemp("demo"))
    with running(ours.url, demo=True, **ours.environ) as served:
        yield served


def enter_each_part(somebody: Visitor, looked: Path) -> None:
    """Come in by every door, and find the start of whom it belongs to; each start is looked at."""
    for part in PARTS:
        somebody.taps = 0
        LOOKED[:] = [looked / part.key]
        LOOKED[0].mkdir(exist_ok=True)
        somebody.tap(part.title)
        assert somebody.taps == 1
        assert somebody.page.url == f"{somebody.base}/me"
        assert part.name in somebody.page.locator("body").inner_text()
        assert (somebody.page.locator(".side").count() == 1) == (part.key in STAFF)
        somebody.switch_user()


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[Path]:
    """Where to note what was looked at here: the starts of two roles differ, though their titles do not."""
    before = list(LOOKED)
    yield tmp_path
    LOOKED[:] = before


def test_one_tap_leads_into_each_role(chromium: Browser, base: str, looked: Path) -> None:
    with Visitor.arrive(chromium, base) as somebody:
        enter_each_part(somebody, looked)


def test_it_does_without_scripts(chromium: Browser, base: str, looked: Path) -> None:
    with Visitor.arrive(chromium, base, java_script_enabled=False) as somebody:
        enter_each_part(somebody, looked)
