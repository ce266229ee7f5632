"""Rates by area: everybody once, where their unit lies on that day; whole areas rank; screen, API and sheets agree."""

import csv
import io
import json
import random
import uuid
from typing import Any

from flask import Flask
from openpyxl import load_workbook

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.reports.making import register
from tests.units.making import PASSWORD, make_account, make_area, make_liaison, make_unit, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.reports.area_figures import area_of_units, own_by_area
from volunteer.reports.queries import UnitOfDay
from volunteer.units.rules import Counts, UnitFigures, roll_up

RATES = "/reports/area-rates"


def test_every_area_has_whoever_lies_in_it_counted_one_by_one() -> None:
    """Against the plainest count there is: for each person and area, does their unit lie there?"""
    for seed in range(60):
        draw = random.Random(seed)  # noqa: S311 - not a secret
        areas = [uuid.UUID(int=number) for number in range(1, draw.randint(2, 9))]
        around = {one: draw.choice([None, *areas[:index]]) for index, one in enumerate(areas)}
        units = [uuid.UUID(int=100 + number) for number in range(draw.randint(1, 12))]
        tree = {
            one: UnitOfDay(one, "1", "单位", "other", draw.choice([None, *units[:index]]), draw.choice([None, *areas]))
            for index, one in enumerate(units)
        }
        people = [draw.choice([None, *units]) for _ in range(30)]
        scope = None if draw.random() < 0.5 else {one for one in units if draw.random() < 0.5}

        def lies(unit: uuid.UUID | None, area: uuid.UUID | None, tree: Any = tree, around: Any = around) -> bool:
            if unit is None:
                return area is None
            at = tree[unit].area_id
            if at is None:
                return lies(tree[unit].parent_id, area)
            while at is not None and at != area:
                at = around[at]
            return at == area and area is not None

        own = {one: Counts(registered=people.count(one)) for one in {*people, *units}}
        found = own_by_area(own, area_of_units(tree), scope)
        rows = roll_up([UnitFigures(one, around[one], str(one), found.get(one, Counts())) for one in areas])
        counted = [one for one in people if scope is None or one in scope]
        assert {row.unit_id: row.counts.registered for row in rows} == {
            area: sum(lies(unit, area) for unit in counted) for area in areas
        }
        nowhere = sum(not any(lies(unit, area) for area in areas) for unit in counted)
        assert found.get(None, Counts()).registered == nowhere


def figures(api: Api, token: str, query: str = "") -> dict[str, tuple[Any, ...]]:
    """Return base, registered, rate and rank of every row, and of the total with who is in no area."""
    body = api("GET", f"{RATES}?{query}", token=token, expect=200).body
    name = {"task": "target"}.get(body["denominator"], body["denominator"])
    found = {row["code"]: (row[name], row["registered"], row["rate"], row["rank"]) for row in body["rows"]}
    total = body["total"]
    return found | {"total": (total[name], total["registered"], total["rate"], total["without_area"])}


def district(api: Api, admin: str) -> dict[str, str]:
    """Make a district with two streets, three communities, units in them, and people in the units."""
    made = {"D": make_area(api, admin, "district", code="D", name="云区", resident_population=1000)}
    for code, level, parent, population in (
        ("S1", "street", "D", 400),
        ("S2", "street", "D", 500),
        ("C1", "community", "S1", 100),
        ("C2", "community", "S1", 100),
        ("C3", "community", "S2", None),
    ):
        more = {"code": code, "name": f"{code}地", "resident_population": population}
        made[code] = make_area(api, admin, level, made[parent], **more)
    for code, parent, area, task, people in (
        ("top", None, "D", 4, 1),
        ("one", "top", "C1", 2, 1),
        ("class", "one", None, None, 1),
        ("two", "top", "C2", 2, 2),
        ("three", "top", "C3", 0, 1),
        ("afar", None, None, 5, 1),
    ):
        more = {"code": code, "name": f"{code}单位", "area_id": made.get(area or "")}
        made[code] = make_unit(api, admin, made.get(parent or ""), **more)
        if task is not None:
            set_target(api, admin, made[code], task)
        for _ in range(people):
            register(api, made[code])
    register(api)
    return made


