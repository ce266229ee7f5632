"""Forgetting the password, on pages: a code to the phone on record sets a new one; and what else helps to get in.

Nobody but its owner sets a password, and nobody reads one. Source: contract, POST /auth/password; ux.md P2.
"""

from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.accounts import sign_in
from volunteer.accounts.schemas import PasswordIn, PhoneCodeIn
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.web import forms, limits
from volunteer.web.pages import Pages

pages = Pages("password")


@pages.page("/password", Permission.ANYONE, Scope.NOTHING, methods=("GET", "POST"))
def password_page() -> Any:
    """Ask for the phone, send a code to it, and take the code with a new password; the same for every phone."""
    if request.method == "GET":
        return _show("phone", [])
    return _reset() if "phone_code" in request.form else _send()


def _send() -> Any:
    """Send a code."""
    body, faults = forms.load(PhoneCodeIn(), forms.typed("phone") | {"purpose": "reset"})
    if faults:
        return _show("phone", faults, 422)
    try:
        code = sign_in.request_code(body["phone"], "reset", g.now, request.remote_addr or "")
    except VolunteerError as error:
        return _show("phone", forms.faults_of(error, "phone"), error.status)
    return _show("phone_code", [], demo_code=code)


def _reset() -> Any:
    """Set the password, if the code is right."""
    raw = forms.typed("phone", "phone_code") | {"password": request.form.get("password", "")}
    body, faults = forms.load(PasswordIn(), forms.filled(raw))
    if faults:
        return _show("phone_code", [_beside(fault) for fault in faults], 422)
    try:
        limits.take("sign-in", request.remote_addr or "", g.now)
        sign_in.reset_password(body["phone"], body["phone_code"], body["password"], g.now)
    except VolunteerError as error:
        return _show("phone_code", [_beside(fault) for fault in forms.faults_of(error, "phone_code")], error.status)
    return redirect(url_for("accounts.sign_in_page", by="password", done="password"), 303)


def _beside(fault: Fault) -> Fault:
    """Put a fault where the second step has a field."""
    is_shown = fault.field in ("phone_code", "password")
    return fault if is_shown else Fault("phone_code", fault.code, fault.message)


def _show(step: str, faults: list[Fault], status: int = 200, demo_code: str | None = None) -> Any:
    """Show one of the two steps."""
    page = render_template(
        "accounts/password.html",
        step=step,
        faults=faults,
        phone=forms.typed("phone")["phone"],
        demo_code=demo_code,
        has_sms=settings().sms != "none",
    )
    return page, status
