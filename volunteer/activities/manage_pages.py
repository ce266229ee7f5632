"""A keeper's activities on pages: the list by state, one activity, and every step of its life.

Whoever may not do something sees no button for it; who posts anyway is told why on the same page, with what to do.
Source: ux.md A7, U8; contract, Activities.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.activities import lifecycle, managing, views
from volunteer.activities.rules import ActivityStatus
from volunteer.activities.schemas import ReasonIn
from volunteer.errors import Conflict, Fault, Forbidden
from volunteer.registration import code_tables
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("manage")
RUN, HERE, BOTH = Permission.RUN_ACTIVITIES, Scope.STATION, ("GET", "POST")
DECIDE = Permission.DECIDE
ROWS = 20


@pages.page("/manage/activities", RUN, HERE)
def list_page() -> Any:
    """List the activities of the caller's stations, the newest first, by state, words and station."""
    asked = {name: request.args.get(name, "").strip() for name in ("status", "q", "station_id")}
    places = stations.stations_in_scope(g.actor, RUN)
    states = managing.counts_of(g.actor)
    wanted = views.Wanted(
        run_by_caller=True,
        status=asked["status"] if asked["status"] in states else None,
        q=asked["q"][:100] or None,
        station_id=next((one.id for one in places if str(one.id) == asked["station_id"]), None),
    )
    wanted = replace(wanted, proposed=bool(request.args.get("proposed")))
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = views.list_newest(g.actor, wanted, ROWS + 1, last[0] if last else None, g.now)
    listed = page([_listed(row) for row in rows], ROWS, lambda row: (row["id"],))
    kept = {name: value for name, value in asked.items() if value} | ({"proposed": "1"} if wanted.proposed else {})
    more = {
        "proposals": managing.proposals_among([row["id"] for row in rows]),
        "waiting": managing.waiting_for(g.actor),
    }
    return render_template("activities/manage_list.html", asked=kept, states=states, places=places, **more, **listed)


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    """Return an activity of the list: its shifts summed up."""
    on = [one for one in row["shifts"] if not one["cancelled"]]
    return row | {
        "first": min((one["starts_at"] for one in on), default=None),
        "last": max((one["starts_at"] for one in on), default=None),
        "count": len(on),
        "confirmed": sum(one["confirmed"] for one in on),
        "capacity": sum(one["capacity"] for one in on),
        "pending": sum(one["pending"] for one in on),
    }


@pages.page("/manage/activities/<uuid:activity_id>", RUN, HERE)
def activity_page(activity_id: uuid.UUID) -> Any:
    """Show an activity: where it stands, who did what, its shifts, and the next step."""
    return _shown(activity_id)


@pages.page("/manage/activities/<uuid:activity_id>/submit", RUN, HERE, methods=("POST",))
def submit(activity_id: uuid.UUID) -> Any:
    """Submit a draft."""
    return take_step(activity_id, lambda: lifecycle.submit(g.actor, activity_id, g.now))


@pages.page("/manage/activities/<uuid:activity_id>/approve", DECIDE, HERE, methods=("POST",))
def approve(activity_id: uuid.UUID) -> Any:
    """Publish a submitted activity."""
    return take_step(activity_id, lambda: lifecycle.approve(g.actor, activity_id, g.now))


@pages.page("/manage/activities/<uuid:activity_id>/finish", RUN, HERE, methods=("POST",))
def finish(activity_id: uuid.UUID) -> Any:
    """Finish an activity whose shifts are over."""
    return take_step(activity_id, lambda: lifecycle.finish(g.actor, activity_id, g.now))


@pages.page("/manage/activities/<uuid:activity_id>/reject", DECIDE, HERE, methods=BOTH)
def reject_page(activity_id: uuid.UUID) -> Any:
    """Ask for the reason, and reject a submitted activity."""
    return _with_reason("reject", activity_id, lambda why: lifecycle.reject(g.actor, activity_id, why, g.now))


@pages.page("/manage/activities/<uuid:activity_id>/cancel", RUN, HERE, methods=BOTH)
def cancel_page(activity_id: uuid.UUID) -> Any:
    """Ask for the reason, and call a published activity off."""
    return _with_reason("cancel", activity_id, lambda why: lifecycle.cancel(g.actor, activity_id, why, g.now))


def _with_reason(step: str, activity_id: uuid.UUID, do: Callable[[str], Any]) -> Any:
    """Show the form for a step that takes a reason, or take the step."""
    activity, faults = managing.managed_activity(g.actor, activity_id, g.now), list[Fault]()
    texts = forms.typed("reason")
    if request.method == "POST":
        body, faults = forms.load(ReasonIn(), forms.filled(texts))
        if not faults:
            return take_step(activity_id, lambda: do(body["reason"]))
    people = sum(one["confirmed"] + one["waiting"] + one["pending"] for one in activity["shifts"])
    body_ = render_template(
        "activities/manage_reason.html", step=step, activity=activity, people=people, faults=faults, typed=texts
    )
    return body_, 422 if faults else 200


def take_step(activity_id: uuid.UUID, do: Callable[[], Any]) -> Any:
    """Take a step and show where the activity stands; a refusal stands on its page."""
    try:
        do()
    except (Conflict, Forbidden) as error:
        return _shown(activity_id, error.detail), error.status
    return redirect(url_for("manage.activity_page", activity_id=activity_id, fresh=1), 303)


def _shown(activity_id: uuid.UUID, problem: str = "") -> str:
    """Return the page of an activity."""
    activity = managing.managed_activity(g.actor, activity_id, g.now)
    categories = {entry.code: entry.label for entry in code_tables.list_codes("categories")}
    return render_template(
        "activities/manage_activity.html",
        activity=activity,
        category=categories.get(activity["category"], activity["category"]),
        is_fresh="fresh" in request.args,
        is_new=activity["status"] == ActivityStatus.DRAFT,
        problem=problem,
        now=g.now,
    )
