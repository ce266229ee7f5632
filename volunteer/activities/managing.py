"""What whoever runs a station sees of its activities: where each stands, who did what, and what they may do next.

Source: ux.md A7, U8; contract, Activities (second person); decisions 6.
"""

import datetime as dt
import unicodedata
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.activities import organizing, proposals, service, views
from volunteer.activities.lifecycle import why_not_decide
from volunteer.activities.models import Activity, Signup
from volunteer.activities.rules import LIVE, ActivityStatus
from volunteer.activities.rules_proposals import ProposalState
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import publishing
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.stations import service as stations
from volunteer.web import limits

_S = ActivityStatus
#: More than any shift that one keeper runs; longer lists are for the API.
MOST_LISTED = 1000
ORDER = ("pending", "confirmed", "waitlisted", "cancelled", "rejected")


def managed_activity(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return an activity of a station that the caller runs: with its history, and what may be done next (`may`).

    Raises:
        NotFound: no such activity, or outside the caller's scope.
    """
    activity = views.get_activity(actor, activity_id)
    stations.require_station(actor, Permission.RUN_ACTIVITIES, activity["station_id"])
    refusal = why_not_decide(actor, activity["station_id"], (activity["created_by"], activity["submitted_by"]))
    proposal = proposals.state_of(reading(), activity_id)
    may = _may(activity, refusal, now)
    if proposal not in (None, ProposalState.TAKEN_OVER):
        may = frozenset({"take_over", "send_back"} if proposal is ProposalState.PROPOSED else ())
    more: dict[str, Any] = {"may": may, "why_not": refusal, "history": _history(actor, activity), "proposal": proposal}
    more["steps"] = proposals.steps_of(actor, activity_id) if proposal else []
    return activity | more | {"organizer": organizing.named(activity)}


def managed_shift(actor: Actor, shift_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return a shift of a station that the caller runs, and what may be done next (`may`).

    Raises:
        NotFound: no such shift, or outside the caller's scope.
    """
    shift = views.get_shift(actor, shift_id)
    stations.require_station(actor, Permission.RUN_ACTIVITIES, shift["station_id"])
    status, is_on = shift["activity_status"], not shift["cancelled"]
    proposal = proposals.state_of(reading(), shift["activity_id"])
    is_open = is_on and shift["ends_at"] > now and status in (_S.DRAFT, _S.PUBLISHED)
    is_open = is_open and proposal in (None, ProposalState.TAKEN_OVER)
    has_been = is_on and shift["starts_at"] <= now and status in (_S.PUBLISHED, _S.FINISHED, _S.CANCELLED)
    may = {"edit": is_open, "cancel": is_open, "sign_up": is_open and status == _S.PUBLISHED, "close_out": has_been}
    return shift | {"may": {name for name, is_so in may.items() if is_so}}


def roster(actor: Actor, shift_id: uuid.UUID, now: dt.datetime) -> list[dict[str, Any]]:
    """Return everybody who is or was signed up for a shift, in order of signing up, with where they are (`presence`).

    `photos` says whether they agree to be photographed, as of today. Who was there without a sign-up is not in it: a
    walk-in has one. Names are masked. Those who count come first.

    Raises:
        NotFound: no such shift, or outside the caller's scope.
    """
    rows = views.list_signups(actor, shift_id, None, MOST_LISTED, None)
    present = {who: one for tell in service.PRESENT_AT for who, one in tell(shift_id, now).items()}
    day = site_day(now, settings().zone)
    agreeing = publishing.may_be_photographed(reading(), [row["volunteer_id"] for row in rows], day)
    for row in rows:
        row["photos"] = row["volunteer_id"] in agreeing
        row["presence"] = present.get(row["volunteer_id"]) if row["status"] in LIVE else None
    return sorted(rows, key=lambda row: ORDER.index(row["status"]))


def find_people(actor: Actor, shift_id: uuid.UUID, text: str, now: dt.datetime) -> list[PersonFacts]:
    """Return who has this whole phone or volunteer number, to be signed up by the shift's keeper; a part finds nobody.

    Raises:
        NotFound: no such shift, or outside the caller's scope.
        RateLimited: 20 times in a minute nobody was found.
    """
    service.require_shift(actor, Permission.RUN_ACTIVITIES, shift_id)
    limits.check("wrong-code", actor.key, now)
    found = registration.find_whole(reading(), unicodedata.normalize("NFKC", "".join(text.split())))
    if not found:
        limits.take("wrong-code", actor.key, now)
    return found


def shift_of_signup(actor: Actor, signup_id: uuid.UUID) -> tuple[uuid.UUID, str]:
    """Return the shift of a sign-up at one of the caller's stations, and the person's masked name.

    Raises:
        NotFound: no such sign-up, or outside the caller's scope.
    """
    signup = reading().get(Signup, signup_id)
    if signup is None:
        raise NotFound
    service.require_shift(actor, Permission.RUN_ACTIVITIES, signup.shift_id)
    return signup.shift_id, registration.display_names(reading(), [signup.person_id])[signup.person_id]


def counts_of(actor: Actor) -> dict[str, int]:
    """Return how many activities of the caller's stations there are in each state."""
    query = sa.select(Activity.status, sa.func.count()).where(~proposals.unseen()).group_by(Activity.status)
    scope = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    if scope is not None:
        query = query.where(Activity.station_id.in_(scope))
    found = {status: count for status, count in reading().execute(query)}
    return {status.value: found.get(status.value, 0) for status in ActivityStatus}


def proposals_among(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ProposalState]:
    """Return where those of these activities stand that units proposed."""
    return proposals.states_of(reading(), ids)


def waiting_for(actor: Actor) -> int:
    """Return how many proposals of units wait for the caller."""
    return proposals.count_for_station(actor)


def _may(activity: Mapping[str, Any], refusal: str, now: dt.datetime) -> frozenset[str]:
    """Return what the caller may do with an activity as it stands."""
    status = activity["status"]
    are_over = all(shift["ends_at"] <= now for shift in activity["shifts"] if not shift["cancelled"])
    decides = status == _S.SUBMITTED and not refusal
    steps = {
        "edit": status in (_S.DRAFT, _S.PUBLISHED) or (status == _S.SUBMITTED and activity["hazardous"]),
        "add_shift": status in (_S.DRAFT, _S.PUBLISHED),
        "submit": status == _S.DRAFT and any(not shift["cancelled"] for shift in activity["shifts"]),
        "approve": decides,
        "reject": decides,
        "cancel": status == _S.PUBLISHED,
        "finish": status == _S.PUBLISHED and are_over,
    }
    return frozenset(name for name, is_so in steps.items() if is_so)


def _history(actor: Actor, activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what happened, in order: `step`, when, and who (masked but for an admin)."""
    told = [("draft", activity["created_at"], activity["created_by"])]
    told += [("submitted", activity["submitted_at"], activity["submitted_by"])]
    decided = "published" if activity["published_at"] else "rejected"
    told += [(decided, activity["decided_at"], activity["decided_by"])]
    if activity["status"] in (_S.CANCELLED, _S.FINISHED):
        told += [(activity["status"], activity["ended_at"], None)]
    names = directory.names_of(actor, [who for _, _, who in told if who])
    return [{"step": step, "at": at, "who": names.get(who, "")} for step, at, who in told if at]
