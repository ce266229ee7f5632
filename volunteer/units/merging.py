"""Merging one unit into another from a day on: seen first, then confirmed, in one transaction.

What lay below, who belongs to it, who looks after it and what hangs on it goes to the unit that stays; the days before
are left as they were. The task and the headcount of the unit that stays are said by whoever confirms, never guessed.
Source: decisions 5, 6; house rule.
"""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import directory, handing
from volunteer.accounts.directory import Holder
from volunteer.database import reading, transaction
from volunteer.errors import Conflict, InvalidInput, NotFound
from volunteer.units import endings, listing, placements, queries, seams, service, successions, targets
from volunteer.units.models import COUNTS, REPORT_IN, Placement, Unit
from volunteer.units.rules_endings import EndFault
from volunteer.units.seams import Held
from volunteer.units.service import UnitView


@dataclass(frozen=True, slots=True)
class Merger:
    """What is asked: one unit into another from a day on.

    Attributes:
        target, headcount: of the unit that stays, itself; None leaves them as they are.
        keep_liaisons: whether who looks after the first looks after the other from now on; else their role ends.
        seen: the digest of the preview that was confirmed; None for no preview.
    """

    into_id: uuid.UUID
    on: dt.date
    target: int | None = None
    headcount: int | None = None
    keep_liaisons: bool = True
    reason: str | None = None
    seen: str | None = None


