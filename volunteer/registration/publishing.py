"""Who may be named in public, and how; who agrees to photos. Asked anew at every read: nothing is kept.

An adult who agreed is named in full: that is what they agreed to. A minor whose guardian agreed is named by the mask
alone, since what is once public is not called back from everywhere. Nobody else is named, not even masked: beside a
unit and hours a mask says who it is to everybody who works there.
Source: PIPL 15, 25, 28, 31; R685 art. 20; O67 art. 16; ADR 0010.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.registration import consents, vault
from volunteer.registration.models import Person
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.rules_consents import ConsentKind


@dataclass(frozen=True, slots=True)
class PublicName:
    """A name as it may stand in public; `is_masked` where it is a minor's."""

    text: str
    is_masked: bool


def may_be_named(day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of who may be named in public at the end of a day: registered, agreed, not leaving."""
    return sa.select(Person.id).where(
        Person.status == PersonStatus.REGISTERED.value,
        Person.erase_after.is_(None),
        Person.id.in_(consents.holders(ConsentKind.PUBLIC_NAMES, day)),
    )


def public_names(session: Session, person_ids: Collection[uuid.UUID], day: dt.date) -> dict[uuid.UUID, PublicName]:
    """Return the names of those of these people who may be named in public today, by id. One statement."""
    if not person_ids:
        return {}
    query = sa.select(Person).where(Person.id.in_(set(person_ids)), Person.id.in_(may_be_named(day)))
    return {person.id: _public_name(person, day) for person in session.scalars(query)}


def _public_name(person: Person, day: dt.date) -> PublicName:
    """Return one person's name for everybody."""
    is_minor = needs_guardian(person.birth_date, day)
    return PublicName(vault.shown_name(person) if is_minor else vault.name_of(person), is_minor)


def may_be_photographed(session: Session, person_ids: Collection[uuid.UUID], day: dt.date) -> set[uuid.UUID]:
    """Return those of these people who agree to photos today. One statement."""
    return consents.having(session, person_ids, ConsentKind.PHOTOS, day) if person_ids else set()
