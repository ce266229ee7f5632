"""Privacy as people and the desk see it: consents, leaving, who saw what; notices, minors, exports, times to keep."""

from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import CONSENT, PASSWORD, add_child, add_volunteer
from tests.units.making import make_account, make_unit

STAFF = "Liaison-2026-pass"


def enter(visitor: Visitor, phone: str, password: str) -> None:
    """Sign in by the password."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")


def press(visitor: Visitor, where: str) -> None:
    """Press what several of a page share the words of, and look."""
    visitor.page.locator(where).click()
    visitor.look()


def test_a_parent_decides_consent_by_consent_and_sees_who_looked(visitor: Visitor, world: World) -> None:
    parent = add_volunteer(world.api)
    child = add_child(world.api, parent)
    body = {"version": CONSENT, "volunteer_id": child.id}
    world.api("PUT", "/me/consents/photos", body, parent.token, expect=200)
    wanted = {"fields": ["name", "guardian_phone"], "reason": "联系监护人"}
    world.api("POST", f"/volunteers/{child.id}/unmask-requests", wanted, world.admin, expect=201)
    enter(visitor, parent.phone, PASSWORD)
    visitor.tap("我的")
    visitor.tap("隐私与同意")
    press(visitor, "[data-kind=public_names] button")
    assert "从现在起在所有地方生效" in visitor.text
    press(visitor, "[data-kind=public_names] button")
    visitor.tap("我的数据,谁看过")
    visitor.tap("回到隐私与同意")
    press(visitor, "[data-kind=registration] button")
    visitor.tap("确认 7 天后注销", "button")
    assert "注册将于" in visitor.text
    visitor.tap("撤回注销,继续注册", "button")
    assert "注册继续有效" in visitor.text


def test_the_desk_writes_notices_and_decides_about_minors(visitor: Visitor, world: World) -> None:
    unit = make_unit(world.api, world.admin)
    child = add_child(world.api, add_volunteer(world.api), unit_id=unit)
    wanted = {"fields": ["guardian_phone"], "reason": "联系监护人"}
    world.api("POST", f"/volunteers/{child.id}/unmask-requests", wanted, world.admin, expect=201)
    enter(visitor, make_account(world.api, world.admin, "admin"), STAFF)
    visitor.tap("未成年人信息", "link")
    press(visitor, "main .cells a.row-link >> nth=-1")
    visitor.tap("批准,24 小时内有效", "button")
    assert "已批准" in visitor.text
    visitor.tap("隐私告知书", "link")
    press(visitor, "main a[href$='kind=photos'].btn")
    visitor.type("用一句话说明变化", "增加年度画册")
    visitor.type("全文", "照片使用同意书\n\n可用于年度画册。")
    visitor.tap("存为草稿并对比", "button")
    assert "可用于年度画册" in visitor.text
    visitor.tap("导出记录", "link")
    visitor.tap("数据保存期限", "link")
    assert "签到的坐标" in visitor.text
