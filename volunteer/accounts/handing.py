"""Roles over a unit that ends: handed to the one that goes on, or ended; given back when the ending is undone.

A grant in force is never rewritten: the old one is revoked and a new one given, so that the account's history stays.
Source: contract, grants (in force on the next request).
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts.models import Grant
from volunteer.database import new_id


def hand_over(
    session: Session, actor: Actor, unit_id: uuid.UUID, into_id: uuid.UUID | None, now: dt.datetime
) -> dict[str, list[str]]:
    """End every role over a unit, and give the same over `into_id` where there is one and it is not held yet.

    Returns the ids of the grants as `ended` and `made`.
    """
    query = sa.select(Grant).where(Grant.unit_id == unit_id, Grant.revoked_at.is_(None)).order_by(Grant.id)
    ended = list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    made = [new for old in ended if into_id and (new := _give(session, actor, old, into_id, now))]
    for grant in ended:
        _revoke(session, actor, grant, now)
    return {"ended": [str(grant.id) for grant in ended], "made": [str(grant.id) for grant in made]}


def hand_back(session: Session, actor: Actor, unit_id: uuid.UUID, handed: dict[str, Any], now: dt.datetime) -> None:
    """Undo a `hand_over`: end what was given by it and still holds, give anew what it ended."""
    for grant in _grants(session, handed["made"]):
        if grant.revoked_at is None:
            _revoke(session, actor, grant, now)
    for grant in _grants(session, handed["ended"]):
        _give(session, actor, grant, unit_id, now)


def _grants(session: Session, ids: Iterable[str]) -> list[Grant]:
    """Return these grants."""
    query = sa.select(Grant).where(Grant.id.in_([uuid.UUID(one) for one in ids])).order_by(Grant.id)
    return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def _give(session: Session, actor: Actor, like: Grant, unit_id: uuid.UUID, now: dt.datetime) -> Grant | None:
    """Give the account of a grant the same role over a unit; None where it holds it."""
    same = (Grant.account_id == like.account_id, Grant.role == like.role, Grant.unit_id == unit_id)
    if session.scalar(sa.select(Grant.id).where(*same, Grant.revoked_at.is_(None))):
        return None
    grant = Grant(
        id=new_id(),
        account_id=like.account_id,
        role=like.role,
        unit_id=unit_id,
        granted_by=actor.account_id,
        granted_at=now,
    )
    session.add(grant)
    audit.record(session, actor, now, "grant.add", ("account", like.account_id), role=like.role)
    session.flush()
    return grant


def _revoke(session: Session, actor: Actor, grant: Grant, now: dt.datetime) -> None:
    """End a grant."""
    grant.revoked_at, grant.revoked_by = now, actor.account_id
    audit.record(session, actor, now, "grant.revoke", ("account", grant.account_id), role=grant.role)
    session.flush()
