"""The one way out: whoever makes a sheet records it first, and gets the mark that must stand in it.

A sheet that leaves without a number is stopped (`web.attachments`). Source: PIPL 51, 54; ux.md 9; ADR 0011.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.accounts import audit_log
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Forbidden
from volunteer.exports.models import Export, ExportedPerson
from volunteer.exports.rules import LONGEST_QUERY, ExportKind, Format, Stamp, export_number

RANDOM: Final = secrets.SystemRandom()
MOST_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What is about to leave.

    Attributes:
        query: which part of it was asked for, in words that name no person.
        rows: how many rows it has.
        person_ids: who is in it; nobody in figures.
        fields, reason: the columns that are not masked, and why; both or neither.
    """

    kind: ExportKind
    format: Format
    query: str
    rows: int
    person_ids: Collection[uuid.UUID] = ()
    fields: Sequence[str] = ()
    reason: str | None = None


def record(actor: Actor, taken: Taken, now: dt.datetime) -> Stamp:
    """Put an export on record, in a transaction of its own unless one is under way; return its mark."""
    with transaction() as session:
        entry = Export(
            id=new_id(),
            number=_free_number(session, now),
            at=now,
            actor=actor.key,
            kind=taken.kind.value,
            format=taken.format.value,
            query=taken.query[:LONGEST_QUERY],
            rows=taken.rows,
            people=len(set(taken.person_ids)),
            fields=list(taken.fields) or None,
            reason=taken.reason if taken.fields else None,
        )
        session.add(entry)
        session.flush()
        if taken.person_ids:
            rows = [{"export_id": entry.id, "person_id": one} for one in sorted(set(taken.person_ids))]
            session.execute(sa.insert(ExportedPerson), rows)
        name = audit_log.who_names(actor, [actor.key]).get(actor.key, actor.key)
        return Stamp(entry.number, name, now.astimezone(settings().zone))


def _free_number(session: Session, now: dt.datetime) -> str:
    """Return a number that no export has."""
    year = now.astimezone(settings().zone).year
    while True:
        number = export_number(year, RANDOM)
        if session.scalar(sa.select(Export.id).where(Export.number == number)) is None:
            return number


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line of the log, as its reader may see it."""

    id: uuid.UUID
    number: str
    at: dt.datetime
    who: str
    kind: str
    format: str
    query: str
    rows: int
    people: int
    fields: list[str] = field(default_factory=list)
    reason: str | None = None


def list_exports(
    actor: Actor, number: str | None, limit: int, before: uuid.UUID | None, *, own: bool = False
) -> list[ExportLine]:
    """Return up to `limit` exports, the last first: all for who reads the log of the site, else the caller's own.

    Raises:
        Forbidden: a caller without an account.
    """
    if actor.account_id is None:
        raise Forbidden
    query = sa.select(Export).order_by(Export.id.desc()).limit(limit)
    if own or not actor.has_everywhere(Permission.AUDIT):
        query = query.where(Export.actor == actor.key)
    if number:
        query = query.where(Export.number == number.strip().upper())
    if before is not None:
        query = query.where(Export.id < before)
    rows = list(reading().scalars(query))
    names = audit_log.who_names(actor, {row.actor for row in rows})
    return [_line(row, names.get(row.actor, row.actor)) for row in rows]


def _line(row: Export, who: str) -> ExportLine:
    """Return a row of the log with the name of who took it."""
    label = ExportKind(row.kind).label
    names = list(row.fields or [])
    return ExportLine(
        row.id, row.number, row.at, who, label, row.format, row.query, row.rows, row.people, names, row.reason
    )


def holding(session: Session, person_id: uuid.UUID) -> list[Export]:
    """Return the newest exports that a person was in."""
    query = sa.select(Export).join(ExportedPerson, ExportedPerson.export_id == Export.id)
    query = query.where(ExportedPerson.person_id == person_id).order_by(Export.id.desc()).limit(MOST_TOLD)
    return list(session.scalars(query))


def people_in(kind: ExportKind) -> sa.Select[uuid.UUID]:
    """Return a select of everybody who was in an export of a kind and is still known to have been."""
    query = sa.select(ExportedPerson.person_id).join(Export, Export.id == ExportedPerson.export_id)
    return query.where(Export.kind == kind.value).distinct()


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return the exports that a person was in, for GET /me/data (registration's EXPORTERS)."""
    names = ("number", "at", "kind", "fields", "reason")
    return {"exports": [{name: getattr(row, name) for name in names} for row in holding(session, person_id)]}


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Drop in which exports an erased person was: nobody can ask any more (registration's ERASERS).

    That they were passed on to the platform above stays for its time, so that they are deleted there, too; nothing but
    the volunteer number is left to name them by. Source: PIPL 47.
    """
    passed_on = sa.select(Export.id).where(Export.kind == ExportKind.UPSTREAM.value)
    theirs = sa.delete(ExportedPerson).where(ExportedPerson.person_id == person_id)
    session.execute(theirs.where(ExportedPerson.export_id.not_in(passed_on)))


def forget_people(before: dt.datetime, _now: dt.datetime) -> int:
    """Forget who was in exports from before an instant; the log of them stays. Return how many rows went."""
    old = sa.select(Export.id).where(Export.at < before)
    with transaction() as session:
        gone = session.execute(sa.delete(ExportedPerson).where(ExportedPerson.export_id.in_(old)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def follow_merge(session: Session, from_id: uuid.UUID, into_id: uuid.UUID) -> tuple[int, int]:
    """Let the exports of one record be the other's; return how many moved, and how many both were in."""
    theirs = set(session.scalars(sa.select(ExportedPerson.export_id).where(ExportedPerson.person_id == from_id)))
    ours = set(session.scalars(sa.select(ExportedPerson.export_id).where(ExportedPerson.person_id == into_id)))
    session.execute(sa.delete(ExportedPerson).where(ExportedPerson.person_id == from_id))
    moved = [{"export_id": one, "person_id": into_id} for one in sorted(theirs - ours)]
    if moved:
        session.execute(sa.insert(ExportedPerson), moved)
    return len(moved), len(theirs & ours)
