"""Builds a station below a centre, its keepers, shifts and presences; for the tests of hours and of the rooms above.

Presences come from check-in. Here they are told to hours by a stand-in for its handler (`Told`), so that a test can say
who was where without scanning.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import START, Api
from tests.registration.making import Volunteer, add_volunteer
from tests.units.making import make_staff, make_unit
from volunteer.activities.service import get_shift
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import transaction
from volunteer.hours import facts, seams
from volunteer.hours.service import settle
from volunteer.registration.service import lock_person

_numbers = count(1)


def at(minutes: int) -> dt.datetime:
    """Return an instant, minutes after the clock's start (Sunday 22 March 2026, 10:00)."""
    return START + dt.timedelta(minutes=minutes)


@dataclass
class World:
    """A centre, a station below it, their keepers' tokens, the admin's, and a unit."""

    api: Api
    admin: str
    unit: str
    centre: str
    station: str
    centre_keeper: str
    keeper: str

    def shift(self, start: int, end: int, *, published: bool = True, **more: Any) -> str:
        """Add an activity with one shift, minutes from START; publish it now. Return the shift's id."""
        return self.shifts([(start, end)], published=published, **more)[0]

    def shifts(self, spans: Sequence[tuple[int, int]], *, published: bool = True, **more: Any) -> list[str]:
        """Add an activity with shifts; return their ids. Where one is over already, it was made in time."""
        clock, now = self.api.app.extensions["clock"], self.api.now()
        if any(at(end) <= now for _, end in spans):
            clock.set(at(min(start for start, _ in spans) - 60))
        made = self._made(spans, published, more)
        clock.set(now)
        return [shift["id"] for shift in made["shifts"]]

    def _made(self, spans: Sequence[tuple[int, int]], published: bool, more: dict[str, Any]) -> dict[str, Any]:
        body = {
            "station_id": self.station,
            "title": f"文明交通劝导{next(_numbers)}",
            "category": "traffic_guidance",
            "summary": "路口文明劝导。",
            "risk_notice": "注意车流。",
            "leader_name": "王站员",
            "leader_phone": "13900000000",
            "shifts": [
                {"post": "路口", "starts_at": at(a).isoformat(), "ends_at": at(b).isoformat(), "capacity": 9}
                for a, b in spans
            ],
        }
        made: dict[str, Any] = self.api("POST", "/activities", body | more, self.keeper, expect=201).body
        if published:
            self.api("POST", f"/activities/{made['id']}/submit", {}, self.keeper, expect=200)
            self.api("POST", f"/activities/{made['id']}/approve", {}, self.centre_keeper, expect=200)
        return made

    def volunteer(self, *shift_ids: str) -> Volunteer:
        """Register somebody in the unit and sign them up where a shift is still open."""
        person = add_volunteer(self.api, self.unit)
        for shift_id in shift_ids:
            shift = self.api("GET", f"/shifts/{shift_id}", token=person.token, expect=200).body
            if dt.datetime.fromisoformat(shift["ends_at"]) <= self.api.now():
                continue
            self.api("POST", f"/shifts/{shift_id}/signups", {}, person.token, expect=201)
        return person

    def make_up(self, who: Volunteer, shift_id: str, start: int, end: int, **more: Any) -> str:
        """Ask for a make-up, minutes from START; return its id."""
        body = {"shift_id": shift_id, "from": at(start).isoformat(), "to": at(end).isoformat(), "reason": "停电"}
        asked: str = self.api("POST", "/make-ups", body | more, who.token, expect=201).body["id"]
        return asked

    def hours(self, who: Volunteer) -> dict[str, int]:
        """Return a volunteer's own totals."""
        found: dict[str, int] = self.api("GET", "/me/hours", token=who.token, expect=200).body
        return found

    def entries(self, who: Volunteer) -> list[dict[str, Any]]:
        """Return a volunteer's own entries, newest first."""
        found: list[dict[str, Any]] = self.api("GET", "/me/hours/entries", token=who.token, expect=200).body["items"]
        return found

    def reviews(self, token: str | None = None, state: str = "open") -> list[dict[str, Any]]:
        """Return the reviews that a keeper (the station's) sees."""
        answer = self.api("GET", f"/reviews?state={state}", token=token or self.keeper, expect=200)
        found: list[dict[str, Any]] = answer.body["items"]
        return found


