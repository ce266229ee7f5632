"""The fixed codes that hang on paper at stations."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
GOOD = sa.text("revoked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "paper_sheets",
        sa.Column("id", UUID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("station_id", UUID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("word_serial", sa.Integer(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_because", sa.String(length=500), nullable=True),
        sa.CheckConstraint("number BETWEEN 10000 AND 99999", name=op.f("ck_paper_sheets_five_digits")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_because IS NULL)", name=op.f("ck_paper_sheets_revoked_with_reason")
        ),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_paper_sheets_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_sheets")),
        sa.UniqueConstraint("number", name=op.f("uq_paper_sheets_number")),
        sa.UniqueConstraint("station_id", "version", name=op.f("uq_paper_sheets_station_id_version")),
    )
    op.create_index(
        "uq_paper_sheets_good",
        "paper_sheets",
        ["station_id"],
        unique=True,
        postgresql_where=GOOD,
        sqlite_where=GOOD,
    )


def downgrade() -> None:
    op.drop_table("paper_sheets")
