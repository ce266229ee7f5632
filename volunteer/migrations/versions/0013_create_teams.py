"""Teams with members and leaders by day, and requests to join; activities by team are found fast."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "teams",
        sa.Column("id", UUID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("introduction", sa.String(length=1000), nullable=True),
        sa.Column("unit_id", UUID, nullable=True),
        sa.Column("station_id", UUID, nullable=True),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("required_skill", sa.String(length=50), nullable=True),
        sa.Column("requirement", sa.String(length=200), nullable=True),
        sa.Column("takes_requests", sa.Boolean(), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=False),
        sa.Column("dissolved_on", sa.Date(), nullable=True),
        sa.Column("dissolved_reason", sa.String(length=500), nullable=True),
        sa.Column("created_by", UUID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('general', 'professional', 'party', 'youth', 'women', 'emergency')",
            name=op.f("ck_teams_kind_known"),
        ),
        sa.CheckConstraint("dissolved_on >= founded_on", name=op.f("ck_teams_dissolved_after_founding")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_teams_area_id_areas")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_teams_created_by_accounts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_teams_station_id_stations")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_teams_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("code", name=op.f("uq_teams_code")),
    )
    with op.batch_alter_table("teams", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_teams_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_teams_station_id"), ["station_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_teams_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "team_leaders",
        sa.Column("id", UUID, nullable=False),
        sa.Column("team_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_team_leaders_until_after_from")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_team_leaders_person_id_persons")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_leaders_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_leaders")),
    )
    with op.batch_alter_table("team_leaders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_leaders_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_team_leaders_team_id_from_on", ["team_id", "from_on"], unique=False)
        batch_op.create_index(
            "uq_team_leaders_open",
            ["team_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "team_members",
        sa.Column("id", UUID, nullable=False),
        sa.Column("team_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("added_by", UUID, nullable=True),
        sa.Column("ended_by", UUID, nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_team_members_until_after_from")),
        sa.ForeignKeyConstraint(["added_by"], ["accounts.id"], name=op.f("fk_team_members_added_by_accounts")),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_team_members_ended_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_team_members_person_id_persons")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_members")),
    )
    with op.batch_alter_table("team_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_members_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_team_members_team_id_from_on", ["team_id", "from_on"], unique=False)
        batch_op.create_index(
            "uq_team_members_open",
            ["team_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "team_requests",
        sa.Column("id", UUID, nullable=False),
        sa.Column("team_id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("asked_by", UUID, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", UUID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state <> 'accepted' OR decided_by IS NOT NULL", name=op.f("ck_team_requests_accepted_by_somebody")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'refused', 'withdrawn')", name=op.f("ck_team_requests_state_known")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_team_requests_second_person")),
        sa.CheckConstraint("decided_by IS NULL OR decided_at IS NOT NULL", name=op.f("ck_team_requests_decided_when")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_team_requests_asked_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_team_requests_decided_by_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_team_requests_person_id_persons")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_requests_team_id_teams")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_requests")),
    )
    with op.batch_alter_table("team_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_requests_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_team_requests_team_id_state", ["team_id", "state"], unique=False)
        batch_op.create_index(
            "uq_team_requests_open",
            ["team_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activities_team_id"), ["team_id"], unique=False)
    _add_trigger()


def _add_trigger() -> None:
    """Nobody answers a request about themself or about one for whom they act (decisions 14)."""
    own = "EXISTS (SELECT 1 FROM person_accounts a WHERE a.person_id = NEW.person_id AND a.account_id = NEW.decided_by)"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION team_requests_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NEW.decided_by IS DISTINCT FROM OLD.decided_by AND {own} THEN "
            "RAISE EXCEPTION 'second person' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER team_requests_second_person BEFORE UPDATE ON team_requests "
            "FOR EACH ROW EXECUTE FUNCTION team_requests_second_person()"
        )
        return
    op.execute(
        "CREATE TRIGGER team_requests_second_person BEFORE UPDATE ON team_requests "
        f"WHEN NEW.decided_by IS NOT OLD.decided_by AND {own} "
        "BEGIN SELECT RAISE(ABORT, 'second person'); END"
    )


def downgrade() -> None:
    op.drop_index("ix_activities_team_id", "activities")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER team_requests_second_person ON team_requests")
        op.execute("DROP FUNCTION team_requests_second_person()")
    else:
        op.execute("DROP TRIGGER team_requests_second_person")
    for table in ("team_requests", "team_members", "team_leaders", "teams"):
        op.drop_table(table)
