"""Names of accounts for pages that say who did something: in full to an admin, else masked.

Source: contract, Fine points (an auditor reads everything that an admin reads, masked).
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer.access import Actor, Role
from volunteer.accounts.models import Account, Grant
from volunteer.config import settings
from volunteer.database import reading


def names_of(actor: Actor, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of the accounts that exist among these, by id; one statement."""
    if not account_ids:
        return {}
    query = sa.select(Account.id, Account.name_sealed).where(Account.id.in_(account_ids))
    ring = settings().keyring
    names = {row.id: ring.open(row.name_sealed, "accounts", "name_sealed", row.id) for row in reading().execute(query)}
    return {account_id: shown_name(actor, name) for account_id, name in names.items()}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role over the thing in question."""

    grant_id: uuid.UUID
    account_id: uuid.UUID
    name: str
    role: Role
    is_disabled: bool


def holders_of(actor: Actor, scope: str, scope_id: uuid.UUID) -> list[Holder]:
    """Return who holds a role over just this thing (`scope` is a field of `rules.SCOPE_FIELDS`), the first first."""
    query = (
        sa.select(Grant.id, Grant.role, Account.id, Account.name_sealed, Account.disabled_at)
        .join(Account, Account.id == Grant.account_id)
        .where(getattr(Grant, scope) == scope_id, Grant.revoked_at.is_(None))
        .order_by(Grant.id)
    )
    ring, holders = settings().keyring, []
    for grant_id, role, account_id, sealed, disabled_at in reading().execute(query):
        name = shown_name(actor, ring.open(sealed, "accounts", "name_sealed", account_id))
        holders.append(Holder(grant_id, account_id, name, Role(role), disabled_at is not None))
    return holders


def shown_name(actor: Actor, name: str) -> str:
    """Return a name of staff as this caller may read it."""
    return name if actor.is_admin else name[:1] + "*" * (len(name) - 1)
