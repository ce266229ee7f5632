"""Closing a unit in which nothing stands any more, and what speaks against it.

A closed unit keeps its history: reports of the days before show it as it was. Source: ux.md A5; decisions 5.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import handing
from volunteer.database import new_id, reading
from volunteer.errors import Conflict
from volunteer.units import placements, seams, successions
from volunteer.units.models import COUNTS, Unit, UnitEnding
from volunteer.units.rules_endings import InUse


class Use(NamedTuple):
    """One thing that keeps a unit from being closed, and how often it does."""

    reason: InUse
    times: int


def uses_of(session: Session, unit_id: uuid.UUID, on: dt.date) -> list[Use]:
    """Return everything that keeps a unit from being closed from `on` on."""
    found = [
        Use(InUse.UNITS_BELOW, len({row.unit_id for row in placements.children_of(session, unit_id, on)})),
        Use(InUse.MEMBERS, successions.count(session, unit_id, COUNTS, on)),
    ]
    found += [Use(holding.reason, len(holding.of(session, unit_id, on))) for holding in seams.HOLDINGS]
    return [use for use in found if use.times]


def close(session: Session, actor: Actor, unit: Unit, on: dt.date, today: dt.date, now: dt.datetime) -> None:
    """Take a locked unit out of the tree from `on` on, with the roles over it; on the same day again nothing changes.

    Callers hold `placements.lock_tree`.

    Raises:
        InvalidInput: `in-future` or `before-last-move` on `closed_on`.
        Conflict: `unit-in-use`, with all `reasons` as `code`, `message` and `count`.
    """
    if unit.closed_on == on:
        return
    uses = uses_of(session, unit.id, on) if unit.closed_on is None and on <= today else []
    if uses:
        raise Conflict(
            "该单位还有" + "、".join(WORDS[use.reason] for use in uses) + ",请先把他们转到别的单位,或并入另一个单位。",
            code="unit-in-use",
            reasons=[{"code": str(use.reason), "message": use.reason.sentence, "count": use.times} for use in uses],
        )
    placements.close(session, unit, on, today)
    moved = {
        "memberships": successions.hand_over(session, unit.id, None, on, now),
        "grants": handing.hand_over(session, actor, unit.id, None, now),
    }
    record(session, actor, unit.id, None, on, None, moved, now)
    audit.record(session, actor, now, "unit.close", ("unit", unit.id), on=str(on))


WORDS: Mapping[InUse, str] = {
    InUse.UNITS_BELOW: "下级单位",
    InUse.MEMBERS: "成员",
    InUse.STATIONS: "站点",
    InUse.TEAMS: "服务队",
    InUse.PAIRINGS: "包联",
    InUse.ACTIVITIES: "活动",
}


def record(
    session: Session,
    actor: Actor,
    unit_id: uuid.UUID,
    into_id: uuid.UUID | None,
    on: dt.date,
    reason: str | None,
    moved: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """Keep how a unit ended."""
    session.add(
        UnitEnding(
            id=new_id(),
            unit_id=unit_id,
            into_id=into_id,
            closed_on=on,
            reason=reason,
            done_by=actor.account_id,
            done_at=now,
            moved=dict(moved),
        )
    )
    session.flush()


def in_force(session: Session, unit_id: uuid.UUID) -> UnitEnding | None:
    """Return how a closed unit ended; None for an open one."""
    query = sa.select(UnitEnding).where(UnitEnding.unit_id == unit_id, UnitEnding.undone_at.is_(None))
    return session.scalars(query).one_or_none()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a unit ended, for people: `into` is the unit that it was merged into."""

    closed_on: dt.date
    into: Unit | None
    reason: str | None
    done_by: uuid.UUID | None
    done_at: dt.datetime
    undone_at: dt.datetime | None


def ending_of(unit_id: uuid.UUID) -> Ending | None:
    """Return how a closed unit ended; None for an open one, and for one closed before this was kept."""
    session = reading()
    found = in_force(session, unit_id)
    if found is None:
        return None
    into = session.get(Unit, found.into_id) if found.into_id else None
    return Ending(found.closed_on, into, found.reason, found.done_by, found.done_at, found.undone_at)


def uses(actor: Actor, unit_id: uuid.UUID, on: dt.date) -> list[Use]:
    """Return everything that keeps a unit from being closed, for who may close it."""
    actor.require_admin()
    return uses_of(reading(), unit_id, on)
