"""Statements for the paths that are walked hundreds of times a second: compiled once, sent by the driver itself.

They are written as any other (Core selects, tables and their types) and run in the session's transaction, but are
neither built, keyed nor wrapped anew each time, which costs many times what the database does. Rows are named tuples;
errors are SQLAlchemy's, and whoever listens to the engine's statements hears these too. Source: perf.md §6; ADR 0014.
"""

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from volunteer import binding, drivers
from volunteer.binding import Process
from volunteer.database import connection_of, db
from volunteer.drivers import Direct, Link, lent

Among = Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[bool]]
"""`among(column, name)`: the column is one of the values that are given under that name."""
Build = Callable[[Among], Any]
"""Makes the select, given what stands for its lists; plain values are `sa.bindparam(name)`."""
Row = Mapping[str, Any]
T = TypeVar("T")
Later = Callable[[], T]
"""Gives, when it is called, the answer to what was asked; until then more can be asked with it."""
Bind = tuple[str, Process | None, int]
"""A value for SQLite: its name, how the driver takes it, and of a list to how many it is filled up, else -1.
"""
_numbers: Iterator[int] = count(1)


@dataclass(frozen=True, slots=True)
class _Made:
    """A query for one database: `ask` for PostgreSQL, for SQLite `text` and what to do with its values."""

    ask: Direct | None
    text: str
    fixed: dict[str, Any]
    binds: tuple[Bind, ...]
    make_row: Process


class Query:
    """A select, compiled once for each database and for one or several values of its lists."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._made: dict[tuple[Any, ...], _Made] = {}

    def __call__(self, session: Session, **values: Any) -> list[Any]:
        """Run it and return the rows; a value that is a list belongs to an `among`."""
        return self._asked(connection_of(session), values)()

    def later(self, session: Session, **values: Any) -> Later[list[Any]]:
        """Ask it together with what else is asked until the first answer is needed; return what gives the rows.

        Statements run in the order in which they were asked, so this sees what was written before it.
        """
        return self._asked(connection_of(session), values)

    def _asked(self, connection: Link, values: dict[str, Any]) -> Later[list[Any]]:
        """Ask it on a connection: SQLite at once."""
        dialect = connection.dialect
        is_postgresql = dialect.name == "postgresql"
        lengths = [_length(value, is_postgresql) if type(value) is list else -1 for value in values.values()]
        made = self._made.get((is_postgresql, *lengths))
        if made is None:
            made = self._make(dialect, dict(zip(values, lengths, strict=True)))
            self._made[is_postgresql, *lengths] = made
        if made.ask:
            given = {n: v[0] if type(v) is list and len(v) == 1 else v for n, v in values.items()}
            sent = drivers.send(connection, made.ask, made.fixed | given, made.make_row)
            return lambda: drivers.answer_of(connection, sent)
        rows = [made.make_row(row) for row in drivers.run(connection, made.text, _sent(made, values), fetches=True)]
        return lambda: rows

    def alone(self, **values: Any) -> list[Any]:
        """Run it outside any transaction, as the only thing that is asked: no BEGIN, no ROLLBACK. Return the rows.

        Inside a use case it is one more thing that is asked there, which sees what that has written.
        """
        session = db.session()
        if session.info.get("writing"):
            return self(session, **values)
        with lent(db.engine) as connection:
            return self._asked(connection, values)()

    def _make(self, dialect: Dialect, lengths: Mapping[str, int]) -> _Made:
        """Compile the select where each list has so many values: -1 for no list; on PostgreSQL 1, or 2 for several."""
        is_postgresql = dialect.name == "postgresql"
        lists: dict[str, Any] = {}

        def among(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
            kind = lists[name] = column.type
            if not is_postgresql:
                return column.in_([sa.bindparam(f"{name}_{number}", type_=kind) for number in range(lengths[name])])
            if lengths[name] == 1:
                return column == sa.bindparam(name, type_=kind)
            return column == sa.any_(sa.bindparam(name, type_=sa.ARRAY(kind)))

        select = self._build(among)
        compiled = select.compile(dialect=_dialect(dialect))
        kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
        asked = [name for bind, name in compiled.bind_names.items() if bind.required]
        whole = compiled.construct_expanded_state(dict.fromkeys(asked))
        fixed = {name: value for name, value in whole.parameters.items() if name not in asked}
        columns = list(select.selected_columns)
        row: Any = namedtuple("Found", [str(column.key) for column in columns])  # type: ignore[misc]
        received = [(index, binding.receiver(column.type, dialect)) for index, column in enumerate(columns)]
        make_row = _maker(row._make, [(index, process) for index, process in received if process])
        if is_postgresql:
            named = [(name, kinds.get(name, sa.String())) for name in whole.positiontup]
            ask = drivers.direct(whole.statement, next(_numbers), named)
            return _Made(ask, whole.statement, fixed, (), make_row)
        binds = [(name, binding.binder(kinds[name], dialect), -1) for name in asked if name in lengths]
        binds += [(name, binding.binder(kind, dialect), lengths[name]) for name, kind in lists.items()]
        return _Made(None, whole.statement, fixed, tuple(binds), make_row)


class _Write(ABC):
    """What `Insert` and `Update` have in common: rows with the same columns, one or several in a statement."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], tuple[Direct | None, str, tuple[Bind, ...]]] = {}

    def __call__(self, session: Session, rows: Sequence[Row]) -> int:
        """Write the rows; return how many it did.

        Raises:
            RuntimeError: outside a use case.
        """
        return self.later(session, rows)() if rows else 0

    def later(self, session: Session, rows: Sequence[Row]) -> Later[int]:
        """Write the rows together with what else is asked until an answer is needed; return what tells how many it did.

        What the tables refuse is raised then, or at the commit.

        Raises:
            RuntimeError: outside a use case.
        """
        if not rows:
            return lambda: 0
        if not session.info.get("writing"):
            raise RuntimeError("a write outside transaction()")
        connection, several = connection_of(session), len(rows) > 1
        is_postgresql = connection.dialect.name == "postgresql"
        names = tuple(rows[0])
        made = self._made.get((is_postgresql, several, names))
        if made is None:
            made = self._made[is_postgresql, several, names] = self._make(connection.dialect, names, several=several)
        ask, text, columns = made
        if ask:
            given = {name: [row[name] for row in rows] for name in names} if several else rows[0]
            sent = drivers.send(connection, ask, given, None)
            return lambda: int(drivers.answer_of(connection, sent))
        plain = [{name: process(row[name]) if process else row[name] for name, process, _ in columns} for row in rows]
        count = int(drivers.run(connection, text, plain if several else plain[0], many=several))
        return lambda: count

    def _make(
        self, dialect: Dialect, names: Sequence[str], *, several: bool
    ) -> tuple[Direct | None, str, tuple[Bind, ...]]:
        """Return the statement for PostgreSQL, or for SQLite its text and columns."""
        quote, kinds = dialect.identifier_preparer.quote, {name: self._table.c[name].type for name in names}
        if dialect.name != "postgresql":
            text = self._text(quote, {name: f":{name}" for name in names}, as_arrays=False)
            return None, text, tuple((name, binding.binder(kind, dialect), -1) for name, kind in kinds.items())
        many = "[]" if several else ""
        marks = {name: f"${number}::{_called(kinds[name], dialect)}{many}" for number, name in enumerate(names, 1)}
        text = self._text(quote, marks, as_arrays=several)
        sent = [(name, sa.ARRAY(kind) if several else kind) for name, kind in kinds.items()]
        return drivers.direct(text, next(_numbers), sent), text, ()

    _table: sa.Table

    @abstractmethod
    def _text(self, quote: Callable[[str], str], marks: Mapping[str, str], *, as_arrays: bool) -> str:
        """Return the statement, where each column's value is written as its mark."""


