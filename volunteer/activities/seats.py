"""Seats: judge a sign-up under the lock of its shift, take and free seats, and give freed ones to who waits first.

Locks, always in this order: the person, the shift. The shift's row is read *again* under its lock and judged by that
(peers.md T2), `confirmed_count` moves with each seat, and the database refuses one too many. Who waits is locked
before the shift where we can know them; one that joins in between is locked late, and the guard tries again if that
should ever be a deadlock. Source: contract, Activities; peers.md T1 to T9.
"""

import datetime as dt
import time
import uuid
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from volunteer.activities import rules
from volunteer.activities.models import Activity, Shift, Signup
from volunteer.activities.rules import BLOCKING, LIVE, ActivityStatus, SignupFacts, SignupStatus
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import service as registration
from volunteer.registration.rules import PersonStatus
from volunteer.registration.service import PersonFacts

LOCKED_AHEAD = 20


def lock_shift(session: Session, shift_id: uuid.UUID) -> tuple[Shift, Activity]:
    """Lock a shift and return it as it is now, with its activity.

    Raises:
        NotFound: no such shift.
    """
    query = sa.select(Shift).where(Shift.id == shift_id).with_for_update()
    shift = session.scalars(query.execution_options(populate_existing=True)).first()
    if shift is None:
        raise NotFound
    return shift, fresh_activity(session, shift.activity_id)


def fresh_activity(session: Session, activity_id: uuid.UUID) -> Activity:
    """Return an activity as the database has it now."""
    return session.get_one(Activity, activity_id, populate_existing=True)


def lock_people(session: Session, shift_id: uuid.UUID, *also: uuid.UUID) -> dict[uuid.UUID, PersonFacts]:
    """Lock these people and the first who wait for a shift, in order of id, before the shift is locked."""
    waiting = session.scalars(_waiting(shift_id).with_only_columns(Signup.person_id).limit(LOCKED_AHEAD))
    ids = {*waiting, *also}
    return {person_id: registration.lock_person(session, person_id) for person_id in sorted(ids)}


def facts_of(session: Session, shift: Shift, activity: Activity, person: PersonFacts, now: dt.datetime) -> SignupFacts:
    """Return all that a sign-up is judged by, read now."""
    return SignupFacts(
        now=now,
        activity_status=ActivityStatus(activity.status),
        is_shift_cancelled=shift.cancelled_at is not None,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        service_on=site_day(shift.starts_at, settings().zone),
        capacity=shift.capacity,
        confirmed_count=shift.confirmed_count,
        person_status=PersonStatus(person.status),
        birth_date=person.birth_date,
        has_waitlist=shift.waitlist,
        signup_opens_at=activity.signup_opens_at,
        signup_closes_at=activity.signup_closes_at,
        needs_approval=activity.needs_approval,
        is_hazardous=activity.hazardous,
        has_insurance=activity.insurance_policy is not None,
        min_age=shift.min_age,
        required_skills=frozenset(shift.skills),
        skills=frozenset(person.skills),
        has_guardian_consent=person.guardian_consented,
        is_signed_up=live_signup(session, person.id, shift.id) is not None,
        other_spans=_other_spans(session, shift, person.id),
    )


def live_signup(session: Session, person_id: uuid.UUID, shift_id: uuid.UUID) -> Signup | None:
    """Return the person's live sign-up for a shift, as the database has it now."""
    query = sa.select(Signup).where(Signup.person_id == person_id, Signup.shift_id == shift_id, Signup.status.in_(LIVE))
    return session.scalars(query.execution_options(populate_existing=True)).first()


def _other_spans(session: Session, shift: Shift, person_id: uuid.UUID) -> tuple[rules.Span, ...]:
    """Return the spans of the person's other confirmed or pending shifts that touch this one's."""
    query = (
        sa.select(Shift.starts_at, Shift.ends_at)
        .join(Signup, Signup.shift_id == Shift.id)
        .where(
            Signup.person_id == person_id,
            Signup.status.in_(BLOCKING),
            Signup.shift_id != shift.id,
            Shift.cancelled_at.is_(None),
            Shift.starts_at < shift.ends_at,
            Shift.ends_at > shift.starts_at,
        )
    )
    return tuple((row.starts_at, row.ends_at) for row in session.execute(query))


def pause() -> None:
    """Widen the gap between check and write where a test asks for it (`VOLUNTEER_TEST_PAUSE_MS`)."""
    if settings().pause_ms:
        time.sleep(settings().pause_ms / 1000)


