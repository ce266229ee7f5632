"""What looks wrong, in a browser: an administrator looks, reads the evidence, decides with a reason, proposes."""

from tests.checkin.making import make_post
from tests.e2e.conftest import World
from tests.e2e.test_records import sign_in
from tests.e2e.visitor import Visitor
from tests.units.making import add_staff


def test_an_administrator_decides_what_looks_wrong(visitor: Visitor, world: World) -> None:
    api, post = world.api, make_post(world.api, world.admin)
    shift_id = post.shift(-60, 60)
    who = post.volunteer(shift_id)
    body = {"shift_id": shift_id, "volunteer_id": who.id, "reason": "停电"}
    body |= {"from": post.at(-60).isoformat(), "to": post.at(-1).isoformat()}
    asked = api("POST", "/make-ups", body, post.scene.keeper, expect=201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, world.admin, expect=200)
    api("PATCH", "/anomaly-policy", {"granted_hours": 1, "pair_requests": 2}, world.admin, expect=200)
    other = make_post(api, world.admin)
    again = other.shift(-60, 60)
    body |= {"shift_id": again, "volunteer_id": other.volunteer(again).id}
    asked = api("POST", "/make-ups", body, other.scene.keeper, expect=201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, world.admin, expect=200)
    sign_in(visitor, *add_staff(api, world.admin, "admin"))
    visitor.tap("异常线索")
    visitor.tap("重新检查", "summary") if visitor.page.get_by_role("summary").count() else visitor.page.get_by_text(
        "重新检查"
    ).click()
    visitor.tap("立即检查")
    assert "新增 1 条线索" in visitor.text
    visitor.tap("人工授予时长过多", exact=False, nth=1)
    visitor.tap("情况属实,认定")
    assert visitor.page.title().startswith("错误:")
    visitor.type("原因", "抽查时本人说没有到场。")
    visitor.tap("情况属实,认定")
    visitor.type("应计的分钟数", "0")
    visitor.type("原因", "没有到场。")
    visitor.tap("提交更正申请")
    assert "已提出更正" in visitor.text
    visitor.tap("返回线索列表")
    visitor.tap("异常阈值")
