"""One row of a units' sheet into a draft of a unit, or every fault of it. Pure.

Source: contract, Imports and Areas, units, tasks; decisions 5.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from volunteer.errors import Fault
from volunteer.imports.rules_cells import CellFault, number_text
from volunteer.imports.rules_columns import Field, Row, text_at, whole_at
from volunteer.imports.rules_trees import Words
from volunteer.units.rules import UnitKind, check_uscc, uscc_taken

LONGEST_CODE: Final = 40
LONGEST_NAME: Final = 100
WORDS: Final = Words(
    "unknown-unit",
    "没有这个上级单位:它不在系统中,也不在这张表的可导入行中。",
    "这个单位成了自己的上级,请核对上级单位代码。",
    "使用这个代码的单位已撤销,请换一个代码。",
)

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
class Holder:
    """An open unit with a credit code."""

    code: str
    name: str
    uscc: str


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


def check_unit(row: Row, seen: dict[str, int]) -> UnitDraft | None:
    """Return the draft of a row, or None with its faults; parents are judged once all rows are read."""
    code, name = text_at(row, "code", LONGEST_CODE), text_at(row, "name", LONGEST_NAME)
    for key, text in (("code", code), ("name", name)):
        if text == "":
            row.add(key, CellFault.REQUIRED)
    kind_word = text_at(row, "kind", 20)
    kind = _KINDS.get(re.sub(r"\s", "", (kind_word or "").translate({0xFF08: "(", 0xFF09: ")"})))
    if kind_word and kind is None:
        row.add("kind", CellFault.UNKNOWN_VALUE)
    numbers = {key: whole_at(row, key) for key in ("headcount", "target")}
    uscc = _uscc(row)
    parent_code, area_code = text_at(row, "parent_code", LONGEST_CODE), text_at(row, "area_code", LONGEST_CODE)
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


def check_repeated(rows: Sequence[tuple[Row, UnitDraft | None]], standing: Mapping[str, Holder]) -> None:
    """Add the fault of every row that gives the credit code of an earlier one; what a unit has, it may say again."""
    seen: dict[str, int] = {}
    for row, draft in rows:
        if draft is None or draft.uscc is None or _has(standing, draft):
            continue
        first = seen.setdefault(draft.uscc, row.number)
        if first != row.number:
            row.tell("uscc", "repeated", f"与第 {first} 行的统一社会信用代码相同,请对照证照核对。")


def check_taken(rows: Sequence[tuple[Row, UnitDraft | None]], standing: Mapping[str, Holder]) -> None:
    """Add the fault of every row that takes the credit code of an open unit which keeps it.

    A sheet may let one unit give its code up and another one take it, in any order; a row with a fault gives up
    nothing, so each round of refusals may lead to another.
    """
    is_settled = False
    while not is_settled:
        keepers = _keepers(rows, standing)
        is_settled = not any([_is_refused(row, draft, keepers, standing) for row, draft in rows])


def _keepers(rows: Sequence[tuple[Row, UnitDraft | None]], standing: Mapping[str, Holder]) -> dict[str, list[Holder]]:
    """Return who still has each code once the sound rows are written."""
    given_up = {d.code for row, d in rows if d is not None and d.uscc and not row.faults and not _has(standing, d)}
    found: dict[str, list[Holder]] = {}
    for holder in standing.values():
        if holder.code not in given_up:
            found.setdefault(holder.uscc, []).append(holder)
    return found


def _is_refused(
    row: Row, draft: UnitDraft | None, keepers: Mapping[str, Sequence[Holder]], standing: Mapping[str, Holder]
) -> bool:
    """Whether a row that was sound until now takes a code that is kept; then it has that fault."""
    if draft is None or draft.uscc is None or row.faults or _has(standing, draft):
        return False
    holder = next((one for one in keepers.get(draft.uscc, ()) if one.code != draft.code), None)
    if holder is not None:
        taken = uscc_taken(holder.name, holder.code)
        row.tell("uscc", taken.code, taken.message)
    return holder is not None


def _has(standing: Mapping[str, Holder], draft: UnitDraft) -> bool:
    """Whether the unit of a row has the code of the row already."""
    holder = standing.get(draft.code)
    return holder is not None and holder.uscc == draft.uscc
