"""Finding people by what they say they can and like to do, for the rooms above: masked and within the scope."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.areas import service as areas
from volunteer.database import reading
from volunteer.registration import people, reach
from volunteer.registration.models import Person
from volunteer.registration.people import PersonView
from volunteer.registration.rules import ADULT_AGE, PersonStatus, born_by_for
from volunteer.registration.statuses import today
from volunteer.units import memberships
from volunteer.units import queries as unit_queries
from volunteer.units import service as units


@dataclass(frozen=True, slots=True)
class PoolWanted:
    """Who is wanted of a pool. What is None is not asked.

    Attributes:
        skill, category: codes of the person's own lists.
        area_id, unit_id: where they live, where they count; each with all below it.
        born_by: born on this day or before.
    """

    skill: str | None = None
    category: str | None = None
    area_id: uuid.UUID | None = None
    unit_id: uuid.UUID | None = None
    born_by: dt.date | None = None


def find_in_pool(
    actor: Actor,
    pool: sa.Select[uuid.UUID],
    minors: sa.Select[uuid.UUID],
    wanted: PoolWanted,
    limit: int,
    before: uuid.UUID | None,
    now: dt.datetime,
) -> list[PersonView]:
    """Return up to `limit` + 1 registered people of `pool` in the caller's scope, the newest first, masked.

    Of those under 18 only who is among `minors` too. `born_by` decides how young anybody may be.

    Raises:
        NotFound: a unit outside the scope.
    """
    day = today(now)
    of_age = Person.birth_date <= born_by_for(day, ADULT_AGE)
    query = sa.select(Person).where(
        Person.status == PersonStatus.REGISTERED.value,
        Person.id.in_(pool),
        sa.or_(of_age, Person.id.in_(minors)),
        *_conditions(wanted),
    )
    scope = reach.people_in_scope(actor, Permission.READ_PEOPLE, day)
    if wanted.unit_id is not None:
        units.require_unit(actor, Permission.READ_PEOPLE, wanted.unit_id)
        below = reading().scalars(unit_queries.ids_in_scope((wanted.unit_id,), (), day)).all()
        query = query.where(Person.id.in_(memberships.persons_in_units(below, day)))
    elif scope is not None:
        query = query.where(scope)
    if before is not None:
        query = query.where(Person.id < before)
    found = reading().scalars(query.order_by(Person.id.desc()).limit(limit + 1))
    return people.masked_views(list(found), now)


def _conditions(wanted: PoolWanted) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on the person."""
    found: list[sa.ColumnElement[bool]] = []
    for column, code in ((Person.skills, wanted.skill), (Person.service_categories, wanted.category)):
        if code is not None:
            found.append(sa.cast(column, sa.String).contains(f'"{code}"', autoescape=True))
    if wanted.area_id is not None:
        found.append(Person.area_id.in_(areas.area_ids_below([wanted.area_id])))
    if wanted.born_by is not None:
        found.append(Person.birth_date <= wanted.born_by)
    return found
