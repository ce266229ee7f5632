"""Who may be registered, under which identity, and how a person's standing may change. Pure decisions.

Ages are full years. Dates are days of the site and are passed in. What is wrong comes back as `Fault` values whose
codes are those of `RegistrationFault`.
Source: contract, Volunteers; decisions 9, 11, 17; GB 11643-1999 (resident numbers); Civil Code art. 17 and 27.
"""

import datetime as dt
import random
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

from volunteer.errors import Fault, Worded

ADULT_AGE: Final = 18
SPECIAL_CARE_AGE: Final = 14
OLDEST_AGE: Final = 130
LONGEST_NAME: Final = 50


class RegistrationFault(Worded):
    """What can be wrong with a registration; the value is the permanent code."""

    REQUIRED = "required", "这一项必须填写,请补充后再提交。"
    BAD_NAME = "bad-name", "姓名只能包含文字、间隔号“·”、空格、连字符和撇号,请按证件上的姓名填写。"
    NAME_TOO_LONG = "too-long", f"姓名最多 {LONGEST_NAME} 个字,请按证件上的姓名填写。"
    BAD_FORMAT = "bad-format", "证件号码与所选证件类型不符,请核对证件类型和号码后重新填写。"
    CHECKSUM = "checksum", "证件号码有误(校验位不符),请对照证件逐位核对后重新填写。"
    BAD_BIRTH_DATE = "bad-birth-date", f"出生日期不存在、晚于今天或超过 {OLDEST_AGE} 年,请对照证件核对。"
    MISMATCH = "mismatch", "这一项与证件号码中的信息不一致,请对照证件核对。"
    GUARDIAN_REQUIRED = "guardian-required", "未满 18 周岁需要监护人同意,请填写监护人的姓名、手机号和验证码。"
    CONSENT_REQUIRED = "consent-required", "请先阅读并同意最新版个人信息处理告知书,再提交注册。"


class IdType(StrEnum):
    """The identity papers that we take."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    HK_MACAO_PERMIT = "hk_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_PERMANENT_RESIDENT = "foreign_permanent_resident"


class Sex(StrEnum):
    """Sex as the papers give it."""

    MALE = "male"
    FEMALE = "female"


class GuardianRelation(StrEnum):
    """What the guardian is to the minor. Source: Civil Code art. 27."""

    FATHER = "father"
    MOTHER = "mother"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _RELATION_LABELS[self]


_RELATION_LABELS: Final = {
    GuardianRelation.FATHER: "父亲",
    GuardianRelation.MOTHER: "母亲",
    GuardianRelation.GRANDPARENT: "祖父母或外祖父母",
    GuardianRelation.SIBLING: "成年兄姐",
    GuardianRelation.OTHER: "其他监护人",
}


class PersonStatus(StrEnum):
    """Where a person stands. Source: decisions 17."""

    INVITED = "invited"
    UNPROVEN = "unproven"
    REGISTERED = "registered"
    SUSPENDED = "suspended"
    LEFT = "left"
    ERASED = "erased"
    MERGED = "merged"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _STATUS_LABELS[self]


_S = PersonStatus
_STATUS_LABELS: Final = {
    _S.INVITED: "已邀请",
    _S.UNPROVEN: "待核实",
    _S.REGISTERED: "已注册",
    _S.SUSPENDED: "已暂停",
    _S.LEFT: "已退出",
    _S.ERASED: "已注销",
    _S.MERGED: "已合并",
}
COUNTED: Final = frozenset({_S.REGISTERED, _S.SUSPENDED})
"""The statuses that count in registration rates."""

UNCOUNTED: Final = (_S.INVITED, _S.UNPROVEN, _S.LEFT)
"""The statuses of those who are known and do not count; tombstones aside."""

STATUS_MOVES: Final = MappingProxyType(
    {
        _S.INVITED: frozenset({_S.UNPROVEN, _S.REGISTERED, _S.ERASED, _S.MERGED}),
        _S.UNPROVEN: frozenset({_S.REGISTERED, _S.ERASED, _S.MERGED}),
        _S.REGISTERED: frozenset({_S.SUSPENDED, _S.LEFT, _S.ERASED, _S.MERGED}),
        # not to `left`: who leaves may come back as registered, and that must not lift a suspension
        _S.SUSPENDED: frozenset({_S.REGISTERED, _S.ERASED, _S.MERGED}),
        _S.LEFT: frozenset({_S.REGISTERED, _S.ERASED, _S.MERGED}),
        _S.MERGED: frozenset({_S.ERASED}),
        _S.ERASED: frozenset(),
    }
)
"""The one table of allowed moves of a person's status."""


