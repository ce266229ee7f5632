"""A person's hours in /me/data, and what stays of them after erasure; a shift that moves takes its lines along."""

import datetime as dt
import uuid

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import Api
from tests.hours.making import Told, World, at, pair
from volunteer.activities.models import Shift
from volunteer.clock import SettableClock
from volunteer.database import reading, transaction
from volunteer.hours import privacy, service
from volunteer.hours.models import HourRequest, LedgerLine


def test_lines_stay_and_words_go(app: Flask, world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -180, -100))
    world.make_up(who, shift, -90, -50)
    person_id = uuid.UUID(who.id)
    with app.app_context():
        held = privacy.export_of(reading(), person_id)
        assert [line["minutes"] for line in held["ledger_lines"]] == [80]
        assert [(row["kind"], row["reason"]) for row in held["hour_requests"]] == [("make_up", "停电")]
        with transaction() as session:
            privacy.forget_person(session, person_id, api.now())
        rows = list(reading().scalars(sa.select(HourRequest).where(HourRequest.person_id == person_id)))
        assert [(row.state, row.reason, row.pending_minutes) for row in rows] == [("withdrawn", None, 0)]
        kept = sa.select(sa.func.sum(LedgerLine.minutes)).where(LedgerLine.person_id == person_id)
        assert reading().scalar(kept) == 80


def test_the_data_page_holds_hours(world: World, api: Api, told: Told) -> None:
    shift = world.shift(-180, 30)
    who = world.volunteer(shift)
    told.settle(who, pair(shift, -180, -100))
    held = api("GET", "/me/data", token=who.token, expect=200).body
    assert "ledger_lines" in str(held)


def test_a_shift_that_moves_is_settled_again(
    app: Flask, world: World, api: Api, told: Told, clock: SettableClock
) -> None:
    shift = world.shift(10, 200)
    who = world.volunteer(shift)
    clock.set(at(150))
    asked = world.make_up(who, shift, 20, 80)
    api("POST", f"/make-ups/{asked}/approve", {}, world.keeper, expect=200)
    assert world.hours(who)["minutes_total"] == 60
    with app.app_context(), transaction() as session:
        move_start(session, shift, at(50))
        service.shift_moved(session, uuid.UUID(shift), api.now())
    assert world.hours(who)["minutes_total"] == 30


def move_start(session: Session, shift: str, starts_at: dt.datetime) -> None:
    """Move a shift's start, past the rules of activities."""
    session.get_one(Shift, uuid.UUID(shift)).starts_at = starts_at
    session.flush()
