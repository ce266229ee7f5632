"""Migrations: one head, up and down on both databases, equal to the models, append-only tables guarded."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests import postgres
from volunteer import migrations
from volunteer.app import ROOMS
from volunteer.database import metadata

VERSIONS = Path(migrations.__file__).parent / "versions"
APPEND_ONLY = (
    "audit_entries",
    "ledger_lines",
    "ledger_heads",
    "ledger_head_chains",
    "hour_request_parties",
    "scans",
    "scan_voids",
    "site_versions",
    "unit_versions",
    "area_populations",
    "notices",
    "exports",
    "retention_settings",
    "activity_proposal_steps",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.create_database(postgres.unique_name())


def test_migrations_are_numbered_in_one_line() -> None:
    names = sorted(path.name for path in VERSIONS.glob("*.py"))
    assert all(re.fullmatch(r"\d{4}_[a-z]+(_[a-z]+)+\.py", name) for name in names), names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert ScriptDirectory(str(VERSIONS.parent)).get_heads() == [migrations.head()]


def test_the_database_equals_the_models(empty_url: str) -> None:
    assert ROOMS
    migrations.upgrade(empty_url)
    engine = sa.create_engine(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_down_leaves_nothing_and_up_works_again(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    migrations.downgrade(empty_url, "base")
    engine = sa.create_engine(empty_url)
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(empty_url)
    with engine.connect() as connection:
        assert migrations.is_current(engine)
        for table in APPEND_ONLY:
            assert triggers_of(connection, table), table
    engine.dispose()


def triggers_of(connection: sa.Connection, table: str) -> list[str]:
    """Return the names of a table's triggers."""
    if connection.dialect.name == "sqlite":
        query = sa.text(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t AND name LIKE '%append_only%'"
        )
    else:
        query = sa.text("SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal")
    return [row[0] for row in connection.execute(query, {"t": table})]
