"""Station figures on a page: the period, one level at a time, the sheet of the same, and for whom."""

import io
import re

import openpyxl
import pytest

from tests.checkin.making import Post, make_post
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.reports.test_stations import serve
from tests.stations.making import make_station
from tests.units.making import PASSWORD, make_account, make_unit

ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    """A station below a centre; one person served 60 of the day's minutes there, on one of four places."""
    post = make_post(api, admin)
    shift = post.shift(0, 60, 4)
    serve(post, post.volunteer(shift), shift, 0, 60)
    return post


@pytest.fixture
def boss(api: Api, admin: str) -> Browser:
    return Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)


def rows_of(page: Page) -> dict[str, list[str]]:
    """Return the cells of each station, by its id where it leads on, else by its name."""
    found = {}
    for row in ROW.findall(page.source):
        cells = [re.sub(r"<[^>]+>|\s+", "", cell) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
        if 'scope="row"' in row:
            found[cells[1]] = cells
    return found


def test_figures_stand_with_their_subtree_and_their_own(api: Api, admin: str, post: Post, boss: Browser) -> None:
    centre, station = (
        api("GET", f"/stations/{one}", expect=200).body["name"] for one in (post.scene.center, post.scene.station)
    )
    top = boss.get("/rates/stations", station=post.scene.center)
    found = rows_of(top)
    assert list(found) == [centre, station]
    assert found[centre] == ["中心", centre, "1", "1", "1", "0", "1小时", "25%", "0场,0人次0分钟"]
    assert found[station] == ["站", station, "1", "1", "1", "0", "1小时", "25%", "—"]
    assert "2026-03-01至2026-03-22" in top.words
    below = boss.get("/rates/stations", station=post.scene.station)
    assert list(rows_of(below)) == [station]
    assert f"station={post.scene.center}" in below.source


def test_a_period_is_chosen_by_days(post: Post, boss: Browser) -> None:
    before = boss.get("/rates/stations", **{"from": "2026-02-01", "to": "2026-02-28"})
    assert "2026-02-01至2026-02-28" in before.words
    assert 'aria-current="page">上月' in before.source
    assert all(cells[2:5] == ["0", "0", "0"] for cells in rows_of(before).values())
    assert 'aria-current="page">本月' in boss.get("/rates/stations").source
    wrong = boss.get("/rates/stations", expect=422, **{"from": "2026-03-02", "to": "2026-03-01"})
    assert "<title>错误:" in wrong.source
    assert 'href="#to"' in wrong.source
    boss.get("/rates/stations", expect=422, **{"from": "gestern"})
    boss.get("/rates/stations", expect=422, station="x")
    boss.get("/rates/stations.xlsx", expect=422, **{"from": "gestern"})


def test_the_sheet_holds_the_rows_that_are_seen(api: Api, admin: str, post: Post, boss: Browser) -> None:
    make_station(api, admin, "point", post.scene.center, name="=点")
    make_station(api, admin, "point", post.scene.station, name="两级以下")
    page = boss.get("/rates/stations", station=post.scene.center)
    link = re.search(r'href="(/rates/stations\.xlsx\?[^"]+)"', page.source)
    assert link
    answer = boss.get(link[1].replace("&amp;", "&"))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    header = next(place for place, line in enumerate(lines) if line[0] == "站点代码")
    assert [line[1] for line in lines[header + 1 :]] == list(rows_of(page))
    assert lines[header + 1][4:10] == [1, 1, 1, 0, 60, 0.25]
    assert sheet.cell(header + 2, 10).number_format == "0.0%"
    assert (sheet.freeze_panes, sheet.print_title_rows) == (f"A{header + 2}", f"${header + 1}:${header + 1}")
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)


def test_a_keeper_sees_the_own_subtree_alone(api: Api, admin: str, post: Post) -> None:
    foreign = make_station(api, admin, name="城西站")
    keeper = Browser(api.app, make_account(api, admin, "station_keeper", station_id=post.scene.station), PASSWORD)
    page = keeper.get("/rates/stations")
    assert len(rows_of(page)) == 1
    assert "城西站" not in page.source
    for path in ("/rates/stations", "/rates/stations.xlsx"):
        keeper.get(path, station=post.scene.station)
        keeper.get(path, expect=404, station=foreign)
        keeper.get(path, expect=404, station=post.scene.center)
    liaison = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=make_unit(api, admin)), PASSWORD)
    liaison.get("/rates/stations", expect=403)
