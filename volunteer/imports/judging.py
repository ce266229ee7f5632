"""A file judged for one caller: its rows by the rules, then against who and what is known; and how it is written.

Source: contract, Imports; peers.md T39.
"""

import datetime as dt
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from volunteer.access import Actor
from volunteer.bulk import Tick, nobody_asks
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.imports import hours_in, known, stations_in, units_in
from volunteer.imports.checking import (
    Checked,
    Steps,
    check_past_hours,
    check_roster,
    check_stations,
    check_units,
)
from volunteer.imports.reading import Sheet
from volunteer.imports.rules_columns import Row
from volunteer.imports.rules_hours import HoursDraft
from volunteer.imports.rules_people import PersonDraft
from volunteer.imports.rules_states import Kind
from volunteer.imports.rules_stations import StationDraft
from volunteer.imports.rules_units import UnitDraft
from volunteer.registration import invitation_rows, inviting
from volunteer.registration.inviting import Invitee
from volunteer.registration.vouching import Vouched

#: Writes in the transaction under way.
Write = Callable[[Session], None]


@dataclass
class Judged(ABC):
    """A judged file of any kind; `counts` is what writing it would change: created, updated, unchanged."""

    checked: Checked[Any]
    counts: dict[str, int] = field(default_factory=dict, kw_only=True)

    @property
    def rows(self) -> list[Row]:
        """Every row below the header that holds anything."""
        return [row for row, _ in self.checked.rows]

    @abstractmethod
    def prepare(
        self, actor: Actor, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime, steps: Steps
    ) -> Write:
        """Do what needs no writer; return what writes the rows without a fault in the transaction under way."""


@dataclass
class Roster(Judged):
    """A judged roster."""

    checked: Checked[PersonDraft]
    scope: frozenset[uuid.UUID] | None
    planned: inviting.Plan = field(default_factory=inviting.Plan)

    def prepare(
        self, actor: Actor, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime, steps: Steps
    ) -> Write:
        """Make and seal the rows of everybody who is new."""
        deed = invitation_rows.Deed(actor, self.scope, import_id, vouched, now)
        ready = invitation_rows.prepare(self.planned, deed, steps.begin())
        return partial(ready.write, tick=steps.begin())

    def plan(self, now: dt.datetime, tick: Tick) -> None:
        """Compare the sound rows with who is known, and add what stands against some of them."""
        planned = inviting.plan([_invitee(draft) for draft in self.checked.drafts], self.scope, now, tick)
        rows = {row.number: row for row, _ in self.checked.rows}
        for invitee, fault in planned.refused:
            rows[invitee.row].tell("id_number", str(fault), fault.sentence)
        self.counts = {
            "created": len(planned.created),
            "updated": len(planned.updated),
            "unchanged": len(planned.unchanged),
        }
        self.planned = planned


def _invitee(draft: PersonDraft) -> Invitee:
    """Return a sound row as the registration room takes it."""
    assert draft.unit_id is not None  # noqa: S101 - a row without a unit has a fault
    return Invitee(draft.row, draft.name, draft.identity, draft.phone, draft.unit_id, draft.political_status)


@dataclass
class Tree(Judged):
    """A judged sheet of units."""

    checked: Checked[UnitDraft]
    known: known.KnownUnits
    year: int

    def prepare(
        self, actor: Actor, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime, steps: Steps
    ) -> Write:
        """Return what writes the rows without a fault."""
        tick = steps.begin()
        return lambda _session: units_in.write(actor, self.checked.drafts, self.known, self.year, now, tick)


@dataclass
class Past(Judged):
    """A judged list of past hours."""

    checked: Checked[HoursDraft]

    def prepare(
        self, actor: Actor, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime, steps: Steps
    ) -> Write:
        """Return what writes the rows without a fault."""
        tick = steps.begin()
        return lambda session: hours_in.write(session, actor, self.checked, import_id, now, tick)


@dataclass
class Places(Judged):
    """A judged sheet of stations."""

    checked: Checked[StationDraft]
    known: stations_in.KnownStations

    def prepare(
        self, actor: Actor, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime, steps: Steps
    ) -> Write:
        """Return what writes the rows without a fault."""
        tick = steps.begin()
        return lambda _session: stations_in.write(actor, self.checked.drafts, self.known, now, tick)


def judge(
    actor: Actor,
    kind: Kind,
    sheets: Sequence[Sheet],
    unit_id: uuid.UUID | None,
    now: dt.datetime,
    steps: Steps | None = None,
) -> Judged:
    """Judge a file that was read, for this caller as things stand: two steps for a roster, one for another list.

    Raises:
        UnreadableFile: it has no header, or more than one, or no rows.
        NotFound: a unit outside the caller's scope.
    """
    today = site_day(now, settings().zone)
    steps = steps or Steps(nobody_asks, 1)
    tick = steps.begin()
    if kind is Kind.VOLUNTEERS:
        checked = check_roster(sheets, known.known_for(actor, unit_id, today), today, tick)
        roster = Roster(checked, known.scope_of(actor))
        roster.plan(now, steps.begin())
        return roster
    if kind is Kind.HOURS:
        past = check_past_hours(sheets, today, tick)
        return Past(past, counts=hours_in.plan(past))
    if kind is Kind.STATIONS:
        stations = known.known_stations(today)
        places = check_stations(sheets, stations.codes, stations.levels)
        return Places(places, stations, counts=stations_in.plan(places.drafts, stations))
    units = known.known_units(today.year, today)
    tree = check_units(sheets, units.codes, units.holders)
    year = tree.header.year or today.year
    if year != today.year:
        units = known.known_units(year, today)
    return Tree(tree, units, year, counts=units_in.plan(tree.drafts, units))
