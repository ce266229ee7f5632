"""Stations and their devices over HTTP."""

import uuid
from typing import Any

from volunteer.access import Permission, Scope
from volunteer.stations import profiles, queries, scanners
from volunteer.stations import schemas as s
from volunteer.web.paging import decode_cursor, page
from volunteer.web.routes import Call, Room
from volunteer.web.schemas import Page

room = Room("stations")


@room.route(
    "POST",
    "/stations",
    Permission.MANAGE_SITE,
    Scope.SITE,
    body=s.StationIn,
    answers={201: s.StationOut},
    errors=(409,),
)
def add_station(call: Call) -> Any:
    """Make a station."""
    return 201, profiles.add_station(call.actor, call.body, call.now)


@room.route("GET", "/stations", Permission.ANYONE, Scope.NOTHING, query=s.StationQuery, answers={200: s.StationPage})
def list_stations(call: Call) -> Any:
    """List stations by code, or the nearest first."""
    q, limit, near = call.query["q"], call.query["limit"], call.query["near"]
    if near is None:
        after = decode_cursor(call.query["cursor"], str)
        rows = queries.list_by_code(q, limit + 1, after[0] if after else None)
        found = page(rows, limit, lambda row: (row.station.code,))
    else:
        after = decode_cursor(call.query["cursor"], float, uuid.UUID)
        rows = queries.list_near(near, call.query["radius_m"], q, limit + 1, after)
        found = page(rows, limit, queries.near_key)
    found["items"] = [_row(row) for row in found["items"]]
    return 200, found


def _row(row: queries.StationRow) -> dict[str, Any]:
    """Return a station of a list, in metres to one decimal."""
    plain = {name: getattr(row.station, name) for name in s.StationOut().fields}
    return plain | {"distance_m": None if row.distance_m is None else round(row.distance_m, 1)}


@room.route("GET", "/stations/<uuid:station_id>", Permission.ANYONE, Scope.NOTHING, answers={200: s.StationOut})
def get_station(call: Call, station_id: uuid.UUID) -> Any:
    """Show a station."""
    return 200, queries.get_profile(station_id)


@room.route(
    "PATCH",
    "/stations/<uuid:station_id>",
    Permission.MANAGE_STATION,
    Scope.STATION,
    body=s.StationPatch,
    answers={200: s.StationOut},
    errors=(409,),
)
def change_station(call: Call, station_id: uuid.UUID) -> Any:
    """Change a station: its keepers the profile, an admin also where it hangs."""
    return 200, profiles.change_station(call.actor, station_id, call.body, call.now)


@room.route(
    "POST",
    "/stations/<uuid:station_id>/devices",
    Permission.MANAGE_STATION,
    Scope.STATION,
    body=s.DeviceIn,
    answers={201: s.NewDeviceOut},
)
def add_device(call: Call, station_id: uuid.UUID) -> Any:
    """Make a scanner of a station; its token is shown this once."""
    return 201, scanners.add_device(call.actor, station_id, call.body["name"], call.now)


@room.route(
    "GET",
    "/stations/<uuid:station_id>/devices",
    Permission.READ_STATIONS,
    Scope.STATION,
    query=Page,
    answers={200: s.DevicePage},
)
def list_devices(call: Call, station_id: uuid.UUID) -> Any:
    """List the scanners of a station, with when they were last seen."""
    limit = call.query["limit"]
    after = decode_cursor(call.query["cursor"], uuid.UUID)
    rows = scanners.list_devices(call.actor, station_id, limit + 1, after[0] if after else None, call.now)
    return 200, page(rows, limit, lambda row: (row.id,))


@room.route(
    "DELETE", "/devices/<uuid:device_id>", Permission.MANAGE_STATION, Scope.STATION, answers={204: None}, errors=(404,)
)
def revoke_device(call: Call, device_id: uuid.UUID) -> Any:
    """End a scanner's token, in force on its next call."""
    scanners.revoke_device(call.actor, device_id, call.now)
    return 204, None
