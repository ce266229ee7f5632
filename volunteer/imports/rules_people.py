"""One row of a roster into a draft of an invitation, or every fault of it. Pure.

What needs the database (units, political status, who is known already) is passed in or judged by the service.
Source: contract, Imports and Volunteers; peers.md T39, T40.
"""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from volunteer.errors import Fault
from volunteer.imports.rules_cells import CellFault, day_of, number_text, phone_of, text_of
from volunteer.imports.rules_columns import Field, Row
from volunteer.registration.rules import (
    Identity,
    IdType,
    RegistrationFault,
    Sex,
    check_identity,
    check_name,
    normalize_id_number,
)

T = TypeVar("T")
FIELDS: Final = (
    Field(
        "name",
        "姓名",
        ("名字", "人员姓名", "职工姓名", "员工姓名", "教师姓名", "学生姓名", "志愿者姓名", "干部姓名", "党员姓名"),
        required=True,
        example="张三",
        hint="必填,与证件一致",
    ),
    Field(
        "id_number",
        "身份证号",
        (
            "身份证号码",
            "身份证",
            "证件号码",
            "证件号",
            "证件编号",
            "身份证件号",
            "身份证件号码",
            "公民身份号码",
            "公民身份证号",
            "居民身份证号",
            "居民身份证号码",
            "身份号码",
        ),
        required=True,
        example="(18 位身份证号)",
        hint="必填,列格式请设为文本",
    ),
    Field("id_type", "证件类型", ("证件种类", "证件类别", "证件名称"), example="居民身份证", hint="不填即居民身份证"),
    Field(
        "phone",
        "手机号",
        (
            "手机",
            "手机号码",
            "电话",
            "电话号码",
            "联系电话",
            "联系方式",
            "移动电话",
            "本人手机",
            "本人手机号",
            "联系手机",
        ),
        example="(11 位手机号)",
        hint="本人凭此手机号认领",
    ),
    Field(
        "unit",
        "单位名称",
        ("单位", "所在单位", "工作单位", "所属单位", "任职单位", "就读学校", "学校"),
        example="某某局",
        hint="与系统中的名称一致;不填即您上传时所选的单位",
    ),
    Field("unit_code", "单位代码", ("单位编码", "单位编号", "机构代码", "所属单位代码"), hint="与名称填一项即可"),
    Field("sex", "性别", (), hint="证件不是居民身份证时必填"),
    Field("birth_date", "出生日期", ("出生年月日", "生日", "出生年月"), hint="证件不是居民身份证时必填"),
    Field("political_status", "政治面貌", ("政治身份",), example="群众"),
)

