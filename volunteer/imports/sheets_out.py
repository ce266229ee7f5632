"""Workbooks that we give back: the uploaded sheet with its faults marked, and the templates.

All is written as text, so that nothing from a sheet is ever run as a formula. Source: stack.md G36; peers.md T40.
"""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter

from volunteer.exports.rules import Stamp
from volunteer.imports.reading import Sheet
from volunteer.imports.rules_cells import Cell, CellFault
from volunteer.imports.rules_columns import Field, Header, RowFault
from volunteer.imports.rules_hours import FIELDS as HOURS_FIELDS
from volunteer.imports.rules_people import FIELDS as PERSON_FIELDS
from volunteer.imports.rules_states import Kind
from volunteer.imports.rules_stations import FIELDS as STATION_FIELDS
from volunteer.imports.rules_units import FIELDS as UNIT_FIELDS

OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
FAULTS: Final = "需要修改"
FIELDS: Final[dict[Kind, Sequence[Field]]] = {
    Kind.UNITS: UNIT_FIELDS,
    Kind.VOLUNTEERS: PERSON_FIELDS,
    Kind.STATIONS: STATION_FIELDS,
    Kind.HOURS: HOURS_FIELDS,
}
NAMES: Final = {Kind.UNITS: "单位", Kind.VOLUNTEERS: "人员名单", Kind.STATIONS: "站点", Kind.HOURS: "服务记录"}
#: Rows of the template that are laid out as text, so that numbers keep their digits.
LAID_OUT: Final = 1000


def marked(sheet: Sheet, header: Header, faults: Sequence[RowFault], stamp: Stamp) -> bytes:
    """Return a sheet, each row where it stood: faulty cells coloured, what is wrong in words in a column at the end.

    The export's mark stands in the page's header and the file's properties alone: the sheet is to be uploaded again.
    """
    places = {header.headings[key]: index for key, index in header.places.items()}
    by_row: defaultdict[int, list[RowFault]] = defaultdict(list)
    for fault in faults:
        by_row[fault.row].append(fault)
    last = max(len(line.cells) for line in sheet.lines)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties({"author": stamp.by, "comments": stamp.words, "created": stamp.at.replace(tzinfo=None)})
        out = book.add_worksheet((sheet.name or "名单")[:31])
        out.set_header(f"&R{stamp.header}")
        plain = book.add_format({"num_format": "@"})
        bad = book.add_format({"num_format": "@", "bg_color": "#FFD9D6", "font_color": "#8A1C12"})
        bold = book.add_format({"num_format": "@", "bold": True})
        out.set_column(0, last - 1, 20, plain)
        out.set_column(last, last, 80, plain)
        out.freeze_panes(header.number, 0)
        for line in sheet.lines:
            theirs = by_row.get(line.number, [])
            columns = {places[fault.column] for fault in theirs if fault.column in places}
            for index in sorted({*range(len(line.cells)), *columns}):
                cell = line.cells[index] if index < len(line.cells) else ""
                form = bad if index in columns else bold if line.number == header.number else plain
                out.write_string(line.number - 1, index, _text(cell), form)
            if line.number == header.number:
                out.write_string(line.number - 1, last, FAULTS, bold)
            elif theirs:
                words = "".join(f"【{fault.column}】{fault.message}" for fault in theirs)
                out.write_string(line.number - 1, last, words, bad)
    return buffer.getvalue()


def _text(cell: Cell) -> str:
    """Return a cell as it is written back; what was not to be trusted is named, not repeated."""
    if isinstance(cell, CellFault):
        return {CellFault.FORMULA: "(公式)", CellFault.DAMAGED_NUMBER: "(号码已损坏)"}.get(cell, "(错误值)")
    return cell.isoformat() if isinstance(cell, dt.date) else cell


def template(kind: Kind) -> bytes:
    """Return an empty sheet with our headings, laid out as text, and a sheet that says what goes into each column."""
    buffer = io.BytesIO()
    fields = FIELDS[kind]
    with xlsxwriter.Workbook(buffer, OPTIONS | {"constant_memory": False}) as book:
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#E8EEF7", "border": 1})
        out, notes = book.add_worksheet(NAMES[kind]), book.add_worksheet("填写说明")
        out.set_column(0, len(fields) - 1, 22, text)
        for index, field in enumerate(fields):
            out.write_string(0, index, ("*" if field.required else "") + field.heading, bold)
        out.freeze_panes(1, 0)
        _explain(notes, fields, bold)
    return buffer.getvalue()


def _explain(notes: Any, fields: Sequence[Field], bold: Any) -> None:
    """Write what goes into each column, one a line, so that this sheet is never taken for a list."""
    notes.set_column(0, 0, 22)
    notes.set_column(1, 1, 70)
    for line, field in enumerate(fields):
        example = f"例如:{field.example}" if field.example else ""
        also = "、".join(field.synonyms[:4])
        words = ";".join(filter(None, (field.hint, example, f"列名也可写作:{also}" if also else "")))
        notes.write_string(line, 0, field.heading, bold)
        notes.write_string(line, 1, words)
