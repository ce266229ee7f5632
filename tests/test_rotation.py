"""Key rotation: everything sealed or indexed is listed, and after a rotation the old key is needed no more."""

import base64
import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import make_scene
from tests.certificates.making import give_minutes, issue, make_shift, sign_up, verify
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, KEYS, Api, Backend, read_settings
from tests.imports.making import person, roster
from tests.registration.making import PASSWORD, add_child, add_volunteer, form, new_phone, on_paper
from tests.registration.test_denying import refuse
from tests.units.making import make_unit
from volunteer import config, rotation
from volunteer.config import Settings
from volunteer.database import db, metadata, transaction

#: Binary columns that are no blind index of personal data: digests of random secrets, hashes, MACs.
UNKEYED = {"hash", "prev_hash", "last_hash"}


@pytest.fixture
def rotated(app: Flask, backend: Backend) -> Iterator[dict[str, Settings]]:
    """Settings with a second key beside the first (`both`), and with the second alone (`new`)."""
    names = ("VOLUNTEER_SEAL_KEYS", "VOLUNTEER_INDEX_KEYS")
    second = {name: "2:" + base64.b64encode(secrets.token_bytes(32)).decode() for name in names}
    both = {name: f"{KEYS[name]},{second[name]}" for name in names}
    old = config.settings()
    yield {
        name: read_settings(old.database_url, old.data_dir, **keys) for name, keys in (("both", both), ("new", second))
    }
    config.install(old)


def test_every_sealed_column_is_listed(app: Flask) -> None:
    there = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    sealed = {(table, column) for table, column in there if column.endswith("_sealed")}
    assert sealed <= set(rotation.SEALED) <= there
    assert list(rotation.SEALED) == sorted(rotation.SEALED)


def test_every_blind_index_is_listed(app: Flask) -> None:
    found = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.LargeBinary) and column.name.endswith("_index")
    }
    listed = {(index.table, index.column) for index in rotation.INDEXED}
    assert found <= listed | set(rotation.SHORT_LIVED)
    assert {(index.table, index.source) for index in rotation.INDEXED} <= set(rotation.SEALED)


def test_after_a_rotation_the_old_key_is_needed_no_more(
    app: Flask, api: Api, admin: str, rotated: dict[str, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    parent = add_volunteer(api)
    add_child(api, parent)
    on_paper(api, admin)
    scene = make_scene(api, admin)
    shift = make_shift(api, admin, scene.station)
    sign_up(api, shift, parent)
    give_minutes(api, admin, shift, parent)
    made = issue(api, parent)
    refused = person(phone=new_phone(), code="RX1")
    make_unit(api, admin, code="RX1")
    refuse(api, admin, refused)

    config.install(rotated["both"])
    new = add_volunteer(api)
    with app.app_context():
        first, second = rotation.rotate(), rotation.rotate()
    assert (first["persons"], first["accounts"] >= 3, first["certificates"], first["activities"]) == (3, True, 1, 1)
    assert (first["refusals"], set(second.values())) == (1, {0})

    config.install(rotated["new"])
    for who in (parent, new):
        api.login(who.phone, PASSWORD)
    admin = api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    assert verify(api, made).body["display_name"] == "张*丰"
    assert api("GET", f"/certificates/{made['number']}.pdf", token=parent.token, expect=200).raw.startswith(b"%PDF")
    held = api("GET", "/me/data", token=parent.token, expect=200).body
    assert held["person"]["id_number"] == parent.id_number
    assert api("GET", f"/shifts/{shift}", token=parent.token, expect=200)
    again = api("POST", "/volunteers", form(api, id_number=parent.id_number), expect=409)
    assert again.body["code"] == "already-registered"
    checked = api.upload("/imports/volunteers", "a.csv", roster(refused), admin, 201).body
    assert [one["code"] for one in checked["errors"]] == ["refused-before"]
    found = api("GET", f"/volunteers?q={parent.phone[-4:]}", token=admin, expect=200).body["items"]
    assert parent.id in [row["id"] for row in found]


def test_without_a_rotation_the_old_key_is_needed(app: Flask, api: Api, rotated: dict[str, Settings]) -> None:
    who = add_volunteer(api)
    config.install(rotated["new"])
    assert api("POST", "/auth/login", {"phone": who.phone, "password": PASSWORD}).status == 401


def test_closed_accounts_rotate_too_and_stay_apart(app: Flask, api: Api, rotated: dict[str, Settings]) -> None:
    from volunteer.accounts import closing

    accounts = metadata.tables["accounts"]
    people = [add_volunteer(api) for _ in range(2)]
    assert len(people) == 2
    with app.app_context():
        with transaction() as session:
            for account_id in session.scalars(sa.select(accounts.c.id)).all():
                closing.close_unused(session, account_id, api.now())
        config.install(rotated["both"])
        rotation.rotate()
        with db.engine.connect() as connection:
            indexes = connection.scalars(sa.select(accounts.c.phone_index)).all()
    assert ([index[0] for index in indexes], len(set(indexes))) == ([2, 2], 2)
