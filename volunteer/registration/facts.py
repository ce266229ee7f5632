"""What other rooms may know of a person: facts to judge by and a masked name. Personal data stays here.

Bulk questions take one statement. Names that a certificate prints come from `full_name` alone.
Source: architecture.md (registration.models is read by nobody else); decisions 9, 11.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.phone import PhoneError, normalize_phone
from volunteer.prepared import Later, Query
from volunteer.registration import vault
from volunteer.registration.models import Person, PersonMerge
from volunteer.registration.rules import PersonStatus, age_on
from volunteer.registration.statuses import today

MOST_SHARING = 20
GONE = (PersonStatus.ERASED.value, PersonStatus.MERGED.value)
#: What facts are told from: of what is sealed only the name of a minor.
_FACTS = sa.select(
    *(
        Person.__table__.c[name]
        for name in (
            "id",
            "volunteer_no",
            "pass_no",
            "card_serial",
            "status",
            "birth_date",
            "name",
            "name_sealed",
            "skills",
            "guardian_name_sealed",
            "erased_at",
        )
    )
)
_BY_ID = Query(lambda among: _FACTS.where(among(Person.__table__.c.id, "ids")))
_LOCKED = Query(lambda among: _FACTS.where(among(Person.__table__.c.id, "ids")).order_by(Person.id).with_for_update())
_BY_PASS = Query(lambda among: _FACTS.where(among(Person.__table__.c.pass_no, "passes"), Person.status.not_in(GONE)))
_LOCKED_BY_PASS = Query(
    lambda among: (
        _FACTS.where(among(Person.__table__.c.pass_no, "passes"), Person.status.not_in(GONE))
        .order_by(Person.id)
        .with_for_update()
    )
)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as other rooms judge them.

    Attributes:
        status: where the person stands now.
        birth_date: for ages; 1 January 1900 for a tombstone.
        display_name: masked.
        guardian_consented: whether a guardian's consent is on record; only minors need one.
    """

    id: uuid.UUID
    volunteer_no: str
    pass_no: str
    card_serial: int
    status: PersonStatus
    birth_date: dt.date
    display_name: str
    skills: frozenset[str]
    guardian_consented: bool


def facts(person: Any) -> PersonFacts:
    """Return the facts of a row, or of `_FACTS` of one."""
    return PersonFacts(
        id=person.id,
        volunteer_no=person.volunteer_no,
        pass_no=person.pass_no,
        card_serial=person.card_serial,
        status=PersonStatus(person.status),
        birth_date=person.birth_date,
        display_name=vault.shown_name(person),
        skills=frozenset(person.skills),
        guardian_consented=person.guardian_name_sealed is not None,
    )


def locked(session: Session, person_id: uuid.UUID) -> Person:
    """Return a person's row, fresh and locked until commit; the first lock of every use case about a person.

    Raises:
        NotFound: no such person.
    """
    query = sa.select(Person).where(Person.id == person_id).with_for_update()
    person = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if person is None:
        raise NotFound
    return person


def lock_person(session: Session, person_id: uuid.UUID) -> PersonFacts:
    """Lock a person until commit and return their facts; a tombstone too.

    Raises:
        NotFound: no such person.
    """
    return facts(locked(session, person_id))


def find_by_pass(session: Session, pass_no: str, *, lock: bool = False) -> PersonFacts | None:
    """Return who holds a pass number, or None; tombstones hold none. `lock` locks them."""
    return find_by_passes(session, (pass_no,), lock=lock).get(pass_no)


def find_by_passes(session: Session, pass_nos: Collection[str], *, lock: bool = False) -> dict[str, PersonFacts]:
    """Return who holds these pass numbers, by number. One statement; `lock` locks them in order of id.

    A card or code of a record that was merged means the person who is left: their facts, with that card's number and
    serial. It costs two statements more, and only where a number is nobody's.
    """
    return finding_by_passes(session, pass_nos, lock=lock)()


def finding_by_passes(
    session: Session, pass_nos: Collection[str], *, lock: bool = False
) -> Later[dict[str, PersonFacts]]:
    """Ask what `find_by_passes` returns, together with what else is asked; return what gives it."""
    asked = (_LOCKED_BY_PASS if lock else _BY_PASS).later(session, passes=list(set(pass_nos)))

    def found() -> dict[str, PersonFacts]:
        there = {person.pass_no: facts(person) for person in asked()}
        missing = set(pass_nos) - there.keys()
        return there | _through_merges(session, missing, lock=lock) if missing else there

    return found


def _through_merges(session: Session, pass_nos: Collection[str], *, lock: bool) -> dict[str, PersonFacts]:
    """Return who is meant by the pass numbers of merged records."""
    query = sa.select(Person.pass_no, Person.card_serial, PersonMerge.into_id).join(
        PersonMerge, PersonMerge.person_id == Person.id
    )
    rows = session.execute(query.where(Person.pass_no.in_(pass_nos), Person.status == PersonStatus.MERGED.value)).all()
    left = {row.into_id for row in rows}
    people = (lock_people(session, left) if lock else facts_of(session, left)) if left else {}
    return {
        row.pass_no: replace(people[row.into_id], pass_no=row.pass_no, card_serial=row.card_serial)
        for row in rows
        if people[row.into_id].status not in GONE
    }


