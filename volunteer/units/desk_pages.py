"""Units and their tasks at an administrator's desk: level by level, found by words, added, changed, moved, closed.

Deleting is not offered: what happened under a unit stays told, so a unit is closed (`ending_pages`). Source: ux.md A5.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import directory
from volunteer.areas import service as areas
from volunteer.clock import Instant
from volunteer.errors import Fault, VolunteerError
from volunteer.units import credit_codes, endings, history, listing, reopening, service, targets
from volunteer.units import schemas as s
from volunteer.units.rules import UnitKind
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("units_desk")
ROWS = 50
KINDS = [(kind.value, kind.label) for kind in UnitKind]
KIND_WORDS = dict(KINDS)
FIELDS = ("code", "name", "kind", "headcount", "uscc")


@pages.page("/manage/units", Permission.MANAGE_SITE, Scope.SITE)
def list_page() -> Any:
    """List one level of the tree, or what the filters find."""
    names = ("q", "kind", "area_id", "show")
    asked = {name: request.args.get(name, "").strip() for name in (*names, "parent")}
    query, faults = load(s.UnitFilter(), filled(asked))
    after = decode_cursor(request.args.get("cursor"), str)
    wanted = listing.Wanted(query.pop("parent"), **query) if not faults else listing.Wanted()
    today = service.today(g.now)
    rows = listing.list_lines(g.actor, wanted, ROWS + 1, after[0] if after else None, today) if not faults else []
    listed = page(rows, ROWS, lambda row: (row.code,))
    more: dict[str, Any] = {name: asked[name] or None for name in (*names, "parent")}
    body = render_template(
        "units/desk_list.html",
        typed=asked,
        faults=faults,
        wanted=wanted,
        kinds=KINDS,
        kind_words=KIND_WORDS,
        year=today.year,
        above=[] if wanted.is_search else listing.lineage(wanted.parent_id),
        area=areas.area_of(wanted.area_id),
        areas=areas.areas_of({row.area_id for row in listed["items"] if row.area_id}),
        next_url=url_for("units_desk.list_page", **more, cursor=listed["next_cursor"]),
        **listed,
    )
    return body, 422 if faults else 200


@pages.page("/manage/units/new", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def new_page() -> Any:
    """Add a unit below another one or at the top, perhaps with its task of this year."""
    g.actor.require_admin()
    parent = request.values.get("parent", "")
    above = service.get_unit(g.actor, service.find_id(parent)) if parent else None
    if request.method == "GET":
        area = areas.area_of(above.area_id if above else None)
        texts = dict.fromkeys((*FIELDS, "target"), "")
        return _form(texts, picking.shown(area), above=above)
    texts, area_picked = typed(*FIELDS, "target"), picking.pick("area_id", areas.find_areas)
    body, faults = load(s.NewUnitForm(), filled(texts))
    return _save(
        (texts, area_picked, [*faults, *area_picked.faults]),
        lambda: (
            targets.add_unit_with_target(
                g.actor,
                {name: body.get(name) for name in FIELDS}
                | {"area_id": area_picked.id, "parent_id": above and above.id},
                body.get("target"),
                g.now,
            ).id
        ),
        above=above,
    )


@pages.page("/manage/units/<uuid:unit_id>", Permission.MANAGE_SITE, Scope.SITE)
def unit_page(unit_id: uuid.UUID) -> Any:
    """Show a unit: what it is, its tasks, who looks after it, where it has stood."""
    return _unit(unit_id, {"year": str(service.today(g.now).year), "target": ""})


@pages.page("/manage/units/<uuid:unit_id>/target", Permission.MANAGE_SITE, Scope.SITE, methods=("POST",))
def target_page(unit_id: uuid.UUID) -> Any:
    """Set the task of a year."""
    g.actor.require_admin()
    texts = typed("year", "target")
    body, faults = load(s.TargetForm(), filled(texts))
    if faults:
        return _unit(unit_id, texts, faults), 422
    targets.set_target(g.actor, unit_id, body["year"], body["target"], g.now)
    return redirect(url_for("units_desk.unit_page", unit_id=unit_id, done="target"), 303)


@pages.page("/manage/units/<uuid:unit_id>/edit", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def edit_page(unit_id: uuid.UUID) -> Any:
    """Change what describes a unit."""
    g.actor.require_admin()
    unit = service.get_unit(g.actor, unit_id)
    if request.method == "GET":
        area = areas.area_of(unit.area_id)
        texts = {name: "" if getattr(unit, name) is None else str(getattr(unit, name)) for name in FIELDS}
        return _form(texts, picking.shown(area), unit=unit)
    texts, area_picked = typed(*FIELDS), picking.pick("area_id", areas.find_areas)
    body, faults = load(s.UnitForm(), filled(texts))
    return _save(
        (texts, area_picked, [*faults, *area_picked.faults]),
        lambda: service.change_unit(g.actor, unit_id, dict(body) | {"area_id": area_picked.id}, g.now).id,
        unit=unit,
    )


@pages.page("/manage/units/<uuid:unit_id>/move", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def move_page(unit_id: uuid.UUID) -> Any:
    """Put a unit under another one, or at the top, from a day on."""
    g.actor.require_admin()
    unit = service.get_unit(g.actor, unit_id)
    if request.method == "GET":
        shown = picking.shown(listing.unit_of(unit.parent_id))
        return _move_form(unit, {"on": service.today(g.now).isoformat()}, shown)
    picked = picking.pick("parent_id", listing.find_units)
    texts = typed("on")
    body, faults = load(s.MoveForm(), filled(texts))
    faults += picked.faults
    if not faults:
        try:
            service.change_unit(g.actor, unit_id, {"parent_id": picked.id, "on": body["on"]}, g.now)
        except VolunteerError as error:
            return _move_form(unit, texts, picked, faults_of(error, "parent_id"), error.status)
        return redirect(url_for("units_desk.unit_page", unit_id=unit_id, done="moved"), 303)
    return _move_form(unit, texts, picked, faults, 422)


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell an administrator how many units still have no task of this year."""
    if not actor.is_admin:
        return None
    today = service.today(now)
    count = listing.count_without_task(today)
    if not count:
        return None
    return Card(
        _("Units without a task"),
        str(count),
        _("units with nothing below them have no task for %(year)s yet.", year=today.year),
        url_for("units_desk.numbers_page", show="no-task"),
        _("Set their tasks"),
    )


