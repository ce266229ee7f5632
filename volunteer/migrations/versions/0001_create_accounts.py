"""Accounts, tokens, phone codes, grants; the outbox, the audit log, idempotency keys, limits."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_accounts_phone_index")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", UUID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=30), nullable=False),
        sa.Column("subject_id", UUID, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_subject", ["subject_kind", "subject_id", "at"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "limit_hits",
        sa.Column("id", UUID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_hits")),
    )
    with op.batch_alter_table("limit_hits", schema=None) as batch_op:
        batch_op.create_index("ix_limit_hits_key_at", ["key", "at"], unique=False)

    op.create_table(
        "outbox_messages",
        sa.Column("id", UUID, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("person_id", UUID, nullable=True),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.String(length=1000), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(channel = 'app') = (person_id IS NOT NULL AND body IS NOT NULL)",
            name=op.f("ck_outbox_messages_app_has_person"),
        ),
        sa.CheckConstraint(
            "(channel = 'sms') = (to_sealed IS NOT NULL AND body_sealed IS NOT NULL)",
            name=op.f("ck_outbox_messages_sms_has_phone"),
        ),
        sa.CheckConstraint("channel IN ('app', 'sms')", name=op.f("ck_outbox_messages_channel_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
    )
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_messages_person", ["person_id", "created_at"], unique=False)
        batch_op.create_index("ix_outbox_messages_unsent", ["sent_at", "created_at"], unique=False)

    op.create_table(
        "phone_codes",
        sa.Column("id", UUID, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('register', 'login', 'reset', 'guardian')", name=op.f("ck_phone_codes_purpose_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_codes")),
    )
    with op.batch_alter_table("phone_codes", schema=None) as batch_op:
        batch_op.create_index("ix_phone_codes_phone", ["phone_index", "purpose", "created_at"], unique=False)

    op.create_table(
        "grants",
        sa.Column("id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("shift_id", UUID, nullable=True),
        sa.Column("granted_by", UUID, nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", UUID, nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('admin', 'unit_liaison', 'station_keeper', 'shift_leader', 'auditor')",
            name=op.f("ck_grants_role_known"),
        ),
        sa.CheckConstraint(
            "(CASE WHEN unit_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN station_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN area_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN shift_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name=op.f("ck_grants_one_scope"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_grants_account_id_accounts")),
        sa.ForeignKeyConstraint(["granted_by"], ["accounts.id"], name=op.f("fk_grants_granted_by_accounts")),
        sa.ForeignKeyConstraint(["revoked_by"], ["accounts.id"], name=op.f("fk_grants_revoked_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_account_id"), ["account_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('bearer', 'session')", name=op.f("ck_tokens_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id_accounts")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tokens_expires_at"), ["expires_at"], unique=False)

    make_append_only("audit_entries")


def downgrade() -> None:
    drop_append_only("audit_entries")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_expires_at"))
        batch_op.drop_index(batch_op.f("ix_tokens_account_id"))

    op.drop_table("tokens")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grants_account_id"))

    op.drop_table("grants")
    with op.batch_alter_table("phone_codes", schema=None) as batch_op:
        batch_op.drop_index("ix_phone_codes_phone")

    op.drop_table("phone_codes")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_messages_unsent")
        batch_op.drop_index("ix_outbox_messages_person")

    op.drop_table("outbox_messages")
    with op.batch_alter_table("limit_hits", schema=None) as batch_op:
        batch_op.drop_index("ix_limit_hits_key_at")

    op.drop_table("limit_hits")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entries_subject")

    op.drop_table("audit_entries")
    op.drop_table("accounts")
