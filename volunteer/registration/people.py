"""People as they see themselves and as staff in scope see them; and who may change which of their fields.

| field | the person, who acts for them | liaison in scope, admin |
|---|---|---|
| `area_id` `political_status` `skills` `service_categories` | yes | yes |
| `emergency_contact` | yes | no |
| `phone`, proved by `phone_code` for `register` | yes | asked for (202): a second person decides |
| `name`, as on the paper | no | asked for (202): a second person decides |

No single member of staff renames somebody or moves their phone (`correcting`). Who is only invited is as the list says:
there staff change both at once. Identity number, birth date and sex never change here.
Source: contract, GET and PATCH /volunteers/{id}; decisions 9, 14; domain.md g1 F4.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.accounts import sign_in
from volunteer.database import reading, transaction
from volunteer.errors import Fault, Forbidden, Gone, NotFound
from volunteer.phone import PhoneError, normalize_phone
from volunteer.registration import applications, code_tables, correcting, facts, links, reach, vault
from volunteer.registration.credential_models import PersonChange
from volunteer.registration.models import Person
from volunteer.registration.rules import PersonStatus, age_on, check_name, needs_guardian
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units

PLAIN = ("area_id", "political_status", "skills", "service_categories")
BY_PERSON = frozenset({*PLAIN, "emergency_contact", "phone", "phone_code", "reason"})
BY_STAFF = frozenset({*PLAIN, "name", "phone", "phone_code", "reason"})


@dataclass(frozen=True, slots=True)
class Contact:
    """A name, a phone and what they are to the person."""

    name: str | None
    phone: str | None
    relation: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person for one reader: in full for themself and who acts for them, else masked and without the private part."""

    id: uuid.UUID
    volunteer_no: str
    display_name: str
    status: str
    unit_id: uuid.UUID | None
    area_id: uuid.UUID | None
    sex: str | None
    age: int
    is_minor: bool
    phone: str | None
    political_status: str | None
    skills: list[str]
    service_categories: list[str]
    registered_on: dt.date
    erase_after: dt.datetime | None
    name: str | None = None
    id_type: str | None = None
    id_number: str | None = None
    birth_date: dt.date | None = None
    guardian: Contact | None = None
    emergency_contact: Contact | None = None
    pending_changes: tuple[PersonChange, ...] = ()
    """What was asked for just now, and waits for a second person."""


