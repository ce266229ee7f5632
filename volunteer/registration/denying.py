"""Saying that one never agreed to be registered, and what an administrator does about it.

Whoever was put down by others (on a keeper's paper, or by a list with a reference) and never proved a phone may deny
it. Their erasure begins at once and needs nobody's leave: it is carried out after the ordinary 7 days. Meanwhile an
administrator, never who registered them, may erase at once, or keep the registration with a reason where the consent
holds. That is decided once: who still wants to leave takes the registration over, or shows their paper and has the
phone put down, and withdraws the consent, which nobody can refuse. What stays is who registered whom falsely, without
a name. Source: domain.md F5, g1; PIPL 15, 44, 47, 50.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound, Worded
from volunteer.notifications import service as notifications
from volunteer.registration import asking, erasure, facts, vault
from volunteer.registration.models import Denial, Invitation, Person
from volunteer.registration.privacy import REGRET
from volunteer.registration.proofs import Proof
from volunteer.registration.rules_asking import NextStep
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import service as units


class DenialState(Worded):
    """What came of a denial; the value is the permanent code."""

    OPEN = "open", "本人称未同意注册,7 天后自动删除。请在此之前核对同意书。"
    ERASED = "erased", "信息已删除。"
    KEPT = "kept", "经核实同意书有效,注册保留。"
    WITHDRAWN = "withdrawn", "本人已撤回,注册保留。"


_STATES: Final = {state.value: state for state in DenialState}


class Decision(StrEnum):
    """What an administrator may decide."""

    ERASE = "erase"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class DenialView:
    """A denial as administrators and auditors see it.

    Attributes:
        display_name: masked; None once erased.
        erase_after: when the person is erased, if nothing is decided.
        by: who registered the person, as the caller may see it.
    """

    id: uuid.UUID
    person_id: uuid.UUID
    state: DenialState
    denied_at: dt.datetime
    by_phone: bool
    channel: str
    unit: str | None
    by: str | None
    display_name: str | None
    volunteer_no: str
    erase_after: dt.datetime | None
    decided_at: dt.datetime | None
    decided_by: str | None
    reason: str | None


def deny(actor: Actor, person_id: uuid.UUID, proof: Proof, now: dt.datetime) -> Person:
    """Begin the erasure of somebody who was registered without knowing; a second time changes nothing.

    Raises:
        NotFound: not under this proof, or registered by themself.
    """
    asking.known_under(proof, person_id, NextStep.DENY, now)
    with transaction() as session:
        person = facts.locked(session, person_id)
        known = session.scalars(_open(person_id)).one_or_none()
        if person.status in facts.GONE or person.phone_proved_at is not None:
            raise NotFound
        if known is not None:
            return person
        invited_by = session.scalar(sa.select(Invitation.invited_by).where(Invitation.person_id == person_id))
        person.erase_after = min(person.erase_after or now + REGRET, now + REGRET)
        session.add(
            Denial(
                id=new_id(),
                person_id=person_id,
                denied_at=now,
                by_phone=person.phone_index in vault.phone_indexes(proof.phone),
                channel=person.channel,
                registered_by=person.registered_by or person.confirmed_by or invited_by,
                unit_id=memberships.unit_of(session, person_id, today(now)),
                state=DenialState.OPEN.value,
            )
        )
        audit.record(session, actor, now, "registration.deny", ("person", person_id))
        body = f"有人证明是您本人,并表示从未同意注册。{today(person.erase_after)} 之后将删除您的信息。"
        body += "如不是您提出的,请带证件到服务站。"
        notifications.tell(session, person_id, "denied", body, now)
        return person


def decide(actor: Actor, denial_id: uuid.UUID, decision: Decision, reason: str, now: dt.datetime) -> DenialView:
    """Erase at once whoever denies rightly, or keep a registration whose consent holds; the same again changes nothing.

    Raises:
        NotFound: no such denial.
        Forbidden: `own-deed`: the caller registered this person.
        IllegalTransition: it was decided otherwise, or the time is over.
    """
    found = reading().get(Denial, denial_id, populate_existing=True)
    if found is None:
        raise NotFound
    wanted = DenialState.ERASED if decision is Decision.ERASE else DenialState.KEPT
    with transaction() as session:
        person = facts.locked(session, found.person_id)
        denial = session.get_one(Denial, denial_id, with_for_update=True, populate_existing=True)
        if denial.registered_by is not None and denial.registered_by == actor.account_id:
            raise Forbidden("这位志愿者由您登记,须由其他管理员处理。", code="own-deed")
        if denial.state != DenialState.OPEN:
            if denial.state != wanted:
                raise IllegalTransition
            return _views(actor, [denial])[0]
        if wanted is DenialState.ERASED:
            erasure.erase(session, person, now)
        else:
            person.erase_after = None
            body = f"经核实,您的注册有同意书,予以保留。说明:{reason}。您仍可随时退出:用手机号登录后"
            body += "在“隐私与同意”中注销;没有登录过的,请带证件到服务站办理。"
            notifications.tell(session, person.id, "denial-kept", body, now)
        denial.state, denial.decided_by, denial.decided_at = wanted.value, actor.account, now
        denial.reason = reason
        audit.record(session, actor, now, f"registration.{wanted.value}", ("person", person.id), reason)
        session.flush()
        return _views(actor, [denial])[0]


def list_denials(actor: Actor, limit: int, after: uuid.UUID | None, *, is_open: bool) -> list[DenialView]:
    """Return up to `limit` + 1 denials: those that wait, the oldest first, or those closed, the newest first."""
    query = sa.select(Denial).limit(limit + 1)
    query = query.where(Denial.state == "open") if is_open else query.where(Denial.state != "open")
    if after is not None:
        query = query.where(Denial.id > after if is_open else Denial.id < after)
    return _views(actor, list(reading().scalars(query.order_by(Denial.id if is_open else Denial.id.desc()))))


def get_denial(actor: Actor, denial_id: uuid.UUID) -> DenialView:
    """Return one denial.

    Raises:
        NotFound: no such denial.
    """
    found = reading().get(Denial, denial_id, populate_existing=True)
    if found is None:
        raise NotFound
    return _views(actor, [found])[0]


def count_open(actor: Actor) -> int:
    """Return how many denials wait for the caller, who is an administrator; none for others."""
    if not actor.has(Permission.MANAGE_SITE):
        return 0
    query = sa.select(sa.func.count()).select_from(Denial).where(Denial.state == "open")
    return reading().scalar(query.where(Denial.registered_by.is_distinct_from(actor.account_id))) or 0


def _open(person_id: uuid.UUID) -> sa.Select[Denial]:
    """Return a select of the open denial of a person."""
    return sa.select(Denial).where(Denial.person_id == person_id, Denial.state == "open")


def _views(actor: Actor, rows: list[Denial]) -> list[DenialView]:
    """Return denials with the names around them."""
    session = reading()
    people = {
        row.id: row for row in session.scalars(sa.select(Person).where(Person.id.in_({r.person_id for r in rows})))
    }
    names = units.unit_briefs({row.unit_id for row in rows if row.unit_id})
    accounts = {one for row in rows for one in (row.registered_by, row.decided_by) if one}
    who = directory.names_of(actor, accounts)
    return [
        DenialView(
            id=row.id,
            person_id=row.person_id,
            state=_STATES[row.state],
            denied_at=row.denied_at,
            by_phone=row.by_phone,
            channel=row.channel,
            unit=names[row.unit_id].name if row.unit_id in names else None,
            by=who.get(row.registered_by) if row.registered_by else None,
            display_name=None if people[row.person_id].erased_at else vault.shown_name(people[row.person_id]),
            volunteer_no=people[row.person_id].volunteer_no,
            erase_after=people[row.person_id].erase_after,
            decided_at=row.decided_at,
            decided_by=who.get(row.decided_by) if row.decided_by else None,
            reason=row.reason,
        )
        for row in rows
    ]
