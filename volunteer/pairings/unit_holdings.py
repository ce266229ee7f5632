"""What a unit that ends answers for: from that day on the unit that goes on does; the days before stay told.

Source: domain.md A4, A23, A31 (an area is never left without whom it was given to); decisions 5 (dated).
"""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import lock_name, new_id
from volunteer.errors import Conflict
from volunteer.pairings import views
from volunteer.pairings.models import Pairing
from volunteer.pairings.service import LOCK
from volunteer.units.rules_endings import InUse
from volunteer.units.seams import Handing, Held, Holding

WORDS = "单位合并"
END = ("until_on", "ended_by", "ended_at", "end_reason")


def _held(session: Session, unit_id: uuid.UUID, on: dt.date) -> list[Pairing]:
    """Return the pairings of a unit that hold on a day or later, by id."""
    later = sa.or_(Pairing.until_on.is_(None), sa.and_(Pairing.until_on > on, Pairing.until_on > Pairing.from_on))
    query = sa.select(Pairing).where(Pairing.unit_id == unit_id, later).order_by(Pairing.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def of_unit(session: Session, unit_id: uuid.UUID, on: dt.date) -> list[Held]:
    """Return what a unit answers for on a day or later, in words."""
    return [Held(one.id, f"{one.target}({one.kind.label})") for one in views.in_words(_held(session, unit_id, on))]


def give(session: Session, pairing_ids: Collection[uuid.UUID], handing: Handing) -> int:
    """Let another unit answer for the same from a day on, unless it does already; return how many it took over.

    Raises:
        Conflict: `preview-changed`: a pairing was set or ended since they were looked at.
    """
    lock_name(session, LOCK)
    held = _held(session, handing.unit_id, handing.on)
    if {row.id for row in held} != set(pairing_ids):
        raise Conflict("单位的包联刚刚有变动,请重新核对后再确认。", code="preview-changed")
    theirs = {_what(row): row for row in _held(session, handing.to_id, handing.on) if row.until_on is None}
    for row in held:
        start = max(row.from_on, handing.on)
        same = theirs.get(_what(row))
        if same is None or same.from_on > start or row.until_on is not None:
            session.add(_heir(row, start, handing))
        row.until_on, row.ended_by, row.ended_at, row.end_reason = (
            start,
            handing.actor.account_id,
            handing.now,
            WORDS,
        )
    session.flush()
    return len(held)


def take_back(session: Session, pairing_ids: Collection[uuid.UUID], handing: Handing) -> int:
    """Let the first unit answer again, as if it had never been handed over; what ended since has ended for it."""
    lock_name(session, LOCK)
    mine = sa.select(Pairing).where(Pairing.id.in_(pairing_ids)).order_by(Pairing.id)
    made = sa.select(Pairing).where(Pairing.unit_id == handing.to_id, Pairing.set_at == handing.now)
    heirs = {(_what(row), row.from_on): row for row in session.scalars(made)}
    for row in session.scalars(mine):
        heir = heirs.pop((_what(row), row.until_on or handing.on), None)
        for name in END:
            setattr(row, name, getattr(heir, name, None))
        if heir is not None:
            session.delete(heir)
    session.flush()
    return len(pairing_ids)


def _what(row: Pairing) -> tuple[str, uuid.UUID | None, uuid.UUID | None]:
    """Return what is answered for, and how."""
    return row.kind, row.area_id, row.zone_id


def _heir(row: Pairing, start: dt.date, handing: Handing) -> Pairing:
    """Return the same pairing of the other unit, from a day on and as long as the first would have lasted."""
    kept = {name: getattr(row, name) for name in ("kind", "area_id", "zone_id", *END)}
    about = {"unit_id": handing.to_id, "from_on": start, "set_by": handing.actor.account_id, "set_at": handing.now}
    return Pairing(id=new_id(), **kept, **about)


HOLDING = Holding(InUse.PAIRINGS, "负责的包联", of_unit, give, take_back)
