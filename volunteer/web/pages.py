"""Where a room declares its pages: as with the API, no page without a permission and a scope.

A page uses the session cookie; every form is checked for its CSRF token; what was typed comes back with the faults.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_wtf.csrf import CSRFProtect

from volunteer import database
from volunteer.access import NOBODY, Actor, Permission, Scope, roles_with
from volunteer.clock import Instant
from volunteer.config import settings
from volunteer.errors import Forbidden, Unauthenticated
from volunteer.web.guard import MOST_UPLOADED, permit

COOKIE = "volunteer_session"
TEXT_COOKIE, LARGE, NORMAL = "volunteer_text", "large", "normal"
Authenticate = Callable[[str, Instant], Actor | None]
#: Who a session cookie stands for; `app` sets it (the accounts room is above this one).
AUTHENTICATE: list[Authenticate] = []


@dataclass(frozen=True, slots=True)
class PageRoute:
    """One declaration of a page."""

    rule: str
    methods: tuple[str, ...]
    view: Callable[..., Any]
    permission: Permission
    scope: Scope
    upload: bool = False


class Pages:
    """A room's list of pages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: list[PageRoute] = []

    def page(
        self,
        rule: str,
        permission: Permission,
        scope: Scope,
        *,
        methods: tuple[str, ...] = ("GET",),
        upload: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a page; with `upload` its form may carry a file."""

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            self.routes.append(PageRoute(rule, methods, view, permission, scope, upload))
            return view

        return declare

    def register(self, app: Flask) -> None:
        """Add the pages to the app, each behind the guard."""
        for route in self.routes:
            endpoint = f"{self.name}.{route.view.__name__}"
            app.add_url_rule(route.rule, endpoint, _guarded(route), methods=list(route.methods))


def inside(target: str) -> str:
    """Return `target` if it is a path on this site, else nothing: no open redirect."""
    parts = urlsplit(target)
    plain = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain else ""


def open_session(token: str, life_s: int, target: str) -> Response:
    """Return a redirect to `target` that leaves a session's cookie: the one place that sets it."""
    response: Response = redirect(target)  # type: ignore[assignment]
    secure = not settings().insecure_cookies
    response.set_cookie(COOKIE, token, max_age=life_s, httponly=True, samesite="Lax", secure=secure)
    return response


def _guarded(route: PageRoute) -> Callable[..., Any]:
    """Return the view behind the guard: who, may they, is the form ours."""

    def view(**params: Any) -> Any:
        now = current_app.extensions["clock"].now()
        token = request.cookies.get(COOKIE, "")
        actor = (AUTHENTICATE[0](token, now) if token else None) or NOBODY
        database.done_reading()
        g.actor, g.now = actor, now
        try:
            permit(actor, route.permission)
        except Unauthenticated:
            return redirect(url_for("accounts.sign_in_page", next=request.full_path.rstrip("?")))
        except Forbidden:
            g.needed = roles_with(route.permission)  # the problem's page names them
            raise
        if request.method == "POST" and route.upload:
            request.max_content_length = MOST_UPLOADED
        if request.method == "POST":
            csrf: CSRFProtect = current_app.extensions["csrf"]
            csrf.protect()
        return route.view(**params)

    return view
