"""Stations of a unit that ends: found, and handed to the unit that goes on. Source: decisions 6 (an owner unit)."""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.stations.models import Station
from volunteer.units.rules_endings import InUse
from volunteer.units.seams import Handing, Held, Holding


def of_unit(session: Session, unit_id: uuid.UUID, _on: dt.date) -> list[Held]:
    """Return the stations that a unit owns, by name; ownership is as it stands."""
    query = sa.select(Station.id, Station.name).where(Station.unit_id == unit_id).order_by(Station.name, Station.id)
    return [Held(*row) for row in session.execute(query)]


def give(session: Session, station_ids: Collection[uuid.UUID], handing: Handing) -> int:
    """Hand those of these stations that a unit still owns to another one; return how many."""
    mine = sa.and_(Station.id.in_(station_ids), Station.unit_id == handing.unit_id)
    stations = list(session.scalars(sa.select(Station).where(mine).order_by(Station.id).with_for_update()))
    for station in stations:
        station.unit_id = handing.to_id
    session.flush()
    return len(stations)


HOLDING = Holding(InUse.STATIONS, "归属的站点", of_unit, give)
