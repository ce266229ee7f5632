"""Answering an invitation: claim it and be registered, or refuse and be erased at once; both by the phone's code.

The phone is the one on the list, or any other together with the identity number. Source: contract, Imports
(`POST /invitations/{id}/claim`); domain.md F5; decisions 15.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.accounts.passwords import hash_password
from volunteer.accounts.rules import password_fault
from volunteer.database import reading, transaction
from volunteer.errors import Fault, IllegalTransition, NotFound, invalid
from volunteer.registration import applications, erasure, facts, notices, registering, vault
from volunteer.registration.applications import Application, Faults
from volunteer.registration.models import Invitation, Person
from volunteer.registration.rules import Identity, IdType, PersonStatus, RegistrationFault, Sex, normalize_id_number


def claim(actor: Actor, invitation_id: uuid.UUID, body: Mapping[str, Any], now: dt.datetime, channel: str) -> Person:
    """Register an invited person who proves the phone and agrees; return the row, of which only the standing leaves.

    Raises:
        NotFound: no such invitation.
        IllegalTransition: it was answered already.
        InvalidInput: `wrong-code`, `claim-failed`, `consent-required`, `guardian-required`, `weak-password` and the
            faults of a guardian, all at once.
    """
    person = _invited(invitation_id)
    told = Faults(())
    phone = body["phone"]
    if body["consent_version"] != notices.current_notice().version:
        told.add(RegistrationFault.CONSENT_REQUIRED.at("consent_version"))
    if body.get("password"):
        told.extend(filter(None, (password_fault(body["password"], phone),)))
    code_id = applications.verified(phone, "register", body["phone_code"], now, told, "phone_code")
    if code_id is not None and not _is_theirs(person, phone, body.get("id_number")):
        told.add(_failed())
    guardian = applications.guardian_of(body.get("guardian"), person.birth_date, now, told)
    told.raise_any()
    application = Application(
        name=vault.name_of(person),
        identity=_identity(person),
        phone=phone,
        code_id=code_id,
        password_hash=hash_password(body["password"]) if body.get("password") else None,
        guardian=guardian,
        consent_version=body["consent_version"],
        paper_reference=None,
        relation=None,
        details={},
    )
    with transaction() as session:
        registering.spend_codes(session, application, now)
        person = facts.locked(session, invitation_id)
        if person.status != PersonStatus.INVITED:
            raise IllegalTransition
        registering.adopt(session, person, application, now, channel)
        registering.give_accounts(session, Actor(), application, person, now)
        audit.record(session, actor, now, "invitation.claim", ("person", person.id))
        session.flush()
        return person


def refuse(actor: Actor, invitation_id: uuid.UUID, body: Mapping[str, Any], now: dt.datetime) -> None:
    """Erase an invited person who proves the phone and wants no part in it; nothing of them stays.

    Raises:
        NotFound: no such invitation.
        IllegalTransition: it was claimed; who is registered leaves by DELETE /me.
        InvalidInput: `wrong-code`, `claim-failed`.
    """
    phone = body["phone"]
    person = _invited(invitation_id)
    code_id = sign_in.verify_code(phone, "register", body["phone_code"], now)
    if code_id is None:
        raise sign_in.wrong_code()
    if not _is_theirs(person, phone, body.get("id_number")):
        fault = _failed()
        raise invalid(fault.field, fault.code, fault.message)
    with transaction() as session:
        sign_in.use_code(session, code_id, now)
        person = facts.locked(session, invitation_id)
        if person.status != PersonStatus.INVITED:
            raise IllegalTransition
        session.execute(sa.update(Invitation).where(Invitation.person_id == person.id).values(refused_at=now))
        audit.record(session, actor, now, "invitation.refuse", ("person", person.id))
        erasure.erase(session, person, now)


def _invited(invitation_id: uuid.UUID) -> Person:
    """Return who is invited."""
    query = sa.select(Person).join(Invitation, Invitation.person_id == Person.id)
    person = reading().scalars(query.where(Person.id == invitation_id)).one_or_none()
    if person is None or person.status in facts.GONE:
        raise NotFound
    if person.status != PersonStatus.INVITED:
        raise IllegalTransition("这份邀请已经认领,请直接登录。")
    return person


def _is_theirs(person: Person, phone: str, number: str | None) -> bool:
    """Whether the phone is the one on the list, or the identity number is theirs."""
    if person.phone_index in vault.phone_indexes(phone):
        return True
    if number is None:
        return False
    id_type = IdType(person.id_type or "")
    return person.id_number_index in vault.identity_indexes(id_type, normalize_id_number(number))


def _failed() -> Fault:
    """Return the one answer about a phone that is not on the list."""
    return Fault("phone", "claim-failed", "手机号与名单上的不符。请换用名单上的手机号,或同时填写您的证件号码。")


def _identity(person: Person) -> Identity:
    """Return the identity of a row."""
    number = vault.opened(person, "id_number") or ""
    return Identity(IdType(person.id_type or ""), number, person.birth_date, Sex(person.sex or ""))
