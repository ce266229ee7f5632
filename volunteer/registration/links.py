"""Which accounts are a person, and which may act for one: guardians for a child, families for each other.

An account is at most one person (`self`); a person may have several accounts. A guardian acts while the person is
under 18. Source: decisions 3; contract, GET /me.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.database import reading
from volunteer.errors import Forbidden, NotFound
from volunteer.registration import vault
from volunteer.registration.facts import GONE
from volunteer.registration.models import FAMILY, GUARDIAN, SELF, Person, PersonAccount
from volunteer.registration.rules import ADULT_AGE
from volunteer.registration.statuses import present_day
from volunteer.units import memberships

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Dependant:
    """A person for whom an account may act."""

    id: uuid.UUID
    volunteer_no: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose page is shown: the caller's own (`other` is None) or that of one they act for; `others`: all of those."""

    person_id: uuid.UUID
    other: Dependant | None
    others: tuple[Dependant, ...]

    @property
    def volunteer_id(self) -> uuid.UUID | None:
        """What stands in addresses and forms: nothing for oneself."""
        return self.other.id if self.other else None


def whom(actor: Actor, chosen: str) -> Whom:
    """Return whose page is meant: of one whom the caller acts for, where `chosen` is their id, else the caller's own.

    Raises:
        Forbidden: `not-a-volunteer`, where nobody is chosen.
    """
    others = tuple(persons_of(actor.account)["acts_for"])
    other = next((one for one in others if str(one.id) == chosen), None)
    return Whom(other.id if other else own_person(actor), other, others)


def own_person(actor: Actor) -> uuid.UUID:
    """Return the person that the caller's account is.

    Raises:
        Forbidden: `not-a-volunteer`.
    """
    person_id = find_own_person(actor)
    if person_id is None:
        raise Forbidden("您的账号还没有注册为志愿者,请先注册。", code="not-a-volunteer")
    return person_id


def find_own_person(actor: Actor) -> uuid.UUID | None:
    """Return the person that the caller's account is, or None."""
    if actor.account_id is None:
        return None
    return reading().scalar(_linked(actor.account_id).where(PersonAccount.relation == SELF))


