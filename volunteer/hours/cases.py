"""What waits for a decision, oldest first, and one case with all its evidence: what somebody who decides looks at.

What the caller may not decide (their own time, evidence of their making, a level above theirs) is listed with the
reason. Source: ux.md A8, A9; contract, "GET /reviews", Hours (second person); decisions 14, 20.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.accounts.directory import names_of
from volunteer.activities.service import ShiftFacts, shifts_of, signup_status
from volunteer.clock import day_starts_at, site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.hours import deciding, narrowing, queries, seams
from volunteer.hours.explaining import explain
from volunteer.hours.make_ups import make_up_deadline
from volunteer.hours.models import HourRequest, LedgerLine, RequestKind, RequestState
from volunteer.hours.narrowing import WHOLE, Cursor, Narrowed
from volunteer.hours.policy import policy_on
from volunteer.hours.reckoning import reckon
from volunteer.hours.seams import Scan
from volunteer.hours.spans import Span, clip, instant_of, span
from volunteer.registration.service import account_ids_of, linked_persons
from volunteer.stations.service import station_ids_in_scope
from volunteer.units.service import UnitBrief

TABS: Mapping[str, frozenset[RequestKind]] = {
    "reviews": frozenset(RequestKind) - {RequestKind.MAKE_UP, RequestKind.CORRECTION},
    "make-ups": frozenset({RequestKind.MAKE_UP}),
    "corrections": frozenset({RequestKind.CORRECTION}),
}
#: More than this many are "and more": nobody decides them in one sitting.
MOST_COUNTED = 200


def open_counts(actor: Actor) -> dict[str, int]:
    """Return how many requests wait at the stations for which the caller decides, by tab."""
    query = sa.select(HourRequest.kind, sa.func.count()).where(*_waiting(actor)).group_by(HourRequest.kind)
    found = {kind: count for kind, count in reading().execute(query)}
    return {tab: sum(found.get(kind.value, 0) for kind in kinds) for tab, kinds in TABS.items()}


def count_decidable(actor: Actor) -> int:
    """Return how many of the (first 200) requests that wait the caller may decide."""
    query = sa.select(HourRequest).where(*_waiting(actor)).order_by(HourRequest.created_at).limit(MOST_COUNTED)
    rows = list(reading().scalars(query))
    return sum(not refusal for refusal in _refusals(reading(), actor, rows, _scans_of(reading(), rows)).values())


def queue(
    actor: Actor, tab: str, limit: int, after: Cursor | None = None, narrowed: Narrowed = WHOLE
) -> list[dict[str, Any]]:
    """Return up to `limit` + 1 requests of a tab that wait, oldest first, each with why the caller may not decide it.

    A fixed number of statements, whatever the length; a mark takes one more for every 500 scans behind what waits.

    Raises:
        NotFound: the station is not the caller's.
    """
    session = reading()
    query = sa.select(HourRequest).where(*_waiting(actor), HourRequest.kind.in_(TABS[tab]))
    query = query.where(*narrowing.conditions(actor, narrowed))
    if narrowed.mark:
        query = query.where(HourRequest.id.in_(narrowing.marked(session, query, narrowed.mark, after, limit)))
    if after:
        query = query.where(narrowing.later_than(after))
    rows = session.scalars(query.order_by(HourRequest.created_at, HourRequest.id).limit(limit + 1))
    return listed(session, actor, list(rows))


def units_that_wait(actor: Actor, tab: str, now: dt.datetime) -> list[UnitBrief]:
    """Return the units in which the people of a tab's requests count today, by code."""
    query = sa.select(HourRequest).where(*_waiting(actor), HourRequest.kind.in_(TABS[tab]))
    return narrowing.units_of(query, site_day(now, settings().zone))


