"""Who is invited sees what the list says, registers or refuses; by clicking from the landing page."""

from tests.conftest import Api
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.imports.making import bring_in, person
from tests.registration.making import CHILD, new_phone, resident_id
from tests.units.making import make_liaison, make_unit

PASSWORD = "Volunteer-2026"


def prove(visitor: Visitor, phone: str) -> None:
    """Prove a phone, as the demonstration shows its code."""
    visitor.type("手机号", phone)
    visitor.tap("获取验证码")
    visitor.type("短信验证码", visitor.page.locator("[data-code=register]").inner_text())
    visitor.tap("查看结果")


def invite(api: Api, liaison: str, number: str = "") -> str:
    """Invite somebody; return the phone."""
    row = person(number=number, phone=new_phone())
    bring_in(api, liaison, row)
    return row[2]


def test_the_invited_answer_for_themselves(visitor: Visitor, world: World) -> None:
    unit = make_unit(world.api, world.admin, name="望江中学")
    liaison = make_liaison(world.api, world.admin, unit_id=unit)
    phone, childs = invite(world.api, liaison), invite(world.api, liaison, resident_id(CHILD))
    visitor.tap("我是不是已注册?")
    prove(visitor, new_phone())
    assert "您没有注册" in visitor.text
    visitor.tap("换手机号再查")
    prove(visitor, phone)
    assert "望江中学" in visitor.text
    visitor.tap("不同意,删除我的信息")
    visitor.tap("返回")
    visitor.tap("同意并注册")
    visitor.tap("同意并注册", "button")
    visitor.choose("我已阅读并同意个人信息处理告知书")
    visitor.tap("同意并注册", "button")
    assert "注册成功" in visitor.heading
    visitor.page.goto(f"{visitor.base}/invited")
    visitor.look()
    prove(visitor, childs)
    visitor.tap("同意并注册")
    visitor.tap("不同意,删除我的信息")
    visitor.tap("不同意,立即删除")
    assert "已删除" in visitor.text
