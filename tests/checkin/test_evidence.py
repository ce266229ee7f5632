"""What a pair proves: cards, one's own account, own scans by place, roll-calls; tickets; reviews and minutes."""

import re
import uuid

import pytest

from tests.checkin.making import Post, make_post, told
from tests.conftest import Answer, Api
from tests.registration.making import Volunteer, add_child, add_volunteer
from tests.registration.test_merging import merge, passport
from volunteer.checkin.credentials import cards

HERE = {"latitude": 39.9075, "longitude": 116.3972, "accuracy_m": 20}


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def station_code(post: Post, shift_id: str | None = None, key: str = "url") -> str:
    query = f"?shift_id={shift_id}" if shift_id else ""
    path = f"/stations/{post.scene.station}/code{query}"
    found: str = post.api("GET", path, token=post.device, expect=200).body[key]
    return found


def own(post: Post, who: Volunteer, direction: str, code: str | None = None, **more: object) -> Answer:
    shown = {"code": code if code is not None else station_code(post)}
    return post.api("POST", "/me/checkins", shown | {"direction": direction} | more, who.token)


def test_a_card_is_weak_and_its_minutes_wait_for_a_keeper(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    card = post.card(who)
    came = post.scan(card, "in", shift)
    assert (told(came), came.body["evidence"], came.body["flags"]) == ((201, "checked_in"), "weak", ["card"])
    post.go(60)
    post.scan(card, "out", shift)
    assert post.scan(card, "out", shift).status == 200
    hours = post.hours(who)
    assert (hours["minutes_total"], hours["minutes_pending"]) == (0, 60)
    (review,) = post.reviews()
    assert (review["kind"], review["minutes"], len(review["scan_ids"])) == ("weak_evidence", 60, 2)
    post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper, 200)
    hours = post.hours(who)
    assert (hours["minutes_verified"], hours["minutes_pending"]) == (60, 0)


