"""Another phone, or another identity, for a person: asked for by one, decided by another, carried out at once.

What is asked for lies sealed until the decision. Whoever decides has the paper before them and types what stands on it;
it must be the same, so nobody reads the number on a screen and nobody agrees without looking.
Source: decisions 14; domain.md g1 F4; contract, "who is already registered … takes the paper to a unit or a station".
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import directory, sign_in
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, IllegalTransition, NotFound, VolunteerError
from volunteer.notifications import service as notifications
from volunteer.phone import mask_phone
from volunteer.registration import facts, links, reach, rules_credentials, vault
from volunteer.registration.credential_models import PersonChange
from volunteer.registration.models import Person
from volunteer.registration.rules_credentials import Bar, ChangeFault, ChangeKind, ChangeState, DecisionFacts

TABLE, COLUMN, MOST_LISTED = "person_changes", "values_sealed", 100
Apply = Callable[[Session, Person, Mapping[str, Any], dt.datetime], None]


class Barred(VolunteerError):
    """409: the caller may not decide this request now; `bars` says everything that stands against it."""

    status = 409
    code = "change-barred"
    title = "现在不能核对这份申请"

    def __init__(self, bars: tuple[Bar, ...]) -> None:
        self.bars = bars
        super().__init__(" ".join(bar.sentence for bar in bars), reasons=[str(bar) for bar in bars])


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A request as its reader sees it: what is asked for is named, never shown; of a phone, its ends."""

    id: uuid.UUID
    person_id: uuid.UUID
    person_name: str
    volunteer_no: str
    kind: ChangeKind
    state: ChangeState
    fields: tuple[str, ...]
    phone: str | None
    asked_at: dt.datetime
    asked_by: str | None
    reason: str
    due_at: dt.datetime
    decision_reason: str | None
    bars: tuple[Bar, ...]


