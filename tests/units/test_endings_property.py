"""Random reorganisations against a naive model: what a report of a past day says is what was true on that day."""

import copy
import datetime as dt
import random
import uuid
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask

from tests.conftest import Api
from tests.reports.making import credit, register
from tests.units.making import make_unit
from volunteer.access import OPERATOR
from volunteer.clock import SettableClock
from volunteer.database import done_reading
from volunteer.errors import VolunteerError
from volunteer.registration import standing
from volunteer.reports.service import RatesQuery, registration_rates
from volunteer.units import merging, reopening, service, targets

DEEDS = ("move", "move", "join", "task", "staff", *["serve"] * 4, "merge", "merge", "close", "reopen")
Figures = dict[uuid.UUID, tuple[int | None, int | None, int, int]]


@dataclass
class Day:
    """What is true at the end of a day, as plain as it can be said."""

    parent: dict[uuid.UUID, uuid.UUID | None] = field(default_factory=dict)
    member: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    task: dict[uuid.UUID, int] = field(default_factory=dict)
    heads: dict[uuid.UUID, int] = field(default_factory=dict)
    heir: dict[uuid.UUID, uuid.UUID | None] = field(default_factory=dict)

    def end(self, unit: uuid.UUID, into: uuid.UUID | None) -> None:
        """Let a unit be closed, or merged."""
        self.heir[unit] = into or self.parent[unit]
        del self.parent[unit]
        if into:
            self.parent = {one: into if above == unit else above for one, above in self.parent.items()}
            self.member = {one: into if of == unit else of for one, of in self.member.items()}

    def standing(self, unit: uuid.UUID | None) -> uuid.UUID | None:
        """Return what a unit has become."""
        return self.standing(self.heir[unit]) if unit in self.heir else unit

    def above(self, unit: uuid.UUID | None) -> list[uuid.UUID]:
        """Return a unit and all above it."""
        return [unit, *self.above(self.parent[unit])] if unit is not None else []

    def figures(self, served: list[tuple[dt.date, uuid.UUID, int]], on: dt.date) -> Figures:
        """Return task, headcount, people and minutes of every unit with all below it."""
        found: dict[uuid.UUID, list[int]] = {unit: [0, 0, 0, 0, 0, 0] for unit in self.parent}
        lots = [(unit, (1, number, 0, 0, 0, 0)) for unit, number in self.task.items() if unit in self.parent]
        lots += [(unit, (0, 0, 1, number, 0, 0)) for unit, number in self.heads.items() if unit in self.parent]
        lots += [(unit, (0, 0, 0, 0, 1, 0)) for unit in self.member.values()]
        lots += [
            (top, (0, 0, 0, 0, 0, many)) for day, unit, many in served if day <= on and (top := self.standing(unit))
        ]
        for unit, lot in lots:
            for one in self.above(unit):
                found[one] = [was + more for was, more in zip(found[one], lot, strict=True)]
        return {
            unit: (row[1] if row[0] else None, row[3] if row[2] else None, row[4], row[5])
            for unit, row in found.items()
        }


