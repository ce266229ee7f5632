"""The database: tables' base and column types, engines for SQLite and PostgreSQL, and the explicit transaction.

A use case runs inside `with transaction() as session:`; the outermost block commits, anything raised rolls back all,
and what was handed to `after_commit` runs once the data is safe. Outside such a block the session only reads: SQLite
then begins deferred, and a write raises. Source: decisions 7, 18; stack.md G1–G4, G8; architecture.md, Transactions.
"""

import datetime as dt
import sqlite3
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import uuid_utils
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, registry
from sqlalchemy.types import TypeDecorator

from volunteer.config import settings
from volunteer.writers import WriterQueue

T = TypeVar("T")
Work = Callable[[Session], T]
#: How long, in seconds, a short work may wait for a lock that nobody should hold for long.
MOST_LOCKED_S: Final = 10
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Uuid(TypeDecorator[uuid.UUID]):
    """A UUID: `uuid` on PostgreSQL, 16 bytes on SQLite (decisions 7)."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        """Return the dialect's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.Uuid(as_uuid=True))
        return dialect.type_descriptor(sa.LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: sa.Dialect) -> Any:
        """Send a UUID."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> uuid.UUID | None:
        """Receive a UUID."""
        if value is None or isinstance(value, uuid.UUID):
            return value
        return uuid.UUID(bytes=bytes(value))


class UtcInstant(TypeDecorator[dt.datetime]):
    """An aware instant, stored as UTC; a naive one is refused (stack.md G8, peers.md T29)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Send UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive instant")
        utc = value.astimezone(dt.UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Receive UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


metadata = sa.MetaData(naming_convention=NAMING)


class Base(DeclarativeBase):
    """The base of every table. On Flask-SQLAlchemy's metadata by hand: stack.md G1."""

    registry = registry(
        metadata=metadata,
        type_annotation_map={
            uuid.UUID: Uuid(),
            dt.datetime: UtcInstant(),
            bytes: sa.LargeBinary(),
            dict[str, Any]: sa.JSON(),
            list[Any]: sa.JSON(),
        },
    )


db = SQLAlchemy(metadata=metadata, session_options={"expire_on_commit": False, "autoflush": True})
_queues: dict[str, WriterQueue] = {}


def new_id() -> uuid.UUID:
    """Return a fresh UUIDv7: sorted by time of making (decisions 7)."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def one_of(column: str, values: Any, name: str | None = None) -> sa.CheckConstraint:
    """Return the CHECK that repeats an enum in the database. `values` is a StrEnum class or an iterable of str."""
    listed = ", ".join("'" + str(getattr(v, "value", v)) + "'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def init_app(app: Flask) -> None:
    """Bind the engine to the app and prepare its connections."""
    conf = settings()
    # The connection that was used last comes first: it has most prepared, and few are kept warm.
    options: dict[str, Any] = {"pool_pre_ping": False, "pool_size": 8, "max_overflow": 24, "pool_use_lifo": True}
    if conf.database_url.startswith("sqlite"):
        Path(conf.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        options["connect_args"] = {"timeout": 30, "check_same_thread": False, "cached_statements": 512}
    else:
        # psycopg forgets what it prepared at every ROLLBACK, and would sweep away what `drivers` prepares.
        options |= {"pool_recycle": 1800, "connect_args": {"prepare_threshold": None}}
    app.config["SQLALCHEMY_DATABASE_URI"] = conf.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)


def prepare(engine: Engine) -> None:
    """Set pragmas and explicit BEGIN on SQLite, UTC on PostgreSQL; durable commits on both (decisions 18)."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _tell_utc)
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    """WAL, FULL, foreign keys; isolation_level None so that BEGIN is ours (stack.md G2, G4)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _tell_utc(connection: Any, _record: Any) -> None:
    """Let PostgreSQL tell instants in UTC, wherever it stands."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _begin(connection: Connection) -> None:
    """Begin deferred for readers, immediate for writers (stack.md G3)."""
    connection.exec_driver_sql(str(connection.get_execution_options().get("sqlite_begin", "BEGIN")))


def _writers(engine: Engine) -> Any:
    """Return the context in which a writer waits for its turn: a queue on SQLite, nothing on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    path = engine.url.database or ""
    return _queues.setdefault(path, WriterQueue(Path(path + ".writers"))).turn()


@contextmanager
def transaction() -> Iterator[Session]:
    """Run a use case: the outermost block commits, whatever is raised rolls everything back.

    Inner blocks join. Reads made before the outermost block are forgotten, so that what is judged is read under it.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    if session.in_transaction():
        session.rollback()
    for call in (yield from _outermost(session)):
        call()


def _outermost(session: Session) -> Generator[Session, None, list[Callable[[], object]]]:
    """Begin, hand out the session, commit or roll back; return what is to run after the commit."""
    with _writers(db.engine):
        session.info.update(writing=True, after_commit=[], survivors=[])
        try:
            session.info["connection"] = _begun(session)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            _survive(session)
            raise
        finally:
            session.info["writing"] = session.info["connection"] = None
    session.info.pop("survivors")
    after: list[Callable[[], object]] = session.info.pop("after_commit")
    return after


def _survive(session: Session) -> None:
    """Do what survives a rollback, in one transaction; on SQLite in the same turn, so before any other writer."""
    survivors: list[Work[object]] = session.info.pop("survivors")
    if not survivors:
        return
    try:
        session.info["connection"] = _begun(session)
        for work in survivors:
            work(session)
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _begun(session: Session) -> Connection:
    """Begin, on SQLite as a writer at once; PostgreSQL begins with the first statement."""
    if db.engine.dialect.name == "sqlite":
        return session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
    return session.connection()


def after_commit(call: Callable[[], object]) -> None:
    """Run `call` once the transaction under way is safe on disk; never if it rolls back."""
    db.session().info["after_commit"].append(call)


def survive(work: Work[object]) -> None:
    """Do `work` if the transaction under way rolls back: a failed try counts although its request undid the rest.

    On SQLite nobody else has written or judged in between. On PostgreSQL the locks are gone by then, and whoever waited
    for them may be quicker than this: what must not be overtaken is done by `for_good`.
    """
    db.session().info["survivors"].append(work)


def for_good(work: Work[T]) -> T:
    """Do a short `work` that stays although the use case under way may roll back, and that others see from now on.

    On PostgreSQL a use case borrows a second connection for it, and commits there before this returns; locks that are
    taken there are held no longer. So it waits for other short works alone, as long as what it touches (rows, names) is
    touched by `for_good` alone; a wait that breaks this rule ends in an error. It does not see what the use case has
    written. A worker has four threads, and 32 connections.
    On SQLite it is a part of the use case, done once more if that rolls back (`survive`): there is one writer.

    Args:
        work: raises nothing on purpose, and does the same if it is done again.
    """
    session = db.session()
    if not session.info.get("writing"):
        with transaction():
            return work(session)
    if not is_postgresql(session):
        survive(work)
        return work(session)
    with Session(db.engine) as own, own.begin():
        own.info["writing"] = True
        own.execute(sa.text(f"SET LOCAL lock_timeout = '{MOST_LOCKED_S}s'"))
        return work(own)


def connection_of(session: Session) -> Connection:
    """Return the connection of the session's transaction, with everything that the session holds back written."""
    session.flush()
    return session.info.get("connection") or session.connection()


def reading() -> Session:
    """Return the session for a read outside a use case."""
    return db.session()


def done_reading() -> None:
    """End the read transaction, so that nothing stays open and the next read is fresh."""
    session = db.session()
    if session.in_transaction() and not session.info.get("writing"):
        session.rollback()


def is_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def lock_name(session: Session, name: str) -> None:
    """Serialise everyone who locks the same name until commit. SQLite has one writer, so there it is given."""
    if is_postgresql(session):
        session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def constraint_of(error: sa.exc.IntegrityError) -> str:
    """Return the text that names the broken constraint: its name on PostgreSQL, its columns on SQLite."""
    diag = getattr(error.orig, "diag", None)
    return str(getattr(diag, "constraint_name", "") or error.orig)


@event.listens_for(Session, "do_orm_execute")
def _only_inside(state: ORMExecuteState) -> None:
    """Refuse a write outside `transaction()`: it would begin deferred and escape the queue."""
    if (state.is_insert or state.is_update or state.is_delete) and not state.session.info.get("writing"):
        raise RuntimeError("a write outside transaction()")


@event.listens_for(Session, "before_flush")
def _flush_inside(session: Session, _context: Any, _instances: Any) -> None:
    """Refuse a flush outside `transaction()`."""
    if not session.info.get("writing") and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a flush outside transaction()")
