"""Jobs for the worker; what a commit in the background has to know."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("subject_id", UUID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=120), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("beat_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_jobs_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_subject_id", "jobs", ["subject_id"])
    op.create_index("ix_jobs_state", "jobs", ["state", "id"])
    op.add_column("imports", sa.Column("is_partial", sa.Boolean(), nullable=True))
    op.add_column("imports", sa.Column("reference_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("imports", sa.Column("committed_by", UUID, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("imports") as table:
        for column in ("committed_by", "reference_sealed", "is_partial"):
            table.drop_column(column)
    op.drop_table("jobs")
