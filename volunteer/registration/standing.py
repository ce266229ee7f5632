"""Confirming, suspending, restoring, moving between units: what staff decide about a person's standing.

Each is told to the person, and audited with its reason. Source: contract, Volunteers; decisions 4, 5, 17.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.database import transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound, invalid
from volunteer.notifications import service as notifications
from volunteer.registration import facts, reach, statuses
from volunteer.registration.models import Person
from volunteer.registration.rules import PersonStatus
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import service as units

MOST_DAYS_AHEAD = 31
S = PersonStatus


@dataclass(frozen=True, slots=True)
class StandingView:
    """Where a person stands after a decision."""

    id: uuid.UUID
    volunteer_no: str
    status: str
    unit_id: uuid.UUID | None


def view(session: Session, person: Person, on: dt.date) -> StandingView:
    """Return where a person stands, with the unit on a day, for whoever has just changed it."""
    session.flush()
    unit_id = memberships.unit_of(session, person.id, on)
    return StandingView(person.id, person.volunteer_no, person.status, unit_id)


def confirm(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> StandingView:
    """Register an unproven person whose paper the caller has seen; a second time changes nothing.

    Liaisons confirm in their units; any station's keeper confirms who shows the paper there.

    Raises:
        NotFound: not the caller's to confirm.
        IllegalTransition: neither unproven nor registered.
    """
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status in facts.GONE or not may_confirm(actor, person):
            raise NotFound
        if person.status == S.REGISTERED:
            return view(session, person, today(now))
        if person.status != S.UNPROVEN:
            raise IllegalTransition
        statuses.move(session, person, S.REGISTERED, today(now))
        person.confirmed_by, person.confirmed_at = actor.account, now
        audit.record(session, actor, now, "person.confirm", ("person", person_id))
        notifications.tell(session, person_id, "confirmed", "您的身份已核实,志愿者注册完成。", now)
        return view(session, person, today(now))


def may_confirm(actor: Actor, person: Person) -> bool:
    """Whether the caller may confirm this person."""
    if reach.reaches(actor, Permission.REGISTER_OTHERS, person.id):
        return True
    is_keeper = any(g.role is Role.STATION_KEEPER for g in actor.grants_with(Permission.REGISTER_OTHERS))
    return is_keeper and (person.status == S.UNPROVEN or person.confirmed_at is not None)


def suspend(actor: Actor, person_id: uuid.UUID, reason: str, now: dt.datetime) -> StandingView:
    """Suspend a registered person: no new sign-ups and scans; they still count in rates.

    Raises:
        NotFound: outside the scope.
        IllegalTransition: not registered.
    """
    body = f"您的志愿者资格已被暂停,原因:{reason}。如有异议,请联系所在单位或服务站。"
    return _switch(actor, person_id, (S.REGISTERED, S.SUSPENDED), reason, body, now)


def restore(actor: Actor, person_id: uuid.UUID, reason: str | None, now: dt.datetime) -> StandingView:
    """Lift a suspension.

    Raises:
        NotFound: outside the scope.
        IllegalTransition: not suspended.
    """
    body = "您的志愿者资格已恢复,可以继续报名参加活动。"
    return _switch(actor, person_id, (S.SUSPENDED, S.REGISTERED), reason, body, now)


def _switch(
    actor: Actor,
    person_id: uuid.UUID,
    move: tuple[PersonStatus, PersonStatus],
    reason: str | None,
    body: str,
    now: dt.datetime,
) -> StandingView:
    """Move a person in the caller's scope between two statuses; one already there stays."""
    before, after = move
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.MANAGE_PEOPLE, person_id)
        if person.status == after:
            return view(session, person, today(now))
        if person.status != before:
            raise IllegalTransition
        statuses.move(session, person, after, today(now))
        audit.record(session, actor, now, f"person.{after.value}", ("person", person_id), reason)
        notifications.tell(session, person_id, after.value, body, now)
        return view(session, person, today(now))


def transfer(
    actor: Actor, person_id: uuid.UUID, unit_id: uuid.UUID, on: dt.date | None, now: dt.datetime
) -> StandingView:
    """Let a person count in another unit from a day on, today if none is given; answers with the unit of that day.

    A liaison needs the person's present unit in scope, or, over a person of no unit, the target.

    Raises:
        NotFound: outside the scope.
        Forbidden: a past day, by anybody but an admin.
        InvalidInput: `too-far-ahead`, `before-registration` on `on`; `unknown`, `closed` on `unit_id`.
    """
    day = today(now)
    on = on or day
    with transaction() as session:
        person = facts.locked(session, person_id)
        _require_transferable(session, actor, person, unit_id, day)
        check_day(actor, person, on, day)
        before = memberships.unit_of(session, person_id, on)
        memberships.transfer(session, person_id, unit_id, on, now)
        if before != unit_id:
            details = {"unit_id": str(unit_id), "on": str(on)}
            audit.record(session, actor, now, "person.transfer", ("person", person_id), **details)
            name = units.unit_briefs([unit_id])[unit_id].name
            notifications.tell(session, person_id, "transferred", f"从 {on} 起,您所属的单位为:{name}。", now)
        return view(session, person, on)


def check_day(actor: Actor, person: Person, on: dt.date, day: dt.date) -> None:
    """Raise if the caller may not change where this person belongs on that day; `day` is today."""
    check_range(actor, on, day)
    if on < person.created_on:
        raise invalid("on", "before-registration", f"不能早于注册日期 {person.created_on},请选择这一天或以后的日期。")


def check_range(actor: Actor, on: dt.date, day: dt.date) -> None:
    """Raise if the caller may not change where anybody belongs on that day; `day` is today."""
    if on < day and not actor.is_admin:
        raise Forbidden("转移到过去的日期须由管理员办理,请选择今天或以后的日期。")
    if on > day + dt.timedelta(days=MOST_DAYS_AHEAD):
        raise invalid("on", "too-far-ahead", f"最多提前 {MOST_DAYS_AHEAD} 天办理,请选择更早的日期。")


def _require_transferable(session: Session, actor: Actor, person: Person, unit_id: uuid.UUID, day: dt.date) -> None:
    """Raise NotFound unless the caller manages the person, or takes one of no unit into a unit of theirs."""
    if person.status in facts.GONE:
        raise NotFound
    if reach.reaches(actor, Permission.MANAGE_PEOPLE, person.id):
        return
    if memberships.unit_of(session, person.id, day) is not None:
        raise NotFound
    units.require_unit(actor, Permission.MANAGE_PEOPLE, unit_id)


def contest(actor: Actor, person_id: uuid.UUID, reason: str, now: dt.datetime) -> StandingView:
    """End the membership of somebody who chose the caller's unit and does not belong to it, from today on.

    The person stays registered, without a unit, and is told.

    Raises:
        NotFound: outside the scope.
    """
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.MANAGE_PEOPLE, person_id)
        unit_id = memberships.unit_of(session, person_id, today(now))
        if unit_id is None:
            return view(session, person, today(now))
        memberships.transfer(session, person_id, None, today(now), now)
        details = {"unit_id": str(unit_id)}
        audit.record(session, actor, now, "person.contest", ("person", person_id), reason, **details)
        name = units.unit_briefs([unit_id])[unit_id].name
        body = f"{name}认为您不属于该单位,原因:{reason}。您的注册仍然有效,请联系正确的单位办理转入。"
        notifications.tell(session, person_id, "contested", body, now)
        return view(session, person, today(now))
