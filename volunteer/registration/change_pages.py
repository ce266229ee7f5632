"""Changes of units on pages: asked for by volunteers, answered by liaisons; leaving, reporting in, moving a list.

Numbers and names go in the body, never in an address. Source: ux.md U6, V7.
"""

import uuid
from collections.abc import Callable
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.registration import belonging, deeds, links, unit_changes
from volunteer.registration import schemas as s
from volunteer.registration.deeds import Deed
from volunteer.registration.people_pages import after_deed
from volunteer.registration.rules_changes import STATE_WORDS, RequestState
from volunteer.registration.statuses import today
from volunteer.units import listing
from volunteer.units import service as units
from volunteer.web import picking
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("changes")
MANAGE, BOTH = Permission.MANAGE_PEOPLE, ("GET", "POST")
MOST_UNITS = 500


@pages.page("/me/unit", Permission.SIGNED_IN, Scope.SELF, methods=BOTH)
def own_page() -> Any:
    """Show where one belongs, and ask to belong elsewhere or to none."""
    whom = links.whom(g.actor, request.values.get("volunteer_id", ""))
    if request.method == "GET":
        return _own(whom, {"kind": "move", "note": ""}, picking.Picked(), [])
    texts = typed("kind", "note")
    is_leave = texts["kind"] == "leave"
    picked = picking.Picked() if is_leave else picking.pick("unit_id", listing.find_units, required=True)
    body, faults = load(s.UnitRequestIn(only=("note",)), filled({"note": texts["note"]}))
    faults += picked.faults
    if not faults:
        try:
            unit_changes.ask(g.actor, whom.volunteer_id, picked.id, body["note"], g.now)
        except VolunteerError as error:
            return _own(whom, texts, picked, faults_of(error, "unit_id"), error.status)
        return redirect(url_for("changes.own_page", volunteer_id=whom.volunteer_id, done="asked"), 303)
    return _own(whom, texts, picked, faults, 422)


def _own(
    whom: links.Whom, texts: dict[str, str], picked: picking.Picked, faults: list[Fault], status: int = 200
) -> Any:
    """Return the page of one's own unit."""
    asked = unit_changes.list_own(g.actor, whom.volunteer_id)
    body = render_template(
        "registration/own_unit.html",
        whom=whom,
        unit=unit_changes.unit_of(whom.person_id, g.now),
        asked=asked,
        open=next((one for one in asked if one.state == RequestState.OPEN), None),
        words=STATE_WORDS,
        texts=texts,
        picked=picked,
        faults=faults,
        done=request.args.get("done", "") if not faults else "",
    )
    return body, status


@pages.page("/me/unit/<uuid:request_id>/withdraw", Permission.SIGNED_IN, Scope.SELF, methods=("POST",))
def withdraw_page(request_id: uuid.UUID) -> Any:
    """Take back a request."""
    taken = unit_changes.withdraw(g.actor, request_id, g.now)
    whom = links.whom(g.actor, str(taken.volunteer_id))
    return redirect(url_for("changes.own_page", volunteer_id=whom.volunteer_id, done="withdrawn"), 303)


@pages.page("/people/changes", MANAGE, Scope.UNIT)
def list_page() -> Any:
    """List the requests that wait for the caller."""
    return _list({}, [])


@pages.page("/people/changes/<uuid:request_id>", MANAGE, Scope.PERSON, methods=("POST",))
def answer_page(request_id: uuid.UUID) -> Any:
    """Agree to a request, or send it back with the reason."""
    reason = typed("reason")
    try:
        if request.form.get("answer") == "accept":
            unit_changes.accept(g.actor, request_id, g.now)
            return redirect(url_for("changes.list_page", done="accepted"), 303)
        body, faults = load(s.PersonReasonIn(), filled(reason))
        if faults:
            return _list(reason, [Fault(f"reason-{request_id}", one.code, one.message) for one in faults], 422)
        unit_changes.refuse(g.actor, request_id, body["reason"], g.now)
    except NotFound:
        raise
    except VolunteerError as error:
        told = [Fault(f"reason-{request_id}", one.code, one.message) for one in faults_of(error, "reason")]
        return _list(reason, told, error.status)
    return redirect(url_for("changes.list_page", done="refused"), 303)


def _list(texts: dict[str, str], faults: list[Fault], status: int = 200) -> Any:
    """Return the list."""
    body = render_template(
        "registration/changes.html",
        asked=unit_changes.list_open(g.actor, g.now),
        texts=texts,
        faults=faults,
        done=request.args.get("done", "") if not faults else "",
    )
    return body, status


@pages.page("/people/<uuid:person_id>/leave", MANAGE, Scope.PERSON, methods=BOTH)
def leave_page(person_id: uuid.UUID) -> Any:
    """Ask from which day on the person belongs to no unit, and why."""
    texts = typed("on", "reason") if request.method == "POST" else {"on": str(today(g.now)), "reason": ""}

    def do(body: dict[str, Any]) -> None:
        belonging.leave(g.actor, person_id, body["on"], body["reason"], g.now)

    return _deed(person_id, Deed.LEAVE, s.LeaveIn(), texts, do)


