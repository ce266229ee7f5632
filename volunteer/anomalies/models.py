"""The tables of anomalies: findings, whom they are about, who may not decide, and the thresholds by version."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.anomalies.rules import FindingKind, FindingState
from volunteer.database import Base, one_of


class Finding(Base):
    """Something that looked wrong, with its evidence as ids; found once (`key`), decided by a second person.

    `said` is the explanation as it was found, `evidence` the ids of shifts, scans and requests. No personal data.
    `amount` is what a finding of a month counted: as much again is a question again. `asked_at`: when those whom it
    concerns were asked.
    """

    __tablename__ = "findings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    state: Mapped[str] = mapped_column(sa.String(10))
    on_day: Mapped[dt.date]
    station_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("stations.id"))
    said: Mapped[str] = mapped_column(sa.String(500))
    evidence: Mapped[dict[str, Any]]
    policy_version: Mapped[int]
    amount: Mapped[int | None]
    found_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("kind", FindingKind),
        one_of("state", FindingState),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided_by_somebody"),
        sa.CheckConstraint("state = 'open' OR (decided_at IS NOT NULL AND reason IS NOT NULL)", name="decided_why"),
        sa.Index("ix_findings_state", "state", "on_day", "id"),
    )


class FindingPerson(Base):
    """Whom a finding is about."""

    __tablename__ = "finding_people"

    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("findings.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True, index=True)


class FindingParty(Base):
    """An account that is in a finding: it scanned, asked or approved. A trigger refuses it as who decides."""

    __tablename__ = "finding_parties"

    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("findings.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)


class FindingStatement(Base):
    """What somebody in a finding says of it: appended, never changed. `person_id`: whom of it they are or act for."""

    __tablename__ = "finding_statements"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("findings.id"), index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    text: Mapped[str] = mapped_column(sa.String(1000))
    stated_at: Mapped[dt.datetime]


class AnomalyPolicy(Base):
    """The thresholds as they were saved: appended, never changed; the highest version is in force."""

    __tablename__ = "anomaly_policies"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    thresholds: Mapped[dict[str, Any]]
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
