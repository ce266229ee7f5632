"""What rows are judged against, read from the rooms below: units in the caller's scope, areas, words of code tables."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from volunteer.access import Actor, Permission
from volunteer.areas import queries as areas
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.imports.rules_people import Known, spelled
from volunteer.imports.rules_trees import KnownCodes
from volunteer.imports.rules_units import Holder
from volunteer.imports.stations_in import KnownStations
from volunteer.registration import code_tables
from volunteer.stations import queries as stations
from volunteer.units import queries as units
from volunteer.units import service as unit_service


def scope_of(actor: Actor) -> frozenset[uuid.UUID] | None:
    """Return the units that the caller may fill with people; None for all."""
    return unit_service.unit_ids_in_scope(actor, Permission.MANAGE_PEOPLE)


def known_for(actor: Actor, unit_id: uuid.UUID | None, today: dt.date) -> Known:
    """Return what a roster of the caller is judged against. `unit_id` is meant where a row names no unit.

    Raises:
        NotFound: a unit outside the caller's scope.
    """
    scope = scope_of(actor)
    by_code: dict[str, uuid.UUID] = {}
    by_name: defaultdict[str, set[uuid.UUID]] = defaultdict(set)
    for row in reading().execute(units.tree_as_of(today)):
        if scope is None or row.id in scope:
            by_code[row.code] = row.id
            by_name[spelled(row.name)].add(row.id)
    if unit_id is not None and unit_id not in by_code.values():
        raise NotFound
    labels = code_tables.labels(reading(), "political_status")
    political = {label: code for code, label in labels.items()} | {code: code for code in labels}
    return Known(by_code, by_name, political, unit_id or _own_unit(actor))


def _own_unit(actor: Actor) -> uuid.UUID | None:
    """Return the one unit of which the caller is liaison; None where there are several, or none."""
    named = {grant.unit_id for grant in actor.grants_with(Permission.MANAGE_PEOPLE) if grant.unit_id}
    return next(iter(named)) if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class KnownUnits:
    """All units as they stand: each by its code, with what a sheet may change; areas; tasks of one year.

    Attributes:
        rows: code -> id, name, kind, area_id, headcount, uscc, closed_on.
    """

    rows: Mapping[str, Any]
    parents: Mapping[str, str | None]
    areas: Mapping[str, uuid.UUID]
    targets: Mapping[uuid.UUID, int | None]

    @property
    def codes(self) -> KnownCodes:
        """What a sheet's rows are judged against."""
        standing = [code for code, row in self.rows.items() if row.closed_on is None]
        closed = [code for code, row in self.rows.items() if row.closed_on is not None]
        return KnownCodes(standing, self.areas, self.parents, closed)

    @property
    def holders(self) -> dict[str, Holder]:
        """The open units with a credit code."""
        return {
            code: Holder(code, row.name, row.uscc)
            for code, row in self.rows.items()
            if row.uscc and row.closed_on is None
        }


def known_units(year: int, today: dt.date) -> KnownUnits:
    """Return all units, with their tasks of `year`."""
    session = reading()
    rows = {row.code: row for row in session.execute(units.described())}
    codes = {row.id: code for code, row in rows.items()}
    parents = {row.code: codes.get(row.parent_id) for row in session.execute(units.tree_as_of(today))}
    targets = {row.unit_id: row.target for row in session.execute(units.targets_of([year]))}
    return KnownUnits(rows, parents, {code: area_id for code, area_id in session.execute(areas.ids_by_code())}, targets)


def known_stations(today: dt.date) -> KnownStations:
    """Return all stations, and the units and areas that a row may name."""
    session = reading()
    rows = {row.code: row for row in session.execute(stations.described())}
    codes = {row.id: code for code, row in rows.items()}
    parents = {code: codes.get(row.parent_id) for code, row in rows.items()}
    standing = {row.code: row.id for row in session.execute(units.tree_as_of(today))}
    return KnownStations(rows, parents, {code: one for code, one in session.execute(areas.ids_by_code())}, standing)
