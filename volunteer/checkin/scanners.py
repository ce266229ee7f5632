"""Who scans, and what they may serve: a device its station's subtree, a keeper theirs, a shift leader one shift.

Whoever scans elsewhere is answered `wrong-station` and the scan is kept; nobody is sent away with 403.
Source: contract, "POST /checkins" and "Fine points"; peers.md T46.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from volunteer.access import Actor, Permission
from volunteer.checkin.rules import ShiftFacts, place_of, serves
from volunteer.registration import service as registration
from volunteer.stations import service as stations
from volunteer.stations.service import StationBrief

NOWHERE: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scanner:
    """The operator of a scan.

    Attributes:
        key: the asker's stable name: a scan's id belongs to who sent it first.
        station_id: where the scan is made, if that is one station.
        paths: the station paths whose subtrees are served, for finding shifts; None = everywhere.
        places: what is stored with the scan and judged by `rules.serves`; None = everything.
        own_persons: people whose account this is: their scans are `self-scan`.
        phones: the digests of the phone of a volunteer who scans for themself (`phones`); a keeper's has none.
    """

    key: str
    account_id: uuid.UUID | None
    device_id: uuid.UUID | None
    station_id: uuid.UUID | None
    paths: tuple[str, ...] | None
    places: tuple[str, ...] | None
    channel: str
    address: str = ""
    user_agent: str = ""
    own_persons: frozenset[uuid.UUID] = frozenset()
    phones: tuple[bytes, ...] = ()

    def serves(self, shift: ShiftFacts) -> bool:
        """Whether the scanner may serve a shift."""
        return serves(self.places, shift)


def scanner_of(actor: Actor, station_id: uuid.UUID | None = None, *, address: str = "", agent: str = "") -> Scanner:
    """Return the scanner that a device, a keeper or a shift leader is; `station_id` narrows one with several stations.

    A station that is not the caller's leaves nothing to serve.
    """
    paths = stations.scan_paths(actor)
    shift_ids = [grant.shift_id for grant in actor.grants_with(Permission.SCAN) if grant.shift_id]
    if station_id is not None:
        paths, shift_ids = _narrowed(paths, station_id), []
    return Scanner(
        key=actor.key,
        account_id=actor.account_id,
        device_id=actor.device_id,
        station_id=_one_station(paths),
        paths=_search_paths(paths, shift_ids),
        places=None if paths is None else (*map(_last_step, paths), *map(place_of, shift_ids)),
        channel="device" if actor.is_device else "keeper",
        address=address,
        user_agent=agent,
        own_persons=frozenset() if actor.is_device else frozenset(registration.linked_persons(actor)),
    )


def volunteer_scanner(
    actor: Actor,
    station: StationBrief | None,
    channel: str,
    *,
    address: str = "",
    agent: str = "",
    phones: tuple[bytes, ...] = (),
) -> Scanner:
    """Return the scanner that a volunteer is who scans a station's code; without a readable one nothing is served."""
    return Scanner(
        key=actor.key,
        account_id=actor.account_id,
        device_id=None,
        station_id=station.id if station else None,
        paths=(station.path,) if station else NOWHERE,
        places=(place_of(station.id),) if station else NOWHERE,
        channel=channel,
        address=address,
        user_agent=agent,
        phones=phones,
    )


def _narrowed(paths: tuple[str, ...] | None, station_id: uuid.UUID) -> tuple[str, ...]:
    """Return the path of one station if it lies in the caller's."""
    station = stations.station_briefs([station_id]).get(station_id)
    if station is None or (paths is not None and not station.path.startswith(paths)):
        return NOWHERE
    return (station.path,)


def _search_paths(paths: tuple[str, ...] | None, shift_ids: Sequence[uuid.UUID]) -> tuple[str, ...] | None:
    """Return where shifts are looked for; a leader's shift may be anywhere, and `serves` decides."""
    return None if shift_ids else paths


def _one_station(paths: tuple[str, ...] | None) -> uuid.UUID | None:
    """Return the station of a single path."""
    return uuid.UUID(_last_step(paths[0]).strip("/")) if paths and len(paths) == 1 else None


def _last_step(path: str) -> str:
    """Return the station's own step of its path: it stays true when the station is moved to another parent."""
    return "/" + path.rstrip("/").rpartition("/")[2] + "/"
