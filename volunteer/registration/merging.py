"""What becomes of every table when two records turn out to be one person: the list that all rooms fill.

`MERGERS` holds one handler for each table with a column that names a person. It is filled by `app.wire()` and run, turn
by turn, in the one transaction of a merge; a preview runs the same handlers and rolls back, so what it shows is what
will happen. When all have run, nothing may name the merged person any more except in columns that are declared to stay
(evidence and history that nothing changes); else the merge stops and nothing has happened.

**A new table that names a person** (a foreign key to `persons`, or a column called person_id or the like):

- rows that simply become the survivor's: `MERGERS["badges"] = reassigning(Badge.__table__, "徽章")`; with `unique=`
  where the survivor may have such a row already;
- rows that are history of a record and stay: `MERGERS["..."] = staying("…", "person_id")`;
- anything else: `Merger("…", move)` with a function `(session, from_id, into_id, now) -> Moved`; both are locked.

Source: decisions 17, 19; peers.md T38 (a merge moves everything or stops).
"""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import metadata
from volunteer.errors import Worded

NAMES_A_PERSON: Final = re.compile(r"(^|_)(person|volunteer|dependant|ward)_id$")
"""Columns that name a person though they have no foreign key."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one table's rows.

    Attributes:
        moved: rows that are the survivor's now.
        ended: rows that were closed or dropped, because the survivor has the same already.
        kept: rows that stay with the merged record, as history.
        notes: what whoever decides should know beforehand: conflicts, each with how it is resolved.
    """

    moved: int = 0
    ended: int = 0
    kept: int = 0
    notes: tuple[Worded, ...] = ()


Move = Callable[[Session, uuid.UUID, uuid.UUID, dt.datetime], Moved]


class Turn(IntEnum):
    """When a table's turn comes: who it is, what hangs on them, what proves time, what counts, what they are told."""

    RECORD = 0
    ROOM = 1
    EVIDENCE = 2
    HOURS = 3
    WORDS = 4


@dataclass(frozen=True, slots=True)
class Merger:
    """How one table follows a merge: what its rows are called in a preview, how they move, which columns may stay."""

    word: str
    move: Move
    stays: frozenset[str] = frozenset()
    turn: Turn = Turn.ROOM


#: A person's credited minutes, for a preview; the rooms that know put theirs here. One handler.
MINUTES_OF: list[Callable[[uuid.UUID], int]] = []
#: By name of the table; `app.wire()` fills it.
MERGERS: dict[str, Merger] = {}


class Incomplete(Exception):
    """A merge would leave something behind: a handler is missing or wrong. Nobody catches it; nothing was changed."""


def person_columns() -> dict[str, frozenset[str]]:
    """Return the columns that name a person, by table, as far as the schema can tell."""
    found = {
        table.name: frozenset(
            column.name
            for column in table.columns
            if NAMES_A_PERSON.search(column.name)
            or any(key.target_fullname == "persons.id" for key in column.foreign_keys)
        )
        for table in metadata.sorted_tables
    }
    return {name: columns for name, columns in found.items() if columns}


def move_all(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> dict[str, Moved]:
    """Let everything that names `from_id` follow to `into_id`; both are locked. Return what became of each table.

    Raises:
        Incomplete: something would be left behind.
    """
    found = {}
    for name, merger in sorted(MERGERS.items(), key=lambda one: one[1].turn):
        found[name] = merger.move(session, from_id, into_id, now)
        session.flush()
    left = _left_behind(session, from_id)
    if left:
        raise Incomplete(f"rows that still name a merged person: {', '.join(left)}")
    return found


def _left_behind(session: Session, from_id: uuid.UUID) -> list[str]:
    """Return the columns, as `table.column`, that name `from_id` and are not declared to stay."""
    found = []
    for name, columns in person_columns().items():
        stays = MERGERS[name].stays if name in MERGERS else frozenset[str]()
        for column in sorted(columns - stays):
            named = metadata.tables[name].c[column] == from_id
            if session.scalar(sa.select(sa.literal(1)).where(named).limit(1)) is not None:
                found.append(f"{name}.{column}")
    return found


def reassigning(
    table: sa.FromClause, word: str, column: str = "person_id", unique: Sequence[str] | None = None
) -> Merger:
    """Return the handler of a table whose rows simply become the survivor's.

    `unique` are the columns that are unique together with `column` (empty: one row a person): where the survivor has
    such a row already, the merged person's is dropped. Rows that say something different need a handler of their own.
    """
    return Merger(
        word, lambda session, from_id, into_id, _now: reassign(session, table, from_id, into_id, column, unique)
    )


def reassign(
    session: Session,
    table: sa.FromClause,
    from_id: uuid.UUID,
    into_id: uuid.UUID,
    column: str = "person_id",
    unique: Sequence[str] | None = None,
) -> Moved:
    """Let the rows of `from_id` be those of `into_id`, as `reassigning` says."""
    if not isinstance(table, sa.Table):
        raise TypeError("only a table has rows to reassign")
    ended = 0
    theirs = table.c[column] == from_id
    if unique is not None:
        other = table.alias()
        same = [table.c[name].is_not_distinct_from(other.c[name]) for name in unique]
        has_one = sa.exists().where(other.c[column] == into_id, *same).correlate(table)
        ended = _count(session.execute(sa.delete(table).where(theirs, has_one)))
    return Moved(_count(session.execute(sa.update(table).where(theirs).values({column: into_id}))), ended)


def staying(word: str, *columns: str) -> Merger:
    """Return the handler of a table whose rows stay with the merged record: history that nothing may rewrite."""
    return Merger(word, lambda _session, _from_id, _into_id, _now: Moved(), frozenset(columns))


def together(first: Moved, second: Moved) -> Moved:
    """Return the sum of two parts of one table's answer."""
    return replace(
        first,
        moved=first.moved + second.moved,
        ended=first.ended + second.ended,
        kept=first.kept + second.kept,
        notes=(*first.notes, *(note for note in second.notes if note not in first.notes)),
    )


def _count(result: sa.Result[tuple[object, ...]]) -> int:
    """Return how many rows a statement changed."""
    return int(result.rowcount)  # type: ignore[attr-defined]
