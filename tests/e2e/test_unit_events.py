"""A liaison's activities: what there is, who of ours comes, words for colleagues."""

from tests.activities.making import make_published, make_scene, shift, sign_up
from tests.e2e.conftest import World
from tests.e2e.test_rates import sign_in
from tests.e2e.visitor import Visitor
from tests.registration.making import add_volunteer
from tests.units.making import PASSWORD, make_account, make_unit


def test_a_liaison_finds_who_of_ours_comes_and_tells_them(visitor: Visitor, world: World) -> None:
    api, admin = world.api, world.admin
    scene, school = make_scene(api, admin), make_unit(api, admin, name="滨江小学")
    times = (shift(api, 600, 720, 4), shift(api, 2000, 2120, 4, post="西路口"))
    event = make_published(api, scene, *times, title="校门口护学岗", organizer_unit_id=school)
    for name in ("王建国", "李秀英"):
        sign_up(api, event["shifts"][0]["id"], add_volunteer(api, school, name=name).token)
    sign_in(visitor, make_account(api, admin, "unit_liaison", unit_id=school), PASSWORD)
    visitor.tap("查看完成情况")
    visitor.tap("本单位的活动")
    assert visitor.heading == "单位活动"
    visitor.tap("校门口护学岗")
    assert "王*国" in visitor.text
    visitor.tap("复制")
    assert visitor.page.get_by_role("button", name="已复制").count() == 1
    visitor.tap("单位活动")
    visitor.tap("本单位的人近期服务")
    assert "校门口护学岗" in visitor.text
    visitor.look()


def test_a_liaison_proposes_and_a_keeper_takes_over(visitor: Visitor, world: World) -> None:
    api, admin = world.api, world.admin
    scene, school = make_scene(api, admin), make_unit(api, admin, name="江畔小学")
    keeper = make_account(api, admin, "station_keeper", station_id=scene.station)
    station = next(
        one["name"]
        for one in api("GET", "/stations", token=admin, expect=200).body["items"]
        if one["id"] == scene.station
    )
    sign_in(visitor, make_account(api, admin, "unit_liaison", unit_id=school), PASSWORD)
    visitor.page.goto(f"{world.base}/unit/events")
    visitor.tap("新建活动")
    visitor.tap("保存草稿")
    assert visitor.page.locator("[aria-invalid]").count() > 5
    visitor.type("站点", station)
    visitor.type("活动名称", "江畔护学岗")
    visitor.pick("类别", "交通引导")
    visitor.type("做什么", "上学时段引导学生过马路。")
    visitor.type("风险提示与注意事项", "穿反光背心,在人行道上。")
    visitor.type("负责人姓名", "周老师")
    visitor.type("负责人电话", "13800001234")
    visitor.type("岗位", "护学员")
    visitor.type("开始时间", "2031-03-03T07:10")
    visitor.type("结束时间", "2031-03-03T08:10")
    visitor.type("需要人数", "6")
    visitor.tap("保存草稿")
    visitor.tap("交给站点")
    assert "等站点接手或退回" in visitor.text
    visitor.look()
    visitor.switch_user()
    sign_in(visitor, keeper, PASSWORD)
    visitor.tap("接手或退回")
    visitor.tap("江畔护学岗")
    visitor.tap("退回单位")
    visitor.look()
    visitor.tap("不,返回")
    visitor.tap("接手")
    assert "已接手" in visitor.text
    visitor.look()
