"""Requests to belong to another unit, or to none."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "unit_requests",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("to_unit_id", UUID, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("asked_by", UUID, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_unit_requests_second_person")),
        sa.CheckConstraint(
            "(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL)",
            name=op.f("ck_unit_requests_decided_by_somebody"),
        ),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_unit_requests_decided_when")),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_unit_requests_state_known")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_unit_requests_asked_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_unit_requests_decided_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_unit_requests_person_id_persons")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["units.id"], name=op.f("fk_unit_requests_to_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_requests")),
    )
    with op.batch_alter_table("unit_requests", schema=None) as batch_op:
        for column in ("person_id", "state", "to_unit_id"):
            batch_op.create_index(batch_op.f(f"ix_unit_requests_{column}"), [column], unique=False)
        batch_op.create_index(
            "uq_unit_requests_open", ["person_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
        )
    _add_trigger()


def _add_trigger() -> None:
    """Nobody answers a request about themself or about one for whom they act (decisions 14)."""
    own = "EXISTS (SELECT 1 FROM person_accounts a WHERE a.person_id = NEW.person_id AND a.account_id = NEW.decided_by)"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION unit_requests_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.decided_by IS DISTINCT FROM OLD.decided_by AND {own} THEN "
            "RAISE EXCEPTION 'second person' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER unit_requests_second_person BEFORE UPDATE ON unit_requests "
            "FOR EACH ROW EXECUTE FUNCTION unit_requests_second_person()"
        )
        return
    op.execute(
        "CREATE TRIGGER unit_requests_second_person BEFORE UPDATE ON unit_requests "
        f"WHEN NEW.decided_by IS NOT OLD.decided_by AND {own} "
        "BEGIN SELECT RAISE(ABORT, 'second person'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER unit_requests_second_person ON unit_requests")
        op.execute("DROP FUNCTION unit_requests_second_person()")
    else:
        op.execute("DROP TRIGGER unit_requests_second_person")
    op.drop_table("unit_requests")
