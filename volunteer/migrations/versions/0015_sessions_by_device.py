"""Sessions that their owner can name: an id, and the kind of device."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UUID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.add_column(sa.Column("id", UUID, nullable=True))
        table.add_column(sa.Column("device", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("device_digest", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    tokens = sa.table("tokens", sa.column("digest", sa.LargeBinary()), sa.column("id", UUID))
    is_sqlite = connection.dialect.name == "sqlite"
    for digest in connection.scalars(sa.select(tokens.c.digest)).all():
        made = uuid.uuid4()
        value = made.bytes if is_sqlite else made
        connection.execute(sa.update(tokens).where(tokens.c.digest == digest).values(id=value))
    with op.batch_alter_table("tokens") as table:
        table.alter_column("id", existing_type=UUID, nullable=False)
        table.create_unique_constraint(op.f("uq_tokens_id"), ["id"])


def downgrade() -> None:
    with op.batch_alter_table("tokens") as table:
        table.drop_constraint(op.f("uq_tokens_id"), type_="unique")
        for column in ("device_digest", "device", "id"):
            table.drop_column(column)