def test_one_weak_end_makes_the_pair_weak(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    assert post.scan(who, "in", shift).body["evidence"] == "strong"
    post.go(30)
    post.scan(post.card(who), "out", shift)
    assert post.attendances(shift)[0]["evidence"] == "weak"
    assert post.hours(who)["minutes_pending"] == 30


def test_a_renewed_card_makes_the_old_one_worthless(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    old = post.card(who)
    new = post.api("POST", "/me/card/renew", {}, who.token, 200).body["payload"]
    assert new != old
    assert told(post.scan(old, "in", shift)) == (409, "code-invalid")
    assert told(post.scan(new, "in", shift)) == (201, "checked_in")


def test_a_keeper_who_scans_themself_is_weak_evidence(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    account = post.api("GET", "/me", token=who.token, expect=200).body["account"]["id"]
    grant = {"role": "station_keeper", "station_id": post.scene.station}
    post.api("POST", f"/accounts/{account}/grants", grant, post.admin, 201)
    came = post.scan(who, "in", shift, who.token)
    assert (came.body["evidence"], came.body["flags"]) == ("weak", ["self-scan"])
    post.go(30)
    post.scan(who, "out", shift, who.token)
    (review,) = post.reviews()
    refused = post.api("POST", f"/reviews/{review['id']}/accept", {}, who.token)
    assert refused.status == 403
    post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper, 200)
    assert post.hours(who)["minutes_total"] == 30


def test_a_guardian_who_scans_the_child_is_a_self_scan(post: Post) -> None:
    shift = post.shift(0, 60)
    parent = post.volunteer(shift)
    child = add_child(post.api, parent)
    post.api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, parent.token, 201)
    account = post.api("GET", "/me", token=parent.token, expect=200).body["account"]["id"]
    post.api("POST", f"/accounts/{account}/grants", {"role": "shift_leader", "shift_id": shift}, post.admin, 201)
    code = post.api("GET", f"/me/code?volunteer_id={child.id}", token=parent.token, expect=200).body["payload"]
    assert post.scan(code, "in", shift, parent.token).body["flags"] == ["self-scan"]


def test_a_shift_leader_scans_for_one_shift_alone(post: Post) -> None:
    mine, other = post.shifts((0, 60, 9), (0, 60, 9))
    leader, who, stranger = post.volunteer(), post.volunteer(mine), post.volunteer(other)
    account = post.api("GET", "/me", token=leader.token, expect=200).body["account"]["id"]
    assert post.scan(who, "in", mine, leader.token).status == 403
    post.api("POST", f"/accounts/{account}/grants", {"role": "shift_leader", "shift_id": mine}, post.admin, 201)
    assert told(post.scan(stranger, "in", other, leader.token)) == (409, "wrong-station")
    assert told(post.scan(stranger, "in", None, leader.token)) == (409, "not-signed-up")
    came = post.scan(who, "in", None, leader.token)
    assert (told(came), came.body["evidence"]) == ((201, "checked_in"), "strong")
    post.go(10)
    assert told(post.scan(who, "out", None, leader.token)) == (201, "checked_out")


def test_own_scans_of_the_stations_code_within_the_radius_are_strong(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    came = own(post, who, "in", **HERE)
    assert (told(came), came.body["evidence"], came.body["flags"]) == ((201, "checked_in"), "strong", [])
    assert came.body["shift_id"] == shift
    post.go(30)
    left = own(post, who, "out", **HERE)
    assert (told(left), left.body["evidence"]) == ((201, "checked_out"), "strong")
    assert post.hours(who)["minutes_verified"] == 30


@pytest.mark.parametrize(
    ("place", "flags"),
    [
        ({}, ["no-location"]),
        ({"latitude": 39.9275, "longitude": 116.3972, "accuracy_m": 20}, ["too-far"]),
        ({"latitude": 39.9075 + 0.0040, "longitude": 116.3972, "accuracy_m": 1000}, []),
        ({"latitude": 39.9075 + 0.0046, "longitude": 116.3972, "accuracy_m": 1000}, ["too-far"]),
        ({"latitude": 39.90890, "longitude": 116.40344}, []),  # the same place as GCJ-02 tells it
    ],
)
def test_the_place_is_flagged_never_refused(post: Post, place: dict[str, float], flags: list[str]) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    came = own(post, who, "in", **place)
    assert (told(came), came.body["flags"]) == ((201, "checked_in"), flags)
    assert came.body["evidence"] == ("weak" if flags else "strong")


def test_a_station_may_excuse_one_end_without_a_position(post: Post) -> None:
    post.api("PATCH", f"/stations/{post.scene.station}", {"geo_optional": True}, post.scene.keeper, 200)
    shift = post.shift(0, 60)
    one, none = post.volunteer(shift), post.volunteer(shift)
    own(post, one, "in", **HERE)
    own(post, none, "in")
    post.go(30)
    own(post, one, "out")
    own(post, none, "out")
    assert {row["volunteer_id"]: row["evidence"] for row in post.attendances(shift)} == {
        one.id: "strong",
        none.id: "weak",
    }
    assert (post.hours(one)["minutes_verified"], post.hours(none)["minutes_pending"]) == (30, 30)


def test_a_station_code_lives_ninety_seconds_and_comes_as_url_path_or_bare(post: Post) -> None:
    shift = post.shift(0, 60)
    answer = post.api("GET", f"/stations/{post.scene.station}/code", token=post.device, expect=200).body
    assert re.fullmatch(r"http://localhost/s/[0-9a-f-]{36}\?c=\d{8}", answer["url"])
    assert answer["refresh_after_s"] == 30
    for seconds, wanted in ((0, 201), (60, 201), (89, 201), (91, 409)):
        who = post.volunteer(shift)
        post.go(seconds / 60)
        came = own(post, who, "in", answer["url"])
        assert (seconds, came.status) == (seconds, wanted)
    assert told(came) == (409, "code-expired")
    who = post.volunteer(shift)
    assert told(own(post, who, "in", station_code(post, key="code"))) == (201, "checked_in")
    assert told(own(post, post.volunteer(shift), "in", "http://evil/s/x?c=12345678")) == (409, "code-invalid")
    assert told(own(post, post.volunteer(shift), "in", "12345678")) == (409, "code-invalid")


def test_a_code_for_one_shift_checks_in_there(post: Post) -> None:
    one, two = post.shifts((0, 60, 9), (10, 60, 9), walk_ins=True)
    who = post.volunteer()
    choose = own(post, who, "in")
    assert (choose.status, choose.body["code"]) == (409, "ambiguous")
    assert {c["shift_id"] for c in choose.body["choices"]} == {one, two}
    assert own(post, who, "in", station_code(post, two)).body["shift_id"] == two
    other = post.volunteer()
    assert own(post, other, "in", shift_id=one).body["shift_id"] == one


def test_own_scans_need_a_volunteer_and_one_of_code_and_ticket(post: Post) -> None:
    refused = post.api("POST", "/me/checkins", {"code": "x", "direction": "in"}, post.scene.keeper)
    assert (refused.status, refused.body["code"]) == (403, "not-a-volunteer")
    who = post.volunteer()
    assert post.api("POST", "/me/checkins", {"direction": "in"}, who.token).codes == {"code": "required"}
    assert post.api("POST", "/me/checkins", {"code": "x", "direction": "in"}, post.device).status == 403


def test_a_ticket_works_ten_minutes_in_its_browser_once(post: Post) -> None:
    shift = post.shift(0, 120)

    def ticket() -> str:
        with post.api.app.app_context():
            opened = cards.open_station_code(station_code(post), "this browser", post.api.now())
        assert opened
        return opened[0]

    def show(who: Volunteer, text: str, browser: str, direction: str = "in") -> tuple[int, str]:
        client = post.api.app.test_client()
        client.set_cookie("volunteer_browser", browser)
        headers = {"Authorization": f"Bearer {who.token}"}
        body = {"ticket": text, "direction": direction} | HERE
        answer = client.post("/api/v1/me/checkins", json=body, headers=headers)
        assert answer.json
        return answer.status_code, answer.json.get("reason") or answer.json["outcome"]

    one, two, three = (post.volunteer(shift) for _ in range(3))
    first, second = ticket(), ticket()
    assert show(one, first, "another browser") == (409, "code-invalid")
    post.go(9)
    assert show(one, first, "this browser") == (201, "checked_in")
    assert show(one, first, "this browser") == (200, "already_checked_in")
    assert show(one, first, "this browser", "out") == (409, "code-used")
    assert show(two, first, "this browser") == (409, "code-used")
    post.go(11)
    assert show(three, second, "this browser") == (409, "code-expired")
    assert show(three, first + "x", "this browser") == (409, "code-invalid")
    assert [row["evidence"] for row in post.attendances(shift)] == ["weak"]  # still open


def test_a_roll_call_waits_for_somebody_else(post: Post) -> None:
    shift = post.shift(0, 60)
    one, two = post.volunteer(shift), post.volunteer(shift)
    post.go(60)
    body = {"volunteer_ids": [one.id, two.id, "018f0000-0000-7000-8000-000000000000"], "reason": "停电"}
    path = f"/shifts/{shift}/roll-call"
    earlier = body | {"direction": "in", "at": post.at(10).isoformat()}
    came = post.api("POST", path, earlier, post.scene.keeper, 200).body["results"]
    assert [row["outcome"] for row in came] == ["checked_in", "checked_in", "refused"]
    assert came[0]["volunteer_id"] == one.id
    assert came[0]["flags"] == ["roll-call"]
    post.api("POST", path, body | {"direction": "out"}, post.scene.keeper, 200)
    assert (post.hours(one)["minutes_total"], post.hours(one)["minutes_pending"]) == (0, 50)
    review = next(row for row in post.reviews() if row["volunteer"]["id"] == one.id)
    assert post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper).status == 403
    post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.center_keeper, 200)
    hours = post.hours(one)
    assert (hours["minutes_granted"], hours["minutes_verified"]) == (50, 0)
    ahead = post.api("POST", path, body | {"direction": "in", "at": post.at(65).isoformat()}, post.scene.keeper)
    assert ahead.codes == {"at": "in-future"}
    many = body | {"direction": "in", "volunteer_ids": [str(uuid.uuid4()) for _ in range(201)]}
    assert post.api("POST", path, many, post.scene.keeper).codes == {"volunteer_ids": "length"}


