"""Those one acts for, and a phone or an identity put right: from the landing page by clicking."""

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.test_records import sign_in
from tests.e2e.visitor import Visitor
from tests.registration.making import PASSWORD, add_child, add_volunteer, new_phone


def test_a_parent_looks_after_a_child_and_a_lost_phone(visitor: Visitor, world: World) -> None:
    phone = new_phone()
    parent = add_volunteer(world.api, phone=phone, name="欧阳家长")
    add_child(world.api, parent, name="欧阳小宁")
    sign_in(visitor, phone, PASSWORD)
    visitor.tap("我的")
    visitor.tap("我的家人")
    for step in ("本人有手机了", "添加另一位监护人", "姓名或号码有误", "不再代办"):
        visitor.tap(step)
        visitor.tap("我的")
        visitor.tap("我的家人")
    visitor.tap("我的")
    visitor.tap("登录过的设备")
    visitor.tap("我的")
    visitor.tap("手机丢了")
    assert "以前打印的志愿者卡不能再用于签到" in visitor.text


def test_staff_put_a_name_right_by_the_paper(visitor: Visitor, world: World) -> None:
    add_volunteer(world.api, name="诸葛换号")
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("人员")
    visitor.type("姓名、志愿者编号或手机号末位", "诸葛换号")
    visitor.tap("查询", "button")
    visitor.tap("诸**号")
    for step in ("更换手机号(旧手机丢失)", "更正姓名或证件"):
        visitor.tap(step)
        visitor.page.go_back()
