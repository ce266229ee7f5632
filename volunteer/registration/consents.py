"""Who agrees to what, on any day: asked by every room before it publishes, uses a photo or passes data on.

A consent holds from the moment that it is given until it is withdrawn; questions about a day mean its end, so one that
is withdrawn today holds today no more. But for registration, a guardian's yes ends on the 18th birthday: from then on
it is the person's own to give. Source: PIPL 14, 15, 23, 25, 31; Civil Code art. 17, 23; ADR 0010.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import new_id
from volunteer.registration import vault
from volunteer.registration.models import Consent, Person
from volunteer.registration.rules import ADULT_AGE, born_by_for
from volunteer.registration.rules_consents import ConsentKind, is_theirs_to_give


def has(session: Session, person_id: uuid.UUID, kind: ConsentKind, on: dt.date, version: str = "") -> bool:
    """Whether a person agrees to `kind` at the end of a day, under `version` or a later one."""
    query = holders(kind, on, version).where(Consent.person_id == person_id)
    return session.scalar(query.limit(1)) is not None


def having(
    session: Session, person_ids: Collection[uuid.UUID], kind: ConsentKind, on: dt.date, version: str = ""
) -> set[uuid.UUID]:
    """Return those of `person_ids` who agree to `kind` at the end of a day. One statement."""
    return set(session.scalars(holders(kind, on, version).where(Consent.person_id.in_(person_ids))))


def holders(kind: ConsentKind, on: dt.date, version: str = "") -> sa.Select[uuid.UUID]:
    """Return the ids of who agrees to `kind` at the end of a day, for a query that joins them; one may come twice."""
    end = dt.datetime.combine(on + dt.timedelta(days=1), dt.time.min, settings().zone)
    query = sa.select(Consent.person_id).where(
        Consent.kind == kind.value,
        Consent.given_at < end,
        sa.or_(Consent.withdrawn_at.is_(None), Consent.withdrawn_at >= end),
    )
    if kind is not ConsentKind.REGISTRATION:
        is_minor = Person.birth_date > born_by_for(on, ADULT_AGE)
        query = query.join(Person, Person.id == Consent.person_id).where(Consent.is_by_guardian == is_minor)
    return query.where(Consent.version >= version) if version else query


def history_of(session: Session, person_ids: Collection[uuid.UUID]) -> list[Consent]:
    """Return every consent that these people gave, withdrawn ones too, the newest first."""
    query = sa.select(Consent).where(Consent.person_id.in_(person_ids))
    return list(session.scalars(query.order_by(Consent.given_at.desc(), Consent.id.desc())))


def newest_in_force(consents: Iterable[Consent], kind: ConsentKind, *, is_minor: bool) -> Consent | None:
    """Return the newest of one person's consents to `kind` that holds today."""
    given = (one for one in consents if one.kind == kind and one.withdrawn_at is None)
    return max(
        (one for one in given if is_theirs_to_give(kind, is_by_guardian=one.is_by_guardian, is_minor=is_minor)),
        key=lambda one: (one.version, one.given_at),
        default=None,
    )


def keep(session: Session, person_id: uuid.UUID, kind: ConsentKind, now: dt.datetime, **facts: Any) -> Consent:
    """Keep a consent that is given now; `facts`: `version`, `channel`, `is_by_guardian`."""
    row = Consent(id=new_id(), person_id=person_id, kind=kind.value, given_at=now, **facts)
    session.add(row)
    session.flush()
    return row


def keep_signed(
    session: Session, person_id: uuid.UUID, kind: ConsentKind, now: dt.datetime, reference: str, **facts: Any
) -> Consent:
    """Keep a consent that was signed on paper, with where the paper lies; `facts` as for `keep`."""
    row = keep(session, person_id, kind, now, **facts)
    row.paper_reference_sealed = vault.seal_reference(row.id, reference)
    session.flush()
    return row


def close(
    session: Session, person_id: uuid.UUID, kinds: Collection[ConsentKind], now: dt.datetime, channel: str
) -> list[ConsentKind]:
    """Withdraw whatever of `kinds` a locked person agrees to; return what that was."""
    in_force = sa.select(Consent).where(
        Consent.person_id == person_id,
        Consent.kind.in_([kind.value for kind in kinds]),
        Consent.withdrawn_at.is_(None),
    )
    rows = list(session.scalars(in_force.with_for_update()))
    for row in rows:
        row.withdrawn_at, row.withdrawn_channel = max(now, row.given_at), channel
    session.flush()
    return sorted({ConsentKind(row.kind) for row in rows})


def reopen(session: Session, person_id: uuid.UUID, kind: ConsentKind, now: dt.datetime, channel: str) -> None:
    """Let a locked person agree again to what they last agreed to, as a consent of its own."""
    rows = [one for one in history_of(session, [person_id]) if one.kind == kind]
    if rows and all(one.withdrawn_at is not None for one in rows):
        last = max(rows, key=lambda one: (one.withdrawn_at or now, one.version))
        keep(session, person_id, kind, now, version=last.version, channel=channel, is_by_guardian=last.is_by_guardian)
