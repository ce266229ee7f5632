"""Which activities may be published and who may sign up for a shift. Pure decisions.

Instants are aware and passed in; spans are half-open, so back-to-back is no overlap. Everything wrong is told at once.
Source: contract, Activities, shifts, sign-ups; domain.md b2, b5; peers.md T1 to T6.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from volunteer.clock import to_minute
from volunteer.errors import Worded
from volunteer.registration.rules import ADULT_AGE, PersonStatus, age_on, needs_guardian

Span = tuple[dt.datetime, dt.datetime]
LONGEST_SHIFT: Final = dt.timedelta(hours=24)


class ActivityStatus(StrEnum):
    """Where an activity stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PUBLISHED = "published"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ActivityKind(StrEnum):
    """Volunteering, or duty labour (义务劳动), which never gives volunteer minutes. Source: decisions 6."""

    VOLUNTEERING = "volunteering"
    DUTY_LABOR = "duty_labor"


_A = ActivityStatus
ACTIVITY_MOVES: Final = MappingProxyType(
    {
        _A.DRAFT: frozenset({_A.SUBMITTED}),
        _A.SUBMITTED: frozenset({_A.PUBLISHED, _A.REJECTED}),
        _A.PUBLISHED: frozenset({_A.CANCELLED, _A.FINISHED}),
        _A.REJECTED: frozenset(),
        _A.CANCELLED: frozenset(),
        _A.FINISHED: frozenset(),
    }
)
"""The one table of allowed moves of an activity. Source: contract, `POST /activities/{id}/submit` …"""


class SignupStatus(StrEnum):
    """Where a sign-up stands."""

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    PENDING = "pending"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


_U = SignupStatus
SIGNUP_MOVES: Final = MappingProxyType(
    {
        _U.PENDING: frozenset({_U.CONFIRMED, _U.WAITLISTED, _U.REJECTED, _U.CANCELLED}),
        _U.WAITLISTED: frozenset({_U.CONFIRMED, _U.CANCELLED}),
        _U.CONFIRMED: frozenset({_U.CANCELLED}),
        _U.CANCELLED: frozenset(),  # who comes back signs up anew, at the end of the line
        _U.REJECTED: frozenset(),
    }
)
"""The one table of allowed moves of a sign-up."""

BLOCKING: Final = frozenset({_U.CONFIRMED, _U.PENDING})
"""The statuses that keep a person from signing up for anything at the same time; waiting does not."""

LIVE: Final = BLOCKING | {_U.WAITLISTED}
"""The statuses of a sign-up that still means something: one of them a person and shift."""


def may_move(status: ActivityStatus, new_status: ActivityStatus) -> bool:
    """Return whether an activity may go from `status` to `new_status`; staying is not a move."""
    return new_status in ACTIVITY_MOVES[status]


def may_signup_move(status: SignupStatus, new_status: SignupStatus) -> bool:
    """Return whether a sign-up may go from `status` to `new_status`; staying is not a move."""
    return new_status in SIGNUP_MOVES[status]


class ActivityFault(Worded):
    """What can be wrong with an activity or its shifts; the value is the permanent code."""

    ENDS_BEFORE_START = "ends-before-start", "结束时间必须晚于开始时间,请修改班次时间。"
    SHIFT_OVER = "shift-over", "这个班次已经结束,请填写尚未结束的时间;已做的服务请申请补录。"
    TOO_LONG = "too-long", "一个班次最长 24 小时,请拆成几个班次。"
    INSURANCE_REQUIRED = "insurance-required", "有危险的活动须先登记志愿者保险,请补充保险信息后再提交。"
    MAKE_UP_TITLE = "make-up-title", "活动名称不能含“补录”,请改用活动本身的名称;补录请走补录申请。"


