"""A roster is judged and its rows are made before the transaction: who acts in between is not overruled."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.imports.making import bring_in, commit, person, roster, upload
from tests.registration.making import form
from tests.units.making import make_liaison, make_unit
from volunteer.database import db, metadata
from volunteer.registration import invitation_rows

Deed = Callable[[Api, str, list[str]], None]


def registers(api: Api, _admin: str, row: list[str]) -> None:
    """Somebody on the list registers by themself, in another unit."""
    unit_id = api("GET", "/units?q=B2", expect=200).body["items"][0]["id"]
    api("POST", "/volunteers", form(api, id_number=row[1], unit_id=unit_id), expect=201)


def refuses(api: Api, admin: str, row: list[str]) -> None:
    """Somebody on the list is invited by another one, and refuses it."""
    bring_in(api, admin, [*row[:3], "B2"])
    body = {"phone": row[2], "phone_code": api.code(row[2], "register")}
    proved = api("POST", "/registration-checks", body, expect=200).body
    path = f"/invitations/{proved['people'][0]['id']}/refuse"
    api("POST", path, {"proof": proved["proof"]}, expect=204)


def moves(api: Api, admin: str, row: list[str]) -> None:
    """Somebody on the list, invited before, is put into another unit."""
    bring_in(api, admin, [row[0], row[1], row[2], "B2"])


def takes_a_number(api: Api, _admin: str, row: list[str]) -> None:
    """Somebody else is given the number that was drawn for the first on the list, as the other one of their two."""
    api("POST", "/volunteers", form(api), expect=201)
    people = metadata.tables["persons"]
    with api.app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(people).values(pass_no=row[3]))


@pytest.mark.parametrize(
    ("deed", "why"),
    [(registers, "needs-transfer"), (refuses, "refused-before"), (moves, "elsewhere"), (takes_a_number, None)],
)
def test_what_happens_between_judging_and_writing(
    app: Flask, api: Api, admin: str, monkeypatch: pytest.MonkeyPatch, deed: Deed, why: str | None
) -> None:
    liaison = make_liaison(api, admin, unit_id=make_unit(api, admin, code="B1"))
    if why == "needs-transfer":
        liaison = admin
    make_unit(api, admin, code="B2")
    row = person(code="B1")
    if deed is moves:
        bring_in(api, liaison, row)
        row[0] = "闻人丙"
    made = upload(api, liaison, roster(row, person("闻人乙", code="B1"))).body
    real, before = invitation_rows.prepare, []

    def prepare(*args: Any) -> Any:
        ready = real(*args)
        if not before:
            with app.app_context():
                before.append(db.session.scalar(sa.select(sa.func.count()).select_from(metadata.tables["persons"])))
            if deed is takes_a_number:
                row[3:] = [ready._people._rows[0][1]]
            deed(api, admin, row)
        return ready

    monkeypatch.setattr(invitation_rows, "prepare", prepare)
    assert commit(api, liaison, made["id"], 409)["code"] == "changed-meanwhile"
    shown = api("GET", f"/imports/{made['id']}", token=liaison, expect=200).body
    assert shown["state"] == "checked"
    names = [one["display_name"] for one in api("GET", "/volunteers", token=admin, expect=200).body["items"]]
    assert "闻*乙" not in names
    if why is None:
        assert commit(api, liaison, made["id"])["created"] == 2
        return
    assert commit(api, liaison, made["id"], 409)["code"] == "has-errors"
    again = upload(api, liaison, roster(row, person("闻人丁", code="B1"))).body
    assert [one["code"] for one in again["errors"]] == [why]
    assert commit(api, liaison, made["id"], only_valid=True)["created"] == 1
