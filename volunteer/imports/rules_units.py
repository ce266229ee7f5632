"""One row of a units' sheet into a draft of a unit, or every fault of it; the order in which a tree is written. Pure.

Source: contract, Imports and Areas, units, tasks; decisions 5.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from volunteer.errors import Fault
from volunteer.imports.rules_cells import CellFault, number_text, text_of, whole_of
from volunteer.imports.rules_columns import Field, Row
from volunteer.units.rules import UnitKind, check_uscc

LONGEST_CODE: Final = 40
LONGEST_NAME: Final = 100
UNKNOWN: Final = "unknown-unit"
NO_PARENT: Final = "没有这个上级单位:它不在系统中,也不在这张表的可导入行中。"

FIELDS: Final = (
    Field(
        "code",
        "单位代码",
        ("单位编码", "单位编号", "机构代码", "代码", "编码"),
        required=True,
        example="A001",
        hint="必填,不重复",
    ),
    Field("name", "单位名称", ("单位", "名称", "单位全称", "机构名称"), required=True, example="某某局", hint="必填"),
    Field(
        "kind",
        "单位性质",
        ("单位类型", "单位类别", "性质", "类型", "类别"),
        example="党政机关",
        hint="党政机关、事业单位、企业、学校、社区(村)、社会组织、其他",
    ),
    Field(
        "parent_code",
        "上级单位代码",
        ("上级代码", "主管单位代码", "上级单位编码", "上级编码", "上级单位编号"),
        hint="没有上级不填;可以是同一张表中的单位",
    ),
    Field("area_code", "区域代码", ("所在区域代码", "行政区划代码", "区划代码"), hint="系统中已有的区域"),
    Field("headcount", "应登记人数", ("人数", "职工人数", "在职人数", "在编人数", "总人数", "员工人数"), example="120"),
    Field("uscc", "统一社会信用代码", ("信用代码", "社会信用代码", "统一信用代码")),
    Field(
        "target",
        "任务数",
        ("年度任务", "年度任务数", "注册任务", "注册任务数", "目标数", "目标任务数", "志愿者注册任务数"),
        example="100",
        hint="本年的注册任务;列名可写年份,如 2026年任务数",
    ),
)
_KINDS: Final = {kind.label: kind for kind in UnitKind} | {
    "机关": UnitKind.GOVERNMENT,
    "行政机关": UnitKind.GOVERNMENT,
    "机关单位": UnitKind.GOVERNMENT,
    "事业": UnitKind.PUBLIC_INSTITUTION,
    "国企": UnitKind.ENTERPRISE,
    "国有企业": UnitKind.ENTERPRISE,
    "企业单位": UnitKind.ENTERPRISE,
    "社区": UnitKind.COMMUNITY,
    "村": UnitKind.COMMUNITY,
    "村(社区)": UnitKind.COMMUNITY,
    "社会团体": UnitKind.SOCIAL_ORGANIZATION,
}


@dataclass(frozen=True, slots=True)
class UnitDraft:
    """A sound row. A column that the sheet does not have is not in `given`: what it would change stays as it is."""

    row: int
    code: str
    name: str
    kind: UnitKind | None
    parent_code: str | None
    area_code: str | None
    headcount: int | None
    uscc: str | None
    target: int | None
    given: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """What a row is judged against: the codes of all units and areas, and how the tree stands."""

    units: Collection[str] = ()
    areas: Collection[str] = ()
    parents: Mapping[str, str | None] = field(default_factory=dict)
    closed: Collection[str] = ()


def check_unit(row: Row, seen: dict[str, int]) -> UnitDraft | None:
    """Return the draft of a row, or None with its faults; parents are judged by `check_tree` once all rows are read."""
    code, name = _text(row, "code", LONGEST_CODE), _text(row, "name", LONGEST_NAME)
    for key, text in (("code", code), ("name", name)):
        if text == "":
            row.add(key, CellFault.REQUIRED)
    kind_word = _text(row, "kind", 20)
    kind = _KINDS.get(re.sub(r"\s", "", (kind_word or "").translate({0xFF08: "(", 0xFF09: ")"})))
    if kind_word and kind is None:
        row.add("kind", CellFault.UNKNOWN_VALUE)
    numbers = {key: _whole(row, key) for key in ("headcount", "target")}
    uscc = _uscc(row)
    parent_code, area_code = _text(row, "parent_code", LONGEST_CODE), _text(row, "area_code", LONGEST_CODE)
    if code:
        first = seen.setdefault(code, row.number)
        if first != row.number:
            row.tell("code", "repeated", f"与第 {first} 行的单位代码相同,请删去一行。")
    if row.faults or not code or not name:
        return None
    given = frozenset(key for key in row.cells if row.cell(key) != "")
    return UnitDraft(
        row.number, code, name, kind, parent_code or None, area_code or None, uscc=uscc, given=given, **numbers
    )


def check_tree(rows: Sequence[tuple[Row, UnitDraft | None]], known: KnownCodes) -> None:
    """Add the faults that only the whole sheet shows: unknown parents and areas, and units above themselves."""
    drafts = [draft for _, draft in rows if draft is not None]
    parents = dict(known.parents) | {d.code: d.parent_code for d in drafts if "parent_code" in d.given}
    codes = ({draft.code for draft in drafts} | set(known.units)) - set(known.closed)
    knotted = _knotted(parents)
    for row, draft in rows:
        parent, area = number_text(row.cell("parent_code")), number_text(row.cell("area_code"))
        if parent and not isinstance(parent, CellFault) and parent not in codes:
            row.tell("parent_code", UNKNOWN, NO_PARENT)
        elif draft is not None and draft.code in known.closed:
            row.tell("code", "closed", "使用这个代码的单位已撤销,请换一个代码。")
        elif draft is not None and draft.code in knotted:
            row.tell("parent_code", "cycle", "这个单位成了自己的上级,请核对上级单位代码。")
        if area and not isinstance(area, CellFault) and area not in known.areas:
            row.tell("area_code", "unknown", "没有这个区域代码,请核对。")
    _orphan(rows, known)


def _orphan(rows: Sequence[tuple[Row, UnitDraft | None]], known: KnownCodes) -> None:
    """Add the fault of every row below a new unit that is not written for a fault of its own, or of one above it."""
    below: defaultdict[str, list[tuple[Row, UnitDraft]]] = defaultdict(list)
    for row, draft in rows:
        if draft is not None and draft.parent_code:
            below[draft.parent_code].append((row, draft))
    missing = [draft.code for row, draft in rows if draft is not None and row.faults]
    while missing:
        code = missing.pop()
        for row, draft in below[code] if code not in known.units else ():
            if not row.faults:
                row.tell("parent_code", UNKNOWN, NO_PARENT)
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


def parents_first(drafts: Sequence[UnitDraft]) -> list[UnitDraft]:
    """Return the drafts of a sound tree so that each stands after the one above it."""
    by_code = {draft.code: draft for draft in drafts}
    done: dict[str, UnitDraft] = {}
    for draft in drafts:
        path = []
        current: UnitDraft | None = draft
        while current is not None and current.code not in done:
            path.append(current)
            current = by_code.get(current.parent_code or "")
        done |= {one.code: one for one in reversed(path)}
    return list(done.values())


def _text(row: Row, key: str, most: int) -> str | None:
    """Return a text of at most `most` characters; None with a fault."""
    text = number_text(row.cell(key)) if key.endswith("code") else text_of(row.cell(key))
    if isinstance(text, str) and not isinstance(text, CellFault) and len(text) <= most:
        return text
    row.add(key, text if isinstance(text, CellFault) else CellFault.TOO_LONG)
    return None


def _whole(row: Row, key: str) -> int | None:
    """Return a whole number; None for an empty cell or with a fault."""
    number = whole_of(row.cell(key))
    if isinstance(number, CellFault):
        row.add(key, number)
        return None
    return number


def _uscc(row: Row) -> str | None:
    """Return a credit code in its one spelling."""
    text = number_text(row.cell("uscc"))
    if isinstance(text, CellFault):
        row.add("uscc", text)
        return None
    checked = check_uscc(text) if text else None
    if isinstance(checked, Fault):
        row.tell("uscc", checked.code, checked.message)
        return None
    return checked
