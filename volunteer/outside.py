"""What stands outside the API and the pages: health, readiness, the headers of every answer, the demo's fence."""

import ipaddress
from typing import Any

from flask import Flask, Request, Response, jsonify, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from volunteer import __version__, database, migrations
from volunteer.errors import Unavailable
from volunteer.web import assets
from volunteer.web.problems import API_PREFIX

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
    "form-action 'self'"
)
#: What every answer carries that does not say otherwise; the last one only where the way here was encrypted.
GUARDS = tuple(
    (name, name.lower(), value)
    for name, value in (
        ("Content-Security-Policy", CSP),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"),
        ("Strict-Transport-Security", "max-age=31536000"),
    )
)


def health() -> Any:
    """The process lives; `assets` says whether the pages have their built sheet or the plain one."""
    return jsonify(status="ok", version=__version__, assets="built" if assets.is_built() else "fallback")


def ready() -> Any:
    """Whether the database answers and its migrations are current; else 503."""
    try:
        with database.db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        current = migrations.is_current(database.db.engine)
    except SQLAlchemyError as error:
        raise Unavailable("数据库没有应答。") from error
    if not current:
        raise Unavailable("数据库结构不是最新的,请运行 volunteer db upgrade。")
    return jsonify(status="ready", version=__version__)


class FormSessions(SecureCookieSessionInterface):
    """The signed cookie that carries a form's token: pages have it, the API reads none and sets none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie of a page; None for the API, where Flask then keeps an empty one that nobody can write."""
        return None if request.path.startswith(API_PREFIX) else super().open_session(app, request)


def serve_loopback_only() -> None:
    """Codes are shown in answers or in the log, so this machine alone is served, however it was started."""
    sender = request.environ.get("werkzeug.proxy_fix.orig", request.environ).get("REMOTE_ADDR")
    if sender != "127.0.0.1" and not ipaddress.ip_address(sender or "127.0.0.1").is_loopback:
        raise Unavailable("演示或开发模式只能在本机访问。")


def send_headers(response: Response) -> Response:
    """Send what keeps a browser from being turned against its user."""
    there = {name.lower() for name, _ in response.headers}
    for name, key, value in GUARDS if request.is_secure else GUARDS[:-1]:
        if key not in there:
            response.headers.add(name, value)
    return response
