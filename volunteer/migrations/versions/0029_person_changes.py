"""Requests for another phone or another identity, which a second person decides."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
PARTY = (
    "SELECT 1 FROM person_accounts WHERE person_accounts.person_id = NEW.person_id"
    " AND person_accounts.account_id = NEW.decided_by"
)
NEWLY = "NEW.decided_by IS NOT NULL AND OLD.decided_by IS NULL"
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "person_changes",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("asked_by", UUID, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decision_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("kind IN ('phone', 'identity')", name=op.f("ck_person_changes_kind_known")),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn', 'expired')",
            name=op.f("ck_person_changes_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_person_changes_second_person")
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL)", name=op.f("ck_person_changes_decided")
        ),
        sa.CheckConstraint(
            "(state = 'open') = (values_sealed IS NOT NULL)", name=op.f("ck_person_changes_values_while_open")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_changes_person_id_persons")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_person_changes_asked_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_person_changes_decided_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_changes")),
    )
    op.create_index(op.f("ix_person_changes_person_id"), "person_changes", ["person_id"])
    op.create_index(op.f("ix_person_changes_state"), "person_changes", ["state"])
    op.create_index(
        "uq_person_changes_open",
        "person_changes",
        ["person_id", "kind"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    _bar_parties()


def _bar_parties() -> None:
    """The database refuses a decision by who is, or acts for, the person (decisions 14)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION person_changes_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {NEWLY} AND EXISTS ({PARTY}) THEN "
            "RAISE EXCEPTION 'person_changes: a party may not decide' USING ERRCODE = 'check_violation'; END IF; "
            "RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER person_changes_second_person BEFORE UPDATE ON person_changes "
            "FOR EACH ROW EXECUTE FUNCTION person_changes_second_person()"
        )
        return
    op.execute(
        "CREATE TRIGGER person_changes_second_person BEFORE UPDATE ON person_changes "
        f"WHEN {NEWLY} AND EXISTS ({PARTY}) "
        "BEGIN SELECT RAISE(ABORT, 'person_changes: a party may not decide'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER person_changes_second_person ON person_changes")
        op.execute("DROP FUNCTION person_changes_second_person()")
    else:
        op.execute("DROP TRIGGER person_changes_second_person")
    op.drop_table("person_changes")
