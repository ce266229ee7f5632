"""A month of a town for the bench of anomalies: 4,000 people, 40 stations, 20,000 attendances, 100,000 scans.

Rows go in as sets, past the services: what is measured is the search. Some of each kind of anomaly is planted, and how
many is told, so that a search that finds too little is no fast search.
"""

import datetime as dt
import random
import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.anomalies.rules import FindingKind
from volunteer.config import settings
from volunteer.database import metadata

FIRST, DAYS = dt.date(2026, 3, 1), 31
NOON = dt.datetime(2026, 3, 1, 0, 30, tzinfo=dt.UTC)  # 08:30 of the first day in Shanghai
PEOPLE, STATIONS, SHIFTS, PER_SHIFT = 4000, 40, 1000, 20
STAFF, REQUESTS, CHUNK = 200, 4000, 2000
LENGTH = dt.timedelta(hours=2)
EVERY = 50
"""One shift in so many has what is planted there."""
PLANTED = {
    FindingKind.OVERLAP: 20,
    FindingKind.SAME_SECOND: 20,
    FindingKind.SHARED_DEVICE: 20,
    FindingKind.LONGER_THAN_SHIFT: 20,
    FindingKind.IMPOSSIBLE_TRAVEL: 20,
    FindingKind.IDENTICAL_MINUTES: 20,
    FindingKind.MAKE_UP_PAIR: 4,
    FindingKind.GRANTED_VOLUME: 4,
}
Row = dict[str, Any]


