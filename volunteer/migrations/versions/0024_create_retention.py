"""How long what is kept, as administrators set it, and what each run removed."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "retention_settings",
        sa.Column("id", UUID, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_by", UUID, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days >= 0", name=op.f("ck_retention_settings_days_are_days")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_retention_settings_set_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_settings")),
    )
    op.create_index(op.f("ix_retention_settings_key"), "retention_settings", ["key"])
    make_append_only("retention_settings")
    op.create_table(
        "retention_runs",
        sa.Column("id", UUID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
    )
    op.create_index("ix_retention_runs_key_at", "retention_runs", ["key", "at"])


def downgrade() -> None:
    op.drop_table("retention_runs")
    drop_append_only("retention_settings")
    op.drop_table("retention_settings")
