"""Signing in and out on a page, and who is signed in."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.accounts import service, sign_in
from volunteer.accounts.schemas import LoginIn
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.web import limits
from volunteer.web.pages import COOKIE, LARGE, TEXT_COOKIE, Pages, inside
from volunteer.web.schemas import flatten

pages = Pages("accounts")
YEAR_S = 365 * 86_400


@pages.page("/login", Permission.ANYONE, Scope.NOTHING, methods=("GET", "POST"))
def sign_in_page() -> Any:
    """Show the form, or sign in and go where the person was heading."""
    if request.method == "GET":
        if not g.actor.is_anonymous:
            return redirect(url_for("accounts.me_page"))
        return render_template("accounts/sign_in.html", faults=[], typed={})
    typed = {name: request.form.get(name, "").strip() for name in ("phone", "password", "phone_code")}
    try:
        limits.take("sign-in", request.remote_addr or "", g.now)
        body = LoginIn().load({name: value for name, value in typed.items() if value})
        done = sign_in.login(body["phone"], body.get("password"), body.get("phone_code"), g.now, kind="session")
    except ValidationError as error:
        return _again(flatten(error.messages), typed, 422)
    except VolunteerError as error:
        return _again([Fault("phone", error.code, error.detail)], typed, error.status)
    response = redirect(inside(request.form.get("next", "")) or url_for("accounts.me_page"))
    response.set_cookie(
        COOKIE,
        done.token,
        max_age=done.expires_in_s,
        httponly=True,
        samesite="Lax",
        secure=not settings().insecure_cookies,
    )
    return response


def _again(faults: list[Fault], typed: dict[str, str], status: int) -> Any:
    """Return the form with its faults and all that was typed but the secrets."""
    typed = typed | {"password": "", "phone_code": ""}
    return render_template("accounts/sign_in.html", faults=faults, typed=typed), status


@pages.page("/me", Permission.SIGNED_IN, Scope.SELF)
def me_page() -> Any:
    """Show who is signed in, with their roles."""
    return render_template("accounts/me.html", me=service.who_am_i(g.actor))


@pages.page("/logout", Permission.SIGNED_IN, Scope.SELF, methods=("POST",))
def sign_out() -> Any:
    """End the session."""
    sign_in.logout(g.actor)
    response = redirect(url_for("accounts.landing"))
    response.delete_cookie(COOKIE)
    return response


@pages.page("/", Permission.ANYONE, Scope.NOTHING)
def landing() -> Any:
    """Show what there is to do here; who is signed in goes to their own start."""
    if not g.actor.is_anonymous:
        return redirect(url_for("accounts.me_page"))
    return render_template("accounts/landing.html")


@pages.page("/text-size", Permission.ANYONE, Scope.NOTHING, methods=("POST",))
def change_text_size() -> Any:
    """Switch between standard and large text, kept for a year in this browser."""
    response = redirect(inside(request.form.get("back", "")) or url_for("accounts.landing"))
    if request.form.get("size") == LARGE:
        secure = not settings().insecure_cookies
        response.set_cookie(TEXT_COOKIE, LARGE, max_age=YEAR_S, httponly=True, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(TEXT_COOKIE)
    return response
