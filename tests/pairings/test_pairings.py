"""Pairings: who answers for a grid by itself, by its zone or from above; gaps; the past; pages and the sheet."""

import io
import uuid
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.units.making import make_area, make_liaison, make_unit, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.pairings.rules import Gap, PairingKind, Party, cover

GRID, COMMUNITY, ZONE, LEADER, UNIT = (uuid.UUID(int=number) for number in range(1, 6))
PARENTS = {GRID: COMMUNITY, COMMUNITY: None}


def party(target: uuid.UUID, who: uuid.UUID) -> Party:
    area, zone = (None, target) if target == ZONE else (target, None)
    leader, unit = (who, None) if who == LEADER else (None, who)
    return Party(uuid.UUID(int=target.int * 100 + who.int), PairingKind.PAIRED, area, zone, leader, unit)


@pytest.mark.parametrize(
    ("by_target", "gap", "own", "above"),
    [
        ({}, Gap.NOBODY, 0, 0),
        ({GRID: [LEADER]}, Gap.NO_UNIT, 1, 0),
        ({GRID: [UNIT]}, Gap.NO_LEADER, 1, 0),
        ({GRID: [LEADER, UNIT]}, None, 2, 0),
        ({COMMUNITY: [LEADER, UNIT]}, Gap.NOBODY, 0, 2),
        ({GRID: [LEADER], ZONE: [UNIT]}, None, 2, 0),
        ({GRID: [LEADER], COMMUNITY: [UNIT], ZONE: [UNIT]}, None, 2, 1),
    ],
)
def test_what_is_answered_above_closes_no_gap(by_target: dict[Any, Any], gap: Gap | None, own: int, above: int) -> None:
    pairs = {target: [party(target, who) for who in whos] for target, whos in by_target.items()}
    found = cover(GRID, PARENTS, {GRID: [ZONE]}, pairs)
    assert (found.gap, len(found.own), len(found.above)) == (gap, own, above)
    assert cover(GRID, PARENTS, {COMMUNITY: [ZONE]}, {ZONE: [party(ZONE, UNIT)]}).gap is Gap.NOBODY


def coverage(api: Api, token: str, query: str = "") -> tuple[int, int, list[str]]:
    body = api("GET", f"/pairings/coverage{query}", token=token, expect=200).body
    return body["areas"], body["covered"], [one["gap"] for one in body["gaps"]]


