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
from volunteer.errors import Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.registration import applications, asking, erasure, facts, notices, refusals, registering, vault
from volunteer.registration.applications import Application, Faults
from volunteer.registration.models import Invitation, Person
from volunteer.registration.proofs import Proof
from volunteer.registration.rules import Identity, IdType, PersonStatus, RegistrationFault, Sex, normalize_id_number


def claim(
    actor: Actor,
    invitation_id: uuid.UUID,
    body: Mapping[str, Any],
    now: dt.datetime,
    channel: str,
    proof: Proof | None = None,
) -> Person:
    """Register an invited person who proves the phone and agrees; return the row, of which only the standing leaves.

    With a `proof` the phone was proved a moment ago; else `body` holds phone and code.

    Raises:
        NotFound: no such invitation.
        IllegalTransition: it was answered already.
        InvalidInput: `wrong-code`, `claim-failed`, `consent-required`, `guardian-required`, `weak-password` and the
            faults of a guardian, all at once.
    """
    application = _application(_invited(invitation_id), body, now, proof)
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


def _application(person: Person, body: Mapping[str, Any], now: dt.datetime, proof: Proof | None) -> Application:
    """Return what an invited person applies for, or raise every fault of it."""
    told = Faults(())
    phone = proof.phone if proof else body["phone"]
    if body.get("consent_version") != notices.current_notice().version:
        told.add(RegistrationFault.CONSENT_REQUIRED.at("consent_version"))
    if body.get("password"):
        told.extend(filter(None, (password_fault(body["password"], phone),)))
    code_id = None if proof else applications.verified(phone, "register", body["phone_code"], now, told, "phone_code")
    if proof or code_id is not None:
        told.extend(_strangers(person, proof or _given(person, phone, body.get("id_number"))))
    guardian = applications.guardian_of(
        body.get("guardian"), person.birth_date, now, told, proved=proof.phone if proof else None
    )
    told.raise_any()
    return Application(
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
        has_proof=proof is not None,
    )


def refuse(
    actor: Actor, invitation_id: uuid.UUID, body: Mapping[str, Any], now: dt.datetime, proof: Proof | None = None
) -> None:
    """Erase an invited person who proves the phone and wants no part in it; nothing that names them stays.

    With a `proof` the phone was proved a moment ago; else `body` holds phone and code.

    Raises:
        NotFound: no such invitation.
        IllegalTransition: it was claimed; who is registered leaves by DELETE /me.
        InvalidInput: `wrong-code`, `claim-failed`.
    """
    person = _invited(invitation_id)
    code_id = None if proof else sign_in.verify_code(body["phone"], "register", body["phone_code"], now)
    if proof is None and code_id is None:
        raise sign_in.wrong_code()
    strange = _strangers(person, proof or _given(person, body["phone"], body.get("id_number")))
    if strange:
        raise InvalidInput(strange)
    with transaction() as session:
        if code_id is not None:
            sign_in.use_code(session, code_id, now)
        person = facts.locked(session, invitation_id)
        if person.status != PersonStatus.INVITED:
            raise IllegalTransition
        session.execute(sa.update(Invitation).where(Invitation.person_id == person.id).values(refused_at=now))
        refusals.note(session, person, now)
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


def _given(person: Person, phone: str, number: str | None) -> Proof:
    """Return what a phone and an identity number prove about a person."""
    if number is None:
        return Proof(phone)
    indexes = vault.identity_indexes(IdType(person.id_type or ""), normalize_id_number(number))
    return Proof(phone, person.id if person.id_number_index in indexes else None)


def _strangers(person: Person, proof: Proof) -> list[Fault]:
    """Return the one fault of a proof that is not of this person."""
    if asking.is_theirs(proof, person):
        return []
    sentence = "手机号与名单上的不符。请换用名单上的手机号,或同时填写您的证件号码。"
    return [Fault("phone", "claim-failed", sentence)]


def _identity(person: Person) -> Identity:
    """Return the identity of a row."""
    number = vault.opened(person, "id_number") or ""
    return Identity(IdType(person.id_type or ""), number, person.birth_date, Sex(person.sex or ""))
