"""A whole file judged row by row, all faults at once; nothing here knows the database.

Source: contract, Imports; peers.md T39.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from volunteer.bulk import Tick, nobody_asks
from volunteer.imports.reading import Sheet, UnreadableFile
from volunteer.imports.rules_columns import Field, Header, Row, RowFault, find_header, rows_below
from volunteer.imports.rules_files import MOST_ROWS, FileFault
from volunteer.imports.rules_hours import FIELDS as HOURS_FIELDS
from volunteer.imports.rules_hours import HoursDraft, check_hours
from volunteer.imports.rules_people import FIELDS as PERSON_FIELDS
from volunteer.imports.rules_people import Known, PersonDraft, Seen, check_person
from volunteer.imports.rules_stations import FIELDS as STATION_FIELDS
from volunteer.imports.rules_stations import WORDS as STATION_WORDS
from volunteer.imports.rules_stations import StationDraft, check_places, check_station
from volunteer.imports.rules_trees import KnownCodes, check_tree, orphan
from volunteer.imports.rules_units import FIELDS as UNIT_FIELDS
from volunteer.imports.rules_units import WORDS as UNIT_WORDS
from volunteer.imports.rules_units import Holder, UnitDraft, check_repeated, check_taken, check_unit
from volunteer.stations.rules import StationLevel

Draft = TypeVar("Draft")
TARGET: Final = "target"
TICK_ROWS: Final = 1000


class Steps:
    """Work in several steps of about the same length, told as one: `begin` returns what tells of the next step."""

    def __init__(self, tick: Tick, count: int) -> None:
        self._tick, self._count, self._begun = tick, count, 0

    def begin(self) -> Tick:
        """Return what is told how much of the next step is done, and of how much."""
        number, self._begun = self._begun, self._begun + 1

        def told(done: int, total: int) -> None:
            done, total = (done, total) if total else (1, 1)  # nothing to do is done
            self._tick(number * total + done, self._count * total)

        return told


@dataclass(slots=True)
class Checked(Generic[Draft]):
    """A judged file: each row with its draft, or with its faults.

    Attributes:
        sheet: the name of the sheet that was read; empty for CSV.
    """

    sheet: str
    header: Header
    rows: list[tuple[Row, Draft | None]]

    @property
    def drafts(self) -> list[Draft]:
        """The drafts of the rows without a fault, in the order of the sheet."""
        return [draft for row, draft in self.rows if draft is not None and not row.faults]

    @property
    def faults(self) -> list[RowFault]:
        """Every fault, in the order of the sheet."""
        return [fault for row, _ in self.rows for fault in row.faults]

    @property
    def invalid(self) -> int:
        """How many rows have a fault."""
        return sum(1 for row, _ in self.rows if row.faults)


def table_of(sheets: Sequence[Sheet], fields: Sequence[Field], dated: str = "") -> tuple[str, Header, list[Row]]:
    """Return the one sheet with a header and rows below it: its name, header and rows.

    Raises:
        UnreadableFile: `no-header`, `repeated-header`, `several-sheets`, `no-rows`, `too-many-rows`.
    """
    found: list[tuple[str, Header, list[Row]]] = []
    faults: list[FileFault] = []
    for sheet in sheets:
        lines = [(line.number, line.cells) for line in sheet.lines]
        header = find_header(lines, fields, dated=dated)
        if isinstance(header, FileFault):
            faults.append(header)
            continue
        rows = list(rows_below(header, lines))
        if rows:
            found.append((sheet.name, header, rows))
        else:
            faults.insert(0, FileFault.NO_ROWS)
    if len(found) != 1:
        faults.sort(key=lambda fault: fault is FileFault.NO_HEADER)  # what is closer to a roster tells more
        raise UnreadableFile(FileFault.SEVERAL_SHEETS if found else next(iter(faults), FileFault.NO_HEADER))
    if len(found[0][2]) > MOST_ROWS:
        raise UnreadableFile(FileFault.TOO_MANY_ROWS)
    return found[0]


def check_roster(
    sheets: Sequence[Sheet], known: Known, today: dt.date, tick: Tick = nobody_asks
) -> Checked[PersonDraft]:
    """Judge a roster; `tick` is told how many rows of how many are judged, every so often.

    Raises:
        UnreadableFile: as `table_of`.
    """
    name, header, rows = table_of(sheets, PERSON_FIELDS)
    seen, judged = Seen(), []
    for count, row in enumerate(rows):
        if count % TICK_ROWS == 0:
            tick(count, len(rows))
        judged.append((row, check_person(row, known, seen, today)))
    return Checked(name, header, judged)


def check_past_hours(sheets: Sequence[Sheet], today: dt.date, tick: Tick = nobody_asks) -> Checked[HoursDraft]:
    """Judge a list of past hours; who is named is judged by the caller.

    Raises:
        UnreadableFile: as `table_of`.
    """
    name, header, rows = table_of(sheets, HOURS_FIELDS)
    judged = []
    for count, row in enumerate(rows):
        if count % TICK_ROWS == 0:
            tick(count, len(rows))
        judged.append((row, check_hours(row, today)))
    return Checked(name, header, judged)


def check_units(
    sheets: Sequence[Sheet], known: KnownCodes, holders: Mapping[str, Holder] = MappingProxyType({})
) -> Checked[UnitDraft]:
    """Judge a sheet of units; `holders` are the open units with a credit code, by code of the unit.

    Raises:
        UnreadableFile: as `table_of`.
    """
    name, header, rows = table_of(sheets, UNIT_FIELDS, TARGET)
    seen: dict[str, int] = {}
    judged = [(row, check_unit(row, seen)) for row in rows]
    check_tree(judged, known, UNIT_WORDS)
    check_repeated(judged, holders)
    found = Checked(name, header, judged)
    invalid = -1
    while invalid != found.invalid:  # a row with a fault gives no credit code up, and nothing stands below it
        invalid = found.invalid
        check_taken(judged, holders)
        orphan(judged, known, UNIT_WORDS)
    return found


def check_stations(
    sheets: Sequence[Sheet], known: KnownCodes, levels: Mapping[str, StationLevel]
) -> Checked[StationDraft]:
    """Judge a sheet of stations; `levels` are those of the stations that stand.

    Raises:
        UnreadableFile: as `table_of`.
    """
    name, header, rows = table_of(sheets, STATION_FIELDS)
    seen: dict[str, int] = {}
    judged = [(row, check_station(row, seen)) for row in rows]
    check_tree(judged, known, STATION_WORDS)
    check_places(judged, known, levels)
    orphan(judged, known, STATION_WORDS)
    return Checked(name, header, judged)
