"""An activity from draft to its end: add, submit, approve, reject, cancel, finish.

Approving and rejecting take a second person with a grant above the station, or an admin; the database repeats that.
Locks: the activity, then its shifts in order of id. Source: contract, Activities; rules.ACTIVITY_MOVES.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import checks, proposals, rules, seats
from volunteer.activities.models import Activity, Shift
from volunteer.activities.rules import ActivityStatus
from volunteer.activities.service import HAS_ATTENDED
from volunteer.config import settings
from volunteer.database import lock_name, new_id, transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound
from volunteer.stations import service as stations

CLOSED_AFTER = dt.timedelta(minutes=60)
SEALED = ("leader_name", "leader_phone")


def add_activity(
    actor: Actor, values: Mapping[str, Any], channel: str, now: dt.datetime, form_id: uuid.UUID | None = None
) -> Activity:
    """Make a draft with its shifts.

    `form_id` is the id that a form carried: sent twice by the same account (a double tap), it is one draft.

    Raises:
        NotFound: no such station, or not the caller's.
        InvalidInput: all faults of the activity and its shifts at once.
    """
    with transaction() as session:
        stations.require_station(actor, Permission.RUN_ACTIVITIES, values["station_id"])
        known = sent_before(session, form_id) if form_id else None
        if known is not None and known.created_by == actor.account:
            return known
        return make_draft(session, actor, values, channel, now, None if known else form_id)


def make_draft(
    session: Session,
    actor: Actor,
    values: Mapping[str, Any],
    channel: str,
    now: dt.datetime,
    activity_id: uuid.UUID | None = None,
) -> Activity:
    """Make a draft with its shifts, by somebody whose scope was asked before.

    Raises:
        InvalidInput: all faults of the activity and its shifts at once.
    """
    checks.require_sound(session, values, now)
    plain = {name: value for name, value in values.items() if name not in (*SEALED, "shifts")}
    activity = Activity(
        id=activity_id or new_id(),
        status=ActivityStatus.DRAFT,
        created_by=actor.account,
        created_at=now,
        channel=channel,
        **plain,
    )
    seal_leader(activity, values)
    session.add(activity)
    session.flush()
    for position, shift in enumerate(values["shifts"]):
        session.add(checks.new_shift(activity.id, position, shift))
    session.flush()
    audit.record(session, actor, now, "activity.add", ("activity", activity.id))
    return activity


def sent_before(session: Session, form_id: uuid.UUID) -> Activity | None:
    """Return the activity that a form has made already; who sends the same form at once waits."""
    lock_name(session, f"form {form_id}")
    return session.get(Activity, form_id)


def seal_leader(activity: Activity, values: Mapping[str, Any]) -> None:
    """Seal the leader's name and phone where they are given."""
    for name in SEALED:
        if name in values:
            column = f"{name}_sealed"
            setattr(activity, column, settings().keyring.seal(values[name], "activities", column, activity.id))


def lock_activity(session: Session, actor: Actor, permission: Permission, activity_id: uuid.UUID) -> Activity:
    """Lock an activity of one of the caller's stations and return it as it is now.

    Raises:
        NotFound: no such activity, outside the caller's scope, or a unit is still writing it.
        IllegalTransition: a unit proposes it, and the station has not taken it over.
    """
    query = sa.select(Activity).where(Activity.id == activity_id).with_for_update()
    activity = session.scalars(query.execution_options(populate_existing=True)).first()
    if activity is None:
        raise NotFound
    stations.require_station(actor, permission, activity.station_id)
    if activity.status == ActivityStatus.DRAFT:
        proposals.require_in_hand(session, activity)
    return activity


