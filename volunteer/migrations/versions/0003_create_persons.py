"""People, their statuses by date, consents and accounts; the editable code tables, with what they offer at first."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")

MEMBER_KEY = "fk_memberships_person_id_persons"
#: GB/T 4762 for political status; the others: domain.md c3 and house lists.
CODES = {
    "categories": (
        ("community_service", "社区服务"),
        ("theory_outreach", "理论宣讲"),
        ("poverty_relief", "扶贫减贫"),
        ("education_support", "支教助学"),
        ("health", "卫生健康"),
        ("legal_service", "法律服务"),
        ("environment", "环境保护"),
        ("science", "科技科普"),
        ("culture_arts", "文化艺术"),
        ("public_safety", "平安综治"),
        ("civility", "文明风尚"),
        ("traffic_guidance", "交通引导"),
        ("fire_safety", "志愿消防"),
        ("emergency_rescue", "应急救援"),
        ("drug_prevention", "禁毒宣传"),
        ("sports_fitness", "体育健身"),
        ("tourism", "旅游服务"),
        ("special_care", "关爱特殊群体"),
        ("large_events", "大型活动"),
        ("overseas", "海外志愿服务"),
        ("tax_service", "税收服务"),
        ("epidemic_control", "疫情防控"),
        ("other", "其他"),
    ),
    "skills": (
        ("first_aid", "急救"),
        ("medical", "医疗护理"),
        ("psychology", "心理辅导"),
        ("law", "法律"),
        ("teaching", "教学辅导"),
        ("foreign_language", "外语"),
        ("sign_language", "手语"),
        ("computer", "计算机"),
        ("driving", "驾驶"),
        ("repair", "家电维修"),
        ("arts", "文艺表演"),
        ("photography", "摄影摄像"),
        ("sports", "体育指导"),
        ("other", "其他"),
    ),
    "relations": (
        ("father", "父亲"),
        ("mother", "母亲"),
        ("parent", "父母"),
        ("grandparent", "祖父母或外祖父母"),
        ("sibling", "成年兄姐"),
        ("spouse", "配偶"),
        ("child", "子女"),
        ("other", "其他"),
    ),
    "political_status": (
        ("01", "中共党员"),
        ("02", "中共预备党员"),
        ("03", "共青团员"),
        ("04", "民革党员"),
        ("05", "民盟盟员"),
        ("06", "民建会员"),
        ("07", "民进会员"),
        ("08", "农工党党员"),
        ("09", "致公党党员"),
        ("10", "九三学社社员"),
        ("11", "台盟盟员"),
        ("12", "无党派人士"),
        ("13", "群众"),
    ),
    "guarantees": (
        ("insurance", "保险"),
        ("shared_bus", "集体乘车"),
        ("travel_allowance", "交通补贴"),
        ("food", "食物"),
        ("drinking_water", "饮水"),
        ("lodging", "住宿"),
        ("clothing", "服装"),
        ("tools", "工具"),
        ("medical_check", "体检"),
        ("training", "培训"),
        ("service_certificate", "服务证明"),
        ("other", "其他"),
    ),
}


def upgrade() -> None:
    op.create_table(
        "code_entries",
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("table_name", "code", name=op.f("pk_code_entries")),
    )
    op.create_table(
        "persons",
        sa.Column("id", UUID, nullable=False),
        sa.Column("volunteer_no", sa.String(length=9), nullable=False),
        sa.Column("pass_no", sa.String(length=9), nullable=False),
        sa.Column("card_serial", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(), nullable=True),
        sa.Column("id_type", sa.String(length=30), nullable=True),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_tail_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("guardian_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("guardian_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("guardian_relation", sa.String(length=40), nullable=True),
        sa.Column("emergency_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("emergency_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("emergency_relation", sa.String(length=40), nullable=True),
        sa.Column("area_id", UUID, nullable=True),
        sa.Column("political_status", sa.String(length=40), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("service_categories", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("registered_by", UUID, nullable=True),
        sa.Column("confirmed_by", UUID, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erase_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('wechat', 'browser', 'device', 'keeper', 'import')", name=op.f("ck_persons_channel_known")
        ),
        sa.CheckConstraint(
            "id_type IN ('resident_id', 'passport', 'hk_macao_permit', 'taiwan_permit', 'foreign_permanent_resident')",
            name=op.f("ck_persons_id_type_known"),
        ),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_persons_sex_known")),
        sa.CheckConstraint(
            "status <> 'erased' OR (name IS NULL AND name_sealed IS NULL AND id_number_sealed IS NULL"
            " AND phone_sealed IS NULL AND guardian_name_sealed IS NULL AND guardian_phone_sealed IS NULL"
            " AND emergency_name_sealed IS NULL AND emergency_phone_sealed IS NULL)",
            name=op.f("ck_persons_tombstone_is_empty"),
        ),
        sa.CheckConstraint(
            "status IN ('invited', 'unproven', 'registered', 'suspended', 'left', 'erased', 'merged')",
            name=op.f("ck_persons_status_known"),
        ),
        sa.CheckConstraint(
            "(id_number_sealed IS NULL) = (id_number_index IS NULL)", name=op.f("ck_persons_identity_is_found")
        ),
        sa.CheckConstraint(
            "(name_sealed IS NULL) = (name_index IS NULL)", name=op.f("ck_persons_sealed_name_is_found")
        ),
        sa.CheckConstraint("name IS NULL OR name_sealed IS NULL", name=op.f("ck_persons_one_name")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_persons_area_id_areas")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["accounts.id"], name=op.f("fk_persons_confirmed_by_accounts")),
        sa.ForeignKeyConstraint(["registered_by"], ["accounts.id"], name=op.f("fk_persons_registered_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("id_number_index", name=op.f("uq_persons_id_number_index")),
        sa.UniqueConstraint("pass_no", name=op.f("uq_persons_pass_no")),
        sa.UniqueConstraint("volunteer_no", name=op.f("uq_persons_volunteer_no")),
    )
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_persons_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_erase_after"), ["erase_after"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_name_index"), ["name_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_phone_index"), ["phone_index"], unique=False)
        batch_op.create_index(batch_op.f("ix_persons_phone_tail_index"), ["phone_tail_index"], unique=False)
        batch_op.create_index("ix_persons_status", ["status"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("is_by_guardian", sa.Boolean(), nullable=False),
        sa.Column("paper_reference_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('wechat', 'browser', 'device', 'keeper', 'import')", name=op.f("ck_consents_channel_known")
        ),
        sa.CheckConstraint("kind IN ('registration')", name=op.f("ck_consents_kind_known")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_consents_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_accounts",
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("account_id", UUID, nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relation IN ('self', 'guardian', 'family')", name=op.f("ck_person_accounts_relation_known")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_person_accounts_account_id_accounts")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_accounts_person_id_persons")),
        sa.PrimaryKeyConstraint("person_id", "account_id", name=op.f("pk_person_accounts")),
    )
    with op.batch_alter_table("person_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_person_accounts_account_id", ["account_id"], unique=False)
        batch_op.create_index(
            "uq_person_accounts_self",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("relation = 'self'"),
            postgresql_where=sa.text("relation = 'self'"),
        )

    op.create_table(
        "person_statuses",
        sa.Column("id", UUID, nullable=False),
        sa.Column("person_id", UUID, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "status IN ('invited', 'unproven', 'registered', 'suspended', 'left', 'erased', 'merged')",
            name=op.f("ck_person_statuses_status_known"),
        ),
        sa.CheckConstraint("until_on > from_on", name=op.f("ck_person_statuses_until_after_from")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_statuses_person_id_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_statuses")),
        sa.UniqueConstraint("person_id", "from_on", name=op.f("uq_person_statuses_person_id_from_on")),
    )
    with op.batch_alter_table("person_statuses", schema=None) as batch_op:
        batch_op.create_index("ix_person_statuses_status_from_on", ["status", "from_on"], unique=False)
        batch_op.create_index(
            "uq_person_statuses_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    if op.get_bind().dialect.name == "postgresql":  # on SQLite 0002 could already name the table to come
        op.create_foreign_key(MEMBER_KEY, "memberships", "persons", ["person_id"], ["id"])
    _offer_codes()


def _offer_codes() -> None:
    names = ("table_name", "code", "label", "position", "is_offered")
    rows = [
        dict(zip(names, (table, code, label, position, True), strict=True))
        for table, items in CODES.items()
        for position, (code, label) in enumerate(items)
    ]
    kinds = (sa.String, sa.String, sa.String, sa.Integer, sa.Boolean)
    columns = [sa.column(name, kind()) for name, kind in zip(names, kinds, strict=True)]
    op.bulk_insert(sa.table("code_entries", *columns), rows)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(MEMBER_KEY, "memberships", type_="foreignkey")
    with op.batch_alter_table("person_statuses", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_person_statuses_open",
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )
        batch_op.drop_index("ix_person_statuses_status_from_on")

    op.drop_table("person_statuses")
    with op.batch_alter_table("person_accounts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_person_accounts_self",
            sqlite_where=sa.text("relation = 'self'"),
            postgresql_where=sa.text("relation = 'self'"),
        )
        batch_op.drop_index("ix_person_accounts_account_id")

    op.drop_table("person_accounts")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consents_person_id"))

    op.drop_table("consents")
    with op.batch_alter_table("persons", schema=None) as batch_op:
        batch_op.drop_index("ix_persons_status")
        batch_op.drop_index(batch_op.f("ix_persons_phone_tail_index"))
        batch_op.drop_index(batch_op.f("ix_persons_phone_index"))
        batch_op.drop_index(batch_op.f("ix_persons_name_index"))
        batch_op.drop_index(batch_op.f("ix_persons_erase_after"))
        batch_op.drop_index(batch_op.f("ix_persons_area_id"))

    op.drop_table("persons")
    op.drop_table("code_entries")
