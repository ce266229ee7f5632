"""The two changes that need a second person: another phone for who lost the old one, a wrong identity put right.

Source: contract, Volunteers (one identity, one person); domain.md g1 F4; ADR 0006.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.database import lock_name, transaction
from volunteer.errors import Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import changing, facts, links, vault
from volunteer.registration.credential_models import PersonChange
from volunteer.registration.models import SELF, Person
from volunteer.registration.registering import account_of
from volunteer.registration.rules import (
    IdType,
    PersonStatus,
    Sex,
    check_identity,
    check_name,
    needs_guardian,
    normalize_id_number,
)
from volunteer.registration.rules_credentials import ChangeFault, ChangeKind, ChangeState
from volunteer.registration.statuses import today

IdentityChanged = Callable[[Session, uuid.UUID, dt.datetime], None]
#: What follows in other rooms when name or identity were wrong (proofs name them, ages judge sign-ups); `app` fills it.
IDENTITY_CHANGED: list[IdentityChanged] = []
WITH_IDENTITY = (PersonStatus.REGISTERED, PersonStatus.SUSPENDED, PersonStatus.UNPROVEN, PersonStatus.LEFT)


def send_code(actor: Actor, person_id: uuid.UUID, phone: str, now: dt.datetime, address: str) -> str | None:
    """Send a code to the phone that somebody before the caller says is theirs; return it with the demo sender alone.

    Raises:
        NotFound: not the caller's to ask for. RateLimited, Unavailable: as `sign_in.request_code`.
    """
    if not changing.may_ask(actor, person_id):
        raise NotFound
    return sign_in.request_code(phone, "register", now, address)


def ask_phone(actor: Actor, person_id: uuid.UUID, phone: str, code: str, reason: str, now: dt.datetime) -> uuid.UUID:
    """Ask, as staff who have the person and their paper before them, that they get another phone, proved by a code.

    Raises:
        NotFound: not the caller's. InvalidInput: `wrong-code`, `phone-taken`. Conflict: `already-asked`.
    """
    if not changing.may_ask(actor, person_id):
        raise NotFound
    code_id = sign_in.verify_code(phone, "register", code, now)
    if code_id is None:
        raise sign_in.wrong_code()
    with transaction() as session:
        person = _locked(session, person_id)
        sign_in.use_code(session, code_id, now)
        if sign_in.find_by_phone(session, phone) is not None:
            raise InvalidInput([ChangeFault.PHONE_TAKEN.at("phone")])
        return changing.add(session, actor, person, ChangeKind.PHONE, {"phone": phone}, reason, now).id


def accept_phone(actor: Actor, change_id: uuid.UUID, tail: str, reason: str, now: dt.datetime) -> ChangeState:
    """Let the new phone be the person's: every session ends, the card is renewed, both phones are told.

    `tail` are the last four digits as the person, who stands there, says them.

    Raises:
        InvalidInput: `not-the-same`, `phone-taken`. Otherwise as `changing.accept`.
    """

    def check(values: Mapping[str, Any]) -> None:
        if values["phone"][-4:] != tail.strip():
            raise InvalidInput([ChangeFault.NOT_THE_SAME.at("tail")])

    return changing.accept(actor, change_id, check, _apply_phone, reason, now)


def _apply_phone(session: Session, person: Person, values: Mapping[str, Any], now: dt.datetime) -> None:
    """Bind the phone to the person's account, or open one for somebody who had none."""
    phone = values["phone"]
    lock_name(session, f"phone {sign_in.phone_index(phone).hex()}")
    account_id = changing.own_account(session, person.id)
    if account_id is not None:
        sign_in.bind_phone(session, account_id, phone, now)
    elif sign_in.find_by_phone(session, phone) is not None:
        raise InvalidInput([ChangeFault.PHONE_TAKEN.at("phone")])
    else:
        links.attach(session, person.id, account_of(session, phone, vault.name_of(person), None, now), SELF, now)
    vault.put_phone(person, phone)
    person.phone_proved_at = now
    person.card_serial += 1


def ask_by_staff(
    session: Session, actor: Actor, person: Person, wanted: Mapping[str, Any], reason: str, now: dt.datetime
) -> list[PersonChange]:
    """Ask for a checked `name` or a proved `phone` of a locked person, in the transaction under way.

    What is so already is not asked for; what the caller has asked for already waits on.

    Raises:
        InvalidInput: `phone-taken`. Conflict: `already-asked`, for something else. IllegalTransition: the person left.
    """
    known = {"name": vault.name_of(person), "phone": vault.opened(person, "phone")}
    found = []
    for field, value in wanted.items():
        if value == known[field]:
            continue
        kind = ChangeKind.PHONE if field == "phone" else ChangeKind.IDENTITY
        if person.status not in WITH_IDENTITY:
            raise IllegalTransition
        if field == "phone" and sign_in.find_by_phone(session, value) is not None:
            raise InvalidInput([ChangeFault.PHONE_TAKEN.at("phone")])
        asked = changing.same_open(session, actor, person.id, kind, {field: value})
        found.append(asked or changing.add(session, actor, person, kind, {field: value}, reason, now))
    return found


