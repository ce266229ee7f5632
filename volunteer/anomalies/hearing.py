"""Hearing those whom a finding concerns: asked before it is decided, told of what was decided, answering in own words.

Whoever is in a finding sees what was found and why it was looked at, nobody's name, and may answer while it waits and
after it was upheld. Answers are appended and never changed; whoever decides reads them.
Source: PIPL 24 (to be told, to object), PIPL 44; domain.md g1, h H4 (every change: reason, notice, appeal).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import directory
from volunteer.anomalies import service, telling
from volunteer.anomalies.models import Finding, FindingParty, FindingPerson, FindingStatement
from volunteer.anomalies.rules import FindingKind, FindingState
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, IllegalTransition, NotFound
from volunteer.registration import service as registration

MOST: Final = 5
"""How often one account may answer about one finding."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody in a finding said of it; `by` is masked for who reads, and `person_id` whom it is about."""

    by: str
    text: str
    stated_at: dt.datetime
    person_id: uuid.UUID | None


def ask(actor: Actor, finding_id: uuid.UUID, now: dt.datetime) -> Finding:
    """Ask everybody in a finding to say what happened; a second time asks nobody again.

    Raises:
        NotFound: no such finding. Forbidden: `second-person-required`, or no admin. IllegalTransition: it is decided.
    """
    actor.require_admin()
    with transaction() as session:
        row = session.get(Finding, finding_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound
        service.require_second_person(actor, finding_id)
        if row.state != FindingState.OPEN:
            raise IllegalTransition("这条线索已有处理结果,请刷新后查看。")
        if row.asked_at is None:
            row.asked_at = now
            audit.record(session, actor, now, "anomaly.ask", ("finding", finding_id))
            telling.tell_asked(session, row, now)
            session.flush()
        return row


def concerning(actor: Actor, limit: int, before: uuid.UUID | None = None) -> list[Finding]:
    """Return up to `limit` findings that concern the caller or whom they act for, as far as they were told of them."""
    query = sa.select(Finding).where(*_concerning(actor)).order_by(Finding.id.desc()).limit(limit)
    if before:
        query = query.where(Finding.id < before)
    return list(reading().scalars(query))


def _concerning(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of findings that the caller is in and was told of."""
    people = sa.select(FindingPerson.finding_id).where(
        FindingPerson.person_id.in_(registration.linked_persons(actor) or [uuid.UUID(int=0)])
    )
    parties = sa.select(FindingParty.finding_id).where(FindingParty.account_id == actor.account)
    is_told = sa.or_(Finding.asked_at.is_not(None), Finding.state == FindingState.UPHELD)
    return [sa.or_(Finding.id.in_(people), Finding.id.in_(parties)), is_told]


def count_unanswered(actor: Actor) -> int:
    """Return how many findings wait for what the caller has to say."""
    said = sa.select(FindingStatement.finding_id).where(FindingStatement.account_id == actor.account)
    waits = (Finding.state == FindingState.OPEN, Finding.id.not_in(said))
    query = sa.select(sa.func.count()).select_from(Finding).where(*_concerning(actor), *waits)
    return reading().scalar(query) or 0


def get_concerning(actor: Actor, finding_id: uuid.UUID) -> Finding:
    """Return a finding that concerns the caller.

    Raises:
        NotFound: none of theirs, or one of which they were not told.
    """
    row = reading().scalars(sa.select(Finding).where(Finding.id == finding_id, *_concerning(actor))).first()
    if row is None:
        raise NotFound
    return row


def state(actor: Actor, finding_id: uuid.UUID, text: str, now: dt.datetime) -> FindingStatement:
    """Append what the caller has to say about a finding that they are in; the same again is appended once.

    Raises:
        NotFound: as `get_concerning`. IllegalTransition: it was dismissed. Conflict: `too-many`.
    """
    with transaction() as session:
        row = get_concerning(actor, finding_id)
        session.refresh(row, with_for_update=True)
        if row.state == FindingState.DISMISSED:
            raise IllegalTransition("这条线索已排除,不需要再说明。")
        query = sa.select(FindingStatement).where(
            FindingStatement.finding_id == finding_id, FindingStatement.account_id == actor.account
        )
        mine = list(session.scalars(query.order_by(FindingStatement.id)))
        if mine and mine[-1].text == text:
            return mine[-1]
        if len(mine) >= MOST:
            raise Conflict(f"每条线索最多说明 {MOST} 次,请联系所在站点。", code="too-many")
        own = set(registration.linked_persons(actor)) & set(service.people_of(finding_id))
        person_id = min(own) if own else None
        made = FindingStatement(
            id=new_id(), finding_id=finding_id, account_id=actor.account, person_id=person_id, text=text, stated_at=now
        )
        session.add(made)
        if session.get(FindingParty, (finding_id, actor.account)) is None:
            session.add(FindingParty(finding_id=finding_id, account_id=actor.account))
        audit.record(session, actor, now, "anomaly.state", ("finding", finding_id))
        session.flush()
        return made


def statements_of(actor: Actor, row: Finding) -> list[Statement]:
    """Return what was said of a finding that the caller reads (`service.get_finding`), by time."""
    query = sa.select(FindingStatement).where(FindingStatement.finding_id == row.id)
    return _told(actor, list(reading().scalars(query.order_by(FindingStatement.stated_at, FindingStatement.id))))


def own_statements(actor: Actor, row: Finding) -> list[Statement]:
    """Return what the caller said of a finding."""
    query = sa.select(FindingStatement).where(
        FindingStatement.finding_id == row.id, FindingStatement.account_id == actor.account
    )
    return _told(actor, list(reading().scalars(query.order_by(FindingStatement.stated_at, FindingStatement.id))))


def _told(actor: Actor, rows: Sequence[FindingStatement]) -> list[Statement]:
    """Return statements with who made them: a person's display name, else the account's."""
    people = registration.display_names(reading(), {row.person_id for row in rows if row.person_id})
    accounts = directory.names_of(actor, {row.account_id for row in rows if not row.person_id})
    return [
        Statement(
            people.get(row.person_id, "") if row.person_id else accounts.get(row.account_id, ""),
            row.text,
            row.stated_at,
            row.person_id,
        )
        for row in rows
    ]


def view(actor: Actor, row: Finding) -> dict[str, Any]:
    """Return a finding as whoever it concerns sees it: what was found and why, no other person, no evidence of others'.

    `may_state`: whether they may still say something.
    """
    kind = FindingKind(row.kind)
    return {
        "id": row.id,
        "kind": kind,
        "label": kind.label,
        "meaning": kind.meaning,
        "said": row.said,
        "on_day": row.on_day,
        "state": FindingState(row.state),
        "asked_at": row.asked_at,
        "decided_at": row.decided_at,
        "reason": row.reason,
        "statements": own_statements(actor, row),
        "may_state": row.state != FindingState.DISMISSED,
    }
