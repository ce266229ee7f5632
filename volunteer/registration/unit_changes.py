"""Requests to belong to another unit or to none: asked by the person, answered by a liaison, in one shape.

Who may answer is who may transfer: the liaison of the present unit, or of the wanted one for somebody of none.
Nobody answers their own. Source: decisions 14; ux.md U6, V7.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, Forbidden, IllegalTransition, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import belonging, facts, links, reach, standing, vault
from volunteer.registration.merging import Moved, reassign
from volunteer.registration.models import Person, UnitRequest
from volunteer.registration.rules_changes import AskRefusal, RequestState
from volunteer.registration.statuses import present_day, today
from volunteer.units import memberships
from volunteer.units import service as units

S = RequestState
MOST_OPEN, MOST_OWN = 200, 20


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as its reader sees it: names of units in full, that of the person masked."""

    id: uuid.UUID
    volunteer_id: uuid.UUID
    volunteer_no: str
    display_name: str
    from_unit: str | None
    to_unit_id: uuid.UUID | None
    to_unit: str | None
    state: str
    note: str | None
    asked_at: dt.datetime
    decided_at: dt.datetime | None
    reason: str | None


def ask(
    actor: Actor, volunteer_id: uuid.UUID | None, unit_id: uuid.UUID | None, note: str | None, now: dt.datetime
) -> RequestView:
    """Ask to belong to a unit, or (None) to none; the same again while it waits changes nothing.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
        InvalidInput: `unknown` or `closed` on `unit_id`. Conflict: `AskRefusal`.
    """
    person_id = links.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status in facts.GONE:
            raise NotFound
        known = _open_of(session, person_id)
        if known is not None and known.to_unit_id == unit_id:
            return _views(session, [known])[0]
        present = memberships.unit_of(session, person_id, today(now))
        refusal = AskRefusal.ALREADY_ASKED if known else None
        if present == unit_id:
            refusal = AskRefusal.SAME_UNIT if unit_id else AskRefusal.NO_UNIT
        if refusal:
            raise Conflict(refusal.sentence, code=str(refusal))
        if unit_id is not None:
            memberships.check_unit(session, unit_id, today(now))
        made = UnitRequest(
            id=new_id(),
            person_id=person_id,
            to_unit_id=unit_id,
            state=S.OPEN.value,
            note=note,
            asked_by=actor.account,
            asked_at=now,
        )
        session.add(made)
        audit.record(session, actor, now, "unit-request.ask", ("person", person_id))
        session.flush()
        return _views(session, [made])[0]


