"""Kinds of anomalies, the thresholds that find them, and what is said of one. Pure.

A finding is a question, not a verdict: a person decides (PIPL 24), and nothing changes before somebody proposes it and
somebody else agrees. Source: domain.md g1 F1, F6, F7, F9, F13; peers.md 4.7.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from volunteer.checkin.rules import MOST_ON_ONE_PHONE, SHARED_WITHIN
from volunteer.errors import Fault


class FindingKind(StrEnum):
    """What looks wrong."""

    OVERLAP = "overlap"
    SAME_SECOND = "same_second"
    SHARED_DEVICE = "shared_device"
    LONGER_THAN_SHIFT = "longer_than_shift"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    IDENTICAL_MINUTES = "identical_minutes"
    MAKE_UP_PAIR = "make_up_pair"
    GRANTED_VOLUME = "granted_volume"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """Why it is looked at, and how it can be innocent."""
        return _MEANINGS[self]

    @property
    def advice(self) -> str:
        """What to look at, and whom to ask, before deciding."""
        return _ADVICE[self]


_LABELS: Final = {
    FindingKind.OVERLAP: "同一时间在两个站点",
    FindingKind.SAME_SECOND: "同一秒多人扫码",
    FindingKind.SHARED_DEVICE: "一部手机为多人签到",
    FindingKind.LONGER_THAN_SHIFT: "时间超过班次",
    FindingKind.IMPOSSIBLE_TRAVEL: "移动过快",
    FindingKind.IDENTICAL_MINUTES: "多人起止时间相同",
    FindingKind.MAKE_UP_PAIR: "补录集中在同一对人",
    FindingKind.GRANTED_VOLUME: "人工授予时长过多",
}
_MEANINGS: Final = {
    FindingKind.OVERLAP: "一个人不能同时在两处服务。也可能是设备时间不准或断网补传。",
    FindingKind.SAME_SECOND: "一台设备一秒内只能扫一个人。也可能是断网时批量补传、设备时间停走。",
    FindingKind.SHARED_DEVICE: "可能是代人签到。也可能是家人合用一部手机。",
    FindingKind.LONGER_THAN_SHIFT: "在场时间明显长于班次。也可能是提早到、忘记签退后补扫。",
    FindingKind.IMPOSSIBLE_TRAVEL: "两次扫码之间来不及到达。也可能是设备时间不准。",
    FindingKind.IDENTICAL_MINUTES: "许多人同一分钟到、同一分钟走。集体活动排队扫码时也会这样。",
    FindingKind.MAKE_UP_PAIR: "同一人申请、同一人审批的补录占比过高。小站点只有两名工作人员时也会这样。",
    FindingKind.GRANTED_VOLUME: "一名工作人员一个月内同意的补录、更正和纸质名单时长很多。大型活动停电补录时也会这样。",
}


_ADVICE: Final = {
    FindingKind.OVERLAP: "核查:问两个站点的工作人员,当时谁见到了本人;看两处扫码是谁、用什么设备做的。",
    FindingKind.SAME_SECOND: "核查:看是不是断网后补传;问当班人员和其中一两位志愿者,当时是否都在场。",
    FindingKind.SHARED_DEVICE: "核查:问这些人是不是一家人或同行的邻居,请站点确认各人是否到场。",
    FindingKind.LONGER_THAN_SHIFT: "核查:超出班次的部分本来不计时长。问本人实际何时离开,班次时间是否安排短了。",
    FindingKind.IMPOSSIBLE_TRAVEL: "核查:看两处设备的时间是否准确(点开扫码记录对照四个时间);问本人当天在哪一处。",
    FindingKind.IDENTICAL_MINUTES: "核查:看是否集体到达、集体离开;纸质名单登记的,请出示签名的原件。",
    FindingKind.MAKE_UP_PAIR: "核查:逐项看补录理由,抽几位志愿者问是否到场;必要时请上级站点改派审批人。",
    FindingKind.GRANTED_VOLUME: "核查:对照活动照片、签名名单,抽几位志愿者问是否到场。",
}


class FindingState(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    DISMISSED = "dismissed"
    UPHELD = "upheld"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {"open": "待核查", "dismissed": "已排除", "upheld": "已认定"}[self]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is looked at; an admin sets them, each version is kept.

    Attributes:
        overlap_minutes: minutes at two stations at once.
        same_second_people: people scanned by one device or account within a second.
        shared_device_people: people checked in by one phone, within `shared_device_minutes`.
        longer_by_minutes: minutes by which a presence is longer than its shift.
        travel_kmh: speed between two stations in km/h; below `travel_km` nothing is looked at.
        identical_people: people with the same first and last minute at a shift.
        pair_requests: make-ups of one pair of asker and approver in a month; and `pair_percent` of the asker's.
        granted_hours: hours that one account granted in a month.
        lookback_days: how many days the nightly search covers.
    """

    overlap_minutes: int = 5
    same_second_people: int = 3
    shared_device_people: int = MOST_ON_ONE_PHONE + 1
    shared_device_minutes: int = int(SHARED_WITHIN.total_seconds()) // 60
    longer_by_minutes: int = 45
    travel_kmh: int = 120
    travel_km: int = 2
    identical_people: int = 10
    pair_requests: int = 10
    pair_percent: int = 80
    granted_hours: int = 100
    lookback_days: int = 7


LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "overlap_minutes": (1, 600),
    "same_second_people": (2, 1000),
    "shared_device_people": (2, 1000),
    "shared_device_minutes": (1, 240),
    "longer_by_minutes": (1, 600),
    "travel_kmh": (20, 1000),
    "travel_km": (1, 100),
    "identical_people": (3, 1000),
    "pair_requests": (2, 1000),
    "pair_percent": (10, 100),
    "granted_hours": (1, 10_000),
    "lookback_days": (1, 31),
}
NAMES: Final = tuple(field.name for field in fields(Thresholds))


def thresholds_of(values: Mapping[str, Any]) -> Thresholds:
    """Return the thresholds that were saved; what a version did not know yet has its default."""
    return Thresholds(**{name: int(values[name]) for name in NAMES if name in values})


def threshold_faults(wanted: Thresholds) -> list[Fault]:
    """Return what is out of range."""
    return [
        Fault(name, "out-of-range", f"请填写 {least} 到 {most} 之间的整数。")
        for name, (least, most) in LIMITS.items()
        if not least <= getattr(wanted, name) <= most
    ]


def as_values(wanted: Thresholds) -> dict[str, int]:
    """Return thresholds as they are saved."""
    return asdict(wanted)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that looks wrong, before it is written down.

    Attributes:
        key: its lasting name: the same search again finds the same, and nothing twice.
        figures: the numbers of its explanation; no names, nothing personal.
        series: what begins the key of every finding about the same: a month that grows, the crowds of one phone.
        amount: what a month has come to; told again once `step` more has come since it was decided.
        people: whom it is about; `accounts`: who scanned, asked, approved. Neither decides about it.
    """

    kind: FindingKind
    key: str
    on_day: dt.date
    figures: Mapping[str, Any]
    people: frozenset[uuid.UUID] = frozenset()
    accounts: frozenset[uuid.UUID] = frozenset()
    station_id: uuid.UUID | None = None
    shift_ids: tuple[uuid.UUID, ...] = ()
    scan_ids: tuple[uuid.UUID, ...] = ()
    request_ids: tuple[uuid.UUID, ...] = ()
    series: str | None = None
    amount: int | None = None
    step: int = 0


def explained(kind: FindingKind, figures: Mapping[str, Any]) -> str:
    """Return what was found, in words with its figures."""
    return _SAYINGS[kind].format(**figures)


_SAYINGS: Final = {
    FindingKind.OVERLAP: "在「{first}」和「{second}」同时在场 {minutes} 分钟({start} 至 {end})。",
    FindingKind.SAME_SECOND: "{way}在 {at} 这一秒内扫了 {people} 个人的码。",
    FindingKind.SHARED_DEVICE: "同一部手机在 {minutes} 分钟内为 {people} 人签到({start} 至 {end})。",
    FindingKind.LONGER_THAN_SHIFT: "在「{shift}」在场 {present} 分钟,班次只有 {planned} 分钟,多出 {extra} 分钟。",
    FindingKind.IMPOSSIBLE_TRAVEL: "{minutes} 分钟内从「{first}」到「{second}」,相距 {km} 公里,每小时 {kmh} 公里。",
    FindingKind.IDENTICAL_MINUTES: "「{shift}」有 {people} 人都在 {start} 到、{end} 走,其中 {listed} 人按纸质名单。",
    FindingKind.MAKE_UP_PAIR: "{month} 同一人申请、同一人同意的补录有 {count} 项,占申请人全部已同意补录的 {percent}%。",
    FindingKind.GRANTED_VOLUME: "{month} 同一账号同意了 {count} 项人工时长,共 {hours} 小时。",
}


def threshold_said(kind: FindingKind, limits: Thresholds) -> str:
    """Return from where on such a thing is looked at, in words."""
    return _LIMITS_SAID[kind].format(**asdict(limits))


_LIMITS_SAID: Final = {
    FindingKind.OVERLAP: "同时在场 {overlap_minutes} 分钟起列为线索。",
    FindingKind.SAME_SECOND: "一秒内 {same_second_people} 人起列为线索。",
    FindingKind.SHARED_DEVICE: "{shared_device_minutes} 分钟内 {shared_device_people} 人起列为线索。",
    FindingKind.LONGER_THAN_SHIFT: "比班次多 {longer_by_minutes} 分钟起列为线索。",
    FindingKind.IMPOSSIBLE_TRAVEL: "相距 {travel_km} 公里以上、相当于每小时 {travel_kmh} 公里起列为线索。",
    FindingKind.IDENTICAL_MINUTES: "同一班次 {identical_people} 人起止相同起列为线索。",
    FindingKind.MAKE_UP_PAIR: "一个月 {pair_requests} 项起、占申请人 {pair_percent}% 起列为线索。",
    FindingKind.GRANTED_VOLUME: "一个月 {granted_hours} 小时起列为线索。",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One scan as a search sees it: when, of whom."""

    id: uuid.UUID
    person_id: uuid.UUID
    at: dt.datetime


