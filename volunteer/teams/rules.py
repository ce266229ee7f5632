"""What kinds of teams there are, who may join one, and which days a membership may have. Pure decisions.

A team is no unit (decisions 4): whoever is in many teams is one person, and counts where their unit counts.
Source: domain.md c2 (Team), A15 (professional teams);
Regulation 685 Art. 15 (tasks fit who does them), 25 (nobody is assigned).
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from volunteer.errors import Fault, Worded
from volunteer.registration.rules import PersonStatus, needs_guardian


class TeamKind(StrEnum):
    """What a team is."""

    GENERAL = "general"
    PROFESSIONAL = "professional"
    PARTY = "party"
    YOUTH = "youth"
    WOMEN = "women"
    EMERGENCY = "emergency"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LABELS[self]


_LABELS: Final = {
    TeamKind.GENERAL: "综合志愿服务队",
    TeamKind.PROFESSIONAL: "专业志愿服务队",
    TeamKind.PARTY: "党员志愿服务队",
    TeamKind.YOUTH: "青年志愿服务队",
    TeamKind.WOMEN: "巾帼志愿服务队",
    TeamKind.EMERGENCY: "应急志愿服务队",
}


class RequestState(StrEnum):
    """Where a request to join stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {"open": "等待答复", "accepted": "已同意", "refused": "未同意", "withdrawn": "已撤回"}[self]


class JoinReason(Worded):
    """Why somebody cannot join a team."""

    DISSOLVED = "dissolved", "这支队伍已经解散,请选择别的队伍。"
    CLOSED = "closed", "这支队伍目前不接受申请,请联系队伍所属的单位或站点。"
    ALREADY_MEMBER = "already-member", "已经是这支队伍的队员,不用再加入。"
    NOT_REGISTERED = "not-registered", "只有已注册的志愿者才能加入队伍,请先完成注册或等待核实。"
    GUARDIAN_CONSENT_MISSING = "guardian-consent-missing", "未满 18 周岁须先有监护人同意,请由监护人办理注册确认。"
    SKILL_MISSING = "skill-missing", "这支队伍要求的技能还没有登在个人资料里,请先在“我的”中补充。"


@dataclass(frozen=True, slots=True)
class Joining:
    """All that counts when somebody would join a team on a day.

    Attributes:
        by_request: whether the person asks (the team must take requests), or staff add them.
        required_skill: the code of the skill that a professional team asks for.
    """

    on: dt.date
    status: PersonStatus
    birth_date: dt.date
    guardian_consented: bool
    skills: frozenset[str]
    is_member: bool
    required_skill: str | None
    is_dissolved: bool
    takes_requests: bool
    by_request: bool


def check_join(facts: Joining) -> tuple[JoinReason, ...]:
    """Return every reason why the person cannot join; nothing where they can."""
    is_minor = needs_guardian(facts.birth_date, facts.on)
    found = (
        (JoinReason.DISSOLVED, facts.is_dissolved),
        (JoinReason.CLOSED, facts.by_request and not facts.takes_requests and not facts.is_dissolved),
        (JoinReason.ALREADY_MEMBER, facts.is_member),
        (JoinReason.NOT_REGISTERED, facts.status is not PersonStatus.REGISTERED),
        (JoinReason.GUARDIAN_CONSENT_MISSING, is_minor and not facts.guardian_consented),
        (JoinReason.SKILL_MISSING, facts.required_skill is not None and facts.required_skill not in facts.skills),
    )
    return tuple(reason for reason, holds in found if holds)


def check_day(field: str, on: dt.date, founded_on: dt.date, today: dt.date) -> Fault | None:
    """Return what is wrong with a day on which something changes in a team: it lies in its life, and not ahead."""
    if on < founded_on:
        return Fault(field, "before-founding", f"队伍 {founded_on} 才成立,请填写这一天或之后的日期。")
    if on > today:
        return Fault(field, "in-future", "日期不能晚于今天,请填写今天或以前的日期。")
    return None
