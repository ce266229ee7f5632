"""Units: their codes and kinds, moves that would tie a knot, and figures summed up the tree. Pure decisions.

Nothing here recurses, so a tree may be as deep as it likes. Minutes are integers, rates plain numbers (1.29 is 129 %).
Source: contract, Areas, units, tasks; Reports; Fine points.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

from stdnum.cn import uscc

from volunteer.errors import Fault, Worded

Id = TypeVar("Id", bound=Hashable)


class UnitKind(StrEnum):
    """What a unit is."""

    GOVERNMENT = "government"
    PUBLIC_INSTITUTION = "public_institution"
    ENTERPRISE = "enterprise"
    SCHOOL = "school"
    COMMUNITY = "community"
    SOCIAL_ORGANIZATION = "social_organization"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _KIND_LABELS[self]


_KIND_LABELS: Final = {
    UnitKind.GOVERNMENT: "党政机关",
    UnitKind.PUBLIC_INSTITUTION: "事业单位",
    UnitKind.ENTERPRISE: "企业",
    UnitKind.SCHOOL: "学校",
    UnitKind.COMMUNITY: "社区(村)",
    UnitKind.SOCIAL_ORGANIZATION: "社会组织",
    UnitKind.OTHER: "其他",
}


class UnitFault(Worded):
    """What can be wrong with a unit; the value is the permanent code."""

    BAD_USCC = "bad-uscc", "统一社会信用代码有误,请对照证照核对 18 位代码后重新填写。"
    CYCLE = "cycle", "不能把单位移到它自己或它的下级单位之下,请另选上级单位。"


_USCC: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def check_uscc(text: str) -> str | Fault:
    """Return the unified social credit code in its one spelling (half width, upper case), or `bad-uscc` on `uscc`.

    The first two places may be letters (A military, N rural collectives, Y others), which python-stdnum's own
    `validate` refuses. Source: GB 32100-2015; contract, Areas, units, tasks.
    """
    code = re.sub(r"[\s\-\u200b\ufeff]", "", unicodedata.normalize("NFKC", text)).upper()
    if _USCC.fullmatch(code) is None or code[-1] != uscc.calc_check_digit(code):
        return UnitFault.BAD_USCC.at("uscc")
    return code


def uscc_taken(name: str, code: str) -> Fault:
    """Return what is told where another open unit, of this name and code, has the credit code."""
    words = f"这个统一社会信用代码已登记在“{name}”({code})名下。请对照证照核对,更正其中一个单位的代码。"
    return Fault("uscc", "uscc-taken", words)


def would_cycle(parents: Mapping[Id, Id | None], node: Id, new_parent: Id | None) -> bool:
    """Return whether `node` under `new_parent` would be its own ancestor. `parents` is the tree as of the move's day.

    Parents that are already knotted count as a cycle too, so that a search never runs for ever. Source: contract.
    """
    seen: set[Id] = {node}
    above = new_parent
    while above is not None:
        if above in seen:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


class Denominator(StrEnum):
    """By what the registered are divided. Only over residents it is called 注册率. Source: ux.md, top list; §9."""

    TASK = "task"
    HEADCOUNT = "headcount"
    POPULATION = "population"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _DENOMINATORS[self][0]

    @property
    def rate_name(self) -> str:
        """What the rate over it is called."""
        return _DENOMINATORS[self][1]


_DENOMINATORS: Final = {
    Denominator.TASK: ("任务数", "任务完成率"),
    Denominator.HEADCOUNT: ("单位人数", "人员注册比例"),
    Denominator.POPULATION: ("常住人口", "注册率"),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of a unit, a subtree or everybody: persons and integer minutes; `target` None = no task was set.

    `report_ins` are people who report in beside where they count; they are never among the registered of their line.
    `population` cannot be added up, since areas lie in each other: whoever sums sets it anew. `by` says which of the
    three the rate is over.
    """

    target: int | None = None
    registered: int = 0
    active: int = 0
    minutes: int = 0
    minutes_verified: int = 0
    headcount: int | None = None
    report_ins: int = 0
    population: int | None = None
    by: Denominator = Denominator.TASK

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            _sum_of_known(self.target, other.target),
            self.registered + other.registered,
            self.active + other.active,
            self.minutes + other.minutes,
            self.minutes_verified + other.minutes_verified,
            _sum_of_known(self.headcount, other.headcount),
            self.report_ins + other.report_ins,
        )

    @property
    def base(self) -> int | None:
        """The number that the rate is over; None where it is not known."""
        return {"task": self.target, "headcount": self.headcount, "population": self.population}[self.by]

    @property
    def rate(self) -> float | None:
        """Registered ÷ base, never capped; None where the base is 0 or absent."""
        return self.registered / self.base if self.base else None

    @property
    def missing(self) -> int | None:
        """Base − registered, 0 once it is reached; None where the base is 0 or absent, or are all residents."""
        if self.by is Denominator.POPULATION:
            return None
        return max(self.base - self.registered, 0) if self.base else None

    @property
    def active_rate(self) -> float | None:
        """Active ÷ registered; None where nobody is registered."""
        return self.active / self.registered if self.registered else None

    @property
    def minutes_per_registered(self) -> float | None:
        """Minutes ÷ registered; None where nobody is registered."""
        return self.minutes / self.registered if self.registered else None


