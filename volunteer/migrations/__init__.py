"""Numbered migrations (`NNNN_verb_object.py`, where NNNN is the revision), one head; and the calls that run them.

Alembic is loaded by who migrates: a worker that serves only asks whether somebody has, and is 10 MB smaller.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent


def _config(url: str) -> "Config":
    """Return Alembic's configuration for the database at `url`."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision` (`base` for empty)."""
    from alembic import command  # noqa: PLC0415 - see above

    command.downgrade(_config(url), revision)


def head() -> str:
    """Return the newest revision that the code knows, as the files are numbered."""
    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def is_current(engine: Engine) -> bool:
    """Whether the database is at the code's head; one without migrations is not."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return False
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    return list(found) == [head()]


def engine_for(url: str) -> Engine:
    """Return an engine for migrating: no foreign keys on SQLite, since batch mode re-creates tables (stack.md G5)."""
    return create_engine(url)
