"""Builds areas, units, tasks and liaisons through the API; for the tests of this room and of the rooms above."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from volunteer.clock import SettableClock

PASSWORD = "Liaison-2026-pass"
_numbers: Iterator[int] = count(1)


def make_area(api: Api, admin: str, level: str = "street", parent_id: str | None = None, **more: Any) -> str:
    """Add an area; return its id."""
    number = next(_numbers)
    body = {"code": f"A{number:05}", "name": f"区域{number}", "level": level, "parent_id": parent_id} | more
    area_id: str = api("POST", "/areas", body, admin, expect=201).body["id"]
    return area_id


def make_unit(api: Api, admin: str, parent_id: str | None = None, **more: Any) -> str:
    """Add a unit; return its id."""
    number = next(_numbers)
    body = {"code": f"U{number:05}", "name": f"单位{number}", "kind": "government", "parent_id": parent_id} | more
    unit_id: str = api("POST", "/units", body, admin, expect=201).body["id"]
    return unit_id


def set_target(api: Api, admin: str, unit_id: str, target: int, year: int = 2026) -> None:
    """Set a unit's task of a year."""
    api("PUT", f"/units/{unit_id}/targets/{year}", {"target": target}, admin, expect=200)


def move(api: Api, admin: str, unit_id: str, parent_id: str | None, **more: Any) -> None:
    """Put a unit under another one."""
    api("PATCH", f"/units/{unit_id}", {"parent_id": parent_id, **more}, admin, expect=200)


def make_staff(api: Api, admin: str, role: str, **scope: str) -> str:
    """Add an account with one grant; return its token."""
    return api.login(make_account(api, admin, role, **scope), PASSWORD)


def make_account(api: Api, admin: str, role: str, name: str = "陈联络", **scope: str) -> str:
    """Add an account with one grant; return its phone, for signing in on a page with `PASSWORD`."""
    phone = f"137{next(_numbers):08}"
    made = api("POST", "/accounts", {"phone": phone, "name": name, "password": PASSWORD}, admin, expect=201)
    api("POST", f"/accounts/{made.body['id']}/grants", {"role": role, **scope}, admin, expect=201)
    return phone


def add_staff(api: Api, admin: str, role: str, name: str = "陈联络", **scope: str) -> tuple[str, str]:
    """Add an account with one grant; return phone and password, for signing in on a page."""
    return make_account(api, admin, role, name, **scope), PASSWORD


def make_liaison(api: Api, admin: str, **scope: str) -> str:
    """Add a liaison of `unit_id` or `area_id`; return the token."""
    return make_staff(api, admin, "unit_liaison", **scope)


def pass_days(api: Api, clock: SettableClock, days: int) -> str:
    """Let days go by, and with them every token; return the admin's new one."""
    clock.advance(days=days)
    return api.login(ADMIN_PHONE, ADMIN_PASSWORD)
