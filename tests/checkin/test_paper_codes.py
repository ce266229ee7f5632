"""The code of a sheet and the word of the day: their shape, whose they are, and that no text makes a reader raise."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.checkin.credentials.codes import CodeKeys
from volunteer.checkin.posters import paper_codes

OLD = CodeKeys({3: b"k" * 32}, 3)
BOTH = CodeKeys({3: b"k" * 32, 4: b"n" * 32}, 4)
NEW = CodeKeys({4: b"n" * 32}, 4)
STATION, OTHER = UUID(int=1), UUID(int=2)
TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)
CODE = paper_codes.issue(OLD, 54321, STATION, 1)


def is_genuine(text: str, keys: CodeKeys = OLD, station: UUID = STATION, version: int = 1) -> bool:
    code = paper_codes.read(text)
    return code is not None and paper_codes.is_genuine(keys, code, station, version)


def test_a_code_has_16_digits_is_a_function_of_the_sheet_and_is_read_in_every_form():
    assert len(CODE) == 16
    assert CODE.startswith("543213")
    assert int(CODE) % 97 == 1
    assert paper_codes.issue(OLD, 54321, STATION, 1) == CODE
    path = paper_codes.path_of(STATION, CODE)
    wide = CODE.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for text in (
        CODE,
        paper_codes.grouped(CODE),
        "-".join(CODE),
        f" {CODE}\n",
        wide,
        path,
        f"https://host/x{path}&a=b#c",
    ):
        assert is_genuine(text), text


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (CODE, {"station": OTHER}),
        (CODE, {"version": 2}),
        (CODE, {"keys": NEW}),  # the key is retired
        (paper_codes.path_of(OTHER, CODE), {}),  # hung up at another station
        (paper_codes.issue(OLD, 54322, STATION, 1), {"version": 2}),
        (paper_codes.issue(CodeKeys({3: b"x" * 32}, 3), 54321, STATION, 1), {}),  # somebody else's key
    ],
)
def test_a_code_of_another_station_version_or_key_is_none_of_ours(text, more):
    assert not is_genuine(text, **more)


def test_every_mistyped_or_swapped_digit_is_noticed_and_a_changed_key_refuses_nobody():
    for at in range(16):
        for digit in "0123456789":
            if digit != CODE[at]:
                assert not is_genuine(CODE[:at] + digit + CODE[at + 1 :])
    assert is_genuine(CODE, keys=BOTH)
    assert paper_codes.issue(BOTH, 54321, STATION, 1) != CODE


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"s/[0-9a-f-]{32,36}\?p=[0-9]{10,20}"))
def test_any_text_may_be_read(text):
    code = paper_codes.read(text)
    assert code is None or not paper_codes.is_genuine(OLD, code, STATION, 1)
    assert paper_codes.read_word(text) in (None, paper_codes.normalise(text).replace("-", ""))


def test_the_word_is_four_digits_of_station_day_version_and_renewals():
    base = (STATION, TODAY, 1, 0)
    words = {
        paper_codes.word_of(OLD, *one)
        for one in (
            base,
            (OTHER, TODAY, 1, 0),
            (STATION, TOMORROW, 1, 0),
            (STATION, TODAY, 2, 0),
            (STATION, TODAY, 1, 1),
        )
    }
    assert len(words) == 5  # these five differ; any two of 10,000 may be the same
    word = paper_codes.word_of(OLD, *base)
    assert len(word) == 4
    assert paper_codes.is_word(OLD, word, *base)
    assert not paper_codes.is_word(OLD, word, STATION, TOMORROW, 1, 0)
    assert paper_codes.is_word(BOTH, word, *base)  # told before the key changed at noon
    assert not paper_codes.is_word(NEW, word, *base)
    assert paper_codes.read_word(" 3-7 １2 ") == "3712"
    assert [paper_codes.read_word(one) for one in ("371", "37123", "三七幺二", "٣٣٣٣")] == [None] * 4
    assert paper_codes.aloud("3170") == "三 幺 七 零"
