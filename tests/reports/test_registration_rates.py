"""Registration rates over HTTP: subtrees, rates and ranks, order and filters, scopes, sheets, what they cost."""

import csv
import datetime as dt
import io
import random
import uuid
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.reports.making import credit, register, take_back, transfer
from tests.units.making import make_area, make_liaison, make_staff, make_unit, move, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.database import db
from volunteer.hours.models import LineClass

RATES = "/reports/registration-rates"
TODAY = dt.date(2026, 3, 22)
ZEROS = {
    "target": None,
    "registered": 0,
    "rate": None,
    "active": 0,
    "active_rate": None,
    "minutes": 0,
    "minutes_verified": 0,
    "minutes_per_registered": None,
    "headcount": None,
    "population": None,
    "report_ins": 0,
}


def rates(api: Api, token: str, query: str = "") -> dict[str, Any]:
    """Return the report."""
    body: dict[str, Any] = api("GET", f"{RATES}?{query}", token=token, expect=200).body
    return body


def rows(api: Api, token: str, query: str = "") -> dict[str, dict[str, Any]]:
    """Return the report's rows by unit."""
    return {row["unit_id"]: row for row in rates(api, token, query)["rows"]}


@pytest.fixture
def tree(api: Api, admin: str) -> dict[str, str]:
    """A bureau (task 5) over a school (task 2) and an office (no task); beside it a firm (task 0)."""

    def make() -> dict[str, str]:
        bureau = make_unit(api, admin, code="B1", name="教育局")
        school = make_unit(api, admin, bureau, code="B1-2", name="第一小学", kind="school")
        office = make_unit(api, admin, bureau, code="B1-1", name="办公室")
        firm = make_unit(api, admin, code="A1", name="=公司", kind="enterprise")
        for unit, target in ((bureau, 5), (school, 2), (firm, 0)):
            set_target(api, admin, unit, target)
        return {"bureau": bureau, "school": school, "office": office, "firm": firm}

    units: dict[str, str] = api.remembered(__name__, make)
    return units


def test_a_row_covers_its_subtree_and_a_rate_is_never_capped(api: Api, admin: str, tree: dict[str, str]) -> None:
    for unit in ["bureau"] * 5 + ["school"] * 3 + ["office"]:
        register(api, tree[unit])
    register(api)
    report = rates(api, admin)
    by_code = {row["code"]: row for row in report["rows"]}
    assert (report["as_of"], report["year"]) == ("2026-03-22", 2026)
    assert [row["code"] for row in report["rows"]] == ["A1", "B1", "B1-1", "B1-2"]
    bureau = by_code["B1"]
    assert (bureau["target"], bureau["registered"], bureau["rate"]) == (7, 9, pytest.approx(9 / 7))
    assert round(bureau["rate"], 2) == 1.29
    assert by_code["B1-2"] == ZEROS | {
        "unit_id": tree["school"],
        "code": "B1-2",
        "name": "第一小学",
        "kind": "school",
        "parent_id": tree["bureau"],
        "depth": 1,
        "target": 2,
        "registered": 3,
        "rate": 1.5,
        "active_rate": 0.0,
        "minutes_per_registered": 0.0,
        "rank": 1,
    }
    assert (by_code["B1-1"]["target"], by_code["B1-1"]["rate"], by_code["B1-1"]["rank"]) == (None, None, None)
    assert (by_code["A1"]["target"], by_code["A1"]["rate"], by_code["A1"]["rank"]) == (0, None, None)
    total = report["total"]
    assert (total["registered"], total["target"], total["without_unit"]) == (10, 7, 1)
    assert total["rate"] == pytest.approx(10 / 7)


def test_under_a_root_the_total_is_its_row(api: Api, admin: str, tree: dict[str, str]) -> None:
    register(api, tree["school"])
    register(api, tree["firm"])
    register(api)
    report = rates(api, admin, f"root={tree['bureau']}&depth=0&kind=government")
    (row,) = report["rows"]
    assert row["unit_id"] == tree["bureau"]
    assert report["total"] == {name: row[name] for name in ZEROS} | {"without_unit": 0}
    assert (row["registered"], row["depth"]) == (1, 0)
    school = rates(api, admin, f"root={tree['school']}")["rows"]
    assert [(row["unit_id"], row["depth"], row["rank"]) for row in school] == [(tree["school"], 0, 1)]


