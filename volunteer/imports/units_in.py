"""Writes a sound sheet of units: the tree from the top, what differs of each unit, and the year's tasks.

Source: contract, Imports and Areas, units, tasks; decisions 5 (moves are dated today).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from volunteer.access import Actor
from volunteer.bulk import Tick
from volunteer.imports.known import KnownUnits
from volunteer.imports.rules_trees import parents_first
from volunteer.imports.rules_units import UnitDraft
from volunteer.units import service, targets
from volunteer.units.rules import UnitKind

PLAIN = ("name", "headcount", "uscc")


def changes_of(draft: UnitDraft, known: KnownUnits) -> dict[str, Any] | None:
    """Return what a row changes of a unit that stands: fields of `change_unit`, `parent_code`; None for a new unit.

    What a row leaves empty stays as it is.
    """
    row = known.rows.get(draft.code)
    if row is None:
        return None
    wanted: dict[str, Any] = {key: getattr(draft, key) for key in PLAIN if key in draft.given}
    if "kind" in draft.given and draft.kind is not None:
        wanted["kind"] = draft.kind.value
    if "area_code" in draft.given:
        wanted["area_id"] = known.areas.get(draft.area_code or "")
    differing = {key: value for key, value in wanted.items() if getattr(row, key) != value}
    if "parent_code" in draft.given and draft.parent_code != known.parents.get(draft.code):
        differing["parent_code"] = draft.parent_code
    if draft.target is not None and known.targets.get(row.id) != draft.target:
        differing["target"] = draft.target
    return differing


def plan(drafts: Sequence[UnitDraft], known: KnownUnits) -> dict[str, int]:
    """Return how many units a sheet would create, update and leave as they are."""
    found = [changes_of(draft, known) for draft in drafts]
    created, unchanged = sum(change is None for change in found), sum(change == {} for change in found)
    return {"created": created, "updated": len(found) - created - unchanged, "unchanged": unchanged}


def write(
    actor: Actor, drafts: Sequence[UnitDraft], known: KnownUnits, year: int, now: dt.datetime, tick: Tick
) -> None:
    """Write a sheet in the transaction under way: units from the top of the tree down, then their tasks.

    Raises:
        InvalidInput, Conflict: the tree was changed by somebody else meanwhile.
    """
    ids: dict[str, uuid.UUID] = {code: row.id for code, row in known.rows.items()}
    _give_codes_up(actor, drafts, known, now)
    for count, draft in enumerate(parents_first(drafts)):
        tick(count, len(drafts))
        changes = changes_of(draft, known)
        target = draft.target if changes is None else changes.pop("target", None)
        if changes is None:
            ids[draft.code] = service.add_unit(actor, _new(draft, ids, known), now).id
        elif changes:
            if "parent_code" in changes:
                code = changes.pop("parent_code")
                changes["parent_id"] = ids[code] if code else None
            service.change_unit(actor, ids[draft.code], changes, now)
        if target is not None:
            targets.set_target(actor, ids[draft.code], year, target, now)


def _give_codes_up(actor: Actor, drafts: Sequence[UnitDraft], known: KnownUnits, now: dt.datetime) -> None:
    """Take credit codes from the units that get another one, where a row further up may be the one that takes it."""
    wanted = {draft.uscc for draft in drafts}
    for draft in drafts:
        row = known.rows.get(draft.code)
        if row is not None and draft.uscc and row.uscc != draft.uscc and row.uscc in wanted:
            service.change_unit(actor, row.id, {"uscc": None}, now)


def _new(draft: UnitDraft, ids: dict[str, uuid.UUID], known: KnownUnits) -> dict[str, Any]:
    """Return the fields of a new unit."""
    return {
        "code": draft.code,
        "name": draft.name,
        "kind": (draft.kind or UnitKind.OTHER).value,
        "parent_id": ids[draft.parent_code] if draft.parent_code else None,
        "area_id": known.areas.get(draft.area_code or ""),
        "headcount": draft.headcount,
        "uscc": draft.uscc,
    }
