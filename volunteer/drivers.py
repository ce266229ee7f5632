"""The last step to the database: one statement on the connection that a session holds, by the driver's own means.

PostgreSQL is asked through libpq (`psycopg.pq`) for statements that it has prepared; SQLite through a cursor of its
driver. A connection remembers what it has prepared, and nothing else.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg import errors, pq
from psycopg.adapt import Transformer
from sqlalchemy.engine import Connection, Dialect, Engine

from volunteer.database import UtcInstant, Uuid

Process = Callable[[Any], Any]
FINE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
IDLE = pq.TransactionStatus.IDLE
BINARY, TEXT = pq.Format.BINARY, pq.Format.TEXT
PREPARED = "volunteer-prepared"
N = "NULL"


@dataclass(frozen=True, slots=True)
class Direct:
    """A statement for libpq: `$1`, `$2`, … stand for `values`, each with what turns it into bytes."""

    text: str
    name: bytes
    values: tuple[tuple[str, Process], ...]
    formats: list[int]


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection from the pool without a transaction, for one statement; what we need of SQLAlchemy's `Connection`.

    `connection` is the pool's, `info` what it remembers, `dispatch` the engine's listeners.
    """

    connection: Any
    dialect: Dialect
    dispatch: Any

    @property
    def info(self) -> dict[Any, Any]:
        """What the connection remembers as long as it lives."""
        found: dict[Any, Any] = self.connection.info
        return found

    def invalidate(self, error: BaseException) -> None:
        """Take the connection out of the pool."""
        self.connection.invalidate(error)


Link = Connection | Lent


@contextmanager
def lent(engine: Engine) -> Iterator[Lent]:
    """Lend a connection that commits each statement by itself; PostgreSQL is told nothing for that."""
    pooled = engine.raw_connection()
    driver: Any = pooled.dbapi_connection
    is_postgresql = engine.dialect.name == "postgresql"
    try:
        if is_postgresql:
            driver.autocommit = True
        yield Lent(pooled, engine.dialect, engine.dispatch)
    finally:
        if is_postgresql and pooled.is_valid and not driver.closed:
            driver.autocommit = False
        pooled.close()


def direct(text: str, number: int, kinds: Sequence[tuple[str, Any]]) -> Direct:
    """Return a statement, the `number`th of this process, whose values have these names and types."""
    found = [(name, _dumper(kind)) for name, kind in kinds]
    values = tuple((name, process) for name, (process, _) in found)
    return Direct(text, b"volunteer_%d" % number, values, [format_ for _, (_, format_) in found])


