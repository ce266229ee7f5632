"""Numbered migrations (`NNNN_verb_object.py`), one head; and the calls that run them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine


def _config(url: str) -> Config:
    """Return Alembic's configuration for the database at `url`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision` (`base` for empty)."""
    command.downgrade(_config(url), revision)


def heads() -> tuple[str, ...]:
    """Return the newest revisions that the code knows; there is one."""
    return tuple(ScriptDirectory(str(Path(__file__).parent)).get_heads())


def is_current(engine: Engine) -> bool:
    """Whether the database is at the code's head."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads() == heads()


def engine_for(url: str) -> Engine:
    """Return an engine for migrating: no foreign keys on SQLite, since batch mode re-creates tables (stack.md G5)."""
    return create_engine(url)
