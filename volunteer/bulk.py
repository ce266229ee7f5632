"""Many new rows at once: brought into the driver's form before anybody waits, written in the transaction in one go.

On SQLite whoever writes keeps all others waiting, so what is dear in Python (sealing, types) is done when a row is
added, and writing is left with what the database itself needs: COPY on PostgreSQL, one prepared statement on SQLite.
The session is told nothing: for rows that nobody has loaded. Source: adr/0015.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

import psycopg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from volunteer import drivers
from volunteer.database import Base, db, is_postgresql

CHUNK: Final = 2000
#: Pages in memory while many rows are written: indexes of sealed columns are hit everywhere at once.
CACHE_KB: Final = 64 * 1024
Tick = Callable[[int, int], None]


def nobody_asks(_done: int, _total: int) -> None:
    """Tell nobody about progress."""


class Rows:
    """New rows of one table, as the driver takes them: what every row says (`fixed`), and columns that differ.

    A column that is in neither stays empty.
    """

    def __init__(self, model: type[Base], differing: Sequence[str], fixed: Mapping[str, Any] = MappingProxyType({})):
        table, dialect = model.metadata.tables[model.__tablename__], db.engine.dialect
        kinds = {name: table.c[name].type.dialect_impl(dialect) for name in (*differing, *fixed)}
        binds = {name: kind.bind_processor(dialect) for name, kind in kinds.items()}
        self.table, self.columns = table.name, tuple(kinds)
        self._binds = [(name, binds[name]) for name in differing]
        self._names = frozenset(differing)
        self._fixed = tuple(_bound(binds[name], value) for name, value in fixed.items())
        self._rows: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, values: Mapping[str, Any]) -> None:
        """Add a row; a column that is not given is empty.

        Raises:
            KeyError: a value for a column that was not announced.
        """
        if not values.keys() <= self._names:
            raise KeyError(sorted(values.keys() - self._names)[0])
        given = values.get
        self._rows.append((*[_bound(bind, given(name)) for name, bind in self._binds], *self._fixed))

    def chunks(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in parts."""
        rest = iter(self._rows)
        while chunk := list(islice(rest, CHUNK)):
            yield chunk


def _bound(bind: Callable[[Any], Any] | None, value: Any) -> Any:
    """Return a value as the driver takes it; bytes as such: a view of each would cost more memory than the row."""
    bound = value if bind is None or value is None else bind(value)
    return bound.obj if isinstance(bound, memoryview) else bound


def write(session: Session, parts: Sequence[Rows], tick: Tick) -> None:
    """Write rows in the transaction under way, table after table; `tick` is told how many of all are written.

    Raises:
        IntegrityError: what the tables refuse, as from any other statement.
    """
    total, done = sum(map(len, parts)), 0
    session.flush()
    with _room_for_pages(session):
        for part in parts:
            for chunk in part.chunks():
                tick(done, total)
                _insert(session, part, chunk)
                done += len(chunk)
        tick(done, total)


def _insert(session: Session, part: Rows, chunk: list[tuple[Any, ...]]) -> None:
    """Insert a part of the rows of one table."""
    names = ", ".join(part.columns)
    if not is_postgresql(session):
        marks = ", ".join("?" * len(part.columns))
        session.connection().exec_driver_sql(f"INSERT INTO {part.table} ({names}) VALUES ({marks})", chunk)  # noqa: S608 - names are ours
        return
    drivers.deliver(session.connection())
    driver: Any = session.connection().connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {part.table} ({names}) FROM STDIN") as copy:
            for row in chunk:
                copy.write_row(row)
    except psycopg.IntegrityError as error:
        raise IntegrityError(f"COPY {part.table}", None, error) from error


@contextmanager
def _room_for_pages(session: Session) -> Iterator[None]:
    """Let SQLite keep more pages in memory for a while."""
    if is_postgresql(session):
        yield
        return
    connection = session.connection()
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {int(before)}")
