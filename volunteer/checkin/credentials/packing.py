"""The offline pack of a station's day: who may have it, what is in it, and when it is made anew.

A pack is a function of what is true (shifts, sign-ups, presence, keys), and its ETag says which truth: a scanner that
asks again gets 304, and where a pack did change only what changed is computed anew (`packs` remembers what is costly).
Source: contract, "GET /stations/{id}/offline-pack"; decisions 13; ADR 0009; peers.md T21, T22.
"""

import datetime as dt
import hmac
import json
import secrets
import uuid
from functools import lru_cache
from typing import Any

from volunteer.access import Actor
from volunteer.checkin import queries
from volunteer.checkin.arrivals import HELD_BACK
from volunteer.checkin.credentials import packs
from volunteer.checkin.events import keys
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import reading
from volunteer.errors import PayloadTooLarge, invalid
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts

AHEAD_DAYS = 7
"""How far ahead a pack may be fetched, for a place without reception; sign-ups change, so later it says little."""
MOST_PEOPLE = 1000
_CLEAR = (
    "shift_id",
    "activity_title",
    "post",
    "place",
    "station_id",
    "station_name",
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
    "capacity",
    "walk_ins",
    "expected",
    "inside",
    "left",
)
_OF_PERSON = ("status", "walk_in", "presence", "in_at", "out_at")


class Pack:
    """A pack, sealed when it is read; equal to any other of the same truth, so that it is sealed once.

    Attributes:
        etag: the name of that truth. It is keyed, for the truth holds pass numbers.
    """

    def __init__(self, frame: packs.Frame, clear: str, holders: tuple[packs.Holder, ...]) -> None:
        self.frame, self.clear, self.holders = frame, clear, holders
        held = sorted((one.pass_no, one.serial, _json(one.known)) for one in holders)
        digest = _keyed("etag", _json([clear, held, keys().current, sorted(keys().versions)]))
        self.etag = f'"{digest.hex()[:32]}"'

    def __hash__(self) -> int:
        return hash(self.etag)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pack) and self.etag == other.etag

    @property
    def body(self) -> bytes:
        """The pack as JSON."""
        return _sealed(self)


def offline_pack(actor: Actor, station_id: uuid.UUID, day: dt.date | None, now: dt.datetime) -> Pack:
    """Return the pack of a station and those below it for a site day, today unless told.

    Raises:
        NotFound: no such station in the caller's scope. InvalidInput: a day that has passed, or is over a week ahead.
        PayloadTooLarge: over 1,000 people; a station below has fewer.
    """
    queries.require_scan_station(actor, station_id)
    zone = settings().zone
    day = day or site_day(now, zone)
    if not 0 <= (day - site_day(now, zone)).days <= AHEAD_DAYS:
        raise invalid("date", "out-of-range", f"离线名单只提供今天和之后 {AHEAD_DAYS} 天的,请选择其中一天。")
    today = queries.station_day(actor, station_id, day, now)
    people: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for shift in today["shifts"]:
        for one in shift["people"]:
            there = {name: one[name] for name in _OF_PERSON} | {"shift_id": shift["shift_id"]}
            people.setdefault(one["volunteer_id"], []).append(there)
    if len(people) > MOST_PEOPLE:
        raise PayloadTooLarge(f"这一天有 {len(people)} 人,超过了离线名单的上限,请改为下载下级站点的离线名单。")
    runs = packs.steps_of(_windows(today["shifts"]))
    frame = packs.Frame(str(station_id), day.isoformat(), _salt(station_id, day), runs)
    facts = registration.facts_of(reading(), people.keys())
    holders = tuple(_holder(person, people[person.id]) for person in facts.values())
    return Pack(frame, _json(_clear(frame, today)), holders)


@lru_cache(maxsize=8)
def _sealed(pack: Pack) -> bytes:
    """Seal every entry, and put them in an order that tells nothing."""
    zone, mine = settings().zone, keys()
    entries = [
        packs.entry(pack.frame, holder, mine, zone, secrets.token_bytes(packs.NONCE_BYTES)) for holder in pack.holders
    ]
    entries.sort(key=lambda one: one["index"])
    return _json(json.loads(pack.clear) | {"entries": entries}).encode()


def _holder(person: PersonFacts, shifts: list[dict[str, Any]]) -> packs.Holder:
    """Return what a scanner may know of a person: the masked name, whether they are held back, the day's shifts."""
    flags = [person.status.value] if person.status in HELD_BACK else []
    known = {"name": person.display_name, "flags": flags, "shifts": shifts}
    return packs.Holder(person.pass_no, str(person.card_serial), json.loads(_json(known)))


def _clear(frame: packs.Frame, today: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in the pack in clear: the day and its shifts, and nobody."""
    return {
        "format": packs.FORMAT,
        "station_id": frame.station_id,
        "station_name": today["station_name"],
        "date": frame.date,
        "iterations": frame.iterations,
        "salt": frame.salt.hex(),
        "steps": [{"first": run.first, "count": run.count} for run in frame.steps],
        "shifts": [{name: shift[name] for name in _CLEAR} for shift in today["shifts"]],
    }


def _json(thing: Any) -> str:
    """Return a thing as JSON, instants as the API tells them."""
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"), default=_text)


def _text(value: object) -> str:
    """Return what JSON has no form for as text."""
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if isinstance(value, dt.datetime) else str(value)


def _windows(shifts: list[dict[str, Any]]) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return when scans are taken at these shifts, the last minute whole."""
    return [(shift["opens_at"], shift["closes_at"] + dt.timedelta(minutes=1)) for shift in shifts]


def _salt(station_id: uuid.UUID, day: dt.date) -> bytes:
    """Return a pack's salt: of this station and day, so that what is computed against one opens no other."""
    return _keyed("salt", f"{station_id}|{day}")[: packs.SALT_BYTES]


def _keyed(purpose: str, text: str) -> bytes:
    """Return a digest that only this installation can compute."""
    return hmac.digest(settings().secret_key.encode(), f"offline-pack|{purpose}|{text}".encode(), "sha256")
