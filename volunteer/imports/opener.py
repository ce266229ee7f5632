"""Opens an uploaded file, in a process of its own that has no keys, no database, little memory and little time.

It runs as a script (`reading.read_sheets` starts it), imports nothing of ours, takes the file on its standard input and
answers in lines of JSON: `{"sheet": name}` opens a sheet, `[number, [cells]]` is a row that holds anything, numbered
as in the sheet, `{"end": true}` says that nothing was cut off, `{"fault": code}` that the file is refused. A cell is a
text, `{"day": "1990-01-02"}`, or `{"mark": code}` for what is not to be trusted: a formula, an error, a number that
lost its last digits. Declared sizes in hostile files lie, so the limits of the process are the last net.
Source: stack.md G36; contract, Imports.
"""

import csv
import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final
from xml.etree import ElementTree

import python_calamine as calamine

MOST_MEMORY: Final = 1536 * 1024 * 1024
MOST_SECONDS: Final = 40
MOST_INFLATED: Final = 400 * 1024 * 1024
MOST_MEMBERS: Final = 2000
MOST_ROWS: Final = 100_200  # some lines of title above the rows that count
MOST_COLUMNS: Final = 100
MOST_TEXT: Final = 2000
CHUNK: Final = 1 << 20
#: From here on a binary floating-point number cannot hold every whole number of 16 to 18 digits.
EXACT: Final = 1e15
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DECLARED: Final = tuple(word.encode(code) for word in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le"))
FORMULA: Final = re.compile(
    rb"<(?:\w+:)?c\b[^>]{0,200}?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]{0,200}>\s{0,50}<(?:\w+:)?f[\s/>]"
)
OVERLAP: Final = 600
DELIMITERS: Final = (",", "\t", ";")
RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
#: `<?xml`, `<html`, `<table` and the like at the start, after blanks.
MARKUP: Final = re.compile(r"\s*<[!?a-zA-Z]")


class Refused(Exception):
    """The file cannot be read; the text is a code of `rules_files.FileFault`."""


def lines_of(data: bytes) -> Iterator[Any]:
    """Yield the lines of the answer about a file.

    Raises:
        Refused: the reason's code.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise Refused("empty")
    if data.startswith(b"PK"):
        yield from _workbook(data, _looked_into(data))
    elif data.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Refused("encrypted")
        yield from _workbook(data, {})
    else:
        yield {"sheet": ""}
        yield from _records(_decoded(data))
    yield {"end": True}


# ---- XLSX and XLS ----


def _looked_into(data: bytes) -> dict[str, set[tuple[int, int]]]:
    """Inflate every member of a XLSX once, counting; return where formulas stand, by the sheet's name.

    Raises:
        Refused: `bomb`, `entities`, `encrypted`, `broken`, `not-a-sheet`.
    """
    left, formulas, kept = MOST_INFLATED, {}, {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > MOST_MEMBERS or sum(info.file_size for info in archive.infolist()) > left:
                raise Refused("bomb")
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise Refused("encrypted")
            if "xl/workbook.xml" not in names:
                raise Refused("not-a-sheet")
            for name in names:
                is_sheet = name.startswith("xl/worksheets/")
                with archive.open(name) as member:
                    size, found, head = _scanned(member, left, is_sheet)
                left -= size
                if is_sheet:
                    formulas[name.removeprefix("xl/")] = found
                elif name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                    kept[name] = head
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise Refused("broken") from error
    return {sheet: formulas.get(path, set()) for sheet, path in _paths(kept).items()}


def _scanned(member: Any, left: int, is_sheet: bool) -> tuple[int, set[tuple[int, int]], bytes]:
    """Read a member to its end; return its size, the cells that are formulas, and its beginning."""
    size, found, tail, head = 0, set(), b"", b""
    while chunk := member.read(CHUNK):
        size += len(chunk)
        if size > left:
            raise Refused("bomb")
        text = tail + chunk
        if any(word in text for word in DECLARED):
            raise Refused("entities")
        if is_sheet:
            found |= {(int(match[2]) - 1, _column(match[1])) for match in FORMULA.finditer(text)}
        tail, head = text[-OVERLAP:], head or chunk
    return size, found, head


def _column(letters: bytes) -> int:
    """Return the number of a column, A = 0."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _paths(kept: dict[str, bytes]) -> dict[str, str]:
    """Return sheet name -> path below `xl/`, as the workbook says."""
    try:
        book = ElementTree.fromstring(kept.get("xl/workbook.xml", b""))  # noqa: S314 - DOCTYPE was refused
        links = ElementTree.fromstring(kept.get("xl/_rels/workbook.xml.rels", b""))  # noqa: S314
    except (ElementTree.ParseError, ValueError) as error:
        raise Refused("broken") from error
    targets = {link.get("Id"): (link.get("Target") or "").removeprefix("/xl/") for link in links}
    sheets = [node for node in book.iter() if node.tag.rpartition("}")[2] == "sheet"]
    return {node.get("name") or "": targets.get(node.get(RELATION), "") for node in sheets}


def _workbook(data: bytes, formulas: dict[str, set[tuple[int, int]]]) -> Iterator[Any]:
    """Yield the visible sheets of a workbook."""
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for meta in book.sheets_metadata:
                is_table = meta.typ == calamine.SheetTypeEnum.WorkSheet
                if is_table and meta.visible == calamine.SheetVisibleEnum.Visible:
                    yield {"sheet": meta.name}
                    yield from _sheet(book.get_sheet_by_name(meta.name), formulas.get(meta.name, set()))
    except calamine.PasswordError as error:
        raise Refused("encrypted") from error
    except calamine.CalamineError as error:
        is_locked = "password" in str(error).lower() or "encrypt" in str(error).lower()
        raise Refused("encrypted" if is_locked else "broken") from error


def _sheet(sheet: calamine.CalamineSheet, formulas: set[tuple[int, int]]) -> Iterator[Any]:
    """Yield the rows of a sheet; a cell that is merged downwards says the same in each of its rows."""
    if sheet.start is None:
        return
    top, left = sheet.start
    below = _merged_down(sheet.merged_cell_ranges or (), sheet.total_height)
    carried: dict[int, Any] = {}
    rows = (
        (number, [""] * left + [_cell(value, (number, left + index) in formulas) for index, value in enumerate(row)])
        for number, row in enumerate(sheet.iter_rows(), top)
    )
    for number, cells in rows:
        for column in range(len(cells)):
            if below and (number, column) in below:
                cells[column] = carried.get(column, "") if any(cells) else ""
            else:
                carried[column] = cells[column]
        yield number + 1, cells


def _merged_down(ranges: Iterable[Any], height: int) -> set[tuple[int, int]]:
    """Return the cells that lie below the first of a vertical merge."""
    return {
        (row, first[1])
        for first, last in ranges
        if first[1] == last[1]
        for row in range(first[0] + 1, min(last[0], height) + 1)
    }


def _cell(value: Any, is_formula: bool = False) -> Any:
    """Return a cell as it is told."""
    if is_formula:
        return {"mark": "formula"}
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(float(value))
    if isinstance(value, dt.datetime):
        return {"day": value.date().isoformat()}
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    return str(value)


def _text(value: str) -> Any:
    """Return a text cell: without blanks around, bounded, free of lone surrogates."""
    text = value.strip().encode("utf-8", "replace").decode()
    if len(text) > MOST_TEXT:
        return {"mark": "cell-too-long"}
    if text in ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"):
        return {"mark": "cell-error"}
    return text


def _number(value: float) -> Any:
    """Return a number as its digits; one that is too large to have kept them all is marked."""
    if value != value or abs(value) >= EXACT:
        return {"mark": "damaged-number"}
    return str(int(value)) if value == int(value) else repr(value)


# ---- CSV ----


def _decoded(data: bytes) -> str:
    """Return the text of a CSV file.

    Raises:
        Refused: `not-a-sheet`, `web-page`, `encoding`.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decode(data, "utf-16")
    elif b"\0" in data[:CHUNK] or data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8", b"{\\rtf", b"Rar!", b"7z\xbc")):
        raise Refused("not-a-sheet")
    else:
        text = _decode(data, "utf-8-sig", "gb18030")
    if MARKUP.match(text):
        raise Refused("web-page")
    return text.replace("\0", "")


def _decode(data: bytes, *encodings: str) -> str:
    """Return the text in the first encoding that fits the whole of it."""
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("encoding")


def _records(text: str) -> Iterator[tuple[int, list[Any]]]:
    """Yield the records of a CSV text, numbered as a spreadsheet shows them."""
    csv.field_size_limit(CHUNK)
    declared = re.match(r"sep=(.)\r?\n", text)
    delimiter = declared[1] if declared else _delimiter(text[: 64 * 1024])
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for number, record in enumerate(reader, 1):
            if not (declared and number == 1):
                yield number, [_text(cell.strip("\t\u3000 ")) for cell in record]
    except csv.Error as error:
        raise Refused("broken") from error


def _delimiter(beginning: str) -> str:
    """Return what separates the cells: the sign that cuts most lines into the same number of them."""
    lines = [line for line in beginning.splitlines()[:60] if line.strip()]
    scores = {}
    for sign in DELIMITERS:
        widths = Counter(line.count(sign) for line in lines if sign in line)
        scores[sign] = max(((count, width) for width, count in widths.items()), default=(0, 0))
    return max(DELIMITERS, key=lambda sign: scores[sign])


# ---- both ----


def bounded(lines: Iterable[Any]) -> Iterator[Any]:
    """Yield the lines without empty rows and empty ends; too many or too wide a row is refused."""
    count = 0
    for line in lines:
        if isinstance(line, dict):
            yield line
            continue
        number, cells = line
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        if len(cells) > MOST_COLUMNS:
            raise Refused("too-wide")
        count += 1
        if count > MOST_ROWS:
            raise Refused("too-many-rows")
        yield [number, cells]


def main() -> None:
    """Answer about the file on standard input; what goes wrong is told in the last line."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout
    try:
        for line in bounded(lines_of(sys.stdin.buffer.read())):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    except Refused as refusal:
        out.write(json.dumps({"fault": str(refusal)}) + "\n")
    except MemoryError:
        out.write('{"fault": "too-heavy"}\n')


if __name__ == "__main__":
    main()
