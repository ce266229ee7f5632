"""Every file of the corpus, read as it is uploaded: what is valid, what is faulty where, what is refused and why."""

import datetime as dt
import uuid

import pytest

from tests.imports import make_corpus
from volunteer.exports.rules import Stamp
from volunteer.imports import sheets_out
from volunteer.imports.checking import Checked, check_past_hours, check_roster, check_stations, check_units
from volunteer.imports.reading import UnreadableFile, read_sheets
from volunteer.imports.rules_people import Known
from volunteer.imports.rules_trees import KnownCodes
from volunteer.stations.rules import StationLevel

TODAY = dt.date(2026, 3, 22)
UNIT, NAMESAKE = uuid.UUID(int=1), uuid.UUID(int=2)
KNOWN = Known({"A1": UNIT}, {"望江局": {UNIT}, "同名局": {UNIT, NAMESAKE}}, {"群众": "masses"})
NO_UNIT = (2, "单位名称", "required")

#: name -> sound rows, and the fault of every other cell: (row as the sheet shows it, heading, code).
READ: dict[str, tuple[int, list[tuple[int, str, str]]]] = {
    "plain.xlsx": (2, []),
    "plain.xls": (2, []),
    "utf8.csv": (2, []),
    "utf8-bom.csv": (2, []),
    "gb18030.csv": (2, []),
    "semicolon.csv": (2, []),
    "tab-utf16.csv": (2, []),
    "sep-line.csv": (2, []),
    "quoted.csv": (0, [NO_UNIT]),
    "inline-strings.xlsx": (2, []),
    "title-rows.xlsx": (2, []),
    "title-rows.csv": (2, []),
    "synonyms.xlsx": (2, []),
    "serial-column.xlsx": (2, []),
    "full-width.xlsx": (1, []),
    "spaces.xlsx": (1, []),
    "phone-number.xlsx": (2, []),
    "phone-number.xls": (1, []),
    "names.xlsx": (4, []),
    "same-name.xlsx": (2, []),
    "empty-rows.xlsx": (2, []),
    "blank-lines.csv": (2, []),
    "dates.xlsx": (6, []),
    "dates.xls": (6, []),
    "merged.xlsx": (3, []),
    "two-line-header.xlsx": (2, []),
    "away-from-corner.xlsx": (2, []),
    "hidden-sheet.xlsx": (2, []),
    "scientific.csv": (1, [(2, "身份证号", "damaged-number")]),
    "damaged-number.xlsx": (1, [(2, "身份证号", "damaged-number")]),
    "damaged-number.xls": (0, [(2, "身份证号", "damaged-number")]),
    "rounded.csv": (0, [(2, "身份证号", "damaged-number")]),
    "bad-checksum.xlsx": (0, [(2, "身份证号", "checksum")]),
    "bad-phone.xlsx": (1, [(2, "手机号", "bad-phone"), (3, "手机号", "bad-phone")]),
    "no-name.csv": (0, [(2, "姓名", "required"), (3, "姓名", "bad-name")]),
    "no-number.csv": (0, [(2, "身份证号", "required")]),
    "repeated-rows.xlsx": (2, [(4, "身份证号", "repeated")]),
    "unknown-unit.xlsx": (
        0,
        [(2, "单位名称", "unknown-unit"), (3, "单位名称", "ambiguous-unit"), (4, "单位名称", "required")],
    ),
    "bad-date.xlsx": (0, [(2, "出生日期", "bad-date"), (3, "出生日期", "bad-birth-date")]),
    "unknown-type.xlsx": (0, [(2, "证件类型", "unknown-value")]),
    "wrong-sex.csv": (
        0,
        [(2, "性别", "mismatch"), NO_UNIT, (3, "性别", "unknown-value"), (3, "单位名称", "required")],
    ),
    "all-at-once.csv": (
        1,
        [
            (2, "姓名", "required"),
            (2, "身份证号", "bad-format"),
            (2, "手机号", "bad-phone"),
            (2, "单位名称", "unknown-unit"),
            (4, "手机号", "bad-phone"),
        ],
    ),
    "formula.xlsx": (1, [(2, "姓名", "formula")]),
    "formula-text.csv": (0, [(2, "姓名", "formula"), (3, "姓名", "formula")]),
    "cell-error.xlsx": (0, [(2, "姓名", "required")]),
    "long-cell.csv": (0, [(2, "姓名", "cell-too-long")]),
    "control.csv": (0, [(2, "姓名", "invalid")]),
    "stations-plain.xlsx": (4, []),
    "stations-faults.csv": (
        0,
        [
            (2, "级别", "bad-level"),
            (3, "级别", "unknown-value"),
            (3, "坐标来自", "required"),
            (4, "纬度", "swapped"),
            (5, "经度", "required"),
            (5, "所属单位代码", "unknown-unit"),
            (6, "上级站点代码", "unknown-station"),
            (7, "坐标来自", "unknown-value"),
            (8, "经度", "bad-number"),
        ],
    ),
    "hours-plain.xlsx": (2, []),
    "hours-faults.csv": (
        0,
        [
            (2, "身份证号码", "required"),
            (3, "服务日期", "bad-date"),
            (3, "服务时长(小时)", "one-of-two"),
            (4, "身份证号码", "damaged-number"),
            (4, "服务日期", "bad-date"),
            (4, "服务时长(小时)", "bad-number"),
            (4, "活动名称", "required"),
            (4, "来源平台", "required"),
            (5, "姓名", "required"),
            (5, "志愿者编号", "bad-format"),
            (5, "服务时长(小时)", "bad-number"),
        ],
    ),
    "units-plain.xlsx": (2, []),
    "units-child-first.csv": (2, []),
    "units-faults.xlsx": (
        0,
        [
            (2, "单位性质", "unknown-value"),
            (3, "单位名称", "required"),
            (3, "在职人数", "bad-number"),
            (3, "2026年任务数", "bad-number"),
            (3, "上级单位代码", "unknown-unit"),
            (4, "统一社会信用代码", "bad-uscc"),
            (4, "上级单位代码", "unknown-unit"),
            (5, "单位代码", "repeated"),
            (6, "单位代码", "required"),
        ],
    ),
    "units-knot.csv": (
        0,
        [*((row, "上级单位代码", "cycle") for row in (2, 3, 4)), (5, "上级单位代码", "unknown-unit")],
    ),
}
REFUSED = {
    "empty.csv": "empty",
    "blank.csv": "empty",
    "no-header.xlsx": "no-header",
    "only-header.xlsx": "no-rows",
    "repeated-header.xlsx": "repeated-header",
    "several-sheets.xlsx": "several-sheets",
    "pdf.xlsx": "not-a-sheet",
    "picture.csv": "not-a-sheet",
    "program.xls": "not-a-sheet",
    "word.xlsx": "not-a-sheet",
    "web-page.xls": "web-page",
    "truncated.xlsx": "broken",
    "truncated.xls": "broken",
    "open-quote.csv": "broken",
    "unknown-encoding.csv": "encoding",
    "encrypted.xlsx": "encrypted",
    "entities.xlsx": "entities",
    "laughs.xlsx": "entities",
    "zip-bomb.xlsx": "bomb",
    "lying-bomb.xlsx": "broken",
    "far-corner.xlsx": "too-heavy",
    "million-rows.xlsx": "too-many-rows",
    "too-wide.xlsx": "too-wide",
}


