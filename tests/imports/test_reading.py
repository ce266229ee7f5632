"""The reader under hostile and random input: it answers or refuses, within its limits, and knows no secret of ours."""

import datetime as dt
import os
import resource
import subprocess
import time
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.imports.make_corpus import FILES, SOUND, text, xls, xlsx
from volunteer.imports import opener, reading
from volunteer.imports.checking import check_roster, check_units
from volunteer.imports.reading import Line, Sheet, UnreadableFile, read_sheets
from volunteer.imports.rules_cells import Cell, CellFault, day_of, phone_of, text_of, whole_of
from volunteer.imports.rules_people import FIELDS as PERSON_FIELDS
from volunteer.imports.rules_people import Known
from volunteer.imports.rules_trees import KnownCodes, parents_first
from volunteer.imports.rules_units import FIELDS as UNIT_FIELDS
from volunteer.imports.rules_units import UnitDraft

TODAY = dt.date(2026, 3, 22)
WORDS = [item.heading for item in (*PERSON_FIELDS, *UNIT_FIELDS)]
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.just(""),
    st.text(max_size=30),
    st.sampled_from([*WORDS, "1.10E+17", "110101199003070000", "护照", "男", "Q1", "Q2", "望江局", "1390000 0001"]),
    st.text("0123456789Xx-年月日/. ＋０１", max_size=20),
    st.dates(),
    st.sampled_from(list(CellFault)),
)
ROWS = st.lists(st.lists(CELLS, max_size=12), max_size=12)


def sheet_of(rows: list[list[Cell]]) -> Sheet:
    """Return a sheet of these rows."""
    return Sheet("", [Line(number, cells) for number, cells in enumerate(rows, 1)])


@given(before=ROWS, header=st.permutations([item.heading for item in PERSON_FIELDS]), after=ROWS)
@settings(max_examples=150, deadline=None)
def test_any_soup_of_cells_is_judged_row_by_row(before: Any, header: list[str], after: Any) -> None:
    known = Known({"Q1": uuid.UUID(int=1)}, {"望江局": [uuid.UUID(int=1)]}, {}, uuid.UUID(int=1))
    try:
        found = check_roster([sheet_of([*before, header, *after])], known, TODAY)
    except UnreadableFile:
        return
    assert len(found.drafts) + found.invalid == len(found.rows) <= len(before) + len(after)
    numbers = [draft.identity.number for draft in found.drafts]
    assert len(set(numbers)) == len(numbers)
    assert all(draft.phone is None or len(draft.phone) == 11 for draft in found.drafts)


@given(rows=ROWS)
@settings(max_examples=150, deadline=None)
def test_any_soup_of_units_gives_a_tree_or_faults(rows: Any) -> None:
    try:
        found = check_units([sheet_of([[item.heading for item in UNIT_FIELDS], *rows])], KnownCodes({"Q1"}, ()))
    except UnreadableFile:
        return
    written = {"Q1"}
    for draft in parents_first(found.drafts):
        assert draft.parent_code is None or draft.parent_code in written
        written.add(draft.code)
    assert len(found.drafts) + found.invalid == len(found.rows)


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda s: s.encode("utf-8", "replace"))))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        lines = list(opener.bounded(opener.lines_of(data)))
    except opener.Refused:
        return
    assert lines[-1] == {"end": True}


@pytest.mark.parametrize("whole", [xlsx(SOUND), xls(SOUND)], ids=["xlsx", "xls"])
def test_damaged_workbooks_are_read_or_refused(whole: bytes) -> None:
    step = max(1, len(whole) // 12)
    for at in range(0, len(whole), step):
        broken = whole[:at] + bytes(byte ^ 0x55 for byte in whole[at : at + 8]) + whole[at + 8 :]
        try:
            check_roster(read_sheets(broken), Known(default_unit=uuid.UUID(int=1)), TODAY)
        except UnreadableFile:
            continue


def test_too_large_a_file_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(UnreadableFile) as caught:
        read_sheets(bytes(20 * 1024 * 1024 + 1))
    assert caught.value.extra == {"reason": "too-large"}


def test_who_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_SECONDS", 0.001)
    with pytest.raises(UnreadableFile) as caught:
        read_sheets(text(SOUND).encode())
    assert caught.value.extra == {"reason": "too-heavy"}


def test_a_hostile_file_costs_little_time_and_memory() -> None:
    started = time.monotonic()
    for name in ("far-corner.xlsx", "zip-bomb.xlsx", "million-rows.xlsx"):
        with pytest.raises(UnreadableFile):
            check_roster(read_sheets(FILES[name]()), Known(), TODAY)
    assert time.monotonic() - started < 60
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < opener.MOST_MEMORY


def test_the_opener_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "VOLUNTEER_SEAL_KEYS", "1:secret")
    asked: list[dict[str, str]] = []
    real = subprocess.run

    def spy(command: Any, **options: Any) -> Any:
        asked.append(options["env"])
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", spy)
    read_sheets(text(SOUND).encode())
    assert asked == [{"PYTHONUTF8": "1"}]


def test_the_openers_limits_are_the_rooms() -> None:
    from volunteer.imports import rules_files

    assert opener.MOST_COLUMNS == rules_files.MOST_COLUMNS
    assert opener.MOST_ROWS > rules_files.MOST_ROWS
    assert opener.MOST_SECONDS < reading.MOST_SECONDS


def test_cells_in_their_one_spelling() -> None:
    assert [whole_of(text) for text in ("12", "１２", "1,200", "", "-1", "1.5", "1,20")] == [
        12, 12, 1200, None, *[CellFault.BAD_NUMBER] * 3,
    ]  # fmt: skip
    assert phone_of("'+86 139 0000 0001") == "13900000001"
    assert phone_of("") == ""
    assert day_of("1990年1月2日") == day_of("19900102") == day_of("1990. 1. 2") == dt.date(1990, 1, 2)
    assert day_of("1990-02-30") is CellFault.BAD_DATE
    assert text_of("+cmd|' /C calc'!A0") is CellFault.FORMULA
    assert text_of(dt.date(2026, 3, 1)) == "2026-03-01"


def test_a_tree_is_written_from_the_top() -> None:
    def unit(code: str, parent: str | None) -> UnitDraft:
        return UnitDraft(1, code, code, None, parent, None, None, None, None, frozenset())

    made = parents_first([unit("c", "b"), unit("b", "a"), unit("d", None), unit("a", "outside")])
    assert [draft.code for draft in made] == ["a", "b", "c", "d"]
