"""What one scan's answer looks like to the keeper or the volunteer: its state, told with who, when, where and why.

Pure but for the site's zone. Source: ux.md §5d and "Read it with these changes"; contract, "POST /checkins".
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from volunteer.checkin.door.looks import ALERT, HOME, LOOKS, SCAN, STATUS, TODAY, TONES, Look, again
from volunteer.checkin.reasons import Direction, Evidence, Flag, Outcome, Reason
from volunteer.config import settings
from volunteer.web.words import clock, duration


class Audience(StrEnum):
    """Who looks at the state."""

    KEEPER = "keeper"
    VOLUNTEER = "volunteer"


@dataclass(frozen=True, slots=True)
class Shown:
    """A state as it is shown.

    Attributes:
        key: the state's own name (`ok_in`, `dup`, `early`, …), for scripts and tests.
        kind: the colour class; icon, title: one character and a few words, so that colour is never alone.
        detail: who, when and where, or what stands against it; band: what a person must still look at, or nothing.
        role: `status`, or `alert` where somebody must act at once.
        next_text: what to do next; next_label, next_endpoint, next_params: the button for it.
        tones: frequencies in Hz, one after the other; buzz: milliseconds of vibration and pauses.
    """

    key: str
    kind: str
    icon: str
    title: str
    detail: str
    role: str
    next_text: str
    next_label: str
    next_endpoint: str
    next_params: Mapping[str, Any] = field(default_factory=dict)
    band: str = ""
    tones: tuple[int, ...] = ()
    buzz: tuple[int, ...] = ()


_LATE_OUT = "签退时间已过"
_EARLY_OUT = "还没到签退时间"


def shown(
    answer: Mapping[str, Any],
    audience: Audience,
    *,
    place: str = "",
    station_id: uuid.UUID | None = None,
) -> Shown:
    """Return the state of one scan.

    Args:
        answer: what `checkin.service` answered (or `answers.whole`): `outcome`, `reason` and what goes with them.
        audience: whose next step is wanted; a volunteer is never sent to a keeper's page, nor the other way round.
        place: the station's name, said where the scan counted.
        station_id: the scanner's station, for the keeper's next step.
    """
    outcome, reason = Outcome(answer["outcome"]), answer.get("reason")
    look = LOOKS[Reason(reason) if reason else outcome]
    band = _band(answer, audience)
    known = {
        "station_id": station_id,
        "shift_id": answer.get("shift_id"),
        "person_id": (answer.get("volunteer") or {}).get("id"),
    }
    step = look.keeper if audience is Audience.KEEPER else look.volunteer
    while step.instead and any(known[name] is None for name in step.wants):
        step = step.instead
    tones, buzz = TONES[look.kind]
    return Shown(
        key="flag" if look.key == "ok_in" and band and _is_astray(answer) else look.key,
        kind=look.kind,
        icon=look.icon,
        title=_title(look, answer),
        detail=_detail(look, answer, place),
        role=look.role,
        next_text=step.text,
        next_label=step.label,
        next_endpoint=step.endpoint,
        next_params={name: known[name] for name in (*step.wants, *step.takes) if known[name]} | dict(step.more),
        band=band,
        tones=tones,
        buzz=buzz,
    )


def failed(sentence: str, audience: Audience, station_id: uuid.UUID | None = None) -> Shown:
    """Return the state of a scan that was not recorded at all: too many wrong codes, no network, a fault of ours."""
    step = again("请再试一次。", "再试一次") if audience is Audience.KEEPER else HOME
    if audience is Audience.KEEPER and station_id is None:
        step = TODAY
    tones, buzz = TONES["err"]
    params = {name: station_id for name in step.wants}
    return Shown(
        "err", "err", "!", "没有保存", sentence, ALERT, step.text, step.label, step.endpoint, params, "", tones, buzz
    )


def unheard(station_id: uuid.UUID) -> Shown:
    """Return the state of a name that was looked for, or somebody entered by hand, while the service did not answer."""
    tones, buzz = TONES["err"]
    detail, text = "系统没有应答,没有查到,也没有登记。", "请再试一次;还不行就记在纸上,联网后在班次名单里登记。"
    params = {"station_id": station_id}
    return Shown("err", "err", "!", "没有保存", detail, ALERT, text, "继续扫码", SCAN, params, "", tones, buzz)


def stored(waiting: int | str, station_id: uuid.UUID) -> Shown:
    """Return the state of a scan that a keeper's page keeps until there is a network again; never green.

    `waiting` is how many wait, or the sign that the page puts the number for.
    """
    tones, buzz = TONES["saved"]
    detail = f"待上传 {waiting} 条。"
    params = {"station_id": station_id}
    title, text = "已保存,联网后上传", "不用重复扫码,请扫下一位。"
    return Shown("off", "saved", "↑", title, detail, STATUS, text, "继续扫码", SCAN, params, "", tones, buzz)


def _is_astray(answer: Mapping[str, Any]) -> bool:
    """Whether a phone was too far away, or did not say where it was."""
    return bool({Flag.TOO_FAR, Flag.NO_LOCATION} & set(answer.get("flags", ())))


def _band(answer: Mapping[str, Any], audience: Audience) -> str:
    """Return what must still be looked at where a scan counted on weak evidence."""
    acted = Outcome(answer["outcome"]) in (Outcome.CHECKED_IN, Outcome.CHECKED_OUT)
    if not acted or answer.get("evidence") != Evidence.WEAK:
        return ""
    if Flag.SHARED_DEVICE in answer.get("flags", ()):
        if audience is Audience.KEEPER:
            return "这部手机刚为几个人签到过,请当面核对本人在不在。"
        return "这部手机刚为几个人签到过,请工作人员当面核对,核对后计入时长。"
    if Flag.PAPER in answer.get("flags", ()):
        return "扫的是纸质海报,时长要等工作人员核对。"
    if _is_astray(answer):
        return "位置待核对,请工作人员看一下。"
    return "时长要等另一位工作人员核对。" if audience is Audience.KEEPER else "时长要等工作人员核对。"


def _title(look: Look, answer: Mapping[str, Any]) -> str:
    """Return the title; a window that is closed is named after the direction."""
    if answer.get("direction") == Direction.OUT and look.key in ("early", "late"):
        return _EARLY_OUT if look.key == "early" else _LATE_OUT
    return look.title


def _detail(look: Look, answer: Mapping[str, Any], place: str) -> str:
    """Return who, when and where; then what the answer knows of why."""
    name = (answer.get("volunteer") or {}).get("display_name", "")
    at = answer.get("at")
    parts = [name]
    if look.key in ("ok_in", "ok_out", "review", "unmatched") and at:
        parts.append(f"{clock(at)}{' · ' + place if place else ''}")
    if look.key == "ok_out" and answer.get("minutes") is not None:
        parts.append(f"这次 {duration(answer['minutes'])}。")
    if look.key == "ok_in":
        parts += ["现场报名。"] * bool(answer.get("walk_in"))
        parts += ["上一个班次已同时签退。"] * bool(answer.get("closed_attendance_id"))
    parts.append(_why(look, answer) or look.detail)
    return " ".join(filter(None, parts))


def _why(look: Look, answer: Mapping[str, Any]) -> str:
    """Return what stands against a scan, as exactly as the answer knows it."""
    if look.key == "review" and Flag.UNCONFIRMED in answer.get("flags", ()):
        return "扫的是纸质海报,没有在站点的位置,也没有当天的口令。"
    act = "签退" if answer.get("direction") == Direction.OUT else "签到"
    if look.kind == "dup" and answer.get("since"):
        return f"{_when(answer['since'], answer.get('at'))} 已{act},不用再扫。"
    if look.key == "early" and answer.get("opens_at"):
        return f"{_when(answer['opens_at'], answer.get('at'))} 开始{act}。"
    if look.key == "late" and answer.get("closes_at"):
        return f"{_when(answer['closes_at'], answer.get('at'))} {act}截止。"
    there = (answer.get("open") or {}).get("station_name")
    if look.key in ("open-elsewhere", "wrong", "not-checked-in") and there:
        return f"还在“{there}”签到着,没有签退。"
    return ""


def _when(instant: dt.datetime, now: dt.datetime | None) -> str:
    """Return the time, with its day where that is not the day of the scan."""
    zone = settings().zone
    same = now is not None and now.astimezone(zone).date() == instant.astimezone(zone).date()
    local = instant.astimezone(zone)
    return clock(instant) if same else f"{local.month} 月 {local.day} 日 {clock(instant)}"
