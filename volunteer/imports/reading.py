"""Reads an uploaded file into sheets of cells, within bounded memory and time, whatever it holds.

The file is opened by `opener.py` in a process of its own, without our environment: a hostile file that bursts it or
keeps it busy costs that process and nothing else. Source: contract, Imports; stack.md G36.
"""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from volunteer.errors import VolunteerError
from volunteer.imports.rules_cells import MARKS, Cell
from volunteer.imports.rules_files import MOST_BYTES, REASONS, FileFault

OPENER: Final = Path(__file__).with_name("opener.py")
MOST_SECONDS: Final = 60


class UnreadableFile(VolunteerError):
    """422: the file cannot be read at all; `reason` is a code of `FileFault`, the detail its sentence."""

    status = 422
    code = "unreadable-file"
    title = "文件无法读取"
    detail = FileFault.BROKEN.sentence

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.sentence, reason=str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Line:
    """A row that holds anything; `number` as the spreadsheet shows it, from 1 on."""

    number: int
    cells: list[Cell]


@dataclass(slots=True)
class Sheet:
    """A sheet; a CSV file is one without a name."""

    name: str
    lines: list[Line] = field(default_factory=list)


def read_sheets(data: bytes) -> list[Sheet]:
    """Return the visible sheets of a XLSX, XLS or CSV file; what it is, its content says, not its name.

    Raises:
        UnreadableFile: with the reason.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableFile(FileFault.TOO_LARGE)
    sheets: list[Sheet] = []
    is_whole = False
    for told in _answer(data):
        if isinstance(told, list):
            sheets[-1].lines.append(Line(told[0], [_cell(cell) for cell in told[1]]))
        elif "sheet" in told:
            sheets.append(Sheet(told["sheet"]))
        elif "fault" in told:
            raise UnreadableFile(REASONS[told["fault"]])
        is_whole = "end" in told
    if not is_whole:
        raise UnreadableFile(FileFault.TOO_HEAVY)
    return sheets


def _answer(data: bytes) -> Iterator[Any]:
    """Yield what the opener says of a file."""
    command = [sys.executable, "-I", str(OPENER)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, nothing of the caller's in the command
            command, input=data, capture_output=True, timeout=MOST_SECONDS, env={"PYTHONUTF8": "1"}, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(FileFault.TOO_HEAVY) from error
    if done.returncode:  # below 0: the system ended it at a limit; above: the library gave up
        raise UnreadableFile(FileFault.TOO_HEAVY if done.returncode < 0 else FileFault.BROKEN)
    for line in done.stdout.splitlines():
        yield json.loads(line)


def _cell(told: Any) -> Cell:
    """Return a cell as the opener told it."""
    if isinstance(told, str):
        return told
    return dt.date.fromisoformat(told["day"]) if "day" in told else MARKS[told["mark"]]
