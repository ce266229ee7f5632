"""Asking for time: make-ups for what no scan proves, corrections of lines that are wrong.

Source: contract, "POST /make-ups", "POST /hours/{entry_id}/corrections"; decisions 14, 20; domain.md g3.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities.rules import ActivityStatus, SignupStatus
from volunteer.activities.service import ShiftFacts, get_shift, signup_status
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id, transaction
from volunteer.errors import Conflict, Fault, IllegalTransition, InvalidInput, NotFound, invalid
from volunteer.hours import ledger
from volunteer.hours.facts import Level, ShiftTimes
from volunteer.hours.make_ups import MakeUpFault, MakeUpVerdict, make_up_faults
from volunteer.hours.models import HourRequest, HourRequestParty, LedgerLine, LineClass, RequestKind, RequestState
from volunteer.hours.postings import Group, GroupKey, groups_of
from volunteer.hours.reckoning import correction_key, gives_minutes, reckon
from volunteer.hours.seams import Presence, presences_of
from volunteer.hours.spans import minute_of, span
from volunteer.registration.service import (
    account_ids_of,
    acting_as,
    lock_person,
    may_act_for,
    person_exists,
    require_person,
)
from volunteer.stations.service import require_station, station_ids_in_scope

VISIBLE = (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED, ActivityStatus.CANCELLED)
_SENTENCES = {
    MakeUpFault.ENDS_BEFORE_START: ("to", "结束时间必须晚于开始时间。"),
    MakeUpFault.FUTURE: ("to", "只能补录已经过去的时间。"),
    MakeUpFault.OUTSIDE_SHIFT: ("from", "补录的时间必须在班次时间之内。"),
    MakeUpFault.ALREADY_CREDITED: ("from", "这段时间已计入时长或正在审核,请不要重复申请。"),
    MakeUpFault.DEADLINE: ("shift_id", "已超过补录期限(班次结束后 10 个工作日),请联系所在站点。"),
}


def ask_make_up(
    actor: Actor,
    shift_id: uuid.UUID,
    volunteer_id: uuid.UUID | None,
    times: tuple[dt.datetime, dt.datetime],
    reason: str,
    now: dt.datetime,
) -> HourRequest:
    """Ask for time at a shift that no scan proves: by the volunteer, who acts for them, or a keeper of the station.

    Raises:
        NotFound: no such shift or volunteer, for this caller.
        InvalidInput: all of `MakeUpFault`, `cancelled`, `no-minutes`.
        Conflict: `attendance-open`.
    """
    with transaction() as session:
        person_id, shift = _whom_and_where(session, actor, shift_id, volunteer_id)
        presences = presences_of(session, person_id)
        _check_shift(shift)
        verdict = judge(session, person_id, shift, times, presences, now)
        if verdict.faults:
            raise InvalidInput([_told(fault, shift, times) for fault in verdict.faults])
        if any(one.shift and one.shift.id == shift_id and _is_open(one, now) for one in presences):
            raise Conflict("这个班次还没有签退,请先签退,再申请补录。", code="attendance-open")
        request = _new_make_up(actor, person_id, shift, times, verdict, reason, now)
        _file(session, actor, request, now)
        return request


def _new_make_up(
    actor: Actor,
    person_id: uuid.UUID,
    shift: ShiftFacts,
    times: tuple[dt.datetime, dt.datetime],
    verdict: MakeUpVerdict,
    reason: str,
    now: dt.datetime,
) -> HourRequest:
    """Return the request that a sound make-up becomes."""
    request_id = new_id()
    return HourRequest(
        id=request_id,
        kind=RequestKind.MAKE_UP.value,
        state=RequestState.OPEN.value,
        level=Level.KEEPER.value,
        person_id=person_id,
        shift_id=shift.id,
        station_id=shift.station_id,
        site_day=site_day(times[0], settings().zone),
        key=f"make-up:{request_id}",
        class_=LineClass.GRANTED.value,
        minutes=verdict.minutes,
        pending_minutes=verdict.minutes,
        from_at=times[0],
        to_at=times[1],
        spans=[],
        scan_ids=[],
        flags=[flag.value for flag in verdict.flags],
        asker_account_id=actor.account,
        reason=reason,
        created_at=now,
    )


def judge(
    session: Session,
    person_id: uuid.UUID,
    shift: ShiftFacts,
    times: tuple[dt.datetime, dt.datetime],
    presences: Sequence[Presence],
    now: dt.datetime,
    besides: uuid.UUID | None = None,
) -> MakeUpVerdict:
    """Return what speaks against a make-up as things stand; the open make-up `besides` is not held against itself."""
    query = sa.select(HourRequest).where(
        HourRequest.person_id == person_id,
        HourRequest.kind == RequestKind.MAKE_UP,
        HourRequest.state == RequestState.OPEN,
        HourRequest.id != besides if besides else sa.true(),
    )
    waiting = [span(row.from_at, row.to_at) for row in session.scalars(query) if row.from_at and row.to_at]
    signup = signup_status(session, person_id, shift.id)
    signed_up_at = signup.created_at if signup and signup.status == SignupStatus.CONFIRMED else None
    return make_up_faults(
        *times,
        ShiftTimes(shift.id, shift.starts_at, shift.ends_at),
        now=now,
        zone=settings().zone,
        taken=[*reckon(session, person_id, presences, now).taken, *waiting],
        published_at=shift.published_at,
        signed_up_at=signed_up_at,
    )


def ask_correction(actor: Actor, entry_id: uuid.UUID, minutes: int, reason: str, now: dt.datetime) -> HourRequest:
    """Ask for another net value of an effective line; a correction line stands for the line that it corrects.

    Raises:
        NotFound: no such line, for this caller.
        InvalidInput: `out-of-range` (above the shift's length), `unchanged`.
        IllegalTransition: the line is no longer effective, or none of a shift.
        Conflict: `correction-pending`.
    """
    with transaction() as session:
        seen = session.get(LedgerLine, entry_id)
        if seen is None or not _may_ask_about(actor, seen):
            raise NotFound
        lock_person(session, seen.person_id)
        key, group = live_group(session, seen)
        shift = get_shift(session, key.shift_id)
        check_correction(minutes, group, shift)
        pending = sa.select(HourRequest.id).where(
            HourRequest.person_id == seen.person_id,
            HourRequest.key == correction_key(key),
            HourRequest.state == RequestState.OPEN,
        )
        if session.scalar(pending):
            raise Conflict("这条记录已有一个更正申请在审核,请等待处理结果。", code="correction-pending")
        request = _new_correction(actor, seen, (key, group), shift, minutes, reason, now)
        _file(session, actor, request, now)
        return request


def _new_correction(
    actor: Actor,
    line: LedgerLine,
    live: tuple[GroupKey, Group],
    shift: ShiftFacts,
    minutes: int,
    reason: str,
    now: dt.datetime,
) -> HourRequest:
    """Return the request that a sound correction of a line becomes; `live` is the line's group as it counts now."""
    key, group = live
    return HourRequest(
        id=new_id(),
        kind=RequestKind.CORRECTION.value,
        state=RequestState.OPEN.value,
        level=Level.KEEPER.value,
        person_id=line.person_id,
        shift_id=key.shift_id,
        station_id=shift.station_id,
        site_day=key.site_day,
        key=correction_key(key),
        class_=LineClass.GRANTED.value,
        minutes=minutes,
        pending_minutes=max(0, minutes - group.minutes),
        entry_id=group.base.id if group.base else line.id,
        base_minutes=group.minutes,
        spans=[],
        scan_ids=[],
        flags=[],
        asker_account_id=actor.account,
        reason=reason,
        created_at=now,
    )


def live_group(session: Session, line: LedgerLine) -> tuple[GroupKey, Group]:
    """Return the group of an effective line, with what it counts now.

    Raises:
        IllegalTransition: it was reversed, or replaced, or is none that can be corrected.
    """
    groups = groups_of(ledger.lines_of_person(session, line.person_id, [line.site_day]))
    for key, group in groups.items():
        effective = [group.base, *group.corrections] if group.is_live and group.base else []
        if any(one.id == line.id for one in effective):
            return key, group
    raise IllegalTransition("这条记录已被冲回或替换,请对当前有效的记录申请更正。")


def check_correction(minutes: int, group: Group, shift: ShiftFacts) -> None:
    """Raise InvalidInput for a net value that cannot be, or changes nothing."""
    longest = span(shift.starts_at, shift.ends_at).minutes
    if not 0 <= minutes <= longest:
        raise invalid("minutes", "out-of-range", f"更正后的时长应在 0 到 {longest} 分钟之间。")
    if minutes == group.minutes:
        raise invalid("minutes", "unchanged", "更正后的时长与现在相同,请填写应有的时长。")


def may_see(actor: Actor, line: LedgerLine | HourRequest) -> bool:
    """Whether the caller may see a line or request: the person, who acts for them, keeper or liaison in scope."""
    if may_act_for(actor, line.person_id):
        return True
    try:
        require_person(actor, Permission.READ_PEOPLE, line.person_id)
    except NotFound:
        pass
    else:
        return True
    station_ids = station_ids_in_scope(actor, Permission.READ_STATIONS)
    return station_ids is None or line.station_id in station_ids


def _may_ask_about(actor: Actor, line: LedgerLine) -> bool:
    """Whether the caller may have a line corrected: the person, who acts for them, its station's keepers, admins."""
    if may_act_for(actor, line.person_id):
        return True
    station_ids = station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    return station_ids is None or line.station_id in station_ids


def _whom_and_where(
    session: Session, actor: Actor, shift_id: uuid.UUID, volunteer_id: uuid.UUID | None
) -> tuple[uuid.UUID, ShiftFacts]:
    """Return the person, locked, and the shift, if the caller may ask for them."""
    if volunteer_id is None or may_act_for(actor, volunteer_id):
        person_id = acting_as(actor, volunteer_id)
        lock_person(session, person_id)
        shift = get_shift(session, shift_id)
        if shift.status not in VISIBLE:
            raise NotFound
        return person_id, shift
    shift = get_shift(session, shift_id)
    if not actor.has(Permission.RUN_ACTIVITIES):
        raise NotFound
    require_station(actor, Permission.RUN_ACTIVITIES, shift.station_id)
    if not person_exists(volunteer_id):
        raise NotFound
    lock_person(session, volunteer_id)
    return volunteer_id, get_shift(session, shift_id)


def _check_shift(shift: ShiftFacts) -> None:
    """Refuse what cannot give minutes at all."""
    if shift.cancelled or shift.status not in (ActivityStatus.PUBLISHED, ActivityStatus.FINISHED):
        raise invalid("shift_id", "cancelled", "这个班次没有举行,不能补录。")
    if not gives_minutes(shift):
        raise invalid("shift_id", "no-minutes", "义务劳动不计志愿服务时长。")


def _told(fault: MakeUpFault, shift: ShiftFacts, times: tuple[dt.datetime, dt.datetime]) -> Fault:
    """Return a fault on its field; time after the shift is the end's fault."""
    field, sentence = _SENTENCES[fault]
    if fault is MakeUpFault.OUTSIDE_SHIFT and minute_of(times[0]) >= minute_of(shift.starts_at):
        field = "to"
    return Fault(field, fault.value, sentence)


def _is_open(one: Presence, now: dt.datetime) -> bool:
    """Whether a check-out may still come."""
    return one.open_until is not None and minute_of(now) <= minute_of(one.open_until)


def _file(session: Session, actor: Actor, request: HourRequest, now: dt.datetime) -> None:
    """Store a request with those who may not decide it."""
    session.add(request)
    session.flush()
    add_parties(session, request, account_ids_of(session, request.person_id) | {actor.account})
    audit.record(
        session, actor, now, f"hours.{request.kind}.ask", ("person", request.person_id), request=str(request.id)
    )


def add_parties(session: Session, request: HourRequest, account_ids: frozenset[uuid.UUID]) -> None:
    """Note accounts that may not decide a request; the database then refuses them too."""
    known = set(
        session.scalars(sa.select(HourRequestParty.account_id).where(HourRequestParty.request_id == request.id))
    )
    for account_id in sorted(account_ids - known):
        session.add(HourRequestParty(request_id=request.id, account_id=account_id))
    session.flush()