def test_areas_are_rated_ranked_and_kept_by_day(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    made = district(api, admin)
    rows = {
        "D": (8, 6, 6 / 8, 1),
        "S1": (4, 4, 1.0, 1),
        "C1": (2, 2, 1.0, 1),
        "C2": (2, 2, 1.0, 1),
        "S2": (0, 1, None, None),
        "C3": (0, 1, None, None),
    }
    assert figures(api, admin) == rows | {"total": (13, 8, 8 / 13, 2)}
    lived = figures(api, admin, "denominator=population")
    assert (lived["D"], lived["S2"]) == ((1000, 6, 0.006, 1), (500, 1, 0.002, 2))
    assert (lived["C3"], lived["total"]) == ((None, 1, None, None), (1000, 8, 0.008, 2))
    below = figures(api, admin, f"root={made['S1']}&depth=0")
    assert below == {"S1": rows["S1"], "total": (4, 4, 1.0, 0)}
    assert figures(api, admin, "level=street&sort=registered&order=desc").keys() == {"S1", "S2", "total"}
    for bad in ("as_of=2026-03-23", "level=moon", "denominator=moon"):
        api("GET", f"{RATES}?{bad}", token=admin, expect=422)
    api("GET", f"{RATES}?root={uuid.uuid4()}", token=admin, expect=404)

    admin = pass_days(api, clock, 1)
    past = [api("GET", f"{RATES}?as_of=2026-03-22&denominator={by}", token=admin).raw for by in ("task", "population")]
    api("PATCH", f"/units/{made['two']}", {"area_id": made["C3"]}, admin, expect=200)
    set_target(api, admin, made["one"], 9)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    boss.post(f"/manage/areas/{made['S1']}/edit", name="S1地", resident_population="800")
    now = [api("GET", f"{RATES}?as_of=2026-03-22&denominator={by}", token=admin).body for by in ("task", "population")]

    assert [json.loads(one) for one in past] == now, "past reports do not move"
    assert figures(api, admin)["C3"] == (2, 3, 1.5, 1)
    assert figures(api, admin)["C1"] == (9, 2, 2 / 9, 1)
    assert figures(api, admin, "denominator=population")["S1"][0] == 800


def test_screen_and_sheets_say_what_the_api_says(app: Flask, api: Api, admin: str) -> None:
    made = district(api, admin)
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    seen = boss.get("/rates/areas")
    for words in ("云区", "S1地", "S2地", "75%", "100%", "—", "2 人不属于任何单位"):
        assert words in seen.text, words
    assert "C1地" not in seen.text
    down = boss.get("/rates/areas", root=made["S1"])
    assert "C1地" in down.text
    assert any(f"/rates?area_id={made['C1']}" in link for link in down.links())
    for query in ("", f"root={made['S1']}&depth=1", "level=community&sort=rate&order=desc&denominator=population"):
        rows = api("GET", f"{RATES}?{query}", token=admin, expect=200).body["rows"]
        told = [[str(row["rank"] or ""), row["code"], str(row["registered"])] for row in rows]
        sheet = load_workbook(io.BytesIO(boss.get(f"/rates/areas.xlsx?depth=9&{query}").data)).active
        assert sheet is not None
        cells = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        top = next(index for index, row in enumerate(cells) if row[0] == "名次")
        lines = list(csv.reader(io.StringIO(boss.get(f"/rates/areas.csv?depth=9&{query}").data.decode("utf-8-sig"))))
        for found in (cells[top + 1 :], lines[1:]):
            assert [[row[0], row[1], row[7]] for row in found] == told
    assert boss.get("/rates/areas", expect=422, as_of="2999-01-01", level="moon").faults.keys() == {"level"}


def test_who_has_units_sees_their_own_people_alone(app: Flask, api: Api, admin: str) -> None:
    made = district(api, admin)
    of_street = make_liaison(api, admin, area_id=made["S1"])
    assert figures(api, of_street) == {
        "S1": (4, 4, 1.0, 1),
        "C1": (2, 2, 1.0, 1),
        "C2": (2, 2, 1.0, 1),
        "total": (4, 4, 1.0, 0),
    }
    assert figures(api, of_street, "denominator=population")["S1"] == (400, 4, 0.01, 1)
    for foreign in ("D", "S2", "C3"):
        api("GET", f"{RATES}?root={made[foreign]}", token=of_street, expect=404)
    of_unit = make_liaison(api, admin, unit_id=made["one"])
    assert figures(api, of_unit) == {"C1": (2, 2, 1.0, None), "total": (2, 2, 1.0, 0)}
    assert figures(api, of_unit, "denominator=population")["C1"] == (None, 2, None, None)
    api("GET", f"{RATES}?root={made['C2']}", token=of_unit, expect=404)
    of_top = make_liaison(api, admin, unit_id=made["top"])
    assert figures(api, of_top)["D"] == (8, 6, 0.75, None)
    page = Browser(app, make_account(api, admin, "unit_liaison", unit_id=made["one"]), PASSWORD).get("/rates/areas")
    assert "只统计您自己的单位" in page.text
    of_afar = make_liaison(api, admin, unit_id=made["afar"])
    assert figures(api, of_afar) == {"total": (5, 1, 0.2, 1)}
