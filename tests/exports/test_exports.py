"""Sheets on their way out: numbered, marked, on record, with who was in them; none leaves past the log."""

import csv
import datetime as dt
import io
import re
import secrets
import uuid

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask, Response

from tests import world
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.registration.making import add_volunteer
from tests.units.making import add_staff, make_unit
from volunteer.app import PAGES, routes
from volunteer.database import reading, transaction
from volunteer.exports import service
from volunteer.exports.models import Export, ExportedPerson
from volunteer.exports.rules import Stamp, export_number
from volunteer.web import attachments

NUMBER = re.compile(r"E2026[0-9A-HJKMNP-TV-Z]{8}")
#: Every way out of a sheet, by method and address of the world below; the templates hold nobody and no figures.
WAYS = (
    ("GET", "/rates.xlsx"),
    ("GET", "/rates.csv"),
    ("GET", "/rates/areas.xlsx"),
    ("GET", "/rates/areas.csv"),
    ("GET", "/rates/stations.xlsx"),
    ("POST", "/rates/{school}/missing.xlsx"),
    ("POST", "/rates/{school}/invited.xlsx"),
    ("POST", "/people.xlsx"),
    ("GET", "/manage/teams/figures.xlsx"),
    ("GET", "/pairings.xlsx"),
    ("POST", "/talents.xlsx"),
    ("POST", "/manage/upstream.xlsx"),
    ("GET", "/unit/events.xlsx"),
    ("GET", "/people/import/{import}/errors.xlsx"),
)
BLANK = "GET /people/import/templates/<name>.xlsx"


def test_a_number_cannot_be_guessed_or_misread() -> None:
    drawn = {export_number(2026, secrets.SystemRandom()) for _ in range(200)}
    assert len(drawn) == 200
    assert all(NUMBER.fullmatch(one) for one in drawn)
    stamp = Stamp("E2026AAAAAAAA", "甲&乙", dt.datetime(2026, 3, 1, 9, 5, tzinfo=dt.UTC))
    assert attachments.named("a.b.xlsx", "E1") == "a.b-E1.xlsx"
    assert attachments.named("blank.xlsx", attachments.BLANK) == "blank.xlsx"
    assert stamp.words == "导出编号 E2026AAAAAAAA · 导出人 甲&乙 · 2026-03-01 09:05"
    assert stamp.header == stamp.words.replace("&", "&&"), "Excel takes a lone & for a code of its own"


def number_of(seen: Page) -> str:
    """Return the number in the header of a sheet, which its name repeats."""
    number = seen.headers[attachments.NUMBER]
    assert NUMBER.fullmatch(number)
    assert number in seen.headers["Content-Disposition"]
    return number


def test_every_sheet_is_on_record_and_carries_its_mark(app: Flask, api: Api, admin: str) -> None:
    declared = {
        (method, re.sub(r"<[^>]+>", "*", page.rule))
        for room in PAGES
        for page in room.routes
        for method in page.methods
        if page.rule.endswith((".xlsx", ".csv"))
    }
    ways = {(method, re.sub(r"\{[^}]+\}", "*", path)) for method, path in WAYS}
    assert declared - ways == {("GET", re.sub(r"<[^>]+>", "*", BLANK.split()[1]))}, "a way out that nobody tries"
    found = world.build(api, admin)
    phone, password = found.staff["liaison"][0], world.PASSWORD
    desks = {"/rates/stations.xlsx": Browser(app, found.staff["keeper"][0], password)}
    desks["/manage/upstream.xlsx"], why = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD), {"reason": "月报"}
    desk = Browser(app, phone, password)
    numbers = []
    for method, path in WAYS:
        who, address = desks.get(path, desk), path.format(**found.ids)
        more = why if "upstream" in path else {}
        seen = who.get(address, expect=200) if method == "GET" else who.post(address, expect=200, **more)
        numbers.append(number_of(seen))
        if seen.mimetype == attachments.XLSX:
            book = openpyxl.load_workbook(io.BytesIO(seen.data))
            sheet = book.worksheets[0]
            assert numbers[-1] in book.properties.description
            assert numbers[-1] in (sheet.oddHeader.right.text or "")
            cells = " ".join(str(cell.value) for row in sheet.iter_rows(max_row=6) for cell in row)
            assert (numbers[-1] in cells) == ("import" not in path)
        else:
            rows = list(csv.reader(io.StringIO(seen.data.decode("utf-8-sig"))))
            assert {len(row) for row in rows} == {len(rows[0])}, "a line that a machine cannot read"
    for path in ("registration-rates.xlsx", "registration-rates.csv", "area-rates.xlsx", "area-rates.csv"):
        answer = api("GET", f"/reports/{path}", token=found.tokens["liaison"], expect=200)
        numbers.append(answer.headers[attachments.NUMBER])
    with app.app_context():
        rows = reading().scalars(sa.select(Export).order_by(Export.id)).all()
        assert [row.number for row in rows] == numbers
        people = {row.kind: row.people for row in rows}
        assert people["people"] > 0
        assert people["rates"] == people["stations"] == 0
        assert reading().scalar(sa.select(sa.func.count()).select_from(ExportedPerson)) == sum(
            row.people for row in rows
        )
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), transaction() as session:
            session.execute(sa.text("UPDATE exports SET rows = 0"))


def test_the_api_declares_its_sheets_and_no_others() -> None:
    kinds = (attachments.XLSX, attachments.CSV)
    out = {route.path for route in routes() if any(answer in kinds for answer in route.answers.values())}
    assert out == {
        "/reports/registration-rates.xlsx",
        "/reports/registration-rates.csv",
        "/reports/area-rates.xlsx",
        "/reports/area-rates.csv",
        "/imports/<uuid:import_id>/errors.xlsx",
        "/imports/templates/<name>.xlsx",
    }


@pytest.mark.parametrize("kind", attachments.SHEETS)
def test_a_sheet_without_a_number_is_stopped(kind: str) -> None:
    with pytest.raises(RuntimeError, match="export number"):
        attachments._numbered(Response(b"x", mimetype=kind))
    assert attachments._numbered(attachments.attachment(b"x", kind, "x.xlsx", "E1")).data == b"x"
    assert attachments._numbered(Response(b"x", mimetype="application/pdf")).data == b"x"


def test_staff_see_their_own_exports_auditors_all_and_people_those_that_they_were_in(
    app: Flask, api: Api, admin: str
) -> None:
    unit, other = make_unit(api, admin), make_unit(api, admin)
    inside, outside = add_volunteer(api, unit), add_volunteer(api, other)
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=unit))
    stranger = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=other))
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    number = number_of(liaison.post("/people.xlsx", expect=200, q="张三"))
    own = liaison.get("/manage/exports").text
    assert number in own
    assert "按关键词查找" in own
    assert "张三" not in own, "the log repeats what was searched for"
    assert "没有这个编号" in stranger.get("/manage/exports", number=number).text
    assert number in boss.get("/manage/exports", number=number.lower()).text
    assert "还没有导出过" in boss.get("/manage/exports", own="1").text
    told = api("GET", "/me/data", token=inside.token, expect=200).body["records"]["exports"]
    assert [(one["number"], one["kind"]) for one in told] == [(number, "people")]
    assert api("GET", "/me/data", token=outside.token, expect=200).body["records"]["exports"] == []
    with app.app_context(), transaction() as session:
        both = (uuid.UUID(inside.id), uuid.UUID(outside.id))
        assert service.follow_merge(session, *both) == (1, 0)
        assert [row.number for row in service.holding(session, both[1])] == [number]
        service.forget_person(session, both[1], api.now())
        assert service.holding(session, both[1]) == []
