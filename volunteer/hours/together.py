"""Several reviews decided at once, with one reason: what it would do, doing it, and what came of each.

Each review is decided for itself, in a transaction of its own, by the one way there is (`deciding`): a second person
always, in scope, once; it has its own line of the audit log, which names the decision that it was part of. That
decision has an id of the sender's, so the same sent again is answered and not done again.
Source: ux.md A8 (批量核定); contract, "GET /reviews"; decisions 14.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.database import lock_name, reading, transaction
from volunteer.errors import Conflict, NotFound, VolunteerError
from volunteer.hours import cases, deciding
from volunteer.hours.models import HourDecision, HourRequest, RequestKind, RequestState


class Verdict(StrEnum):
    """What is decided about all of them."""

    ACCEPT = "accept"
    REFUSE = "refuse"


STATE_OF = {Verdict.ACCEPT: RequestState.ACCEPTED, Verdict.REFUSE: RequestState.REFUSED}


@dataclass(frozen=True, slots=True)
class Together:
    """One decision about several requests.

    Attributes:
        id: the sender's name for it.
        reason: given to every one of them; a refusal has one.
    """

    id: uuid.UUID
    verdict: Verdict
    request_ids: tuple[uuid.UUID, ...]
    reason: str | None = None

    @property
    def digest(self) -> bytes:
        """What makes it the same again."""
        ids = sorted(str(one) for one in self.request_ids)
        return hashlib.sha256(json.dumps([self.verdict.value, ids, self.reason]).encode()).digest()


@dataclass(slots=True)
class Outlook:
    """What a decision would concern.

    Attributes:
        open: those that the caller may decide, as `queries.views_of` tells them, with `pending_minutes`.
        barred: those that wait for somebody else, with `why_not`.
        settled: those that are decided already; unknown: how many are none, or none of the caller's stations.
    """

    open: list[dict[str, Any]] = field(default_factory=list)
    barred: list[dict[str, Any]] = field(default_factory=list)
    settled: list[dict[str, Any]] = field(default_factory=list)
    unknown: int = 0

    @property
    def minutes(self) -> int:
        """The minutes at stake."""
        return sum(one["pending_minutes"] for one in self.open)

    @property
    def people(self) -> int:
        """The people whose they are."""
        return len({one["volunteer_id"] for one in self.open})


def outlook(actor: Actor, request_ids: Collection[uuid.UUID], kinds: Collection[RequestKind]) -> Outlook:
    """Return what deciding these would concern; a fixed number of statements, and nothing is written."""
    session, found = reading(), Outlook()
    rows = cases.requests_of(session, actor, request_ids, kinds)
    found.unknown = len(set(request_ids) - {row.id for row in rows})
    for one in cases.listed(session, actor, rows):
        if one["review_state"] != RequestState.OPEN:
            found.settled.append(one)
        else:
            (found.barred if one["why_not"] else found.open).append(one)
    return found


def decide(
    actor: Actor, one: Together, now: dt.datetime, kinds: Collection[RequestKind] = deciding.ANY_KIND
) -> dict[str, Any]:
    """Decide several requests, each for itself, and return what came of each in the order of the ids.

    Raises:
        Conflict: `batch-reused`: the id stands for another decision.
    """
    told = _done(reading(), actor, one)
    if told is not None:
        return told
    results = {request_id: _decided(actor, request_id, one, now, kinds) for request_id in _in_turn(one.request_ids)}
    row = HourDecision(
        id=one.id,
        account_id=actor.account,
        verdict=one.verdict.value,
        body_digest=one.digest,
        results=[results[request_id] for request_id in one.request_ids],
        created_at=now,
    )
    with transaction() as session:
        lock_name(session, f"decision {one.id}")
        if session.get(HourDecision, one.id) is None:  # else the same came twice at once, and the first answer stands
            session.add(row)
    return _done(reading(), actor, one) or {}


def decision(actor: Actor, decision_id: uuid.UUID) -> dict[str, Any]:
    """Return what came of a decision of the caller's, with the requests as they stand now.

    Raises:
        NotFound: no such decision, or somebody else's.
    """
    session = reading()
    row = session.get(HourDecision, decision_id)
    if row is None or row.account_id != actor.account:
        raise NotFound
    return _told(session, actor, row)


def _done(session: Session, actor: Actor, one: Together) -> dict[str, Any] | None:
    """Return the answer to a decision that was sent before."""
    row = session.get(HourDecision, one.id)
    if row is None:
        return None
    if row.account_id != actor.account or row.body_digest != one.digest:
        raise Conflict("这个批次编号已用于另一次核定,请刷新页面后重新选择。", code="batch-reused")
    return _told(session, actor, row)


def _in_turn(request_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Return the requests by person: under one transaction (an idempotency key) people are locked in order of id."""
    query = sa.select(HourRequest.id, HourRequest.person_id).where(HourRequest.id.in_(set(request_ids)))
    person_of = {row.id: row.person_id for row in reading().execute(query)}
    nobody = uuid.UUID(int=0)
    return sorted(set(request_ids), key=lambda request_id: (person_of.get(request_id, nobody), request_id))


def _decided(
    actor: Actor, request_id: uuid.UUID, one: Together, now: dt.datetime, kinds: Collection[RequestKind]
) -> dict[str, Any]:
    """Decide one request; return what came of it, as plain values."""
    try:
        row = deciding.decide(actor, request_id, STATE_OF[one.verdict], one.reason, now, kinds, one.id)
    except VolunteerError as error:
        return {"id": str(request_id), "status": error.status, "code": error.code, "detail": error.detail}
    is_new = row.decided_at == now and row.decided_by == actor.account
    return {"id": str(request_id), "status": 200, "state": row.state, "minutes": row.minutes, "already": not is_new}


def _told(session: Session, actor: Actor, row: HourDecision) -> dict[str, Any]:
    """Return a decision as it is answered; a request that the caller no longer sees has no name."""
    ids = [uuid.UUID(one["id"]) for one in row.results]
    seen = {view["id"]: view for view in cases.listed(session, actor, cases.requests_of(session, actor, ids))}
    fresh = [one for one in row.results if one["status"] == 200 and not one["already"]]
    decided = {uuid.UUID(one["id"]) for one in fresh}
    people = {seen[one]["volunteer_id"] for one in decided if one in seen}
    results = [
        {"state": None, "already": False, **one, "id": request_id, "request": seen.get(request_id)}
        for request_id, one in zip(ids, row.results, strict=True)
    ]
    return {
        "batch_id": row.id,
        "decision": row.verdict,
        "reason": next((seen[one]["decision_reason"] for one in ids if one in seen and one in decided), None),
        "decided_at": row.created_at,
        "decided": len(fresh),
        "minutes": sum(one["minutes"] for one in fresh),
        "people": len(people),
        "results": results,
    }
