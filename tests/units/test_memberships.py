"""Memberships by date: half-open days, transfers that replace, and what the database itself refuses."""

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.reports.making import register
from tests.units.making import make_unit, pass_days
from volunteer.clock import SettableClock
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, InvalidInput
from volunteer.units import memberships
from volunteer.units.models import Membership

NOW = dt.datetime(2026, 3, 22, 2, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    """Return a day of April 2026."""
    return dt.date(2026, 4, number)


@pytest.fixture
def units(app: Flask, api: Api, admin: str) -> list[uuid.UUID]:
    return [uuid.UUID(make_unit(api, admin)) for _ in range(3)]


@pytest.fixture
def person(app: Flask, api: Api) -> uuid.UUID:
    return uuid.UUID(register(api))


def transfer(person: uuid.UUID, unit: uuid.UUID | None, on: dt.date) -> None:
    with transaction() as session:
        memberships.transfer(session, person, unit, on)


def spans() -> list[tuple[Any, ...]]:
    query = sa.select(Membership.unit_id, Membership.from_on, Membership.until_on).order_by(Membership.from_on)
    return [tuple(row) for row in reading().execute(query)]


def unit_of(person: uuid.UUID, on: dt.date) -> uuid.UUID | None:
    return memberships.unit_of(reading(), person, on)


def test_a_transfer_ends_one_and_begins_another_on_its_day(
    app: Flask, person: uuid.UUID, units: list[uuid.UUID]
) -> None:
    with app.app_context():
        with transaction() as session:
            memberships.join(session, person, units[0], day(1), NOW)
            memberships.join(session, person, units[0], day(3), NOW)
        transfer(person, units[1], day(10))
        assert spans() == [(units[0], day(1), day(10)), (units[1], day(10), None)]
        assert [unit_of(person, day(on)) for on in (1, 9, 10)] == [units[0], units[0], units[1]]
        assert unit_of(person, dt.date(2026, 3, 31)) is None
        in_first = memberships.persons_in_units([units[0]], day(9))
        assert list(reading().scalars(in_first)) == [person]
        assert memberships.units_of(reading(), [], day(9)) == {}


def test_a_transfer_on_the_day_it_began_replaces_it(app: Flask, person: uuid.UUID, units: list[uuid.UUID]) -> None:
    with app.app_context():
        for unit in units:
            transfer(person, unit, day(1))
        assert spans() == [(units[2], day(1), None)]
        transfer(person, None, day(1))
        assert spans() == []


def test_a_later_plan_is_replaced_by_a_nearer_one(app: Flask, person: uuid.UUID, units: list[uuid.UUID]) -> None:
    with app.app_context():
        transfer(person, units[0], day(1))
        transfer(person, units[1], day(20))
        transfer(person, units[2], day(10))
        assert spans() == [(units[0], day(1), day(10)), (units[2], day(10), None)]
        transfer(person, units[0], day(5))
        assert spans() == [(units[0], day(1), None)]
        transfer(person, None, day(7))
        assert spans() == [(units[0], day(1), day(7))]
        assert unit_of(person, day(7)) is None
        transfer(person, units[0], day(7))
        assert unit_of(person, day(7)) == units[0]


def test_joining_takes_a_unit_that_is_there_and_a_person_who_is_free(
    app: Flask, api: Api, admin: str, clock: SettableClock, person: uuid.UUID, units: list[uuid.UUID]
) -> None:
    later = pass_days(api, clock, 2)
    api("PATCH", f"/units/{units[2]}", {"closed_on": "2026-03-24"}, later, expect=200)
    cases = [(new_id(), day(1), "unit_id"), (units[2], day(1), "unit_id"), (units[0], dt.date(2026, 3, 21), "on")]
    with app.app_context():
        for unit, on, field in cases:
            with pytest.raises(InvalidInput) as refused:
                transfer(person, unit, on)
            assert refused.value.faults[0].field == field
        with transaction() as session:
            memberships.join(session, person, units[0], day(1), NOW)
        with pytest.raises(Conflict), transaction() as session:
            memberships.join(session, person, units[1], day(2), NOW)


def test_reporting_in_stands_beside_the_unit_that_counts(app: Flask, person: uuid.UUID, units: list[uuid.UUID]) -> None:
    with app.app_context():
        with transaction() as session:
            memberships.join(session, person, units[0], day(1), NOW)
            memberships.join(session, person, units[1], day(1), NOW, kind="report_in")
            memberships.join(session, person, units[2], day(1), NOW, kind="report_in")
        assert unit_of(person, day(1)) == units[0]
        assert len(spans()) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [((1, None), (5, None)), ((5, None), (1, 6)), ((1, 10), (9, None)), ((1, 10), (2, 3)), ((1, 5), (1, 2))],
)
def test_the_database_refuses_an_overlap(
    app: Flask, person: uuid.UUID, units: list[uuid.UUID], first: tuple[int, int | None], second: tuple[int, int | None]
) -> None:
    def add(span: tuple[int, int | None]) -> None:
        from_on, until_on = day(span[0]), span[1] and day(span[1])
        with transaction() as session:
            row = {"person_id": person, "unit_id": units[0], "kind": "counts", "from_on": from_on}
            session.execute(sa.insert(Membership).values(id=new_id(), until_on=until_on, **row))

    with app.app_context():
        add(first)
        with pytest.raises(sa.exc.IntegrityError):
            add(second)

        assert len(spans()) == 1


def test_the_database_refuses_a_change_into_an_overlap_and_empty_days(
    app: Flask, person: uuid.UUID, units: list[uuid.UUID]
) -> None:
    with app.app_context():
        transfer(person, units[0], day(1))
        transfer(person, units[1], day(10))
        for from_on, until_on in ((day(1), day(11)), (day(1), day(1))):
            change = sa.update(Membership).where(Membership.unit_id == units[0])
            with pytest.raises(sa.exc.IntegrityError), transaction() as session:
                session.execute(change.values(from_on=from_on, until_on=until_on))
        with pytest.raises(sa.exc.IntegrityError), transaction() as session:
            memberships.join(session, new_id(), units[0], day(1), NOW)
