"""Becoming a volunteer: by oneself with a proved phone, for somebody of the family, or by staff with a signed paper.

One identity is one person: a second registration is refused, also in a race, by the unique index. Source: contract,
POST /volunteers; decisions 3, 9, 11, 16, 17; peers.md T8, T37.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.accounts import service as accounts
from volunteer.accounts import sign_in
from volunteer.database import constraint_of, lock_name, new_id, transaction
from volunteer.errors import Conflict, Fault, Forbidden, InvalidInput, Unauthenticated
from volunteer.registration import (
    applications,
    consents,
    fresh_numbers,
    links,
    notices,
    refusals,
    standing,
    statuses,
    vault,
)
from volunteer.registration.applications import Application
from volunteer.registration.models import FAMILY, GUARDIAN, SELF, Consent, Invitation, Person
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import service as units

TRIES = 5


def register(actor: Actor, body: Mapping[str, Any], now: dt.datetime, channel: str) -> Person:
    """Register a person and return the row; only its id, number and status leave this room.

    The new person is `registered` where the phone is proved, else `unproven`. A proved phone's account is opened, or
    joined with its password untouched; an unproved phone opens none. Who is signed in may act for the new person.

    Raises:
        InvalidInput: every fault at once.
        Conflict: `already-registered`.
        Forbidden, Unauthenticated: a paper is for keepers and liaisons; NotFound: a unit out of the liaison's scope.
    """
    is_by_staff = "paper_consent_reference" in body
    if is_by_staff:
        _require_staff(actor, body.get("unit_id"))
    application = applications.check(body, now)
    with transaction() as session:
        spend_codes(session, application, now)
        person = _invited(session, application, by_staff=is_by_staff)
        is_known = person is not None
        if person is None:
            person = _add(session, application, now, "keeper" if is_by_staff else channel)
        else:
            adopt(session, person, application, now, "keeper" if is_by_staff else channel)
        refusals.lift(session, application.identity.id_type, application.identity.number)
        if is_by_staff:
            person.registered_by = actor.account
        else:
            give_accounts(session, actor, application, person, now)
        unit_id = application.details["unit_id"]
        if unit_id is not None and is_known:
            memberships.transfer(session, person.id, unit_id, today(now), now)
        elif unit_id is not None:
            memberships.join(session, person.id, unit_id, person.created_on, now)
        audit.record(session, actor, now, "person.register", ("person", person.id), status=person.status)
        session.flush()
        return person


def register_seen(actor: Actor, body: Mapping[str, Any], now: dt.datetime) -> Person:
    """Register somebody whose paper and signed consent the caller has before them, confirmed at once; all or nothing.

    Raises:
        InvalidInput, Conflict, Forbidden: as `register`.
        NotFound: a unit out of the liaison's scope, or none: a liaison confirms in their units alone.
    """
    with transaction():
        person = register(actor, body, now, "keeper")
        standing.confirm(actor, person.id, now)
        return person


def _require_staff(actor: Actor, unit_id: uuid.UUID | None) -> None:
    """Let keepers register anybody, liaisons for their own units."""
    if actor.is_anonymous:
        raise Unauthenticated
    if not actor.has(Permission.REGISTER_OTHERS):
        raise Forbidden("凭纸质同意书注册由站点管理员或单位联络员办理,请到任一服务站。")
    is_keeper = any(grant.role is not Role.UNIT_LIAISON for grant in actor.grants_with(Permission.REGISTER_OTHERS))
    if unit_id is not None and not is_keeper:
        units.require_unit(actor, Permission.REGISTER_OTHERS, unit_id)


def spend_codes(session: Session, application: Application, now: dt.datetime) -> None:
    """Use up the verified codes; a code that another request has just used is a fault."""
    if application.code_id is not None:
        sign_in.use_code(session, application.code_id, now, "phone_code")
    if application.guardian is not None and application.guardian.code_id is not None:
        sign_in.use_code(session, application.guardian.code_id, now, "guardian.phone_code")


def _add(session: Session, application: Application, now: dt.datetime, channel: str) -> Person:
    """Insert the person with status and consent."""
    _refuse_known(session, application)
    person = new_person(application, now, channel)
    insert(session, person)
    status = PersonStatus.REGISTERED if application.is_phone_proved else PersonStatus.UNPROVEN
    statuses.begin(session, person, status, person.created_on)
    _keep_consent(session, person, application, now, channel)
    return person


def _invited(session: Session, application: Application, *, by_staff: bool) -> Person | None:
    """Return who is invited under this identity, locked; None for others, and where nothing proves that it is them."""
    if not (application.is_phone_proved or by_staff):
        return None
    identity = application.identity
    indexes = vault.identity_indexes(identity.id_type, identity.number)
    query = sa.select(Person).where(Person.id_number_index.in_(indexes), Person.status == PersonStatus.INVITED.value)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()


def adopt(session: Session, person: Person, application: Application, now: dt.datetime, channel: str) -> None:
    """Make a locked invited person what they apply for: what they say of themselves replaces what the list said."""
    is_minor = needs_guardian(person.birth_date, today(now))
    vault.put_name(person, application.name, is_minor=is_minor)
    if application.phone is not None:
        vault.put_phone(person, application.phone)
    if application.is_phone_proved:
        person.phone_proved_at = now
    _keep_guardian(person, application)
    for field, value in application.details.items():
        if field != "unit_id" and value is not None:
            setattr(person, field, list(value) if isinstance(value, list | tuple) else value)
    proved = application.is_phone_proved
    statuses.move(session, person, PersonStatus.REGISTERED if proved else PersonStatus.UNPROVEN, today(now))
    _keep_consent(session, person, application, now, channel)
    session.execute(sa.update(Invitation).where(Invitation.person_id == person.id).values(claimed_at=now))
    session.flush()


def _keep_consent(session: Session, person: Person, application: Application, now: dt.datetime, channel: str) -> None:
    """Keep the consent as it was given."""
    consent_id, paper = new_id(), application.paper_reference
    consent = Consent(
        id=consent_id,
        person_id=person.id,
        kind="registration",
        version=application.consent_version,
        given_at=now,
        channel=channel,
        is_by_guardian=application.guardian is not None,
        paper_reference_sealed=vault.seal_reference(consent_id, paper) if paper else None,
    )
    session.add(consent)
    session.flush()
    by_guardian, versions = consent.is_by_guardian, notices.current_notices(today(now))
    for kind in application.paper_consents:
        signed = {"version": versions[kind].version, "channel": channel, "is_by_guardian": by_guardian}
        consents.keep_signed(session, person.id, kind, now, paper or "", **signed)


def new_person(application: Application, now: dt.datetime, channel: str) -> Person:
    """Return the row of a sound application, without numbers and status."""
    identity, details = application.identity, application.details
    person = Person(
        id=new_id(),
        card_serial=1,
        status=PersonStatus.UNPROVEN.value,
        birth_date=identity.birth_date,
        sex=identity.sex.value,
        area_id=details["area_id"],
        political_status=details["political_status"],
        skills=list(details["skills"] or ()),
        service_categories=list(details["service_categories"] or ()),
        channel=channel,
        created_at=now,
        created_on=today(now),
        phone_proved_at=now if application.is_phone_proved else None,
    )
    vault.put_identity(person, identity.id_type, identity.number)
    vault.put_name(person, application.name, is_minor=needs_guardian(identity.birth_date, today(now)))
    vault.put_phone(person, application.phone)
    _keep_guardian(person, application)
    return person


def _keep_guardian(person: Person, application: Application) -> None:
    """Keep the guardian of a minor, if one was given."""
    if application.guardian is not None:
        vault.seal(person, "guardian_name", application.guardian.name)
        vault.seal(person, "guardian_phone", application.guardian.phone)
        person.guardian_relation = application.guardian.relation


def _refuse_known(session: Session, application: Application) -> None:
    """Raise Conflict if the identity is registered, under whichever key version."""
    indexes = vault.identity_indexes(application.identity.id_type, application.identity.number)
    if session.scalar(sa.select(sa.literal(1)).where(Person.id_number_index.in_(indexes))) is not None:
        raise already_registered()


def already_registered() -> Conflict:
    """Return the one answer about a known identity: how to claim it, and nothing about whose it is."""
    return Conflict(
        "这份证件已经注册过。如果是您本人,请用注册时的手机号登录,或用该手机号的验证码认领;"
        "手机号已更换的,请带证件到所在单位或服务站,由工作人员更换手机号。",
        code="already-registered",
    )


def insert(session: Session, person: Person) -> None:
    """Insert a person under two numbers that nobody has; who loses the race for an identity is told so."""
    for attempt in range(TRIES):
        person.volunteer_no, person.pass_no = fresh_numbers.draw(session, 2, set())
        try:
            with session.begin_nested():
                session.add(person)
                session.flush()
        except IntegrityError as error:
            broken = constraint_of(error)
            if "id_number_index" in broken:
                raise already_registered() from error
            if attempt == TRIES - 1 or not ("volunteer_no" in broken or "pass_no" in broken):
                raise
        else:
            return


def give_accounts(session: Session, actor: Actor, application: Application, person: Person, now: dt.datetime) -> None:
    """Link the guardian, the caller and the proved phone's account to the new person.

    Who is signed in and gives no password registers somebody without an account of their own.
    """
    guardian, phone = application.guardian, application.phone
    guard = guardian.phone if guardian and guardian.is_phone_proved else None
    own = phone if application.is_phone_proved and phone != guard else None
    if actor.account_id is not None and not application.password_hash:
        own = None
    for number in sorted({number for number in (own, guard) if number}):
        lock_name(session, f"phone {sign_in.phone_index(number).hex()}")
    if guardian is not None and guard is not None:
        hashed = application.password_hash if guard == phone else None
        account_id = account_of(session, guard, guardian.name, hashed, now)
        links.attach(session, person.id, account_id, GUARDIAN, now)
    if actor.account_id is not None:
        links.attach(session, person.id, actor.account_id, _relation(session, actor, application), now)
    if own is not None:
        account_id = account_of(session, own, application.name, application.password_hash, now)
        links.attach(session, person.id, account_id, SELF, now)


def _relation(session: Session, actor: Actor, application: Application) -> str:
    """Return what the signed-in caller is to the new person: family, unless they say that it is themself."""
    if application.relation != SELF:
        return FAMILY
    if links.self_of(session, actor.account) is not None:
        raise InvalidInput([Fault("relation", "already-somebody", "您的账号已注册过本人,请选择为家人注册。")])
    return SELF


def account_of(session: Session, phone: str, name: str, password_hash: str | None, now: dt.datetime) -> uuid.UUID:
    """Return the account of a proved and locked phone; open one where there is none."""
    known = sign_in.find_by_phone(session, phone)
    if known is not None:
        return known.id
    return accounts.add_account(session, phone, name, password_hash, now, staff=False).id
