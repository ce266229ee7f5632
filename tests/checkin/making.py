"""Builds a station with a scanner, shifts and people, and scans; for the tests of check-in and of the rooms above."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.activities.making import Scene, make_published, make_scene, shift
from tests.conftest import Answer, Api
from tests.registration.making import Volunteer, add_volunteer
from volunteer.clock import SettableClock


@dataclass
class Post:
    """A station below a centre, their keepers, a scanner at the door, and what can be done there.

    Minutes are told from the clock's start, so that shifts, scans and answers speak of the same instants.
    """

    api: Api
    admin: str
    scene: Scene
    device: str
    start: dt.datetime
    people: list[Volunteer] = field(default_factory=list)

    @property
    def clock(self) -> SettableClock:
        """The app's clock."""
        found: SettableClock = self.api.app.extensions["clock"]
        return found

    def at(self, minutes: float) -> dt.datetime:
        """Return an instant, minutes after the start."""
        return self.start + dt.timedelta(minutes=minutes)

    def go(self, minutes: float) -> None:
        """Set the clock, minutes after the start."""
        self.clock.set(self.at(minutes))

    def shift(self, starts: float, ends: float, capacity: int = 9, **more: Any) -> str:
        """Publish an activity of one shift; return the shift's id."""
        return self.shifts((starts, ends, capacity), **more)[0]

    def shifts(self, *spans: tuple[float, float, int], **more: Any) -> list[str]:
        """Publish an activity of several shifts; return their ids. Made now, whatever the time is."""
        passed = (self.clock.now() - self.start).total_seconds() / 60
        forms = [shift(self.api, a - passed, b - passed, seats) for a, b, seats in spans]
        made = make_published(self.api, self.scene, *forms, **{"walk_ins": False, **more})
        return [one["id"] for one in made["shifts"]]

    def volunteer(self, *shift_ids: str) -> Volunteer:
        """Register somebody and sign them up."""
        who = add_volunteer(self.api)
        self.people.append(who)
        for shift_id in shift_ids:
            self.api("POST", f"/shifts/{shift_id}/signups", {}, who.token, expect=201)
        return who

    def code(self, who: Volunteer) -> str:
        """Return a person's living code."""
        payload: str = self.api("GET", "/me/code", token=who.token, expect=200).body["payload"]
        return payload

    def card(self, who: Volunteer) -> str:
        """Return the code of a person's card."""
        payload: str = self.api("GET", "/me/card", token=who.token, expect=200).body["payload"]
        return payload

    def scan(
        self, who: Volunteer | str, direction: str, shift_id: str | None = None, token: str | None = None, **more: Any
    ) -> Answer:
        """Scan a person (or a text) now, by the scanner at the door unless by another token."""
        code = who if isinstance(who, str) else self.code(who)
        body = {"volunteer_code": code, "direction": direction} | ({"shift_id": shift_id} if shift_id else {})
        return self.api("POST", "/checkins", body | more, token or self.device)

    def event(self, who: Volunteer | str, direction: str, shift_id: str | None, minutes: float) -> dict[str, Any]:
        """Return a scan for a batch, its code that of its instant."""
        now = self.clock.now()
        self.go(minutes)
        code = who if isinstance(who, str) else self.code(who)
        self.clock.set(now)
        found = {"id": str(uuid.uuid4()), "volunteer_code": code, "direction": direction}
        named = {"shift_id": shift_id} if shift_id else {}
        return found | named | {"scanned_at": self.at(minutes).isoformat()}

    def batch(
        self, events: Sequence[dict[str, Any]], token: str | None = None, sent: dt.datetime | None = None
    ) -> list[dict[str, Any]]:
        """Send a batch now; return the results."""
        body = {"sent_at": (sent or self.clock.now()).isoformat(), "events": list(events)}
        answer = self.api("POST", "/checkins/batch", body, token or self.device, 200)
        found: list[dict[str, Any]] = answer.body["results"]
        return found

    def attendances(self, shift_id: str, token: str | None = None) -> list[dict[str, Any]]:
        """Return a shift's attendances as the keeper sees them."""
        path = f"/shifts/{shift_id}/attendances"
        found: list[dict[str, Any]] = self.api("GET", path, token=token or self.scene.keeper, expect=200).body["items"]
        return found

    def hours(self, who: Volunteer) -> dict[str, int]:
        """Return a person's own totals."""
        found: dict[str, int] = self.api("GET", "/me/hours", token=who.token, expect=200).body
        return found

    def reviews(self, token: str | None = None) -> list[dict[str, Any]]:
        """Return the open reviews."""
        answer = self.api("GET", "/reviews?state=open", token=token or self.scene.keeper, expect=200)
        found: list[dict[str, Any]] = answer.body["items"]
        return found


def make_device(api: Api, keeper: str, station_id: str) -> str:
    """Add a scanner; return its token."""
    token: str = api("POST", f"/stations/{station_id}/devices", {"name": "门口平板"}, keeper, 201).body["device_token"]
    return token


def make_post(api: Api, admin: str) -> Post:
    """Build the world of check-in."""
    scene = make_scene(api, admin)
    device = api.remembered("device", lambda: make_device(api, scene.keeper, scene.station))
    return Post(api, admin, scene, device, api.now())


def told(answer: Answer) -> tuple[int, str]:
    """Return status and reason, or else the outcome."""
    return answer.status, answer.body.get("reason") or answer.body["outcome"]
