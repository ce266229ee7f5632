"""Everything that was changed about a unit, by whom and when: description, place, tasks, ends. Source: ux.md A3, A5."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.accounts.deeds import details
from volunteer.areas import service as areas
from volunteer.database import reading
from volunteer.units.models import Target, UnitVersion
from volunteer.units.rules import UnitKind
from volunteer.units.service import require_unit

MOST = 100
WORDS = {"name": "名称", "kind": "类型", "area_id": "所在区域", "headcount": "单位人数"}
#: Deeds of the log that neither a version nor a task tells.
LOGGED = {
    "unit.add": "新增单位",
    "unit.move": "调整上级单位",
    "unit.close": "撤销单位",
    "unit.merge": "并入其他单位",
    "unit.take-in": "接收并入的单位",
    "unit.reopen": "恢复撤销的单位",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it was about, what it was before and after (empty: nothing), when and by whom."""

    at: dt.datetime
    what: str
    before: str
    after: str
    by: str | None


def changes_of(actor: Actor, unit_id: uuid.UUID, names: tuple[str, ...] = ()) -> list[Change]:
    """Return what was changed about a unit, the newest first; `names` chooses among description and `target`.

    Raises:
        NotFound: no such unit, or outside the scope.
    """
    require_unit(actor, Permission.READ_UNITS, unit_id)
    found = _described(unit_id, names or tuple(WORDS))
    if not names or "target" in names:
        found += _tasks(unit_id)
    if not names:
        found += _logged(unit_id)
    found.sort(key=lambda one: one[0], reverse=True)
    shown = directory.names_of(actor, {by for *_, by in found[:MOST] if by})
    return [Change(at, what, was, is_now, shown.get(by) if by else None) for at, what, was, is_now, by in found[:MOST]]


Row = tuple[dt.datetime, str, str, str, uuid.UUID | None]


def _described(unit_id: uuid.UUID, names: tuple[str, ...]) -> list[Row]:
    """Return the changes of what describes the unit, and the headcount that it began with."""
    query = sa.select(UnitVersion).where(UnitVersion.unit_id == unit_id).order_by(UnitVersion.version)
    versions = list(reading().scalars(query))
    known = areas.areas_of({one.area_id for one in versions if one.area_id})
    found: list[Row] = []
    for before, one in zip([None, *versions], versions, strict=False):
        for name in (name for name in WORDS if name in names):
            was, is_now = getattr(before, name, None), getattr(one, name)
            if was != is_now and (before is not None or name == "headcount"):
                texts = [known[value].name if value in known else _text(name, value) for value in (was, is_now)]
                found.append((one.set_at, WORDS[name], texts[0], texts[1], one.set_by))
    return found


def _text(name: str, value: object) -> str:
    """Return a value in words."""
    if value is None:
        return ""
    return UnitKind(str(value)).label if name == "kind" else str(value)


def _tasks(unit_id: uuid.UUID) -> list[Row]:
    """Return the tasks as they were set."""
    query = sa.select(Target).where(Target.unit_id == unit_id).order_by(Target.year, Target.version)
    before: dict[int, str] = {}
    found: list[Row] = []
    for one in reading().scalars(query):
        what = f"{one.year} 年任务数"
        is_now = "" if one.target is None else str(one.target)
        found.append((one.set_at, what, before.get(one.year, ""), is_now, one.set_by))
        before[one.year] = is_now
    return found


def _logged(unit_id: uuid.UUID) -> list[Row]:
    """Return the deeds of the log."""
    found: list[Row] = []
    for entry in audit.entries_about(reading(), "unit", unit_id):
        if entry.action in LOGGED:
            kind, _, key = entry.actor.partition(":")
            told = ";".join([*(f"{word} {value}" for word, value in details(entry.details)), entry.reason or ""])
            by = uuid.UUID(key) if kind == "account" else None
            found.append((entry.at, LOGGED[entry.action], "", told.strip(";"), by))
    return found
