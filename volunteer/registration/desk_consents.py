"""Consents of people without a phone: signed on paper, put down by staff with where the paper lies; and taken back.

Who can say yes themself (they or whoever acts for them have an account) says it themself: a yes that staff could write
down for anybody would be a quota to fill. Taking back at the desk is open to everybody, and told to the person.
Source: PIPL 14, 15, 31; O67 art. 6; ADR 0010.
"""

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.database import reading, transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import changing, consenting, consents, facts, links, notices, reach
from volunteer.registration.consenting import Standing
from volunteer.registration.models import Person
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.rules_consents import SEPARATE, ConsentKind, ConsentRefusal
from volunteer.registration.statuses import today

MAY_AGREE = (PersonStatus.REGISTERED, PersonStatus.SUSPENDED, PersonStatus.UNPROVEN)


def _require(actor: Actor, person_id: uuid.UUID) -> None:
    """Raise NotFound unless the caller, as staff, has to do with the person."""
    if not changing.may_ask(actor, person_id):
        reach.require_person(actor, Permission.READ_PEOPLE, person_id)
        raise Forbidden


def standings(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> list[Standing]:
    """Return how a person in scope stands with the consents beside the registration.

    Raises:
        NotFound: outside the scope. Forbidden: an auditor.
    """
    _require(actor, person_id)
    session = reading()
    person = session.get(Person, person_id)
    if person is None or person.status in facts.GONE:
        raise NotFound
    found = consenting.standings_of(session, person, _refusal(session, person_id), today(now))
    return [one for one in found if one.kind in SEPARATE]


def _refusal(session: Session, person_id: uuid.UUID) -> ConsentRefusal | None:
    """Return why staff may not put a yes down; None: nobody else can."""
    return ConsentRefusal.HAS_ACCOUNT if links.account_ids_of(session, person_id) else None


def record(
    actor: Actor, person_id: uuid.UUID, kinds: Collection[ConsentKind], reference: str, now: dt.datetime
) -> list[Standing]:
    """Put down what somebody without an account signed, with where the paper lies; what holds already stays as it is.

    Raises:
        NotFound: outside the scope. Forbidden: `has-account`, or an auditor.
        IllegalTransition: nobody who is registered, or who asked to be erased.
    """
    _require(actor, person_id)
    with transaction() as session:
        person = facts.locked(session, person_id)
        refusal = _refusal(session, person_id)
        if refusal is not None:
            raise Forbidden(refusal.sentence, code=refusal)
        if person.status not in MAY_AGREE or person.erase_after is not None:
            raise IllegalTransition
        is_minor, versions = needs_guardian(person.birth_date, today(now)), notices.current_notices(today(now))
        given = consents.history_of(session, [person_id])
        for kind in sorted(set(kinds)):
            newest = consents.newest_in_force(given, kind, is_minor=is_minor)
            version = versions[kind].version
            if newest is None or newest.version != version:
                signed = {"version": version, "channel": "keeper", "is_by_guardian": is_minor}
                consents.keep_signed(session, person_id, kind, now, reference, **signed)
                deed = "consent.record"
                audit.record(session, actor, now, deed, ("person", person_id), kind=kind.value, version=version)
        body = "工作人员已按签署的纸质同意书登记:" + "、".join(kind.words.title for kind in sorted(set(kinds)))
        body += "。如非本人(监护人)的意思,可随时到服务站撤回。"
        notifications.tell(session, person_id, "consent-recorded", body, now)
    return standings(actor, person_id, now)


def withdraw(actor: Actor, person_id: uuid.UUID, kind: ConsentKind, now: dt.datetime) -> list[Standing]:
    """Take a consent back as the person at the desk asks; in force at once. A second time changes nothing.

    Raises:
        NotFound: outside the scope, or registration, which only the person ends. Forbidden: an auditor.
    """
    _require(actor, person_id)
    if kind not in SEPARATE:
        raise NotFound
    with transaction() as session:
        facts.locked(session, person_id)
        if consents.close(session, person_id, [kind], now, "keeper"):
            audit.record(session, actor, now, "consent.withdraw", ("person", person_id), kind=kind.value)
            body = f"工作人员已按您的要求撤回同意:{kind.words.title}。如果不是您要求的,可以重新同意。"
            notifications.tell(session, person_id, "consent-withdrawn", body, now)
    return standings(actor, person_id, now)
