"""Areas; units with their dated places, tasks and members."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")

NO_OVERLAP = """EXISTS (
    SELECT 1 FROM memberships AS other
    WHERE other.person_id = NEW.person_id AND other.kind = 'counts' AND other.id <> NEW.id
    AND (other.until_on IS NULL OR NEW.from_on < other.until_on)
    AND (NEW.until_on IS NULL OR other.from_on < NEW.until_on)
)"""


def upgrade() -> None:
    op.create_table(
        "areas",
        sa.Column("id", UUID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("parent_id", UUID, nullable=True),
        sa.Column("resident_population", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "level IN ('city', 'district', 'street', 'community', 'grid')", name=op.f("ck_areas_level_known")
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_areas_not_its_own_parent")),
        sa.CheckConstraint("resident_population >= 0", name=op.f("ck_areas_population_not_negative")),
        sa.ForeignKeyConstraint(["parent_id"], ["areas.id"], name=op.f("fk_areas_parent_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
        sa.UniqueConstraint("code", name=op.f("uq_areas_code")),
    )
    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_areas_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "units",
        sa.Column("id", UUID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('government', 'public_institution', 'enterprise', 'school', 'community', 'social_organization',"
            " 'other')",
            name=op.f("ck_units_kind_known"),
        ),
        sa.CheckConstraint("closed_on > created_on", name=op.f("ck_units_closed_after_created")),
        sa.CheckConstraint("headcount >= 0", name=op.f("ck_units_headcount_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_units_area_id_areas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("code", name=op.f("uq_units_code")),
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_units_area_id"), ["area_id"], unique=False)

    # persons comes with 0003. SQLite lets a key name a table that comes later; on PostgreSQL 0003 adds it. (Batch mode
    # in 0003 would re-create the table and lose the triggers.)
    persons_key = sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_memberships_person_id_persons"))
    op.create_table(
        "memberships",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('counts', 'report_in')", name=op.f("ck_memberships_kind_known")),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_memberships_until_after_from")),
        *([persons_key] if op.get_bind().dialect.name == "sqlite" else []),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_memberships_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index("ix_memberships_unit_id_from_on", ["unit_id", "from_on"], unique=False)
        batch_op.create_index(
            "uq_memberships_counts_from",
            ["person_id", "from_on"],
            unique=True,
            sqlite_where=sa.text("kind = 'counts'"),
            postgresql_where=sa.text("kind = 'counts'"),
        )
        batch_op.create_index(
            "uq_memberships_counts_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("kind = 'counts' AND until_on IS NULL"),
            postgresql_where=sa.text("kind = 'counts' AND until_on IS NULL"),
        )

    op.create_table(
        "unit_placements",
        sa.Column("id", UUID, nullable=False),
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("parent_id", UUID, nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("parent_id <> unit_id", name=op.f("ck_unit_placements_not_its_own_parent")),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_unit_placements_until_after_from")),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name=op.f("fk_unit_placements_parent_id_units")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_placements_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_placements")),
        sa.UniqueConstraint("unit_id", "from_on", name=op.f("uq_unit_placements_unit_id_from_on")),
    )
    with op.batch_alter_table("unit_placements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_placements_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            "uq_unit_placements_open",
            ["unit_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.create_table(
        "unit_targets",
        sa.Column("unit_id", UUID, nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("set_by", UUID, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.CheckConstraint("target >= 0", name=op.f("ck_unit_targets_not_negative")),
        sa.ForeignKeyConstraint(["set_by"], ["accounts.id"], name=op.f("fk_unit_targets_set_by_accounts")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_targets_unit_id_units")),
        sa.PrimaryKeyConstraint("unit_id", "year", "version", name=op.f("pk_unit_targets")),
    )
    _add_triggers()


def _add_triggers() -> None:
    """Refuse overlapping `counts` memberships, and any change of a task that was set."""
    if op.get_bind().dialect.name == "postgresql":
        _add_postgresql_triggers()
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER memberships_no_overlap_{event.lower()} BEFORE {event} ON memberships"
            f" WHEN NEW.kind = 'counts' AND {NO_OVERLAP}"
            " BEGIN SELECT RAISE(ABORT, 'memberships_no_overlap'); END"
        )
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER unit_targets_append_only_{event.lower()} BEFORE {event} ON unit_targets"
            " BEGIN SELECT RAISE(ABORT, 'unit_targets_append_only'); END"
        )


def _add_postgresql_triggers() -> None:
    op.execute(
        f"""
        CREATE FUNCTION memberships_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.kind = 'counts' AND {NO_OVERLAP} THEN
                RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
                    MESSAGE = 'memberships_no_overlap', CONSTRAINT = 'memberships_no_overlap';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER memberships_no_overlap BEFORE INSERT OR UPDATE ON memberships"
        " FOR EACH ROW EXECUTE FUNCTION memberships_no_overlap()"
    )
    op.execute(
        """
        CREATE FUNCTION unit_targets_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
                MESSAGE = 'unit_targets_append_only', CONSTRAINT = 'unit_targets_append_only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER unit_targets_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unit_targets"
        " FOR EACH STATEMENT EXECUTE FUNCTION unit_targets_append_only()"
    )


def downgrade() -> None:
    op.drop_table("unit_targets")
    with op.batch_alter_table("unit_placements", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_unit_placements_open",
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_unit_placements_parent_id"))

    op.drop_table("unit_placements")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_memberships_counts_open",
            sqlite_where=sa.text("kind = 'counts' AND until_on IS NULL"),
            postgresql_where=sa.text("kind = 'counts' AND until_on IS NULL"),
        )
        batch_op.drop_index(
            "uq_memberships_counts_from",
            sqlite_where=sa.text("kind = 'counts'"),
            postgresql_where=sa.text("kind = 'counts'"),
        )
        batch_op.drop_index("ix_memberships_unit_id_from_on")

    op.drop_table("memberships")
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_units_area_id"))

    op.drop_table("units")
    with op.batch_alter_table("areas", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_areas_parent_id"))

    op.drop_table("areas")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION memberships_no_overlap()")
        op.execute("DROP FUNCTION unit_targets_append_only()")
