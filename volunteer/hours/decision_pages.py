"""Deciding on pages: one queue of all that waits, and a page for each request with its evidence on it.

After a decision: back to the queue, which says what happened and has the next one a tap away. Source: ux.md A8, A9, U8;
contract, "GET /reviews", Hours (second person); decisions 14.
"""

import datetime as dt
import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.activities import waiting
from volunteer.clock import Instant, aware
from volunteer.errors import Conflict, Fault, Forbidden, NotFound
from volunteer.hours import cases, deciding, seams, together_pages
from volunteer.hours.narrowing import Narrowed
from volunteer.hours.schemas import ReasonIn
from volunteer.stations.service import stations_in_scope
from volunteer.web import forms
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("decisions")
DECIDE, HERE, BOTH = Permission.DECIDE, Scope.STATION, ("GET", "POST")
ROWS = 20
MOST_TICKED = 50
PAGE_OF = {"reviews": "review_page", "make-ups": "make_up_page", "corrections": "correction_page"}


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell a keeper or an admin on their start how much waits for them; None where nothing does."""
    if not actor.has(DECIDE):
        return None
    count = waiting.count_decidable(actor, now) + cases.count_decidable(actor)
    if not count:
        return None
    figure = f"{cases.MOST_COUNTED}+" if count > cases.MOST_COUNTED else str(count)
    return Card(_("To decide"), figure, _("wait for you"), url_for("decisions.list_page"), _("Decide"))


@pages.page("/decisions", DECIDE, HERE)
def list_page() -> Any:
    """Show the queue: one tab at a time, the first that has something unless one is asked for."""
    return _queue()


@pages.page("/decisions/reviews/<uuid:request_id>", DECIDE, HERE, methods=BOTH)
def review_page(request_id: uuid.UUID) -> Any:
    """Show a review with its scans, and decide it."""
    return _case(request_id, "reviews")


@pages.page("/decisions/make-ups/<uuid:request_id>", DECIDE, HERE, methods=BOTH)
def make_up_page(request_id: uuid.UUID) -> Any:
    """Show a make-up with what the person says and the scans of that day, and decide it."""
    return _case(request_id, "make-ups")


@pages.page("/decisions/corrections/<uuid:request_id>", DECIDE, HERE, methods=BOTH)
def correction_page(request_id: uuid.UUID) -> Any:
    """Show a correction with how the entry came about, and decide it."""
    return _case(request_id, "corrections")


def _case(request_id: uuid.UUID, tab: str) -> Any:
    """Show one request, or decide it; what keeps it from being decided stands on its page."""
    if request.method == "GET":
        return _shown(request_id, tab)
    kinds, texts = cases.TABS[tab], forms.typed("reason")
    try:
        if request.form.get("do") == "accept":
            deciding.accept(g.actor, request_id, g.now, kinds)
        else:
            body, faults = forms.load(ReasonIn(), forms.filled(texts))
            if faults:
                return _shown(request_id, tab, faults=faults), 422
            deciding.refuse(g.actor, request_id, body["reason"], g.now, kinds)
    except (Conflict, Forbidden) as error:
        return _shown(request_id, tab, error.detail), error.status
    return redirect(url_for("decisions.list_page", kind=tab, done=request_id), 303)


def _shown(request_id: uuid.UUID, tab: str, problem: str = "", faults: list[Fault] | None = None) -> str:
    """Return the page of one request."""
    return render_template(
        f"hours/decide_{tab.replace('-', '_')}.html",
        one=cases.case(g.actor, request_id, tab, g.now),
        tab=tab,
        problem=problem,
        faults=faults or [],
        typed=forms.typed("reason"),
    )


def _queue() -> Any:
    """Return the queue, and its status; the reviews may be narrowed, and all of a page ticked (`tick=page`)."""
    counts = waiting.counts(g.actor, g.now) | cases.open_counts(g.actor)
    asked = request.args.get("kind", "")
    kind = asked if asked in counts else next((name for name, count in counts.items() if count), "activities")
    texts = together_pages.filters() if kind == "reviews" else {}
    narrowed, faults = together_pages.narrowed(texts, g.now)
    after = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    most = MOST_TICKED if kind == "reviews" else ROWS
    rows, time = ([], "asked_at") if faults else _rows(kind, after, narrowed, most)
    listed = page(rows, most, lambda row: (row[time].isoformat(), row["id"]))
    body = render_template(
        "hours/decisions.html",
        kind=kind,
        counts=counts,
        detail=f"decisions.{PAGE_OF[kind]}" if kind in PAGE_OF else "",
        done=_done(kind),
        faults=faults,
        filters=texts,
        choices=_choices() if kind == "reviews" and counts[kind] else {},
        all_ticked=request.args.get("tick") == "page",
        cursor=request.args.get("cursor"),
        now=g.now,
        following=next((row for row in listed["items"] if not row.get("why_not")), None),
        **listed,
    )
    return body, 422 if faults else 200


def _choices() -> dict[str, Any]:
    """Return what the reviews that wait can be narrowed to."""
    stations = stations_in_scope(g.actor, DECIDE)
    return {
        "marks": list(seams.MARKS.items()),
        "stations": [(str(one.id), one.name) for one in stations],
        "units": [(str(one.id), one.name) for one in cases.units_that_wait(g.actor, "reviews", g.now)],
    }


def _rows(
    kind: str, after: tuple[dt.datetime, uuid.UUID] | None, narrowed: Narrowed, most: int
) -> tuple[list[dict[str, Any]], str]:
    """Return the rows of a tab, and the name of the time by which they are ordered."""
    if kind == "activities":
        return waiting.submitted_activities(g.actor, ROWS, after), "submitted_at"
    if kind == "signups":
        return waiting.pending_signups(g.actor, g.now, ROWS, after), "asked_at"
    return cases.queue(g.actor, kind, most, after, narrowed), "asked_at"


def _done(kind: str) -> dict[str, Any] | None:
    """Return the request that was decided just now, where the address names one of the caller's scope."""
    try:
        return cases.case(g.actor, uuid.UUID(request.args["done"]), kind, g.now) if kind in PAGE_OF else None
    except (KeyError, ValueError, NotFound):
        return None


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))