def ask(connection: Link, statement: Direct, given: Mapping[str, Any], make_row: Process | None) -> Any:
    """Run a statement; return its rows, each made by `make_row`, or without it how many rows it wrote.

    Raises:
        DBAPIError: SQLAlchemy's error for the driver's; a connection that is gone leaves the pool.
    """
    for hear in connection.dispatch.before_cursor_execute:
        hear(connection, None, statement.text, given, None, False)
    driver: Any = connection.connection.dbapi_connection
    try:
        return _asked(driver, connection.info, statement, given, make_row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _told(connection, statement.text, error) from error


def run(connection: Link, text: str, values: Any, *, many: bool = False, fetches: bool = False) -> Any:
    """Run a statement on a cursor; return its rows, or how many it wrote.

    Raises:
        DBAPIError: as `ask`.
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
        raise _told(connection, text, error) from error
    finally:
        cursor.close()


def _asked(
    driver: Any, info: dict[Any, Any], statement: Direct, given: Mapping[str, Any], make_row: Process | None
) -> Any:
    """Begin if nothing has begun, prepare if this connection has not, run, and read what came."""
    link, values = driver.pgconn, [process(given[name]) for name, process in statement.values]
    if link.transaction_status == IDLE and not driver.autocommit:
        _checked(link.exec_(b"BEGIN"))
    prepared = info.get(PREPARED)
    if prepared is None:
        prepared = info[PREPARED] = {}
    reader = prepared.get(statement.name)
    if reader is None:
        _checked(link.prepare(statement.name, statement.text.encode()))
        reader = prepared[statement.name] = Transformer(driver)
    result = _checked(link.exec_prepared(statement.name, values, statement.formats, BINARY))
    if make_row is None:
        return result.command_tuples or 0
    reader.set_pgresult(result, set_loaders=reader.pgresult is None, format=BINARY)
    return reader.load_rows(0, result.ntuples, make_row)


def _checked(result: Any) -> Any:
    """Return a result, or raise what the server said."""
    if result.status not in FINE:
        raise errors.error_from_result(result)
    return result


def _told(connection: Link, text: str, error: Any) -> Exception:
    """Return SQLAlchemy's error for the driver's."""
    dialect, driver = connection.dialect, connection.connection.dbapi_connection
    if dialect.is_disconnect(error, driver, None):
        connection.invalidate(error)
    base = dialect.loaded_dbapi.Error
    found: Exception = sa.exc.DBAPIError.instance(text, None, error, base, hide_parameters=True, dialect=dialect)
    return found


def _dumper(kind: Any) -> tuple[Process, int]:
    """Return what turns a value of a type into bytes, and the format of these: text is sent as what it is, its UTF-8.

    Raises:
        TypeError: a type that nobody needed yet.
    """
    if isinstance(kind, sa.ARRAY):
        return _array(kind.item_type), TEXT
    if isinstance(kind, sa.JSON):
        return _json_or_null if kind.none_as_null else _json, TEXT
    for known, process, format_ in _DUMPERS:
        if isinstance(kind, known):
            return process, format_
    raise TypeError(f"{kind!r} cannot be sent directly yet")


def _array(kind: Any) -> Process:
    """Return what writes a list of values of a type as an array."""
    if isinstance(kind, sa.JSON | sa.String | sa.LargeBinary):
        write = _json_text if isinstance(kind, sa.JSON) else _hex if isinstance(kind, sa.LargeBinary) else str
        skips = not isinstance(kind, sa.JSON) or kind.none_as_null
        return lambda values: _listed(
            ['"' + _escaped(write(v)) + '"' if v is not None or not skips else N for v in values]
        )
    if isinstance(kind, UtcInstant):
        return lambda values: _listed([N if v is None else _aware(v).isoformat() for v in values])
    if isinstance(kind, Uuid | sa.Integer | sa.Float | sa.Date | sa.Boolean):
        return lambda values: _listed([N if v is None else str(v) for v in values])
    raise TypeError(f"{kind!r} cannot be sent in an array yet")


def _listed(texts: list[str]) -> bytes:
    """Return an array of what is written already."""
    return f"{{{','.join(texts)}}}".encode()


def _escaped(text: str) -> str:
    """Return a text as it stands between quotation marks in an array."""
    return text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text


def _hex(value: bytes) -> str:
    """Return bytes as PostgreSQL writes them."""
    return "\\x" + value.hex()


def _json_text(value: Any) -> str:
    """Return JSON; of what is sent most, an empty list, at once."""
    return "[]" if value == [] else json.dumps(value)


def _aware(value: dt.datetime) -> dt.datetime:
    """Return an instant, or refuse a naive one."""
    if value.tzinfo is None:
        raise ValueError("a naive instant")
    return value


def _instant(value: dt.datetime | None) -> bytes | None:
    """Return an instant; a naive one is refused as everywhere."""
    return None if value is None else _aware(value).isoformat().encode()


def _json(value: Any) -> bytes:
    """Return JSON; None is its null."""
    return json.dumps(value).encode()


def _json_or_null(value: Any) -> bytes | None:
    """Return JSON; None is NULL."""
    return None if value is None else json.dumps(value).encode()


def _plain(value: Any) -> bytes | None:
    """Return a number or a day as text."""
    return None if value is None else str(value).encode()


_DUMPERS: tuple[tuple[type, Process, int], ...] = (
    (Uuid, lambda value: None if value is None else value.bytes, BINARY),
    (UtcInstant, _instant, TEXT),
    (sa.String, lambda value: None if value is None else str(value).encode(), BINARY),
    (sa.LargeBinary, lambda value: value, BINARY),
    (sa.Boolean, lambda value: None if value is None else b"t" if value else b"f", TEXT),
    (sa.Integer, _plain, TEXT),
    (sa.Float, _plain, TEXT),
    (sa.Date, _plain, TEXT),
)
