"""Which column of a sheet is which: headings by their synonyms, below any number of title lines. Pure.

Source: contract, Imports; domain.md c (words that rosters use).
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from volunteer.imports.rules_cells import Cell, CellFault, number_text, text_of, whole_of
from volunteer.imports.rules_files import FileFault

#: How many lines are searched for the header.
SEARCHED: Final = 60


@dataclass(frozen=True, slots=True)
class Field:
    """A column that we read: its key, its heading in the template, the words that others use for it."""

    key: str
    heading: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    example: str = ""
    hint: str = ""

    @property
    def words(self) -> frozenset[str]:
        """Every heading that means this column."""
        return frozenset(map(plain, (self.heading, *self.synonyms)))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands and which column holds what.

    Attributes:
        number: the row of the header as the sheet shows it.
        places: key of a field -> index of its column.
        headings: key of a field -> its heading as the sheet writes it.
        ignored: headings that we do not know, as the sheet writes them.
        year: the year that the heading of a task names, or None.
    """

    number: int
    places: Mapping[str, int]
    headings: Mapping[str, str]
    ignored: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in one cell: the row as the sheet shows it, the heading of the column, a code and a sentence."""

    row: int
    column: str
    code: str
    message: str


@dataclass(slots=True)
class Row:
    """The cells of one row by the key of their field; faults are gathered here, all of them."""

    number: int
    cells: Mapping[str, Cell]
    headings: Mapping[str, str]
    faults: list[RowFault] = field(default_factory=list)

    def add(self, key: str, fault: CellFault, message: str | None = None) -> None:
        """Add a fault of the cell of a field."""
        self.tell(key, str(fault), message or fault.sentence)

    def tell(self, key: str, code: str, message: str) -> None:
        """Add a fault by code and sentence; a column that the sheet does not have is named by its key's heading."""
        self.faults.append(RowFault(self.number, self.headings.get(key, key), code, message))

    def cell(self, key: str) -> Cell:
        """Return the cell of a field; an empty text where the row or the sheet has none."""
        return self.cells.get(key, "")


_REMARK: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_SIGNS: Final = re.compile(r"[\s*:#、,.;/\\_\-·]+")
_YEAR: Final = re.compile(r"^(20[0-9]{2})年?度?")


def plain(heading: str) -> str:
    """Return a heading without remarks in brackets, blanks, signs and differences of width and case."""
    text = unicodedata.normalize("NFKC", heading)
    return _SIGNS.sub("", _REMARK.sub("", text)).lower()


def find_header(
    lines: Sequence[tuple[int, Sequence[Cell]]], fields: Sequence[Field], *, dated: str = ""
) -> Header | FileFault:
    """Return the header among the first lines: the last of those that name the most columns, all required ones too.

    `dated` is the key of a field whose heading may begin with a year (`2026年任务数`).

    Faults: `no-header`, `repeated-header`.
    """
    best: Header | FileFault = FileFault.NO_HEADER
    most = 1
    for number, cells in lines[:SEARCHED]:
        header = _header(number, cells, fields, dated)
        count = len(header.places) if isinstance(header, Header) else 0
        if isinstance(header, FileFault) and not isinstance(best, Header):
            best = header
        elif isinstance(header, Header) and count >= most and all(f.key in header.places for f in fields if f.required):
            best, most = header, count
    return best


def _header(number: int, cells: Sequence[Cell], fields: Sequence[Field], dated: str) -> Header | FileFault:
    """Return what a line says if it is a header."""
    meant = {word: item.key for item in reversed(fields) for word in item.words}
    places: dict[str, int] = {}
    ignored, year, is_repeated = [], None, False
    for index, cell in enumerate(cells):
        if isinstance(cell, CellFault | dt.date) or not cell.strip():
            continue
        word = plain(cell)
        match = _YEAR.match(word)
        key = meant.get(word) or (dated if match and meant.get(word[match.end() :]) == dated else None)
        if key is None:
            ignored.append(" ".join(cell.split()))
            continue
        if match and key == dated:
            year = int(match[1])
        is_repeated = is_repeated or key in places
        places.setdefault(key, index)
    if is_repeated and all(item.key in places for item in fields if item.required):
        return FileFault.REPEATED_HEADER
    headings = {item.key: item.heading for item in fields}
    headings |= {key: " ".join(str(cells[index]).split()) for key, index in places.items()}
    return Header(number, places, headings, tuple(ignored), year)


def rows_below(header: Header, lines: Iterable[tuple[int, Sequence[Cell]]]) -> Iterable[Row]:
    """Yield the rows below the header that hold anything in a column that we read; a repeated header is no row."""
    for number, cells in lines:
        if number <= header.number:
            continue
        found = {key: cells[index] for key, index in header.places.items() if index < len(cells)}
        if not any(isinstance(cell, CellFault | dt.date) or cell.strip() for cell in found.values()):
            continue
        if all(found.get(key) == header.headings[key] for key in header.places):
            continue
        yield Row(number, found, header.headings)


def text_at(row: Row, key: str, most: int) -> str | None:
    """Return the text of a cell, of at most `most` characters; a code keeps its digits. None with a fault."""
    text = number_text(row.cell(key)) if key.endswith("code") else text_of(row.cell(key))
    if isinstance(text, str) and not isinstance(text, CellFault) and len(text) <= most:
        return text
    row.add(key, text if isinstance(text, CellFault) else CellFault.TOO_LONG)
    return None


def whole_at(row: Row, key: str) -> int | None:
    """Return the whole number of a cell; None for an empty one or with a fault."""
    number = whole_of(row.cell(key))
    if isinstance(number, CellFault):
        row.add(key, number)
        return None
    return number
