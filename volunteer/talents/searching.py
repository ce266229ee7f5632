"""Looking for people of the pool who can do something: one query behind the page, the API and the sheet.

Found are registered people in the caller's scope who said yes themselves, or whose guardian did; nobody under 14, and
nobody under 18 for dangerous work. Names and phones are masked. Source: domain.md A9, b5; `rules.call_reasons`.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.database import reading
from volunteer.registration import pools
from volunteer.registration.people import PersonView
from volunteer.registration.pools import PoolWanted
from volunteer.registration.rules import ADULT_AGE, SPECIAL_CARE_AGE, born_by_for
from volunteer.talents.models import Qualification, Talent, TalentTime
from volunteer.talents.rules import Part, QualificationKind
from volunteer.talents.service import Paper, Time, paper, today

MOST_LISTED: Final = 20_000
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. What is None is not asked.

    Attributes:
        kind: of a paper that still holds on `valid_on` (today, if none is given); `is_checked`: and was compared.
        weekday, part: when they must have time.
        is_hazardous: for dangerous work: adults alone.
    """

    skill: str | None = None
    category: str | None = None
    kind: QualificationKind | None = None
    valid_on: dt.date | None = None
    is_checked: bool = False
    weekday: int | None = None
    part: Part | None = None
    area_id: uuid.UUID | None = None
    unit_id: uuid.UUID | None = None
    is_hazardous: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody of the pool, masked, with the papers that hold on the day and when they have time."""

    person: PersonView
    papers: list[Paper]
    times: list[Time]

    @property
    def id(self) -> uuid.UUID:
        """Whose."""
        return self.person.id


def search(actor: Actor, wanted: Wanted, limit: int, before: uuid.UUID | None, now: dt.datetime) -> list[Found]:
    """Return up to `limit` + 1 people of the pool in the caller's scope, the newest first. A fixed number of queries.

    Raises:
        NotFound: a unit outside the scope.
    """
    day, session = wanted.valid_on or today(now), reading()
    youngest = ADULT_AGE if wanted.is_hazardous else SPECIAL_CARE_AGE
    asked = PoolWanted(
        wanted.skill,
        wanted.category,
        wanted.area_id,
        wanted.unit_id,
        born_by=born_by_for(today(now), youngest),
    )
    minors = sa.select(Talent.person_id).where(Talent.by_guardian.is_(True))
    found = pools.find_in_pool(actor, _pool(wanted, day), minors, asked, limit, before, now)
    ids = [person.id for person in found]
    papers, times = _papers(session, ids, day), _times(session, ids)
    return [Found(person, papers.get(person.id, []), times.get(person.id, [])) for person in found]


def everybody(actor: Actor, wanted: Wanted, now: dt.datetime) -> list[Found]:
    """Return all that a search finds, at most `MOST_LISTED`: what a sheet holds.

    Raises:
        NotFound: a unit outside the scope.
    """
    found: list[Found] = []
    before: uuid.UUID | None = None
    while len(found) < MOST_LISTED:
        rows = search(actor, wanted, BATCH, before, now)
        found += rows[:BATCH]
        if len(rows) <= BATCH:
            break
        before = rows[BATCH - 1].id
    return found[:MOST_LISTED]


def _holding(day: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition of papers that hold on a day."""
    return sa.or_(Qualification.expires_on.is_(None), Qualification.expires_on >= day)


def _pool(wanted: Wanted, day: dt.date) -> sa.Select[uuid.UUID]:
    """Return a select of who is in the pool with the paper and the time that are wanted."""
    query = sa.select(Talent.person_id)
    if wanted.kind is not None or wanted.is_checked:
        papers = sa.select(Qualification.person_id).where(_holding(day))
        if wanted.kind is not None:
            papers = papers.where(Qualification.kind == wanted.kind.value)
        if wanted.is_checked:
            papers = papers.where(Qualification.checked_at.is_not(None))
        query = query.where(Talent.person_id.in_(papers))
    if wanted.weekday is not None or wanted.part is not None:
        times = sa.select(TalentTime.person_id)
        if wanted.weekday is not None:
            times = times.where(TalentTime.weekday == wanted.weekday)
        if wanted.part is not None:
            times = times.where(TalentTime.part == wanted.part.value)
        query = query.where(Talent.person_id.in_(times))
    return query


def _papers(session: Session, ids: Sequence[uuid.UUID], day: dt.date) -> dict[uuid.UUID, list[Paper]]:
    """Return the papers of these people that hold on a day, numbers masked."""
    found: dict[uuid.UUID, list[Paper]] = {}
    query = sa.select(Qualification).where(Qualification.person_id.in_(ids), _holding(day)).order_by(Qualification.id)
    for row in session.scalars(query) if ids else ():
        found.setdefault(row.person_id, []).append(paper(row, day, in_full=False))
    return found


def _times(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Time]]:
    """Return when these people have time."""
    order = {part.value: place for place, part in enumerate(Part)}
    found: dict[uuid.UUID, list[Time]] = {}
    query = sa.select(TalentTime).where(TalentTime.person_id.in_(ids))
    for row in session.scalars(query) if ids else ():
        found.setdefault(row.person_id, []).append((row.weekday, row.part))
    return {who: sorted(times, key=lambda one: (one[0], order[one[1]])) for who, times in found.items()}
