"""What the site says of itself, a row for each time that it was saved."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "site_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=50), nullable=True),
        sa.Column("issuer", sa.String(length=100), nullable=True),
        sa.Column("organizer", sa.String(length=100), nullable=True),
        sa.Column("helpline", sa.String(length=30), nullable=True),
        sa.Column("helpline_hours", sa.String(length=100), nullable=True),
        sa.Column("filing_number", sa.String(length=60), nullable=True),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_site_versions_set_by_accounts")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_site_versions")),
    )
    make_append_only("site_versions")


def downgrade() -> None:
    drop_append_only("site_versions")
    op.drop_table("site_versions")
