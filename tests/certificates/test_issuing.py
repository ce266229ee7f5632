"""Issuing, verifying, superseding and revoking proofs, over HTTP."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from tests.certificates.making import correct, give_minutes, issue, make_shift, sign_up, span, today, verify
from tests.conftest import Api
from tests.registration.making import Volunteer, add_child, add_volunteer
from tests.stations.making import make_keeper, make_station
from tests.units.making import make_liaison, make_staff, make_unit
from volunteer.certificates import service
from volunteer.clock import SettableClock


class World:
    """A station, a shift, and a volunteer with 120 minutes."""

    def __init__(self, api: Api, admin: str) -> None:
        self.api, self.admin = api, admin
        self.station = make_station(api, admin)
        self.shift = make_shift(api, admin, self.station)
        self.volunteer = self.served(add_volunteer(api))

    def served(self, volunteer: Volunteer, minutes: int = 120) -> Volunteer:
        """Give a volunteer minutes at the shift."""
        sign_up(self.api, self.shift, volunteer)
        give_minutes(self.api, self.admin, self.shift, volunteer, minutes)
        return volunteer


@pytest.fixture
def world(api: Api, admin: str) -> World:
    return World(api, admin)


def test_a_proof_covers_what_counts_and_anybody_can_verify_it(world: World) -> None:
    made = issue(world.api, world.volunteer)

    assert made["minutes"] == 120
    assert re.fullmatch(r"2026[0-9A-HJKMNP-TV-Z]{10}", made["number"])
    assert made["pdf_url"] == f"http://localhost/api/v1/certificates/{made['number']}.pdf"
    assert made["verify_url"] == f"http://localhost/v/{made['number']}?token={made['token']}"
    seen = verify(world.api, made).body
    assert seen == {
        "number": made["number"],
        "state": "valid",
        "display_name": "张*丰",
        "minutes": 120,
        "from": made["from"],
        "to": made["to"],
        "issued_at": made["issued_at"],
        "superseded_by": None,
    }


def test_the_same_range_with_nothing_changed_is_the_same_proof(world: World) -> None:
    first = issue(world.api, world.volunteer)
    assert issue(world.api, world.volunteer, expect=200) == first
    other = issue(world.api, world.volunteer, **{"from": today(world.api)})
    assert other["number"] != first["number"]


def test_more_minutes_make_a_new_proof_and_leave_the_old_one_valid(world: World) -> None:
    old = issue(world.api, world.volunteer)
    other = make_shift(world.api, world.admin, world.station)
    give_minutes(world.api, world.admin, other, world.volunteer, 30, hours_ago=0.75)
    new = issue(world.api, world.volunteer)
    assert (new["minutes"], new["number"] != old["number"]) == (150, True)
    assert [verify(world.api, one).body["state"] for one in (old, new)] == ["valid", "valid"]


def test_a_correction_supersedes_and_the_next_proof_is_named(world: World) -> None:
    api, volunteer = world.api, world.volunteer
    old = issue(api, volunteer)
    correct(api, world.admin, volunteer, 90)

    seen = verify(api, old).body
    assert (seen["state"], seen["minutes"], seen["superseded_by"]) == ("superseded", 120, None)
    kinds = [one["kind"] for one in api("GET", "/me/messages", token=volunteer.token, expect=200).body["items"]]
    assert "certificate-superseded" in kinds
    new = issue(api, volunteer)
    assert new["minutes"] == 90
    assert verify(api, new).body["state"] == "valid"
    assert verify(api, old).body["superseded_by"] == new["number"]
    listed = api("GET", "/me/certificates", token=volunteer.token, expect=200).body["items"]
    assert [(one["number"], one["state"]) for one in listed] == [
        (new["number"], "valid"),
        (old["number"], "superseded"),
    ]


def test_the_ledger_is_asked_again_even_if_nobody_marked_the_proof(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issue(world.api, world.volunteer)
    monkeypatch.setattr("volunteer.certificates.service.hours.LINES_CHANGED", [])
    monkeypatch.setattr("volunteer.hours.settling.LINES_CHANGED", [])
    correct(world.api, world.admin, world.volunteer, 90)
    assert verify(world.api, old).body["state"] == "superseded"


def test_nothing_to_certify_and_a_range_that_ends_before_it_starts(world: World) -> None:
    api, token = world.api, world.volunteer.token
    far = {"from": today(api, 2), "to": today(api, 30)}
    refused = api("POST", "/me/certificates", far, token, expect=422)
    assert (refused.body["code"], refused.codes) == ("nothing-to-certify", {"from": "nothing-to-certify"})
    swapped = {"from": today(api, 1), "to": today(api)}
    assert api("POST", "/me/certificates", swapped, token, expect=422).codes == {"to": "to-before-from"}
    assert api("POST", "/me/certificates", {}, token, expect=422).codes == {"from": "required", "to": "required"}


def test_who_is_no_volunteer_gets_none_and_nobody_signs_in_first(world: World) -> None:
    assert world.api("POST", "/me/certificates", span(world.api), expect=401)
    refused = world.api("POST", "/me/certificates", span(world.api), world.admin, expect=403)
    assert refused.body["code"] == "not-a-volunteer"


@pytest.mark.parametrize("token", ["guess", "", "%E6%98%9F", "0" * 26])
def test_a_wrong_token_is_not_found(world: World, token: str) -> None:
    made = issue(world.api, world.volunteer)
    world.api("GET", f"/certificates/{made['number']}/verification?token={token}", expect=404)
    for number in ("2026AAAAAAAAAA", "x", "%00", "%ED%A0%80", "9" * 300):
        world.api("GET", f"/certificates/{number}/verification?token={made['token']}", expect=404)


def test_a_number_typed_by_hand_is_understood(world: World) -> None:
    made = issue(world.api, world.volunteer)
    typed = made["number"].lower().replace("0", "o").replace("1", "l")
    world.api("GET", f"/certificates/{typed}/verification?token={made['token'].lower()}", expect=200)


def test_revoking_is_for_admins_and_for_good(world: World) -> None:
    api = world.api
    made = issue(api, world.volunteer)
    path, body = f"/certificates/{made['number']}/revoke", {"reason": "记录不实"}
    for token in (world.volunteer.token, make_keeper(api, world.admin, world.station)):
        api("POST", path, body, token, expect=403)
    assert api("POST", path, {}, world.admin, expect=422).codes == {"reason": "required"}
    first = api("POST", path, body, world.admin, expect=200).body
    assert api("POST", path, {"reason": "再次"}, world.admin, expect=200).body == first
    assert verify(api, made).body["state"] == "revoked"
    assert issue(api, world.volunteer)["number"] != made["number"]
    api("POST", "/certificates/2026AAAAAAAAAA/revoke", body, world.admin, expect=404)


def test_an_erased_person_is_certified_by_nothing(world: World, clock: SettableClock) -> None:
    from volunteer.housekeeping import erasure

    made = issue(world.api, world.volunteer)
    world.api("DELETE", "/me", token=world.volunteer.token)
    clock.advance(days=8)
    with world.api.app.app_context():
        assert erasure.erase_due(clock.now()) == 1
    seen = verify(world.api, made).body
    assert (seen["state"], seen["display_name"], seen["minutes"]) == ("revoked", "", 120)
    admin = world.api.login("13900000001", "Admin-2026-pass")
    world.api("GET", f"/certificates/{made['number']}.pdf", token=admin, expect=404)


def test_a_keeper_issues_to_who_came_to_the_station_and_nobody_else(world: World) -> None:
    api, admin = world.api, world.admin
    path = f"/volunteers/{world.volunteer.id}/certificates"
    keeper = make_keeper(api, admin, world.station)
    made = api("POST", path, span(api), keeper, expect=201).body
    assert issue(api, world.volunteer, expect=200)["number"] == made["number"]
    api("POST", path, span(api), make_keeper(api, admin, make_station(api, admin)), expect=404)
    liaison = make_liaison(api, admin, unit_id=make_unit(api, admin))
    api("POST", path, span(api), liaison, expect=404)
    api("POST", path, span(api), make_staff(api, admin, "auditor"), expect=403)
    api("POST", path, span(api), world.volunteer.token, expect=403)
    pdf = f"/certificates/{made['number']}.pdf"
    for token in (keeper, admin, world.volunteer.token):
        assert api("GET", pdf, token=token, expect=200).raw.startswith(b"%PDF")
    strangers = [make_keeper(api, admin, make_station(api, admin)), add_volunteer(api).token, liaison]
    for token in (*strangers, make_staff(api, admin, "auditor")):
        api("GET", pdf, token=token, expect=404)
    api("GET", pdf, expect=401)
    api("GET", "/certificates/2026AAAAAAAAAA.pdf", token=admin, expect=404)


def test_a_liaison_does_not_print_the_proofs_of_their_people(api: Api, admin: str) -> None:
    unit = make_unit(api, admin)
    station = make_station(api, admin)
    volunteer = add_volunteer(api, unit)
    shift = make_shift(api, admin, station)
    sign_up(api, shift, volunteer)
    give_minutes(api, admin, shift, volunteer)
    made = issue(api, volunteer)
    api("GET", f"/certificates/{made['number']}.pdf", token=make_liaison(api, admin, unit_id=unit), expect=404)


def test_a_guardian_has_the_childs_proofs(api: Api, admin: str) -> None:
    parent = add_volunteer(api)
    child = add_child(api, parent)
    shift = make_shift(api, admin, make_station(api, admin))
    api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, parent.token, expect=201)
    begin = f"{today(api)}T07:00:00+08:00"
    body = {
        "shift_id": shift,
        "volunteer_id": child.id,
        "from": begin,
        "to": begin.replace("07:", "08:"),
        "reason": "停电",
    }
    asked = api("POST", "/make-ups", body, parent.token, expect=201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)
    made = issue(api, parent, volunteer_id=child.id)
    assert made["minutes"] == 60
    api("GET", f"/certificates/{made['number']}.pdf", token=parent.token, expect=200)
    theirs = api("GET", f"/me/certificates?volunteer_id={child.id}", token=parent.token, expect=200).body["items"]
    assert [one["number"] for one in theirs] == [made["number"]]
    assert api("GET", "/me/certificates", token=parent.token, expect=200).body["items"] == []
    stranger = add_volunteer(api)
    api("POST", "/me/certificates", span(api) | {"volunteer_id": child.id}, stranger.token, expect=404)


def test_the_list_is_paged_newest_first(world: World) -> None:
    api, token = world.api, world.volunteer.token
    made = [issue(api, world.volunteer, **{"from": today(api, -days)})["number"] for days in range(3)]
    first = api("GET", "/me/certificates?limit=2", token=token, expect=200).body
    assert [one["number"] for one in first["items"]] == made[:0:-1]
    cursor = first["next_cursor"]
    rest = api("GET", f"/me/certificates?limit=2&cursor={cursor}", token=token, expect=200).body
    assert ([one["number"] for one in rest["items"]], rest["next_cursor"]) == (made[:1], None)
    api("GET", "/me/certificates?cursor=WyIyMDI2LTAxLTAxIiwieCJd", token=token, expect=422)


def test_the_database_holds_no_name_and_no_token(world: World) -> None:
    import sqlalchemy as sa

    from volunteer.database import db, metadata

    made = issue(world.api, world.volunteer)
    with world.api.app.app_context(), db.engine.connect() as connection:
        (row,) = connection.execute(sa.select(metadata.tables["certificates"])).all()
    dumped = repr(tuple(row)).encode()
    for secret in (made["token"], "张三丰", "王站员"):
        assert secret.encode() not in dumped


def test_two_requests_at_once_make_one_proof(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has looked for a proof waits for the other to look too: with the person locked, the other cannot."""
    both, found = threading.Barrier(2, timeout=0.5), service._same

    def look_and_wait(*args: Any) -> Any:
        seen = found(*args)
        with suppress(threading.BrokenBarrierError):
            both.wait()
        return seen

    monkeypatch.setattr(service, "_same", look_and_wait)

    def ask(_: int) -> str:
        made = world.api("POST", "/me/certificates", span(world.api), world.volunteer.token)
        return str(made.body["number"])

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(ask, range(2)))) == 1


def test_what_is_held_about_me_names_my_proofs(world: World) -> None:
    made = issue(world.api, world.volunteer)
    held = world.api("GET", "/me/data", token=world.volunteer.token, expect=200).body["records"]["certificates"]
    assert [(one["number"], one["state"]) for one in held] == [(made["number"], "valid")]
    assert held[0]["content"]["person"]["name"] == "张三丰"
