"""Builds stations, keepers and devices through the API; for the tests of this room and of the rooms above."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.conftest import Api
from tests.units.making import make_staff

#: A square in the middle of the town; the tests' stations stand here unless they say where.
HERE = {"latitude": 39.9075, "longitude": 116.3972}
_numbers: Iterator[int] = count(1)


def make_station(api: Api, admin: str, level: str = "station", parent_id: str | None = None, **more: Any) -> str:
    """Add a station; return its id."""
    number = next(_numbers)
    body = {"code": f"S{number:05}", "name": f"实践站{number}", "level": level, "parent_id": parent_id} | more
    station_id: str = api("POST", "/stations", body, admin, expect=201).body["id"]
    return station_id


def make_keeper(api: Api, admin: str, station_id: str | None = None, area_id: str | None = None) -> str:
    """Add a keeper of a station, or of an area's stations; return the token."""
    scope = {"station_id": station_id} if station_id else {"area_id": area_id or ""}
    return make_staff(api, admin, "station_keeper", **scope)


def make_device(api: Api, keeper: str, station_id: str, name: str = "门口平板") -> tuple[str, str]:
    """Add a device of a station; return its id and its token."""
    made = api("POST", f"/stations/{station_id}/devices", {"name": name}, keeper, expect=201).body
    return made["id"], made["device_token"]
