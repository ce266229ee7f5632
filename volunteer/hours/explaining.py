"""How a line came about: scans, pairs, clipping, union, tiers, corrections; computed anew, so that it can be checked.

Source: contract, "GET /hours/{entry_id}/explanation"; peers.md T35 (derive, never trust a counter).
"""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from volunteer.hours import ledger, seams
from volunteer.hours.facts import Hours, PairKey, PairStep, Piece
from volunteer.hours.models import LedgerLine
from volunteer.hours.policy import POLICIES
from volunteer.hours.postings import Group, GroupKey, groups_of
from volunteer.hours.reckoning import Reckoned, correction_key, reckon
from volunteer.hours.rules import explain_line
from volunteer.hours.spans import Span, instant_of

TIER_NAMES = {None: "at_once", "keeper": "keeper", "admin": "admin"}


def explain(session: Session, line: LedgerLine, now: dt.datetime) -> dict[str, Any]:
    """Return the explanation of a line: the steps from evidence to minutes, and whether they give what the ledger says.

    `minutes` are the line's own, `effective_minutes` what its group counts now, `recomputed_minutes` what the rules and
    corrections come to when run again.
    """
    key, group = group_of(session, line)
    answer: dict[str, Any] = {"entry_id": line.id, "kind": line.kind, "minutes": line.minutes, "on": line.site_day}
    answer |= {"policy_version": line.policy_version, "computed_at": now, "shift_id": line.shift_id}
    effective = [group.base, *group.corrections] if group.is_live else []
    answer |= {"person_id": line.person_id, "is_live": any(one is not None and one.id == line.id for one in effective)}
    if key is None:
        same = {"effective_minutes": line.minutes, "recomputed_minutes": line.minutes, "agrees": True}
        return answer | same | {name: [] for name in ("scans", "pairs", "union", "tiers", "corrections")}
    reckoned = reckon(session, line.person_id, seams.presences_of(session, line.person_id), now)
    wanted = reckoned.wanted().get(key, (0, []))[1]
    recomputed = sum(one.minutes for one in wanted)
    return (
        answer
        | _steps(reckoned, key)
        | {
            "policy": _policy(line.policy_version),
            "corrections": [
                {"request_id": one.request_id, "minutes": one.minutes, "before": one.before}
                for one in reckoned.decided.corrections.get(correction_key(key), [])
            ],
            "effective_minutes": group.minutes,
            "recomputed_minutes": recomputed,
            "agrees": group.minutes == recomputed,
        }
    )


def group_of(session: Session, line: LedgerLine) -> tuple[GroupKey | None, Group]:
    """Return the group that a line belongs to; None for a line of another system."""
    lines = ledger.lines_of_person(session, line.person_id, [line.site_day])
    parents = {one.id: one.reverses or one.corrects for one in lines}
    root, by_id = line.id, {one.id: one for one in lines}
    while (parent := parents.get(root)) is not None:
        root = parent
    base = by_id[root]
    if base.shift_id is None:
        return None, Group()
    key = GroupKey(base.shift_id, base.site_day, base.kind, base.class_)
    return key, groups_of(lines).get(key, Group())


def _steps(reckoned: Reckoned, key: GroupKey) -> dict[str, Any]:
    """Return scans, pairs, union and tiers of the cluster in which the group lies."""
    hours = next((one for one in reckoned.clusters if _holds(one, key)), None)
    if hours is None:
        return {"scans": [], "pairs": [], "union": [], "tiers": []}
    steps = explain_line(hours, key.shift_id, key.site_day)
    scans: dict[str, dict[str, Any]] = {}
    for pair in steps.pairs:
        scans[str(pair.key.in_scan)] = {"id": pair.key.in_scan, "direction": "in", "at": instant_of(pair.present.start)}
        scans[str(pair.key.out_scan)] = {
            "id": pair.key.out_scan,
            "direction": "out",
            "at": instant_of(pair.present.end),
        }
    return {
        "scans": sorted(scans.values(), key=lambda scan: (scan["at"], scan["direction"])),
        "pairs": [_pair(pair) for pair in steps.pairs],
        "union": [_piece(piece) for piece in steps.union],
        "tiers": [_piece(piece) for piece in steps.tiers],
    }


def _holds(hours: Hours, key: GroupKey) -> bool:
    """Whether a cluster computed the group's shift."""
    steps = hours.explanation
    return any(pair.key.shift_id == key.shift_id for pair in steps.pairs) or any(
        piece.shift_id == key.shift_id for piece in steps.tiers
    )


def _pair(step: PairStep) -> dict[str, Any]:
    """Return a pair as judged."""
    return {
        "in_scan": step.key.in_scan,
        "out_scan": step.key.out_scan,
        "present": _span(step.present),
        "clipped": _span(step.clipped) if step.clipped else None,
        "standing": step.standing.value,
        "class": step.credit_class.value,
        "review": step.review.value if step.review else None,
    }


def _piece(piece: Piece) -> dict[str, Any]:
    """Return a stretch of minutes with its source and tier."""
    is_pair = isinstance(piece.source, PairKey)
    return {
        **_span(piece.span),
        "on": piece.site_day,
        "shift_id": piece.shift_id,
        "kind": piece.kind.value,
        "class": piece.credit_class.value,
        "request_id": None if is_pair else piece.source,
        "position": piece.position,
        "tier": TIER_NAMES[piece.level.value if piece.level else None],
        "standing": piece.standing.value,
    }


def _span(one: Span) -> dict[str, Any]:
    """Return a span as instants and minutes."""
    return {"from": instant_of(one.start), "to": instant_of(one.end), "minutes": one.minutes}


def _policy(version: int) -> dict[str, Any] | None:
    """Return the numbers of a policy version."""
    policy = next((one for _, one in POLICIES if one.version == version), None)
    if policy is None:
        return None
    return {
        "version": version,
        "at_once_minutes": policy.at_once_minutes,
        "keeper_minutes": policy.keeper_minutes,
        "in_early_minutes": policy.in_early_minutes,
        "out_late_minutes": policy.out_late_minutes,
    }
