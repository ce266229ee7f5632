"""Deciding make-ups, corrections and reviews: always a second person, in scope, once; then the ledger is settled again.

The person's row is locked first, so of two people deciding at once the second finds what the first decided: the same
decision is repeated, another one is a conflict. Source: contract, "GET /reviews", Hours, Fine points; decisions 14.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities.service import ShiftFacts, get_shift, shifts_of
from volunteer.database import transaction
from volunteer.errors import Conflict, Forbidden, IllegalTransition, InvalidInput, NotFound, VolunteerError
from volunteer.hours import seams
from volunteer.hours.asking import add_parties, check_correction, judge, live_group
from volunteer.hours.facts import Level
from volunteer.hours.make_ups import MakeUpFault
from volunteer.hours.messages import tell_decision
from volunteer.hours.models import HourRequest, LedgerLine, RequestKind, RequestState
from volunteer.hours.policy import policy_on
from volunteer.hours.reckoning import reckon
from volunteer.hours.settling import settle_again
from volunteer.hours.spans import span, subtract
from volunteer.registration.service import account_ids_of, lock_person
from volunteer.stations.service import holds_above, require_station

ANY_KIND = frozenset(RequestKind)


def accept(
    actor: Actor, request_id: uuid.UUID, now: dt.datetime, kinds: Collection[RequestKind] = ANY_KIND
) -> HourRequest:
    """Accept a request: its minutes count from now on, as far as nothing else has them.

    Raises:
        NotFound: no such request of these kinds, or of a station outside the caller's scope.
        Forbidden: the caller asked, is or acts for the person, recorded the evidence, or is not of the level needed.
        IllegalTransition: it was refused or withdrawn.
        Conflict: `already-credited`, `outside-shift`: a make-up for which no minute is left, or whose shift moved.
    """
    return decide(actor, request_id, RequestState.ACCEPTED, None, now, kinds)


def refuse(
    actor: Actor, request_id: uuid.UUID, reason: str, now: dt.datetime, kinds: Collection[RequestKind] = ANY_KIND
) -> HourRequest:
    """Refuse a request; its minutes never count. Raises as `accept` does."""
    return decide(actor, request_id, RequestState.REFUSED, reason, now, kinds)


def accept_many(actor: Actor, request_ids: Sequence[uuid.UUID], now: dt.datetime) -> list[dict[str, Any]]:
    """Accept many, each for itself: what came of each, in order of the ids given."""
    results: dict[uuid.UUID, dict[str, Any]] = {}
    for request_id in sorted(set(request_ids)):
        try:
            row = accept(actor, request_id, now)
            results[request_id] = {"id": request_id, "status": 200, "state": row.state}
        except VolunteerError as error:
            results[request_id] = {
                "id": request_id,
                "status": error.status,
                "state": None,
                "code": error.code,
                "detail": error.detail,
            }
    return [results[request_id] for request_id in request_ids]


def decide(
    actor: Actor,
    request_id: uuid.UUID,
    wanted: RequestState,
    reason: str | None,
    now: dt.datetime,
    kinds: Collection[RequestKind],
    batch_id: uuid.UUID | None = None,
) -> HourRequest:
    """Decide under the person's lock; `batch_id` names the decision about several that it is part of.

    Raises as `accept` does.
    """
    with transaction() as session:
        request = session.get(HourRequest, request_id)
        if request is None or request.kind not in kinds:
            raise NotFound
        lock_person(session, request.person_id)
        session.refresh(request, with_for_update=True)
        barred = barred_from(session, request)
        if request.state == RequestState.OPEN:
            request.flags = flags_now(session, request)
        _require_may_decide(actor, request, barred)
        if request.state == wanted:
            return request
        if request.state != RequestState.OPEN:
            raise IllegalTransition
        shift = shifts_of(session, [request.shift_id]).get(request.shift_id) if request.shift_id else None
        if wanted is RequestState.ACCEPTED:
            _check_again(session, actor, request, now)
        add_parties(session, request, barred)
        _note(session, actor, request, wanted, reason, now, batch_id)
        settle_again(session, request.person_id, now)
        tell_decision(session, request, shift, now)
        return request


def _note(
    session: Session,
    actor: Actor,
    request: HourRequest,
    wanted: RequestState,
    reason: str | None,
    now: dt.datetime,
    batch_id: uuid.UUID | None,
) -> None:
    """Write down who decided what, when and why."""
    request.state, request.decided_by, request.decided_at = wanted.value, actor.account, now
    request.decided_as = (Level.ADMIN if actor.is_admin else Level.KEEPER).value
    request.decision_reason, request.pending_minutes = reason, 0
    session.flush()
    verb = "accept" if wanted is RequestState.ACCEPTED else "refuse"
    subject = ("person", request.person_id)
    about = {"request": str(request.id)} | ({"batch": str(batch_id)} if batch_id else {})
    audit.record(session, actor, now, f"hours.{request.kind}.{verb}", subject, reason, **about)


def barred_from(session: Session, request: HourRequest) -> frozenset[uuid.UUID]:
    """Return the accounts that may not decide: of the person, of the asker, of who recorded the evidence."""
    barred = account_ids_of(session, request.person_id)
    barred |= seams.recorded_by(session, [uuid.UUID(scan_id) for scan_id in request.scan_ids])
    return barred | ({request.asker_account_id} if request.asker_account_id else frozenset())


def _require_may_decide(actor: Actor, request: HourRequest, barred: Collection[uuid.UUID]) -> None:
    """Raise Forbidden for a party or a level too low, NotFound outside the scope."""
    is_party = actor.account in barred
    if not is_party:
        if request.station_id is not None:
            require_station(actor, Permission.DECIDE, request.station_id)
        elif not actor.is_admin:
            raise NotFound
    is_low = is_too_low(actor, request.station_id, request.flags)
    refusal = refusal_of(actor, request.level, is_party=is_party, is_low=is_low)
    if refusal:
        raise Forbidden(refusal, code="second-person-required" if is_party else None)


def refusal_of(actor: Actor, level: str, *, is_party: bool, is_low: bool) -> str:
    """Return why the caller may not decide a request of their scope, or "".

    `is_party`: they asked, are or act for the person, or recorded the evidence; `is_low`: see `is_too_low`.
    """
    if is_party:
        return "申请人、服务者本人和记录签到的人不能审核,请由另一位负责人处理。"
    if level == Level.ADMIN and not actor.is_admin:
        return "超出每日上限的部分须由系统管理员审核。"
    if is_low:
        return "补录的时间早于活动发布或报名,须由上级站点负责人或管理员审核。"
    return ""


def is_too_low(actor: Actor, station_id: uuid.UUID | None, flags: Collection[str]) -> bool:
    """Whether flags ask for a keeper of a higher station or an admin, and the caller is neither."""
    return bool(flags and station_id) and not holds_above(actor, Permission.DECIDE, station_id or uuid.UUID(int=0))


def flags_now(session: Session, request: HourRequest) -> list[str]:
    """Return a request's flags; those of an open make-up are judged as publication and sign-up stand now."""
    if request.kind != RequestKind.MAKE_UP or request.state != RequestState.OPEN:
        return list(request.flags)
    shift, times = _make_up(session, request)
    verdict = judge(session, request.person_id, shift, times, (), request.created_at, request.id)
    return [flag.value for flag in verdict.flags]


