"""Proofs that no longer say what is so: the ledger has changed, or the name or identity on them was wrong.

They answer `superseded`, and can be issued again for free. Source: contract, Certificates.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.certificates import rules
from volunteer.certificates.models import Certificate
from volunteer.hours import service as hours
from volunteer.notifications import service as notifications
from volunteer.prepared import Later, Query

_LOCK_STANDING = Query(
    lambda among: (
        sa.select(Certificate.id)
        .where(
            among(Certificate.__table__.c.person_id, "people"),
            Certificate.superseded_at.is_(None),
            Certificate.revoked_at.is_(None),
        )
        .order_by(Certificate.id)
        .with_for_update()
    )
)


def supersede_changed(
    session: Session, people: Collection[uuid.UUID]
) -> Callable[[Collection[uuid.UUID], dt.datetime], None]:
    """Lock the proofs of people whose lines may change; return what is called when those of some of them have.

    It marks the proofs that a ledger no longer bears out, in the transaction of the lines that did it.
    """
    standing = _finding_standing(session, people)

    def supersede(changed: Collection[uuid.UUID], now: dt.datetime) -> None:
        rows = [row for row in standing() if row.person_id in changed and _is_changed(session, row)]
        _supersede(session, rows, "所列记录已有更正", now)

    return supersede


def supersede_named(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Mark every proof of a person whose name or identity were wrong: it prints what is not so."""
    _supersede(session, _finding_standing(session, [person_id])(), "上的身份信息已更正", now)


def _finding_standing(session: Session, people: Collection[uuid.UUID]) -> Later[list[Certificate]]:
    """Lock the proofs of people that are neither superseded nor revoked; return what gives them."""
    asked = _LOCK_STANDING.later(session, people=list(people))

    def found() -> list[Certificate]:
        ids = [row.id for row in asked()]
        query = sa.select(Certificate).where(Certificate.id.in_(ids)).order_by(Certificate.id)
        return list(session.scalars(query.execution_options(populate_existing=True))) if ids else []

    return found


def _supersede(session: Session, rows: Iterable[Certificate], why: str, now: dt.datetime) -> None:
    """Mark proofs as superseded, and tell the person of each."""
    for row in rows:
        row.superseded_at = now
        sentence = f"您的服务记录证明 {row.number} {why},原证明不再有效,可以免费重新开具。"
        notifications.tell(session, row.person_id, "certificate-superseded", sentence, now)


def _is_changed(session: Session, row: Certificate) -> bool:
    """Whether the ledger no longer says what the proof says."""
    return rules.is_changed(row.lines, hours.lines_of(session, row.person_id, row.from_on, row.to_on))
