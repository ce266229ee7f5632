"""Figures by area: each unit stands where it lies, each person in the unit in which they count. Pure.

A unit without an area of its own lies where the one above it lies. So a person counts in one area, once, and in all
that lie around it; who belongs to no unit, or to one that lies nowhere, counts in none.
Source: contract, Reports; decisions 4.
"""

import uuid
from collections.abc import Collection, Mapping

from volunteer.reports.queries import UnitOfDay
from volunteer.units.rules import Counts

Id = uuid.UUID


def area_of_units(tree: Mapping[Id, UnitOfDay]) -> dict[Id, Id | None]:
    """Return in which area each unit lies: its own, else that of the nearest unit above it that has one."""
    found: dict[Id, Id | None] = {}
    for unit_id in tree:
        line: list[Id] = []
        at: Id | None = unit_id
        while at is not None and at in tree and at not in found and tree[at].area_id is None:
            line.append(at)
            at = tree[at].parent_id
        area_id = None
        if at is not None and at in tree:
            area_id = found[at] if at in found else tree[at].area_id
        found.update(dict.fromkeys((*line, unit_id), area_id))
    return found


def own_by_area(
    own: Mapping[Id | None, Counts], lies_in: Mapping[Id, Id | None], scope: Collection[Id] | None
) -> dict[Id | None, Counts]:
    """Return the figures of each area itself, without those in it; under None, those of no area.

    Args:
        own: of each unit, without its descendants; under None, those of no unit.
        lies_in: in which area each unit lies.
        scope: the units that count; None = all of them, and who belongs to none.
    """
    found: dict[Id | None, Counts] = {}
    for unit_id, counts in own.items():
        if scope is not None and unit_id not in scope:
            continue
        area_id = lies_in.get(unit_id) if unit_id is not None else None
        found[area_id] = found[area_id] + counts if area_id in found else counts
    return found
