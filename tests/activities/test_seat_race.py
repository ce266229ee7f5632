"""T1, T2: many clients, few seats, two real worker processes: exactly as many winners as seats.

The control runs the same race with the lock off (`VOLUNTEER_TEST_SEAT_LOCK=off`) and must see too many winners: else
this test would prove nothing. There the sign-up is judged by counting rows and written by a plain insert, and the
counter that the database guards is left alone, so that the constraint cannot hide the race.
"""

import dataclasses
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import Scene, make_published, make_scene, shift, sign_up
from tests.conftest import Api, Backend
from tests.registration.making import Volunteer, add_volunteer
from tests.servers import at_once, running, send
from volunteer import config
from volunteer.clock import SettableClock, SystemClock
from volunteer.database import db, transaction

CLIENTS = 12
LOCK_OFF = {"VOLUNTEER_TEST_SEAT_LOCK": "off"}


@pytest.fixture
def scene(api: Api, clock: SettableClock) -> Scene:
    """The world as of the machine's present, which the worker processes live in."""
    from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE
    from volunteer.accounts import service

    clock.set(SystemClock().now())
    with api.app.app_context():
        service.create_first_admin(ADMIN_PHONE, "管理员", ADMIN_PASSWORD, api.now())
    return make_scene(api, api.login(ADMIN_PHONE, ADMIN_PASSWORD))


@pytest.fixture
def people(api: Api, scene: Scene) -> list[Volunteer]:
    return [add_volunteer(api) for _ in range(CLIENTS)]


def race(base: str, shift_id: str, people: list[Volunteer]) -> list[str]:
    """Let everybody ask for a seat at the same moment; return how each was answered."""
    path = f"/shifts/{shift_id}/signups"
    calls = [lambda token=person.token: send(base, "POST", path, {}, token) for person in people]
    answers = at_once(calls)
    return sorted(a.body["status"] if a.status == 201 else ",".join(a.body["reasons"]) for a in answers)


def confirmed_rows(app: Flask, shift_id: str) -> int:
    """Return how many confirmed sign-ups the database holds."""
    with app.app_context():
        key = uuid.UUID(shift_id)
        name = db.engine.dialect.name
        query = sa.text("SELECT count(*) FROM signups WHERE status = 'confirmed' AND shift_id = :id")
        found: int = db.session.execute(query, {"id": key if name == "postgresql" else key.bytes}).scalar_one()
        db.session.rollback()
        return found


def test_t1_exactly_as_many_winners_as_seats(
    app: Flask, api: Api, backend: Backend, scene: Scene, people: list[Volunteer]
) -> None:
    rounds = [(1, False), (2, True), (3, False)]
    activity = make_published(
        api, scene, *(shift(api, 60 + n * 200, 180 + n * 200, seats, waitlist=w) for n, (seats, w) in enumerate(rounds))
    )
    with running(backend.url(), workers=2, VOLUNTEER_TEST_PAUSE_MS="20") as base:
        for row, (seats, waitlist) in zip(activity["shifts"], rounds, strict=True):
            answers = race(base, row["id"], people)
            rest = "waitlisted" if waitlist else "full"
            assert answers == sorted(["confirmed"] * seats + [rest] * (CLIENTS - seats))
            seen = api("GET", f"/shifts/{row['id']}", expect=200).body
            assert (seen["confirmed"], seen["seats_left"]) == (seats, 0)
            assert confirmed_rows(app, row["id"]) == seats


@pytest.mark.slow
def test_t1_the_control_without_lock_shows_the_race(
    app: Flask, api: Api, backend: Backend, scene: Scene, people: list[Volunteer]
) -> None:
    activity = make_published(api, scene, shift(api, capacity=1, waitlist=False))
    shift_id = activity["shifts"][0]["id"]
    with running(backend.url(), workers=2, VOLUNTEER_TEST_PAUSE_MS="400", **LOCK_OFF) as base:
        winners = race(base, shift_id, people).count("confirmed")
    assert winners > 1
    assert confirmed_rows(app, shift_id) == winners


def test_t1_the_control_is_right_where_nobody_races(
    api: Api, backend: Backend, scene: Scene, people: list[Volunteer]
) -> None:
    assert backend.settings
    config.install(dataclasses.replace(backend.settings, seat_lock=False))
    shift_id = make_published(api, scene, shift(api, capacity=2, waitlist=False))["shifts"][0]["id"]
    answers = [sign_up(api, shift_id, person.token).status for person in people[:4]]
    assert answers == [201, 201, 409, 409]


def test_t1_one_person_twice_at_once_gets_one_place(
    app: Flask, api: Api, backend: Backend, scene: Scene, people: list[Volunteer]
) -> None:
    shift_id = make_published(api, scene, shift(api, capacity=5))["shifts"][0]["id"]
    with running(backend.url(), workers=2, VOLUNTEER_TEST_PAUSE_MS="20") as base:
        answers = race(base, shift_id, people[:1] * 6)
    assert answers == ["already-signed-up"] * 5 + ["confirmed"]
    assert confirmed_rows(app, shift_id) == 1


@pytest.mark.slow
def test_t9_one_freed_seat_goes_to_one_however_many_cancel_and_ask(
    app: Flask, api: Api, backend: Backend, scene: Scene, people: list[Volunteer]
) -> None:
    shift_id = make_published(api, scene, shift(api, capacity=3))["shifts"][0]["id"]
    signups = [sign_up(api, shift_id, person.token).body for person in people[:8]]
    with running(backend.url(), workers=2, VOLUNTEER_TEST_PAUSE_MS="20") as base:
        cancels = [
            lambda row=row, token=person.token: send(base, "POST", f"/signups/{row['id']}/cancel", {}, token)
            for row, person in zip(signups[:4], people[:4], strict=True)
        ]
        asks = [
            lambda token=person.token: send(base, "POST", f"/shifts/{shift_id}/signups", {}, token)
            for person in people[8:]
        ]
        twice = [cancels[0], cancels[1]]
        answers = at_once([*cancels, *twice, *asks])
    assert {answer.status for answer in answers} <= {200, 201}
    seen = api("GET", f"/shifts/{shift_id}", expect=200).body
    assert (seen["confirmed"], seen["waiting"], seen["seats_left"]) == (3, 5, 0)
    assert confirmed_rows(app, shift_id) == 3


def test_t2_the_database_itself_refuses_one_seat_too_many(app: Flask, api: Api, scene: Scene) -> None:
    shift_id = uuid.UUID(make_published(api, scene, shift(api, capacity=2))["shifts"][0]["id"])
    with app.app_context(), transaction() as session:
        key = shift_id if session.get_bind().dialect.name == "postgresql" else shift_id.bytes
        query = sa.text("UPDATE shifts SET confirmed_count = 3 WHERE id = :id")
        with pytest.raises(sa.exc.IntegrityError, match="seats"):
            session.execute(query, {"id": key})
        session.rollback()
