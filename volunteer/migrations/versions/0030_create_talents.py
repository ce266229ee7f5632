"""The talent pool: who is in it, their papers, when they have time."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "qualifications",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issuer", sa.String(length=100), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", UUID, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", UUID, nullable=True),
        sa.Column("told_expiring_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind <> 'other' OR name IS NOT NULL", name=op.f("ck_qualifications_other_is_named")),
        sa.CheckConstraint(
            "kind IN ('first_aid', 'medical', 'counselling', 'legal', 'teacher', 'social_work', 'translation',"
            " 'sign_language', 'lifeguard', 'fire_safety', 'electrician', 'driver', 'other')",
            name=op.f("ck_qualifications_kind_known"),
        ),
        sa.CheckConstraint(
            "(checked_at IS NULL) = (checked_by IS NULL)", name=op.f("ck_qualifications_checked_by_somebody")
        ),
        sa.ForeignKeyConstraint(["added_by"], ["accounts.id"], name=op.f("fk_qualifications_added_by_accounts")),
        sa.ForeignKeyConstraint(["checked_by"], ["accounts.id"], name=op.f("fk_qualifications_checked_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_qualifications_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualifications")),
    )
    op.create_index(op.f("ix_qualifications_expires_on"), "qualifications", ["expires_on"])
    op.create_index(op.f("ix_qualifications_person_id"), "qualifications", ["person_id"])

    op.create_table(
        "talent_times",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.CheckConstraint("part IN ('morning', 'afternoon', 'evening')", name=op.f("ck_talent_times_part_known")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_talent_times_weekday_known")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_talent_times_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", "weekday", "part", name=op.f("pk_talent_times")),
    )
    op.create_table(
        "talents",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", UUID, nullable=False),
        sa.Column("by_guardian", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["joined_by"], ["accounts.id"], name=op.f("fk_talents_joined_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_talents_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_talents")),
    )


def downgrade() -> None:
    op.drop_table("talents")
    op.drop_table("talent_times")
    op.drop_table("qualifications")
