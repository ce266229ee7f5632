"""The log of exports on a page: all of it for administrators and auditors, to other staff their own."""

import uuid
from typing import Any

from flask import g, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.exports import service
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("exports")
ROWS = 50


@pages.page("/manage/exports", Permission.READ_PEOPLE, Scope.SELF)
def list_page() -> Any:
    """List what left as a sheet, the last first; a number finds the one that it stands in."""
    asked = {name: request.args.get(name, "").strip() for name in ("number", "own")}
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    before, own = (last[0] if last else None), asked["own"] == "1"
    rows = service.list_exports(g.actor, asked["number"], ROWS + 1, before, own=own)
    listed = page(rows, ROWS, lambda row: (row.id,))
    same: dict[str, Any] = {name: value for name, value in asked.items() if value}
    cursor = listed["next_cursor"]
    return render_template(
        "exports/list.html",
        asked=asked,
        sees_all=g.actor.has_everywhere(Permission.AUDIT),
        next_url=url_for("exports.list_page", **same, cursor=cursor) if cursor else "",
        **listed,
    )