def test_ranks_count_all_siblings_with_ties(api: Api, admin: str) -> None:
    top = make_unit(api, admin)
    units = [make_unit(api, admin, top, kind="school" if index else "other") for index in range(4)]
    for unit, target, people in zip(units, (1, 2, 2, 4), (2, 1, 1, 1), strict=True):
        set_target(api, admin, unit, target)
        for _ in range(people):
            register(api, unit)
    shown = rows(api, admin, f"root={top}&kind=school")
    assert [shown[unit]["rank"] for unit in units[1:]] == [2, 2, 4]
    assert units[0] not in shown
    assert rows(api, admin)[units[0]]["rank"] == 1


def test_rows_are_sorted_by_any_column_nulls_last(api: Api, admin: str, tree: dict[str, str]) -> None:
    register(api, tree["school"])

    def codes(query: str) -> list[str]:
        return [row["code"] for row in rates(api, admin, query)["rows"]]

    assert codes("sort=rate&order=desc") == ["B1-2", "B1", "A1", "B1-1"]
    assert codes("sort=rate") == ["B1", "B1-2", "A1", "B1-1"]
    assert codes("sort=code&order=desc") == ["B1-2", "B1-1", "B1", "A1"]
    assert codes("sort=target&order=asc") == ["A1", "B1-2", "B1", "B1-1"]
    assert codes("depth=0") == ["A1", "B1"]
    for column in (
        "registered",
        "active",
        "active_rate",
        "minutes",
        "minutes_verified",
        "minutes_per_registered",
        "rank",
    ):
        assert sorted(codes(f"sort={column}")) == ["A1", "B1", "B1-1", "B1-2"]


def test_rows_are_chosen_by_area(api: Api, admin: str, tree: dict[str, str]) -> None:
    city = make_area(api, admin, "city")
    street, other = make_area(api, admin, "street", city), make_area(api, admin, "street", city)
    api("PATCH", f"/units/{tree['bureau']}", {"area_id": street}, admin, expect=200)
    api("PATCH", f"/units/{tree['school']}", {"area_id": other}, admin, expect=200)
    assert set(rows(api, admin, f"area_id={street}")) == {tree["bureau"], tree["office"]}
    assert set(rows(api, admin, f"area_id={city}")) == {tree["bureau"], tree["office"], tree["school"]}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("as_of=2026-03-23", {"as_of": "in-future"}),
        ("as_of=today", {"as_of": "invalid-date"}),
        ("sort=name", {"sort": "unknown-value"}),
        ("order=up", {"order": "unknown-value"}),
        ("kind=planet", {"kind": "unknown-value"}),
        ("depth=-1", {"depth": "out-of-range"}),
        ("root=x&what=1", {"root": "invalid", "what": "unknown-field"}),
        ("area_id=00000000-0000-7000-8000-000000000000", {"area_id": "unknown"}),
    ],
)
def test_unknown_values_are_refused(api: Api, admin: str, query: str, fault: dict[str, str]) -> None:
    for ending in ("", ".csv", ".xlsx"):
        assert api("GET", f"{RATES}{ending}?{query}", token=admin, expect=422).codes == fault


def test_the_past_stays_as_it_was(api: Api, admin: str, clock: SettableClock, tree: dict[str, str]) -> None:
    people = [register(api, tree["school"]) for _ in range(3)]
    before = rates(api, admin, "as_of=2026-03-22")
    admin = pass_days(api, clock, 1)
    assert rates(api, admin, "as_of=2026-03-22") == before

    move(api, admin, tree["school"], tree["firm"])
    transfer(api, admin, people[0], tree["office"], "2026-03-23")
    api("POST", f"/volunteers/{people[1]}/suspend", {"reason": "核实身份"}, admin, expect=200)
    set_target(api, admin, tree["school"], 9)
    make_unit(api, admin, tree["bureau"])
    register(api, tree["school"])

    assert rates(api, admin, "as_of=2026-03-22") == before
    now = rows(api, admin)
    assert (now[tree["school"]]["parent_id"], now[tree["school"]]["target"]) == (tree["firm"], 9)
    assert [now[tree[name]]["registered"] for name in ("school", "office", "bureau", "firm")] == [3, 1, 1, 3]


