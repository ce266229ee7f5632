"""Who of a unit does not count yet, and people as sheets. An export is a form, since it is put on record.

Source: ux.md U2, U3, J8.
"""

import uuid
from typing import Any

from flask import g, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.config import settings
from volunteer.errors import InvalidInput
from volunteer.exports.rules import ExportKind
from volunteer.registration import invitees
from volunteer.registration.rules import UNCOUNTED, PersonStatus
from volunteer.registration.schemas import PersonQuery
from volunteer.reports import people_lists
from volunteer.site import service as site
from volunteer.units import service as units
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.forms import filled, load, typed
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("rates")
ROWS = 50


@pages.page("/rates/<uuid:unit_id>/missing", Permission.READ_REPORTS, Scope.UNIT)
def missing_page(unit_id: uuid.UUID) -> Any:
    """Show who of a unit does not count yet and how many more the task wants, with words to send them."""
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    found = people_lists.missing(g.actor, unit_id, ROWS, last[0] if last else None, g.now)
    listed = page(found.people, ROWS, lambda row: (row.id,))
    return render_template(
        "reports/missing.html",
        found=found,
        invited=invitees.numbers_of(g.actor, unit_id, g.now)[0],
        names=units.unit_briefs({row.unit_id for row in found.people if row.unit_id}),
        label_of=lambda status: PersonStatus(status).label,
        site_name=site.facts().name,
        address=(settings().base_url or request.host_url.rstrip("/")) + url_for("register.identity_page"),
        in_wechat=channel_of(g.actor) == "wechat",
        **listed,
    )


@pages.page("/rates/<uuid:unit_id>/missing.xlsx", Permission.READ_REPORTS, Scope.UNIT, methods=("POST",))
def missing_xlsx(unit_id: uuid.UUID) -> Any:
    """Give the list of who does not count yet as an Excel sheet."""
    units.require_unit(g.actor, Permission.READ_REPORTS, unit_id)
    title = f"{units.unit_briefs((unit_id,))[unit_id].name}:还没有计入完成率的人员"
    choice = people_lists.Choice(unit_id, statuses=UNCOUNTED)
    data, stamp = people_lists.export(g.actor, choice, title, g.now, ExportKind.MISSING)
    return attachment(data, XLSX, "not-registered.xlsx", stamp.number)


@pages.page("/people.xlsx", Permission.READ_REPORTS, Scope.UNIT, methods=("POST",))
def people_xlsx() -> Any:
    """Give the people of the list, found by the same words, as an Excel sheet."""
    query, faults = load(PersonQuery(), filled(typed("q", "unit_id", "status")))
    if faults:
        raise InvalidInput(faults)
    statuses = (query["status"],) if query["status"] else ()
    choice = people_lists.Choice(query["unit_id"], query["q"], statuses)
    data, stamp = people_lists.export(g.actor, choice, "志愿者名单", g.now)
    return attachment(data, XLSX, "people.xlsx", stamp.number)
