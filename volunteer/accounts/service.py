"""Accounts and grants: made by an admin, or opened by a volunteer who proved a phone.

Grants are in force on the next request and are never deleted, only revoked; the last admin stays.
Source: contract/api.md, Sign-in, accounts, grants; decisions 3, 4.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, GrantView, Role
from volunteer.accounts import rules
from volunteer.accounts.models import Account, Grant, Token
from volunteer.accounts.passwords import hash_password
from volunteer.accounts.sign_in import AccountView, find_by_phone, grant_view, phone_index, view_of
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Conflict, Fault, InvalidInput, NotFound
from volunteer.phone import mask_phone

ScopeCheck = Callable[[uuid.UUID], bool]
#: Which ids a grant may name: the rooms that own units, stations, areas and shifts put their check here (decisions 19).
SCOPE_CHECKS: dict[str, ScopeCheck] = {}
#: Who an account is and acts for, told by the registration room: account id -> {volunteer, acts_for}.
PersonsOf = Callable[[uuid.UUID], dict[str, Any]]
PERSONS_OF: list[PersonsOf] = []


def add_account(
    session: Session, phone: str, name: str, password_hash: str | None, now: dt.datetime, *, staff: bool
) -> Account:
    """Insert an account in the transaction under way; the phone must be free (`find_by_phone`).

    Hashing takes tens of milliseconds, so it is done before the transaction: SQLite has one writer.
    """
    ring, account_id = settings().keyring, new_id()
    account = Account(
        id=account_id,
        is_staff=staff,
        created_at=now,
        phone_index=phone_index(phone),
        name_sealed=ring.seal(name, "accounts", "name_sealed", account_id),
        phone_sealed=ring.seal(phone, "accounts", "phone_sealed", account_id),
        password_hash=password_hash,
    )
    session.add(account)
    session.flush()
    return account


def create_account(actor: Actor | None, phone: str, name: str, password: str, now: dt.datetime) -> uuid.UUID:
    """Make a staff account; `actor` is None only for the command line's first admin.

    Raises:
        InvalidInput: `weak-password`.
        Conflict: `phone-taken`, with the account's id, so that it can be given a grant instead.
    """
    fault = rules.password_fault(password, phone)
    if fault:
        raise InvalidInput([fault])
    hashed = hash_password(password)
    with transaction() as session:
        lock_name(session, f"phone {phone_index(phone).hex()}")
        known = find_by_phone(session, phone)
        if known is not None:
            raise Conflict("这个手机号已有账号,可以直接给它授权。", code="phone-taken", id=str(known.id))
        account = add_account(session, phone, name, hashed, now, staff=True)
        audit.record(session, actor or "system", now, "account.create", ("account", account.id))
        return account.id


def create_first_admin(phone: str, name: str, password: str, now: dt.datetime) -> uuid.UUID:
    """Make an admin from the command line; a known phone's account is given the grant instead."""
    try:
        account_id = create_account(None, phone, name, password, now)
    except Conflict as known:
        account_id = uuid.UUID(known.extra["id"])
    with transaction() as session:
        if not any(g.role is Role.ADMIN for g in view_of(session, session.get_one(Account, account_id)).roles):
            session.add(Grant(id=new_id(), account_id=account_id, role=Role.ADMIN, granted_at=now))
            audit.record(session, "system", now, "grant.add", ("account", account_id), role="admin")
    return account_id


def add_grant(
    actor: Actor, account_id: uuid.UUID, role: Role, scope: dict[str, uuid.UUID | None], now: dt.datetime
) -> GrantView:
    """Give a role over a scope; the same grant again returns the one in force.

    Raises:
        NotFound: no such account.
        InvalidInput: `scope-required`, `scope-not-for-role`, `one-scope`, `unknown` on the scope's field.
    """
    actor.require_admin()
    faults = rules.scope_faults(role, dict(scope)) or _unknown_scopes(scope)
    if faults:
        raise InvalidInput(faults)
    with transaction() as session:
        account = session.get(Account, account_id, with_for_update=True)
        if account is None:
            raise NotFound
        same = [Grant.account_id == account_id, Grant.role == role, Grant.revoked_at.is_(None)]
        same += [getattr(Grant, name).is_not_distinct_from(scope.get(name)) for name in rules.SCOPE_FIELDS]
        known = session.scalars(sa.select(Grant).where(*same)).first()
        if known is not None:
            return grant_view(known)
        account.is_staff = True
        grant = Grant(
            id=new_id(), account_id=account_id, role=role, granted_by=actor.account_id, granted_at=now, **scope
        )
        session.add(grant)
        audit.record(session, actor, now, "grant.add", ("account", account_id), role=role.value)
        session.flush()
        return grant_view(grant)


def _unknown_scopes(scope: dict[str, uuid.UUID | None]) -> list[Fault]:
    """Return a fault for each scope that names nothing that exists."""
    unknown = []
    for name, value in scope.items():
        check = SCOPE_CHECKS.get(name)
        if value is not None and (check is None or not check(value)):
            unknown.append(Fault(name, "unknown", "没有找到所选的范围,请重新选择。"))
    return unknown


def revoke_grant(actor: Actor, grant_id: uuid.UUID, now: dt.datetime) -> None:
    """End a grant at once; a second time is harmless.

    Raises:
        NotFound: no such grant.
        Conflict: `last-admin`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, "admins")
        grant = session.get(Grant, grant_id, with_for_update=True)
        if grant is None:
            raise NotFound
        if grant.revoked_at is not None:
            return
        if grant.role == Role.ADMIN:
            _keep_an_admin(session, grant.account_id)
        grant.revoked_at, grant.revoked_by = now, actor.account_id
        audit.record(session, actor, now, "grant.revoke", ("account", grant.account_id), role=grant.role)


def _keep_an_admin(session: Session, leaving: uuid.UUID) -> None:
    """Raise Conflict if nobody but `leaving` is an active admin."""
    if not has_admin_beside(session, [leaving]):
        raise Conflict("这是最后一位管理员,请先授权另一位管理员。", code="last-admin")


def has_admin_beside(session: Session, account_ids: Collection[uuid.UUID]) -> bool:
    """Whether there is an active administrator who is none of these accounts: somebody to decide as a second person."""
    query = sa.select(sa.literal(1)).select_from(Grant).join(Account, Account.id == Grant.account_id)
    query = query.where(
        Grant.role == Role.ADMIN,
        Grant.revoked_at.is_(None),
        Account.disabled_at.is_(None),
        Grant.account_id.not_in(account_ids),
    )
    return session.scalar(query.limit(1)) is not None


def disable_account(actor: Actor, account_id: uuid.UUID, now: dt.datetime) -> AccountView:
    """Close an account and end its sessions; a second time is harmless.

    Raises:
        NotFound: no such account.
        Conflict: `last-admin`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, "admins")
        account = session.get(Account, account_id, with_for_update=True)
        if account is None:
            raise NotFound
        if account.disabled_at is None:
            if any(grant.role is Role.ADMIN for grant in view_of(session, account).roles):
                _keep_an_admin(session, account_id)
            account.disabled_at = now
            session.execute(sa.delete(Token).where(Token.account_id == account_id))
            audit.record(session, actor, now, "account.disable", ("account", account_id))
        return view_of(session, account)


def enable_account(actor: Actor, account_id: uuid.UUID, now: dt.datetime) -> AccountView:
    """Open a closed staff account again; its roles are in force as before. A second time is harmless.

    Raises:
        NotFound: no such account of staff; an erased person's stays closed.
    """
    actor.require_admin()
    with transaction() as session:
        account = session.get(Account, account_id, with_for_update=True)
        if account is None or not account.is_staff:
            raise NotFound
        if account.disabled_at is not None:
            account.disabled_at = None
            audit.record(session, actor, now, "account.enable", ("account", account_id))
        return view_of(session, account)


def get_account(account_id: uuid.UUID) -> AccountView:
    """Return an account with its grants in force.

    Raises:
        NotFound: no such account.
    """
    session = reading()
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound
    return view_of(session, account)


def list_staff(actor: Actor, q: str | None, limit: int, after: uuid.UUID | None) -> list[dict[str, object]]:
    """Return staff accounts in order of making, filtered by part of the name or the whole phone.

    Names are sealed, so the filter runs over the opened names; staff are a few hundred in a district. Whoever is no
    admin sees them masked (an auditor reads what an admin reads, masked).
    """
    ring, session = settings().keyring, reading()
    query = sa.select(Account).where(Account.is_staff.is_(True)).order_by(Account.id)
    if after:
        query = query.where(Account.id > after)
    found: list[dict[str, object]] = []
    for account in session.scalars(query):
        name = ring.open(account.name_sealed, "accounts", "name_sealed", account.id)
        phone = ring.open(account.phone_sealed, "accounts", "phone_sealed", account.id)
        if not q or q in name or q == phone:
            state = "disabled" if account.disabled_at else "active"
            shown = name if actor.is_admin else name[:1] + "*" * (len(name) - 1)
            found.append({"id": account.id, "name": shown, "phone": mask_phone(phone), "state": state})
        if len(found) > limit:
            break
    return found


def who_am_i(actor: Actor) -> dict[str, Any]:
    """Return the caller's account, the person it belongs to, and those it acts for. Source: contract, GET /me."""
    account = get_account(actor.account)
    persons = PERSONS_OF[0](account.id) if PERSONS_OF else {"volunteer": None, "acts_for": []}
    return {"account": account, **persons}
