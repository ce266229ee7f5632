"""What looks wrong, whom it is about, who may not decide; thresholds by version."""

import sqlalchemy as sa
from alembic import op

from volunteer.migrations.triggers import drop_append_only, make_append_only

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "anomaly_policies",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_anomaly_policies_set_by_accounts")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_anomaly_policies")),
    )
    op.create_table(
        "findings",
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("said", sa.String(length=500), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name=op.f("ck_findings_decided_by_somebody")),
        sa.CheckConstraint(
            "kind IN ('overlap', 'same_second', 'shared_device', 'longer_than_shift', 'impossible_travel', "
            "'identical_minutes', 'make_up_pair', 'granted_volume')",
            name=op.f("ck_findings_kind_known"),
        ),
        sa.CheckConstraint(
            "state = 'open' OR (decided_at IS NOT NULL AND reason IS NOT NULL)", name=op.f("ck_findings_decided_why")
        ),
        sa.CheckConstraint("state IN ('open', 'dismissed', 'upheld')", name=op.f("ck_findings_state_known")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_findings_decided_by_accounts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_findings_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("key", name=op.f("uq_findings_key")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_state", ["state", "on_day", "id"], unique=False)

    op.create_table(
        "finding_parties",
        sa.Column("finding_id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_finding_parties_account_id_accounts")),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_parties_finding_id_findings")),
        sa.PrimaryKeyConstraint("finding_id", "account_id", name=op.f("pk_finding_parties")),
    )
    op.create_table(
        "finding_people",
        sa.Column("finding_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name=op.f("fk_finding_people_finding_id_findings")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_finding_people_person_id_persons")),
        sa.PrimaryKeyConstraint("finding_id", "person_id", name=op.f("pk_finding_people")),
    )
    with op.batch_alter_table("finding_people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_people_person_id"), ["person_id"], unique=False)
    make_append_only("anomaly_policies")
    _add_trigger()


def _add_trigger() -> None:
    """Whoever is in a finding does not decide it (decisions 14)."""
    own = "EXISTS (SELECT 1 FROM finding_parties p WHERE p.finding_id = NEW.id AND p.account_id = NEW.decided_by)"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION findings_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.decided_by IS DISTINCT FROM OLD.decided_by AND {own} THEN "
            "RAISE EXCEPTION 'second person' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER findings_second_person BEFORE UPDATE ON findings "
            "FOR EACH ROW EXECUTE FUNCTION findings_second_person()"
        )
        return
    op.execute(
        "CREATE TRIGGER findings_second_person BEFORE UPDATE ON findings "
        f"WHEN NEW.decided_by IS NOT OLD.decided_by AND {own} "
        "BEGIN SELECT RAISE(ABORT, 'second person'); END"
    )


def downgrade() -> None:
    drop_append_only("anomaly_policies")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER findings_second_person ON findings")
        op.execute("DROP FUNCTION findings_second_person()")
    else:
        op.execute("DROP TRIGGER findings_second_person")
    for table in ("finding_people", "finding_parties", "findings", "anomaly_policies"):
        op.drop_table(table)
