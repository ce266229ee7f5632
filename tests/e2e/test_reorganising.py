"""Units merged after a look, rates over other numbers, and people who change units: seen in a real browser."""

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import PASSWORD as OWN_PASSWORD
from tests.registration.making import add_volunteer
from tests.units.making import PASSWORD, make_account, make_area, make_unit, set_target


def sign_in(visitor: Visitor, phone: str, password: str) -> None:
    """Sign in by password from the landing page."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")


def test_an_administrator_looks_before_two_units_are_merged(visitor: Visitor, world: World) -> None:
    api, admin = world.api, world.admin
    area = make_area(api, admin, "community", resident_population=2400)
    clock = api.app.extensions["clock"]
    clock.advance(days=-5)  # a unit is merged after the day on which it was added
    admin = api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    old = make_unit(api, admin, name="老园林站", headcount=12, area_id=area)
    make_unit(api, admin, old, name="园林一队")
    former = make_unit(api, admin, name="老绿化站")
    make_unit(api, admin, name="新园林中心", headcount=30, area_id=area)
    for unit in (old, former):
        set_target(api, admin, unit, 5, api.now().year)
    api("POST", "/pairings", {"kind": "paired", "area_id": area, "unit_ids": [old]}, admin, expect=201)
    clock.advance(days=5)
    add_volunteer(api, old)
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.page.goto(f"{visitor.base}/manage/units/{old}/close")
    visitor.look()
    visitor.tap("并入另一个单位")
    visitor.type("接收单位", "新园林中心")
    visitor.tap("查看会转移什么")
    assert "园林一队" in visitor.text
    assert "包联" in visitor.text
    visitor.look()
    visitor.tap("确认合并")
    visitor.look()
    visitor.page.goto(f"{visitor.base}/manage/units/numbers?q=园林")
    visitor.type("新园林中心: 单位人数", "四十")
    visitor.tap("保存改动")
    visitor.look()
    for path in ("/rates/areas", f"/rates/areas?root={area}&denominator=population", "/pairings?by=zone"):
        visitor.page.goto(visitor.base + path)
        visitor.look()
    visitor.page.goto(f"{visitor.base}/manage/units/{former}")
    visitor.look()
    for by in ("headcount", "population"):
        visitor.page.goto(f"{visitor.base}/rates?denominator={by}&depth=0")
        visitor.look()
        assert "每人只计一次" in visitor.text


def test_a_volunteer_asks_and_a_liaison_answers(visitor: Visitor, world: World) -> None:
    api, admin = world.api, world.admin
    unit = make_unit(api, admin, name="第三中学")
    make_unit(api, admin, name="第四中学")
    person = add_volunteer(api, unit)
    phone = make_account(api, admin, "unit_liaison", unit_id=unit)
    sign_in(visitor, person.phone, OWN_PASSWORD)
    visitor.page.goto(f"{visitor.base}/me/unit")
    visitor.look()
    visitor.tap("提交申请")
    visitor.type("新单位", "第四中学")
    visitor.tap("提交申请")
    assert "转到第四中学" in visitor.text
    visitor.switch_user()
    sign_in(visitor, phone, PASSWORD)
    for path in ("/people/changes", "/people/move", f"/people/{person.id}/leave", f"/people/{person.id}/report-in"):
        visitor.page.goto(visitor.base + path)
        visitor.look()
    visitor.page.goto(f"{visitor.base}/people/changes")
    visitor.page.get_by_role("button", name="同意").first.click()
    assert "已同意" in visitor.text