_ID_TYPES: Final = {
    "居民身份证": IdType.RESIDENT_ID,
    "身份证": IdType.RESIDENT_ID,
    "二代身份证": IdType.RESIDENT_ID,
    "港澳台居民居住证": IdType.RESIDENT_ID,
    "护照": IdType.PASSPORT,
    "普通护照": IdType.PASSPORT,
    "港澳居民来往内地通行证": IdType.HK_MACAO_PERMIT,
    "港澳通行证": IdType.HK_MACAO_PERMIT,
    "回乡证": IdType.HK_MACAO_PERMIT,
    "台湾居民来往大陆通行证": IdType.TAIWAN_PERMIT,
    "台胞证": IdType.TAIWAN_PERMIT,
    "外国人永久居留身份证": IdType.FOREIGN_PERMANENT_RESIDENT,
    "外国人永久居留证": IdType.FOREIGN_PERMANENT_RESIDENT,
}
_SEXES: Final = {"男": Sex.MALE, "男性": Sex.MALE, "女": Sex.FEMALE, "女性": Sex.FEMALE}
_ROUNDED: Final = re.compile(r"[0-9]{15}000")


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """A sound row of a roster. `unit_id` None: the row names no unit; the upload's own one is meant."""

    row: int
    name: str
    identity: Identity
    phone: str | None
    unit_id: uuid.UUID | None
    political_status: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What a row is judged against: the units that the caller may fill, and the words of code tables.

    Attributes:
        by_code: code -> unit. by_name: name -> units of that name; both within the caller's scope.
        political: word or code of a political status -> its code.
    """

    by_code: Mapping[str, uuid.UUID] = field(default_factory=dict)
    by_name: Mapping[str, Collection[uuid.UUID]] = field(default_factory=dict)
    political: Mapping[str, str] = field(default_factory=dict)
    default_unit: uuid.UUID | None = None


@dataclass(slots=True)
class Seen:
    """The identities met so far, with the row that each was met in."""

    rows: dict[tuple[IdType, str], int] = field(default_factory=dict)


def check_person(row: Row, known: Known, seen: Seen, today: dt.date) -> PersonDraft | None:
    """Return the draft of a row, or None with every fault in `row.faults`."""
    name = name_at(row)
    identity = _identity(row, today)
    phone = phone_of(row.cell("phone"))
    if isinstance(phone, CellFault):
        row.add("phone", phone)
    unit_id = _unit(row, known)
    political = _political(row, known)
    if identity is not None:
        first = seen.rows.setdefault((identity.id_type, identity.number), row.number)
        if first != row.number:
            row.tell("id_number", "repeated", f"与第 {first} 行的证件号码相同,请删去一行。")
    if row.faults or name is None or identity is None or isinstance(phone, CellFault):
        return None
    return PersonDraft(row.number, name, identity, phone or None, unit_id, political)


def name_at(row: Row) -> str | None:
    """Return the name in its one spelling."""
    text = text_of(row.cell("name"))
    if isinstance(text, CellFault):
        row.add("name", text)
        return None
    checked = check_name(text)
    if isinstance(checked, Fault):
        row.tell("name", checked.code, checked.message)
        return None
    return checked


def _identity(row: Row, today: dt.date) -> Identity | None:
    """Return the identity; faults of its paper, number, sex and birth date."""
    before = len(row.faults)
    id_type = _choice(row, "id_type", _ID_TYPES) or IdType.RESIDENT_ID
    number = number_text(row.cell("id_number"))
    if isinstance(number, str) and not number:
        number = CellFault.REQUIRED
    if isinstance(number, CellFault):
        row.add("id_number", number)
        return None
    sex = _choice(row, "sex", _SEXES)
    born = None if id_type is IdType.RESIDENT_ID else _born(row)
    if len(row.faults) > before:
        return None
    checked = check_identity(id_type, number, today, born, sex)
    if isinstance(checked, Identity):
        if sex is not None and sex is not checked.sex:
            row.tell("sex", str(RegistrationFault.MISMATCH), RegistrationFault.MISMATCH.sentence)
        return checked
    is_rounded = id_type is IdType.RESIDENT_ID and _ROUNDED.fullmatch(normalize_id_number(number))
    for fault in checked:
        if is_rounded and fault.field == "id_number":
            row.add("id_number", CellFault.DAMAGED_NUMBER)
        else:
            row.tell(fault.field, fault.code, fault.message)
    return None


def _born(row: Row) -> dt.date | None:
    """Return the birth date of a paper that does not tell it."""
    day = day_of(row.cell("birth_date"))
    if isinstance(day, CellFault):
        row.add("birth_date", day)
        return None
    return day


def _choice(row: Row, key: str, choices: Mapping[str, T]) -> T | None:
    """Return what one of a few words means; None where the cell is empty, a fault for any other word."""
    text = text_of(row.cell(key))
    if isinstance(text, CellFault):
        row.add(key, text)
        return None
    found = choices.get(text.replace(" ", ""))
    if text and found is None:
        row.add(key, CellFault.UNKNOWN_VALUE)
    return found


def _unit(row: Row, known: Known) -> uuid.UUID | None:
    """Return the unit that a row names, by code or by name; the default where it names none."""
    code, name = number_text(row.cell("unit_code")), text_of(row.cell("unit"))
    for key, text in (("unit_code", code), ("unit", name)):
        if isinstance(text, CellFault):
            row.add(key, text)
            return None
    if code:
        found = known.by_code.get(str(code))
        if found is None:
            row.tell("unit_code", "unknown-unit", "没有这个单位代码,或它不在您的管理范围内,请核对。")
        return found
    if not name:
        if known.default_unit is None:
            row.tell("unit", "required", "请填写单位名称或单位代码,或在上传时选择单位。")
        return known.default_unit
    units = known.by_name.get(spelled(str(name)), ())
    if len(units) != 1:
        is_many = "有几个单位叫这个名称,请改填单位代码。"
        none = "没有叫这个名称的单位,或它不在您的管理范围内,请按系统中的名称填写。"
        row.tell("unit", "ambiguous-unit" if units else "unknown-unit", is_many if units else none)
        return None
    return next(iter(units))


def spelled(name: str) -> str:
    """Return a unit's name as it is compared: without blanks, brackets and letters of full width as of half."""
    return re.sub(r"\s+", "", name.translate(_HALF)).lower()


_HALF: Final = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}


def _political(row: Row, known: Known) -> str | None:
    """Return the code of a political status."""
    text = text_of(row.cell("political_status"))
    if isinstance(text, CellFault):
        row.add("political_status", text)
        return None
    code = known.political.get(text)
    if text and code is None:
        row.add("political_status", CellFault.UNKNOWN_VALUE)
    return code