def content(name: str) -> bytes:
    """Return a file of the corpus."""
    if name in make_corpus.MADE_ANEW:
        return make_corpus.FILES[name]()
    return (make_corpus.FOLDER / name).read_bytes()


def check(name: str) -> Checked:  # type: ignore[type-arg]
    sheets = read_sheets(content(name))
    if name.startswith("units"):
        return check_units(sheets, KnownCodes())
    if name.startswith("hours"):
        return check_past_hours(sheets, TODAY)
    if name.startswith("stations"):
        return check_stations(sheets, KnownCodes(["Z0"], units=["U1"]), {"Z0": StationLevel.STATION})
    return check_roster(sheets, KNOWN, TODAY)


def test_the_corpus_is_whole() -> None:
    assert len(READ) + len(REFUSED) >= 40
    kept = {path.name for path in make_corpus.FOLDER.iterdir()}
    assert kept | make_corpus.MADE_ANEW == READ.keys() | REFUSED.keys() == make_corpus.FILES.keys()
    assert max(path.stat().st_size for path in make_corpus.FOLDER.iterdir()) < 100_000


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_with_all_its_faults(name: str) -> None:
    found = check(name)
    sound, faults = READ[name]
    assert len(found.drafts) == sound
    assert [(fault.row, fault.column, fault.code) for fault in found.faults] == faults
    assert all(len(fault.message) > 5 for fault in found.faults)
    assert len(found.drafts) + found.invalid == len(found.rows)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        check(name)
    assert str(caught.value.fault) == REFUSED[name]
    assert caught.value.detail == caught.value.fault.sentence
    assert (caught.value.status, caught.value.code) == (422, "unreadable-file")


