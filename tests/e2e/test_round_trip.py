"""Fifty people, two devices, no network, any order, pages killed, everything sent twice: once each, and nothing lost.

Source: peers.md T19, T20.
"""

import random
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route

from tests.activities.making import make_scene
from tests.e2e.conftest import World
from tests.e2e.test_keeper import Gate, publish, sign_in
from tests.e2e.test_offline import forgive_offline, keep, kept, rows, until
from tests.e2e.visitor import Visitor
from tests.units.making import make_account
from volunteer.checkin.models import SCANS
from volunteer.database import db

PEOPLE, TWICE, LEFT = 50, 10, 25


@dataclass
class Device:
    """A tablet with a keeper at the scanner."""

    visitor: Visitor
    address: str
    count: int = 0

    @property
    def page(self) -> Page:
        """Its page."""
        return self.visitor.page

    def scan(self, code: str, direction: str) -> None:
        """Scan, and wait until it is safe."""
        self.page.locator(f"#{direction}").check()
        self.page.locator("#code").focus()
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Enter")
        self.count += 1
        self.page.get_by_text(f"待上传 {self.count} 条").wait_for()

    def kill(self) -> None:
        """End the page at once, and open it again."""
        context = self.page.context
        self.page.close()
        self.visitor.page = context.new_page()
        self.page.goto(self.address)

    def is_empty(self) -> bool:
        """Whether everything has its answer."""
        return all(one["state"] == "answered" for one in kept(self.page))


@pytest.fixture
def devices(chromium: Browser, world: World) -> Iterator[tuple[Gate, list[Device]]]:
    """A station, and two devices at its door that have just lost the network."""
    scene = make_scene(world.api, world.admin)
    gate = Gate(world, scene, scene, "")
    gate.shifts["now"] = publish(world, scene, (-10, 180, PEOPLE))[0]
    with ExitStack() as stack:
        made = []
        for _ in range(2):
            keeper = make_account(world.api, world.admin, "station_keeper", station_id=scene.station)
            visitor = stack.enter_context(Visitor.arrive(chromium, world.base, service_workers="block"))
            sign_in(visitor, keeper)
            address = f"{world.base}/station/{scene.station}/scan"
            visitor.page.goto(address)
            visitor.page.get_by_role("button", name="打开摄像头扫码").wait_for()
            made.append(Device(visitor, address))
        yield gate, made


@pytest.mark.slow
def test_fifty_people_two_devices_any_order_killed_pages_sent_twice(devices: tuple[Gate, list[Device]]) -> None:
    gate, (first, second) = devices
    chance = random.Random(5)  # noqa: S311 - the same day every time
    people = [gate.volunteer("now") for _ in range(PEOPLE)]
    ins = [(who, chance.choice((first, second))) for who in people]
    ins += [(who, second if device is first else first) for who, device in ins[:TWICE]]  # scanned at both
    outs = [(who, chance.choice((first, second))) for who in chance.sample(people, LEFT)]
    chance.shuffle(ins)
    for device in (first, second):
        device.page.context.set_offline(True)

    for direction, scans in (("in", ins), ("out", outs)):
        for who, device in scans:
            device.scan(gate.code(who), direction)
    before = [kept(device.page) for device in (first, second)]
    assert [len(one) for one in before] == [first.count, second.count]
    assert sum(map(len, before)) == PEOPLE + TWICE + LEFT
    assert rows(gate) == {}

    # The first device's answer is lost on the way, and its page killed while it waits for it.
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    first.page.route("**/sync", lose)
    first.page.context.set_offline(False)
    first.page.get_by_role("button", name="立即上传").click()
    until(first.page, lambda: bool(lost))
    assert lost[0] == 200
    assert not first.is_empty()
    first.kill()
    until(first.page, first.is_empty)
    # The second is killed while it sends; two of its pages send at the same time.
    second.page.context.set_offline(False)
    second.kill()
    other = second.page.context.new_page()
    other.goto(second.address)
    until(second.page, second.is_empty)
    once = rows(gate)

    # All of it again, from both, in another order: the same rows.
    for device, all_of_it in ((second, before[1]), (first, before[0])):
        chance.shuffle(all_of_it)
        keep(device.page, all_of_it)
        device.page.reload()
        until(device.page, device.is_empty)
    assert rows(gate) == once
    check(gate, [who.id for who in people], {who.id for who, _ in outs}, before)
    for device in (first, second):
        forgive_offline(device.visitor)
        device.visitor.trouble[:] = [one for one in device.visitor.trouble if "ERR_FAILED" not in one]


def check(gate: Gate, people: list[str], left: set[str], before: list[list[dict[str, Any]]]) -> None:
    """Assert that everybody is there once, who left has left, and every scan of a device is stored once."""
    found = rows(gate)
    assert {person: len(pairs) for person, pairs in found.items()} == dict.fromkeys(people, 1)
    assert {person for person, (pair,) in found.items() if pair["out"]} == left
    with gate.world.api.app.app_context():
        here = SCANS.c.station_id == uuid.UUID(gate.scene.station)
        query = sa.select(sa.func.count()).where(here)
        assert db.session.scalar(query) == sum(map(len, before))
