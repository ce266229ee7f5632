"""A liaison proposes an activity on pages, and a keeper answers; the form is the one in which keepers write.

Source: ux.md U8 (primary action), A7, AC8, AC17.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.activities import author_pages, drafts, manage_pages, managing, proposals, proposals_schemas, proposing
from volunteer.activities.rules_proposals import WITH_UNIT
from volunteer.activities.schemas import ReasonIn
from volunteer.clock import Instant
from volunteer.errors import Conflict, Fault, InvalidInput
from volunteer.registration import code_tables
from volunteer.stations import listing as stations_listing
from volunteer.stations import service as stations
from volunteer.units import service as units
from volunteer.units.service import UnitBrief
from volunteer.web import forms, picking
from volunteer.web.guard import channel_of
from volunteer.web.layout import Card
from volunteer.web.pages import Pages

pages = Pages("proposals")
PROPOSE, UNIT, BOTH = Permission.PROPOSE_ACTIVITIES, Scope.UNIT, ("GET", "POST")
RUN, HERE = Permission.RUN_ACTIVITIES, Scope.STATION
MOST_UNITS = 2_000
Typed = drafts.Typed
Picks = dict[str, picking.Picked]
#: By a field of the service: the field of the form that finds it.
FOUND_BY = {"station_id": "station", "organizer_unit_id": "unit", "team_id": "unit"}


@pages.page("/unit/events/new", PROPOSE, UNIT, methods=BOTH)
def new_page() -> Any:
    """Write a proposal, or one like another of ours; it is kept with the unit until it is handed in."""
    if request.method == "GET":
        return _form(*_copy_of(request.args.get("copy", "")), [])
    texts, picked, values, faults, again = _sent()
    if again is not None:
        return _form(again, picked, [])
    if faults:
        return _form(texts, picked, faults)
    try:
        made = proposing.write(g.actor, values, channel_of(g.actor), g.now, drafts.form_id(texts))
    except InvalidInput as error:
        return _form(texts, picked, _placed(error))
    return _after(made.id)


@pages.page("/unit/events/<uuid:activity_id>/edit", PROPOSE, UNIT, methods=BOTH)
def edit_page(activity_id: uuid.UUID) -> Any:
    """Change a proposal that the unit holds."""
    activity = _own(activity_id)
    if activity["proposal"] not in WITH_UNIT:
        return redirect(_url(activity_id))
    if request.method == "GET":
        return _form(drafts.of_activity(activity, ""), _picks(activity), [], activity)
    texts, picked, values, faults, again = _sent()
    if again is not None:
        return _form(again, picked, [], activity)
    if faults:
        return _form(texts, picked, faults, activity)
    try:
        proposing.rewrite(g.actor, activity_id, proposals_schemas.whole(values), drafts.kept(texts), g.now)
    except InvalidInput as error:
        return _form(texts, picked, _placed(error), activity)
    except Conflict as error:
        return _form(texts, picked, [Fault("title", error.code, error.detail)], activity)
    return _after(activity_id)


@pages.page("/unit/events/<uuid:activity_id>/hand-in", PROPOSE, UNIT, methods=("POST",))
def hand_in(activity_id: uuid.UUID) -> Any:
    """Hand a proposal to its station."""
    return _step(activity_id, lambda: proposing.hand_in(g.actor, activity_id, g.now))


@pages.page("/unit/events/<uuid:activity_id>/recall", PROPOSE, UNIT, methods=("POST",))
def recall(activity_id: uuid.UUID) -> Any:
    """Take a proposal back from the station."""
    return _step(activity_id, lambda: proposing.recall(g.actor, activity_id, g.now))


@pages.page("/unit/events/<uuid:activity_id>/drop", PROPOSE, UNIT, methods=BOTH)
def drop_page(activity_id: uuid.UUID) -> Any:
    """Ask, and give a proposal up."""
    activity = _own(activity_id)
    if request.method == "POST":
        return _step(activity_id, lambda: proposing.drop(g.actor, activity_id, g.now))
    return render_template("activities/proposal_drop.html", activity=activity)


@pages.page("/manage/activities/<uuid:activity_id>/take-over", RUN, HERE, methods=("POST",))
def take_over(activity_id: uuid.UUID) -> Any:
    """Take a proposal over."""
    return _answer(activity_id, lambda: proposing.take_over(g.actor, activity_id, g.now))


@pages.page("/manage/activities/<uuid:activity_id>/send-back", RUN, HERE, methods=BOTH)
def send_back_page(activity_id: uuid.UUID) -> Any:
    """Ask for the reason, and send a proposal back to its unit."""
    activity, faults = managing.managed_activity(g.actor, activity_id, g.now), list[Fault]()
    texts = forms.typed("reason")
    if request.method == "POST":
        body, faults = forms.load(ReasonIn(), forms.filled(texts))
        if not faults:
            return _answer(activity_id, lambda: proposing.send_back(g.actor, activity_id, body["reason"], g.now))
    page = render_template("activities/proposal_send_back.html", activity=activity, faults=faults, typed=texts)
    return page, 422 if faults else 200


def card(actor: Actor, _now: Instant) -> Card | None:
    """Tell a keeper how many proposals wait for them, else a liaison how many came back; None where there is none."""
    if actor.has(RUN) and (waiting := proposals.count_for_station(actor)):
        url = url_for("manage.list_page", proposed=1)
        return Card(_("Proposed by units"), str(waiting), _("wait for you"), url, _("Take over or send back"))
    if actor.has(PROPOSE) and (back := proposals.count_sent_back(actor)):
        url = url_for("unit_events.list_page", status="sent-back")
        return Card(_("Proposals sent back"), str(back), _("wait for you"), url, _("See why"))
    return None


def _own(activity_id: uuid.UUID) -> dict[str, Any]:
    """Return a proposal of one of the caller's units.

    Raises:
        NotFound: not one of theirs, whatever else of it the caller may see.
    """
    activity = proposing.get(g.actor, activity_id)
    units.require_unit(g.actor, PROPOSE, activity["organizer_unit_id"])
    return activity


def _url(activity_id: uuid.UUID, **more: Any) -> str:
    """Return the address of a proposal's page, which is above this room."""
    return url_for("unit_events.event_page", activity_id=activity_id, **more)


