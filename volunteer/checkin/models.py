"""Scans, which nothing changes, and attendances, which are folded from them and can be made again.

Nobody is named here but by `person_id`; where a phone was, and its address, stand in a side table for 30 days.
Source: decisions 1, 7, 8, 10, 12, 16; peers.md T13, T46.
"""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.checkin.reasons import Direction, Evidence, Mode
from volunteer.database import Base, one_of

CHANNELS = ("wechat", "browser", "device", "keeper", "import")


class CodeForm(StrEnum):
    """What was shown: a living code, a card, a station's code, a ticket for one, nothing, or no code of ours."""

    PERSONAL = "personal"
    CARD = "card"
    STATION = "station"
    TICKET = "ticket"
    NONE = "none"
    UNREADABLE = "unreadable"


class Accuracy(StrEnum):
    """How well a phone knew where it was: within 50 m, within 200 m, worse, or it did not say."""

    FINE = "fine"
    FAIR = "fair"
    COARSE = "coarse"
    UNKNOWN = "unknown"


class ScanKey(Base):
    """An id that a client gave, and what it stands for: the same again is answered, never done again.

    `sender` is the asker's stable name; a ticket's own id stands here too, with sender `ticket`, for it works once.
    """

    __tablename__ = "scan_keys"

    client_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(sa.String(60))
    scan_id: Mapped[uuid.UUID]
    body_digest: Mapped[bytes]
    created_at: Mapped[dt.datetime]


class ScanRow(Base):
    """One scan as it arrived, accepted or refused; triggers refuse UPDATE and DELETE.

    `person_id` is NULL where the code names nobody. `shift_id` is the shift it is judged against, `named_shift_id` what
    was sent. `refusals` are the reasons that were there at arrival; what depends on other scans is folded, not stored.
    `places` are the stations (or single shifts) that the scanner might serve, NULL for all. `code_digest` is kept of
    codes that are none of ours, `code_step` of those that were accepted or came late.
    """

    __tablename__ = "scans"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    client_id: Mapped[uuid.UUID | None]
    person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("persons.id"))
    shift_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("shifts.id"))
    named_shift_id: Mapped[uuid.UUID | None]
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    direction: Mapped[str] = mapped_column(sa.String(3))
    mode: Mapped[str] = mapped_column(sa.String(9))
    scanned_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]
    judged_at: Mapped[dt.datetime]
    code_form: Mapped[str] = mapped_column(sa.String(10))
    code_version: Mapped[int | None] = mapped_column(sa.SmallInteger())
    code_step: Mapped[int | None] = mapped_column(sa.BigInteger())
    code_digest: Mapped[bytes | None]
    refusals: Mapped[list[Any]]
    flags: Mapped[list[Any]]
    strong: Mapped[bool]
    held: Mapped[bool]
    geo_optional: Mapped[bool]
    walk_in: Mapped[bool]
    places: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    account_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    device_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("devices.id"))
    channel: Mapped[str] = mapped_column(sa.String(10))
    distance_m: Mapped[int | None]
    accuracy: Mapped[str | None] = mapped_column(sa.String(8))
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("direction", Direction),
        one_of("mode", Mode),
        one_of("code_form", CodeForm),
        one_of("channel", CHANNELS),
        one_of("accuracy", Accuracy),
        sa.CheckConstraint("account_id IS NOT NULL OR device_id IS NOT NULL", name="has_operator"),
        sa.Index("ix_scans_person_judged", "person_id", "judged_at"),
        sa.Index("ix_scans_shift", "shift_id"),
        sa.Index("ix_scans_judged", "judged_at", postgresql_using="brin"),
    )


