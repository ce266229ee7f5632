"""Alembic's entry: one connection, batch mode for SQLite, foreign keys checked after (stack.md G5)."""

import sqlalchemy as sa
from alembic import context

from volunteer.database import metadata
from volunteer.migrations import engine_for


def run() -> None:
    """Run the migrations asked for."""
    engine = engine_for(context.config.attributes["url"])
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if is_sqlite and connection.execute(sa.text("PRAGMA foreign_key_check")).fetchall():
            raise RuntimeError("a migration left rows that point nowhere")
    engine.dispose()


run()
