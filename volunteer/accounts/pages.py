"""Signing in and out on a page, and who is signed in."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import Response, g, redirect, render_template, request, url_for
from marshmallow import ValidationError

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import service, sessions, sign_in
from volunteer.accounts.schemas import LoginIn, PhoneCodeIn
from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.web import limits
from volunteer.web.layout import Card, Door
from volunteer.web.pages import COOKIE, LARGE, NORMAL, TEXT_COOKIE, Pages, inside, open_session
from volunteer.web.schemas import flatten

pages = Pages("accounts")
YEAR_S = 365 * 86_400
DEVICE_COOKIE = "volunteer_device"
#: From this age on the start asks once whether the text should be larger (ux.md §7).
LARGE_TEXT_AGE = 60
#: What a volunteer's start shows beside the account: told by the rooms above, filled by `app.wire`.
HOME: dict[str, Callable[[Actor, Instant], Any]] = {}
#: Questions on the way to where somebody goes who has just signed in: (account, now, target) -> target. `app` wires it.
AFTER_SIGN_IN: list[Callable[[uuid.UUID, Instant, str], str]] = []
#: What the landing page counts, told by the reports; filled by `app.wire`.
LANDING: list[Callable[[Instant], Any]] = []
#: Ways in without a password, which the demo alone has; filled by `app.wire`.
DOORS: list[Callable[[], Sequence[Door]]] = []
#: Cards of staff's start, in this order; each answers None for who has nothing to do with it. Filled by `app.wire`.
DESK: list[Callable[[Actor, Instant], Card | None]] = []


@pages.page("/menu", Permission.SIGNED_IN, Scope.SELF)
def menu_page() -> Any:
    """Show every page that the caller's roles open, by heading: what stands at the side of a desk, for a phone."""
    return render_template("accounts/menu.html")


@pages.page("/login", Permission.ANYONE, Scope.NOTHING, methods=("GET", "POST"))
def sign_in_page() -> Any:
    """Ask for the phone, send a code to it, and sign in with the code; or sign in with the password."""
    if request.method == "GET":
        if not g.actor.is_anonymous:
            return redirect(url_for("accounts.me_page"))
        by_password = request.args.get("by") == "password" or settings().sms == "none"
        return _form("password" if by_password else "phone")
    for way in ("password", "phone_code"):
        if way in request.form:
            return _sign_in(way)
    return _send_code()


def _send_code() -> Any:
    """Send a code for signing in, and ask for it; the same for every phone."""
    try:
        body = PhoneCodeIn().load({"phone": _typed("phone"), "purpose": "login"})
        code = sign_in.request_code(body["phone"], "login", g.now, request.remote_addr or "")
    except ValidationError as error:
        return _form("phone", flatten(error.messages), 422)
    except VolunteerError as error:
        return _form("phone", [Fault("phone", error.code, error.detail)], error.status)
    return _form("phone_code", demo_code=code)


def _sign_in(way: str) -> Any:
    """Sign in and go where the person was heading."""
    try:
        limits.take("sign-in", request.remote_addr or "", g.now)
        typed = {"phone": _typed("phone"), way: _typed(way)}
        body = LoginIn().load({name: value for name, value in typed.items() if value})
        mark = request.cookies.get(DEVICE_COOKIE) or secrets.token_urlsafe(24)
        device = sessions.device_of(request.user_agent.string, mark)
        done = sign_in.login(
            body["phone"], body.get("password"), body.get("phone_code"), g.now, kind="session", device=device
        )
    except ValidationError as error:
        return _form(way, _beside(way, flatten(error.messages)), 422)
    except VolunteerError as error:
        field = "phone" if way == "password" else way
        return _form(way, [Fault(field, error.code, error.detail)], error.status)
    target = inside(request.form.get("next", "")) or url_for("accounts.me_page")
    for lead in AFTER_SIGN_IN:
        target = lead(done.account.id, g.now, target)
    return _marked(open_session(done.token, done.expires_in_s, target), mark)


def _marked(response: Response, mark: str) -> Response:
    """Leave the mark by which this browser is known again as a device; it opens nothing."""
    secure = not settings().insecure_cookies
    response.set_cookie(DEVICE_COOKIE, mark, max_age=YEAR_S, httponly=True, samesite="Lax", secure=secure)
    return response


def _typed(name: str) -> str:
    """Return what was typed into a field."""
    return request.form.get(name, "").strip()


def _beside(way: str, faults: list[Fault]) -> list[Fault]:
    """Put faults where the form has a field: the page with the code shows no other."""
    fields = ("phone", "password") if way == "password" else (way,)
    return [fault if fault.field in fields else Fault(way, fault.code, fault.message) for fault in faults]


def _form(way: str, faults: list[Fault] | None = None, status: int = 200, demo_code: str | None = None) -> Any:
    """Return the form for one way of signing in, with its faults and the phone that was typed."""
    page = render_template(
        "accounts/sign_in.html", way=way, faults=faults or [], phone=_typed("phone"), demo_code=demo_code
    )
    return page, status


@pages.page("/me", Permission.SIGNED_IN, Scope.SELF)
def me_page() -> Any:
    """Show the caller's start: a volunteer's next shift and minutes, staff's roles."""
    me = service.who_am_i(g.actor)
    told = {name: tell(g.actor, g.now) for name, tell in HOME.items()} if me["volunteer"] else {}
    cards = [card for tell in DESK if (card := tell(g.actor, g.now))] if g.actor.grants else []
    asks_size = told.get("age", 0) >= LARGE_TEXT_AGE and TEXT_COOKIE not in request.cookies
    return render_template("accounts/me.html", me=me, cards=cards, asks_size=asks_size, **told)


@pages.page("/logout", Permission.SIGNED_IN, Scope.SELF, methods=("POST",))
def sign_out() -> Any:
    """End the session; `next` is for who is about to sign in as somebody else."""
    sign_in.logout(g.actor)
    response = redirect(inside(request.form.get("next", "")) or url_for("accounts.landing"))
    response.delete_cookie(COOKIE)
    return response


@pages.page("/", Permission.ANYONE, Scope.NOTHING)
def landing() -> Any:
    """Show what there is to do here; who is signed in goes to their own start."""
    if not g.actor.is_anonymous:
        return redirect(url_for("accounts.me_page"))
    doors = DOORS[0]() if DOORS else ()
    return render_template("accounts/landing.html", figures=LANDING[0](g.now) if LANDING else None, doors=doors)


@pages.page("/text-size", Permission.ANYONE, Scope.NOTHING, methods=("POST",))
def change_text_size() -> Any:
    """Switch between standard and large text, kept for a year in this browser."""
    response = redirect(inside(request.form.get("back", "")) or url_for("accounts.landing"))
    size = LARGE if request.form.get("size") == LARGE else NORMAL
    secure = not settings().insecure_cookies
    response.set_cookie(TEXT_COOKIE, size, max_age=YEAR_S, httponly=True, samesite="Lax", secure=secure)
    return response
