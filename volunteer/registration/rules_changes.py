"""Requests to change one's unit, and what keeps somebody from being moved with a list. Pure decisions.

Source: decisions 4 (counts and report_in), 14 (requests share one shape); contract, `POST /volunteers/{id}/transfer`.
"""

from enum import StrEnum

from volunteer.errors import Worded


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


STATE_WORDS = {
    RequestState.OPEN: "等待联络员处理",
    RequestState.ACCEPTED: "已同意",
    RequestState.REFUSED: "已退回",
    RequestState.WITHDRAWN: "已撤回",
}


class AskRefusal(Worded):
    """Why a change of unit cannot be asked for."""

    SAME_UNIT = "same-unit", "您已经属于这个单位,不用申请。"
    NO_UNIT = "no-unit", "您现在没有单位,不用申请离开。"
    ALREADY_ASKED = "already-asked", "您已有一个申请在等待处理,请先撤回,再重新申请。"


class ListFault(Worded):
    """Why a line of a list is not moved."""

    UNKNOWN = "unknown", "没有找到这个编号,或不在您的管理范围内。"
    ALREADY_THERE = "already-there", "已经属于接收单位,不用转移。"
    TOO_EARLY = "before-registration", "这一天还没有注册,请选择更晚的日期。"


class ReportInFault(Worded):
    """Why somebody cannot report in (双报到) at a unit."""

    OWN_UNIT = "own-unit", "这是本人所属的单位,不用双报到。"
    ELSEWHERE = "already-reports-in", "已在另一个单位双报到。请先结束,再到这个单位报到。"