def test_a_paper_list_from_before_a_merge_means_who_is_left(post: Post) -> None:
    shift = post.shift(0, 60)
    kept, merged = post.volunteer(), add_volunteer(post.api, **passport())
    post.api("POST", f"/shifts/{shift}/signups", {}, merged.token, 201)
    merge(post, kept, merged)
    body = {"volunteer_ids": [merged.id], "direction": "in", "reason": "停电"}
    (came,) = post.api("POST", f"/shifts/{shift}/roll-call", body, post.scene.keeper, 200).body["results"]
    assert (came["volunteer_id"], came["outcome"]) == (merged.id, "checked_in")
    assert [one["volunteer_id"] for one in post.attendances(shift)] == [kept.id]


def test_a_void_is_appended_folds_again_and_takes_minutes_back(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    came = post.scan(who, "in", shift).body
    post.go(30)
    left = post.scan(who, "out", shift).body
    assert post.hours(who)["minutes_total"] == 30
    path = f"/checkins/{left['scan_id']}/void"
    done = post.api("POST", path, {"reason": "扫错人"}, post.scene.keeper, 200).body
    assert done["outcome"] == "voided"
    post.api("POST", path, {"reason": "再一次"}, post.scene.keeper, 200)
    assert post.hours(who)["minutes_total"] == 0
    (row,) = post.attendances(shift)
    assert (row["state"], row["pairs"][0]["out"]) == ("open", None)
    post.go(40)
    assert told(post.scan(who, "out", shift)) == (201, "checked_out")
    assert post.hours(who)["minutes_total"] == 40
    post.api("POST", f"/checkins/{came['id']}/void", {"reason": "没有来"}, post.scene.keeper, 200)
    assert post.attendances(shift) == []
    assert post.hours(who)["minutes_total"] == 0
    assert post.api("POST", path, {}, post.scene.keeper).codes == {"reason": "required"}


def test_nobody_voids_evidence_about_themselves(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    account = post.api("GET", "/me", token=who.token, expect=200).body["account"]["id"]
    grant = {"role": "station_keeper", "station_id": post.scene.station}
    post.api("POST", f"/accounts/{account}/grants", grant, post.admin, 201)
    scan = post.scan(who, "in", shift).body["id"]
    assert post.api("POST", f"/checkins/{scan}/void", {"reason": "x"}, who.token).status == 403


def test_the_living_code_is_version_1_and_tells_two_steps_ahead(post: Post) -> None:
    who = post.volunteer()
    post.clock.advance(seconds=10)
    code = post.api("GET", "/me/code", token=who.token, expect=200).body
    assert re.fullmatch(r"91\d{25}", code["payload"])
    assert code["refresh_after_s"] == 20
    post.clock.advance(seconds=20)
    later = post.api("GET", "/me/code", token=who.token, expect=200).body
    assert later["payload"] == code["upcoming"][0]["payload"]
    picture = post.api("GET", "/me/code.svg", token=who.token, expect=200)
    assert b'viewBox="0 0 29 29"' in picture.raw  # 21 modules and a border of 4
    assert picture.headers["Content-Type"].startswith("image/svg+xml")


def test_cards_are_printed_by_oneself_and_by_keepers_who_know_the_person(post: Post) -> None:
    from io import BytesIO

    from pypdf import PdfReader

    shift = post.shift(0, 60)
    who, stranger = post.volunteer(shift), post.volunteer()
    mine = post.api("GET", "/me/card.pdf", token=who.token, expect=200)
    text = PdfReader(BytesIO(mine.raw)).pages[0].extract_text()
    assert "张三丰" in text
    assert who.no in text
    theirs = post.api("GET", f"/volunteers/{who.id}/card.pdf", token=post.scene.keeper, expect=200)
    assert theirs.raw == mine.raw
    assert post.api("GET", f"/volunteers/{stranger.id}/card.pdf", token=post.scene.keeper).status == 404
    assert b"<svg" in post.api("GET", "/me/card.svg", token=who.token, expect=200).raw
