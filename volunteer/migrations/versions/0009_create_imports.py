"""Imports with their sealed files, and the invitations that they make."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imports",
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
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("valid", sa.Integer(), nullable=False),
        sa.Column("invalid", sa.Integer(), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("ignored", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.CheckConstraint("kind IN ('units', 'volunteers')", name=op.f("ck_imports_kind_known")),
        sa.CheckConstraint(
            "state IN ('checking', 'checked', 'unreadable', 'committing', 'committed', 'expired')",
            name=op.f("ck_imports_state_known"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_imports_unit_id_units")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_imports_asked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_asked_by"), "imports", ["asked_by"])
    op.create_index(op.f("ix_imports_erase_after"), "imports", ["erase_after"])
    op.create_table(
        "import_parts",
        sa.Column("id", UUID, nullable=False),
        sa.Column("import_id", UUID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_parts_import_id_imports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_parts")),
        sa.UniqueConstraint("import_id", "position", name=op.f("uq_import_parts_import_id_position")),
    )
    op.create_table(
        "invitations",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("import_id", UUID, nullable=True),
        sa.Column("invited_by", UUID, nullable=True),
        sa.Column("invited_at", INSTANT, nullable=False),
        sa.Column("counts_on", sa.Date(), nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("refused_at", INSTANT, nullable=True),
        sa.CheckConstraint("claimed_at IS NULL OR refused_at IS NULL", name=op.f("ck_invitations_one_end")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_invitations_person_id_persons")),
        sa.ForeignKeyConstraint(["invited_by"], ["accounts.id"], name=op.f("fk_invitations_invited_by_accounts")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_import_id"), "invitations", ["import_id"])
    op.create_index(op.f("ix_invitations_counts_on"), "invitations", ["counts_on"])


def downgrade() -> None:
    for table in ("invitations", "import_parts", "imports"):
        op.drop_table(table)
