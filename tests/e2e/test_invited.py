"""Who is invited sees what the list says, registers or refuses; by clicking from the landing page."""

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.imports.making import bring_in, person
from tests.registration.making import CHILD, new_phone, on_paper, resident_id
from tests.units.making import PASSWORD as STAFF_PASSWORD
from tests.units.making import make_account, make_liaison, make_unit, set_target


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


def test_a_liaison_reminds_and_an_administrator_looks_into_a_denial(visitor: Visitor, world: World) -> None:
    api = world.api
    unit = make_unit(api, world.admin, name="红星小学")
    set_target(api, world.admin, unit, 5)
    account = make_account(api, world.admin, "unit_liaison", unit_id=unit)
    liaison = api.login(account, STAFF_PASSWORD)
    for _ in range(2):
        invite(api, liaison)
    number = resident_id()
    on_paper(api, liaison, id_number=number, unit_id=unit)
    visitor.tap("我是不是已注册?")
    phone = new_phone()
    visitor.type("手机号", phone)
    visitor.tap("获取验证码")
    visitor.type("短信验证码", visitor.page.locator("[data-code=register]").inner_text())
    visitor.page.locator("summary").click()
    visitor.type("证件号码", number)
    visitor.tap("查看结果")
    visitor.tap("我从未同意注册")
    visitor.tap("我从未同意,删除我的信息")
    assert "之后删除" in visitor.text

    visitor.switch_user()
    sign_in(visitor, account, STAFF_PASSWORD)
    visitor.page.goto(f"{visitor.base}/rates/{unit}")
    visitor.tap("邀请名单")
    visitor.tap("记录:已提醒勾选的人")
    visitor.page.locator("input[name=people]").first.check()
    visitor.tap("记录:已提醒勾选的人")
    assert "提醒了 1 人" in visitor.text

    visitor.switch_user()
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("去处理")
    visitor.tap("张*丰")
    visitor.tap("提交决定", "button")
    visitor.choose("立即删除:没有同意书")
    visitor.type("原因", "档案中没有同意书")
    visitor.tap("提交决定", "button")
    assert "已处理" in visitor.text


def sign_in(visitor: Visitor, phone: str, password: str) -> None:
    """Sign in with a password."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")
