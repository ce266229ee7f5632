"""Who was invited and what came of it, for whoever looks after a unit: numbers, the list, and who was reminded when.

An invitation counts where it was made, wherever the person went since; people are listed only while they are in the
caller's scope. Who refused is gone: a number is all that is told of them. Source: contract, Imports; ux.md U2, U3.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.database import reading, transaction
from volunteer.registration import vault
from volunteer.registration.models import Invitation, Person
from volunteer.registration.rules import COUNTED, PersonStatus
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units


class InvitationState(StrEnum):
    """What came of an invitation, for a person who is still there."""

    INVITED = "invited"
    CLAIMED = "claimed"
    COUNTED = "counted"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LABELS[self]


_LABELS: Final = {
    InvitationState.INVITED: "待本人确认",
    InvitationState.CLAIMED: "本人已注册",
    InvitationState.COUNTED: "其他系统转入",
}
_LISTED: Final = sorted(status.value for status in COUNTED | {PersonStatus.INVITED, PersonStatus.UNPROVEN})


@dataclass(frozen=True, slots=True)
class Numbers:
    """What came of a unit's invitations; `reminded` are those of `invited` who were. Nobody can be told from them."""

    unit_id: uuid.UUID | None
    unit: str
    invited: int
    reminded: int
    claimed: int
    counted: int
    refused: int


@dataclass(frozen=True, slots=True)
class InvitedView:
    """Somebody who was invited, masked."""

    id: uuid.UUID
    display_name: str
    phone: str | None
    unit: str
    state: InvitationState
    invited_on: dt.date
    counts_on: dt.date | None
    reminded_at: dt.datetime | None
    reminded_by: str | None


def numbers_of(actor: Actor, unit_id: uuid.UUID, now: dt.datetime) -> tuple[Numbers, list[Numbers]]:
    """Return the numbers of a unit and all below it, as a whole and by the unit that invited; one statement.

    Raises:
        NotFound: outside the scope.
    """
    below = _below(actor, Permission.READ_REPORTS, unit_id, now)
    waits = Person.status == PersonStatus.INVITED.value
    counts = {
        "invited": waits,
        "reminded": waits & Invitation.reminded_at.is_not(None),
        "claimed": Invitation.claimed_at.is_not(None),
        "counted": Invitation.claimed_at.is_(None) & Person.status.in_([status.value for status in COUNTED]),
        "refused": Invitation.refused_at.is_not(None),
    }
    columns = [sa.func.count(sa.case((condition, 1))).label(name) for name, condition in counts.items()]
    query = (
        sa.select(Invitation.unit_id, *columns)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.unit_id.in_(below))
        .group_by(Invitation.unit_id)
    )
    rows = [dict(row) for row in reading().execute(query).mappings()]
    names = units.unit_briefs({row["unit_id"] for row in rows})
    lines = [Numbers(unit=names[row["unit_id"]].name, **row) for row in rows]
    whole = {name: sum(getattr(line, name) for line in lines) for name in counts}
    name = units.unit_briefs([unit_id])[unit_id].name
    return Numbers(unit_id=None, unit=name, **whole), sorted(lines, key=lambda line: (-line.invited, line.unit))


def list_invited(
    actor: Actor,
    unit_id: uuid.UUID,
    state: InvitationState | None,
    limit: int,
    before: uuid.UUID | None,
    now: dt.datetime,
) -> list[InvitedView]:
    """Return up to `limit` + 1 of those whom a unit or one below it invited, the newest first.

    Raises:
        NotFound: outside the scope.
    """
    below, day = _below(actor, Permission.READ_REPORTS, unit_id, now), today(now)
    query = (
        sa.select(Person, Invitation)
        .join(Invitation, Invitation.person_id == Person.id)
        .where(
            Invitation.unit_id.in_(below),
            Person.status.in_(_LISTED),
            Person.id.in_(memberships.persons_in_units(below, day)),
        )
        .order_by(Person.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        query = query.where(_is(state))
    if before is not None:
        query = query.where(Person.id < before)
    rows = list(reading().execute(query))
    names = units.unit_briefs({invitation.unit_id for _, invitation in rows if invitation.unit_id})
    who = directory.names_of(actor, {invitation.reminded_by for _, invitation in rows if invitation.reminded_by})
    by_unit = {unit.id: unit.name for unit in names.values()}
    return [_view(person, invitation, by_unit, who) for person, invitation in rows]


def remind(actor: Actor, unit_id: uuid.UUID, person_ids: Collection[uuid.UUID] | None, now: dt.datetime) -> int:
    """Note that these people, or all who still wait, were reminded now; return how many. The words go another way.

    Who was answered meanwhile, or is not of this unit, is left out.

    Raises:
        NotFound: outside the scope.
    """
    below = _below(actor, Permission.MANAGE_PEOPLE, unit_id, now)
    waiting = sa.select(Person.id).where(
        Person.status == PersonStatus.INVITED.value,
        Person.id.in_(memberships.persons_in_units(below, today(now))),
    )
    reminded = sa.update(Invitation).where(Invitation.unit_id.in_(below), Invitation.person_id.in_(waiting))
    if person_ids is not None:
        reminded = reminded.where(Invitation.person_id.in_(person_ids))
    with transaction() as session:
        values = {"reminded_at": now, "reminded_by": actor.account}
        done = session.execute(reminded.values(values).execution_options(synchronize_session=False))
        count = int(done.rowcount)  # type: ignore[attr-defined]
        if count:
            audit.record(session, actor, now, "invitation.remind", ("unit", unit_id), people=count)
        return count


def _below(actor: Actor, permission: Permission, unit_id: uuid.UUID, now: dt.datetime) -> list[uuid.UUID]:
    """Return a unit in the caller's scope and all below it."""
    units.require_unit(actor, permission, unit_id)
    return list(reading().scalars(unit_queries.ids_in_scope((unit_id,), (), today(now))))


def _is(state: InvitationState) -> sa.ColumnElement[bool]:
    """Return the condition of a state."""
    waits, claimed = Person.status == PersonStatus.INVITED.value, Invitation.claimed_at.is_not(None)
    conditions: dict[InvitationState, sa.ColumnElement[bool]] = {
        InvitationState.INVITED: waits,
        InvitationState.CLAIMED: claimed,
        InvitationState.COUNTED: ~waits & ~claimed,
    }
    return conditions[state]


def _view(person: Person, invitation: Any, names: dict[uuid.UUID, str], who: dict[uuid.UUID, str]) -> InvitedView:
    """Return what is shown of one of them."""
    state = InvitationState.COUNTED if invitation.claimed_at is None else InvitationState.CLAIMED
    if person.status == PersonStatus.INVITED:
        state = InvitationState.INVITED
    return InvitedView(
        id=person.id,
        display_name=vault.shown_name(person),
        phone=vault.masked_phone(vault.opened(person, "phone")),
        unit=names[invitation.unit_id],
        state=state,
        invited_on=today(invitation.invited_at),
        counts_on=invitation.counts_on if state is InvitationState.INVITED else None,
        reminded_at=invitation.reminded_at,
        reminded_by=who.get(invitation.reminded_by),
    )