def get_person(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> PersonView:
    """Return a person to themself, to who acts for them, or to staff in scope.

    Raises:
        NotFound: anybody else, and unknown people.
        Gone: `merged`: the record was merged into one that the caller may see; `merged_into` is its id.
    """
    is_own = links.may_act_for(actor, person_id)
    if not is_own:
        left = survivor_of(actor, person_id)
        if left is not None:
            raise Gone("这份记录已与另一份合并,请查看合并后的记录。", code="merged", merged_into=str(left))
        reach.require_person(actor, Permission.READ_PEOPLE, person_id)
    return view(reading().get_one(Person, person_id), now, in_full=is_own)


def may_read(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether somebody may see a person: themself, who acts for them, or staff in scope."""
    return links.may_act_for(actor, person_id) or reach.reaches(actor, Permission.READ_PEOPLE, person_id)


def survivor_of(actor: Actor, person_id: uuid.UUID) -> uuid.UUID | None:
    """Return the record that is left of a merged one, for whoever may see that; None for any other id."""
    left = facts.survivors(reading(), [person_id]).get(person_id)
    return left if left is not None and may_read(actor, left) else None


def view(person: Person, now: dt.datetime, *, in_full: bool, unit_id: uuid.UUID | None = None) -> PersonView:
    """Return one reader's view of a person."""
    phone, number = vault.opened(person, "phone"), vault.opened(person, "id_number")
    private: dict[str, Any] = {}
    if in_full:
        private = {
            "name": vault.name_of(person),
            "id_type": person.id_type,
            "id_number": vault.masked_number(number),
            "birth_date": person.birth_date,
            "guardian": contact(person, "guardian"),
            "emergency_contact": contact(person, "emergency"),
        }
    return PersonView(
        id=person.id,
        volunteer_no=person.volunteer_no,
        display_name=vault.shown_name(person),
        status=person.status,
        unit_id=unit_id or memberships.unit_of(reading(), person.id, today(now)),
        area_id=person.area_id,
        sex=person.sex,
        age=age_on(person.birth_date, today(now)),
        is_minor=needs_guardian(person.birth_date, today(now)),
        phone=phone if in_full else vault.masked_phone(phone),
        political_status=person.political_status,
        skills=list(person.skills),
        service_categories=list(person.service_categories),
        registered_on=person.created_on,
        erase_after=person.erase_after,
        **private,
    )


def contact(person: Person, who: str) -> Contact | None:
    """Return the guardian or the emergency contact of a person."""
    name, phone = vault.opened(person, f"{who}_name"), vault.opened(person, f"{who}_phone")
    return Contact(name, phone, getattr(person, f"{who}_relation")) if name or phone else None


def list_people(
    actor: Actor,
    unit_id: uuid.UUID | None,
    q: str | None,
    statuses: Collection[str],
    limit: int,
    before: uuid.UUID | None,
    now: dt.datetime,
) -> list[PersonView]:
    """Return up to `limit` + 1 people in scope, the newest first; `unit_id` covers its subtree, no statuses mean all.

    `q` is part of an adult's name, the whole name of a minor, a volunteer number, or the last digits of a phone. A
    keeper finds, beside them, an unproven person by the whole volunteer number: whoever stands there with a paper.

    Raises:
        NotFound: a unit outside the scope.
    """
    query = sa.select(Person).where(Person.status.not_in(facts.GONE)).order_by(Person.id.desc())
    query = _in_scope(actor, query, unit_id, q, now)
    if statuses:
        query = query.where(Person.status.in_(statuses))
    if before:
        query = query.where(Person.id < before)
    return masked_views(list(_found(reading(), query, (q or "").strip(), limit + 1)), now)


def _in_scope(
    actor: Actor, query: sa.Select[Person], unit_id: uuid.UUID | None, q: str | None, now: dt.datetime
) -> sa.Select[Person]:
    """Narrow a query to the caller's people, or to those of one unit's subtree."""
    if unit_id is None:
        condition = reach.people_in_scope(actor, Permission.READ_PEOPLE, today(now))
        if condition is None:
            return query
        if any(grant.role is Role.STATION_KEEPER for grant in actor.grants_with(Permission.READ_PEOPLE)):
            unproven = Person.status == PersonStatus.UNPROVEN.value
            condition = sa.or_(condition, sa.and_(Person.volunteer_no == (q or ""), unproven))
        return query.where(condition)
    units.require_unit(actor, Permission.READ_PEOPLE, unit_id)
    below = reading().scalars(unit_queries.ids_in_scope((unit_id,), (), today(now))).all()
    return query.where(Person.id.in_(memberships.persons_in_units(below, today(now))))


def _found(session: Session, query: sa.Select[Person], q: str, most: int) -> Iterator[Person]:
    """Yield up to `most` people that `q` means; a long tail of a phone is compared after its last four are found."""
    if q:
        query = query.where(_meant(q))
    is_tail = q.isascii() and q.isdigit() and len(q) > vault.TAIL_DIGITS
    count = 0
    for person in session.scalars(query if is_tail else query.limit(most)):
        if not is_tail or facts.is_match(person, q):
            yield person
            count += 1
        if count == most:
            return


def _meant(q: str) -> sa.ColumnElement[bool]:
    """Return the condition for `q`."""
    ways = [Person.name.icontains(q, autoescape=True), Person.name_index.in_(vault.name_indexes(q))]
    ways.append(Person.volunteer_no == q)
    if q.isascii() and q.isdigit() and len(q) >= vault.TAIL_DIGITS:
        ways.append(Person.phone_tail_index.in_(vault.tail_indexes(q)))
    with suppress(PhoneError):
        ways.append(Person.phone_index.in_(vault.phone_indexes(normalize_phone(q))))
    return sa.or_(*ways)


def masked_views(people: list[Person], now: dt.datetime) -> list[PersonView]:
    """Return masked views, with everybody's unit from one statement."""
    theirs = memberships.units_of(reading(), [person.id for person in people], today(now))
    return [view(person, now, in_full=False, unit_id=theirs.get(person.id)) for person in people]


def change_person(actor: Actor, person_id: uuid.UUID, changes: Mapping[str, Any], now: dt.datetime) -> PersonView:
    """Change a person's fields, or ask for what a second person must decide (`pending_changes`); see the file's head.

    Raises:
        NotFound: not the caller's to see.
        Forbidden: a field is not the caller's to change, or an auditor or keeper asks.
        InvalidInput: `wrong-code` on `phone_code`, `unknown-value`, `unknown`, a bad name, `phone-taken`.
        Conflict: `already-asked`: something else is asked for already. IllegalTransition: the person has left.
    """
    is_own = links.may_act_for(actor, person_id)
    if not is_own:
        reach.require_person(actor, Permission.READ_PEOPLE, person_id)
        if not reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id):
            raise Forbidden
    is_staff = reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id)
    allowed = (BY_PERSON if is_own else frozenset()) | (BY_STAFF if is_staff else frozenset())
    if set(changes) - allowed:
        names = "、".join(sorted(set(changes) - allowed))
        raise Forbidden(f"这些内容不能由您修改:{names}。", code="forbidden")
    reason = changes.get("reason") or "工作人员提出"
    changes, code_id = _checked({name: value for name, value in changes.items() if name != "reason"}, now)
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status in facts.GONE:
            raise NotFound
        if code_id is not None:
            sign_in.use_code(session, code_id, now)
        is_free = person.status == PersonStatus.INVITED
        waits = set() if is_free else {"name"} if is_own else {"name", "phone"}
        wanted = {name: value for name, value in changes.items() if name in waits}
        pending = correcting.ask_by_staff(session, actor, person, wanted, reason, now)
        changes = {name: value for name, value in changes.items() if name not in waits}
        _apply(person, changes, now)
        if changes:
            audit.record(session, actor, now, "person.change", ("person", person_id), fields=sorted(changes))
        session.flush()
        return replace(view(person, now, in_full=is_own), pending_changes=tuple(pending))