def crowds(scans: Iterable[Seen], people: int, within: dt.timedelta) -> list[tuple[Seen, ...]]:
    """Return the stretches in which one phone served so many people within so short a time, each as long as it lasts.

    Scans of one crowd overlap by their windows; two crowds share no scan.
    """
    ordered = sorted(scans, key=lambda one: (one.at, one.id))
    marked: set[int] = set()
    start = 0
    for end, last in enumerate(ordered):
        while last.at - ordered[start].at > within:
            start += 1
        if len({one.person_id for one in ordered[start : end + 1]}) >= people:
            marked.update(range(start, end + 1))
    return _stretches(ordered, sorted(marked), within)


def _stretches(ordered: Sequence[Seen], marked: Sequence[int], within: dt.timedelta) -> list[tuple[Seen, ...]]:
    """Return marked scans as stretches; a pause longer than the window ends one."""
    found: list[list[Seen]] = []
    for index in marked:
        one = ordered[index]
        if found and one.at - found[-1][-1].at <= within:
            found[-1].append(one)
        else:
            found.append([one])
    return [tuple(stretch) for stretch in found]


def speed_kmh(metres: float, span: dt.timedelta) -> float:
    """Return the speed of who was at two places so far apart with this much time between; a minute at least."""
    hours = max(span.total_seconds(), 60.0) / 3600
    return metres / 1000 / hours


def shared_minutes(
    first: Iterable[tuple[dt.datetime, dt.datetime]], second: Iterable[tuple[dt.datetime, dt.datetime]]
) -> tuple[int, dt.datetime | None, dt.datetime | None]:
    """Return the minutes that lie in both lists of spans, with the first and last instant of them."""
    others = list(second)
    shared = [(max(a, c), min(b, d)) for a, b in first for c, d in others if max(a, c) < min(b, d)]
    if not shared:
        return 0, None, None
    minutes = sum(int((end - start).total_seconds() // 60) for start, end in shared)
    return minutes, min(start for start, _ in shared), max(end for _, end in shared)
