"""Looking behind the mask of a minor: asked for with a reason, approved by a second person, open for a day.

An administrator approves, never who asked nor whoever is or acts for the child; the child and the guardian read all of
it. The list of a year is what the yearly audit looks at. Source: Minor-network rules 36, 37; PIPL 31, 51; ADR 0006.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import service as accounts
from volunteer.config import settings
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound
from volunteer.notifications import forgetting
from volunteer.notifications import service as notifications
from volunteer.registration import facts, links, reach
from volunteer.registration.models import Person, UnmaskRequest
from volunteer.registration.rules import needs_guardian
from volunteer.registration.statuses import today

OPEN_FOR: Final = dt.timedelta(hours=24)
CALL, CALL_AGAIN = "call-back", dt.timedelta(hours=1)
ASKED, APPROVED, REFUSED = "asked", "approved", "refused"
WORDS: Final = {ASKED: "待审批", APPROVED: "已批准", REFUSED: "未批准"}


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as staff read it. The child is named by the mask; `asked_by` and `decided_by` are accounts."""

    id: uuid.UUID
    person_id: uuid.UUID
    display_name: str
    asked_by: uuid.UUID
    asked_at: dt.datetime
    fields: tuple[str, ...]
    reason: str
    state: str
    decided_by: uuid.UUID | None
    decided_at: dt.datetime | None
    decision_reason: str | None
    open_until: dt.datetime | None
    used: int
    last_used_at: dt.datetime | None


def ask(actor: Actor, person_id: uuid.UUID, fields: Collection[str], reason: str, now: dt.datetime) -> RequestView:
    """Ask to see fields of a minor in scope; while one waits, asking again changes nothing.

    Raises:
        NotFound: outside the scope. IllegalTransition: no minor; that is seen at once, without asking.
    """
    with transaction() as session:
        person = facts.locked(session, person_id)
        reach.require_person(actor, Permission.UNMASK, person_id)
        if not needs_guardian(person.birth_date, today(now)):
            raise IllegalTransition("此人已成年,说明理由后可直接查看,不需要审批。")
        row = _newest(session, actor, person_id)
        if row is None or row.state != ASKED:
            row = UnmaskRequest(
                id=new_id(),
                person_id=person_id,
                asked_by=actor.account,
                asked_at=now,
                fields=sorted(set(fields)),
                reason=reason,
                state=ASKED,
                used=0,
            )
            session.add(row)
            session.flush()
            audit.record(session, actor, now, "unmask.ask", ("person", person_id), reason, fields=row.fields)
        return _view(session, row)


def _newest(session: Session, actor: Actor, person_id: uuid.UUID) -> UnmaskRequest | None:
    """Return what the caller asked last about a person."""
    query = sa.select(UnmaskRequest).where(
        UnmaskRequest.person_id == person_id, UnmaskRequest.asked_by == actor.account
    )
    return session.scalars(query.order_by(UnmaskRequest.id.desc()).limit(1)).first()


