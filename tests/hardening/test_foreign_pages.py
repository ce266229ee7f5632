"""Nobody of another unit or station reaches our things on a page: neither looking nor, with a sound form, writing.

Every line of the matrix that names a thing of ours is asked by those who have the role, but elsewhere. Source: T41.
"""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world
from tests.conftest import Api
from tests.hardening import matrix
from tests.hardening.test_matrix import Asker, session_of
from volunteer.web.pages import COOKIE

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FOREIGN = ("foreign_keeper", "foreign_liaison", "other")
#: What is for everybody, and where one acts for oneself.
PUBLIC = re.compile(
    r"(GET|POST) (/me/privacy/(changes/|data/)?\{(consent|format)\}|/s/\{station|/me/make-ups/new\?shift=\{shift"
    r"|/activities/\{open|/shifts/\{later_shift\}/signup|/v/\{|/teams/\{team\}(/join|/leave)?$"
    r"|/pairings/(areas|units|officials)/\{\w+\}$)"
)
#: Asked about rows of elsewhere it says that they are not in this queue (nothing more: hours/test_decision_pages.py).
NOT_IN_QUEUE = "GET /decisions/together?"
#: Empty sheets to fill in: the same for every liaison.
BLANK = "/people/import/templates/"
#: Where who has proved no phone is sent: an answer is given to the person alone.
PROOF = ("/invited", "/am-i-registered")
#: Things of theirs, by which the matrix tells that these are not everybody's.
THEIRS = ("{foreign", "{other")
#: A keeper anywhere may confirm who stands there with a paper (ADR 0005), so sees that an unproven person is there.
KEEPER_CONFIRMS = re.compile(r"(GET|POST) /people/\{unproven\}")


def lines() -> list[str]:
    """Return the lines that name a thing of ours."""
    named = (one for one in matrix.PAGES if "{" in one and not any(name in one for name in THEIRS))
    return [one for one in named if not PUBLIC.match(one) and BLANK not in one and NOT_IN_QUEUE not in one]


def asked(client: FlaskClient, method: str, path: str) -> int:
    """Ask with the token that the session's pages carry; return the status: 403 where a proof is asked for first."""
    if method == "GET":
        return told(client.get(path))
    form = TOKEN.search(client.get("/privacy").get_data(as_text=True))
    assert form
    data = {"csrf_token": form[1], "reason": "核对", "year": "2026", "target": "3", "name": "某某"}
    return told(client.post(path, data=data))


def told(answer: TestResponse) -> int:
    """Return the status of an answer; being sent to prove a phone is a refusal."""
    return 403 if answer.status_code == 302 and answer.location.partition("?")[0] in PROOF else answer.status_code


def test_t41_nobody_of_elsewhere_looks_or_writes(app: Flask, api: Api, admin: str) -> None:
    found = world.build(api, admin)
    asker, reached = Asker(api, found), []
    for role in FOREIGN:
        phone = found.people[role].phone if role == "other" else found.staff[role][0]
        session = session_of(app, phone, world.PASSWORD)
        client = app.test_client()
        client.set_cookie(COOKIE, session)
        for one in lines():
            if role == "foreign_keeper" and KEEPER_CONFIRMS.match(one):
                continue
            method, path = asker.fill(one).split(" ", 1)
            status = asked(client, method, path)
            if status not in (403, 404):
                reached.append(f"{role}: {one}: {status}")
    assert not reached, "\n".join(reached)
