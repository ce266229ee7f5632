"""Whom the caller may see and manage: the scope of every question about a person.

Admins and auditors reach everybody; liaisons, who counts in their units today; keepers, whom the hook names (people
signed up at their stations). Everybody else gets "not found". Source: contract, Conventions and Fine points; T41.
"""

import datetime as dt
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission, Role
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration.facts import person_exists
from volunteer.registration.models import Person
from volunteer.registration.statuses import present_day
from volunteer.units import memberships
from volunteer.units import service as units

KeeperSees = Callable[[Actor, uuid.UUID], bool]
#: Whether a keeper may see a person; filled by the rooms that know who comes to which station.
KEEPER_SEES: list[KeeperSees] = []
OF_KEEPERS = frozenset({Permission.READ_PEOPLE, Permission.UNMASK, Permission.RUN_ACTIVITIES})


def require_person(actor: Actor, permission: Permission, person_id: uuid.UUID) -> None:
    """Raise NotFound unless the person exists and the caller holds `permission` over them."""
    if not person_exists(person_id) or not reaches(actor, permission, person_id):
        raise NotFound


def reaches(actor: Actor, permission: Permission, person_id: uuid.UUID) -> bool:
    """Whether the caller holds `permission` over a person, as things stand today."""
    if actor.has_everywhere(permission):
        return True
    if _manages(actor, permission, person_id):
        return True
    is_keeper = any(grant.role is Role.STATION_KEEPER for grant in actor.grants_with(permission))
    return is_keeper and permission in OF_KEEPERS and any(sees(actor, person_id) for sees in KEEPER_SEES)


def _manages(actor: Actor, permission: Permission, person_id: uuid.UUID) -> bool:
    """Whether the person counts today in a unit of which the caller is liaison."""
    if not any(grant.role is Role.UNIT_LIAISON for grant in actor.grants_with(permission)):
        return False
    unit_id = memberships.unit_of(reading(), person_id, present_day())
    scope = units.unit_ids_in_scope(actor, permission)
    return unit_id is not None and (scope is None or unit_id in scope)


def people_in_scope(actor: Actor, permission: Permission, on: dt.date) -> sa.ColumnElement[bool] | None:
    """Return the condition on `Person.id` of those who count in the caller's units; None for everybody."""
    scope = units.unit_ids_in_scope(actor, permission)
    return None if scope is None else Person.id.in_(memberships.persons_in_units(scope, on))


def has_confirmed(session: Session, actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether it was the caller who saw this person's paper: such a keeper may print their card."""
    query = sa.select(Person.confirmed_by).where(Person.id == person_id)
    confirmed_by = session.scalar(query)
    return confirmed_by is not None and confirmed_by == actor.account_id