class Insert(_Write):
    """Rows into a table, any number in one statement."""

    def __init__(self, table: sa.Table, *, if_free: str = "") -> None:
        """With `if_free` (a unique column) rows whose value is taken are left out."""
        super().__init__()
        self._table, self._if_free = table, if_free

    def _text(self, quote: Callable[[str], str], marks: Mapping[str, str], *, as_arrays: bool) -> str:
        listed, values = ", ".join(quote(name) for name in marks), ", ".join(marks.values())
        source = f"SELECT * FROM unnest({values})" if as_arrays else f"VALUES ({values})"  # noqa: S608 - columns alone
        text = f"INSERT INTO {quote(self._table.name)} ({listed}) {source}"
        return text + (f" ON CONFLICT ({quote(self._if_free)}) DO NOTHING" if self._if_free else "")


class Update(_Write):
    """Columns of the rows of a table that their key names, any number in one statement."""

    def __init__(self, table: sa.Table, key: str, names: Sequence[str]) -> None:
        super().__init__()
        self._table, self._key, self._names = table, key, names

    def later(self, session: Session, rows: Sequence[Row]) -> Later[int]:
        """Update; each row holds its key and every one of the columns."""
        return super().later(session, [{name: row[name] for name in (self._key, *self._names)} for row in rows])

    def _text(self, quote: Callable[[str], str], marks: Mapping[str, str], *, as_arrays: bool) -> str:
        table, key = quote(self._table.name), quote(self._key)
        new = {name: f"new.{quote(name)}" for name in marks} if as_arrays else marks
        text = f"UPDATE {table} SET " + ", ".join(f"{quote(name)} = {new[name]}" for name in self._names)  # noqa: S608
        if as_arrays:
            listed = ", ".join(quote(name) for name in marks)
            text += f" FROM unnest({', '.join(marks.values())}) AS new ({listed})"
        return f"{text} WHERE {table}.{key} = {new[self._key]}"


def _length(values: list[Any], is_postgresql: bool) -> int:
    """Return which variant of a statement a list asks for; SQLite's are filled up to a power of two."""
    length = len(values)
    if is_postgresql:
        return 1 if length == 1 else 2
    return 1 if length <= 1 else 1 << (length - 1).bit_length()


def _sent(made: _Made, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values as a cursor takes them."""
    sent = dict(made.fixed)
    for name, process, filled in made.binds:
        given = values[name]
        if type(given) is not list:
            sent[name] = process(given) if process else given
            continue
        several = [process(one) for one in given] if process else given
        last = several[-1] if several else None
        for number in range(filled):
            sent[f"{name}_{number}"] = several[number] if number < len(several) else last
    return sent


def _maker(make: Process, receivers: Sequence[tuple[int, Process]]) -> Process:
    """Return what makes a row of the driver's values, some of which are not yet those of our types."""
    if not receivers:
        return make

    def received(row: Sequence[Any]) -> Any:
        values = list(row)
        for index, process in receivers:
            if values[index] is not None:
                values[index] = process(values[index])
        return make(values)

    return received


def _dialect(dialect: Dialect) -> Dialect:
    """Return the dialect that writes values as they are sent: by number to PostgreSQL, by name to SQLite."""
    written: Any = type(dialect)
    found: Dialect = written(paramstyle="numeric_dollar" if dialect.name == "postgresql" else "named")
    return found


def _called(kind: Any, dialect: Dialect) -> str:
    """Return a type as the database calls it."""
    return str(dialect.type_compiler_instance.process(kind.dialect_impl(dialect)))
