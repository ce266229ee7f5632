"""What a queue of requests may be narrowed to: kind, mark of its scans, station, unit, shift, and how long it waits.

Source: ux.md A8 (filters, flags), "Lists are GET forms".
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.database import reading
from volunteer.hours import seams
from volunteer.hours.models import HourRequest
from volunteer.stations import service as stations
from volunteer.units import queries as units
from volunteer.units import service as unit_service
from volunteer.units.service import UnitBrief

Cursor = tuple[dt.datetime, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a queue shall show: everything, or what fits all that is told.

    Attributes:
        mark: a name of `seams.MARKS`: what one of its scans carries.
        station_id: a station, with those below it; unit_id: the people who count there or below it on `today`.
        before: asked or noticed at that instant or earlier.
    """

    kind: str | None = None
    mark: str | None = None
    station_id: uuid.UUID | None = None
    unit_id: uuid.UUID | None = None
    shift_id: uuid.UUID | None = None
    before: dt.datetime | None = None
    today: dt.date = dt.date.max


WHOLE = Narrowed()


def conditions(
    actor: Actor, narrowed: Narrowed, permission: Permission = Permission.DECIDE
) -> list[sa.ColumnElement[bool]]:
    """Return what a request fulfils, but for the mark; `permission` is what the caller holds over the station.

    Raises:
        NotFound: the station is not the caller's.
    """
    found: list[sa.ColumnElement[bool]] = []
    if narrowed.kind:
        found.append(HourRequest.kind == narrowed.kind)
    if narrowed.station_id:
        station = stations.require_station(actor, permission, narrowed.station_id)
        found.append(HourRequest.station_id.in_(stations.station_ids_under((station.path,))))
    if narrowed.unit_id:
        below = units.ids_in_scope((narrowed.unit_id,), (), narrowed.today)
        members = units.memberships_as_of(narrowed.today).subquery()
        found.append(HourRequest.person_id.in_(sa.select(members.c.person_id).where(members.c.unit_id.in_(below))))
    if narrowed.shift_id:
        found.append(HourRequest.shift_id == narrowed.shift_id)
    if narrowed.before:
        found.append(HourRequest.created_at <= narrowed.before)
    return found


def later_than(cursor: Cursor) -> sa.ColumnElement[bool]:
    """Return the condition of what comes after a cursor, oldest first."""
    at, last = cursor
    return (HourRequest.created_at > at) | ((HourRequest.created_at == at) & (HourRequest.id > last))


def marked(
    session: Session, query: sa.Select[Any], mark: str, after: Cursor | None = None, limit: int | None = None
) -> list[uuid.UUID]:
    """Return the first `limit` + 1 requests of a query of which a scan carries a mark (without a limit all of them).

    Check-in says which do.
    """
    if after:
        query = query.where(later_than(after))
    lean = query.with_only_columns(HourRequest.id, HourRequest.scan_ids)
    rows = session.execute(lean.order_by(HourRequest.created_at, HourRequest.id)).all()
    scans = {row.id: {uuid.UUID(scan_id) for scan_id in row.scan_ids} for row in rows}
    carrying = seams.marked(session, frozenset[uuid.UUID]().union(*scans.values()), mark)
    found = [row.id for row in rows if scans[row.id] & carrying]
    return found if limit is None else found[: limit + 1]


def units_of(requests: sa.Select[Any], today: dt.date) -> list[UnitBrief]:
    """Return the units in which the people of these requests count today, by code: what a form offers to choose."""
    members = units.memberships_as_of(today).subquery()
    people = requests.with_only_columns(HourRequest.person_id)
    ids = sa.select(members.c.unit_id).where(members.c.person_id.in_(people)).distinct()
    return sorted(unit_service.unit_briefs(list(reading().scalars(ids))).values(), key=lambda one: one.code)
