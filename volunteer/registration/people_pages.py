"""People on pages: finding one, seeing one masked, and what staff decide about one, each on a page that asks first.

What is searched for is sent in the body, never in the address: it is part of a name or of a phone.
Source: ux.md U3, A6; contract, Volunteers.
"""

import uuid
from collections.abc import Callable
from typing import Any

from flask import g, redirect, render_template, request, url_for
from marshmallow import Schema

from volunteer.access import Actor, Permission, Role, Scope
from volunteer.clock import Instant
from volunteer.errors import Fault, IllegalTransition, NotFound, VolunteerError
from volunteer.registration import code_tables, deeds, people, reach, standing
from volunteer.registration import schemas as s
from volunteer.registration.deeds import Deed
from volunteer.registration.rules import PersonStatus
from volunteer.registration.statuses import today
from volunteer.units import service as units
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("people")
ROWS, MOST_UNITS, FOUND_UNITS = 50, 500, 20
#: The statuses that a list offers; tombstones are not listed.
LISTED = tuple(status for status in PersonStatus if status not in (PersonStatus.ERASED, PersonStatus.MERGED))
PERSON = "/people/<uuid:person_id>"
#: Tells a person's credited minutes; `app.wire` fills it (hours are above this room).
MINUTES: list[Callable[[Actor, uuid.UUID, Instant], int]] = []


@pages.page("/people", Permission.READ_PEOPLE, Scope.UNIT, methods=("GET", "POST"))
def list_page() -> Any:
    """List the people in scope, the newest first; a POST looks for a name, a number or the end of a phone."""
    asked = {name: request.values.get(name, "").strip() for name in ("unit_id", "status", "cursor")} | typed("q")
    query, faults = load(s.PersonQuery(), filled(asked))
    rows: list[people.PersonView] = []
    if not faults:
        last = decode_cursor(query["cursor"], uuid.UUID)
        statuses = (query["status"],) if query["status"] else ()
        before = last[0] if last else None
        rows = people.list_people(g.actor, query["unit_id"], query["q"], statuses, ROWS, before, g.now)
    listed = page(rows, ROWS, lambda row: (row.id,))
    names = units.unit_briefs({row.unit_id for row in rows if row.unit_id})
    offered = [(unit.id, unit.name) for unit in units.list_in_scope(g.actor, Permission.READ_PEOPLE, MOST_UNITS)]
    body = render_template(
        "registration/people.html",
        asked=asked,
        faults=faults,
        names=names,
        units=offered,
        statuses=[(status.value, status.label) for status in LISTED],
        label_of=lambda status: PersonStatus(status).label,
        is_keeper=_is_keeper(),
        may_merge=g.actor.is_admin,
        may_export=g.actor.has(Permission.READ_REPORTS),
        done=request.args.get("done", ""),
        **listed,
    )
    return body, 422 if faults else 200


def _is_keeper() -> bool:
    """Whether the caller reads people as a keeper: some of whom such a list shows can only be confirmed."""
    grants = list(g.actor.grants_with(Permission.READ_PEOPLE))
    return bool(grants) and all(grant.role is Role.STATION_KEEPER for grant in grants)


@pages.page(PERSON, Permission.READ_PEOPLE, Scope.PERSON)
def person_page(person_id: uuid.UUID) -> Any:
    """Show a person in scope, masked, with what the caller may do; a merged record leads to the one that is left."""
    left = people.survivor_of(g.actor, person_id)
    if left is not None:
        return redirect(url_for("people.person_page", person_id=left, done="merged"), 303)
    shown = deeds.person_file(g.actor, person_id, g.now)
    skills = {entry.code: entry.label for entry in code_tables.list_codes("skills")}
    return render_template(
        "registration/person.html",
        shown=shown,
        person=shown.person,
        label_of=lambda status: PersonStatus(status).label,
        skills=[skills.get(code, code) for code in shown.person.skills],
        minutes=MINUTES[0](g.actor, person_id, g.now) if MINUTES else None,
        may_read_reports=g.actor.has(Permission.READ_REPORTS),
        done=request.args.get("done", ""),
    )


@pages.page(PERSON + "/confirm", Permission.REGISTER_OTHERS, Scope.PERSON, methods=("GET", "POST"))
def confirm_page(person_id: uuid.UUID) -> Any:
    """Ask whether the paper was seen, and register the person."""
    if request.method == "GET":
        person = deeds.to_confirm(g.actor, person_id, g.now)
        return render_template("registration/confirm_person.html", person=person)
    standing.confirm(g.actor, person_id, g.now)
    return after_deed(person_id, Deed.CONFIRM)


@pages.page(PERSON + "/suspend", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=("GET", "POST"))
def suspend_page(person_id: uuid.UUID) -> Any:
    """Ask why, and suspend the person."""
    return _decide(person_id, Deed.SUSPEND, s.PersonReasonIn(), standing.suspend)


@pages.page(PERSON + "/restore", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=("GET", "POST"))
def restore_page(person_id: uuid.UUID) -> Any:
    """Ask, and lift the suspension."""
    return _decide(person_id, Deed.RESTORE, s.PersonRestoreIn(), standing.restore)


@pages.page(PERSON + "/contest", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=("GET", "POST"))
def contest_page(person_id: uuid.UUID) -> Any:
    """Say what follows, ask why, and send the person away from the unit."""
    return _decide(person_id, Deed.CONTEST, s.PersonReasonIn(), standing.contest)


def _decide(person_id: uuid.UUID, deed: Deed, schema: Schema, act: Callable[..., object]) -> Any:
    """Ask for a decision with its reason, and carry it out."""
    shown = deeds.person_file(g.actor, person_id, g.now)
    reason, faults = typed("reason"), list[Fault]()
    if request.method == "POST":
        body, faults = load(schema, filled(reason))
        if not faults:
            act(g.actor, person_id, body["reason"], g.now)
            return after_deed(person_id, deed)
    elif deed not in shown.deeds:
        raise IllegalTransition
    template = render_template("registration/decide_person.html", shown=shown, deed=deed, faults=faults, typed=reason)
    return template, 422 if faults else 200


@pages.page(PERSON + "/transfer", Permission.MANAGE_PEOPLE, Scope.PERSON, methods=("GET", "POST"))
def transfer_page(person_id: uuid.UUID) -> Any:
    """Look for the new unit, ask from which day on, and move the person."""
    shown = deeds.person_file(g.actor, person_id, g.now)
    told, faults = typed("unit_id", "on"), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.PersonTransferIn(), filled(told))
        try:
            if not faults:
                standing.transfer(g.actor, person_id, body["unit_id"], body["on"], g.now)
                return after_deed(person_id, Deed.TRANSFER)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = faults_of(error, "on")
    elif Deed.TRANSFER not in shown.deeds:
        raise IllegalTransition
    q = request.values.get("q", "").strip()
    found = units.list_units(None, q, FOUND_UNITS, None) if q else []
    template = render_template(
        "registration/transfer_person.html",
        shown=shown,
        typed={"on": told["on"] or today(g.now), "unit_id": told["unit_id"]},
        q=q,
        found=[(unit.id, unit.name) for unit in found[:FOUND_UNITS]],
        more=len(found) > FOUND_UNITS,
        faults=faults,
    )
    return template, 422 if faults else 200


def after_deed(person_id: uuid.UUID, deed: Deed) -> Any:
    """Go back to the person, or to the list where the caller reaches them no more."""
    if reach.reaches(g.actor, Permission.READ_PEOPLE, person_id):
        return redirect(url_for("people.person_page", person_id=person_id, done=deed.value), 303)
    return redirect(url_for("people.list_page", done=deed.value), 303)
