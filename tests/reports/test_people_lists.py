"""Who does not count yet, and people as sheets: who is on them, masked, text as text, each on record."""

import io
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import add_unproven, add_volunteer
from tests.units.making import PASSWORD, make_account, make_unit, pass_days, set_target
from volunteer.audit import AuditEntry
from volunteer.clock import SettableClock
from volunteer.database import reading
from volunteer.reports import people_lists


@pytest.fixture
def school(api: Api, admin: str) -> str:
    """A school with a task of 5."""
    unit = make_unit(api, admin, name="=第一小学")
    set_target(api, admin, unit, 5)
    return unit


@pytest.fixture
def liaison(api: Api, admin: str, school: str) -> Browser:
    return Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=school), PASSWORD)


def sheet_of(raw: bytes) -> tuple[Any, list[list[Any]]]:
    """Return a workbook's sheet and its rows below the header."""
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    return sheet, lines[next(place for place, line in enumerate(lines) if line[0] == "志愿者编号") + 1 :]


def test_who_does_not_count_is_listed_with_words_to_send(
    api: Api, admin: str, school: str, liaison: Browser, clock: SettableClock
) -> None:
    add_volunteer(api, school, name="王建国")
    waiting = add_unproven(api, make_unit(api, admin, school, name="一年级"), name="李秀英")
    page = liaison.get(f"/rates/{school}/missing")
    for said in ("离任务还差(人)4", "李*英", waiting.no, "一年级", "待核实", "还差4人", "/register"):
        assert said in page.words
    assert "王*国" not in page.words
    for hidden in ("李秀英", waiting.phone):
        assert hidden not in page.source
    assert f'href="/people/{waiting.id}"' in page.source
    api("POST", f"/volunteers/{waiting.id}/confirm", {}, admin, expect=200)
    page = liaison.get(f"/rates/{school}/missing")
    assert "没有待核实的人" in page.words
    assert "导出" not in page.text
    set_target(api, admin, school, 2)
    assert "任务已完成,也没有待核实的人" in liaison.get(f"/rates/{school}/missing").words


def test_who_was_sent_away_is_counted_and_not_named(api: Api, admin: str, school: str, clock: SettableClock) -> None:
    stranger, moved = add_volunteer(api, school, name="王建国"), add_volunteer(api, school)
    admin = pass_days(api, clock, 1)
    api("POST", f"/volunteers/{stranger.id}/contest", {"reason": "不是本校"}, admin, expect=200)
    elsewhere = make_unit(api, admin)
    api("POST", f"/volunteers/{moved.id}/transfer", {"unit_id": elsewhere}, admin, expect=200)
    page = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD).get(f"/rates/{school}/missing")
    assert "今年有1人被退回" in page.words
    assert "王*国" not in page.words


def test_the_sheet_is_the_list_masked_and_on_record(
    app: Flask, api: Api, admin: str, school: str, liaison: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_lists, "BATCH", 2)
    add_volunteer(api, school)
    waiting = [add_unproven(api, school, name="李秀英") for _ in range(5)]
    answer = liaison.post(f"/rates/{school}/missing.xlsx", expect=200)
    number = answer.headers["X-Export-Number"]
    assert answer.headers["Content-Disposition"] == f"attachment; filename=not-registered-{number}.xlsx"
    sheet, rows = sheet_of(answer.data)
    assert [row[0] for row in rows] == [one.no for one in reversed(waiting)]
    assert {(row[1], row[2], row[4]) for row in rows} == {("李*英", "=第一小学", "待核实")}
    assert all(cell.data_type == "s" for line in sheet.iter_rows(min_row=5) for cell in line)
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A5", "$4:$4")
    with app.app_context():
        query = sa.select(AuditEntry).where(AuditEntry.action == "people.export")
        (entry,) = reading().scalars(query)
        assert (str(entry.subject_id), entry.details) == (school, {"people": 5, "by_words": False, "number": number})


def test_a_sheet_says_where_it_was_cut(
    api: Api, school: str, liaison: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_lists, "BATCH", 2)
    monkeypatch.setattr(people_lists, "MOST_EXPORTED", 3)
    for _ in range(4):
        add_unproven(api, school)
    sheet, rows = sheet_of(liaison.post(f"/rates/{school}/missing.xlsx", expect=200).data)
    assert len(rows) == 3
    assert "只列出最近的 3 人" in sheet["A2"].value


def test_people_of_the_list_are_exported_by_the_same_words(api: Api, admin: str, school: str, liaison: Browser) -> None:
    teacher, other = add_volunteer(api, school, name="欧阳慕白"), add_volunteer(api, school)
    foreign = add_volunteer(api, make_unit(api, admin), name="欧阳慕白")
    assert {row[0] for row in sheet_of(liaison.post("/people.xlsx", expect=200).data)[1]} == {teacher.no, other.no}
    assert [row[0] for row in sheet_of(liaison.post("/people.xlsx", expect=200, q="慕白").data)[1]] == [teacher.no]
    boss = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    assert {row[0] for row in sheet_of(boss.post("/people.xlsx", expect=200, q="慕白").data)[1]} == {
        teacher.no,
        foreign.no,
    }
    boss.post("/people.xlsx", expect=422, status="ghost")


def test_nobody_gets_the_list_of_another_unit(api: Api, admin: str, liaison: Browser) -> None:
    foreign = make_unit(api, admin)
    add_unproven(api, foreign)
    liaison.get(f"/rates/{foreign}/missing", expect=404)
    liaison.post(f"/rates/{foreign}/missing.xlsx", expect=404)
    liaison.post("/people.xlsx", expect=404, unit_id=foreign)
    nowhere = "00000000-0000-0000-0000-000000000000"
    boss = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    boss.get(f"/rates/{nowhere}/missing", expect=404)
    boss.post(f"/rates/{nowhere}/missing.xlsx", expect=404)