def test_what_is_read_stands_in_its_one_spelling() -> None:
    one, two, three, four = check("names.xlsx").drafts
    assert [one.name, two.name] == ["买买提·艾力", "阿卜杜热合曼·某某"]
    assert [three.name, four.name] == ["𠀀某", "Ann-Marie O'Neil"]
    assert [draft.name for draft in check("gb18030.csv").drafts] == ["某𬎆", "㛃某"]
    wide, spaced = check("full-width.xlsx").drafts[0], check("spaces.xlsx").drafts[0]
    assert wide.identity.number == spaced.identity.number == make_corpus.resident_id(1)
    assert (spaced.name, spaced.phone) == ("某甲", "13900000001")
    assert {draft.identity.birth_date for draft in check("dates.xlsx").drafts} == {dt.date(1990, 1, 2)}
    assert {draft.phone for draft in check("phone-number.xlsx").drafts} == {"13900000001", "13900000002"}
    assert [draft.unit_id for draft in check("merged.xlsx").drafts] == [UNIT] * 3


def test_rows_are_numbered_as_in_the_sheet() -> None:
    for name, rows in {"title-rows.xlsx": [5, 6], "empty-rows.xlsx": [2, 5], "blank-lines.csv": [6, 9]}.items():
        assert [draft.row for draft in check(name).drafts] == rows, name


def test_unknown_columns_are_named_and_the_year_of_a_task_is_read() -> None:
    assert check("serial-column.xlsx").header.ignored == ("序号", "备注")
    units = check("units-plain.xlsx")
    assert units.header.year == 2026
    assert [(unit.target, unit.headcount) for unit in units.drafts] == [(30, 40), (200, 1200)]


@pytest.mark.parametrize(
    "name", ["all-at-once.csv", "title-rows.xlsx", "damaged-number.xls", "repeated-rows.xlsx", "formula.xlsx"]
)
def test_the_marked_sheet_is_read_again_with_the_same_rows_and_the_same_faults(name: str) -> None:
    """What is mended in it and uploaded again is judged as before, row by row; our column of words is passed over."""
    before = check(name)
    (sheet,) = [one for one in read_sheets(content(name)) if one.name == before.sheet]
    stamp = Stamp("E2026ABC", "某某", dt.datetime(2026, 3, 22, tzinfo=dt.UTC))
    data = sheets_out.marked(sheet, before.header, before.faults, stamp)
    after = check_roster(read_sheets(data), KNOWN, TODAY)
    assert [row.number for row, _ in after.rows] == [row.number for row, _ in before.rows]
    assert [(fault.row, fault.column) for fault in after.faults] == [(f.row, f.column) for f in before.faults]
    assert after.drafts == before.drafts
    assert after.header.ignored == (*before.header.ignored, sheets_out.FAULTS)
