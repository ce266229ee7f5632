"""Looking behind the mask on pages: an adult at once for a reason, a minor after a second person has approved it."""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import directory
from volunteer.clock import Instant, site_day
from volunteer.config import settings
from volunteer.errors import Fault, IllegalTransition
from volunteer.registration import deeds, privacy, unmask_requests
from volunteer.registration import schemas_unmasking as s
from volunteer.registration.deeds import Deed
from volunteer.registration.unmask_requests import APPROVED, ASKED
from volunteer.web.forms import filled, load, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages

pages = Pages("unmasking")
REQUEST = "/manage/unmask-requests/<uuid:request_id>"
NO_STORE = {"Cache-Control": "no-store"}


@pages.page("/people/<uuid:person_id>/unmask", Permission.UNMASK, Scope.PERSON, methods=("GET", "POST"))
def unmask_page(person_id: uuid.UUID) -> Any:
    """Ask which fields and why; show them once in the answer to the form, or of a minor, ask a second person first."""
    shown = deeds.person_file(g.actor, person_id, g.now)
    is_minor = shown.person.is_minor
    own = unmask_requests.own_request(g.actor, person_id, g.now) if is_minor else None
    is_open = own is not None and own.state == APPROVED
    told, chosen = typed("reason"), request.form.getlist("fields")
    faults, values = list[Fault](), dict[str, Any]()
    if request.method == "POST":
        raw = {"reason": own.reason} if own and is_open else filled(told)
        body, faults = load(s.UnmaskIn(), {"fields": chosen} | raw)
        faults = [Fault(fault.field.partition(".")[0], fault.code, fault.message) for fault in faults]
        if not faults and is_minor and not is_open:
            unmask_requests.ask(g.actor, person_id, body["fields_"], body["reason"], g.now)
            return redirect(url_for("unmasking.unmask_page", person_id=person_id), 303)
        if not faults:
            values = privacy.unmask(g.actor, person_id, body["fields_"], body["reason"], g.now)
    elif Deed.UNMASK not in shown.deeds:
        raise IllegalTransition
    template = render_template(
        "registration/unmask_person.html",
        shown=shown,
        faults=faults,
        typed=told,
        chosen=chosen,
        values=values,
        own=own,
        is_open=is_open,
        is_waiting=own is not None and own.state == ASKED,
        has_second=not is_minor or unmask_requests.can_be_decided(g.actor, person_id),
        called=request.args.get("called", ""),
    )
    return template, 422 if faults else 200, NO_STORE


@pages.page("/people/<uuid:person_id>/call-back", Permission.UNMASK, Scope.PERSON, methods=("POST",))
def call_back_page(person_id: uuid.UUID) -> Any:
    """Send word to the person, or to a minor's guardian, to call back; no number is shown."""
    sent = unmask_requests.ask_to_call(g.actor, person_id, g.now)
    return redirect(url_for("unmasking.unmask_page", person_id=person_id, called="yes" if sent else "before"), 303)


@pages.page("/manage/unmask-requests", Permission.AUDIT, Scope.SITE)
def list_page() -> Any:
    """List what waits, and everything of a year for the yearly audit."""
    this_year = site_day(g.now, settings().zone).year
    text = request.args.get("year", "")
    year = int(text) if text.isdecimal() and 2000 <= int(text) <= this_year else this_year
    waiting, of_year = unmask_requests.list_requests(g.actor), unmask_requests.list_requests(g.actor, year)
    names = directory.names_of(
        g.actor, {one for row in (*waiting, *of_year) for one in (row.asked_by, row.decided_by) if one}
    )
    return render_template(
        "registration/unmask_requests.html",
        waiting=waiting,
        of_year=of_year,
        names=names,
        year=year,
        years=range(this_year, this_year - 4, -1),
        words=unmask_requests.WORDS,
        done=request.args.get("done", ""),
    )


@pages.page(REQUEST, Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def request_page(request_id: uuid.UUID) -> Any:
    """Show who asks to see which child, and why; approve it for a day, or refuse it with a reason."""
    row = unmask_requests.get_request(g.actor, request_id)
    told, faults = typed("deed", "reason"), list[Fault]()
    if request.method == "POST":
        approve = told["deed"] == "approve"
        if not approve:
            _body, faults = load(s.UnmaskRefusalIn(), filled({"reason": told["reason"]}))
        if not faults:
            unmask_requests.decide(g.actor, request_id, g.now, approve=approve, reason=told["reason"] or None)
            return redirect(url_for("unmasking.list_page", done=told["deed"]), 303)
    names = directory.names_of(g.actor, {row.asked_by})
    page = render_template(
        "registration/unmask_request.html",
        row=row,
        who=names.get(row.asked_by, ""),
        own=row.asked_by == g.actor.account_id,
        has_second=unmask_requests.can_be_decided(g.actor, row.person_id),
        typed=told,
        faults=faults,
        words=unmask_requests.WORDS,
    )
    return page, 422 if faults else 200


def card(actor: Actor, _now: Instant) -> Card | None:
    """Tell an administrator on their start how many requests wait for them; None where none does."""
    count = unmask_requests.count_waiting(actor) if actor.is_admin else 0
    if not count:
        return None
    text = _("Somebody asks to see data of minors")
    return Card(_("Data of minors"), str(count), text, url_for("unmasking.list_page"), _("Decide"))
