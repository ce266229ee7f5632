"""What a proof says, how it is numbered, and when it no longer holds. Pure.

Source: decisions 11 (number), 15 (erasure); contract, "Certificates"; Order 67 art. 14 (free, printed by the
volunteer), 15 (time, content, recording unit), 17 (verifiable); domain.md b1 (make-ups are shown as such).
"""

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base32 after Crockford: no letter that is taken for a digit or another letter when read aloud."""
RANDOM_CHARACTERS = 10
NUMBER = re.compile(rf"[0-9]{{4}}[{ALPHABET}]{{{RANDOM_CHARACTERS}}}")
TOKEN_CHARACTERS = 26
LONGEST_CONTENT = 80
MADE_UP = "make_up"


class State(StrEnum):
    """What a verification answers."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class Line(Protocol):
    """What is read of a ledger line: one number as it counts now, with the corrections of it."""

    @property
    def id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def minutes(self) -> int: ...  # noqa: D102
    @property
    def shift_id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def site_day(self) -> dt.date: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Service:
    """What somebody did at one shift on one day. `is_made_up`: at least one minute comes from an approved make-up."""

    shift_id: uuid.UUID
    on: dt.date
    minutes: int
    is_made_up: bool


def new_number(year: int, random_bytes: bytes) -> str:
    """Return the year and ten random characters. Source: decisions 11."""
    return f"{year:04d}{random_text(random_bytes, RANDOM_CHARACTERS)}"


def random_text(random_bytes: bytes, characters: int) -> str:
    """Return that many characters of five random bits each; one byte is used for each."""
    if len(random_bytes) != characters:
        raise ValueError(f"{characters} characters need as many bytes")
    return "".join(ALPHABET[byte & 31] for byte in random_bytes)


def typed_number(text: str) -> str | None:
    """Return a number as it was issued from how somebody typed it, or None for what cannot be one.

    Any case, spaces and dashes, O for 0, I or L for 1.
    """
    plain = text.upper().replace(" ", "").replace("-", "").translate(str.maketrans("OIL", "011"))
    return plain if NUMBER.fullmatch(plain) else None


def state_of(*, is_revoked: bool, is_superseded: bool) -> State:
    """Return the state: revoked stays revoked, whatever the ledger says."""
    if is_revoked:
        return State.REVOKED
    return State.SUPERSEDED if is_superseded else State.VALID


def covered(lines: Iterable[Line]) -> dict[str, int]:
    """Return what a proof covers: the ids of ledger lines and the minutes that each counts."""
    return {str(line.id): line.minutes for line in lines}


def is_changed(then: Mapping[str, int], lines: Iterable[Line]) -> bool:
    """Whether the ledger no longer says what a proof says: a covered line is gone or counts other minutes.

    Minutes that merely came in addition change nothing: the proof covers what was effective when it was issued.
    """
    now = covered(lines)
    return any(now.get(line_id) != minutes for line_id, minutes in then.items())


def services(lines: Iterable[Line]) -> list[Service]:
    """Return the services that lines add up to, in order of day; where nothing is left there was no service."""
    minutes: dict[tuple[dt.date, uuid.UUID], dict[str, int]] = {}
    for line in lines:
        kinds = minutes.setdefault((line.site_day, line.shift_id), {})
        kinds[line.kind] = kinds.get(line.kind, 0) + line.minutes
    return [
        Service(shift_id, on, sum(kinds.values()), kinds.get(MADE_UP, 0) > 0)
        for (on, shift_id), kinds in sorted(minutes.items())
        if sum(kinds.values()) > 0
    ]


def duration(minutes: int) -> str:
    """Return minutes in the words of the proof: hours first, and never rounded, so that the parts add up."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}分钟"
    return f"{hours}小时{rest}分" if rest else f"{hours}小时"


def spoken_day(day: dt.date) -> str:
    """Return a day as it is written in Chinese."""
    return f"{day.year}年{day.month}月{day.day}日"


def short(text: str) -> str:
    """Return what was done in one line of the table."""
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_CONTENT else plain[: LONGEST_CONTENT - 1] + "…"


def paper(content: Mapping[str, Any], heading: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template prints: the content as it was issued, in words, under a heading.

    Args:
        content: `person` and `services`, as `contents.content` made them.
        heading: number, notice, period, verify_url, issuer, issued_on.
    """
    rows: list[dict[str, Any]] = [{**row, "duration": duration(row["minutes"])} for row in content["services"]]
    total = sum(row["minutes"] for row in rows)
    totals = {
        "services": len(rows),
        "minutes": total,
        "duration": duration(total),
        "made_up": any(row["made_up"] for row in rows),
    }
    return {**heading, "person": content["person"], "services": rows, "totals": totals}
