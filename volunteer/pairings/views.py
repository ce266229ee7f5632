"""Who answers for what, as of a day: by area with its gaps, by unit, by leader. A fixed number of statements each.

A district has some hundred pairings, so one day's are read whole and put together in memory.
Source: domain.md A4, A23, A31.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from volunteer.areas import service as areas
from volunteer.areas.rules import AreaLevel
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.pairings import rules, service
from volunteer.pairings.models import Official, Pairing, Zone, ZoneArea
from volunteer.pairings.rules import Gap, PairingKind, Party
from volunteer.units import service as units

MOST_AREAS = 10_000


@dataclass(frozen=True, slots=True)
class PairingView:
    """A pairing in words: `party` is who answers, `office` their office, `target` what for (`level`: of an area)."""

    id: uuid.UUID
    kind: PairingKind
    party: str
    office: str
    target: str
    level: str
    from_on: dt.date
    until_on: dt.date | None
    area_id: uuid.UUID | None
    zone_id: uuid.UUID | None
    official_id: uuid.UUID | None
    unit_id: uuid.UUID | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class AreaLine:
    """An area with who answers for it: for itself, and for what lies around it."""

    id: uuid.UUID
    code: str
    name: str
    level: AreaLevel
    parent_name: str | None
    own: tuple[PairingView, ...]
    above: tuple[PairingView, ...]
    gap: Gap | None

    @property
    def leaders(self) -> list[PairingView]:
        """The leaders who answer for the area itself."""
        return [one for one in self.own if one.official_id]

    @property
    def units(self) -> list[PairingView]:
        """The units that answer for the area itself."""
        return [one for one in self.own if one.unit_id]


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A leader or a unit with all that they answer for."""

    id: uuid.UUID
    name: str
    office: str
    left_on: dt.date | None
    pairings: list[PairingView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone with its areas and who answers for it on a day."""

    id: uuid.UUID
    code: str
    name: str
    areas: list[str]
    pairings: list[PairingView]

    @property
    def gap(self) -> Gap | None:
        """Who is missing for the zone itself."""
        has_leader = any(one.official_id for one in self.pairings)
        return rules.missing(has_leader=has_leader, has_unit=any(one.unit_id for one in self.pairings))


def pairings_on(day: dt.date, *conditions: sa.ColumnElement[bool]) -> list[PairingView]:
    """Return the pairings in force on a day, by kind and party, in words."""
    rows = reading().scalars(
        sa.select(Pairing).where(service.in_force(Pairing.from_on, Pairing.until_on, day), *conditions)
    )
    return in_words(rows.all())


def in_words(rows: Collection[Pairing]) -> list[PairingView]:
    """Return pairings in words, leaders before units."""
    session = reading()
    officials = {one.id: one for one in session.scalars(sa.select(Official))} if rows else {}
    zones = {one.id: one for one in session.scalars(sa.select(Zone))} if rows else {}
    named = units.unit_briefs({row.unit_id for row in rows if row.unit_id})
    around = areas.areas_of({row.area_id for row in rows if row.area_id})
    found = []
    for row in rows:
        official = officials.get(row.official_id) if row.official_id else None
        area = around.get(row.area_id) if row.area_id else None
        found.append(
            PairingView(
                id=row.id,
                kind=PairingKind(row.kind),
                party=official.name if official else named[row.unit_id].name if row.unit_id else "",
                office=official.office if official else "",
                target=area.name if area else zones[row.zone_id].name if row.zone_id else "",
                level=AreaLevel(area.level).label if area else "片区",
                from_on=row.from_on,
                until_on=row.until_on,
                area_id=row.area_id,
                zone_id=row.zone_id,
                official_id=row.official_id,
                unit_id=row.unit_id,
                end_reason=row.end_reason,
            )
        )
    return sorted(found, key=lambda one: (one.kind, one.official_id is None, one.party, one.target, one.id))


def list_areas(
    level: str | None, q: str | None, day: dt.date, *, gaps_only: bool = False, ids: Collection[uuid.UUID] | None = None
) -> list[AreaLine]:
    """Return the areas of a level (all levels if None) by code, each with who answers for it on a day."""
    every = {one.id: one for one in areas.list_areas(None, None, MOST_AREAS, None)}
    parents = {one.id: one.parent_id for one in every.values()}
    views = {one.id: one for one in pairings_on(day)}
    by_target: dict[uuid.UUID, list[Party]] = {}
    for one in views.values():
        party = Party(one.id, one.kind, one.area_id, one.zone_id, one.official_id, one.unit_id)
        by_target.setdefault(one.area_id or one.zone_id or one.id, []).append(party)
    zones = _zones_of_areas(day)
    found = []
    for area in every.values():
        if (level and area.level != level) or (ids is not None and area.id not in ids):
            continue
        if q and q not in area.name and q not in area.code:
            continue
        cover = rules.cover(area.id, parents, zones, by_target)
        if gaps_only and cover.gap is None:
            continue
        above = every.get(area.parent_id) if area.parent_id else None
        found.append(
            AreaLine(
                id=area.id,
                code=area.code,
                name=area.name,
                level=AreaLevel(area.level),
                parent_name=above.name if above else None,
                own=tuple(views[one.id] for one in cover.own),
                above=tuple(views[one.id] for one in cover.above),
                gap=cover.gap,
            )
        )
    return found


def smallest_level() -> str:
    """Return the level that is looked at first: grids where there are any, else communities."""
    has_grids = bool(areas.list_areas(None, AreaLevel.GRID.value, 1, None))
    return (AreaLevel.GRID if has_grids else AreaLevel.COMMUNITY).value


def rows_of(query: Mapping[str, Any], day: dt.date) -> list[Any]:
    """Return what a list shows on a day: `by` area, unit, leader or zone; `level`, `q` and `gaps` narrow it."""
    if query["by"] == "unit":
        return list_units(day, query["q"])
    if query["by"] == "leader":
        return list_officials(day, query["q"])
    if query["by"] == "zone":
        return list_zones(day)
    return list_areas(query["level"] or smallest_level(), query["q"], day, gaps_only=query["gaps"])


def _zones_of_areas(day: dt.date) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return the zones that hold an area on a day, by area."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    inside = sa.select(ZoneArea.area_id, ZoneArea.zone_id).where(
        service.in_force(ZoneArea.from_on, ZoneArea.until_on, day)
    )
    for area_id, zone_id in reading().execute(inside.order_by(ZoneArea.zone_id)):
        found.setdefault(area_id, []).append(zone_id)
    return found


def area_line(area_id: uuid.UUID, day: dt.date) -> AreaLine:
    """Return an area with who answers for it on a day.

    Raises:
        NotFound: no such area.
    """
    found = list_areas(None, None, day, ids={area_id})
    if not found:
        raise NotFound
    return found[0]


def history_of(*conditions: sa.ColumnElement[bool]) -> list[PairingView]:
    """Return every pairing that fits, ended ones too, the last set first."""
    query = sa.select(Pairing).where(*conditions)
    return sorted(in_words(reading().scalars(query).all()), key=lambda one: (one.from_on, one.id), reverse=True)


def list_officials(day: dt.date, q: str | None = None) -> list[PartyLine]:
    """Return the leaders by name, each with what they answer for on a day."""
    query = sa.select(Official).order_by(Official.name, Official.office, Official.id)
    if q:
        query = query.where(sa.or_(*(one.contains(q, autoescape=True) for one in (Official.name, Official.office))))
    theirs: dict[uuid.UUID, list[PairingView]] = {}
    for one in pairings_on(day, Pairing.official_id.is_not(None)):
        theirs.setdefault(one.official_id or one.id, []).append(one)
    rows = [row for row in reading().scalars(query) if row.left_on is None or row.left_on > day]
    return [PartyLine(row.id, row.name, row.office, row.left_on, theirs.get(row.id, [])) for row in rows]


def official_line(official_id: uuid.UUID, day: dt.date) -> PartyLine:
    """Return a leader with what they answer for on a day.

    Raises:
        NotFound: no such leader.
    """
    row = reading().get(Official, official_id)
    if row is None:
        raise NotFound
    return PartyLine(row.id, row.name, row.office, row.left_on, pairings_on(day, Pairing.official_id == official_id))


def list_units(day: dt.date, q: str | None = None) -> list[PartyLine]:
    """Return the units that answer for something on a day, by name, each with what."""
    theirs: dict[uuid.UUID, PartyLine] = {}
    for one in pairings_on(day, Pairing.unit_id.is_not(None)):
        if one.unit_id and (not q or q in one.party):
            theirs.setdefault(one.unit_id, PartyLine(one.unit_id, one.party, "", None)).pairings.append(one)
    return sorted(theirs.values(), key=lambda line: (line.name, line.id))


def list_zones(day: dt.date) -> list[ZoneLine]:
    """Return the zones by code, each with its areas and who answers for it on a day."""
    session = reading()
    inside: dict[uuid.UUID, list[uuid.UUID]] = {}
    for area_id, zone_ids in _zones_of_areas(day).items():
        for zone_id in zone_ids:
            inside.setdefault(zone_id, []).append(area_id)
    names = areas.areas_of({area_id for ids in inside.values() for area_id in ids})
    theirs: dict[uuid.UUID, list[PairingView]] = {}
    for one in pairings_on(day, Pairing.zone_id.is_not(None)):
        theirs.setdefault(one.zone_id or one.id, []).append(one)
    return [
        ZoneLine(
            row.id,
            row.code,
            row.name,
            [area.name for area in sorted((names[i] for i in inside.get(row.id, ())), key=lambda one: one.code)],
            theirs.get(row.id, []),
        )
        for row in session.scalars(sa.select(Zone).order_by(Zone.code))
    ]


def zone_areas(zone_id: uuid.UUID, day: dt.date) -> list[str]:
    """Return the codes of a zone's areas on a day.

    Raises:
        NotFound: no such zone.
    """
    if reading().get(Zone, zone_id) is None:
        raise NotFound
    inside = [area_id for area_id, zone_ids in _zones_of_areas(day).items() if zone_id in zone_ids]
    return sorted(area.code for area in areas.areas_of(inside).values())


def pairing_view(pairing_id: uuid.UUID) -> PairingView:
    """Return a pairing in words.

    Raises:
        NotFound: no such pairing.
    """
    row = reading().get(Pairing, pairing_id)
    if row is None:
        raise NotFound
    return in_words([row])[0]
