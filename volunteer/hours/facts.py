"""What hours are computed from and what they come to: immutable facts, no behaviour but sums. Pure.

Source: contract, "Hours", "GET /reviews", "GET /me/hours/entries"; decisions.md 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from volunteer.hours.spans import Span, span


class CreditKind(StrEnum):
    """What a credited line comes from."""

    SERVICE = "service"
    MAKE_UP = "make_up"


class CreditClass(StrEnum):
    """``verified``: a scan proves it. ``granted``: a person decided it (roll-call, make-up)."""

    VERIFIED = "verified"
    GRANTED = "granted"


class PendingKind(StrEnum):
    """Why minutes wait for a person."""

    WEAK_EVIDENCE = "weak_evidence"
    LATE_EVIDENCE = "late_evidence"
    OVER_CAPACITY = "over_capacity"
    OVER_CAP = "over_cap"


class Level(StrEnum):
    """Who may decide: a keeper (or an admin), or an admin only."""

    KEEPER = "keeper"
    ADMIN = "admin"


class Standing(StrEnum):
    """What became of a pair or of a stretch of minutes."""

    CREDITED = "credited"
    PENDING = "pending"
    REFUSED = "refused"


class PairKey(NamedTuple):
    """The lasting name of a pair and of its review: a pair with another end is another piece of evidence."""

    shift_id: UUID
    in_scan: UUID
    out_scan: UUID


@dataclass(frozen=True, slots=True)
class ShiftTimes:
    """When a shift takes place. Raises ValueError where it ends before it starts or an instant is naive."""

    id: UUID
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        span(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Presence:
    """One closed pair. ``review`` is None for strong evidence, else why it waits; a pair without an out is no presence.

    Raises:
        ValueError: it ends before it starts, or an instant is naive.
    """

    key: PairKey
    in_at: datetime
    out_at: datetime
    review: PendingKind | None = None
    roll_call: bool = False

    def __post_init__(self) -> None:
        span(self.in_at, self.out_at)


@dataclass(frozen=True, slots=True)
class MakeUp:
    """An approved make-up. Raises ValueError where it ends before it starts or an instant is naive."""

    id: UUID
    shift_id: UUID
    from_at: datetime
    to_at: datetime

    def __post_init__(self) -> None:
        span(self.from_at, self.to_at)


@dataclass(frozen=True, slots=True)
class OverCapRuling:
    """A decision on minutes above the daily limit: on these very minutes of this shift, wherever the tiers move later.

    A keeper's ruling reaches the keeper's tier; an admin's reaches both. ``spans`` are those of the ``Pending``.
    """

    shift_id: UUID
    level: Level
    spans: tuple[Span, ...]
    accepted: bool


@dataclass(frozen=True, slots=True)
class Rulings:
    """All decided reviews: pairs by key (True accepted), and over-cap rulings in order of decision (the last wins)."""

    pairs: Mapping[PairKey, bool] = field(default_factory=dict)
    over_cap: tuple[OverCapRuling, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """Minutes that count: at most one for each (shift, site day, kind, class); ``sources`` made them, in order."""

    shift_id: UUID
    site_day: date
    kind: CreditKind
    credit_class: CreditClass
    minutes: int
    sources: tuple[PairKey | UUID, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """Minutes that wait for a person; ``spans`` are those minutes.

    Weak, late and over-capacity evidence: one for each pair (``source``), whose day is that of its first minute, with
    all its minutes, passed or not. ``over_cap``: one for each (shift, site day, level); ``source`` is None.
    """

    kind: PendingKind
    level: Level
    shift_id: UUID
    site_day: date
    minutes: int
    spans: tuple[Span, ...]
    scan_ids: tuple[UUID, ...]
    source: PairKey | None = None


@dataclass(frozen=True, slots=True)
class PairStep:
    """A pair as judged: its minutes, those inside the shift (None: none), and its standing and class."""

    key: PairKey
    present: Span
    clipped: Span | None
    standing: Standing
    credit_class: CreditClass
    review: PendingKind | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of minutes with one source, on one site day, in one tier.

    ``level`` None is the tier that counts at once; ``position`` is how many minutes of that day come before it.
    """

    site_day: date
    span: Span
    shift_id: UUID
    kind: CreditKind
    credit_class: CreditClass
    source: PairKey | UUID
    position: int = 0
    level: Level | None = None
    standing: Standing = Standing.CREDITED


@dataclass(frozen=True, slots=True)
class Explanation:
    """The computation: pairs (clipped) -> union (each minute once) -> tiers; ``recompute`` gives the credits again."""

    policy_version: int
    now: datetime
    pairs: tuple[PairStep, ...]
    union: tuple[Piece, ...]
    tiers: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """One person's hours. ``taken``: minutes credited, waiting or decided over the cap, closed to new make-ups.

    ``ahead_minutes``: accepted minutes that have not passed yet; they count once they have (compute again then).
    """

    credits: tuple[Credit, ...]
    pendings: tuple[Pending, ...]
    taken: tuple[Span, ...]
    ahead_minutes: int
    explanation: Explanation

    @property
    def minutes_verified(self) -> int:
        """Effective minutes proved by scans."""
        return sum(one.minutes for one in self.credits if one.credit_class is CreditClass.VERIFIED)

    @property
    def minutes_granted(self) -> int:
        """Effective minutes granted by a person."""
        return sum(one.minutes for one in self.credits if one.credit_class is CreditClass.GRANTED)

    @property
    def minutes_total(self) -> int:
        """All effective minutes."""
        return sum(one.minutes for one in self.credits)

    @property
    def minutes_pending(self) -> int:
        """Minutes that wait for a person; no minute is both here and in the total."""
        return sum(one.minutes for one in self.pendings)
