"""On whose list somebody was invited, and who reminded them when."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
#: What is known of older invitations: the unit in which the person counts, or counted last.
UNITS = """
UPDATE invitations SET unit_id = (
  SELECT unit_id FROM memberships
  WHERE memberships.person_id = invitations.person_id AND memberships.kind = 'counts'
  ORDER BY from_on DESC LIMIT 1
)
"""


def upgrade() -> None:
    with op.batch_alter_table("invitations") as table:
        table.add_column(sa.Column("unit_id", UUID, nullable=True))
        table.add_column(sa.Column("reminded_at", INSTANT, nullable=True))
        table.add_column(sa.Column("reminded_by", UUID, nullable=True))
        table.create_index(op.f("ix_invitations_unit_id"), ["unit_id"])
        table.create_foreign_key(op.f("fk_invitations_reminded_by_accounts"), "accounts", ["reminded_by"], ["id"])
        table.create_foreign_key(op.f("fk_invitations_unit_id_units"), "units", ["unit_id"], ["id"])
    op.execute(UNITS)


def downgrade() -> None:
    with op.batch_alter_table("invitations") as table:
        table.drop_constraint(op.f("fk_invitations_unit_id_units"), type_="foreignkey")
        table.drop_constraint(op.f("fk_invitations_reminded_by_accounts"), type_="foreignkey")
        table.drop_index(op.f("ix_invitations_unit_id"))
        for column in ("reminded_by", "reminded_at", "unit_id"):
            table.drop_column(column)
