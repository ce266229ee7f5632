"""Spot checks: what was drawn by which seed, and what was found."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "spot_checks",
        sa.Column("id", UUID, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("drawn_by", UUID, nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", UUID, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conclusion", sa.String(length=1000), nullable=True),
        sa.CheckConstraint(
            "(published_at IS NULL) = (conclusion IS NULL)", name=op.f("ck_spot_checks_published_with_conclusion")
        ),
        sa.CheckConstraint("to_on >= from_on", name=op.f("ck_spot_checks_to_after_from")),
        sa.ForeignKeyConstraint(["drawn_by"], ["accounts.id"], name=op.f("fk_spot_checks_drawn_by_accounts")),
        sa.ForeignKeyConstraint(["published_by"], ["accounts.id"], name=op.f("fk_spot_checks_published_by_accounts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_spot_checks_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_checks")),
    )
    op.create_table(
        "spot_check_items",
        sa.Column("id", UUID, nullable=False),
        sa.Column("check_id", UUID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attendance_id", UUID, nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("checked_by", UUID, nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(answers IS NULL) = (checked_by IS NULL)", name=op.f("ck_spot_check_items_answered_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["attendance_id"], ["attendances.id"], name=op.f("fk_spot_check_items_attendance_id_attendances")
        ),
        sa.ForeignKeyConstraint(
            ["check_id"], ["spot_checks.id"], name=op.f("fk_spot_check_items_check_id_spot_checks")
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["accounts.id"], name=op.f("fk_spot_check_items_checked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_check_items")),
        sa.UniqueConstraint("check_id", "attendance_id", name=op.f("uq_spot_check_items_check_id_attendance_id")),
        sa.UniqueConstraint("check_id", "position", name=op.f("uq_spot_check_items_check_id_position")),
    )


def downgrade() -> None:
    for table in ("spot_check_items", "spot_checks"):
        op.drop_table(table)
