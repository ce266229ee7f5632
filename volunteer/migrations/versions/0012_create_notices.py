"""Notices by version, more kinds of consent, and their withdrawal."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, freeze_when

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
KINDS = "kind IN ('registration', 'public_names', 'photos', 'upstream')"
CHANNELS = "channel IN ('wechat', 'browser', 'device', 'keeper', 'import')"


def _consents(kinds: str, *more: "sa.Column[Any]") -> sa.Table:
    """Return the table as it stands, since SQLite does not tell batch mode of its CHECKs."""
    return sa.Table(
        "consents",
        sa.MetaData(),
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("is_by_guardian", sa.Boolean(), nullable=False),
        sa.Column("paper_reference_sealed", sa.LargeBinary(), nullable=True),
        *more,
        sa.CheckConstraint(CHANNELS, name=op.f("ck_consents_channel_known")),
        sa.CheckConstraint(kinds, name=op.f("ck_consents_kind_known")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.Index(op.f("ix_consents_person_id"), "person_id"),
    )


def _withdrawal() -> "tuple[sa.Column[Any], ...]":
    """Return the columns of a withdrawal."""
    return (
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_channel", sa.String(length=10), nullable=True),
    )


def upgrade() -> None:
    with op.batch_alter_table("consents", copy_from=_consents("kind IN ('registration')")) as batch_op:
        for column in _withdrawal():
            batch_op.add_column(column)
        batch_op.drop_constraint(op.f("ck_consents_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_consents_kind_known"), KINDS)
        batch_op.create_check_constraint(
            op.f("ck_consents_withdrawal_is_whole"), "(withdrawn_at IS NULL) = (withdrawn_channel IS NULL)"
        )
        batch_op.create_check_constraint(op.f("ck_consents_withdrawn_after_given"), "withdrawn_at >= given_at")
    op.create_index("ix_consents_kind_given_at", "consents", ["kind", "given_at"])
    op.create_table(
        "notices",
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=10000), nullable=False),
        sa.Column("summary", sa.String(length=300), nullable=False),
        sa.Column("changes_purposes", sa.Boolean(), nullable=False),
        sa.Column("drafted_by", UUID, nullable=False),
        sa.Column("drafted_at", INSTANT, nullable=False),
        sa.Column("version", sa.String(length=40), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("published_by", UUID, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_notices_kind_known")),
        sa.CheckConstraint(
            "(published_at IS NULL) = (version IS NULL) AND (published_at IS NULL) = (from_on IS NULL)"
            " AND (published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_notices_published_is_whole"),
        ),
        sa.ForeignKeyConstraint(["drafted_by"], ["accounts.id"], name=op.f("fk_notices_drafted_by_accounts")),
        sa.ForeignKeyConstraint(["published_by"], ["accounts.id"], name=op.f("fk_notices_published_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_notices_kind_version")),
    )
    freeze_when("notices", "OLD.published_at IS NOT NULL")


def downgrade() -> None:
    drop_append_only("notices")
    op.drop_table("notices")
    op.drop_index("ix_consents_kind_given_at", "consents")
    op.execute("DELETE FROM consents WHERE kind <> 'registration'")
    with op.batch_alter_table("consents", copy_from=_consents(KINDS, *_withdrawal())) as batch_op:
        batch_op.drop_constraint(op.f("ck_consents_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_consents_kind_known"), "kind IN ('registration')")
        if op.get_bind().dialect.name == "postgresql":
            batch_op.drop_constraint(op.f("ck_consents_withdrawal_is_whole"), type_="check")
            batch_op.drop_constraint(op.f("ck_consents_withdrawn_after_given"), type_="check")
        for column in _withdrawal():
            batch_op.drop_column(column.name)
