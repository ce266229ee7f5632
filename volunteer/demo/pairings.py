"""Who answers for what: the numbers of three campaigns in one district.

65 grids by 27 leaders and 60 units; 22 communities by 14 of these leaders with units; 13 zones by the other 13.
Source: domain.md A4, A23, A31.
"""

import uuid

from volunteer.demo.story import Story, read, rows_of
from volunteer.pairings import service
from volunteer.pairings.rules import PairingKind
from volunteer.pairings.service import Parties, Target

DAY, OF_COMMUNITIES = -88, 14


def begin(story: Story) -> None:
    """Note the morning on which all of it is set."""
    story.at(story.when(DAY, "09:00"), lambda: _set(story))


def _set(story: Story) -> None:
    """Add leaders and zones, and pair them with units, grids, communities and zones; they take turns."""
    admin, data = story.staff["admin"], read("pairings")
    leaders = [service.add_official(admin, name, office, story.present).id for name, office in data["leaders"]]
    units = [story.ids[f"unit {row['code']}"] for row in rows_of("units")]
    areas = rows_of("areas")
    grids = [story.ids[f"area {row['code']}"] for row in areas if row["level"] == "grid"]
    communities = [story.ids[f"area {row['code']}"] for row in areas if row["level"] == "community"]
    for number, area_id in enumerate(grids):
        _pair(story, PairingKind.GRID_DUTY, Target(area_id), leaders[number % len(leaders)], units[number % len(units)])
    for number, area_id in enumerate(communities):
        unit = units[(number * 2 + 1) % len(units)]
        _pair(story, PairingKind.PAIRED, Target(area_id), leaders[number % OF_COMMUNITIES], unit)
    for number, name in enumerate(data["zones"]):
        inside = communities[number :: len(data["zones"])]
        zone = service.add_zone(admin, f"PQ{number + 1:02d}", name, inside, None, story.present)
        leader = leaders[OF_COMMUNITIES + number]
        _pair(story, PairingKind.ZONE_LINK, Target(zone_id=zone.id), leader, None)
        _pair(story, PairingKind.ZONE_CHARGE, Target(zone_id=zone.id), None, units[number])


def _pair(story: Story, kind: PairingKind, target: Target, leader: uuid.UUID | None, unit: uuid.UUID | None) -> None:
    """Let a leader, a unit or both answer for something."""
    parties = Parties([leader] if leader else [], [unit] if unit else [])
    service.pair(story.staff["admin"], kind, target, parties, None, story.present)
