"""An administrator's records: settings of the site, units, stations, accounts; from the landing page by clicking."""

from tests.conftest import ADMIN_PASSWORD
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import new_phone
from tests.stations.making import HERE, make_device, make_station
from tests.units.making import make_area, make_unit, set_target


def sign_in(visitor: Visitor, phone: str, password: str) -> None:
    """Sign in with a password, from the landing page."""
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", password)
    visitor.tap("登录", "button")


def sign_in_as_boss(visitor: Visitor) -> None:
    """Sign in as the administrator."""
    sign_in(visitor, "13900000001", ADMIN_PASSWORD)


def test_an_administrator_sets_the_helpline_and_everybody_sees_it(visitor: Visitor, world: World) -> None:
    sign_in_as_boss(visitor)
    visitor.tap("系统设置")
    visitor.type("服务热线", "打我电话")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.type("服务热线", "0571-8700 0000")
    visitor.type("热线接听时间", "工作日 9:00 至 17:00")
    visitor.type("ICP 备案号", "浙ICP备12345678号-1")
    visitor.type("主办单位", "望江区文明办")
    visitor.tap("保存")
    assert "已保存" in visitor.text
    visitor.tap("退出登录")
    foot = visitor.page.locator("footer")
    assert foot.get_by_role("link", name="0571-8700 0000").get_attribute("href") == "tel:057187000000"
    assert "浙ICP备12345678号-1" in foot.inner_text()
    visitor.page.goto(visitor.base + "/nowhere")
    visitor.look()
    assert "0571-8700 0000" in visitor.text


def test_an_administrator_adds_units_with_a_task_moves_and_closes_them(visitor: Visitor, world: World) -> None:
    street = make_area(world.api, world.admin, name="南湖街道")
    top = make_unit(world.api, world.admin, name="区直机关工作委员会", headcount=1200, area_id=street)
    set_target(world.api, world.admin, make_unit(world.api, world.admin, top, name="区档案馆"), 30)
    sign_in_as_boss(visitor)
    visitor.tap("单位与任务")
    visitor.tap("新增单位")
    visitor.type("单位名称", "望江区教育局")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.type("单位代码", "E2E-JY")
    visitor.pick("单位类型", "党政机关")
    visitor.tap("保存")
    visitor.tap("新增下级单位")
    visitor.type("单位名称", "望江第一小学")
    visitor.type("单位代码", "E2E-XX")
    visitor.pick("单位类型", "学校")
    visitor.type("年任务数", "120")
    visitor.tap("保存")
    assert visitor.heading == "望江第一小学"
    assert "120" in visitor.text
    visitor.type("任务数(人)", "130")
    visitor.tap("保存任务数")
    visitor.tap("修改单位信息")
    visitor.type("单位人数", "300")
    visitor.tap("保存")
    visitor.tap("全部单位")
    visitor.page.get_by_text("查找和筛选").click()
    visitor.type("名称或代码", "望江")
    visitor.tap("查询")
    visitor.tap("望江第一小学")
    visitor.tap("调整上级单位")
    visitor.type("上级单位", "望江")
    visitor.tap("调整上级单位", "button")
    assert visitor.page.title().startswith("错误:")
    visitor.choose("望江区教育局(E2E-JY)")
    visitor.tap("调整上级单位", "button")
    visitor.tap("撤销单位")
    visitor.tap("不撤销,返回")


def test_an_administrator_adds_a_station_and_a_device_whose_token_is_seen_once(visitor: Visitor, world: World) -> None:
    center = make_station(world.api, world.admin, "center", name="区实践中心", address="文昌路 8 号", **HERE)
    make_device(world.api, world.admin, make_station(world.api, world.admin, "institute", center))
    sign_in_as_boss(visitor)
    visitor.tap("站点与设备")
    visitor.tap("新增站点")
    visitor.type("站点名称", "东湖公园站")
    visitor.type("纬度", "30.2741")
    visitor.type("经度", "120.1551")
    visitor.tap("保存")
    assert visitor.page.locator("[aria-invalid]").count() == 3
    visitor.type("站点编号", "E2E-DH")
    visitor.pick("级别", "站")
    visitor.pick("坐标来自", "高德地图、腾讯地图(GCJ-02)")
    visitor.tap("保存")
    assert visitor.heading == "东湖公园站"
    visitor.type("新设备名称", "北门平板")
    visitor.tap("添加设备")
    token = visitor.page.locator("[data-token]").inner_text()
    assert token.startswith("d.")
    visitor.tap("已填好,继续")
    assert token not in visitor.page.content()
    visitor.tap("修改站点信息")
    visitor.tap("保存")
    visitor.tap("停用 北门平板")
    visitor.tap("确认停用")
    assert "北门平板" not in visitor.text
    visitor.tap("全部站点")
    visitor.page.get_by_text("查找和筛选").click()
    visitor.type("名称、编号或地址", "东湖")
    visitor.tap("查询")
    visitor.tap("东湖公园站")