def test_before_it_was_there_a_unit_is_a_row_of_zeros(api: Api, admin: str, tree: dict[str, str]) -> None:
    register(api, tree["school"])
    report = rates(api, admin, f"root={tree['bureau']}&as_of=2026-03-21")
    assert report["total"] == ZEROS | {"without_unit": 0}
    assert [row["unit_id"] for row in report["rows"]] == [tree["bureau"]]
    assert rates(api, admin, "as_of=2026-03-21")["rows"] == []


def test_the_year_of_the_day_has_its_own_tasks(api: Api, admin: str, clock: SettableClock) -> None:
    unit = make_unit(api, admin)
    set_target(api, admin, unit, 4)
    set_target(api, admin, unit, 8, year=2027)
    register(api, unit)
    admin = pass_days(api, clock, 290)
    report = rates(api, admin)
    assert (report["year"], report["total"]["target"]) == (2027, 8)
    assert rates(api, admin, "as_of=2026-12-31")["total"]["target"] == 4


def test_a_transfer_holds_from_its_day_on(api: Api, admin: str, clock: SettableClock, tree: dict[str, str]) -> None:
    person = register(api, tree["school"])
    admin = pass_days(api, clock, 3)
    transfer(api, admin, person, tree["firm"], "2026-03-24")
    for day, school, firm in (("2026-03-23", 1, 0), ("2026-03-24", 0, 1), ("2026-03-25", 0, 1)):
        found = rows(api, admin, f"as_of={day}")
        assert (found[tree["school"]]["registered"], found[tree["firm"]]["registered"]) == (school, firm)


def test_minutes_belong_to_the_unit_of_the_service_day(
    app: Flask, api: Api, admin: str, clock: SettableClock, tree: dict[str, str]
) -> None:
    people = [register(api, tree["school"]) for _ in range(4)]
    credit(app, people[0], tree["firm"], TODAY, 60)
    credit(app, people[0], None, TODAY, 5, LineClass.GRANTED)
    credit(app, people[0], tree["school"], dt.date(2025, 12, 31), 500)
    credit(app, people[1], tree["school"], TODAY, 30, LineClass.GRANTED)
    taken = credit(app, people[2], tree["school"], TODAY, 45)
    take_back(app, people[2], tree["school"], TODAY, 45, taken)
    credit(app, people[3], tree["school"], TODAY, 90, LineClass.EXTERNAL)
    report = rates(api, admin)
    by_unit = {row["unit_id"]: row for row in report["rows"]}
    school, firm, total = by_unit[tree["school"]], by_unit[tree["firm"]], report["total"]
    assert (school["minutes"], school["minutes_verified"], school["active"]) == (30, 0, 2)
    assert (school["active_rate"], school["minutes_per_registered"]) == (0.5, 7.5)
    assert (firm["minutes"], firm["minutes_verified"], firm["active"], firm["active_rate"]) == (60, 60, 0, None)
    assert (total["minutes"], total["minutes_verified"], total["active"]) == (95, 60, 2)
    assert by_unit[tree["bureau"]]["minutes"] == 30
    assert rates(api, admin, "as_of=2026-03-21")["total"]["minutes"] == 0


def test_a_liaison_sees_their_own_subtree(api: Api, admin: str, tree: dict[str, str]) -> None:
    for unit in ("school", "firm", "bureau"):
        register(api, tree[unit])
    register(api)
    liaison = make_liaison(api, admin, unit_id=tree["bureau"])
    report = rates(api, liaison)
    assert [row["code"] for row in report["rows"]] == ["B1", "B1-1", "B1-2"]
    assert (report["total"]["registered"], report["total"]["without_unit"]) == (2, 0)
    assert set(rows(api, liaison, f"root={tree['school']}")) == {tree["school"]}
    for ending in ("", ".csv", ".xlsx"):
        for root in (tree["firm"], str(uuid.uuid4())):
            api("GET", f"{RATES}{ending}?root={root}", token=liaison, expect=404)
    everything = rates(api, make_staff(api, admin, "auditor"))
    assert everything == rates(api, admin)