def _check_again(session: Session, actor: Actor, request: HourRequest, now: dt.datetime) -> None:
    """Look again at what was asked: evidence may have come, the shift may have moved, the line may be replaced."""
    checks: dict[str, Callable[[], None]] = {
        RequestKind.MAKE_UP: lambda: _check_make_up(session, request, now),
        RequestKind.CORRECTION: lambda: _check_correction(session, actor, request),
    }
    checks.get(request.kind, lambda: None)()


def _check_make_up(session: Session, request: HourRequest, now: dt.datetime) -> None:
    """Raise Conflict for a make-up of which nothing is left, or whose shift has moved away from it."""
    shift, times = _make_up(session, request)
    presences = seams.presences_of(session, request.person_id)
    verdict = judge(session, request.person_id, shift, times, presences, now, request.id)
    if MakeUpFault.OUTSIDE_SHIFT in verdict.faults:
        raise Conflict("班次时间已调整,申请的时间不在班次之内,请退回后重新申请。", code="outside-shift")
    taken = reckon(session, request.person_id, presences, now).taken
    if not subtract(span(*times), taken):
        raise Conflict("这段时间已全部计入时长,无需补录。", code="already-credited")


def _check_correction(session: Session, actor: Actor, request: HourRequest) -> None:
    """Note the net value as it is now; raise where the line is gone, or a keeper would pass the day's limit."""
    line = session.get_one(LedgerLine, request.entry_id)
    _, group = live_group(session, line)
    shift = get_shift(session, request.shift_id or uuid.UUID(int=0))
    try:
        check_correction(request.minutes, group, shift)
    except InvalidInput as error:
        raise Conflict(error.faults[0].message, code="illegal-transition") from error
    request.base_minutes = group.minutes
    limit = policy_on(request.site_day).at_once_minutes
    if request.minutes > max(limit, group.minutes) and not actor.is_admin:
        raise Forbidden("更正后超出每日上限,须由系统管理员审核。")


def _make_up(session: Session, request: HourRequest) -> tuple[ShiftFacts, tuple[dt.datetime, dt.datetime]]:
    """Return a make-up's shift and times; the request's kind has been checked."""
    if request.shift_id is None or request.from_at is None or request.to_at is None:
        raise NotFound
    return get_shift(session, request.shift_id), (request.from_at, request.to_at)
