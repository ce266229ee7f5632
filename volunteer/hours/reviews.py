"""Keeping the open reviews what the rules say they are: opened, refreshed, withdrawn; a decided one is never touched.

A review is known by its lasting name (`HourRequest.key`): the pair, the (shift, day, level) over the limit, the scan.
Source: contract, "GET /reviews" and "Fine points"; decisions 14.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.hours.facts import CreditClass, Level, Pending
from volunteer.hours.models import HourRequest, LineClass, RequestKind, RequestState
from volunteer.hours.reckoning import Reckoned, over_cap_key, pair_key
from volunteer.hours.seams import Presence
from volunteer.hours.spans import Span, minute_of, subtract, total
from volunteer.prepared import Later, Query

_ASKING = Query(
    lambda among: sa.select(HourRequest.person_id).where(among(HourRequest.__table__.c.person_id, "people"))
)
NOT_REVIEWS = (RequestKind.MAKE_UP, RequestKind.CORRECTION)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A review that should be open."""

    key: str
    kind: RequestKind
    level: Level
    shift_id: uuid.UUID | None
    station_id: uuid.UUID | None
    site_day: dt.date
    credit_class: str
    minutes: int
    spans: tuple[Span, ...]
    scan_ids: tuple[uuid.UUID, ...]


def finding_requests(session: Session, people: Collection[uuid.UUID]) -> Later[dict[uuid.UUID, list[HourRequest]]]:
    """Ask for every request about these people; return what gives them, in order of asking."""
    asked = _ASKING.later(session, people=list(people))

    def found() -> dict[uuid.UUID, list[HourRequest]]:
        requests: dict[uuid.UUID, list[HourRequest]] = {person_id: [] for person_id in people}
        asking = {row.person_id for row in asked()}
        if asking:
            query = sa.select(HourRequest).where(HourRequest.person_id.in_(asking)).order_by(HourRequest.created_at)
            for row in session.scalars(query):
                requests[row.person_id].append(row)
        return requests

    return found


def refresh(
    session: Session,
    person_id: uuid.UUID,
    requests: Iterable[HourRequest],
    presences: Sequence[Presence],
    reckoned: Reckoned,
    now: dt.datetime,
    days: frozenset[dt.date] | None,
) -> None:
    """Make the person's open reviews of these days (None: all) those that are wanted; the person is locked.

    `requests` are all of the person's. What is changed here is written with the session's next flush.
    """
    open_ones, dormant, decided = _known(requests)
    wanted = [*_pending(reckoned), *(one for one in _unmatched(presences) if one.key not in decided)]
    kept = set()
    for one in wanted:
        if days is not None and one.site_day not in days:
            continue
        kept.add(one.key)
        row = open_ones.get(one.key) or dormant.get(one.key)
        if row is None:
            row = HourRequest(id=new_id(), person_id=person_id, key=one.key, flags=[], created_at=now)
            session.add(row)
        _write(row, one)
    for key, row in open_ones.items():
        if days is not None and row.site_day not in days:
            continue
        if row.kind in NOT_REVIEWS:
            _refresh_make_up(row, reckoned)
        elif key not in kept:
            row.state, row.pending_minutes = RequestState.WITHDRAWN.value, 0


def _known(
    requests: Iterable[HourRequest],
) -> tuple[dict[str, HourRequest], dict[str, HourRequest], frozenset[str]]:
    """Return the person's open requests, the withdrawn ones, and the names of the decided."""
    found: dict[str, dict[str, HourRequest]] = {state.value: {} for state in RequestState}
    for row in requests:
        found[row.state][row.key] = row
    decided = frozenset(found[RequestState.ACCEPTED]) | frozenset(found[RequestState.REFUSED])
    return found[RequestState.OPEN], found[RequestState.WITHDRAWN], decided


def _pending(reckoned: Reckoned) -> Iterable[Wanted]:
    """Yield the reviews that the rules ask for."""
    for one in reckoned.pendings:
        key = pair_key(one.source) if one.source else over_cap_key(one.shift_id, one.site_day, one.level)
        yield Wanted(
            key,
            RequestKind(one.kind.value),
            one.level,
            one.shift_id,
            reckoned.shifts[one.shift_id].station_id,
            one.site_day,
            _class_of(one, reckoned).value,
            one.minutes,
            one.spans,
            one.scan_ids,
        )


def _class_of(one: Pending, reckoned: Reckoned) -> CreditClass:
    """Return the class that the minutes will have once accepted."""
    for hours in reckoned.clusters:
        for step in hours.explanation.pairs:
            if step.key == one.source:
                return step.credit_class
        for piece in hours.explanation.tiers:
            if one.source is None and piece.shift_id == one.shift_id and piece.span.start == one.spans[0].start:
                return piece.credit_class
    return CreditClass.GRANTED


def _unmatched(presences: Iterable[Presence]) -> Iterable[Wanted]:
    """Yield a review for each scan that waits without proving a minute."""
    for one in presences:
        at = one.shift.starts_at if one.shift else one.at
        if at is None:
            continue
        for scan_id in one.unmatched:
            yield Wanted(
                f"scan:{scan_id}",
                RequestKind.UNMATCHED,
                Level.KEEPER,
                one.shift.id if one.shift else None,
                one.shift.station_id if one.shift else one.station_id,
                site_day(at, settings().zone),
                LineClass.VERIFIED.value,
                0,
                (),
                (scan_id,),
            )


def _write(row: HourRequest, one: Wanted) -> None:
    """Bring an open review up to what it should say; equal values write nothing."""
    values = {
        "kind": one.kind.value,
        "state": RequestState.OPEN.value,
        "level": one.level.value,
        "shift_id": one.shift_id,
        "station_id": one.station_id,
        "site_day": one.site_day,
        "class_": one.credit_class,
        "minutes": one.minutes,
        "pending_minutes": one.minutes,
        "spans": [list(span) for span in one.spans],
        "scan_ids": [str(scan_id) for scan_id in one.scan_ids],
    }
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _refresh_make_up(row: HourRequest, reckoned: Reckoned) -> None:
    """A make-up that waits asks for what nothing else has by now: no minute is pending and credited."""
    if row.kind == RequestKind.MAKE_UP and row.from_at and row.to_at:
        rest = subtract(Span(minute_of(row.from_at), minute_of(row.to_at)), reckoned.taken)
        if row.pending_minutes != total(rest):
            row.pending_minutes = total(rest)