def _after(activity_id: uuid.UUID) -> Any:
    """Show where a proposal stands after a deed."""
    return redirect(_url(activity_id, fresh=1), 303)


def _step(activity_id: uuid.UUID, do: Callable[[], Any]) -> Any:
    """Take a step of the unit; why it was refused stands on the proposal's page."""
    try:
        do()
    except Conflict as error:
        return redirect(_url(activity_id, refused=(error.extra.get("reasons") or [""])[0]), 303)
    return _after(activity_id)


def _answer(activity_id: uuid.UUID, do: Callable[[], Any]) -> Any:
    """Take a step of the station; a refusal stands on the activity's page."""
    return manage_pages.take_step(activity_id, do)


def _sent() -> tuple[Typed, Picks, dict[str, Any], list[Fault], Typed | None]:
    """Return what the form sent, what was found by typing, what it means with all faults, and rows if they changed."""
    texts = author_pages.typed_form()
    picked = {
        "station": picking.pick("station", stations_listing.find_stations, required=True),
        "unit": picking.pick("unit", _find_unit, required=True),
    }
    again = author_pages.rows_changed(texts)
    if again is not None:
        return texts, picked, {}, [], again
    found = texts | {"station_id": str(picked["station"].id or uuid.UUID(int=0))}
    values, faults = drafts.load(found, g.now)
    faults = [fault for one in picked.values() for fault in one.faults] + faults
    if values and not faults:
        values |= {"organizer_unit_id": picked["unit"].id, "team_id": None}
    return texts, picked, values, faults, None


def _find_unit(text: str, limit: int) -> Sequence[UnitBrief]:
    """Return up to `limit` of the caller's units in whose name or code a text stands."""
    mine = units.list_in_scope(g.actor, PROPOSE, MOST_UNITS)
    return [one for one in mine if text in one.name or text in one.code][:limit]


def _copy_of(text: str) -> tuple[Typed, Picks]:
    """Return the form of a new proposal: blank, or like another proposal of ours."""
    mine = units.list_in_scope(g.actor, PROPOSE, 2)
    picked = {"station": picking.Picked(), "unit": picking.shown(mine[0]) if len(mine) == 1 else picking.Picked()}
    try:
        activity = _own(uuid.UUID(text))
    except ValueError:
        return drafts.blank(), picked
    return drafts.copied(drafts.of_activity(activity, ""), g.now), _picks(activity)


def _picks(activity: dict[str, Any]) -> Picks:
    """Return the fields for station and unit of a proposal."""
    unit = units.unit_briefs([activity["organizer_unit_id"]])[activity["organizer_unit_id"]]
    station = stations.get_station(activity["station_id"])
    return {"station": picking.shown(station), "unit": picking.shown(unit)}


def _placed(error: InvalidInput) -> list[Fault]:
    """Return a service's faults where the form has their fields."""
    return [
        Fault(FOUND_BY[one.field], one.code, one.message) if one.field in FOUND_BY else drafts.for_people(one)
        for one in error.faults
    ]


def _form(texts: Typed, picked: Picks, faults: list[Fault], activity: dict[str, Any] | None = None) -> Any:
    """Show the form with what was typed and what is wrong with it."""
    body = render_template(
        "activities/manage_form.html",
        typed=texts,
        picked=picked,
        faults=faults,
        activity=activity,
        is_whole=True,
        editable=None,
        proposing=True,
        categories=[(entry.code, entry.label) for entry in code_tables.list_codes("categories")],
        skills=[(entry.code, entry.label) for entry in code_tables.list_codes("skills")],
    )
    return body, 422 if faults else 200
