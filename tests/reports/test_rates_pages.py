"""Registration rates on pages: what stands there, in which order, for whom; and the sheets of the same."""

import csv
import datetime as dt
import io
import re

import openpyxl
import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.reports.making import register, transfer
from tests.reports.test_registration_rates import statements as statements
from tests.units.making import PASSWORD, make_account, make_area, make_unit, move, pass_days, set_target
from volunteer.clock import SettableClock
from volunteer.web.words import percent

ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)


@pytest.fixture
def desk(api: Api, admin: str) -> Browser:
    """The administrator's browser."""
    return Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)


@pytest.fixture
def tree(api: Api, admin: str) -> dict[str, str]:
    """A bureau over a school (2 of 1) and an office (no task); beside it a firm (task 0) and a bank (1 of 3)."""

    def make() -> dict[str, str]:
        bureau = make_unit(api, admin, code="B1", name="教育局")
        units = {
            "bureau": bureau,
            "office": make_unit(api, admin, bureau, code="B1-1", name="办公室"),
            "school": make_unit(api, admin, bureau, code="B1-2", name="第一小学", kind="school"),
            "firm": make_unit(api, admin, code="A1", name="=公司", kind="enterprise"),
            "bank": make_unit(api, admin, code="A2", name="银行", kind="enterprise"),
        }
        for name, target in (("bureau", 6), ("school", 1), ("firm", 0), ("bank", 3)):
            set_target(api, admin, units[name], target)
        for name in ["bureau"] * 6 + ["school"] * 2 + ["office", "bank"]:
            register(api, units[name])
        register(api)
        return units

    units: dict[str, str] = api.remembered(__name__, make)
    return units


def rows_of(page: Page) -> dict[str, list[str]]:
    """Return the cells of each row of the ranking by the unit's name, in the order of the page."""
    found: dict[str, list[str]] = {}
    table = page.source.partition('class="tw ranking"')[2].partition("</table>")[0]
    for row in ROW.findall(table):
        cells = [re.sub(r"<[^>]+>|\s+", "", cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
        if 'scope="row"' in row:
            found[cells[1]] = cells
    return found


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (None, "—"),
        (0.0, "0%"),
        (69 / 161_200, "<0.1%"),
        (9 / 7, "128.6%"),
        (1.29, "129%"),
        (1.0, "100%"),
        (5 / 6, "83.3%"),
        (2999 / 3000, "99.9%"),
        (3001 / 3000, "100%"),
        (0.0625, "6.3%"),
        (12.0, "1200%"),
    ],
)
def test_a_rate_is_said_to_a_tenth_and_never_full_before_it_is(rate: float | None, said: str) -> None:
    assert percent(rate) == said


def test_the_ranking_says_figures_standing_and_rank(desk: Browser, tree: dict[str, str]) -> None:
    page = desk.get("/rates")
    found = rows_of(page)
    assert list(found) == ["教育局", "银行", "=公司", "合计"]  # by rate, without a task last
    assert found["教育局"] == ["1", "教育局", "7", "9", "0", "128.6%", "", "达标小单位", "—"]
    assert found["银行"] == ["2", "银行", "3", "1", "2", "33.3%", "", "差2人小单位", "—"]
    assert found["=公司"] == ["—", "=公司", "0", "0", "—", "—", "", "没有任务", "—"]
    assert found["合计"] == ["", "合计", "10", "11", "0", "110%", "", "达标", ""]
    said = re.findall(r'role="img" aria-label="([^"]+)"', page.source)
    assert said[:3] == ["完成率 128.6%,达标", "完成率 33.3%,未达标,还差 2 人", "完成率 110%,达标"]
    assert said[3:] == ["已注册人数:2026-01-04 为 0 人,2026-03-22 为 11 人"]
    assert "任务由管理员下达,最近一次是3月22日" in page.words
    assert "有1人没有选单位" in page.words
    assert "完成率=已注册÷任务" in page.words
    assert "截至2026-03-22" in page.words