def check_shift_times(starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime) -> tuple[ActivityFault, ...]:
    """Return all that is wrong with a shift's times, cut to their minutes; nothing for one that is under way.

    Faults (belong on `ends_at`): `ends-before-start` (an empty shift too), `too-long` (over 24 h), `shift-over` (ends
    now or earlier). Raises ValueError for a naive instant. Source: contract, `POST /activities`; peers.md T25.
    """
    starts_at, ends_at, now = to_minute(starts_at), to_minute(ends_at), to_minute(now)
    found = {
        ActivityFault.ENDS_BEFORE_START: ends_at <= starts_at,
        ActivityFault.SHIFT_OVER: ends_at <= now,
        ActivityFault.TOO_LONG: ends_at - starts_at > LONGEST_SHIFT,
    }
    return tuple(fault for fault, is_so in found.items() if is_so)


def check_title(title: str) -> tuple[ActivityFault, ...]:
    """Return `make-up-title` for a title that says 补录: hours are made up by requests. Source: peers.md §6 (i志愿)."""
    return (ActivityFault.MAKE_UP_TITLE,) if "补录" in title else ()


def check_publication(is_hazardous: bool, has_insurance: bool) -> tuple[ActivityFault, ...]:
    """Return what keeps an activity from being published: `insurance-required` where bodily danger is possible.

    Source: Regulation 685 art. 17; contract, `POST /activities`.
    """
    return (ActivityFault.INSURANCE_REQUIRED,) if is_hazardous and not has_insurance else ()


class SignupReason(Worded):
    """Why a sign-up is refused, in the contract's order; the value is the permanent code."""

    NOT_PUBLISHED = "not-published", "这个活动没有发布或已取消,请看看其他活动。"
    NOT_OPEN = "not-open", "报名还没有开始,请到报名开始时间后再来。"
    CLOSED = "closed", "报名已经截止,请看看其他班次。"
    FULL = "full", "这个班次已经报满,请选择其他班次。"
    OVERLAP = "overlap", "您在同一时间已报名其他班次,请先取消那个班次或选择其他时间。"
    ALREADY_SIGNED_UP = "already-signed-up", "您已经报名这个班次,不用再报,可在“我的报名”中查看。"
    TOO_YOUNG = "too-young", "您的年龄不符合这个班次的要求,请选择适合您年龄的活动。"
    GUARDIAN_CONSENT_MISSING = (
        "guardian-consent-missing",
        "未满 18 周岁需要监护人同意,请让监护人用手机验证同意后再报名。",
    )
    SKILL_MISSING = "skill-missing", "这个班次需要您尚未登记的技能,请先在个人资料中补充技能。"
    INSURANCE_MISSING = "insurance-missing", "这个活动有一定危险,还没有登记保险,请联系活动负责人办理保险后再报名。"
    SUSPENDED = "suspended", "您目前不是可以报名的注册志愿者,请联系所在单位或就近站点了解情况。"


_R = SignupReason


@dataclass(frozen=True, slots=True)
class SignupFacts:
    """All that a sign-up is judged by, read in the transaction that holds the shift's lock.

    Attributes:
        service_on: the site's day on which the shift starts; ages are taken on it.
        signup_opens_at: None = open from publication. signup_closes_at: None = until the shift ends.
        confirmed_count: seats that are taken; pending and waiting ones take none.
        is_signed_up: a live sign-up of this person for this very shift exists.
        other_spans: the person's confirmed or pending shifts (`BLOCKING`) apart from this one.
        birth_date: None only for people whose data is erased.
        has_insurance: insurance that covers this activity is recorded.
    """

    now: dt.datetime
    activity_status: ActivityStatus
    is_shift_cancelled: bool
    starts_at: dt.datetime
    ends_at: dt.datetime
    service_on: dt.date
    capacity: int
    confirmed_count: int
    person_status: PersonStatus
    birth_date: dt.date | None
    has_waitlist: bool = True
    signup_opens_at: dt.datetime | None = None
    signup_closes_at: dt.datetime | None = None
    needs_approval: bool = False
    is_hazardous: bool = False
    has_insurance: bool = False
    min_age: int | None = None
    required_skills: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    has_guardian_consent: bool = False
    is_signed_up: bool = False
    other_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class SignupDecision:
    """Either a `status` and no reasons, or no status and **all** reasons in the contract's order."""

    status: SignupStatus | None
    reasons: tuple[SignupReason, ...] = ()


