"""What looks wrong and what is drawn by lot, in a browser.

An administrator who is in a finding reads it and is sent to another one, who decides with a reason and proposes. A spot
check is drawn, gone through record by record, published; everybody reads it and can draw again.
"""

import hashlib
import re
import uuid

from tests.checkin.making import make_post
from tests.e2e.conftest import World
from tests.e2e.test_records import sign_in, sign_in_as_boss
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
    sign_in_as_boss(visitor)
    visitor.tap("异常线索")
    visitor.page.get_by_text("重新检查").click()
    visitor.tap("立即检查")
    assert "条线索。" in visitor.text  # what other tests left in this world is found too
    visitor.tap("人工授予时长过多", exact=False, nth=1)
    assert "请由另一位管理员处理" in visitor.text  # it was this administrator who agreed
    assert visitor.page.get_by_role("button", name="情况属实,认定").count() == 0
    visitor.switch_user()
    other = add_staff(api, world.admin, "admin")
    sign_in(visitor, *other)
    visitor.tap("异常线索")
    visitor.tap("人工授予时长过多", exact=False, nth=1)
    visitor.tap("请当事人说明")
    assert "还没有人说明" in visitor.text
    visitor.switch_user()
    sign_in_as_boss(visitor)
    visitor.tap("说明情况", exact=False)
    visitor.tap("说明情况", exact=False)
    visitor.tap("提交")
    assert visitor.page.title().startswith("错误:")
    visitor.type("当时的情况", "当天停电,按签名的名单补录。")
    visitor.tap("提交")
    assert "按签名的名单补录" in visitor.text
    visitor.switch_user()
    sign_in(visitor, *other)
    visitor.tap("异常线索")
    visitor.tap("人工授予时长过多", exact=False, nth=1)
    assert "按签名的名单补录" in visitor.text
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


def test_a_spot_check_is_drawn_gone_through_and_published(visitor: Visitor, world: World) -> None:
    post = make_post(world.api, world.admin)
    shift_id = post.shift(-120, 60, title="抽查的班次")
    people = [post.volunteer(shift_id) for _ in range(3)]
    for minute, direction in ((-60, "in"), (0, "out")):
        post.go(minute)
        for who in people:
            assert post.scan(who, direction, shift_id).status == 201
    sign_in_as_boss(visitor)
    visitor.tap("异常线索")
    visitor.tap("抽查")
    visitor.tap("随机抽取", nth=0)
    visitor.tap("抽取样本")
    assert visitor.page.title().startswith("错误:")
    visitor.type("抽查的名称", "十一月抽查")
    visitor.type("抽取条数", "2")
    visitor.tap("抽取样本")
    assert visitor.page.get_by_role("link", name=re.compile("^核查")).count() == 2
    visitor.type("抽查结论", "太早。")
    visitor.tap("公布结果")
    assert "还有记录没有核查" in visitor.text
    for number in (1, 2):
        visitor.tap(f"核查 {number}")
        if number == 1:
            visitor.tap("保存")
            assert visitor.page.title().startswith("错误:")
        for question in ("本人到场", "内容属实", "时长合理", "本人知情"):
            known = "不清楚" if (number, question) == (2, "本人知情") else "是"
            visitor.page.get_by_role("group", name=question).get_by_label(known, exact=True).check()
        if number == 2:
            visitor.type("核查情况", "电话没有打通。")
        visitor.tap("保存")
    visitor.type("抽查结论", "抽查两条,一条没有联系上。")
    visitor.tap("公布结果")
    assert "已公布" in visitor.text
    visitor.switch_user()
    visitor.page.goto(visitor.base + "/spot-checks")
    visitor.look()
    shown = visitor.page.locator("section", has_text="十一月抽查")
    assert "抽查两条,一条没有联系上。" in shown.inner_text()
    assert all(who.id not in visitor.page.content() for who in people)
    shown.locator("summary").click()
    seed, digest = (one.strip() for one in shown.locator(".breaks").all_inner_texts())
    shown.get_by_role("link", name=re.compile("全部候选记录的编号")).click()
    ids = [uuid.UUID(line) for line in visitor.page.inner_text("body").split()]
    assert hashlib.sha256(b"".join(one.bytes for one in ids)).hexdigest() == digest
    assert len(bytes.fromhex(seed)) == 16
