"""Who may be passed on to the platform above, and what of them: adults who agreed to the purposes in force, alone.

The notice names what is passed on; the identity number is not, since nothing but one's own data holds it in full: the
platform above knows people by volunteer number, name and phone. Minors are left out: each look at a minor's data wants
a second person (`unmask_requests`), and a sheet would be many looks at once.
Source: PIPL 14, 15, 23, 47; Minor-network rules 36; O67 art. 4; contract, Conventions; ADR 0010.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.registration import consents, notices, vault
from volunteer.registration.models import Consent, Person
from volunteer.registration.rules import ADULT_AGE, COUNTED, IdType, Sex, born_by_for
from volunteer.registration.rules_consents import ConsentKind

BATCH = 500


@dataclass(frozen=True, slots=True)
class Passed:
    """Somebody as they are passed on; `version` and `agreed_on` say to what they agreed, and when."""

    id: uuid.UUID
    volunteer_no: str
    name: str
    sex: Sex | None
    id_type: IdType | None
    phone: str | None
    version: str
    agreed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many stand registered or suspended, how many of them are passed on, and why the others are not."""

    counted: int
    passed: int
    minors: int
    outdated: int

    @property
    def without(self) -> int:
        """How many adults did not agree, or took it back."""
        return self.counted - self.passed - self.minors - self.outdated


def numbers(session: Session, day: dt.date) -> Numbers:
    """Return how many are passed on today, and how many are left out for which reason."""
    counted = sa.select(sa.func.count()).select_from(Person).where(_counts())
    is_minor = Person.birth_date > born_by_for(day, ADULT_AGE)
    minors = session.scalar(counted.where(is_minor)) or 0
    agreeing = session.scalar(counted.where(~is_minor, Person.id.in_(consents.holders(ConsentKind.UPSTREAM, day)))) or 0
    passed = session.scalar(counted.where(Person.id.in_(may_be_passed_on(day)))) or 0
    return Numbers(session.scalar(counted) or 0, passed, minors, agreeing - passed)


def may_be_passed_on(day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of who may be passed on: adults whose yes covers the purposes in force."""
    version = notices.last_asking(ConsentKind.UPSTREAM, day)
    return sa.select(Person.id).where(
        _counts(),
        Person.birth_date <= born_by_for(day, ADULT_AGE),
        Person.id.in_(consents.holders(ConsentKind.UPSTREAM, day, version)),
    )


def _counts() -> sa.ColumnElement[bool]:
    """Return the condition that somebody stands registered and is not leaving."""
    statuses = sorted(status.value for status in COUNTED)
    return sa.and_(Person.status.in_(statuses), Person.erase_after.is_(None))


def people(session: Session, day: dt.date) -> list[Passed]:
    """Return everybody who is passed on, by volunteer number, with what they agreed to."""
    query = sa.select(Person).where(Person.id.in_(may_be_passed_on(day))).order_by(Person.volunteer_no)
    rows = list(session.scalars(query.execution_options(yield_per=BATCH)))
    agreed = _agreed(session)
    return [_passed(person, agreed[person.id]) for person in rows]


def _agreed(session: Session) -> dict[uuid.UUID, tuple[str, dt.datetime]]:
    """Return the newest yes of everybody that was not taken back: its version, and when it was given."""
    query = sa.select(Consent.person_id, Consent.version, Consent.given_at).where(
        Consent.kind == ConsentKind.UPSTREAM.value, Consent.withdrawn_at.is_(None)
    )
    rows = session.execute(query.order_by(Consent.version, Consent.given_at))
    return {person_id: (version, given_at) for person_id, version, given_at in rows}


def _passed(person: Person, agreed: tuple[str, dt.datetime]) -> Passed:
    """Return one row."""
    sex, id_type = (Sex(person.sex) if person.sex else None), (IdType(person.id_type) if person.id_type else None)
    phone = vault.opened(person, "phone")
    return Passed(person.id, person.volunteer_no, vault.name_of(person), sex, id_type, phone, *agreed)


def to_be_deleted(session: Session, passed_before: sa.Select[uuid.UUID], day: dt.date) -> list[str]:
    """Return the volunteer numbers of those passed on before who agree no more: they are to be deleted above."""
    query = sa.select(Person.volunteer_no).where(Person.id.in_(passed_before), Person.id.not_in(may_be_passed_on(day)))
    return list(session.scalars(query.order_by(Person.volunteer_no)))
