"""Reads of hours: totals, entries (lines and requests together), requests in scope, lines for certificates."""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.activities.service import ShiftFacts, shifts_of
from volunteer.database import reading
from volunteer.hours import external, ledger, narrowing
from volunteer.hours.models import HourRequest, LedgerLine, LineClass, RequestKind, RequestState
from volunteer.hours.narrowing import WHOLE, Narrowed
from volunteer.hours.policy import star_level
from volunteer.hours.postings import groups_of
from volunteer.registration.service import display_names
from volunteer.stations.service import station_ids_in_scope

#: How a request of each kind appears among a person's entries; an unmatched scan proves no minute.
ENTRY_KIND = {RequestKind.MAKE_UP: "make_up", RequestKind.CORRECTION: "correction"}
STATES = {RequestState.OPEN: "pending", RequestState.ACCEPTED: "approved", RequestState.REFUSED: "rejected"}


@dataclass(frozen=True, slots=True)
class LineView:
    """One number of the ledger as it counts now: a service or make-up line with the corrections of it, net.

    `id` is the base line's; it changes when the line is replaced, `minutes` when it is corrected.
    """

    id: uuid.UUID
    shift_id: uuid.UUID
    site_day: dt.date
    kind: str
    class_: str
    minutes: int
    unit_id: uuid.UUID | None
    station_id: uuid.UUID | None


def lines_of(
    session: Session, person_id: uuid.UUID, from_on: dt.date | None = None, to_on: dt.date | None = None
) -> list[LineView]:
    """Return what counts for a person on the days from `from_on` to `to_on` (both included), by day."""
    found = []
    for key, group in sorted(groups_of(ledger.lines_of_person(session, person_id)).items(), key=lambda g: g[0]):
        inside = (from_on is None or key.site_day >= from_on) and (to_on is None or key.site_day <= to_on)
        if inside and group.is_live and group.base and group.minutes:
            base = group.base
            view = LineView(
                base.id,
                key.shift_id,
                key.site_day,
                key.kind,
                key.credit_class,
                group.minutes,
                base.unit_id,
                base.station_id,
            )
            found.append(view)
    return sorted(found, key=lambda view: (view.site_day, view.shift_id, view.kind, view.class_))


def totals_of(person_id: uuid.UUID) -> dict[str, int]:
    """Return a person's minutes by class, what waits, and the star level."""
    session = reading()
    sums = sa.select(LedgerLine.class_, sa.func.sum(LedgerLine.minutes)).where(LedgerLine.person_id == person_id)
    by_class = {class_: int(minutes) for class_, minutes in session.execute(sums.group_by(LedgerLine.class_))}
    waiting = sa.select(sa.func.coalesce(sa.func.sum(HourRequest.pending_minutes), 0)).where(
        HourRequest.person_id == person_id, HourRequest.state == RequestState.OPEN
    )
    verified, granted = by_class.get(LineClass.VERIFIED, 0), by_class.get(LineClass.GRANTED, 0)
    return {
        "minutes_total": verified + granted,
        "minutes_verified": verified,
        "minutes_granted": granted,
        "minutes_external": by_class.get(LineClass.EXTERNAL, 0),
        "minutes_pending": int(session.scalar(waiting) or 0),
        "star_level": star_level(verified + granted),
    }


def years_of(person_id: uuid.UUID) -> dict[int, int]:
    """Return a person's minutes by year of service, the latest first; what was proved elsewhere is no part of them."""
    year = sa.extract("year", LedgerLine.site_day)
    query = sa.select(year, sa.func.sum(LedgerLine.minutes)).where(
        LedgerLine.person_id == person_id, LedgerLine.class_ != LineClass.EXTERNAL
    )
    rows = reading().execute(query.group_by(year).order_by(year.desc()))
    return {int(one): int(minutes) for one, minutes in rows if minutes}


def requests_of(
    person_id: uuid.UUID,
    kinds: Collection[RequestKind],
    state: RequestState | None,
    limit: int,
    before: tuple[dt.datetime, uuid.UUID] | None = None,
) -> list[dict[str, Any]]:
    """Return a page (and one more) of what was asked for or waits about a person, newest first."""
    query = sa.select(HourRequest).where(HourRequest.person_id == person_id, HourRequest.kind.in_(kinds))
    if state is not None:
        query = query.where(HourRequest.state == state)
    session = reading()
    return views_of(session, list(session.scalars(_page(query, HourRequest, limit, before))))


