"""Families: whom one acts for, who acts for oneself, handing an account over, a second guardian, ending it.

Everything is proved by a code: to the phone that is to be the person's own, or to the guardian's. Source: contract,
GET /me (`acts_for`); decisions 3; Civil Code art. 27; PIPL 31.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import service as accounts
from volunteer.accounts import sign_in
from volunteer.database import lock_name, reading, transaction
from volunteer.errors import Conflict, InvalidInput, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import facts, links, vault
from volunteer.registration.models import FAMILY, GUARDIAN, SELF, Person, PersonAccount
from volunteer.registration.registering import account_of
from volunteer.registration.rules import mask_name, needs_guardian
from volunteer.registration.rules_family import FamilyFault, LinkFacts, leaving_fault
from volunteer.registration.statuses import today


@dataclass(frozen=True, slots=True)
class Dependant:
    """Somebody for whom the caller acts."""

    id: uuid.UUID
    display_name: str
    volunteer_no: str
    is_minor: bool
    has_own_account: bool
    others: int


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who acts for the caller, with a masked name."""

    account_id: uuid.UUID
    name: str
    is_guardian: bool
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Family:
    """Both sides, as the caller sees them."""

    dependants: list[Dependant]
    acting: list[Acting]
    is_minor: bool


def family_of(actor: Actor, now: dt.datetime) -> Family:
    """Return whom the caller acts for, and who acts for the caller."""
    session, own = reading(), links.find_own_person(actor)
    dependants = []
    for person_id in links.linked_persons(actor):
        if person_id != own:
            person = session.get_one(Person, person_id)
            judged = _facts(session, person, actor.account, now)
            name, number = vault.shown_name(person), person.volunteer_no
            dependants.append(
                Dependant(person.id, name, number, judged.is_minor, judged.has_own_account, judged.others)
            )
    if own is None:
        return Family(dependants, [], is_minor=False)
    query = sa.select(PersonAccount).where(PersonAccount.person_id == own, PersonAccount.relation != SELF)
    person = session.get_one(Person, own)
    is_minor = needs_guardian(person.birth_date, today(now))
    acting = [
        Acting(
            link.account_id,
            mask_name(accounts.get_account(link.account_id).name),
            link.relation == GUARDIAN,
            link.created_at,
        )
        for link in session.scalars(query.order_by(PersonAccount.created_at))
        if is_minor or link.relation != GUARDIAN
    ]
    return Family(dependants, acting, is_minor)


