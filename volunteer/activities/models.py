"""Activities, their shifts, and the sign-ups for them."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.activities.rules import LIVE, ActivityKind, ActivityStatus, SignupStatus
from volunteer.database import Base, one_of

CHANNELS = ("wechat", "browser", "device", "keeper", "import")
LIVE_SQL = "status IN ('" + "', '".join(sorted(LIVE)) + "')"


class Activity(Base):
    """What a station invites to. The leader's name and phone are sealed.

    Whoever decided is neither creator nor submitter, unless it was decided as an admin: the database says so too.
    `station_id` is where, `organizer_unit_id` or `team_id` is who (decisions 6); who does not change once it is
    submitted, so that later reports find who organised it then.
    """

    __tablename__ = "activities"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    station_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stations.id"), index=True)
    organizer_unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"))
    team_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    category: Mapped[str] = mapped_column(sa.String(50), index=True)
    summary: Mapped[str] = mapped_column(sa.String(2000))
    risk_notice: Mapped[str] = mapped_column(sa.String(2000))
    leader_name_sealed: Mapped[bytes]
    leader_phone_sealed: Mapped[bytes]
    kind: Mapped[str] = mapped_column(sa.String(20))
    address: Mapped[str | None] = mapped_column(sa.String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    checkin_radius_m: Mapped[int]
    needs_approval: Mapped[bool]
    walk_ins: Mapped[bool]
    hazardous: Mapped[bool]
    insurance_policy: Mapped[str | None] = mapped_column(sa.String(200))
    signup_opens_at: Mapped[dt.datetime | None]
    signup_closes_at: Mapped[dt.datetime | None]
    status: Mapped[str] = mapped_column(sa.String(10))
    created_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime]
    channel: Mapped[str] = mapped_column(sa.String(10))
    submitted_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    submitted_at: Mapped[dt.datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    decided_as_admin: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("status", ActivityStatus),
        one_of("kind", ActivityKind),
        one_of("channel", CHANNELS),
        sa.CheckConstraint("organizer_unit_id IS NULL OR team_id IS NULL", name="one_organizer"),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_point"),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_as_admin OR (decided_by <> submitted_by AND decided_by <> created_by)",
            name="second_person",
        ),
        sa.CheckConstraint("decided_by IS NULL OR submitted_by IS NOT NULL", name="decided_after_submission"),
        sa.CheckConstraint(
            "(published_at IS NOT NULL) = (status IN ('published', 'cancelled', 'finished'))", name="published"
        ),
        sa.Index("ix_activities_status", "status", "id"),
    )


class Shift(Base):
    """A span of time in which some people are needed at a post. Times are whole minutes.

    `confirmed_count` counts confirmed sign-ups and `over_capacity_count` those that came on top of the seats; the
    database repeats that nobody else gets in (peers.md T1, T2).
    """

    __tablename__ = "shifts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"), index=True)
    position: Mapped[int]
    post: Mapped[str] = mapped_column(sa.String(50))
    place: Mapped[str | None] = mapped_column(sa.String(200))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    starts_at: Mapped[dt.datetime] = mapped_column(index=True)
    ends_at: Mapped[dt.datetime] = mapped_column(index=True)
    capacity: Mapped[int]
    min_age: Mapped[int | None]
    skills: Mapped[list[Any]]
    waitlist: Mapped[bool]
    confirmed_count: Mapped[int] = mapped_column(default=0)
    over_capacity_count: Mapped[int] = mapped_column(default=0)
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    cancelled_at: Mapped[dt.datetime | None]
    cancel_reason: Mapped[str | None] = mapped_column(sa.String(500))
    audience_count: Mapped[int | None]
    beneficiary_count: Mapped[int | None]
    closed_out_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    closed_out_at: Mapped[dt.datetime | None]

    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        sa.CheckConstraint("capacity >= 1", name="has_a_seat"),
        sa.CheckConstraint("confirmed_count >= 0 AND over_capacity_count >= 0", name="counts_not_negative"),
        sa.CheckConstraint("confirmed_count <= capacity + over_capacity_count", name="seats"),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="whole_point"),
        sa.CheckConstraint("audience_count >= 0 AND beneficiary_count >= 0", name="people_not_negative"),
    )


class Signup(Base):
    """One person's place in a shift. At most one live one a person and shift: the database says so too."""

    __tablename__ = "signups"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    shift_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("shifts.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    status: Mapped[str] = mapped_column(sa.String(10))
    walk_in: Mapped[bool] = mapped_column(default=False)
    over_capacity: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str] = mapped_column(sa.String(10))
    created_by: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    cancelled_by: Mapped[str | None] = mapped_column(sa.String(60))
    cancelled_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("status", SignupStatus),
        one_of("channel", CHANNELS),
        sa.CheckConstraint("NOT over_capacity OR walk_in", name="only_walk_ins_over_capacity"),
        sa.Index(
            "uq_signups_live",
            "person_id",
            "shift_id",
            unique=True,
            sqlite_where=sa.text(LIVE_SQL),
            postgresql_where=sa.text(LIVE_SQL),
        ),
        sa.Index("ix_signups_shift", "shift_id", "created_at", "id"),
    )
