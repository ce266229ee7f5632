"""Headcounts, kinds and areas of units and populations of areas by day; those known now are kept as the first."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
TABLES = ("unit_versions", "area_populations")


def upgrade() -> None:
    op.create_table(
        "unit_versions",
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.CheckConstraint("headcount >= 0", name=op.f("ck_unit_versions_headcount_not_negative")),
        sa.CheckConstraint(
            "kind IN ('government', 'public_institution', 'enterprise', 'school', 'community', 'social_organization',"
            " 'other')",
            name=op.f("ck_unit_versions_kind_known"),
        ),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_unit_versions_area_id_areas")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_unit_versions_set_by_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_versions_unit_id_units")),
        sa.PrimaryKeyConstraint("unit_id", "version", name=op.f("pk_unit_versions")),
    )
    op.create_table(
        "area_populations",
        sa.Column("area_id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("resident_population", sa.Integer(), nullable=True),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.CheckConstraint("resident_population >= 0", name=op.f("ck_area_populations_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_area_populations_area_id_areas")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_area_populations_set_by_accounts")),
        sa.PrimaryKeyConstraint("area_id", "version", name=op.f("pk_area_populations")),
    )
    op.execute(
        "INSERT INTO unit_versions (unit_id, version, name, kind, area_id, headcount, set_at, set_on)"
        " SELECT id, 1, name, kind, area_id, headcount, created_at, created_on FROM units"
    )
    op.execute(
        "INSERT INTO area_populations (area_id, version, resident_population, set_at, set_on)"
        " SELECT id, 1, resident_population, created_at, date(created_at) FROM areas"
        " WHERE resident_population IS NOT NULL"
    )
    for table in TABLES:
        make_append_only(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        drop_append_only(table)
        op.drop_table(table)
