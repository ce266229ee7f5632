"""The log of what left as a sheet, who was in it, and an index for reading the audit log by day."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", UUID, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("query", sa.String(length=300), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("format IN ('xlsx', 'csv', 'json', 'html')", name=op.f("ck_exports_format_known")),
        sa.CheckConstraint("(fields IS NULL) = (reason IS NULL)", name=op.f("ck_exports_unmasked_has_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("number", name=op.f("uq_exports_number")),
    )
    op.create_index(op.f("ix_exports_actor"), "exports", ["actor"])
    op.create_index(op.f("ix_exports_at"), "exports", ["at"])
    make_append_only("exports")
    op.create_table(
        "exported_persons",
        sa.Column("export_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name=op.f("fk_exported_persons_export_id_exports")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_exported_persons_person_id_persons")),
        sa.PrimaryKeyConstraint("export_id", "person_id", name=op.f("pk_exported_persons")),
    )
    op.create_index("ix_exported_persons_person_id", "exported_persons", ["person_id"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_at", "audit_entries")
    op.drop_table("exported_persons")
    drop_append_only("exports")
    op.drop_table("exports")
