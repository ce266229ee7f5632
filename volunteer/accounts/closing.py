"""Closing an account whose owner was erased: nothing of the name and the phone stays. Source: decisions 15; PIPL 47."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.accounts.models import Account, Token
from volunteer.accounts.sign_in import phone_index
from volunteer.config import settings


def close_unused(session: Session, account_id: uuid.UUID, now: dt.datetime) -> None:
    """Empty and disable an account in the transaction under way, and end its sessions; a staff account stays as it is.

    The phone is free again. The caller knows that the account is and acts for nobody any more.
    """
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.is_staff:
        return
    ring, nobody = settings().keyring, f"closed {account_id}"  # a text of its own, so that its index stays unique
    account.name_sealed = ring.seal("", "accounts", "name_sealed", account_id)
    account.phone_sealed = ring.seal(nobody, "accounts", "phone_sealed", account_id)
    account.phone_index = phone_index(nobody)
    account.password_hash = None
    account.disabled_at = account.disabled_at or now
    session.execute(sa.delete(Token).where(Token.account_id == account_id))
