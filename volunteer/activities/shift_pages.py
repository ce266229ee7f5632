"""One shift on pages: what it is and who is in it, changing it, calling it off, closing it out, its list on paper.

Source: ux.md A7, U8, S8; contract, `PATCH /shifts/{id}`, `/cancel`, close-out (an audience is never volunteers).
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.activities import changes, drafts, managing
from volunteer.activities.schemas import CloseOutIn, ReasonIn, ShiftPatch
from volunteer.errors import Conflict, Fault, InvalidInput
from volunteer.registration import code_tables
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("manage")
RUN, HERE, BOTH = Permission.RUN_ACTIVITIES, Scope.STATION, ("GET", "POST")
MAY_BE_EMPTY = ("place", "latitude", "longitude", "min_age")
FIELDS = ("post", "place", "latitude", "longitude", "starts_at", "ends_at", "capacity", "min_age")
COUNTS = ("audience_count", "beneficiary_count")


@pages.page("/manage/shifts/<uuid:shift_id>", RUN, HERE)
def shift_page(shift_id: uuid.UUID) -> Any:
    """Show a shift: its seats, who is signed up and where they are, and what can be done."""
    return shift_shown(shift_id)


def shift_shown(shift_id: uuid.UUID, problem: str = "", reasons: tuple[Any, ...] = ()) -> str:
    """Return the page of a shift, with what was refused just now."""
    return render_template(
        "activities/manage_shift.html",
        shift=managing.managed_shift(g.actor, shift_id, g.now),
        people=managing.roster(g.actor, shift_id, g.now),
        problem=problem,
        reasons=reasons,
        fresh=request.args.get("fresh", ""),
        now=g.now,
    )


@pages.page("/manage/shifts/<uuid:shift_id>/roster", RUN, HERE)
def roster_page(shift_id: uuid.UUID) -> Any:
    """Show the list of those who are expected as a sheet of A4 with room for signatures."""
    shift = managing.managed_shift(g.actor, shift_id, g.now)
    people = [one for one in managing.roster(g.actor, shift_id, g.now) if one["status"] == "confirmed"]
    return render_template("activities/manage_roster.html", shift=shift, people=people, now=g.now)


@pages.page("/manage/activities/<uuid:activity_id>/shifts/new", RUN, HERE, methods=BOTH)
def new_shift_page(activity_id: uuid.UUID) -> Any:
    """Add one shift to a draft or a published activity."""
    activity = managing.managed_activity(g.actor, activity_id, g.now)
    if request.method == "GET":
        return _form(drafts.blank()["shifts"][0], [], activity)
    row = _typed()
    values, faults = drafts.load_shift(row, g.now)
    if faults:
        return _form(row, faults, activity)
    try:
        made = changes.add_shift(g.actor, activity_id, values, g.now)
    except (InvalidInput, Conflict) as error:
        return _form(row, _placed(error), activity)
    return redirect(url_for("manage.shift_page", shift_id=made.id, fresh="added"), 303)


@pages.page("/manage/shifts/<uuid:shift_id>/edit", RUN, HERE, methods=BOTH)
def edit_shift_page(shift_id: uuid.UUID) -> Any:
    """Change a shift; once published, who is signed up is told of new times and places."""
    shift = managing.managed_shift(g.actor, shift_id, g.now)
    if "edit" not in shift["may"]:
        return redirect(url_for("manage.shift_page", shift_id=shift_id))
    if request.method == "GET":
        return _form(drafts.of_shift(shift), [], shift=shift)
    row = _typed()
    sent = drafts.shift_body(row)
    wanted = {name: sent.get(name, None if name in MAY_BE_EMPTY else "") for name in FIELDS}
    values, faults = forms.load(ShiftPatch(), wanted | {"waitlist": sent["waitlist"], "skills": sent["skills"]})
    if faults:
        return _form(row, [drafts.for_people(fault) for fault in faults], shift=shift)
    try:
        changes.change_shift(g.actor, shift_id, values, g.now)
    except (InvalidInput, Conflict) as error:
        return _form(row, _placed(error), shift=shift)
    return redirect(url_for("manage.shift_page", shift_id=shift_id, fresh="changed"), 303)


@pages.page("/manage/shifts/<uuid:shift_id>/cancel", RUN, HERE, methods=BOTH)
def cancel_shift_page(shift_id: uuid.UUID) -> Any:
    """Ask for the reason, and call a shift off; everybody signed up is told."""
    shift, faults, texts = managing.managed_shift(g.actor, shift_id, g.now), list[Fault](), forms.typed("reason")
    if request.method == "POST":
        body, faults = forms.load(ReasonIn(), forms.filled(texts))
        if not faults:
            try:
                changes.cancel_shift(g.actor, shift_id, body["reason"], g.now)
            except Conflict as error:
                return shift_shown(shift_id, error.detail), error.status
            return redirect(url_for("manage.shift_page", shift_id=shift_id), 303)
    page = render_template("activities/manage_cancel_shift.html", shift=shift, faults=faults, typed=texts)
    return page, 422 if faults else 200


@pages.page("/manage/shifts/<uuid:shift_id>/close-out", RUN, HERE, methods=BOTH)
def close_out_page(shift_id: uuid.UUID) -> Any:
    """Enter how many people a shift reached; it may be corrected later."""
    shift = managing.managed_shift(g.actor, shift_id, g.now)
    texts, faults = forms.typed(*COUNTS), list[Fault]()
    if request.method == "GET":
        texts = {name: drafts.shown(name, shift[name]) for name in COUNTS}
    else:
        numbers = {name: int(text) if text.isdigit() and text.isascii() else text for name, text in texts.items()}
        body, faults = forms.load(CloseOutIn(), {name: value for name, value in numbers.items() if value != ""})
        if not faults and not body:
            faults = [Fault("audience_count", "required", "请填写受众人数;没有受众请填 0。")]
        if not faults:
            try:
                changes.close_out(g.actor, shift_id, body, g.now)
            except Conflict as error:
                return shift_shown(shift_id, error.detail), error.status
            return redirect(url_for("manage.shift_page", shift_id=shift_id, fresh="closed"), 303)
    people = managing.roster(g.actor, shift_id, g.now)
    page = render_template(
        "activities/manage_close_out.html", shift=shift, people=people, faults=faults, typed=texts, now=g.now
    )
    return page, 422 if faults else 200


def _typed() -> drafts.Typed:
    """Return the row that the form sent."""
    row: drafts.Typed = {name: request.form.get(name, "").strip() for name in drafts.ROW}
    return row | {"skills": request.form.getlist("skills")}


def _placed(error: InvalidInput | Conflict) -> list[Fault]:
    """Return what was refused beside the fields that it is about."""
    fields = error.extra.get("fields") if isinstance(error, Conflict) else None
    if fields:
        return [Fault(name, error.code, error.detail) for name in fields]
    return [drafts.for_people(fault) for fault in forms.faults_of(error, "post")]


def _form(
    row: drafts.Typed, faults: list[Fault], activity: dict[str, Any] | None = None, shift: dict[str, Any] | None = None
) -> Any:
    """Show the form of one shift."""
    page = render_template(
        "activities/manage_shift_form.html",
        row=row,
        faults=faults,
        shift=shift,
        title=shift["activity_title"] if shift else (activity or {})["title"],
        activity_id=shift["activity_id"] if shift else (activity or {})["id"],
        skills=[(entry.code, entry.label) for entry in code_tables.list_codes("skills")],
    )
    return page, 422 if faults else 200
