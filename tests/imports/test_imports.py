"""Imports over HTTP: checked first, written whole, in part or not at all, and only within the caller's scope."""

import datetime as dt
import hashlib
import io
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from tests.conftest import Api, as_form
from tests.imports.make_corpus import FOLDER
from tests.imports.making import bring_in, commit, person, roster, upload
from tests.registration.making import add_volunteer
from tests.units.making import make_account, make_liaison, make_staff, make_unit, set_target
from volunteer import cli, housekeeping
from volunteer.clock import SettableClock
from volunteer.database import db, metadata

NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "skipped": 0}


@pytest.fixture
def place(api: Api, admin: str) -> dict[str, str]:
    """A bureau with a school below it, another unit, and their liaisons."""

    def make() -> dict[str, str]:
        bureau = make_unit(api, admin, code="B1", name="望江局")
        school = make_unit(api, admin, bureau, code="S1", name="望江小学")
        other = make_unit(api, admin, code="F1", name="别处局")
        return {
            "bureau": bureau,
            "school": school,
            "other": other,
            "liaison": make_liaison(api, admin, unit_id=bureau),
            "foreign": make_liaison(api, admin, unit_id=other),
        }

    found: dict[str, str] = api.remembered(__name__, make)
    return found


def people(api: Api, admin: str, **query: str) -> list[dict[str, Any]]:
    words = "&".join(f"{key}={value}" for key, value in query.items())
    found: list[dict[str, Any]] = api("GET", f"/volunteers?{words}", token=admin, expect=200).body["items"]
    return found


def counts(app: Flask, *tables: str) -> list[int]:
    with app.app_context():
        return [db.session.scalar(sa.select(sa.func.count()).select_from(metadata.tables[name])) for name in tables]


def test_a_check_writes_nothing_and_tells_every_fault(app: Flask, api: Api, admin: str, place: dict[str, str]) -> None:
    data = roster(person(code="S1"), ["", "12", "34", "无"], person(code="F1"))
    made = upload(api, place["liaison"], data).body
    assert (made["state"], made["rows"], made["valid"], made["invalid"]) == ("checked", 3, 1, 2)
    assert made["sha256"] == hashlib.sha256(data).hexdigest()
    assert made["plan"] == {"created": 1, "updated": 0, "unchanged": 0, "skipped": 2}
    assert [(one["row"], one["column"], one["code"]) for one in made["errors"]] == [
        (3, "姓名", "required"),
        (3, "身份证号", "bad-format"),
        (3, "手机号", "bad-phone"),
        (3, "单位代码", "unknown-unit"),
        (4, "单位代码", "unknown-unit"),
    ]
    assert counts(app, "persons", "memberships", "invitations") == [0, 0, 0]
    assert api("GET", f"/imports/{made['id']}", token=place["liaison"], expect=200).body == made
    assert api("GET", "/imports", token=place["liaison"], expect=200).body["items"] == [made]


def test_all_or_nothing_or_the_sound_rows(app: Flask, api: Api, admin: str, place: dict[str, str]) -> None:
    made = upload(api, place["liaison"], roster(person(), person("某1"), person("闻人乙", code="S1"))).body
    refused = commit(api, place["liaison"], made["id"], 409)
    assert (refused["code"], refused["invalid"]) == ("has-errors", 1)
    assert counts(app, "persons") == [0]
    done = commit(api, place["liaison"], made["id"], only_valid=True)
    assert done == {"created": 2, "updated": 0, "unchanged": 0, "skipped": 1}
    assert commit(api, place["liaison"], made["id"], only_valid=True) == done
    assert counts(app, "persons", "invitations", "memberships") == [2, 2, 2]
    found = {one["display_name"]: one for one in people(api, admin, status="invited")}
    assert {name: one["unit_id"] for name, one in found.items()} == {"闻*甲": place["bureau"], "闻*乙": place["school"]}


def test_the_invited_count_nowhere(api: Api, admin: str, place: dict[str, str]) -> None:
    set_target(api, admin, place["bureau"], 10)
    bring_in(api, place["liaison"], person(), person(code="S1"))
    rows = api("GET", f"/reports/registration-rates?root={place['bureau']}", token=admin, expect=200).body["rows"]
    assert [row["registered"] for row in rows] == [0, 0]


