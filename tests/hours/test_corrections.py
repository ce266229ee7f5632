"""Corrections and explanations over HTTP; what a correction becomes when evidence changes later."""

import uuid

import pytest

from tests.conftest import Api
from tests.hours.making import Told, World, make_keeper, make_station, pair
from tests.registration.making import Volunteer


@pytest.fixture
def served(world: World, told: Told) -> tuple[Volunteer, str, str]:
    """Somebody with 120 verified minutes of a shift of 210: the person, the shift, the entry."""
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -180, -60))
    return who, shift, world.entries(who)[0]["id"]


def ask(api: Api, token: str, entry: str, minutes: int, expect: int = 201) -> dict[str, object]:
    path = f"/hours/{entry}/corrections"
    body: dict[str, object] = api("POST", path, {"minutes": minutes, "reason": "算错"}, token, expect=expect).body
    return body


def correct(world: World, who: Volunteer, entry: str, minutes: int) -> None:
    asked = ask(world.api, who.token, entry, minutes)
    world.api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=200)


def classes(world: World, who: Volunteer) -> tuple[int, int, int]:
    hours = world.hours(who)
    assert sum(e["minutes"] for e in world.entries(who) if e["state"] == "effective") == hours["minutes_total"]
    return hours["minutes_verified"], hours["minutes_granted"], hours["minutes_pending"]


def test_a_decrease_holds_the_difference(world: World, api: Api, served: tuple[Volunteer, str, str]) -> None:
    who, _, entry = served
    asked = ask(api, who.token, entry, 90)
    assert (asked["state"], asked["minutes"], asked["difference"], asked["entry_id"]) == ("pending", 90, -30, entry)
    entry_now = world.entries(who)[0]
    assert (entry_now["kind"], entry_now["state"], entry_now["minutes"]) == ("correction", "pending", -30)
    assert ask(api, world.keeper, entry, 60, expect=409)["code"] == "correction-pending"
    api("POST", f"/corrections/{asked['id']}/approve", {}, who.token, expect=403)
    api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=200)
    api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=200)
    assert classes(world, who) == (90, 0, 0)
    line = world.entries(who)[0]
    assert (line["kind"], line["class"], line["minutes"], line["corrects"]) == ("correction", "verified", -30, entry)


def test_an_increase_is_granted_and_can_be_taken_back(world: World, served: tuple[Volunteer, str, str]) -> None:
    who, _, entry = served
    correct(world, who, entry, 150)
    assert classes(world, who) == (120, 30, 0)
    correct(world, who, entry, 60)
    assert classes(world, who) == (60, 0, 0)
    correct(world, who, world.entries(who)[0]["id"], 0)
    assert classes(world, who) == (0, 0, 0)


def test_an_increase_waits_as_pending_minutes(world: World, api: Api, served: tuple[Volunteer, str, str]) -> None:
    who, _, entry = served
    asked = ask(api, who.token, entry, 150)
    assert classes(world, who) == (120, 0, 30)
    api("POST", f"/corrections/{asked['id']}/reject", {"reason": "无依据"}, world.keeper, expect=200)
    assert classes(world, who) == (120, 0, 0)
    assert api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=409).body["code"] == (
        "illegal-transition"
    )


def test_the_asker_does_not_decide(world: World, api: Api, served: tuple[Volunteer, str, str]) -> None:
    _, _, entry = served
    asked = ask(api, world.keeper, entry, 90)
    api("POST", f"/corrections/{asked['id']}/approve", {}, world.keeper, expect=403)
    listed = api("GET", "/corrections?state=pending", token=world.centre_keeper, expect=200).body["items"]
    assert [row["id"] for row in listed] == [asked["id"]]
    api("POST", f"/corrections/{asked['id']}/approve", {}, world.centre_keeper, expect=200)


