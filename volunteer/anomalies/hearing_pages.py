"""Findings on pages for those whom they concern: what was found and why, what they have to say, what came of it.

Source: PIPL 24, 44; domain.md h H4.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.anomalies import hearing
from volunteer.anomalies import schemas as s
from volunteer.clock import Instant
from volunteer.errors import Fault
from volunteer.web.forms import filled, load, tried, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("hearing")
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF
ROWS = 20


@pages.page("/me/findings", SIGNED_IN, SELF)
def list_page() -> Any:
    """List what concerns the caller, the newest first."""
    before = decode_cursor(request.args.get("cursor"), uuid.UUID)
    rows = hearing.concerning(g.actor, ROWS + 1, before[0] if before else None)
    listed = page(rows, ROWS, lambda row: (row.id,))
    items = [hearing.view(g.actor, row) for row in listed["items"]]
    return render_template("anomalies/mine.html", items=items, next_cursor=listed["next_cursor"])


@pages.page("/me/findings/<uuid:finding_id>", SIGNED_IN, SELF, methods=("GET", "POST"))
def finding_page(finding_id: uuid.UUID) -> Any:
    """Show one, and take what the caller has to say."""
    faults, texts = list[Fault](), typed("text")
    if request.method == "POST":
        body, faults = load(s.StatementIn(), filled(texts))
        faults = faults or tried(lambda: hearing.state(g.actor, finding_id, body["text"], g.now), "text")
        if not faults:
            return redirect(url_for("hearing.finding_page", finding_id=finding_id, done="said"), 303)
    one = hearing.view(g.actor, hearing.get_concerning(g.actor, finding_id))
    done = request.args.get("done", "") if not faults else ""
    body_text = render_template("anomalies/mine_one.html", one=one, faults=faults, typed=texts, done=done)
    return body_text, 422 if faults else 200


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell somebody who works here how many findings wait for what they have to say."""
    count = hearing.count_unanswered(actor)
    if not count:
        return None
    text = _("records are being looked into and concern you. Please say what happened.")
    return Card(_("Questions to you"), str(count), text, url_for("hearing.list_page"), _("Say what happened"))
