"""The tree of stations: practice centres, institutes, stations, points."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.stations.rules import Crs, StationLevel

LONGEST_PATH = 800


class Station(Base):
    """One station. `path` is `/<id>/…/<id>/`, its own id last, so that a subtree is everything that starts with it.

    Coordinates are WGS-84 degrees; `crs_source` says what they were given in. The owner is `unit_id` (decisions 6).
    """

    __tablename__ = "stations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    level: Mapped[str] = mapped_column(sa.String(10))
    site_kind: Mapped[str | None] = mapped_column(sa.String(50))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"), index=True)
    path: Mapped[str] = mapped_column(sa.String(LONGEST_PATH), index=True)
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    address: Mapped[str | None] = mapped_column(sa.String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    crs_source: Mapped[str | None] = mapped_column(sa.String(10))
    phone: Mapped[str | None] = mapped_column(sa.String(30))
    geo_optional: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]

    __table_args__ = (
        one_of("level", StationLevel),
        one_of("crs_source", Crs),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_point"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_own_parent"),
        sa.Index("ix_stations_point", "latitude", "longitude"),
    )
