"""The states that a scan can come to: for every outcome and reason its colour, icon, words, sound and next steps. Pure.

The words of the decision are the same for the keeper and the volunteer; the next step is another for each of the two.
Source: ux.md §5d and "Read it with these changes"; contract, "POST /checkins".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from volunteer.checkin.reasons import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next: a sentence, the label of its button, and the page behind it.

    `wants` names what the page's address takes of the answer; where the answer lacks it, `instead` is the way on.
    `takes` names what it takes where the answer has it.
    """

    text: str
    label: str
    endpoint: str
    wants: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    instead: Step | None = None
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks and sounds, and what is said with it. `kind` is a colour class of `_states.scss`."""

    key: str
    kind: str
    icon: str
    title: str
    detail: str
    role: str
    keeper: Step
    volunteer: Step


STATUS, ALERT = "status", "alert"
SCAN = "station.scan_page"
#: What each kind sounds like: tones in Hz and vibration in ms (ux.md §5d).
TONES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = MappingProxyType(
    {
        "ok": ((880, 1320), (200,)),
        "out": ((1320, 880), (200,)),
        "dup": ((660, 660), (100, 80, 100)),
        "used": ((660, 660), (100, 80, 100)),
        "time": ((440, 440), (100, 80, 100)),
        "ask": ((330, 330, 330), (400,)),
        "bad": ((220,), (400,)),
        "saved": ((880,), (100,)),
        "err": ((220,), (400,)),
    }
)

TODAY = Step("看今天的班次。", "看今天的班次", "station.today_page", (), {})
_NEXT = Step("请扫下一位。", "继续扫码", SCAN, ("station_id",), instead=TODAY)
HOME = Step("可以离开本页了。", "知道了", "accounts.me_page")
_HOURS = Step("时长以“我的时长”里的为准。", "查看我的时长", "my_hours.hours_page")
_MY_CODE = Step("请打开“我的码”给工作人员扫。", "打开我的码", "checkin.my_code_page")
_MY_SHIFTS = Step("请核对报名的班次和地点。", "查看我的报名", "activities.own_signups_page")
_OTHERS = Step("可以看看别的活动。", "看看活动", "activities.list_page")


def again(text: str, label: str = "继续扫码", **more: str) -> Step:
    """Return the keeper's step back to the scanner."""
    return Step(text, label, SCAN, ("station_id",), more, TODAY)


def _roster(text: str) -> Step:
    """Return the keeper's step to the list of the shift, where one enters by hand."""
    return Step(text, "打开班次名单", "roster.shift_page", ("station_id", "shift_id"), {}, TODAY)


def _at_the_door(text: str) -> Step:
    """Return the keeper's step to signing somebody up on the spot."""
    return Step(text, "现场报名", "roster.walk_in_page", ("station_id",), {}, TODAY, ("person_id",))


