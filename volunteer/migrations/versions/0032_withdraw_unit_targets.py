"""A task can be taken back: a setting without a number, after which the unit has none.

Reorganising gives a unit a task where it had none, and taking that back has to leave it with none, not with one of 0.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TRIGGER = "unit_targets_append_only"


def upgrade() -> None:
    _let_target(is_optional=True)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE unit_targets DISABLE TRIGGER {TRIGGER}")
        op.execute("UPDATE unit_targets SET target = 0 WHERE target IS NULL")
        op.execute(f"ALTER TABLE unit_targets ENABLE TRIGGER {TRIGGER}")
    else:
        op.execute(f"DROP TRIGGER {TRIGGER}_update")
        op.execute("UPDATE unit_targets SET target = 0 WHERE target IS NULL")
    _let_target(is_optional=False)


def _let_target(*, is_optional: bool) -> None:
    """Let the number be left out, or not; what SQLite forgets with the table is set anew."""
    with op.batch_alter_table("unit_targets") as table:
        table.alter_column("target", existing_type=sa.Integer(), nullable=is_optional)
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TRIGGER}_{event.lower()} BEFORE {event} ON unit_targets"
                f" BEGIN SELECT RAISE(ABORT, '{TRIGGER}'); END"
            )
