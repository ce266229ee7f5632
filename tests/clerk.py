"""Somebody at the pages without a browser: keeps the session, sends forms with their CSRF token, reads what comes."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from tests.conftest import Api
from tests.units.making import PASSWORD
from volunteer.web.pages import COOKIE

_numbers: Iterator[int] = count(1)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def add_staff(api: Api, admin: str, role: str, name: str = "陈联络", **scope: str) -> tuple[str, str]:
    """Add an account with one grant; return phone and password for signing in on a page."""
    phone = f"136{next(_numbers):08}"
    made = api("POST", "/accounts", {"phone": phone, "name": name, "password": PASSWORD}, admin, expect=201)
    api("POST", f"/accounts/{made.body['id']}/grants", {"role": role, **scope}, admin, expect=201)
    return phone, PASSWORD


@dataclass(frozen=True)
class Seen:
    """An answer of a page."""

    status: int
    text: str
    target: str

    @property
    def title(self) -> str:
        """The page's title."""
        found = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def faults(self) -> dict[str, str]:
        """The faults of the summary: field -> sentence."""
        found = re.search(r'<div class="summary".*?</div>', self.text, re.DOTALL)
        links = re.findall(r'<a href="#([^"]*)">(.*?)</a>', found[0]) if found else []
        return {field: html.unescape(sentence) for field, sentence in links}

    def value(self, field: str) -> str:
        """What stands in a field: of a list the chosen option."""
        shape = rf'<(input|select|textarea)[^>]*\bid="{field}"[^>]*>(.*?)(?=<div class="field|</form>)'
        tag = re.search(shape, self.text, re.DOTALL)
        assert tag, field
        if tag[1] == "select":
            chosen = re.search(r'<option value="([^"]*)" selected', tag[0])
            return chosen[1] if chosen else ""
        if tag[1] == "textarea":
            return html.unescape(tag[2].partition("</textarea>")[0])
        inside = re.search(r'\bvalue="([^"]*)"', tag[0].partition(">")[0])
        return html.unescape(inside[1]) if inside else ""


class Clerk:
    """Somebody signed in."""

    def __init__(self, app: Flask, phone: str = "", password: str = "") -> None:
        self.client = app.test_client()
        if phone:
            self.post("/login", phone=phone, password=password)
            assert self.client.get_cookie(COOKIE), "not signed in"

    def get(self, path: str, expect: int | None = 200, **query: Any) -> Seen:
        """Open a page."""
        answer = self.client.get(path + (f"?{urlencode(query)}" if query else ""))
        return self._seen(path, answer, expect)

    def post(self, path: str, expect: int | None = None, **fields: Any) -> Seen:
        """Send a form, with the token of the page that everybody sees."""
        token = TOKEN.search(self.client.get("/privacy").get_data(as_text=True))
        assert token
        answer = self.client.post(path, data={"csrf_token": token[1], **fields})
        return self._seen(path, answer, expect)

    def _seen(self, path: str, answer: Any, expect: int | None) -> Seen:
        """Return an answer; a status that was not expected is shown."""
        seen = Seen(answer.status_code, answer.get_data(as_text=True), answer.headers.get("Location", ""))
        assert expect is None or seen.status == expect, (path, seen.status, seen.faults, seen.title)
        return seen
