"""Reviews: what waits for whom, who may decide, what comes of it, and that a decision outlives settling again."""

import threading
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.hours.making import Told, World, make_keeper, make_station, pair
from tests.registration.making import Volunteer
from tests.units.making import make_staff
from volunteer.database import transaction
from volunteer.hours.models import HourRequest, HourRequestParty


def accept(api: Api, token: str, review: dict[str, object], expect: int = 200) -> dict[str, object]:
    body: dict[str, object] = api("POST", f"/reviews/{review['id']}/accept", {}, token, expect=expect).body
    return body


def test_weak_evidence_waits_and_counts_once_accepted(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -180, -100), pair(shift, -90, -40, "weak_evidence"))
    hours = world.hours(who)
    assert (hours["minutes_verified"], hours["minutes_pending"]) == (80, 50)
    (review,) = world.reviews()
    assert (review["kind"], review["level"], review["state"], review["minutes"]) == (
        "weak_evidence",
        "keeper",
        "open",
        50,
    )
    assert (review["shift_id"], len(review["scan_ids"])) == (shift, 2)
    assert review["volunteer"]["id"] == who.id
    assert accept(api, world.keeper, review)["state"] == "accepted"
    hours = world.hours(who)
    assert (hours["minutes_verified"], hours["minutes_granted"], hours["minutes_pending"]) == (130, 0, 0)
    told.settle(who)
    assert world.hours(who)["minutes_total"] == 130
    assert world.reviews() == []
    assert sum(entry["minutes"] for entry in world.entries(who)) == 130


def test_a_roll_call_is_granted_time(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -90, -40, "weak_evidence", roll_call=True))
    assert world.entries(who)[0]["class"] == "granted"
    accept(api, world.keeper, world.reviews()[0])
    assert world.hours(who)["minutes_granted"] == 50


def test_refused_evidence_never_counts_and_the_person_is_told(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -90, -40, "late_evidence"))
    (review,) = world.reviews()
    api("POST", f"/reviews/{review['id']}/refuse", {}, world.keeper, expect=422)
    api("POST", f"/reviews/{review['id']}/refuse", {"reason": "不在场"}, world.keeper, expect=200)
    told.settle(who)
    assert (world.hours(who)["minutes_total"], world.hours(who)["minutes_pending"]) == (0, 0)
    assert [(e["kind"], e["state"], e["minutes"]) for e in world.entries(who)] == [("service", "refused", 50)]
    assert "不在场" in api("GET", "/me/messages", token=who.token).body["items"][0]["body"]
    assert accept(api, world.keeper, review, expect=409)["code"] == "illegal-transition"
    assert world.reviews(state="refused")[0]["id"] == review["id"]


