"""A sheet whose rows stand below one another: unknown parents, rows above themselves, the order of writing. Pure.

Units and stations are such trees. Source: contract, Imports; decisions 4, 5; peers.md T39.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from volunteer.imports.rules_cells import CellFault, number_text
from volunteer.imports.rules_columns import Row


class Placed(Protocol):
    """A draft of a row in a tree. A column that the sheet does not have is not in `given`."""

    @property
    def code(self) -> str:
        """Its own code."""

    @property
    def parent_code(self) -> str | None:
        """The code of the one above it."""

    @property
    def given(self) -> frozenset[str]:
        """The keys of the cells that are filled."""


One = TypeVar("One", bound=Placed)


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """What a row is judged against: the codes that stand, those of areas and units, and how the tree stands.

    Attributes:
        codes: of what the sheet lists.
        units: of units that a row may name as owner; empty where rows name none.
        closed: codes that are taken and may not be used again.
    """

    codes: Collection[str] = ()
    areas: Collection[str] = ()
    parents: Mapping[str, str | None] = field(default_factory=dict)
    closed: Collection[str] = ()
    units: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """How a tree's faults are told: the code of an unknown one, and the sentences."""

    unknown: str
    no_parent: str
    cycle: str
    closed: str


def check_tree(rows: Sequence[tuple[Row, One | None]], known: KnownCodes, words: Words) -> None:
    """Add the faults that only the whole sheet shows: unknown parents and areas, and rows above themselves."""
    drafts = [draft for _, draft in rows if draft is not None]
    parents = dict(known.parents) | {d.code: d.parent_code for d in drafts if "parent_code" in d.given}
    codes = ({draft.code for draft in drafts} | set(known.codes)) - set(known.closed)
    knotted = _knotted(parents)
    for row, draft in rows:
        parent, area = number_text(row.cell("parent_code")), number_text(row.cell("area_code"))
        if parent and not isinstance(parent, CellFault) and parent not in codes:
            row.tell("parent_code", words.unknown, words.no_parent)
        elif draft is not None and draft.code in known.closed:
            row.tell("code", "closed", words.closed)
        elif draft is not None and draft.code in knotted:
            row.tell("parent_code", "cycle", words.cycle)
        if area and not isinstance(area, CellFault) and area not in known.areas:
            row.tell("area_code", "unknown", "没有这个区域代码,请核对。")


def orphan(rows: Sequence[tuple[Row, One | None]], known: KnownCodes, words: Words) -> None:
    """Add the fault of every row below a new one that is not written for a fault of its own, or of one above it."""
    below: defaultdict[str, list[tuple[Row, One]]] = defaultdict(list)
    for row, draft in rows:
        if draft is not None and draft.parent_code:
            below[draft.parent_code].append((row, draft))
    missing = [draft.code for row, draft in rows if draft is not None and row.faults]
    while missing:
        code = missing.pop()
        for row, draft in below[code] if code not in known.codes else ():
            if not row.faults:
                row.tell("parent_code", words.unknown, words.no_parent)
                missing.append(draft.code)


def _knotted(parents: Mapping[str, str | None]) -> set[str]:
    """Return the codes that are above themselves, each looked at once."""
    judged: dict[str, bool] = {}
    for start in parents:
        path: dict[str, None] = {}
        code: str | None = start
        while code is not None and code in parents and code not in judged and code not in path:
            path[code] = None
            code = parents[code]
        is_in_knot = False
        for step in path:
            is_in_knot = is_in_knot or step == code
            judged[step] = is_in_knot
    return {code for code, is_knotted in judged.items() if is_knotted}


def parents_first(drafts: Sequence[One]) -> list[One]:
    """Return the drafts of a sound tree so that each stands after the one above it."""
    by_code = {draft.code: draft for draft in drafts}
    done: dict[str, One] = {}
    for draft in drafts:
        path = []
        current: One | None = draft
        while current is not None and current.code not in done:
            path.append(current)
            current = by_code.get(current.parent_code or "")
        done |= {one.code: one for one in reversed(path)}
    return list(done.values())
