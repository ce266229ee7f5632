"""Writing an activity on pages: a new one, a copy of one, a draft as a whole, what may change of a published one.

The rows of shifts are added, copied to other places and days, and taken away by buttons of the form itself, so that it
needs no scripts and keeps all that was typed. Source: ux.md A7, AC8, AC17; contract, `POST` and `PATCH /activities`.
"""

import re
import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.activities import changes, drafts, lifecycle, managing, organizing, redrafting
from volunteer.activities.rules import ActivityStatus
from volunteer.activities.schemas import ActivityPatch
from volunteer.errors import Conflict, Fault, InvalidInput
from volunteer.registration import code_tables
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages

pages = Pages("manage")
RUN, HERE, BOTH = Permission.RUN_ACTIVITIES, Scope.STATION, ("GET", "POST")
MAY_BE_EMPTY = ("address", "latitude", "longitude", "insurance_policy", "signup_opens_at", "signup_closes_at")
SHIFT_MAY_BE_EMPTY = ("place", "latitude", "longitude", "min_age")
Typed = drafts.Typed


@pages.page("/manage/activities/new", RUN, HERE, methods=BOTH)
def new_page() -> Any:
    """Write a new activity, or one like another; nothing is stored before it is saved."""
    if request.method == "GET":
        return _form(_copy_of(request.args["copy"]) if "copy" in request.args else drafts.blank(), [])
    texts = typed_form()
    again = rows_changed(texts)
    if again is not None:
        return _form(again, [])
    values, faults = _loaded(texts)
    if faults:
        return _form(texts, faults)
    try:
        made = lifecycle.add_activity(g.actor, values, channel_of(g.actor), g.now, drafts.form_id(texts))
    except InvalidInput as error:
        return _form(texts, _placed(error))
    return redirect(url_for("manage.activity_page", activity_id=made.id, fresh=1), 303)


@pages.page("/manage/activities/<uuid:activity_id>/edit", RUN, HERE, methods=BOTH)
def edit_page(activity_id: uuid.UUID) -> Any:
    """Change a draft as a whole, or of a later activity what may still change."""
    activity = managing.managed_activity(g.actor, activity_id, g.now)
    if "edit" not in activity["may"]:
        return redirect(url_for("manage.activity_page", activity_id=activity_id))
    if request.method == "GET":
        return _form(drafts.of_activity(activity, organizing.named(activity).code), [], activity)
    texts = typed_form()
    if activity["status"] != ActivityStatus.DRAFT:
        return _changed(activity, texts)
    again = rows_changed(texts)
    if again is not None:
        return _form(again, [], activity)
    values, faults = _loaded(texts)
    if faults:
        return _form(texts, faults, activity)
    values = dict.fromkeys(MAY_BE_EMPTY) | values
    values["shifts"] = [dict.fromkeys(SHIFT_MAY_BE_EMPTY) | shift for shift in values["shifts"]]
    try:
        redrafting.rewrite_draft(g.actor, activity_id, values, drafts.kept(texts), g.now)
    except InvalidInput as error:
        return _form(texts, _placed(error), activity)
    except Conflict as error:
        return _form(texts, [Fault("title", error.code, error.detail)], activity)
    return redirect(url_for("manage.activity_page", activity_id=activity_id, fresh=1), 303)


def _changed(activity: dict[str, Any], texts: Typed) -> Any:
    """Change what may still change of an activity that was submitted or published."""
    editable = _editable(activity)
    sent = drafts.body(texts)
    wanted = {name: sent.get(name, None if name in MAY_BE_EMPTY else texts.get(name, "")) for name in editable}
    values, faults = forms.load(ActivityPatch(), wanted)
    shown = drafts.of_activity(activity, "") | {name: texts[name] for name in editable}
    if faults:
        return _form(shown, [drafts.for_people(fault) for fault in faults], activity)
    try:
        changes.change_activity(g.actor, activity["id"], values, g.now)
    except InvalidInput as error:
        return _form(shown, _placed(error), activity)
    except Conflict as error:
        return _form(shown, [Fault(next(iter(editable)), error.code, error.detail)], activity)
    return redirect(url_for("manage.activity_page", activity_id=activity["id"], fresh=1), 303)


def _editable(activity: dict[str, Any]) -> list[str]:
    """Return the fields of the form that may change as the activity stands; of a draft all may."""
    allowed = changes.MAY_CHANGE.get(ActivityStatus(activity["status"]), frozenset())
    return [name for name in (*drafts.TEXTS, *drafts.TRUTHS) if name in allowed]


def typed_form() -> Typed:
    """Return what the form sent."""
    named = (re.fullmatch(r"shifts\.([0-9]{1,3})\.skills", name) for name in request.form)
    ticked = {int(one[1]): request.form.getlist(one[0]) for one in named if one}
    return drafts.typed(request.form, ticked)


def rows_changed(texts: Typed) -> Typed | None:
    """Return the form with the rows as a button asks (add, remove, spread); None where it asks to save."""
    what, _, number = request.form.get("do", "save").partition(".")
    index = int(number) if re.fullmatch(r"[0-9]{1,3}", number) else -1
    if what == "add":
        return drafts.with_row(texts)
    if what == "remove":
        return drafts.without_row(texts, index)
    if what == "spread":
        source = request.form.get("spread_from", "")
        index = int(source) if re.fullmatch(r"[0-9]{1,3}", source) else -1
        places, days = request.form.get("spread_places", ""), request.form.get("spread_days", "").strip()
        return drafts.spread(texts, index, places, days, weekdays="spread_weekdays" in request.form)
    return None


def _loaded(texts: Typed) -> tuple[dict[str, Any], list[Fault]]:
    """Return what the form means, and all its faults; a unit or a team organises, found by name or code."""
    values, faults = drafts.load(texts, g.now)
    found = organizing.find(texts["organizer"])
    if found.fault:
        return {}, [*faults, found.fault]
    if values:
        values |= {"organizer_unit_id": found.unit_id, "team_id": found.team_id}
    return values, faults


def _copy_of(text: str) -> Typed:
    """Return the form of a copy; a blank one for an address that is no id."""
    try:
        activity = managing.managed_activity(g.actor, uuid.UUID(text), g.now)
    except ValueError:
        return drafts.blank()
    return drafts.copied(drafts.of_activity(activity, organizing.named(activity).code), g.now)


def _placed(error: InvalidInput) -> list[Fault]:
    """Return a service's faults where the form has their fields."""
    found = []
    for one in error.faults:
        is_unit = one.field in ("organizer_unit_id", "team_id")
        found.append(Fault("organizer", one.code, one.message) if is_unit else drafts.for_people(one))
    return found


def _form(texts: Typed, faults: list[Fault], activity: dict[str, Any] | None = None) -> Any:
    """Show the form with what was typed and what is wrong with it."""
    is_whole = activity is None or activity["status"] == ActivityStatus.DRAFT
    body = render_template(
        "activities/manage_form.html",
        typed=texts,
        faults=faults,
        activity=activity,
        is_whole=is_whole,
        editable=None if is_whole or activity is None else _editable(activity),
        places=[(one.id, one.name) for one in stations.stations_in_scope(g.actor, RUN)],
        categories=[(entry.code, entry.label) for entry in code_tables.list_codes("categories")],
        skills=[(entry.code, entry.label) for entry in code_tables.list_codes("skills")],
    )
    return body, 422 if faults else 200