def test_bars_of_a_table_compare_and_none_is_cut(desk: Browser, tree: dict[str, str]) -> None:
    """All bars end at the highest rate: 9/7 fills the width, its mark lies at 7/9, and so does everybody's."""
    bars = re.findall(r'<svg class="bullet".*?</svg>', desk.get("/rates").source, re.DOTALL)
    found = [re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', bar)[1:] for bar in bars]
    assert found == [
        [("0", "200.0"), ("155.6", "3")],
        [("0", "51.9"), ("155.6", "3")],
        [("0", "171.1"), ("155.6", "3")],
    ]


def test_one_far_beyond_its_task_does_not_flatten_the_others(api: Api, admin: str, desk: Browser) -> None:
    for name, target, registered in (("甲", 1, 4), ("乙", 2, 1)):
        unit = make_unit(api, admin, name=name)
        set_target(api, admin, unit, target)
        for _ in range(registered):
            register(api, unit)
    bars = re.findall(r'<svg class="bullet".*?</svg>', desk.get("/rates").source, re.DOTALL)
    widths = [re.findall(r'<rect x="[\d.]+" y="\d+" width="([\d.]+)"', bar)[1] for bar in bars]
    assert widths[:2] == ["200.0", "100.0"]


def test_equal_rates_share_a_rank(api: Api, admin: str, desk: Browser) -> None:
    for name, target, registered in (("甲", 2, 1), ("乙", 4, 2), ("丙", 4, 1)):
        unit = make_unit(api, admin, name=name)
        set_target(api, admin, unit, target)
        for _ in range(registered):
            register(api, unit)
    found = rows_of(desk.get("/rates"))
    assert {name: cells[0] for name, cells in found.items()} == {"甲": "1", "乙": "1", "丙": "3", "合计": ""}


def test_filters_stand_in_the_address_and_the_links_keep_them(desk: Browser, tree: dict[str, str]) -> None:
    page = desk.get("/rates", kind="enterprise", sort="rate", order="asc")
    assert list(rows_of(page)) == ["银行", "=公司", "合计"]
    assert 'aria-sort="ascending"' in page.source
    assert re.search(r'href="/rates\?[^"]*kind=enterprise[^"]*sort=target', page.source)
    assert list(rows_of(desk.get("/rates", kind="school"))) == ["第一小学", "合计"]  # a kind looks at all levels
    every = ["=公司", "银行", "教育局", "办公室", "第一小学", "合计"]
    assert list(rows_of(desk.get("/rates", depth="1", sort="code"))) == every
    assert "没有符合条件的单位" in desk.get("/rates", kind="community").words


def test_one_top_alone_is_shown_with_what_is_below_it(api: Api, admin: str, desk: Browser) -> None:
    top = make_unit(api, admin, name="全区")
    make_unit(api, admin, make_unit(api, admin, top, name="街道"), name="社区")
    assert list(rows_of(desk.get("/rates"))) == ["全区", "街道", "合计"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("as_of", "2026-03-23"), ("as_of", "gestern"), ("kind", "club"), ("area_id", "x"), ("depth", "-1"), ("sort", "x")],
)
def test_filters_that_cannot_be_are_told(desk: Browser, name: str, value: str) -> None:
    page = desk.get("/rates", expect=422, **{name: value})
    assert "<title>错误:" in page.source
    assert f'href="#{name}"' in page.source
    assert re.search(rf'id="{name}"[^>]*aria-invalid', page.source)


def test_the_area_narrows_the_rows(api: Api, admin: str, desk: Browser) -> None:
    area = make_area(api, admin)
    make_unit(api, admin, name="街内", area_id=area)
    make_unit(api, admin, name="街外")
    assert list(rows_of(desk.get("/rates", area_id=area))) == ["街内", "合计"]
    desk.get("/rates", expect=422, area_id="00000000-0000-0000-0000-000000000000")


def test_a_row_says_how_it_changed_in_four_weeks(api: Api, admin: str, clock: SettableClock) -> None:
    grown, emptied = make_unit(api, admin, name="增"), make_unit(api, admin, name="减")
    register(api, grown)
    leaving = register(api, emptied)
    pass_days(api, clock, 1)
    register(api, grown)
    admin = pass_days(api, clock, 27)
    register(api, grown)
    transfer(api, admin, leaving, grown, "2026-04-19")
    make_unit(api, admin, name="新")
    found = rows_of(Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD).get("/rates"))
    assert {name: cells[-1] for name, cells in found.items()} == {"增": "+3", "减": "−1", "新": "—", "合计": ""}


@pytest.mark.parametrize("query", ["", "?kind=enterprise&order=asc&sort=rate", "?depth=1000&sort=code"])
def test_the_sheets_hold_the_rows_that_are_seen(desk: Browser, tree: dict[str, str], query: str) -> None:
    page = desk.get("/rates" + query)
    seen = [name for name in rows_of(page) if name != "合计"]
    links = {kind: re.search(rf'href="(/rates\.{kind}\?[^"]+)"', page.source) for kind in ("xlsx", "csv")}
    assert links["xlsx"]
    assert "as_of=2026-03-22" in links["xlsx"][1]  # the same tomorrow
    assert links["csv"]
    book = openpyxl.load_workbook(io.BytesIO(desk.get(links["xlsx"][1].replace("&amp;", "&")).data)).active
    lines = [[cell.value for cell in line] for line in book.iter_rows()]
    header = next(place for place, line in enumerate(lines) if line[0] == "名次")
    assert [line[2] for line in lines[header + 1 :]] == seen
    assert book.freeze_panes == f"A{header + 2}"
    text = desk.get(links["csv"][1].replace("&amp;", "&")).data.decode("utf-8-sig")
    assert [line[2].removeprefix("'") for line in csv.reader(io.StringIO(text))][1:] == seen
    desk.get("/rates.xlsx?kind=club", expect=422)


