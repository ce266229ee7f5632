"""Writes the corpus of rosters and sheets of units, each with a fault or an oddity of its own, into `corpus/`.

    .venv/bin/python -m tests.imports.make_corpus

The writers are none of our reader's family: openpyxl, xlwt, bytes and XML by hand. All people are made up.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlwt

FOLDER = Path(__file__).with_name("corpus")
HEADER = ("姓名", "身份证号", "手机号", "单位名称")
FILES: dict[str, Callable[[], bytes]] = {}
#: Too large to be kept in the repository; the test makes it.
MADE_ANEW = {"zip-bomb.xlsx"}
Rows = Sequence[Sequence[Any]]


def resident_id(number: int, born: str = "19900307") -> str:
    """Return a made-up, well-formed identity number."""
    body = f"110101{born}{number:03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def person(number: int, name: str = "", **more: Any) -> list[Any]:
    """Return a sound row; `more` replaces `id_number`, `phone`, `unit`."""
    row = {"id_number": resident_id(number), "phone": f"1390000{number:04}", "unit": "望江局"} | more
    return [name or f"某人{'甲乙丙丁戊己庚辛壬癸'[number % 10]}", row["id_number"], row["phone"], row["unit"]]


SOUND: Rows = (HEADER, person(1), person(2))


def file(name: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Name the file that a function makes."""

    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        FILES[name] = make
        return make

    return keep


def add(name: str, data: bytes) -> None:
    """Add a file as it is."""
    FILES[name] = lambda: data


