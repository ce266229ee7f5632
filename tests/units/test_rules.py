"""Codes of units, moves in their tree, and figures rolled up it."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer.errors import Fault
from volunteer.units.rules import (
    Counts,
    RateRow,
    RateSort,
    SortOrder,
    UnitFault,
    UnitFigures,
    UnitKind,
    check_uscc,
    roll_up,
    sort_rows,
    sum_counts,
    would_cycle,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def uscc(body: str) -> str:
    """Return a code with the check character of GB 32100, computed here by its table and not by the library."""
    return body + ALPHABET[-sum(ALPHABET.index(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 31]


@pytest.mark.parametrize("body", ["911101010000TE5T1", "5111010100000000X", "N2110101MF0000000", "A1110101000000001"])
def test_codes_of_every_registering_office(body: str) -> None:
    assert check_uscc(uscc(body)) == uscc(body)


def test_a_code_has_one_spelling() -> None:
    code = uscc("12110101TE5T0000X")
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    assert [check_uscc(text) for text in (code.lower(), wide, f" {code[:8]}-{code[8:]} ")] == [code] * 3


GOOD = uscc("12110101TE5T0000X")


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[:-1],
        GOOD + "0",
        GOOD[:-1] + ALPHABET[(ALPHABET.index(GOOD[-1]) + 1) % 31],
        GOOD[:9] + "F" + GOOD[10:],
        GOOD[:9] + "S" + GOOD[10:],
        GOOD[:9] + "O" + GOOD[10:],
        GOOD[:3] + "A" + GOOD[4:],
        "一" * 18,
        "\ud800",
    ],
)
def test_bad_codes(text: str) -> None:
    fault = check_uscc(text)
    assert isinstance(fault, Fault)
    assert (fault.field, fault.code) == ("uscc", "bad-uscc")


def test_words() -> None:
    assert all(fault.sentence.endswith("。") for fault in UnitFault)
    assert all(kind.label for kind in UnitKind)
    assert UnitFault.CYCLE.at("parent_id") == Fault("parent_id", "cycle", UnitFault.CYCLE.sentence)


@pytest.mark.parametrize(
    ("node", "new_parent", "is_cycle"),
    [
        ("a", "a", True),
        ("a", "b", True),
        ("a", "c", True),
        ("b", "a", False),
        ("c", "a", False),
        ("c", "d", False),
        ("a", "d", False),
        ("a", None, False),
        ("a", "unknown", False),
        ("d", "x", True),  # already knotted
    ],
)
def test_moves_that_tie_a_knot(node: str, new_parent: str | None, is_cycle: bool) -> None:
    parents = {"a": None, "b": "a", "c": "b", "d": None, "x": "y", "y": "x"}
    assert would_cycle(parents, node, new_parent) is is_cycle


def figures(text: str) -> list[UnitFigures[str]]:
    """Read `id<parent target/registered` lines; `-` is no parent, no target."""
    units = []
    for line in text.split():
        head, target, registered = line.split("/")
        unit_id, parent = head.split("<")
        own = Counts(None if target == "-" else int(target), int(registered), 1, 60, 30)
        units.append(UnitFigures(unit_id, None if parent == "-" else parent, unit_id.upper(), own))
    return units


TREE = "b<-/10/2 a<-/7/9 a2<a/3/3 a1<a/-/1 a3<a/4/4 a21<a2/2/0 a22<a2/0/5"


def short(rows: list[RateRow[str]]) -> list[tuple[str, int, int | None, int, int | None]]:
    return [(r.unit_id, r.depth, r.counts.target, r.counts.registered, r.rank) for r in rows]


def test_rows_are_in_pre_order_with_the_sums_and_ranks_of_siblings() -> None:
    rows = roll_up(figures(TREE))
    assert short(rows) == [
        ("a", 0, 16, 22, 1),
        ("a1", 1, None, 1, None),
        ("a2", 1, 5, 8, 1),
        ("a21", 2, 2, 0, 1),
        ("a22", 2, 0, 5, None),
        ("a3", 1, 4, 4, 2),
        ("b", 0, 10, 2, 2),
    ]
    assert rows[0].counts == Counts(16, 22, 6, 360, 180)
    assert (rows[0].counts.rate, rows[4].counts.rate) == (22 / 16, None)


def test_a_root_is_depth_0_and_ranks_still_count_all_siblings() -> None:
    assert short(roll_up(figures(TREE), ["a3"])) == [("a3", 0, 4, 4, 2)]
    assert short(roll_up(figures(TREE), ["a2"], 0)) == [("a2", 0, 5, 8, 1)]
    assert [r.unit_id for r in roll_up(figures(TREE), ["a2", "a", "a22", "b", "unknown"], 1)] == [
        "a",
        "a1",
        "a2",
        "a3",
        "b",
    ]
    assert roll_up(figures(TREE), []) == []


def test_a_unit_whose_parent_is_not_there_is_a_top_one() -> None:
    assert short(roll_up(figures("k<gone/2/1 j<gone/2/2 b<-/2/1"))) == [
        ("b", 0, 2, 1, 1),
        ("j", 0, 2, 2, 1),
        ("k", 0, 2, 1, 2),
    ]


def test_ties_share_a_rank_and_the_next_is_skipped() -> None:
    rows = roll_up(figures("a<-/3/1 b<-/6/2 c<-/2/2 d<-/9/1 e<-/0/1"))
    assert {r.unit_id: r.rank for r in rows} == {"c": 1, "a": 2, "b": 2, "d": 4, "e": None}


@pytest.mark.parametrize("text", ["a<b/1/1 b<a/1/1 c<-/1/1", "a<a/1/1", "a<-/1/1 a<-/1/1"])
def test_no_unit_vanishes_from_a_knotted_tree(text: str) -> None:
    with pytest.raises(ValueError, match=r"ring|one id"):
        roll_up(figures(text))


def test_rates_are_never_capped_and_null_without_a_ground() -> None:
    counts = Counts(100, 129, 43, 1290, 1000)
    assert (counts.rate, counts.active_rate, counts.minutes_per_registered) == (1.29, 43 / 129, 10.0)
    for empty in (Counts(0, 0), Counts(None, 0)):
        assert (empty.rate, empty.active_rate, empty.minutes_per_registered) == (None, None, None)
    assert Counts(5, 0).rate == 0.0
    assert sum_counts([]) == Counts(None, 0, 0, 0, 0)
    assert sum_counts([Counts(None, 1), Counts(0, 2)]) == Counts(0, 3)


SMALL = st.integers(0, 6)
DRAWN = st.tuples(st.integers(0, 19), st.sampled_from("ABCD"), st.none() | SMALL, SMALL, SMALL)


def grow(drawn: list[tuple[int, str, int | None, int, int]]) -> list[UnitFigures[int]]:
    """Return units each under an earlier one or none, children first, with codes that may repeat."""
    units = []
    for unit_id, (pick, code, target, persons, minutes) in enumerate(drawn):
        parent = pick % (unit_id + 1) - 1
        own = Counts(target, persons, persons // 2, minutes, minutes // 2)
        units.append(UnitFigures(unit_id, parent if parent >= 0 else None, code, own))
    return units[::-1]


forests = st.lists(DRAWN, min_size=1, max_size=14).map(grow)
few = settings(max_examples=50)


def descends(unit_id: int, above: int, parents: dict[int, int | None]) -> bool:
    walk: int | None = unit_id
    while walk is not None and walk != above:
        walk = parents[walk]
    return walk == above


@few
@given(forests)
def test_each_row_is_the_plain_sum_of_its_descendants(units: list[UnitFigures[int]]) -> None:
    parents = {u.unit_id: u.parent_id for u in units}
    rows = roll_up(units)
    assert sorted(r.unit_id for r in rows) == sorted(parents)
    for row in rows:
        inside = [u.own for u in units if descends(u.unit_id, row.unit_id, parents)]
        targets = [c.target for c in inside if c.target is not None]
        assert row.counts.target == (sum(targets) if targets else None)
        for name in ("registered", "active", "minutes", "minutes_verified"):
            assert getattr(row.counts, name) == sum(getattr(c, name) for c in inside)


@few
@given(forests)
def test_a_rank_is_one_more_than_the_siblings_that_do_better(units: list[UnitFigures[int]]) -> None:
    rows = roll_up(units)

    def exact(row: RateRow[int]) -> Fraction | None:
        return Fraction(row.counts.registered, row.counts.target) if row.counts.target else None

    for row in rows:
        mine = exact(row)
        rates = [exact(other) for other in rows if other.parent_id == row.parent_id]
        better = [rate for rate in rates if rate is not None and mine is not None and rate > mine]
        assert row.rank == (None if mine is None else len(better) + 1)


@few
@given(forests, st.integers(0, 4))
def test_parents_come_before_children_and_a_cut_only_hides(units: list[UnitFigures[int]], depth: int) -> None:
    rows = roll_up(units)
    place = {row.unit_id: n for n, row in enumerate(rows)}
    level = {row.unit_id: row.depth for row in rows}
    for row in rows:
        if row.parent_id is not None:
            assert place[row.parent_id] < place[row.unit_id]
            assert level[row.unit_id] == level[row.parent_id] + 1
    for parent in {row.parent_id for row in rows}:
        siblings = [row.code for row in rows if row.parent_id == parent]
        assert siblings == sorted(siblings)
    assert roll_up(units, depth=depth) == [row for row in rows if row.depth <= depth]


def test_a_deep_and_a_wide_tree() -> None:
    deep = [UnitFigures(n, n - 1 if n else None, f"{n:04d}", Counts(1, 1)) for n in range(500)]
    wide = [UnitFigures(n, 0, f"{n:04d}", Counts(1, 2)) for n in range(500, 2000)]
    random.Random(1).shuffle(wide)  # noqa: S311 - seeded on purpose
    rows = roll_up(wide + deep[::-1])
    assert (len(rows), rows[0].counts) == (2000, Counts(2000, 3500))
    assert max(row.depth for row in rows) == 499
    assert not would_cycle({u.unit_id: u.parent_id for u in deep}, 2001, 499)


def row(code: str, target: int | None, registered: int, rank: int | None = None) -> RateRow[str]:
    return RateRow(code.lower(), None, code, 0, rank, Counts(target, registered, registered, 10, 5))


ROWS = [row("C", None, 3), row("A", 4, 4, 1), row("D", 8, 0, 4), row("B", 2, 2, 1), row("E", 0, 9)]


@pytest.mark.parametrize(
    ("sort", "order", "codes"),
    [
        (RateSort.RATE, SortOrder.ASC, "DABCE"),
        (RateSort.RATE, SortOrder.DESC, "ABDCE"),
        (RateSort.RANK, SortOrder.ASC, "ABDCE"),
        (RateSort.RANK, SortOrder.DESC, "DABCE"),
        (RateSort.TARGET, SortOrder.DESC, "DABEC"),
        (RateSort.REGISTERED, SortOrder.ASC, "DBCAE"),
        (RateSort.ACTIVE_RATE, SortOrder.DESC, "ABCED"),
        (RateSort.MINUTES_PER_REGISTERED, SortOrder.ASC, "EACBD"),
        (RateSort.DEPTH, SortOrder.DESC, "ABCDE"),
        (RateSort.CODE, SortOrder.ASC, "ABCDE"),
        (RateSort.CODE, SortOrder.DESC, "EDCBA"),
    ],
)
def test_sorting_puts_nulls_last_and_equal_ones_by_code(sort: RateSort, order: SortOrder, codes: str) -> None:
    assert "".join(r.code for r in sort_rows(ROWS, sort, order)) == codes


@few
@given(forests, st.sampled_from(RateSort), st.sampled_from(SortOrder))
def test_sorting_loses_no_row(units: list[UnitFigures[int]], sort: RateSort, order: SortOrder) -> None:
    rows = roll_up(units)
    assert sorted(r.unit_id for r in sort_rows(rows, sort, order)) == sorted(r.unit_id for r in rows)
