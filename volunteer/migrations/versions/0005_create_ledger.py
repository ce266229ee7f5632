"""Ledger lines and their chains, signed heads, and the requests behind them; triggers that keep them honest."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
APPEND_ONLY = ("ledger_lines", "ledger_heads", "ledger_head_chains", "hour_request_parties")
SECOND_PERSON = "SELECT 1 FROM hour_request_parties WHERE request_id = NEW.id AND account_id = NEW.decided_by"


def upgrade() -> None:
    op.create_table(
        "ledger_heads",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chains", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_ledger_heads")),
    )
    op.create_table(
        "ledger_verifications",
        sa.Column("id", UUID, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("first_bad", UUID, nullable=True),
        sa.Column("fault", sa.String(length=30), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_verifications")),
    )
    with op.batch_alter_table("ledger_verifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_verifications_checked_at"), ["checked_at"], unique=False)

    op.create_table(
        "ledger_chains",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("resettle_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_ledger_chains_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_ledger_chains")),
    )
    op.create_table(
        "ledger_head_chains",
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["head"], ["ledger_heads.sequence"], name=op.f("fk_ledger_head_chains_head_ledger_heads")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_ledger_head_chains_person_id_persons")),
        sa.PrimaryKeyConstraint("head", "person_id", name=op.f("pk_ledger_head_chains")),
    )
    op.create_table(
        "hour_requests",
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("shift_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("site_day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=130), nullable=False),
        sa.Column("class", sa.String(length=10), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("pending_minutes", sa.Integer(), nullable=False),
        sa.Column("entry_id", UUID, nullable=True),
        sa.Column("base_minutes", sa.Integer(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("scan_ids", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("asker_account_id", UUID, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_as", sa.String(length=10), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_hour_requests_decided"),
        ),
        sa.CheckConstraint("class IN ('verified', 'granted', 'external')", name=op.f("ck_hour_requests_class_known")),
        sa.CheckConstraint(
            "kind IN ('make_up', 'correction', 'weak_evidence', 'late_evidence', 'over_capacity', 'over_cap', "
            "'unmatched')",
            name=op.f("ck_hour_requests_kind_known"),
        ),
        sa.CheckConstraint("level IN ('keeper', 'admin')", name=op.f("ck_hour_requests_level_known")),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_hour_requests_state_known")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR asker_account_id IS NULL OR decided_by <> asker_account_id",
            name=op.f("ck_hour_requests_second_person"),
        ),
        sa.CheckConstraint("minutes >= 0 AND pending_minutes >= 0", name=op.f("ck_hour_requests_minutes_not_negative")),
        sa.ForeignKeyConstraint(
            ["asker_account_id"], ["accounts.id"], name=op.f("fk_hour_requests_asker_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_hour_requests_decided_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_hour_requests_person_id_persons")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_hour_requests_shift_id_shifts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_hour_requests_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hour_requests")),
    )
    with op.batch_alter_table("hour_requests", schema=None) as batch_op:
        batch_op.create_index("ix_hour_requests_person", ["person_id", "created_at"], unique=False)
        batch_op.create_index("ix_hour_requests_state", ["state", "created_at"], unique=False)
        batch_op.create_index("ix_hour_requests_station", ["station_id", "state", "created_at"], unique=False)
        batch_op.create_index(
            "uq_hour_requests_open_key",
            ["person_id", "key"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "hour_request_parties",
        sa.Column("request_id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_hour_request_parties_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["hour_requests.id"], name=op.f("fk_hour_request_parties_request_id_hour_requests")
        ),
        sa.PrimaryKeyConstraint("request_id", "account_id", name=op.f("pk_hour_request_parties")),
    )
    op.create_table(
        "ledger_lines",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("shift_id", UUID, nullable=True),
        sa.Column("site_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("class", sa.String(length=10), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("request_id", UUID, nullable=True),
        sa.Column("reverses", UUID, nullable=True),
        sa.Column("corrects", UUID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'correction') = (corrects IS NOT NULL)", name=op.f("ck_ledger_lines_correction_names_its_line")
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses IS NOT NULL)", name=op.f("ck_ledger_lines_reversal_names_its_line")
        ),
        sa.CheckConstraint(
            "(kind IN ('service', 'make_up', 'external') AND minutes > 0)"
            " OR (kind = 'reversal' AND minutes < 0) OR (kind = 'correction' AND minutes <> 0)",
            name=op.f("ck_ledger_lines_sign"),
        ),
        sa.CheckConstraint("class IN ('verified', 'granted', 'external')", name=op.f("ck_ledger_lines_class_known")),
        sa.CheckConstraint(
            "kind IN ('service', 'make_up', 'correction', 'reversal', 'external')",
            name=op.f("ck_ledger_lines_kind_known"),
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_ledger_lines_sequence_positive")),
        sa.ForeignKeyConstraint(["corrects"], ["ledger_lines.id"], name=op.f("fk_ledger_lines_corrects_ledger_lines")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_ledger_lines_person_id_persons")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["hour_requests.id"], name=op.f("fk_ledger_lines_request_id_hour_requests")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_lines.id"], name=op.f("fk_ledger_lines_reverses_ledger_lines")),
        sa.ForeignKeyConstraint(["shift_id"], ["shifts.id"], name=op.f("fk_ledger_lines_shift_id_shifts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_ledger_lines_station_id_stations")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_ledger_lines_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_lines")),
        sa.UniqueConstraint("person_id", "sequence", name=op.f("uq_ledger_lines_person_id_sequence")),
        sa.UniqueConstraint(
            "person_id",
            "shift_id",
            "site_day",
            "kind",
            "sequence",
            name=op.f("uq_ledger_lines_person_id_shift_id_site_day_kind_sequence"),
        ),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_lines_reverses")),
    )
    with op.batch_alter_table("ledger_lines", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_lines_day", ["site_day"], unique=False)
        batch_op.create_index("ix_ledger_lines_person_day", ["person_id", "site_day"], unique=False)
        batch_op.create_index("ix_ledger_lines_shift", ["shift_id"], unique=False)
    for table in APPEND_ONLY:
        make_append_only(table)
    _bar_parties()


def _bar_parties() -> None:
    """The database refuses a decision by who asked, is or acts for the person, or recorded the evidence."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION hour_requests_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.decided_by IS NOT NULL AND EXISTS ({SECOND_PERSON}) THEN "
            "RAISE EXCEPTION 'hour_requests: a party may not decide' USING ERRCODE = 'check_violation'; END IF; "
            "RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER hour_requests_second_person BEFORE UPDATE ON hour_requests "
            "FOR EACH ROW EXECUTE FUNCTION hour_requests_second_person()"
        )
        return
    op.execute(
        "CREATE TRIGGER hour_requests_second_person BEFORE UPDATE ON hour_requests "
        f"WHEN NEW.decided_by IS NOT NULL AND EXISTS ({SECOND_PERSON}) "
        "BEGIN SELECT RAISE(ABORT, 'hour_requests: a party may not decide'); END"
    )


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER hour_requests_second_person ON hour_requests")
        op.execute("DROP FUNCTION hour_requests_second_person()")
    else:
        op.execute("DROP TRIGGER hour_requests_second_person")
    with op.batch_alter_table("ledger_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_lines_shift")
        batch_op.drop_index("ix_ledger_lines_person_day")
        batch_op.drop_index("ix_ledger_lines_day")

    op.drop_table("ledger_lines")
    op.drop_table("hour_request_parties")
    with op.batch_alter_table("hour_requests", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hour_requests_open_key",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_hour_requests_station")
        batch_op.drop_index("ix_hour_requests_state")
        batch_op.drop_index("ix_hour_requests_person")

    op.drop_table("hour_requests")
    op.drop_table("ledger_head_chains")
    op.drop_table("ledger_chains")
    with op.batch_alter_table("ledger_verifications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_verifications_checked_at"))

    op.drop_table("ledger_verifications")
    op.drop_table("ledger_heads")