def make_station(api: Api, admin: str, level: str = "station", parent_id: str | None = None, **more: Any) -> str:
    """Add a station; return its id."""
    number = next(_numbers)
    body = {"code": f"HZ{number:04}", "name": f"实践站{number}", "level": level, "parent_id": parent_id}
    station_id: str = api("POST", "/stations", body | more, admin, expect=201).body["id"]
    return station_id


def make_keeper(api: Api, admin: str, station_id: str) -> str:
    """Add a keeper of a station; return the token."""
    return make_staff(api, admin, "station_keeper", station_id=station_id)


def make_world(api: Api, admin: str) -> World:
    """Build the world in which hours are tested."""

    def make() -> tuple[str, ...]:
        centre = make_station(api, admin, "center")
        station = make_station(api, admin, parent_id=centre)
        keepers = (make_keeper(api, admin, centre), make_keeper(api, admin, station))
        return (make_unit(api, admin), centre, station, *keepers)

    return World(api, admin, *api.remembered("hours", make))


def pair(
    shift_id: str, start: int, end: int, review: str | None = None, *, roll_call: bool = False, number: int = 0
) -> facts.Presence:
    """Return a closed pair, minutes from START; the same arguments make the same scans."""
    name = f"{shift_id} {number or start}"
    key = facts.PairKey(
        uuid.UUID(shift_id), uuid.uuid5(uuid.NAMESPACE_OID, f"in {name}"), uuid.uuid5(uuid.NAMESPACE_OID, f"out {name}")
    )
    kind = facts.PendingKind(review) if review else None
    return facts.Presence(key, at(start), at(end), kind, roll_call)


@dataclass
class Told:
    """What check-in would tell about each person: a stand-in for the handlers that it wires."""

    app: Flask
    pairs: dict[uuid.UUID, list[facts.Presence]] = field(default_factory=dict)
    unmatched: dict[uuid.UUID, list[tuple[str, uuid.UUID]]] = field(default_factory=dict)
    open_until: dict[tuple[uuid.UUID, str], dt.datetime] = field(default_factory=dict)
    recorders: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    def presences(self, session: Session, person_id: uuid.UUID) -> list[seams.Presence]:
        """Answer as the handler of `PRESENCE_OF`."""
        shift_ids = [str(one.key.shift_id) for one in self.pairs.get(person_id, [])]
        shift_ids += [shift_id for shift_id, _ in self.unmatched.get(person_id, [])]
        shift_ids += [shift_id for who, shift_id in self.open_until if who == person_id]
        return [
            seams.Presence(
                get_shift(session, uuid.UUID(shift_id)),
                tuple(one for one in self.pairs.get(person_id, []) if str(one.key.shift_id) == shift_id),
                tuple(scan for where, scan in self.unmatched.get(person_id, []) if where == shift_id),
                self.open_until.get((person_id, shift_id)),
            )
            for shift_id in dict.fromkeys(shift_ids)
        ]

    def recorded_by(self, _session: Session, scan_ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Answer as the handler of `RECORDED_BY`."""
        return frozenset(self.recorders[scan_id] for scan_id in scan_ids if scan_id in self.recorders)

    def settle(self, who: Volunteer, *pairs: facts.Presence, days: bool = False) -> None:
        """Let a person have been present in these pairs besides those before, and settle.

        With `days` as check-in does: only the days of these pairs' shifts, told by the presences that touch them.
        """
        person_id = uuid.UUID(who.id)
        known = self.pairs.setdefault(person_id, [])
        known += [one for one in pairs if one not in known]
        now = self.app.extensions["clock"].now()
        with self.app.app_context(), transaction() as session:
            lock_person(session, person_id)
            told = self.presences(session, person_id)
            if not days:
                settle(session, person_id, told, now)
                return
            changed = {one.key.shift_id for one in pairs}
            touched = {day for one in told if one.shift and one.shift.id in changed for day in days_of(one)}
            settle(session, person_id, [one for one in told if days_of(one) & touched], now, touched)


def days_of(one: seams.Presence) -> set[dt.date]:
    """Return the site days that a presence's shift (two at most) touches."""
    zone = settings().zone
    return {site_day(i, zone) for i in (one.shift.starts_at, one.shift.ends_at)} if one.shift else set()


def tell(app: Flask, monkeypatch: Any) -> Told:
    """Put the stand-in where check-in's handlers are."""
    told = Told(app)
    monkeypatch.setattr(seams, "PRESENCE_OF", [told.presences])
    monkeypatch.setattr(seams, "RECORDED_BY", [told.recorded_by])
    return told
