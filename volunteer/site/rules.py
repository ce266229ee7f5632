"""What the site's settings are, what is a helpline, and what one saving changed. Pure decisions."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from volunteer.errors import Fault, Worded

FIELDS: Final = ("name", "issuer", "organizer", "helpline", "helpline_hours", "filing_number")
_HELPLINE: Final = re.compile(r"[+(]?[0-9][0-9 ()\-]{1,28}[0-9]")


class SiteFault(Worded):
    """What can be wrong with the settings; the value is the permanent code."""

    BAD_HELPLINE = "bad-helpline", "请填写能直接拨打的电话号码,例如 12345 或 0571-8700 0000。"
    HOURS_WITHOUT_HELPLINE = "hours-without-helpline", "填写了接听时间,请同时填写服务热线。"


@dataclass(frozen=True, slots=True)
class Change:
    """What one saving made of one field; None = not set."""

    field: str
    before: str | None
    after: str | None


def mend_helpline(text: str) -> str:
    """Return a phone number in half width, with single blanks."""
    plain = unicodedata.normalize("NFKC", text).replace("—", "-").replace("–", "-")
    return " ".join(plain.split())


def faults_of(values: Mapping[str, str | None]) -> list[Fault]:
    """Return what is wrong with settings whose helpline has been mended."""
    helpline = values.get("helpline")
    if helpline:
        return [] if _HELPLINE.fullmatch(helpline) else [SiteFault.BAD_HELPLINE.at("helpline")]
    return [SiteFault.HOURS_WITHOUT_HELPLINE.at("helpline")] if values.get("helpline_hours") else []


def changes(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> list[Change]:
    """Return what differs between two versions, in the order of the form."""
    pairs = ((name, before.get(name), after.get(name)) for name in FIELDS)
    return [Change(name, old, new) for name, old, new in pairs if old != new]
