"""What came of a unit's invitations, on pages: numbers, who waits, words to send, and who was reminded when.

Source: ux.md U2, U3; contract, Imports.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from marshmallow import fields

from volunteer.access import Permission, Scope
from volunteer.errors import Fault
from volunteer.registration import invitees
from volunteer.registration.invitees import InvitationState
from volunteer.reports import invited_lists
from volunteer.site import service as site
from volunteer.units import service as units
from volunteer.web.attachments import XLSX, attachment
from volunteer.web.forms import filled, load, typed
from volunteer.web.guard import public_root
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page
from volunteer.web.schemas import BaseSchema, Choice, Id

pages = Pages("invitees")
ROWS = 50
UNIT = "/rates/<uuid:unit_id>/invited"


class _Whose(BaseSchema):
    """Who was reminded: those who are ticked, or all who wait."""

    who = Choice(("ticked", "all"), required=True)
    people = fields.List(Id(), load_default=list)


@pages.page(UNIT, Permission.READ_REPORTS, Scope.UNIT)
def list_page(unit_id: uuid.UUID) -> Any:
    """Show what came of a unit's invitations."""
    return _list(unit_id, [])


@pages.page(UNIT + "/reminded", Permission.MANAGE_PEOPLE, Scope.UNIT, methods=("POST",))
def remind_page(unit_id: uuid.UUID) -> Any:
    """Note who was reminded today."""
    body, faults = load(_Whose(), filled(typed("who")) | {"people": request.form.getlist("people")})
    if not faults and body["who"] == "ticked" and not body["people"]:
        units.require_unit(g.actor, Permission.MANAGE_PEOPLE, unit_id)
        faults = [Fault("people", "required", "请先勾选已经提醒的人员,或选择全部。")]
    if faults:
        return _list(unit_id, [Fault("people", fault.code, fault.message) for fault in faults]), 422
    count = invitees.remind(g.actor, unit_id, body["people"] if body["who"] == "ticked" else None, g.now)
    return redirect(url_for("invitees.list_page", unit_id=unit_id, reminded=count), 303)


def _list(unit_id: uuid.UUID, faults: list[Fault]) -> str:
    """Render the page."""
    state = _state(request.args.get("state", ""))
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = invitees.list_invited(g.actor, unit_id, state, ROWS, last[0] if last else None, g.now)
    listed = page(rows, ROWS, lambda row: (row.id,))
    whole, lines = invitees.numbers_of(g.actor, unit_id, g.now)
    reminded = request.args.get("reminded", "")
    return render_template(
        "reports/invited.html",
        unit_id=unit_id,
        whole=whole,
        lines=lines if len(lines) > 1 else [],
        state=state.value if state else "",
        states=[(one.value, one.label) for one in InvitationState],
        faults=faults,
        reminded=reminded if reminded.isdigit() else "",
        may_remind=g.actor.has(Permission.MANAGE_PEOPLE),
        site_name=site.facts().name,
        address=public_root() + url_for("invited.invited_page"),
        **listed,
    )


@pages.page("/rates/<uuid:unit_id>/invited.xlsx", Permission.READ_REPORTS, Scope.UNIT, methods=("POST",))
def list_xlsx(unit_id: uuid.UUID) -> Any:
    """Give the list as an Excel sheet."""
    data, stamp = invited_lists.export(g.actor, unit_id, _state(request.form.get("state", "")), g.now)
    return attachment(data, XLSX, "invited.xlsx", stamp.number)


def _state(text: str) -> InvitationState | None:
    """Return the state of a filter; None for all of them."""
    return InvitationState(text) if text in set(InvitationState) else None
