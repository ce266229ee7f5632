"""The words of check-in: directions, outcomes, reasons, flags, and one sentence for people for each. Pure.

Source: contract, "Check-in and check-out"; the order of ``Reason`` is the contract's and decides which one is first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Direction(StrEnum):
    """Which of the two commands a scan gives; never a toggle (peers.md T12)."""

    IN = "in"
    OUT = "out"


class Mode(StrEnum):
    """How a scan came: it decides whether an out without an in waits (batch) or is refused (all else)."""

    LIVE = "live"
    BATCH = "batch"
    ROLL_CALL = "roll_call"
    SELF = "self"


class Outcome(StrEnum):
    """Where a scan stands now."""

    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    ALREADY_CHECKED_IN = "already_checked_in"
    ALREADY_CHECKED_OUT = "already_checked_out"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"
    UNMATCHED = "unmatched"
    VOIDED = "voided"


class Reason(StrEnum):
    """Why a scan is refused, in the contract's order, `code-revoked` added; the last two are outside that order."""

    CODE_INVALID = "code-invalid"
    CODE_EXPIRED = "code-expired"
    CODE_REVOKED = "code-revoked"
    SUSPENDED = "suspended"
    SHIFT_UNKNOWN = "shift-unknown"
    WRONG_STATION = "wrong-station"
    CANCELLED = "cancelled"
    NOT_SIGNED_UP = "not-signed-up"
    FULL = "full"
    TOO_EARLY = "too-early"
    TOO_LATE = "too-late"
    OPEN_ELSEWHERE = "open-elsewhere"
    NOT_CHECKED_IN = "not-checked-in"
    CODE_USED = "code-used"
    AMBIGUOUS = "ambiguous"
    ID_REUSED = "id-reused"


class Evidence(StrEnum):
    """What a scan or a pair proves."""

    STRONG = "strong"
    WEAK = "weak"


class Flag(StrEnum):
    """What a reviewer should know about a scan; any makes its end weak, save an excused ``no-location``."""

    LATE = "late"
    CLOCK_SKEW = "clock-skew"
    AHEAD = "ahead"
    OVER_CAPACITY = "over-capacity"
    SELF_SCAN = "self-scan"
    ROLL_CALL = "roll-call"
    CARD = "card"
    NO_LOCATION = "no-location"
    TOO_FAR = "too-far"
    MANUAL = "manual"
    SHARED_DEVICE = "shared-device"
    PAPER = "paper"
    WORD = "word"
    UNCONFIRMED = "unconfirmed"


MESSAGES: Mapping[Reason | Outcome, str] = MappingProxyType(
    {
        Reason.CODE_INVALID: "无法识别这个码，请打开本人的签到码或出示志愿者卡后重新扫描。",
        Reason.CODE_EXPIRED: "签到码已过期，请刷新页面后出示新的码。",
        Reason.CODE_REVOKED: "这张海报已经停用，请扫站点现在的海报，或者出示签到码由工作人员扫描。",
        Reason.SUSPENDED: "该志愿者已被暂停服务，请联系站点管理员或所属单位处理。",
        Reason.SHIFT_UNKNOWN: "找不到这个班次，请在班次列表中重新选择。",
        Reason.WRONG_STATION: "该班次不属于本站点，请到活动所在站点扫码。",
        Reason.CANCELLED: "该班次已取消，请查看通知或选择其他班次。",
        Reason.NOT_SIGNED_UP: "没有该班次的报名记录，请先报名后再签到。",
        Reason.FULL: "该班次名额已满，请选择其他班次或联系站点管理员。",
        Reason.TOO_EARLY: "还没到签到时间，请在开放时间后再扫码。",
        Reason.TOO_LATE: "已超过签到或签退时限，如确有服务请申请补录。",
        Reason.OPEN_ELSEWHERE: "您在另一个班次尚未签退，请先到该处签退后再签到。",
        Reason.NOT_CHECKED_IN: "没有找到可以签退的签到记录，请先签到；如果忘记签退已超过时限，请申请补录。",
        Reason.CODE_USED: "这个码刚刚已使用过，请等待签到码刷新后再扫。",
        Reason.AMBIGUOUS: "当前有多个可签到的班次，请先选择班次再扫码。",
        Reason.ID_REUSED: "该扫码编号已用于另一条记录，请用新的编号重新提交。",
        Outcome.CHECKED_IN: "签到成功，离开时请记得签退。",
        Outcome.CHECKED_OUT: "签退成功，可在“我的时长”中查看本次时长。",
        Outcome.ALREADY_CHECKED_IN: "您已签到，无需重复扫码，离开时请记得签退。",
        Outcome.ALREADY_CHECKED_OUT: "您已签退，无需重复扫码；如要继续服务请重新签到。",
        Outcome.NEEDS_REVIEW: "记录已收到，请等待站点管理员审核后计入时长。",
        Outcome.REFUSED: "本次扫码未被接受，请按提示的原因处理后重试。",
        Outcome.UNMATCHED: "签退已收到，但还没有对应的签到，请上传签到记录或联系站点管理员。",
        Outcome.VOIDED: "这条扫码记录已作废，如有疑问请联系站点管理员。",
    }
)

_RANK = {reason: rank for rank, reason in enumerate(Reason)}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return each reason once, in the contract's order. Source: contract, "POST /checkins" (``reasons``)."""
    return tuple(sorted(set(reasons), key=_RANK.__getitem__))
