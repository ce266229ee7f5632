"""Text messages by state: what is due, what came of it, and nothing kept of those that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = "channel = 'sms' AND state IN ('waiting', 'sending', 'unsure')"
STATES = "'waiting', 'sending', 'unsure', 'sent', 'failed', 'expired'"


def upgrade() -> None:
    with op.batch_alter_table("outbox_messages") as table:
        table.add_column(sa.Column("state", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("due_at", INSTANT, nullable=True))
        table.add_column(sa.Column("expires_at", INSTANT, nullable=True))
        table.add_column(sa.Column("result", sa.String(length=60), nullable=True))
        table.add_column(sa.Column("reference", sa.String(length=60), nullable=True))
        table.drop_constraint(op.f("ck_outbox_messages_sms_has_phone"), type_="check")
        table.drop_index("ix_outbox_messages_unsent")
    # No provider could be chosen before, so no text message has ever left: what lies there is past its time.
    op.execute("UPDATE outbox_messages SET state = CASE WHEN sent_at IS NULL THEN 'expired' ELSE 'sent' END")
    op.execute("UPDATE outbox_messages SET to_sealed = NULL, body_sealed = NULL")
    with op.batch_alter_table("outbox_messages") as table:
        table.alter_column("state", existing_type=sa.String(length=10), nullable=False)
        table.create_check_constraint(op.f("ck_outbox_messages_state_known"), f"state IN ({STATES})")
        table.create_check_constraint(
            op.f("ck_outbox_messages_open_sms_has_phone"),
            f"({OPEN}) = (to_sealed IS NOT NULL AND body_sealed IS NOT NULL)",
        )
        table.create_check_constraint(
            op.f("ck_outbox_messages_open_sms_is_looked_at"), f"({OPEN}) = (due_at IS NOT NULL)"
        )
        table.create_index("ix_outbox_messages_due", ["due_at"])


def downgrade() -> None:
    op.execute("DELETE FROM outbox_messages WHERE channel = 'sms'")
    with op.batch_alter_table("outbox_messages") as table:
        table.drop_index("ix_outbox_messages_due")
        for name in ("open_sms_is_looked_at", "open_sms_has_phone", "state_known"):
            table.drop_constraint(op.f(f"ck_outbox_messages_{name}"), type_="check")
        for column in ("reference", "result", "expires_at", "due_at", "state"):
            table.drop_column(column)
        table.create_check_constraint(
            op.f("ck_outbox_messages_sms_has_phone"),
            "(channel = 'sms') = (to_sealed IS NOT NULL AND body_sealed IS NOT NULL)",
        )
        table.create_index("ix_outbox_messages_unsent", ["sent_at", "created_at"])
