"""Changing activities and shifts after they were made, calling a shift off, and closing one out.

A draft changes freely. What is published changes only where nobody who signed up is harmed: words and more seats;
times and places with a message to everybody signed up, in the same transaction. Nobody is ever taken off by a change
(peers.md T36), and seats never fall below who is confirmed (T9). Source: contract, `PATCH /activities/{id}` and after.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import checks, lifecycle, proposals, rules, seats
from volunteer.activities.models import Activity, Shift
from volunteer.activities.rules import ActivityStatus
from volunteer.activities.service import SHIFT_MOVED
from volunteer.clock import to_minute
from volunteer.database import transaction
from volunteer.errors import Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.stations import service as stations

WORDS = frozenset({"title", "category", "summary", "risk_notice", "leader_name", "leader_phone", "insurance_policy"})
DOORS = frozenset({"signup_opens_at", "signup_closes_at", "needs_approval", "walk_ins"})
PLACES = frozenset({"address", "latitude", "longitude", "checkin_radius_m"})
SHIFT_WORDS = frozenset({"post", "waitlist", "capacity", "min_age", "skills"})
SHIFT_MOVES = frozenset({"starts_at", "ends_at", "place", "latitude", "longitude"})
MAY_CHANGE = {
    ActivityStatus.SUBMITTED: frozenset({"insurance_policy"}),
    ActivityStatus.PUBLISHED: WORDS | DOORS | PLACES,
}
MOST_SHIFTS = 200


def change_activity(actor: Actor, activity_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Activity:
    """Change an activity as far as its state allows.

    Raises:
        NotFound: outside the caller's scope, also for the station it would move to.
        IllegalTransition: a field that does not change any more, named in `fields`.
        InvalidInput: all faults at once.
    """
    with transaction() as session:
        activity = lifecycle.lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        changed = {name: value for name, value in values.items() if not _is_same(activity, name, value)}
        _check_may_change(activity, changed)
        proposals.require_same_organizer(session, activity, changed)
        if "station_id" in changed:
            stations.require_station(actor, Permission.RUN_ACTIVITIES, changed["station_id"])
        faults = checks.activity_faults(session, _merged(activity, changed))
        if faults:
            raise InvalidInput(faults)
        for name in set(changed) - set(lifecycle.SEALED):
            setattr(activity, name, changed[name])
        lifecycle.seal_leader(activity, changed)
        session.flush()
        if PLACES & set(changed) and activity.status == ActivityStatus.PUBLISHED:
            _tell_of_new_place(session, activity, now)
        if changed:
            audit.record(session, actor, now, "activity.change", ("activity", activity.id), fields=sorted(changed))
        return activity


def _is_same(activity: Activity, name: str, value: Any) -> bool:
    """Whether a field has that value already; sealed ones always count as changed."""
    return name not in lifecycle.SEALED and getattr(activity, name) == value


def _check_may_change(activity: Activity, changed: Mapping[str, Any]) -> None:
    """Raise IllegalTransition for what does not change in this state."""
    if activity.status == ActivityStatus.DRAFT:
        return
    fixed = set(changed) - MAY_CHANGE.get(ActivityStatus(activity.status), frozenset())
    if "insurance_policy" in changed and activity.hazardous and not changed["insurance_policy"]:
        fixed.add("insurance_policy")
    if fixed:
        raise IllegalTransition("活动在当前状态下不能修改这些内容。", fields=sorted(fixed))


def _merged(activity: Activity, changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changed fields, with those that are judged together with them."""
    merged = dict(changed)
    for pair in (("signup_opens_at", "signup_closes_at"), ("organizer_unit_id", "team_id"), ("latitude", "longitude")):
        if set(pair) & set(changed):
            merged |= {name: changed.get(name, getattr(activity, name)) for name in pair}
    return merged


def _tell_of_new_place(session: Session, activity: Activity, now: dt.datetime) -> None:
    """Tell everybody signed up for a shift to come that the place has changed."""
    query = sa.select(Shift).where(Shift.activity_id == activity.id, Shift.cancelled_at.is_(None), Shift.ends_at > now)
    for shift in session.scalars(query.order_by(Shift.id)):
        _tell_of_move(session, shift, activity, now)


def _tell_of_move(session: Session, shift: Shift, activity: Activity, now: dt.datetime) -> None:
    """Tell everybody signed up for a shift what it is now, and let the rooms above know."""
    where = shift.place or activity.address
    note = f"您报名的班次时间或地点有变化,现为:{seats.words(shift, activity)}" + (f",地点:{where}" if where else "")
    signups = seats.live_signups(session, [shift.id])
    note = f"{note}。如不能参加,请取消报名。"
    seats.tell(session, signups, "shift-moved", note, now, seats.short_words(shift, activity))
    for moved in SHIFT_MOVED:
        moved(session, shift.id, now)


