"""Tables as XLSX and CSV: the same columns and rows in both, text never taken for a formula.

Source: ux.md 9 (title rows, frozen and repeated header, filter, `0.0%`, A4 to width); OWASP, CSV injection.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import xlsxwriter

from volunteer.exports.rules import Stamp
from volunteer.web.attachments import CSV, XLSX

__all__ = ["CSV", "XLSX", "Cell", "Column", "Form", "to_csv", "to_xlsx"]
Cell = str | int | float | None
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class Form(StrEnum):
    """How the numbers of a column are shown: Excel's own number formats."""

    TEXT = "@"
    WHOLE = "0"
    TENTH = "0.0"
    PERCENT = "0.0%"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how its cells are shown, its width in characters."""

    heading: str
    form: Form = Form.TEXT
    width: int = 12


def to_xlsx(
    name: str, titles: Sequence[str], columns: Sequence[Column], rows: Iterable[Sequence[Cell]], stamp: Stamp
) -> bytes:
    """Return a workbook with one sheet `name`: the title lines, the mark of the export, the header, the rows."""
    buffer = io.BytesIO()
    titles = [*titles, stamp.words]
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties(properties(titles[0], stamp))
        sheet = book.add_worksheet(name)
        forms = {form: book.add_format({"num_format": form.value, "border": 1}) for form in Form}
        header = book.add_format(
            {"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#E8EEF7"}
        )
        large = book.add_format({"bold": True, "font_size": 14})
        for index, column in enumerate(columns):
            sheet.set_column(index, index, column.width)
        for line, title in enumerate(titles):
            sheet.write_string(line, 0, title, large if line == 0 else None)
        top = len(titles)
        for index, column in enumerate(columns):
            sheet.write_string(top, index, column.heading, header)
        last = top
        for last, row in enumerate(rows, start=top + 1):
            for index, (cell, column) in enumerate(zip(row, columns, strict=True)):
                _write(sheet, last, index, cell, forms[column.form])
        _lay_out(sheet, top, last, len(columns), stamp)
    return buffer.getvalue()


def _write(sheet: Any, line: int, index: int, cell: Cell, form: Any) -> None:
    """Write one cell: a number as a number, text as text whatever it begins with, None as an empty cell."""
    if cell is None:
        sheet.write_blank(line, index, None, form)
    elif isinstance(cell, str):
        sheet.write_string(line, index, cell, form)
    else:
        sheet.write_number(line, index, cell, form)


def properties(title: str, stamp: Stamp) -> dict[str, Any]:
    """Return a workbook's properties: the mark stays with the file, whatever becomes of its cells."""
    return {"title": title, "author": stamp.by, "comments": stamp.words, "created": stamp.at.replace(tzinfo=None)}


def _lay_out(sheet: Any, top: int, last: int, width: int, stamp: Stamp) -> None:
    """Freeze and repeat the header, filter the rows, print on A4 across, as wide as the page, the mark on each."""
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, last, width - 1)
    sheet.repeat_rows(top)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&R{stamp.header}")
    sheet.set_footer("&C第 &P 页,共 &N 页")


def to_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return UTF-8 with a byte-order mark, so that Excel reads it as such; a formula is made text by a quote."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([column.heading for column in columns])
    for row in rows:
        writer.writerow([_guarded(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def _guarded(cell: Cell) -> str:
    """Return a cell as text; text that a spreadsheet would run as a formula gets a quote before it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
    return repr(cell)
