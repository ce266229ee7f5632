"""What the chapters of the demo share: the present of the story, an agenda in the order of time, and who was made.

Every deed is a service's use case, called with the clock set to its instant: the demo can hold nothing that a real
installation could not. Nothing is drawn by lot; where variety is wanted, it is arithmetic.
"""

import datetime as dt
import heapq
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from volunteer.access import Actor
from volunteer.accounts import devices
from volunteer.clock import Instant, SettableClock, day_starts_at, site_day
from volunteer.config import settings

DATA = Path(__file__).with_name("data")
Deed = Callable[[], object]
Span = tuple[Instant, Instant]


def read(name: str) -> Any:
    """Return one of the data files."""
    return json.loads((DATA / f"{name}.json").read_text("utf-8"))


def rows_of(name: str) -> list[dict[str, Any]]:
    """Return a data file that is a table, as one dict a row."""
    table = read(name)
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


@dataclass(slots=True, eq=False)
class Person:
    """Somebody who registers. `actor` is theirs where they sign in; `id` is there once they are registered."""

    number: int
    name: str
    sex: str
    birth: dt.date
    unit: str | None
    phone: str
    joins_at: Instant
    way: str = "phone"
    id: uuid.UUID | None = None
    actor: Actor | None = None
    booked: list[Span] = field(default_factory=list)

    def is_free(self, span: Span) -> bool:
        """Whether nothing else is planned for them then."""
        return all(span[1] <= start or end <= span[0] for start, end in self.booked)


class Story:
    """The agenda and everything that was made so far, by the codes and keys of the data files."""

    def __init__(self, now: Instant, clock: SettableClock) -> None:
        self.now, self.clock = now, clock
        self.today = site_day(now, settings().zone)
        self.ids: dict[str, uuid.UUID] = {}
        self.staff: dict[str, Actor] = {}
        self.tokens: dict[str, str] = {}
        self.people: list[Person] = []
        self.cast: dict[str, Person] = {}
        self._agenda: list[tuple[Instant, int, Deed]] = []
        self._count = 0
        self._next = 0

    @property
    def present(self) -> Instant:
        """The story's present."""
        return self.clock.now()

    def when(self, days: int, time: str = "00:00") -> Instant:
        """Return a time of a day, counted from today: -1 is yesterday."""
        hours, minutes = map(int, time.split(":"))
        start = day_starts_at(self.today + dt.timedelta(days=days), settings().zone)
        return start + dt.timedelta(hours=hours, minutes=minutes)

    def at(self, instant: Instant, deed: Deed) -> None:
        """Note a deed; those of one instant are done in the order noted. What lies ahead of `now` is a mistake."""
        if instant > self.now:
            raise ValueError(f"the story ends at {self.now}, and this would be at {instant}")
        self._count += 1
        heapq.heappush(self._agenda, (instant, self._count, deed))

    def run(self, progress: Callable[[int], object]) -> None:
        """Do all that is noted, and what the deeds note, in the order of time; tell each tenth of the time passed."""
        first, told = self._agenda[0][0], 0
        while self._agenda:
            instant, _, deed = heapq.heappop(self._agenda)
            self.clock.set(instant)
            deed()
            tenth = int((instant - first) / (self.now - first) * 10)
            if tenth > told:
                told = tenth
                progress(told * 10)
        self.clock.set(self.now)

    def device(self, station: str) -> Actor:
        """Return the tablet at a station's door."""
        actor = devices.authenticate_device(self.tokens[station], self.present)
        if actor is None:
            raise LookupError(f"no tablet at {station}")
        return actor

    def keeper(self, station: str) -> tuple[str, Actor]:
        """Return the key and the actor of who keeps a station: its own keeper, else that of the institute above."""
        own = {"ZX": "centre", "QHS": "keeper"}.get(station, f"keeper-{station}")
        key = own if own in self.staff else {"QH": "keeper"}.get(station[:2], f"keeper-{station[:2]}S")
        return key, self.staff[key]

    def regulars(self) -> list[Person]:
        """Return the grown-ups of the first days, who sign in: those who serve."""
        return [person for person in self.people if person.actor is not None and person.way == "phone"]

    def pick(self, count: int, span: Span, among: list[Person] | None = None) -> list[Person]:
        """Return so many people who are free then, and book them; they take turns."""
        pool = self.regulars() if among is None else among
        found: list[Person] = []
        for step in range(len(pool)):
            person = pool[(self._next + step) % len(pool)]
            if len(found) < count and person.is_free(span):
                found.append(person)
        self._next += count
        for person in found:
            person.booked.append(span)
        return found

    def book(self, person: Person, span: Span) -> Person:
        """Book one person, who must be free."""
        if not person.is_free(span):
            raise ValueError(f"{person.name} is wanted twice at {span[0]}")
        person.booked.append(span)
        return person
