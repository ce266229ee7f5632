"""How many people live where the units of a row lie: each resident once, however many units share an area. Pure.

A unit without an area of its own lies where the one above it lies. Of areas that lie in each other the larger one is
taken. Source: ux.md, top list (注册率 only over population); house rule.
"""

import uuid
from collections.abc import Collection, Mapping

from volunteer.reports.queries import UnitOfDay

Ids = frozenset[uuid.UUID]
Parents = Mapping[uuid.UUID, uuid.UUID | None]


def areas_below(tree: Mapping[uuid.UUID, UnitOfDay]) -> dict[uuid.UUID, Ids]:
    """Return in which areas each unit and all below it lie."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {unit_id: set() for unit_id in tree}
    for unit_id in tree:
        line = [unit_id]
        while (above := tree[line[-1]].parent_id) in tree and above is not None:
            line.append(above)
        area_id = next((tree[one].area_id for one in line if tree[one].area_id), None)
        for one in line if area_id else ():
            found[one].add(area_id)  # type: ignore[arg-type]  # the loop runs only where there is one
    return {unit_id: frozenset(ids) for unit_id, ids in found.items()}


def residents(area_ids: Collection[uuid.UUID], parents: Parents, known: Mapping[uuid.UUID, int | None]) -> int | None:
    """Return how many live in these areas, each once; None where one of them is not known, or there is none."""
    outermost = [one for one in area_ids if not _lies_in(one, area_ids, parents)]
    counts = [known.get(one) for one in outermost]
    return sum(count or 0 for count in counts) if counts and None not in counts else None


def _lies_in(area_id: uuid.UUID, others: Collection[uuid.UUID], parents: Parents) -> bool:
    """Whether one of the areas around an area is among `others`."""
    above = parents.get(area_id)
    while above is not None and above not in others:
        above = parents.get(above)
    return above is not None
