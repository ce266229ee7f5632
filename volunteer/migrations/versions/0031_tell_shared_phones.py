"""A keyed digest of the browser beside a volunteer's own scan, so that a phone that serves many is told at once."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

HAS_PHONE = sa.text("phone IS NOT NULL")


def upgrade() -> None:
    op.add_column("scan_places", sa.Column("phone", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_scan_places_phone",
        "scan_places",
        ["phone", "received_at"],
        sqlite_where=HAS_PHONE,
        postgresql_where=HAS_PHONE,
    )


def downgrade() -> None:
    op.drop_index("ix_scan_places_phone", table_name="scan_places")
    op.drop_column("scan_places", "phone")
