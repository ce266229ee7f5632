"""What anomalies hold about a person: told to them, kept without words, and following a merge."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.anomalies.models import Finding, FindingPerson, FindingStatement
from volunteer.anomalies.rules import FindingKind
from volunteer.registration.merging import Merger, reassigning


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return the findings that are about a person, with how they were decided (registration's EXPORTERS)."""
    query = (
        sa.select(Finding)
        .join(FindingPerson, FindingPerson.finding_id == Finding.id)
        .where(FindingPerson.person_id == person_id)
        .order_by(Finding.found_at, Finding.id)
    )
    names = ("on_day", "state", "said", "found_at", "decided_at", "reason")
    own = sa.select(FindingStatement).where(FindingStatement.person_id == person_id)
    return {
        "finding_statements": [
            {"text": row.text, "stated_at": row.stated_at}
            for row in session.scalars(own.order_by(FindingStatement.stated_at, FindingStatement.id))
        ],
        "findings": [
            {"kind": FindingKind(row.kind).label, "asked_to_state_at": row.asked_at}
            | {name: getattr(row, name) for name in names}
            for row in session.scalars(query)
        ],
    }


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Take a person and what they said out of findings: what was found stays as figures (registration's ERASERS)."""
    session.execute(sa.delete(FindingPerson).where(FindingPerson.person_id == person_id))
    session.execute(sa.delete(FindingStatement).where(FindingStatement.person_id == person_id))


TABLES: Final[Mapping[str, Merger]] = {
    "finding_people": reassigning(FindingPerson.__table__, "异常线索", unique=("finding_id",)),
    "finding_statements": reassigning(FindingStatement.__table__, "对异常线索的说明"),
}
