"""Another phone or another identity, on pages: staff and the person ask, somebody else decides with the paper in hand.

Source: ux.md A6, V7; decisions 14; domain.md g1 F4.
"""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.errors import Fault, NotFound, VolunteerError
from volunteer.registration import changing, correcting, links, people, reach
from volunteer.registration import schemas_credentials as s
from volunteer.registration.changing import ChangeView
from volunteer.registration.register_pages import PAPERS
from volunteer.registration.rules_credentials import ChangeKind
from volunteer.web import forms, limits
from volunteer.web.layout import Card
from volunteer.web.pages import Pages

pages = Pages("credentials")
READ, PERSON, BOTH = Permission.READ_PEOPLE, "/people/<uuid:person_id>", ("GET", "POST")
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF
IDENTITY = ("name", "id_type", "id_number", "birth_date", "sex")


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell staff on their start how many changes they may let take effect now; None where there is none."""
    ready = [one for one in _waiting(actor, now) if not one.bars]
    if not ready:
        return None
    url = url_for("credentials.list_page")
    return Card(_("New phones, corrections"), str(len(ready)), _("wait for you"), url, _("Look at them"))


def _waiting(actor: Actor, now: Instant) -> list[ChangeView]:
    """Return what waits for the caller, who may have no role for it."""
    may = actor.has(Permission.MANAGE_PEOPLE) or actor.has(Permission.RUN_ACTIVITIES)
    return changing.list_open(actor, now) if may else []


@pages.page("/people/credentials", READ, Scope.PERSON)
def list_page() -> Any:
    """List what waits: what the caller may decide, and what they have asked for."""
    return render_template(
        "registration/credentials.html", rows=_waiting(g.actor, g.now), done=request.args.get("done", "")
    )


@pages.page("/people/credentials/<uuid:change_id>", READ, Scope.PERSON, methods=BOTH)
def change_page(change_id: uuid.UUID) -> Any:
    """Show a request; take what the decider reads on the paper, and decide."""
    shown = changing.get(g.actor, change_id, g.now)
    typed, faults = forms.typed("verb", "name", "id_number", "tail", "reason", "seen"), list[Fault]()
    if request.method == "POST":
        body, faults = forms.load(s.DecisionIn(), forms.filled(typed))
        try:
            if not faults:
                _decide(shown, body)
                return redirect(url_for("credentials.list_page", done=body["verb"]), 303)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = forms.faults_of(error, "reason")
    page = render_template("registration/credential.html", change=shown, typed=typed, faults=faults)
    return page, 422 if faults else 200


def _decide(shown: ChangeView, body: dict[str, Any]) -> None:
    """Carry out what was chosen."""
    if body["verb"] == "withdraw":
        changing.withdraw(g.actor, shown.id, g.now)
    elif body["verb"] == "refuse":
        changing.refuse(g.actor, shown.id, body["reason"], g.now)
    elif shown.kind is ChangeKind.PHONE:
        correcting.accept_phone(g.actor, shown.id, body["tail"], body["reason"], g.now)
    else:
        correcting.accept_identity(g.actor, shown.id, body, body["reason"], g.now)


@pages.page(PERSON + "/phone", READ, Scope.PERSON, methods=BOTH)
def phone_page(person_id: uuid.UUID) -> Any:
    """Ask, with the person there, for another phone: a code goes to it, and the person types it in."""
    person = _person(person_id)
    typed = forms.typed("phone", "phone_code", "reason", "seen")
    if request.method == "GET":
        return _phone(person, "phone", typed, [])
    step = "phone_code" if "phone_code" in request.form else "phone"
    body, faults = forms.load(s.NewPhoneByStaffIn(partial=step == "phone"), forms.filled(typed))
    code = None
    try:
        if faults:
            return _phone(person, step, typed, faults, status=422)
        if step == "phone":
            code = correcting.send_code(g.actor, person_id, body["phone"], g.now, request.remote_addr or "")
            return _phone(person, "phone_code", typed, [], code)
        limits.take("sign-in", request.remote_addr or "", g.now)
        correcting.ask_phone(g.actor, person_id, body["phone"], body["phone_code"], body["reason"], g.now)
    except NotFound:
        raise
    except VolunteerError as error:
        faults = forms.faults_of(error, step)
        return _phone(person, step, typed, faults, status=error.status)
    return redirect(url_for("credentials.list_page", done="asked"), 303)


def _person(person_id: uuid.UUID) -> people.PersonView:
    """Return a person about whom the caller may ask, masked."""
    if not changing.may_ask(g.actor, person_id):
        reach.require_person(g.actor, Permission.MANAGE_PEOPLE, person_id)
    return people.get_person(g.actor, person_id, g.now)


def _phone(
    person: people.PersonView,
    step: str,
    typed: dict[str, str],
    faults: list[Fault],
    code: str | None = None,
    status: int = 200,
) -> Any:
    """Show one of the two steps."""
    has_sms = settings().sms != "none"
    shown = {"person": person, "step": step, "typed": typed, "faults": faults, "demo_code": code, "has_sms": has_sms}
    return render_template("registration/change_phone.html", **shown), status


@pages.page(PERSON + "/identity", READ, Scope.PERSON, methods=BOTH)
def identity_page(person_id: uuid.UUID) -> Any:
    """Ask, as staff, that a wrong name or identity be put right."""
    person = _person(person_id)
    return _identity(person.id, person.display_name, url_for("people.person_page", person_id=person_id), None)


@pages.page("/me/identity", SIGNED_IN, SELF, methods=BOTH)
def own_identity_page() -> Any:
    """Ask that one's own name or identity, or those of one whom one acts for, be put right."""
    whose = links.whom(g.actor, request.values.get("volunteer_id", ""))
    person = people.get_person(g.actor, whose.person_id, g.now)
    back = url_for("registration.profile_page")
    return _identity(person.id, person.display_name, back, whose.volunteer_id)


def _identity(person_id: uuid.UUID, name: str, back: str, volunteer_id: uuid.UUID | None) -> Any:
    """Show the form, or keep what it sent."""
    typed, faults = forms.typed(*IDENTITY, "reason"), list[Fault]()
    if request.method == "POST":
        body, faults = forms.load(s.IdentityIn(), forms.filled(typed))
        try:
            if not faults:
                correcting.ask_identity(g.actor, person_id, body, body["reason"], g.now)
                is_own = links.may_act_for(g.actor, person_id)
                endpoint = "credentials.own_list_page" if is_own else "credentials.list_page"
                return redirect(url_for(endpoint, done="asked"), 303)
        except NotFound:
            raise
        except VolunteerError as error:
            faults = forms.faults_of(error, "id_number")
    page = render_template(
        "registration/change_identity.html",
        name=name,
        typed=typed,
        faults=faults,
        papers=PAPERS,
        back=back,
        volunteer_id=volunteer_id,
    )
    return page, 422 if faults else 200


@pages.page("/me/credentials", SIGNED_IN, SELF)
def own_list_page() -> Any:
    """List the requests about oneself and one's family, to be taken back while they wait."""
    rows = changing.list_own(g.actor, g.now)
    return render_template("registration/own_credentials.html", rows=rows, done=request.args.get("done", ""))


@pages.page("/me/credentials/<uuid:change_id>/withdraw", SIGNED_IN, SELF, methods=("POST",))
def withdraw_page(change_id: uuid.UUID) -> Any:
    """Take a request back, or object to one that somebody else made."""
    changing.withdraw(g.actor, change_id, g.now)
    return redirect(url_for("credentials.own_list_page", done="withdraw"), 303)