@pages.page("/people/<uuid:person_id>/report-in", MANAGE, Scope.PERSON, methods=BOTH)
def report_in_page(person_id: uuid.UUID) -> Any:
    """Ask at which unit the person reports in beside their own, or end that."""
    texts = typed("on") if request.method == "POST" else {"on": str(today(g.now))}
    if request.form.get("end"):

        def end(body: dict[str, Any]) -> None:
            belonging.end_report_in(g.actor, person_id, body["on"], g.now)

        return _deed(person_id, Deed.REPORT_IN, s.EndReportInIn(), texts, end)
    picked = picking.Picked()
    if request.method == "POST":
        picked = picking.pick("unit_id", listing.find_units, required=True)

    def do(body: dict[str, Any]) -> None:
        assert picked.id is not None  # noqa: S101 - a form with a fault does not come here
        belonging.report_in(g.actor, person_id, picked.id, body["on"], g.now)

    return _deed(person_id, Deed.REPORT_IN, s.EndReportInIn(), texts, do, picked)


def _deed(
    person_id: uuid.UUID,
    deed: Deed,
    schema: Any,
    texts: dict[str, str],
    do: Callable[[dict[str, Any]], None],
    picked: picking.Picked | None = None,
) -> Any:
    """Ask about a deed, do it, and go back to the person; with all faults at once."""
    shown = deeds.person_file(g.actor, person_id, g.now)
    faults, status = list[Fault](), 200
    if deed not in shown.deeds and not shown.reports_in:
        raise NotFound
    if request.method == "POST":
        body, faults = load(schema, filled(texts))
        faults += picked.faults if picked else ()
        status = 422
        if not faults:
            try:
                do(body)
            except NotFound:
                raise
            except VolunteerError as error:
                faults, status = faults_of(error, "on"), error.status
            else:
                return after_deed(person_id, deed)
    body_text = render_template(
        f"registration/{deed.value.replace('-', '_')}_person.html",
        shown=shown,
        texts=texts,
        picked=picked or picking.Picked(),
        faults=faults,
    )
    return body_text, status


@pages.page("/people/move", MANAGE, Scope.UNIT, methods=BOTH)
def move_page() -> Any:
    """Ask for a list of people and their new unit; show line by line what would happen; move them when confirmed."""
    texts = typed("numbers", "on", "from_unit_id", "confirmed")
    if request.method == "GET":
        return _move(texts | {"on": str(today(g.now))}, picking.Picked(), [])
    if request.form.get("fill"):
        try:
            texts["numbers"] = "\n".join(belonging.people_of_unit(g.actor, units.find_id(texts["from_unit_id"]), g.now))
        except NotFound as error:
            return _move(texts, picking.Picked(), [Fault("from_unit_id", error.code, error.detail)], 422)
        return _move(texts, picking.Picked(), [])
    picked = picking.pick("to_unit_id", listing.find_units, required=True)
    body, faults = load(s.MoveListForm(), filled({"on": texts["on"]}))
    numbers = belonging.numbers_in(texts["numbers"])
    faults += [*picked.faults, *_list_faults(numbers)]
    if faults or picked.id is None:
        return _move(texts, picked, faults, 422)
    try:
        if texts["confirmed"]:
            count = belonging.move_list(g.actor, numbers, picked.id, body["on"], g.now)
            return redirect(url_for("changes.move_page", done=count), 303)
        plan = belonging.plan_move(g.actor, numbers, picked.id, body["on"], g.now)
    except NotFound:
        return _move(texts, picked, [Fault("to_unit_id", "not-yours", "您不负责这个接收单位,请联系管理员办理。")], 422)
    except VolunteerError as error:
        return _move(texts, picked, faults_of(error, "on"), error.status)
    return _move(texts, picked, [], plan=plan)


def _list_faults(numbers: list[str]) -> list[Fault]:
    """Return what is wrong with the length of a list."""
    if not numbers:
        return [Fault("numbers", "required", "请填写志愿者编号,每行一个。")]
    if len(numbers) > belonging.MOST_LISTED:
        return [Fault("numbers", "too-many", f"一次最多转移 {belonging.MOST_LISTED} 人,请分批办理。")]
    return []


def _move(
    texts: dict[str, str],
    picked: picking.Picked,
    faults: list[Fault],
    status: int = 200,
    plan: belonging.MovePlan | None = None,
) -> Any:
    """Return the page that moves a list."""
    offered = [(one.id, one.name) for one in units.list_in_scope(g.actor, MANAGE, MOST_UNITS)]
    body = render_template(
        "registration/move_people.html",
        texts=texts,
        picked=picked,
        faults=faults,
        plan=plan,
        units=offered,
        done=request.args.get("done", ""),
    )
    return body, status
