"""Figures and people: the ranking and its worst unit (J9), on a screen, by keyboard and on paper."""

from dataclasses import dataclass

import pytest

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.reports.making import register
from tests.units.making import PASSWORD, make_account, make_unit, set_target


@dataclass(frozen=True)
class District:
    """A bureau above its task over two schools, a street below its own; each with a liaison's phone."""

    world: World
    units: dict[str, str]
    liaison: str


@pytest.fixture(scope="session")
def district(world: World) -> District:
    api, admin, year = world.api, world.admin, world.api.now().year
    units = {"区教育局": make_unit(api, admin, name="区教育局")}
    for name in ("第一小学", "第二小学"):
        units[name] = make_unit(api, admin, units["区教育局"], name=name, kind="school")
    units["望江街道"] = make_unit(api, admin, name="望江街道")
    units["江滨社区"] = make_unit(api, admin, units["望江街道"], name="江滨社区", kind="community")
    for name, target, registered in (("第一小学", 3, 5), ("第二小学", 4, 4), ("望江街道", 4, 1), ("江滨社区", 2, 1)):
        set_target(api, admin, units[name], target, year)
        for _ in range(registered):
            register(api, units[name])
    return District(world, units, make_account(api, admin, "unit_liaison", unit_id=units["区教育局"]))


def sign_in(visitor: Visitor, phone: str, password: str) -> None:
    """Sign in by password from the landing page."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")


def test_an_administrator_goes_from_the_ranking_to_the_worst_unit(visitor: Visitor, district: District) -> None:
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "个单位还没达标" in visitor.text
    visitor.tap("查看排名")
    visitor.taps = 0
    visitor.page.locator("tbody th a").first.click()
    visitor.look()
    assert visitor.heading == "望江街道"
    visitor.tap("江滨社区")
    visitor.page.get_by_text("查看每周数字").click()
    visitor.look()


def test_a_liaison_starts_at_the_own_unit(visitor: Visitor, district: District) -> None:
    sign_in(visitor, district.liaison, PASSWORD)
    visitor.tap("查看完成情况")
    assert visitor.heading == "区教育局"
    assert "已超额" in visitor.text
