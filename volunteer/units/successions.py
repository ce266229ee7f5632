"""Members of a unit that ends: handed to the one that goes on from a day on, with a record that can be undone.

What lay before the day stays as it was, so reports of earlier days do not move. Whoever would report in (双报到) at the
unit in which they count does so no longer. Callers hold the people and both units. Source: decisions 4, 5.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import new_id
from volunteer.units.models import COUNTS, REPORT_IN, Membership
from volunteer.units.placements import after

Row = dict[str, str | None]


def people_of(session: Session, unit_id: uuid.UUID, on: dt.date) -> set[uuid.UUID]:
    """Return who belongs to a unit on a day or later, in whatever way."""
    return {row.person_id for row in _rows(session, unit_id, on)}


def count(session: Session, unit_id: uuid.UUID, kind: str, on: dt.date) -> int:
    """Return how many people belong to a unit in one way on a day or later."""
    query = sa.select(sa.func.count(Membership.person_id.distinct())).where(
        Membership.unit_id == unit_id, Membership.kind == kind, after(Membership.until_on, on)
    )
    return session.scalar(query) or 0


def hand_over(
    session: Session, unit_id: uuid.UUID, into_id: uuid.UUID | None, on: dt.date, now: dt.datetime
) -> list[dict[str, Any]]:
    """Let the members of a unit belong to another one from `on` on; without one, those who report in stop.

    Returns what each person's rows were before and are after, as `restore` wants them.
    """
    mine, theirs = _rows(session, unit_id, on, lock=True), list[Membership]()
    if into_id:
        theirs = _rows(session, into_id, on, lock=True)
    counting = {row.person_id for row in mine + theirs if row.kind == COUNTS}
    reporting = {row.person_id for row in theirs if row.kind == REPORT_IN}
    moving = [row for row in mine if row.kind == COUNTS and into_id]
    ending = [row for row in mine if row.kind != COUNTS]
    if into_id:
        moving += [row for row in ending if row.person_id not in counting | reporting]
        ending = [row for row in ending if row.person_id in counting | reporting]
        movers = {row.person_id for row in mine if row.kind == COUNTS}
        ending += [row for row in theirs if row.kind != COUNTS and row.person_id in movers]
    before = [_told(row) for row in (*moving, *ending)]
    kept = _ended(session, ending, on) + (_moved(session, moving, into_id, on, now) if into_id else [])
    return _by_person(before, [_told(row) for row in kept])


def restore(session: Session, changes: Iterable[dict[str, Any]]) -> int:
    """Undo a `hand_over` for everybody whose rows are still as it left them; return for how many they are not."""
    skipped = 0
    for change in changes:
        now_there = _found(session, [*change["after"], *change["before"]])
        if {row.id: _told(row) for row in now_there} != {uuid.UUID(row["id"]): row for row in change["after"]}:
            skipped += 1
            continue
        for row in now_there:
            session.delete(row)
        session.flush()
        session.add_all(_row(told) for told in change["before"])
        session.flush()
    return skipped


def _rows(session: Session, unit_id: uuid.UUID, on: dt.date, *, lock: bool = False) -> list[Membership]:
    """Return the memberships of a unit that hold on a day or later."""
    query = sa.select(Membership).where(Membership.unit_id == unit_id, after(Membership.until_on, on))
    query = query.order_by(Membership.id).execution_options(populate_existing=True)
    return list(session.scalars(query.with_for_update() if lock else query))


def _found(session: Session, told: Collection[Row]) -> list[Membership]:
    """Return those of these rows that are there."""
    ids = {uuid.UUID(row["id"] or "") for row in told}
    query = sa.select(Membership).where(Membership.id.in_(ids)).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _ended(session: Session, rows: Collection[Membership], on: dt.date) -> list[Membership]:
    """End memberships on a day; one that would begin then or later has never been. Returns those that remain."""
    kept = [row for row in rows if row.from_on < on]
    for row in rows:
        if row.from_on < on:
            row.until_on = on
        else:
            session.delete(row)
    session.flush()
    return kept


def _moved(
    session: Session, rows: Collection[Membership], into_id: uuid.UUID, on: dt.date, now: dt.datetime
) -> list[Membership]:
    """Let memberships be in another unit from a day on; returns all rows, of before and of then."""
    added = []
    for row in rows:
        if row.from_on >= on:
            row.unit_id = into_id
            continue
        known = {"person_id": row.person_id, "kind": row.kind, "until_on": row.until_on}
        added.append(Membership(id=new_id(), unit_id=into_id, from_on=on, recorded_at=now, **known))
        row.until_on = on
    session.flush()
    session.add_all(added)
    session.flush()
    return [*rows, *added]


def _told(row: Membership) -> Row:
    """Return a row as the record keeps it: ids and days."""
    return {
        "id": str(row.id),
        "person_id": str(row.person_id),
        "unit_id": str(row.unit_id),
        "kind": row.kind,
        "from_on": row.from_on.isoformat(),
        "until_on": row.until_on.isoformat() if row.until_on else None,
        "recorded_at": row.recorded_at.isoformat() if row.recorded_at else None,
    }


def _row(told: Row) -> Membership:
    """Return a row as it was."""
    return Membership(
        id=uuid.UUID(told["id"] or ""),
        person_id=uuid.UUID(told["person_id"] or ""),
        unit_id=uuid.UUID(told["unit_id"] or ""),
        kind=told["kind"] or COUNTS,
        from_on=dt.date.fromisoformat(told["from_on"] or ""),
        until_on=dt.date.fromisoformat(told["until_on"]) if told["until_on"] else None,
        recorded_at=dt.datetime.fromisoformat(told["recorded_at"]) if told["recorded_at"] else None,
    )


def _by_person(before: Iterable[Row], after_it: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the rows of before and after, person by person."""
    found: dict[str | None, dict[str, Any]] = {}
    for when, rows in (("before", before), ("after", after_it)):
        for row in rows:
            found.setdefault(row["person_id"], {"before": [], "after": []})[when].append(row)
    return list(found.values())
