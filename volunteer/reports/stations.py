"""What stations did in a period, each with everything below it: 场次, 人数, 人次, hours, and who was on duty.

Source: contract, Reports (`GET /reports/stations`); domain.md e1 (到岗率); decisions 6 (an audience is no volunteer).
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from volunteer.access import Actor, Permission
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.reports import stations_queries as queries
from volunteer.reports.periods import period_of
from volunteer.reports.stations_queries import StationCounts, StationOfTree
from volunteer.stations import service as stations


@dataclass(frozen=True, slots=True)
class StationRow:
    """One station: `counts` and `persons` cover its subtree, `own` itself alone."""

    station: StationOfTree
    counts: StationCounts
    persons: int
    own: StationCounts

    @property
    def on_duty_rate(self) -> float | None:
        """Person-times ÷ places of the shifts that were held; never capped, None where no place was planned."""
        return self.counts.attended / self.counts.planned if self.counts.planned else None


@dataclass(frozen=True, slots=True)
class StationsReport:
    """The report; both days are included."""

    from_on: dt.date
    to_on: dt.date
    rows: list[StationRow]


@dataclass(frozen=True, slots=True)
class Part:
    """One level of the report, to go down by.

    Attributes:
        rows: the station that was chosen and those right below it; without a choice, the tops.
        above: the stations over the chosen one in the report, the highest first.
        parents: the ids of those that have something below them in the report.
    """

    rows: list[StationRow]
    above: list[StationOfTree]
    parents: frozenset[uuid.UUID]


def part_of(report: StationsReport, station_id: uuid.UUID | None) -> Part:
    """Return one level of a report; one top alone is shown with what is right below it.

    Raises:
        NotFound: the station is not in the report.
    """
    by_id = {row.station.id: row for row in report.rows}
    tops = [row for row in report.rows if row.station.parent_id not in by_id]
    parents = frozenset(row.station.parent_id for row in report.rows if row.station.parent_id in by_id)
    chosen = by_id.get(station_id) if station_id else tops[0] if len(tops) == 1 else None
    if station_id and chosen is None:
        raise NotFound
    if chosen is None:
        return Part(tops, [], frozenset(filter(None, parents)))
    below = [row for row in report.rows if row.station.parent_id == chosen.station.id]
    above: list[StationOfTree] = []
    higher = chosen.station.parent_id
    while higher in by_id:
        above.insert(0, by_id[higher].station)
        higher = by_id[higher].station.parent_id
    return Part([chosen, *below], above, frozenset(filter(None, parents)))


def stations_report(actor: Actor, from_on: dt.date | None, to_on: dt.date | None, now: dt.datetime) -> StationsReport:
    """Return the figures of the stations in the caller's scope, in pre-order by code.

    Args:
        actor: a keeper sees their own subtrees, an admin or auditor all.
        from_on: the first day; left out, the first of the month of the last.
        to_on: the last day; left out, today.
        now: shifts that have not begun count no planned place.

    Raises:
        InvalidInput: `to-before-from`.
    """
    period = period_of(from_on, to_on, now)
    session = reading()
    scope = stations.station_ids_in_scope(actor, Permission.READ_STATIONS)
    tree = queries.stations_of_tree(session)
    own, persons = queries.own_counts(session, period), queries.persons_below(session, period)
    shown = {key: one for key, one in tree.items() if scope is None or key in scope}
    rows = [
        StationRow(station, counts, persons.get(station.id, 0), own.get(station.id, StationCounts()))
        for station, counts in _summed(shown, own)
    ]
    return StationsReport(period.from_on, period.to_on, rows)


def _summed(
    shown: Mapping[uuid.UUID, StationOfTree], own: Mapping[uuid.UUID, StationCounts]
) -> Iterator[tuple[StationOfTree, StationCounts]]:
    """Yield the stations in pre-order by code, each with the sum of its subtree; a scope is made of whole subtrees."""
    order = list(_pre_order(shown))
    sums = {station.id: own.get(station.id, StationCounts()) for station in order}
    for station in reversed(order):
        if station.parent_id in sums:
            sums[station.parent_id] += sums[station.id]
    return ((station, sums[station.id]) for station in order)


def _pre_order(shown: Mapping[uuid.UUID, StationOfTree]) -> Iterator[StationOfTree]:
    """Yield every station before what is below it, siblings by code."""
    children: dict[uuid.UUID | None, list[StationOfTree]] = {}
    for station in sorted(shown.values(), key=lambda one: one.code, reverse=True):
        children.setdefault(station.parent_id if station.parent_id in shown else None, []).append(station)
    waiting = list(children.get(None, ()))
    while waiting:
        station = waiting.pop()
        yield station
        waiting += children.get(station.id, ())
