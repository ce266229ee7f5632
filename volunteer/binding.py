"""How values of our types travel: to libpq as bytes, to SQLite as its driver takes them, and back.

The types are those of the tables (`database.Uuid`, `database.UtcInstant`, and SQLAlchemy's); what is written here is
read by the session as if it had written it itself, and the other way round.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from psycopg import pq
from sqlalchemy.engine import Dialect

from volunteer.database import UtcInstant, Uuid

Process = Callable[[Any], Any]
BINARY, TEXT = pq.Format.BINARY, pq.Format.TEXT
N = "NULL"


def dumper(kind: Any) -> tuple[Process, int]:
    """Return what turns a value of a type into bytes for PostgreSQL, and the format of these.

    Text is sent as what it is, its UTF-8.

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


def binder(kind: Any, dialect: Dialect) -> Process | None:
    """Return what makes a value of a type one that SQLite takes; None where it takes it as it is."""
    if isinstance(kind, Uuid):
        return lambda value: None if value is None else value.bytes
    if isinstance(kind, UtcInstant):
        return _instant_of_sqlite
    process: Process | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def receiver(kind: Any, dialect: Dialect) -> Process | None:
    """Return what makes a value of the driver one of a type; None where it is one.

    PostgreSQL's driver knows our types, and tells instants in UTC (`database`).
    """
    if dialect.name == "postgresql":
        return None
    if isinstance(kind, Uuid):
        return lambda value: uuid.UUID(bytes=value)
    if isinstance(kind, UtcInstant):
        return lambda value: dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    process: Process | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process


def read_json(data: str | bytes) -> Any:
    """Return JSON as PostgreSQL sends it; of what comes most, an empty list, at once."""
    text = data if isinstance(data, str) else data.decode()
    return [] if text == "[]" else json.loads(text)


def _instant_of_sqlite(value: dt.datetime | None) -> str | None:
    """Return an instant as SQLAlchemy writes it in SQLite: UTC without saying so, to the microsecond."""
    if value is None:
        return None
    return _aware(value).astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _array(kind: Any) -> Process:
    """Return what writes a list of values of a type as an array."""
    if isinstance(kind, sa.JSON):
        return lambda values: _listed(_each(_quoted_json, values, N if kind.none_as_null else '"null"'))
    if isinstance(kind, sa.String):
        return lambda values: _listed(_each(_quoted, values, N))
    for known, write in _WRITERS:
        if isinstance(kind, known):
            return lambda values: _listed(_each(write, values, N))
    raise TypeError(f"{kind!r} cannot be sent in an array yet")


def _each(write: Callable[[Any], str], values: list[Any], none: str) -> Iterator[str]:
    """Yield every value as text; one that comes again and again, as a shift's id or the present, is written once."""
    last: Any = None
    text = none
    for value in values:
        if value is not last:
            text = none if value is None else write(value)
            last = value
        yield text


def _listed(texts: Iterator[str]) -> bytes:
    """Return an array of what is written already."""
    return f"{{{','.join(texts)}}}".encode()


def _quoted(value: Any) -> str:
    """Return a text as it stands in an array."""
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _quoted_json(value: Any) -> str:
    """Return JSON as it stands in an array; of what is sent most, an empty list, at once."""
    return '"[]"' if value == [] else _quoted(json.dumps(value))


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
    return b"[]" if value == [] else json.dumps(value).encode()


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
#: What writes a value in an array: types whose text needs no quotation marks.
_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Uuid, lambda value: f"{value.int:032x}"),
    (UtcInstant, lambda value: _aware(value).isoformat()),
    (sa.LargeBinary, lambda value: f'"\\\\x{value.hex()}"'),
    (sa.Boolean, str),
    (sa.Integer, str),
    (sa.Float, str),
    (sa.Date, str),
)
