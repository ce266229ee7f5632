"""The built style sheet and scripts: names with a hash, cached for a year; a plain sheet where nothing was built."""

import json
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
FALLBACK = {"app.css": "app.css"}
YEAR = 31_536_000


def init_app(app: Flask) -> None:
    """Read the list of built files once, offer `asset()` to templates, and let browsers keep what carries a hash."""
    listed = DIST / "manifest.json"
    built: dict[str, str] = json.loads(listed.read_text()) if listed.is_file() else {}
    app.extensions["assets"] = built
    app.context_processor(lambda: {"asset": asset})
    app.after_request(_cache)


def asset(name: str) -> str:
    """Return the address of a built file, of its plain stand-in, or nothing where it has none."""
    built: dict[str, str] = current_app.extensions["assets"]
    if name in built:
        return url_for("static", filename=f"dist/{built[name]}")
    return url_for("static", filename=FALLBACK[name]) if name in FALLBACK else ""


def read_built(name: str) -> str:
    """Return the text of a built file, for what is served at an address of its own; nothing where it is not built."""
    built: dict[str, str] = current_app.extensions["assets"]
    path = DIST / built.get(name, "")
    return path.read_text("utf-8") if name in built and path.is_file() else ""


def is_built() -> bool:
    """Whether the assets were built; health tells it."""
    return bool(current_app.extensions["assets"])


def _cache(response: Response) -> Response:
    """Hashed names never change; the rest is asked for again."""
    if request.path.startswith("/static/dist/") and response.status_code == 200:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response
