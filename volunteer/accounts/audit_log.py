"""The audit log as an admin and an auditor read it: who did what to what, when, and why; names as each may read them.

Source: ux.md A12; contract, Fine points (an auditor reads everything that an admin reads, masked).
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import deeds, devices, directory
from volunteer.audit import AuditEntry, Wanted
from volunteer.database import reading
from volunteer.errors import Forbidden

#: The field of a grant's scope that names things of this kind.
SCOPE_OF: Final = {"unit": "unit_id", "station": "station_id", "area": "area_id", "shift": "shift_id"}


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the log. `who` is an account, a device or the system; `what` is a name where this caller has one."""

    id: uuid.UUID
    at: dt.datetime
    actor: str
    who: str
    action: str
    kind: str
    subject_id: uuid.UUID | None
    what: str
    reason: str | None
    details: list[tuple[str, str]]


def list_deeds(actor: Actor, wanted: Wanted, limit: int, before: uuid.UUID | None) -> list[Deed]:
    """Return up to `limit` deeds, the last written first; a handful of statements whatever the limit.

    Raises:
        Forbidden: the caller may not read the log of the whole site.
    """
    if not actor.has_everywhere(Permission.AUDIT):
        raise Forbidden
    entries = audit.list_entries(reading(), wanted, limit, before)
    doers, things = who_names(actor, {entry.actor for entry in entries}), _what_names(actor, entries)
    return [
        Deed(
            id=entry.id,
            at=entry.at,
            actor=entry.actor,
            who=doers.get(entry.actor, entry.actor),
            action=deeds.deed(entry.action),
            kind=entry.subject_kind,
            subject_id=entry.subject_id,
            what=things.get(entry.subject_id, "") if entry.subject_id else "",
            reason=entry.reason,
            details=deeds.details(entry.details),
        )
        for entry in entries
    ]


def who_names(actor: Actor, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of askers (`Actor.key`, or `system`), by key."""
    ids: dict[str, dict[uuid.UUID, str]] = {"account": {}, "device": {}}
    for key in keys:
        kind, _, text = key.partition(":")
        if kind in ids:
            ids[kind][uuid.UUID(text)] = key
    names = {"system": "系统", "anonymous": "未登录的人"}
    people = directory.names_of(actor, ids["account"])
    scanners = devices.names_of(ids["device"])
    names |= {ids["account"][one]: name for one, name in people.items()}
    return names | {ids["device"][one]: f"设备 {name}" for one, name in scanners.items()}


def _what_names(actor: Actor, entries: Iterable[AuditEntry]) -> dict[uuid.UUID, str]:
    """Return the names of what deeds were done to, by id; people have none here, their page says it masked."""
    ids: dict[str, set[uuid.UUID]] = {}
    for entry in entries:
        if entry.subject_id:
            ids.setdefault(entry.subject_kind, set()).add(entry.subject_id)
    names = directory.names_of(actor, ids.get("account", set()))
    for kind, field in SCOPE_OF.items():
        if kind in ids and field in directory.SCOPES:
            names |= directory.SCOPES[field].names(ids[kind])
    return names
