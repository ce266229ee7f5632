"""'Am I registered?', answered to the person alone: who proves a phone learns of whoever stands under it.

Under another phone the identity number finds the person. Nothing is told before the phone is proved, and every answer
about somebody is put on record, where that person sees it. Source: domain.md F5, H1; ux.md P3; PIPL 44, 45.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.database import reading, transaction
from volunteer.errors import NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import facts, vault
from volunteer.registration.models import Denial, Invitation, Person
from volunteer.registration.proofs import Proof
from volunteer.registration.rules import IdType, PersonStatus, needs_guardian, normalize_id_number
from volunteer.registration.rules_asking import NextStep, is_told_in_full, next_steps
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import service as units
from volunteer.web import limits

MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is known, as told to who has proved to be them (or to be who acts for them).

    Attributes:
        is_full: whether the rest is told; else `display_name` to `counts_on` are None.
        since: the day on which they were put down here.
        counts_on: the day from which they count who have agreed elsewhere, unless they object before.
        was_kept: whether they denied it before, and an administrator saw the consent that holds.
        channel: how they came: `wechat`, `browser`, `device` by themselves, `keeper` on paper, `import` by a list.
    """

    id: uuid.UUID
    status: PersonStatus
    next_steps: tuple[NextStep, ...]
    is_full: bool
    is_minor: bool
    display_name: str | None = None
    unit: str | None = None
    since: dt.date | None = None
    invited_at: dt.datetime | None = None
    counts_on: dt.date | None = None
    channel: str | None = None
    erase_after: dt.datetime | None = None
    was_kept: bool = False


def ask(actor: Actor, phone: str, code: str, number: str | None, now: dt.datetime) -> Proof:
    """Prove a phone by its code, perhaps with an identity number, and put on record about whom was asked.

    Raises:
        InvalidInput: `wrong-code`.
        RateLimited: the phone has asked often.
    """
    code_id = sign_in.verify_code(phone, "register", code, now)
    if code_id is None:
        raise sign_in.wrong_code()
    limits.take("ask", phone, now)
    with transaction() as session:
        sign_in.use_code(session, code_id, now)
        other = _of_number(session, number) if number else None
        proof = Proof(phone, other.id if other else None)
        for person in _known(session, proof):
            is_other = not _is_on_record(person, phone)
            audit.record(session, actor, now, "person.ask", ("person", person.id), by_number=is_other)
            if is_other:
                body = "有人用您的证件号码和另一个手机号查询了您的注册情况。如果不是您本人,请联系所在单位或服务站。"
                notifications.tell(session, person.id, "asked", body, now)
        return proof


def answer(proof: Proof, now: dt.datetime) -> list[Known]:
    """Return who is known under a proof; nobody is an answer, too."""
    session = reading()
    people = _known(session, proof)
    day, ids = today(now), [person.id for person in people]
    theirs = memberships.units_of(session, ids, day)
    names = units.unit_briefs(set(theirs.values()))
    rows = session.scalars(sa.select(Invitation).where(Invitation.person_id.in_(ids))) if ids else ()
    invitations = {row.person_id: row for row in rows}
    kept = set(session.scalars(sa.select(Denial.person_id).where(Denial.person_id.in_(ids), Denial.state == "kept")))
    found = []
    for person in people:
        unit_id = theirs.get(person.id)
        unit = names[unit_id].name if unit_id in names else None
        was_kept = person.id in kept
        found.append(_view(person, proof.phone, unit, invitations.get(person.id), day, was_kept=was_kept))
    return found


def known_under(proof: Proof, person_id: uuid.UUID, step: NextStep, now: dt.datetime) -> Known:
    """Return one of those under a proof.

    Raises:
        NotFound: not under this proof, or the step does not lead on from where they stand.
    """
    for one in answer(proof, now):
        if one.id == person_id and step in one.next_steps:
            return one
    raise NotFound


def is_theirs(proof: Proof, person: Person) -> bool:
    """Whether a proof is of this person: their phone on record, or their identity number."""
    return person.id == proof.person_id or _is_on_record(person, proof.phone)


def _view(
    person: Person, phone: str, unit: str | None, invitation: Invitation | None, day: dt.date, *, was_kept: bool
) -> Known:
    """Return what is told of one person."""
    told = {"by_phone": _is_on_record(person, phone), "has_proved": person.phone_proved_at is not None}
    status, is_minor = PersonStatus(person.status), needs_guardian(person.birth_date, day)
    steps = next_steps(status, **told, is_leaving=person.erase_after is not None, was_kept=was_kept)
    if not is_told_in_full(**told):
        return Known(person.id, status, steps, is_full=False, is_minor=is_minor)
    is_open = invitation is not None and status is PersonStatus.INVITED
    return Known(
        person.id,
        status,
        steps,
        is_full=True,
        is_minor=is_minor,
        display_name=vault.shown_name(person),
        unit=unit,
        since=person.created_on,
        invited_at=invitation.invited_at if invitation else None,
        counts_on=invitation.counts_on if invitation and is_open else None,
        channel=person.channel,
        erase_after=person.erase_after,
        was_kept=was_kept,
    )


def _is_on_record(person: Person, phone: str) -> bool:
    """Whether a phone is the one on record."""
    return person.phone_index in vault.phone_indexes(phone)


def _known(session: Session, proof: Proof) -> list[Person]:
    """Return whoever stands under a proof, those put down last first."""
    is_meant: sa.ColumnElement[bool] = Person.phone_index.in_(vault.phone_indexes(proof.phone))
    if proof.person_id is not None:
        is_meant = is_meant | (Person.id == proof.person_id)
    query = sa.select(Person).where(is_meant, Person.status.not_in(facts.GONE)).order_by(Person.id.desc())
    return list(session.scalars(query.limit(MOST)))


def _of_number(session: Session, number: str) -> Person | None:
    """Return who has an identity number, on whichever paper."""
    plain = normalize_id_number(number)
    indexes = [index for id_type in IdType for index in vault.identity_indexes(id_type, plain)]
    query = sa.select(Person).where(Person.id_number_index.in_(indexes), Person.status.not_in(facts.GONE))
    return session.scalars(query.order_by(Person.id)).first()