def withdraw(actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> RequestView:
    """Take back a request of one's own, or of one for whom one acts; a second time changes nothing.

    Raises:
        NotFound: not theirs. IllegalTransition: it was answered.
    """
    with transaction() as session:
        found = session.get(UnitRequest, request_id)
        if found is None or not links.may_act_for(actor, found.person_id):
            raise NotFound
        found = _locked(session, found)
        if found.state not in (S.OPEN, S.WITHDRAWN):
            raise IllegalTransition
        if found.state == S.OPEN:
            found.state, found.decided_at = S.WITHDRAWN.value, now
            audit.record(session, actor, now, "unit-request.withdraw", ("person", found.person_id))
            session.flush()
        return _views(session, [found])[0]


def accept(actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> RequestView:
    """Agree: from today on the person belongs where they asked to; a second time changes nothing.

    Raises:
        NotFound: outside the scope. Forbidden: one's own. IllegalTransition: it was answered otherwise.
        InvalidInput: the unit was closed meanwhile.
    """
    with transaction() as session:
        found = _to_answer(session, actor, request_id, now)
        if found.state == S.ACCEPTED:
            return _views(session, [found])[0]
        _must_be_open(found)
        if found.to_unit_id is None:
            belonging.leave(actor, found.person_id, None, found.note, now)
        else:
            standing.transfer(actor, found.person_id, found.to_unit_id, None, now)
        found.state, found.decided_by, found.decided_at = S.ACCEPTED.value, actor.account, now
        audit.record(session, actor, now, "unit-request.accept", ("person", found.person_id))
        session.flush()
        return _views(session, [found])[0]


def refuse(actor: Actor, request_id: uuid.UUID, reason: str, now: dt.datetime) -> RequestView:
    """Send a request back, with the reason, which the person is told; a second time changes nothing.

    Raises:
        NotFound: outside the scope. Forbidden: one's own. IllegalTransition: it was answered otherwise.
    """
    with transaction() as session:
        found = _to_answer(session, actor, request_id, now)
        if found.state == S.REFUSED:
            return _views(session, [found])[0]
        _must_be_open(found)
        found.state, found.decided_by = S.REFUSED.value, actor.account
        found.decided_at, found.reason = now, reason
        audit.record(session, actor, now, "unit-request.refuse", ("person", found.person_id), reason)
        body = f"您更换单位的申请已退回,原因:{reason}。可以修改后重新申请,或联系单位联络员。"
        notifications.tell(session, found.person_id, "unit-request-refused", body, now)
        session.flush()
        return _views(session, [found])[0]


def list_open(actor: Actor, now: dt.datetime) -> list[RequestView]:
    """Return the requests that wait for the caller, the first first."""
    session = reading()
    query = sa.select(UnitRequest).where(UnitRequest.state == S.OPEN).order_by(UnitRequest.id)
    scope = units.unit_ids_in_scope(actor, Permission.MANAGE_PEOPLE)
    if scope is not None:
        inside = memberships.persons_in_units(scope, today(now))
        somewhere = sa.select(memberships.memberships_as_of(today(now)).subquery().c.person_id)
        homeless = sa.and_(UnitRequest.to_unit_id.in_(scope), UnitRequest.person_id.not_in(somewhere))
        query = query.where(sa.or_(UnitRequest.person_id.in_(inside), homeless))
    return _views(session, list(session.scalars(query.limit(MOST_OPEN))))


def unit_of(person_id: uuid.UUID, now: dt.datetime) -> units.UnitBrief | None:
    """Return the unit in which a person counts today."""
    unit_id = memberships.unit_of(reading(), person_id, today(now))
    return units.unit_briefs([unit_id])[unit_id] if unit_id else None


def list_own(actor: Actor, volunteer_id: uuid.UUID | None) -> list[RequestView]:
    """Return the requests of the caller, or of one for whom they act, the newest first."""
    person_id, session = links.acting_as(actor, volunteer_id), reading()
    query = sa.select(UnitRequest).where(UnitRequest.person_id == person_id).order_by(UnitRequest.id.desc())
    return _views(session, list(session.scalars(query.limit(MOST_OWN))))


def _to_answer(session: Session, actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> UnitRequest:
    """Return a locked request that the caller may answer, whether it still waits or not."""
    found = session.get(UnitRequest, request_id)
    if found is None:
        raise NotFound
    found = _locked(session, found)
    person_id = found.person_id
    if not reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id):
        is_decided_by_me = found.decided_by is not None and found.decided_by == actor.account_id
        if not is_decided_by_me:
            if memberships.unit_of(session, person_id, today(now)) is not None or found.to_unit_id is None:
                raise NotFound
            units.require_unit(actor, Permission.MANAGE_PEOPLE, found.to_unit_id)
    if actor.account in {found.asked_by, *links.account_ids_of(session, person_id)}:
        raise Forbidden("这是您自己或您代办的申请,请由其他联络员或管理员处理。")
    return found


def _locked(session: Session, found: UnitRequest) -> UnitRequest:
    """Lock the person, then the request."""
    facts.locked(session, found.person_id)
    session.refresh(found, with_for_update=True)
    return found


def _must_be_open(found: UnitRequest) -> None:
    """Raise IllegalTransition for a request that does not wait any more."""
    if found.state != S.OPEN:
        raise IllegalTransition


def _open_of(session: Session, person_id: uuid.UUID) -> UnitRequest | None:
    """Return the request of a person that waits."""
    mine = (UnitRequest.person_id == person_id, UnitRequest.state == S.OPEN)
    return session.scalars(sa.select(UnitRequest).where(*mine)).one_or_none()


def _views(session: Session, requests: list[UnitRequest]) -> list[RequestView]:
    """Return requests with their words."""
    ids = {one.person_id for one in requests}
    people = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(ids)))} if ids else {}
    present = memberships.units_of(session, ids, present_day())
    names = units.unit_briefs({*present.values(), *(one.to_unit_id for one in requests if one.to_unit_id)})
    return [
        RequestView(
            id=one.id,
            volunteer_id=one.person_id,
            volunteer_no=people[one.person_id].volunteer_no,
            display_name=vault.shown_name(people[one.person_id]),
            from_unit=names[present[one.person_id]].name if one.person_id in present else None,
            to_unit_id=one.to_unit_id,
            to_unit=names[one.to_unit_id].name if one.to_unit_id else None,
            state=one.state,
            note=one.note,
            asked_at=one.asked_at,
            decided_at=one.decided_at,
            reason=one.reason,
        )
        for one in requests
    ]


def history_of(session: Session, person_id: uuid.UUID) -> list[dict[str, object]]:
    """Return a person's requests in full, for everything that is held about them."""
    query = sa.select(UnitRequest).where(UnitRequest.person_id == person_id).order_by(UnitRequest.id)
    names = ("to_unit_id", "state", "note", "asked_at", "decided_at", "reason")
    return [{name: getattr(row, name) for name in names} for row in session.scalars(query)]


def forget(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Close what waits and drop the words: the person is erased."""
    for row in session.scalars(sa.select(UnitRequest).where(UnitRequest.person_id == person_id)):
        row.note = None
        if row.state == S.OPEN:
            row.state, row.decided_at = S.WITHDRAWN.value, now
    session.flush()


def merge(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Close what waits, for a merged record belongs where the survivor does; the history becomes theirs."""
    waiting = _open_of(session, from_id)
    if waiting is not None:
        waiting.state, waiting.decided_at = S.WITHDRAWN.value, now
        session.flush()
    done = reassign(session, UnitRequest.__table__, from_id, into_id)
    session.expire_all()
    return Moved(done.moved, int(waiting is not None))
