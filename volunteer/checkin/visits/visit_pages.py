"""What scanning a station's code opens: one look at who and what, one button, and what came of it.

Opening writes nothing but that it was opened; the button sends a ticket that outlives the code, so that
signing in first loses no visit. After a code on paper the page asks for the word of the day where the phone does not
say that it is at the station; who has none goes on all the same, and is held.
Source: ux.md §5a, P6, V10, J1, J2, AC8 to AC10.
"""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext

from volunteer.access import Permission, Scope
from volunteer.checkin import service
from volunteer.checkin.answers import OK
from volunteer.checkin.api import BROWSER
from volunteer.checkin.credentials.tickets import issue_for
from volunteer.checkin.door.states import Audience, shown
from volunteer.checkin.posters.sheets import TooManyWords
from volunteer.checkin.reasons import Direction, Outcome, Reason
from volunteer.checkin.schemas import OwnScanIn
from volunteer.checkin.visits import visits
from volunteer.checkin.visits.visits import Opened, Stand
from volunteer.config import settings
from volunteer.errors import Fault, InvalidInput
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.web.forms import filled, load, typed
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages

pages = Pages("visit")
DAY_S = 86_400
FIELDS = ("ticket", "direction", "volunteer_id", "shift_id")
WORD, WITHOUT = "word", "without"
WHERE = ("latitude", "longitude", "accuracy_m")
ACTED = {Outcome.CHECKED_IN: Outcome.ALREADY_CHECKED_IN, Outcome.CHECKED_OUT: Outcome.ALREADY_CHECKED_OUT}
STALE = {Reason.CODE_EXPIRED: 410, Reason.CODE_REVOKED: 410, Reason.CODE_INVALID: 404}


@pages.page("/s/<uuid:station_id>", Permission.ANYONE, Scope.NOTHING, methods=("GET", "POST"))
def visit_page(station_id: uuid.UUID) -> Any:
    """Show who is asking and the one thing to do; do it when the button is pressed."""
    browser = request.cookies.get(BROWSER, "") or secrets.token_urlsafe(24)
    if request.method == "POST":
        return _checked(station_id, browser)
    visits.count_opening(request.cookies.get(BROWSER, ""), request.remote_addr or "", g.now)
    opened = _opened(station_id, browser)
    if isinstance(opened, Reason):
        return _stale(opened)
    here = url_for("visit.visit_page", station_id=station_id, ticket=opened.ticket)
    session["visit"] = here
    if g.actor.is_anonymous:
        return _keep(redirect(url_for("accounts.sign_in_page", next=here)), browser)
    return _keep(_form(station_id, opened, here), browser)


@pages.page("/me/scans/<uuid:scan_id>", Permission.SIGNED_IN, Scope.PERSON)
def result_page(scan_id: uuid.UUID) -> Any:
    """Show where a scan stands now: to be opened again as often as one likes."""
    scan = visits.own_scan(g.actor, scan_id)
    if "again" in request.args:
        scan |= {"outcome": ACTED.get(scan["outcome"], scan["outcome"]), "since": scan["at"]}
    place = stations.get_station(scan["station_id"]).name if scan["station_id"] else ""
    state = shown(scan, Audience.VOLUNTEER, place=place)
    own = registration.find_own_person(g.actor) == scan["person_id"]
    return render_template(
        "checkin/visited.html",
        scan=scan,
        state=state,
        visit=session.get("visit"),
        volunteer_id=None if own else scan["person_id"],
    )


def _opened(station_id: uuid.UUID, browser: str) -> Opened | Reason:
    """Return what the address holds: a good code, or a ticket that it was exchanged for."""
    if "ticket" in request.args:
        return visits.hold_ticket(request.args["ticket"], station_id, browser, g.now)
    return visits.open_code(request.full_path, browser, g.now)


def _form(
    station_id: uuid.UUID,
    opened: Opened,
    here: str,
    faults: Sequence[Fault] = (),
    asked: Mapping[str, str] | None = None,
) -> str:
    """Return the page with a button for each person; of one ticket each gets one of their own.

    `asked` is the press that the word of the day is asked for.
    """
    callers = visits.callers(g.actor, station_id, opened.shift_id, g.now)
    tickets = [opened.ticket, *(issue_for(opened.ticket, one.person_id, opened.browser, g.now) for one in callers[1:])]
    return render_template(
        "checkin/visit.html",
        station=stations.get_station(station_id),
        callers=list(zip(callers, tickets, strict=True)),
        here=here,
        faults=list(faults),
        on_paper=opened.on_paper,
        asked=asked,
        Stand=Stand,
    )


