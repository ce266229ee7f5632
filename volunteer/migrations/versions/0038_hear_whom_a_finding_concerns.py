"""Those whom a finding concerns are asked and answer; what a finding of a month counted is known."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "finding_statements",
        sa.Column("id", UUID, nullable=False),
        sa.Column("finding_id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=True),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_finding_statements_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["findings.id"], name=op.f("fk_finding_statements_finding_id_findings")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_finding_statements_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_statements")),
    )
    with op.batch_alter_table("finding_statements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_statements_finding_id"), ["finding_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_statements_person_id"), ["person_id"], unique=False)
    op.add_column("findings", sa.Column("amount", sa.Integer(), nullable=True))
    op.add_column("findings", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("findings", "asked_at")
    op.drop_column("findings", "amount")
    op.drop_table("finding_statements")
