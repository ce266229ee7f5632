"""One's family on pages: whom one acts for, who acts for oneself, the steps between. Source: ux.md V7; decisions 3."""

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.accounts.schemas import NewPhoneIn, PhoneCodeIn
from volunteer.config import settings
from volunteer.errors import Conflict, Fault, NotFound, VolunteerError
from volunteer.registration import family
from volunteer.registration.schemas_credentials import SecondGuardianIn
from volunteer.web import forms, limits
from volunteer.web.pages import Pages

pages = Pages("family")
SIGNED_IN, SELF, BOTH = Permission.SIGNED_IN, Scope.SELF, ("GET", "POST")
ONE = "/me/family/<uuid:person_id>"


@pages.page("/me/family", SIGNED_IN, SELF)
def list_page() -> Any:
    """List whom the caller acts for, and who acts for the caller."""
    shown = family.family_of(g.actor, g.now)
    return render_template("registration/family.html", family=shown, done=request.args.get("done", ""))


@pages.page(ONE + "/hand-over", SIGNED_IN, SELF, methods=BOTH)
def hand_over_page(person_id: uuid.UUID) -> Any:
    """Give somebody an account of their own: a code goes to their phone, and proves it."""
    return _two_steps(person_id, "hand-over")


@pages.page(ONE + "/guardian", SIGNED_IN, SELF, methods=BOTH)
def guardian_page(person_id: uuid.UUID) -> Any:
    """Add a second guardian, who agrees by a code to their own phone."""
    return _two_steps(person_id, "guardian")


def _two_steps(person_id: uuid.UUID, step: str) -> Any:
    """Send a code to the phone that was typed, then act on it."""
    person = family.dependant(g.actor, person_id, g.now)
    typed, faults, code, status = forms.typed("name", "phone", "phone_code"), list[Fault](), None, 200
    at = "phone_code" if "phone_code" in request.form else "phone"
    if request.method == "POST":
        try:
            if at == "phone_code":
                faults = _act(person_id, step, typed)
                if not faults:
                    return redirect(url_for("family.list_page", done=step), 303)
            else:
                code, faults = _send(step, typed)
                at = at if faults else "phone_code"
        except NotFound:
            raise
        except VolunteerError as error:
            faults = forms.faults_of(error, at)
        status = 422 if faults else 200
    shown = {"person": person, "way": step, "at": at, "typed": typed, "faults": faults, "demo_code": code}
    return render_template("registration/family_step.html", has_sms=settings().sms != "none", **shown), status


def _send(step: str, typed: dict[str, str]) -> tuple[str | None, list[Fault]]:
    """Send a code to the phone; return it with the demo sender, and what is wrong."""
    purpose = "guardian" if step == "guardian" else "register"
    body, faults = forms.load(PhoneCodeIn(), {"phone": typed["phone"], "purpose": purpose})
    if step == "guardian" and not typed["name"]:
        faults.append(Fault("name", "required", "请填写监护人的姓名。"))
    if faults:
        return None, faults
    return sign_in.request_code(body["phone"], purpose, g.now, request.remote_addr or ""), []


def _act(person_id: uuid.UUID, step: str, typed: dict[str, str]) -> list[Fault]:
    """Hand over, or add the guardian; return what is wrong with the form."""
    schema = SecondGuardianIn() if step == "guardian" else NewPhoneIn()
    body, faults = forms.load(schema, forms.filled(typed if step == "guardian" else _phone(typed)))
    if faults:
        return [Fault("phone_code", one.code, one.message) for one in faults]
    limits.take("sign-in", request.remote_addr or "", g.now)
    if step == "guardian":
        family.add_guardian(g.actor, person_id, body, g.now)
    else:
        family.hand_over(g.actor, person_id, body["phone"], body["phone_code"], g.now)
    return []


def _phone(typed: dict[str, str]) -> dict[str, str]:
    """Return the phone and its code alone."""
    return {name: typed[name] for name in ("phone", "phone_code")}


@pages.page(ONE + "/stop", SIGNED_IN, SELF, methods=BOTH)
def stop_page(person_id: uuid.UUID) -> Any:
    """Ask, and act for somebody no longer."""
    person, why, status = family.dependant(g.actor, person_id, g.now), "", 200
    if request.method == "POST":
        try:
            family.stop_acting(g.actor, person_id, g.now)
        except Conflict as refused:
            why, status = refused.detail, 409
        else:
            return redirect(url_for("family.list_page", done="stop"), 303)
    return render_template("registration/family_stop.html", person=person, why=why), status


@pages.page("/me/family/acting/<uuid:account_id>/end", SIGNED_IN, SELF, methods=("POST",))
def end_page(account_id: uuid.UUID) -> Any:
    """Let somebody act for the caller no longer."""
    family.end_acting(g.actor, account_id, g.now)
    return redirect(url_for("family.list_page", done="end"), 303)