class Story:
    """Does random deeds to the app and to the model, and compares every day so far."""

    def __init__(self, app: Flask, api: Api, clock: SettableClock, admin: str, seed: int) -> None:
        self.app, self.clock, self.draw = app, clock, random.Random(seed)  # noqa: S311 - not a secret
        self.days = {self.today: Day()}
        self.served: list[tuple[dt.date, uuid.UUID, int]] = []
        self.done: list[str] = []
        self.people = [uuid.UUID(register(api)) for _ in range(6)]
        self.units = [uuid.UUID(make_unit(api, admin)) for _ in range(11)]
        self.now.parent = dict.fromkeys(self.units)
        for unit in self.units[:6]:
            self.join(unit, unit, self.today)

    @property
    def today(self) -> dt.date:
        return service.today(self.clock.now())

    @property
    def now(self) -> Day:
        return self.days[self.today]

    def next_day(self) -> None:
        last = self.now
        self.clock.advance(days=1)
        self.days[self.today] = copy.deepcopy(last)

    def deed(self) -> None:
        """Do one thing, unless it is refused; then nothing has changed."""
        kind = self.draw.choice(DEEDS)
        standing_units = [unit for unit in self.units if unit in self.now.parent]
        one, other = self.draw.sample(standing_units if self.draw.random() < 0.9 else self.units, 2)
        on = max(self.today - dt.timedelta(days=self.draw.choice([0, 0, 0, 1, 3])), min(self.days))
        if kind in ("merge", "close", "reopen") and (one in self.now.heir or len(standing_units) < 5):
            return  # the same again would change nothing, or take back what was done today
        try:
            getattr(self, kind)(one, other, on)
        except VolunteerError:
            return
        self.done.append(kind)

    def since(self, on: dt.date) -> list[Day]:
        return [day for date, day in self.days.items() if date >= on]

    def move(self, one: uuid.UUID, other: uuid.UUID, on: dt.date) -> None:
        above = self.draw.choice([other, None])
        service.change_unit(OPERATOR, one, {"parent_id": above, "on": on}, self.clock.now())
        for day in self.since(on):
            day.parent[one] = above

    def join(self, one: uuid.UUID, _other: uuid.UUID, _on: dt.date) -> None:
        person = self.draw.choice(self.people)
        standing.transfer(OPERATOR, person, one, None, self.clock.now())
        self.now.member[person] = one

    def task(self, one: uuid.UUID, _other: uuid.UUID, _on: dt.date) -> None:
        self.now.task[one] = self.draw.randint(0, 9)
        targets.set_target(OPERATOR, one, 2026, self.now.task[one], self.clock.now())

    def staff(self, one: uuid.UUID, _other: uuid.UUID, _on: dt.date) -> None:
        self.now.heads[one] = self.draw.randint(0, 9)
        service.change_unit(OPERATOR, one, {"headcount": self.now.heads[one]}, self.clock.now())

    def serve(self, _one: uuid.UUID, _other: uuid.UUID, _on: dt.date) -> None:
        person = self.draw.choice(self.people)
        if person in self.now.member:
            unit, minutes = self.now.member[person], self.draw.randint(1, 90)
            credit(self.app, str(person), str(unit), self.today, minutes)
            self.served.append((self.today, unit, minutes))

    def merge(self, one: uuid.UUID, other: uuid.UUID, on: dt.date) -> None:
        total = self.draw.choice([None, 5])
        merging.merge(OPERATOR, one, merging.Merger(other, on, target=total), self.clock.now())
        for day in self.since(on):
            day.end(one, other)
        if total is not None:
            self.now.task[other] = total

    def close(self, one: uuid.UUID, _other: uuid.UUID, on: dt.date) -> None:
        service.change_unit(OPERATOR, one, {"closed_on": on}, self.clock.now())
        for day in self.since(on):
            day.end(one, None)

    def reopen(self, one: uuid.UUID, other: uuid.UUID, on: dt.date) -> None:
        """Merge and take it back: nothing at all has happened then."""
        done_reading()  # minutes are credited in a session of their own
        before = [self.seen(day) for day in self.days]
        tasked = other in self.now.task
        merger = merging.Merger(other, on, target=8 if tasked else None)
        merging.merge(OPERATOR, one, merger, self.clock.now())
        assert reopening.reopen(OPERATOR, one, self.clock.now()).left == 0
        assert [self.seen(day) for day in self.days] == before

    def seen(self, day: dt.date) -> str:
        """Return every figure of the report of a day; when the last task was set stays told, though it was set back."""
        return repr(replace(registration_rates(OPERATOR, RatesQuery(as_of=day), self.clock.now()), last_set=None))

    def compare(self) -> None:
        done_reading()
        for date, day in self.days.items():
            report = registration_rates(OPERATOR, RatesQuery(as_of=date), self.clock.now())
            lines = {row.unit.id: row.counts for row in report.rows}
            got = {unit: (one.target, one.headcount, one.registered, one.minutes) for unit, one in lines.items()}
            assert got == day.figures(self.served, date), (date, self.done)
            everybody = sum(minutes for on, _, minutes in self.served if on <= date)
            assert (report.total.registered, report.total.minutes) == (len(self.people), everybody)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_past_stays_as_it_was_whatever_is_reorganised(
    app: Flask, api: Api, admin: str, clock: SettableClock, seed: int
) -> None:
    with app.app_context():
        story = Story(app, api, clock, admin, seed)
        for _ in range(9):
            for _ in range(9):
                story.deed()
            story.compare()
            story.next_day()
        assert {"merge", "move", "join", "reopen"} <= set(story.done), story.done
        assert any(unit in story.now.heir for _, unit, _ in story.served)
