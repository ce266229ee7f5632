"""The sign-ups of a shift, decided and changed by its keeper on pages; and signing somebody up who asks in person.

Source: ux.md U8, S4; contract, `POST /shifts/{id}/signups` by staff, and what a keeper does with `/signups/{id}`.
"""

import re
import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Permission, Scope
from volunteer.activities import drafts, managing, signups
from volunteer.activities.schemas import MaybeReasonIn
from volunteer.activities.shift_pages import shift_shown
from volunteer.errors import Conflict, Fault, Forbidden, RateLimited
from volunteer.registration.service import PersonFacts
from volunteer.web import forms
from volunteer.web.pages import Pages

pages = Pages("manage")
RUN, HERE, BOTH = Permission.RUN_ACTIVITIES, Scope.STATION, ("GET", "POST")


@pages.page("/manage/signups/<uuid:signup_id>/approve", RUN, HERE, methods=("POST",))
def approve_signup(signup_id: uuid.UUID) -> Any:
    """Give a pending sign-up its seat, or say all that stands against it."""
    shift_id, _name = managing.shift_of_signup(g.actor, signup_id)
    try:
        answer = signups.approve_signup(g.actor, signup_id, g.now)
    except (Conflict, Forbidden) as error:
        return shift_shown(shift_id, error.detail), error.status
    if answer.signup is None:
        return shift_shown(shift_id, _("The sign-up cannot be approved as things stand."), answer.reasons), 409
    return _back(shift_id, answer.signup.status)


@pages.page("/manage/signups/<uuid:signup_id>/reject", RUN, HERE, methods=BOTH)
def reject_signup(signup_id: uuid.UUID) -> Any:
    """Ask for a reason, and turn a pending sign-up down."""
    return _ended(signup_id, "reject")


@pages.page("/manage/signups/<uuid:signup_id>/cancel", RUN, HERE, methods=BOTH)
def cancel_signup(signup_id: uuid.UUID) -> Any:
    """Ask for a reason, and cancel somebody's sign-up; who waits first gets the seat."""
    return _ended(signup_id, "cancel")


def _ended(signup_id: uuid.UUID, step: str) -> Any:
    """Show the form that ends a sign-up, or end it."""
    shift_id, name = managing.shift_of_signup(g.actor, signup_id)
    texts, faults = forms.typed("reason"), list[Fault]()
    if request.method == "POST":
        body, faults = forms.load(MaybeReasonIn(), forms.filled(texts))
        if not faults:
            end = signups.reject_signup if step == "reject" else signups.cancel_signup
            try:
                done = end(g.actor, signup_id, body["reason"], g.now)
            except Conflict as error:
                return shift_shown(shift_id, error.detail), error.status
            return _back(shift_id, done.status)
    page = render_template(
        "activities/manage_end_signup.html",
        step=step,
        name=name,
        shift=managing.managed_shift(g.actor, shift_id, g.now),
        faults=faults,
        typed=texts,
    )
    return page, 422 if faults else 200


@pages.page("/manage/shifts/<uuid:shift_id>/signups", RUN, HERE, methods=BOTH)
def add_signup_page(shift_id: uuid.UUID) -> Any:
    """Find a person by the whole phone or volunteer number (sent, never in an address), and sign them up."""
    texts = forms.typed("who", "volunteer_id")
    if re.fullmatch(drafts.UUID, texts["volunteer_id"]):
        answer = signups.sign_up(g.actor, shift_id, uuid.UUID(texts["volunteer_id"]), "keeper", g.now)
        if answer.signup is None:
            return shift_shown(shift_id, _("The person was not signed up."), answer.reasons), 409
        return _back(shift_id, f"by-staff-{answer.signup.status}")
    people: list[PersonFacts] = []
    faults: list[Fault] = []
    if request.method == "POST":
        people, faults = _found(shift_id, texts["who"])
    shift = managing.managed_shift(g.actor, shift_id, g.now)
    page = render_template("activities/manage_add_signup.html", shift=shift, people=people, faults=faults, typed=texts)
    return page, 422 if faults else 200


def _found(shift_id: uuid.UUID, text: str) -> tuple[list[PersonFacts], list[Fault]]:
    """Return who is meant, or why nobody is shown."""
    if not text:
        return [], [Fault("who", "required", _("Type the whole phone number or the whole volunteer number."))]
    try:
        people = managing.find_people(g.actor, shift_id, text[:50], g.now)
    except RateLimited as error:
        return [], forms.faults_of(error, "who")
    nobody = Fault("who", "unknown", _("Nobody has this number. Check it, or register the person with their paper."))
    return people, [] if people else [nobody]


def _back(shift_id: uuid.UUID, fresh: str) -> Any:
    """Go back to the shift, which says what happened."""
    return redirect(url_for("manage.shift_page", shift_id=shift_id, fresh=fresh), 303)
