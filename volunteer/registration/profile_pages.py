"""Changing what is known of oneself on pages: where one lives, what one can do, whom to call, and the phone.

Source: ux.md V7; contract, PATCH /volunteers/{id} and POST /me/phone.
"""

from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.accounts.schemas import NewPhoneIn, PhoneCodeIn
from volunteer.areas import service as areas
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import Fault, VolunteerError
from volunteer.registration import code_tables, links, losing, own_phone, people
from volunteer.registration.schemas import PersonIn
from volunteer.web import forms, limits
from volunteer.web.pages import Pages

pages = Pages("profile")
SIGNED_IN, SELF, BOTH = Permission.SIGNED_IN, Scope.SELF, ("GET", "POST")
LISTS = ("skills", "service_categories")
CONTACT = ("name", "phone", "relation")
MOST_AREAS = 500


@pages.page("/me/profile/edit", SIGNED_IN, SELF, methods=BOTH)
def edit_page() -> Any:
    """Change area, skills, kinds of service and the emergency contact."""
    person_id = links.own_person(g.actor)
    if request.method == "GET":
        person = people.get_person(g.actor, person_id, g.now)
        contact = person.emergency_contact
        shown: dict[str, Any] = {name: getattr(person, name) for name in ("area_id", *LISTS)}
        shown |= {f"emergency_contact.{name}": getattr(contact, name, None) or "" for name in CONTACT}
        return _edit(shown, [])
    texts = forms.typed("area_id", *(f"emergency_contact.{name}" for name in CONTACT))
    chosen = {name: request.form.getlist(name) for name in LISTS}
    given = forms.filled({name: texts[f"emergency_contact.{name}"] for name in CONTACT}) or None
    body, faults = forms.load(PersonIn(), chosen | {"area_id": texts["area_id"] or None, "emergency_contact": given})
    if not faults:
        try:
            people.change_person(g.actor, person_id, body, g.now)
        except VolunteerError as error:
            faults = [_of_list(fault) for fault in forms.faults_of(error, "area_id")]
    if faults:
        return _edit(texts | chosen, faults)
    return redirect(url_for("registration.profile_page", saved=1), 303)


def _of_list(fault: Fault) -> Fault:
    """Return a fault of one ticked box as one of its list: that is what the page can lead to."""
    head = fault.field.partition(".")[0]
    return Fault(head, fault.code, fault.message) if head in LISTS else fault


def _edit(shown: dict[str, Any], faults: list[Fault]) -> Any:
    """Show the form."""
    near = [(area.id, area.name) for area in areas.list_areas(None, None, MOST_AREAS, None)]
    page = render_template(
        "registration/edit.html",
        shown=shown,
        faults=faults,
        areas=near,
        skills=_offered("skills"),
        categories=_offered("categories"),
        relations=list(code_tables.labels(reading(), "relations").items()),
    )
    return page, 422 if faults else 200


def _offered(table: str) -> list[tuple[str, str]]:
    """Return what a code table offers, as code and word."""
    return [(entry.code, entry.label) for entry in code_tables.list_codes(table)]


@pages.page("/me/phone", SIGNED_IN, SELF, methods=BOTH)
def phone_page() -> Any:
    """Move to another phone: a code goes to the new one, and proves it."""
    if request.method == "GET":
        return _phone("phone", [])
    return _change() if "phone_code" in request.form else _send()


@pages.page("/me/lost", SIGNED_IN, SELF, methods=BOTH)
def lost_page() -> Any:
    """Say what follows from a lost phone, ask, and do it; then lead to the next steps."""
    if request.method == "POST":
        losing.lose_phone(g.actor, g.now)
        return redirect(url_for("profile.lost_page", done="1"), 303)
    is_volunteer = links.find_own_person(g.actor) is not None
    return render_template("registration/lost.html", is_done="done" in request.args, is_volunteer=is_volunteer)


def _send() -> Any:
    """Send a code to the new phone."""
    typed = forms.typed("phone")
    body, faults = forms.load(PhoneCodeIn(), typed | {"purpose": "register"})
    if faults:
        return _phone("phone", faults, 422)
    try:
        code = sign_in.request_code(body["phone"], "register", g.now, request.remote_addr or "")
    except VolunteerError as error:
        return _phone("phone", forms.faults_of(error, "phone"), error.status)
    return _phone("phone_code", [], demo_code=code)


def _change() -> Any:
    """Move, if the code is right."""
    body, faults = forms.load(NewPhoneIn(), forms.typed("phone", "phone_code"))
    if faults:
        return _phone("phone_code", [Fault("phone_code", one.code, one.message) for one in faults], 422)
    try:
        limits.take("sign-in", request.remote_addr or "", g.now)
        own_phone.change_own_phone(g.actor, body["phone"], body["phone_code"], g.now)
    except VolunteerError as error:
        faults = [Fault("phone_code", one.code, one.message) for one in forms.faults_of(error, "phone_code")]
        return _phone("phone_code", faults, error.status)
    return redirect(url_for("registration.profile_page", saved=1), 303)


def _phone(step: str, faults: list[Fault], status: int = 200, demo_code: str | None = None) -> Any:
    """Show one of the two steps."""
    page = render_template(
        "registration/phone.html",
        step=step,
        faults=faults,
        phone=forms.typed("phone")["phone"],
        demo_code=demo_code,
        has_sms=settings().sms != "none",
    )
    return page, status
