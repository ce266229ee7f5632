"""Inviting people from a list that staff bring in: who is new, who is known, who is somebody else's.

Nobody is registered by it: an invited person counts nowhere until they claim the invitation, register with a proved
phone, or, where they agreed elsewhere (`vouching`), 7 days have passed without their objection. How the new ones are
written is in `invitation_rows`. Source: contract, Imports; decisions 17; domain.md F5; peers.md T37, T39.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.bulk import Tick, nobody_asks
from volunteer.database import reading
from volunteer.errors import Worded
from volunteer.registration import facts, refusals, vault
from volunteer.registration.models import Invitation, Person
from volunteer.registration.rules import Identity, IdType, PersonStatus, needs_guardian
from volunteer.registration.statuses import today
from volunteer.units import memberships

T = TypeVar("T")
BATCH: Final = 400


class InviteFault(Worded):
    """Why a sound row of a list is not taken; the value is the permanent code."""

    ELSEWHERE = (
        "elsewhere",
        "此人不在您的管理范围内:已注册,或在别的单位的名单中。请由本人修改所在单位,或请管理员办理转移。",
    )
    REFUSED = (
        "refused-before",
        "此人曾收到邀请并明确不同意,不能再次列入名单。请删去这一行;本人改变主意时,可随时自行注册。",
    )
    NEEDS_TRANSFER = "needs-transfer", "此人已注册,所在单位与这一行不同。请先办理转移,或改正这一行的单位。"


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody on a list. `row` is where they stand in it."""

    row: int
    name: str
    identity: Identity
    phone: str | None
    unit_id: uuid.UUID
    political_status: str | None = None


@dataclass(slots=True)
class Plan:
    """What a list would change: who is new, whose invitation differs, who is known as they are, who is refused.

    Attributes:
        refusal_keys: under which those who are new would be found if they had refused.
    """

    created: list[Invitee] = field(default_factory=list)
    updated: list[tuple[uuid.UUID, Invitee]] = field(default_factory=list)
    unchanged: list[uuid.UUID] = field(default_factory=list)
    refused: list[tuple[Invitee, InviteFault]] = field(default_factory=list)
    refusal_keys: list[bytes] = field(default_factory=list)


def plan(
    invitees: Sequence[Invitee], scope: frozenset[uuid.UUID] | None, now: dt.datetime, tick: Tick = nobody_asks
) -> Plan:
    """Compare a list with who is known. `scope` are the units that the caller may fill; None for all."""
    found = Plan()
    for number, batch in enumerate(batches(invitees)):
        tick(number * BATCH, len(invitees))
        by_index = {
            index: invitee
            for invitee in batch
            for index in vault.identity_indexes(invitee.identity.id_type, invitee.identity.number)
        }
        query = sa.select(Person).where(Person.id_number_index.in_(by_index))
        known = {by_index[person.id_number_index or b""].row: person for person in reading().scalars(query)}
        theirs = memberships.units_of(reading(), [person.id for person in known.values()], today(now))
        keys = refusals.keys_of(_key(invitee) for invitee in batch if invitee.row not in known)
        refused = {keys[index] for index in refusals.found_among(reading(), keys)}
        found.refusal_keys += [index for index, key in keys.items() if key not in refused]
        for invitee in batch:
            person = known.get(invitee.row)
            if person is None and _key(invitee) in refused:
                found.refused.append((invitee, InviteFault.REFUSED))
            elif person is None:
                found.created.append(invitee)
            else:
                _compare(found, invitee, person, theirs.get(person.id), scope)
    return found


def _key(invitee: Invitee) -> tuple[IdType, str]:
    """Return the identity of a row as refusals know it."""
    return invitee.identity.id_type, invitee.identity.number


def _compare(
    found: Plan, invitee: Invitee, person: Person, unit_id: uuid.UUID | None, scope: frozenset[uuid.UUID] | None
) -> None:
    """Put a known person where they belong in the plan."""
    if unit_id != invitee.unit_id and scope is not None and unit_id not in scope:
        found.refused.append((invitee, InviteFault.ELSEWHERE))
    elif person.status != PersonStatus.INVITED:
        if unit_id == invitee.unit_id:
            found.unchanged.append(person.id)
        else:
            found.refused.append((invitee, InviteFault.NEEDS_TRANSFER))
    elif unit_id != invitee.unit_id or _differs(person, invitee):
        found.updated.append((person.id, invitee))
    else:
        found.unchanged.append(person.id)


def _differs(person: Person, invitee: Invitee) -> bool:
    """Whether the list says anything else about an invited person than is known; an empty cell says nothing."""
    return (
        vault.name_of(person) != invitee.name
        or (invitee.phone is not None and person.phone_index not in vault.phone_indexes(invitee.phone))
        or (invitee.political_status is not None and person.political_status != invitee.political_status)
    )


def update(session: Session, person_id: uuid.UUID, invitee: Invitee, now: dt.datetime) -> None:
    """Let an invitation say what the newer list says, unless the person has answered meanwhile."""
    person = facts.locked(session, person_id)
    if person.status != PersonStatus.INVITED:
        return
    vault.put_name(person, invitee.name, is_minor=needs_guardian(person.birth_date, today(now)))
    if invitee.phone is not None:
        vault.put_phone(person, invitee.phone)
    if invitee.political_status is not None:
        person.political_status = invitee.political_status
    memberships.transfer(session, person_id, invitee.unit_id, today(now), now)
    session.execute(sa.update(Invitation).where(Invitation.person_id == person_id).values(unit_id=invitee.unit_id))


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a list in parts that one statement can take."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
