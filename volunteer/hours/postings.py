"""Which lines must be appended so that the ledger says what rules and corrections say. Pure.

A *group* is what the rules compute one number for: (shift, site day, kind, class). Its live lines are a base line and
the corrections of it. Where only a correction is new it is appended; where anything else differs, what is left of the
group is reversed, one reversal a class, and written anew. So the sum is always right and nothing is ever changed.

A correction is a ruling on the group: what it added stays added unless later evidence covers it, what it took away
stays away (decisions 2; contract, "POST /hours/{entry_id}/corrections").
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class GroupKey(NamedTuple):
    """One number of the rules. `kind` is service or make_up, `credit_class` verified or granted."""

    shift_id: uuid.UUID
    site_day: dt.date
    kind: str
    credit_class: str


class Line(Protocol):
    """What is read of a ledger line."""

    id: uuid.UUID
    sequence: int
    shift_id: uuid.UUID | None
    site_day: dt.date
    kind: str
    class_: str
    minutes: int
    policy_version: int
    unit_id: uuid.UUID | None
    station_id: uuid.UUID | None
    request_id: uuid.UUID | None
    reverses: uuid.UUID | None
    corrects: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """An approved correction: the net value, and what it was before it."""

    request_id: uuid.UUID
    minutes: int
    before: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One line to append. `reverses` names a line; a correction without `corrects` is of the base posted before it."""

    kind: str
    credit_class: str
    minutes: int
    request_id: uuid.UUID | None = None
    reverses: uuid.UUID | None = None
    corrects: uuid.UUID | None = None


@dataclass(slots=True)
class Group:
    """The lines of one group as they stand. `net` is what they add up to, by class."""

    base: Line | None = None
    corrections: list[Line] = field(default_factory=list)
    net: dict[str, int] = field(default_factory=dict)
    is_live: bool = False

    @property
    def minutes(self) -> int:
        """What the group counts, over both classes."""
        return sum(self.net.values())

    def take(self, line: Line) -> None:
        """Add the next line in order of sequence."""
        self.net[line.class_] = self.net.get(line.class_, 0) + line.minutes
        if line.kind == "reversal":
            self.is_live = False
        elif line.kind == "correction":
            self.corrections.append(line)
        else:
            self.base, self.corrections, self.is_live = line, [], True


def groups_of(lines: Iterable[Line]) -> dict[GroupKey, Group]:
    """Sort a person's lines into groups; lines of other systems (`external`) are in none."""
    groups: dict[GroupKey, Group] = {}
    key_of: dict[uuid.UUID, GroupKey] = {}
    for line in sorted(lines, key=lambda one: one.sequence):
        if line.shift_id is None or line.kind == "external":
            continue
        parent = line.reverses or line.corrects
        key = key_of[parent] if parent else GroupKey(line.shift_id, line.site_day, line.kind, line.class_)
        key_of[line.id] = key
        groups.setdefault(key, Group()).take(line)
    return groups


def wanted_lines(
    key: GroupKey, minutes: int, rulings: Sequence[Ruling] = (), request_id: uuid.UUID | None = None
) -> list[Posting]:
    """Return the lines that a group should consist of: the base, then each correction's difference.

    An increase is granted; a decrease takes granted minutes first. Nothing is left to correct where the base is 0.
    """
    if minutes <= 0:
        return []
    wanted = [Posting(key.kind, key.credit_class, minutes, request_id)]
    net = {key.credit_class: minutes}
    for ruling in rulings:
        current = sum(net.values())
        steps = {}
        if ruling.minutes > ruling.before:
            steps["granted"] = max(0, min(ruling.minutes - ruling.before, ruling.minutes - current))
        else:
            cut = max(0, current - ruling.minutes)
            granted = min(cut, net.get("granted", 0))
            steps = {"granted": -granted, "verified": granted - cut}
        for credit_class, step in steps.items():
            if step:
                wanted.append(Posting("correction", credit_class, step, ruling.request_id))
                net[credit_class] = net.get(credit_class, 0) + step
    return wanted


def postings(group: Group, wanted: Sequence[Posting]) -> list[Posting]:
    """Return what must be appended to a group so that it is what is wanted; nothing where it adds up already."""
    want: dict[str, int] = {}
    for one in wanted:
        want[one.credit_class] = want.get(one.credit_class, 0) + one.minutes
    if _nonzero(want) == _nonzero(group.net):
        return []
    there = [group.base, *group.corrections] if group.is_live and group.base else []
    if there and [_said(line) for line in there] == [_meant(one) for one in wanted[: len(there)]]:
        assert group.base  # noqa: S101 - `there` begins with it
        base_id = group.base.id
        return [
            Posting(one.kind, one.credit_class, one.minutes, one.request_id, corrects=base_id)
            for one in wanted[len(there) :]
        ]
    return [*_reversals(there, group.net), *wanted]


def _reversals(there: Sequence[Line], net: Mapping[str, int]) -> list[Posting]:
    """Return one reversal for each class of which something is left, naming the line that it came from."""
    found = []
    for credit_class, minutes in sorted(_nonzero(net).items()):
        line = next(one for one in there if one.class_ == credit_class and one.minutes > 0)
        found.append(Posting("reversal", credit_class, -minutes, line.request_id, reverses=line.id))
    return found


def _said(line: Line) -> tuple[str, str, int, uuid.UUID | None]:
    """What makes a line the one that is wanted; the request behind a base may be told differently."""
    return line.kind, line.class_, line.minutes, line.request_id if line.kind == "correction" else None


def _meant(one: Posting) -> tuple[str, str, int, uuid.UUID | None]:
    """The same of a posting."""
    return one.kind, one.credit_class, one.minutes, one.request_id if one.kind == "correction" else None


def _nonzero(net: Mapping[str, int]) -> dict[str, int]:
    """Return the classes of which something is left."""
    return {credit_class: minutes for credit_class, minutes in net.items() if minutes}
