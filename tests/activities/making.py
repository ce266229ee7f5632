"""Builds activities, shifts and sign-ups through the API; for the tests of this room and of the rooms above.

`Scene` is a small world: a centre with a keeper who approves, a station below it with a keeper who runs activities.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.conftest import Answer, Api
from tests.stations.making import HERE, make_keeper, make_station

LEADER = {"leader_name": "王站员", "leader_phone": "13800005678"}


@dataclass(frozen=True)
class Scene:
    """A centre, a station below it, and their keepers' tokens."""

    center: str
    station: str
    center_keeper: str
    keeper: str


def make_scene(api: Api, admin: str) -> Scene:
    """Build a centre and a station with coordinates, a keeper each."""

    def make() -> Scene:
        center = make_station(api, admin, "center")
        station = make_station(api, admin, "station", center, **HERE)
        return Scene(center, station, make_keeper(api, admin, center), make_keeper(api, admin, station))

    scene: Scene = api.remembered("scene", make)
    return scene


def at(api: Api, minutes: float) -> str:
    """Return the instant `minutes` from now."""
    instant: dt.datetime = api.now() + dt.timedelta(minutes=minutes)
    return instant.isoformat()


def shift(api: Api, starts: float = 60, ends: float = 180, capacity: int = 2, **more: Any) -> dict[str, Any]:
    """Return the input for a shift, its times in minutes from now."""
    return {"post": "东路口", "starts_at": at(api, starts), "ends_at": at(api, ends), "capacity": capacity} | more


def form(api: Api, station_id: str, shifts: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return the input for an activity; by default one shift of two seats in an hour."""
    body = {
        "station_id": station_id,
        "title": "文明交通劝导",
        "category": "traffic_guidance",
        "summary": "路口文明劝导,一岗四人。",
        "risk_notice": "路口车流较大,请在安全区内值守。",
        "shifts": [shift(api)] if shifts is None else shifts,
    }
    return body | LEADER | more


def make_draft(api: Api, scene: Scene, *shifts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Add an activity at the scene's station; return the answer."""
    made: dict[str, Any] = api(
        "POST", "/activities", form(api, scene.station, list(shifts) or None, **more), scene.keeper, expect=201
    ).body
    return made


def publish(api: Api, scene: Scene, activity_id: str) -> dict[str, Any]:
    """Submit and approve an activity; return it."""
    api("POST", f"/activities/{activity_id}/submit", {}, scene.keeper, expect=200)
    done: dict[str, Any] = api("POST", f"/activities/{activity_id}/approve", {}, scene.center_keeper, expect=200).body
    return done


def make_published(api: Api, scene: Scene, *shifts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Add and publish an activity; return it."""
    return publish(api, scene, make_draft(api, scene, *shifts, **more)["id"])


def make_shift(api: Api, scene: Scene, starts: float = 60, ends: float = 180, capacity: int = 2, **more: Any) -> str:
    """Publish an activity of one shift; return the shift's id."""
    shift_id: str = make_published(api, scene, shift(api, starts, ends, capacity), **more)["shifts"][0]["id"]
    return shift_id


def sign_up(api: Api, shift_id: str, token: str, volunteer_id: str | None = None) -> Answer:
    """Ask for a place in a shift."""
    return api("POST", f"/shifts/{shift_id}/signups", {"volunteer_id": volunteer_id} if volunteer_id else {}, token)


def signed_up(api: Api, shift_id: str, token: str, status: str = "confirmed") -> str:
    """Sign up and expect a status; return the sign-up's id."""
    answer = sign_up(api, shift_id, token)
    assert (answer.status, answer.body.get("status")) == (201, status), answer.body
    signup_id: str = answer.body["id"]
    return signup_id


def reasons(answer: Answer) -> list[str]:
    """Return the reasons of a refused sign-up."""
    assert (answer.status, answer.body["code"]) == (409, "signup-refused"), answer.body
    found: list[str] = answer.body["reasons"]
    return found


def statuses(api: Api, shift_id: str, token: str) -> dict[str, str]:
    """Return who is signed up for a shift and how, as the keeper sees it."""
    listed = api("GET", f"/shifts/{shift_id}/signups", token=token, expect=200).body["items"]
    return {row["volunteer_id"]: row["status"] for row in listed}


def seats(api: Api, shift_id: str) -> tuple[int, int, int]:
    """Return how many are confirmed and wait and how many seats are left, as the public sees it."""
    seen = api("GET", f"/shifts/{shift_id}", expect=200).body
    return seen["confirmed"], seen["waiting"], seen["seats_left"]


def messages(api: Api, token: str) -> list[str]:
    """Return the kinds of the messages that a person got, newest first."""
    listed = api("GET", "/me/messages", token=token, expect=200).body["items"]
    return [row["kind"] for row in listed]
