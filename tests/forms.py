"""Somebody at a browser without scripts, in this process: opens pages, sends their forms with the CSRF token."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.registration.making import PASSWORD


class Browser:
    """One browser with its cookies. `page` is the last page's text, `answer` the whole answer."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.answer: TestResponse
        self.page = ""

    def get(self, path: str, expect: int | None = 200) -> str:
        """Open a page; `expect` asserts its status."""
        return self._take(self.client.get(path), path, expect)

    def post(self, path: str, expect: int | None = 303, **fields: Any) -> str:
        """Send a form; names that Python reserves are written with a trailing underscore. Return where it leads."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page or self.get("/login", None))
        assert token, f"no form on the page before {path}"
        data = {name.rstrip("_"): value for name, value in fields.items()} | {"csrf_token": token[1]}
        self._take(self.client.post(path, data=data), path, expect)
        return self.answer.headers.get("Location", "")

    def follow(self) -> str:
        """Go where the last answer leads."""
        return self.get(self.answer.headers["Location"])

    def sign_in(self, phone: str, password: str = PASSWORD, **more: Any) -> str:
        """Sign in with a password; return where it leads."""
        self.get("/login?by=password", None)
        return self.post("/login", 302, phone=phone, password=password, **more)

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field of the last page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name}"
        return found[1]

    @property
    def state(self) -> str:
        """Return the key of the result that the last page shows."""
        found = re.search(r'data-k="([^"]+)"', self.page)
        return found[1] if found else ""

    def _take(self, answer: TestResponse, path: str, expect: int | None) -> str:
        is_text = answer.mimetype.startswith("text/") or answer.mimetype.endswith("xml")
        text = answer.get_data(as_text=True) if is_text else ""
        assert expect is None or answer.status_code == expect, (path, answer.status_code, text[:2000])
        self.answer = answer
        if "<html" in text:
            self.page = text
        return text
