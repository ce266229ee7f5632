"""Issue, list, print, verify and revoke proofs of service.

A proof covers the ledger lines effective when it was issued. It is superseded when a later line takes one of them back:
marked in the transaction of that line, and asked of the ledger again on every reading, so neither can be forgotten.
Locks: the person first, like every use case that reads or writes the person's lines.
Source: contract, "Certificates"; decisions 11, 15.
"""

import datetime as dt
import hmac
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.certificates import contents, rules
from volunteer.certificates.models import Certificate
from volunteer.certificates.rules import State
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Fault, InvalidInput, NotFound, invalid
from volunteer.hours import service as hours
from volunteer.hours.settling import settle_if_due
from volunteer.notifications import service as notifications
from volunteer.registration import service as registration
from volunteer.registration.rules import mask_name

Before = tuple[dt.datetime, uuid.UUID] | None
ERASED = "本人已注销"


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A proof as its owner sees it. `token` is what verifies it; `superseded_by` the number of the newer one."""

    id: uuid.UUID
    number: str
    state: State
    minutes: int
    from_on: dt.date
    to_on: dt.date
    issued_at: dt.datetime
    token: str
    superseded_by: str | None
    person_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Verification:
    """A proof as anybody sees it who holds number and token; the name masked, empty after erasure."""

    number: str
    state: State
    display_name: str
    minutes: int
    from_on: dt.date
    to_on: dt.date
    issued_at: dt.datetime
    superseded_by: str | None
    issuer: str = ""


def issue_own(
    actor: Actor, volunteer_id: uuid.UUID | None, from_on: dt.date, to_on: dt.date, now: dt.datetime
) -> tuple[CertificateView, bool]:
    """Issue a proof to the caller, or to `volunteer_id` for whom they act; as `issue_to`."""
    return _issue(actor, registration.acting_as(actor, volunteer_id), from_on, to_on, now)


def issue_to(
    actor: Actor, person_id: uuid.UUID, from_on: dt.date, to_on: dt.date, now: dt.datetime
) -> tuple[CertificateView, bool]:
    """Issue a proof to a person without a phone; return it, and whether it is new.

    The same range with nothing changed is the same proof again.

    Raises:
        NotFound: no such person, or not within the keeper's sight.
        InvalidInput: `to-before-from`; `nothing-to-certify`.
    """
    _require_keeper(actor, person_id)
    return _issue(actor, person_id, from_on, to_on, now)


def _issue(
    actor: Actor, person_id: uuid.UUID, from_on: dt.date, to_on: dt.date, now: dt.datetime
) -> tuple[CertificateView, bool]:
    """Issue in one transaction, the person locked: neither a second proof nor a new line comes in between."""
    if to_on < from_on:
        raise invalid("to", "to-before-from", "结束日期不能早于开始日期。")
    settle_if_due(person_id, now)
    with transaction() as session:
        registration.lock_person(session, person_id)
        lines = hours.lines_of(session, person_id, from_on, to_on)
        said = contents.content(session, person_id, lines)
        if not said["services"]:
            raise _nothing()
        covered = rules.covered(lines)
        same = _same(session, person_id, (from_on, to_on), covered, said)
        if same is not None:
            return _view(session, same, State.VALID), False
        row = _new_row(actor, person_id, (from_on, to_on), now)
        row.minutes = sum(service["minutes"] for service in said["services"])
        row.lines = covered
        row.content_sealed = contents.seal_content(row.id, said)
        session.add(row)
        audit.record(session, actor, now, "certificate.issue", ("person", person_id), number=row.number)
        return _view(session, row, State.VALID), True


def _nothing() -> InvalidInput:
    """Return the error for a range without a minute."""
    sentence = "这段时间没有可以证明的服务时长,请换一个时间段,或先查看哪些时长还在等待审核。"
    error = InvalidInput([Fault("from", "nothing-to-certify", sentence)], sentence)
    error.code = "nothing-to-certify"
    return error


def _new_row(actor: Actor, person_id: uuid.UUID, span: tuple[dt.date, dt.date], now: dt.datetime) -> Certificate:
    """Return a row with a number and token of its own: 50 and 130 random bits."""
    ring, row_id = settings().keyring, new_id()
    token = rules.random_text(os.urandom(rules.TOKEN_CHARACTERS), rules.TOKEN_CHARACTERS)
    return Certificate(
        id=row_id,
        number=rules.new_number(contents.issued_on(now).year, os.urandom(rules.RANDOM_CHARACTERS)),
        person_id=person_id,
        from_on=span[0],
        to_on=span[1],
        token_digest=ring.blind_index(token, "certificate"),
        token_sealed=ring.seal(token, contents.TABLE, "token_sealed", row_id),
        issued_at=now,
        issued_by=actor.account,
    )


def _same(
    session: Session, person_id: uuid.UUID, span: tuple[dt.date, dt.date], covered: dict[str, int], said: dict[str, Any]
) -> Certificate | None:
    """Return the proof in force of this range that says exactly this, or None."""
    query = sa.select(Certificate).where(
        Certificate.person_id == person_id,
        Certificate.from_on == span[0],
        Certificate.to_on == span[1],
        Certificate.superseded_at.is_(None),
        Certificate.revoked_at.is_(None),
    )
    for row in session.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.id.desc())):
        if row.lines == covered and contents.says_the_same(contents.open_content(row), said):
            return row
    return None


def list_own(actor: Actor, volunteer_id: uuid.UUID | None, limit: int, before: Before) -> list[CertificateView]:
    """Return the proofs of the caller, or of whom they act for, newest first, after the cursor `before`."""
    session, person_id = reading(), registration.acting_as(actor, volunteer_id)
    query = sa.select(Certificate).where(Certificate.person_id == person_id)
    if before:
        at, last = before
        query = query.where((Certificate.issued_at < at) | ((Certificate.issued_at == at) & (Certificate.id < last)))
    order = (Certificate.issued_at.desc(), Certificate.id.desc())
    rows = list(session.scalars(query.order_by(*order).limit(limit)))
    states = _states(session, rows)
    return [_view(session, row, states[row.id]) for row in rows]


def print_pdf(actor: Actor, number: str, root: str, now: dt.datetime) -> bytes:
    """Return the PDF for the owner, who acts for them, or a keeper in scope; a keeper's printing is logged.

    Raises:
        NotFound: no such proof, not for the caller to see, or emptied by erasure.
    """
    row = _find(reading(), number)
    if row is None:
        raise NotFound
    is_own = registration.may_act_for(actor, row.person_id)
    if not is_own:
        _require_keeper(actor, row.person_id)
    made = contents.printed(row, *_said(row), root)
    if not is_own:
        with transaction() as session:
            audit.record(session, actor, now, "certificate.print", ("person", row.person_id), number=row.number)
    return made


def own_number(person_id: uuid.UUID, number: str) -> str:
    """Return the number of a proof as it is written if it is this person's, else nothing."""
    row = _find(reading(), number)
    return row.number if row is not None and row.person_id == person_id else ""


