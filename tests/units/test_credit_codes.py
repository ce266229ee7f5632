"""One unified social credit code, one open unit: by the API, on pages, in sheets, by the database; old doubles stay."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import postgres
from tests.conftest import Api
from tests.imports.making import commit, roster, upload
from tests.pages import Browser
from tests.units.making import make_unit, pass_days
from volunteer import migrations
from volunteer.clock import SettableClock
from volunteer.database import db, metadata, new_id
from volunteer.units.rules import check_uscc

#: Made up, with the check character of each.
A, B, C, D = "12110101TE5T0001X8", "12110101TE5T0002X9", "12110101TE5T0003XA", "12110101TE5T0004XB"
USCC = "91350211M000100Y46"
SHEET = ("单位代码", "单位名称", "上级单位代码", "统一社会信用代码")


def read(api: Api, token: str, unit_id: str) -> str | None:
    found: str | None = api("GET", f"/units/{unit_id}", token=token, expect=200).body["uscc"]
    return found


def test_a_credit_code_is_one_open_units(app: Flask, api: Api, admin: str, clock: SettableClock) -> None:
    first, other = make_unit(api, admin, name="甲局", uscc=A), make_unit(api, admin, name="乙局")
    body = {"code": "N", "name": "丙局", "kind": "other", "uscc": A.lower()}
    for answer in (
        api("POST", "/units", body, admin, expect=422),
        api("PATCH", f"/units/{other}", {"uscc": A}, admin, expect=422),
    ):
        assert answer.codes == {"uscc": "uscc-taken"}
        assert "“甲局”" in answer.body["errors"][0]["message"]
    api("PATCH", f"/units/{first}", {"uscc": A, "name": "甲委"}, admin, expect=200)
    desk = Browser(app)
    desk.sign_in("13900000001", "Admin-2026-pass")
    page = desk.post("/manage/units/new", expect=422, **(body | {"headcount": "", "area_id": "", "target": ""}))
    assert page.faults == {"uscc": page.faults["uscc"]}
    assert "“甲委”" in page.source

    admin = pass_days(api, clock, 3)
    api("POST", f"/units/{first}/merge", {"into_id": other}, admin, expect=200)
    api("PATCH", f"/units/{other}", {"uscc": A}, admin, expect=200)
    assert read(api, admin, first) == A
    refused = api("POST", f"/units/{first}/reopen", token=admin, expect=409).body
    assert refused["code"] == "uscc-taken"
    api("PATCH", f"/units/{other}", {"uscc": None}, admin, expect=200)
    api("POST", f"/units/{first}/reopen", token=admin, expect=200)
    units = metadata.tables["units"]
    with app.app_context(), pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        connection.execute(sa.update(units).values(uscc=A))


def test_a_sheet_may_hand_a_code_on_and_not_take_one(api: Api, admin: str) -> None:
    first, other = make_unit(api, admin, code="K1", uscc=A), make_unit(api, admin, code="K2", uscc=B)
    make_unit(api, admin, code="K3", name="丙局", uscc=C)
    rows = [("K1", "甲", "", B), ("K2", "乙", "", A), ("N1", "丁", "", C), ("N2", "戊", "", D), ("N3", "己", "N2", D)]
    made = upload(api, admin, roster(*rows, header=SHEET), kind="units").body
    assert [(one["row"], one["column"], one["code"]) for one in made["errors"]] == [
        (4, "统一社会信用代码", "uscc-taken"),
        (6, "统一社会信用代码", "repeated"),
    ]
    assert "“丙局”(K3)" in made["errors"][0]["message"]
    assert commit(api, admin, made["id"], only_valid=True) == {
        "created": 1,
        "updated": 2,
        "unchanged": 0,
        "skipped": 2,
    }
    assert [read(api, admin, one) for one in (first, other)] == [B, A]
    again = upload(api, admin, roster(*rows[:2], rows[3], header=SHEET), kind="units").body
    assert again["plan"] == {"created": 0, "updated": 0, "unchanged": 3, "skipped": 0}
    # K1 does not give its code up, for its row has a fault; so K2 does not get it, and K3 not that of K2
    knot = [("K1", "甲", "没有", USCC), ("K2", "乙", "", B), ("K3", "丙", "", A)]
    made = upload(api, admin, roster(*knot, header=SHEET), kind="units").body
    assert [(one["row"], one["code"]) for one in made["errors"]] == [
        (2, "unknown-unit"),
        (3, "uscc-taken"),
        (4, "uscc-taken"),
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_codes_that_two_units_had_before_outlive_the_migration(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    if kind == "postgresql":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        url = server.create_database(postgres.unique_name())
    (path,) = (Path(migrations.__file__).parent / "versions").glob("*_one_credit_code_one_unit.py")
    number = int(path.name[:4])
    migrations.upgrade(url, f"{number - 1:04}")
    engine = sa.create_engine(url)
    units = metadata.tables["units"]
    old = sa.insert(units).values(kind="other", created_at=sa.func.now(), created_on=sa.func.current_date())
    rows = [("U1", A), ("U2", A), ("U3", B)]
    with engine.begin() as connection:
        for code, uscc in rows:
            connection.execute(old.values(id=new_id(), code=code, name=code, uscc=uscc))
    migrations.upgrade(url)
    query = sa.select(units.c.code, units.c.uscc, units.c.is_uscc_shared).order_by(units.c.code)
    with engine.begin() as connection:
        kept = [tuple(row) for row in connection.execute(query)]
    assert kept == [("U1", A, True), ("U2", A, True), ("U3", B, None)]
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(old.values(id=new_id(), code="U4", name="U4", uscc=B))
    engine.dispose()


def test_old_doubles_are_shown_and_mended(app: Flask, api: Api, admin: str) -> None:
    first, other = make_unit(api, admin, name="甲局", uscc=A), make_unit(api, admin, name="乙局")
    units = metadata.tables["units"]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(units).values(uscc=A, is_uscc_shared=True))
    desk = Browser(app)
    desk.sign_in("13900000001", "Admin-2026-pass")
    warning = "以下单位登记了相同的统一社会信用代码"
    assert warning in desk.get(f"/manage/units/{first}").source
    api("PATCH", f"/units/{first}", {"uscc": A, "name": "甲委"}, admin, expect=200)
    api("PATCH", f"/units/{other}", {"uscc": B}, admin, expect=200)
    assert warning not in desk.get(f"/manage/units/{first}").source
    with app.app_context():
        assert set(db.session.scalars(sa.select(units.c.is_uscc_shared))) == {True, None}
    assert api("PATCH", f"/units/{other}", {"uscc": A}, admin, expect=422).codes == {"uscc": "uscc-taken"}


def test_the_codes_of_this_file_are_well_formed() -> None:
    assert [check_uscc(code) for code in (A, B, C, D, USCC)] == [A, B, C, D, USCC]
