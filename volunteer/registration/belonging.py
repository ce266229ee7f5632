"""Leaving a unit, reporting in (双报到) beside it, and moving a whole list of people: by liaisons and administrators.

Past days stay as they were; nobody counts twice. Source: decisions 4, 5; ux.md U6.
"""

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.database import reading, transaction
from volunteer.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import facts, reach, standing, vault
from volunteer.registration.models import Person
from volunteer.registration.rules_changes import ListFault, ReportInFault
from volunteer.registration.standing import StandingView
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import service as units

MOST_LISTED = 500


def leave(actor: Actor, person_id: uuid.UUID, on: dt.date | None, reason: str | None, now: dt.datetime) -> StandingView:
    """Let a person belong to no unit from a day on, today if none is given; they stay registered and are told.

    Raises:
        NotFound: outside the scope. Forbidden: a past day, by anybody but an admin.
        InvalidInput: `too-far-ahead`, `before-registration` on `on`.
    """
    day = today(now)
    on = on or day
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.MANAGE_PEOPLE, person_id)
        standing.check_day(actor, person, on, day)
        unit_id = memberships.unit_of(session, person_id, on)
        if unit_id is not None:
            memberships.transfer(session, person_id, None, on, now)
            told = {"unit_id": str(unit_id), "on": str(on)}
            audit.record(session, actor, now, "person.leave", ("person", person_id), reason, **told)
            name = units.unit_briefs([unit_id])[unit_id].name
            body = f"从 {on} 起,您不再属于{name}。您的注册和时长都保留,可以申请加入新的单位。"
            notifications.tell(session, person_id, "left-unit", body, now)
        return standing.view(session, person, on)


def report_in(
    actor: Actor, person_id: uuid.UUID, unit_id: uuid.UUID, on: dt.date | None, now: dt.datetime
) -> StandingView:
    """Let a person report in at a unit beside their own from a day on; the same again changes nothing.

    Raises:
        NotFound: outside the scope. Conflict: `ReportInFault`. Forbidden, InvalidInput: as `leave`, and the unit's.
    """
    day = today(now)
    on = on or day
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.MANAGE_PEOPLE, person_id)
        standing.check_day(actor, person, on, day)
        if memberships.unit_of(session, person_id, on) == unit_id:
            raise Conflict(ReportInFault.OWN_UNIT.sentence, code=str(ReportInFault.OWN_UNIT))
        known = memberships.reports_in_at(session, person_id, on)
        if known is not None and known != unit_id:
            raise Conflict(ReportInFault.ELSEWHERE.sentence, code=str(ReportInFault.ELSEWHERE))
        if known is None:
            memberships.report_in(session, person_id, unit_id, on, now)
            told = {"unit_id": str(unit_id), "on": str(on)}
            audit.record(session, actor, now, "person.report-in", ("person", person_id), **told)
            name = units.unit_briefs([unit_id])[unit_id].name
            body = f"从 {on} 起,您在{name}双报到。您仍计入自己所属的单位,不会重复统计。"
            notifications.tell(session, person_id, "reports-in", body, now)
        return standing.view(session, person, on)


def end_report_in(actor: Actor, person_id: uuid.UUID, on: dt.date | None, now: dt.datetime) -> StandingView:
    """Let a person report in nowhere from a day on; who does not changes nothing.

    Raises:
        NotFound: outside the scope. Forbidden, InvalidInput: as `leave`.
    """
    day = today(now)
    on = on or day
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.MANAGE_PEOPLE, person_id)
        standing.check_day(actor, person, on, day)
        if memberships.end_report_in(session, person_id, on):
            audit.record(session, actor, now, "person.report-in-end", ("person", person_id), on=str(on))
        return standing.view(session, person, on)


class Listed(NamedTuple):
    """A line of a list: the number as it was written, who it is (masked), and why they are not moved."""

    number: str
    person_id: uuid.UUID | None
    name: str
    fault: ListFault | None


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What moving a list would do."""

    to_unit: units.UnitBrief
    on: dt.date
    lines: list[Listed]

    @property
    def moving(self) -> list[uuid.UUID]:
        """Whom it would move."""
        return [line.person_id for line in self.lines if line.person_id and line.fault is None]


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a list as it was pasted, each once, in its order."""
    return list(dict.fromkeys(one for one in re.split(r"[\s,,、;;]+", text) if one))


def plan_move(actor: Actor, numbers: Sequence[str], to_unit_id: uuid.UUID, on: dt.date, now: dt.datetime) -> MovePlan:
    """Return what moving these people to a unit from a day on would do; the caller looks after both units.

    Raises:
        NotFound: the unit is outside the scope. Forbidden, InvalidInput: the day, as `standing.transfer`.
    """
    units.require_unit(actor, Permission.MANAGE_PEOPLE, to_unit_id)
    standing.check_range(actor, on, today(now))
    session, day = reading(), today(now)
    query = sa.select(Person).where(Person.volunteer_no.in_(numbers), Person.status.not_in(facts.GONE))
    scope = reach.people_in_scope(actor, Permission.MANAGE_PEOPLE, day)
    if scope is not None:
        query = query.where(scope)
    people = {person.volunteer_no: person for person in session.scalars(query)}
    there = memberships.units_of(session, [person.id for person in people.values()], on)
    lines = [_listed(number, people.get(number), there, to_unit_id, on) for number in numbers]
    return MovePlan(units.unit_briefs([to_unit_id])[to_unit_id], on, lines)


def _listed(
    number: str, person: Person | None, there: dict[uuid.UUID, uuid.UUID], to_unit_id: uuid.UUID, on: dt.date
) -> Listed:
    """Return one line, judged."""
    if person is None:
        return Listed(number, None, "", ListFault.UNKNOWN)
    fault = None
    if there.get(person.id) == to_unit_id:
        fault = ListFault.ALREADY_THERE
    elif on < person.created_on:
        fault = ListFault.TOO_EARLY
    return Listed(number, person.id, vault.shown_name(person), fault)


def move_list(actor: Actor, numbers: Sequence[str], to_unit_id: uuid.UUID, on: dt.date, now: dt.datetime) -> int:
    """Move everybody of a list who may be moved, all or none; return how many. Each is told, each is on record.

    Raises:
        What `plan_move` and `standing.transfer` raise; IllegalTransition: nobody is left to move.
    """
    if len(numbers) > MOST_LISTED:
        raise InvalidInput([])
    with transaction() as session:
        moving = sorted(plan_move(actor, numbers, to_unit_id, on, now).moving)
        if not moving:
            raise IllegalTransition
        facts.lock_people(session, moving)
        for person_id in moving:
            standing.transfer(actor, person_id, to_unit_id, on, now)
        return len(moving)


def people_of_unit(actor: Actor, unit_id: uuid.UUID, now: dt.datetime) -> list[str]:
    """Return the numbers of everybody who counts in a unit itself today, to begin a list with.

    Raises:
        NotFound: outside the scope.
    """
    units.require_unit(actor, Permission.MANAGE_PEOPLE, unit_id)
    inside = memberships.persons_in_units([unit_id], today(now))
    query = sa.select(Person.volunteer_no).where(Person.id.in_(inside), Person.status.not_in(facts.GONE))
    found = list(reading().scalars(query.order_by(Person.volunteer_no).limit(MOST_LISTED)))
    if not found:
        raise NotFound("这个单位本身没有可以转移的人,请查看它的下级单位。")
    return found
