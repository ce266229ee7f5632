"""A credit code belongs to one open unit; the ones that two have already are marked, shown, and left to be mended."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

OPEN_AND_ALONE = sa.text("closed_on IS NULL AND is_uscc_shared IS NULL")
#: Which of the two is wrong, only their licences tell: nothing is taken away, and nothing new may join them.
SHARED = """
UPDATE units SET is_uscc_shared = {true} WHERE closed_on IS NULL AND uscc IN (
  SELECT uscc FROM units WHERE closed_on IS NULL AND uscc IS NOT NULL GROUP BY uscc HAVING count(*) > 1
)
"""


def upgrade() -> None:
    op.add_column("units", sa.Column("is_uscc_shared", sa.Boolean(), nullable=True))
    op.execute(SHARED.format(true="true" if op.get_bind().dialect.name == "postgresql" else "1"))
    op.create_index(
        "uq_units_uscc_open",
        "units",
        ["uscc"],
        unique=True,
        sqlite_where=OPEN_AND_ALONE,
        postgresql_where=OPEN_AND_ALONE,
    )


def downgrade() -> None:
    op.drop_index("uq_units_uscc_open", table_name="units")
    with op.batch_alter_table("units") as table:
        table.drop_column("is_uscc_shared")
