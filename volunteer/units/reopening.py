"""Taking back a closing or a merger on its day: what went away comes back, unless it has moved on since.

Later it would rewrite what others have built on, so then a unit is added anew. Source: house rule.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import handing
from volunteer.database import reading, transaction
from volunteer.errors import Conflict, NotFound
from volunteer.units import credit_codes, endings, placements, queries, seams, service, successions, targets
from volunteer.units.models import Unit, UnitEnding
from volunteer.units.rules_endings import ReopenRefusal
from volunteer.units.service import UnitView


class Reopened(NamedTuple):
    """A unit that stands again. `left` people and units stay where they have gone since."""

    unit: UnitView
    left: int


def refusal(unit_id: uuid.UUID, now: dt.datetime) -> ReopenRefusal | None:
    """Return why a unit cannot be opened again, or None; for who is to be offered it."""
    session = reading()
    unit = session.get(Unit, unit_id)
    return ReopenRefusal.NOT_CLOSED if unit is None else _refusal(session, unit, now)


def _refusal(session: Session, unit: Unit, now: dt.datetime) -> ReopenRefusal | None:
    """Return why a unit cannot be opened again."""
    if unit.closed_on is None:
        return ReopenRefusal.NOT_CLOSED
    done = endings.in_force(session, unit.id)
    if done is None or service.today(done.done_at) != service.today(now):
        return ReopenRefusal.NOT_TODAY
    above = placements.parent_of(session, unit.id)
    if above is not None and session.get_one(Unit, above).closed_on is not None:
        return ReopenRefusal.ABOVE_CLOSED
    if credit_codes.is_taken(session, unit.uscc, unit.id):
        return ReopenRefusal.USCC_TAKEN
    return None


def reopen(actor: Actor, unit_id: uuid.UUID, now: dt.datetime) -> Reopened:
    """Put a unit back that was closed or merged today; one that is open stays so.

    Raises:
        NotFound: no such unit.
        Conflict: `not-today`, `above-closed`, `uscc-taken`.
    """
    actor.require_admin()
    with transaction() as session:
        known = endings.in_force(session, unit_id)
        if known is not None:
            changes = known.moved["memberships"]
            seams.lock_people(session, {uuid.UUID(row["person_id"]) for one in changes for row in one["before"]})
        placements.lock_tree(session)
        unit = session.get(Unit, unit_id, with_for_update=True, populate_existing=True)
        if unit is None:
            raise NotFound
        refused = _refusal(session, unit, now)
        if refused is ReopenRefusal.NOT_CLOSED:
            return Reopened(service.view(unit, placements.parent_of(session, unit_id)), 0)
        if refused is not None:
            raise Conflict(refused.sentence, code=str(refused))
        done = endings.in_force(session, unit_id)
        assert done is not None  # noqa: S101 - `_refusal` has looked
        left = _undo(session, actor, unit, done, now)
        audit.record(session, actor, now, "unit.reopen", ("unit", unit_id), left=left or None)
        return Reopened(service.view(unit, placements.parent_of(session, unit_id)), left)


def _undo(session: Session, actor: Actor, unit: Unit, done: UnitEnding, now: dt.datetime) -> int:
    """Give back what a closing or a merger took; return how many people and units had moved on."""
    placements.reopen(session, unit)
    left = successions.restore(session, done.moved["memberships"])
    if done.into_id is not None:
        session.get(Unit, done.into_id, with_for_update=True)
        back = [
            placements.put_back(session, uuid.UUID(child), unit.id, done.into_id, done.closed_on)
            for child in done.moved["children"]
        ]
        left += back.count(False)
        for holding, ids in zip(seams.HOLDINGS, done.moved["kept"], strict=False):
            _take_back(session, actor, holding, [uuid.UUID(one) for one in ids], done)
        _give_back_numbers(session, actor, done, now)
    handing.hand_back(session, actor, unit.id, done.moved["grants"], now)
    done.undone_by, done.undone_at = actor.account_id, now
    session.flush()
    return left


def _take_back(
    session: Session, actor: Actor, holding: seams.Holding, ids: Collection[uuid.UUID], done: UnitEnding
) -> None:
    """Give back what a merger handed over; what has moved on since stays."""
    assert done.into_id is not None  # noqa: S101 - a merger has one
    if holding.take_back is not None:
        holding.take_back(session, ids, seams.Handing(done.unit_id, done.into_id, done.closed_on, actor, done.done_at))
    else:
        holding.give(session, ids, seams.Handing(done.into_id, done.unit_id, done.closed_on, actor, done.done_at))


def _give_back_numbers(session: Session, actor: Actor, done: UnitEnding, now: dt.datetime) -> None:
    """Set the task and the headcount of the other unit back, where they are still those that the merger set."""
    assert done.into_id is not None  # noqa: S101 - a merger has one
    was, made = done.moved["target"]
    tasks = {row.unit_id: row.target for row in session.execute(queries.targets_as_of(service.today(now)))}
    if made is not None and tasks.get(done.into_id) == made:
        year = service.today(now).year
        if was is None:
            targets.withdraw_target(actor, done.into_id, year, now)
        else:
            targets.set_target(actor, done.into_id, year, was, now)
    was, made = done.moved["headcount"]
    heads = session.scalar(sa.select(Unit.headcount).where(Unit.id == done.into_id))
    if made is not None and heads == made:
        service.change_unit(actor, done.into_id, {"headcount": was}, now)
