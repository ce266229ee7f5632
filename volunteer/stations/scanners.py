"""The devices of a station, for those who keep it. Source: contract, Stations (devices)."""

import datetime as dt
import uuid

from volunteer.access import Actor, Permission
from volunteer.accounts import devices
from volunteer.accounts.devices import DeviceView, NewDevice
from volunteer.database import transaction
from volunteer.stations.service import StationBrief, require_station


def add_device(actor: Actor, station_id: uuid.UUID, name: str, now: dt.datetime) -> NewDevice:
    """Make a device of a station and return its token, this once.

    Raises:
        NotFound: no such station, or not the caller's.
    """
    with transaction() as session:
        require_station(actor, Permission.MANAGE_STATION, station_id)
        return devices.add_device(session, actor, station_id, name, now)


def list_devices(
    actor: Actor, station_id: uuid.UUID, limit: int, after: uuid.UUID | None, now: dt.datetime
) -> list[DeviceView]:
    """Return the devices of a station that may sign in.

    Raises:
        NotFound: no such station, or not the caller's.
    """
    require_station(actor, Permission.READ_STATIONS, station_id)
    return devices.list_devices(frozenset({station_id}), limit, after, now)


def get_device(actor: Actor, device_id: uuid.UUID) -> tuple[DeviceView, StationBrief]:
    """Return a device that the caller may revoke, with its station.

    Raises:
        NotFound: no such device, or of a station that is not the caller's.
    """
    device = devices.get_device(device_id)
    return device, require_station(actor, Permission.MANAGE_STATION, device.station_id)


def revoke_device(actor: Actor, device_id: uuid.UUID, now: dt.datetime) -> None:
    """End a device's token; a second time is harmless.

    Raises:
        NotFound: no such device, or of a station that is not the caller's.
    """
    with transaction() as session:
        require_station(actor, Permission.MANAGE_STATION, devices.get_device(device_id).station_id)
        devices.revoke_device(session, actor, device_id, now)