def may_act_for(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether the caller is the person, or may act for them."""
    if actor.account_id is None:
        return False
    return reading().scalar(_linked(actor.account_id).where(Person.id == person_id)) is not None


def acting_as(actor: Actor, volunteer_id: uuid.UUID | None) -> uuid.UUID:
    """Return whom the caller means: themself, or the dependant `volunteer_id`.

    Raises:
        Forbidden: `not-a-volunteer`, where nobody is named.
        NotFound: they may not act for that person.
    """
    if volunteer_id is None:
        return own_person(actor)
    if not may_act_for(actor, volunteer_id):
        raise NotFound
    return volunteer_id


def linked_persons(actor: Actor) -> list[uuid.UUID]:
    """Return the person that the caller is, and all for whom they may act."""
    return linked_to(actor.account)


def linked_to(account_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the person that an account is, and all for whom it may act."""
    return list(reading().scalars(_linked(account_id)))


def relation_of(session: Session, account_id: uuid.UUID, person_id: uuid.UUID) -> str:
    """Return what an account is to a person, as of `RELATIONS`; an empty text for nothing."""
    link = session.get(PersonAccount, (person_id, account_id))
    return link.relation if link else ""


def is_guardian_of(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether the caller acts for a person under 18 as their guardian."""
    if actor.account_id is None:
        return False
    query = _linked(actor.account_id).where(Person.id == person_id, PersonAccount.relation == GUARDIAN)
    return reading().scalar(query) is not None


def account_ids_of(session: Session, person_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the accounts that are or act for a person: none of them decides about that person."""
    query = sa.select(PersonAccount.account_id).where(PersonAccount.person_id == person_id)
    return frozenset(session.scalars(query))


def accounts_of(session: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Return the accounts that are or act for people, by person: `account_ids_of` for many."""
    every, found = list(person_ids), dict[uuid.UUID, frozenset[uuid.UUID]]()
    for start in range(0, len(every), AT_ONCE):
        part = every[start : start + AT_ONCE]
        query = sa.select(PersonAccount.person_id, PersonAccount.account_id).where(PersonAccount.person_id.in_(part))
        for person_id, account_id in session.execute(query):
            found[person_id] = found.get(person_id, frozenset()) | {account_id}
    return found


def history_of(session: Session, person_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the accounts that are or act for a person, as `relation` and `since`."""
    query = sa.select(PersonAccount).where(PersonAccount.person_id == person_id).order_by(PersonAccount.created_at)
    return [{"relation": link.relation, "since": link.created_at} for link in session.scalars(query)]


def persons_of(account_id: uuid.UUID) -> dict[str, Any]:
    """Return `{volunteer, acts_for}` for GET /me."""
    session = reading()
    query = (
        sa.select(Person, PersonAccount.relation)
        .join(PersonAccount, PersonAccount.person_id == Person.id)
        .where(PersonAccount.account_id == account_id, *_in_force())
        .order_by(Person.id)
    )
    own, others = None, []
    for person, relation in session.execute(query):
        if relation == SELF:
            own = {
                "id": person.id,
                "volunteer_no": person.volunteer_no,
                "status": person.status,
                "unit_id": memberships.unit_of(session, person.id, present_day()),
            }
        else:
            others.append(Dependant(person.id, person.volunteer_no, vault.shown_name(person)))
    return {"volunteer": own, "acts_for": others}


def attach(session: Session, person_id: uuid.UUID, account_id: uuid.UUID, relation: str, now: dt.datetime) -> None:
    """Let an account be a person or act for one. An account that is somebody already becomes `family`."""
    if session.get(PersonAccount, (person_id, account_id)) is not None:
        return
    if relation == SELF and self_of(session, account_id) is not None:
        relation = FAMILY
    session.add(PersonAccount(person_id=person_id, account_id=account_id, relation=relation, created_at=now))
    session.flush()


def self_of(session: Session, account_id: uuid.UUID) -> Person | None:
    """Return the person that an account is, or None."""
    query = (
        sa.select(Person)
        .join(PersonAccount, PersonAccount.person_id == Person.id)
        .where(PersonAccount.account_id == account_id, PersonAccount.relation == SELF)
    )
    return session.scalars(query).one_or_none()


def own_accounts(session: Session, person_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the accounts that are a person, the oldest first; several where records were merged."""
    mine = (PersonAccount.person_id == person_id, PersonAccount.relation == SELF)
    query = sa.select(PersonAccount.account_id).where(*mine).order_by(PersonAccount.created_at)
    return list(session.scalars(query))


def person_of(session: Session, account_id: uuid.UUID) -> uuid.UUID | None:
    """Return who an account is; None for one that is nobody."""
    person = self_of(session, account_id)
    return person.id if person else None


def drop_links(session: Session, person_id: uuid.UUID) -> list[uuid.UUID]:
    """Detach every account from a person; return those that now are and act for nobody."""
    accounts = sorted(account_ids_of(session, person_id))
    session.execute(sa.delete(PersonAccount).where(PersonAccount.person_id == person_id))
    kept = sa.select(PersonAccount.account_id).where(PersonAccount.account_id.in_(accounts))
    in_use = set(session.scalars(kept))
    return [account_id for account_id in accounts if account_id not in in_use]


def _linked(account_id: uuid.UUID) -> sa.Select[uuid.UUID]:
    """Return a select of the ids of the people that an account is or may act for."""
    return (
        sa.select(Person.id)
        .join(PersonAccount, PersonAccount.person_id == Person.id)
        .where(PersonAccount.account_id == account_id, *_in_force())
        .order_by(Person.id)
    )


def _in_force() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of a link that holds today: the person is there; a guardian's ward is under 18."""
    day = present_day()
    leap = day.month == 2 and day.day == 29
    youngest_adult = day.replace(year=day.year - ADULT_AGE, day=28 if leap else day.day)
    is_ward = PersonAccount.relation == GUARDIAN
    return Person.status.not_in(GONE), sa.or_(~is_ward, Person.birth_date > youngest_adult)
