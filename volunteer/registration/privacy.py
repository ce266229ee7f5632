"""What people may know and decide about their own data, and how staff see more than a mask.

Whoever unmasks says why; the deed is logged with the fields, never the values, and the person reads the log in
GET /me/data. A minor's data needs a second person (`unmask_requests`).
Source: PIPL 45, 47, 51, 54; Minor-network rules 36; contract.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import sign_in
from volunteer.database import reading, transaction
from volunteer.errors import IllegalTransition, NotFound, Unauthenticated
from volunteer.exports import service as exports
from volunteer.notifications import service as notifications
from volunteer.registration import consents, facts, links, people, reach, statuses, unit_changes, unmask_requests, vault
from volunteer.registration.models import Consent, Denial, Person
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.statuses import today
from volunteer.units import memberships

REGRET = dt.timedelta(days=7)
UNMASKED = ("name", "phone", "birth_date", "guardian_name", "guardian_phone", "emergency_name", "emergency_phone")
"""The fields that staff may see in full; never the identity number."""
MOST_MESSAGES = 1000
Exporter = Callable[[Session, uuid.UUID], Mapping[str, Any]]
#: What other rooms hold about a person, as named lists for GET /me/data; the rooms above put theirs here.
EXPORTERS: list[Exporter] = []


def unmask(
    actor: Actor, person_id: uuid.UUID, fields: Collection[str], reason: str, now: dt.datetime
) -> dict[str, Any]:
    """Return the values of `fields` of a person in scope, and log that they were shown.

    Raises:
        NotFound: outside the scope.
        Forbidden: `minor-needs-approval`: a minor, and no second person has approved it (`unmask_requests`).
    """
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.UNMASK, person_id)
        names = sorted(set(fields))
        if needs_guardian(person.birth_date, today(now)):
            unmask_requests.use(session, actor, person_id, names, now)
        audit.record(session, actor, now, "person.unmask", ("person", person_id), reason, fields=names)
        return {name: _value(person, name) for name in names}


def _value(person: Person, field: str) -> Any:
    """Return one field in full."""
    if field == "name":
        return vault.name_of(person)
    if field == "birth_date":
        return person.birth_date.isoformat()
    return vault.opened(person, field)


def list_messages(
    actor: Actor, volunteer_id: uuid.UUID | None, limit: int, before: tuple[dt.datetime, uuid.UUID] | None
) -> list[notifications.MessageView]:
    """Return up to `limit` + 1 messages to the caller and those they act for, or to one of them, newest first."""
    people_ids = [links.acting_as(actor, volunteer_id)] if volunteer_id else links.linked_persons(actor)
    return notifications.list_messages(people_ids, limit + 1, before) if people_ids else []


def export(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime) -> dict[str, Any]:
    """Return everything held about the caller, or about one they act for: the only place with the identity number.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id, session = links.acting_as(actor, volunteer_id), reading()
    person = session.get_one(Person, person_id)
    shown = people.view(person, now, in_full=True)
    own = {name: getattr(shown, name) for name in shown.__dataclass_fields__}
    given = session.scalars(
        sa.select(Consent).where(Consent.person_id == person_id).order_by(Consent.given_at, Consent.id)
    )
    log = audit.entries_about(session, "person", person_id, 10_000)
    records: dict[str, Any] = {
        "memberships": memberships.history_of(session, person_id),
        "accounts": links.history_of(session, person_id),
        "denials": _denials(session, person_id),
        "unit_requests": unit_changes.history_of(session, person_id),
        "merged_records": facts.merged_of(session, person_id),
    }
    for exporter in (exports.export_of, unmask_requests.export_of, *EXPORTERS):
        records |= exporter(session, person_id)
    return {
        "person": own | {"id_number": vault.opened(person, "id_number"), "channel": person.channel},
        "statuses": statuses.spans_of(session, person),
        "consents": [_consent(consent) for consent in given],
        "unmaskings": [
            {"at": e.at, "by": e.actor, "fields": (e.details or {}).get("fields", []), "reason": e.reason}
            for e in log
            if e.action == "person.unmask"
        ],
        "changes": [{"at": e.at, "by": e.actor, "action": e.action, "reason": e.reason} for e in log],
        "messages": notifications.list_messages([person_id], MOST_MESSAGES),
        "records": plain(records),
    }


def _denials(session: Session, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return when the registration was denied in the person's name, and what came of it."""
    query = sa.select(Denial).where(Denial.person_id == person_id).order_by(Denial.id)
    names = ("denied_at", "by_phone", "state", "decided_at", "reason")
    return [{name: getattr(row, name) for name in names} for row in session.scalars(query)]


def _consent(consent: Consent) -> dict[str, Any]:
    """Return a consent as its giver sees it."""
    names = ("kind", "version", "given_at", "channel", "is_by_guardian", "withdrawn_at")
    return {name: getattr(consent, name) for name in names} | {"paper_reference": vault.open_reference(consent)}


def plain(value: Any) -> Any:
    """Return what an exporter gave in JSON's own kinds."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, dt.date):  # instants too
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def ask_erasure(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime, channel: str = "browser") -> Person:
    """Ask for one's erasure, or a dependant's; it is carried out after 7 days. A second time changes nothing.

    Every consent is withdrawn at once: from now on nothing of the person is published, used or passed on.

    Raises:
        Unauthenticated: no fresh sign-in. Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    sign_in.require_fresh(actor, now)
    person_id = links.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status in facts.GONE:
            raise NotFound
        if person.erase_after is None:
            person.erase_after = now + REGRET
            consents.close(session, person_id, tuple(ConsentKind), now, channel)
            audit.record(session, actor, now, "person.erasure-asked", ("person", person_id))
            body = f"您已申请注销注册,将在 {today(person.erase_after)} 之后清除您的身份信息。在此之前可以随时撤回申请。"
            day = f"{today(person.erase_after):%m月%d日}"
            notifications.tell(session, person_id, "erasure-asked", body, now, {"day": day})
        return person


def erased_after(actor: Actor, volunteer_id: uuid.UUID | None) -> dt.datetime | None:
    """Return when the caller, or one they act for, will be erased; None where nobody asked for it.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    return reading().get_one(Person, links.acting_as(actor, volunteer_id)).erase_after


def is_fresh(actor: Actor, now: dt.datetime) -> bool:
    """Whether the caller signed in lately enough for what asks for it."""
    try:
        sign_in.require_fresh(actor, now)
    except Unauthenticated:
        return False
    return True


def take_back_erasure(
    actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime, channel: str = "browser"
) -> Person:
    """Take back the request for erasure; without one nothing changes.

    The consent to registration holds again; the others were withdrawn, and are given again only by saying so.

    Raises:
        IllegalTransition: the 7 days are over. Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id = links.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status == PersonStatus.ERASED or (person.erase_after is not None and person.erase_after <= now):
            raise IllegalTransition
        if person.erase_after is not None:
            person.erase_after = None
            consents.reopen(session, person_id, ConsentKind.REGISTRATION, now, channel)
            audit.record(session, actor, now, "person.erasure-taken-back", ("person", person_id))
            notifications.tell(session, person_id, "erasure-taken-back", "您已撤回注销申请,注册继续有效。", now)
        return person
