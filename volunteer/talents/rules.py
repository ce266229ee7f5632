"""Who may stand in the talent pool, who may be called for what, and which papers there are. Pure decisions.

What the law discourages (blood type, religion, illness) is not asked anywhere; a test looks at every column and schema.
Source: domain.md A9, b5 (minors and danger: ZJ 9, SD 10, NB 10; guardians; Beijing credit rules 6); PIPL 28, 31.
"""

import datetime as dt
from enum import StrEnum
from typing import Final

from volunteer.errors import Worded
from volunteer.registration.rules import ADULT_AGE, SPECIAL_CARE_AGE, PersonStatus

TELL_AHEAD: Final = dt.timedelta(days=30)
"""How long before its last day a person is told that a paper expires."""
LONGEST_LIST: Final = 30
"""More papers than this nobody keeps up to date."""


class PoolReason(Worded):
    """Why somebody may not be in the talent pool; the value is the permanent code."""

    TOO_YOUNG = "too-young", "未满 14 周岁的人不进入人才库,满 14 周岁后可由监护人同意加入。"
    GUARDIAN_NEEDED = "guardian-needed", "14 至 17 周岁加入人才库须监护人同意,请监护人用自己的账号办理。"
    NOT_REGISTERED = "not-registered", "注册状态正常的志愿者才能加入人才库,请先完成注册或联系所在单位。"


class CallReason(Worded):
    """Why somebody in the pool may not be called now; the value is the permanent code."""

    NOT_NOW = "not-now", "此人目前不能参加活动,请联系其他人。"
    NO_GUARDIAN = "no-guardian", "未成年人没有监护人的同意,不能联系参加活动。"
    MINOR_AND_DANGER = "minor-and-danger", "未成年人不得参加有危险的活动,请联系成年人。"


class QualificationKind(StrEnum):
    """What a paper proves."""

    FIRST_AID = "first_aid"
    MEDICAL = "medical"
    COUNSELLING = "counselling"
    LEGAL = "legal"
    TEACHER = "teacher"
    SOCIAL_WORK = "social_work"
    TRANSLATION = "translation"
    SIGN_LANGUAGE = "sign_language"
    LIFEGUARD = "lifeguard"
    FIRE_SAFETY = "fire_safety"
    ELECTRICIAN = "electrician"
    DRIVER = "driver"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The Chinese words for it."""
        return _KINDS[self]


_Q = QualificationKind
_KINDS: Final = {
    _Q.FIRST_AID: "急救员证",
    _Q.MEDICAL: "医师或护士执业证",
    _Q.COUNSELLING: "心理咨询证书",
    _Q.LEGAL: "法律职业资格",
    _Q.TEACHER: "教师资格",
    _Q.SOCIAL_WORK: "社会工作者证书",
    _Q.TRANSLATION: "翻译资格",
    _Q.SIGN_LANGUAGE: "手语证书",
    _Q.LIFEGUARD: "救生员证",
    _Q.FIRE_SAFETY: "消防职业证书",
    _Q.ELECTRICIAN: "电工证",
    _Q.DRIVER: "机动车驾驶证",
    _Q.OTHER: "其他证书",
}


class Part(StrEnum):
    """A part of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {Part.MORNING: "上午", Part.AFTERNOON: "下午", Part.EVENING: "晚上"}[self]


WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
"""Weekday 1 is Monday."""


def pool_reasons(age: int, status: PersonStatus, *, is_guardian: bool) -> tuple[PoolReason, ...]:
    """Return everything against somebody's joining; `is_guardian`: whoever says yes is the guardian.

    Source: PIPL 31 (under 14 need rules of their own: we have none, so they stay out), domain.md b5 (guardians).
    """
    tests = {
        PoolReason.TOO_YOUNG: age < SPECIAL_CARE_AGE,
        PoolReason.GUARDIAN_NEEDED: SPECIAL_CARE_AGE <= age < ADULT_AGE and not is_guardian,
        PoolReason.NOT_REGISTERED: status is not PersonStatus.REGISTERED,
    }
    return tuple(reason for reason, is_so in tests.items() if is_so)


def call_reasons(
    age: int, status: PersonStatus, *, has_guardian: bool, is_hazardous: bool = False
) -> tuple[CallReason, ...]:
    """Return everything against calling somebody of the pool, for dangerous work where `is_hazardous`.

    Source: domain.md b5: minors must not join rescue or dangerous work.
    """
    tests = {
        CallReason.NOT_NOW: age < SPECIAL_CARE_AGE or status is not PersonStatus.REGISTERED,
        CallReason.NO_GUARDIAN: SPECIAL_CARE_AGE <= age < ADULT_AGE and not has_guardian,
        CallReason.MINOR_AND_DANGER: age < ADULT_AGE and is_hazardous,
    }
    return tuple(reason for reason, is_so in tests.items() if is_so)


def is_valid_on(expires_on: dt.date | None, day: dt.date) -> bool:
    """Whether a paper still holds on a day: its last day counts; without one it holds for good. Source: house rule."""
    return expires_on is None or expires_on >= day