def may_become(status: PersonStatus, new_status: PersonStatus) -> bool:
    """Return whether a person of `status` may move to `new_status`; staying is not a move. Source: decisions 17."""
    return new_status in STATUS_MOVES[status]


@dataclass(frozen=True, slots=True)
class Identity:
    """A checked identity: the number in its one spelling, with what the paper or the person says."""

    id_type: IdType
    number: str
    birth_date: dt.date
    sex: Sex


_NOISE: Final = re.compile(r"[\s\-‐‑–—−()\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_FORMATS: Final = {
    # the last place may be any letter here: a wrong one is a matter of the checksum
    IdType.RESIDENT_ID: re.compile(r"[0-9]{17}[0-9A-Z]"),
    IdType.PASSPORT: re.compile(r"(?=.*[0-9])[A-Z0-9]{5,20}"),
    IdType.HK_MACAO_PERMIT: re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?"),
    IdType.TAIWAN_PERMIT: re.compile(r"[0-9]{8}|[0-9]{10}[A-Z]?"),
    IdType.FOREIGN_PERMANENT_RESIDENT: re.compile(r"[A-Z]{3}[0-9]{12}|9[0-9]{16}[0-9A-Z]"),
}


def check_identity(
    id_type: IdType, number: str, today: dt.date, birth_date: dt.date | None = None, sex: Sex | None = None
) -> Identity | tuple[Fault, ...]:
    """Return the identity, or every fault on `id_number`, `birth_date` and `sex`.

    A resident number tells birth date and sex, and what is given beside it is ignored; its place of birth is not
    judged, since districts are renamed and dissolved (residence permits of Hong Kong, Macao and Taiwan people, 81 to
    83, pass too). With other papers both must be given; the 18-digit card of a permanent resident must agree with them.

    Faults: `bad-format` or `checksum` on `id_number`; `bad-birth-date` (no such day, future, over 130 years ago) on
    `id_number` or `birth_date`; `required` or `mismatch` on `birth_date` and `sex`.
    Source: contract, Volunteers; GB 11643-1999; stack.md G25.
    """
    number = normalize_id_number(number)
    if _FORMATS[id_type].fullmatch(number) is None:
        return (RegistrationFault.BAD_FORMAT.at("id_number"), *_given_faults(id_type, today, birth_date, sex))
    told: tuple[dt.date, Sex] | None = None
    if len(number) == 18 and id_type in (IdType.RESIDENT_ID, IdType.FOREIGN_PERMANENT_RESIDENT):
        read = _read_number(number, today)
        if isinstance(read, RegistrationFault):
            return (read.at("id_number"), *_given_faults(id_type, today, birth_date, sex))
        told = read
    if told is not None and id_type is IdType.RESIDENT_ID:
        return Identity(id_type, number, *told)
    faults = _given_faults(id_type, today, birth_date, sex) or _mismatches(told, birth_date, sex)
    if faults or birth_date is None or sex is None:
        return faults
    return Identity(id_type, number, birth_date, sex)


