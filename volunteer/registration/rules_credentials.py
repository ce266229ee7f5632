"""Who may decide, and when, that a person gets another phone or another identity. Pure decisions.

A stolen account is worth hours (domain.md F4), so no single member of staff can give one away: who asks never decides,
nor does who is or acts for the person, the old phone has time to object, and accounts of staff are for administrators.
Source: domain.md g1 F4; decisions 14.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from volunteer.errors import Worded

WAIT: Final = dt.timedelta(hours=24)
WAIT_FOR_STAFF: Final = dt.timedelta(hours=72)
#: A request that nobody decides ends, and what it holds is wiped.
LIFE: Final = dt.timedelta(days=30)


class ChangeKind(StrEnum):
    """What is to change."""

    PHONE = "phone"
    IDENTITY = "identity"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {ChangeKind.PHONE: "更换手机号", ChangeKind.IDENTITY: "更正身份信息"}[self]


class ChangeState(StrEnum):
    """Where a request stands; all but the first are final, and hold no values any more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {
            ChangeState.OPEN: "待核对",
            ChangeState.ACCEPTED: "已生效",
            ChangeState.REFUSED: "未通过",
            ChangeState.WITHDRAWN: "已撤回",
            ChangeState.EXPIRED: "已过期",
        }[self]


class Bar(Worded):
    """Why the caller may not let a request take effect now; the value is the permanent code."""

    OWN_REQUEST = "own-request", "申请是您提出的,请由另一位工作人员核对。"
    OWN_PERSON = "own-person", "这是您本人或家人的申请,请由其他工作人员核对。"
    STAFF_ACCOUNT = "staff-account", "这是工作人员的账号,请由系统管理员核对。"
    TOO_EARLY = "too-early", "还在等待期内,原手机号的机主可以提出异议,请在等待期结束后再核对。"


class ChangeFault(Worded):
    """What can be wrong with a request; the value is the permanent code."""

    TAKEN = "identity-taken", "这份证件已由另一份注册使用。如果是同一个人重复注册,请由管理员合并,不要更正。"
    NOTHING_NEW = "nothing-new", "填写的内容与登记的一致,没有需要更正的地方。"
    ALREADY_ASKED = "already-asked", "已有一份同样的申请在等待核对,请先撤回它再重新申请。"
    PHONE_TAKEN = "phone-taken", "这个手机号已有账号,请换一个手机号。"
    NOT_THE_SAME = "not-the-same", "与申请的内容不一致,请对照证件逐字核对;确实不同的,请选择不通过。"


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What it is judged by whether somebody may let a request take effect.

    Attributes:
        is_asker: the caller made the request. is_party: the caller is the person, or acts for them.
        is_staff_account: the person's account has roles.
    """

    now: dt.datetime
    due_at: dt.datetime
    is_asker: bool
    is_party: bool
    is_staff_account: bool
    is_admin: bool


def due_at(kind: ChangeKind, now: dt.datetime, *, has_account: bool, is_staff_account: bool) -> dt.datetime:
    """Return from when on a request may take effect: a phone is taken from nobody without time to object."""
    if kind is not ChangeKind.PHONE or not has_account:
        return now
    return now + (WAIT_FOR_STAFF if is_staff_account else WAIT)


def bars(facts: DecisionFacts) -> tuple[Bar, ...]:
    """Return everything that keeps the caller from letting a request take effect now. Source: domain.md g1 F4."""
    found = {
        Bar.OWN_REQUEST: facts.is_asker,
        Bar.OWN_PERSON: facts.is_party,
        Bar.STAFF_ACCOUNT: facts.is_staff_account and not facts.is_admin,
        Bar.TOO_EARLY: facts.now < facts.due_at,
    }
    return tuple(bar for bar, holds in found.items() if holds)
