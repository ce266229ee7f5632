"""Who says that they never agreed to be registered, on pages of administrators; auditors read along.

Source: domain.md F5, g1.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.clock import Instant
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.registration import denying
from volunteer.registration.invitations_schemas import DecideIn
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("denials")
ROWS = 50


@pages.page("/denials", Permission.AUDIT, Scope.SITE)
def list_page() -> Any:
    """List who denies having agreed: those that wait, the oldest first, or those that are closed, the newest first."""
    state = "closed" if request.args.get("state") == "closed" else "open"
    last = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = denying.list_denials(g.actor, ROWS, last[0] if last else None, is_open=state == "open")
    return render_template(
        "registration/denials.html",
        state=state,
        may_decide=g.actor.has(Permission.MANAGE_SITE),
        is_done="done" in request.args,
        **page(rows, ROWS, lambda row: (row.id,)),
    )


@pages.page("/denials/<uuid:denial_id>", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def decide_page(denial_id: uuid.UUID) -> Any:
    """Show one denial, and erase at once or keep the registration, with a reason."""
    told, faults = typed("decision", "reason"), list[Fault]()
    if request.method == "POST":
        chosen, faults = load(DecideIn(), filled(told))
        try:
            if not faults:
                denying.decide(g.actor, denial_id, denying.Decision(chosen["decision"]), chosen["reason"], g.now)
                return redirect(url_for("denials.list_page", done=1), 303)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = faults_of(error, "decision")
    body = render_template(
        "registration/denial.html", one=denying.get_denial(g.actor, denial_id), faults=faults, typed=told
    )
    return body, 422 if faults else 200


def card(actor: Actor, _now: Instant) -> Card | None:
    """Return how many denials wait for an administrator, for their start; None where none do."""
    count = denying.count_open(actor)
    if not count:
        return None
    text = _("say that they never agreed to be registered; they are erased after 7 days")
    return Card(_("Denied registrations"), str(count), text, url_for("denials.list_page"), _("Look at them"))
