"""The site's settings on a page: what is in force, and who changed what when. Source: ux.md A12."""

from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import directory
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.site import service
from volunteer.site.rules import FIELDS
from volunteer.site.schemas import SiteIn
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("site")
ROWS = 20


@pages.page("/manage/site", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def settings_page() -> Any:
    """Show the settings with their history, and save them."""
    g.actor.require_admin()
    if request.method == "GET":
        version, said = service.values()
        return _form({name: said[name] or "" for name in FIELDS} | {"seen": str(version)})
    texts = typed(*FIELDS, "seen")
    body, faults = load(SiteIn(), filled(texts))
    status = 422
    if not faults:
        try:
            service.change(g.actor, body, g.now, seen=int(body["seen"]))
        except VolunteerError as error:
            faults, status = faults_of(error, "name"), error.status
        else:
            return redirect(url_for("site.settings_page", saved=1), 303)
    return _form(texts, faults, status)


def _form(texts: dict[str, str], faults: list[Fault] | None = None, status: int = 200) -> Any:
    """Return the page with what was typed, its faults, and the history."""
    before = decode_cursor(request.args.get("cursor"), int)
    listed = page(service.history(ROWS + 1, before[0] if before else None), ROWS, lambda one: (one.version,))
    names = directory.names_of(g.actor, {one.by for one in listed["items"] if one.by})
    body = render_template(
        "site/settings.html",
        texts=texts,
        faults=faults or [],
        names=names,
        default_name=settings().site_name,
        is_saved="saved" in request.args and not faults,
        **listed,
    )
    return body, status
