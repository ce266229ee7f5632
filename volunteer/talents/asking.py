"""What a form about the talent pool asks, as a search understands it: one reading for the page and its sheet."""

from collections.abc import Mapping
from typing import Any

from volunteer.errors import Fault
from volunteer.talents import schemas as s
from volunteer.talents.rules import Part, QualificationKind
from volunteer.talents.searching import Wanted
from volunteer.web.forms import filled, load

ASKED = ("skill", "category", "kind", "valid_on", "is_checked", "weekday", "part", "area_id", "unit_id", "is_hazardous")


def asked_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return what a form asks, each field without blanks."""
    return {name: values.get(name, "").strip() for name in (*ASKED, "cursor")}


def wanted_of(asked: Mapping[str, str]) -> tuple[Wanted, str | None, list[Fault]]:
    """Return what is looked for, from where on, and the faults of the form."""
    raw: dict[str, Any] = filled(asked)
    for name in ("is_checked", "is_hazardous"):
        raw[name] = raw.get(name) == "1"
    query, faults = load(s.TalentQuery(), raw | ({"weekday": int(raw["weekday"])} if _is_digit(raw) else {}))
    if faults:
        return Wanted(), None, faults
    kind, part = query.pop("kind"), query.pop("part")
    cursor = query.pop("cursor")
    del query["limit"]
    wanted = Wanted(**query, kind=QualificationKind(kind) if kind else None, part=Part(part) if part else None)
    return wanted, cursor, []


def _is_digit(raw: Mapping[str, Any]) -> bool:
    """Whether the weekday is a number."""
    return str(raw.get("weekday", "")).isascii() and str(raw.get("weekday", "")).isdigit()