def test_evidence_that_changes_withdraws_the_review_and_the_same_comes_back(world: World, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    person_id = uuid.UUID(who.id)
    weak = pair(shift, -90, -40, "weak_evidence")
    told.settle(who, weak)
    (review,) = world.reviews()
    told.pairs[person_id] = []
    told.settle(who)
    assert world.reviews() == []
    assert world.hours(who)["minutes_pending"] == 0
    told.settle(who, weak)
    assert [one["id"] for one in world.reviews()] == [review["id"]]


def test_accepting_weak_evidence_does_not_lift_the_daily_limit(world: World, api: Api, told: Told) -> None:
    first, second = world.shifts([(-590, -90), (-90, 30)])
    who = world.volunteer(first, second)
    told.settle(who, pair(first, -590, -110), pair(second, -90, -30, "weak_evidence"))
    assert world.hours(who)["minutes_total"] == 480
    accept(api, world.keeper, world.reviews()[0])
    hours = world.hours(who)
    assert (hours["minutes_total"], hours["minutes_pending"]) == (480, 60)
    (review,) = world.reviews()
    assert (review["kind"], review["level"], review["minutes"]) == ("over_cap", "keeper", 60)
    accept(api, world.keeper, review)
    assert world.hours(who)["minutes_total"] == 540


def test_above_twelve_hours_an_admin_decides(world: World, api: Api, admin: str, told: Told) -> None:
    shift = world.shift(-599, 300)  # from 00:01, so that all of it lies on one day
    who = world.volunteer(shift)
    clock = world.api.app.extensions["clock"]
    clock.advance(minutes=300)
    told.settle(who, pair(shift, -599, 200))
    assert world.hours(who)["minutes_total"] == 480
    by_level = {review["level"]: review for review in world.reviews()}
    assert {level: review["minutes"] for level, review in by_level.items()} == {"keeper": 240, "admin": 79}
    accept(api, world.keeper, by_level["admin"], expect=403)
    accept(api, admin, by_level["admin"])
    accept(api, world.keeper, by_level["keeper"])
    assert world.hours(who)["minutes_total"] == 799


def test_neither_recorder_nor_the_person_reviews(world: World, api: Api, admin: str, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    weak = pair(shift, -90, -40, "weak_evidence")
    keeper_account = uuid.UUID(api("GET", "/me", token=world.keeper).body["account"]["id"])
    told.recorders[weak.key.in_scan] = keeper_account
    told.settle(who, weak)
    (review,) = world.reviews()
    assert accept(api, world.keeper, review, expect=403)["code"] == "second-person-required"
    account = api("GET", "/me", token=who.token).body["account"]["id"]
    api("POST", f"/accounts/{account}/grants", {"role": "admin"}, admin, expect=201)
    accept(api, who.token, review, expect=403)
    stranger = make_keeper(api, admin, make_station(api, admin))
    accept(api, stranger, review, expect=404)
    assert world.reviews(stranger) == []
    auditor = make_staff(api, admin, "auditor")
    assert len(world.reviews(auditor)) == 1
    accept(api, auditor, review, expect=403)
    accept(api, world.centre_keeper, review)


def test_the_database_itself_refuses_a_party(world: World, app: Flask, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    asked = uuid.UUID(world.make_up(world.volunteer(shift), shift, -170, -50))
    with app.app_context():
        with transaction() as session:
            parties = list(
                session.scalars(sa.select(HourRequestParty.account_id).where(HourRequestParty.request_id == asked))
            )
        assert len(parties) == 1
        decided = {"state": "accepted", "decided_by": parties[0], "decided_at": api.now()}
        for more in ({"asker_account_id": None}, {}):
            with pytest.raises(sa.exc.IntegrityError), transaction() as session:
                session.execute(sa.update(HourRequest).where(HourRequest.id == asked).values(decided | more))


def test_an_unmatched_out_waits_and_credits_nothing(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.unmatched[uuid.UUID(who.id)] = [(shift, uuid.uuid4())]
    told.settle(who)
    (review,) = world.reviews()
    assert (review["kind"], review["minutes"]) == ("unmatched", 0)
    accept(api, world.keeper, review)
    told.settle(who)
    assert (world.reviews(), world.hours(who)["minutes_total"], world.entries(who)) == ([], 0, [])


def test_many_are_accepted_each_for_itself(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    people = [world.volunteer(shift) for _ in range(3)]
    for who in people:
        told.settle(who, pair(shift, -90, -40, "weak_evidence", number=hash(who.id)))
    ids = [review["id"] for review in world.reviews()]
    api("POST", f"/reviews/{ids[1]}/refuse", {"reason": "不在场"}, world.keeper, expect=200)
    unknown = str(uuid.uuid4())
    results = api("POST", "/reviews/accept", {"ids": [*ids, unknown]}, world.keeper, expect=200).body["results"]
    assert [row["id"] for row in results] == [*ids, unknown]
    assert [row["status"] for row in results] == [200, 409, 200, 404]
    assert [row.get("code") for row in results] == [None, "illegal-transition", None, "not-found"]
    assert sorted(world.hours(who)["minutes_total"] for who in people) == [0, 50, 50]
    api("POST", "/reviews/accept", {"ids": []}, world.keeper, expect=422)


def test_make_ups_stand_among_the_reviews(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    asked = world.make_up(who, shift, -170, -50)
    (review,) = world.reviews()
    assert (review["id"], review["kind"], review["minutes"]) == (asked, "make_up", 120)
    accept(api, world.keeper, review, expect=403)
    accept(api, world.centre_keeper, review)
    assert world.hours(who)["minutes_total"] == 120


@pytest.mark.parametrize("answers", [("accept", "accept"), ("accept", "refuse")])
def test_two_decide_at_once(world: World, app: Flask, api: Api, told: Told, answers: tuple[str, str]) -> None:
    shift = world.shift(-180, 30)
    who: Volunteer = world.volunteer(shift)
    told.settle(who, pair(shift, -90, -40, "weak_evidence"))
    (review,) = world.reviews()
    gate, statuses = threading.Barrier(2), []

    def decide(answer: str, token: str) -> None:
        gate.wait()
        body = {"reason": "不在场"} if answer == "refuse" else {}
        statuses.append(Api(app)("POST", f"/reviews/{review['id']}/{answer}", body, token).status)

    tokens = (world.keeper, world.centre_keeper)
    threads = [threading.Thread(target=decide, args=pair_) for pair_ in zip(answers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ([200, 200] if answers[0] == answers[1] else [200, 409])
    assert len([line for line in world.entries(who) if line["state"] == "effective"]) <= 1
