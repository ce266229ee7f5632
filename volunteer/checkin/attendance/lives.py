"""A person's scans around an instant, as the fold needs them: whole from one quiet point to another.

What was scanned long before or after cannot matter (`segments`), so a scan costs one bounded read however long a life
is. `person_id` of what is read here is whose the scan is today: of merged records, the person who is left.
Source: decisions 1; `segments` for why a cut is legal.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities import service as activities
from volunteer.activities.service import ShiftFacts as FullShift
from volunteer.checkin.attendance.fold import fold
from volunteer.checkin.attendance.outcomes import Folded
from volunteer.checkin.attendance.owners import MERGED, OWNER, WITH_OWNERS
from volunteer.checkin.attendance.segments import remembered
from volunteer.checkin.models import SCAN_VOIDS, SCANS, CodeForm
from volunteer.checkin.reasons import Direction, Flag, Mode, Reason
from volunteer.checkin.rules import Scan, ShiftFacts
from volunteer.prepared import Among, Query

MEMORY = dt.timedelta(hours=26)
"""The longest that a scan is remembered: 30 min, a shift of 24 h, 60 min, its last minute, a code's life."""
REACH = dt.timedelta(days=3)
Span = tuple[dt.datetime, dt.datetime]
#: What the fold asks of a scan.
FOLDED = (
    "id",
    "client_id",
    "person_id",
    "shift_id",
    "direction",
    "mode",
    "judged_at",
    "code_form",
    "code_step",
    "refusals",
    "flags",
    "strong",
    "held",
    "geo_optional",
    "walk_in",
    "places",
)


@dataclass(slots=True)
class Life:
    """Scans of one person, complete between two quiet points, and every shift that they name.

    Lives that were loaded together share `shifts`, and `narrowed`: those as the fold knows them, each made once.
    """

    person_id: uuid.UUID
    scans: dict[uuid.UUID, Scan]
    shifts: dict[uuid.UUID, FullShift]
    narrowed: dict[uuid.UUID, ShiftFacts] = field(default_factory=dict)

    def folded(self, more: Scan | None = None) -> Folded:
        """Return where each scan stands, with `more` among them if given."""
        scans = [*self.scans.values(), *([more] if more else [])]
        return fold(scans, {scan.shift_id: self.of_fold(self.shifts[scan.shift_id]) for scan in scans if scan.shift_id})

    def of_fold(self, shift: FullShift) -> ShiftFacts:
        """Return a shift as the fold knows it."""
        found = self.narrowed.get(shift.id)
        if found is None:
            found = self.narrowed[shift.id] = of_fold(shift)
        return found

    def add(self, scan: Scan) -> None:
        """Let another scan stand among them."""
        self.scans[scan.id] = scan


def of_fold(shift: FullShift) -> ShiftFacts:
    """Return a shift as the fold knows it."""
    return ShiftFacts(
        shift.id,
        shift.station_id,
        shift.station_name,
        shift.station_path,
        shift.starts_at,
        shift.ends_at,
        shift.cancelled,
    )


def load(session: Session, spans: Mapping[uuid.UUID, Span], known: dict[uuid.UUID, FullShift]) -> dict[uuid.UUID, Life]:
    """Return the life of each person around a span of instants. Two statements, as a rule, for any number of people.

    `known` holds shifts that were loaded already and gets those that the scans name.
    """
    lives: dict[uuid.UUID, Life] = {}
    narrowed: dict[uuid.UUID, ShiftFacts] = {}
    todo, reach = dict(spans), REACH
    while todo:
        low = min(first for first, _ in todo.values()) - reach
        high = max(last for _, last in todo.values()) + reach
        found: dict[uuid.UUID, list[Scan]] = {person_id: [] for person_id in todo}
        for person_id, scan in _between(session, todo, low, high):
            found[person_id].append(scan)
        _learn(session, known, {s.shift_id for scans in found.values() for s in scans if s.shift_id})
        narrowed |= {shift_id: of_fold(known[shift_id]) for shift_id in known.keys() - narrowed.keys()}
        for person_id, scans in found.items():
            part = _quiet_part(scans, narrowed, (low, high), todo[person_id])
            if part is not None:
                lives[person_id] = Life(person_id, {scan.id: scan for scan in part}, known, narrowed)
                del todo[person_id]
        reach *= 4
    return lives