def entries_of(
    person_id: uuid.UUID, limit: int, before: tuple[dt.datetime, uuid.UUID] | None = None
) -> list[dict[str, Any]]:
    """Return a person's lines and their pending and refused requests, newest first, after the cursor `before`."""
    session = reading()
    lines = sa.select(LedgerLine).where(LedgerLine.person_id == person_id)
    asked = sa.select(HourRequest).where(
        HourRequest.person_id == person_id,
        HourRequest.state.in_((RequestState.OPEN, RequestState.REFUSED)),
        HourRequest.kind != RequestKind.UNMATCHED,
    )
    rows: list[LedgerLine | HourRequest] = [
        *session.scalars(_page(lines, LedgerLine, limit, before)),
        *session.scalars(_page(asked, HourRequest, limit, before)),
    ]
    rows = sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)[: limit + 1]
    shifts = shifts_of(session, {row.shift_id for row in rows if row.shift_id})
    elsewhere = external.sources_of(session, [row.id for row in rows if row.shift_id is None])
    found = [_entry(row, shifts.get(row.shift_id) if row.shift_id else None) for row in rows]
    for entry in found:
        if entry["id"] in elsewhere:
            entry["activity_title"], entry["station_name"] = elsewhere[entry["id"]]
    return found


def _entry(row: LedgerLine | HourRequest, shift: ShiftFacts | None) -> dict[str, Any]:
    """Return one entry; a pending correction shows the difference that it would make."""
    entry = {
        "id": row.id,
        "class": row.class_,
        "activity_title": shift.activity_title if shift else None,
        "station_name": shift.station_name if shift else None,
        "shift_id": row.shift_id,
        "on": row.site_day,
        "at": row.created_at,
    }
    if isinstance(row, LedgerLine):
        said = {"minutes": row.minutes, "corrects": row.corrects, "reverses": row.reverses}
        return entry | said | {"kind": row.kind, "state": "effective"}
    is_correction = row.kind == RequestKind.CORRECTION
    return entry | {
        "kind": ENTRY_KIND.get(RequestKind(row.kind), "service"),
        "state": "pending" if row.state == RequestState.OPEN else "refused",
        "minutes": row.minutes - (row.base_minutes or 0) if is_correction else row.minutes,
        "corrects": row.entry_id,
        "reverses": None,
        "reason": row.decision_reason,
    }


def requests_in_scope(
    actor: Actor,
    kinds: Collection[RequestKind],
    state: RequestState | None,
    limit: int,
    before: tuple[dt.datetime, uuid.UUID] | None = None,
    also_of: Collection[uuid.UUID] = (),
    narrowed: Narrowed = WHOLE,
) -> list[dict[str, Any]]:
    """Return the requests of stations over which the caller reads, and of the people `also_of`, newest first.

    Raises:
        NotFound: `narrowed` to a station that is not the caller's.
    """
    session = reading()
    query = sa.select(HourRequest).where(HourRequest.kind.in_(kinds))
    if state is not None:
        query = query.where(HourRequest.state == state)
    if actor.has(Permission.READ_STATIONS):
        station_ids = station_ids_in_scope(actor, Permission.READ_STATIONS)
        if station_ids is not None:
            query = query.where(HourRequest.station_id.in_(station_ids) | HourRequest.person_id.in_(also_of))
    else:
        query = query.where(HourRequest.person_id.in_(also_of))
    query = query.where(*narrowing.conditions(actor, narrowed, Permission.READ_STATIONS))
    if narrowed.mark:
        query = query.where(HourRequest.id.in_(narrowing.marked(session, query, narrowed.mark)))
    return views_of(session, list(session.scalars(_page(query, HourRequest, limit, before))))


def views_of(session: Session, rows: Collection[HourRequest]) -> list[dict[str, Any]]:
    """Return requests with the masked names of the people concerned and the titles of the activities."""
    names = display_names(session, {row.person_id for row in rows})
    shifts = shifts_of(session, {row.shift_id for row in rows if row.shift_id})
    return [_view(row, names.get(row.person_id, ""), shifts.get(row.shift_id or row.id)) for row in rows]


def _view(row: HourRequest, name: str, shift: ShiftFacts | None) -> dict[str, Any]:
    """Return a request with everything that its lists show."""
    return {
        "id": row.id,
        "kind": row.kind,
        "level": row.level,
        "review_state": row.state,
        "state": STATES.get(RequestState(row.state), row.state),
        "volunteer": {"id": row.person_id, "display_name": name},
        "volunteer_id": row.person_id,
        "shift_id": row.shift_id,
        "station_id": row.station_id,
        "activity_title": shift.activity_title if shift else None,
        "station_name": shift.station_name if shift else None,
        "on": row.site_day,
        "from": row.from_at,
        "to": row.to_at,
        "minutes": row.minutes,
        "entry_id": row.entry_id,
        "difference": row.minutes - row.base_minutes if row.base_minutes is not None else None,
        "scan_ids": row.scan_ids,
        "flags": row.flags,
        "reason": row.reason,
        "asked_at": row.created_at,
        "decided_at": row.decided_at,
        "decision_reason": row.decision_reason,
    }


def _page(query: Any, table: Any, limit: int, before: tuple[dt.datetime, uuid.UUID] | None) -> Any:
    """Return the query newest first, one row more than a page, after the cursor."""
    if before is not None:
        at, last = before
        query = query.where((table.created_at < at) | ((table.created_at == at) & (table.id < last)))
    return query.order_by(table.created_at.desc(), table.id.desc()).limit(limit + 1)
