"""The last step to the database: one statement on the connection that a session holds, by the driver's own means.

PostgreSQL is asked through libpq (`psycopg.pq`) for statements that it has prepared, several in one journey; SQLite
through a cursor of its driver. A connection remembers what it has prepared, and what waits for the next journey.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from select import POLLIN, POLLOUT, poll
from typing import Any

import sqlalchemy as sa
from flask import Flask
from psycopg import errors, pq
from psycopg.adapt import Transformer
from psycopg.types.json import set_json_loads
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine

from volunteer import binding
from volunteer.binding import Process
from volunteer.database import db

FINE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
IDLE = pq.TransactionStatus.IDLE
BINARY = pq.Format.BINARY
SYNCED = pq.ExecStatus.PIPELINE_SYNC
PREPARED, WAITING = "volunteer-prepared", "volunteer-waiting"


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

    `connection` is the pool's, `info` what it remembers.
    """

    connection: Any
    dialect: Dialect
    engine: Engine
    closed = False

    @property
    def info(self) -> dict[Any, Any]:
        """What the connection remembers as long as it lives."""
        found: dict[Any, Any] = self.connection.info
        return found

    def invalidate(self, error: BaseException) -> None:
        """Take the connection out of the pool."""
        self.connection.invalidate(error)


Link = Connection | Lent


@dataclass(slots=True, eq=False)
class Sent:
    """A statement on its way to PostgreSQL; `answer`, once it `is_answered`: its rows, or how many it wrote."""

    statement: Direct
    values: list[bytes | None]
    make_row: Process | None
    answer: Any = None
    is_answered: bool = False


@contextmanager
def lent(engine: Engine) -> Iterator[Lent]:
    """Lend a connection on which nothing is begun: each statement of ours commits by itself."""
    pooled = engine.raw_connection()
    try:
        yield Lent(pooled, engine.dialect, engine)
    finally:
        pooled.close()


def init_app(app: Flask) -> None:
    """Let what waits on a connection go before anything else that is sent on it, and be forgotten with its transaction.

    SQLite is asked at once; nothing ever waits there.
    """
    with app.app_context():
        engine = db.engine
    if engine.dialect.name != "postgresql":
        return
    event.listen(engine, "connect", lambda driver, _record: set_json_loads(binding.read_json, driver))
    event.listen(engine, "before_cursor_execute", _go_first, retval=True)
    event.listen(engine, "commit", lambda connection: deliver(connection, commits=True))
    event.listen(engine, "rollback", _forget)


def _forget(connection: Connection) -> None:
    """Forget what waits when all is taken back; a connection that is gone has forgotten."""
    if not connection.invalidated:
        connection.info.pop(WAITING, None)