def _checked(station_id: uuid.UUID, browser: str) -> Any:
    """Check in or out by the ticket, and lead to what came of it; the same press once more changes nothing."""
    texts = filled(typed(*FIELDS))
    here = url_for("visit.visit_page", station_id=station_id, ticket=texts.get("ticket"))
    if g.actor.is_anonymous:
        return redirect(url_for("accounts.sign_in_page", next=here), 303)
    body, faults = load(OwnScanIn(), texts | _position() | filled(typed(WORD)))
    if faults:
        raise InvalidInput(faults)
    try:
        return _pressed(station_id, texts, body, browser, here)
    except InvalidInput as error:
        if any(fault.field != WORD for fault in error.faults):
            raise
        return _asked_again(station_id, texts, browser, error.faults[0]), 422
    except TooManyWords as error:
        again = _asked_again(station_id, texts, browser, Fault(WORD, error.code, error.detail))
        return again, 429, {"Retry-After": str(error.retry_after_s)}


def _pressed(station_id: uuid.UUID, texts: dict[str, str], body: dict[str, Any], browser: str, here: str) -> Any:
    """Record a press, and lead to what came of it."""
    # A press has an id of its own, so that a second one finds the first; an old refusal must not stand in its way.
    once = uuid.uuid5(uuid.NAMESPACE_OID, " ".join((str(g.actor.account), *(texts.get(one, "") for one in FIELDS))))
    status, told = _scan(body | {"id": once}, browser)
    is_again = status == OK and _still_stands(told)
    if status == OK and told["outcome"] in (*ACTED, Outcome.REFUSED) and not is_again:
        status, told = _scan(body, browser)
    if told.get("reason") == Reason.AMBIGUOUS:
        field = f"shift-of-{texts.get('volunteer_id', 'me')}"
        fault = Fault(field, "required", gettext("Please choose the shift that you take part in."))
        return _form(station_id, _held(station_id, texts, browser), here, [fault]), 422
    again = 1 if is_again else None
    return redirect(url_for("visit.result_page", scan_id=told["scan_id"], again=again), 303)


def _asked_again(station_id: uuid.UUID, texts: dict[str, str], browser: str, fault: Fault) -> str:
    """Return the page that asks for the word of the day, and offers to go on without it."""
    here = url_for("visit.visit_page", station_id=station_id, ticket=texts["ticket"])
    mine = replace(fault, field=f"word-of-{texts.get('volunteer_id', 'me')}")
    return _form(station_id, _held(station_id, texts, browser), here, [mine], dict.fromkeys(FIELDS, "") | texts)


def _held(station_id: uuid.UUID, texts: dict[str, str], browser: str) -> Opened:
    """Return the ticket that was pressed with, for the page that comes back."""
    opened = visits.hold_ticket(texts["ticket"], station_id, browser, g.now)
    return opened if isinstance(opened, Opened) else Opened(texts["ticket"], None, browser)


def _scan(body: dict[str, Any], browser: str) -> tuple[int, dict[str, Any]]:
    """Record the scan."""
    return service.check_in_own(
        g.actor,
        body,
        g.now,
        channel=channel_of(g.actor),
        browser=browser,
        address=request.remote_addr or "",
        agent=request.headers.get("User-Agent", ""),
        asks_word=WITHOUT not in request.form,
    )


def _still_stands(told: dict[str, Any]) -> bool:
    """Whether a scan that acted once is how things are now: nobody who left since is told that they are in."""
    person_id = told["volunteer"]["id"]
    return bool(told["outcome"] in ACTED and (told["outcome"] == Outcome.CHECKED_IN) == visits.is_in(person_id, g.now))


def _position() -> dict[str, float]:
    """Return where the phone says that it is; all of it, or nothing: a position is never asked for twice."""
    try:
        found = {name: float(text) for name, text in filled(typed(*WHERE)).items()}
    except ValueError:
        return {}
    return found if {"latitude", "longitude"} <= found.keys() else {}


def _stale(reason: Reason) -> Any:
    """Say that the code is no longer good, and what to do."""
    state = shown({"outcome": Outcome.REFUSED, "reason": reason, "direction": Direction.IN}, Audience.VOLUNTEER)
    return render_template("checkin/stale.html", state=state, is_revoked=reason is Reason.CODE_REVOKED), STALE[reason]


def _keep(answer: Any, browser: str) -> Response:
    """Send an answer with the secret that binds its ticket to this browser; nobody stores the page."""
    response: Response = make_response(answer)
    secure = not settings().insecure_cookies
    response.set_cookie(BROWSER, browser, max_age=DAY_S, httponly=True, samesite="Lax", secure=secure)
    response.headers["Cache-Control"] = "no-store"
    return response
