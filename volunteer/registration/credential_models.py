"""The table of requests for another phone or another identity. Nobody outside this room reads it."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.registration.rules_credentials import ChangeKind, ChangeState


class PersonChange(Base):
    """A request that a person get another phone or another identity, which a second person decides (decisions 14).

    `values_sealed` holds what is asked for, and is wiped with the decision. The database refuses `decided_by` of who
    asked (a CHECK) and of who is or acts for the person (a trigger).
    """

    __tablename__ = "person_changes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(10), index=True)
    values_sealed: Mapped[bytes | None]
    fields: Mapped[list[Any]]
    asked_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[dt.datetime]
    reason: Mapped[str] = mapped_column(sa.String(200))
    due_at: Mapped[dt.datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        one_of("kind", ChangeKind),
        one_of("state", ChangeState),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="second_person"),
        sa.CheckConstraint("(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL)", name="decided"),
        sa.CheckConstraint("(state = 'open') = (values_sealed IS NOT NULL)", name="values_while_open"),
        sa.Index(
            "uq_person_changes_open",
            "person_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )
