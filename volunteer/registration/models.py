"""The tables of people: the only ones with personal data, most of it sealed. Nobody outside this room reads them.

Plain are what the service must search or judge by and what does not name a minor; the rest is sealed for its row, and
found again by blind indexes. Source: decisions 3, 9, 11, 15, 16, 17; Order 67, art. 5.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base, one_of
from volunteer.registration.rules import IdType, PersonStatus, Sex
from volunteer.registration.rules_changes import RequestState
from volunteer.registration.rules_consents import LONGEST_SUMMARY, LONGEST_TEXT, ConsentKind

CHANNELS = ("wechat", "browser", "device", "keeper", "import")
SELF, GUARDIAN, FAMILY = "self", "guardian", "family"
RELATIONS = (SELF, GUARDIAN, FAMILY)
PERSONAL = (
    "name",
    "name_sealed",
    "name_index",
    "id_type",
    "id_number_sealed",
    "id_number_index",
    "sex",
    "phone_sealed",
    "phone_index",
    "phone_tail_index",
    "phone_proved_at",
    "guardian_name_sealed",
    "guardian_phone_sealed",
    "guardian_relation",
    "emergency_name_sealed",
    "emergency_phone_sealed",
    "emergency_relation",
    "area_id",
    "political_status",
)
"""The columns that erasure empties; `birth_date`, `skills` and `service_categories` are overwritten (not nullable)."""


class Person(Base):
    """A person: one identity. `name` is plain for adults only; a minor's is sealed and found by its whole.

    `status` is where the person stands now; `person_statuses` tells it for any day, and one function writes both.
    `phone_index` is not unique: families share phones. A tombstone has status `erased` and no identity.
    """

    __tablename__ = "persons"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    volunteer_no: Mapped[str] = mapped_column(sa.String(9), unique=True)
    pass_no: Mapped[str] = mapped_column(sa.String(9), unique=True)
    card_serial: Mapped[int]
    status: Mapped[str] = mapped_column(sa.String(12))
    name: Mapped[str | None] = mapped_column(sa.String(50))
    name_sealed: Mapped[bytes | None]
    name_index: Mapped[bytes | None] = mapped_column(index=True)
    id_type: Mapped[str | None] = mapped_column(sa.String(30))
    id_number_sealed: Mapped[bytes | None]
    id_number_index: Mapped[bytes | None] = mapped_column(unique=True)
    birth_date: Mapped[dt.date] = mapped_column(index=True)
    sex: Mapped[str | None] = mapped_column(sa.String(6))
    phone_sealed: Mapped[bytes | None]
    phone_index: Mapped[bytes | None] = mapped_column(index=True)
    phone_tail_index: Mapped[bytes | None] = mapped_column(index=True)
    phone_proved_at: Mapped[dt.datetime | None]
    guardian_name_sealed: Mapped[bytes | None]
    guardian_phone_sealed: Mapped[bytes | None]
    guardian_relation: Mapped[str | None] = mapped_column(sa.String(40))
    emergency_name_sealed: Mapped[bytes | None]
    emergency_phone_sealed: Mapped[bytes | None]
    emergency_relation: Mapped[str | None] = mapped_column(sa.String(40))
    area_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    political_status: Mapped[str | None] = mapped_column(sa.String(40))
    skills: Mapped[list[Any]]
    service_categories: Mapped[list[Any]]
    channel: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[dt.datetime]
    created_on: Mapped[dt.date]
    registered_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    confirmed_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    confirmed_at: Mapped[dt.datetime | None]
    erase_after: Mapped[dt.datetime | None] = mapped_column(index=True)
    erased_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("status", PersonStatus),
        one_of("channel", CHANNELS),
        one_of("id_type", IdType),
        one_of("sex", Sex),
        sa.CheckConstraint("name IS NULL OR name_sealed IS NULL", name="one_name"),
        sa.CheckConstraint("(name_sealed IS NULL) = (name_index IS NULL)", name="sealed_name_is_found"),
        sa.CheckConstraint("(id_number_sealed IS NULL) = (id_number_index IS NULL)", name="identity_is_found"),
        sa.CheckConstraint(
            "status <> 'erased' OR (name IS NULL AND name_sealed IS NULL AND id_number_sealed IS NULL"
            " AND phone_sealed IS NULL AND guardian_name_sealed IS NULL AND guardian_phone_sealed IS NULL"
            " AND emergency_name_sealed IS NULL AND emergency_phone_sealed IS NULL)",
            name="tombstone_is_empty",
        ),
        sa.Index("ix_persons_status", "status"),
    )


class StatusSpan(Base):
    """A person's status at the end of each site day from `from_on` on, until `until_on` no longer (half-open)."""

    __tablename__ = "person_statuses"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"))
    status: Mapped[str] = mapped_column(sa.String(12))
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date | None]

    __table_args__ = (
        one_of("status", PersonStatus),
        sa.CheckConstraint("until_on > from_on", name="until_after_from"),
        sa.UniqueConstraint("person_id", "from_on"),
        sa.Index(
            "uq_person_statuses_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        ),
        sa.Index("ix_person_statuses_status_from_on", "status", "from_on"),
    )


class Consent(Base):
    """A consent as it was given: which version of the notice, when, how, and whether by the guardian.

    Withdrawn, the row stays, with the time of it; a new yes is a new row. In force while `withdrawn_at` is empty.
    """

    __tablename__ = "consents"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    version: Mapped[str] = mapped_column(sa.String(40))
    given_at: Mapped[dt.datetime]
    channel: Mapped[str] = mapped_column(sa.String(10))
    is_by_guardian: Mapped[bool]
    paper_reference_sealed: Mapped[bytes | None]
    withdrawn_at: Mapped[dt.datetime | None]
    withdrawn_channel: Mapped[str | None] = mapped_column(sa.String(10))

    __table_args__ = (
        one_of("kind", ConsentKind),
        one_of("channel", CHANNELS),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_channel IS NULL)", name="withdrawal_is_whole"),
        sa.CheckConstraint("withdrawn_at >= given_at", name="withdrawn_after_given"),
        sa.Index("ix_consents_kind_given_at", "kind", "given_at"),
    )


class NoticeVersion(Base):
    """A notice: a draft until it is published, then in force from a day on, and never changed again (a trigger)."""

    __tablename__ = "notices"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.String(LONGEST_TEXT))
    summary: Mapped[str] = mapped_column(sa.String(LONGEST_SUMMARY))
    changes_purposes: Mapped[bool]
    drafted_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    drafted_at: Mapped[dt.datetime]
    version: Mapped[str | None] = mapped_column(sa.String(40))
    from_on: Mapped[dt.date | None]
    published_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    published_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("kind", ConsentKind),
        sa.UniqueConstraint("kind", "version"),
        sa.CheckConstraint(
            "(published_at IS NULL) = (version IS NULL) AND (published_at IS NULL) = (from_on IS NULL)"
            " AND (published_at IS NULL) = (published_by IS NULL)",
            name="published_is_whole",
        ),
    )


class PersonAccount(Base):
    """An account that is a person, or may act for one. An account is at most one person (decisions 3)."""

    __tablename__ = "person_accounts"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[dt.datetime]

    __table_args__ = (
        one_of("relation", RELATIONS),
        sa.Index("ix_person_accounts_account_id", "account_id"),
        sa.Index(
            "uq_person_accounts_self",
            "account_id",
            unique=True,
            sqlite_where=sa.text("relation = 'self'"),
            postgresql_where=sa.text("relation = 'self'"),
        ),
    )


class Invitation(Base):
    """That somebody stands on a list that staff brought in, and has not been asked yet; the person is `invited`.

    `unit_id` is the unit on whose list they stand; what came of it is told there, wherever they go later.
    `counts_on` is set for who was registered elsewhere and has agreed there: from that day on they count, unless they
    object before. An invitation ends as claimed, refused (the person is erased then) or counted.
    """

    __tablename__ = "invitations"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    import_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    invited_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    invited_at: Mapped[dt.datetime]
    counts_on: Mapped[dt.date | None] = mapped_column(index=True)
    claimed_at: Mapped[dt.datetime | None]
    refused_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]
    reminded_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))

    __table_args__ = (sa.CheckConstraint("claimed_at IS NULL OR refused_at IS NULL", name="one_end"),)


class Refusal(Base):
    """That somebody refused to be invited, and may not be again by the next list; nobody can be read out of it.

    `identity_index` finds a digest of the identity; the digest is kept sealed, so that the index can be made again when
    keys rotate. There is no name, number, person or unit.
    """

    __tablename__ = "refusals"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    identity_index: Mapped[bytes] = mapped_column(unique=True)
    digest_sealed: Mapped[bytes]
    keep_until: Mapped[dt.date] = mapped_column(index=True)


DENIAL_STATES = ("open", "erased", "kept", "withdrawn")


class Denial(Base):
    """That somebody says that they never agreed to be registered. It outlives their data: it is about who registered.

    `registered_by` is who did, and never who decides; `by_phone`, whether the phone on record was proved.
    """

    __tablename__ = "denials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    denied_at: Mapped[dt.datetime]
    by_phone: Mapped[bool]
    channel: Mapped[str] = mapped_column(sa.String(10))
    registered_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"))
    state: Mapped[str] = mapped_column(sa.String(10))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        one_of("state", DENIAL_STATES),
        one_of("channel", CHANNELS),
        sa.CheckConstraint("decided_by <> registered_by", name="not_ones_own_deed"),
        sa.Index(
            "uq_denials_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )


class PersonMerge(Base):
    """That a record turned out to be the same person as another: whoever is asked for it finds `into_id`.

    `into_id` is always the record that is left in the end, however many were merged one after the other.
    """

    __tablename__ = "person_merges"

    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), primary_key=True)
    into_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    merged_at: Mapped[dt.datetime]

    __table_args__ = (sa.CheckConstraint("person_id <> into_id", name="two_records"),)


class UnmaskRequest(Base):
    """That somebody asked to see a minor in full, and what a second person decided; open for use until `open_until`."""

    __tablename__ = "unmask_requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    asked_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[dt.datetime] = mapped_column(index=True)
    fields: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(10), index=True)
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(sa.String(200))
    open_until: Mapped[dt.datetime | None]
    used: Mapped[int]
    last_used_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("state", ("asked", "approved", "refused")),
        sa.CheckConstraint("decided_by <> asked_by", name="second_person"),
        sa.CheckConstraint("(state = 'asked') = (decided_by IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("(state = 'approved') = (open_until IS NOT NULL)", name="approved_is_open"),
    )


class CodeEntry(Base):
    """One code of an editable table. A code once used stays; one that is taken off the list is no longer offered."""

    __tablename__ = "code_entries"

    table_name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int]
    is_offered: Mapped[bool]


class UnitRequest(Base):
    """Somebody asks to belong to another unit, or (no `to_unit_id`) to none: the shape of every request (decisions 14).

    A trigger refuses a decision by an account that is the person or acts for them.
    """

    __tablename__ = "unit_requests"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    to_unit_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("units.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(10), index=True)
    note: Mapped[str | None] = mapped_column(sa.String(200))
    asked_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    asked_at: Mapped[dt.datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    reason: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        one_of("state", RequestState),
        sa.CheckConstraint("decided_by <> asked_by", name="second_person"),
        sa.CheckConstraint("(state IN ('accepted', 'refused')) = (decided_by IS NOT NULL)", name="decided_by_somebody"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when"),
        sa.Index(
            "uq_unit_requests_open",
            "person_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )
