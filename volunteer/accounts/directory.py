"""Accounts and roles as the desk shows them, and the names of who did something: in full to an admin, else masked.

Source: contract, Sign-in, accounts, grants; Fine points (an auditor reads everything that an admin reads, masked).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from volunteer.access import Actor, Role
from volunteer.accounts.models import Account, Grant
from volunteer.accounts.rules import SCOPE_FIELDS
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.phone import mask_phone
from volunteer.web.picking import Find, Option

ManyOf = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, Option]]
NamesOf = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, str]]


@dataclass(frozen=True, slots=True)
class ScopeDesk:
    """How the desk names the things of one kind of scope, and chooses one; told by the room that owns them.

    Attributes:
        names: the names of these things, by id.
        many: these things, by id; None where a role over one is not given at this desk.
        find: those in whose name or code a text stands.
    """

    names: NamesOf
    many: ManyOf | None = None
    find: Find | None = None


def scope_desk(many: ManyOf, find: Find) -> ScopeDesk:
    """Return the desk of things that have a name and a code, and can be chosen."""
    return ScopeDesk(lambda ids: {one: thing.name for one, thing in many(ids).items()}, many, find)


#: By field of `rules.SCOPE_FIELDS`; `app.wire` fills it, since units, stations, areas and shifts are above this room.
SCOPES: dict[str, ScopeDesk] = {}


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role over the thing in question."""

    grant_id: uuid.UUID
    account_id: uuid.UUID
    name: str
    role: Role
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class GrantLine:
    """A role as the desk shows it: over what, and given when by whom."""

    id: uuid.UUID
    account_id: uuid.UUID
    role: Role
    scope: str | None
    scope_name: str
    granted_at: dt.datetime
    granted_by: str | None
    revoked_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account at the desk: its roles in force, and those that have ended."""

    id: uuid.UUID
    name: str
    phone: str
    is_staff: bool
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    grants: tuple[GrantLine, ...]
    ended: tuple[GrantLine, ...]


def names_of(actor: Actor, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of the accounts that exist among these, by id; one statement."""
    if not account_ids:
        return {}
    query = sa.select(Account).where(Account.id.in_(account_ids))
    return {account.id: _shown_name(actor, account) for account in reading().scalars(query)}


def holders_of(actor: Actor, scope: str, scope_id: uuid.UUID) -> list[Holder]:
    """Return who holds a role over just this thing (`scope` is a field of `rules.SCOPE_FIELDS`), the first first."""
    query = (
        sa.select(Grant, Account)
        .join(Account, Account.id == Grant.account_id)
        .where(getattr(Grant, scope) == scope_id, Grant.revoked_at.is_(None))
        .order_by(Grant.id)
    )
    return [
        Holder(grant.id, account.id, _shown_name(actor, account), Role(grant.role), account.disabled_at is not None)
        for grant, account in reading().execute(query)
    ]


def roles_of(actor: Actor, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[GrantLine]]:
    """Return the roles in force of these accounts, by account, the first first."""
    grants = _grants(Grant.account_id.in_(account_ids), Grant.revoked_at.is_(None)) if account_ids else []
    found: dict[uuid.UUID, list[GrantLine]] = {}
    for line in _lines(actor, grants):
        found.setdefault(line.account_id, []).append(line)
    return found


def get_account(actor: Actor, account_id: uuid.UUID) -> AccountPage:
    """Return an account with its roles.

    Raises:
        NotFound: no such account, or one without a role that only an admin may open, to give it one.
    """
    account = reading().get(Account, account_id)
    if account is None or not (account.is_staff or actor.is_admin):
        raise NotFound
    lines = _lines(actor, _grants(Grant.account_id == account_id))
    phone = settings().keyring.open(account.phone_sealed, "accounts", "phone_sealed", account.id)
    return AccountPage(
        id=account.id,
        name=_shown_name(actor, account),
        phone=mask_phone(phone),
        is_staff=account.is_staff,
        created_at=account.created_at,
        disabled_at=account.disabled_at,
        grants=tuple(line for line in lines if line.revoked_at is None),
        ended=tuple(line for line in lines if line.revoked_at is not None),
    )


def get_grant(actor: Actor, grant_id: uuid.UUID) -> GrantLine:
    """Return a role that was given, in force or not.

    Raises:
        NotFound: no such grant.
    """
    lines = _lines(actor, _grants(Grant.id == grant_id))
    if not lines:
        raise NotFound
    return lines[0]


def _grants(*conditions: sa.ColumnElement[bool]) -> list[Grant]:
    """Return the grants that fulfil the conditions, the first first."""
    return list(reading().scalars(sa.select(Grant).where(*conditions).order_by(Grant.id)))


def _lines(actor: Actor, grants: Collection[Grant]) -> list[GrantLine]:
    """Return grants with their words; one statement for each kind of scope, one for who gave them."""
    givers = names_of(actor, {grant.granted_by for grant in grants if grant.granted_by})
    words: dict[uuid.UUID, str] = {}
    for field in SCOPE_FIELDS:
        ids = {getattr(grant, field) for grant in grants if getattr(grant, field)}
        if ids and field in SCOPES:
            words |= SCOPES[field].names(ids)
    lines = []
    for grant in grants:
        scope = next((name for name in SCOPE_FIELDS if getattr(grant, name)), None)
        lines.append(
            GrantLine(
                id=grant.id,
                account_id=grant.account_id,
                role=Role(grant.role),
                scope=scope,
                scope_name=words.get(getattr(grant, scope), "—") if scope else "",
                granted_at=grant.granted_at,
                granted_by=givers.get(grant.granted_by) if grant.granted_by else None,
                revoked_at=grant.revoked_at,
            )
        )
    return lines


def _shown_name(actor: Actor, account: Account) -> str:
    """Return a name as this caller may read it: one's own in full, staff's in full for an admin, all else masked."""
    name = settings().keyring.open(account.name_sealed, "accounts", "name_sealed", account.id)
    in_full = account.id == actor.account_id or (actor.is_admin and account.is_staff)
    return name if in_full else name[:1] + "*" * (len(name) - 1)