def may_ask(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether the caller, as staff, may ask for a change: liaisons in scope, admins, keepers who know the person."""
    if reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id):
        return True
    return reach.reaches(actor, Permission.RUN_ACTIVITIES, person_id)


def may_decide(actor: Actor, kind: ChangeKind, person_id: uuid.UUID) -> bool:
    """Whether requests of this kind about a person are the caller's: an identity is not a keeper's to decide."""
    return (
        may_ask(actor, person_id)
        if kind is ChangeKind.PHONE
        else reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id)
    )


def add(
    session: Session,
    actor: Actor,
    person: Person,
    kind: ChangeKind,
    values: Mapping[str, Any],
    reason: str,
    now: dt.datetime,
) -> PersonChange:
    """Keep a request about a locked person; the person is told, a phone's old one too.

    Raises:
        Conflict: `already-asked`.
    """
    known = sa.select(PersonChange.id).where(
        PersonChange.person_id == person.id,
        PersonChange.kind == kind.value,
        PersonChange.state == ChangeState.OPEN.value,
    )
    if session.scalar(known) is not None:
        raise Conflict(ChangeFault.ALREADY_ASKED.sentence, code=str(ChangeFault.ALREADY_ASKED))
    account_id, row_id = own_account(session, person.id), new_id()
    is_staff = account_id is not None and sign_in.has_roles(session, account_id)
    row = PersonChange(
        id=row_id,
        person_id=person.id,
        kind=kind.value,
        state=ChangeState.OPEN.value,
        values_sealed=settings().keyring.seal(json.dumps(dict(values), ensure_ascii=False), TABLE, COLUMN, row_id),
        fields=sorted(values),
        asked_by=actor.account,
        asked_at=now,
        reason=reason,
        due_at=rules_credentials.due_at(kind, now, has_account=account_id is not None, is_staff_account=is_staff),
    )
    session.add(row)
    audit.record(session, actor, now, f"change.{kind}.ask", ("person", person.id), reason, fields=sorted(values))
    body = f"有人为您申请{kind.label},核对后生效。如非本人要求,请在“我的”里撤回,或联系所在单位、服务站。"
    notifications.tell(session, person.id, f"change-{kind}-asked", body, now)
    session.flush()
    return row


def same_open(
    session: Session, actor: Actor, person_id: uuid.UUID, kind: ChangeKind, values: Mapping[str, Any]
) -> PersonChange | None:
    """Return the open request in which the caller asks for just this, or None."""
    query = sa.select(PersonChange).where(
        PersonChange.person_id == person_id,
        PersonChange.kind == kind.value,
        PersonChange.state == ChangeState.OPEN.value,
        PersonChange.asked_by == actor.account,
    )
    found = session.scalars(query).one_or_none()
    return found if found is not None and opened(found) == dict(values) else None


def own_account(session: Session, person_id: uuid.UUID) -> uuid.UUID | None:
    """Return the account that is the person, the oldest where there are several; None for somebody without one."""
    return next(iter(links.own_accounts(session, person_id)), None)


def opened(row: PersonChange) -> dict[str, Any]:
    """Return what an open request asks for."""
    text = settings().keyring.open(row.values_sealed or b"", TABLE, COLUMN, row.id)
    return dict(json.loads(text))


def list_open(actor: Actor, now: dt.datetime) -> list[ChangeView]:
    """Return what waits and is the caller's to decide or has been asked by them, the oldest first."""
    query = sa.select(PersonChange).where(PersonChange.state == ChangeState.OPEN.value).order_by(PersonChange.id)
    found = []
    for row in reading().scalars(query):
        if row.asked_by == actor.account or may_decide(actor, ChangeKind(row.kind), row.person_id):
            found.append(_view(actor, row, now))
        if len(found) == MOST_LISTED:
            break
    return found


def list_own(actor: Actor, now: dt.datetime) -> list[ChangeView]:
    """Return the requests about the caller and whom they act for, the newest first."""
    query = sa.select(PersonChange).where(PersonChange.person_id.in_(links.linked_persons(actor)))
    rows = reading().scalars(query.order_by(PersonChange.id.desc()).limit(MOST_LISTED))
    return [_view(actor, row, now) for row in rows]


def get(actor: Actor, change_id: uuid.UUID, now: dt.datetime) -> ChangeView:
    """Return a request to staff whose it is to decide, or who asked.

    Raises:
        NotFound: anybody else's.
    """
    row = reading().get(PersonChange, change_id)
    if row is None:
        raise NotFound
    _require_staff(actor, row)
    return _view(actor, row, now)


def _require_staff(actor: Actor, row: PersonChange) -> None:
    """Raise NotFound unless the request is the caller's to see as staff."""
    is_askers = row.asked_by == actor.account and may_ask(actor, row.person_id)
    if not (is_askers or may_decide(actor, ChangeKind(row.kind), row.person_id)):
        raise NotFound


def _view(actor: Actor, row: PersonChange, now: dt.datetime) -> ChangeView:
    """Return a request as the caller sees it."""
    session = reading()
    person = session.get_one(Person, row.person_id)
    is_open = row.state == ChangeState.OPEN
    phone = opened(row).get("phone") if is_open and row.kind == ChangeKind.PHONE else None
    return ChangeView(
        id=row.id,
        person_id=row.person_id,
        person_name=vault.shown_name(person),
        volunteer_no=person.volunteer_no,
        kind=ChangeKind(row.kind),
        state=ChangeState(row.state),
        fields=tuple(row.fields),
        phone=mask_phone(phone) if phone else None,
        asked_at=row.asked_at,
        asked_by=directory.names_of(actor, {row.asked_by}).get(row.asked_by),
        reason=row.reason,
        due_at=row.due_at,
        decision_reason=row.decision_reason,
        bars=_bars(session, actor, row, now) if is_open else (),
    )


def _bars(session: Session, actor: Actor, row: PersonChange, now: dt.datetime) -> tuple[Bar, ...]:
    """Return what keeps the caller from letting a request take effect."""
    account_id = own_account(session, row.person_id)
    return rules_credentials.bars(
        DecisionFacts(
            now=now,
            due_at=row.due_at,
            is_asker=row.asked_by == actor.account_id,
            is_party=actor.account_id in links.account_ids_of(session, row.person_id),
            is_staff_account=account_id is not None and sign_in.has_roles(session, account_id),
            is_admin=actor.is_admin,
        )
    )


def accept(
    actor: Actor,
    change_id: uuid.UUID,
    check: Callable[[Mapping[str, Any]], None],
    apply: Apply,
    reason: str,
    now: dt.datetime,
) -> ChangeState:
    """Let a request take effect; a second time changes nothing.

    `check` compares what the decider typed with what is asked for, and raises where it differs; `apply` carries it out.

    Raises:
        NotFound: not the caller's. Barred: with every reason. IllegalTransition: it has ended otherwise.
    """
    with transaction() as session:
        row, person = _locked(session, actor, change_id)
        if row.state == ChangeState.ACCEPTED:
            return ChangeState.ACCEPTED
        if row.state != ChangeState.OPEN:
            raise IllegalTransition
        found = _bars(session, actor, row, now)
        if found:
            raise Barred(found)
        values = opened(row)
        check(values)
        _end(row, ChangeState.ACCEPTED, now, actor.account, reason)
        session.flush()
        apply(session, person, values, now)
        audit.record(session, actor, now, f"change.{row.kind}.accept", ("person", person.id), reason, fields=row.fields)
        return ChangeState.ACCEPTED


def refuse(actor: Actor, change_id: uuid.UUID, reason: str, now: dt.datetime) -> ChangeState:
    """Refuse a request, with a reason that the person reads; at any time, but not one's own. A second time is harmless.

    Raises:
        NotFound: not the caller's. Barred: their own request, or about themself. IllegalTransition: it has ended.
    """
    with transaction() as session:
        row, person = _locked(session, actor, change_id)
        if row.state == ChangeState.REFUSED:
            return ChangeState.REFUSED
        if row.state != ChangeState.OPEN:
            raise IllegalTransition
        found = tuple(one for one in _bars(session, actor, row, now) if one in (Bar.OWN_REQUEST, Bar.OWN_PERSON))
        if found:
            raise Barred(found)
        _end(row, ChangeState.REFUSED, now, actor.account, reason)
        audit.record(session, actor, now, f"change.{row.kind}.refuse", ("person", person.id), reason)
        body = f"{ChangeKind(row.kind).label}的申请未通过。原因:{reason}。如有疑问,请联系所在单位或服务站。"
        notifications.tell(session, person.id, f"change-{row.kind}-refused", body, now)
        return ChangeState.REFUSED


def withdraw(actor: Actor, change_id: uuid.UUID, now: dt.datetime) -> ChangeState:
    """Take a request back: who made it, or the person whom it is about and who objects. A second time is harmless.

    Raises:
        NotFound: neither. IllegalTransition: it has been decided.
    """
    with transaction() as session:
        row = session.get(PersonChange, change_id)
        if row is None or not (row.asked_by == actor.account or links.may_act_for(actor, row.person_id)):
            raise NotFound
        person = facts.locked(session, row.person_id)
        session.refresh(row)
        if row.state == ChangeState.WITHDRAWN:
            return ChangeState.WITHDRAWN
        if row.state != ChangeState.OPEN:
            raise IllegalTransition
        _end(row, ChangeState.WITHDRAWN, now)
        is_objection = row.asked_by != actor.account
        audit.record(
            session, actor, now, f"change.{row.kind}.withdraw", ("person", person.id), objected=is_objection or None
        )
        return ChangeState.WITHDRAWN


def _locked(session: Session, actor: Actor, change_id: uuid.UUID) -> tuple[PersonChange, Person]:
    """Lock the person of a request, and return it as it is now.

    Raises:
        NotFound: no such request of the caller's to see.
    """
    row = session.get(PersonChange, change_id)
    if row is None:
        raise NotFound
    _require_staff(actor, row)
    person = facts.locked(session, row.person_id)
    session.refresh(row)
    if person.status in facts.GONE:
        raise NotFound
    return row, person


def _end(
    row: PersonChange, state: ChangeState, now: dt.datetime, by: uuid.UUID | None = None, reason: str | None = None
) -> None:
    """End a request, and wipe what it asked for."""
    row.state, row.decided_at, row.decided_by, row.decision_reason = state.value, now, by, reason
    row.values_sealed = None


def end_open(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """End what is open about a person who is erased or merged."""
    session.execute(
        sa.update(PersonChange)
        .where(PersonChange.person_id == person_id, PersonChange.state == ChangeState.OPEN.value)
        .values(state=ChangeState.EXPIRED.value, values_sealed=None, decided_at=now)
    )


def expire_old(now: dt.datetime) -> int:
    """End requests that nobody has decided in 30 days; return how many."""
    with transaction() as session:
        old = sa.update(PersonChange).where(
            PersonChange.state == ChangeState.OPEN.value, PersonChange.asked_at < now - rules_credentials.LIFE
        )
        ended = session.execute(old.values(state=ChangeState.EXPIRED.value, values_sealed=None, decided_at=now))
        return int(ended.rowcount)  # type: ignore[attr-defined]


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return the requests about a person for GET /me/data."""
    rows = session.scalars(sa.select(PersonChange).where(PersonChange.person_id == person_id).order_by(PersonChange.id))
    told = ("kind", "state", "fields", "asked_at", "reason", "decided_at", "decision_reason")
    return {"identity_changes": [{name: getattr(row, name) for name in told} for row in rows]}
