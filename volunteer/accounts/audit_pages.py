"""The audit log on a page, the last first, filtered by who, what and when. Source: ux.md A12."""

import datetime as dt
import uuid
from typing import Any, Final

from flask import g, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import audit_log, deeds
from volunteer.accounts.schemas import LogFilter
from volunteer.audit import Wanted
from volunteer.clock import day_starts_at
from volunteer.config import settings
from volunteer.web.forms import filled, load
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("audit_desk")
ROWS = 50
FILTERS = ("action", "from", "to", "actor", "subject")
#: Where the page of a thing is: its endpoint, the name of its id there, and who may open it.
WAYS: Final = {
    "account": ("accounts_desk.account_page", "account_id", Permission.AUDIT),
    "activity": ("manage.activity_page", "activity_id", Permission.RUN_ACTIVITIES),
    "person": ("people.person_page", "person_id", Permission.READ_PEOPLE),
    "station": ("stations_desk.station_page", "station_id", Permission.READ_STATIONS),
    "unit": ("units_desk.unit_page", "unit_id", Permission.MANAGE_SITE),
}


@pages.page("/manage/audit", Permission.AUDIT, Scope.SITE)
def list_page() -> Any:
    """Show who did what to what, when and why."""
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    query, faults = load(LogFilter(), filled(asked))
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = [] if faults else audit_log.list_deeds(g.actor, _wanted(query), ROWS + 1, last[0] if last else None)
    listed = page(rows, ROWS, lambda row: (row.id,))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    asker = query.get("actor") or ""
    body = render_template(
        "accounts/audit.html",
        typed=asked,
        faults=faults,
        actions=_actions(),
        who=audit_log.who_names(g.actor, [asker]).get(asker, ""),
        is_filtered=any(asked.values()),
        kinds=deeds.SUBJECTS,
        ways={kind: (way[0], way[1]) for kind, way in WAYS.items() if g.actor.has(way[2])},
        next_url=url_for("audit_desk.list_page", **more, cursor=listed["next_cursor"]),
        **listed,
    )
    return body, 422 if faults else 200


def _wanted(query: dict[str, Any]) -> Wanted:
    """Return what the filters ask of the log; days are the site's, the last one whole."""
    zone, action = settings().zone, query.get("action")
    first, last = query.get("from_on"), query.get("to_on")
    return Wanted(
        actor=query.get("actor"),
        actions=deeds.EXPORTS if action == "exports" else (action,) if action else None,
        subject=query.get("subject"),
        since=day_starts_at(first, zone) if first else None,
        until=day_starts_at(last + dt.timedelta(days=1), zone) if last else None,
    )


def _actions() -> list[tuple[str, str]]:
    """Return the deeds on offer, exports together first."""
    return [("exports", "全部导出和打印"), *deeds.DEEDS.items(), *deeds.DEEDS_OF_HOURS.items()]