def submit(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Submit a draft for approval.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it is past that, or has no shift.
    """
    with transaction() as session:
        activity = lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        if _is_already(activity, ActivityStatus.SUBMITTED):
            return activity
        if not _open_shifts(session, activity.id):
            raise IllegalTransition("请先添加至少一个班次,再提交。")
        activity.status, activity.submitted_by, activity.submitted_at = ActivityStatus.SUBMITTED, actor.account, now
        audit.record(session, actor, now, "activity.submit", ("activity", activity.id))
        return activity


def approve(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Publish a submitted activity.

    Raises:
        NotFound: outside the caller's scope.
        Forbidden: no grant above the station, or the caller made or submitted it.
        IllegalTransition: it is not submitted; danger without insurance; every shift is over.
    """
    with transaction() as session:
        activity = lock_activity(session, actor, Permission.DECIDE, activity_id)
        _require_second_person(actor, activity)
        if _is_already(activity, ActivityStatus.PUBLISHED):
            return activity
        missing = rules.check_publication(activity.hazardous, activity.insurance_policy is not None)
        if missing:
            raise IllegalTransition(missing[0].sentence, reasons=[fault.value for fault in missing])
        if all(shift.ends_at <= now for shift in _open_shifts(session, activity.id)):
            fault = rules.ActivityFault.SHIFT_OVER
            raise IllegalTransition(fault.sentence, reasons=[fault.value])
        activity.status, activity.published_at = ActivityStatus.PUBLISHED, now
        _decide(session, actor, activity, None, now)
        proposals.tell_unit(session, activity, f"“{activity.title}”已通过审核并发布,可以报名了。", now)
        return activity


def reject(actor: Actor, activity_id: uuid.UUID, reason: str, now: dt.datetime) -> Activity:
    """Reject a submitted activity.

    Raises:
        NotFound: outside the caller's scope.
        Forbidden: no grant above the station, or the caller made or submitted it.
        IllegalTransition: it is not submitted.
    """
    with transaction() as session:
        activity = lock_activity(session, actor, Permission.DECIDE, activity_id)
        _require_second_person(actor, activity)
        if _is_already(activity, ActivityStatus.REJECTED):
            return activity
        activity.status, activity.reason, activity.ended_at = ActivityStatus.REJECTED, reason, now
        _decide(session, actor, activity, reason, now)
        proposals.tell_unit(session, activity, f"“{activity.title}”没有通过审核,请登录查看原因。", now)
        return activity


def cancel(actor: Actor, activity_id: uuid.UUID, reason: str, now: dt.datetime) -> Activity:
    """Cancel a published activity and all its shifts that are not over; everybody signed up is told.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it is not published.
    """
    with transaction() as session:
        activity = lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        if _is_already(activity, ActivityStatus.CANCELLED):
            return activity
        for shift in _open_shifts(session, activity.id, lock=True):
            if shift.ends_at > now:
                call_off(session, actor, shift, activity, reason, now)
        activity.status, activity.reason, activity.ended_at = ActivityStatus.CANCELLED, reason, now
        audit.record(session, actor, now, "activity.cancel", ("activity", activity.id), reason)
        return activity


def call_off(
    session: Session, actor: Actor, shift: Shift, activity: Activity, reason: str | None, now: dt.datetime
) -> None:
    """Cancel a shift that is locked: its sign-ups end (T36) and the people are told; who was there keeps theirs."""
    shift.cancelled_at, shift.cancelled_by, shift.cancel_reason = now, actor.account, reason
    signups = seats.live_signups(session, [shift.id])
    for signup in signups:
        if not any(has_attended(session, signup.person_id, shift.id) for has_attended in HAS_ATTENDED):
            seats.end_signup(session, shift, signup, actor.key, reason, now)
    note = f"您报名的班次已取消:{seats.words(shift, activity)}。" + (f"原因:{reason}" if reason else "")
    seats.tell(session, signups, "shift-cancelled", note, now, seats.short_words(shift, activity))


def finish(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Finish a published activity whose shifts are over.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it is not published, or a shift is still to end.
    """
    with transaction() as session:
        activity = lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        if _is_already(activity, ActivityStatus.FINISHED):
            return activity
        if any(shift.ends_at > now for shift in _open_shifts(session, activity.id)):
            raise IllegalTransition("还有班次没有结束,请等班次结束,或先取消这些班次。")
        activity.status, activity.ended_at = ActivityStatus.FINISHED, now
        audit.record(session, actor, now, "activity.finish", ("activity", activity.id))
        return activity


def finish_ended(session: Session, now: dt.datetime) -> int:
    """Finish every published activity whose last shift has closed (60 min after its end); return how many."""
    live = sa.select(Shift.id).where(Shift.activity_id == Activity.id, Shift.cancelled_at.is_(None))
    done = sa.update(Activity).where(
        Activity.status == ActivityStatus.PUBLISHED,
        live.exists(),
        ~live.where(Shift.ends_at > now - CLOSED_AFTER).exists(),
    )
    result = session.execute(done.values(status=ActivityStatus.FINISHED, ended_at=now))
    count = int(result.rowcount)  # type: ignore[attr-defined]
    if count:
        audit.record(session, "system", now, "activity.finish", ("activity", None), count=count)
    return count


def _is_already(activity: Activity, status: ActivityStatus) -> bool:
    """Whether the activity is there already; raise IllegalTransition where it cannot get there from where it is."""
    if activity.status == status:
        return True
    if not rules.may_move(ActivityStatus(activity.status), status):
        raise IllegalTransition
    return False


def why_not_decide(
    actor: Actor, station_id: uuid.UUID, made_by: Collection[uuid.UUID | None], *, is_above: bool | None = None
) -> str:
    """Return why the caller may not decide about an activity of a station, made and submitted by these; else "".

    Another person with a grant above the station may, and an admin. `is_above` where the caller's place is known.
    """
    if actor.is_admin:
        return ""
    if is_above is None:
        is_above = stations.holds_above(actor, Permission.DECIDE, station_id)
    if not is_above:
        return "活动须由上级站点的管理员审核。"
    if actor.account in made_by:
        return "不能审核自己创建或提交的活动,请由另一位管理员审核。"
    return ""


def _require_second_person(actor: Actor, activity: Activity) -> None:
    """Raise Forbidden unless the caller may decide."""
    refusal = why_not_decide(actor, activity.station_id, (activity.created_by, activity.submitted_by))
    if refusal:
        raise Forbidden(refusal)


def _decide(session: Session, actor: Actor, activity: Activity, reason: str | None, now: dt.datetime) -> None:
    """Record who decided, and that it was an admin where it was."""
    activity.decided_by, activity.decided_at, activity.decided_as_admin = actor.account, now, actor.is_admin
    audit.record(
        session, actor, now, f"activity.{activity.status}", ("activity", activity.id), reason, as_admin=actor.is_admin
    )


def _open_shifts(session: Session, activity_id: uuid.UUID, *, lock: bool = False) -> list[Shift]:
    """Return the shifts that are not cancelled, in order of id, locked if asked."""
    query = sa.select(Shift).where(Shift.activity_id == activity_id, Shift.cancelled_at.is_(None)).order_by(Shift.id)
    if lock:
        query = query.with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))
