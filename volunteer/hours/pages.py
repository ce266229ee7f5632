"""A volunteer's own hours: what counts, what still waits and why, and how each line came about.

Source: ux.md V4; contract, "GET /me/hours", "/me/hours/entries", "/hours/{entry_id}/explanation".
"""

import datetime as dt
import uuid
from typing import Any

from flask import g, render_template, request

from volunteer.access import Permission, Scope
from volunteer.activities.service import get_shift
from volunteer.clock import aware, site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.hours import queries, seams, service
from volunteer.hours.deadlines import deadline_of, is_late
from volunteer.hours.models import RequestKind, RequestState
from volunteer.hours.policy import POLICY
from volunteer.registration import service as registration
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("my_hours")
ROWS = 20
MOST_WAITING = 50


@pages.page("/me/hours", Permission.SIGNED_IN, Scope.SELF)
def hours_page() -> Any:
    """Show the caller's hours, or those of one they act for: sums, what waits, and every line, newest first."""
    whom = registration.whom(g.actor, request.args.get("volunteer_id", ""))
    before = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    totals = service.totals(g.actor, whom.person_id, g.now)
    rows = service.entries(g.actor, whom.person_id, g.now, ROWS, before)
    years = queries.years_of(whom.person_id)
    this_year = site_day(g.now, settings().zone).year
    return render_template(
        "hours/mine.html",
        whom=whom,
        totals=totals,
        years=years,
        this_year=this_year,
        minutes_this_year=years.get(this_year, 0),
        next_star=next((one for one in POLICY.star_minutes if one > totals["minutes_total"]), None),
        waiting=_waiting(whom.person_id),
        unfinished=_unfinished(whom.person_id),
        is_first=before is None,
        **page(rows, ROWS, lambda row: (row["at"].isoformat(), row["id"])),
    )


@pages.page("/me/hours/<uuid:entry_id>", Permission.SIGNED_IN, Scope.PERSON)
def entry_page(entry_id: uuid.UUID) -> Any:
    """Show how a line came about, from scans to minutes, computed anew; for whoever may see the line."""
    line = service.explanation(g.actor, entry_id, g.now)
    shift_id, person_id = line["shift_id"], line["person_id"]
    is_own = registration.may_act_for(g.actor, person_id)
    mine = [piece for piece in line["union"] if piece["shift_id"] == shift_id]
    return render_template(
        "hours/entry.html",
        line=line,
        shift=get_shift(reading(), shift_id) if shift_id else None,
        why=[one for row in seams.attended(person_id, shift_id, g.now) for one in row["why"]] if shift_id else [],
        counted=sum(piece["minutes"] for piece in mine),
        inside=sum(pair["clipped"]["minutes"] for pair in line["pairs"] if pair["clipped"]),
        is_own=is_own,
        volunteer_id=person_id if is_own and person_id != registration.find_own_person(g.actor) else None,
    )


def _waiting(person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return what somebody has still to decide about a person's minutes."""
    return queries.requests_of(person_id, frozenset(RequestKind), RequestState.OPEN, MOST_WAITING)[:MOST_WAITING]


def _unfinished(person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return the attendances that lack an end and for which no make-up was asked, with until when it may be."""
    asked = {one["shift_id"] for one in queries.requests_of(person_id, {RequestKind.MAKE_UP}, None, MOST_WAITING)}
    rows = [row for row in seams.attended(person_id, None, g.now) if row["shift_id"] not in asked]
    due = [deadline_of(row["ends_at"]) for row in rows]
    return [row | {"due": one, "is_late": is_late(one, g.now)} for row, one in zip(rows, due, strict=True)]


def _instant(text: str) -> dt.datetime:
    """Read an instant of a cursor; ValueError for a naive one."""
    return aware(dt.datetime.fromisoformat(text))
