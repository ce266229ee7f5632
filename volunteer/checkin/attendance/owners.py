"""Whose a scan is: scans never change, so where two records were merged, the scans of both are read as one person's.

Source: decisions 1, 17; ADR on merging.
"""

import uuid

import sqlalchemy as sa

from volunteer.checkin.models import SCANS
from volunteer.database import Uuid
from volunteer.registration.service import merged_records

MERGED = merged_records()
#: The person whose a scan is today; for queries that join `MERGED` by `WITH_OWNERS`.
OWNER = sa.func.coalesce(MERGED.c.into_id, SCANS.c.person_id).label("person_id")
WITH_OWNERS = SCANS.outerjoin(MERGED, MERGED.c.person_id == SCANS.c.person_id)


def records_of(person_id: uuid.UUID) -> sa.CompoundSelect[uuid.UUID]:
    """Return a select of the ids under which a person was scanned: their own, and those of merged records."""
    own = sa.select(sa.literal(person_id, Uuid()))
    return sa.union_all(own, sa.select(MERGED.c.person_id).where(MERGED.c.into_id == person_id))