def one(kind: str, number: int) -> uuid.UUID:
    """Return the id of the so-and-so-many-th thing of a kind."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {number}")


def fill(session: Session) -> None:
    """Fill an empty, migrated database."""
    for table, rows in (
        ("accounts", _accounts()),
        ("persons", _persons()),
        ("stations", _stations()),
        ("devices", _devices()),
        ("activities", _activities()),
        ("shifts", _shifts()),
        ("hour_requests", _requests()),
    ):
        _insert(session, table, list(rows))
    rng = random.Random(20261122)  # noqa: S311 - not for secrets
    for start in range(0, SHIFTS, 50):
        attendances, scans, places = list[Row](), list[Row](), list[Row]()
        for number in range(start, start + 50):
            _serve(rng, number, attendances, scans, places)
        _insert(session, "attendances", attendances)
        _insert(session, "scans", scans)
        _insert(session, "scan_places", places)


def _insert(session: Session, name: str, rows: list[Row]) -> None:
    """Insert rows in chunks."""
    for start in range(0, len(rows), CHUNK):
        session.execute(sa.insert(metadata.tables[name]), rows[start : start + CHUNK])


def _accounts() -> Iterator[Row]:
    sealed = {"name_sealed": b"-", "phone_sealed": b"-"}
    for n in range(STAFF + PEOPLE):
        yield sealed | {"id": one("account", n), "phone_index": b"%d" % n, "is_staff": True, "created_at": NOON}


def _persons() -> Iterator[Row]:
    for n in range(PEOPLE):
        yield {
            "id": one("person", n),
            "volunteer_no": f"{n:09}",
            "pass_no": f"{n:09}",
            "card_serial": 1,
            "status": "registered",
            "birth_date": dt.date(1980, 1, 1),
            "skills": [],
            "service_categories": [],
            "channel": "browser",
            "created_at": NOON,
            "created_on": FIRST,
        }


def _stations() -> Iterator[Row]:
    for n in range(STATIONS):
        place = {"latitude": 39.5 + n * 0.05, "longitude": 116.4, "crs_source": "wgs84"}
        names = {"code": f"S{n}", "name": f"站{n}", "level": "station", "path": f"/{one('station', n)}/"}
        yield place | names | {"id": one("station", n), "geo_optional": False, "created_at": NOON}


def _devices() -> Iterator[Row]:
    for n in range(STATIONS):
        about = {"name": "平板", "token_digest": b"%d" % n, "created_by": one("account", 0), "created_at": NOON}
        yield about | {"id": one("device", n), "station_id": one("station", n), "expires_at": NOON + LENGTH * 9999}


def _activities() -> Iterator[Row]:
    words = {"title": "活动", "category": "traffic_guidance", "summary": "-", "risk_notice": "-"}
    about = {"kind": "volunteering", "status": "published", "created_at": NOON, "published_at": NOON}
    flags = dict.fromkeys(("needs_approval", "walk_ins", "hazardous"), False)
    more = {"channel": "browser", "checkin_radius_m": 300, "created_by": one("account", 0)}
    for n in range(STATIONS):
        own = {"id": one("activity", n), "station_id": one("station", n)}
        for name in ("leader_name_sealed", "leader_phone_sealed"):
            own[name] = settings().keyring.seal("站员", "activities", name, own["id"])
        yield words | about | flags | more | own


def begins(number: int) -> dt.datetime:
    """Return when a shift starts: mornings and afternoons of all days, stations in turn."""
    return NOON + dt.timedelta(days=number * DAYS // SHIFTS, hours=6 * (number % 2))


def station_of(number: int) -> int:
    """Return the station of a shift: whoever comes again comes to another one."""
    return (number + number * PER_SHIFT // PEOPLE) % STATIONS


def _shifts() -> Iterator[Row]:
    for n in range(SHIFTS):
        when = {"starts_at": begins(n), "ends_at": begins(n) + LENGTH}
        about = {"position": n, "post": "岗", "capacity": 30, "skills": [], "waitlist": False}
        yield when | about | {"id": one("shift", n), "activity_id": one("activity", station_of(n))}


def _requests() -> Iterator[Row]:
    """Make-ups of 80 askers agreed by 40; four askers always find the same four, who agree to a great deal."""
    for n in range(REQUESTS):
        is_planted = n % 10 == 0
        asker, decider = (n // 10 % 4, 100 + n // 10 % 4) if is_planted else (10 + n % 80, 110 + (n // 80 + n) % 40)
        at = NOON + dt.timedelta(days=n % DAYS, minutes=n % 300)
        yield {
            "id": one("request", n),
            "kind": "make_up",
            "state": "accepted",
            "level": "keeper",
            "person_id": one("person", n % PEOPLE),
            "shift_id": one("shift", n % SHIFTS),
            "station_id": one("station", n % STATIONS),
            "site_day": FIRST,
            "key": f"bench {n}",
            "class": "granted",
            "minutes": 120 if is_planted else 30,
            "pending_minutes": 0,
            "spans": [],
            "scan_ids": [],
            "flags": [],
            "asker_account_id": one("account", asker),
            "decided_by": one("account", decider),
            "decided_at": at,
            "created_at": at,
            "reason": "停电",
        }


def _serve(rng: random.Random, number: int, attendances: list[Row], scans: list[Row], places: list[Row]) -> None:
    """Let the people of one shift come and go, with a pause; a third of them by their own phones."""
    planted = number % EVERY if number // EVERY < 20 else -1
    for k in range(PER_SHIFT):
        who, start = (number * PER_SHIFT + k) % PEOPLE, begins(number)
        first = start + dt.timedelta(minutes=rng.randint(-9, 15), seconds=rng.randint(1, 59))
        last = start + LENGTH + dt.timedelta(minutes=rng.randint(-40, 15), seconds=rng.randint(1, 59))
        own = k % 3 == 0
        account = STAFF + who if own else None
        if planted == 0 and 1 <= k <= 4 and not own:
            first = start + dt.timedelta(seconds=1)
        if planted == 1 and k < 6:
            own, account, first = True, 199, start + dt.timedelta(minutes=k)
        if planted == 2 and k == 0:
            last += dt.timedelta(minutes=100)
        if planted == 3:
            first, last = start + dt.timedelta(seconds=3 * k), start + LENGTH + dt.timedelta(seconds=2 * k)
        _attend(number, k, who, (first, last), account if own else None, attendances, scans, places)
        if planted == 4 and k == 0:
            later = (first + dt.timedelta(minutes=9), last)
            _attend(_same_time(number), PER_SHIFT, who, later, None, attendances, scans, places)


def _same_time(number: int) -> int:
    """Return another shift of the same morning or afternoon, at another station."""
    return number + 2 if begins(number + 2) == begins(number) else number - 2


def _attend(
    number: int,
    k: int,
    who: int,
    span: tuple[dt.datetime, dt.datetime],
    account: int | None,
    attendances: list[Row],
    scans: list[Row],
    places: list[Row],
) -> None:
    """Add one attendance of two pairs, its four scans, and one that repeated the first."""
    first, last = span
    middle = first + (last - first) / 2
    instants = (first, first + dt.timedelta(minutes=3), middle, middle + dt.timedelta(minutes=5), last)
    ids = [one(f"scan {number} {k}", n) for n in range(5)]
    for n, at in enumerate(instants):
        direction = "out" if n in (2, 4) else "in"
        scans.append(_scan(ids[n], number, who, at, direction, account))
        if account is not None:
            about = {"address": f"10.0.0.{station_of(number)}", "user_agent": f"phone {account % 300}"}
            places.append(about | {"scan_id": ids[n], "received_at": at})
    cut = [at.replace(second=0, microsecond=0) for at in instants]
    pair = {"strong": True, "roll_call": False, "flags": []}
    pairs = [
        pair | {"in": cut[a].isoformat(), "out": cut[b].isoformat(), "in_scan": str(ids[a]), "out_scan": str(ids[b])}
        for a, b in ((0, 2), (3, 4))
    ]
    attendances.append(
        {
            "id": one(f"attendance {number}", k),
            "person_id": one("person", who),
            "shift_id": one("shift", number),
            "site_day": (begins(number) + dt.timedelta(hours=8)).date(),
            "pairs": pairs,
            "pair_count": 2,
            "has_open_pair": False,
            "first_in_at": cut[0],
            "last_out_at": cut[4],
            "closes_at": begins(number) + LENGTH + dt.timedelta(hours=1),
            "minutes": 100,
            "walk_in": False,
            "evidence": "strong",
            "flags": [],
        }
    )


def _scan(scan_id: uuid.UUID, number: int, who: int, at: dt.datetime, direction: str, account: int | None) -> Row:
    """Return one scan by a phone or by the station's tablet."""
    by = {"account_id": one("account", account)} if account is not None else {"account_id": None}
    device = None if account is not None else one("device", station_of(number))
    return by | {
        "id": scan_id,
        "device_id": device,
        "person_id": one("person", who),
        "shift_id": one("shift", number),
        "named_shift_id": one("shift", number),
        "station_id": one("station", station_of(number)),
        "direction": direction,
        "mode": "live" if account is None else "self",
        "code_form": "personal" if account is None else "station",
        "channel": "device" if account is None else "wechat",
        **dict.fromkeys(("scanned_at", "sent_at", "received_at", "judged_at"), at),
        "refusals": [],
        "flags": [],
        **dict.fromkeys(("held", "geo_optional", "walk_in"), False),
        "strong": True,
    }
