"""Telling an account what happened to it: by SMS to its phone, and in the app where it is a volunteer.

For what concerns who may sign in; whoever loses an account learns of it on the phone that it had (domain.md F4).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Role
from volunteer.accounts.models import Account, Grant
from volunteer.config import settings
from volunteer.notifications import service as notifications

#: The person that an account is, or None; filled by `app.wire` (people are above this room).
PERSON_OF: list[Callable[[Session, uuid.UUID], uuid.UUID | None]] = []


def phone_of(account: Account) -> str:
    """Return the phone of an account."""
    return settings().keyring.open(account.phone_sealed, "accounts", "phone_sealed", account.id)


def keepers_of(session: Session, station_id: uuid.UUID) -> list[Account]:
    """Return who may sign in and has the role of keeper over this very station."""
    holders = sa.select(Grant.account_id).where(
        Grant.role == Role.STATION_KEEPER, Grant.station_id == station_id, Grant.revoked_at.is_(None)
    )
    query = sa.select(Account).where(Account.id.in_(holders), Account.disabled_at.is_(None))
    return list(session.scalars(query.order_by(Account.id)))


def tell_by_id(session: Session, account_id: uuid.UUID, kind: str, body: str, now: dt.datetime) -> None:
    """Tell an account's owner, unless the account was closed."""
    account = session.get(Account, account_id)
    if account is not None and account.disabled_at is None:
        tell_account(session, account, kind, body, now)


def tell_account(
    session: Session, account: Account, kind: str, body: str, now: dt.datetime, also: Collection[str] = ()
) -> None:
    """Tell an account's owner; `also` are other phones that are to know, such as the one it had before."""
    phones = sorted({phone_of(account), *also})
    person_id = PERSON_OF[0](session, account.id) if PERSON_OF else None
    if person_id is not None:
        notifications.tell(session, person_id, kind, body, now, phones=phones)
        return
    for phone in phones:
        notifications.queue(session, phone, kind, {}, now)
