"""Imports of stations and of past hours over HTTP: what is written, what is refused, and nothing twice."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import Api
from tests.imports.making import commit, roster, upload
from tests.registration.making import add_volunteer, resident_id
from tests.units.making import make_liaison, make_unit
from volunteer.database import metadata
from volunteer.imports import hours_in

NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0}


def test_stations_are_written_as_a_tree_where_they_really_are(api: Api, admin: str) -> None:
    school = make_unit(api, admin, code="S1")
    header = ("站点代码", "名称", "级别", "上级站点代码", "单位代码", "经度", "纬度", "坐标系", "电话")
    rows = [
        ("Z2", "望江站", "站", "Z1", "S1", "116.40330", "39.90890", "高德", "010-1234567"),
        ("Z1", "望江所", "所", "", "", "", "", "", ""),
    ]
    sheet = roster(*rows, header=header)
    upload(api, make_liaison(api, admin, unit_id=make_unit(api, admin)), sheet, 403, kind="stations")
    made = upload(api, admin, sheet, kind="stations").body
    assert (made["errors"], made["plan"]) == ([], NOTHING | {"created": 2})
    assert commit(api, admin, made["id"]) == NOTHING | {"created": 2}
    found = {one["code"]: one for one in api("GET", "/stations", expect=200).body["items"]}
    station = found["Z2"]
    assert (station["level"], station["parent_id"], station["unit_id"]) == (
        "station",
        found["Z1"]["id"],
        school,
    )
    assert (station["latitude"], station["longitude"]) == (
        pytest.approx(39.9075, abs=2e-5),
        pytest.approx(116.397, abs=1e-3),
    )
    again = upload(api, admin, sheet, kind="stations").body
    assert commit(api, admin, again["id"]) == NOTHING | {"unchanged": 2}
    moved = [
        ("Z2", "望江实践站", "站", "", "", "116.5", "39.9", "GPS", ""),
        ("Z9", "高站", "中心", "Z1", "", "", "", "", ""),
    ]
    made = upload(api, admin, roster(*moved, header=header), kind="stations").body
    assert [(one["row"], one["code"]) for one in made["errors"]] == [(3, "bad-level")]
    assert commit(api, admin, made["id"], only_valid=True) == NOTHING | {"updated": 1, "skipped": 1}
    seen = api("GET", f"/stations/{station['id']}", expect=200).body
    assert (seen["name"], seen["longitude"], seen["parent_id"]) == ("望江实践站", 116.5, found["Z1"]["id"])


def test_past_hours_are_written_once_to_whom_the_list_clearly_names(api: Api, admin: str) -> None:
    header = ("姓名", "身份证号", "志愿者编号", "服务日期", "活动名称", "时长", "来源", "记录编号")
    one, two = add_volunteer(api, name="闻人甲"), add_volunteer(api, name="闻人乙")
    rows = [
        ("闻人甲", one.id_number, "", "2025-03-05", "清洁家园", "2.5", "省平台", "A1"),
        ("闻人乙", "", two.no, "2025-03-05", "清洁家园", "1", "省平台", ""),
        ("闻人丙", two.id_number, "", "2025-03-05", "清洁家园", "1", "省平台", ""),
        ("闻人丁", resident_id(), "", "2025-03-05", "清洁家园", "1", "省平台", ""),
        ("闻人甲", "", one.no, "2025-03-05", "护老", "22", "省平台", "A2"),
        ("闻人甲", "", one.no, "2025-04-01", "换名", "2.5", "省平台", "A1"),
    ]
    sheet = roster(*rows, header=header)
    upload(api, make_liaison(api, admin, unit_id=make_unit(api, admin)), sheet, 403, kind="hours")
    made = upload(api, admin, sheet, kind="hours").body
    assert [(fault["row"], fault["code"]) for fault in made["errors"]] == [
        (4, "not-theirs"),
        (5, "unknown-person"),
        (6, "too-long"),
        (7, "repeated"),
    ]
    assert commit(api, admin, made["id"], only_valid=True) == NOTHING | {"created": 2, "skipped": 4}
    hours = api("GET", "/me/hours", token=one.token, expect=200).body
    assert (hours["minutes_external"], hours["minutes_total"]) == (150, 0)
    (entry,) = api("GET", "/me/hours/entries", token=one.token, expect=200).body["items"]
    assert (entry["kind"], entry["activity_title"], entry["station_name"]) == ("external", "清洁家园", "省平台")
    told = api("GET", "/me/messages", token=one.token, expect=200).body["items"]
    assert any("1 条服务记录" in message["body"] for message in told)
    again = upload(api, admin, roster(*rows[:2], header=header), kind="hours").body
    assert commit(api, admin, again["id"]) == NOTHING | {"unchanged": 2}
    longer = upload(api, admin, roster((*rows[0][:5], "3", *rows[0][6:]), header=header), kind="hours").body
    assert [fault["code"] for fault in longer["errors"]] == ["changed"]


def test_who_on_a_list_of_hours_is_renamed_before_it_is_written(
    api: Api, admin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a list is left out in silence: the whole commit stands back, and the list is judged anew."""
    header = ("姓名", "志愿者编号", "服务日期", "活动名称", "时长", "来源")
    one, two = add_volunteer(api, name="闻人甲"), add_volunteer(api, name="闻人乙")
    rows = [(name, who.no, "2025-03-05", "清洁家园", "1", "省平台") for name, who in (("闻人甲", one), ("闻人乙", two))]
    made = upload(api, admin, roster(*rows, header=header), kind="hours").body
    real = hours_in.write

    def write(session: Any, *args: Any) -> None:
        people = metadata.tables["persons"]
        session.execute(sa.update(people).where(people.c.volunteer_no == two.no).values(name="闻人丙"))
        real(session, *args)

    monkeypatch.setattr(hours_in, "write", write)
    assert commit(api, admin, made["id"], 409)["code"] == "changed-meanwhile"
    assert api("GET", "/me/hours", token=one.token, expect=200).body["minutes_external"] == 0
    monkeypatch.setattr(hours_in, "write", real)
    assert commit(api, admin, made["id"]) == NOTHING | {"created": 2}
