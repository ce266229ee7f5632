"""Writes a sound sheet of stations: the tree from the top, and what differs of each station.

Source: contract, Imports and Stations.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from volunteer.access import Actor
from volunteer.bulk import Tick
from volunteer.imports.rules_stations import StationDraft
from volunteer.imports.rules_trees import KnownCodes, parents_first
from volunteer.stations import profiles
from volunteer.stations.rules import Crs, Point, StationLevel, to_wgs84

PLAIN: Final = ("name", "level", "address", "phone")
#: Degrees within which a point is the same: some 0.1 m, far below what turning one datum into another leaves.
SAME_DEGREES: Final = 1e-6


@dataclass(frozen=True, slots=True)
class KnownStations:
    """All stations as they stand, each by its code; units and areas that a row may name.

    Attributes:
        rows: code -> id, code, name, level, parent_id, unit_id, area_id, address, latitude, longitude, phone.
    """

    rows: Mapping[str, Any]
    parents: Mapping[str, str | None]
    areas: Mapping[str, uuid.UUID]
    units: Mapping[str, uuid.UUID]

    @property
    def codes(self) -> KnownCodes:
        """What a sheet's rows are judged against."""
        return KnownCodes(self.rows, self.areas, self.parents, units=self.units)

    @property
    def levels(self) -> dict[str, StationLevel]:
        """The level of each station."""
        return {code: StationLevel(row.level) for code, row in self.rows.items()}


def changes_of(draft: StationDraft, known: KnownStations) -> dict[str, Any] | None:
    """Return what a row changes of a station that stands: fields of a station, `parent_code`; None for a new one.

    What a row leaves empty stays as it is.
    """
    row = known.rows.get(draft.code)
    if row is None:
        return None
    wanted: dict[str, Any] = {key: getattr(draft, key) for key in PLAIN if key in draft.given}
    if "unit_code" in draft.given:
        wanted["unit_id"] = known.units.get(draft.unit_code or "")
    if "area_code" in draft.given:
        wanted["area_id"] = known.areas.get(draft.area_code or "")
    differing = {key: value for key, value in wanted.items() if getattr(row, key) != value}
    if "parent_code" in draft.given and draft.parent_code != known.parents.get(draft.code):
        differing["parent_code"] = draft.parent_code
    if draft.latitude is not None and not _is_there(draft, row):
        differing |= {"latitude": draft.latitude, "longitude": draft.longitude, "crs": draft.crs}
    return differing


def _is_there(draft: StationDraft, row: Any) -> bool:
    """Whether a row names the point at which the station stands."""
    if row.latitude is None or draft.latitude is None or draft.longitude is None:
        return False
    point = to_wgs84(Point(draft.latitude, draft.longitude), draft.crs or Crs.WGS84)
    away = max(abs(point.latitude - row.latitude), abs(point.longitude - row.longitude))
    return bool(away < SAME_DEGREES)


def plan(drafts: Sequence[StationDraft], known: KnownStations) -> dict[str, int]:
    """Return how many stations a sheet would create, update and leave as they are."""
    found = [changes_of(draft, known) for draft in drafts]
    created, unchanged = sum(change is None for change in found), sum(change == {} for change in found)
    return {"created": created, "updated": len(found) - created - unchanged, "unchanged": unchanged}


def write(actor: Actor, drafts: Sequence[StationDraft], known: KnownStations, now: dt.datetime, tick: Tick) -> None:
    """Write a sheet in the transaction under way, from the top of the tree down.

    Raises:
        InvalidInput, Conflict: the tree was changed by somebody else meanwhile.
    """
    ids: dict[str, uuid.UUID] = {code: row.id for code, row in known.rows.items()}
    for count, draft in enumerate(parents_first(drafts)):
        tick(count, len(drafts))
        changes = changes_of(draft, known)
        if changes is None:
            ids[draft.code] = profiles.add_station(actor, _new(draft, ids, known), now).id
        elif changes:
            if "parent_code" in changes:
                code = changes.pop("parent_code")
                changes["parent_id"] = ids[code] if code else None
            profiles.change_station(actor, ids[draft.code], changes, now)


def _new(draft: StationDraft, ids: Mapping[str, uuid.UUID], known: KnownStations) -> dict[str, Any]:
    """Return the fields of a new station."""
    return {key: getattr(draft, key) for key in ("code", *PLAIN, "latitude", "longitude", "crs")} | {
        "parent_id": ids[draft.parent_code] if draft.parent_code else None,
        "unit_id": known.units.get(draft.unit_code or ""),
        "area_id": known.areas.get(draft.area_code or ""),
    }
