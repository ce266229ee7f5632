"""Signing up for shifts, cancelling, deciding: by the person, a guardian, or staff, all judged alike (peers.md T4).

A refusal is a value, not an error: it names every reason. Source: contract, `POST /shifts/{id}/signups` and after.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.activities import rules, seats
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import LIVE, SignupDecision, SignupReason, SignupStatus
from volunteer.activities.service import HAS_ATTENDED, ShiftFacts, SignupView, require_shift, view_of
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, Forbidden, IllegalTransition, NotFound
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.stations import service as stations


@dataclass(frozen=True, slots=True)
class SignupAnswer:
    """Either the sign-up, or every reason why not."""

    signup: SignupView | None
    reasons: tuple[SignupReason, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asker:
    """For whom a sign-up is, and how it came."""

    person_id: uuid.UUID
    channel: str
    by: str


def sign_up(
    actor: Actor, shift_id: uuid.UUID, volunteer_id: uuid.UUID | None, channel: str, now: dt.datetime
) -> SignupAnswer:
    """Sign a person up for a shift: the caller, whom they act for, or anybody by staff of the shift's station.

    Returns the sign-up (`confirmed`, `waitlisted`, `pending`) or all reasons against it.

    Raises:
        NotFound: no such shift, or no such person for the caller.
        Forbidden: `not-a-volunteer`.
    """
    if not settings().seat_lock:
        return _sign_up_unguarded(actor, shift_id, volunteer_id, channel, now)
    with transaction() as session:
        asker = _asker(session, actor, shift_id, volunteer_id, channel)
        person = registration.lock_person(session, asker.person_id)
        shift, activity = seats.lock_shift(session, shift_id)
        decision = rules.judge_signup(seats.facts_of(session, shift, activity, person, now))
        seats.pause()
        if decision.status is None:
            return SignupAnswer(None, decision.reasons)
        signup = _add(session, shift.id, asker, decision.status, now)
        if decision.status is SignupStatus.CONFIRMED:
            seats.take_seat(session, shift, signup, now)
        if asker.channel == "keeper":
            note = f"工作人员已为您报名:{seats.words(shift, activity)}。如不能参加,请取消报名。"
            seats.tell(session, [signup], "signup-by-staff", note, now)
        session.flush()
        return SignupAnswer(view_of(signup))


def _sign_up_unguarded(
    actor: Actor, shift_id: uuid.UUID, volunteer_id: uuid.UUID | None, channel: str, now: dt.datetime
) -> SignupAnswer:
    """Sign up without lock, counter and second look: the control that shows the race (`VOLUNTEER_TEST_SEAT_LOCK=off`).

    It judges by counting the confirmed rows, which is right as long as one comes after the other. The counter is left
    alone, so that the database's own rule about it cannot hide the race: it shows as too many confirmed rows.
    """
    session = reading()
    asker = _asker(session, actor, shift_id, volunteer_id, channel)
    person = registration.facts_of(session, [asker.person_id])[asker.person_id]
    shift, activity = session.get_one(Shift, shift_id), _activity_of(session, shift_id)
    taken = sa.select(sa.func.count()).where(Signup.shift_id == shift_id, Signup.status == SignupStatus.CONFIRMED)
    facts = seats.facts_of(session, shift, activity, person, now)
    decision = rules.judge_signup(replace(facts, confirmed_count=session.scalar(taken) or 0))
    session.rollback()
    seats.pause()
    if decision.status is None:
        return SignupAnswer(None, decision.reasons)
    with transaction() as session:
        signup = _add(session, shift_id, asker, decision.status, now)
        session.flush()
        return SignupAnswer(view_of(signup))


def _activity_of(session: Session, shift_id: uuid.UUID) -> Activity:
    """Return the activity of a shift that exists."""
    return session.scalars(sa.select(Activity).join(Shift).where(Shift.id == shift_id)).one()


def _asker(session: Session, actor: Actor, shift_id: uuid.UUID, volunteer_id: uuid.UUID | None, channel: str) -> _Asker:
    """Return for whom the caller signs up.

    Raises:
        NotFound: no such shift; or somebody else's person, unless the caller runs the shift's station.
        Forbidden: `not-a-volunteer`.
    """
    query = sa.select(Activity.station_id).join(Shift, Shift.activity_id == Activity.id).where(Shift.id == shift_id)
    station_id = session.scalar(query)
    if station_id is None:
        raise NotFound
    if volunteer_id is None:
        return _Asker(registration.own_person(actor), channel, actor.key)
    if registration.may_act_for(actor, volunteer_id):
        return _Asker(volunteer_id, channel, actor.key)
    runs_station = stations.may_at(actor, Permission.RUN_ACTIVITIES, stations.get_station(station_id))
    if not (runs_station and registration.person_exists(volunteer_id)):
        registration.require_person(actor, Permission.MANAGE_PEOPLE, volunteer_id)
    return _Asker(volunteer_id, "keeper", actor.key)


def _add(session: Session, shift_id: uuid.UUID, asker: _Asker, status: SignupStatus, now: dt.datetime) -> Signup:
    """Insert a sign-up."""
    signup = Signup(
        id=new_id(),
        shift_id=shift_id,
        person_id=asker.person_id,
        status=status,
        walk_in=False,
        over_capacity=False,
        channel=asker.channel,
        created_by=asker.by,
        created_at=now,
        confirmed_at=now if status is SignupStatus.CONFIRMED else None,
    )
    session.add(signup)
    return signup


def walk_in(
    session: Session,
    person: PersonFacts,
    shift: ShiftFacts,
    now: dt.datetime,
    *,
    over_capacity: bool = False,
    channel: str = "device",
) -> SignupDecision:
    """Give a person who came without a sign-up a seat, inside check-in's transaction; the person is locked.

    A walk-in is judged by who the person is and whether a seat is left; the scan's own window decides about time,
    other sign-ups do not matter (contract, Fine points), and a finished activity still takes late evidence. With
    `over_capacity` a seat is added where none is left. Who waits is confirmed; a pending or refused one is not.
    """
    row, activity = seats.lock_shift(session, shift.id)
    signup = seats.live_signup(session, person.id, shift.id)
    if signup is not None and signup.status == SignupStatus.CONFIRMED:
        return SignupDecision(SignupStatus.CONFIRMED)
    facts = seats.facts_of(session, row, activity, person, now)
    is_full = facts.confirmed_count >= facts.capacity
    facts = replace(
        facts,
        now=row.starts_at,
        activity_status=rules.ActivityStatus.PUBLISHED if shift.status == "finished" else facts.activity_status,
        signup_opens_at=None,
        signup_closes_at=None,
        is_signed_up=False,
        has_waitlist=False,
        needs_approval=not shift.walk_ins,
        confirmed_count=0 if over_capacity else facts.confirmed_count,
        other_spans=(),
    )
    decision = rules.judge_signup(facts)
    if decision.status is not SignupStatus.CONFIRMED:
        return decision
    if signup is None:
        signup = _add(session, row.id, _Asker(person.id, channel, "walk-in"), SignupStatus.CONFIRMED, now)
    signup.walk_in = True
    seats.take_seat(session, row, signup, now, over_capacity=is_full)
    session.flush()
    return decision


def cancel_signup(actor: Actor, signup_id: uuid.UUID, reason: str | None, now: dt.datetime) -> SignupView:
    """Cancel a sign-up, and confirm the first in the waiting list in the same transaction; they are told.

    Raises:
        NotFound: no such sign-up for the caller.
        Conflict: `already-attended`.
        IllegalTransition: it was rejected, or its shift is over.
    """
    with transaction() as session:
        signup, mine = _reach(session, actor, signup_id)
        locked = seats.lock_people(session, signup.shift_id, signup.person_id)
        shift, activity = seats.lock_shift(session, signup.shift_id)
        session.refresh(signup)
        if signup.status == SignupStatus.CANCELLED:
            return view_of(signup)
        if signup.status not in LIVE or shift.ends_at <= now:
            raise IllegalTransition
        if any(has_attended(session, signup.person_id, shift.id) for has_attended in HAS_ATTENDED):
            raise Conflict("已经签到的班次不能取消报名,如有问题请联系站点工作人员。", code="already-attended")
        seats.end_signup(session, shift, signup, actor.key, reason, now)
        if not mine:
            audit.record(session, actor, now, "signup.cancel", ("signup", signup.id), reason)
            note = f"您的报名已由工作人员取消:{seats.words(shift, activity)}。"
            seats.tell(session, [signup], "signup-cancelled", note, now)
        seats.fill_seats(session, shift, activity, locked, now)
        return view_of(signup)


def approve_signup(actor: Actor, signup_id: uuid.UUID, now: dt.datetime) -> SignupAnswer:
    """Find a pending sign-up its seat or its place in the waiting list, or all reasons that now stand against it.

    Raises:
        NotFound: no such sign-up at the caller's stations.
        Forbidden: `second-person-required`: the caller is the person, or acts for them.
        IllegalTransition: it was rejected or cancelled.
    """
    with transaction() as session:
        signup = _reach_as_staff(session, actor, signup_id)
        person = registration.lock_person(session, signup.person_id)
        shift, activity = seats.lock_shift(session, signup.shift_id)
        session.refresh(signup)
        if signup.status in (SignupStatus.CONFIRMED, SignupStatus.WAITLISTED):
            return SignupAnswer(view_of(signup))
        if signup.status != SignupStatus.PENDING:
            raise IllegalTransition
        if actor.account in registration.account_ids_of(session, person.id):
            raise Forbidden("本人或家人的报名,请由本站的另一位工作人员或上级站点通过。", code="second-person-required")
        decision = rules.place_approved(seats.facts_of(session, shift, activity, person, now))
        if decision.status is None:
            return SignupAnswer(None, decision.reasons)
        signup.status, signup.decided_by, signup.decided_at = decision.status, actor.account, now
        if decision.status is SignupStatus.CONFIRMED:
            seats.take_seat(session, shift, signup, now)
        outcome = "报名已通过" if decision.status is SignupStatus.CONFIRMED else "报名已通过审核,目前在候补中"
        seats.tell(session, [signup], "signup-approved", f"{outcome}:{seats.words(shift, activity)}。", now)
        audit.record(session, actor, now, "signup.approve", ("signup", signup.id))
        session.flush()
        return SignupAnswer(view_of(signup))


def reject_signup(actor: Actor, signup_id: uuid.UUID, reason: str | None, now: dt.datetime) -> SignupView:
    """Reject a pending sign-up; the person is told.

    Raises:
        NotFound: no such sign-up at the caller's stations.
        IllegalTransition: it is not pending any more.
    """
    with transaction() as session:
        signup = _reach_as_staff(session, actor, signup_id)
        registration.lock_person(session, signup.person_id)
        shift, activity = seats.lock_shift(session, signup.shift_id)
        session.refresh(signup)
        if signup.status == SignupStatus.REJECTED:
            return view_of(signup)
        if signup.status != SignupStatus.PENDING:
            raise IllegalTransition
        signup.status, signup.decided_by, signup.decided_at = SignupStatus.REJECTED, actor.account, now
        signup.reason = reason
        seats.tell(session, [signup], "signup-rejected", f"报名未通过:{seats.words(shift, activity)}。", now)
        audit.record(session, actor, now, "signup.reject", ("signup", signup.id), reason)
        return view_of(signup)


def release_person(session: Session, person_id: uuid.UUID, by: str, reason: str, now: dt.datetime) -> int:
    """Cancel all that a person is signed up for and has not begun, and fill the seats: who leaves keeps none (T36).

    Returns how many. The person is locked by the caller.
    """
    query = (
        sa.select(Signup)
        .join(Shift, Shift.id == Signup.shift_id)
        .where(Signup.person_id == person_id, Signup.status.in_(LIVE), Shift.starts_at > now)
        .order_by(Signup.shift_id)
    )
    signups = session.scalars(query).all()
    for signup in signups:
        shift, activity = seats.lock_shift(session, signup.shift_id)
        session.refresh(signup)
        if signup.status in LIVE:
            seats.end_signup(session, shift, signup, by, reason, now)
            seats.fill_seats(session, shift, activity, {}, now)
    return len(signups)


def leave(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Free the seats of a person who is being erased (registration's ERASERS)."""
    release_person(session, person_id, "system", "erased", now)


def _reach(session: Session, actor: Actor, signup_id: uuid.UUID) -> tuple[Signup, bool]:
    """Return a sign-up and whether it is the caller's own (or of whom they act for); staff reach their stations'."""
    signup = session.get(Signup, signup_id)
    if signup is None:
        raise NotFound
    if registration.may_act_for(actor, signup.person_id):
        return signup, True
    return _reach_as_staff(session, actor, signup_id), False


def _reach_as_staff(session: Session, actor: Actor, signup_id: uuid.UUID) -> Signup:
    """Return a sign-up at one of the caller's stations."""
    signup = session.get(Signup, signup_id)
    if signup is None:
        raise NotFound
    require_shift(actor, Permission.RUN_ACTIVITIES, signup.shift_id)
    return signup