LOOKS: Mapping[Outcome | Reason, Look] = MappingProxyType(
    {
        Outcome.CHECKED_IN: Look(
            "ok_in",
            "ok",
            "✓",
            "签到成功",
            "",
            STATUS,
            again("离开时再扫一次签退。"),
            Step("服务结束后请再扫一次签退。", "知道了", "accounts.me_page"),
        ),
        Outcome.CHECKED_OUT: Look("ok_out", "out", "✓", "签退成功", "", STATUS, _NEXT, _HOURS),
        Outcome.ALREADY_CHECKED_IN: Look(
            "dup",
            "dup",
            "!",
            "已签到过",
            "不用再扫。",
            STATUS,
            again("要离开的话,请切到签退再扫。", "切到签退", direction="out"),
            Step("离开时请记得签退。", "知道了", "accounts.me_page"),
        ),
        Outcome.ALREADY_CHECKED_OUT: Look(
            "dup_out",
            "dup",
            "!",
            "已签退过",
            "不用再扫。",
            STATUS,
            again("又来服务的话,请切到签到再扫。", "切到签到", direction="in"),
            _HOURS,
        ),
        Outcome.NEEDS_REVIEW: Look(
            "review",
            "saved",
            "…",
            "已收到,等工作人员核对",
            "核对后计入时长。",
            STATUS,
            again("不用重复扫码。核对由另一位工作人员在“待处理”里做。"),
            Step("不用重复扫码,核对后会计入时长。", "查看我的时长", "my_hours.hours_page"),
        ),
        Outcome.UNMATCHED: Look(
            "unmatched",
            "saved",
            "↑",
            "已收到签退,等签到记录上传",
            "还没有对应的签到。",
            STATUS,
            _roster("另一台设备上传后会自动配对;没有的话,请在名单里补签到。"),
            Step("签到记录上传后会自动计入。", "查看我的时长", "my_hours.hours_page"),
        ),
        Outcome.VOIDED: Look(
            "voided",
            "saved",
            "–",
            "这条记录已作废",
            "不计入时长。",
            STATUS,
            again("作废有误的话,请重新扫码。"),
            Step("有疑问请联系服务站。", "查看我的时长", "my_hours.hours_page"),
        ),
        Outcome.REFUSED: Look(
            "refused",
            "ask",
            "?",
            "这次没有登记上",
            "没有计入。",
            ALERT,
            again("请再扫一次;还不行就在名单里人工登记。"),
            Step("请工作人员帮您看一下。", "打开我的码", "checkin.my_code_page"),
        ),
        Reason.CODE_INVALID: Look(
            "bad",
            "bad",
            "✕",
            "二维码无效",
            "不是本系统的码,或者没有扫全。",
            ALERT,
            again("请志愿者重新打开“我的码”再扫;没有手机,就输入姓名或手机尾号。"),
            _MY_CODE,
        ),
        Reason.CODE_EXPIRED: Look(
            "expired",
            "bad",
            "✕",
            "这个码已过期",
            "签到码每 30 秒换一次。",
            ALERT,
            again("请志愿者刷新“我的码”再扫。"),
            Step("请重新扫站点屏幕上的码,或者出示您的码。", "打开我的码", "checkin.my_code_page"),
        ),
        Reason.CODE_REVOKED: Look(
            "revoked",
            "bad",
            "✕",
            "这张海报已经停用",
            "旧海报的码不能再用了。",
            ALERT,
            again("请志愿者扫站点现在的海报,或者打开“我的码”给您扫。"),
            Step("请扫站点现在的海报或屏幕,或者出示您的码。", "打开我的码", "checkin.my_code_page"),
        ),
        Reason.SUSPENDED: Look(
            "suspended",
            "ask",
            "?",
            "请联系工作人员",
            "这位志愿者目前暂停服务。",
            ALERT,
            Step(
                "请与所属单位的联络员核对;恢复以后再签到。",
                "查看这位志愿者",
                "people.person_page",
                ("person_id",),
                {},
                TODAY,
            ),
            Step("原因在给您的消息里,可以向所属单位询问。", "查看消息", "registration.messages_page"),
        ),
        Reason.SHIFT_UNKNOWN: Look(
            "unknown",
            "ask",
            "?",
            "找不到这个班次",
            "它还没有发布,或者已经撤下。",
            ALERT,
            Step("请在今天的班次里重新选。", "看今天的班次", "station.today_page"),
            _MY_SHIFTS,
        ),
        Reason.WRONG_STATION: Look(
            "wrong",
            "ask",
            "→",
            "不是这个站点",
            "这个班次在别的站点。",
            ALERT,
            _at_the_door("请志愿者到报名的站点;本站有名额的话,也可以现场报名。"),
            Step("请到报名的站点扫码;本站还有名额的话,可以请工作人员现场报名。", "查看我的报名", _MY_SHIFTS.endpoint),
        ),
        Reason.CANCELLED: Look(
            "cancelled",
            "ask",
            "✕",
            "活动已取消",
            "这个班次不再进行。",
            ALERT,
            Step("可以请志愿者参加今天的其他班次。", "看今天的班次", "station.today_page"),
            _OTHERS,
        ),
        Reason.NOT_SIGNED_UP: Look(
            "none",
            "ask",
            "?",
            "没有查到报名",
            "现在能签到的班次里没有这位志愿者的报名。",
            ALERT,
            _at_the_door("有名额的话,可以现场报名。"),
            Step("还有名额的话,可以请工作人员现场报名。", "看看活动", "activities.list_page"),
        ),
        Reason.FULL: Look(
            "full",
            "ask",
            "!",
            "名额已满",
            "这个班次没有空位了。",
            ALERT,
            Step("请换一个班次,或者请负责人增加名额。", "看今天的班次", "station.today_page"),
            Step("请问问工作人员,或者换一个活动。", "看看活动", "activities.list_page"),
        ),
        Reason.TOO_EARLY: Look(
            "early",
            "time",
            "◷",
            "还没到签到时间",
            "班次开始前 30 分钟起可以签到。",
            STATUS,
            Step("到时间再扫一次。", "看今天的班次", "station.today_page"),
            Step("到时间再来扫一次。", "查看我的报名", "activities.own_signups_page"),
        ),
        Reason.TOO_LATE: Look(
            "late",
            "time",
            "◷",
            "签到时间已过",
            "班次的签到签退时间都过了。",
            STATUS,
            _roster("确实来服务了的话,请在名单里按实际时间登记。"),
            Step("请工作人员补签,或者自己申请补录。", "申请补录", "my_hours.hours_page"),
        ),
        Reason.OPEN_ELSEWHERE: Look(
            "open-elsewhere",
            "ask",
            "→",
            "还没从上一站签退",
            "另一个班次还开着。",
            ALERT,
            again("请先在那里签退,再来签到。", "切到签退", direction="out"),
            Step("请先在那里签退,再来签到。", "查看我的报名", "activities.own_signups_page"),
        ),
        Reason.NOT_CHECKED_IN: Look(
            "not-checked-in",
            "time",
            "◷",
            "还没有签到",
            "没有可以签退的签到记录。",
            STATUS,
            again("刚到的话,请切到签到再扫。", "切到签到", direction="in"),
            Step("刚到的话请先签到;早就来了,请告诉工作人员。", "打开我的码", "checkin.my_code_page"),
        ),
        Reason.CODE_USED: Look(
            "code-used",
            "used",
            "!",
            "这个码用过了",
            "每个码只能用一次。",
            STATUS,
            again("请等“我的码”变了再扫。"),
            Step("请等码变了再扫。", "打开我的码", "checkin.my_code_page"),
        ),
        Reason.AMBIGUOUS: Look(
            "choose",
            "ask",
            "?",
            "请选择班次",
            "现在有几个班次可以参加。",
            ALERT,
            again("请先选好班次,再扫一次。", "选择班次"),
            Step("请先选好班次,再签到。", "查看我的报名", "activities.own_signups_page"),
        ),
        Reason.ID_REUSED: Look(
            "reused",
            "err",
            "!",
            "这次没有保存",
            "这个扫码编号已经用在另一条记录上。",
            ALERT,
            again("请再扫一次。"),
            Step("请再试一次。", "打开我的码", "checkin.my_code_page"),
        ),
    }
)