def judge_signup(facts: SignupFacts) -> SignupDecision:
    """Return how a person is signed up for a shift, or every reason why not. Staff and guardians are judged alike.

    `confirmed` while seats are left; else `waitlisted`, or `full` without a waiting list. A freed seat goes to the list
    in the transaction that frees it (`may_promote`), so a seat that is left is nobody's. An activity with approval
    gives `pending`, full or not: `place_approved` finds the place afterwards.
    Source: contract, `POST /shifts/{id}/signups`; Regulation 685 art. 15 and 17; peers.md T3 to T6.
    """
    reasons = _reasons(facts)
    if reasons:
        return SignupDecision(None, reasons)
    return SignupDecision(SignupStatus.PENDING if facts.needs_approval else _place(facts))


def place_approved(facts: SignupFacts) -> SignupDecision:
    """Return where an approved pending sign-up goes: `confirmed`, `waitlisted`, or the reasons that now stand against.

    When sign-up opened and closed does not matter any more, only the shift's end. Source: contract, `/approve`.
    """
    reasons = _reasons(_in_line(facts))
    return SignupDecision(None, reasons) if reasons else SignupDecision(_place(facts))


def may_promote(facts: SignupFacts) -> bool:
    """Return whether this waiting person may be confirmed now; if not, ask for the next in the list.

    A seat must be left, the shift not over, and nothing but the closing time of sign-up stand against it: who has been
    confirmed elsewhere at that time, was suspended, or lost a condition is passed over. Source: contract, `/cancel`.
    """
    return facts.confirmed_count < facts.capacity and not _reasons(_in_line(facts))


def _reasons(facts: SignupFacts) -> tuple[SignupReason, ...]:
    """Return all reasons against a sign-up, in the contract's order."""
    return tuple(reason for reason in SignupReason if _REFUSALS[reason](facts))


def _in_line(facts: SignupFacts) -> SignupFacts:
    """Return the facts as they matter for somebody who is in line already."""
    return replace(facts, signup_opens_at=None, signup_closes_at=None, is_signed_up=False)


def _place(facts: SignupFacts) -> SignupStatus:
    """Return the seat or the place in the waiting list."""
    return SignupStatus.CONFIRMED if facts.confirmed_count < facts.capacity else SignupStatus.WAITLISTED


def overlaps(one: Span, other: Span) -> bool:
    """Return whether two half-open spans share time: back-to-back ones do not. Source: contract, Activities."""
    return one[0] < other[1] and other[0] < one[1]


def _is_not_open(facts: SignupFacts) -> bool:
    """Return whether sign-up has yet to open."""
    return facts.signup_opens_at is not None and facts.now < facts.signup_opens_at


def _is_closed(facts: SignupFacts) -> bool:
    """Return whether sign-up has closed, at the latest with the end of the shift."""
    closes_at = facts.ends_at if facts.signup_closes_at is None else min(facts.signup_closes_at, facts.ends_at)
    return facts.now >= closes_at


def _is_full(facts: SignupFacts) -> bool:
    """Return whether no seat is left and nobody can wait."""
    return not facts.has_waitlist and facts.confirmed_count >= facts.capacity


def _overlaps_another(facts: SignupFacts) -> bool:
    """Return whether the person is wanted elsewhere at that time."""
    return any(overlaps((facts.starts_at, facts.ends_at), span) for span in facts.other_spans)


