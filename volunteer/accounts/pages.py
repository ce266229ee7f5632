"""Signing in and out on a page, and who is signed in."""

from typing import Any
from urllib.parse import urlsplit

from flask import g, redirect, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Permission, Scope
from volunteer.accounts import service, sign_in
from volunteer.accounts.schemas import LoginIn
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.web import limits
from volunteer.web.pages import COOKIE, Pages
from volunteer.web.schemas import flatten

pages = Pages("accounts")


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
    response = redirect(_inside(request.form.get("next", "")) or url_for("accounts.me_page"))
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


def _inside(target: str) -> str:
    """Return `target` if it is a path on this site, else nothing: no open redirect."""
    parts = urlsplit(target)
    plain = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain else ""


@pages.page("/me", Permission.SIGNED_IN, Scope.SELF)
def me_page() -> Any:
    """Show who is signed in, with their roles."""
    return render_template("accounts/me.html", me=service.who_am_i(g.actor))


@pages.page("/logout", Permission.SIGNED_IN, Scope.SELF, methods=("POST",))
def sign_out() -> Any:
    """End the session."""
    sign_in.logout(g.actor)
    response = redirect(url_for("accounts.sign_in_page"))
    response.delete_cookie(COOKIE)
    return response


@pages.page("/", Permission.ANYONE, Scope.NOTHING)
def landing() -> Any:
    """Lead to the one page that there is for the caller."""
    target = "accounts.sign_in_page" if g.actor.is_anonymous else "accounts.me_page"
    return redirect(url_for(target))