def normalize_id_number(number: str) -> str:
    """Return an identity number in its one spelling: half width, upper case, no spaces, hyphens or brackets."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", number)).upper()


def _read_number(number: str, today: dt.date) -> tuple[dt.date, Sex] | RegistrationFault:
    """Return birth date and sex (17th digit odd = male) of an 18-digit number. Source: GB 11643-1999."""
    if number[-1] != ric.calc_check_digit(number):
        return RegistrationFault.CHECKSUM
    try:
        birth_date = ric.get_birth_date(number)
    except InvalidComponent:
        return RegistrationFault.BAD_BIRTH_DATE
    if not is_possible_birth_date(birth_date, today):
        return RegistrationFault.BAD_BIRTH_DATE
    return birth_date, Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def _given_faults(id_type: IdType, today: dt.date, birth_date: dt.date | None, sex: Sex | None) -> tuple[Fault, ...]:
    """Return what is wrong with the given birth date and sex of papers that need them."""
    if id_type is IdType.RESIDENT_ID:
        return ()
    faults = []
    if birth_date is None:
        faults.append(RegistrationFault.REQUIRED.at("birth_date"))
    elif not is_possible_birth_date(birth_date, today):
        faults.append(RegistrationFault.BAD_BIRTH_DATE.at("birth_date"))
    if sex is None:
        faults.append(RegistrationFault.REQUIRED.at("sex"))
    return tuple(faults)


def _mismatches(told: tuple[dt.date, Sex] | None, birth_date: dt.date | None, sex: Sex | None) -> tuple[Fault, ...]:
    """Return where the given birth date and sex contradict what the number tells, if it tells anything."""
    if told is None:
        return ()
    pairs = (("birth_date", told[0], birth_date), ("sex", told[1], sex))
    return tuple(RegistrationFault.MISMATCH.at(field) for field, wanted, given in pairs if wanted != given)


def reaches_age_on(birth_date: dt.date, years: int) -> dt.date:
    """Return the day on which a person becomes `years` old: the birthday; 1 March where 29 February is missing.

    Source: house rule (the law is silent): the last day of February is never early enough to make a minor an adult.
    """
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return dt.date(birth_date.year + years, 3, 1)


def age_on(birth_date: dt.date, day: dt.date) -> int:
    """Return the age in full years on `day`, counting the birthday itself; negative before birth.

    Source: as `reaches_age_on`.
    """
    years = day.year - birth_date.year
    return years if reaches_age_on(birth_date, years) <= day else years - 1


def born_by_for(day: dt.date, age: int) -> dt.date:
    """Return the last birth date with which somebody is `age` on a day. Source: as `reaches_age_on`."""
    try:
        return day.replace(year=day.year - age)
    except ValueError:
        return dt.date(day.year - age, 2, 28)


def is_possible_birth_date(birth_date: dt.date, today: dt.date) -> bool:
    """Return whether a living person may be born then: not after today, at most 130 years ago. Source: house rule."""
    return birth_date <= today and reaches_age_on(birth_date, OLDEST_AGE) >= today


def needs_guardian(birth_date: dt.date, today: dt.date) -> bool:
    """Return whether a guardian must agree: under 18. Source: Civil Code art. 17 and 19; contract, Volunteers."""
    return age_on(birth_date, today) < ADULT_AGE


def must_seal_name(birth_date: dt.date, today: dt.date) -> bool:
    """Return whether the name itself is sealed: under 14. Source: PIPL art. 28 and 31; decisions 9."""
    return age_on(birth_date, today) < SPECIAL_CARE_AGE


_DOTS: Final = {ord(dot): "·" for dot in "．•・･‧∙⋅․"}
_PLAIN: Final = (
    _DOTS
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if code != ord("．")}
    | {ord("’"): "'", ord("‘"): "'", ord("ʼ"): "'", ord("‐"): "-", ord("‑"): "-", ord("—"): "-"}
    | dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff"))
)
_HAN: Final = r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"


def check_name(text: str) -> str | Fault:
    """Return a person's name in its one spelling, 1 to 50 characters, or the fault on `name`.

    Letters of any script, rare Han characters of the extension planes, `·`, spaces, `'` and `-` are taken; other dots
    become `·`, spaces are collapsed, and dropped between Han characters (`王　兰` in spreadsheets). One character is
    enough: refusing a person's lawful name would leave them no way in.

    Faults: `required`, `too-long`, `bad-name` (digits, control characters, signs). Source: house rule.
    """
    name = unicodedata.normalize("NFC", text.translate(_PLAIN)).strip()
    name = re.sub(r"[ \u00a0\u2000-\u200a\u3000]+", " ", name)
    name = re.sub(rf"(?<={_HAN}) (?={_HAN})", "", name)
    name = re.sub(rf"(?<={_HAN}) ?[.·] ?(?={_HAN})", "·", name)
    if not name:
        return RegistrationFault.REQUIRED.at("name")
    if len(name) > LONGEST_NAME:
        return RegistrationFault.NAME_TOO_LONG.at("name")
    if not _is_letter(name[0]) or not all(_is_letter(c) or _is_mark(c) or c in " ·'-" for c in name):
        return RegistrationFault.BAD_NAME.at("name")
    return name


def _is_letter(character: str) -> bool:
    """Return whether it is a letter; Han planes 2 and 3 whole, for characters newer than this Python's Unicode."""
    return unicodedata.category(character)[0] == "L" or re.fullmatch(_HAN, character) is not None


def _is_mark(character: str) -> bool:
    """Return whether it only changes the character before it: an accent, or the variant of a Han character."""
    return unicodedata.category(character)[0] == "M"


def mask_name(name: str) -> str:
    """Return a name for strangers: `王*`, `王*明`, `欧**明`, `买*****逊`; a single character is `*`.

    The first and, from three characters on, the last stay. Source: contract, Conventions.
    """
    shown: list[str] = []
    for character in name:
        if shown and _is_mark(character):
            shown[-1] += character
        else:
            shown.append(character)
    if len(shown) < 2:
        return "*" * len(shown)
    last = shown[-1] if len(shown) > 2 else "*"
    return shown[0] + "*" * (len(shown) - 2) + last


def volunteer_number(rng: random.Random) -> str:
    """Return a new volunteer number: 9 digits, the first not 0. Pass `secrets.SystemRandom()`; keep it unique.

    It tells nothing about the person. Source: decisions 11; MZ/T 061-2015 (a number instead of the identity number).
    """
    return str(rng.randrange(100_000_000, 1_000_000_000))