class Kept(NamedTuple):
    """Things of one kind that hang on the unit."""

    label: str
    things: list[Held]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merger would move.

    Attributes:
        children: the units below, which come to stand below the other one.
        members, report_ins: how many people belong to it, and how many report in.
        targets: this year's tasks of the two units themselves.
        digest: changes when anything of it changes.
    """

    unit: UnitView
    into: UnitView
    on: dt.date
    year: int
    children: list[listing.Step]
    members: int
    report_ins: int
    holders: list[Holder]
    kept: list[Kept]
    targets: tuple[int | None, int | None]
    digest: str

    @property
    def sums(self) -> tuple[int | None, int | None]:
        """The sum of the tasks and that of the headcounts; None where neither unit has one."""
        heads = (self.unit.headcount, self.into.headcount)
        return _sum(*self.targets), _sum(*heads)


def _sum(one: int | None, other: int | None) -> int | None:
    """Return the sum of what is there."""
    return None if one is None and other is None else (one or 0) + (other or 0)


def preview(actor: Actor, unit_id: uuid.UUID, into_id: uuid.UUID | None, on: dt.date, now: dt.datetime) -> Preview:
    """Return what merging would move, and where it stands in the way nothing.

    Raises:
        NotFound: no such unit. InvalidInput: `EndFault`s on `into_id` and `on`.
    """
    actor.require_admin()
    session = reading()
    unit, into = session.get(Unit, unit_id), session.get(Unit, into_id) if into_id else None
    if unit is None:
        raise NotFound
    _check(session, unit, into, on, service.today(now))
    assert into is not None  # noqa: S101 - `_check` has refused None
    return _preview(session, actor, (unit, into), on, now)


def _preview(session: Session, actor: Actor, pair: tuple[Unit, Unit], on: dt.date, now: dt.datetime) -> Preview:
    """Return what merging two units that may be merged would move."""
    unit, into = pair
    year = service.today(now).year
    tasks = {row.unit_id: row.target for row in session.execute(queries.targets_as_of(service.today(now)))}
    below = [row.unit_id for row in placements.children_of(session, unit.id, on)]
    children = [listing.Step(one.id, one.name) for one in service.unit_briefs(below).values()]
    kept = [Kept(holding.label, holding.of(session, unit.id, on)) for holding in seams.HOLDINGS]
    holders = directory.holders_of(actor, "unit_id", unit.id)
    shown = Preview(
        unit=service.view(unit, placements.parent_of(session, unit.id)),
        into=service.view(into, placements.parent_of(session, into.id)),
        on=on,
        year=year,
        children=sorted(children, key=lambda step: step.name),
        members=successions.count(session, unit.id, COUNTS, on),
        report_ins=successions.count(session, unit.id, REPORT_IN, on),
        holders=holders,
        kept=kept,
        targets=(tasks.get(unit.id), tasks.get(into.id)),
        digest="",
    )
    people = sorted(map(str, successions.people_of(session, unit.id, on)))
    return _signed(shown, people)


def _signed(shown: Preview, people: list[str]) -> Preview:
    """Return a preview with the digest of all that it would move."""
    parts = [shown.unit.id, shown.into.id, shown.on, people, [step.id for step in shown.children]]
    parts += [[holder.grant_id for holder in shown.holders], [[thing.id for thing in one.things] for one in shown.kept]]
    digest = hashlib.sha256(repr((parts, shown.targets, shown.sums)).encode()).hexdigest()[:20]
    values = {name: getattr(shown, name) for name in Preview.__slots__}
    return Preview(**(values | {"digest": digest}))


def merge(actor: Actor, unit_id: uuid.UUID, wanted: Merger, now: dt.datetime) -> UnitView:
    """Merge a unit into another one; the same again changes nothing. Returns the merged unit, closed.

    Raises:
        NotFound: no such unit.
        InvalidInput: `EndFault`s on `into_id` and `on`.
        Conflict: `preview-changed`: what would move is not what was seen.
    """
    actor.require_admin()
    with transaction() as session:
        held = successions.people_of(session, unit_id, wanted.on) | successions.people_of(
            session, wanted.into_id, wanted.on
        )
        seams.lock_people(session, held)
        placements.lock_tree(session)
        unit, into = _locked(session, unit_id, wanted.into_id)
        done = endings.in_force(session, unit_id)
        if done is not None and (done.into_id, done.closed_on) == (wanted.into_id, wanted.on):
            return service.view(unit, placements.parent_of(session, unit_id))
        _check(session, unit, into, wanted.on, service.today(now))
        assert into is not None  # noqa: S101 - `_check` has refused None
        shown = _preview(session, actor, (unit, into), wanted.on, now)
        late = successions.people_of(session, unit_id, wanted.on) - held
        if late or (wanted.seen is not None and wanted.seen != shown.digest):
            raise Conflict("单位的成员或下属刚刚有变动,请重新核对后再确认。", code="preview-changed")
        _merge(session, actor, (unit, into), wanted, shown, now)
        return service.view(unit, placements.parent_of(session, unit_id))


def _merge(
    session: Session, actor: Actor, pair: tuple[Unit, Unit], wanted: Merger, shown: Preview, now: dt.datetime
) -> None:
    """Move everything, close the unit, and keep what went where."""
    unit, into = pair
    on, today = wanted.on, service.today(now)
    moved: dict[str, Any] = {"children": [str(step.id) for step in shown.children]}
    for step in shown.children:
        placements.put(session, step.id, into.id, on)
    moved["memberships"] = successions.hand_over(session, unit.id, into.id, on, now)
    moved["grants"] = handing.hand_over(session, actor, unit.id, into.id if wanted.keep_liaisons else None, now)
    moved["kept"] = []
    for holding, kept in zip(seams.HOLDINGS, shown.kept, strict=True):
        ids = [thing.id for thing in kept.things]
        holding.give(session, ids, seams.Handing(unit.id, into.id, on, actor, now))
        moved["kept"].append([str(one) for one in ids])
    placements.close(session, unit, on, today)
    moved["target"], moved["headcount"] = [shown.targets[1], wanted.target], [into.headcount, wanted.headcount]
    if wanted.target is not None:
        targets.set_target(actor, into.id, shown.year, wanted.target, now)
    if wanted.headcount is not None:
        service.change_unit(actor, into.id, {"headcount": wanted.headcount}, now)
    endings.record(session, actor, unit.id, into.id, on, wanted.reason, moved, now)
    told = {"into": into.code, "on": str(on), "people": shown.members}
    audit.record(session, actor, now, "unit.merge", ("unit", unit.id), wanted.reason, **told)
    audit.record(session, actor, now, "unit.take-in", ("unit", into.id), wanted.reason, **(told | {"into": unit.code}))


def _locked(session: Session, unit_id: uuid.UUID, into_id: uuid.UUID) -> tuple[Unit, Unit | None]:
    """Lock two units in the order of their ids."""
    query = sa.select(Unit).where(Unit.id.in_({unit_id, into_id})).order_by(Unit.id).with_for_update()
    found = {unit.id: unit for unit in session.scalars(query.execution_options(populate_existing=True))}
    if unit_id not in found:
        raise NotFound
    return found[unit_id], found.get(into_id)


def _check(session: Session, unit: Unit, into: Unit | None, on: dt.date, today: dt.date) -> None:
    """Raise InvalidInput with all that speaks against a merger."""
    faults = [fault.at("into_id") for fault in _pair_faults(session, unit, into, on)]
    faults += [fault.at("on") for fault in _day_faults(session, unit, into, on, today)]
    if faults:
        raise InvalidInput(faults)


def _pair_faults(session: Session, unit: Unit, into: Unit | None, on: dt.date) -> list[EndFault]:
    """Return why these two cannot be merged."""
    if into is None:
        return [EndFault.UNKNOWN]
    if into.id == unit.id:
        return [EndFault.ITSELF]
    if into.closed_on is not None or unit.closed_on is not None:
        return [EndFault.CLOSED]
    return [EndFault.INTO_ITS_OWN] if placements.is_below(session, into.id, unit.id, on) else []


def _day_faults(session: Session, unit: Unit, into: Unit | None, on: dt.date, today: dt.date) -> list[EndFault]:
    """Return why they cannot be merged on that day."""
    if on > today:
        return [EndFault.IN_FUTURE]
    if on <= placements.last_move(session, unit.id):
        return [EndFault.BEFORE_LAST_MOVE]
    if into is not None and on < into.created_on:
        return [EndFault.BEFORE_TARGET]
    moved_later = sa.or_(Placement.from_on > on, sa.and_(Placement.until_on.is_not(None), Placement.until_on > on))
    later = sa.select(Placement.id).where(Placement.parent_id == unit.id, moved_later)
    return [EndFault.LATER_CHANGES] if session.scalar(sa.select(later.exists())) else []