def dependant(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> Dependant:
    """Return one for whom the caller acts.

    Raises:
        NotFound: not theirs.
    """
    found = next((one for one in family_of(actor, now).dependants if one.id == person_id), None)
    if found is None:
        raise NotFound
    return found


def _facts(session: Session, person: Person, account_id: uuid.UUID, now: dt.datetime) -> LinkFacts:
    """Return what the end of an account's link to a person is judged by."""
    is_minor = needs_guardian(person.birth_date, today(now))
    query = sa.select(PersonAccount.account_id, PersonAccount.relation).where(PersonAccount.person_id == person.id)
    found = [(one, relation) for one, relation in session.execute(query) if one != account_id]
    counts = [one for one, relation in found if relation == GUARDIAN or (not is_minor and relation == FAMILY)]
    return LinkFacts(is_minor, any(relation == SELF for _, relation in found), len(counts))


def hand_over(actor: Actor, person_id: uuid.UUID, phone: str, code: str, now: dt.datetime) -> None:
    """Give somebody for whom the caller acts an account of their own, on a phone that a code for `register` proves.

    A child's guardians stay until the 18th birthday; for an adult, whoever handed over acts no longer.

    Raises:
        NotFound: not theirs. InvalidInput: `wrong-code`, `phone-taken`. Conflict: `has-account`.
    """
    dependant(actor, person_id, now)
    code_id = sign_in.verify_code(phone, "register", code, now)
    if code_id is None:
        raise sign_in.wrong_code()
    with transaction() as session:
        person = facts.locked(session, person_id)
        sign_in.use_code(session, code_id, now)
        lock_name(session, f"phone {sign_in.phone_index(phone).hex()}")
        if links.own_accounts(session, person_id):
            raise Conflict(FamilyFault.HAS_ACCOUNT.sentence, code=str(FamilyFault.HAS_ACCOUNT))
        if sign_in.find_by_phone(session, phone) is not None:
            raise InvalidInput([FamilyFault.PHONE_TAKEN.at("phone")])
        account_id = account_of(session, phone, vault.name_of(person), None, now)
        links.attach(session, person.id, account_id, SELF, now)
        vault.put_phone(person, phone)
        person.phone_proved_at = now
        if not needs_guardian(person.birth_date, today(now)):
            _drop(session, person_id, actor.account)
        audit.record(session, actor, now, "family.hand-over", ("person", person_id))
        body = "您的志愿者账号已交给您本人,今后请用您自己的手机号和验证码登录。"
        notifications.tell(session, person_id, "family-handed-over", body, now)


def add_guardian(actor: Actor, person_id: uuid.UUID, given: Mapping[str, str], now: dt.datetime) -> None:
    """Let another guardian act for a child, too: they agree by a code for `guardian` to their own phone.

    `given`: `name`, `phone`, `phone_code`.

    Raises:
        NotFound: not theirs. InvalidInput: `wrong-code`, `own-phone`, `known`. Conflict: `of-age`.
    """
    if not dependant(actor, person_id, now).is_minor:
        raise Conflict(FamilyFault.OF_AGE.sentence, code=str(FamilyFault.OF_AGE))
    phone = given["phone"]
    code_id = sign_in.verify_code(phone, "guardian", given["phone_code"], now)
    if code_id is None:
        raise sign_in.wrong_code()
    with transaction() as session:
        person = facts.locked(session, person_id)
        sign_in.use_code(session, code_id, now)
        lock_name(session, f"phone {sign_in.phone_index(phone).hex()}")
        account_id = account_of(session, phone, given["name"], None, now)
        if account_id == actor.account:
            raise InvalidInput([FamilyFault.OWN_PHONE.at("phone")])
        if session.get(PersonAccount, (person_id, account_id)) is not None:
            raise InvalidInput([FamilyFault.KNOWN.at("phone")])
        links.attach(session, person.id, account_id, GUARDIAN, now)
        audit.record(session, actor, now, "family.guardian-add", ("person", person_id))
        body = "您有了另一位监护人,对方已用验证码同意。如有疑问,请联系所在单位或服务站。"
        notifications.tell(session, person_id, "family-guardian-added", body, now)


def stop_acting(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Act for somebody no longer.

    Raises:
        NotFound: not theirs. Conflict: `last-guardian`, `nobody-left`.
    """
    dependant(actor, person_id, now)
    with transaction() as session:
        person = facts.locked(session, person_id)
        fault = leaving_fault(_facts(session, person, actor.account, now))
        if fault is not None:
            raise Conflict(fault.sentence, code=str(fault))
        _drop(session, person_id, actor.account)
        audit.record(session, actor, now, "family.stop", ("person", person_id))
        notifications.tell(session, person_id, "family-stopped", "有一位家人不再代您办理志愿服务事项。", now)


def end_acting(actor: Actor, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Let an account act for the caller no longer; a second time is not found.

    Raises:
        NotFound: nobody of that kind acts for them. Conflict: `minor`.
    """
    person_id = links.own_person(actor)
    with transaction() as session:
        person = facts.locked(session, person_id)
        link = session.get(PersonAccount, (person_id, account_id))
        if link is None or link.relation == SELF:
            raise NotFound
        if needs_guardian(person.birth_date, today(now)):
            raise Conflict(FamilyFault.MINOR.sentence, code=str(FamilyFault.MINOR))
        _drop(session, person_id, account_id)
        audit.record(session, actor, now, "family.end", ("person", person_id))


def _drop(session: Session, person_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """End a link."""
    where = (PersonAccount.person_id == person_id, PersonAccount.account_id == account_id)
    session.execute(sa.delete(PersonAccount).where(*where))
