"""The sheet for the platform above on a page: how many would be in it, who is left out and why, and taking it.

An export is a form, since it is put on record. Source: PIPL 23; ADR 0010.
"""

from typing import Any

from flask import g, render_template

from volunteer.access import Permission, Scope
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.reports import honour, upstream
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.forms import filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.schemas import BaseSchema, Day, Text

pages = Pages("upstream")
MANAGE, SITE = Permission.MANAGE_SITE, Scope.SITE


class UpstreamIn(BaseSchema):
    """Hours of which days, both included, and why names and phones leave in full."""

    from_on = Day(data_key="from", load_default=None)
    to_on = Day(data_key="to", load_default=None)
    reason = Text(200, required=True)


@pages.page("/manage/upstream", MANAGE, SITE)
def ask_page() -> Any:
    """Show how many agreed, and how many do not stand in the sheet."""
    return _page({}, [])


@pages.page("/manage/upstream.xlsx", MANAGE, SITE, methods=("POST",))
def upstream_xlsx() -> Any:
    """Give the sheet, numbered and on record."""
    told = typed("from", "to", "reason")
    body, faults = load(UpstreamIn(), filled(told))
    try:
        if not faults:
            asked = honour.wanted(body["from_on"], body["to_on"], None, None, g.now)
            data, stamp = upstream.export(g.actor, asked.from_on, asked.to_on, body["reason"], g.now)
            return attachment(data, XLSX, "upstream.xlsx", stamp.number)
    except InvalidInput as error:
        faults = list(error.faults)
    return _page(told, faults), 422


def _page(told: dict[str, str], faults: list[Fault]) -> str:
    """Render the page."""
    today = site_day(g.now, settings().zone)
    days = {"from": str(today.replace(month=1, day=1)), "to": str(today)}
    found = upstream.preview(g.actor, g.now)
    return render_template("reports/upstream.html", preview=found, typed=days | told, faults=faults)
