"""Any soup of cells, uploaded and committed over HTTP: nothing crashes, and what is written is whole or not there."""

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Api
from tests.imports.make_corpus import resident_id
from tests.imports.making import HEADER, commit
from tests.units.making import make_liaison, make_unit
from volunteer import bulk
from volunteer.database import db, metadata

OF_A_PERSON = ("persons", "person_statuses", "invitations", "memberships")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ODD = st.sampled_from(
    ["", "1.10E+17", "=1+1", "B1", "没有", "护照", "+86 139 0000 0001", "'110101199003070000", "#REF!"]
)
NUMBERS = st.integers(0, 11)
#: One of a dozen people: in later examples they are known, and differ from what is known.
SOUND = st.builds(
    lambda number, name, tail: [name, resident_id(number), f"1390000{tail:04}", ""],
    NUMBERS,
    st.sampled_from(["某甲", "某乙", "买买提·艾力"]),
    st.integers(0, 3),
)
SOUP = st.lists(TEXT | ODD | NUMBERS.map(resident_id), max_size=6)
ROWS = st.lists(SOUND | SOUND | SOUP, min_size=1, max_size=8)


class PulledOutError(Exception):
    """The power has failed."""


@pytest.fixture
def liaison(api: Api, admin: str) -> str:
    return make_liaison(api, admin, unit_id=make_unit(api, admin, code="B1"))


def counts(app: Flask) -> list[int]:
    tables = [metadata.tables[name] for name in OF_A_PERSON]
    with app.app_context():
        return [db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]


def sheet(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    return out.getvalue().encode()


@given(rows=ROWS, pulled_at=st.integers(0, 12))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_soup_is_written_whole_or_not_at_all(
    app: Flask, api: Api, liaison: str, rows: list[list[str]], pulled_at: int
) -> None:
    """Checked, refused for its faults, cut off while it is written, written, and brought in again."""
    before = counts(app)
    data = sheet(rows)
    answer = api.upload("/imports/volunteers", "名单.csv", data, liaison, None)
    assert answer.status in (201, 422)
    assert counts(app) == before
    if answer.status == 422:
        return
    made = answer.body
    plan = made["plan"]
    assert made["valid"] + made["invalid"] == made["rows"]
    assert plan["created"] + plan["updated"] + plan["unchanged"] == made["valid"]
    if made["invalid"]:
        assert commit(api, liaison, made["id"], 409)["code"] == "has-errors"
        assert counts(app) == before
    if plan["created"]:
        cut_off(api, liaison, made["id"], pulled_at % (len(OF_A_PERSON) * plan["created"]))
        assert counts(app) == before
        assert api("GET", f"/imports/{made['id']}", token=liaison, expect=200).body["state"] == "checked"
    done = commit(api, liaison, made["id"], only_valid=True)
    assert done == plan
    assert counts(app) == [count + plan["created"] for count in before]
    again = api.upload("/imports/volunteers", "名单.csv", data, liaison, 201).body
    assert (again["valid"], again["plan"]["unchanged"]) == (made["valid"], made["valid"])


def cut_off(api: Api, token: str, import_id: str, at: int) -> None:
    """Commit, and let it break off before the row `at` of all that it writes."""
    real, written = bulk._insert, []

    def insert(session: Any, part: bulk.Rows, chunk: Any) -> None:
        if len(written) == at:
            raise PulledOutError
        written.append(part.table)
        real(session, part, chunk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CHUNK", 1)
        patch.setattr(bulk, "_insert", insert)
        commit(api, token, import_id, 500, only_valid=True)
    assert len(written) == at
