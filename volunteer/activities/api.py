"""Activities and shifts over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.activities import changes, lifecycle, views
from volunteer.activities import schemas as s
from volunteer.activities.models import Activity, Shift
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room

room = Room("activities")
RUN, DECIDE, HERE = Permission.RUN_ACTIVITIES, Permission.DECIDE, Scope.STATION


def _activity(call: Call, activity: Activity) -> dict[str, Any]:
    """Return an activity as the caller may see it."""
    return views.get_activity(call.actor, activity.id)


def _shift(call: Call, shift: Shift) -> dict[str, Any]:
    """Return a shift as the caller may see it."""
    return views.get_shift(call.actor, shift.id)


@room.route("POST", "/activities", RUN, HERE, body=s.ActivityIn, answers={201: s.ActivityOut}, errors=(404,))
def add_activity(call: Call) -> Any:
    """Make a draft with its shifts."""
    return 201, _activity(call, lifecycle.add_activity(call.actor, call.body, call.channel, call.now))


@room.route(
    "GET", "/activities", Permission.ANYONE, Scope.NOTHING, query=s.ActivityQuery, answers={200: s.ActivityPage}
)
def list_activities(call: Call) -> Any:
    """List activities, the newest first, or the nearest."""
    plain = {name: value for name, value in call.query.items() if name not in ("limit", "cursor")}
    wanted, limit, cursor = views.Wanted(**plain), call.query["limit"], call.query["cursor"]
    if wanted.near is None:
        last = decode_cursor(cursor, uuid.UUID)
        rows = views.list_newest(call.actor, wanted, limit + 1, last[0] if last else None, call.now)
        return 200, page(rows, limit, lambda row: (row["id"],))
    after = decode_cursor(cursor, float, uuid.UUID)
    rows = views.list_near(call.actor, wanted, limit + 1, after, call.now)
    return 200, page(rows, limit, lambda row: (row["distance_m"], row["id"]))


@room.route("GET", "/activities/<uuid:activity_id>", Permission.ANYONE, Scope.NOTHING, answers={200: s.ActivityOut})
def get_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Show an activity with its shifts."""
    return 200, views.get_activity(call.actor, activity_id)


@room.route(
    "PATCH",
    "/activities/<uuid:activity_id>",
    RUN,
    HERE,
    body=s.ActivityPatch,
    answers={200: s.ActivityOut},
    errors=(409,),
)
def change_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Change a draft freely, a published activity where nobody is harmed."""
    return 200, _activity(call, changes.change_activity(call.actor, activity_id, call.body, call.now))


@room.route("POST", "/activities/<uuid:activity_id>/submit", RUN, HERE, answers={200: s.ActivityOut}, errors=(409,))
def submit_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Submit a draft for approval."""
    return 200, _activity(call, lifecycle.submit(call.actor, activity_id, call.now))


@room.route(
    "POST", "/activities/<uuid:activity_id>/approve", DECIDE, HERE, answers={200: s.ActivityOut}, errors=(403, 409)
)
def approve_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Publish a submitted activity: a keeper above the station, or an admin."""
    return 200, _activity(call, lifecycle.approve(call.actor, activity_id, call.now))


@room.route(
    "POST",
    "/activities/<uuid:activity_id>/reject",
    DECIDE,
    HERE,
    body=s.ReasonIn,
    answers={200: s.ActivityOut},
    errors=(403, 409),
)
def reject_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Reject a submitted activity: a keeper above the station, or an admin."""
    return 200, _activity(call, lifecycle.reject(call.actor, activity_id, call.body["reason"], call.now))


@room.route(
    "POST",
    "/activities/<uuid:activity_id>/cancel",
    RUN,
    HERE,
    body=s.ReasonIn,
    answers={200: s.ActivityOut},
    errors=(409,),
)
def cancel_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Cancel a published activity; everybody signed up is told."""
    return 200, _activity(call, lifecycle.cancel(call.actor, activity_id, call.body["reason"], call.now))


@room.route("POST", "/activities/<uuid:activity_id>/finish", RUN, HERE, answers={200: s.ActivityOut}, errors=(409,))
def finish_activity(call: Call, activity_id: uuid.UUID) -> Any:
    """Finish a published activity whose shifts are over."""
    return 200, _activity(call, lifecycle.finish(call.actor, activity_id, call.now))


@room.route(
    "POST",
    "/activities/<uuid:activity_id>/shifts",
    RUN,
    HERE,
    body=s.ShiftIn,
    answers={201: s.ShiftDetailOut},
    errors=(409,),
)
def add_shift(call: Call, activity_id: uuid.UUID) -> Any:
    """Add a shift to a draft or a published activity."""
    return 201, _shift(call, changes.add_shift(call.actor, activity_id, call.body, call.now))


@room.route("GET", "/shifts/<uuid:shift_id>", Permission.ANYONE, Scope.NOTHING, answers={200: s.ShiftDetailOut})
def get_shift(call: Call, shift_id: uuid.UUID) -> Any:
    """Show a shift with its seats."""
    return 200, views.get_shift(call.actor, shift_id)


@room.route(
    "PATCH", "/shifts/<uuid:shift_id>", RUN, HERE, body=s.ShiftPatch, answers={200: s.ShiftDetailOut}, errors=(409,)
)
def change_shift(call: Call, shift_id: uuid.UUID) -> Any:
    """Change a shift; once published, times and places with a message to everybody signed up."""
    return 200, _shift(call, changes.change_shift(call.actor, shift_id, call.body, call.now))


@room.route(
    "POST",
    "/shifts/<uuid:shift_id>/cancel",
    RUN,
    HERE,
    body=s.MaybeReasonIn,
    answers={200: s.ShiftDetailOut},
    errors=(409,),
)
def cancel_shift(call: Call, shift_id: uuid.UUID) -> Any:
    """Call a shift off; everybody signed up is told."""
    return 200, _shift(call, changes.cancel_shift(call.actor, shift_id, call.body["reason"], call.now))


@room.route(
    "POST",
    "/shifts/<uuid:shift_id>/close-out",
    RUN,
    HERE,
    body=s.CloseOutIn,
    answers={200: s.ShiftDetailOut},
    errors=(409,),
)
def close_out_shift(call: Call, shift_id: uuid.UUID) -> Any:
    """Enter the audience and the beneficiaries of a shift."""
    return 200, _shift(call, changes.close_out(call.actor, shift_id, call.body, call.now))
