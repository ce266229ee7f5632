"""Who may act for whom, and how that begins and ends. Pure decisions.

A guardian acts for a child until the 18th birthday; a family member for somebody without a phone of their own, until
that person takes themselves over. Source: Civil Code art. 17, 19, 23, 27; decisions 3.
"""

from dataclasses import dataclass

from volunteer.errors import Worded


class FamilyFault(Worded):
    """Why a step about a family cannot be taken; the value is the permanent code."""

    LAST_GUARDIAN = "last-guardian", "未满 18 周岁需要有监护人。请先添加另一位监护人,再退出。"
    NOBODY_LEFT = "nobody-left", "这个人还没有自己的账号。请先把账号交给本人,再退出代办。"
    MINOR = "minor", "未满 18 周岁不能自行解除监护,满 18 周岁当天自动解除。"
    HAS_ACCOUNT = "has-account", "本人已有自己的账号,请本人用自己的手机号登录。"
    PHONE_TAKEN = "phone-taken", "这个手机号已有账号,请填写本人自己的、没有注册过的手机号。"
    OF_AGE = "of-age", "本人已满 18 周岁,不需要监护人。"
    OWN_PHONE = "own-phone", "这是您自己的手机号,请填写另一位监护人的手机号。"
    KNOWN = "known", "这位监护人已经在列。"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What it is judged by whether a link may end.

    Attributes:
        is_minor: the person is under 18. has_own_account: they sign in themselves.
        others: how many other accounts act for them.
    """

    is_minor: bool
    has_own_account: bool
    others: int


def leaving_fault(facts: LinkFacts) -> FamilyFault | None:
    """Return why who acts for somebody may not stop: a child keeps a guardian, nobody is left without a way in."""
    if facts.is_minor and not facts.others:
        return FamilyFault.LAST_GUARDIAN
    if not facts.has_own_account and not facts.others:
        return FamilyFault.NOBODY_LEFT
    return None
