"""What the rooms above keep of a unit, told through handlers that `app.wire` fills (stations, pairings …).

A unit that closes must hold none of it; a merge hands it to the unit that goes on. Source: decisions 6, 19.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.units.rules_endings import InUse


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that hangs on a unit, by its name for people."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Handing:
    """From which unit to which, from which day on, by whom and when."""

    unit_id: uuid.UUID
    to_id: uuid.UUID
    on: dt.date
    actor: Actor
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A kind of things that hang on a unit.

    Attributes:
        reason: why the unit cannot be closed while there are any.
        label: what they are called.
        of: those that hang on a unit and would have to go elsewhere from a day on.
        give: hands those of them that still hang on the first unit to the second; returns how many.
        take_back: undoes a `give` on its day, of which it gets the very `Handing`, for those that have not moved on
            since; returns how many. None: giving them to the first unit undoes it, since they are not kept by day.
    """

    reason: InUse
    label: str
    of: Callable[[Session, uuid.UUID, dt.date], list[Held]]
    give: Callable[[Session, Collection[uuid.UUID], Handing], int]
    take_back: Callable[[Session, Collection[uuid.UUID], Handing], int] | None = None


HOLDINGS: list[Holding] = []
#: Locks these people until commit, in the order of their ids; the people's room is above this one.
LOCK_PEOPLE: list[Callable[[Session, Collection[uuid.UUID]], object]] = []


def lock_people(session: Session, person_ids: Collection[uuid.UUID]) -> None:
    """Lock people before anything else is locked."""
    for lock in LOCK_PEOPLE:
        if person_ids:
            lock(session, person_ids)
