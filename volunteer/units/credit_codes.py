"""One unified social credit code, one open unit: judged before it is written, held by a unique index after.

A unit that was closed or merged keeps its code, and another one may take it over. Codes that two open units had before
this was asked are left as they are (`is_uscc_shared`) and shown until somebody mends them: which of the two is wrong,
only the licences tell. Source: GB 32100-2015, 3.1 (one body, one code, for life); contract, Areas, units, tasks.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import lock_name, reading
from volunteer.errors import Fault
from volunteer.units.models import Unit
from volunteer.units.rules import uscc_taken


def claim(session: Session, credit_code: str, unit_id: uuid.UUID | None) -> Fault | None:
    """Keep a code for one unit until commit; return what is wrong where another open unit has it."""
    lock_name(session, f"unit credit code {credit_code}")
    holder = next(iter(_holders(session, credit_code, unit_id)), None)
    return uscc_taken(holder.name, holder.code) if holder else None


def is_taken(session: Session, credit_code: str | None, unit_id: uuid.UUID) -> bool:
    """Whether another open unit has a unit's code."""
    return bool(credit_code and _holders(session, credit_code, unit_id))


def shared_with(credit_code: str | None, unit_id: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """Return id and name of the other open units that have a unit's code, from before it was asked to be one's own."""
    return [(unit.id, unit.name) for unit in _holders(reading(), credit_code, unit_id)] if credit_code else []


def _holders(session: Session, credit_code: str, but: uuid.UUID | None) -> list[Unit]:
    """Return the open units with a code, by code of the unit, without one."""
    query = sa.select(Unit).where(Unit.uscc == credit_code, Unit.closed_on.is_(None)).order_by(Unit.code)
    return list(session.scalars(query if but is None else query.where(Unit.id != but)))
