"""Kinds of pairing, and who answers for an area: itself, what it lies in, the zones that hold either. Pure.

Source: domain.md A4 (14 leaders with units pair 22 communities), A23 (65 grids, 27 leaders, 60 units), A31 (13 zones:
area → leader → unit → person).
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PairingKind(StrEnum):
    """What somebody has taken on."""

    PAIRED = "paired"
    GRID_DUTY = "grid_duty"
    ZONE_LINK = "zone_link"
    ZONE_CHARGE = "zone_charge"
    VILLAGE_HELP = "village_help"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return _LABELS[self]


_LABELS: Final = {
    PairingKind.PAIRED: "包联",
    PairingKind.GRID_DUTY: "包片",
    PairingKind.ZONE_LINK: "联片",
    PairingKind.ZONE_CHARGE: "包抓",
    PairingKind.VILLAGE_HELP: "帮扶",
}


class Gap(StrEnum):
    """Who is missing for an area."""

    NOBODY = "nobody"
    NO_LEADER = "no_leader"
    NO_UNIT = "no_unit"

    @property
    def label(self) -> str:
        """The Chinese words for it."""
        return {"nobody": "无人包联", "no_leader": "缺包联领导", "no_unit": "缺包联单位"}[self]


def missing(*, has_leader: bool, has_unit: bool) -> Gap | None:
    """Return who is missing: it takes a leader and a unit."""
    if has_leader and has_unit:
        return None
    return Gap.NO_UNIT if has_leader else Gap.NO_LEADER if has_unit else Gap.NOBODY


@dataclass(frozen=True, slots=True)
class Party:
    """One pairing in force on a day: with an area or a zone, by a leader or a unit. Exactly one of each pair is set."""

    id: uuid.UUID
    kind: PairingKind
    area_id: uuid.UUID | None
    zone_id: uuid.UUID | None
    official_id: uuid.UUID | None
    unit_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Cover:
    """Who answers for an area: `own` for itself or a zone that holds it, `above` for a larger area around it."""

    own: tuple[Party, ...]
    above: tuple[Party, ...]

    @property
    def gap(self) -> Gap | None:
        """Who is missing for the area itself; what is answered above is told, but closes no gap."""
        has_leader = any(one.official_id for one in self.own)
        return missing(has_leader=has_leader, has_unit=any(one.unit_id for one in self.own))


def lineage(area_id: uuid.UUID, parents: Mapping[uuid.UUID, uuid.UUID | None]) -> list[uuid.UUID]:
    """Return the areas around an area, the nearest first, without itself."""
    line: list[uuid.UUID] = []
    above = parents.get(area_id)
    while above is not None and above not in line:
        line.append(above)
        above = parents.get(above)
    return line


def cover(
    area_id: uuid.UUID,
    parents: Mapping[uuid.UUID, uuid.UUID | None],
    zones: Mapping[uuid.UUID, Collection[uuid.UUID]],
    by_target: Mapping[uuid.UUID, Sequence[Party]],
) -> Cover:
    """Return who answers for an area; `zones` are the zones that hold an area, `by_target` pairings by area or zone."""
    own = [*by_target.get(area_id, ()), *_of_zones(area_id, zones, by_target)]
    around = lineage(area_id, parents)
    above = [one for other in around for one in (*by_target.get(other, ()), *_of_zones(other, zones, by_target))]
    known = {one.id for one in own}
    return Cover(tuple(own), tuple(one for one in above if one.id not in known))


def _of_zones(
    area_id: uuid.UUID,
    zones: Mapping[uuid.UUID, Collection[uuid.UUID]],
    by_target: Mapping[uuid.UUID, Sequence[Party]],
) -> Iterable[Party]:
    """Yield the pairings with zones that hold an area."""
    return (one for zone_id in zones.get(area_id, ()) for one in by_target.get(zone_id, ()))
