"""How a unit ends, at an administrator's desk: closed, or merged into another after a look at all that moves.

A unit in use cannot be closed; the page says what stands in the way and where to go on. Source: ux.md A5.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import Conflict, Fault, VolunteerError
from volunteer.units import endings, listing, merging, reopening, service
from volunteer.units import schemas as s
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("units_desk")
UNIT = "/manage/units/<uuid:unit_id>"
MERGE_FIELDS = ("on", "target", "headcount", "reason")


@pages.page(UNIT + "/close", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def close_page(unit_id: uuid.UUID) -> Any:
    """Ask whether a unit is to be closed, from which day on, and close it."""
    g.actor.require_admin()
    unit = service.get_unit(g.actor, unit_id)
    if request.method == "GET":
        return _close_form(unit, {"closed_on": service.today(g.now).isoformat()})
    texts = typed("closed_on")
    body, faults = load(s.CloseForm(), filled(texts))
    if faults:
        return _close_form(unit, texts, faults, 422)
    try:
        service.change_unit(g.actor, unit_id, {"closed_on": body["closed_on"]}, g.now)
    except VolunteerError as error:
        return _close_form(unit, texts, faults_of(error, "closed_on"), error.status)
    return redirect(url_for("units_desk.unit_page", unit_id=unit_id, done="closed"), 303)


def _close_form(
    unit: service.UnitView, texts: Mapping[str, str], faults: list[Fault] | None = None, status: int = 200
) -> Any:
    """Return the page that asks about a closing, with what stands in the way."""
    uses = [] if unit.closed_on else endings.uses(g.actor, unit.id, service.today(g.now))
    body = render_template("units/desk_close.html", unit=unit, texts=texts, faults=faults or [], uses=uses)
    return body, status


@pages.page(UNIT + "/merge", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def merge_page(unit_id: uuid.UUID) -> Any:
    """Ask into which unit and from which day on; show what would move; merge when that is confirmed."""
    g.actor.require_admin()
    unit = service.get_unit(g.actor, unit_id)
    if request.method == "GET":
        return _merge_form(unit, {"on": service.today(g.now).isoformat()}, picking.Picked())
    if request.form.get("seen"):
        return _confirmed(unit)
    picked, texts = picking.pick("into_id", listing.find_units, required=True), typed("on")
    body, faults = load(s.MoveForm(), filled(texts))
    faults += picked.faults
    if faults:
        return _merge_form(unit, texts, picked, faults, 422)
    try:
        shown = merging.preview(g.actor, unit_id, picked.id, body["on"], g.now)
    except VolunteerError as error:
        return _merge_form(unit, texts, picked, faults_of(error, "into_id"), error.status)
    numbers = {name: "" if one is None else str(one) for name, one in zip(MERGE_FIELDS[1:3], shown.sums, strict=True)}
    return _preview(shown, texts | numbers | {"reason": "", "keep_liaisons": "1"})


def _confirmed(unit: service.UnitView) -> Any:
    """Merge as the preview said; where that has changed meanwhile, show it anew."""
    texts = typed(*MERGE_FIELDS, "into_id", "keep_liaisons", "seen")
    body, faults = load(s.MergeForm(), filled({name: texts[name] for name in MERGE_FIELDS}))
    into_id = service.find_id(texts["into_id"])
    on = body.get("on") or service.today(g.now)
    status = 422
    if not faults:
        merger = merging.Merger(
            into_id, keep_liaisons=bool(texts["keep_liaisons"]), seen=texts["seen"], **(body | {"on": on})
        )
        try:
            merging.merge(g.actor, unit.id, merger, g.now)
        except Conflict as error:
            faults, status = faults_of(error, "target"), error.status
        else:
            return redirect(url_for("units_desk.unit_page", unit_id=unit.id, done="merged"), 303)
    shown = merging.preview(g.actor, unit.id, into_id, on, g.now)
    return _preview(shown, texts, faults, status)


def _preview(
    shown: merging.Preview, texts: Mapping[str, str], faults: list[Fault] | None = None, status: int = 200
) -> Any:
    """Return the page of what a merger would move."""
    return render_template("units/desk_merge_preview.html", shown=shown, texts=texts, faults=faults or []), status


def _merge_form(
    unit: service.UnitView,
    texts: Mapping[str, str],
    picked: picking.Picked,
    faults: list[Fault] | None = None,
    status: int = 200,
) -> Any:
    """Return the page that asks into which unit."""
    body = render_template("units/desk_merge.html", unit=unit, texts=texts, picked=picked, faults=faults or [])
    return body, status


@pages.page(UNIT + "/reopen", Permission.MANAGE_SITE, Scope.SITE, methods=("POST",))
def reopen_page(unit_id: uuid.UUID) -> Any:
    """Take back a closing or a merger of today."""
    left = reopening.reopen(g.actor, unit_id, g.now).left
    return redirect(url_for("units_desk.unit_page", unit_id=unit_id, done="reopened", left=left or None), 303)
