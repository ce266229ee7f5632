"""Limits hold over two workers and a restart, and a proxy's word is taken only where there is one.

Source: contract, Conventions (Limits); peers.md T44. The clock here is the machine's: nothing waits for a window.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import world
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Answer, Backend
from tests.hardening.services import Service, served_on
from tests.world import Builder


def try_in(service: Service, phone: str, password: str, address: str = "") -> Answer:
    """Try to sign in, perhaps from an address."""
    headers = {"X-Forwarded-For": address} if address else {}
    return service("POST", "/auth/login", {"phone": phone, "password": password}, headers=headers)


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_limits_hold_over_workers_and_a_restart(backend: Backend, tmp_path: Path) -> None:
    with served_on(backend, tmp_path) as service, ThreadPoolExecutor(8) as pool:
        admin = service.login(ADMIN_PHONE, ADMIN_PASSWORD)
        device = make_scanner(service, admin)
        sixty_pass(service, pool, admin)
        tries = list(pool.map(lambda _: try_in(service, ADMIN_PHONE, "wrong-2026"), range(16)))
        assert sorted(one.status for one in tries) == [401] * 10 + [429] * 6
        exhaust(service, pool, "127.0.0.9")
        scans = list(pool.map(lambda _: scan(service, device), range(26)))
        assert sorted(one.status for one in scans) == [409] * 20 + [429] * 6
        service.restart()
        told_to_wait(scan(service, device), 60)
        told_to_wait(try_in(service, ADMIN_PHONE, ADMIN_PASSWORD), 300)
        assert try_in(service, world.new_phone(), "wrong-2026").status == 401, "another phone is not held up"
        told_to_wait(register(service, "127.0.0.10"), 600)  # no proxy is trusted: it is all one address


def sixty_pass(service: Service, pool: ThreadPoolExecutor, admin: str) -> None:
    """Assert that sixty registrations and sixty sign-ins from one address pass."""
    builder, born = Builder(service, admin), world.CHILD_BIRTH.replace(year=1980)
    forms = [builder.form("百里同址", born, phone=world.new_phone()) for _ in range(60)]
    assert list(pool.map(lambda form: service("POST", "/volunteers", form).status, forms)) == [201] * 60
    signed_in = pool.map(lambda _: try_in(service, ADMIN_PHONE, ADMIN_PASSWORD).status, range(60))
    assert list(signed_in) == [200] * 60


def told_to_wait(answer: Answer, most: int) -> None:
    """Assert that an answer is a problem that says when to come back."""
    assert (answer.status, answer.body["code"]) == (429, "rate-limited")
    assert 1 <= int(answer.headers["Retry-After"]) <= most + 1


def make_scanner(service: Service, admin: str) -> str:
    """Return the token of a station's scanner."""
    body = {"code": "L1", "name": "限流站", "level": "station"}
    station = service("POST", "/stations", body, admin, expect=201).body["id"]
    made = service("POST", f"/stations/{station}/devices", {"name": "平板"}, admin, expect=201)
    token: str = made.body["device_token"]
    return token


def scan(service: Service, device: str) -> Answer:
    """Scan what is no code."""
    return service("POST", "/checkins", {"volunteer_code": "0" * 27, "direction": "in"}, device)


def register(service: Service, address: str) -> Answer:
    """Send an application that fails, from an address as a proxy would tell it."""
    return service("POST", "/volunteers", {}, headers={"X-Forwarded-For": address})


def exhaust(service: Service, pool: ThreadPoolExecutor, address: str) -> None:
    """Use up an address's registrations: 120 in ten minutes."""
    statuses = [one.status for one in pool.map(lambda _: register(service, address), range(121))]
    assert set(statuses) == {422, 429}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_trusted_proxy_is_believed_and_only_what_it_added(backend: Backend, tmp_path: Path) -> None:
    with served_on(backend, tmp_path, VOLUNTEER_TRUSTED_PROXIES="1") as service, ThreadPoolExecutor(4) as pool:
        exhaust(service, pool, "127.0.0.9")
        assert register(service, "127.0.0.9").status == 429
        assert register(service, "127.0.0.10").status == 422, "another person behind the same proxy"
        assert register(service, "127.0.0.11, 127.0.0.9").status == 429, "the person's own word does not count"