def test_pairings_are_dated_and_a_leader_who_leaves_leaves_a_gap(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    community = make_area(api, admin, "community", name="望桥社区")
    grid, other = (make_area(api, admin, "grid", community, name=f"望桥第{n}网格") for n in (1, 2))
    unit = make_unit(api, admin, name="区教育局")
    leader = api("POST", "/officials", {"name": "严立诚", "office": "副区长"}, admin, expect=201).body["id"]
    same = api("POST", "/officials", {"name": "严立诚", "office": "副区长"}, admin, expect=201).body["id"]
    assert same == leader
    body = {"kind": "grid_duty", "area_id": grid, "official_ids": [leader], "unit_ids": [unit], "from": "2026-03-20"}
    made = api("POST", "/pairings", body, admin, expect=201).body["items"]
    assert [one["id"] for one in api("POST", "/pairings", body, admin, expect=201).body["items"]] == [
        one["id"] for one in made
    ]
    assert coverage(api, admin) == (2, 1, ["nobody"])
    assert coverage(api, admin, "?on=2026-03-19") == (2, 0, ["nobody", "nobody"])
    zone = {"code": "PQ1", "name": "望桥片区", "area_ids": [other]}
    zone_id = api("POST", "/zones", zone, admin, expect=201).body["id"]
    assert api("POST", "/zones", zone, admin, expect=409).body["field"] == "code"
    charge = {"kind": "zone_charge", "zone_id": zone_id, "unit_ids": [unit]}
    api("POST", "/pairings", charge, admin, expect=201)
    assert coverage(api, admin) == (2, 1, ["no_leader"])
    api("PUT", f"/zones/{zone_id}/areas", {"area_ids": [grid]}, admin, expect=200)
    assert coverage(api, admin) == (2, 1, ["nobody"])
    for change, codes in (
        ({"area_id": None}, {"area_id": "one-target"}),
        ({"zone_id": zone_id}, {"area_id": "one-target"}),
        ({"official_ids": [], "unit_ids": []}, {"official_ids": "required"}),
        ({"official_ids": [unit], "unit_ids": [leader]}, {"official_ids": "unknown", "unit_ids": "unknown"}),
        ({"from": "2026-03-23"}, {"from": "in-future"}),
    ):
        assert api("POST", "/pairings", body | change, admin, expect=422).codes == codes
    api("POST", "/pairings", body, make_liaison(api, admin, unit_id=unit), expect=403)

    admin = pass_days(api, clock, 5)
    end = {"reason": "分工调整", "on": "2026-03-19"}
    assert api("POST", f"/pairings/{made[1]['id']}/end", end, admin, expect=422).codes == {"on": "before-from"}
    api("POST", f"/officials/{leader}/leave", {"reason": "调离", "on": "2026-03-25"}, admin, expect=200)
    assert coverage(api, admin) == (2, 0, ["no_leader", "nobody"])
    assert coverage(api, admin, "?on=2026-03-24") == (2, 1, ["nobody"])
    assert api("POST", "/pairings", body, admin, expect=422).codes == {"official_ids": "left"}
    kinds = [one["kind"] for one in api("GET", f"/pairings?unit_id={unit}", token=admin, expect=200).body["items"]]
    assert kinds == ["grid_duty", "zone_charge"]

    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    listed = boss.get("/pairings")
    assert "2 个区域,其中 2 个有缺口" in listed.text
    assert "严立诚" not in listed.text
    assert "严立诚" in boss.get("/pairings", on="2026-03-24").text
    assert "调离" in boss.get(f"/pairings/officials/{leader}").text
    assert "第2网格" not in boss.get("/pairings", q="第1网格").text
    sheet = load_workbook(io.BytesIO(boss.get("/pairings.xlsx", gaps="1").data)).active
    assert sheet is not None
    assert [(row[0].value, row[6].value) for row in sheet.iter_rows(min_row=5)] == [
        ("望桥第1网格", "缺包联领导"),
        ("望桥第1网格", "缺包联领导"),
        ("望桥第2网格", "无人包联"),
    ]


def test_an_administrator_sets_and_ends_on_pages(app: Flask, api: Api, admin: str) -> None:
    make_area(api, admin, "community", name="望桥社区")
    make_unit(api, admin, name="区教育局")
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert set(boss.post("/pairings/officials/new", expect=422, name="").faults) == {"name", "office"}
    boss.post("/pairings/officials/new", name="顾明达", office="区长")
    assert set(boss.post("/pairings/new", expect=422, kind="", area_id="没有").faults) == {"kind", "area_id"}
    faulty = boss.post("/pairings/new", expect=422, kind="paired", area_id="望桥社区")
    assert set(faulty.faults) == {"official_id"}
    fields = {"kind": "paired", "area_id": "望桥社区", "official_id": "顾明达", "unit_id": "区教育局"}
    boss.post("/pairings/new", **fields)
    shown = boss.follow()
    assert "区教育局" in shown.text
    assert "无人包联" not in shown.text
    end = next(link for link in shown.links() if link.endswith("/end"))
    assert set(boss.post(end, expect=422).faults) == {"reason"}
    boss.post(end, reason="分工调整")
    assert "缺包联领导" in boss.follow().text
    for by, words in (("unit", "区教育局"), ("leader", "顾明达"), ("zone", "片区")):
        assert words in boss.get("/pairings", by=by).text
    assert set(boss.post("/pairings/zones/new", expect=422, areas="XX").faults) == {"code", "name", "areas"}
    boss.post("/pairings/zones/new", name="望桥片区", code="PQ1")
    assert "望桥片区" in boss.follow().text
    assert set(boss.get("/pairings", on="x", expect=422).faults) == {"on"}


def answering(api: Api, token: str, area: str, on: str = "") -> list[str]:
    """Return the units that answer for an area on a day."""
    found = api("GET", f"/areas/{area}/pairings" + (f"?on={on}" if on else ""), token=token, expect=200).body["own"]
    return sorted(one["unit_id"] for one in found)


def test_pairings_follow_a_unit_that_is_merged_and_come_back(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    both, alone, ended = (make_area(api, admin, "community", name=f"望桥{n}社区") for n in "甲乙丙")
    old, new = make_unit(api, admin, name="老单位"), make_unit(api, admin, name="新单位")
    for area, units in ((both, [old, new]), (alone, [old]), (ended, [old])):
        body = {"kind": "paired", "area_id": area, "unit_ids": units}
        made = api("POST", "/pairings", body, admin, expect=201).body["items"]
    admin = pass_days(api, clock, 3)
    set_target(api, admin, old, 7)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    closing = boss.post(f"/manage/units/{old}/close", expect=409, closed_on="2026-03-25")
    assert "包联 3 项" in closing.text
    assert "查看它负责的包联" in closing.text
    path, ask = f"/manage/units/{old}/merge", {"into_id": "新单位", "on": "2026-03-25"}
    shown = boss.post(path, expect=200, **ask)
    for words in ("望桥甲社区(包联)", "望桥乙社区(包联)", "望桥丙社区(包联)"):
        assert words in shown.text
    form = {name: shown.value(name) for name in ("into_id", "on", "seen", "target")}
    api("POST", f"/pairings/{made[0]['id']}/end", {"reason": "任务完成"}, admin, expect=200)
    again = boss.post(path, expect=409, **form)
    assert "重新核对" in again.faults["target"]
    boss.post(path, **(form | {"seen": again.value("seen")}))
    assert [answering(api, admin, area) for area in (both, alone, ended)] == [[new], [new], []]
    assert answering(api, admin, both, "2026-03-24") == sorted([old, new])
    assert answering(api, admin, alone, "2026-03-24") == [old]
    refused = {"kind": "grid_duty", "area_id": alone, "unit_ids": [old]}
    assert api("POST", "/pairings", refused, admin, expect=422).codes == {"unit_ids": "closed"}

    boss.post(f"/manage/units/{old}/reopen")
    assert [answering(api, admin, area) for area in (both, alone, ended)] == [sorted([old, new]), [old], []]
    rows = api("GET", "/reports/registration-rates", token=admin, expect=200).body["rows"]
    assert {row["unit_id"]: row["target"] for row in rows} == {old: 7, new: None}
    told = api("GET", f"/units/{new}/targets", token=admin, expect=200).body["items"]
    assert [one["target"] for one in told] == [None, 7]
    assert "取消" in boss.get(f"/manage/units/{new}").text


def test_what_was_handed_over_and_ended_meanwhile_has_ended(api: Api, admin: str, clock: SettableClock) -> None:
    area, other = (make_area(api, admin, "community") for _ in range(2))
    old, new = make_unit(api, admin), make_unit(api, admin)
    for one in (area, other):
        api("POST", "/pairings", {"kind": "paired", "area_id": one, "unit_ids": [old]}, admin, expect=201)
    admin = pass_days(api, clock, 5)
    first = api("GET", f"/areas/{other}/pairings", token=admin).body["own"][0]["id"]
    api("POST", f"/pairings/{first}/end", {"reason": "任务完成", "on": "2026-03-26"}, admin, expect=200)
    api("POST", f"/units/{old}/merge", {"into_id": new, "on": "2026-03-24"}, admin, expect=200)
    assert [answering(api, admin, area, f"2026-03-{day}") for day in (23, 24)] == [[old], [new]]
    assert [answering(api, admin, other, f"2026-03-{day}") for day in (23, 24, 26)] == [[old], [new], []]
    heir = api("GET", f"/areas/{area}/pairings", token=admin).body["own"][0]["id"]
    api("POST", f"/pairings/{heir}/end", {"reason": "任务完成"}, admin, expect=200)
    api("POST", f"/units/{old}/reopen", {}, admin, expect=200)
    assert [answering(api, admin, area, f"2026-03-{day}") for day in (24, 26, 27)] == [[old], [old], []]
    assert [answering(api, admin, other, f"2026-03-{day}") for day in (24, 25, 26)] == [[old], [old], []]
