"""Decisions about several requests at once, by the id that their sender gave them."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "hour_decisions",
        sa.Column("id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("verdict", sa.String(length=6), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('accept', 'refuse')", name=op.f("ck_hour_decisions_verdict_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_hour_decisions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hour_decisions")),
    )


def downgrade() -> None:
    op.drop_table("hour_decisions")
