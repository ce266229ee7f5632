"""What units propose to stations, and every step of it."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
KNOWN = "state IN ('writing', 'proposed', 'sent-back', 'taken-over', 'dropped')"


def upgrade() -> None:
    op.create_table(
        "activity_proposals",
        sa.Column("activity_id", UUID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KNOWN, name=op.f("ck_activity_proposals_state_known")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_activity_proposals_activity_id_activities")
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activity_proposals")),
    )
    with op.batch_alter_table("activity_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_proposals_state"), ["state"], unique=False)
    op.create_table(
        "activity_proposal_steps",
        sa.Column("id", UUID, nullable=False),
        sa.Column("activity_id", UUID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("station_id", UUID, nullable=False),
        sa.Column("taken_by", UUID, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(state = 'sent-back') = (reason IS NOT NULL)",
            name=op.f("ck_activity_proposal_steps_sent_back_says_why"),
        ),
        sa.CheckConstraint(KNOWN, name=op.f("ck_activity_proposal_steps_state_known")),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity_proposals.activity_id"],
            name=op.f("fk_activity_proposal_steps_activity_id_activity_proposals"),
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["accounts.id"], name=op.f("fk_activity_proposal_steps_taken_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_activity_proposal_steps_station_id_stations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_proposal_steps")),
    )
    with op.batch_alter_table("activity_proposal_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activity_proposal_steps_activity_id"), ["activity_id"], unique=False)
    make_append_only("activity_proposal_steps")


def downgrade() -> None:
    drop_append_only("activity_proposal_steps")
    op.drop_table("activity_proposal_steps")
    op.drop_table("activity_proposals")
