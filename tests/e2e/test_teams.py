"""Teams and pairings in a browser: asked to join, agreed, counted; set, seen with its gap, ended."""

from tests.e2e.conftest import World
from tests.e2e.test_records import sign_in, sign_in_as_boss
from tests.e2e.visitor import Visitor
from tests.registration.making import PASSWORD, add_volunteer
from tests.teams.test_teams import make_team
from tests.units.making import PASSWORD as STAFF_PASSWORD
from tests.units.making import make_account, make_area, make_unit


def test_asking_agreeing_and_the_figures(visitor: Visitor, world: World) -> None:
    api, unit = world.api, make_unit(world.api, world.admin, name="区教育局")
    first, second = add_volunteer(api, unit), add_volunteer(api)
    team = {"unit_id": unit, "name": "晨光助学队", "introduction": "周末陪孩子写作业。", "leader_id": first.id}
    make_team(api, world.admin, **team)
    phone = make_account(api, world.admin, "unit_liaison", unit_id=unit)
    sign_in(visitor, second.phone, PASSWORD)
    visitor.tap("我的队伍")
    visitor.tap("查看队伍列表")
    visitor.tap("晨光助学队")
    visitor.tap("申请加入")
    visitor.type("想说明的情况", "周末有空。")
    visitor.tap("提交申请")
    assert "等待答复" in visitor.text
    visitor.tap("退出登录")
    sign_in(visitor, first.phone, PASSWORD)
    visitor.tap("我的队伍")
    visitor.tap("队员和申请", exact=False)
    visitor.tap("同意")
    assert "对方成为队员" in visitor.text
    visitor.tap("退出登录")
    sign_in(visitor, phone, STAFF_PASSWORD)
    visitor.tap("志愿服务队伍")
    visitor.tap("成立队伍")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.tap("志愿服务队伍")
    visitor.tap("队伍统计")
    assert "每人只计一次" in visitor.text


def test_an_administrator_sets_who_answers_for_a_community(visitor: Visitor, world: World) -> None:
    make_area(world.api, world.admin, "community", name="望桥社区")
    make_unit(world.api, world.admin, name="区财政局")
    world.api("POST", "/officials", {"name": "顾明达", "office": "副区长"}, world.admin, expect=201)
    sign_in_as_boss(visitor)
    visitor.tap("包联")
    visitor.tap("设置包联")
    visitor.tap("保存")
    assert visitor.page.title().startswith("错误:")
    visitor.pick("种类", "包联")
    visitor.type("区域", "望桥社区")
    visitor.type("单位", "区财政局")
    visitor.tap("保存")
    assert "缺包联领导" in visitor.text
    visitor.tap("结束包联 区财政局 望桥社区", exact=False)
    visitor.type("原因", "分工调整")
    visitor.tap("结束包联", "button")
    visitor.tap("包联", nth=1)
    for by in ("按领导", "按单位", "按片区"):
        visitor.tap(by)
