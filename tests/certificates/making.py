"""Gives volunteers hours through the API, by make-ups that an admin approves; for this room's tests and reports'."""

import datetime as dt
from typing import Any

from tests.conftest import ZONE, Answer, Api
from tests.registration.making import Volunteer


def make_shift(api: Api, admin: str, station_id: str, *, hours_ago: float = 4, hours: float = 4, **more: Any) -> str:
    """Publish an activity with one shift that began some hours ago; return its id."""
    begins = api.now() - dt.timedelta(hours=hours_ago)
    shift = {
        "post": "东路口",
        "starts_at": begins.isoformat(),
        "ends_at": (begins + dt.timedelta(hours=hours, minutes=30)).isoformat(),
        "capacity": 4,
    }
    body = {
        "station_id": station_id,
        "title": "文明交通劝导",
        "category": "traffic_guidance",
        "summary": "路口文明劝导，一岗四人。",
        "risk_notice": "路口车流较大，请在安全区内值守。",
        "leader_name": "王站员",
        "leader_phone": "13900000000",
        "shifts": [shift | more.pop("shift", {})],
    }
    made = api("POST", "/activities", body | more, admin, expect=201).body
    api("POST", f"/activities/{made['id']}/submit", {}, admin, expect=200)
    api("POST", f"/activities/{made['id']}/approve", {}, admin, expect=200)
    shift_id: str = made["shifts"][0]["id"]
    return shift_id


def sign_up(api: Api, shift_id: str, volunteer: Volunteer) -> None:
    """Sign a volunteer up."""
    api("POST", f"/shifts/{shift_id}/signups", {}, volunteer.token, expect=201)


def give_minutes(
    api: Api, admin: str, shift_id: str, volunteer: Volunteer, minutes: int = 120, *, hours_ago: float = 3
) -> None:
    """Credit minutes at a shift by a make-up that the volunteer asks for and the admin approves."""
    begin = api.now() - dt.timedelta(hours=hours_ago)
    body = {
        "shift_id": shift_id,
        "from": begin.isoformat(),
        "to": (begin + dt.timedelta(minutes=minutes)).isoformat(),
        "reason": "停电，纸质签到表为证",
    }
    asked = api("POST", "/make-ups", body, volunteer.token, expect=201).body["id"]
    api("POST", f"/make-ups/{asked}/approve", {}, admin, expect=200)


def correct(api: Api, admin: str, volunteer: Volunteer, minutes: int) -> None:
    """Bring the volunteer's newest entry to `minutes`, asked by them and approved by the admin."""
    entry = api("GET", "/me/hours/entries", token=volunteer.token, expect=200).body["items"][0]["id"]
    body = {"minutes": minutes, "reason": "多记了"}
    asked = api("POST", f"/hours/{entry}/corrections", body, volunteer.token, expect=201).body["id"]
    api("POST", f"/corrections/{asked}/approve", {}, admin, expect=200)


def today(api: Api, days: int = 0) -> str:
    """Return the site's day, or one some days away."""
    return (api.now().astimezone(ZONE).date() + dt.timedelta(days=days)).isoformat()


def span(api: Api, before: int = 1, after: int = 1) -> dict[str, str]:
    """Return the body of a request for a proof: from some days ago to some days ahead."""
    return {"from": today(api, -before), "to": today(api, after)}


def issue(api: Api, volunteer: Volunteer, expect: int = 201, **more: Any) -> Any:
    """Issue a proof to a volunteer; return the answer's body."""
    return api("POST", "/me/certificates", span(api) | more, volunteer.token, expect=expect).body


def verify(api: Api, certificate: Any, expect: int = 200) -> Answer:
    """Verify a proof as anybody."""
    token = certificate["verify_url"].rsplit("token=", 1)[-1]
    return api("GET", f"/certificates/{certificate['number']}/verification?token={token}", expect=expect)
