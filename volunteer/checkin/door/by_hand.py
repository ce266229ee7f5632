"""Entering by hand: somebody whose phone is dead, and somebody who came without a sign-up. Both are roll-calls of one.

What is entered is weak evidence with its reason; another keeper accepts it. Each use case is one transaction.
Source: ux.md S4, S5, J5; contract, "POST /shifts/{id}/roll-call", "POST /shifts/{id}/signups" and Fine points.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from volunteer.access import Actor, Permission
from volunteer.activities import service as activities
from volunteer.activities import signups
from volunteer.activities.rules import SignupReason, SignupStatus
from volunteer.checkin import service
from volunteer.checkin.credentials import codes, spoken
from volunteer.checkin.door import door
from volunteer.checkin.queries import station_today
from volunteer.checkin.reasons import Direction
from volunteer.database import reading, transaction
from volunteer.errors import NotFound
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.stations import service as stations
from volunteer.web import limits

CHANNEL = "keeper"


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of somebody who came without a sign-up: where they stand, the scan's answer, the reasons against it.

    `status` is None where signing up was refused, with every reason, or was left to the check-in (`answer`).
    """

    status: SignupStatus | None = None
    answer: dict[str, Any] | None = None
    reasons: tuple[SignupReason, ...] = ()


def enter(
    actor: Actor,
    shift_id: uuid.UUID,
    person_id: uuid.UUID,
    direction: Direction,
    reason: str,
    now: dt.datetime,
    heard: str = "",
) -> dict[str, Any]:
    """Check one person in or out by hand; return the answer. A spoken code that is theirs is the reason itself.

    Raises:
        NotFound: no such shift at the caller's stations.
    """
    shift = activities.require_shift(actor, Permission.RUN_ACTIVITIES, shift_id)
    if heard and door.is_said_by(shift.station_id, person_id, codes.normalise(heard), now):
        reason = spoken.REASON
    body = {"direction": direction, "volunteer_ids": [person_id], "reason": reason}
    return service.roll_call(actor, shift_id, body, now)[0]


def reasons_against(answer: Mapping[str, Any]) -> tuple[SignupReason, ...]:
    """Return why a walk-in was not given a seat, with their sentences, from a scan's answer."""
    codes_told = set(answer.get("signup_reasons", ()))
    return tuple(reason for reason in SignupReason if reason.value in codes_told)


def look_up(actor: Actor, station_id: uuid.UUID, text: str, now: dt.datetime) -> list[PersonFacts]:
    """Return who has this whole volunteer number or this whole phone: somebody who stands before the keeper.

    Raises:
        NotFound: not the caller's station.
        RateLimited: 20 times in a minute nobody was found.
    """
    stations.require_station(actor, Permission.RUN_ACTIVITIES, station_id)
    limits.check("wrong-code", actor.key, now)
    found = registration.find_whole(reading(), codes.normalise(text))
    if not found:
        limits.take("wrong-code", actor.key, now)
    return found


def person_at(actor: Actor, station_id: uuid.UUID, person_id: uuid.UUID) -> PersonFacts:
    """Return somebody who was found, to be signed up on the spot; the name is masked.

    Raises:
        NotFound: not the caller's station, or nobody.
    """
    stations.require_station(actor, Permission.RUN_ACTIVITIES, station_id)
    if not registration.person_exists(person_id):
        raise NotFound
    return registration.facts_of(reading(), [person_id])[person_id]


def open_shifts(actor: Actor, station_id: uuid.UUID, now: dt.datetime) -> list[dict[str, Any]]:
    """Return today's shifts of a station that are not over, for who comes without a sign-up.

    Raises:
        NotFound: not the caller's station.
    """
    stations.require_station(actor, Permission.RUN_ACTIVITIES, station_id)
    return [shift for shift in station_today(actor, station_id, now)["shifts"] if shift["ends_at"] > now]


def arrive(
    actor: Actor, shift_id: uuid.UUID, person_id: uuid.UUID, reason: str, now: dt.datetime, *, check_in: bool
) -> Arrived:
    """Sign somebody up who came without, and check them in where that is wanted.

    Where the activity takes walk-ins, the check-in itself gives the seat, as for a scan; else staff sign the person up
    first. A full shift is refused: over capacity only what was scanned without a network is held (contract).

    Raises:
        NotFound: no such shift at the caller's stations, or nobody.
    """
    with transaction() as session:
        shift = activities.require_shift(actor, Permission.RUN_ACTIVITIES, shift_id)
        signup = activities.signup_status(session, person_id, shift_id)
        status: SignupStatus | None = signup.status if signup else None
        if status is not SignupStatus.CONFIRMED:
            status = None
        if status is None and not (shift.walk_ins and check_in):
            answer = signups.sign_up(actor, shift_id, person_id, CHANNEL, now)
            if answer.signup is None:
                return Arrived(reasons=answer.reasons)
            status = answer.signup.status
        if not check_in or status not in (None, SignupStatus.CONFIRMED):
            return Arrived(status)
        return Arrived(status, enter(actor, shift_id, person_id, Direction.IN, reason, now))
