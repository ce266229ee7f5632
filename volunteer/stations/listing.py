"""Stations as the desk lists them: level by level or found by words, within what the caller may see.

Source: ux.md A7; contract, Stations.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from volunteer.access import Actor, Permission
from volunteer.accounts import devices
from volunteer.database import reading
from volunteer.stations.models import Station
from volunteer.stations.queries import words
from volunteer.stations.rules import StationLevel
from volunteer.stations.service import StationBrief, brief_of, paths_in_scope, require_station


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stations; `parent_id` counts only where nothing else is asked, None = the caller's topmost ones."""

    parent_id: uuid.UUID | None = None
    q: str | None = None
    level: str | None = None
    show: str = "all"

    @property
    def is_search(self) -> bool:
        """Whether stations of every level are wanted."""
        return bool(self.q or self.level or self.show != "all")


@dataclass(frozen=True, slots=True)
class StationLine:
    """A station in the list: what stands above it, how many stand below it, how many devices it has."""

    id: uuid.UUID
    code: str
    name: str
    level: StationLevel
    address: str | None
    has_point: bool
    parent_name: str | None
    below: int
    devices: int


def list_lines(actor: Actor, wanted: Wanted, limit: int, after: str | None, now: dt.datetime) -> list[StationLine]:
    """Return up to `limit` stations of the caller's by code, after the code `after`; two statements.

    `show` is `all`, or `no-device`: with nothing below them and no device that may sign in.

    Raises:
        NotFound: `parent_id` is not the caller's.
    """
    parent = aliased(Station)
    query = (
        sa.select(Station, parent.name, _below())
        .outerjoin(parent, parent.id == Station.parent_id)
        .where(*_conditions(actor, wanted, now))
        .order_by(Station.code)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Station.code > after)
    rows = reading().execute(query).all()
    counts = devices.count_devices({row[0].id for row in rows}, now)
    return [_line(station, parent_name, below, counts.get(station.id, 0)) for station, parent_name, below in rows]


def count_without_device(actor: Actor, now: dt.datetime) -> int:
    """Return how many of the caller's stations with nothing below them have no device."""
    query = sa.select(sa.func.count()).select_from(Station)
    return int(reading().scalar(query.where(*_conditions(actor, Wanted(show="no-device"), now))) or 0)


def lineage(actor: Actor, station_id: uuid.UUID | None) -> list[StationBrief]:
    """Return the stations from the top down to this one, as far as they are the caller's; one statement."""
    if station_id is None:
        return []
    paths = paths_in_scope(actor, Permission.READ_STATIONS)
    path = reading().scalar(sa.select(Station.path).where(Station.id == station_id)) or ""
    ids = [uuid.UUID(part) for part in path.strip("/").split("/") if part]
    rows = reading().scalars(sa.select(Station).where(Station.id.in_(ids)).order_by(sa.func.length(Station.path)))
    return [brief_of(one) for one in rows if paths is None or one.path.startswith(paths)]


def find_stations(text: str, limit: int) -> list[Station]:
    """Return up to `limit` stations in whose name or code a text stands, what is called exactly so first."""
    fits = sa.or_(Station.name.contains(text, autoescape=True), Station.code.contains(text, autoescape=True))
    exact_first = ((Station.code == text).desc(), (Station.name == text).desc(), Station.code)
    return list(reading().scalars(sa.select(Station).where(fits).order_by(*exact_first).limit(limit)))


def _conditions(actor: Actor, wanted: Wanted, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of a search, or of one level of the tree; always within the caller's scope."""
    paths = paths_in_scope(actor, Permission.READ_STATIONS)
    if not wanted.is_search:
        if wanted.parent_id:
            require_station(actor, Permission.READ_STATIONS, wanted.parent_id)
            return [Station.parent_id == wanted.parent_id]
        return [Station.parent_id.is_(None) if paths is None else Station.path.in_(_outermost(paths))]
    found = [] if paths is None else [sa.or_(sa.false(), *(Station.path.startswith(path) for path in paths))]
    found += words(wanted.q)
    if wanted.level:
        found.append(Station.level == wanted.level)
    if wanted.show == "no-device":
        found += [_below() == 0, Station.id.not_in(devices.stations_with_device(now))]
    return found


def _outermost(paths: tuple[str, ...]) -> list[str]:
    """Return the paths that lie in no other of them."""
    return [path for path in paths if not any(path != other and path.startswith(other) for other in paths)]


def _below() -> sa.ScalarSelect[int]:
    """Return the number of stations directly below one."""
    child = aliased(Station)
    count = sa.select(sa.func.count()).select_from(child).where(child.parent_id == Station.id)
    return count.correlate(Station).scalar_subquery()


def _line(station: Station, parent_name: str | None, below: int, count: int) -> StationLine:
    """Return a row of the list."""
    return StationLine(
        id=station.id,
        code=station.code,
        name=station.name,
        level=StationLevel(station.level),
        address=station.address,
        has_point=station.latitude is not None,
        parent_name=parent_name,
        below=below,
        devices=count,
    )
