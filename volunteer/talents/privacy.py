"""What the pool holds about a person: told in full, deleted when they are erased, and the survivor's after a merge."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.registration.merging import Merger, reassigning
from volunteer.talents.models import Qualification, Talent, TalentTime
from volunteer.talents.service import number_of, times_of


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return papers, times and membership of the pool, for GET /me/data (registration's EXPORTERS)."""
    row = session.get(Talent, person_id)
    papers = sa.select(Qualification).where(Qualification.person_id == person_id).order_by(Qualification.id)
    names = ("kind", "name", "issuer", "expires_on", "added_at", "checked_at")
    return {
        "talent_pool": [{"joined_at": row.joined_at, "by_guardian": row.by_guardian}] if row else [],
        "qualifications": [
            {name: getattr(one, name) for name in names} | {"number": number_of(one)} for one in session.scalars(papers)
        ],
        "available_times": [{"weekday": day, "part": part} for day, part in times_of(session, person_id)],
    }


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Delete all of it (registration's ERASERS)."""
    for table in (Talent, TalentTime, Qualification):
        session.execute(sa.delete(table).where(table.person_id == person_id))


TABLES: Final[Mapping[str, Merger]] = {
    "talents": reassigning(Talent.__table__, "人才库", unique=()),
    "talent_times": reassigning(TalentTime.__table__, "有空的时间", unique=("weekday", "part")),
    "qualifications": reassigning(Qualification.__table__, "证书"),
}
