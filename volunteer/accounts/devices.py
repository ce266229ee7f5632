"""Devices of a station: scanners that sign in with a token of their own, shown once, good for 180 days.

A device token starts with `d.`, so that the guard knows where to look; only its digest is kept. What a device may call
is marked on the routes (`devices=True`) and is confined to its station's subtree by the services.
Source: contract, Stations (devices); peers.md T46 (a named device on each scan).
"""

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import Base, new_id, reading, transaction
from volunteer.errors import NotFound
from volunteer.prepared import Query

PREFIX = "d."
LIFE = dt.timedelta(days=180)
SEEN_EVERY = dt.timedelta(minutes=1)


class Device(Base):
    """One scanner. `last_seen_at` is at most a minute old while it is in use."""

    __tablename__ = "devices"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    station_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stations.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    revoked_at: Mapped[dt.datetime | None]


_BY_TOKEN = Query(
    lambda _: sa.select(
        Device.id, Device.station_id, Device.token_digest, Device.expires_at, Device.revoked_at, Device.last_seen_at
    ).where(Device.token_digest == sa.bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as its keeper sees it."""

    id: uuid.UUID
    station_id: uuid.UUID
    name: str
    created_at: dt.datetime
    expires_at: dt.datetime
    last_seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device just made, with the token to show once."""

    id: uuid.UUID
    device_token: str
    expires_at: dt.datetime


def add_device(session: Session, actor: Actor, station_id: uuid.UUID, name: str, now: dt.datetime) -> NewDevice:
    """Make a device of a station; the caller has checked that `actor` keeps the station."""
    token = PREFIX + secrets.token_urlsafe(32)
    device = Device(
        id=new_id(),
        station_id=station_id,
        name=name,
        token_digest=_digest(token),
        created_by=actor.account,
        created_at=now,
        expires_at=now + LIFE,
    )
    session.add(device)
    audit.record(session, actor, now, "device.add", ("station", station_id), device=str(device.id))
    return NewDevice(device.id, token, device.expires_at)


def list_devices(
    station_ids: frozenset[uuid.UUID], limit: int, after: uuid.UUID | None, now: dt.datetime
) -> list[DeviceView]:
    """Return the devices of stations that still may sign in, in order of making."""
    query = sa.select(Device).where(
        Device.station_id.in_(station_ids), Device.revoked_at.is_(None), Device.expires_at > now
    )
    if after:
        query = query.where(Device.id > after)
    return [_view(device) for device in reading().scalars(query.order_by(Device.id).limit(limit))]


def stations_with_device(now: dt.datetime) -> sa.Select[uuid.UUID]:
    """Return a select of the stations that have a device which may sign in."""
    return sa.select(Device.station_id).where(Device.revoked_at.is_(None), Device.expires_at > now)


def count_devices(station_ids: Collection[uuid.UUID], now: dt.datetime) -> dict[uuid.UUID, int]:
    """Return how many devices of these stations may sign in, by station; none for one without. One statement."""
    live = stations_with_device(now).where(Device.station_id.in_(station_ids)).subquery()
    query = sa.select(live.c.station_id, sa.func.count()).group_by(live.c.station_id)
    return {row[0]: row[1] for row in reading().execute(query)} if station_ids else {}


def names_of(device_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the names of the devices that exist among these, revoked or not, by id; one statement."""
    if not device_ids:
        return {}
    query = sa.select(Device.id, Device.name).where(Device.id.in_(device_ids))
    return {row.id: row.name for row in reading().execute(query)}


def get_device(device_id: uuid.UUID) -> DeviceView:
    """Return a device, revoked or not.

    Raises:
        NotFound: no such device.
    """
    device = reading().get(Device, device_id)
    if device is None:
        raise NotFound
    return _view(device)


def device_names(session: Session, device_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return what these devices are called, revoked or not, by id; one statement."""
    query = sa.select(Device.id, Device.name).where(Device.id.in_(set(device_ids)))
    return {device_id: name for device_id, name in session.execute(query)} if device_ids else {}


def revoke_device(session: Session, actor: Actor, device_id: uuid.UUID, now: dt.datetime) -> None:
    """End a device's token, in force on its next call; a second time is harmless."""
    device = session.get(Device, device_id, with_for_update=True, populate_existing=True)
    if device is None:
        raise NotFound
    if device.revoked_at is None:
        device.revoked_at, device.revoked_by = now, actor.account
        audit.record(session, actor, now, "device.revoke", ("station", device.station_id), device=str(device_id))


def authenticate_device(token: str, now: dt.datetime) -> Actor | None:
    """Return the device that holds `token`, or None; note that it was seen, at most once a minute."""
    found = _BY_TOKEN.alone(digest=_digest(token))
    if not found or found[0].revoked_at is not None or found[0].expires_at <= now:
        return None
    device = found[0]
    actor = Actor(device_id=device.id, device_station_id=device.station_id, session_id=device.token_digest)
    if device.last_seen_at is None or device.last_seen_at <= now - SEEN_EVERY:
        _see(device.id, now)
    return actor


def _see(device_id: uuid.UUID, now: dt.datetime) -> None:
    """Write when a device was seen; whoever comes second within the minute writes nothing."""
    is_older = Device.last_seen_at.is_(None) | (Device.last_seen_at <= now - SEEN_EVERY)
    with transaction() as session:
        session.execute(sa.update(Device).where(Device.id == device_id, is_older).values(last_seen_at=now))


def _view(device: Device) -> DeviceView:
    """Return a device without its token."""
    return DeviceView(
        device.id, device.station_id, device.name, device.created_at, device.expires_at, device.last_seen_at
    )


def _digest(token: str) -> bytes:
    """Return the digest under which a token is kept; the token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