def test_the_same_file_again_changes_nothing(app: Flask, api: Api, place: dict[str, str]) -> None:
    rows = [person(), person("闻人乙", phone="", code="S1")]
    assert bring_in(api, place["liaison"], *rows) == NOTHING | {"created": 2}
    before = counts(app, "persons", "memberships", "person_statuses", "invitations")
    assert bring_in(api, place["liaison"], *rows) == NOTHING | {"unchanged": 2}
    assert counts(app, "persons", "memberships", "person_statuses", "invitations") == before


def test_a_newer_list_mends_an_invitation(api: Api, admin: str, place: dict[str, str]) -> None:
    row = person("闻人甲", phone="13900000001")
    bring_in(api, place["liaison"], row)
    assert bring_in(api, place["liaison"], ["闻人嘉", row[1], "13900000002", "S1"]) == NOTHING | {"updated": 1}
    (found,) = people(api, admin, status="invited")
    assert (found["display_name"], found["unit_id"], found["phone"]) == ("闻*嘉", place["school"], "139****0002")


def test_the_registered_are_never_changed_by_a_list(api: Api, admin: str, place: dict[str, str]) -> None:
    known = add_volunteer(api, place["school"])
    row = ["完全不同", known.id_number, "13900000001", "S1"]
    before = api("GET", f"/volunteers/{known.id}", token=known.token, expect=200).body
    assert bring_in(api, place["liaison"], row) == NOTHING | {"unchanged": 1}
    assert api("GET", f"/volunteers/{known.id}", token=known.token, expect=200).body == before
    moved = upload(api, place["liaison"], roster([*row[:3], "B1"])).body
    assert [one["code"] for one in moved["errors"]] == ["needs-transfer"]
    foreign = upload(api, place["foreign"], roster([*row[:3], "F1"])).body
    assert [one["code"] for one in foreign["errors"]] == ["elsewhere"]
    assert "望江" not in str(foreign)


def test_a_neighbours_invitation_is_not_taken_over(api: Api, place: dict[str, str]) -> None:
    row = person()
    bring_in(api, place["liaison"], row)
    taken = upload(api, place["foreign"], roster(row)).body
    assert [one["code"] for one in taken["errors"]] == ["elsewhere"]
    commit(api, place["foreign"], taken["id"], only_valid=True)
    assert api("GET", "/volunteers", token=place["foreign"], expect=200).body["items"] == []


def test_grants_are_judged_at_the_commit_too(api: Api, admin: str, place: dict[str, str]) -> None:
    phone = make_account(api, admin, "unit_liaison", unit_id=place["school"])
    token = api.login(phone, "Liaison-2026-pass")
    account = api("GET", "/me", token=token, expect=200).body["account"]
    made = upload(api, token, roster(person(code="S1"))).body
    body = {"role": "unit_liaison", "unit_id": place["other"]}
    api("POST", f"/accounts/{account['id']}/grants", body, admin, expect=201)
    api("DELETE", f"/grants/{account['roles'][0]['grant_id']}", token=admin, expect=204)
    assert commit(api, token, made["id"], 409)["code"] == "has-errors"


def test_whose_import_it_is(api: Api, admin: str, place: dict[str, str]) -> None:
    made = upload(api, place["liaison"], roster(person("某1"))).body
    path = f"/imports/{made['id']}"
    auditor = make_staff(api, admin, "auditor")
    api("GET", path, token=place["foreign"], expect=404)
    commit(api, place["foreign"], made["id"], 404)
    assert made["filename"] == "名单.csv"
    assert api("GET", path, token=admin, expect=200).body["filename"] is None
    assert api("GET", path, token=auditor, expect=200).body["filename"] is None
    commit(api, auditor, made["id"], 403)
    api("GET", f"{path}/errors.xlsx", token=admin, expect=404)
    api("GET", f"{path}/errors.xlsx", token=place["liaison"], expect=200)
    upload(api, place["liaison"], roster(person()), 404, unit_id=place["other"])
    upload(api, place["liaison"], roster(), 403, kind="units")


