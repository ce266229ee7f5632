"""What the caller may do about a person, and all that staff see of one: for the pages that offer it.

The services judge again when it is done (`standing`, `privacy`); here is only what is worth offering.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from volunteer.access import Actor, Permission
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import facts, people, reach, standing, statuses
from volunteer.registration.models import Person, StatusSpan
from volunteer.registration.people import PersonView
from volunteer.registration.rules import PersonStatus
from volunteer.units import memberships
from volunteer.units import service as units


class Deed(StrEnum):
    """What staff may do about a person."""

    CONFIRM = "confirm"
    TRANSFER = "transfer"
    CONTEST = "contest"
    SUSPEND = "suspend"
    RESTORE = "restore"
    UNMASK = "unmask"


@dataclass(frozen=True, slots=True)
class PersonFile:
    """A person as staff see them.

    Attributes:
        unit: the name of the unit in which the person counts today, or None.
        statuses: where the person stood, from the first day on.
        memberships: rows of `unit`, `kind`, `from_on`, `until_on`.
        deeds: what the caller may do.
    """

    person: PersonView
    unit: str | None
    statuses: list[StatusSpan]
    memberships: list[dict[str, object]]
    deeds: frozenset[Deed]


def person_file(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> PersonFile:
    """Return what staff see of a person in scope; nothing of the private part, whoever asks.

    Raises:
        NotFound: outside the scope.
    """
    reach.require_person(actor, Permission.READ_PEOPLE, person_id)
    session = reading()
    row = session.get_one(Person, person_id)
    person = people.view(row, now, in_full=False)
    unit = units.unit_briefs([person.unit_id]).get(person.unit_id) if person.unit_id else None
    return PersonFile(
        person=person,
        unit=unit.name if unit else None,
        statuses=statuses.spans_of(session, row),
        memberships=memberships.history_of(session, person_id),
        deeds=_deeds(actor, row, person),
    )


def to_confirm(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> PersonView:
    """Return the masked view of an unproven person whom the caller may confirm: a keeper at any station may.

    Raises:
        NotFound: not the caller's to confirm, or not waiting for it.
    """
    person = reading().get(Person, person_id)
    if person is None or person.status != PersonStatus.UNPROVEN or not standing.may_confirm(actor, person):
        raise NotFound
    return people.view(person, now, in_full=False)


def _deeds(actor: Actor, row: Person, person: PersonView) -> frozenset[Deed]:
    """Return what the caller may do about a person in scope."""
    if row.status in facts.GONE:
        return frozenset()
    found = set()
    if row.status == PersonStatus.UNPROVEN and standing.may_confirm(actor, row):
        found.add(Deed.CONFIRM)
    if reach.reaches(actor, Permission.MANAGE_PEOPLE, row.id):
        found.add(Deed.TRANSFER)
        found |= {Deed.CONTEST} if person.unit_id else set()
        switch = {PersonStatus.REGISTERED.value: Deed.SUSPEND, PersonStatus.SUSPENDED.value: Deed.RESTORE}
        found |= {switch[row.status]} if row.status in switch else set()
    if reach.reaches(actor, Permission.UNMASK, row.id) and (actor.is_admin or not person.is_minor):
        found.add(Deed.UNMASK)
    return frozenset(found)