def _go_first(connection: Connection, cursor: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
    """Deliver what waits before a statement of SQLAlchemy's; ours, which have no cursor, go in their order."""
    if cursor is not None and WAITING in connection.info:
        deliver(connection)
    return statement, values


def direct(text: str, number: int, kinds: Sequence[tuple[str, Any]]) -> Direct:
    """Return a statement, the `number`th of this process, whose values have these names and types."""
    found = [(name, binding.dumper(kind)) for name, kind in kinds]
    values = tuple((name, process) for name, (process, _) in found)
    return Direct(text, b"volunteer_%d" % number, values, [format_ for _, (_, format_) in found])


def send(connection: Link, statement: Direct, given: Mapping[str, Any], make_row: Process | None) -> Sent:
    """Let a statement wait until the next answer is needed: all that wait travel together (libpq's pipeline).

    Its rows are made by `make_row`; without one it answers how many rows it wrote.
    """
    for hear in connection.engine.dispatch.before_cursor_execute:
        hear(connection, None, statement.text, given, None, False)
    sent = Sent(statement, [process(given[name]) for name, process in statement.values], make_row)
    connection.info.setdefault(WAITING, []).append(sent)
    return sent


def answer_of(connection: Link, sent: Sent) -> Any:
    """Return what came of a statement, with whatever waits before it.

    Raises:
        DBAPIError: SQLAlchemy's error for the driver's, of the first that failed; a connection that is gone leaves the
            pool.
        RuntimeError: its transaction has ended.
    """
    if not sent.is_answered and not connection.closed:
        deliver(connection)
    if not sent.is_answered:
        raise RuntimeError("its transaction has ended")
    return sent.answer


def deliver(connection: Link, *, commits: bool = False) -> None:
    """Send what waits, begin before it if nothing has begun, commit after it if asked to: one journey to the server.

    Raises:
        DBAPIError: as `answer_of`.
    """
    info = connection.info
    driver: Any = connection.connection.dbapi_connection
    waiting: list[Sent] = info.pop(WAITING, None) or []
    link = driver.pgconn
    try:
        if waiting:
            prepared = _prepared(driver, info, waiting)
            begins = link.transaction_status == IDLE and isinstance(connection, Connection)
            results = _travel(link, waiting, begins=begins, commits=commits)
            for one, result in zip(waiting, results, strict=True):
                _answer(one, prepared[one.statement.name], result)
        elif commits and link.transaction_status != IDLE:
            _checked(link.exec_(b"COMMIT"))
    except connection.dialect.loaded_dbapi.Error as error:
        is_gone = link.status != pq.ConnStatus.OK
        told = errors.OperationalError(str(error)) if is_gone else error
        raise _told(connection, waiting[0].statement.text if waiting else "COMMIT", told) from error
    except BaseException as error:
        connection.invalidate(error)  # stopped on the way: nobody knows where it stands
        raise


def run(connection: Link, text: str, values: Any, *, many: bool = False, fetches: bool = False) -> Any:
    """Run a statement on a cursor; return its rows, or how many it wrote.

    Raises:
        DBAPIError: as `answer_of`.
    """
    cursor = connection.connection.cursor()
    for hear in connection.engine.dispatch.before_cursor_execute:
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


def _prepared(driver: Any, info: dict[Any, Any], waiting: Sequence[Sent]) -> dict[bytes, Any]:
    """Return what reads the rows of each statement; what this connection has not prepared yet is prepared first."""
    prepared: dict[bytes, Any] | None = info.get(PREPARED)
    if prepared is None:
        prepared = info[PREPARED] = {}
    for one in waiting:
        statement = one.statement
        if statement.name not in prepared:
            _checked(driver.pgconn.prepare(statement.name, statement.text.encode()))
            prepared[statement.name] = Transformer(driver)
    return prepared


def _travel(link: Any, waiting: Sequence[Sent], *, begins: bool, commits: bool) -> list[Any]:
    """Return the results of what waits, sent as one pipeline, with BEGIN before it and COMMIT after it if asked to.

    Raises:
        psycopg.Error: of the first that failed; the server has skipped the rest then, COMMIT too.
    """
    if len(waiting) == 1 and not begins and not commits:
        one = waiting[0]
        return [_checked(link.exec_prepared(one.statement.name, one.values, one.statement.formats, BINARY))]
    link.enter_pipeline_mode()
    if begins:
        link.send_query_params(b"BEGIN", None)
    for one in waiting:
        link.send_query_prepared(one.statement.name, one.values, one.statement.formats, BINARY)
    if commits:
        link.send_query_params(b"COMMIT", None)
    link.pipeline_sync()
    results = _results(link)
    link.exit_pipeline_mode()
    found = [_checked(result) for result in results]
    return found[begins : begins + len(waiting)]


def _results(link: Any) -> list[Any]:
    """Return the results of a pipeline up to its end; between those of two statements stands nothing.

    Whatever waits, waits in `poll`: reading from libpq itself would keep every other thread of the process waiting too,
    and with them the one whose lock this waits for.

    Raises:
        OperationalError: the connection is gone.
    """
    socket = poll()
    socket.register(link.socket, POLLIN | POLLOUT)
    while link.flush():
        if socket.poll()[0][1] & POLLIN:
            link.consume_input()
    socket.modify(link.socket, POLLIN)
    results: list[Any] = []
    is_between = False
    while True:
        while link.is_busy():
            socket.poll()
            link.consume_input()
        result = link.get_result()
        if result is None and is_between:
            raise errors.OperationalError("the connection to the server is gone")
        is_between = result is None
        if result is not None:
            if result.status == SYNCED:
                return results
            results.append(result)


def _answer(sent: Sent, reader: Any, result: Any) -> None:
    """Read what came of a statement."""
    sent.is_answered = True
    if sent.make_row is None:
        sent.answer = result.command_tuples or 0
        return
    reader.set_pgresult(result, set_loaders=reader.pgresult is None, format=BINARY)
    sent.answer = reader.load_rows(0, result.ntuples, sent.make_row)


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