def merged_of(session: Session, person_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the records that were merged into a person's: their volunteer numbers, and when."""
    query = sa.select(Person.volunteer_no, PersonMerge.merged_at).join(PersonMerge, PersonMerge.person_id == Person.id)
    query = query.where(PersonMerge.into_id == person_id).order_by(PersonMerge.merged_at, Person.id)
    return [dict(row) for row in session.execute(query).mappings()]


def survivors(session: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return, for those of these records that were merged, the record that is left."""
    if not person_ids:
        return {}
    query = sa.select(PersonMerge.person_id, PersonMerge.into_id).where(PersonMerge.person_id.in_(set(person_ids)))
    return {person_id: into_id for person_id, into_id in session.execute(query)}


def lock_people(session: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PersonFacts]:
    """Lock these people until commit, in order of id, and return their facts; unknown ids are left out."""
    return locking_people(session, person_ids)()


def locking_people(session: Session, person_ids: Collection[uuid.UUID]) -> Later[dict[uuid.UUID, PersonFacts]]:
    """Ask what `lock_people` returns, together with what else is asked; return what gives it."""
    asked = _LOCKED.later(session, ids=list(set(person_ids)))
    return lambda: {person.id: facts(person) for person in asked()}


def facts_of(session: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PersonFacts]:
    """Return the facts of these people, by id; unknown ids are left out. One statement."""
    return {person.id: facts(person) for person in _BY_ID(session, ids=list(set(person_ids)))} if person_ids else {}


def display_names(session: Session, person_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the masked names of these people, by id. One statement."""
    return {person.id: vault.shown_name(person) for person in _rows(session, person_ids)}


def full_name(session: Session, person_id: uuid.UUID) -> str:
    """Return a person's name in full: for what is printed for the person, and nothing else.

    Raises:
        NotFound: no such person.
    """
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return vault.name_of(person)


def age_of(person_id: uuid.UUID, now: dt.datetime) -> int:
    """Return a person's age in years on the day of the site.

    Raises:
        NotFound: no such person.
    """
    found = facts_of(reading(), [person_id]).get(person_id)
    if found is None:
        raise NotFound
    return age_on(found.birth_date, today(now))


def phone_for_messages(session: Session, person_id: uuid.UUID) -> str | None:
    """Return where a person's text messages go: a proved phone, an invited person's only one, or their guardian's."""
    person = session.get(Person, person_id)
    if person is None or person.status in GONE:
        return None
    if person.phone_proved_at is not None or person.status == PersonStatus.INVITED:
        return vault.opened(person, "phone")
    return vault.opened(person, "guardian_phone")


def person_exists(person_id: uuid.UUID) -> bool:
    """Whether there is such a person, tombstones aside."""
    query = sa.select(sa.literal(1)).where(Person.id == person_id, Person.status.not_in(GONE))
    return reading().scalar(query) is not None


def match_people(session: Session, person_ids: Collection[uuid.UUID], q: str) -> set[uuid.UUID]:
    """Return those of `person_ids` whose name contains `q`, or whose phone ends with `q` (four digits or more).

    Names of minors and phones are opened to compare, so give the people of one list, not of the city.
    """
    return {person.id for person in _rows(session, person_ids) if is_match(person, q.strip())}


def is_match(person: Person, q: str) -> bool:
    """Whether a person is meant by `q`: part of the name, the volunteer number, or the last four or more digits."""
    if person.erased_at is not None or not q:
        return False
    if q.casefold() in vault.name_of(person).casefold() or q == person.volunteer_no:
        return True
    if not (q.isascii() and q.isdigit() and len(q) >= vault.TAIL_DIGITS):
        return False
    return (vault.opened(person, "phone") or "").endswith(q)


def find_whole(session: Session, text: str) -> list[PersonFacts]:
    """Return who has this whole volunteer number, or this whole phone (a family may share one); a part finds nobody."""
    ways = [Person.volunteer_no == text]
    with suppress(PhoneError):
        ways.append(Person.phone_index.in_(vault.phone_indexes(normalize_phone(text))))
    query = sa.select(Person).where(sa.or_(*ways), Person.status.not_in(GONE)).order_by(Person.id)
    return [facts(person) for person in session.scalars(query.limit(MOST_SHARING))]


def renew_card(session: Session, person_id: uuid.UUID) -> PersonFacts:
    """Raise the serial of a person's printed card, so that cards printed before are void; return the facts.

    Raises:
        NotFound: no such person.
    """
    person = locked(session, person_id)
    person.card_serial += 1
    return facts(person)


def _rows(session: Session, person_ids: Collection[uuid.UUID]) -> list[Person]:
    """Return the rows of these people."""
    if not person_ids:
        return []
    return list(session.scalars(sa.select(Person).where(Person.id.in_(set(person_ids)))))
