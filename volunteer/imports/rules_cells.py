"""What stands in one cell, brought into its one spelling: texts, numbers of people and phones, days. Pure.

A `Cell` is a text, a day, or a `CellFault` where the reader could not trust what it saw. Source: contract, Imports;
domain.md H7; peers.md T40 (numbers that Excel has shortened are refused, never guessed).
"""

import datetime as dt
import re
import unicodedata
from typing import Final

from volunteer.errors import Worded
from volunteer.phone import PhoneError, normalize_phone


class CellFault(Worded):
    """What can be wrong with a cell; the value is the permanent code."""

    REQUIRED = "required", "这一格是空的,请填写。"
    FORMULA = "formula", "这一格是公式,请复制后用“选择性粘贴—数值”粘贴。"
    ERROR = "cell-error", "这一格是 Excel 的错误值,请改为正确的内容。"
    TOO_LONG = "cell-too-long", "这一格的内容太长,请核对。"
    DAMAGED_NUMBER = (
        "damaged-number",
        "号码已被 Excel 变成 1.10E+17 这样的数字,末几位已丢失,无法还原。请把该列设为文本格式,重新填写原号码。",
    )
    BAD_PHONE = "bad-phone", "手机号不正确,请填写 11 位中国大陆手机号,不要填座机。"
    BAD_DATE = "bad-date", "日期不正确,请写成 1990-01-02、1990/1/2、1990年1月2日或 19900102。"
    BAD_NUMBER = "bad-number", "请填写不小于 0 的整数。"
    UNKNOWN_VALUE = "unknown-value", "没有这个选项,请按模板中的说明填写。"
    CONTROL = "invalid", "这一格含有无法识别的字符,请重新填写。"


Cell = str | dt.date
MARKS: Final = {str(fault): fault for fault in CellFault}

SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,3}")
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DAY: Final = re.compile(r"([12][0-9]{3})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
MOST_WHOLE: Final = 10_000_000


def text_of(cell: Cell) -> str | CellFault:
    """Return a cell as text, without blanks around and line breaks inside; an empty one is an empty text."""
    if isinstance(cell, CellFault):
        return cell
    if isinstance(cell, dt.date):
        return cell.isoformat()
    text = " ".join(cell.split())
    if text.startswith(("=", "+", "@")) and len(text) > 1 and not re.fullmatch(r"\+[0-9\s-]+", text):
        return CellFault.FORMULA
    return CellFault.CONTROL if CONTROL.search(text) else text


def number_text(cell: Cell) -> str | CellFault:
    """Return the digits of an identity number or a code; one in scientific notation is damaged."""
    text = text_of(cell)
    if isinstance(text, CellFault):
        return text
    # a leading quote is how spreadsheets say "text", and how exports guard it
    plain = unicodedata.normalize("NFKC", text).lstrip("'`’‘")
    return CellFault.DAMAGED_NUMBER if SCIENTIFIC.fullmatch(plain.replace(" ", "")) else plain


def phone_of(cell: Cell) -> str | CellFault:
    """Return a mobile number in its one spelling; an empty cell is an empty text."""
    text = number_text(cell)
    if isinstance(text, CellFault) or not text:
        return text
    try:
        return normalize_phone(text)
    except PhoneError:
        return CellFault.BAD_PHONE


def day_of(cell: Cell) -> dt.date | CellFault | None:
    """Return a day written in any of four shapes, or as a date of the sheet; None where the cell is empty."""
    if isinstance(cell, dt.date):
        return cell
    text = number_text(cell)
    if isinstance(text, CellFault) or not text:
        return text or None
    match = _DAY.fullmatch(text.replace(" ", ""))
    if match is None:
        return CellFault.BAD_DATE
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return CellFault.BAD_DATE


def whole_of(cell: Cell) -> int | CellFault | None:
    """Return a whole number from 0 on, with or without commas between thousands; None where the cell is empty."""
    text = number_text(cell)
    if isinstance(text, CellFault) or not text:
        return text or None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    is_whole = re.fullmatch(r"[0-9]{1,8}", text) is not None and int(text) <= MOST_WHOLE
    return int(text) if is_whole else CellFault.BAD_NUMBER
