"""One row of a list of past hours, served and proved elsewhere, into a draft, or every fault of it. Pure.

Whoever the row names must be named clearly: by volunteer number or resident number, and by the name beside it.
Source: contract, Imports (past hours as external); domain.md F1, F10 (hours come from time alone), H9.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from volunteer.imports.rules_cells import CellFault, day_of, number_text
from volunteer.imports.rules_columns import Field, Row, text_at
from volunteer.imports.rules_people import name_at
from volunteer.registration.rules import Identity, IdType, check_identity

LONGEST_TITLE: Final = 100
LONGEST_SOURCE: Final = 60
LONGEST_REFERENCE: Final = 60
MINUTES_A_DAY: Final = 24 * 60
FIRST_DAY: Final = dt.date(1993, 12, 1)
"""Nothing is older: the first volunteers' movement of the country began in December 1993. House rule."""

FIELDS: Final = (
    Field("name", "姓名", ("志愿者姓名", "志愿者", "名字"), required=True, example="张三", hint="必填,与注册时一致"),
    Field(
        "id_number",
        "身份证号",
        ("身份证号码", "身份证", "证件号码", "证件号", "公民身份号码", "居民身份证号"),
        hint="与志愿者编号填一项即可;列格式请设为文本",
    ),
    Field("volunteer_no", "志愿者编号", ("志愿者号", "志愿者证号"), example="(9 位数字)", hint="本系统的编号"),
    Field(
        "on",
        "服务日期",
        ("日期", "活动日期", "服务时间", "活动时间", "开始日期"),
        required=True,
        example="2025-03-05",
        hint="必填",
    ),
    Field(
        "title",
        "活动名称",
        ("项目名称", "服务内容", "服务项目", "志愿项目", "活动", "项目"),
        required=True,
        example="学雷锋日清洁家园",
        hint="必填",
    ),
    Field(
        "hours",
        "服务时长(小时)",
        ("时长", "服务时长", "小时", "小时数", "志愿服务时长", "信用时数"),
        example="2.5",
        hint="小时与分钟填一项;至多两位小数",
    ),
    Field("minutes", "服务分钟", ("分钟", "分钟数", "时长分钟", "服务时长分钟"), example="150"),
    Field(
        "source",
        "记录来源",
        ("来源", "平台", "来源平台", "原平台", "原系统", "记录平台"),
        required=True,
        example="省志愿服务系统",
        hint="必填,原来记录在哪里",
    ),
    Field("reference", "原记录编号", ("记录编号", "原编号", "服务编号", "流水号"), hint="有就填,避免重复录入"),
)
_HOURS: Final = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})?")
_NUMBER: Final = re.compile(r"[1-9][0-9]{8}")


@dataclass(frozen=True, slots=True)
class HoursDraft:
    """A sound row; `minutes` of one day."""

    row: int
    name: str
    volunteer_no: str | None
    id_number: str | None
    on: dt.date
    minutes: int
    title: str
    source: str
    reference: str | None


def check_hours(row: Row, today: dt.date) -> HoursDraft | None:
    """Return the draft of a row, or None with every fault in `row.faults`; who is named is judged by the service."""
    name, number, volunteer_no = name_at(row), _id_number(row, today), _volunteer_no(row)
    if not row.cell("id_number") and not row.cell("volunteer_no"):
        row.tell("id_number", "required", "请填写身份证号或志愿者编号。")
    on, minutes = _day(row, today), _minutes(row)
    title, source = _required(row, "title", LONGEST_TITLE), _required(row, "source", LONGEST_SOURCE)
    reference = text_at(row, "reference", LONGEST_REFERENCE)
    if row.faults or name is None or on is None or minutes is None:
        return None
    return HoursDraft(row.number, name, volunteer_no, number, on, minutes, title, source, reference or None)


def _id_number(row: Row, today: dt.date) -> str | None:
    """Return a resident number; None for an empty cell or with a fault."""
    text = number_text(row.cell("id_number"))
    if isinstance(text, CellFault):
        row.add("id_number", text)
        return None
    if not text:
        return None
    checked = check_identity(IdType.RESIDENT_ID, text, today)
    if isinstance(checked, Identity):
        return checked.number
    for fault in checked:
        if fault.field == "id_number":
            row.tell("id_number", fault.code, fault.message)
    return None


def _volunteer_no(row: Row) -> str | None:
    """Return a volunteer number; None for an empty cell or with a fault."""
    text = number_text(row.cell("volunteer_no"))
    if isinstance(text, CellFault):
        row.add("volunteer_no", text)
        return None
    if text and not _NUMBER.fullmatch(text):
        row.tell("volunteer_no", "bad-format", "志愿者编号是 9 位数字,请核对。")
        return None
    return text or None


def _day(row: Row, today: dt.date) -> dt.date | None:
    """Return the day of service, which is over."""
    day = day_of(row.cell("on"))
    if day is None:
        day = CellFault.REQUIRED
    if isinstance(day, CellFault):
        row.add("on", day)
        return None
    if not FIRST_DAY <= day <= today:
        row.tell("on", "bad-date", "服务日期不能在今天之后,也不能早于 1993 年 12 月,请核对。")
        return None
    return day


def _minutes(row: Row) -> int | None:
    """Return the whole minutes that hours or minutes say; one of the two columns is filled."""
    hours, minutes = number_text(row.cell("hours")), number_text(row.cell("minutes"))
    for key, text in (("hours", hours), ("minutes", minutes)):
        if isinstance(text, CellFault):
            row.add(key, text)
            return None
    if bool(hours) == bool(minutes):
        row.tell("hours", "required" if not hours else "one-of-two", "时长请只填一项:小时,或分钟。")
        return None
    sound = _HOURS.fullmatch(hours) if hours else re.fullmatch(r"[0-9]{1,4}", minutes)
    whole = round(float(hours) * 60) if hours and sound else int(minutes) if sound else 0
    if not 1 <= whole <= MINUTES_A_DAY:
        row.tell("hours" if hours else "minutes", "bad-number", "时长应大于 0,一天不超过 24 小时,请核对。")
        return None
    return whole


def _required(row: Row, key: str, most: int) -> str:
    """Return a text that must be there; empty with a fault."""
    text = text_at(row, key, most)
    if text == "":
        row.add(key, CellFault.REQUIRED)
    return text or ""