def ask_identity(
    actor: Actor, person_id: uuid.UUID, given: Mapping[str, Any], reason: str, now: dt.datetime
) -> uuid.UUID:
    """Ask that a wrong name or identity be put right: the person, who acts for them, or staff who know them.

    `given`: `name` as on the paper, `id_type`, `id_number`; `birth_date` and `sex` for papers that do not tell them.

    Raises:
        NotFound: not the caller's.
        InvalidInput: the faults of registering, `identity-taken`, `nothing-new`. Conflict: `already-asked`.
    """
    if not (links.may_act_for(actor, person_id) or changing.may_ask(actor, person_id)):
        raise NotFound
    with transaction() as session:
        person = _locked(session, person_id)
        values = _checked(session, person, given, now)
        return changing.add(session, actor, person, ChangeKind.IDENTITY, values, reason, now).id


def _locked(session: Session, person_id: uuid.UUID) -> Person:
    """Lock a person who has an identity to change."""
    person = facts.locked(session, person_id)
    if person.status in facts.GONE:
        raise NotFound
    if person.status not in WITH_IDENTITY:
        raise IllegalTransition
    return person


def _checked(session: Session, person: Person, given: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Return what would change, in its one spelling."""
    faults: list[Fault] = []
    name = check_name(given.get("name") or vault.name_of(person))
    if isinstance(name, Fault):
        faults.append(name)
    id_type, number = IdType(given["id_type"]), normalize_id_number(given.get("id_number") or "")
    sex = Sex(given["sex"]) if given.get("sex") else None
    identity = check_identity(id_type, number, today(now), given.get("birth_date"), sex)
    if isinstance(identity, tuple):
        raise InvalidInput([*faults, *identity])
    if faults:
        raise InvalidInput(faults)
    indexes = vault.identity_indexes(id_type, identity.number)
    taken = sa.select(Person.id).where(Person.id_number_index.in_(indexes), Person.id != person.id)
    if session.scalar(taken) is not None:
        raise InvalidInput([ChangeFault.TAKEN.at("id_number")])
    values: dict[str, Any] = {}
    if name != vault.name_of(person):
        values["name"] = name
    is_same = (person.id_type, vault.opened(person, "id_number")) == (id_type.value, identity.number)
    if not is_same or (person.birth_date, person.sex) != (identity.birth_date, identity.sex.value):
        values |= {"id_type": id_type.value, "id_number": identity.number}
        values |= {"birth_date": identity.birth_date.isoformat(), "sex": identity.sex.value}
    if not values:
        raise InvalidInput([ChangeFault.NOTHING_NEW.at("id_number")])
    return values


def accept_identity(
    actor: Actor, change_id: uuid.UUID, typed: Mapping[str, str], reason: str, now: dt.datetime
) -> ChangeState:
    """Put name and identity right; `typed` is what the decider reads on the paper (`name`, `id_number`).

    Birth date and sex follow; what depends on age is judged again; proofs that print the old ones are superseded.

    Raises:
        InvalidInput: `not-the-same`, `identity-taken`. Otherwise as `changing.accept`.
    """

    def check(values: Mapping[str, Any]) -> None:
        faults = []
        if "name" in values and check_name(typed.get("name", "")) != values["name"]:
            faults.append(ChangeFault.NOT_THE_SAME.at("name"))
        if "id_number" in values and normalize_id_number(typed.get("id_number", "")) != values["id_number"]:
            faults.append(ChangeFault.NOT_THE_SAME.at("id_number"))
        if faults:
            raise InvalidInput(faults)

    return changing.accept(actor, change_id, check, _apply_identity, reason, now)


def _apply_identity(session: Session, person: Person, values: Mapping[str, Any], now: dt.datetime) -> None:
    """Write what was wrong anew, and let the rooms above follow."""
    name = values.get("name") or vault.name_of(person)
    if "id_number" in values:
        id_type = IdType(values["id_type"])
        taken = sa.select(Person.id).where(
            Person.id_number_index.in_(vault.identity_indexes(id_type, values["id_number"])), Person.id != person.id
        )
        if session.scalar(taken) is not None:
            raise InvalidInput([ChangeFault.TAKEN.at("id_number")])
        vault.put_identity(person, id_type, values["id_number"])
        person.birth_date, person.sex = dt.date.fromisoformat(values["birth_date"]), values["sex"]
    is_minor = needs_guardian(person.birth_date, today(now))
    vault.put_name(person, name, is_minor=is_minor)
    session.flush()
    for follow in IDENTITY_CHANGED:
        follow(session, person.id, now)
    body = "您的身份信息已按证件更正。以前出具的证明不再有效,可以免费重新开具。"
    if is_minor and person.guardian_name_sealed is None:
        body += "您未满 18 周岁,报名前请先补充监护人同意。"
    notifications.tell(session, person.id, "identity-corrected", body, now)
