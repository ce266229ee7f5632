"""The pure parts: numbers, what is covered, what changed, what adds up to a service."""

import datetime as dt
import uuid
from dataclasses import dataclass

import pytest

from volunteer.certificates import rules
from volunteer.certificates.rules import Service, State

DAY = dt.date(2026, 3, 5)
SHIFT = uuid.UUID(int=7)


@dataclass(frozen=True)
class Line:
    """A number of the ledger."""

    id: uuid.UUID
    minutes: int
    kind: str = "service"
    shift_id: uuid.UUID = SHIFT
    site_day: dt.date = DAY


def line(number: int, minutes: int, kind: str = "service", day: int = 5) -> Line:
    return Line(uuid.UUID(int=number), minutes, kind, site_day=DAY.replace(day=day))


def test_a_number_is_the_year_and_ten_unmistakable_characters() -> None:
    made = rules.new_number(2026, bytes(range(250, 256)) + bytes(4))
    assert made == "2026TVWXYZ0000"
    assert not set("ILOU") & set(rules.ALPHABET)
    assert len(set(rules.ALPHABET)) == 32
    with pytest.raises(ValueError, match="characters"):
        rules.random_text(b"x", 2)


@pytest.mark.parametrize("typed", ["2026K7M2Q10TRA", "2026k7m2qiotra", " 2026-K7M2-QLOT-RA "])
def test_a_number_may_be_typed_by_hand(typed: str) -> None:
    assert rules.typed_number(typed) == "2026K7M2Q10TRA"


@pytest.mark.parametrize(
    "typed", ["", "2026", "2026K7M2Q10TRAA", "2026K7M2Q10TRU", "2026K7M2Q1\0TRA", "２０２６K7M2Q10TRA"]
)
def test_what_cannot_be_a_number_is_none(typed: str) -> None:
    assert rules.typed_number(typed) is None


def test_what_comes_in_addition_changes_nothing_and_anything_else_does() -> None:
    then = rules.covered([line(1, 60), line(2, 30)])
    assert not rules.is_changed(then, [line(1, 60), line(2, 30), line(3, 5)])
    assert rules.is_changed(then, [line(1, 60)])
    assert rules.is_changed(then, [line(1, 60), line(2, 20)])
    assert rules.is_changed(then, [line(4, 60), line(2, 30)])


def test_services_add_up_by_shift_and_day_and_make_ups_show() -> None:
    lines = [line(1, 60), line(2, 20, "make_up"), line(3, 15, day=4), line(4, 9, day=6), line(5, -9, day=6)]
    assert rules.services(lines) == [
        Service(SHIFT, DAY.replace(day=4), 15, False),
        Service(SHIFT, DAY, 80, True),
    ]


@pytest.mark.parametrize(("minutes", "words"), [(45, "45分钟"), (60, "1小时"), (148, "2小时28分"), (6000, "100小时")])
def test_durations_are_never_rounded(minutes: int, words: str) -> None:
    assert rules.duration(minutes) == words


def test_revoked_stays_revoked() -> None:
    assert rules.state_of(is_revoked=True, is_superseded=True) is State.REVOKED
    assert rules.state_of(is_revoked=False, is_superseded=True) is State.SUPERSEDED
    assert rules.state_of(is_revoked=False, is_superseded=False) is State.VALID


def test_a_long_description_is_cut_to_one_line() -> None:
    assert rules.short("一  二\n三") == "一 二 三"
    assert rules.short("长" * 200) == "长" * 79 + "…"