def test_what_cannot_be_corrected(
    world: World, api: Api, admin: str, told: Told, served: tuple[Volunteer, str, str]
) -> None:
    who, shift, entry = served
    path = f"/hours/{entry}/corrections"
    for minutes, code in ((211, "out-of-range"), (-1, "out-of-range"), (120, "unchanged")):
        assert api("POST", path, {"minutes": minutes, "reason": "算错"}, who.token, expect=422).codes == {
            "minutes": code
        }
    ask(api, world.volunteer().token, entry, 90, expect=404)
    ask(api, make_keeper(api, admin, make_station(api, admin)), entry, 90, expect=404)
    ask(api, who.token, str(uuid.uuid4()), 90, expect=404)
    told.settle(who, pair(shift, -50, -40))
    assert ask(api, who.token, entry, 90, expect=409)["code"] == "illegal-transition"


def test_later_evidence_covers_what_was_granted(world: World, told: Told, served: tuple[Volunteer, str, str]) -> None:
    who, shift, entry = served
    correct(world, who, entry, 150)
    told.settle(who, pair(shift, -60, -40))
    assert classes(world, who) == (140, 10, 0)
    told.settle(who, pair(shift, -40, 0))
    assert classes(world, who) == (180, 0, 0)


def test_what_was_taken_away_stays_away(world: World, told: Told, served: tuple[Volunteer, str, str]) -> None:
    who, shift, entry = served
    correct(world, who, entry, 90)
    told.settle(who, pair(shift, -60, -40))
    assert classes(world, who) == (90, 0, 0)
    told.pairs[uuid.UUID(who.id)] = []
    told.settle(who)
    assert classes(world, who) == (0, 0, 0)
    told.settle(who, pair(shift, -180, -60))
    assert classes(world, who) == (90, 0, 0)


def test_a_line_is_explained_and_computed_anew(
    world: World, api: Api, admin: str, told: Told, served: tuple[Volunteer, str, str]
) -> None:
    who, shift, entry = served
    told.settle(who, pair(shift, -40, -20, "weak_evidence"))
    correct(world, who, entry, 90)
    for token in (who.token, world.keeper, world.centre_keeper, admin):
        told_ = api("GET", f"/hours/{entry}/explanation", token=token, expect=200).body
        assert (told_["effective_minutes"], told_["recomputed_minutes"], told_["agrees"]) == (90, 90, True)
        assert (told_["minutes"], told_["policy_version"], told_["policy"]["at_once_minutes"]) == (120, 1, 480)
    assert [scan["direction"] for scan in told_["scans"]] == ["in", "out", "in", "out"]
    assert [(p["present"]["minutes"], p["standing"]) for p in told_["pairs"]] == [(120, "credited"), (20, "pending")]
    assert [piece["minutes"] for piece in told_["union"]] == [120]
    assert [(piece["tier"], piece["minutes"]) for piece in told_["tiers"]] == [("at_once", 120)]
    assert [(one["before"], one["minutes"]) for one in told_["corrections"]] == [(120, 90)]
    api("GET", f"/hours/{entry}/explanation", token=world.volunteer().token, expect=404)
    stranger = make_keeper(api, admin, make_station(api, admin))
    api("GET", f"/hours/{entry}/explanation", token=stranger, expect=404)


def test_entries_are_paged(world: World, api: Api, told: Told, served: tuple[Volunteer, str, str]) -> None:
    who, shift, entry = served
    correct(world, who, entry, 90)
    world.make_up(who, shift, -60, -30)
    whole = [row["id"] for row in world.entries(who)]
    found, cursor = [], ""
    while cursor is not None:
        path = f"/me/hours/entries?limit=1&cursor={cursor}" if cursor else "/me/hours/entries?limit=1"
        page = api("GET", path, token=who.token, expect=200).body
        found += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert found == whole
    assert len(found) == 3
    api("GET", "/me/hours/entries?cursor=x", token=who.token, expect=422)
    api("GET", "/me/hours", token=world.keeper, expect=403)
    api("GET", f"/volunteers/{who.id}/hours", token=world.volunteer().token, expect=404)
    assert api("GET", f"/volunteers/{who.id}/hours", token=world.keeper, expect=200).body["minutes_total"] == 90
