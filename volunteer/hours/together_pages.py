"""Several reviews decided on pages: ticked in the queue, looked at once more with what it concerns, then decided.

What can be decided is asked before and after: somebody else may have been faster. The result has an address of its own.
Source: ux.md A8 (批量核定); contract, "GET /reviews"; decisions 14.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Permission, Scope
from volunteer.clock import Instant, site_day
from volunteer.config import settings
from volunteer.database import new_id
from volunteer.errors import Conflict, Fault
from volunteer.hours import cases, together
from volunteer.hours.narrowing import Narrowed
from volunteer.hours.together import Together, Verdict
from volunteer.hours.together_schemas import DecisionsIn, QueueQuery
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("together")
DECIDE, HERE = Permission.DECIDE, Scope.STATION
REVIEWS = cases.TABS["reviews"]
FILTERS = ("why", "mark", "station", "unit", "shift", "days")


def filters() -> dict[str, Any]:
    """Return what the queue is narrowed to, as it stands in the address or the form."""
    return forms.filled({name: request.values.get(name, "").strip() for name in FILTERS})


def narrowed(texts: Mapping[str, str], now: Instant) -> tuple[Narrowed, list[Fault]]:
    """Return what these filters mean, and what is wrong with them."""
    query, faults = forms.load(QueueQuery(), texts)
    days = query.pop("days", None)
    before = now - dt.timedelta(days=int(days)) if days else None
    return Narrowed(**query, before=before, today=site_day(now, settings().zone)), faults


@pages.page("/decisions/together", DECIDE, HERE, methods=("GET", "POST"))
def together_page() -> Any:
    """Show what deciding the ticked reviews would concern; decide them."""
    verdict = request.values.get("do", "")
    sent = {"ids": request.values.getlist("ids"), "decision": verdict}
    if request.method == "GET":
        body, faults = forms.load(DecisionsIn(), sent | {"reason": "-"})
        status = 422 if faults else 200
        return _asked(verdict, body.get("ids", []), _of_ticks(faults), str(new_id())), status
    texts = forms.typed("reason", "batch_id")
    body, faults = forms.load(DecisionsIn(), sent | forms.filled(texts))
    if faults:
        ids = forms.load(DecisionsIn(), sent | {"reason": "-"})[0].get("ids", [])
        return _asked(verdict, ids, faults, texts["batch_id"] or str(new_id())), 422
    one = Together(body["batch_id"] or new_id(), Verdict(body["decision"]), tuple(body["ids"]), body["reason"])
    try:
        together.decide(g.actor, one, g.now, REVIEWS)
    except Conflict as error:
        return _asked(verdict, body["ids"], [Fault("ids", error.code, error.detail)], str(new_id())), 409
    return redirect(url_for("together.result_page", batch_id=one.id, **filters()), 303)


@pages.page("/decisions/together/<uuid:batch_id>", DECIDE, HERE)
def result_page(batch_id: uuid.UUID) -> Any:
    """Show what came of deciding several, row by row."""
    return render_template(
        "hours/together_done.html", one=together.decision(g.actor, batch_id), filters=filters(), Verdict=Verdict
    )


def _of_ticks(faults: Sequence[Fault]) -> list[Fault]:
    """Return one sentence for whatever is wrong with what the queue sent."""
    return [Fault("ids", "required", _("Please tick at least one row."))] if faults else []


def _asked(verdict: str, ids: Sequence[uuid.UUID], faults: Sequence[Fault], batch_id: str) -> str:
    """Return the page that asks once more."""
    return render_template(
        "hours/together.html",
        refuses=verdict == Verdict.REFUSE,
        outlook=together.outlook(g.actor, ids, REVIEWS),
        faults=list(faults),
        typed=forms.typed("reason"),
        batch_id=batch_id,
        filters=filters(),
    )
