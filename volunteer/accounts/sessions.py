"""Where an account is signed in: its sessions and tokens, each with its device, to be ended one by one or all at once.

Source: domain.md g1 F4 (stolen accounts: device list, notice of a sign-in, ending sessions).
"""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts.models import Account, Token
from volunteer.accounts.rules import device_name
from volunteer.accounts.telling import tell_account
from volunteer.database import reading, transaction
from volunteer.errors import NotFound


@dataclass(frozen=True, slots=True)
class Device:
    """What signs in: its kind in words, and the digest of the mark that it keeps."""

    name: str
    digest: bytes


def device_of(user_agent: str, mark: str) -> Device:
    """Return the device behind a request; `mark` is random and stays in its browser, or names a way of signing in."""
    return Device(device_name(user_agent), hashlib.sha256(mark.encode()).digest())


@dataclass(frozen=True, slots=True)
class SessionView:
    """One place where an account is signed in; `device` is empty for one that was not noted."""

    id: uuid.UUID
    device: str
    is_page: bool
    since: dt.datetime
    until: dt.datetime
    is_this: bool


def list_sessions(actor: Actor, now: dt.datetime) -> list[SessionView]:
    """Return where the caller is signed in, this place first, then the newest."""
    query = sa.select(Token).where(Token.account_id == actor.account, Token.expires_at > now)
    found = [
        SessionView(
            row.id,
            row.device or "",
            row.kind == "session",
            row.created_at,
            row.expires_at,
            row.digest == actor.session_id,
        )
        for row in reading().scalars(query.order_by(Token.created_at.desc()))
    ]
    return sorted(found, key=lambda one: not one.is_this)


def end_session(actor: Actor, session_id: uuid.UUID, now: dt.datetime) -> None:
    """End one of the caller's sessions.

    Raises:
        NotFound: not theirs, or over.
    """
    with transaction() as session:
        ended = session.execute(sa.delete(Token).where(Token.id == session_id, Token.account_id == actor.account))
        if not ended.rowcount:  # type: ignore[attr-defined]
            raise NotFound
        audit.record(session, actor, now, "session.end", ("account", actor.account), count=1)


def end_others(session: Session, actor: Actor, now: dt.datetime) -> int:
    """End every session of the caller but the one in use, in the transaction under way; return how many."""
    theirs = (Token.account_id == actor.account, Token.digest != actor.session_id)
    count = int(session.execute(sa.delete(Token).where(*theirs)).rowcount)  # type: ignore[attr-defined]
    if count:
        audit.record(session, actor, now, "session.end", ("account", actor.account), count=count)
    return count


def end_all_others(actor: Actor, now: dt.datetime) -> int:
    """End every session of the caller but the one in use; return how many."""
    with transaction() as session:
        return end_others(session, actor, now)


def note_new_device(session: Session, account: Account, device: Device | None, now: dt.datetime) -> None:
    """Tell an account of staff that a device signs in from which it is not signed in."""
    if device is None or not account.is_staff:
        return
    known = sa.select(sa.literal(1)).where(Token.account_id == account.id, Token.device_digest == device.digest)
    if session.scalar(known.limit(1)) is None:
        body = f"您的账号刚在一台新设备上登录:{device.name}。如非本人操作,请立即在“登录过的设备”中退出并重设密码。"
        tell_account(session, account, "new-device", body, now)
