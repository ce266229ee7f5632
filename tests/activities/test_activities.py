"""Activities over HTTP: from draft to the end, who decides, who sees what, what still changes."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import (
    LEADER,
    at,
    form,
    make_draft,
    make_published,
    make_scene,
    messages,
    publish,
    seats,
    shift,
    sign_up,
    signed_up,
    statuses,
)
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.registration.making import add_volunteer
from tests.stations.making import HERE, make_keeper, make_station
from tests.units.making import make_staff, make_unit
from volunteer.activities import lifecycle
from volunteer.clock import SettableClock
from volunteer.database import db, transaction


def test_a_draft_answers_with_its_shifts_in_their_order(api: Api, admin: str) -> None:
    scene, unit = make_scene(api, admin), make_unit(api, admin)
    body = form(api, scene.station, [shift(api, 300, 400), shift(api, -60, 60)], organizer_unit_id=unit)
    made = api("POST", "/activities", body, scene.keeper, expect=201).body
    assert (made["status"], made["kind"], made["checkin_radius_m"]) == ("draft", "volunteering", 300)
    assert (made["needs_approval"], made["walk_ins"], made["hazardous"]) == (False, True, False)
    assert [row["starts_at"] for row in made["shifts"]] == [at(api, 300)[:16] + ":00Z", at(api, -60)[:16] + ":00Z"]
    first = made["shifts"][0]
    assert (first["capacity"], first["confirmed"], first["waiting"], first["seats_left"]) == (2, 0, 0, 2)
    assert {name: made[name] for name in LEADER} == LEADER


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"title": "上周服务补录"}, {"title": "make-up-title"}),
        ({"category": "nonsense"}, {"category": "unknown-value"}),
        ({"organizer_unit_id": str(uuid.UUID(int=1))}, {"organizer_unit_id": "unknown"}),
        ({"team_id": str(uuid.UUID(int=1))}, {"team_id": "unknown"}),
        ({"latitude": 1.0}, {"longitude": "required"}),
        ({"leader_phone": "0571-88"}, {"leader_phone": "bad-phone"}),
        ({"kind": "party", "rank": 1}, {"kind": "unknown-value", "rank": "unknown-field"}),
        ({"shifts": []}, {"shifts": "length"}),
    ],
)
def test_bad_input_is_named_by_field(api: Api, admin: str, changes: dict[str, Any], codes: dict[str, str]) -> None:
    scene = make_scene(api, admin)
    body = form(api, scene.station) | changes
    assert api("POST", "/activities", body, scene.keeper, expect=422).codes == codes


def test_all_faults_of_all_shifts_are_told_at_once(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    wrong = [
        shift(api, 60, 60),
        shift(api, -120, 0),
        shift(api, 10, 10 + 24 * 60 + 1),
        shift(api, skills=["flying"]),
        shift(api, -60, 60, latitude=1.0),
    ]
    closing = {"signup_opens_at": at(api, 10), "signup_closes_at": at(api, 5)}
    assert api("POST", "/activities", form(api, scene.station, wrong, **closing), scene.keeper, expect=422).codes == {
        "shifts.0.ends_at": "ends-before-start",
        "shifts.1.ends_at": "shift-over",
        "shifts.2.ends_at": "too-long",
        "shifts.3.skills.0": "unknown-value",
        "shifts.4.longitude": "required",
        "signup_closes_at": "ends-before-start",
    }


def test_the_road_to_publication_takes_a_second_person_above(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    colleague = make_keeper(api, admin, scene.station)
    path = f"/activities/{make_draft(api, scene)['id']}"
    api("GET", path, expect=404)
    assert api("POST", f"{path}/approve", {}, scene.center_keeper, expect=409).body["code"] == "illegal-transition"
    assert api("POST", f"{path}/submit", {}, scene.keeper, expect=200).body["status"] == "submitted"
    api("POST", f"{path}/submit", {}, scene.keeper, expect=200)
    for token in (scene.keeper, colleague):
        api("POST", f"{path}/approve", {}, token, expect=403)
        api("POST", f"{path}/reject", {"reason": "x"}, token, expect=403)
    assert api("POST", f"{path}/reject", {}, scene.center_keeper, expect=422).codes == {"reason": "required"}
    done = api("POST", f"{path}/approve", {}, scene.center_keeper, expect=200).body
    assert (done["status"], done["decided_as_admin"]) == ("published", False)
    api("POST", f"{path}/approve", {}, scene.center_keeper, expect=200)
    api("POST", f"{path}/reject", {"reason": "x"}, scene.center_keeper, expect=409)
    api("POST", f"{path}/submit", {}, scene.keeper, expect=409)
    assert api("GET", path, expect=200).body["status"] == "published"


def test_who_made_or_submitted_it_never_decides_even_from_above(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    made = api("POST", "/activities", form(api, scene.station), scene.center_keeper, expect=201).body["id"]
    api("POST", f"/activities/{made}/submit", {}, scene.keeper, expect=200)
    api("POST", f"/activities/{made}/approve", {}, scene.center_keeper, expect=403)
    other = make_draft(api, scene)["id"]
    api("POST", f"/activities/{other}/submit", {}, scene.center_keeper, expect=200)
    api("POST", f"/activities/{other}/approve", {}, scene.center_keeper, expect=403)


def test_an_admin_is_excepted_and_it_is_recorded(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    made = api("POST", "/activities", form(api, scene.station), admin, expect=201).body["id"]
    api("POST", f"/activities/{made}/submit", {}, admin, expect=200)
    done = api("POST", f"/activities/{made}/approve", {}, admin, expect=200).body
    assert (done["status"], done["decided_as_admin"]) == ("published", True)


def test_the_database_itself_refuses_the_submitter_as_decider(app: Flask, api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    activity_id = uuid.UUID(make_published(api, scene)["id"])
    table = sa.table("activities", sa.column("id"), sa.column("decided_by"), sa.column("created_by"))
    with app.app_context(), transaction() as session:
        key = activity_id if session.get_bind().dialect.name == "postgresql" else activity_id.bytes
        forged = sa.update(table).where(table.c.id == key).values(decided_by=table.c.created_by)
        with pytest.raises(sa.exc.IntegrityError, match="second_person"):
            session.execute(forged)
        session.rollback()


def test_a_rejected_activity_stays_rejected_with_its_reason(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    path = f"/activities/{make_draft(api, scene)['id']}"
    api("POST", f"{path}/submit", {}, scene.keeper, expect=200)
    for _ in range(2):
        done = api("POST", f"{path}/reject", {"reason": "请补充安全措施"}, scene.center_keeper, expect=200).body
    assert (done["status"], done["reason"]) == ("rejected", "请补充安全措施")
    api("POST", f"{path}/approve", {}, scene.center_keeper, expect=409)
    api("PATCH", path, {"title": "新名"}, scene.keeper, expect=409)
    api("GET", path, expect=404)
    api("GET", path, token=scene.keeper, expect=200)


def test_t41_a_keeper_of_another_station_finds_nothing(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    stranger = make_keeper(api, admin, make_station(api, admin))
    draft, open_one = make_draft(api, scene), make_published(api, scene)
    api("POST", "/activities", form(api, scene.station), stranger, expect=404)
    api("GET", f"/activities/{draft['id']}", token=stranger, expect=404)
    api("GET", f"/shifts/{draft['shifts'][0]['id']}", token=stranger, expect=404)
    volunteer = add_volunteer(api)
    signup = signed_up(api, open_one["shifts"][0]["id"], volunteer.token)
    for activity in (draft, open_one):
        path, shift_path = f"/activities/{activity['id']}", f"/shifts/{activity['shifts'][0]['id']}"
        for method, where, body in (
            ("PATCH", path, {"title": "x"}),
            ("POST", f"{path}/submit", {}),
            ("POST", f"{path}/approve", {}),
            ("POST", f"{path}/reject", {"reason": "x"}),
            ("POST", f"{path}/cancel", {"reason": "x"}),
            ("POST", f"{path}/finish", {}),
            ("POST", f"{path}/shifts", shift(api)),
            ("PATCH", shift_path, {"capacity": 9}),
            ("POST", f"{shift_path}/cancel", {}),
            ("POST", f"{shift_path}/close-out", {}),
            ("GET", f"{shift_path}/signups", None),
            ("POST", f"{shift_path}/signups", {"volunteer_id": volunteer.id}),
            ("POST", f"/signups/{signup}/approve", {}),
            ("POST", f"/signups/{signup}/reject", {}),
            ("POST", f"/signups/{signup}/cancel", {}),
        ):
            api(method, where, body, stranger, expect=404)
    own = make_draft(api, scene)["id"]
    elsewhere = {"station_id": make_station(api, admin)}
    api("PATCH", f"/activities/{own}", elsewhere, scene.keeper, expect=404)


def test_t5_what_cannot_be_read_cannot_be_written_either(api: Api, admin: str) -> None:
    scene, volunteer = make_scene(api, admin), add_volunteer(api)
    draft, shown = make_draft(api, scene), make_published(api, scene)
    auditor = make_staff(api, admin, "auditor")
    hidden = draft["shifts"][0]["id"]
    api("GET", f"/shifts/{hidden}", token=volunteer.token, expect=404)
    for token in (volunteer.token, scene.keeper):
        body = {} if token == volunteer.token else {"volunteer_id": volunteer.id}
        assert api("POST", f"/shifts/{hidden}/signups", body, token, expect=409).body["reasons"] == ["not-published"]
    for activity in (draft, shown):
        path, shift_path = f"/activities/{activity['id']}", f"/shifts/{activity['shifts'][0]['id']}"
        for method, where, body in (
            ("PATCH", path, {"title": "x"}),
            ("POST", f"{path}/submit", {}),
            ("POST", f"{path}/approve", {}),
            ("POST", f"{path}/reject", {"reason": "x"}),
            ("POST", f"{path}/cancel", {"reason": "x"}),
            ("POST", f"{path}/finish", {}),
            ("POST", f"{path}/shifts", shift(api)),
            ("PATCH", shift_path, {"capacity": 9}),
            ("POST", f"{shift_path}/cancel", {}),
            ("POST", f"{shift_path}/close-out", {}),
        ):
            api(method, where, body, expect=401)
            for token in (volunteer.token, auditor):
                api(method, where, body, token, expect=403)


def test_a_keeper_sees_who_is_signed_up_at_the_station_and_nobody_else(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    stranger = make_keeper(api, admin, make_station(api, admin))
    volunteer = add_volunteer(api)
    api("GET", f"/volunteers/{volunteer.id}", token=scene.keeper, expect=404)
    signed_up(api, make_published(api, scene)["shifts"][0]["id"], volunteer.token)
    api("GET", f"/volunteers/{volunteer.id}", token=scene.keeper, expect=200)
    api("GET", f"/volunteers/{volunteer.id}", token=scene.center_keeper, expect=200)
    api("GET", f"/volunteers/{volunteer.id}", token=stranger, expect=404)


def test_the_leader_is_masked_for_strangers_and_shown_to_who_is_signed_up(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    activity = make_published(api, scene)
    path, volunteer = f"/activities/{activity['id']}", add_volunteer(api)
    auditor = make_staff(api, admin, "auditor")
    for token in (None, volunteer.token, auditor):
        seen = api("GET", path, token=token, expect=200).body
        assert (seen["leader_name"], seen["leader_phone"]) == ("王*员", "138****5678")
        listed = api("GET", "/activities", token=token, expect=200).raw.decode()
        assert LEADER["leader_phone"] not in listed
    signup = signed_up(api, activity["shifts"][0]["id"], volunteer.token)
    for token in (volunteer.token, scene.keeper, admin):
        seen = api("GET", path, token=token, expect=200).body
        assert (seen["leader_name"], seen["leader_phone"]) == tuple(LEADER.values())
    api("POST", f"/signups/{signup}/cancel", {}, volunteer.token, expect=200)
    assert api("GET", path, token=volunteer.token, expect=200).body["leader_phone"] == "138****5678"


def test_the_leader_is_sealed_in_the_database(app: Flask, api: Api, admin: str) -> None:
    make_draft(api, make_scene(api, admin))
    with app.app_context():
        rows = db.session.execute(sa.text("SELECT * FROM activities")).all()
        assert LEADER["leader_phone"] not in repr(rows)
        assert LEADER["leader_name"] not in repr(rows)
        db.session.rollback()


def test_danger_needs_insurance_before_publication_and_takes_no_minors(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    path = f"/activities/{make_draft(api, scene, hazardous=True)['id']}"
    api("POST", f"{path}/submit", {}, scene.keeper, expect=200)
    refused = api("POST", f"{path}/approve", {}, scene.center_keeper, expect=409).body
    assert (refused["code"], refused["reasons"]) == ("illegal-transition", ["insurance-required"])
    api("PATCH", path, {"title": "换了名字"}, scene.keeper, expect=409)
    api("PATCH", path, {"insurance_policy": "PICC 2026-0042"}, scene.keeper, expect=200)
    api("POST", f"{path}/approve", {}, scene.center_keeper, expect=200)
    api("PATCH", path, {"insurance_policy": None}, scene.keeper, expect=409)


def test_a_draft_needs_a_shift_to_come_to_be_published(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    draft = make_draft(api, scene)
    api("POST", f"/shifts/{draft['shifts'][0]['id']}/cancel", {}, scene.keeper, expect=200)
    api("POST", f"/activities/{draft['id']}/submit", {}, scene.keeper, expect=409)
    api("POST", f"/activities/{draft['id']}/shifts", shift(api, 10, 20), scene.keeper, expect=201)
    api("POST", f"/activities/{draft['id']}/submit", {}, scene.keeper, expect=200)
    clock.advance(minutes=20)
    late = api("POST", f"/activities/{draft['id']}/approve", {}, scene.center_keeper, expect=409).body
    assert late["reasons"] == ["shift-over"]


def test_a_draft_changes_freely(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    draft = make_draft(api, scene)
    change = {"title": "改名", "kind": "duty_labor", "hazardous": True, "walk_ins": False, "needs_approval": True}
    change |= {"leader_name": "赵组长", "category": "environment", "checkin_radius_m": 500, **HERE}
    seen = api("PATCH", f"/activities/{draft['id']}", change, scene.keeper, expect=200).body
    assert {name: seen[name] for name in change} == change
    assert seen["leader_phone"] == LEADER["leader_phone"]
    path = f"/shifts/{draft['shifts'][0]['id']}"
    moved = {"starts_at": at(api, 600), "ends_at": at(api, 700), "capacity": 1, "min_age": 60, "skills": ["first_aid"]}
    seen = api("PATCH", path, moved, scene.keeper, expect=200).body
    assert (seen["capacity"], seen["min_age"], seen["skills"]) == (1, 60, ["first_aid"])
    wrong = api("PATCH", path, {"ends_at": at(api, 500)}, scene.keeper, expect=422)
    assert wrong.codes == {"ends_at": "ends-before-start"}
    bad = {"title": "补录", "signup_opens_at": at(api, 5), "signup_closes_at": at(api, 4)}
    codes = {"title": "make-up-title", "signup_closes_at": "ends-before-start"}
    assert api("PATCH", f"/activities/{draft['id']}", bad, scene.keeper, expect=422).codes == codes


def test_once_published_words_change_and_what_would_harm_does_not(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    activity = make_published(api, scene, shift(api, skills=["first_aid"], min_age=18))
    path, shift_path = f"/activities/{activity['id']}", f"/shifts/{activity['shifts'][0]['id']}"
    api("PATCH", path, {"title": "改名", "summary": "新", "walk_ins": False}, scene.keeper, expect=200)
    fixed = {
        "kind": "duty_labor",
        "hazardous": True,
        "station_id": scene.center,
        "organizer_unit_id": None,
        "title": "T",
    }
    fixed.pop("organizer_unit_id")
    refused = api("PATCH", path, fixed, scene.center_keeper, expect=409).body
    assert refused["fields"] == ["hazardous", "kind", "station_id"]
    stricter = {"min_age": 20, "skills": ["first_aid", "medical"], "post": "西路口"}
    assert api("PATCH", shift_path, stricter, scene.keeper, expect=409).body["fields"] == ["min_age", "skills"]
    api("PATCH", shift_path, {"min_age": 16, "skills": [], "post": "西路口"}, scene.keeper, expect=200)
    api("POST", f"{path}/shifts", shift(api, 500, 600), scene.keeper, expect=201)
    assert len(api("GET", path, expect=200).body["shifts"]) == 2


def test_a_new_time_or_place_is_told_to_everybody_signed_up(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    activity = make_published(api, scene, shift(api, capacity=1))
    shift_id = activity["shifts"][0]["id"]
    first, second, third = (add_volunteer(api) for _ in range(3))
    signed_up(api, shift_id, first.token)
    signed_up(api, shift_id, second.token, "waitlisted")
    api("PATCH", f"/shifts/{shift_id}", {"post": "西路口"}, scene.keeper, expect=200)
    assert messages(api, first.token) == []
    api("PATCH", f"/shifts/{shift_id}", {"ends_at": at(api, 200)}, scene.keeper, expect=200)
    api("PATCH", f"/activities/{activity['id']}", {"address": "新街 2 号"}, scene.keeper, expect=200)
    for volunteer in (first, second):
        assert messages(api, volunteer.token) == ["shift-moved", "shift-moved"]
    assert messages(api, third.token) == []
    assert statuses(api, shift_id, scene.keeper) == {first.id: "confirmed", second.id: "waitlisted"}


def test_what_has_begun_or_ended_keeps_its_times(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    path = f"/shifts/{make_published(api, scene)['shifts'][0]['id']}"
    clock.advance(minutes=61)
    began = api("PATCH", path, {"starts_at": at(api, 5)}, scene.keeper, expect=409).body
    assert began["fields"] == ["starts_at"]
    api("PATCH", path, {"ends_at": at(api, 200)}, scene.keeper, expect=200)
    clock.advance(minutes=200)
    api("PATCH", path, {"ends_at": at(api, 60)}, scene.keeper, expect=409)
    api("POST", f"{path}/cancel", {}, scene.keeper, expect=409)


def test_t36_a_cancelled_shift_frees_and_tells_everybody(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_published(api, scene, shift(api, capacity=1))["shifts"][0]["id"]
    first, second = add_volunteer(api), add_volunteer(api)
    signed_up(api, shift_id, first.token)
    signed_up(api, shift_id, second.token, "waitlisted")
    for _ in range(2):
        seen = api("POST", f"/shifts/{shift_id}/cancel", {"reason": "暴雨"}, scene.keeper, expect=200).body
    assert (seen["cancelled"], seen["confirmed"], seen["waiting"]) == (True, 0, 0)
    assert statuses(api, shift_id, scene.keeper) == {first.id: "cancelled", second.id: "cancelled"}
    assert messages(api, first.token) == messages(api, second.token) == ["shift-cancelled"]
    assert sign_up(api, shift_id, first.token).body["reasons"] == ["not-published"]
    api("PATCH", f"/shifts/{shift_id}", {"capacity": 5}, scene.keeper, expect=409)


def test_a_cancelled_activity_tells_everybody_and_stays_visible(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    draft = make_draft(api, scene)
    api("POST", f"/activities/{draft['id']}/cancel", {"reason": "x"}, scene.keeper, expect=409)
    activity = make_published(api, scene, shift(api), shift(api, 200, 300))
    volunteer = add_volunteer(api)
    for row in activity["shifts"]:
        signed_up(api, row["id"], volunteer.token)
    for _ in range(2):
        path = f"/activities/{activity['id']}"
        seen = api("POST", f"{path}/cancel", {"reason": "场地停用"}, scene.keeper, expect=200).body
    assert (seen["status"], [row["cancelled"] for row in seen["shifts"]]) == ("cancelled", [True, True])
    assert messages(api, volunteer.token) == ["shift-cancelled"] * 2
    assert api("GET", path, expect=200).body["reason"] == "场地停用"
    own = api("GET", "/me/signups", token=volunteer.token, expect=200).body["items"]
    assert {(row["status"], row["shift_cancelled"]) for row in own} == {("cancelled", True)}


def test_an_activity_finishes_when_its_shifts_are_over(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    path = f"/activities/{make_published(api, scene)['id']}"
    api("POST", f"{path}/finish", {}, scene.keeper, expect=409)
    clock.advance(minutes=180)
    for _ in range(2):
        assert api("POST", f"{path}/finish", {}, scene.keeper, expect=200).body["status"] == "finished"
    api("POST", f"{path}/cancel", {"reason": "x"}, scene.keeper, expect=409)


def test_finishing_by_itself_waits_for_the_last_shift_to_close(
    app: Flask, api: Api, admin: str, clock: SettableClock
) -> None:
    scene = make_scene(api, admin)
    activity = make_published(api, scene, shift(api, 10, 60), shift(api, 60, 120), shift(api, 200, 300))
    api("POST", f"/shifts/{activity['shifts'][2]['id']}/cancel", {}, scene.keeper, expect=200)
    for minutes, finished in ((179, 0), (1, 1), (1, 0)):
        clock.advance(minutes=minutes)
        with app.app_context(), transaction() as session:
            assert lifecycle.finish_ended(session, clock.now()) == finished
    assert api("GET", f"/activities/{activity['id']}", expect=200).body["status"] == "finished"


def test_close_out_counts_an_audience_that_is_no_volunteer(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    path = f"/shifts/{make_published(api, scene)['shifts'][0]['id']}"
    api("POST", f"{path}/close-out", {"audience_count": 40}, scene.keeper, expect=409)
    clock.advance(minutes=60)
    api("POST", f"{path}/close-out", {"audience_count": -1}, scene.keeper, expect=422)
    api("POST", f"{path}/close-out", {"audience_count": 40}, scene.keeper, expect=200)
    seen = api("POST", f"{path}/close-out", {"beneficiary_count": 7}, scene.keeper, expect=200).body
    assert (seen["audience_count"], seen["beneficiary_count"], seen["confirmed"]) == (40, 7, 0)


def test_the_list_shows_what_the_caller_may_see(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    draft, shown = make_draft(api, scene)["id"], make_published(api, scene)["id"]
    stranger = make_keeper(api, admin, make_station(api, admin))
    auditor = make_staff(api, admin, "auditor")

    def ids(token: str | None, query: str = "") -> list[str]:
        return [row["id"] for row in api("GET", f"/activities{query}", token=token, expect=200).body["items"]]

    for token, seen in (
        (None, [shown]),
        (stranger, [shown]),
        (scene.keeper, [shown, draft]),
        (scene.center_keeper, [shown, draft]),
        (auditor, [shown, draft]),
    ):
        assert ids(token) == seen
    assert ids(scene.keeper, "?status=draft") == [draft]
    assert ids(None, "?status=draft") == []


def test_the_list_filters(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    here = make_published(api, scene, shift(api, 60, 120))["id"]
    tomorrow = make_published(
        api, scene, shift(api, 1440, 1500), title="河道清理", category="environment", latitude=39.95, longitude=116.3972
    )["id"]
    other = make_station(api, admin)
    day = str((api.now()).date())

    def ids(**query: Any) -> list[str]:
        found = api("GET", "/activities", query_string=query, expect=200).body["items"]
        return [row["id"] for row in found]

    assert ids() == [tomorrow, here]
    assert ids(station_id=scene.center) == [tomorrow, here]
    assert ids(station_id=other) == ids(station_id=str(uuid.uuid4())) == []
    assert ids(category="environment") == ids(q="河道") == [tomorrow]
    assert ids(**{"from": day, "to": day}) == [here]
    assert ids(**{"from": at(api, 121)}) == [tomorrow]
    assert ids(to=at(api, 1440)) == [here]
    near = {"near": f"{HERE['latitude']},{HERE['longitude']}"}
    assert ids(**near) == [here, tomorrow]
    assert ids(**near, radius_m=1000) == [here]
    assert ids(open="true") == [tomorrow, here]
    assert api("GET", "/activities", query_string={"from": "x"}, expect=422).codes == {"from": "invalid-instant"}


def test_open_means_that_somebody_can_sign_up_now(api: Api, admin: str, clock: SettableClock) -> None:
    scene = make_scene(api, admin)
    full = make_published(api, scene, shift(api, capacity=1, waitlist=False))
    later = make_published(api, scene, signup_opens_at=at(api, 30))["id"]
    listed = make_published(api, scene, shift(api, capacity=1))
    for activity in (full, listed):
        signed_up(api, activity["shifts"][0]["id"], add_volunteer(api).token)

    def ids(is_open: str) -> set[str]:
        return {row["id"] for row in api("GET", f"/activities?open={is_open}", expect=200).body["items"]}

    assert (ids("true"), ids("false")) == ({listed["id"]}, {full["id"], later})
    clock.advance(minutes=30)
    assert (ids("true"), ids("false")) == ({listed["id"], later}, {full["id"]})
    clock.advance(minutes=180)
    assert ids("true") == set()


def test_lists_are_paged(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    ids = [make_published(api, scene)["id"] for _ in range(3)]
    for start in ("/activities?limit=2", f"/activities?limit=2&near={HERE['latitude']},{HERE['longitude']}"):
        page = api("GET", start, expect=200).body
        rest = api("GET", f"{start}&cursor={page['next_cursor']}", expect=200).body
        assert sorted(row["id"] for row in page["items"] + rest["items"]) == sorted(ids)
        assert (len(page["items"]), rest["next_cursor"]) == (2, None)
    assert api("GET", "/activities?cursor=x", expect=422).codes == {"cursor": "bad-cursor"}


def test_t9_seats_never_fall_below_who_is_confirmed_and_new_ones_go_to_who_waits(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    shift_id = make_published(api, scene, shift(api, capacity=2))["shifts"][0]["id"]
    people = [add_volunteer(api) for _ in range(4)]
    for index, volunteer in enumerate(people):
        signed_up(api, shift_id, volunteer.token, "confirmed" if index < 2 else "waitlisted")
    less = api("PATCH", f"/shifts/{shift_id}", {"capacity": 1}, scene.keeper, expect=422)
    assert less.codes == {"capacity": "below-confirmed"}
    api("PATCH", f"/shifts/{shift_id}", {"capacity": 3}, scene.keeper, expect=200)
    assert seats(api, shift_id) == (3, 1, 0)
    assert statuses(api, shift_id, scene.keeper)[people[2].id] == "confirmed"
    assert messages(api, people[2].token) == ["signup-confirmed"]


def test_duty_labour_is_a_kind_of_its_own(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    activity = publish(api, scene, make_draft(api, scene, kind="duty_labor")["id"])
    assert activity["kind"] == "duty_labor"


def test_an_account_that_was_disabled_or_lost_its_grant_runs_nothing(api: Api, admin: str) -> None:
    scene = make_scene(api, admin)
    account = api("GET", "/me", token=scene.keeper, expect=200).body["account"]
    api("DELETE", f"/grants/{account['roles'][0]['grant_id']}", token=admin, expect=204)
    api("POST", "/activities", form(api, scene.station), scene.keeper, expect=403)
    assert api.login(ADMIN_PHONE, ADMIN_PASSWORD)
