"""What is searched by day has an index by day; what a spot check was drawn from is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By block on PostgreSQL: these tables grow in order of time, and a scan pays nearly nothing for it.
    op.create_index("ix_scans_judged", "scans", ["judged_at"], postgresql_using="brin")
    op.create_index("ix_attendances_day", "attendances", ["site_day"], postgresql_using="brin")
    op.create_index("ix_hour_requests_decided", "hour_requests", ["decided_at"])
    op.add_column("spot_checks", sa.Column("drawn_from", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("spot_checks", "drawn_from")
    op.drop_index("ix_hour_requests_decided", table_name="hour_requests")
    op.drop_index("ix_attendances_day", table_name="attendances")
    op.drop_index("ix_scans_judged", table_name="scans")