def test_the_marked_sheet_is_the_same_sheet(api: Api, place: dict[str, str]) -> None:
    data = (FOLDER / "title-rows.xlsx").read_bytes()
    bad = openpyxl.load_workbook(io.BytesIO(data))
    bad.active["C6"], bad.active["D5"] = "12345", "望江局"
    out = io.BytesIO()
    bad.save(out)
    made = upload(api, place["liaison"], out.getvalue()).body
    answer = api("GET", f"/imports/{made['id']}/errors.xlsx", token=place["liaison"], expect=200)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.raw)).active
    assert [sheet.cell(row, 1).value for row in (1, 3, 4, 5)] == ["望江局志愿者名单", "制表人:某某", "姓名", "某人乙"]
    assert sheet["E4"].value == "需要修改"
    assert sheet["E5"].value is None
    assert sheet["E6"].value == "【手机号】手机号不正确,请填写 11 位中国大陆手机号,不要填座机。"
    assert (sheet["C6"].value, sheet["C6"].fill.fgColor.rgb) == ("12345", "FFFFD9D6")
    assert sheet["C5"].fill.fill_type is None


def test_a_file_that_changed_is_refused(app: Flask, api: Api, place: dict[str, str]) -> None:
    made = upload(api, place["liaison"], roster(person())).body
    other = hashlib.sha256(roster(person())).hexdigest()
    assert commit(api, place["liaison"], made["id"], 409, sha256=other)["code"] == "file-changed"
    with app.app_context(), db.engine.begin() as connection:
        parts = metadata.tables["import_parts"]
        connection.execute(sa.delete(parts))
    assert commit(api, place["liaison"], made["id"], 409)["code"] == "file-changed"
    assert counts(app, "persons") == [0]


def test_the_file_is_erased_when_it_is_no_longer_needed(
    app: Flask, api: Api, admin: str, clock: SettableClock, place: dict[str, str]
) -> None:
    whole = upload(api, place["liaison"], roster(person())).body
    part = upload(api, place["liaison"], roster(person("闻人乙"), person("某1"))).body
    assert counts(app, "import_parts") == [2]
    commit(api, place["liaison"], whole["id"])
    commit(api, place["liaison"], part["id"], only_valid=True)
    assert counts(app, "import_parts") == [1]
    gone = api("GET", f"/imports/{whole['id']}/errors.xlsx", token=place["liaison"], expect=409).body
    assert gone["code"] == "file-erased"
    waiting = upload(api, admin, roster(person(code="S1"))).body
    clock.advance(days=8)
    with app.app_context():
        assert housekeeping.run(api.now())["removed: imports"] == 2
    assert counts(app, "import_parts") == [0]
    admin = api.login("13900000001", "Admin-2026-pass")
    found = api("GET", f"/imports/{waiting['id']}", token=admin, expect=200).body
    assert (found["state"], found["filename"]) == ("expired", None)
    assert commit(api, admin, waiting["id"], 409)["code"] == "illegal-transition"


@pytest.mark.parametrize("name", ["pdf.xlsx", "entities.xlsx", "encrypted.xlsx", "no-header.xlsx", "empty.csv"])
def test_a_file_that_cannot_be_read_is_not_kept(app: Flask, api: Api, place: dict[str, str], name: str) -> None:
    answer = upload(api, place["liaison"], (FOLDER / name).read_bytes(), 422)
    assert answer.body["code"] == "unreadable-file"
    assert answer.body["reason"]
    assert counts(app, "imports", "import_parts") == [0, 0]


def test_what_is_no_upload(api: Api, admin: str, place: dict[str, str]) -> None:
    token = place["liaison"]
    assert api("POST", "/imports/volunteers", {"file": "x"}, token, expect=415).body["code"] == "unsupported-media-type"
    form = {"data": {"file": "no file"}, "content_type": "multipart/form-data"}
    assert api("POST", "/imports/volunteers", None, token, 422, **form).codes == {"file": "required"}
    assert upload(api, token, roster(person()), 422, nonsense="1").codes == {"nonsense": "unknown-field"}
    assert upload(api, token, bytes(22 * 1024 * 1024), 413).body["code"] == "payload-too-large"
    assert upload(api, token, b"x" * (20 * 1024 * 1024 + 1), 422).body["reason"] == "too-large"