def whole(session: Session, person_id: uuid.UUID) -> Life:
    """Return all scans of one person."""
    scans = [scan_of(row) for row in _WHOLE(session, people=[person_id])]
    shifts = activities.shifts_of(session, {scan.shift_id for scan in scans if scan.shift_id})
    return Life(person_id, {scan.id: scan for scan in scans}, dict(shifts))


def scan_of(row: Any) -> Scan:
    """Return a stored scan (with `voided`) as the fold knows it."""
    return Scan(
        id=row.id,
        direction=Direction(row.direction),
        judged_at=row.judged_at,
        shift_id=row.shift_id,
        mode=Mode(row.mode),
        refusals=tuple(Reason(word) for word in row.refusals),
        code_step=row.code_step if row.code_form == CodeForm.PERSONAL else None,
        strong=row.strong,
        held=row.held,
        flags=frozenset(Flag(word) for word in row.flags),
        walk_in=row.walk_in,
        voided=bool(row.voided),
        geo_optional=row.geo_optional,
        places=None if row.places is None else tuple(row.places),
        client_id=row.client_id,
    )


def rows_of(session: Session, scan_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Any]:
    """Return stored scans by id, each with whether it is `voided`."""
    if not scan_ids:
        return {}
    return {row.id: row for row in _BY_ID(session, ids=list(scan_ids))}


def _select(names: Iterable[str] = tuple(SCANS.c.keys())) -> sa.Select[Any]:
    """Return the query for scans, each with whose it is and whether it is `voided`."""
    voided = SCAN_VOIDS.c.scan_id.is_not(None).label("voided")
    columns = [OWNER if name == "person_id" else SCANS.c[name] for name in names]
    return sa.select(*columns, voided).select_from(
        WITH_OWNERS.outerjoin(SCAN_VOIDS, SCAN_VOIDS.c.scan_id == SCANS.c.id)
    )


def _of_people(among: Among, *wanted: sa.ColumnElement[bool]) -> sa.CompoundSelect[Any]:
    """Return the query for the scans of these people: their own, and those of the records merged into theirs."""
    own = _select(FOLDED).where(among(SCANS.c.person_id, "people"), MERGED.c.into_id.is_(None), *wanted)
    return sa.union_all(own, _select(FOLDED).where(among(MERGED.c.into_id, "people"), *wanted))


_WHOLE = Query(_of_people)
_BETWEEN = Query(lambda among: _of_people(among, SCANS.c.judged_at.between(sa.bindparam("low"), sa.bindparam("high"))))
_BY_ID = Query(lambda among: _select().where(among(SCANS.c.id, "ids")))


def _between(
    session: Session, people: Collection[uuid.UUID], low: dt.datetime, high: dt.datetime
) -> Iterable[tuple[uuid.UUID, Scan]]:
    """Return the scans of these people judged between two instants."""
    return [(row.person_id, scan_of(row)) for row in _BETWEEN(session, people=list(people), low=low, high=high)]


def _learn(session: Session, known: dict[uuid.UUID, FullShift], ids: set[uuid.UUID]) -> None:
    """Load the shifts that are not known yet."""
    missing = ids - known.keys()
    if missing:
        known.update(activities.shifts_of(session, missing))


def _quiet_part(
    scans: Sequence[Scan], shifts: Mapping[uuid.UUID, ShiftFacts], loaded: Span, around: Span
) -> list[Scan] | None:
    """Return the scans that can meet those of `around`, or None where more must be loaded to know."""
    low, high = loaded
    first, last = around
    if low > first - MEMORY or high < last + MEMORY:
        return None
    parts = remembered(scans, shifts)
    near = [(part, until) for part, until in parts if until >= first and part[0].judged_at <= last + MEMORY]
    if near and (near[0][0][0].judged_at < low + MEMORY or near[-1][1] > high):
        return None
    return [scan for part, _ in near for scan in part]
