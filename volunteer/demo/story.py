"""A small district as the services make it: units with tasks, stations, people, and the last ten days.

Everything goes through the use cases that the API calls, with a clock that is set into the past and moved on, so the
demo can hold nothing that a real installation could not. One transaction: loaded whole, or not at all.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from volunteer.access import NOBODY, Actor, Role
from volunteer.accounts import service as accounts
from volunteer.accounts import sign_in
from volunteer.activities import lifecycle, signups, views
from volunteer.activities.schemas import ActivityIn
from volunteer.areas import service as areas
from volunteer.areas.schemas import AreaIn
from volunteer.checkin import cards
from volunteer.checkin import service as checkin
from volunteer.clock import Instant, SettableClock, day_starts_at, site_day
from volunteer.config import settings
from volunteer.database import transaction
from volunteer.hours import asking
from volunteer.registration import notices, registering
from volunteer.registration.schemas import RegisterIn
from volunteer.stations import profiles, scanners
from volunteer.stations.schemas import StationIn
from volunteer.units import service as units
from volunteer.units import targets
from volunteer.units.schemas import UnitIn

ADMIN_PHONE = "13800000001"
STAFF = {
    "centre keeper": "13800000002",
    "station keeper": "13800000003",
    "unit liaison": "13800000004",
    "auditor": "13800000005",
}
VOLUNTEER_PHONE = "13800000101"
PASSWORD = "Demo-2026-pass"  # noqa: S105 - the demo's, printed at its start; it serves loopback alone
DAYS = 10
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DATA = Path(__file__).with_name("district.json")


def load(now: Instant, clock: SettableClock) -> bool:
    """Build the district in the ten days before `now`; False where there are units already.

    `clock` is the app's clock while the story is told, so that what reads it there agrees.
    """
    if units.list_units(None, None, 1, None):
        return False
    with transaction():
        _Story(now, clock, json.loads(DATA.read_text("utf-8"))).tell()
    return True


def resident_id(birth: str, order: int) -> str:
    """Return a made-up, well-formed identity number; its order code is odd for men (GB 11643)."""
    body = "110101" + birth.replace("-", "") + f"{order:03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


class _Story:
    """The ids and actors that the telling needs."""

    def __init__(self, now: Instant, clock: SettableClock, data: dict[str, Any]) -> None:
        self.now, self.clock, self.data = now, clock, data
        self.start = day_starts_at(site_day(now, settings().zone) - dt.timedelta(days=DAYS), settings().zone)
        self.ids: dict[str, uuid.UUID] = {}
        self.people: list[Actor] = []

    def tell(self) -> None:
        """Build in the order of time."""
        self.clock.set(self.start + dt.timedelta(hours=9))
        accounts.create_first_admin(ADMIN_PHONE, "演示管理员", PASSWORD, self.at)
        self.admin = self._signed_in(ADMIN_PHONE)
        self._places()
        self._staff()
        for number, row in enumerate(self.data["volunteers"]):
            self.people.append(self._volunteer(number, *row))
        planned = [(self._published(one), one) for one in self.data["activities"]]
        for shift_id, one in planned:
            for person in self.people[: one["people"]]:
                signups.sign_up(person, shift_id, None, "browser", self.at)
        for shift_id, one in planned:
            if one["days"] < 0:
                self._attended(shift_id, one)
        self.clock.set(self.now)

    @property
    def at(self) -> Instant:
        """The story's present."""
        return self.clock.now()

    def _signed_in(self, phone: str) -> Actor:
        """Return who signs in with the demo's password."""
        token = sign_in.login(phone, PASSWORD, None, self.at).token
        actor = sign_in.authenticate(token, self.at)
        assert actor is not None  # noqa: S101 - the token is a moment old
        return actor

    def _places(self) -> None:
        """Make areas, units with this year's and last year's tasks, and stations with a tablet."""
        for code, name, level, parent in self.data["areas"]:
            body = {"code": code, "name": name, "level": level, "parent_id": self._id(parent)}
            self.ids[code] = areas.add_area(self.admin, AreaIn().load(body), self.at).id
        for code, name, kind, parent, task in self.data["units"]:
            body = {"code": code, "name": name, "kind": kind, "parent_id": self._id(parent), "area_id": self._id("QX")}
            self.ids[code] = units.add_unit(self.admin, UnitIn().load(body), self.at).id
            for year in {site_day(self.at, settings().zone).year, site_day(self.now, settings().zone).year}:
                targets.set_target(self.admin, self.ids[code], year, task, self.at)
        for code, name, level, parent, latitude, longitude in self.data["stations"]:
            place = {"latitude": latitude, "longitude": longitude, "crs": "wgs84"}
            body = {"code": code, "name": name, "level": level, "parent_id": self._id(parent), **place}
            self.ids[code] = profiles.add_station(self.admin, StationIn().load(body), self.at).id
        scanners.add_device(self.admin, self.ids["DHZ"], "门口平板", self.at)

    def _id(self, code: str | None) -> str | None:
        """Return the id of what was made under a code, as a body holds it."""
        return str(self.ids[code]) if code else None

    def _staff(self) -> None:
        """Make the people who work here, with their grants."""
        roles: tuple[tuple[str, str, Role, dict[str, uuid.UUID]], ...] = (
            ("centre keeper", "李站长", Role.STATION_KEEPER, {"station_id": self.ids["ZX"]}),
            ("station keeper", "王站员", Role.STATION_KEEPER, {"station_id": self.ids["DHZ"]}),
            ("unit liaison", "赵联络", Role.UNIT_LIAISON, {"unit_id": self.ids["JYJ"]}),
            ("auditor", "钱审计", Role.AUDITOR, {}),
        )
        for key, name, role, scope in roles:
            account_id = accounts.create_account(self.admin, STAFF[key], name, PASSWORD, self.at)
            accounts.add_grant(self.admin, account_id, role, dict(scope), self.at)
        self.centre, self.keeper = (self._signed_in(STAFF[key]) for key in ("centre keeper", "station keeper"))

    def _volunteer(self, number: int, name: str, unit: str, birth: str, sex: str) -> Actor:
        """Register a person who proves a phone, and return them signed in."""
        phone = str(int(VOLUNTEER_PHONE) + number)
        code = sign_in.request_code(phone, "register", self.at, "127.0.0.1")
        body = {
            "name": name,
            "id_type": "resident_id",
            "id_number": resident_id(birth, 2 * number + 100 + (sex == "male")),
            "phone": phone,
            "phone_code": code,
            "password": PASSWORD,
            "consent_version": notices.current_notice().version,
            "unit_id": self._id(unit),
        }
        registering.register(NOBODY, RegisterIn().load(body), self.at, "wechat")
        return self._signed_in(phone)

    def _published(self, one: dict[str, Any]) -> uuid.UUID:
        """Publish an activity of the station, approved by the centre; return its shift."""
        first, last = self._times(one)
        shift = {"post": one["post"], "capacity": one["capacity"]}
        body = {
            "station_id": self._id("DHZ"),
            "leader_name": "王站员",
            "leader_phone": STAFF["station keeper"],
            "risk_notice": "请听从现场安排,注意安全;身体不适请及时告知负责人。",
            "shifts": [shift | {"starts_at": first.isoformat(), "ends_at": last.isoformat()}],
            **{name: one[name] for name in ("title", "category", "summary")},
        }
        activity = lifecycle.add_activity(self.keeper, ActivityIn().load(body), "browser", self.at)
        lifecycle.submit(self.keeper, activity.id, self.at)
        lifecycle.approve(self.centre, activity.id, self.at)
        shift_id: uuid.UUID = views.get_activity(self.keeper, activity.id)["shifts"][0]["id"]
        return shift_id

    def _times(self, one: dict[str, Any]) -> tuple[Instant, Instant]:
        """Return when an activity's shift begins and ends."""
        day = day_starts_at(site_day(self.now, settings().zone) + dt.timedelta(days=one["days"]), settings().zone)
        first, last = one["hours"]
        return day + dt.timedelta(hours=first), day + dt.timedelta(hours=last)

    def _attended(self, shift_id: uuid.UUID, one: dict[str, Any]) -> None:
        """Let those signed up be scanned in and out; the last one forgets to sign out and asks for a make-up."""
        first, last = self._times(one)
        there = self.people[: min(one["people"], one["capacity"])]
        with self._moved(first - dt.timedelta(minutes=10)):
            self._scan(there, shift_id, "in")
        with self._moved(last + dt.timedelta(minutes=5)):
            self._scan(there[:-1], shift_id, "out")
        with self._moved(last + dt.timedelta(hours=3)):
            asking.ask_make_up(there[-1], shift_id, None, (first, last), "手机没电,忘记签退。", self.at)

    @contextmanager
    def _moved(self, instant: Instant) -> Iterator[None]:
        """Tell this part at `instant`."""
        before = self.at
        self.clock.set(instant)
        yield
        self.clock.set(before)

    def _scan(self, people: list[Actor], shift_id: uuid.UUID, direction: str) -> None:
        """Scan everybody's own code at the door, a minute apart."""
        for number, person in enumerate(people):
            with self._moved(self.at + dt.timedelta(minutes=number)):
                code = cards.own_code(person, None, self.at)["payload"]
                body = {"volunteer_code": code, "shift_id": shift_id, "direction": direction}
                checkin.record_scan(self.keeper, body, self.at)
