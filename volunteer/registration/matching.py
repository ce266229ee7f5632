"""Who a list speaks of: people found by identity or by volunteer number, for lists that bring no new people.

Nothing personal is given: whether the name on the list is theirs is answered with yes or no.
Source: contract, Imports (past hours); domain.md F1 (hours are never written to whom the list does not clearly name).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.registration import vault
from volunteer.registration.models import Person
from volunteer.registration.rules import IdType, PersonStatus

BATCH: Final = 500
STANDING: Final = (PersonStatus.REGISTERED.value, PersonStatus.SUSPENDED.value)


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a list names them: by volunteer number, or by resident number; and the name beside it."""

    name: str
    volunteer_no: str | None
    id_number: str | None


@dataclass(frozen=True, slots=True)
class Match:
    """Who was found: None where nobody registered has that number; `is_name` whether the name is theirs."""

    person_id: uuid.UUID | None = None
    is_name: bool = False


def match(session: Session, named: Sequence[Named]) -> list[Match]:
    """Return who each entry names, in the same order; two statements for every 500."""
    found: list[Match] = []
    for start in range(0, len(named), BATCH):
        found += _batch(session, named[start : start + BATCH])
    return found


def _batch(session: Session, named: Sequence[Named]) -> list[Match]:
    """Match what one statement can take."""
    numbers = {one.volunteer_no for one in named if one.volunteer_no}
    by_index = {
        index: one.id_number
        for one in named
        if one.id_number and not one.volunteer_no
        for index in vault.identity_indexes(IdType.RESIDENT_ID, one.id_number)
    }
    standing = Person.status.in_(STANDING)
    people = session.scalars(sa.select(Person).where(standing, Person.volunteer_no.in_(numbers)))
    by_no = {person.volunteer_no: person for person in people}
    people = session.scalars(sa.select(Person).where(standing, Person.id_number_index.in_(by_index)))
    by_identity = {by_index[person.id_number_index or b""]: person for person in people}
    found = (by_no.get(one.volunteer_no) if one.volunteer_no else by_identity.get(one.id_number or "") for one in named)
    return [
        Match(person.id, vault.name_of(person) == one.name) if person else Match()
        for one, person in zip(named, found, strict=True)
    ]
