"""What people agreed to, where it shows, in a real browser: the list of honour, the sheet for above, papers, minors."""

import datetime as dt

import pytest

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import CONSENT, add_child, add_volunteer, paper_volunteer
from tests.reports.making import credit
from tests.units.making import make_unit


def go(visitor: Visitor, world: World, path: str) -> None:
    """Open an address, and look."""
    visitor.page.goto(world.base + path)
    visitor.look()


@pytest.mark.slow
def test_a_stranger_reads_the_list_and_the_desk_keeps_to_it(visitor: Visitor, world: World) -> None:
    api, unit = world.api, make_unit(world.api, world.admin, name="望江社区居委会")
    people = [add_volunteer(api, unit, name=name) for name in ("欧阳修远", "王小明")]
    day = api.now().date() - dt.timedelta(days=1)
    for number, person in enumerate(people):
        for kind in ("public_names", "upstream"):
            api("PUT", f"/me/consents/{kind}", {"version": CONSENT}, person.token, expect=200)
        credit(api.app, person.id, unit, day, 6000 + 90 * number)
    child = add_child(api, people[0], unit_id=unit)
    paper = paper_volunteer(api, world.admin, unit_id=unit, name="王秀兰")
    go(visitor, world, "/honour")
    assert "王小明" in visitor.text
    go(visitor, world, "/honour?where=望江社区居")
    assert "光荣榜: 望江社区居委会" in visitor.text
    go(visitor, world, "/login")
    visitor.tap("用密码登录")
    visitor.type("手机号", ADMIN_PHONE)
    visitor.type("密码", ADMIN_PASSWORD)
    visitor.tap("登录", "button")
    go(visitor, world, "/manage/upstream")
    assert "同意提供,列入名单" in visitor.text
    go(visitor, world, "/manage/messages")
    go(visitor, world, f"/people/{paper}/consents")
    go(visitor, world, f"/people/{child.id}/unmask")
    assert "此人未成年:须先由另一位管理员批准" in visitor.text
    go(visitor, world, "/denials")