@dataclass(frozen=True, slots=True)
class UnitFigures(Generic[Id]):
    """One unit as of the report's day with its **own** figures, without its descendants'."""

    unit_id: Id
    parent_id: Id | None
    code: str
    own: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class RateRow(Generic[Id]):
    """One row of the report: a unit with the figures of its whole subtree, `depth` from the report's root."""

    unit_id: Id
    parent_id: Id | None
    code: str
    depth: int
    rank: int | None
    counts: Counts


def _sum_of_known(one: int | None, other: int | None) -> int | None:
    """Return the sum of what is known; None where neither is."""
    return None if one is None and other is None else (one or 0) + (other or 0)


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Return the sum of all figures; of none, no target and zeros."""
    total = Counts()
    for one in counts:
        total = total + one
    return total


def roll_up(
    units: Iterable[UnitFigures[Id]],
    roots: Collection[Id] | None = None,
    depth: int | None = None,
    settle: Callable[[Id, Counts], Counts] | None = None,
) -> list[RateRow[Id]]:
    """Return the rows of the report in pre-order by code, each covering its subtree.

    Pass **all** units of that day: ranks count all siblings of one parent, shown or not. A unit whose parent is not
    among them is a top one; tops rank among those with the same `parent_id`. `roots` chooses whose subtrees are shown
    (depth 0 each; one inside another is shown once, inside; unknown ones are left out); None shows all. `depth` cuts
    below that depth, after summing. `settle` finishes each sum before it is ranked. Equal codes go by id.

    Raises:
        ValueError: two units with one id, or parents that form a ring.
    Source: contract, Reports and Fine points.
    """
    by_id = _by_id(units)
    children = _children(by_id)
    tops = [unit_id for unit_id, unit in by_id.items() if unit.parent_id not in by_id]
    order = [unit_id for unit_id, _ in _pre_order(tops, by_id, children)]
    if len(order) < len(by_id):
        raise ValueError("the parents of some units form a ring")
    sums = {unit_id: unit.own for unit_id, unit in by_id.items()}
    for unit_id in reversed(order):  # each after all of its descendants
        parent_id = by_id[unit_id].parent_id
        if parent_id is not None and parent_id in sums:
            sums[parent_id] = sums[parent_id] + sums[unit_id]
    if settle is not None:
        sums = {unit_id: settle(unit_id, counts) for unit_id, counts in sums.items()}
    ranks = _ranks(by_id, sums)
    shown = tops if roots is None else _outermost(roots, by_id)
    return [
        RateRow(unit_id, by_id[unit_id].parent_id, by_id[unit_id].code, level, ranks[unit_id], sums[unit_id])
        for unit_id, level in _pre_order(shown, by_id, children, depth)
    ]


def _by_id(units: Iterable[UnitFigures[Id]]) -> dict[Id, UnitFigures[Id]]:
    """Return the units by id."""
    by_id: dict[Id, UnitFigures[Id]] = {}
    for unit in units:
        if unit.unit_id in by_id:
            raise ValueError("two units have one id")
        by_id[unit.unit_id] = unit
    return by_id


def _children(by_id: Mapping[Id, UnitFigures[Id]]) -> dict[Id, list[Id]]:
    """Return the ids of the children of each parent."""
    children: dict[Id, list[Id]] = {}
    for unit_id, unit in by_id.items():
        if unit.parent_id is not None:
            children.setdefault(unit.parent_id, []).append(unit_id)
    return children


def _pre_order(
    tops: Iterable[Id],
    by_id: Mapping[Id, UnitFigures[Id]],
    children: Mapping[Id, Sequence[Id]],
    depth: int | None = None,
) -> Iterable[tuple[Id, int]]:
    """Yield ids with their depth under `tops`, parents first, siblings by code."""

    def backwards(ids: Iterable[Id]) -> list[Id]:
        return sorted(ids, key=lambda unit_id: (by_id[unit_id].code, str(unit_id)), reverse=True)

    stack = [(unit_id, 0) for unit_id in backwards(tops)]
    while stack:
        unit_id, level = stack.pop()
        yield unit_id, level
        if depth is None or level < depth:
            stack.extend((child, level + 1) for child in backwards(children.get(unit_id, ())))


def _outermost(roots: Collection[Id], by_id: Mapping[Id, UnitFigures[Id]]) -> list[Id]:
    """Return the known roots that are not inside another one; the parents form no ring."""
    wanted = {root for root in roots if root in by_id}
    return [root for root in wanted if not _is_below(root, wanted, by_id)]


def _is_below(unit_id: Id, wanted: Collection[Id], by_id: Mapping[Id, UnitFigures[Id]]) -> bool:
    """Return whether one of the ancestors of a unit is among `wanted`."""
    above = by_id[unit_id].parent_id
    while above is not None and above in by_id:
        if above in wanted:
            return True
        above = by_id[above].parent_id
    return False


def _ranks(by_id: Mapping[Id, UnitFigures[Id]], sums: Mapping[Id, Counts]) -> dict[Id, int | None]:
    """Rank each unit by rate among all units of its parent: 1, 2, 2, 4; no rate, no rank."""
    rates: dict[Id | None, list[float]] = {}
    for unit_id, unit in by_id.items():
        rate = sums[unit_id].rate
        if rate is not None:
            rates.setdefault(unit.parent_id, []).append(rate)
    places: dict[Id | None, dict[float, int]] = {}
    for parent_id, siblings in rates.items():
        places[parent_id] = {}
        for place, rate in enumerate(sorted(siblings, reverse=True), start=1):
            places[parent_id].setdefault(rate, place)
    ranks: dict[Id, int | None] = {}
    for unit_id, unit in by_id.items():
        rate = sums[unit_id].rate
        ranks[unit_id] = None if rate is None else places[unit.parent_id][rate]
    return ranks


class SortOrder(StrEnum):
    """Which end comes first."""

    ASC = "asc"
    DESC = "desc"


class RateSort(StrEnum):
    """The columns by which the report can be sorted."""

    CODE = "code"
    DEPTH = "depth"
    TARGET = "target"
    REGISTERED = "registered"
    RATE = "rate"
    ACTIVE = "active"
    ACTIVE_RATE = "active_rate"
    MINUTES = "minutes"
    MINUTES_VERIFIED = "minutes_verified"
    MINUTES_PER_REGISTERED = "minutes_per_registered"
    RANK = "rank"
    HEADCOUNT = "headcount"
    POPULATION = "population"
    REPORT_INS = "report_ins"


def sort_rows(rows: Iterable[RateRow[Id]], sort: RateSort, order: SortOrder = SortOrder.ASC) -> list[RateRow[Id]]:
    """Return the rows flat, sorted by one column, nulls last in either order, equal ones by code.

    Without a column the contract wants the order of `roll_up`: then do not call this. Source: contract, Reports.
    """
    by_code = sorted(rows, key=lambda row: (row.code, str(row.unit_id)))
    is_down = order is SortOrder.DESC
    if sort is RateSort.CODE:
        return by_code[::-1] if is_down else by_code
    value = _column(sort)
    known = [(number, row) for row in by_code if (number := value(row)) is not None]
    unknown = [row for row in by_code if value(row) is None]
    known.sort(key=lambda pair: pair[0], reverse=is_down)  # stable both ways
    return [row for _, row in known] + unknown


def _column(sort: RateSort) -> Callable[[RateRow[Id]], float | None]:
    """Return what reads a numeric column of a row."""
    name = sort.value

    def value(row: RateRow[Id]) -> float | None:
        number: float | None = getattr(row if name in ("depth", "rank") else row.counts, name)
        return number

    return value
