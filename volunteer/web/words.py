"""How pages say times, durations and rates: days of the site, in the words that people use."""

import datetime as dt
import math

from flask import Flask, g

from volunteer.config import settings

WEEKDAYS = "一二三四五六日"


def init_app(app: Flask) -> None:
    """Offer the filters to templates."""
    app.template_filter("day")(day)
    app.template_filter("moment")(moment)
    app.template_filter("span")(span)
    app.template_filter("duration")(duration)
    app.template_filter("clock")(clock)
    app.template_filter("percent")(percent)


def day(instant: dt.datetime) -> str:
    """Return `11 月 22 日(周日)`, with the year where it is not this one."""
    local = instant.astimezone(settings().zone)
    this_year = g.now.astimezone(settings().zone).year if "now" in g else 0
    year = "" if local.year == this_year else f"{local.year} 年 "
    return f"{year}{local.month} 月 {local.day} 日(周{WEEKDAYS[local.weekday()]})"


def moment(instant: dt.datetime) -> str:
    """Return `11 月 22 日(周日)9:00`."""
    return f"{day(instant)} {clock(instant)}"


def span(start: dt.datetime, end: dt.datetime) -> str:
    """Return `11 月 22 日(周日)9:00 至 11:30`; the second day only where it is another."""
    last = clock(end) if day(start) == day(end) else moment(end)
    return f"{moment(start)} 至 {last}"


def duration(minutes: int) -> str:
    """Return `2 小时 28 分钟`."""
    hours, rest = divmod(minutes, 60)
    said = [f"{hours} 小时"] if hours else []
    if rest or not hours:
        said.append(f"{rest} 分钟")
    return " ".join(said)


def percent(rate: float | None) -> str:
    """Return `83.3%`, `129%`, or a dash where there is no rate; what is short of 1 is never said to be 100%.

    What is more than nothing is never said to be 0%.

    Source: ux.md 9 and AC25 (to 0.1 %, a `.0` dropped).
    """
    if rate is None:
        return "—"
    tenths = math.floor(rate * 1000 + 0.5)
    if rate > 0 and not tenths:
        return "<0.1%"
    if rate < 1:
        tenths = min(tenths, 999)
    return f"{tenths / 10:.1f}".removesuffix(".0") + "%"


def clock(instant: dt.datetime) -> str:
    """Return `9:00`."""
    local = instant.astimezone(settings().zone)
    return f"{local.hour}:{local.minute:02d}"
