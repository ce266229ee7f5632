"""The privacy notice: every version as a file beside this one, the newest in force.

Consents name the version that was agreed to, so a version once published is never edited: a change is a new file.
Source: PIPL 14, 17 (domain.md b6); Regulation 685, art. 20.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "notices"


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the notice; versions are days, so the greatest is the newest."""

    version: str
    text: str


@cache
def current_notice() -> Notice:
    """Return the version in force."""
    newest = max(FOLDER.glob("*.txt"))
    return Notice(newest.stem, newest.read_text("utf-8"))