def test_whoever_is_no_liaison_sees_no_report(api: Api, admin: str, tree: dict[str, str]) -> None:
    area = make_area(api, admin)
    keeper = make_staff(api, admin, "station_keeper", area_id=area)
    for ending in ("", ".csv", ".xlsx"):
        api("GET", RATES + ending, expect=401)
        api("GET", RATES + ending, token=keeper, expect=403)


def test_two_grants_are_two_subtrees_counted_once(api: Api, admin: str, tree: dict[str, str]) -> None:
    liaison = make_liaison(api, admin, unit_id=tree["bureau"])
    me = api("GET", "/me", token=liaison, expect=200).body["account"]["id"]
    for unit in ("school", "firm"):
        body = {"role": "unit_liaison", "unit_id": tree[unit]}
        api("POST", f"/accounts/{me}/grants", body, admin, expect=201)
        register(api, tree[unit])
    report = rates(api, liaison)
    assert [row["code"] for row in report["rows"]] == ["A1", "B1", "B1-1", "B1-2"]
    assert report["total"]["registered"] == 2


def test_a_grant_on_an_area_shows_the_units_that_lie_in_it(api: Api, admin: str, tree: dict[str, str]) -> None:
    street, other = make_area(api, admin), make_area(api, admin)
    api("PATCH", f"/units/{tree['bureau']}", {"area_id": street}, admin, expect=200)
    api("PATCH", f"/units/{tree['school']}", {"area_id": other}, admin, expect=200)
    register(api, tree["school"])
    liaison = make_liaison(api, admin, area_id=street)
    assert set(rows(api, liaison)) == {tree["bureau"], tree["office"]}
    api("GET", f"{RATES}?root={tree['school']}", token=liaison, expect=404)
    assert set(rows(api, liaison, f"root={tree['bureau']}")) == {tree["bureau"], tree["office"]}


def test_a_unit_that_moved_away_stays_in_its_past(
    api: Api, admin: str, clock: SettableClock, tree: dict[str, str]
) -> None:
    make_liaison(api, admin, unit_id=tree["bureau"])
    admin = pass_days(api, clock, 1)
    move(api, admin, tree["school"], tree["firm"])
    mine, theirs = make_liaison(api, admin, unit_id=tree["bureau"]), make_liaison(api, admin, unit_id=tree["firm"])
    assert tree["school"] in rows(api, mine, "as_of=2026-03-22")
    assert tree["school"] not in rows(api, mine)
    assert tree["school"] not in rows(api, theirs, "as_of=2026-03-22")
    assert tree["school"] in rows(api, theirs)
    api("GET", f"{RATES}?root={tree['school']}&as_of=2026-03-22", token=mine, expect=404)


FORMULAS = ("=1+1", "+86", "-2", "@SUM(A1)", "'quoted", '逗号,和"引号"')


def sheet_of(raw: bytes) -> tuple[list[str], list[list[Any]]]:
    """Return the header and the rows of a workbook."""
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    header = next(index for index, line in enumerate(lines) if line[0] == "名次")
    assert sheet.freeze_panes == f"A{header + 2}"
    assert sheet.auto_filter.ref == f"A{header + 1}:O{len(lines)}"
    assert sheet.print_title_rows == f"${header + 1}:${header + 1}"
    assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
        9,
        0,
        True,
    )
    assert sheet.cell(header + 2, 9).number_format == "0.0%"
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    return [str(cell) for cell in lines[header]], lines[header + 1 :]