def test_an_upload_sent_twice_under_one_key_is_one(app: Flask, api: Api, place: dict[str, str]) -> None:
    rows = [roster(person()), roster(person("闻人乙"))]

    def send(data: bytes, expect: int) -> Any:
        body, kind = as_form("a.csv", data)
        form = {"data": body, "content_type": kind, "headers": {"Idempotency-Key": "once"}}
        return api("POST", "/imports/volunteers", None, place["liaison"], expect, **form).body

    assert send(rows[0], 201) == send(rows[0], 201)
    assert send(rows[1], 409)["code"] == "conflict"
    assert counts(app, "imports") == [1]


def test_vouched_people_are_told_and_count_after_seven_days(
    app: Flask, api: Api, admin: str, clock: SettableClock, place: dict[str, str]
) -> None:
    row = person(code="S1")
    liaisons = upload(api, place["liaison"], roster(row)).body
    commit(api, place["liaison"], liaisons["id"], 403, consent_reference="档案 1")
    made = upload(api, admin, roster(row)).body
    commit(api, admin, made["id"], consent_reference="档案 2026-1")
    outbox = metadata.tables["outbox_messages"]
    told = sa.select(outbox.c.channel).where(outbox.c.kind == "vouched").order_by(outbox.c.channel)
    with app.app_context():
        assert list(db.session.scalars(told)) == ["app", "sms"]
    again = upload(api, admin, roster(row)).body
    commit(api, admin, again["id"], consent_reference="档案 2026-1")
    assert counts(app, "consents") == [1]
    with app.app_context():
        assert list(db.session.scalars(told)) == ["app", "sms"]
    for days, status in ((6, "invited"), (1, "registered")):
        clock.advance(days=days)
        with app.app_context():
            housekeeping.run(api.now())
        admin = api.login("13900000001", "Admin-2026-pass")
        assert [one["status"] for one in people(api, admin)] == [status]


UNITS = ("单位代码", "单位名称", "单位性质", "上级单位代码", "应登记人数", "2026年任务数")


def units(*rows: Any) -> bytes:
    return roster(*rows, header=UNITS)


def test_units_are_written_as_a_tree_with_their_tasks(api: Api, admin: str) -> None:
    rows = [
        ("X2", "某校", "学校", "X1", 30, 20),
        ("X1", "某区", "机关", "", "", 5),
        ("X3", "某社", "社区", "X2", "", ""),
    ]
    made = upload(api, admin, units(*rows), kind="units").body
    assert (made["rows"], made["invalid"]) == (3, 0)
    assert commit(api, admin, made["id"]) == NOTHING | {"created": 3}
    found = {one["code"]: one["id"] for one in api("GET", "/units", expect=200).body["items"]}
    school = api("GET", f"/units/{found['X2']}", token=admin, expect=200).body
    assert (school["kind"], school["parent_id"], school["headcount"]) == ("school", found["X1"], 30)
    tasks = api("GET", f"/units/{found['X2']}/targets", token=admin, expect=200).body["items"]
    assert [(one["year"], one["target"]) for one in tasks] == [(2026, 20)]
    again = upload(api, admin, units(*rows), kind="units").body
    assert commit(api, admin, again["id"]) == NOTHING | {"unchanged": 3}
    changed = upload(api, admin, units(("X3", "某社区", "社区", "X1", "", 7)), kind="units").body
    assert commit(api, admin, changed["id"]) == NOTHING | {"updated": 1}
    moved = api("GET", f"/units/{found['X3']}", token=admin, expect=200).body
    assert (moved["name"], moved["parent_id"]) == ("某社区", found["X1"])


