"""Ledger lines (append-only), the chains they form, the signed heads of those chains, and the requests behind them.

The ledger holds effective lines only; what is pending or refused is a request (decisions 1, 2, 14). No personal data.
"""

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.hours.facts import Level


class LineKind(StrEnum):
    """What a ledger line is."""

    SERVICE = "service"
    MAKE_UP = "make_up"
    CORRECTION = "correction"
    REVERSAL = "reversal"
    EXTERNAL = "external"


class LineClass(StrEnum):
    """How a line's minutes are proved: by scans, by a person's decision, or elsewhere (these are no part of totals)."""

    VERIFIED = "verified"
    GRANTED = "granted"
    EXTERNAL = "external"


class RequestKind(StrEnum):
    """What somebody has to decide."""

    MAKE_UP = "make_up"
    CORRECTION = "correction"
    WEAK_EVIDENCE = "weak_evidence"
    LATE_EVIDENCE = "late_evidence"
    OVER_CAPACITY = "over_capacity"
    OVER_CAP = "over_cap"
    UNMATCHED = "unmatched"


class RequestState(StrEnum):
    """Where a request stands. `withdrawn`: the evidence that it was about has changed, nothing is left to decide."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LedgerLine(Base):
    """Minutes of one person, for good: triggers refuse UPDATE and DELETE, a keyed chain finds who gets past them.

    A person's lines are numbered from 1 by `sequence`. `unit_id` and `station_id` are those at the time of service.
    `reverses` names the line that a reversal takes back, `corrects` the line whose net value a correction changes.
    """

    __tablename__ = "ledger_lines"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    sequence: Mapped[int]
    shift_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("shifts.id"))
    site_day: Mapped[dt.date]
    kind: Mapped[str] = mapped_column(sa.String(12))
    class_: Mapped[str] = mapped_column("class", sa.String(10))
    minutes: Mapped[int]
    policy_version: Mapped[int]
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"))
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    request_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("hour_requests.id"))
    reverses: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_lines.id"))
    corrects: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("ledger_lines.id"))
    created_at: Mapped[dt.datetime]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]
    mac: Mapped[bytes]

    __table_args__ = (
        one_of("kind", LineKind),
        one_of("class", LineClass),
        sa.UniqueConstraint("person_id", "sequence"),
        sa.UniqueConstraint("person_id", "shift_id", "site_day", "kind", "sequence"),
        sa.UniqueConstraint("reverses"),
        sa.CheckConstraint("sequence > 0", name="sequence_positive"),
        sa.CheckConstraint(
            "(kind IN ('service', 'make_up', 'external') AND minutes > 0)"
            " OR (kind = 'reversal' AND minutes < 0) OR (kind = 'correction' AND minutes <> 0)",
            name="sign",
        ),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reversal_names_its_line"),
        sa.CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="correction_names_its_line"),
        sa.Index("ix_ledger_lines_person_day", "person_id", "site_day"),
        sa.Index("ix_ledger_lines_day", "site_day"),
        sa.Index("ix_ledger_lines_shift", "shift_id"),
    )


class ExternalRecord(Base):
    """Where an external line comes from: another system's record, written once by its key (`external.External.key`).

    Title and source are emptied when the person is erased; the line stays.
    """

    __tablename__ = "external_records"

    line_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("ledger_lines.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    site_day: Mapped[dt.date]
    minutes: Mapped[int]
    title: Mapped[str | None] = mapped_column(sa.String(100))
    source: Mapped[str | None] = mapped_column(sa.String(60))
    import_id: Mapped[uuid.UUID | None]
    added_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    added_at: Mapped[dt.datetime]

    __table_args__ = (
        sa.UniqueConstraint("person_id", "key"),
        sa.CheckConstraint("minutes > 0", name="minutes_positive"),
    )


class LedgerChain(Base):
    """Where a person's chain ends, sealed by a MAC in the transaction of its last line; it finds a deleted tail.

    `resettle_at`: accepted minutes lie ahead until then, so the next read from that instant on settles again.
    """

    __tablename__ = "ledger_chains"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    entries: Mapped[int]
    last_hash: Mapped[bytes]
    mac: Mapped[bytes]
    resettle_at: Mapped[dt.datetime | None]


class LedgerHead(Base):
    """One signing (daily): how many lines there were in all, a digest of the chains that grew since, a signature.

    `sequence` counts signings from 1; each signs the one before it too. `signature`: Ed25519 by the key `key_version`.
    """

    __tablename__ = "ledger_heads"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[dt.date]
    signed_at: Mapped[dt.datetime]
    chains: Mapped[int]
    entries: Mapped[int]
    digest: Mapped[bytes]
    key_version: Mapped[int]
    signature: Mapped[bytes]


class LedgerHeadChain(Base):
    """Where one chain ended at a signing; only chains that grew since the signing before are listed."""

    __tablename__ = "ledger_head_chains"

    head: Mapped[int] = mapped_column(sa.ForeignKey("ledger_heads.sequence"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    entries: Mapped[int]
    last_hash: Mapped[bytes]


class LedgerVerification(Base):
    """One run of the verification and what it found."""

    __tablename__ = "ledger_verifications"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    checked_at: Mapped[dt.datetime] = mapped_column(index=True)
    ok: Mapped[bool]
    entries: Mapped[int]
    first_bad: Mapped[uuid.UUID | None]
    fault: Mapped[str | None] = mapped_column(sa.String(30))


class HourRequest(Base):
    """A make-up, a correction or a review: one shape (decisions 14).

    `key` is its lasting name: settling again finds the same request, and only one with a key is open. `minutes` is
    what is asked (a correction: the new net value of the line `entry_id`; `base_minutes`: the net value before it).
    `pending_minutes` are those that would be added. `spans` are minutes since the epoch; `scan_ids` the evidence.
    `decided_as`: as keeper or as admin.
    """

    __tablename__ = "hour_requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(10))
    level: Mapped[str] = mapped_column(sa.String(10))
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    shift_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("shifts.id"))
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    site_day: Mapped[dt.date]
    key: Mapped[str] = mapped_column(sa.String(130))
    class_: Mapped[str] = mapped_column("class", sa.String(10))
    minutes: Mapped[int]
    pending_minutes: Mapped[int]
    entry_id: Mapped[uuid.UUID | None]
    base_minutes: Mapped[int | None]
    from_at: Mapped[dt.datetime | None]
    to_at: Mapped[dt.datetime | None]
    spans: Mapped[list[Any]]
    scan_ids: Mapped[list[Any]]
    flags: Mapped[list[Any]]
    asker_account_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[dt.datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_as: Mapped[str | None] = mapped_column(sa.String(10))
    decided_at: Mapped[dt.datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        one_of("level", Level),
        one_of("class", LineClass),
        sa.CheckConstraint(
            "decided_by IS NULL OR asker_account_id IS NULL OR decided_by <> asker_account_id", name="second_person"
        ),
        sa.CheckConstraint(
            "(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL AND decided_at IS NOT NULL)", name="decided"
        ),
        sa.CheckConstraint("minutes >= 0 AND pending_minutes >= 0", name="minutes_not_negative"),
        sa.Index(
            "uq_hour_requests_open_key",
            "person_id",
            "key",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_hour_requests_person", "person_id", "created_at"),
        sa.Index("ix_hour_requests_station", "station_id", "state", "created_at"),
        sa.Index("ix_hour_requests_state", "state", "created_at"),
        sa.Index("ix_hour_requests_decided", "decided_at"),
    )


class HourDecision(Base):
    """One decision about several requests, by the id that the sender gave it, with what came of each.

    `results` hold ids, statuses and codes, nobody's name; the reason stands with each request.
    """

    __tablename__ = "hour_decisions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    verdict: Mapped[str] = mapped_column(sa.String(6))
    body_digest: Mapped[bytes]
    results: Mapped[list[Any]]
    created_at: Mapped[dt.datetime]

    __table_args__ = (one_of("verdict", ("accept", "refuse")),)


class HourRequestParty(Base):
    """An account that may not decide a request: it asked, is or acts for the person, or recorded the evidence.

    A trigger on `hour_requests` refuses `decided_by` of a party (decisions 14).
    """

    __tablename__ = "hour_request_parties"

    request_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("hour_requests.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
