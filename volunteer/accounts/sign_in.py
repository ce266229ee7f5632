"""Signing in and out: phone codes, passwords, tokens and sessions.

Known and unknown phones get the same answers in the same time. Failures are counted before the secret is looked at.
Source: contract/api.md, Sign-in; peers.md T44; domain.md g1 F4.
"""

import datetime as dt
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, GrantView, Role
from volunteer.accounts import rules
from volunteer.accounts.models import Account, Grant, PhoneCode, Token
from volunteer.accounts.passwords import hash_password, matches
from volunteer.accounts.sessions import Device, note_new_device
from volunteer.accounts.telling import phone_of, tell_account
from volunteer.config import settings
from volunteer.database import new_id, reading, survive, transaction
from volunteer.errors import InvalidCredentials, InvalidInput, RateLimited, Unauthenticated, Unavailable, invalid
from volunteer.notifications import service as notifications
from volunteer.web import limits

BEARER_LIFE = dt.timedelta(hours=12)
SESSION_LIFE = dt.timedelta(days=30)
CODE_LIFE = dt.timedelta(minutes=5)
CODE_TRIES = 5
FRESH = dt.timedelta(minutes=15)
WAIT_FOR_PROVIDER_S = 60
NOT_SENT = (notifications.Outcome.REFUSED, notifications.Outcome.MISSET, notifications.Outcome.NOT_TAKEN)


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as its owner sees it."""

    id: uuid.UUID
    name: str
    roles: tuple[GrantView, ...]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in: the secret to show once, and who it stands for."""

    token: str
    expires_in_s: int
    account: AccountView


def phone_index(phone: str) -> bytes:
    """Return the blind index under which a phone is kept."""
    return settings().keyring.blind_index(phone, "phone")


def _phone_indexes(phone: str) -> list[bytes]:
    """Return the index under every key version, for look-ups while keys rotate."""
    return settings().keyring.blind_indexes(phone, "phone")


def request_code(phone: str, purpose: str, now: dt.datetime, address: str) -> str | None:
    """Send a six-digit code to `phone`; return it only with the demo sender, which sends nothing.

    Raises:
        Unavailable: this installation has no SMS, or the provider does not take messages now.
        RateLimited: 5 codes a phone, or 240 an address, in ten minutes; or the provider's own limit a phone.
    """
    if settings().sms == "none":
        raise Unavailable("本站没有开通短信,请用密码登录,或到服务站由工作人员办理。")
    limits.take("phone-code-address", address, now)
    limits.take("phone-code", f"{purpose} {phone}", now)
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction() as session:
        row = PhoneCode(
            id=new_id(),
            phone_index=phone_index(phone),
            purpose=purpose,
            created_at=now,
            expires_at=now + CODE_LIFE,
            code_digest=_code_digest(phone, purpose, code),
        )
        session.add(row)
    if settings().sms == "demo":
        return code
    result = notifications.send_now(phone, f"phone-code-{purpose}", {"code": code}, now)
    if result is not None and result.outcome is notifications.Outcome.THROTTLED:
        raise RateLimited(WAIT_FOR_PROVIDER_S, "这个手机号收到的验证码太多,请稍后再试,或用密码登录。")
    if result is None or result.outcome in NOT_SENT:
        raise Unavailable("短信暂时发送不了,请稍后再试,或用密码登录,或到服务站由工作人员办理。")
    return None


def verify_code(phone: str, purpose: str, code: str, now: dt.datetime) -> uuid.UUID | None:
    """Count a try and return the id of the code that matches, or None. `use_code` then spends it in the use case.

    The row is locked until the use case ends; a try that is undone with it is counted again after that. On PostgreSQL
    requests with an `Idempotency-Key` that wait for the row may be quicker: at worst each thread of the workers has one
    try more (with two workers twelve of a million numbers, and not five). Not `for_good`: the use case itself may have
    made the code or spent it.
    """
    with transaction() as session:
        query = (
            sa.select(PhoneCode)
            .where(
                PhoneCode.phone_index.in_(_phone_indexes(phone)),
                PhoneCode.purpose == purpose,
                PhoneCode.used_at.is_(None),
                PhoneCode.expires_at > now,
                PhoneCode.tries < CODE_TRIES,
            )
            .order_by(PhoneCode.created_at.desc())
            .with_for_update()
        )
        digest = _code_digest(phone, purpose, code)
        for row in session.scalars(query).all():
            row.tries += 1
            survive(partial(_count_try, row.id))
            if hmac.compare_digest(row.code_digest, digest):
                return row.id
    return None