def add_shift(actor: Actor, activity_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Shift:
    """Add a shift to a draft or a published activity.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: the activity is neither; or it has 200 shifts.
        InvalidInput: all faults at once.
    """
    with transaction() as session:
        activity = lifecycle.lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
        if activity.status not in (ActivityStatus.DRAFT, ActivityStatus.PUBLISHED):
            raise IllegalTransition
        last, count = session.execute(
            sa.select(sa.func.max(Shift.position), sa.func.count()).where(Shift.activity_id == activity_id)
        ).one()
        if count >= MOST_SHIFTS:
            raise IllegalTransition("一个活动最多 200 个班次,请另建一个活动。")
        faults = checks.shift_faults(session, values, now)
        if faults:
            raise InvalidInput(faults)
        shift = checks.new_shift(activity_id, 0 if last is None else last + 1, values)
        session.add(shift)
        session.flush()
        audit.record(session, actor, now, "shift.add", ("activity", activity_id), shift=str(shift.id))
        return shift


def change_shift(actor: Actor, shift_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Shift:
    """Change a shift as far as its activity's state allows; more seats go to who waits.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it is cancelled or over; a field that does not change any more, named in `fields`.
        InvalidInput: all faults at once; `below-confirmed` on `capacity`.
    """
    with transaction() as session:
        moving = seats.live_signups(session, [shift_id]) if SHIFT_MOVES & set(values) else []
        locked = seats.lock_people(session, shift_id, *(signup.person_id for signup in moving))
        shift, activity = _reach(session, actor, shift_id)
        changed = _changed(shift, values)
        if not changed:
            return shift
        _check_shift_may_change(shift, activity, changed, now)
        faults = _change_faults(session, shift, changed, now)
        if faults:
            raise InvalidInput(faults)
        for name, value in changed.items():
            setattr(shift, name, value)
        session.flush()
        if activity.status == ActivityStatus.PUBLISHED:
            if SHIFT_MOVES & set(changed):
                _tell_of_move(session, shift, activity, now)
            seats.fill_seats(session, shift, activity, locked, now)
        audit.record(session, actor, now, "shift.change", ("shift", shift_id), fields=sorted(changed))
        return shift


def _reach(session: Session, actor: Actor, shift_id: uuid.UUID) -> tuple[Shift, Activity]:
    """Lock a shift's activity and the shift, at one of the caller's stations."""
    activity_id = session.scalar(sa.select(Shift.activity_id).where(Shift.id == shift_id))
    if activity_id is None:
        raise NotFound
    lifecycle.lock_activity(session, actor, Permission.RUN_ACTIVITIES, activity_id)
    return seats.lock_shift(session, shift_id)


def _changed(shift: Shift, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what really changes, times cut to their minutes."""
    cut = {name: to_minute(value) if name in ("starts_at", "ends_at") else value for name, value in values.items()}
    return {name: value for name, value in cut.items() if getattr(shift, name) != value}


def _check_shift_may_change(shift: Shift, activity: Activity, changed: Mapping[str, Any], now: dt.datetime) -> None:
    """Raise IllegalTransition for what does not change in this state."""
    if shift.cancelled_at is not None or activity.status not in (ActivityStatus.DRAFT, ActivityStatus.PUBLISHED):
        raise IllegalTransition
    if activity.status == ActivityStatus.DRAFT:
        return
    if shift.ends_at <= now:
        raise IllegalTransition("班次已经结束,不能再修改。")
    fixed = set()
    if "starts_at" in changed and shift.starts_at <= now:
        fixed.add("starts_at")
    if "min_age" in changed and changed["min_age"] is not None and changed["min_age"] > (shift.min_age or 0):
        fixed.add("min_age")
    if "skills" in changed and not set(changed["skills"]) <= set(shift.skills):
        fixed.add("skills")
    if fixed:
        raise IllegalTransition("活动在当前状态下不能修改这些内容。", fields=sorted(fixed))


def _change_faults(session: Session, shift: Shift, changed: Mapping[str, Any], now: dt.datetime) -> list[Fault]:
    """Return what is wrong with a change of a shift."""
    faults = checks.skill_faults(session, changed)
    if {"starts_at", "ends_at"} & set(changed):
        starts_at, ends_at = (changed.get(name, getattr(shift, name)) for name in ("starts_at", "ends_at"))
        faults += [fault.at("ends_at") for fault in rules.check_shift_times(starts_at, ends_at, now)]
    if {"latitude", "longitude"} & set(changed):
        point = {name: changed.get(name, getattr(shift, name)) for name in ("latitude", "longitude")}
        faults += checks.point_faults(point)
    seated = shift.confirmed_count - shift.over_capacity_count
    if changed.get("capacity", shift.capacity) < seated:
        faults.append(Fault("capacity", "below-confirmed", f"已有 {seated} 人报名成功,名额不能少于这个人数。"))
    return faults


def cancel_shift(actor: Actor, shift_id: uuid.UUID, reason: str | None, now: dt.datetime) -> Shift:
    """Call a shift off; everybody signed up is told. A second time changes nothing.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it is over, or its activity is neither a draft nor published.
    """
    with transaction() as session:
        shift, activity = _reach(session, actor, shift_id)
        if shift.cancelled_at is not None:
            return shift
        if activity.status not in (ActivityStatus.DRAFT, ActivityStatus.PUBLISHED) or shift.ends_at <= now:
            raise IllegalTransition
        lifecycle.call_off(session, actor, shift, activity, reason, now)
        audit.record(session, actor, now, "shift.cancel", ("shift", shift_id), reason)
        return shift


def close_out(actor: Actor, shift_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Shift:
    """Enter how many people a shift reached: an audience is never volunteers (decisions 6). May be corrected later.

    Raises:
        NotFound: outside the caller's scope.
        IllegalTransition: it has not begun, was cancelled, or was never published.
    """
    with transaction() as session:
        shift, activity = _reach(session, actor, shift_id)
        if shift.cancelled_at is not None or activity.published_at is None or shift.starts_at > now:
            raise IllegalTransition("班次开始后才能填写结束情况。")
        for name, value in values.items():
            setattr(shift, name, value)
        shift.closed_out_by, shift.closed_out_at = actor.account, now
        audit.record(session, actor, now, "shift.close-out", ("shift", shift_id), **values)
        return shift
