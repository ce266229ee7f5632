"""Traps of check-in that other systems fell into, sprung over HTTP. Source: peers.md §5, T10, T14, T16, T46."""

import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import world
from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import Answer, Api
from tests.hardening import matrix
from tests.hardening.test_matrix import Asker
from tests.registration.making import Volunteer
from tests.servers import at_once
from volunteer.checkin.models import ScanRow
from volunteer.database import Base, db, new_id, transaction

AT_THE_DOOR = {"latitude": 39.9075, "longitude": 116.3972, "accuracy_m": 10}
AT_HOME = {"latitude": 39.95, "longitude": 116.3972, "accuracy_m": 10}
MAKERS = ("device_id", "account_id")
#: What a GET may write: that a scanner was seen, that a card was printed, what a limit counts, and the ledger's
#: verification, which runs when it is asked for and none has run.
TRACES = {
    "devices",
    "audit_entries",
    "limit_hits",
    "ledger_verifications",
    "ledger_heads",
    "ledger_head_chains",
    "exports",
}


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def own_scan(post: Post, who: Volunteer, code: str, direction: str = "in", **more: Any) -> Answer:
    """Scan the station's code oneself."""
    return post.api("POST", "/me/checkins", {"code": code, "direction": direction} | more, who.token)


def station_code(post: Post) -> str:
    """Return what the station shows now."""
    found: str = post.api("GET", f"/stations/{post.scene.station}/code", token=post.device, expect=200).body["url"]
    return found


def test_t10_two_scanners_at_once_open_one_attendance(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    doors = [post.device, make_device(post.api, post.scene.keeper, post.scene.station)] * 3
    code = post.code(who)
    ways = [lambda token=token: post.scan(code, "in", shift, token, id=str(uuid.uuid4())) for token in doors]
    answers = at_once(ways)
    assert Counter(told(one) for one in answers) == {(201, "checked_in"): 1, (200, "already_checked_in"): 5}
    post.go(30)
    code = post.code(who)
    answers = at_once([lambda token=token: post.scan(code, "out", shift, token) for token in doors])
    assert Counter(told(one) for one in answers) == {(201, "checked_out"): 1, (200, "already_checked_out"): 5}
    (attendance,) = post.attendances(shift)
    assert (len(attendance["pairs"]), attendance["minutes"]) == (1, 30)


def test_t14_no_get_writes_and_a_link_preview_checks_nobody_in(app: Flask, api: Api, admin: str) -> None:
    found = world.build(api, admin)
    found.tokens["dead"] = "dead"
    asker = Asker(api, found)
    gets = [one for one in matrix.LINES if one.method == "GET"]
    before = contents(app)
    for one in gets:
        for role in ("an", "vo", "ke", "tb", "ad"):
            assert asker.ask(one, role).status < 500
    url = api("GET", f"/stations/{found.ids['station']}/code", token=found.tokens["device"], expect=200).body["url"]
    app.test_client().get(url)
    assert {name for name, rows in contents(app).items() if rows != before[name]} <= TRACES


def contents(app: Flask) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(str(row) for row in connection.execute(sa.select(table)))
            for table in Base.metadata.sorted_tables
        }


def test_t14_a_photographed_code_is_worthless_after_ninety_seconds(post: Post) -> None:
    shift = post.shift(0, 60)
    who, late = post.volunteer(shift), post.volunteer(shift)
    photo = station_code(post)
    post.go(0.5)
    assert told(own_scan(post, who, photo, **AT_THE_DOOR)) == (201, "checked_in")
    post.go(2.5)
    assert told(own_scan(post, late, photo, **AT_THE_DOOR)) == (409, "code-expired")


def test_t16_a_place_is_graded_by_the_server_and_never_taken_at_its_word(post: Post) -> None:
    shift = post.shift(0, 60)
    near, far, silent = (post.volunteer(shift) for _ in range(3))
    for word in ("distance_m", "evidence", "manual", "flags"):
        told_so = own_scan(post, near, station_code(post), **{word: 0})
        assert (told_so.status, told_so.codes) == (422, {word: "unknown-field"})
    for who, place in ((near, AT_THE_DOOR), (far, AT_HOME), (silent, {})):
        own_scan(post, who, station_code(post), **place)
    post.go(60)
    for who, place in ((near, AT_THE_DOOR), (far, AT_HOME), (silent, {})):
        own_scan(post, who, station_code(post), "out", **place)
    seen = {one["volunteer_id"]: (one["evidence"], one["flags"]) for one in post.attendances(shift)}
    assert seen[near.id] == ("strong", [])
    assert seen[far.id] == ("weak", ["too-far"])
    assert seen[silent.id] == ("weak", ["no-location"])
    for who, minutes in ((near, (60, 0)), (far, (0, 60)), (silent, (0, 60))):
        hours = post.hours(who)
        assert (hours["minutes_total"], hours["minutes_pending"]) == minutes


def test_t46_every_scan_names_its_scanner_and_an_ended_one_scans_no_more(app: Flask, post: Post) -> None:
    shift = post.shift(0, 60)
    doors = [post.device, make_device(post.api, post.scene.keeper, post.scene.station), post.scene.keeper]
    for token in doors:
        assert post.scan(post.volunteer(shift), "in", shift, token).status == 201
    assert post.scan("no code at all", "in", shift).status == 409
    listed = post.api("GET", f"/stations/{post.scene.station}/devices", token=post.scene.keeper, expect=200).body
    devices = {uuid.UUID(one["id"]) for one in listed["items"]}
    with app.app_context(), transaction() as session:
        made_by = session.execute(sa.select(ScanRow.device_id, ScanRow.account_id)).all()
        assert {device for device, _ in made_by if device} == devices
        assert len(made_by) == 4
        assert all(bool(device) != bool(account) for device, account in made_by)
        columns = [column for column in sa.inspect(ScanRow).columns if column.name not in ("id", *MAKERS)]
        copy = sa.select(sa.literal(new_id(), ScanRow.id.type), *columns).limit(1)
        with pytest.raises(sa.exc.IntegrityError, match="has_operator"):
            session.execute(sa.insert(ScanRow).from_select([ScanRow.id, *columns], copy))
        session.rollback()
    for one in listed["items"]:
        post.api("DELETE", f"/devices/{one['id']}", token=post.scene.keeper, expect=204)
    assert post.scan("no code at all", "in", shift).status == 401
