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
