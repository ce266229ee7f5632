"""Somebody at the pages without a browser, known by their API token: opens pages, fills and sends the forms on them."""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from tests.conftest import Api
from volunteer.accounts import sign_in
from volunteer.accounts.models import Account
from volunteer.database import transaction
from volunteer.web.pages import COOKIE

Fields = list[tuple[str, str]]


class _Forms(HTMLParser):
    """Reads the forms of a page as a browser would send them: action, and what stands in each field."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, Fields, list[tuple[str, str]]]] = []
        self._select = self._area = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((one.get("action", ""), [], []))
        if not self.forms:
            return
        _, fields, buttons = self.forms[-1]
        if tag == "input" and (one.get("type") not in ("checkbox", "radio") or "checked" in one):
            fields.append((one.get("name", ""), one.get("value", "")))
        elif tag == "button":
            buttons.append((one.get("name", ""), one.get("value", "")))
        elif tag == "select":
            self._select = one["name"]
            fields.append((self._select, ""))
        elif tag == "option" and self._select and ("selected" in one or fields[-1] == (self._select, "")):
            fields[-1] = (self._select, one.get("value", ""))
        elif tag == "textarea":
            self._area, self._text = one["name"], []

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.forms[-1][1].append((self._area, "".join(self._text)))
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text.append(data)


@dataclass(frozen=True)
class Seen:
    """A page as it came."""

    status: int
    source: str
    target: str

    @property
    def text(self) -> str:
        """What is to be read in its main part, blanks folded."""
        main = re.search(r"<main.*?</main>", self.source, re.DOTALL)
        plain = re.sub(r"<[^>]+>", " ", main[0] if main else self.source)
        return " ".join(html.unescape(plain).split())

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.source, re.DOTALL)
        return html.unescape(" ".join(found[1].split())) if found else ""

    @property
    def faults(self) -> dict[str, str]:
        """The summary's faults: field -> sentence."""
        found = re.search(r'<div class="summary".*?</div>', self.source, re.DOTALL)
        links = re.findall(r'<a href="#([^"]*)">(.*?)</a>', found[0]) if found else []
        return {field: html.unescape(sentence) for field, sentence in links}

    def links(self) -> list[str]:
        """Where its links and buttons lead."""
        return [html.unescape(one) for one in re.findall(r'(?:href|action)="([^"]*)"', self.source)]

    def form(self, holds: str = "") -> dict[str, Any]:
        """Return what the first form with a field of that name (or to that address) would send."""
        reader = _Forms()
        reader.feed(self.source)
        for action, fields, _ in reader.forms:
            if holds == action or holds in dict(fields):
                sent: dict[str, Any] = {}
                for name, value in fields:
                    sent.setdefault(name, []).append(value)
                return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}
        raise AssertionError(f"no form with {holds}")


class Browsing:
    """Somebody signed in by a session of their own; nobody without a token."""

    def __init__(self, api: Api, token: str = "") -> None:
        self.app, self.client = api.app, api.app.test_client()
        if token:
            now = api.now()
            with self.app.app_context():
                actor = sign_in.authenticate(token, now)
                assert actor, "no such token"
                with transaction() as session:
                    opened = sign_in._open(session, session.get_one(Account, actor.account), now, "session")
            self.client.set_cookie(COOKIE, opened.token)

    def get(self, path: str, expect: int | None = 200) -> Seen:
        """Open a page."""
        return self._seen(path, self.client.get(path), expect)

    def post(self, path: str, fields: dict[str, Any] | None = None, expect: int | None = 303) -> Seen:
        """Send fields, with the token that every page of the session carries."""
        form = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/privacy").get_data(as_text=True))
        assert form
        return self._seen(path, self.client.post(path, data={**(fields or {}), "csrf_token": form[1]}), expect)

    def _seen(self, path: str, answer: Any, expect: int | None) -> Seen:
        seen = Seen(answer.status_code, answer.get_data(as_text=True), answer.headers.get("Location", ""))
        assert expect is None or seen.status == expect, (path, seen.status, seen.title, seen.faults, seen.text[:300])
        return seen
