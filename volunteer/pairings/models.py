"""The tables of pairings: leaders, zones with their areas by day, and who is paired with what, by day."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.pairings.rules import PairingKind


class Official(Base):
    """A leader as the public knows them: name and office; no volunteer, and nothing else is kept of them."""

    __tablename__ = "officials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    office: Mapped[str] = mapped_column(sa.String(100))
    left_on: Mapped[dt.date | None]
    created_at: Mapped[dt.datetime]

    @property
    def code(self) -> str:
        """What tells two of one name apart, where one is chosen by typing."""
        return self.office


class Zone(Base):
    """A zone (片区) of a campaign: areas of any level taken together, across the tree."""

    __tablename__ = "zones"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    created_at: Mapped[dt.datetime]


class ZoneArea(Base):
    """An area in a zone on half-open days; from a day to the same day: it was taken back."""

    __tablename__ = "zone_areas"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    zone_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("zones.id"), index=True)
    area_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]

    __table_args__ = (sa.CheckConstraint("until_on >= from_on", name="until_after_from"),)


class Pairing(Base):
    """A leader or a unit that answers for an area or a zone on half-open days; who set it, who ended it and why."""

    __tablename__ = "pairings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    zone_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("zones.id"), index=True)
    official_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("officials.id"), index=True)
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("kind", PairingKind),
        sa.CheckConstraint("(area_id IS NULL) <> (zone_id IS NULL)", name="one_target"),
        sa.CheckConstraint("(official_id IS NULL) <> (unit_id IS NULL)", name="one_party"),
        sa.CheckConstraint("until_on >= from_on", name="until_after_from"),
        sa.CheckConstraint("(until_on IS NULL) = (ended_at IS NULL)", name="ended_when"),
    )