class ScanPlace(Base):
    """Where a scan was made from, as the phone said; deleted after 30 days (decisions 10).

    `phone` is a keyed digest of a browser that holds for one day and is emptied after two (`phones`).
    """

    __tablename__ = "scan_places"

    scan_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scans.id"), primary_key=True)
    received_at: Mapped[dt.datetime] = mapped_column(index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    address: Mapped[str | None] = mapped_column(sa.String(60))
    user_agent: Mapped[str | None] = mapped_column(sa.String(300))
    phone: Mapped[bytes | None]

    __table_args__ = (
        sa.Index(
            "ix_scan_places_phone",
            "phone",
            "received_at",
            sqlite_where=sa.text("phone IS NOT NULL"),
            postgresql_where=sa.text("phone IS NOT NULL"),
        ),
    )


class ScanVoid(Base):
    """That a scan no longer counts, who said so and why; appended, never taken back."""

    __tablename__ = "scan_voids"

    scan_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scans.id"), primary_key=True)
    voided_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    voided_at: Mapped[dt.datetime]
    reason: Mapped[str] = mapped_column(sa.String(500))


class Attendance(Base):
    """One person at one shift, folded from scans. Without pairs (all voided) it says nothing and is not shown.

    `pairs`: `{in, out, in_scan, out_scan, strong, roll_call, flags}` in order, instants cut to the minute; `minutes`
    those of the closed pairs within the shift, each once. Whether it is open or unclosed is a function of the clock and
    `closes_at`, the last minute of the out window. `reminded_at`: when the person was last told to check out.
    `site_day` is the day on which the shift starts.
    """

    __tablename__ = "attendances"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    shift_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("shifts.id"))
    site_day: Mapped[dt.date]
    pairs: Mapped[list[Any]]
    pair_count: Mapped[int]
    has_open_pair: Mapped[bool]
    first_in_at: Mapped[dt.datetime | None]
    last_out_at: Mapped[dt.datetime | None]
    closes_at: Mapped[dt.datetime]
    minutes: Mapped[int]
    walk_in: Mapped[bool]
    evidence: Mapped[str] = mapped_column(sa.String(6))
    flags: Mapped[list[Any]]
    told_unclosed_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("evidence", Evidence),
        sa.UniqueConstraint("person_id", "shift_id"),
        sa.CheckConstraint("minutes >= 0 AND pair_count >= 0", name="not_negative"),
        sa.Index("ix_attendances_shift", "shift_id", "first_in_at"),
        sa.Index("ix_attendances_open", "has_open_pair", "closes_at"),
        sa.Index("ix_attendances_day", "site_day", postgresql_using="brin"),
    )


class UnmatchedScan(Base):
    """An out that waits for its in (batches only): a part of the fold that hours must hear of. Made again like it."""

    __tablename__ = "unmatched_scans"

    scan_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("scans.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    shift_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("shifts.id"))
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    judged_at: Mapped[dt.datetime]


class PaperSheet(Base):
    """A fixed code that hangs on paper at a station: at most one is good at a time, the older ones are revoked.

    The code itself is not stored: it is computed of `number`, station and `version` (`paper_codes`), so that who can
    only read the database makes none. `word_serial` counts how often the word of the day was renewed.
    """

    __tablename__ = "paper_sheets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    station_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stations.id"))
    version: Mapped[int]
    word_serial: Mapped[int]
    issued_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        sa.UniqueConstraint("station_id", "version"),
        sa.CheckConstraint("number BETWEEN 10000 AND 99999", name="five_digits"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_because IS NULL)", name="revoked_with_reason"),
        sa.Index(
            "uq_paper_sheets_good",
            "station_id",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
            sqlite_where=sa.text("revoked_at IS NULL"),
        ),
    )


#: The same tables for statements that need no objects.
SCAN_KEYS = Base.metadata.tables[ScanKey.__tablename__]
SCANS = Base.metadata.tables[ScanRow.__tablename__]
SCAN_PLACES = Base.metadata.tables[ScanPlace.__tablename__]
SCAN_VOIDS = Base.metadata.tables[ScanVoid.__tablename__]
ATTENDANCES = Base.metadata.tables[Attendance.__tablename__]
UNMATCHED_SCANS = Base.metadata.tables[UnmatchedScan.__tablename__]