def xlsx(rows: Rows, change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """Return a workbook by openpyxl."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Rows, change: Callable[[Any], None] | None = None) -> bytes:
    """Return a workbook by xlwt."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell, day) if isinstance(cell, dt.date) else sheet.write(line, column, cell)
    if change:
        change(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(rows: Rows, sign: str = ",", end: str = "\r\n") -> str:
    """Return a CSV text by hand."""
    return "".join(sign.join(map(str, row)) + end for row in rows)


def archive(members: dict[str, bytes]) -> bytes:
    """Return a zip by hand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, data in members.items():
            made.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


def raw_xlsx(sheet: bytes, prolog: bytes = b"", **more: bytes) -> bytes:
    """Return a minimal workbook of hand-written XML around the data of one sheet."""
    main = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    links = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = b"http://schemas.openxmlformats.org/package/2006"
    xml = b'<?xml version="1.0" encoding="UTF-8"?>' + prolog
    book = b"application/vnd.openxmlformats-officedocument.spreadsheetml."
    return archive(
        {
            "[Content_Types].xml": xml + b'<Types xmlns="' + package + b'/content-types">'
            b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            b'<Override PartName="/xl/workbook.xml" ContentType="' + book + b'sheet.main+xml"/>'
            b'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="' + book + b'worksheet+xml"/></Types>',
            "_rels/.rels": xml
            + b'<Relationships xmlns="'
            + package
            + b'/relationships"><Relationship Id="r1" Type="'
            + links
            + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": xml + b"<workbook " + main + b' xmlns:r="' + links + b'"><sheets>'
            b'<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": xml
            + b'<Relationships xmlns="'
            + package
            + b'/relationships"><Relationship Id="r1" Type="'
            + links
            + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/worksheets/sheet1.xml": xml
            + b"<worksheet "
            + main
            + b"><sheetData>"
            + sheet
            + b"</sheetData></worksheet>",
        }
        | more
    )


def inline(rows: Rows) -> bytes:
    """Return rows as XML with texts in the cells and no positions, as some exports write them."""
    cells = (
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    return "".join(cells).encode()


# ---- rosters that are fine as they are ----
add("plain.xlsx", xlsx(SOUND))
add("plain.xls", xls(SOUND))
add("utf8.csv", text(SOUND).encode())
add("utf8-bom.csv", text(SOUND).encode("utf-8-sig"))
add("gb18030.csv", text((HEADER, person(1, "某𬎆"), person(2, "㛃某"))).encode("gb18030"))
add("semicolon.csv", text(SOUND, ";", "\n").encode())
add("tab-utf16.csv", text(SOUND, "\t").encode("utf-16"))
add("sep-line.csv", ("sep=;\r\n" + text(SOUND, ";")).encode("gb18030"))
add("quoted.csv", ('"姓名","身份证号"\n"某人甲","' + resident_id(1) + '"\n').encode())
add("inline-strings.xlsx", raw_xlsx(inline(SOUND)))
TITLES = (("望江局志愿者名单",), (), ("制表人:某某", "", "2026年3月"))
add("title-rows.xlsx", xlsx((*TITLES, *SOUND)))
add("title-rows.csv", text((*TITLES, *SOUND)).encode("gb18030"))
add("synonyms.xlsx", xlsx((("*职工姓名", "公民身份号码\n(18位)", "联系电话(必填)", "所在单位"), person(1), person(2))))
add("serial-column.xlsx", xlsx((("序号", *HEADER, "备注"), (1, *person(1), "在职"), (2, *person(2), ""))))
add(
    "full-width.xlsx",
    xlsx((HEADER, person(1, id_number=resident_id(1).translate({c: c + 0xFEE0 for c in range(48, 58)})))),
)
add(
    "spaces.xlsx",
    xlsx(
        (HEADER, person(1, "某 甲", id_number=f" {resident_id(1)[:6]} {resident_id(1)[6:]}\t", phone="139 0000 0001"))
    ),
)
add("phone-number.xlsx", xlsx((HEADER, person(1, phone=13900000001), person(2, phone="+86-139-0000-0002"))))
add("phone-number.xls", xls((HEADER, person(1, phone=13900000001))))
add(
    "names.xlsx",
    xlsx(
        (
            HEADER,
            person(1, "买买提．艾力"),
            person(2, "阿卜杜热合曼•某某"),
            person(3, "𠀀某"),
            person(4, "Ann-Marie O'Neil"),
        )
    ),
)
add("same-name.xlsx", xlsx((HEADER, person(1, "某某某"), person(2, "某某某"))))
add("empty-rows.xlsx", xlsx((HEADER, person(1), (), ("", " ", None, ""), person(2))))
add("blank-lines.csv", ("\n\n" + text(SOUND, end="\n\n\n")).encode())
DATES = ("姓名", "证件类型", "证件号码", "性别", "出生日期", "单位")
BORN = (dt.date(1990, 1, 2), "1990-01-02", "1990/1/2", "1990年1月2日", "19900102", "1990.1.2")
PASSPORTS = [(f"Person {'ABCDEF'[n]}", "护照", f"E1234567{n}", "女", day, "望江局") for n, day in enumerate(BORN)]
add("dates.xlsx", xlsx((DATES, *PASSPORTS)))
add("dates.xls", xls((DATES, *PASSPORTS)))


@file("merged.xlsx")
def _merged() -> bytes:
    def change(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.merge_cells("A1:D1")
        sheet.merge_cells("D3:D5")

    return xlsx((("望江局名单",), HEADER, person(1), person(2, unit=""), person(3, unit="")), change)


@file("two-line-header.xlsx")
def _two_lines() -> bytes:
    def change(book: openpyxl.Workbook) -> None:
        for cells in ("A1:A2", "B1:B2", "C1:D1"):
            book.active.merge_cells(cells)

    return xlsx((("姓名", "身份证号", "联系", ""), ("", "", "手机号", "单位名称"), person(1), person(2)), change)


@file("away-from-corner.xlsx")
def _away() -> bytes:
    return xlsx(((), (), *(("", "", *row) for row in SOUND)))


@file("hidden-sheet.xlsx")
def _hidden() -> bytes:
    def change(book: openpyxl.Workbook) -> None:
        hidden = book.create_sheet("旧名单")
        for row in (HEADER, person(9)):
            hidden.append(list(row))
        hidden.sheet_state = "hidden"
        book.create_sheet("填写说明").append(["姓名须与证件一致"])

    return xlsx(SOUND, change)


# ---- rosters with a fault in a cell ----
add("scientific.csv", text((HEADER, person(1, id_number="1.10E+17"), person(2))).encode())
add("damaged-number.xlsx", xlsx((HEADER, person(1, id_number=110101199003070010), person(2))))
add("damaged-number.xls", xls((HEADER, person(1, id_number=110101199003070010.0))))
add("rounded.csv", text((HEADER, person(1, id_number="110101199003070000"))).encode())
add(
    "bad-checksum.xlsx",
    xlsx((HEADER, person(1, id_number=resident_id(1)[:-1] + ("0" if resident_id(1)[-1] != "0" else "1")))),
)
add("bad-phone.xlsx", xlsx((HEADER, person(1, phone="010-12345678"), person(2, phone="1390000"), person(3))))
add("no-name.csv", text((HEADER, ["", *person(1)[1:]], person(2, "某123"))).encode())
add("no-number.csv", text((HEADER, person(1, id_number=""))).encode())
add("repeated-rows.xlsx", xlsx((HEADER, person(1), person(2), person(1))))
add("unknown-unit.xlsx", xlsx((HEADER, person(1, unit="别处局"), person(2, unit="同名局"), person(3, unit=""))))
add(
    "bad-date.xlsx", xlsx((DATES, (*PASSPORTS[0][:4], "90.1.2", "望江局"), (*PASSPORTS[1][:4], "2990-01-01", "望江局")))
)
add("unknown-type.xlsx", xlsx((DATES, ("某人", "图书证", "E12345678", "女", "1990-01-02", "望江局"))))
add(
    "wrong-sex.csv",
    text((("姓名", "身份证号", "性别"), ("某人", resident_id(1), "女"), ("某人", resident_id(2), "未知"))).encode(),
)
add("all-at-once.csv", text((HEADER, ("", "12", "34", "无"), person(2), person(3, phone="5"))).encode())
add("formula.xlsx", xlsx((HEADER, ('="某"&"人"', *person(1)[1:]), person(2))))
add("formula-text.csv", text((HEADER, person(1, "=HYPERLINK(A1)"), person(2, "@SUM(1)"))).encode())
add("cell-error.xlsx", xlsx((HEADER, ("#N/A", *person(1)[1:]))))
add("long-cell.csv", text((HEADER, person(1, "某" * 5000))).encode())
add("control.csv", text((HEADER, person(1, "某\x01人"))).encode())

# ---- files that cannot be read ----
add("empty.csv", b"")
add("blank.csv", b" \r\n\r\n")
add("no-header.xlsx", xlsx((person(1), person(2))))
add("only-header.xlsx", xlsx((HEADER,)))
add("repeated-header.xlsx", xlsx(((*HEADER, "手机"), (*person(1), "13900000009"))))
add("pdf.xlsx", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n")
add("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
add("program.xls", b"MZ\x90\0\x03\0\0\0" + bytes(200))
add("word.xlsx", archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"}))
add("web-page.xls", "<html><table><tr><td>姓名</td></tr></table></html>".encode())
add("truncated.xlsx", xlsx(SOUND)[:2000])
add("truncated.xls", xls(SOUND)[:1500])
add("open-quote.csv", ('姓名,身份证号\n"某人,' + resident_id(1) + "\n某人,1\n").encode())
add("unknown-encoding.csv", b"\xff\xff\x81 name,\xff\n" * 3)
add(
    "entities.xlsx",
    raw_xlsx(
        b'<row><c t="inlineStr"><is><t>&x;</t></is></c></row>',
        b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ),
)
add("laughs.xlsx", raw_xlsx(b"<row/>", b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'))
FILES["zip-bomb.xlsx"] = lambda: raw_xlsx(inline(SOUND), **{"xl/media/x.bin": bytes(450 * 1024 * 1024)})
FILES["lying-bomb.xlsx"] = lambda: lying(raw_xlsx(b"<row><c><v>1</v></c></row>" * 300_000))
add(
    "far-corner.xlsx",
    raw_xlsx(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
)
FILES["million-rows.xlsx"] = lambda: raw_xlsx(b"<row><c><v>1</v></c></row>" * 1_000_000)
FILES["too-wide.xlsx"] = lambda: xlsx([[*HEADER, *(f"列{n}" for n in range(200))], [*person(1), *range(200)]])


@file("several-sheets.xlsx")
def _several() -> bytes:
    def change(book: openpyxl.Workbook) -> None:
        other = book.create_sheet("第二张")
        for row in (HEADER, person(3)):
            other.append(list(row))

    return xlsx(SOUND, change)


@file("encrypted.xlsx")
def _encrypted() -> bytes:
    """The shell that an encrypted workbook comes in; what is inside is of no interest."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)


def lying(data: bytes) -> bytes:
    """Return an archive whose largest member claims to be tiny, in the directory and before the member."""
    out, real = bytearray(data), max(info.file_size for info in zipfile.ZipFile(io.BytesIO(data)).infolist())
    size = real.to_bytes(4, "little")
    at = out.find(size)
    while at >= 0:
        out[at : at + 4] = (1000).to_bytes(4, "little")
        at = out.find(size, at + 4)
    return bytes(out)


# ---- sheets of units ----
UNITS = ("单位代码", "单位名称", "单位性质", "上级单位代码", "统一社会信用代码", "在职人数", "2026年任务数")
add(
    "units-plain.xlsx",
    xlsx((UNITS, ("Q1", "某区", "机关", "", "", 40, 30), ("Q2", "某校", "学校", "Q1", "", "1,200", 200))),
)
add(
    "units-child-first.csv",
    text((UNITS, ("Q2", "某校", "学校", "Q1"), ("Q1", "某区", "党政机关", ""))).encode("gb18030"),
)
add(
    "units-faults.xlsx",
    xlsx(
        (
            UNITS,
            ("Q1", "某区", "衙门", "", "", 40, 30),
            ("Q2", "", "学校", "没有", "", -1, 1.5),
            ("Q3", "某校", "学校", "无此", "91110000000000000A", 1, 1),
            ("Q3", "某校", "学校"),
            ("", "某院", "企业"),
        )
    ),
)
add(
    "units-knot.csv",
    text(
        (UNITS, ("K1", "甲", "", "K3"), ("K2", "乙", "", "K1"), ("K3", "丙", "", "K2"), ("K4", "丁", "", "K1"))
    ).encode(),
)

# ---- sheets of stations ----
STATIONS = ("站点代码", "站点名称", "级别", "上级站点代码", "所属单位代码", "经度", "纬度", "坐标来自")
add(
    "stations-plain.xlsx",
    xlsx(
        (
            ("某区新时代文明实践阵地一览表",),
            STATIONS,
            ("Z3", "某社区站", "实践站", "Z2", "", 116.4074, 39.9042, "高德"),
            ("Z1", "某区中心", "新时代文明实践中心", "", "U1", "", "", ""),
            ("Z2", "某街道所", "所", "Z1", "", "116.3972", "39.9075", "GPS"),
            ("Z4", "某广场", "点", "Z3"),
        )
    ),
)
add(
    "stations-faults.csv",
    text(
        (
            STATIONS,
            ("Z1", "某中心", "中心", "Z0", "", "", "", ""),
            ("Z2", "某所", "驿站", "", "", "116.4", "39.9", ""),
            ("Z3", "某站", "站", "", "", "39.9", "116.4", "高德"),
            ("Z4", "某点", "点", "", "没有", "", "39.9", ""),
            ("Z5", "某点", "点", "无此", "", "", "", ""),
            ("Z6", "某点", "点", "", "", "116.4", "39.9", "纸图"),
            ("Z7", "某点", "点", "", "", "116°24'", "39.9", "百度"),
        )
    ).encode("gb18030"),
)

# ---- lists of past hours ----
PAST = ("姓名", "身份证号码", "志愿者编号", "服务日期", "活动名称", "服务时长(小时)", "分钟", "来源平台", "记录编号")
add(
    "hours-plain.xlsx",
    xlsx(
        (
            PAST,
            ("某甲", resident_id(1), "", dt.date(2025, 3, 5), "学雷锋日清洁家园", 2.5, "", "省平台", "A1"),
            ("某乙", "", 123456789, "2025年3月6日", "邻里守望", "", "90", "省平台", ""),
        )
    ),
)
add(
    "hours-faults.csv",
    text(
        (
            PAST,
            ("某甲", "", "", "2025-03-05", "清洁", "1", "", "省平台", ""),
            ("某甲", resident_id(1), "", "2031-03-05", "清洁", "1", "60", "省平台", ""),
            ("某甲", "1.10E+17", "", "2025-02-30", "", "25", "", "", ""),
            ("", "", "12", "2025-03-05", "清洁", "1.333", "", "省平台", ""),
        )
    ).encode(),
)


def main(names: Iterable[str] = ()) -> None:
    """Write the files that are kept, all of them or those named."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or FILES.keys() - MADE_ANEW:
        (FOLDER / name).write_bytes(FILES[name]())


if __name__ == "__main__":
    main()
