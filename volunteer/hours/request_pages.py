"""Asking for time on pages: a make-up for what no scan proves, a correction of a line that is wrong; what came of it.

Source: ux.md V4, V5; contract, "POST /make-ups", "POST /hours/{entry_id}/corrections".
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.activities import own_signups
from volunteer.activities.rules import SignupStatus
from volunteer.activities.service import ShiftFacts, get_shift
from volunteer.clock import aware
from volunteer.database import reading
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.hours import asking, queries, seams, service
from volunteer.hours.deadlines import deadline_of, is_late
from volunteer.hours.models import RequestKind
from volunteer.hours.schemas import CorrectionIn, MakeUpIn
from volunteer.registration import service as registration
from volunteer.registration.service import Whom
from volunteer.web.forms import faults_of, filled, instant, load, local, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("my_requests")
ROWS = 20
MOST_SHIFTS = 50
ASKED = frozenset({RequestKind.MAKE_UP, RequestKind.CORRECTION})
SIGNED_IN, SELF, BOTH = Permission.SIGNED_IN, Scope.SELF, ("GET", "POST")


@pages.page("/me/requests", SIGNED_IN, SELF)
def list_page() -> Any:
    """List what the caller asked for, or was asked for somebody they act for, with what came of it."""
    whom = registration.whom(g.actor, request.args.get("volunteer_id", ""))
    before = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    rows = queries.requests_of(whom.person_id, ASKED, None, ROWS, before)
    listed = page(rows, ROWS, lambda row: (row["asked_at"].isoformat(), row["id"]))
    return render_template("hours/requests.html", whom=whom, is_fresh="fresh" in request.args, **listed)


@pages.page("/me/make-ups/new", SIGNED_IN, SELF, methods=BOTH)
def make_up_page() -> Any:
    """Ask for time at a shift, with its deadline in sight; what was typed comes back with the faults."""
    whom = registration.whom(g.actor, request.values.get("volunteer_id", ""))
    if request.method == "GET":
        return _make_up(whom, {"shift_id": request.args.get("shift", "") or _only_unclosed(whom)}, [], 200)
    texts = typed("shift_id", "from", "to", "reason")
    raw = filled(texts) | {name: instant(texts[name]) for name in ("from", "to") if texts[name]}
    body, faults = load(MakeUpIn(), raw)
    if faults:
        return _make_up(whom, texts, faults, 422)
    times = (body["from_"], body["to"])
    try:
        asking.ask_make_up(g.actor, body["shift_id"], whom.volunteer_id, times, body["reason"], g.now)
    except VolunteerError as error:
        return _make_up(whom, texts, faults_of(error, "shift_id"), error.status)
    return redirect(url_for("my_requests.list_page", volunteer_id=whom.volunteer_id, fresh=1), 303)


@pages.page("/me/hours/<uuid:entry_id>/correct", SIGNED_IN, Scope.PERSON, methods=BOTH)
def correction_page(entry_id: uuid.UUID) -> Any:
    """Ask for another number of minutes of a line of one's own, or of somebody for whom one acts."""
    line = service.explanation(g.actor, entry_id, g.now)
    if line["shift_id"] is None or not registration.may_act_for(g.actor, line["person_id"]):
        raise NotFound
    if request.method == "GET":
        whole, rest = divmod(line["effective_minutes"], 60)
        return _correction(line, {"hours": str(whole), "minutes": str(rest), "reason": ""}, [], 200)
    texts = typed("hours", "minutes", "reason")
    body, faults = load(CorrectionIn(), {"minutes": _minutes(texts)} | filled({"reason": texts["reason"]}))
    if faults:
        return _correction(line, texts, faults, 422)
    try:
        asking.ask_correction(g.actor, entry_id, body["minutes"], body["reason"], g.now)
    except VolunteerError as error:
        return _correction(line, texts, faults_of(error, "minutes"), error.status)
    own = registration.find_own_person(g.actor) == line["person_id"]
    whose = None if own else line["person_id"]
    return redirect(url_for("my_requests.list_page", volunteer_id=whose, fresh=1), 303)


def _only_unclosed(whom: Whom) -> str:
    """Return the one shift that a message about a missing check-out can mean (`?of=unclosed`), or "" for several."""
    if request.args.get("of") != "unclosed":
        return ""
    rows = [row for row in seams.attended(whom.person_id, None, g.now) if row["state"] == "unclosed"]
    return str(rows[0]["shift_id"]) if len(rows) == 1 else ""


def _make_up(whom: Whom, texts: dict[str, str], faults: Sequence[Fault], status: int) -> Any:
    """Return the form of a make-up: for one shift, or with those to choose from."""
    shift = _shift(texts["shift_id"])
    texts = {"from": "", "to": "", "reason": ""} | texts
    if shift and request.method == "GET":
        texts |= _proposed(whom.person_id, shift)
    due = deadline_of(shift.ends_at) if shift else None
    page_ = render_template(
        "hours/make_up.html",
        whom=whom,
        shift=shift,
        shifts=[] if shift else _shifts(whom.person_id),
        typed=texts,
        faults=faults,
        due=due,
        is_late=due is not None and is_late(due, g.now),
    )
    return page_, status


def _correction(line: dict[str, Any], texts: dict[str, str], faults: Sequence[Fault], status: int) -> Any:
    """Return the form of a correction."""
    shift = get_shift(reading(), line["shift_id"])
    return render_template("hours/correct.html", line=line, shift=shift, typed=texts, faults=faults), status


def _shift(text: str) -> ShiftFacts | None:
    """Return the shift that the form is about, or None where it is still to be chosen.

    Raises:
        NotFound: there is no such shift, or nobody may know of it yet.
    """
    try:
        shift_id = uuid.UUID(text)
    except ValueError:
        return None
    shift = get_shift(reading(), shift_id)
    if shift.status not in asking.VISIBLE:
        raise NotFound
    return shift


def _shifts(person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return the shifts that the person signed up for, that have begun, and for which there is still time to ask."""
    rows = own_signups.list_own_signups(person_id, MOST_SHIFTS, None)
    return [
        row
        for row in rows
        if row["status"] == SignupStatus.CONFIRMED
        and row["starts_at"] < g.now
        and not row["shift_cancelled"]
        and not is_late(deadline_of(row["ends_at"]), g.now)
    ]


def _proposed(person_id: uuid.UUID, shift: ShiftFacts) -> dict[str, str]:
    """Return the times that are likely meant: from the check-in that has no end, else from the start, to the end."""
    begun = [
        pair["in"] for row in seams.attended(person_id, shift.id, g.now) for pair in row["pairs"] if not pair["out"]
    ]
    start = max([shift.starts_at, *begun])
    return {"from": local(start), "to": local(min(shift.ends_at, max(g.now, start)))}


def _minutes(texts: dict[str, str]) -> int | None:
    """Return what two fields come to in minutes; None where they hold no numbers."""
    try:
        return int(texts["hours"] or "0") * 60 + int(texts["minutes"] or "0")
    except ValueError:
        return None


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))
