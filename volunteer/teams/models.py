"""The tables of teams: what they are, who led them, who was in them, who asked to join."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.teams.rules import RequestState, TeamKind

OPEN_SPAN = sa.text("until_on IS NULL")
OPEN_REQUEST = sa.text("state = 'open'")


class Team(Base):
    """A team. Its owner is a unit, a station, both or (an area's team) neither; `required_skill` is a skill's code."""

    __tablename__ = "teams"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(20))
    introduction: Mapped[str | None] = mapped_column(sa.String(1000))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"), index=True)
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    required_skill: Mapped[str | None] = mapped_column(sa.String(50))
    requirement: Mapped[str | None] = mapped_column(sa.String(200))
    takes_requests: Mapped[bool]
    founded_on: Mapped[dt.date]
    dissolved_on: Mapped[dt.date | None]
    dissolved_reason: Mapped[str | None] = mapped_column(sa.String(500))
    created_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime]

    __table_args__ = (
        one_of("kind", TeamKind),
        sa.CheckConstraint("dissolved_on >= founded_on", name="dissolved_after_founding"),
    )


class TeamMember(Base):
    """A person in a team on half-open days; from a day to the same day: it was taken back."""

    __tablename__ = "team_members"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    ended_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    end_reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        sa.CheckConstraint("until_on >= from_on", name="until_after_from"),
        sa.Index(
            "uq_team_members_open",
            "team_id",
            "person_id",
            unique=True,
            sqlite_where=OPEN_SPAN,
            postgresql_where=OPEN_SPAN,
        ),
        sa.Index("ix_team_members_team_id_from_on", "team_id", "from_on"),
    )


class TeamLeader(Base):
    """Who led a team on half-open days: one at a time, and a member of it."""

    __tablename__ = "team_leaders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]

    __table_args__ = (
        sa.CheckConstraint("until_on >= from_on", name="until_after_from"),
        sa.Index("uq_team_leaders_open", "team_id", unique=True, sqlite_where=OPEN_SPAN, postgresql_where=OPEN_SPAN),
        sa.Index("ix_team_leaders_team_id_from_on", "team_id", "from_on"),
    )


class TeamRequest(Base):
    """Somebody asks to join: the shape of every request (decisions 14). A trigger refuses accounts of the subject."""

    __tablename__ = "team_requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    team_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("teams.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(10))
    note: Mapped[str | None] = mapped_column(sa.String(200))
    asked_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[dt.datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("state", RequestState),
        sa.CheckConstraint("decided_by <> asked_by", name="second_person"),
        sa.CheckConstraint("decided_by IS NULL OR decided_at IS NOT NULL", name="decided_when"),
        sa.CheckConstraint("state <> 'accepted' OR decided_by IS NOT NULL", name="accepted_by_somebody"),
        sa.Index(
            "uq_team_requests_open",
            "team_id",
            "person_id",
            unique=True,
            sqlite_where=OPEN_REQUEST,
            postgresql_where=OPEN_REQUEST,
        ),
        sa.Index("ix_team_requests_team_id_state", "team_id", "state"),
    )
