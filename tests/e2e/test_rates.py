"""Figures and people: the ranking and its worst unit (J9), on a screen, by keyboard and on paper."""

import io
import re
from dataclasses import dataclass

import pytest
from pypdf import PdfReader

from tests.activities.making import make_scene
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.registration.making import add_unproven
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


def test_an_administrator_goes_from_the_ranking_to_people(visitor: Visitor, district: District) -> None:
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    assert "个单位还没达标" in visitor.text
    visitor.tap("查看排名")
    visitor.taps = 0
    visitor.tap("望江街道")
    visitor.tap("江滨社区")
    visitor.tap("本单位人员")
    assert visitor.taps <= 3  # J9
    assert visitor.page.get_by_label("单位").locator("option:checked").inner_text() == "江滨社区"
    visitor.tap("王*明")
    visitor.tap("转移到其他单位")
    visitor.type("新单位的名称", "第一")
    visitor.tap("查找")
    visitor.choose("第一小学")
    visitor.type("从哪天起", "2999-01-01")
    visitor.tap("确认转移,并告知本人")
    assert visitor.page.locator("[aria-invalid]").count() == 1
    visitor.tap("不办理,返回")
    visitor.tap("查看完整信息")
    visitor.tap("查看")
    visitor.choose("手机号")
    visitor.type("原因", "核对电话")
    visitor.tap("查看")
    assert "只显示这一次" in visitor.text
    visitor.tap("看完了,返回")
    visitor.tap("暂停资格")
    visitor.type("原因", "多次缺席")
    visitor.tap("确认暂停")
    assert "已暂停" in visitor.text
    visitor.tap("恢复资格")
    visitor.tap("确认恢复")
    visitor.tap("江滨社区")
    visitor.page.get_by_text("查看每周数字").click()
    visitor.look()


def test_a_liaison_finds_who_is_missing_and_takes_the_list(visitor: Visitor, district: District) -> None:
    add_unproven(district.world.api, district.units["第二小学"])
    sign_in(visitor, district.liaison, PASSWORD)
    visitor.taps = 0
    visitor.tap("查看完成情况")
    assert visitor.heading == "区教育局"
    visitor.tap("看看还差谁")
    with visitor.page.expect_download() as download:
        visitor.tap("导出 Excel")
    assert visitor.taps <= 4  # J8
    assert download.value.suggested_filename.startswith("not-registered-E20")
    visitor.tap("复制")
    assert visitor.page.get_by_role("button", name="已复制").count() == 1
    visitor.page.locator(".tw tbody th a").first.click()
    visitor.look()
    visitor.tap("不属于本单位")
    visitor.tap("不办理,返回")
    visitor.tap("核实身份")
    visitor.tap("已看过证件,确认核实")
    assert "已核实" in visitor.text
    visitor.tap("不属于本单位")
    visitor.type("原因", "已经调走")
    visitor.tap("确认不属于本单位")
    assert "已退回" in visitor.text
    visitor.type("姓名、志愿者编号或手机号末位", "查无此人")
    visitor.tap("查询")
    assert "没有符合条件的人" in visitor.text


def test_the_list_is_reached_by_keyboard_alone(visitor: Visitor, district: District) -> None:
    add_unproven(district.world.api, district.units["第二小学"])
    sign_in(visitor, district.liaison, PASSWORD)
    visitor.walk_to("查看完成情况")
    visitor.walk_to("看看还差谁")
    visitor.tab_to("导出 Excel")
    with visitor.page.expect_download():
        visitor.page.keyboard.press("Enter")


def test_people_are_reached_by_keyboard_alone(visitor: Visitor, district: District) -> None:
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.walk_to("查看排名")
    visitor.walk_to("望江街道")
    visitor.walk_to("江滨社区")
    visitor.walk_to("本单位人员")
    assert "王*明" in visitor.text


def test_station_figures_go_down_by_a_tap(visitor: Visitor, district: District) -> None:
    make_scene(district.world.api, district.world.admin)
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("站点数据")
    visitor.tap("今年")
    visitor.page.locator(".tw tbody th a").first.click()
    visitor.look()
    visitor.tap("站点数据", nth=1)
    assert visitor.heading == "站点数据"
    visitor.page.get_by_label("最后一天").fill("2001-01-01")
    visitor.tap("查看")
    assert visitor.page.locator("#to[aria-invalid]").count() == 1


def test_the_ranking_of_many_units_is_printed_with_its_header_on_each_page(
    visitor: Visitor, district: District
) -> None:
    api, admin = district.world.api, district.world.admin
    parent = make_unit(api, admin, name="民政局")
    names = [f"第{number}协会" for number in range(300)]
    for name in names:
        make_unit(api, admin, parent, name=name, kind="social_organization")
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("注册完成率")
    visitor.page.get_by_text("筛选和排序").click()
    visitor.pick("单位类型", "社会组织")
    visitor.page.get_by_role("button", name="查看", exact=True).click()
    visitor.page.wait_for_url(lambda url: "kind=" in url)
    pages = [
        re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(visitor.page.pdf(format="A4"))).pages
    ]
    listing = [text for text in pages if "协会" in text]
    assert len(listing) > 5
    for text in listing:
        assert all(head in text for head in ("名次", "单位", "任务", "已注册", "还差", "完成率", "情况"))
    whole = "".join(pages)
    assert all(name in whole for name in names)
    assert len(re.findall(r"合计\d", whole)) == 1
    for navigation in ("退出登录", "跳到正文", "筛选和排序", "导出", "系统设置", "大字"):
        assert navigation not in whole


def test_the_ranking_works_without_scripts(without_scripts: Visitor, district: District) -> None:
    visitor = without_scripts
    sign_in(visitor, ADMIN_PHONE, ADMIN_PASSWORD)
    visitor.tap("注册完成率")
    visitor.page.get_by_text("筛选和排序").click()
    visitor.pick("单位类型", "学校")
    visitor.pick("顺序", "从低到高")
    visitor.tap("查看")
    assert "kind=school" in visitor.page.url
    assert visitor.page.locator(".ranking tbody th").all_inner_texts() == ["第二小学", "第一小学"]
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename.startswith("registration-rates-")