def _is_too_young(facts: SignupFacts) -> bool:
    """Return whether the shift is for older people; danger is for adults. Source: Zhejiang art. 9 and others (b5)."""
    least_age = max(facts.min_age or 0, ADULT_AGE if facts.is_hazardous else 0)
    if facts.birth_date is None:
        return least_age > 0
    return least_age > 0 and age_on(facts.birth_date, facts.service_on) < least_age


def _lacks_guardian_consent(facts: SignupFacts) -> bool:
    """Return whether a minor's guardian has not agreed. Source: domain.md b5."""
    is_minor = facts.birth_date is not None and needs_guardian(facts.birth_date, facts.service_on)
    return is_minor and not facts.has_guardian_consent


_REFUSALS: Final[Mapping[SignupReason, Callable[[SignupFacts], bool]]] = MappingProxyType(
    {
        _R.NOT_PUBLISHED: lambda f: f.activity_status is not ActivityStatus.PUBLISHED or f.is_shift_cancelled,
        _R.NOT_OPEN: _is_not_open,
        _R.CLOSED: _is_closed,
        _R.FULL: _is_full,
        _R.OVERLAP: _overlaps_another,
        _R.ALREADY_SIGNED_UP: lambda f: f.is_signed_up,
        _R.TOO_YOUNG: _is_too_young,
        _R.GUARDIAN_CONSENT_MISSING: _lacks_guardian_consent,
        _R.SKILL_MISSING: lambda f: not f.required_skills <= f.skills,
        _R.INSURANCE_MISSING: lambda f: f.is_hazardous and not f.has_insurance,
        _R.SUSPENDED: lambda f: f.person_status is not PersonStatus.REGISTERED,
    }
)


CATEGORIES: Final[tuple[tuple[str, str], ...]] = (
    ("community_service", "社区服务"),
    ("theory_outreach", "理论宣讲"),
    ("poverty_relief", "扶贫减贫"),
    ("education_support", "支教助学"),
    ("health", "卫生健康"),
    ("legal_service", "法律服务"),
    ("environment", "环境保护"),
    ("science", "科技科普"),
    ("culture_arts", "文化艺术"),
    ("public_safety", "平安综治"),
    ("civility", "文明风尚"),
    ("traffic_guidance", "交通引导"),
    ("fire_safety", "志愿消防"),
    ("emergency_rescue", "应急救援"),
    ("drug_prevention", "禁毒宣传"),
    ("sports_fitness", "体育健身"),
    ("tourism", "旅游服务"),
    ("special_care", "关爱特殊群体"),
    ("large_events", "大型活动"),
    ("overseas", "海外志愿服务"),
    ("tax_service", "税收服务"),
    ("epidemic_control", "疫情防控"),
    ("other", "其他"),
)
"""Service categories to seed the editable table. Source: domain.md c3 (22 labels); theory outreach: domain.md, 8+N."""

GUARANTEES: Final[tuple[tuple[str, str], ...]] = (
    ("insurance", "保险"),
    ("shared_bus", "集体乘车"),
    ("travel_allowance", "交通补贴"),
    ("food", "食物"),
    ("drinking_water", "饮水"),
    ("lodging", "住宿"),
    ("clothing", "服装"),
    ("tools", "工具"),
    ("medical_check", "体检"),
    ("training", "培训"),
    ("service_certificate", "服务证明"),
    ("other", "其他"),
)
"""What volunteers are given, to seed the editable table. Source: domain.md c3."""

SKILLS: Final[tuple[tuple[str, str], ...]] = (
    ("first_aid", "急救"),
    ("medical", "医疗护理"),
    ("psychology", "心理辅导"),
    ("law", "法律"),
    ("teaching", "教学辅导"),
    ("foreign_language", "外语"),
    ("sign_language", "手语"),
    ("computer", "计算机"),
    ("driving", "驾驶"),
    ("repair", "家电维修"),
    ("arts", "文艺表演"),
    ("photography", "摄影摄像"),
    ("sports", "体育指导"),
    ("other", "其他"),
)
"""Skills to seed the editable table. Source: house list; no published code table was found."""
