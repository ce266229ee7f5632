"""Requests to see a minor in full, and what a second person decided."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "unmask_requests",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("asked_by", UUID, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_reason", sa.String(length=200), nullable=True),
        sa.Column("open_until", INSTANT, nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.CheckConstraint("state IN ('asked', 'approved', 'refused')", name=op.f("ck_unmask_requests_state_known")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_unmask_requests_second_person")),
        sa.CheckConstraint(
            "(state = 'asked') = (decided_by IS NULL)", name=op.f("ck_unmask_requests_decided_is_whole")
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (open_until IS NOT NULL)", name=op.f("ck_unmask_requests_approved_is_open")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_unmask_requests_person_id_persons")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_unmask_requests_asked_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_unmask_requests_decided_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unmask_requests")),
    )
    for column in ("person_id", "asked_at", "state"):
        op.create_index(op.f(f"ix_unmask_requests_{column}"), "unmask_requests", [column])


def downgrade() -> None:
    op.drop_table("unmask_requests")
