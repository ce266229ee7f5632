"""Refused stays refused: who was invited by a list and said no is not invited by the next.

What is kept is a keyed index of a digest of the identity, for three years, and nothing that can be read. Whoever
registers takes their refusal back by it. Source: domain.md F5; PIPL 19 (no longer than needed), 47.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.config import settings
from volunteer.database import new_id, transaction
from volunteer.registration import vault
from volunteer.registration.models import Person, Refusal
from volunteer.registration.rules import IdType
from volunteer.registration.statuses import today

#: Yearly lists come three times more; then the question may be asked again.
KEPT: Final = dt.timedelta(days=3 * 365)


def note(session: Session, person: Person, now: dt.datetime) -> None:
    """Keep that a locked person refuses; to be called before they are erased."""
    number = vault.opened(person, "id_number")
    if person.id_type is None or number is None:
        return
    digest, until = _digest(IdType(person.id_type), number), today(now) + KEPT
    known = session.scalars(sa.select(Refusal).where(Refusal.identity_index.in_(indexes_of(digest)))).first()
    if known is not None:
        known.keep_until = until
        return
    row_id = new_id()
    session.add(
        Refusal(
            id=row_id,
            identity_index=indexes_of(digest)[0],
            digest_sealed=settings().keyring.seal(digest, "refusals", "digest_sealed", row_id),
            keep_until=until,
        )
    )
    session.flush()


def keys_of(identities: Iterable[tuple[IdType, str]]) -> dict[bytes, tuple[IdType, str]]:
    """Return the indexes under which refusals of these identities would be found, each with its identity."""
    return {index: one for one in identities for index in indexes_of(_digest(*one))}


def found_among(session: Session, indexes: Collection[bytes]) -> list[bytes]:
    """Return those of these indexes that are of a refusal; one statement."""
    query = sa.select(Refusal.identity_index).where(Refusal.identity_index.in_(indexes))
    return list(session.scalars(query)) if indexes else []


def lift(session: Session, id_type: IdType, number: str) -> None:
    """Forget a refusal: the person has registered after all."""
    indexes = indexes_of(_digest(id_type, number))
    session.execute(sa.delete(Refusal).where(Refusal.identity_index.in_(indexes)))


def forget_old(now: dt.datetime) -> int:
    """Delete refusals past their time; return how many."""
    with transaction() as session:
        gone = session.execute(sa.delete(Refusal).where(Refusal.keep_until < today(now)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def indexes_of(digest: str) -> list[bytes]:
    """Return the indexes of a digest under every key version, the current first."""
    return settings().keyring.blind_indexes(digest, "refusal")


def _digest(id_type: IdType, number: str) -> str:
    """Return what stands for an identity: alone it can be guessed from all numbers, so it is kept sealed or keyed."""
    return hashlib.sha256(f"volunteer refusal {id_type.value} {number}".encode()).hexdigest()
