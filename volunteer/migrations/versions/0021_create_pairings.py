"""Who answers for which area: leaders, zones, pairings by day."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "officials",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("office", sa.String(length=100), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officials")),
    )
    op.create_table(
        "zones",
        sa.Column("id", UUID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zones")),
        sa.UniqueConstraint("code", name=op.f("uq_zones_code")),
    )
    op.create_table(
        "zone_areas",
        sa.Column("id", UUID, nullable=False),
        sa.Column("zone_id", UUID, nullable=False),
        sa.Column("area_id", UUID, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_zone_areas_until_after_from")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_zone_areas_area_id_areas")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_zone_areas_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_areas")),
    )
    with op.batch_alter_table("zone_areas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_zone_areas_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_zone_areas_zone_id"), ["zone_id"], unique=False)

    op.create_table(
        "pairings",
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("zone_id", UUID, nullable=True),
        sa.Column("official_id", UUID, nullable=True),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", UUID, nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "kind IN ('paired', 'grid_duty', 'zone_link', 'zone_charge', 'village_help')",
            name=op.f("ck_pairings_kind_known"),
        ),
        sa.CheckConstraint("(area_id IS NULL) <> (zone_id IS NULL)", name=op.f("ck_pairings_one_target")),
        sa.CheckConstraint("(official_id IS NULL) <> (unit_id IS NULL)", name=op.f("ck_pairings_one_party")),
        sa.CheckConstraint("(until_on IS NULL) = (ended_at IS NULL)", name=op.f("ck_pairings_ended_when")),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_pairings_until_after_from")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_pairings_area_id_areas")),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_pairings_ended_by_accounts")),
        sa.ForeignKeyConstraint(["official_id"], ["officials.id"], name=op.f("fk_pairings_official_id_officials")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_pairings_set_by_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_pairings_unit_id_units")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_pairings_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairings")),
    )
    with op.batch_alter_table("pairings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pairings_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pairings_official_id"), ["official_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pairings_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pairings_zone_id"), ["zone_id"], unique=False)


def downgrade() -> None:
    for table in ("pairings", "zone_areas", "zones", "officials"):
        op.drop_table(table)
