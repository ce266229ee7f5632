"""A liaison brings in a small roster, mends it, and sees who is invited; from the landing page by clicking."""

from pathlib import Path

from tests.e2e.conftest import World
from tests.e2e.visitor import Visitor
from tests.imports.making import person, roster
from tests.units.making import make_account, make_unit

PASSWORD = "Liaison-2026-pass"


def test_a_liaison_brings_in_a_roster(visitor: Visitor, world: World, tmp_path: Path) -> None:
    unit = make_unit(world.api, world.admin)
    phone = make_account(world.api, world.admin, "unit_liaison", unit_id=unit)
    visitor.tap("登录")
    visitor.tap("用密码登录")
    visitor.type("手机号", phone)
    visitor.type("密码", PASSWORD)
    visitor.tap("登录", "button")
    visitor.tap("导入名单")
    rows, file = [person("闻人甲"), person("某1", phone="12")], tmp_path / "名单.csv"
    file.write_bytes(b"%PDF-1.7")
    visitor.page.get_by_label("文件", exact=True).set_input_files(file)
    visitor.tap("上传并检查")
    assert visitor.page.title().startswith("错误:")
    file.write_bytes(roster(*rows))
    visitor.page.get_by_label("文件", exact=True).set_input_files(file)
    visitor.tap("上传并检查")
    assert "第 3 行" in visitor.text
    visitor.tap("返回导入名单")
    file.write_bytes(roster(rows[0], person("闻人乙")))
    visitor.page.get_by_label("文件", exact=True).set_input_files(file)
    visitor.tap("上传并检查")
    visitor.tap("确认导入 2 行")
    assert "已导入" in visitor.text
    visitor.tap("查看待认领的人")
    assert "闻*甲" in visitor.text
    assert "闻*乙" in visitor.text
