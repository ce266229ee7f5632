"""A volunteer's own proofs of service: issued for a period in one tap, listed with their state, kept as PDF or picture.

Source: ux.md V6; contract, "POST /me/certificates", "GET /certificates/{number}.pdf".
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.certificates import contents, rules, service
from volunteer.certificates.rules import State
from volunteer.certificates.schemas import IssueOwnIn
from volunteer.clock import aware, site_day
from volunteer.config import settings
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.hours import queries as hours_queries
from volunteer.hours import service as hours
from volunteer.registration import service as registration
from volunteer.registration.service import Whom
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.guard import public_root
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("my_certificates")
ROWS = 20
NO_STORE = {"Cache-Control": "no-store"}


@pages.page("/me/certificates", Permission.SIGNED_IN, Scope.SELF, methods=("GET", "POST"))
def list_page() -> Any:
    """List the caller's proofs, or those of one they act for, and issue one for a period."""
    whom = registration.whom(g.actor, request.values.get("volunteer_id", ""))
    if request.method == "GET":
        return _listed(whom, {"from": "", "to": ""}, [], 200)
    texts = typed("from", "to")
    body, faults = load(IssueOwnIn(), filled(texts))
    if faults:
        return _listed(whom, texts, faults, 422)
    try:
        made, _ = service.issue_own(g.actor, whom.volunteer_id, body["from_on"], body["to_on"], g.now)
    except VolunteerError as error:
        return _listed(whom, texts, faults_of(error, "from"), error.status)
    return redirect(url_for("my_certificates.one_page", number=made.number), 303)


@pages.page("/me/certificates/<string:number>", Permission.SIGNED_IN, Scope.PERSON)
def one_page(number: str) -> Any:
    """Show one's own proof: what it says in short, whether it holds, and the ways to keep and to verify it."""
    one = service.get_own(g.actor, number)
    own = registration.find_own_person(g.actor)
    return render_template(
        "certificates/mine_one.html",
        one=one,
        State=State,
        duration=rules.duration(one.minutes),
        period=f"{rules.spoken_day(one.from_on)} 至 {rules.spoken_day(one.to_on)}",
        issued_on=contents.issued_words(one.issued_at),
        verify_url=contents.verify_url("", one.number, one.token),
        volunteer_id=None if one.person_id == own else one.person_id,
        is_wechat="MicroMessenger" in request.headers.get("User-Agent", ""),
    )


@pages.page("/me/certificates/<string:number>/proof.pdf", Permission.SIGNED_IN, Scope.PERSON)
def pdf_file(number: str) -> Any:
    """Print one's own proof on A4."""
    one = service.get_own(g.actor, number)
    data = service.print_pdf(g.actor, one.number, public_root(), g.now)
    answer = Response(data, mimetype="application/pdf", headers=NO_STORE)
    answer.headers.set("Content-Disposition", "inline", filename=f"{one.number}.pdf")
    return answer


@pages.page("/me/certificates/<string:number>/picture.png", Permission.SIGNED_IN, Scope.PERSON)
def picture(number: str) -> Any:
    """Draw one's own proof, or the `sheet` of a longer one: WeChat keeps pictures, not files."""
    sheets = service.own_pictures(g.actor, number, public_root())
    asked = request.args.get("sheet", "1")
    sheet = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    if not 1 <= sheet <= len(sheets):
        raise NotFound
    return Response(sheets[sheet - 1], mimetype="image/png", headers=NO_STORE)


def _listed(whom: Whom, texts: dict[str, str], faults: Sequence[Fault], status: int) -> Any:
    """Return the list with the ways to issue a proof."""
    before = decode_cursor(request.args.get("cursor"), _instant, uuid.UUID)
    rows = service.list_own(g.actor, whom.volunteer_id, ROWS + 1, before)
    listed = page(rows, ROWS, lambda row: (row.issued_at.isoformat(), row.id))
    totals = hours.totals(g.actor, whom.person_id, g.now)
    body = render_template(
        "certificates/mine.html",
        whom=whom,
        periods=_periods(whom.person_id),
        chosen=request.args.get("year", ""),
        pending=totals["minutes_pending"],
        typed=texts,
        faults=faults,
        spoken_day=rules.spoken_day,
        duration=rules.duration,
        **listed,
    )
    return body, status


def _periods(person_id: uuid.UUID) -> list[tuple[int | None, dt.date, dt.date]]:
    """Return the periods that one tap is for: each year with hours, and all of them where there are several.

    The year that is under way ends today, so that no paper speaks of days to come.
    """
    today = site_day(g.now, settings().zone)
    years = hours_queries.years_of(person_id)
    found: list[tuple[int | None, dt.date, dt.date]] = [
        (year, dt.date(year, 1, 1), min(dt.date(year, 12, 31), today)) for year in years
    ]
    return [*found, (None, dt.date(min(years), 1, 1), today)] if len(years) > 1 else found


def _instant(text: str) -> dt.datetime:
    """Read the instant of a cursor; ValueError for one without a zone."""
    return aware(dt.datetime.fromisoformat(text))
