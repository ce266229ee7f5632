"""Telling an account what happened to it: by SMS to its phone, and in the app where it is a volunteer.

For what concerns who may sign in; whoever loses an account learns of it on the phone that it had (domain.md F4).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from volunteer.accounts.models import Account
from volunteer.config import settings
from volunteer.notifications import service as notifications

#: The person that an account is, or None; filled by `app.wire` (people are above this room).
PERSON_OF: list[Callable[[Session, uuid.UUID], uuid.UUID | None]] = []


def phone_of(account: Account) -> str:
    """Return the phone of an account."""
    return settings().keyring.open(account.phone_sealed, "accounts", "phone_sealed", account.id)


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