def test_units_faults_against_what_stands(api: Api, admin: str, clock: SettableClock) -> None:
    top = make_unit(api, admin, code="T1")
    make_unit(api, admin, top, code="T2")
    closed = make_unit(api, admin, code="T3")
    clock.advance(days=1)
    admin = api.login("13900000001", "Admin-2026-pass")
    api("PATCH", f"/units/{closed}", {"closed_on": "2026-03-23"}, admin, expect=200)
    rows = [("T1", "甲", "", "T2", "", ""), ("T3", "丙", "", "", "", ""), ("T4", "丁", "", "T3", "", "")]
    made = upload(api, admin, units(*rows), kind="units").body
    assert [(one["row"], one["code"]) for one in made["errors"]] == [(2, "cycle"), (3, "closed"), (4, "unknown-unit")]


def test_what_stands_below_a_faulty_new_unit_waits_with_it(api: Api, admin: str) -> None:
    header = (*UNITS[:4], "区域代码")
    rows = [
        ("N3", "丙", "", "N2", ""),
        ("N2", "乙", "", "N1", ""),
        ("N1", "甲", "", "", "没有"),
        ("N4", "丁", "", "", ""),
    ]
    made = upload(api, admin, roster(*rows, header=header), kind="units").body
    assert [(one["row"], one["code"]) for one in made["errors"]] == [
        (2, "unknown-unit"),
        (3, "unknown-unit"),
        (4, "unknown"),
    ]
    assert commit(api, admin, made["id"], only_valid=True) == NOTHING | {"created": 1, "skipped": 3}


def test_templates_are_read_back_by_the_import(api: Api, admin: str) -> None:
    for kind in ("units", "volunteers", "stations", "hours"):
        blank = api("GET", f"/imports/templates/{kind}.xlsx", expect=200).raw
        assert upload(api, admin, blank, 422, kind=kind).body["reason"] == "no-rows"
    book = openpyxl.load_workbook(io.BytesIO(api("GET", "/imports/templates/volunteers.xlsx", expect=200).raw))
    make_unit(api, admin, code="T9")
    row = person(code="T9")
    sheet = book.worksheets[0]
    for column, text in ((1, row[0]), (2, row[1]), (4, row[2]), (6, "T9")):
        sheet.cell(2, column).value = text
    out = io.BytesIO()
    book.save(out)
    made = upload(api, admin, out.getvalue()).body
    assert (made["rows"], made["errors"]) == (1, [])
    api("GET", "/imports/templates/people.xlsx", expect=404)


def test_the_command_line_brings_in_a_file(
    app: Flask, api: Api, admin: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(cli, "_app", lambda: app)
    file = tmp_path / "units.csv"

    def run(kind: str, data: bytes, *words: str) -> tuple[int, str]:
        file.write_bytes(data)
        result = CliRunner().invoke(cli.main, ["import", kind, str(file), *words])
        return result.exit_code, result.output

    sheet = units(("C1", "某区", "", "", "", 3))
    assert run("units", sheet, "--dry-run") == (0, "rows: 1\nvalid: 1\ninvalid: 0\n")
    assert counts(app, "units") == [0]
    code, said = run("units", sheet)
    assert (code, "created: 1\n" in said) == (0, True)
    faulty = roster(person(), person("某1"))
    code, said = run("volunteers", faulty, "--unit", "C1")
    assert (code, "3\t姓名\tbad-name" in said, "有 1 行需要修改" in said) == (1, True, True)
    code, said = run("volunteers", faulty, "--unit", "C1", "--only-valid")
    assert (code, "created: 1\n" in said, "skipped: 1\n" in said) == (0, True, True)
    assert run("volunteers", faulty, "--unit", "no")[0] == 1
    assert run("units", b"%PDF")[0] == 1
    assert counts(app, "persons") == [1]


def test_a_day_has_its_own_clock(api: Api, admin: str) -> None:
    """A birth date after the day of the site is a fault, whatever the machine's clock says."""
    make_unit(api, admin, code="D1")
    later = (api.now() + dt.timedelta(days=2)).date()
    header = ("姓名", "证件类型", "证件号码", "性别", "出生日期", "单位代码")
    data = roster(("某人", "护照", "E12345678", "女", later.isoformat(), "D1"), header=header)
    assert [one["code"] for one in upload(api, admin, data).body["errors"]] == ["bad-birth-date"]
