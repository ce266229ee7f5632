"""Run the bench on SQLite and on a durable PostgreSQL, and print a table for each.

Absolute figures hold for this machine and this hour; compare those of one run. Each series checks its answers, so a
figure never counts refusals as work.
"""

import datetime as dt
import os
import platform
import random
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from tests import postgres
from tools.bench import anomalies, imports, limits, memory
from tools.bench.load import Client, Figures, Request, measure
from tools.bench.service import ADMIN, Service, running
from tools.bench.statements import count_statements
from volunteer.checkin.schemas import MOST_EVENTS

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "900"))
#: How many of them come in one upload; the others come one by one, so that everybody comes and goes once.
UPLOADED = min(MOST_EVENTS, PEOPLE * 5 // 9)
FEWER = max(PEOPLE // 4, 120)
BARE = 600
#: What is measured: its name, clients, rate, p50, p99, the longest, CPU of the app, of PostgreSQL, both as multiples of
#: what the bare view costs just before and after it, statements.
LINE = "{:32} {:>4} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>7} {:>4}"
HEAD = ("what", "conc", "per s", "p50 ms", "p99 ms", "max ms", "app ms", "pg ms", "x bare", "SQL")


def main() -> None:
    """Measure both databases."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"load of the machine before: {load}; compare CPU (app ms, pg ms), not rates, where it is above 1")
    print(f"machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}; {PEOPLE} people")
    with tempfile.TemporaryDirectory(prefix="volunteer-bench-") as folder:
        sqlite = Path(folder) / "sqlite"
        sqlite.mkdir()
        report("SQLite, WAL, synchronous=FULL", f"sqlite:///{sqlite / 'bench.db'}", sqlite, "")
        with postgres.start(durable=True, key="bench") as server:
            pg = Path(folder) / "pg"
            pg.mkdir()
            report("PostgreSQL, durable", server.create_database("bench"), pg, str(server.folder))
    anomalies.report()
    imports.report()


def report(title: str, url: str, folder: Path, postgres_folder: str) -> None:
    """Measure one database and print its table."""
    print(f"\n{title}")
    print(LINE.format(*HEAD))
    with limits.bare_service(url, folder, postgres_folder) as bare:
        show_limits(url, bare)
        with running(url, folder, postgres_folder) as service:
            World(service, url, bare).run()
        if url.startswith("sqlite"):
            four = f"sqlite:///{folder / 'four.db'}"
            with running(four, folder, workers=4) as service:
                World(service, four, bare, FEWER).stalls()
            long = f"sqlite:///{folder / 'long.db'}"
            with running(long, folder) as service:
                world = World(service, long, bare, FEWER)
                world.settle_in()
                memory.report(world)


def line(name: str, clients: int, found: Figures, per: int, bare: float, statements: int | str = "") -> None:
    """Print one line; what has a batch of `per` is told for one scan of it."""
    times = [f"{value:.1f}" for value in (found.p50_ms, found.p99_ms, found.longest_ms)]
    costs = [f"{found.app_ms / per:.3f}", f"{found.database_ms / per:.3f}"]
    ratio = f"{found.cpu_ms / per / bare:.2f}" if bare else ""
    print(LINE.format(name, clients, f"{found.rate * per:.0f}", *times, *costs, ratio, statements), flush=True)


def show_limits(url: str, bare: Service) -> None:
    """Print what the machine allows at most: a view that only inserts, and the insert alone."""
    alone, cpu_ms = limits.database_alone(url, BARE)
    blank = [""] * 3
    print(LINE.format("limit: bare insert, no HTTP", 1, f"{alone:.0f}", *blank, f"{cpu_ms:.3f}", "", "", 1))
    for clients in (1, 8):
        line("limit: bare Flask, one insert", clients, measure_bare(url, bare, BARE, clients), 1, 0, 1)


def measure_bare(url: str, bare: Service, count: int, clients: int = 8) -> Figures:
    """Measure the bare view, and that no row of it is lost."""
    before = limits.rows(url)
    found = measure(bare, [("POST", "/bare", {"volunteer_code": "9" * 27}, None)] * count, clients)
    if limits.rows(url) - before != count or {status for status, _ in found.answers} != {201}:
        raise RuntimeError("the bare view has lost rows")
    return found


def await_minute() -> None:
    """Wait until the next minute of the clock has begun."""
    time.sleep(60.2 - time.time() % 60)


def resident_id(rng: random.Random) -> str:
    """Return a made-up, well-formed identity number of an adult."""
    born = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(14_000))
    body = f"110101{born:%Y%m%d}{rng.randrange(1000):03d}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


class World:
    """The people and places of one bench."""

    def __init__(self, service: Service, url: str, bare: Service, people: int = PEOPLE) -> None:
        """`url`: where to count what was stored; `bare`: the view that only inserts, measured beside every scan."""
        self.service, self.url, self.bare, self.people = service, url, bare, people
        self.client = Client(service.base)
        self.rng = random.Random(20261122)  # noqa: S311 - not for secrets
        self.admin = self.login(*ADMIN)
        self.statements: dict[str, int] = {}

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """Send one request that must succeed."""
        status, answer = self.client.send((method, path, body, token))
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def login(self, phone: str, password: str) -> str:
        """Return a bearer token."""
        return str(self.call("POST", "/auth/login", {"phone": phone, "password": password})["access_token"])

    def show(self, name: str, figures: Figures, expect: set[int], clients: int, per: int = 1) -> None:
        """Print one line; a status that was not expected ends the bench."""
        seen = {status for status, _ in figures.answers}
        if not seen <= expect:
            raise RuntimeError(f"{name}: {seen - expect} {[a for s, a in figures.answers if s not in expect][:1]}")
        line(name, clients, figures, per, 0, self.statements.get(name, ""))

    def beside(self, requests: list[Request], clients: int) -> tuple[Figures, float]:
        """Measure requests between two looks at the bare view; return the figures and the bare view's CPU ms."""
        first = measure_bare(self.url, self.bare, 200)
        found = measure(self.service, requests, clients)
        return found, (first.cpu_ms + measure_bare(self.url, self.bare, 200).cpu_ms) / 2

    def run(self) -> None:
        """Measure everything in the order of a volunteer's life."""
        self.settle_in()
        self.check_in()
        self.rates()

    def places(self) -> None:
        """Make units, a station, a keeper, a device and an activity with room for all."""
        self.units = [
            self.call("POST", "/units", {"code": f"U{n}", "name": f"单位{n}", "kind": "government"}, self.admin)["id"]
            for n in range(20)
        ]
        year = dt.datetime.now(dt.UTC).year
        for unit in self.units:
            self.call("PUT", f"/units/{unit}/targets/{year}", {"target": 10}, self.admin)
        center = {"code": "C", "name": "中心", "level": "center"}
        self.center = self.call("POST", "/stations", center, self.admin)["id"]
        station = {"code": "S", "name": "站", "level": "station", "parent_id": self.center}
        self.station = self.call("POST", "/stations", station, self.admin)["id"]
        keepers = []
        for number, place in ((1, self.center), (2, self.station)):
            phone = f"1380000000{number}"
            body = {"phone": phone, "name": "站员", "password": "Keeper-2026-pass"}
            account = self.call("POST", "/accounts", body, self.admin)["id"]
            self.call(
                "POST", f"/accounts/{account}/grants", {"role": "station_keeper", "station_id": place}, self.admin
            )
            keepers.append(self.login(phone, "Keeper-2026-pass"))
        device = self.call("POST", f"/stations/{self.station}/devices", {"name": "平板"}, keepers[1])
        self.device = device["device_token"]
        self.shift = self.activity(keepers)

    def activity(self, keepers: list[str]) -> str:
        """Publish an activity with one shift under way and room for all; return the shift's id."""
        now = dt.datetime.now(dt.UTC)
        shift = {
            "post": "岗位",
            "capacity": self.people,
            "starts_at": (now - dt.timedelta(minutes=5)).isoformat(),
            "ends_at": (now + dt.timedelta(hours=2)).isoformat(),
        }
        body = {
            "station_id": self.station,
            "title": "文明交通劝导",
            "category": "traffic_guidance",
            "summary": "路口劝导",
            "risk_notice": "注意安全",
            "leader_name": "站员",
            "leader_phone": "13800000002",
            "shifts": [shift],
        }
        made = self.call("POST", "/activities", body, keepers[1])
        self.call("POST", f"/activities/{made['id']}/submit", {}, keepers[1])
        self.call("POST", f"/activities/{made['id']}/approve", {}, keepers[0])
        return str(made["shifts"][0]["id"])

    def register(self) -> None:
        """Measure registration with a proved phone and a password (argon2 is most of its CPU)."""
        consent = self.call("GET", "/privacy-notice")["version"]
        phones = [f"137{self.rng.randrange(10**8):08d}" for _ in range(self.people)]
        asked = [("POST", "/auth/phone-codes", {"phone": phone, "purpose": "register"}, None) for phone in phones]
        codes = measure(self.service, asked, 8)
        self.show("code to a phone", codes, {202}, 8)
        bodies = [
            {
                "name": "张" + chr(0x4E00 + n),
                "id_type": "resident_id",
                "id_number": resident_id(self.rng),
                "phone": phone,
                "phone_code": answer["code"],
                "password": "Volunteer-2026",
                "consent_version": consent,
                "unit_id": self.units[n % len(self.units)],
            }
            for n, (phone, (_, answer)) in enumerate(zip(phones, codes.answers, strict=True))
        ]
        made = measure(self.service, [("POST", "/volunteers", body, None) for body in bodies], 8)
        self.show("registration", made, {201}, 8)
        login = [("POST", "/auth/login", {"phone": phone, "password": "Volunteer-2026"}, None) for phone in phones]
        signed_in = measure(self.service, login, 8)
        self.show("sign-in", signed_in, {200}, 8)
        self.tokens = [answer["access_token"] for _, answer in signed_in.answers]

    def sign_up(self) -> None:
        """Measure sign-ups to one hot shift."""
        asked = [("POST", f"/shifts/{self.shift}/signups", {}, token) for token in self.tokens]
        self.statements["sign-up, one hot shift"] = count_statements(self.service, asked[0])
        self.show("sign-up, one hot shift", measure(self.service, asked[1:60]), {201}, 1)
        self.show("sign-up, one hot shift", measure(self.service, asked[60:], 8), {201}, 8)

    def codes(self, first: int = 0, last: int | None = None) -> list[str]:
        """Return the present codes of everybody, or of some."""
        asked = [("GET", "/me/code", None, token) for token in self.tokens[first:last]]
        shown = measure(self.service, asked, 8)
        self.show("own code", shown, {200}, 8)
        return [answer["payload"] for _, answer in shown.answers]

    def check_in(self) -> None:
        """Measure scans by a device with all their duties: of some people one by one, of the others in uploads.

        Between an in and its out a minute begins, so that every out is credited and settled at once.
        """
        for way in ("in", "out"):
            if way == "out":
                await_minute()
            self.singles(way)
            self.batch(way)

    def singles(self, way: str) -> None:
        """Measure one scan a request, of everybody; successes and rows stored must be the same."""
        scans = [self.scan(code, way) for code in self.codes(UPLOADED)]
        name, warm = f"scan, {way}", len(scans) // 5  # every connection has prepared what a scan asks
        half = (warm + len(scans)) // 2
        self.statements[name] = count_statements(self.service, scans[0])
        measure(self.service, scans[1:warm], 8)
        before = limits.scans(self.url)
        for part, clients in ((scans[warm:half], 1), (scans[half:], 8)):
            figures, bare = self.beside(part, clients)
            if {status for status, _ in figures.answers} != {201}:
                raise RuntimeError(f"{name}: {next(told for status, told in figures.answers if status != 201)}")
            line(name, clients, figures, 1, bare, self.statements[name])
        if limits.scans(self.url) - before != len(scans) - warm:
            raise RuntimeError("successes and rows differ")

    def scan(self, code: str, way: str) -> tuple[str, str, Any, str]:
        """Return one scan of a device."""
        body = {"id": str(uuid.uuid4()), "volunteer_code": code, "shift_id": self.shift, "direction": way}
        return ("POST", "/checkins", body, self.device)

    def batch(self, way: str) -> None:
        """Measure one upload, and the same again."""
        now, kind = dt.datetime.now(dt.UTC).isoformat(), {"shift_id": self.shift, "direction": way}
        events = [
            {"id": str(uuid.uuid4()), "volunteer_code": code, "scanned_at": now, **kind}
            for code in self.codes(0, UPLOADED)
        ]
        upload = ("POST", "/checkins/batch", {"sent_at": now, "events": events}, self.device)
        before = limits.scans(self.url)
        found, bare = self.beside([upload], 1)
        told = {one["outcome"] for one in found.answers[0][1]["results"]}
        if limits.scans(self.url) - before != len(events) or told != {f"checked_{way}"}:
            raise RuntimeError(f"successes and rows differ: {told}")
        line(f"batch of {len(events)}, {way}, per scan", 1, found, len(events), bare)
        self.show("the same batch again, per scan", measure(self.service, [upload]), {200}, 1, len(events))

    def settle_in(self) -> None:
        """Make places and people, and sign all up."""
        self.places()
        self.register()
        self.sign_up()

    def stalls(self) -> None:
        """Measure how long a scan waits at most where many clients write through four processes to one file."""
        self.settle_in()
        scans = [self.scan(code, "in") for code in self.codes()]
        measure(self.service, scans[:32], 16)
        self.show("scan, in, four processes", measure(self.service, scans[32:], 16), {201}, 16)

    def rates(self) -> None:
        """Measure the registration rates of all units."""
        asked = ("GET", "/reports/registration-rates", None, self.admin)
        self.statements["registration rates, 20 units"] = count_statements(self.service, asked)
        self.show("registration rates, 20 units", measure(self.service, [asked] * 50), {200}, 1)


if __name__ == "__main__":
    main()
