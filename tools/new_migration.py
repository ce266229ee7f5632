"""Draft a numbered migration from the difference between the models and the migrations: `NUMBER slug [table …]`.

Prints it; with table names, only these. A draft is read and completed by hand (triggers, data), and tested up, down and
against the models on both databases.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from volunteer import migrations
from volunteer.app import ROOMS
from volunteer.database import UtcInstant, Uuid, metadata

HEAD = '''"""{slug}."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


def draft(number: str, slug: str, tables: list[str]) -> str:
    """Return the source of the migration from the newest revision that can be reached to the models."""
    assert ROOMS  # noqa: S101 - importing the app has loaded every model

    def render(kind: str, value: Any, _context: Any) -> Any:
        if kind == "type" and isinstance(value, UtcInstant):
            return "sa.DateTime(timezone=True)"
        return "UUID" if kind == "type" and isinstance(value, Uuid) else False

    def wanted(thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
        return not tables or table in tables

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        migrations.upgrade(url)
        with create_engine(url).connect() as connection:
            options = {"render_as_batch": True, "render_item": render, "include_object": wanted}
            context = MigrationContext.configure(connection, opts=options | {"target_metadata": metadata})
            made = produce_migrations(context, metadata)
    up, down = (
        render_python_code(ops, render_as_batch=True, render_item=render) if ops else ""
        for ops in (made.upgrade_ops, made.downgrade_ops)
    )
    before = f"{int(number) - 1:04d}"
    return HEAD.format(
        slug=slug, number=number, before=before, upgrade=up.strip() or "pass", downgrade=down.strip() or "pass"
    )


if __name__ == "__main__":
    sys.stdout.write(draft(sys.argv[1], sys.argv[2], sys.argv[3:]))
