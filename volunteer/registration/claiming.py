"""Claiming an existing registration: the identity number and the phone on record, proved by a code, together.

For who was registered before they had an account: unproven people, wards who have come of age. Source: contract,
POST /volunteers (a known identity is told how to claim it); decisions 3.
"""

import datetime as dt
import uuid
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.accounts.passwords import hash_password
from volunteer.accounts.rules import password_fault
from volunteer.database import lock_name, transaction
from volunteer.errors import Conflict, InvalidInput, invalid
from volunteer.registration import facts, links, statuses, vault
from volunteer.registration.models import SELF, Denial, Person
from volunteer.registration.proofs import Proof
from volunteer.registration.registering import account_of
from volunteer.registration.rules import IdType, PersonStatus, normalize_id_number
from volunteer.registration.statuses import today

#: Who is only invited has agreed to nothing yet: they register, or claim the invitation.
NOT_TO_CLAIM = (*facts.GONE, PersonStatus.INVITED.value)


def claim(
    actor: Actor, id_type: IdType, number: str, phone: str, code: str, password: str | None, now: dt.datetime
) -> Person:
    """Give the account of a proved phone to the person who is registered with this identity and this phone.

    An unproven person is registered by it. Unknown identities and other phones are told alike.

    Raises:
        InvalidInput: `wrong-code`, `weak-password`, `claim-failed` on `id_number`.
    """
    fault = password_fault(password, phone) if password else None
    if fault:
        raise InvalidInput([fault])
    code_id = sign_in.verify_code(phone, "register", code, now)
    if code_id is None:
        raise sign_in.wrong_code()
    return _give(actor, (id_type,), number, phone, code_id, password, now)


def take_over(
    actor: Actor, person_id: uuid.UUID, number: str, password: str | None, proof: Proof, now: dt.datetime
) -> Person:
    """Do the same with a phone that was proved a moment ago, for somebody found under it.

    Raises:
        InvalidInput: `weak-password`, `claim-failed` on `id_number`.
    """
    fault = password_fault(password, proof.phone) if password else None
    if fault:
        raise InvalidInput([fault])
    return _give(actor, tuple(IdType), number, proof.phone, None, password, now, person_id)


def _refuse_takeover(session: Session, person: Person, account_id: uuid.UUID) -> None:
    """Refuse a second account beside the person's own: a phone that one member of staff has put there proves nothing.

    Raises:
        Conflict: `has-account`.
    """
    theirs = links.own_accounts(session, person.id)
    if theirs and account_id not in theirs:
        raise Conflict(
            "您的注册已有登录账号。手机号已更换的,请带证件到所在单位或服务站申请更换手机号。", code="has-account"
        )


def _give(
    actor: Actor,
    id_types: Iterable[IdType],
    number: str,
    phone: str,
    code_id: uuid.UUID | None,
    password: str | None,
    now: dt.datetime,
    meant: uuid.UUID | None = None,
) -> Person:
    """Give the account of a phone to who is registered with it and this number; `meant` is who it must be."""
    hashed = hash_password(password) if password else None
    plain = normalize_id_number(number)
    indexes = [index for id_type in id_types for index in vault.identity_indexes(id_type, plain)]
    query = sa.select(Person.id).where(
        Person.id_number_index.in_(indexes),
        Person.phone_index.in_(vault.phone_indexes(phone)),
        Person.status.not_in(NOT_TO_CLAIM),
    )
    with transaction() as session:
        if code_id is not None:
            sign_in.use_code(session, code_id, now)
        person_id = session.scalar(query)
        if person_id is None or meant not in (None, person_id):
            raise invalid(
                "id_number",
                "claim-failed",
                "证件号码与注册的手机号不符,请核对,或带证件到所在单位或服务站更换手机号。",
            )
        person = facts.locked(session, person_id)
        lock_name(session, f"phone {sign_in.phone_index(phone).hex()}")
        account_id = account_of(session, phone, vault.name_of(person), hashed, now)
        _refuse_takeover(session, person, account_id)
        links.attach(session, person.id, account_id, SELF, now)
        person.phone_proved_at = now
        _withdraw_denial(session, person, now)
        if person.status == PersonStatus.UNPROVEN:
            statuses.move(session, person, PersonStatus.REGISTERED, today(now))
        audit.record(session, actor, now, "person.claim", ("person", person.id))
        session.flush()
        return person


def _withdraw_denial(session: Session, person: Person, now: dt.datetime) -> None:
    """Take back that one denied this registration, by making it one's own."""
    mine = (Denial.person_id == person.id, Denial.state == "open")
    taken = session.execute(sa.update(Denial).where(*mine).values(state="withdrawn", decided_at=now))
    if taken.rowcount:  # type: ignore[attr-defined]
        person.erase_after = None
