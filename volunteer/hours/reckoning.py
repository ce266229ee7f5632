"""From evidence and decisions to a person's hours: what the rules are given, and in which pieces. Writes nothing.

A life is cut into clusters of site days that no shift connects, each computed alone with the policy in force on its
first day: the cost grows with the number of shifts, not with its square, and a new policy leaves the past as it was.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.activities.service import ShiftFacts, shifts_of
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.hours import facts
from volunteer.hours.facts import CreditKind, Hours, Level, MakeUp, OverCapRuling, PairKey, Rulings, ShiftTimes
from volunteer.hours.models import HourRequest, RequestKind, RequestState
from volunteer.hours.policy import policy_on
from volunteer.hours.postings import GroupKey, Posting, Ruling, wanted_lines
from volunteer.hours.rules import credit
from volunteer.hours.seams import Presence
from volunteer.hours.spans import Span, instant_of, minute_of, union

EVIDENCE = (RequestKind.WEAK_EVIDENCE, RequestKind.LATE_EVIDENCE, RequestKind.OVER_CAPACITY)
DECIDED = (RequestState.ACCEPTED, RequestState.REFUSED)
#: Whose shifts give no volunteer minutes (decisions 6).
WITHOUT_MINUTES = ("duty_labor",)


@dataclass(frozen=True, slots=True)
class Decided:
    """A person's decided requests: reviews as the rules want them, make-ups, corrections by the name of their group."""

    rulings: Rulings
    make_ups: tuple[MakeUp, ...]
    corrections: Mapping[str, list[Ruling]]
    review_of: Mapping[str, uuid.UUID]


@dataclass(slots=True)
class Reckoned:
    """A person's hours, cluster by cluster. `shifts` are the facts of every shift in them."""

    shifts: dict[uuid.UUID, ShiftFacts]
    decided: Decided
    clusters: list[Hours] = field(default_factory=list)
    ahead_until: dt.datetime | None = None

    @property
    def pendings(self) -> list[facts.Pending]:
        """All minutes that wait for a person."""
        return [one for hours in self.clusters for one in hours.pendings]

    @property
    def taken(self) -> tuple[Span, ...]:
        """All minutes that are closed to new make-ups."""
        return union(span for hours in self.clusters for span in hours.taken)

    def wanted(self) -> dict[GroupKey, tuple[int, list[Posting]]]:
        """Return, for each group, the policy's version and the lines that it should consist of."""
        found: dict[GroupKey, tuple[int, list[Posting]]] = {}
        for hours in self.clusters:
            for one in hours.credits:
                key = GroupKey(one.shift_id, one.site_day, one.kind.value, one.credit_class.value)
                rulings = self.decided.corrections.get(correction_key(key), [])
                lines = wanted_lines(key, one.minutes, rulings, self._request_behind(one))
                found[key] = (hours.explanation.policy_version, lines)
        return found

    def _request_behind(self, one: facts.Credit) -> uuid.UUID | None:
        """Return the request that let a credit count: its make-up, or the review of one of its pairs."""
        for source in one.sources:
            if isinstance(source, PairKey):
                if pair_key(source) in self.decided.review_of:
                    return self.decided.review_of[pair_key(source)]
            elif one.kind is CreditKind.MAKE_UP:
                return source
        return None


def pair_key(key: PairKey) -> str:
    """Return the lasting name of a pair's review."""
    return f"pair:{key.shift_id}:{key.in_scan}:{key.out_scan}"


def over_cap_key(shift_id: uuid.UUID, day: dt.date, level: Level) -> str:
    """Return the lasting name of the review of minutes over the daily limit."""
    return f"over-cap:{shift_id}:{day.isoformat()}:{level.value}"


def correction_key(key: GroupKey) -> str:
    """Return the lasting name of the corrections of a group."""
    return f"correction:{key.shift_id}:{key.site_day.isoformat()}:{key.kind}:{key.credit_class}"


