"""Devices over HTTP: made once, seen, ended; and they may call nothing but scanning."""

import sqlalchemy as sa
from flask import Flask

from tests.conftest import Api
from tests.stations.making import make_device, make_keeper, make_station
from volunteer.clock import SettableClock
from volunteer.database import db


def test_a_token_is_shown_once_and_starts_with_d(api: Api, admin: str) -> None:
    station = make_station(api, admin)
    keeper = make_keeper(api, admin, station)
    made = api("POST", f"/stations/{station}/devices", {"name": "门口平板"}, keeper, expect=201).body
    assert made["device_token"].startswith("d.")
    listed = api("GET", f"/stations/{station}/devices", token=keeper, expect=200).body["items"]
    assert [(row["id"], row["name"], row["last_seen_at"]) for row in listed] == [(made["id"], "门口平板", None)]
    assert "device_token" not in listed[0]


def test_a_device_is_forbidden_whatever_is_not_scanning_even_public(api: Api, admin: str) -> None:
    station = make_station(api, admin)
    _, device = make_device(api, admin, station)
    for path in ("/me", "/stations", f"/stations/{station}", "/activities", f"/stations/{station}/devices"):
        assert api("GET", path, token=device, expect=403).body["code"] == "forbidden"
    api("POST", f"/stations/{station}/devices", {"name": "x"}, device, expect=403)


def test_last_seen_is_written_at_most_once_a_minute(api: Api, admin: str, clock: SettableClock) -> None:
    station = make_station(api, admin)
    _, device = make_device(api, admin, station)

    def seen() -> str:
        listed: str = api("GET", f"/stations/{station}/devices", token=admin, expect=200).body["items"][0][
            "last_seen_at"
        ]
        return listed

    api("GET", "/me", token=device, expect=403)
    first = seen()
    clock.advance(seconds=59)
    api("GET", "/me", token=device, expect=403)
    assert seen() == first
    clock.advance(seconds=1)
    api("GET", "/me", token=device, expect=403)
    assert seen() > first


def test_a_device_in_use_costs_no_write(app: Flask, api: Api, admin: str) -> None:
    _, device = make_device(api, admin, make_station(api, admin))
    api("GET", "/me", token=device, expect=403)
    with app.app_context():
        engine = db.engine
    seen: list[str] = []
    listener = lambda _c, _cursor, statement, *_: seen.append(statement)  # noqa: E731
    sa.event.listen(engine, "before_cursor_execute", listener)
    api("GET", "/me", token=device, expect=403)
    sa.event.remove(engine, "before_cursor_execute", listener)
    assert [statement.split()[0] for statement in seen if "devices" in statement] == ["SELECT"]


def test_a_dead_unknown_or_old_device_is_unauthenticated(api: Api, admin: str, clock: SettableClock) -> None:
    station = make_station(api, admin)
    device_id, device = make_device(api, admin, station)
    _, other = make_device(api, admin, station, "第二台")
    api("DELETE", f"/devices/{device_id}", token=admin, expect=204)
    api("DELETE", f"/devices/{device_id}", token=admin, expect=204)
    api("GET", "/stations", token=device, expect=401)
    api("GET", "/stations", token="d.unknown", expect=401)
    api("GET", "/stations", token=other, expect=403)
    clock.advance(days=180)
    api("GET", "/stations", token=other, expect=401)


def test_only_live_devices_are_listed_page_by_page(api: Api, admin: str) -> None:
    station = make_station(api, admin)
    ids = [make_device(api, admin, station, f"平板{number}")[0] for number in range(3)]
    api("DELETE", f"/devices/{ids[0]}", token=admin, expect=204)
    page = api("GET", f"/stations/{station}/devices?limit=1", token=admin, expect=200).body
    rest = api("GET", f"/stations/{station}/devices?cursor={page['next_cursor']}", token=admin, expect=200).body
    assert [row["id"] for row in page["items"] + rest["items"]] == ids[1:]
    assert rest["next_cursor"] is None
