"""From presence to credited minutes: clip to the shift, count once, cut into site days, apply the daily tiers. Pure.

The result is a function of its inputs alone and holds the whole computation (``Explanation``), so that every line can
be explained and recomputed. Minutes are integers; an instant is cut to its minute before anything else.

Source: contract, "Hours" and "Fine points"; decisions.md 2; peers.md T25 to T34.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, tzinfo
from uuid import UUID

from volunteer.hours.facts import (
    Credit,
    CreditClass,
    CreditKind,
    Explanation,
    Hours,
    Level,
    MakeUp,
    OverCapRuling,
    PairKey,
    PairStep,
    Pending,
    PendingKind,
    Piece,
    Presence,
    Rulings,
    ShiftTimes,
    Standing,
)
from volunteer.hours.policy import POLICY, Policy
from volunteer.hours.spans import Span, by_site_day, clip, minute_of, span, subtract, total, union


def credit(
    presences: Iterable[Presence],
    shifts: Mapping[UUID, ShiftTimes],
    zone: tzinfo,
    now: datetime,
    *,
    make_ups: Iterable[MakeUp] = (),
    rulings: Rulings | None = None,
    policy: Policy = POLICY,
) -> Hours:
    """Return the credited and the pending minutes of one person.

    Give every presence and approved make-up that touches the site days in question (or all), for the tiers need the
    whole day, and read the result for those days only.

    No minute counts before it has passed at ``now``. Order and repetition of the inputs do not matter.

    Raises:
        KeyError: a shift is missing from ``shifts``.
        ValueError: an instant is naive, or two different presences have one key.

    Source: contract, "Hours" and "Fine points".
    """
    ruled = rulings or Rulings()
    passed = minute_of(now)
    pairs = tuple(_judge(one, shifts[one.key.shift_id], ruled) for one in _each_once(presences))
    service, ahead = _claim_service(pairs, passed)
    granted = _claim_make_ups(make_ups, shifts, service, passed)
    claims = tuple(piece for part in (service, granted) for piece in part)
    parts = tuple(_by_day(claims, zone))
    tiers = tuple(_tiers(parts, ruled.over_cap, policy))
    evidence = _pending_evidence(pairs, claims, zone)
    explanation = Explanation(policy.version, now, pairs, parts, tiers)
    return Hours(
        credits=recompute(explanation),
        pendings=(*evidence, *_pending_over_cap(tiers)),
        taken=union((*(piece.span for piece in tiers), *(s for one in evidence for s in one.spans))),
        ahead_minutes=ahead,
        explanation=explanation,
    )


def recompute(explanation: Explanation) -> tuple[Credit, ...]:
    """Return the credits that the tiers of an explanation add up to.

    Source: contract, "GET /hours/{id}/explanation".
    """
    groups: dict[tuple[date, UUID, CreditKind, CreditClass], list[Piece]] = {}
    for piece in explanation.tiers:
        if piece.standing is Standing.CREDITED:
            groups.setdefault((piece.site_day, piece.shift_id, piece.kind, piece.credit_class), []).append(piece)
    return tuple(
        Credit(shift_id, day, kind, klass, total(p.span for p in group), tuple(dict.fromkeys(p.source for p in group)))
        for (day, shift_id, kind, klass), group in sorted(groups.items())
    )


def explain_line(hours: Hours, shift_id: UUID, site_day: date) -> Explanation:
    """Return the explanation of one shift's lines on one site day.

    Pairs are those of the shift. Union and tiers are those of the whole day, for the tiers depend on all of it.
    """
    whole = hours.explanation
    return Explanation(
        whole.policy_version,
        whole.now,
        tuple(step for step in whole.pairs if step.key.shift_id == shift_id),
        tuple(piece for piece in whole.union if piece.site_day == site_day),
        tuple(piece for piece in whole.tiers if piece.site_day == site_day),
    )


def _each_once(presences: Iterable[Presence]) -> list[Presence]:
    by_key: dict[PairKey, Presence] = {}
    for one in presences:
        known = by_key.setdefault(one.key, one)
        if known is not one and known != one:
            raise ValueError(f"two different presences have the key {one.key}")
    return sorted(by_key.values(), key=lambda one: (one.in_at, one.out_at, one.key))


def _judge(presence: Presence, shift: ShiftTimes, rulings: Rulings) -> PairStep:
    """Source: contract, "GET /hours/…/entries": scans once accepted are verified, roll-calls granted."""
    present = span(presence.in_at, presence.out_at)
    standing = Standing.CREDITED
    if presence.review is not None:
        accepted = rulings.pairs.get(presence.key)
        standing = {None: Standing.PENDING, True: Standing.CREDITED, False: Standing.REFUSED}[accepted]
    return PairStep(
        presence.key,
        present,
        clip(present, span(shift.starts_at, shift.ends_at)),
        standing,
        CreditClass.GRANTED if presence.roll_call else CreditClass.VERIFIED,
        presence.review,
    )


def _in_presence_order(pairs: Iterable[PairStep], standing: Standing) -> list[tuple[Span, PairStep]]:
    found = [(step.clipped, step) for step in pairs if step.standing is standing and step.clipped]
    return sorted(found, key=lambda one: (one[0], one[1].key))


def _claim_service(pairs: Iterable[PairStep], passed: int) -> tuple[list[Piece], int]:
    """Give each minute that has passed to one pair: verified before granted, then who was there first."""
    ordered = _in_presence_order(pairs, Standing.CREDITED)
    ordered.sort(key=lambda one: one[1].credit_class is CreditClass.GRANTED)  # stable
    claims: list[Piece] = []
    for clipped, step in ordered:
        over = clip(clipped, Span(clipped.start, passed))
        for part in subtract(over, (c.span for c in claims)) if over else ():
            claims.append(_piece(part, step.key.shift_id, CreditKind.SERVICE, step.credit_class, step.key))
    whole = union(clipped for clipped, _ in ordered)
    return claims, total(whole) - total(c.span for c in claims)


def _claim_make_ups(
    make_ups: Iterable[MakeUp], shifts: Mapping[UUID, ShiftTimes], service: Iterable[Piece], passed: int
) -> list[Piece]:
    """A make-up gets what no scan proves. Source: contract, "Make-ups": verified time always wins."""
    taken = [piece.span for piece in service]
    claims: list[Piece] = []
    for one in sorted(set(make_ups), key=lambda m: (m.from_at, m.to_at, m.shift_id, m.id)):
        shift = shifts[one.shift_id]
        inside = clip(span(one.from_at, one.to_at), span(shift.starts_at, shift.ends_at))
        over = clip(inside, Span(inside.start, passed)) if inside else None
        for part in subtract(over, taken) if over else ():
            claims.append(_piece(part, one.shift_id, CreditKind.MAKE_UP, CreditClass.GRANTED, one.id))
            taken.append(part)
    return claims


def _piece(part: Span, shift_id: UUID, kind: CreditKind, credit_class: CreditClass, source: PairKey | UUID) -> Piece:
    return Piece(date.min, part, shift_id, kind, credit_class, source)  # _by_day gives the day


def _by_day(claims: Iterable[Piece], zone: tzinfo) -> list[Piece]:
    """Cut claims at midnights and put each day in the order in which the tiers count it: scans before make-ups."""
    parts = [
        Piece(day, part, claim.shift_id, claim.kind, claim.credit_class, claim.source)
        for claim in claims
        for day, part in by_site_day(claim.span, zone)
    ]
    return sorted(parts, key=lambda p: (p.site_day, p.kind is CreditKind.MAKE_UP, p.span))


def _tiers(parts: Iterable[Piece], rulings: tuple[OverCapRuling, ...], policy: Policy) -> Iterable[Piece]:
    """Cut each part at the daily limits and let rulings speak on what lies above them.

    What waits or was refused keeps its place in the day: refusing minutes must not make others count.
    """
    so_far: dict[date, int] = {}
    bounds = (
        (None, 0, policy.at_once_minutes),
        (Level.KEEPER, policy.at_once_minutes, policy.keeper_minutes),
        (Level.ADMIN, policy.keeper_minutes, None),
    )
    for part in parts:
        position = so_far.get(part.site_day, 0)
        so_far[part.site_day] = position + part.span.minutes
        for level, low, high in bounds:
            first = part.span.start + max(low - position, 0)
            last = part.span.end if high is None else min(part.span.end, part.span.start + high - position)
            if first < last:
                at = position + first - part.span.start
                kind, credit_class = part.kind, part.credit_class
                tier = Piece(
                    part.site_day, Span(first, last), part.shift_id, kind, credit_class, part.source, at, level
                )
                yield from _ruled(tier, rulings) if level else (tier,)


def _ruled(tier: Piece, rulings: tuple[OverCapRuling, ...]) -> list[Piece]:
    """Cut a stretch above the daily limit by the rulings that reach it; the latest ruling on a minute wins."""
    open_spans: tuple[Span, ...] = (tier.span,)
    found: list[tuple[Span, Standing]] = []
    for ruling in reversed(rulings):
        if ruling.shift_id != tier.shift_id or (tier.level is Level.ADMIN and ruling.level is Level.KEEPER):
            continue
        standing = Standing.CREDITED if ruling.accepted else Standing.REFUSED
        hit = [part for one in open_spans for s in union(ruling.spans) if (part := clip(one, s))]
        found += [(part, standing) for part in hit]
        open_spans = tuple(part for one in open_spans for part in subtract(one, hit))
    found += [(part, Standing.PENDING) for part in open_spans]
    return [
        replace(tier, span=part, position=tier.position + part.start - tier.span.start, standing=standing)
        for part, standing in sorted(found)
    ]


def _pending_evidence(pairs: Iterable[PairStep], claims: Iterable[Piece], zone: tzinfo) -> list[Pending]:
    """A pair waits for what nothing else has: no minute is asked about twice, or counted and asked about."""
    taken = [claim.span for claim in claims]
    waiting: list[Pending] = []
    for clipped, step in _in_presence_order(pairs, Standing.PENDING):
        rest = subtract(clipped, taken)
        if rest and step.review:
            taken += rest
            day = by_site_day(rest[0], zone)[0][0]
            scans = (step.key.in_scan, step.key.out_scan)
            waiting.append(
                Pending(step.review, Level.KEEPER, step.key.shift_id, day, total(rest), rest, scans, step.key)
            )
    return waiting


def _pending_over_cap(tiers: Iterable[Piece]) -> list[Pending]:
    groups: dict[tuple[date, UUID, Level], list[Piece]] = {}
    for piece in tiers:
        if piece.standing is Standing.PENDING and piece.level:
            groups.setdefault((piece.site_day, piece.shift_id, piece.level), []).append(piece)
    return [
        Pending(PendingKind.OVER_CAP, level, shift_id, day, total(spans := union(p.span for p in group)), spans, scans)
        for (day, shift_id, level), group in sorted(groups.items())
        for scans in [_scans_of(group)]
    ]


def _scans_of(group: Iterable[Piece]) -> tuple[UUID, ...]:
    """The scans behind pieces, each once; a make-up has none."""
    keys = [piece.source for piece in group if isinstance(piece.source, PairKey)]
    return tuple(dict.fromkeys(scan for key in keys for scan in (key.in_scan, key.out_scan)))