def _unit(unit_id: uuid.UUID, texts: Mapping[str, str], faults: list[Fault] | None = None) -> str:
    """Return the page of a unit."""
    unit = service.get_unit(g.actor, unit_id)
    settings = targets.list_targets(g.actor, unit_id, ROWS, None)[:ROWS]
    year = service.today(g.now).year
    return render_template(
        "units/desk_unit.html",
        unit=unit,
        above=listing.lineage(unit.parent_id),
        area=areas.area_of(unit.area_id),
        kind_words=KIND_WORDS,
        settings=settings,
        year=year,
        target=next((one.target for one in settings if one.year == year), None),
        names=directory.names_of(g.actor, {one.set_by for one in settings if one.set_by}),
        holders=directory.holders_of(g.actor, "unit_id", unit_id),
        places=listing.places_of(unit_id),
        same_code=[] if unit.closed_on else credit_codes.shared_with(unit.uscc, unit_id),
        changes=history.changes_of(g.actor, unit_id),
        ending=endings.ending_of(unit_id),
        may_reopen=unit.closed_on is not None and reopening.refusal(unit_id, g.now) is None,
        texts=texts,
        faults=faults or [],
        done=request.args.get("done", "") if not faults else "",
    )


Typed = tuple[dict[str, str], picking.Picked, list[Fault]]


def _save(form: Typed, save: Callable[[], uuid.UUID], **about: Any) -> Any:
    """Save a form that has no faults and go to the unit; else return it with all that is wrong."""
    texts, picked, faults = form
    status = 422
    if not faults:
        try:
            unit_id = save()
        except VolunteerError as error:
            faults, status = faults_of(error, "code"), error.status
        else:
            return redirect(url_for("units_desk.unit_page", unit_id=unit_id, done="saved"), 303)
    return _form(texts, picked, faults, status, **about)


def _form(
    texts: Mapping[str, str],
    area: picking.Picked,
    faults: list[Fault] | None = None,
    status: int = 200,
    **about: Any,
) -> Any:
    """Return the form of a new unit (`above`: below which one) or of a known one (`unit`)."""
    body = render_template(
        "units/desk_form.html",
        texts=texts,
        area=area,
        faults=faults or [],
        kinds=KINDS,
        year=service.today(g.now).year,
        **({"unit": None, "above": None} | about),
    )
    return body, status


def _move_form(
    unit: service.UnitView,
    texts: Mapping[str, str],
    picked: picking.Picked,
    faults: list[Fault] | None = None,
    status: int = 200,
) -> Any:
    """Return the page that asks about a move."""
    body = render_template("units/desk_move.html", unit=unit, texts=texts, picked=picked, faults=faults or [])
    return body, status
