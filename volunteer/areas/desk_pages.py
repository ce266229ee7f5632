"""Areas at an administrator's desk: level by level, added, renamed. Their place and code do not change."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.areas import listing, service
from volunteer.areas import schemas as s
from volunteer.areas.models import Area
from volunteer.areas.rules import AreaLevel
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("areas_desk")
ROWS = 50
LEVELS = [(level.value, level.label) for level in AreaLevel]


@pages.page("/manage/areas", Permission.MANAGE_SITE, Scope.SITE)
def list_page() -> Any:
    """List one level of the tree, or what the filters find."""
    asked = {name: request.args.get(name, "").strip() for name in ("q", "level", "parent")}
    query, faults = load(s.AreaFilter(), filled(asked))
    after = decode_cursor(request.args.get("cursor"), str)
    wanted = listing.Wanted(query.pop("parent"), **query) if not faults else listing.Wanted()
    rows = [] if faults else listing.list_lines(g.actor, wanted, ROWS + 1, after[0] if after else None)
    listed = page(rows, ROWS, lambda row: (row.code,))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    body = render_template(
        "areas/desk_list.html",
        typed=asked,
        faults=faults,
        wanted=wanted,
        levels=LEVELS,
        above=[] if wanted.is_search else listing.lineage(wanted.parent_id),
        done=request.args.get("done", ""),
        next_url=url_for("areas_desk.list_page", **more, cursor=listed["next_cursor"]),
        **listed,
    )
    return body, 422 if faults else 200


@pages.page("/manage/areas/new", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def new_page() -> Any:
    """Add an area, in another one or at the top."""
    g.actor.require_admin()
    above = _above(request.values.get("parent", ""))
    if request.method == "GET":
        return _form(dict.fromkeys(("code", "name", "level", "resident_population"), ""), above=above)
    texts = typed("code", "name", "level", "resident_population")
    body, faults = load(s.AreaForm(), filled(texts))
    status = 422
    if not faults:
        try:
            service.add_area(g.actor, body | {"parent_id": above.id if above else None}, g.now)
        except VolunteerError as error:
            # What is wrong with the area above is said beside the level: that is what can be changed here.
            faults = [
                Fault("level", one.code, one.message) if one.field == "parent_id" else one
                for one in faults_of(error, "code")
            ]
            status = error.status
        else:
            return _listed(above.id if above else None)
    return _form(texts, faults, status, above=above)


@pages.page("/manage/areas/<uuid:area_id>/edit", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def edit_page(area_id: uuid.UUID) -> Any:
    """Rename an area, or write its population anew."""
    g.actor.require_admin()
    area = service.area_of(area_id)
    if area is None:
        raise NotFound
    if request.method == "GET":
        people = area.resident_population
        return _form({"name": area.name, "resident_population": "" if people is None else str(people)}, area=area)
    texts = typed("name", "resident_population")
    body, faults = load(s.AreaChangeForm(), filled(texts))
    if faults:
        return _form(texts, faults, 422, area=area)
    service.change_area(g.actor, area_id, body["name"], body["resident_population"], g.now)
    return _listed(area.parent_id)


def _above(text: str) -> Area | None:
    """Return the area that an address names; NotFound for one that is not there."""
    if not text:
        return None
    try:
        area = service.area_of(uuid.UUID(text))
    except ValueError as error:
        raise NotFound from error
    if area is None:
        raise NotFound
    return area


def _listed(parent_id: uuid.UUID | None) -> Any:
    """Return to the level on which the area stands."""
    return redirect(url_for("areas_desk.list_page", parent=parent_id, done="saved"), 303)


def _form(
    texts: Mapping[str, str],
    faults: list[Fault] | None = None,
    status: int = 200,
    *,
    area: Area | None = None,
    above: Area | None = None,
) -> Any:
    """Return the form of a new area (`above`: in which one) or of a known one (`area`)."""
    body = render_template(
        "areas/desk_form.html", texts=texts, faults=faults or [], levels=LEVELS, area=area, above=above
    )
    return body, status
