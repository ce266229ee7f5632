"""Random lives, settled in any order, in parts and again: the ledger's sum is an independent count of minutes.

The counter knows no spans, tiers or lines: it puts minutes into sets by day, and of each day takes at most 480.
"""

import random
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.hours.making import Told, World, at, pair
from tests.registration.making import Volunteer
from volunteer.clock import SettableClock
from volunteer.database import reading
from volunteer.hours import facts, verification
from volunteer.hours.models import HourRequest, LedgerLine

#: Minutes from START (10:00): two overlapping by day, one over midnight, one the next day, one long.
SHIFTS = [(0, 300), (200, 500), (600, 1000), (1200, 1500), (1300, 2000)]
LIVES = 4


def naive_total(told: list[facts.Presence], refused: set[uuid.UUID], waiting: set[uuid.UUID]) -> int:
    """Count: each minute once, inside its shift, proved or accepted; at most 480 a day."""
    spans = dict(told_shift_spans(told))
    minutes: set[int] = set()
    for one in told:
        if one.key.in_scan in refused | waiting:
            continue
        start, end = spans[one.key.shift_id]
        first, last = (int((instant - at(0)).total_seconds()) // 60 for instant in (one.in_at, one.out_at))
        minutes |= set(range(max(first, start), min(last, end)))
    days: dict[int, int] = {}
    for minute in minutes:
        day = (minute + 600) // 1440  # START is 600 minutes after midnight
        days[day] = days.get(day, 0) + 1
    return sum(min(count, 480) for count in days.values())


def told_shift_spans(told: list[facts.Presence]) -> list[tuple[uuid.UUID, tuple[int, int]]]:
    return [(one.key.shift_id, SPAN_OF[one.key.shift_id]) for one in told]


SPAN_OF: dict[uuid.UUID, tuple[int, int]] = {}


def random_life(dice: random.Random, shifts: list[str]) -> list[facts.Presence]:
    pairs = []
    for number in range(dice.randint(1, 9)):
        index = dice.randrange(len(shifts))
        start, end = SHIFTS[index]
        first = dice.randint(start - 30, end - 1)
        last = dice.randint(first, end + 60)
        review = dice.choice([None, None, "weak_evidence", "late_evidence"])
        pairs.append(pair(shifts[index], first, last, review, roll_call=bool(review), number=1 + number))
    return pairs


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sum_of_the_lines_is_the_count_of_minutes(
    app: Flask, api: Api, world: World, told: Told, clock: SettableClock, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    shifts = world.shifts(SHIFTS)
    SPAN_OF.update({uuid.UUID(shift): span for shift, span in zip(shifts, SHIFTS, strict=True)})
    people = [world.volunteer() for _ in range(LIVES)]
    clock.set(at(5000))
    token = api.login("13900000001", "Admin-2026-pass")
    for who in people:
        check_life(app, api, token, told, dice, who, random_life(dice, shifts))
    with app.app_context():
        found = verification.verify(api.now())
    assert found.ok
    assert found.entries > 0


def check_life(
    app: Flask, api: Api, admin: str, told: Told, dice: random.Random, who: Volunteer, life: list[facts.Presence]
) -> None:
    person_id = uuid.UUID(who.id)
    arrivals = [*life, *dice.sample(life, len(life) // 2)]
    dice.shuffle(arrivals)
    refused: set[uuid.UUID] = set()
    for one in arrivals:
        told.settle(who, one, days=dice.random() < 0.5)
        if dice.random() < 0.4:
            refused |= decide_one(app, api, admin, dice, person_id)
            told.settle(who, one, days=True)
    waiting = {one.key.in_scan for one in life if one.review} - decided(app, person_id)
    expected = naive_total(life, refused, waiting)
    assert ledger_sum(app, person_id) == expected
    count = line_count(app, person_id)
    told.settle(who)
    assert line_count(app, person_id) == count  # what adds up is left alone


def decide_one(app: Flask, api: Api, admin: str, dice: random.Random, person_id: uuid.UUID) -> set[uuid.UUID]:
    """Decide one open review of evidence, if there is one; return the scan of a refused pair."""
    with app.app_context():
        query = sa.select(HourRequest).where(
            HourRequest.person_id == person_id, HourRequest.state == "open", HourRequest.key.startswith("pair:")
        )
        rows = list(reading().scalars(query.order_by(HourRequest.key)))
    if not rows:
        return set()
    row = dice.choice(rows)
    if dice.random() < 0.6:
        api("POST", f"/reviews/{row.id}/accept", {}, admin, expect=200)
        return set()
    api("POST", f"/reviews/{row.id}/refuse", {"reason": "不在场"}, admin, expect=200)
    return {uuid.UUID(row.scan_ids[0])}


def decided(app: Flask, person_id: uuid.UUID) -> set[uuid.UUID]:
    with app.app_context():
        query = sa.select(HourRequest).where(
            HourRequest.person_id == person_id,
            HourRequest.state.in_(("accepted", "refused")),
            HourRequest.key.startswith("pair:"),
        )
        return {uuid.UUID(row.scan_ids[0]) for row in reading().scalars(query)}


def ledger_sum(app: Flask, person_id: uuid.UUID) -> int:
    with app.app_context():
        query = sa.select(sa.func.coalesce(sa.func.sum(LedgerLine.minutes), 0)).where(LedgerLine.person_id == person_id)
        return int(reading().scalar(query) or 0)


def line_count(app: Flask, person_id: uuid.UUID) -> int:
    with app.app_context():
        query = sa.select(sa.func.count()).select_from(LedgerLine).where(LedgerLine.person_id == person_id)
        return int(reading().scalar(query) or 0)