def get_own(actor: Actor, number: str) -> CertificateView:
    """Return a proof of the caller, or of somebody for whom they act.

    Raises:
        NotFound: no such proof, or somebody else's.
    """
    row = _own(actor, number)
    return _view(reading(), row, _states(reading(), [row])[row.id])


def own_pictures(actor: Actor, number: str, root: str) -> list[bytes]:
    """Return the pages of one's own proof as PNG, for phones that keep pictures more easily than files.

    Raises:
        NotFound: no such proof, somebody else's, or emptied by erasure.
    """
    row = _own(actor, number)
    return contents.pictured(row, *_said(row), root)


def verify(number: str, token: str) -> Verification:
    """Return what may be told to whoever holds the paper.

    Raises:
        NotFound: no such number, or not its token; both take the same time.
    """
    session = reading()
    row = _find(session, number)
    known = row.token_digest if row is not None else bytes(33)
    digests = settings().keyring.blind_indexes(token.strip().upper(), "certificate")
    fits = [hmac.compare_digest(known, digest) for digest in digests]
    if row is None or not any(fits):
        raise NotFound("没有找到这份证明。请核对证明编号,或重新扫描证明上的二维码。")
    said, state = contents.open_content(row), _states(session, [row])[row.id]
    return Verification(
        number=row.number,
        state=state,
        display_name=mask_name(said["person"]["name"]) if said else "",
        minutes=row.minutes,
        from_on=row.from_on,
        to_on=row.to_on,
        issued_at=row.issued_at,
        superseded_by=_successor(session, row) if state is State.SUPERSEDED else None,
        issuer=contents.issuer_of(said or {}),
    )