def _checked(changes: Mapping[str, Any], now: dt.datetime) -> tuple[dict[str, Any], uuid.UUID | None]:
    """Return the changes in their one spelling and the verified code of a new phone; all faults at once."""
    told, made = applications.Faults(applications.detail_faults(changes)), dict(changes)
    code, code_id = made.pop("phone_code", None), None
    if "name" in made:
        name = check_name(made["name"])
        if isinstance(name, Fault):
            told.add(name)
        made["name"] = name
    if "phone" in made:
        code_id = applications.verified(made["phone"], "register", code or "", now, told, "phone_code")
    relation = (made.get("emergency_contact") or {}).get("relation")
    if relation is not None and relation not in code_tables.labels(reading(), "relations"):
        told.add(code_tables.unknown_code("emergency_contact.relation"))
    told.raise_any()
    return made, code_id


def _apply(person: Person, changes: Mapping[str, Any], now: dt.datetime) -> None:
    """Write the changes."""
    for field in PLAIN:
        if field in changes:
            value = changes[field]
            setattr(person, field, list(value or ()) if field in ("skills", "service_categories") else value)
    if "name" in changes:
        vault.put_name(person, changes["name"], is_minor=needs_guardian(person.birth_date, today(now)))
    if "phone" in changes:
        vault.put_phone(person, changes["phone"])
        person.phone_proved_at = now
    if "emergency_contact" in changes:
        given = changes["emergency_contact"] or {}
        vault.seal(person, "emergency_name", given.get("name"))
        vault.seal(person, "emergency_phone", given.get("phone"))
        person.emergency_relation = given.get("relation")