def take_seat(session: Session, shift: Shift, signup: Signup, now: dt.datetime, *, over_capacity: bool = False) -> None:
    """Confirm a sign-up; the shift is locked. `over_capacity` adds a seat for this one alone."""
    signup.status, signup.confirmed_at, signup.over_capacity = SignupStatus.CONFIRMED, now, over_capacity
    _count(session, shift, 1, int(over_capacity))


def end_signup(session: Session, shift: Shift, signup: Signup, by: str, reason: str | None, now: dt.datetime) -> None:
    """Cancel a live sign-up; the shift is locked. A seat is freed exactly where one was taken (peers.md T9)."""
    if signup.status == SignupStatus.CONFIRMED:
        _count(session, shift, -1, -int(signup.over_capacity))
    signup.status, signup.cancelled_at, signup.cancelled_by, signup.reason = SignupStatus.CANCELLED, now, by, reason


def _count(session: Session, shift: Shift, confirmed: int, over_capacity: int) -> None:
    """Move the counters in the database itself, so that its rule would see even a write without the lock."""
    columns = (Shift.confirmed_count, Shift.over_capacity_count)
    moved = sa.update(Shift).where(Shift.id == shift.id).returning(*columns)
    moved = moved.values(
        confirmed_count=Shift.confirmed_count + confirmed, over_capacity_count=Shift.over_capacity_count + over_capacity
    )
    row = session.execute(moved, execution_options={"synchronize_session": False}).one()
    set_committed_value(shift, "confirmed_count", row.confirmed_count)
    set_committed_value(shift, "over_capacity_count", row.over_capacity_count)


def fill_seats(
    session: Session, shift: Shift, activity: Activity, locked: dict[uuid.UUID, PersonFacts], now: dt.datetime
) -> list[Signup]:
    """Give free seats to who waits, first come first; tell them; return who got one. The shift is locked.

    Who may not be confirmed now (an overlap by now, suspended, …) is passed over and keeps waiting.
    """
    session.flush()
    promoted: list[Signup] = []
    if shift.confirmed_count >= shift.capacity:
        return promoted
    for signup in session.scalars(_waiting(shift.id).execution_options(populate_existing=True)).all():
        if shift.confirmed_count >= shift.capacity:
            break
        person = locked.get(signup.person_id) or registration.lock_person(session, signup.person_id)
        if rules.may_promote(facts_of(session, shift, activity, person, now)):
            take_seat(session, shift, signup, now)
            promoted.append(signup)
            tell(
                session,
                [signup],
                "signup-confirmed",
                f"有名额空出,您已从候补转为报名成功:{words(shift, activity)}。",
                now,
                short_words(shift, activity),
            )
            session.flush()
    return promoted


def _waiting(shift_id: uuid.UUID) -> sa.Select[Signup]:
    """Return the query for the waiting list, first come first."""
    return (
        sa.select(Signup)
        .where(Signup.shift_id == shift_id, Signup.status == SignupStatus.WAITLISTED)
        .order_by(Signup.created_at, Signup.id)
    )


def live_signups(session: Session, shift_ids: Iterable[uuid.UUID]) -> list[Signup]:
    """Return the live sign-ups of shifts, as the database has them now."""
    query = sa.select(Signup).where(Signup.shift_id.in_(list(shift_ids)), Signup.status.in_(LIVE))
    return list(session.scalars(query.order_by(Signup.id).execution_options(populate_existing=True)))


def live_signups_of(session: Session, people: Iterable[uuid.UUID]) -> list[Signup]:
    """Return the live sign-ups of people, as the database has them now."""
    query = sa.select(Signup).where(Signup.person_id.in_(list(people)), Signup.status.in_(LIVE))
    return list(session.scalars(query.order_by(Signup.id).execution_options(populate_existing=True)))


def tell(
    session: Session,
    signups: Iterable[Signup],
    kind: str,
    body: str,
    now: dt.datetime,
    sms: Mapping[str, str] | None = None,
) -> None:
    """Tell each person of these sign-ups once; `sms` is what an SMS of that kind says of the shift."""
    for person_id in sorted({signup.person_id for signup in signups}):
        notifications.tell(session, person_id, kind, body, now, sms)


def short_words(shift: Shift, activity: Activity) -> dict[str, str]:
    """Return what an SMS calls a shift."""
    return {"what": activity.title, "when": f"{shift.starts_at.astimezone(settings().zone):%m月%d日 %H:%M}"}


def words(shift: Shift, activity: Activity) -> str:
    """Return what a message calls a shift: title, post, and time at the site."""
    zone = settings().zone
    starts_at, ends_at = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    end = f"{ends_at:%H:%M}" if starts_at.date() == ends_at.date() else f"{ends_at:%Y-%m-%d %H:%M}"
    return f"“{activity.title}”{shift.post}({starts_at:%Y-%m-%d %H:%M} 至 {end})"