@pytest.mark.parametrize("filtered", ["", "kind=school&sort=rate&order=desc", "root={bureau}&depth=1&as_of=2026-03-22"])
def test_the_sheets_hold_what_the_screen_shows(
    app: Flask, api: Api, admin: str, tree: dict[str, str], filtered: str
) -> None:
    for name in FORMULAS:
        make_unit(api, admin, tree["bureau"], name=name, kind="school")
    credit(app, register(api, tree["school"]), tree["school"], TODAY, 61)
    query = filtered.format(**tree)
    screen = rates(api, admin, query)["rows"]
    assert screen
    xlsx = api("GET", f"{RATES}.xlsx?{query}", token=admin, expect=200)
    text = api("GET", f"{RATES}.csv?{query}", token=admin, expect=200)
    number = xlsx.headers["X-Export-Number"]
    assert xlsx.headers["Content-Disposition"] == f"attachment; filename=registration-rates-2026-03-22-{number}.xlsx"
    assert xlsx.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert text.headers["Content-Type"].startswith("text/csv")
    assert text.raw.startswith(b"\xef\xbb\xbf")
    header, cells = sheet_of(xlsx.raw)
    csv_header, *csv_cells = csv.reader(io.StringIO(text.raw.decode("utf-8-sig"), newline=""))
    assert header == csv_header
    columns = {
        "名次": "rank",
        "单位代码": "code",
        "单位": "name",
        "层级": "depth",
        "任务数": "target",
        "已注册": "registered",
        "完成率": "rate",
        "活跃人数": "active",
        "活跃率": "active_rate",
        "服务时长(分钟)": "minutes",
        "其中核实时长(分钟)": "minutes_verified",
        "人均时长(分钟)": "minutes_per_registered",
    }
    for heading, name in columns.items():
        shown = [row[name] for row in screen]
        index = header.index(heading)
        assert [line[index] for line in cells] == pytest.approx(shown)  # Excel keeps 16 digits
        assert [line[index] for line in csv_cells] == [guarded(value) for value in shown]


def guarded(value: Any) -> str:
    """Return a value as a safe CSV cell, computed apart from the code under test."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[0] in "=+-@" else str(value)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that the database is sent."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def test_the_report_takes_the_same_few_statements_for_any_number(
    app: Flask, api: Api, admin: str, tree: dict[str, str], statements: list[str]
) -> None:
    area = make_area(api, admin)

    def statements_of(query: str) -> int:
        statements.clear()
        rates(api, admin, query)
        return len(statements)

    queries = ("", f"root={tree['bureau']}&sort=rate", f"area_id={area}")
    before = [statements_of(query) for query in queries]
    for _ in range(3):
        unit = make_unit(api, admin, tree["school"])
        set_target(api, admin, unit, 3)
        for _ in range(2):
            credit(app, register(api, unit), unit, TODAY, 10)
    assert [statements_of(query) for query in queries] == before
    assert max(before) <= 13


@pytest.mark.parametrize("seed", range(3))
def test_totals_are_the_sums_of_their_parts(app: Flask, api: Api, admin: str, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a world to count, no secret
    units: list[str] = []
    parents: dict[str, str | None] = {}
    own: dict[str | None, dict[str, int]] = {None: {"target": 0, "registered": 0, "minutes": 0, "active": 0}}
    for _ in range(8):
        parent = dice.choice([None, *units])
        unit = make_unit(api, admin, parent)
        parents[unit] = parent
        units.append(unit)
        own[unit] = {"target": dice.randrange(5), "registered": 0, "minutes": 0, "active": 0}
        set_target(api, admin, unit, own[unit]["target"])
    for _ in range(12):
        home, minutes = dice.choice([None, *units]), dice.choice([0, 30, 45])
        person = register(api, home)
        own[home]["registered"] += 1
        if minutes:
            served = dice.choice([None, *units])
            credit(app, person, served, TODAY, minutes)
            own[served]["minutes"] += minutes
            own[home]["active"] += 1

    def below(unit: str) -> list[str]:
        return [unit] + [low for child in units if parents[child] == unit for low in below(child)]

    report = rates(api, admin)
    by_unit = {row["unit_id"]: row for row in report["rows"]}
    for name in ("target", "registered", "minutes", "active"):
        for unit in units:
            assert by_unit[unit][name] == sum(own[low][name] for low in below(unit))
        tops = sum(by_unit[unit][name] for unit in units if parents[unit] is None)
        assert report["total"][name] == tops + own[None][name]
    assert report["total"]["without_unit"] == own[None]["registered"]
    for root in units[:3]:
        under = rates(api, admin, f"root={root}")
        assert [row["unit_id"] for row in under["rows"]] == [
            row["unit_id"] for row in report["rows"] if row["unit_id"] in below(root)
        ]
        assert under["total"] == {name: by_unit[root][name] for name in ZEROS} | {"without_unit": 0}
