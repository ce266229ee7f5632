"""Judging sign-ups again when a person turns out to have another age: a wrong identity number was put right."""

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from volunteer.activities import rules, seats
from volunteer.activities.rules import SignupReason
from volunteer.registration import service as registration

#: What hangs on the birth date; the other conditions were judged and have not changed.
OF_AGE = (SignupReason.TOO_YOUNG, SignupReason.GUARDIAN_CONSENT_MISSING)


def judge_again(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """End the sign-ups to come that the person's true age does not allow, and tell them; the person is locked."""
    live = seats.live_signups_of(session, [person_id])
    for shift_id in sorted({signup.shift_id for signup in live}):
        locked = seats.lock_people(session, shift_id, person_id)
        shift, activity = seats.lock_shift(session, shift_id)
        signup = seats.live_signup(session, person_id, shift_id)
        if signup is None or shift.starts_at <= now:
            continue
        person = registration.lock_person(session, person_id)
        reasons = rules.judge_signup(seats.facts_of(session, shift, activity, person, now)).reasons
        found = [reason for reason in reasons if reason in OF_AGE]
        if found:
            seats.end_signup(session, shift, signup, "system", "age", now)
            why = "".join(reason.sentence for reason in found)
            seats.tell(session, [signup], "signup-cancelled", f"报名已取消:{seats.words(shift, activity)}。{why}", now)
            seats.fill_seats(session, shift, activity, locked, now)
