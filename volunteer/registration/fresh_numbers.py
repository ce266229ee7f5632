"""Numbers for people: a volunteer number and a pass number, each of them nobody else's in either meaning.

A column's own index knows nothing of the other column: who types or scans nine digits would mean two people.
Source: decisions 11; MZ/T 061-2015 (a number instead of the identity number).
"""

import secrets
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from volunteer.registration.models import Person
from volunteer.registration.rules import volunteer_number

RANDOM: Final = secrets.SystemRandom()


def draw(session: Session, count: int, drawn: set[str]) -> Iterator[str]:
    """Return as many numbers that nobody has, neither as such nor as a pass number, and that are not in `drawn` yet."""
    found: list[str] = []
    while len(found) < count:
        fresh = {volunteer_number(RANDOM) for _ in range(count - len(found))} - drawn
        for column in (Person.volunteer_no, Person.pass_no):
            fresh -= set(session.scalars(sa.select(column).where(column.in_(fresh))))
        drawn |= fresh
        found += fresh
    return iter(found)


def are_shared(session: Session, people: sa.ColumnElement[bool]) -> bool:
    """Return whether a volunteer number among `people` is anybody's pass number, or the other way round.

    `people` is a condition on `Person.id`. For numbers that were drawn before the transaction that writes them.
    """
    other = aliased(Person)
    ways = ((Person.volunteer_no, other.pass_no), (Person.pass_no, other.volunteer_no))
    found = sa.select(Person.id).where(people).limit(1)
    return any(session.scalar(found.join(other, theirs == mine)) is not None for mine, theirs in ways)
