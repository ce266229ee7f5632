"""What people agree to apart from each other, who may say yes for whom, and how a new notice differs. Pure decisions.

Anybody who acts for a person may withdraw; only the person says yes, or of one under 18 the guardian.
Source: PIPL 14 (voluntary, explicit, anew on a change), 15 (withdrawal as easy as consent), 16 (no service refused for
it), 23 and 25 (separate consent to pass on and to publish), 31 (guardians).
"""

import datetime as dt
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from volunteer.errors import Fault, Worded
from volunteer.registration.rules import needs_guardian

LONGEST_TEXT: Final = 10_000
LONGEST_SUMMARY: Final = 300


class ConsentKind(StrEnum):
    """What is agreed to, each apart from the others."""

    REGISTRATION = "registration"
    PUBLIC_NAMES = "public_names"
    PHOTOS = "photos"
    UPSTREAM = "upstream"

    @property
    def words(self) -> "Words":
        """How it is told to people."""
        return _WORDS[self]


#: What is agreed to beside the registration; each can stand on a signed paper, too.
SEPARATE: Final = (ConsentKind.PUBLIC_NAMES, ConsentKind.PHOTOS, ConsentKind.UPSTREAM)


@dataclass(frozen=True, slots=True)
class Words:
    """A consent in plain words: its title, what one says yes to, and what a withdrawal changes."""

    title: str
    meaning: str
    withdrawal: str


_K = ConsentKind
_WORDS: Final = {
    _K.REGISTRATION: Words(
        "注册和记录服务",
        "系统处理您的身份信息,为您注册、记录时长、开具证明。",
        "撤回就是注销注册:7 天后清除您的身份信息,这 7 天内可以反悔。",
    ),
    _K.PUBLIC_NAMES: Words(
        "公开名单",
        "光荣榜、时长榜和表扬名单上可以有您的名字。",
        "立即从公开名单上撤下,其他都不受影响。",
    ),
    _K.PHOTOS: Words(
        "照片和录像",
        "活动中拍到您的照片可以用于宣传报道。",
        "从现在起不再使用您的照片,其他都不受影响。",
    ),
    _K.UPSTREAM: Words(
        "提供给上级平台",
        "您的信息和时长可以上传到上级志愿服务平台。",
        "从现在起不再上传,其他都不受影响;已上传的可以请工作人员协助删除。",
    ),
}


class ConsentRefusal(Worded):
    """Why a yes is not taken; the value is the permanent code."""

    GUARDIAN_ONLY = "guardian-only", "未满 18 周岁,须由监护人用自己的账号同意。您可以随时撤回。"
    SELF_ONLY = "self-only", "须由本人用自己的账号同意;没有手机的,请到服务站签署纸质同意书。您可以代为撤回。"
    OLD_VERSION = "old-version", "告知书刚刚更新过,请刷新页面,看过最新内容后再同意。"
    HAS_ACCOUNT = "has-account", "此人(或监护人)有自己的账号,请本人用手机登录后自己选择,工作人员不能代为同意。"
    BY_REGISTERING = "by-registering", "这一项在注册时同意。请先完成注册。"


class NoticeFault(Worded):
    """What can be wrong with a notice that is about to be published; the value is the permanent code."""

    SAME_TEXT = "same-text", "内容与现行版本完全相同,请修改后再发布。"
    PAST_DAY = "past-day", "施行日期不能早于今天。"
    NOT_AFTER = "not-after", "施行日期须晚于上一版的施行日期,请改选更晚的一天。"


def may_give(relation: str, birth_date: dt.date, today: dt.date) -> ConsentRefusal | None:
    """Return why an account that stands in `relation` to a person may not say yes for them; None: it may."""
    if needs_guardian(birth_date, today):
        return None if relation == "guardian" else ConsentRefusal.GUARDIAN_ONLY
    return None if relation == "self" else ConsentRefusal.SELF_ONLY


def is_theirs_to_give(kind: ConsentKind, *, is_by_guardian: bool, is_minor: bool) -> bool:
    """Return whether a yes that was given still is the right person's: a guardian's ends on the 18th birthday.

    Registration goes on: what it covers was agreed to for as long as it lasts. Source: PIPL 31; Civil Code art. 17, 23.
    """
    return kind is ConsentKind.REGISTRATION or is_by_guardian == is_minor


def check_publication(text: str, from_on: dt.date, today: dt.date, newest: tuple[str, str]) -> Iterator[Fault]:
    """Yield what is wrong with publishing `text` from a day on; `newest` is the newest version and its text.

    Versions are days, so one that comes into force no later than the newest would never be read.
    """
    if from_on < today:
        yield NoticeFault.PAST_DAY.at("from_on")
    if from_on.isoformat() <= newest[0]:
        yield NoticeFault.NOT_AFTER.at("from_on")
    if text.strip() == newest[1].strip():
        yield NoticeFault.SAME_TEXT.at("text")


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of two texts beside each other: `same`, `gone` (in the old alone) or `new`."""

    state: str
    text: str


def compare(before: str, after: str) -> list[DiffLine]:
    """Return the lines of two texts, in reading order, with what went and what came."""
    states = {" ": "same", "-": "gone", "+": "new"}
    lines = difflib.ndiff(before.strip().splitlines(), after.strip().splitlines())
    return [DiffLine(states[line[0]], line[2:]) for line in lines if line[0] in states]