def test_an_administrator_gives_a_unit_its_liaison_who_then_signs_in(visitor: Visitor, world: World) -> None:
    make_unit(world.api, world.admin, name="东湖中学", code="E2E-DHZX")
    sign_in_as_boss(visitor)
    visitor.tap("单位与任务")
    visitor.page.get_by_text("查找和筛选").click()
    visitor.type("名称或代码", "东湖中学")
    visitor.tap("查询")
    visitor.tap("东湖中学")
    visitor.tap("指定联络员")
    assert "东湖中学" in visitor.text
    visitor.tap("新增账号")
    visitor.type("姓名", "周联络")
    visitor.tap("保存账号")
    assert visitor.page.locator("[aria-invalid]").count() == 1
    phone = new_phone()
    visitor.type("手机号", phone)
    visitor.type("初始密码", "Zhou-2026-pass")
    visitor.tap("保存账号")
    assert visitor.page.locator("#unit_id").input_value() == "东湖中学(E2E-DHZX)"
    visitor.tap("确认授权")
    assert "东湖中学" in visitor.text
    visitor.tap("授权")
    visitor.page.get_by_label("站点管理员", exact=False).check()
    visitor.tap("下一步")
    visitor.tap("确认授权")
    assert visitor.page.locator("[aria-invalid]").count() == 1
    visitor.tap("不改了,返回")
    visitor.tap("停用账号")
    visitor.tap("返回账号")
    visitor.tap("收回", "link", exact=False)
    visitor.tap("返回账号")
    visitor.tap("账号与权限", nth=0)
    visitor.tap("退出登录")
    sign_in(visitor, phone, "Zhou-2026-pass")
    assert visitor.heading == "您好,周联络"
    assert visitor.page.locator(".side").get_by_role("link", name="账号与权限").count() == 0
    visitor.page.goto(visitor.base + "/manage/accounts")
    visitor.look()
    assert "审计员" in visitor.text


def test_an_administrator_reads_who_did_what(visitor: Visitor, world: World) -> None:
    make_unit(world.api, world.admin, name="北湖小学")
    sign_in_as_boss(visitor)
    visitor.tap("操作记录")
    visitor.pick("操作", "新增单位")
    visitor.tap("查询")
    assert "北湖小学" in visitor.text
    visitor.tap("管理员", "link")
    assert "只看管理员的操作" in visitor.text
    visitor.tap("查看全部")
    visitor.tap("单位 北湖小学")
    visitor.tap("查看操作记录")
    assert "只看一个对象的操作" in visitor.text


def test_an_administrator_adds_areas_without_scripts_too(
    visitor: Visitor, without_scripts: Visitor, world: World
) -> None:
    make_area(world.api, world.admin, "district", name="望江区", resident_population=580_000)
    for somebody, code in ((visitor, "E2E-1"), (without_scripts, "E2E-2")):
        sign_in_as_boss(somebody)
        somebody.tap("区域")
        somebody.tap("新增区域")
        somebody.type("区域名称", f"望江区{code}")
        somebody.tap("保存")
        assert somebody.page.locator("[aria-invalid]").count() == 2
        somebody.type("区域代码", code)
        somebody.pick("级别", "区县")
        somebody.tap("保存")
        assert "已保存" in somebody.text
        somebody.tap(f"望江区{code}")
        somebody.type("常住人口", "580000")
        somebody.tap("保存")
        assert "580000" in somebody.text
    visitor.tap("0 个区域", "link", exact=False)
    visitor.tap("在这里新增区域")