def revoke(actor: Actor, number: str, reason: str, now: dt.datetime) -> CertificateView:
    """Revoke a proof for good; a second time changes nothing.

    Raises:
        Forbidden: the caller is no admin.
        NotFound: no such proof.
    """
    actor.require_admin()
    with transaction() as session:
        row = _find(session, number, lock=True)
        if row is None:
            raise NotFound
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by, row.revoke_reason = now, actor.account, reason
            audit.record(
                session, actor, now, "certificate.revoke", ("person", row.person_id), reason, number=row.number
            )
            sentence = f"您的服务记录证明 {row.number} 已被撤销,原因:{reason}。如有疑问请联系服务站。"
            notifications.tell(session, row.person_id, "certificate-revoked", sentence, now)
        return _view(session, row, State.REVOKED)


def forget_person(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Empty what the person's proofs say and revoke them: an erased person is certified by nothing (decisions 15)."""
    for row in session.scalars(sa.select(Certificate).where(Certificate.person_id == person_id)):
        row.content_sealed = None
        if row.revoked_at is None:
            row.revoked_at, row.revoke_reason = now, ERASED


def export(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return the person's proofs for GET /me/data."""
    rows = session.scalars(
        sa.select(Certificate).where(Certificate.person_id == person_id).order_by(Certificate.issued_at)
    ).all()
    states = _states(session, rows)
    return {
        "certificates": [
            {
                "number": row.number,
                "state": states[row.id].value,
                "from": row.from_on,
                "to": row.to_on,
                "minutes": row.minutes,
                "issued_at": row.issued_at,
                "content": contents.open_content(row),
            }
            for row in rows
        ]
    }


def _require_keeper(actor: Actor, person_id: uuid.UUID) -> None:
    """Raise NotFound unless the caller is a keeper who sees the person, or an admin. A proof names in full."""
    keeping = replace(actor, grants=tuple(grant for grant in actor.grants if grant.role is not Role.UNIT_LIAISON))
    registration.require_person(keeping, Permission.UNMASK, person_id)


def _find(session: Session, number: str, *, lock: bool = False) -> Certificate | None:
    """Return the proof of a number as somebody typed it, or None."""
    typed = rules.typed_number(number)
    if typed is None:
        return None
    query = sa.select(Certificate).where(Certificate.number == typed)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _own(actor: Actor, number: str) -> Certificate:
    """Return the proof of a number if the caller is its person, or acts for them; else raise NotFound."""
    row = _find(reading(), number)
    if row is None or not registration.may_act_for(actor, row.person_id):
        raise NotFound
    return row


def _said(row: Certificate) -> tuple[dict[str, Any], State]:
    """Return what a proof says, and its state; raise NotFound where erasure has emptied it."""
    said = contents.open_content(row)
    if said is None:
        raise NotFound
    return said, _states(reading(), [row])[row.id]


def _states(session: Session, rows: Sequence[Certificate]) -> dict[uuid.UUID, State]:
    """Return the state of each of one person's proofs, asking the ledger once."""
    if not rows:
        return {}
    first, last = min(row.from_on for row in rows), max(row.to_on for row in rows)
    lines = hours.lines_of(session, rows[0].person_id, first, last)
    return {
        row.id: rules.state_of(
            is_revoked=row.revoked_at is not None,
            is_superseded=row.superseded_at is not None or rules.is_changed(row.lines, lines),
        )
        for row in rows
    }


def _successor(session: Session, row: Certificate) -> str | None:
    """Return the number of the newest proof of the same person and range that was issued later and not revoked."""
    return session.scalar(
        sa.select(Certificate.number)
        .where(
            Certificate.person_id == row.person_id,
            Certificate.from_on == row.from_on,
            Certificate.to_on == row.to_on,
            Certificate.issued_at >= row.issued_at,
            Certificate.id > row.id,
            Certificate.revoked_at.is_(None),
        )
        .order_by(Certificate.issued_at.desc(), Certificate.id.desc())
        .limit(1)
    )


def _view(session: Session, row: Certificate, state: State) -> CertificateView:
    """Return a proof as its owner sees it."""
    return CertificateView(
        id=row.id,
        number=row.number,
        state=state,
        minutes=row.minutes,
        from_on=row.from_on,
        to_on=row.to_on,
        issued_at=row.issued_at,
        token=contents.open_token(row),
        superseded_by=_successor(session, row) if state is State.SUPERSEDED else None,
        person_id=row.person_id,
    )
