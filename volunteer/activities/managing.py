"""What whoever runs a station sees of its activities: where each stands, who did what, and what they may do next.

Source: ux.md A7, U8; contract, Activities (second person); decisions 6.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from volunteer.access import Actor, Permission
from volunteer.accounts import service as accounts
from volunteer.activities import views
from volunteer.activities.lifecycle import why_not_decide
from volunteer.activities.models import Activity
from volunteer.activities.rules import ActivityStatus
from volunteer.database import reading
from volunteer.stations import service as stations

_S = ActivityStatus


def managed_activity(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return an activity of a station that the caller runs: with its history, and what may be done next (`may`).

    Raises:
        NotFound: no such activity, or outside the caller's scope.
    """
    activity = views.get_activity(actor, activity_id)
    stations.require_station(actor, Permission.RUN_ACTIVITIES, activity["station_id"])
    refusal = why_not_decide(actor, activity["station_id"], (activity["created_by"], activity["submitted_by"]))
    more = {"may": _may(activity, refusal, now), "why_not": refusal, "history": _history(actor, activity)}
    return activity | more


def managed_shift(actor: Actor, shift_id: uuid.UUID, now: dt.datetime) -> dict[str, Any]:
    """Return a shift of a station that the caller runs, and what may be done next (`may`).

    Raises:
        NotFound: no such shift, or outside the caller's scope.
    """
    shift = views.get_shift(actor, shift_id)
    stations.require_station(actor, Permission.RUN_ACTIVITIES, shift["station_id"])
    status, is_on = shift["activity_status"], not shift["cancelled"]
    is_open = is_on and shift["ends_at"] > now and status in (_S.DRAFT, _S.PUBLISHED)
    has_been = is_on and shift["starts_at"] <= now and status in (_S.PUBLISHED, _S.FINISHED, _S.CANCELLED)
    may = {"edit": is_open, "cancel": is_open, "sign_up": is_open and status == _S.PUBLISHED, "close_out": has_been}
    return shift | {"may": {name for name, is_so in may.items() if is_so}}


def counts_of(actor: Actor) -> dict[str, int]:
    """Return how many activities of the caller's stations there are in each state."""
    query = sa.select(Activity.status, sa.func.count()).group_by(Activity.status)
    scope = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    if scope is not None:
        query = query.where(Activity.station_id.in_(scope))
    found = {status: count for status, count in reading().execute(query)}
    return {status.value: found.get(status.value, 0) for status in ActivityStatus}


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
    names = accounts.shown_names(actor, [who for _, _, who in told if who])
    return [{"step": step, "at": at, "who": names.get(who, "")} for step, at, who in told if at]