def test_a_unit_says_its_gap_rank_weeks_and_tasks(api: Api, admin: str, desk: Browser, tree: dict[str, str]) -> None:
    set_target(api, admin, tree["bank"], 4)
    words = desk.get(f"/rates/{tree['bank']}").words
    assert "25%已注册1人,任务4人" in words
    assert "还差3人" in words
    assert "在同级3个单位中排第2" in words
    assert "20264" in words
    assert "20263" in words
    assert "管理员" in words
    bureau = desk.get(f"/rates/{tree['bureau']}")
    assert "已超额28.6%" in bureau.words
    assert list(rows_of(bureau))[:2] == ["第一小学", "办公室"]
    school = desk.get(f"/rates/{tree['school']}").source
    assert f'href="/rates/{tree["bureau"]}"' in school
    assert "没有下达任务" in desk.get(f"/rates/{tree['firm']}").words


def test_weeks_are_counted_by_the_tree_and_the_tasks_of_their_day(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    bureau, school = make_unit(api, admin, name="局"), make_unit(api, admin, name="校")
    set_target(api, admin, bureau, 4)
    for _ in range(2):
        register(api, school)
    admin = pass_days(api, clock, 7)
    move(api, admin, school, bureau)
    register(api, bureau)
    admin = pass_days(api, clock, 7)
    set_target(api, admin, school, 2)
    with app.app_context():
        from uuid import UUID

        from volunteer.reports.unit_rates import weekly

        weeks = weekly(UUID(bureau), dt.date(2026, 4, 5))
    told = [(one.day.isoformat(), one.counts.target, one.counts.registered, one.change) for one in weeks[-4:]]
    assert told == [
        ("2026-03-15", None, 0, 0),
        ("2026-03-22", 4, 0, 0),
        ("2026-03-29", 4, 3, 3),
        ("2026-04-05", 6, 3, 0),
    ]
    assert (len(weeks), weeks[0].change) == (12, None)


def test_pages_take_the_same_few_statements_for_any_number(
    api: Api, admin: str, desk: Browser, tree: dict[str, str], statements: list[str]
) -> None:
    def taken(path: str) -> int:
        statements.clear()
        desk.get(path)
        return len(statements)

    paths = ("/rates?depth=1000", f"/rates/{tree['bureau']}")
    before = [taken(path) for path in paths]
    for _ in range(3):
        unit = make_unit(api, admin, tree["school"])
        set_target(api, admin, unit, 3)
        register(api, unit)
    assert [taken(path) for path in paths] == before
    assert max(before) <= 34


def test_a_liaison_starts_at_the_own_unit_and_reaches_no_other(api: Api, admin: str, tree: dict[str, str]) -> None:
    liaison = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=tree["bureau"]), PASSWORD)
    assert liaison.get("/rates", expect=302).location == f"/rates/{tree['bureau']}"
    start = liaison.get("/me")
    assert "128.6%" in start.words
    assert f'href="/rates/{tree["bureau"]}"' in start.source
    liaison.get(f"/rates/{tree['school']}")
    liaison.get(f"/rates/{tree['bank']}", expect=404)
    liaison.get("/rates", expect=404, root=tree["bank"])
    liaison.get("/rates.xlsx", expect=404, root=tree["bank"])
    assert "银行" not in liaison.get("/rates?depth=1000").source
    move(api, admin, tree["bureau"], make_unit(api, admin, name="全区"))
    crumbs = liaison.get(f"/rates/{tree['school']}").source
    assert ("教育局" in crumbs, "全区" in crumbs) == (True, False)
    below = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=tree["school"]), PASSWORD)
    assert "教育局" not in below.get(f"/rates/{tree['school']}").source
    below.get(f"/rates/{tree['bureau']}", expect=404)


def test_who_sees_several_units_starts_with_those_behind(api: Api, desk: Browser, tree: dict[str, str]) -> None:
    start = desk.get("/me")
    assert "110%" in start.words
    assert "有1个单位还没达标" in start.words
    link = re.search(r'href="(/rates\?[^"]+)">查看排名', start.source)
    assert link
    assert next(iter(rows_of(desk.get(link[1].replace("&amp;", "&"))))) == "银行"