def listed(session: Session, actor: Actor, rows: Sequence[HourRequest]) -> list[dict[str, Any]]:
    """Return requests as a queue shows them, each with why the caller may not decide it."""
    refusals = _refusals(session, actor, rows, _scans_of(session, rows))
    shifts = shifts_of(session, {row.shift_id for row in rows if row.shift_id})
    found = []
    for row, view in zip(rows, queries.views_of(session, rows), strict=True):
        shift = shifts.get(row.shift_id or row.id)
        found.append(view | {"why_not": refusals[row.id], "pending_minutes": row.pending_minutes, "shift": shift})
    return found


def requests_of(
    session: Session,
    actor: Actor,
    request_ids: Collection[uuid.UUID],
    kinds: Collection[RequestKind] = frozenset(RequestKind),
) -> list[HourRequest]:
    """Return those of these requests for which the caller decides, whatever their state, oldest first."""
    query = sa.select(HourRequest).where(HourRequest.id.in_(set(request_ids)), HourRequest.kind.in_(kinds))
    scope = station_ids_in_scope(actor, Permission.DECIDE)
    if scope is not None:
        query = query.where(HourRequest.station_id.in_(scope))
    return list(session.scalars(query.order_by(HourRequest.created_at, HourRequest.id)))


def case(actor: Actor, request_id: uuid.UUID, tab: str, now: dt.datetime) -> dict[str, Any]:
    """Return one request with all that is to be looked at before it is decided.

    Raises:
        NotFound: no such request of that tab, or at a station for which the caller does not decide.
    """
    session = reading()
    row = session.get(HourRequest, request_id)
    if row is None or row.kind not in TABS[tab] or not _is_in_scope(actor, row):
        raise NotFound
    shift = shifts_of(session, [row.shift_id]).get(row.shift_id) if row.shift_id else None
    found = queries.views_of(session, [row])[0] | _said(actor, session, row)
    found |= {"shift": shift, "deadline": _deadline(shift), "waited_days": (now - row.created_at).days}
    if tab == "make-ups" and shift:
        return found | _about_make_up(actor, session, row, shift, now)
    scans = seams.scans_of(session, _scan_ids(row))
    found["scans"] = _listed(actor, session, sorted(scans.values(), key=lambda scan: (scan.at, scan.id)))
    if tab == "corrections":
        line = session.get(LedgerLine, row.entry_id) if row.entry_id else None
        found["explanation"] = explain(session, line, now) if line else None
        found["base_minutes"] = row.base_minutes
    policy = policy_on(row.site_day)
    return found | {"at_once_minutes": policy.at_once_minutes, "keeper_minutes": policy.keeper_minutes}


def _said(actor: Actor, session: Session, row: HourRequest) -> dict[str, Any]:
    """Return who asked and who decided, and why the caller may not decide."""
    flags, barred = deciding.flags_now(session, row), deciding.barred_from(session, row)
    is_low = deciding.is_too_low(actor, row.station_id, flags)
    refusal = deciding.refusal_of(actor, row.level, is_party=actor.account in barred, is_low=is_low)
    names = names_of(actor, [one for one in (row.asker_account_id, row.decided_by) if one])
    for_themself = row.asker_account_id in account_ids_of(session, row.person_id)
    return {
        "flags": flags,
        "why_not": refusal,
        "asker": "" if for_themself else names.get(row.asker_account_id or row.id, ""),
        "decided_by": names.get(row.decided_by or row.id, ""),
        "pending_minutes": row.pending_minutes,
        "spans": [(instant_of(start), instant_of(end)) for start, end in row.spans],
    }


