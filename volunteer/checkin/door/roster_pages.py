"""The list of a shift at the door: who is where, entering several by hand, and whoever came without a sign-up.

Source: ux.md S4, S5; contract, "POST /shifts/{id}/roll-call".
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Permission, Scope
from volunteer.checkin import queries, service
from volunteer.checkin.door import by_hand
from volunteer.checkin.door.states import Audience, Shown, shown
from volunteer.checkin.door.station_pages import REASONS, id_of, rights_at
from volunteer.checkin.reasons import Direction, Outcome
from volunteer.checkin.schemas import RollCallIn
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.registration.service import PersonFacts
from volunteer.stations import service as stations
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("roster")
#: Where people may be with a shift, those first whom a keeper looks for.
STANDS = ("expected", "in", "out", "unclosed", "waiting")


@pages.page(
    "/station/<uuid:station_id>/shifts/<uuid:shift_id>", Permission.SIGNED_IN, Scope.STATION, methods=("GET", "POST")
)
def shift_page(station_id: uuid.UUID, shift_id: uuid.UUID) -> Any:
    """Show who is expected, inside and gone at a shift of today; enter several by hand, for one reason."""
    today, shift = _today(station_id, shift_id)
    if request.method == "GET":
        return _roster(today, shift, {}, [])
    typed = forms.typed("direction", "at", "reason")
    raw = forms.filled(typed | {"at": forms.instant(typed["at"]) if typed["at"] else ""})
    body, faults = forms.load(RollCallIn(), raw | {"volunteer_ids": request.form.getlist("people")})
    results: list[dict[str, Any]] = []
    if not faults:
        try:
            results = service.roll_call(g.actor, shift_id, body, g.now)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = forms.faults_of(error, "at")
    if faults:
        return _roster(today, shift, typed, [_of_people(fault) for fault in faults]), 422
    if any(result["outcome"] == Outcome.REFUSED for result in results):
        return _roster(*_today(station_id, shift_id), typed, [], results)
    address = url_for("roster.shift_page", station_id=station_id, shift_id=shift_id, entered=len(results))
    return redirect(address, 303)


@pages.page("/station/<uuid:station_id>/walk-in", Permission.RUN_ACTIVITIES, Scope.STATION, methods=("GET", "POST"))
def walk_in_page(station_id: uuid.UUID) -> Any:
    """Find somebody who came without a sign-up, sign them up for a shift of today, and check them in."""
    typed = forms.typed("who", "person_id", "shift_id", "reason", "then")
    person_id = id_of(typed["person_id"] or request.args.get("person_id", ""))
    if request.method == "POST" and typed["then"]:
        return _arrive(station_id, person_id, typed)
    people: list[PersonFacts] = []
    faults: list[Fault] = []
    if person_id is not None:
        people = [by_hand.person_at(g.actor, station_id, person_id)]
    elif request.method == "POST":
        people, faults = _looked_up(station_id, typed["who"])
    return _walk_in(station_id, typed, people, faults), 422 if faults else 200


def _looked_up(station_id: uuid.UUID, text: str) -> tuple[list[PersonFacts], list[Fault]]:
    """Return who has this phone or number, or why nobody is shown."""
    if not text:
        return [], [Fault("who", "required", _("Type the whole phone number or the whole volunteer number."))]
    try:
        people = by_hand.look_up(g.actor, station_id, text, g.now)
    except NotFound:
        raise
    except VolunteerError as error:
        return [], forms.faults_of(error, "who")
    nobody = Fault("who", "unknown", _("Nobody has this number. Check it, or register the person with their paper."))
    return people, [] if people else [nobody]


def _arrive(station_id: uuid.UUID, person_id: uuid.UUID | None, typed: Mapping[str, str]) -> Any:
    """Sign the person up for the chosen shift, and check them in where that is wanted."""
    if person_id is None:
        raise NotFound
    person = by_hand.person_at(g.actor, station_id, person_id)
    shift_id = id_of(typed["shift_id"])
    if shift_id is None:
        fault = Fault("shift_id", "required", _("Choose a shift."))
        return _walk_in(station_id, typed, [person], [fault]), 422
    reason = typed["reason"][:500] or REASONS[0]
    done = by_hand.arrive(g.actor, shift_id, person_id, reason, g.now, check_in=typed["then"] == "in")
    state = None
    if done.answer:
        place = stations.get_station(station_id).name
        state = shown(done.answer, Audience.KEEPER, place=place, station_id=station_id)
    reasons = done.reasons or by_hand.reasons_against(done.answer or {})
    page = render_template(
        "checkin/arrived.html",
        station=stations.get_station(station_id),
        person=person,
        done=done,
        state=state,
        reasons=reasons,
    )
    refused = done.reasons or (done.answer and done.answer["outcome"] == Outcome.REFUSED)
    return page, 409 if refused else 200


def _walk_in(station_id: uuid.UUID, typed: Mapping[str, str], people: list[PersonFacts], faults: list[Fault]) -> str:
    """Return the page on which somebody is found and a shift is chosen."""
    return render_template(
        "checkin/walk_in.html",
        station=stations.get_station(station_id),
        shifts=by_hand.open_shifts(g.actor, station_id, g.now),
        people=people,
        typed=typed,
        faults=faults,
        reasons=REASONS,
    )


def _today(station_id: uuid.UUID, shift_id: uuid.UUID) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a station's day and one of its shifts.

    Raises:
        NotFound: not the caller's, or not of today.
    """
    today = queries.station_today(g.actor, station_id, g.now)
    shift = next((one for one in today["shifts"] if one["shift_id"] == shift_id), None)
    if shift is None:
        raise NotFound
    return today, shift


def _roster(
    today: Mapping[str, Any],
    shift: Mapping[str, Any],
    typed: Mapping[str, str],
    faults: list[Fault],
    results: list[dict[str, Any]] | None = None,
) -> str:
    """Return the list of a shift, with what became of those just entered."""
    told: dict[uuid.UUID, Shown] = {
        result["volunteer_id"]: shown(result, Audience.KEEPER, station_id=today["station_id"])
        for result in results or ()
    }
    counted = Counter(person["presence"] for person in shift["people"])
    stands = {stand: counted[stand] for stand in STANDS if stand in counted}
    only = request.args.get("only", "")
    only = only if only in stands else ""
    return render_template(
        "checkin/roster.html",
        today=today,
        shift=shift,
        stands=stands,
        only=only,
        people=[person for person in shift["people"] if only in ("", person["presence"])],
        told=told,
        typed=typed,
        faults=faults,
        chosen=request.form.getlist("people"),
        rights=rights_at(today["station_id"]),
        reasons=REASONS,
        ways=[(Direction.IN.value, _("Sign in here")), (Direction.OUT.value, _("Sign out here"))],
        proposed=_proposed(shift, only),
        entered=request.args.get("entered", "") if request.args.get("entered", "").isdigit() else "",
    )


def _proposed(shift: Mapping[str, Any], only: str) -> tuple[str, str]:
    """Return what is most likely entered: who is still in after the end left at the end, everybody else comes now."""
    if only == "in" and shift["ends_at"] <= g.now:
        return Direction.OUT.value, forms.local(shift["ends_at"])
    return Direction.IN.value, forms.local(g.now)


def _of_people(fault: Fault) -> Fault:
    """Return a fault as the form means it: whom the body lists is whom one ticks."""
    if fault.field.startswith("volunteer_ids"):
        return Fault("people", fault.code, _("Tick at least one person."))
    return fault
