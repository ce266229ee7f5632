"""Stations and past hours may be imported; where external minutes come from."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
KIND = "ck_imports_kind_known"
BEFORE, AFTER = "kind IN ('units', 'volunteers')", "kind IN ('units', 'volunteers', 'stations', 'hours')"


def _imports(kind: str) -> sa.Table:
    """Return the table as it stands, since SQLite does not tell batch mode of its CHECKs."""
    return sa.Table(
        "imports",
        sa.MetaData(),
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("filename_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("asked_by", UUID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("checked_at", INSTANT, nullable=True),
        sa.Column("committed_at", INSTANT, nullable=True),
        sa.Column("erase_after", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("rows", "valid", "invalid", "fault_count")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("faults", "ignored", "plan")),
        sa.Column("is_partial", sa.Boolean(), nullable=True),
        sa.Column("reference_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("committed_by", UUID, nullable=True),
        sa.CheckConstraint(kind, name=op.f(KIND)),
        sa.CheckConstraint(
            "state IN ('checking', 'checked', 'unreadable', 'committing', 'committed', 'expired')",
            name=op.f("ck_imports_state_known"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_imports_unit_id_units")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_imports_asked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.Index(op.f("ix_imports_asked_by"), "asked_by"),
        sa.Index(op.f("ix_imports_erase_after"), "erase_after"),
    )


def _change(before: str, after: str) -> None:
    """Let a file list what `after` says."""
    with op.batch_alter_table("imports", copy_from=_imports(before)) as batch_op:
        batch_op.drop_constraint(op.f(KIND), type_="check")
        batch_op.create_check_constraint(op.f(KIND), after)


def upgrade() -> None:
    _change(BEFORE, AFTER)
    op.create_table(
        "external_records",
        sa.Column("line_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("site_day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("import_id", UUID, nullable=True),
        sa.Column("added_by", UUID, nullable=True),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_external_records_minutes_positive")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["ledger_lines.id"], name=op.f("fk_external_records_line_id_ledger_lines")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_external_records_person_id_persons")),
        sa.ForeignKeyConstraint(["added_by"], ["accounts.id"], name=op.f("fk_external_records_added_by_accounts")),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pk_external_records")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_external_records_person_id_key")),
    )


def downgrade() -> None:
    op.drop_table("external_records")
    op.execute(
        "DELETE FROM import_parts WHERE import_id IN (SELECT id FROM imports WHERE kind IN ('stations', 'hours'))"
    )
    op.execute("DELETE FROM imports WHERE kind IN ('stations', 'hours')")
    _change(AFTER, BEFORE)
