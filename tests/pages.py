"""A browser without scripts, in this process: keeps cookies, sends forms with their token, reads what stands there.

clerk = Browser(app, phone, PASSWORD)
page = clerk.get("/me")
sent = clerk.post("/me/phone", expect=422, phone="12")
"""

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from volunteer.accounts import sign_in
from volunteer.accounts.models import Account
from volunteer.database import transaction
from volunteer.web.pages import COOKIE

Fields = list[tuple[str, str]]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
TAGS = re.compile(r"<[^>]+>|\s+")


class _Forms(HTMLParser):
    """Reads the forms of a page as a browser would send them: action, and what stands in each field."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, Fields]] = []
        self._select = self._area = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((one.get("action", ""), []))
        if not self.forms:
            return
        fields = self.forms[-1][1]
        if tag == "input" and (one.get("type") not in ("checkbox", "radio") or "checked" in one):
            fields.append((one.get("name", ""), one.get("value", "")))
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
class Page:
    """An answer as it came; `source` is empty for what is no text, `data` is there always."""

    path: str
    status: int
    source: str
    location: str
    mimetype: str
    headers: dict[str, str]
    data: bytes

    @classmethod
    def of(cls, answer: TestResponse) -> "Page":
        """Read an answer of the test client."""
        is_text = answer.mimetype.startswith("text/") or answer.mimetype.endswith(("xml", "json"))
        return cls(
            answer.request.path,
            answer.status_code,
            answer.get_data(as_text=True) if is_text else "",
            answer.headers.get("Location", ""),
            answer.mimetype,
            dict(answer.headers),
            answer.data,
        )

    @property
    def words(self) -> str:
        """What is to be read, without blanks."""
        return html.unescape(TAGS.sub("", self.source))

    @property
    def text(self) -> str:
        """What is to be read in its main part, blanks folded."""
        main = re.search(r"<main.*?</main>", self.source, re.DOTALL)
        plain = re.sub(r"<[^>]+>", " ", main[0] if main else self.source)
        return " ".join(html.unescape(plain).split())

    @property
    def title(self) -> str:
        """The page's title."""
        found = re.search(r"<title>(.*?)</title>", self.source, re.DOTALL)
        return html.unescape(" ".join(found[1].split())) if found else ""

    @property
    def faults(self) -> dict[str, str]:
        """The faults of the summary: field -> sentence."""
        found = re.search(r'<div class="summary".*?</div>', self.source, re.DOTALL)
        links = re.findall(r'<a href="#([^"]*)">(.*?)</a>', found[0]) if found else []
        return {field: html.unescape(sentence) for field, sentence in links}

    @property
    def state(self) -> str:
        """The key of the result that the page shows."""
        found = re.search(r'data-k="([^"]+)"', self.source)
        return found[1] if found else ""

    def links(self) -> list[str]:
        """Where its links and forms lead."""
        return [html.unescape(one) for one in re.findall(r'(?:href|action)="([^"]*)"', self.source)]

    def value(self, field: str) -> str:
        """What stands in the field of that id, else of that name: of a list the chosen option."""
        for key in ("id", "name"):
            tag = re.search(rf'<(input|select|textarea)\b[^>]* {key}="{re.escape(field)}"[^>]*>', self.source)
            if tag:
                break
        else:
            raise AssertionError(f"no field {field}")
        rest = self.source[tag.end() :]
        if tag[1] == "textarea":
            return html.unescape(rest.partition("</textarea>")[0])
        if tag[1] == "select":
            found = re.search(r'<option value="([^"]*)" selected', rest.partition("</select>")[0])
        else:
            found = re.search(r' value="([^"]*)"', tag[0])
        return html.unescape(found[1]) if found else ""

    def hidden(self, name: str) -> str:
        """The value of the first hidden field of that name."""
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.source)
        assert found, f"no hidden field {name}"
        return found[1]

    def form(self, holds: str = "") -> dict[str, Any]:
        """Return what the first form with a field of that name (or to that address) would send."""
        reader = _Forms()
        reader.feed(self.source)
        for action, fields in reader.forms:
            if holds == action or holds in dict(fields):
                sent: dict[str, Any] = {}
                for name, value in fields:
                    sent.setdefault(name, []).append(value)
                return {name: values if len(values) > 1 else values[0] for name, values in sent.items()}
        raise AssertionError(f"no form with {holds}")


class Browser:
    """Somebody at a browser, signed in or not. `page` is what was shown last."""

    page: Page

    def __init__(self, app: Flask, phone: str = "", password: str = "") -> None:
        """Open a browser; with a phone, sign in by the page."""
        self.app = app
        self.client: FlaskClient = app.test_client()
        if phone:
            self.sign_in(phone, password)

    @classmethod
    def of(cls, app: Flask, token: str) -> "Browser":
        """Open the browser of who has that token of the API, with a session of their own."""
        browser, now = cls(app), app.extensions["clock"].now()
        with app.app_context():
            actor = sign_in.authenticate(token, now)
            assert actor, "no such token"
            with transaction() as session:
                opened = sign_in._open(session, session.get_one(Account, actor.account), now, "session")
        browser.client.set_cookie(COOKIE, opened.token)
        return browser

    def sign_in(self, phone: str, password: str, **more: Any) -> Page:
        """Sign in with a password by the page."""
        page = self.post("/login", expect=302, phone=phone, password=password, **more)
        assert self.client.get_cookie(COOKIE), "not signed in"
        return page

    def get(self, path: str, expect: int | None = 200, **query: Any) -> Page:
        """Open a page; `expect` asserts its status, None takes any."""
        return self._take(path, self.client.get(path, query_string=_named(query) or None), expect)

    def post(self, path: str, expect: int | None = 303, **fields: Any) -> Page:
        """Send a form with the token that every page of the session carries.

        A list sends several of a name, a pair of file and name uploads; `guardian__name` stands for `guardian.name`,
        `from_` for `from`.
        """
        token = TOKEN.search(self.client.get("/privacy").get_data(as_text=True))
        assert token
        return self._take(path, self.client.post(path, data={**_named(fields), "csrf_token": token[1]}), expect)

    def follow(self) -> Page:
        """Go where the last answer leads."""
        return self.get(self.page.location)

    def _take(self, path: str, answer: TestResponse, expect: int | None) -> Page:
        """Keep an answer; a status that was not expected is shown."""
        self.page = page = Page.of(answer)
        assert expect is None or page.status == expect, (path, page.status, page.title, page.faults, page.text[:300])
        return page


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields under the names that the page gives them."""
    return {name.rstrip("_").replace("__", "."): value for name, value in fields.items()}
