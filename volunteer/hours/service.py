"""Hours as other rooms and the API see them: settling, totals, entries, explanations; who may see whose.

Seams: `Presence`, `PRESENCE_OF`, `RECORDED_BY` (check-in tells), `settle` (check-in calls), `lines_of` and
`LINES_CHANGED` (certificates). Source: contract, Hours; decisions 1, 2.
"""

import datetime as dt
import uuid
from typing import Any

from volunteer.access import Actor, Permission
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.hours import queries
from volunteer.hours.asking import may_see
from volunteer.hours.explaining import explain
from volunteer.hours.messages import tell_unclosed
from volunteer.hours.models import LedgerLine
from volunteer.hours.queries import LineView, lines_of
from volunteer.hours.seams import (
    ATTENDED,
    LINES_CHANGED,
    MARKED,
    MARKS,
    PRESENCE_OF,
    RECORDED_BY,
    SCANS_BETWEEN,
    SCANS_OF,
    Presence,
)
from volunteer.hours.settling import Asked, Case, Settled, settle, settle_again, settle_if_due, settle_many, shift_moved
from volunteer.registration.service import may_act_for, require_person

__all__ = [
    "ATTENDED",
    "LINES_CHANGED",
    "MARKED",
    "MARKS",
    "PRESENCE_OF",
    "RECORDED_BY",
    "SCANS_BETWEEN",
    "SCANS_OF",
    "Asked",
    "Case",
    "LineView",
    "Presence",
    "Settled",
    "entries",
    "explanation",
    "lines_of",
    "minutes_of",
    "settle",
    "settle_again",
    "settle_many",
    "shift_moved",
    "tell_unclosed",
    "totals",
]


def totals(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> dict[str, int]:
    """Return a person's minutes and star level.

    Raises:
        NotFound: no such person, for this caller.
    """
    require_reader(actor, person_id)
    settle_if_due(person_id, now)
    return queries.totals_of(person_id)


def minutes_of(person_id: uuid.UUID) -> int:
    """Return what counts for a person, as their ledger stands: a handler of registration's merges."""
    return queries.totals_of(person_id)["minutes_total"]


def entries(
    actor: Actor, person_id: uuid.UUID, now: dt.datetime, limit: int, before: tuple[dt.datetime, uuid.UUID] | None
) -> list[dict[str, Any]]:
    """Return a page (and one more) of a person's lines and of their pending and refused requests, newest first.

    Raises:
        NotFound: no such person, for this caller.
    """
    require_reader(actor, person_id)
    settle_if_due(person_id, now)
    return queries.entries_of(person_id, limit, before)


def explanation(actor: Actor, entry_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return how a line came about, computed anew from the evidence.

    Raises:
        NotFound: no such line, for this caller.
    """
    line = reading().get(LedgerLine, entry_id)
    if line is None or not may_see(actor, line):
        raise NotFound
    settle_if_due(line.person_id, now)
    return explain(reading(), line, now)


def require_reader(actor: Actor, person_id: uuid.UUID) -> None:
    """Raise NotFound unless the caller is the person, acts for them, or reads people in that scope."""
    if not may_act_for(actor, person_id):
        require_person(actor, Permission.READ_PEOPLE, person_id)
