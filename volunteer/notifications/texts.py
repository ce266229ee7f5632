"""Which messages also go by SMS, in which words, and how long they are worth sending.

The words are a template, since providers send nothing else: an operator files each with the provider under these words
and names its code in `VOLUNTEER_SMS_TEMPLATES`; a kind without a code stays in the app. No name, no number of a person
stands in any of them. Source: contract, Start (VOLUNTEER_SMS); domain.md §g F4 (whoever loses an account learns of it).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

DAY: Final = dt.timedelta(days=1)
MOST_CHARACTERS: Final = 35
CODE: Final = "phone-code"


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one kind of message, with `${name}` for what changes, and how long it is worth sending."""

    words: str
    life: dt.timedelta = DAY

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the words with the values in them.

        Raises:
            KeyError: a value is missing.
        """
        return Template(self.words).substitute(cut(values))


_MINUTES: Final = dt.timedelta(minutes=5)
_KEEP_IT: Final = "${code},5分钟内有效,请勿告诉他人,工作人员不会向您索要。"
TEXTS: Final[Mapping[str, Text]] = {
    f"{CODE}-register": Text(f"您的注册验证码是{_KEEP_IT}", _MINUTES),
    f"{CODE}-login": Text(f"您的登录验证码是{_KEEP_IT}", _MINUTES),
    f"{CODE}-reset": Text(f"您正在重设密码,验证码是{_KEEP_IT}", _MINUTES),
    f"{CODE}-guardian": Text(f"您正在以监护人身份表示同意,验证码是{_KEEP_IT}", _MINUTES),
    "shift-cancelled": Text("您报名的${what}(${when})已取消,请勿前往。详情请登录查看。"),
    "shift-moved": Text("您报名的${what}时间或地点有变,现为${when}。如不能参加,请登录取消报名。"),
    "signup-confirmed": Text("有名额空出,您已报名成功:${what}(${when})。如不能参加,请登录取消。"),
    "vouched": Text(
        "您已在其他系统注册为志愿者,${day}起转入本系统计入。如不同意,请在此之前打开网站“我是不是已注册”删除信息。",
        3 * DAY,
    ),
    "vouched-minor": Text(
        "您的孩子已在其他系统注册为志愿者,转入须监护人同意。请打开网站“我是不是已注册”,验证本手机号后确认或删除。",
        3 * DAY,
    ),
    "erasure-asked": Text("您已申请注销志愿者注册,${day}之后清除身份信息。如非本人操作,请尽快登录撤回。", 3 * DAY),
    "new-device": Text("您的账号刚在一台新设备上登录。如非本人操作,请立即登录并退出该设备、重设密码。"),
    "password-changed": Text(
        "您的账号密码已重设,其他设备已退出登录。如非本人操作,请立即联系所在单位或服务站。", 3 * DAY
    ),
    "change-phone-asked": Text(
        "有人为您的志愿者账号申请更换手机号。如非本人要求,请立即登录撤回,或联系所在单位、服务站。"
    ),
    "change-identity-asked": Text("有人为您申请更正身份信息。如非本人要求,请登录撤回,或联系所在单位、服务站。"),
    "call-back": Text("有事需要与您联系,请尽快致电您所在的单位或服务站。未满18周岁的,请监护人联系。"),
    "proposal-made": Text("有单位向您的站点提议了活动,请登录查看,接手或退回。", 3 * DAY),
    "proposal-answered": Text("您提议的活动有了站点的答复,请登录查看。", 3 * DAY),
    "phone-changed": Text("您的志愿者账号已更换手机号。如非本人操作,请立即联系所在单位或服务站。", 3 * DAY),
}


def cut(values: Mapping[str, str]) -> dict[str, str]:
    """Return values short enough for a template's variable."""
    return {
        name: value if len(value) <= MOST_CHARACTERS else value[: MOST_CHARACTERS - 1] + "…"
        for name, value in values.items()
    }


def template_of(kind: str, templates: Mapping[str, str]) -> str | None:
    """Return the provider's code for a kind; every code to a phone may share the one of `phone-code`."""
    return templates.get(kind) or (templates.get(CODE) if kind.startswith(CODE) else None)