def _count_try(code_id: uuid.UUID, session: Session) -> None:
    """Count a try whose request was rolled back as a whole."""
    session.execute(sa.update(PhoneCode).where(PhoneCode.id == code_id).values(tries=PhoneCode.tries + 1))


def use_code(session: Session, code_id: uuid.UUID, now: dt.datetime, field: str = "phone_code") -> None:
    """Spend a verified code in the use case's transaction; a second use is a fault on `field`."""
    spent = session.execute(
        sa.update(PhoneCode).where(PhoneCode.id == code_id, PhoneCode.used_at.is_(None)).values(used_at=now)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise wrong_code(field)


def wrong_code(field: str = "phone_code") -> InvalidInput:
    """Return the error for a code that is wrong, spent or too old."""
    return invalid(field, "wrong-code", "验证码不对或已过期,请重新获取。")


def _code_digest(phone: str, purpose: str, code: str) -> bytes:
    """Return the keyed digest of a code; without the key six digits would be guessed at once."""
    return settings().keyring.blind_index(f"{phone} {purpose} {code}", "phone_code")


def login(
    phone: str,
    password: str | None,
    code: str | None,
    now: dt.datetime,
    kind: str = "bearer",
    device: Device | None = None,
) -> SignedIn:
    """Sign in by password or by a code for `login`; return the token, shown once.

    Raises:
        InvalidCredentials: whatever does not fit, in the same words and time for unknown phones.
        RateLimited: ten failures a phone in five minutes.
    """
    hit = limits.take("password", phone, now)
    code_id = verify_code(phone, "login", code, now) if code else None
    account = find_by_phone(reading(), phone)
    proved = code_id is not None if code else matches(account.password_hash if account else None, password or "")
    if account is None or not proved or account.disabled_at is not None:
        raise InvalidCredentials
    limits.give_back(hit)
    with transaction() as session:
        if code_id:
            use_code(session, code_id, now, "phone_code")
        return _open(session, account, now, kind, device)


def _open(session: Session, account: Account, now: dt.datetime, kind: str, device: Device | None = None) -> SignedIn:
    """Make a token or session for an account; staff are told of a new device."""
    note_new_device(session, account, device, now)
    secret = secrets.token_urlsafe(32)
    life = BEARER_LIFE if kind == "bearer" else SESSION_LIFE
    token = Token(digest=_digest(secret), kind=kind, account_id=account.id, created_at=now, expires_at=now + life)
    if device is not None:
        token.device, token.device_digest = device.name, device.digest
    session.add(token)
    session.execute(sa.delete(Token).where(Token.account_id == account.id, Token.expires_at < now))
    return SignedIn(secret, int(life.total_seconds()), view_of(session, account))


def _digest(secret: str) -> bytes:
    """Return what is kept of a token; it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def authenticate(token: str, now: dt.datetime, kind: str = "bearer") -> Actor | None:
    """Return who holds `token`, with the grants in force, or None. One statement."""
    rows = (
        reading()
        .execute(
            sa.select(Token.account_id, Token.created_at, Grant)
            .join(Account, Account.id == Token.account_id)
            .outerjoin(Grant, sa.and_(Grant.account_id == Account.id, Grant.revoked_at.is_(None)))
            .where(
                Token.digest == _digest(token),
                Token.kind == kind,
                Token.expires_at > now,
                Account.disabled_at.is_(None),
            )
        )
        .all()
    )
    if not rows:
        return None
    grants = tuple(grant_view(grant) for _, _, grant in rows if grant is not None)
    account_id, created_at, _ = rows[0]
    return Actor(
        account_id=account_id, grants=grants, session_id=_digest(token), signed_in_at=int(created_at.timestamp())
    )


def actor_of(account_id: uuid.UUID) -> Actor | None:
    """Return an account with its grants as they stand, for work that goes on without it; None once it is disabled."""
    query = sa.select(Grant).where(Grant.account_id == account_id, Grant.revoked_at.is_(None))
    account = reading().get(Account, account_id, populate_existing=True)
    if account is None or account.disabled_at is not None:
        return None
    return Actor(account_id=account_id, grants=tuple(grant_view(grant) for grant in reading().scalars(query)))


def require_fresh(actor: Actor, now: dt.datetime) -> None:
    """Raise Unauthenticated unless the caller signed in within 15 minutes: before what cannot be undone."""
    if now.timestamp() - actor.signed_in_at > FRESH.total_seconds():
        raise Unauthenticated("为了您的安全,请重新登录后再进行这项操作。")


def logout(actor: Actor) -> None:
    """End the session or token in use."""
    with transaction() as session:
        session.execute(sa.delete(Token).where(Token.digest == actor.session_id))


def forget_old(now: dt.datetime) -> int:
    """Delete tokens, sessions and phone codes that have run out; return how many."""
    count = 0
    with transaction() as session:
        for table in (Token, PhoneCode):
            ended = session.execute(sa.delete(table).where(table.expires_at <= now))
            count += int(ended.rowcount)  # type: ignore[attr-defined]
    return count


def reset_password(phone: str, code: str, password: str, now: dt.datetime) -> None:
    """Set a new password with a code for `reset`, and end every session of the account.

    Raises:
        InvalidInput: `wrong-code` (also for phones without an account), `weak-password`.
    """
    fault = rules.password_fault(password, phone)
    if fault:
        raise InvalidInput([fault])
    code_id = verify_code(phone, "reset", code, now)
    if code_id is None:
        raise wrong_code()
    hashed = hash_password(password)
    with transaction() as session:
        account = find_by_phone(session, phone)
        use_code(session, code_id, now)
        if account is None or account.disabled_at is not None:
            return
        account.password_hash = hashed
        session.execute(sa.delete(Token).where(Token.account_id == account.id))
        audit.record(session, "system", now, "password.reset", ("account", account.id))
        body = "您的密码已重设,其他设备已退出登录。如非本人操作,请立即联系所在单位或服务站。"
        tell_account(session, account, "password-changed", body, now)


def change_phone(actor: Actor, phone: str, code: str, now: dt.datetime) -> None:
    """Move the caller's account to another phone, proved by a code for `register`; other sessions end.

    Raises:
        InvalidInput: `wrong-code`, or `phone-taken` where the proved phone has an account already.
    """
    code_id = verify_code(phone, "register", code, now)
    if code_id is None:
        raise wrong_code()
    with transaction() as session:
        use_code(session, code_id, now)
        move_account(session, actor, phone, now)


def move_account(session: Session, actor: Actor, phone: str, now: dt.datetime) -> None:
    """Move the caller's account to a phone that they have proved; other sessions end, both phones are told.

    Raises:
        InvalidInput: `phone-taken` where the proved phone has an account already.
    """
    bind_phone(session, actor.account, phone, now, keep=actor.session_id)


def bind_phone(session: Session, account_id: uuid.UUID, phone: str, now: dt.datetime, keep: bytes = b"") -> None:
    """Let an account sign in with another phone, which was proved; every session ends but `keep`, both phones are told.

    Raises:
        InvalidInput: `phone-taken` where the phone has an account already.
    """
    account = session.get(Account, account_id, with_for_update=True)
    other = find_by_phone(session, phone)
    if account is None or (other is not None and other.id != account.id):
        raise invalid("phone", "phone-taken", "这个手机号已有账号,请直接用它登录。")
    before = phone_of(account)
    account.phone_sealed = settings().keyring.seal(phone, "accounts", "phone_sealed", account.id)
    account.phone_index = phone_index(phone)
    session.execute(sa.delete(Token).where(Token.account_id == account.id, Token.digest != keep))
    body = "您的账号已更换手机号,其他设备已退出登录。如非本人操作,请立即联系所在单位或服务站。"
    tell_account(session, account, "phone-changed", body, now, also=(before,))


def has_roles(session: Session, account_id: uuid.UUID) -> bool:
    """Whether an account has roles in force: one of staff."""
    query = sa.select(Grant.id).where(Grant.account_id == account_id, Grant.revoked_at.is_(None))
    return session.scalar(query.limit(1)) is not None


def find_by_phone(session: Session, phone: str) -> Account | None:
    """Return the account of a phone, or None."""
    return session.scalars(sa.select(Account).where(Account.phone_index.in_(_phone_indexes(phone)))).first()


def grant_view(grant: Grant) -> GrantView:
    """Return a grant as the guard sees it."""
    return GrantView(grant.id, Role(grant.role), grant.unit_id, grant.station_id, grant.area_id, grant.shift_id)


def view_of(session: Session, account: Account) -> AccountView:
    """Return an account with its grants in force."""
    grants = session.scalars(sa.select(Grant).where(Grant.account_id == account.id, Grant.revoked_at.is_(None)))
    name = settings().keyring.open(account.name_sealed, "accounts", "name_sealed", account.id)
    return AccountView(account.id, name, tuple(grant_view(grant) for grant in grants))
