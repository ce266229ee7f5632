"""A browser without scripts for tests of pages: keeps cookies, sends the form's token, reads what stands there.

desk = Desk.of(api, phone, PASSWORD)
shown = desk.get("/me")
sent = desk.post("/me/phone", phone="150…")
"""

import html
import re
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.conftest import Api

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
TAGS = re.compile(r"<[^>]+>|\s+")


@dataclass(frozen=True)
class Shown:
    """A page as it came: its status, its source, and the words in it without tags and blanks."""

    status: int
    source: str
    location: str
    headers: dict[str, str]
    data: bytes

    @property
    def words(self) -> str:
        """What is to be read, without blanks."""
        return html.unescape(TAGS.sub("", self.source))

    def value(self, name: str) -> str:
        """The value of a field of that name."""
        found = re.search(rf'<input[^>]* name="{re.escape(name)}"[^>]*>', self.source)
        assert found, f"no field {name}"
        value = re.search(r' value="([^"]*)"', found[0])
        return html.unescape(value[1]) if value else ""


class Desk:
    """Somebody at a browser, signed in or not."""

    def __init__(self, api: Api) -> None:
        self.client = api.app.test_client()

    @classmethod
    def of(cls, api: Api, phone: str, password: str) -> "Desk":
        """Sign in by the page."""
        desk = cls(api)
        assert desk.post("/login", phone=phone, password=password).status == 302
        return desk

    def get(self, path: str, **query: Any) -> Shown:
        """Open a page."""
        return _shown(self.client.get(path, query_string=query or None))

    def post(self, path: str, **fields: Any) -> Shown:
        """Send a form; a list sends several of a name, `guardian__name` stands for `guardian.name`."""
        form = TOKEN.search(self.client.get("/privacy").get_data(as_text=True))
        assert form
        data = {name.replace("__", "."): value for name, value in fields.items()}
        return _shown(self.client.post(path, data={"csrf_token": form[1], **data}))


def _shown(answer: TestResponse) -> Shown:
    """Return what came."""
    is_text = answer.mimetype.startswith(("text/", "application/problem"))
    source = answer.get_data(as_text=True) if is_text else ""
    return Shown(answer.status_code, source, answer.headers.get("Location", ""), dict(answer.headers), answer.data)