def reckon(
    session: Session,
    person_id: uuid.UUID,
    presences: Sequence[Presence],
    now: dt.datetime,
    decided: Decided | None = None,
) -> Reckoned:
    """Return a person's hours from these presences and all that was `decided`, which is read unless it is told."""
    decided = decided_of(session, person_id) if decided is None else decided
    shifts = {one.shift.id: one.shift for one in presences if one.shift}
    missing = {make_up.shift_id for make_up in decided.make_ups} - shifts.keys()
    shifts |= shifts_of(session, missing) if missing else {}
    pairs = [pair for one in presences if one.shift and gives_minutes(one.shift) for pair in one.pairs]
    make_ups = [one for one in decided.make_ups if one.shift_id in shifts and gives_minutes(shifts[one.shift_id])]
    result = Reckoned(shifts, decided)
    times = {one.id: ShiftTimes(one.id, one.starts_at, one.ends_at) for one in shifts.values()}
    for first_on, cluster in _clusters(times, {p.key.shift_id for p in pairs} | {m.shift_id for m in make_ups}):
        hours = credit(
            [pair for pair in pairs if pair.key.shift_id in cluster],
            times,
            settings().zone,
            now,
            make_ups=[one for one in make_ups if one.shift_id in cluster],
            rulings=decided.rulings,
            policy=policy_on(first_on),
        )
        result.clusters.append(hours)
        if hours.ahead_minutes:
            ends = [min(p.out_at, times[p.key.shift_id].ends_at) for p in pairs if p.key.shift_id in cluster]
            result.ahead_until = _earliest(result.ahead_until, [end for end in ends if minute_of(end) > minute_of(now)])
    return result


def gives_minutes(shift: ShiftFacts) -> bool:
    """Whether volunteer minutes come from a shift: duty labour has none (decisions 6)."""
    return str(shift.kind) not in WITHOUT_MINUTES


def decided_of(session: Session, person_id: uuid.UUID) -> Decided:
    """Return a person's decided requests, in order of decision."""
    query = sa.select(HourRequest).where(HourRequest.person_id == person_id, HourRequest.state.in_(DECIDED))
    return decided_from(session.scalars(query))


def decided_from(requests: Iterable[HourRequest]) -> Decided:
    """Return those of a person's requests that are decided, in order of decision."""
    found = [row for row in requests if row.state in DECIDED]
    pairs: dict[PairKey, bool] = {}
    over_cap: list[OverCapRuling] = []
    make_ups: list[MakeUp] = []
    corrections: dict[str, list[Ruling]] = {}
    review_of: dict[str, uuid.UUID] = {}
    for row in sorted(found, key=lambda one: (one.decided_at or one.created_at, one.id)):
        accepted = row.state == RequestState.ACCEPTED
        if row.kind in EVIDENCE:
            pairs[_pair_of(row.key)] = accepted
            review_of[row.key] = row.id
        elif row.kind == RequestKind.OVER_CAP and row.shift_id:
            spans = tuple(Span(*span) for span in row.spans)
            over_cap.append(OverCapRuling(row.shift_id, Level(row.decided_as or row.level), spans, accepted))
        elif row.kind == RequestKind.MAKE_UP and accepted and row.shift_id and row.from_at and row.to_at:
            make_ups.append(MakeUp(row.id, row.shift_id, row.from_at, row.to_at))
        elif row.kind == RequestKind.CORRECTION and accepted:
            corrections.setdefault(row.key, []).append(Ruling(row.id, row.minutes, row.base_minutes or 0))
    return Decided(Rulings(pairs, tuple(over_cap)), tuple(make_ups), corrections, review_of)


def _pair_of(key: str) -> PairKey:
    """Return the pair that a review's name tells."""
    return PairKey(*(uuid.UUID(part) for part in key.split(":")[1:]))


def _clusters(
    times: Mapping[uuid.UUID, ShiftTimes], shift_ids: Iterable[uuid.UUID]
) -> list[tuple[dt.date, set[uuid.UUID]]]:
    """Cut shifts into groups that share no site day; each with its first day."""
    zone, clusters, last_on = settings().zone, [], dt.date.min
    for one in sorted((times[shift_id] for shift_id in shift_ids), key=lambda t: (t.starts_at, t.ends_at, t.id)):
        first = site_day(one.starts_at, zone)
        if first > last_on:
            clusters.append((first, {one.id}))
        else:
            clusters[-1][1].add(one.id)
        last_on = max(last_on, site_day(one.ends_at, zone))
    return clusters


def _earliest(known: dt.datetime | None, ends: Sequence[dt.datetime]) -> dt.datetime | None:
    """Return when the next stretch of accepted minutes will have passed."""
    found = [*([known] if known else []), *(instant_of(minute_of(end)) for end in ends)]
    return min(found, default=None)
