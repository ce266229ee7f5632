"""Accounts, the tokens that stand for them, the codes that prove phones, and the grants that give roles."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.access import Role
from volunteer.database import Base, new_id, one_of

PURPOSES = ("register", "login", "reset", "guardian")


class Account(Base):
    """Somebody who signs in. A phone belongs to at most one account (decisions 3). Name and phone are sealed."""

    __tablename__ = "accounts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    phone_index: Mapped[bytes] = mapped_column(unique=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    is_staff: Mapped[bool]
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]


class Token(Base):
    """A bearer token (API) or a session (pages): only the digest of the secret is kept.

    Attributes:
        id: what its owner names it by, to end it.
        device: the kind of device in words, as its owner knows it again; never the whole user agent.
        device_digest: of the mark that a browser keeps, to tell a device from a new one; None where none is known.
    """

    __tablename__ = "tokens"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(unique=True, default=new_id)
    device: Mapped[str | None] = mapped_column(sa.String(40))
    device_digest: Mapped[bytes | None]
    kind: Mapped[str] = mapped_column(sa.String(10))
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)

    __table_args__ = (one_of("kind", ("bearer", "session")),)


class PhoneCode(Base):
    """A code sent to a phone for one purpose. The code itself is kept as a keyed digest."""

    __tablename__ = "phone_codes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    phone_index: Mapped[bytes]
    purpose: Mapped[str] = mapped_column(sa.String(10))
    code_digest: Mapped[bytes]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("purpose", PURPOSES),
        sa.Index("ix_phone_codes_phone", "phone_index", "purpose", "created_at"),
    )


class Grant(Base):
    """A role given to an account, over at most one scope; a scope covers its subtree (decisions 4)."""

    __tablename__ = "grants"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), index=True)
    role: Mapped[str] = mapped_column(sa.String(20))
    unit_id: Mapped[uuid.UUID | None]
    station_id: Mapped[uuid.UUID | None]
    area_id: Mapped[uuid.UUID | None]
    shift_id: Mapped[uuid.UUID | None]
    granted_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    granted_at: Mapped[dt.datetime]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("role", Role),
        sa.CheckConstraint(
            "(CASE WHEN unit_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN station_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN area_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN shift_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name="one_scope",
        ),
    )
