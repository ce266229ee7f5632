"""Two records of one person, and the talent pool: from the landing page by clicking."""

import datetime as dt

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.test_records import sign_in
from tests.e2e.visitor import Visitor
from tests.registration.making import ADULT, PASSWORD, add_volunteer, new_phone


def test_an_administrator_merges_two_records_of_one_person(visitor: Visitor, world: World) -> None:
    passport = {"id_type": "passport", "id_number": "E70001234", "birth_date": str(ADULT), "sex": "male"}
    kept = add_volunteer(world.api, name="司马合并")
    add_volunteer(world.api, name="司马合并", **passport)
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("人员")
    visitor.tap("可能重复的人")
    visitor.tap(kept.no)
    visitor.page.get_by_role("link", name="司*合*").or_(visitor.page.locator("tbody th a")).first.click()
    visitor.look()
    assert "合并后不能撤销" in visitor.text
    visitor.tap("确认合并", "button")
    assert visitor.page.title().startswith("错误:")
    visitor.type("原因", "核对了护照和身份证")
    visitor.tap("确认合并", "button")
    assert "已合并" in visitor.text


def test_a_volunteer_joins_the_pool_and_staff_find_and_check(visitor: Visitor, world: World) -> None:
    phone = new_phone()
    add_volunteer(world.api, phone=phone, name="上官才能")
    sign_in(visitor, phone, PASSWORD)
    visitor.tap("我的")
    visitor.tap("我的才能")
    visitor.tap("加入人才库", "button")
    visitor.tap("添加证书")
    visitor.tap("添加这份证书", "button")
    assert visitor.page.title().startswith("错误:")
    visitor.pick("证书类别", "急救员证")
    visitor.type("发证单位", "市红十字会")
    visitor.type("有效期到", str(world.api.now().date() + dt.timedelta(days=400)))
    visitor.tap("添加这份证书", "button")
    visitor.choose("周六上午")
    visitor.tap("保存时间", "button")
    assert "已保存" in visitor.text
    visitor.tap("退出人才库")
    visitor.tap("不退出,返回")
    visitor.page.context.clear_cookies()
    visitor.page.goto(visitor.base + "/")
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("人才库")
    visitor.page.get_by_label("证书", exact=True).select_option(label="急救员证")
    visitor.tap("查询", "button")
    visitor.tap("上**能")
    visitor.tap("核对 急救员证")
    visitor.tap("已看过原件,内容一致", "button")
    assert "已核对" in visitor.text