def _about_make_up(
    actor: Actor, session: Session, row: HourRequest, shift: ShiftFacts, now: dt.datetime
) -> dict[str, Any]:
    """Return what bears on a make-up: the sign-up, that day's scans, and what of the time is credited or waits."""
    zone = settings().zone
    start = day_starts_at(site_day(shift.starts_at, zone), zone)
    end = day_starts_at(site_day(shift.ends_at, zone) + dt.timedelta(days=1), zone)
    scans = seams.scans_between(session, row.person_id, start, end)
    here = _read_by(actor, session, scans)
    reckoned = reckon(session, row.person_id, seams.presences_of(session, row.person_id), now)
    asked = span(row.from_at, row.to_at) if row.from_at and row.to_at else Span(0, 0)
    taken = [part for one in reckoned.taken if (part := clip(one, asked))]
    signup = signup_status(session, row.person_id, shift.id)
    return {
        "scans": _listed(actor, session, here),
        "scans_elsewhere": len(scans) - len(here),
        "taken": [(instant_of(one.start), instant_of(one.end)) for one in taken],
        "signup": signup,
    }


def _listed(actor: Actor, session: Session, scans: Sequence[Scan]) -> list[dict[str, Any]]:
    """Return scans with their operators' names (masked but for an admin) and their activities' titles."""
    names = names_of(actor, [scan.account_id for scan in scans if scan.account_id])
    shifts = shifts_of(session, {scan.shift_id for scan in scans if scan.shift_id})
    return [
        {
            "scan": scan,
            "by": scan.device or names.get(scan.account_id or scan.id, ""),
            "title": shifts[scan.shift_id].activity_title if scan.shift_id in shifts else "",
        }
        for scan in scans
    ]


def _deadline(shift: ShiftFacts | None) -> dt.date | None:
    """Return until which day a make-up may be asked for after this shift."""
    return make_up_deadline(shift.ends_at.astimezone(settings().zone).date()).on if shift else None


def _waiting(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of what waits at the stations for which the caller decides."""
    found: list[sa.ColumnElement[bool]] = [HourRequest.state == RequestState.OPEN]
    scope = station_ids_in_scope(actor, Permission.DECIDE)
    if scope is not None:
        found.append(HourRequest.station_id.in_(scope))
    return found


def _is_in_scope(actor: Actor, row: HourRequest) -> bool:
    """Whether the caller decides for the station of a request."""
    scope = station_ids_in_scope(actor, Permission.DECIDE)
    return scope is None or row.station_id in scope


def _read_by(actor: Actor, session: Session, scans: Sequence[Scan]) -> list[Scan]:
    """Return those scans that belong to stations which the caller reads."""
    scope = station_ids_in_scope(actor, Permission.READ_STATIONS)
    if scope is None:
        return list(scans)
    shifts = shifts_of(session, {scan.shift_id for scan in scans if scan.shift_id})
    where = {scan.id: shifts[scan.shift_id].station_id for scan in scans if scan.shift_id in shifts}
    return [scan for scan in scans if where.get(scan.id, scan.station_id) in scope]


def _scan_ids(row: HourRequest) -> list[uuid.UUID]:
    """Return the scans behind a request."""
    return [uuid.UUID(scan_id) for scan_id in row.scan_ids]


def _scans_of(session: Session, rows: Collection[HourRequest]) -> dict[uuid.UUID, Scan]:
    """Return the scans behind many requests."""
    return seams.scans_of(session, {scan_id for row in rows for scan_id in _scan_ids(row)})


def _refusals(
    session: Session, actor: Actor, rows: Sequence[HourRequest], scans: Mapping[uuid.UUID, Scan]
) -> dict[uuid.UUID, str]:
    """Return why the caller may not decide each of these, or "", from a few statements for all of them.

    A make-up's flags are those it was filed with; its page judges them afresh, and so does the decision.
    """
    own, account = set(linked_persons(actor)) if rows else set(), actor.account
    flagged = {row.station_id for row in rows if row.flags}
    low = {station_id for station_id in flagged if deciding.is_too_low(actor, station_id, ("flagged",))}
    found = {}
    for row in rows:
        recorders = {scans[scan_id].account_id for scan_id in _scan_ids(row) if scan_id in scans}
        is_party = row.person_id in own or row.asker_account_id == account or account in recorders
        is_low = bool(row.flags) and row.station_id in low
        found[row.id] = deciding.refusal_of(actor, row.level, is_party=is_party, is_low=is_low)
    return found
