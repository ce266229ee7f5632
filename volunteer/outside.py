"""What stands outside the API and the pages: health, readiness, the headers of every answer, the demo's fence."""

import ipaddress
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from volunteer import __version__, database, migrations
from volunteer.errors import Unavailable
from volunteer.web import assets

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
    "form-action 'self'"
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


def serve_loopback_only() -> None:
    """Codes are shown in answers or in the log, so this machine alone is served, however it was started."""
    sender = request.environ.get("werkzeug.proxy_fix.orig", request.environ).get("REMOTE_ADDR")
    if not ipaddress.ip_address(sender or "127.0.0.1").is_loopback:
        raise Unavailable("演示或开发模式只能在本机访问。")


def send_headers(response: Response) -> Response:
    """Send what keeps a browser from being turned against its user."""
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
