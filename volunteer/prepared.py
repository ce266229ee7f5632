"""Statements for the paths that are walked hundreds of times a second: compiled once, sent by the driver itself.

They are written as any other (Core selects, tables and their types) and run in the session's transaction, but are
neither built, keyed nor wrapped anew each time, which costs many times what the database does. Rows are named tuples;
errors are SQLAlchemy's, and whoever listens to the engine's statements hears these too. Source: perf.md §6; ADR 0014.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.orm import Session

from volunteer.database import Uuid, connection_of

Process = Callable[[Any], Any]
Among = Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[bool]]
"""`among(column, name)`: the column is one of the values that are given under that name."""
Build = Callable[[Among], Any]
"""Makes the select, given what stands for its lists; plain values are `sa.bindparam(name)`."""
Row = Mapping[str, Any]
#: SQLite takes this many values a statement.
MOST_VALUES = 32_000


@dataclass(frozen=True, slots=True)
class _Value:
    """One value as the driver takes it; `count`: as many names `name_0`, … on SQLite, 0 for a single value."""

    name: str
    process: Process | None
    count: int
    is_list: bool


@dataclass(frozen=True, slots=True)
class _Made:
    """A query for one driver."""

    text: str
    fixed: dict[str, Any]
    values: tuple[_Value, ...]
    make_row: Callable[[Sequence[Any]], Any]
    processes: tuple[tuple[int, Process], ...]


class Query:
    """A select, compiled once for each database and for one or several values of its lists."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._made: dict[tuple[Any, ...], _Made] = {}

    def __call__(self, session: Session, **values: Any) -> list[Any]:
        """Run it and return the rows; a value that is a list belongs to an `among`."""
        connection = connection_of(session)
        dialect = connection.dialect
        lengths = [_length(dialect, value) for value in values.values()]
        key = (dialect.name, *lengths)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(dialect, dict(zip(values, lengths, strict=True)))
        rows = _run(connection, made.text, _sent(made, values), fetches=True)
        if not made.processes:
            return [made.make_row(row) for row in rows]
        found = []
        for row in rows:
            received = list(row)
            for index, process in made.processes:
                if received[index] is not None:
                    received[index] = process(received[index])
            found.append(made.make_row(received))
        return found

    def _make(self, dialect: Dialect, lengths: Mapping[str, int]) -> _Made:
        """Compile the select where each list has so many values: -1 for no list, on PostgreSQL 1 or 2 for several."""
        is_postgresql = dialect.name == "postgresql"
        values: dict[str, _Value] = {}

        def among(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
            count, kind = lengths[name], column.type
            values[name] = _Value(name, _binder(kind, dialect), 0 if is_postgresql else count, is_list=True)
            if is_postgresql and count > 1:
                return column == sa.any_(sa.bindparam(name, type_=sa.ARRAY(kind)))
            if is_postgresql:
                return column == sa.bindparam(name, type_=kind)
            return column.in_([sa.bindparam(f"{name}_{number}", type_=kind) for number in range(count)])

        select = self._build(among)
        compiled = select.compile(dialect=_named(dialect))
        given = {name: bind for bind, name in compiled.bind_names.items() if bind.required}
        for name, bind in given.items():
            if name in lengths and name not in values:
                values[name] = _Value(name, _binder(bind.type, dialect), 0, is_list=False)
        whole = compiled.construct_expanded_state(dict.fromkeys(given))
        columns = list(select.selected_columns)
        made_row: Any = namedtuple("Found", [str(column.key) for column in columns])  # type: ignore[misc]
        found = [(index, _receiver(column.type, dialect)) for index, column in enumerate(columns)]
        processes = tuple((index, process) for index, process in found if process)
        fixed = {name: value for name, value in whole.parameters.items() if name not in given}
        return _Made(whole.statement, fixed, tuple(values.values()), made_row._make, processes)


class Insert:
    """Rows into a table, any number in one statement; every row has the same columns."""

    def __init__(self, table: sa.Table, *, if_free: str = "") -> None:
        """With `if_free` (a unique column) rows whose value is taken are left out."""
        self._table, self._if_free = table, if_free
        self._made: dict[tuple[Any, ...], tuple[str, tuple[tuple[str, Process | None], ...]]] = {}

    def __call__(self, session: Session, rows: Sequence[Row]) -> int:
        """Insert; return how many rows came in."""
        if not rows:
            return 0
        connection = _writing(session)
        is_postgresql, several = connection.dialect.name == "postgresql", len(rows) > 1
        key = (connection.dialect.name, several, *rows[0])
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(connection.dialect, list(rows[0]), several)
        text, columns = made
        if is_postgresql and several:
            return int(_run(connection, text, {name: _column(rows, name, process) for name, process in columns}))
        if several:
            return int(_run(connection, text, [_plain(row, columns) for row in rows], many=True))
        return int(_run(connection, text, _plain(rows[0], columns)))

    def _make(
        self, dialect: Dialect, names: list[str], several: bool
    ) -> tuple[str, tuple[tuple[str, Process | None], ...]]:
        """Return the statement and its columns."""
        quote = dialect.identifier_preparer.quote
        kinds = {name: self._table.c[name].type for name in names}
        listed = ", ".join(quote(name) for name in names)
        if dialect.name != "postgresql":
            source = "VALUES (" + ", ".join(f":{name}" for name in names) + ")"
        elif several:
            arrays = ", ".join(f"%({n})s::{_kind(kinds[n], dialect)}[]" for n in names)
            source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 - names of columns alone
        else:
            source = "VALUES (" + ", ".join(f"%({n})s::{_kind(kinds[n], dialect)}" for n in names) + ")"
        text = f"INSERT INTO {quote(self._table.name)} ({listed}) {source}"
        text += f" ON CONFLICT ({quote(self._if_free)}) DO NOTHING" if self._if_free else ""
        return text, tuple((name, _binder(kinds[name], dialect)) for name in names)


class Update:
    """Some columns of the rows of a table that their key names, any number in one statement."""

    def __init__(self, table: sa.Table, key: str, names: Sequence[str]) -> None:
        self._table, self._key, self._names = table, key, list(names)
        self._made: dict[tuple[str, bool], tuple[str, tuple[tuple[str, Process | None], ...]]] = {}

    def __call__(self, session: Session, rows: Sequence[Row]) -> None:
        """Update; each row holds its key and every one of the columns."""
        if not rows:
            return
        connection = _writing(session)
        key = (connection.dialect.name, len(rows) > 1)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(connection.dialect, several=key[1])
        text, columns = made
        if key == ("postgresql", True):
            _run(connection, text, {name: _column(rows, name, process) for name, process in columns})
        elif key[1]:
            _run(connection, text, [_plain(row, columns) for row in rows], many=True)
        else:
            _run(connection, text, _plain(rows[0], columns))

    def _make(self, dialect: Dialect, *, several: bool) -> tuple[str, tuple[tuple[str, Process | None], ...]]:
        """Return the statement and its columns."""
        quote, table = dialect.identifier_preparer.quote, self._table
        names = [self._key, *self._names]
        kinds = {name: table.c[name].type for name in names}
        head, key = f"UPDATE {quote(table.name)} SET ", quote(self._key)  # noqa: S608 - names of columns alone
        if dialect.name != "postgresql":
            text = head + ", ".join(f"{quote(n)} = :{n}" for n in self._names) + f" WHERE {key} = :{self._key}"
        elif several:
            arrays = ", ".join(f"%({n})s::{_kind(kinds[n], dialect)}[]" for n in names)
            text = head + ", ".join(f"{quote(n)} = new.{quote(n)}" for n in self._names)
            listed = ", ".join(quote(n) for n in names)
            text += f" FROM unnest({arrays}) AS new ({listed}) WHERE {quote(table.name)}.{key} = new.{key}"
        else:
            text = head + ", ".join(f"{quote(n)} = %({n})s::{_kind(kinds[n], dialect)}" for n in self._names)
            text += f" WHERE {key} = %({self._key})s::{_kind(kinds[self._key], dialect)}"
        return text, tuple((name, _binder(kinds[name], dialect)) for name in names)


def _length(dialect: Dialect, value: Any) -> int:
    """Return which variant of a statement a value asks for: -1 for no list; lists are filled up to a power of two."""
    if not isinstance(value, list):
        return -1
    count = len(value)
    if dialect.name == "postgresql":
        return 1 if count == 1 else 2
    return 1 if count <= 1 else 1 << (count - 1).bit_length()


def _sent(made: _Made, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values as the driver takes them."""
    sent = dict(made.fixed)
    for value in made.values:
        given, process = values[value.name], value.process
        if not value.is_list:
            sent[value.name] = process(given) if process else given
            continue
        several = [process(one) for one in given] if process else given
        if value.count:
            last = several[-1] if several else None
            for number in range(value.count):
                sent[f"{value.name}_{number}"] = several[number] if number < len(several) else last
        else:
            sent[value.name] = several[0] if len(several) == 1 else several
    return sent


def _plain(row: Row, columns: Sequence[tuple[str, Process | None]]) -> dict[str, Any]:
    """Return one row as the driver takes it."""
    return {name: process(row[name]) if process else row[name] for name, process in columns}


def _column(rows: Sequence[Row], name: str, process: Process | None) -> list[Any]:
    """Return the values of one column as the driver takes them."""
    return [process(row[name]) for row in rows] if process else [row[name] for row in rows]


def _writing(session: Session) -> Connection:
    """Return the connection of the use case under way; there is no writing outside one."""
    if not session.info.get("writing"):
        raise RuntimeError("a write outside transaction()")
    return connection_of(session)


def _run(connection: Connection, text: str, values: Any, *, many: bool = False, fetches: bool = False) -> Any:
    """Run a statement on the driver's own cursor; return its rows, or how many it wrote.

    Raises:
        DBAPIError: SQLAlchemy's error for the driver's; a connection that is gone leaves the pool.
    """
    cursor = connection.connection.cursor()
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, cursor, text, values, None, many)
    try:
        if many:
            cursor.executemany(text, values)
        else:
            cursor.execute(text, values)
        return cursor.fetchall() if fetches else cursor.rowcount
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor):
            connection.invalidate(error)
        base = connection.dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(
            text, None, error, base, hide_parameters=True, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()


def _named(dialect: Dialect) -> Dialect:
    """Return the dialect that writes values by name, as all our statements are sent."""
    return sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect


def _kind(kind: Any, dialect: Dialect) -> str:
    """Return a type as the database calls it."""
    return str(dialect.type_compiler_instance.process(kind.dialect_impl(dialect)))


def _binder(kind: Any, dialect: Dialect) -> Process | None:
    """Return what makes a value of a type one that the driver takes; None where it takes it as it is."""
    if isinstance(kind, Uuid) and dialect.name == "postgresql":
        return None
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _receiver(kind: Any, dialect: Dialect) -> Process | None:
    """Return what makes a value of the driver one of a type; None where it is one."""
    if isinstance(kind, Uuid | sa.Float) and dialect.name == "postgresql":
        return None
    process: Process | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process
