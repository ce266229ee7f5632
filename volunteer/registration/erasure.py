"""Erasing people: the person becomes a tombstone with the same id, and all that names them is gone.

Memberships, ledger lines and scans stay, so that past counts do not move; today's is one less. The identity may be
registered again later, as a new person. Source: decisions 15, 19; PIPL 47.
"""

import datetime as dt
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.accounts import closing
from volunteer.database import reading, transaction
from volunteer.exports import service as exports
from volunteer.registration import changing, consents, facts, links, refusals, statuses, unit_changes, unmask_requests
from volunteer.registration.models import PERSONAL, Consent, Denial, Person, PersonMerge
from volunteer.registration.rules import PersonStatus
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.statuses import today

NO_BIRTH_DATE = dt.date(1900, 1, 1)
Eraser = Callable[[Session, uuid.UUID, dt.datetime], None]
#: What other rooms do when a person is erased (cancel sign-ups, revoke certificates); the rooms above put theirs here.
ERASERS: list[Eraser] = []


def erase_due(now: dt.datetime) -> int:
    """Erase everybody whose 7 days are over; return how many. Each is a transaction of its own."""
    query = sa.select(Person.id).where(Person.erase_after <= now, Person.erased_at.is_(None)).order_by(Person.id)
    due = list(reading().scalars(query))
    return sum(_erase_if_due(person_id, now) for person_id in due)


def _erase_if_due(person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Erase a person unless they took it back in the meantime, or somebody else has just done it."""
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.erased_at is not None or person.erase_after is None or person.erase_after > now:
            return False
        erase(session, person, now)
        return True


def erase(session: Session, person: Person, now: dt.datetime) -> None:
    """Empty a locked person to a tombstone, close accounts that were only theirs, and let the other rooms follow.

    The records that were merged into theirs become tombstones too: what they kept of an identity is the same person's.
    """
    merged = sa.select(PersonMerge.person_id).join(Person, Person.id == PersonMerge.person_id)
    here = (PersonMerge.into_id == person.id, Person.erased_at.is_(None))
    for record_id in session.scalars(merged.where(*here).order_by(PersonMerge.person_id)).all():
        erase(session, facts.locked(session, record_id), now)
    for eraser in ERASERS:
        eraser(session, person.id, now)
    _close_denial(session, person, now)
    unit_changes.forget(session, person.id, now)
    changing.end_open(session, person.id, now)
    for column in PERSONAL:
        setattr(person, column, None)
    person.birth_date, person.skills, person.service_categories = NO_BIRTH_DATE, [], []
    person.erase_after, person.erased_at = None, now
    exports.forget_person(session, person.id, now)
    unmask_requests.forget_person(session, person.id, now)
    consents.close(session, person.id, tuple(ConsentKind), now, "browser")
    session.execute(sa.update(Consent).where(Consent.person_id == person.id).values(paper_reference_sealed=None))
    statuses.move(session, person, PersonStatus.ERASED, today(now))
    for account_id in links.drop_links(session, person.id):
        closing.close_unused(session, account_id, now)
    audit.record(session, "system", now, "person.erase", ("person", person.id))
    session.flush()


def _close_denial(session: Session, person: Person, now: dt.datetime) -> None:
    """Close a denial that led here: who never agreed is not to be put down by the next list, either."""
    mine = (Denial.person_id == person.id, Denial.state == "open")
    closed = session.execute(sa.update(Denial).where(*mine).values(state="erased", decided_at=now))
    if closed.rowcount:  # type: ignore[attr-defined]
        refusals.note(session, person, now)