def own_request(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> RequestView | None:
    """Return what the caller asked last about a person, unless it has run out."""
    row = _newest(reading(), actor, person_id)
    if row is None or (row.open_until is not None and row.open_until <= now):
        return None
    return _view(reading(), row)


def use(session: Session, actor: Actor, person_id: uuid.UUID, fields: Collection[str], now: dt.datetime) -> None:
    """Spend an approval on a locked minor: it counts each time.

    Raises:
        Forbidden: `minor-needs-approval`: nobody has approved this, or not these fields, or not any more.
    """
    row = _newest(session, actor, person_id) if actor.account_id else None
    if row is None or row.open_until is None or row.open_until <= now or not set(fields) <= set(row.fields):
        raise Forbidden(
            "查看未成年人的信息须先申请,由另一位管理员批准,批准后 24 小时内可以查看。", code="minor-needs-approval"
        )
    row.used, row.last_used_at = row.used + 1, now


def can_be_decided(actor: Actor, person_id: uuid.UUID) -> bool:
    """Whether there is anybody who may decide what the caller asks: an administrator, neither they nor the family.

    There is no way past a second person: the law wants each look at a minor's data approved, whatever the hurry.
    """
    return accounts.has_admin_beside(reading(), {actor.account, *links.account_ids_of(reading(), person_id)})


def ask_to_call(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Send word to a person, or to a minor's guardian, to call back; nobody sees the number. Once an hour at most.

    Returns whether it was sent now; False: it was a while ago.

    Raises:
        NotFound: outside the scope.
    """
    with transaction() as session:
        facts.locked(session, person_id)
        reach.require_person(actor, Permission.UNMASK, person_id)
        last = forgetting.told_at(session, person_id, CALL)
        if last is not None and last > now - CALL_AGAIN:
            return False
        body = "有事需要与您联系,请尽快致电您所在的单位或服务站。未满 18 周岁的,请监护人联系。"
        notifications.tell(session, person_id, CALL, body, now)
        audit.record(session, actor, now, "person.call-back", ("person", person_id))
        return True


def decide(
    actor: Actor, request_id: uuid.UUID, now: dt.datetime, *, approve: bool, reason: str | None = None
) -> RequestView:
    """Approve or refuse a request; the same decision again changes nothing.

    Raises:
        Forbidden: no administrator, or who asked, or who is or acts for the child. NotFound: no such request.
        IllegalTransition: it was decided otherwise.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, f"unmask request {request_id}")
        row = session.get(UnmaskRequest, request_id, populate_existing=True)
        if row is None:
            raise NotFound
        if actor.account == row.asked_by or actor.account in links.account_ids_of(session, row.person_id):
            raise Forbidden("查看未成年人信息须由另一人审批,本人和亲属不能审批。", code="second-person")
        state = APPROVED if approve else REFUSED
        if row.state != ASKED and row.state != state:
            raise IllegalTransition
        if row.state == ASKED:
            row.state, row.decided_by, row.decided_at, row.decision_reason = state, actor.account, now, reason
            row.open_until = now + OPEN_FOR if approve else None
            session.flush()
            deed = "unmask.approve" if approve else "unmask.refuse"
            audit.record(session, actor, now, deed, ("person", row.person_id), reason)
        return _view(session, row)


def get_request(actor: Actor, request_id: uuid.UUID) -> RequestView:
    """Return a request, for administrators and auditors.

    Raises:
        Forbidden: another caller. NotFound: no such request.
    """
    _require_reader(actor)
    row = reading().get(UnmaskRequest, request_id)
    if row is None:
        raise NotFound
    return _view(reading(), row)


def list_requests(actor: Actor, year: int | None = None) -> list[RequestView]:
    """Return what waits, the oldest first; with `year`, everything asked in it: the list for the yearly audit.

    Raises:
        Forbidden: neither an administrator nor an auditor.
    """
    _require_reader(actor)
    query = sa.select(UnmaskRequest).order_by(UnmaskRequest.id)
    if year is None:
        query = query.where(UnmaskRequest.state == ASKED)
    else:
        first, last = (dt.datetime(one, 1, 1, tzinfo=settings().zone) for one in (year, year + 1))
        query = query.where(UnmaskRequest.asked_at >= first, UnmaskRequest.asked_at < last)
    rows = list(reading().scalars(query))
    names = facts.display_names(reading(), {row.person_id for row in rows})
    return [_view(reading(), row, names) for row in rows]


def count_waiting(actor: Actor) -> int:
    """Return how many requests wait that the caller may decide."""
    query = sa.select(sa.func.count()).select_from(UnmaskRequest)
    query = query.where(UnmaskRequest.state == ASKED, UnmaskRequest.asked_by != actor.account)
    return int(reading().scalar(query) or 0)


def _require_reader(actor: Actor) -> None:
    """Raise Forbidden for who does not read the log of the whole site."""
    if not actor.has_everywhere(Permission.AUDIT):
        raise Forbidden


def _view(session: Session, row: UnmaskRequest, names: dict[uuid.UUID, str] | None = None) -> RequestView:
    """Return a row as staff read it."""
    known = names if names is not None else facts.display_names(session, [row.person_id])
    plain = {name: getattr(row, name) for name in RequestView.__dataclass_fields__ if name != "display_name"}
    return RequestView(**plain | {"display_name": known.get(row.person_id, ""), "fields": tuple(row.fields)})


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return who asked to see a minor, and what was decided, for GET /me/data."""
    query = sa.select(UnmaskRequest).where(UnmaskRequest.person_id == person_id).order_by(UnmaskRequest.id)
    names = ("asked_at", "fields", "reason", "state", "decided_at", "decision_reason", "used")
    return {"unmask_requests": [{name: getattr(row, name) for name in names} for row in session.scalars(query)]}


def forget_person(session: Session, person_id: uuid.UUID, _now: dt.datetime) -> None:
    """Drop the free words of requests about an erased person; that they were made stays for the audit."""
    theirs = sa.update(UnmaskRequest).where(UnmaskRequest.person_id == person_id)
    session.execute(theirs.values(reason="", decision_reason=None))


def is_minor(person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Whether a person is under 18 today."""
    return needs_guardian(reading().get_one(Person, person_id).birth_date, today(now))
