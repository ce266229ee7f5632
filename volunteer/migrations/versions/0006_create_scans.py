"""create_scans."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "scan_keys",
        sa.Column("client_id", UUID, nullable=False),
        sa.Column("sender", sa.String(length=60), nullable=False),
        sa.Column("scan_id", UUID, nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_scan_keys")),
    )
    op.create_table(
        "attendances",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("shift_id", UUID, nullable=False),
        sa.Column("site_day", sa.Date(), nullable=False),
        sa.Column("pairs", sa.JSON(), nullable=False),
        sa.Column("pair_count", sa.Integer(), nullable=False),
        sa.Column("has_open_pair", sa.Boolean(), nullable=False),
        sa.Column("first_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("walk_in", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(length=6), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("told_unclosed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("evidence IN ('strong', 'weak')", name=op.f("ck_attendances_evidence_known")),
        sa.CheckConstraint("minutes >= 0 AND pair_count >= 0", name=op.f("ck_attendances_not_negative")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_attendances_person_id_persons")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_attendances_shift_id_shifts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint("person_id", "shift_id", name=op.f("uq_attendances_person_id_shift_id")),
    )
    with op.batch_alter_table("attendances", schema=None) as batch_op:
        batch_op.create_index("ix_attendances_open", ["has_open_pair", "closes_at"], unique=False)
        batch_op.create_index("ix_attendances_shift", ["shift_id", "first_in_at"], unique=False)

    op.create_table(
        "scans",
        sa.Column("id", UUID, nullable=False),
        sa.Column("client_id", UUID, nullable=True),
        sa.Column("person_id", UUID, nullable=True),
        sa.Column("shift_id", UUID, nullable=True),
        sa.Column("named_shift_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("mode", sa.String(length=9), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_form", sa.String(length=10), nullable=False),
        sa.Column("code_version", sa.SmallInteger(), nullable=True),
        sa.Column("code_step", sa.BigInteger(), nullable=True),
        sa.Column("code_digest", sa.LargeBinary(), nullable=True),
        sa.Column("refusals", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("geo_optional", sa.Boolean(), nullable=False),
        sa.Column("walk_in", sa.Boolean(), nullable=False),
        sa.Column("places", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("account_id", UUID, nullable=True),
        sa.Column("device_id", UUID, nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("distance_m", sa.Integer(), nullable=True),
        sa.Column("accuracy", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("accuracy IN ('fine', 'fair', 'coarse', 'unknown')", name=op.f("ck_scans_accuracy_known")),
        sa.CheckConstraint(
            "channel IN ('wechat', 'browser', 'device', 'keeper', 'import')", name=op.f("ck_scans_channel_known")
        ),
        sa.CheckConstraint(
            "code_form IN ('personal', 'card', 'station', 'ticket', 'none', 'unreadable')",
            name=op.f("ck_scans_code_form_known"),
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_scans_direction_known")),
        sa.CheckConstraint("mode IN ('live', 'batch', 'roll_call', 'self')", name=op.f("ck_scans_mode_known")),
        sa.CheckConstraint("account_id IS NOT NULL OR device_id IS NOT NULL", name=op.f("ck_scans_has_operator")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_scans_account_id_accounts")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_scans_device_id_devices")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_scans_person_id_persons")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_scans_shift_id_shifts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_scans_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
    )
    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.create_index("ix_scans_person_judged", ["person_id", "judged_at"], unique=False)
        batch_op.create_index("ix_scans_shift", ["shift_id"], unique=False)

    op.create_table(
        "scan_places",
        sa.Column("scan_id", UUID, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("address", sa.String(length=60), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_places_scan_id_scans")),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_scan_places")),
    )
    with op.batch_alter_table("scan_places", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scan_places_received_at"), ["received_at"], unique=False)

    op.create_table(
        "scan_voids",
        sa.Column("scan_id", UUID, nullable=False),
        sa.Column("voided_by", UUID, nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_scan_voids_scan_id_scans")),
        sa.ForeignKeyConstraint(["voided_by"], ["accounts.id"], name=op.f("fk_scan_voids_voided_by_accounts")),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_scan_voids")),
    )
    op.create_table(
        "unmatched_scans",
        sa.Column("scan_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("shift_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_unmatched_scans_person_id_persons")),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.id"], name=op.f("fk_unmatched_scans_scan_id_scans")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_unmatched_scans_shift_id_shifts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_unmatched_scans_station_id_stations")),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_unmatched_scans")),
    )
    with op.batch_alter_table("unmatched_scans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unmatched_scans_person_id"), ["person_id"], unique=False)
    for table in ("scans", "scan_voids"):
        make_append_only(table)


def downgrade() -> None:
    for table in ("scans", "scan_voids"):
        drop_append_only(table)
    with op.batch_alter_table("unmatched_scans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unmatched_scans_person_id"))

    op.drop_table("unmatched_scans")
    op.drop_table("scan_voids")
    with op.batch_alter_table("scan_places", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scan_places_received_at"))

    op.drop_table("scan_places")
    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.drop_index("ix_scans_shift")
        batch_op.drop_index("ix_scans_person_judged")

    op.drop_table("scans")
    with op.batch_alter_table("attendances", schema=None) as batch_op:
        batch_op.drop_index("ix_attendances_shift")
        batch_op.drop_index("ix_attendances_open")

    op.drop_table("attendances")
    op.drop_table("scan_keys")
