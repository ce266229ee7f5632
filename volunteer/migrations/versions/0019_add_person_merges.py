"""Records that were merged into others, and an index to find people who were born on one day."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "person_merges",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("into_id", UUID, nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("person_id <> into_id", name=op.f("ck_person_merges_two_records")),
        sa.ForeignKeyConstraint(["into_id"], ["persons.id"], name=op.f("fk_person_merges_into_id_persons")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_merges_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_merges")),
    )
    op.create_index(op.f("ix_person_merges_into_id"), "person_merges", ["into_id"])
    op.create_index(op.f("ix_persons_birth_date"), "persons", ["birth_date"])


def downgrade() -> None:
    op.drop_index(op.f("ix_persons_birth_date"), "persons")
    op.drop_table("person_merges")
