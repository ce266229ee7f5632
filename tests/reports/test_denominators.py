"""Rates over the task, the headcount or the residents: chosen per report, told with their source, kept by day."""

import io
import uuid

import openpyxl
import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.reports.making import register
from tests.units.making import make_area, make_staff, make_unit, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.reports.populations import areas_below, residents
from volunteer.reports.queries import UnitOfDay

RATES = "/reports/registration-rates"
A, B, C, D = (uuid.UUID(int=number) for number in range(1, 5))


@pytest.mark.parametrize(
    ("area_ids", "count"),
    [
        ((), None),
        ((A,), 1000),
        ((B, C), 500),
        ((A, B, C), 1000),
        ((B, D), None),  # of one it is not known, so of both it is not
    ],
)
def test_every_resident_counts_once(area_ids: tuple[uuid.UUID, ...], count: int | None) -> None:
    assert residents(area_ids, {A: None, B: A, C: A, D: None}, {A: 1000, B: 300, C: 200, D: None}) == count


def test_a_unit_without_an_area_lies_where_the_one_above_lies() -> None:
    def unit(unit_id: uuid.UUID, parent: uuid.UUID | None, area: uuid.UUID | None) -> UnitOfDay:
        return UnitOfDay(unit_id, "1", "单位", "other", parent, area)

    tree = {A: unit(A, None, None), B: unit(B, A, D), C: unit(C, B, None)}
    assert areas_below(tree) == {A: {D}, B: {D}, C: {D}}


def figures(api: Api, token: str, query: str) -> dict[str, tuple[int | None, float | None, int | None]]:
    """Return base, rate and rank of every row and of the total, over what a query chooses."""
    body = api("GET", f"{RATES}?{query}", token=token, expect=200).body
    name = {"task": "target"}.get(body["denominator"], body["denominator"])
    found = {row["code"]: (row[name], row["rate"], row["rank"]) for row in body["rows"]}
    return found | {"total": (body["total"][name], body["total"]["rate"], None)}


def test_a_report_is_over_what_was_chosen_as_it_was_on_its_day(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    street = make_area(api, admin, resident_population=1000)
    north, south = (make_area(api, admin, "community", street, resident_population=people) for people in (300, 200))
    top = make_unit(api, admin, code="A", name="街道办", headcount=10)
    one = make_unit(api, admin, top, code="B", name="北社区", headcount=4, area_id=north)
    school = make_unit(api, admin, one, code="C", name="小学")
    make_unit(api, admin, top, code="D", name="南社区", area_id=south, headcount=0)
    set_target(api, admin, top, 7)
    for unit in (top, school, school):
        register(api, unit)
    register(api)
    first = figures(api, admin, "denominator=task")
    assert first == figures(api, admin, "") == {**first, "A": (7, 3 / 7, 1), "total": (7, 4 / 7, None)}
    heads = figures(api, admin, "denominator=headcount")
    rows = {"A": (14, 3 / 14, 1), "B": (4, 0.5, 1), "C": (None, None, None), "D": (0, None, None)}
    assert heads == rows | {"total": (14, 4 / 14, None)}
    lived = figures(api, admin, "denominator=population")
    rows = {"A": (500, 3 / 500, 1), "B": (300, 2 / 300, 1), "C": (300, 2 / 300, 1), "D": (200, 0, 2)}
    assert lived == rows | {"total": (500, 4 / 500, None)}
    by_base = api("GET", f"{RATES}?denominator=headcount&sort=headcount&order=desc", token=admin, expect=200).body
    assert [row["code"] for row in by_base["rows"]] == ["A", "B", "D", "C"]
    assert api("GET", f"{RATES}?denominator=moon", token=admin, expect=422).codes.keys() == {"denominator"}

    admin = pass_days(api, clock, 1)
    paths = [f"{RATES}?as_of=2026-03-22&denominator={by}" for by in ("headcount", "population")]
    past = [api("GET", path, token=admin).raw for path in paths]
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    api("PATCH", f"/units/{one}", {"headcount": 40, "area_id": street, "kind": "school"}, admin, expect=200)
    boss.post(f"/manage/areas/{south}/edit", name="南社区", resident_population="999")
    assert [api("GET", path, token=admin).raw for path in paths] == past
    assert figures(api, admin, "denominator=headcount")["A"] == (50, 3 / 50, 1)
    assert figures(api, admin, "denominator=population")["A"] == (1000, 3 / 1000, 1)  # the street holds both

    page = boss.get("/rates", denominator="population", depth="2")
    for words in (
        "注册率 = 已注册 ÷ 常住人口",
        "常住人口最近一次修改:3 月 23 日",
        "修改人:管理员",
        "0.3%",
        "每人只计一次",
    ):
        assert words in page.text, words
    assert "还差" not in page.text
    sheet = boss.client.get("/rates.xlsx?denominator=headcount&depth=2")
    opened = openpyxl.load_workbook(io.BytesIO(sheet.data)).worksheets[0]
    cells = list(opened.iter_rows(values_only=True))
    header = next(row for row in cells if row[1] == "单位代码")
    assert (header[6], header[8]) == ("单位人数", "人员注册比例")
    assert next(row for row in cells if row[1] == "B")[6:9] == (40, 2, 0.05)
    unit = boss.get(f"/rates/{one}").text
    assert "2 / 40(单位人数)" in unit
    assert "本单位人数的修改记录" in unit
    history = boss.get(f"/manage/units/{one}").text
    assert "所在区域" in history
    assert "学校" in history
    auditor = make_staff(api, admin, "auditor")
    assert figures(api, auditor, "denominator=headcount")["B"] == (40, 0.05, 1)
