"""Names of accounts for pages that say who did something: in full to an admin, else masked.

Source: contract, Fine points (an auditor reads everything that an admin reads, masked).
"""

import uuid
from collections.abc import Collection

import sqlalchemy as sa

from volunteer.access import Actor
from volunteer.accounts.models import Account
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


def shown_name(actor: Actor, name: str) -> str:
    """Return a name of staff as this caller may read it."""
    return name if actor.is_admin else name[:1] + "*" * (len(name) - 1)
