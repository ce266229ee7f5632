"""Imports on pages, without scripts: upload, see what is wrong, write, and what each role is kept from."""

import io
import re

import openpyxl
import pytest
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.imports.making import person, roster
from tests.pages import Browser, Page
from tests.units.making import make_account, make_unit
from volunteer import jobs
from volunteer.imports import service

PASSWORD = "Liaison-2026-pass"


@pytest.fixture
def desk(api: Api, admin: str) -> Browser:
    """The desk of a liaison of one unit."""
    return Browser(
        api.app, make_account(api, admin, "unit_liaison", unit_id=make_unit(api, admin, code="B1")), PASSWORD
    )


def send(desk: Browser, data: bytes, **fields: str) -> Page:
    """Upload a file by the form, and follow to where it leads."""
    assert desk.get("/people/import").value("csrf_token")
    sent = desk.post("/people/import", expect=None, file=(io.BytesIO(data), "职工名单.csv"), **fields)
    return desk.follow() if sent.status == 303 else sent


def path_of(shown: Page) -> str:
    """Return the page's own path."""
    found = re.search(r"/people/import/[0-9a-f-]{36}", shown.source)
    assert found
    return found[0]


def test_a_sound_roster_is_checked_and_written(api: Api, desk: Browser) -> None:
    shown = send(desk, roster(person(), person("闻人乙")))
    assert "职工名单.csv" in shown.words
    assert "确认导入2行" in shown.words
    assert "新增2" in shown.words
    done = desk.post(f"{path_of(shown)}/commit", sha256=shown.value("sha256"))
    after = desk.get(done.location)
    assert "已导入" in after.words
    assert "查看待认领的人" in after.words
    assert "职工名单.csv" not in after.words, "the name is erased with the file"


def test_faults_are_told_by_row_and_column_and_sound_rows_may_go_first(desk: Browser) -> None:
    shown = send(desk, roster(person(), person("某1"), person(code="无")))
    assert "第3行姓名" in shown.words
    assert "第4行单位代码" in shown.words
    assert "确认导入" not in shown.words
    refused = desk.post(f"{path_of(shown)}/commit", expect=422, sha256=shown.value("sha256"))
    assert (refused.status, "有2行需要修改" in refused.words) == (422, True)
    assert refused.source.count("<title>错误:") == 1
    marked = desk.get(f"{path_of(shown)}/errors.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(marked.data)).active
    assert sheet["E3"].value.startswith("【姓名】")
    done = desk.post(f"{path_of(shown)}/commit", sha256=shown.value("sha256"), only_valid="1")
    assert "新增1" in desk.get(done.location).words


def test_who_looks_after_several_units_says_which_is_meant(api: Api, admin: str) -> None:
    make_unit(api, admin, code="C7", name="望江中学")
    boss = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    faulty = send(boss, roster(person()), kind="volunteers", unit="C8")
    assert (faulty.status, "没有这个单位代码" in faulty.words, faulty.value("unit")) == (422, True, "C8")
    assert "确认导入1行" in send(boss, roster(person()), kind="volunteers", unit="C7").words
    elsewhere = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=make_unit(api, admin)), PASSWORD)
    assert send(elsewhere, roster(person()), unit="C7").status == 422


def test_what_cannot_be_read_is_told_beside_the_field(desk: Browser) -> None:
    for data, words in ((b"%PDF-1.7", "这不是Excel表格"), (b"", "文件是空的"), (b"a,b\n", "没有找到表头")):
        shown = send(desk, data)
        assert (shown.status, words in shown.words) == (422, True), words
    nothing = desk.post("/people/import", expect=422)
    assert (nothing.status, "请选择要上传的文件" in nothing.words) == (422, True)


def test_a_big_file_is_found_again_after_leaving(app: Flask, desk: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BIG_BYTES", 10)
    monkeypatch.setattr(service, "BIG_ROWS", 1)
    shown = send(desk, roster(person(), person("闻人乙")))
    assert "正在检查" in shown.words
    assert "您可以离开本页" in shown.words
    assert "正在检查" in desk.get("/people/import").words
    jobs.run_due(app)
    ready = desk.get(path_of(desk.get("/people/import")))
    done = desk.post(f"{path_of(shown)}/commit", sha256=ready.value("sha256"))
    assert "正在导入" in desk.get(done.location).words
    jobs.run_due(app)
    assert "已导入" in desk.get(done.location).words


def test_only_an_administrator_brings_in_units_and_vouches(api: Api, admin: str, desk: Browser) -> None:
    units = roster(("Q1", "某区"), header=("单位代码", "单位名称"))
    assert "没有找到表头" in send(desk, units, kind="units").words
    boss = Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    shown = send(boss, units, kind="units")
    boss.post(f"{path_of(shown)}/commit", sha256=shown.value("sha256"))
    assert [one["code"] for one in api("GET", "/units", expect=200).body["items"]] == ["B1", "Q1"]
    own = send(desk, roster(person()))
    assert "同意书编号" not in own.words
    desk.post(f"{path_of(own)}/commit", expect=422, consent_reference="档案 1")
    theirs = send(boss, roster(person(code="Q1")))
    assert "同意书编号" in theirs.words
    boss.post(f"{path_of(theirs)}/commit", consent_reference="档案 1")


def test_a_neighbours_import_is_not_there(api: Api, admin: str, desk: Browser) -> None:
    foreign = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=make_unit(api, admin)), PASSWORD)
    path = path_of(send(desk, roster(person("某1"))))
    for tail in ("", "/errors.xlsx"):
        foreign.get(path + tail, expect=404)
    foreign.post(f"{path}/commit", expect=404)
    assert "职工名单" not in foreign.get("/people/import").words
    for kind in ("volunteers", "units"):
        assert foreign.get(f"/people/import/templates/{kind}.xlsx").data[:2] == b"PK"
