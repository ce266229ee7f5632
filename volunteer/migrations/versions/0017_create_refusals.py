"""Refusals of invitations, without a name; and denials of registrations."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", UUID, nullable=False),
        sa.Column("identity_index", sa.LargeBinary(), nullable=False),
        sa.Column("digest_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sa.UniqueConstraint("identity_index", name=op.f("uq_refusals_identity_index")),
    )
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refusals_keep_until"), ["keep_until"], unique=False)

    op.create_table(
        "denials",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("denied_at", INSTANT, nullable=False),
        sa.Column("by_phone", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("registered_by", UUID, nullable=True),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "channel IN ('wechat', 'browser', 'device', 'keeper', 'import')", name=op.f("ck_denials_channel_known")
        ),
        sa.CheckConstraint("state IN ('open', 'erased', 'kept', 'withdrawn')", name=op.f("ck_denials_state_known")),
        sa.CheckConstraint("decided_by <> registered_by", name=op.f("ck_denials_not_ones_own_deed")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_denials_decided_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_denials_person_id_persons")),
        sa.ForeignKeyConstraint(["registered_by"], ["accounts.id"], name=op.f("fk_denials_registered_by_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_denials_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denials")),
    )
    with op.batch_alter_table("denials", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_denials_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_denials_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("denials", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_denials_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'")
        )
        batch_op.drop_index(batch_op.f("ix_denials_person_id"))

    op.drop_table("denials")
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refusals_keep_until"))

    op.drop_table("refusals")
