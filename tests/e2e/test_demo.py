"""The demo as `make run` serves it: from the landing page into each role with one tap."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.demos import district
from tests.e2e.visitor import Visitor
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


def enter_each_part(somebody: Visitor) -> None:
    """Come in by every door, and find the start of whom it belongs to."""
    for part in PARTS:
        somebody.taps = 0
        somebody.tap(part.title)
        assert somebody.taps == 1
        assert somebody.page.url == f"{somebody.base}/me"
        assert part.name in somebody.page.locator("body").inner_text()
        assert (somebody.page.locator(".side").count() == 1) == (part.key in STAFF)
        somebody.switch_user()


def test_one_tap_leads_into_each_role(chromium: Browser, base: str) -> None:
    with Visitor.arrive(chromium, base) as somebody:
        enter_each_part(somebody)


def test_it_does_without_scripts(chromium: Browser, base: str) -> None:
    with Visitor.arrive(chromium, base, java_script_enabled=False) as somebody:
        enter_each_part(somebody)
