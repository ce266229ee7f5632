"""What an export is called, its number, and the mark that stands in it. Pure.

Source: PIPL 51, 54, 55 (records of handling); ux.md 9; ADR 0011.
"""

import datetime as dt
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Without I, L, O and U: a number is read aloud and typed from paper.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS: Final = 8
LONGEST_QUERY: Final = 300
LONGEST_HEADER: Final = 250
"""Excel refuses a header of more than 255 characters."""


class ExportKind(StrEnum):
    """What was taken."""

    PEOPLE = "people"
    MISSING = "missing"
    INVITED = "invited"
    RATES = "rates"
    STATIONS = "stations"
    TEAMS = "teams"
    PAIRINGS = "pairings"
    TALENTS = "talents"
    UNIT_EVENTS = "unit-events"
    UPSTREAM = "upstream"
    IMPORT_FAULTS = "import-faults"
    OWN_DATA = "own-data"

    @property
    def label(self) -> str:
        """The Chinese words for it."""
        return _LABELS[self]


_K = ExportKind
_LABELS: Final = {
    _K.PEOPLE: "人员名单",
    _K.MISSING: "未计入完成率的人员",
    _K.INVITED: "邀请名单",
    _K.RATES: "各单位注册情况",
    _K.STATIONS: "站点服务情况",
    _K.TEAMS: "队伍情况",
    _K.PAIRINGS: "包联情况",
    _K.TALENTS: "人才库名单",
    _K.UNIT_EVENTS: "单位主办的活动",
    _K.UPSTREAM: "提供给上级平台的名单",
    _K.IMPORT_FAULTS: "标出问题的导入表",
    _K.OWN_DATA: "本人下载自己的数据",
}


class Format(StrEnum):
    """As what it left."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The mark of one export: its number, who took it, and when, in the site's zone."""

    number: str
    by: str
    at: dt.datetime

    @property
    def words(self) -> str:
        """The mark in words."""
        return f"导出编号 {self.number} · 导出人 {self.by} · {self.at:%Y-%m-%d %H:%M}"

    @property
    def header(self) -> str:
        """The mark as Excel's page header wants it."""
        return self.words.replace("&", "&&")[:LONGEST_HEADER]


def export_number(year: int, rng: random.Random) -> str:
    """Return a number of its year: random, so that nobody guesses another one."""
    return f"E{year}" + "".join(rng.choice(ALPHABET) for _ in range(DIGITS))
