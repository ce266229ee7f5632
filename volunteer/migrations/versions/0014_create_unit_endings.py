"""How units ended, and what went where by it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
IN_FORCE = sa.text("undone_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "unit_endings",
        sa.Column("id", UUID, nullable=False),
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("into_id", UUID, nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("done_by", UUID, nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_by", UUID, nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("into_id <> unit_id", name=op.f("ck_unit_endings_not_into_itself")),
        sa.ForeignKeyConstraint(["done_by"], ["accounts.id"], name=op.f("fk_unit_endings_done_by_accounts")),
        sa.ForeignKeyConstraint(["into_id"], ["units.id"], name=op.f("fk_unit_endings_into_id_units")),
        sa.ForeignKeyConstraint(["undone_by"], ["accounts.id"], name=op.f("fk_unit_endings_undone_by_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_endings_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_endings")),
    )
    with op.batch_alter_table("unit_endings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_endings_into_id"), ["into_id"], unique=False)
        batch_op.create_index("ix_unit_endings_unit_id", ["unit_id", "done_at"], unique=False)
        batch_op.create_index(
            "uq_unit_endings_in_force",
            ["unit_id"],
            unique=True,
            sqlite_where=IN_FORCE,
            postgresql_where=IN_FORCE,
        )


def downgrade() -> None:
    op.drop_table("unit_endings")
