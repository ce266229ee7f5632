"""One row of a stations' sheet into a draft of a station, or every fault of it. Pure.

Source: contract, Stations and Imports; domain.md c3 (levels); ux.md 5c (a place is worth nothing without its datum).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from volunteer.imports.rules_cells import CellFault, number_text
from volunteer.imports.rules_columns import Field, Row, text_at
from volunteer.imports.rules_trees import KnownCodes, Words
from volunteer.stations.rules import Crs, StationFault, StationLevel, may_be_child

LONGEST_CODE: Final = 40
LONGEST_NAME: Final = 100
LONGEST_ADDRESS: Final = 200
LONGEST_PHONE: Final = 30
WORDS: Final = Words(
    "unknown-station",
    "没有这个上级站点:它不在系统中,也不在这张表的可导入行中。",
    "这个站点成了自己的上级,请核对上级站点代码。",
    "这个代码已停用,请换一个代码。",
)
FIELDS: Final = (
    Field(
        "code",
        "站点代码",
        ("站点编码", "站点编号", "阵地编号", "编号", "代码"),
        required=True,
        example="Z001",
        hint="必填,不重复",
    ),
    Field(
        "name",
        "站点名称",
        ("站点", "名称", "阵地名称", "实践站名称"),
        required=True,
        example="某某社区实践站",
        hint="必填",
    ),
    Field(
        "level",
        "级别",
        ("站点级别", "层级", "类别", "站点类别"),
        required=True,
        example="站",
        hint="中心、所、站、点;也可写全称,如 新时代文明实践所",
    ),
    Field("parent_code", "上级站点代码", ("上级代码", "上级编号", "上级站点编号"), hint="可以是同一张表中的站点"),
    Field("unit_code", "所属单位代码", ("单位代码", "主管单位代码", "承办单位代码"), hint="系统中已有的单位"),
    Field("area_code", "区域代码", ("所在区域代码", "行政区划代码", "区划代码"), hint="系统中已有的区域"),
    Field("address", "地址", ("详细地址", "站点地址", "所在地址")),
    Field("longitude", "经度", ("lng", "lon", "longitude"), example="116.397200", hint="与纬度一起填写"),
    Field("latitude", "纬度", ("lat", "latitude"), example="39.907500"),
    Field(
        "crs",
        "坐标来自",
        ("坐标系", "坐标类型", "坐标来源"),
        example="高德",
        hint="填了经纬度就必填:高德、腾讯、百度,或 GPS、天地图(WGS-84)",
    ),
    Field("phone", "联系电话", ("电话", "站点电话", "联系方式"), hint="公开的座机或手机"),
)
_LEVELS: Final = {
    word: level
    for level, words in {
        StationLevel.CENTER: ("中心", "实践中心", "新时代文明实践中心"),
        StationLevel.INSTITUTE: ("所", "实践所", "新时代文明实践所"),
        StationLevel.STATION: ("站", "实践站", "新时代文明实践站"),
        StationLevel.POINT: ("点", "实践点", "新时代文明实践点", "基地", "实践基地"),
    }.items()
    for word in words
}
_DATUMS: Final = {
    word: crs
    for crs, words in {
        Crs.GCJ02: ("高德", "腾讯", "gcj02", "高德地图", "腾讯地图", "火星坐标"),
        Crs.BD09: ("百度", "bd09", "百度地图"),
        Crs.WGS84: ("gps", "wgs84", "天地图", "北斗", "cgcs2000"),
    }.items()
    for word in words
}
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,15})?")
NO_POINT: Final = "请填写度数,例如 116.397200;不要写度分秒。"
HALF_POINT: Final = "经度和纬度要同时填写。"
NO_DATUM: Final = "请写明坐标来自哪里:高德、腾讯、百度,或 GPS;不写会差几百米。"
SWAPPED: Final = "经度和纬度可能填反了:我国的经度在 73 到 136 之间,纬度在 3 到 54 之间。"


@dataclass(frozen=True, slots=True)
class StationDraft:
    """A sound row. A column that the sheet does not have, or a cell left empty, is not in `given`."""

    row: int
    code: str
    name: str
    level: StationLevel
    parent_code: str | None
    unit_code: str | None
    area_code: str | None
    address: str | None
    latitude: float | None
    longitude: float | None
    crs: Crs | None
    phone: str | None
    given: frozenset[str]


def check_station(row: Row, seen: dict[str, int]) -> StationDraft | None:
    """Return the draft of a row, or None with its faults; what stands above it is judged once all rows are read."""
    code, name = text_at(row, "code", LONGEST_CODE), text_at(row, "name", LONGEST_NAME)
    for key, text in (("code", code), ("name", name), ("level", text_at(row, "level", 20))):
        if text == "":
            row.add(key, CellFault.REQUIRED)
    level = _LEVELS.get(_plain(row, "level"))
    if row.cell("level") and level is None:
        row.add("level", CellFault.UNKNOWN_VALUE)
    parent_code, unit_code, area_code = (
        text_at(row, f"{key}_code", LONGEST_CODE) for key in ("parent", "unit", "area")
    )
    address, phone = text_at(row, "address", LONGEST_ADDRESS), text_at(row, "phone", LONGEST_PHONE)
    latitude, longitude, crs = _place(row)
    if code and seen.setdefault(code, row.number) != row.number:
        row.tell("code", "repeated", f"与第 {seen[code]} 行的站点代码相同,请删去一行。")
    if row.faults or not code or not name or level is None:
        return None
    return StationDraft(
        row.number,
        code,
        name,
        level,
        parent_code or None,
        unit_code or None,
        area_code or None,
        address or None,
        latitude,
        longitude,
        crs,
        phone or None,
        frozenset(key for key in row.cells if row.cell(key) != ""),
    )


def check_places(
    rows: Sequence[tuple[Row, StationDraft | None]], known: KnownCodes, levels: Mapping[str, StationLevel]
) -> None:
    """Add the faults against what is known: units that are not there, and stations above the one they hang under.

    `levels` are those of the stations that stand; what the sheet says of them goes first.
    """
    said = dict(levels) | {draft.code: draft.level for _, draft in rows if draft is not None}
    for row, draft in rows:
        unit = number_text(row.cell("unit_code"))
        if unit and not isinstance(unit, CellFault) and unit not in known.units:
            row.tell("unit_code", "unknown-unit", "没有这个单位代码,请核对。")
        if draft is None:
            continue
        parent = draft.parent_code if "parent_code" in draft.given else known.parents.get(draft.code)
        if parent in said and not may_be_child(draft.level, said[parent]):
            row.tell("level", str(StationFault.BAD_LEVEL), StationFault.BAD_LEVEL.sentence)


def _place(row: Row) -> tuple[float | None, float | None, Crs | None]:
    """Return the coordinates of a row and their datum; all or nothing of them."""
    latitude, longitude = _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)
    word = _plain(row, "crs")
    crs = _DATUMS.get(word)
    if word and crs is None:
        row.add("crs", CellFault.UNKNOWN_VALUE)
    if (row.cell("latitude") == "") != (row.cell("longitude") == ""):
        row.tell("longitude" if row.cell("longitude") == "" else "latitude", "required", HALF_POINT)
    if latitude is None or longitude is None:
        return None, None, None
    if abs(latitude) > 54 and abs(longitude) < 73:
        row.tell("latitude", "swapped", SWAPPED)
    if not word:
        row.tell("crs", "required", NO_DATUM)
    return latitude, longitude, crs


def _degrees(row: Row, key: str, most: int) -> float | None:
    """Return degrees within ±`most`; None for an empty cell or with a fault."""
    text = number_text(row.cell(key))
    if isinstance(text, CellFault):
        row.add(key, text)
        return None
    if not text:
        return None
    if not _DEGREES.fullmatch(text) or abs(float(text)) > most:
        swapped = key == "latitude" and _DEGREES.fullmatch(text) and 73 <= float(text) <= 136
        row.tell(key, "swapped" if swapped else "bad-number", SWAPPED if swapped else NO_POINT)
        return None
    return float(text)


def _plain(row: Row, key: str) -> str:
    """Return a word of a list without blanks, signs and case; empty for an empty cell."""
    text = number_text(row.cell(key))
    return "" if isinstance(text, CellFault) else re.sub(r"[\s_\-()()]+", "", text).lower()
