"""The notices, one for each consent: drafted and published by an administrator, in force from a day, never edited.

What is delivered with the program (files beside this one) is each one's first version. Consents name the version that
was agreed to. A version whose purposes change asks everybody again; until they answer, the consent that they gave stays
good for what it covered. Source: PIPL 14, 17, 23, 25 (domain.md b6); Regulation 685, art. 20; ADR 0010.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import lock_name, new_id, reading, transaction
from volunteer.errors import IllegalTransition, InvalidInput, NotFound
from volunteer.registration import rules_consents
from volunteer.registration.models import NoticeVersion
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.statuses import present_day, today

FOLDER = Path(__file__).parent / "notices"


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of a notice; versions are days, so the greatest is the newest.

    `summary` says what is new in it; `asks_again` whether its purposes differ, so that everybody is asked anew.
    """

    version: str
    text: str
    kind: ConsentKind = ConsentKind.REGISTRATION
    summary: str = ""
    asks_again: bool = False
    id: uuid.UUID | None = None


@cache
def delivered(kind: ConsentKind) -> Notice:
    """Return the version that came with the program."""
    newest = max((FOLDER / kind.value).glob("*.txt"))
    return Notice(newest.stem, newest.read_text("utf-8"), kind)


def current_notice(kind: ConsentKind = ConsentKind.REGISTRATION, on: dt.date | None = None) -> Notice:
    """Return the version in force on a day, by default today."""
    return current_notices(on, (kind,))[kind]


def current_notices(
    on: dt.date | None = None, kinds: tuple[ConsentKind, ...] = tuple(ConsentKind)
) -> dict[ConsentKind, Notice]:
    """Return the versions in force on a day (None: today), by kind; one statement."""
    day = on or present_day()
    query = (
        sa.select(NoticeVersion)
        .where(NoticeVersion.from_on <= day, NoticeVersion.kind.in_([kind.value for kind in kinds]))
        .order_by(NoticeVersion.from_on)
    )
    found = {kind: delivered(kind) for kind in kinds}
    for row in reading().scalars(query):
        notice = _notice(row)
        if notice.version > found[notice.kind].version:
            found[notice.kind] = notice
    return found


def last_asking(kind: ConsentKind, on: dt.date) -> str:
    """Return the newest version in force on a day that asked everybody again; an older consent does not cover it."""
    query = sa.select(sa.func.max(NoticeVersion.version)).where(
        NoticeVersion.kind == kind.value, NoticeVersion.from_on <= on, NoticeVersion.changes_purposes
    )
    return reading().scalar(query) or ""


def text_of(kind: ConsentKind, version: str) -> str | None:
    """Return the text of a published version, or None: what somebody agreed to once stays readable."""
    path = FOLDER / kind.value / f"{version}.txt"
    if version in {known.stem for known in (FOLDER / kind.value).glob("*.txt")}:
        return path.read_text("utf-8")
    query = sa.select(NoticeVersion.text).where(NoticeVersion.kind == kind.value, NoticeVersion.version == version)
    return reading().scalar(query)


def _notice(row: NoticeVersion) -> Notice:
    """Return a published row."""
    kind = ConsentKind(row.kind)
    return Notice(row.version or "", row.text, kind, row.summary, row.changes_purposes, row.id)


def list_versions(actor: Actor) -> dict[ConsentKind, list[NoticeVersion]]:
    """Return drafts and versions of every kind, the newest first, for an administrator.

    Raises:
        Forbidden: the caller is no admin.
    """
    actor.require_admin()
    found: dict[ConsentKind, list[NoticeVersion]] = {kind: [] for kind in ConsentKind}
    for row in reading().scalars(sa.select(NoticeVersion).order_by(NoticeVersion.id.desc())):
        found[ConsentKind(row.kind)].append(row)
    return found


def get_version(actor: Actor, notice_id: uuid.UUID) -> NoticeVersion:
    """Return a draft or version for an administrator.

    Raises:
        Forbidden: the caller is no admin. NotFound: there is none.
    """
    actor.require_admin()
    row = reading().get(NoticeVersion, notice_id)
    if row is None:
        raise NotFound
    return row


def newest_of(kind: ConsentKind) -> Notice:
    """Return the newest published version, in force or about to be."""
    return current_notices(dt.date.max, (kind,))[kind]


def draft(actor: Actor, body: Mapping[str, Any], now: dt.datetime, notice_id: uuid.UUID | None = None) -> uuid.UUID:
    """Keep a draft, a new one or over `notice_id`; return its id.

    Raises:
        Forbidden: the caller is no admin. NotFound: no such draft.
        IllegalTransition: it is published; a change is a new version.
    """
    actor.require_admin()
    with transaction() as session:
        row = _locked(session, notice_id) if notice_id else None
        if row is None:
            row = NoticeVersion(id=new_id(), kind=body["kind"], drafted_by=actor.account)
            session.add(row)
        row.text, row.summary = body["text"].strip(), body["summary"]
        row.changes_purposes, row.drafted_at = body["changes_purposes"], now
        session.flush()
        audit.record(session, actor, now, "notice.draft", ("notice", row.id), kind=row.kind)
        return row.id


def drop_draft(actor: Actor, notice_id: uuid.UUID, now: dt.datetime) -> None:
    """Throw a draft away.

    Raises:
        Forbidden: the caller is no admin. NotFound: no such draft. IllegalTransition: it is published.
    """
    actor.require_admin()
    with transaction() as session:
        row = _locked(session, notice_id)
        session.delete(row)
        audit.record(session, actor, now, "notice.drop", ("notice", notice_id), kind=row.kind)


def publish(actor: Actor, notice_id: uuid.UUID, from_on: dt.date, now: dt.datetime) -> None:
    """Publish a draft, in force from a day on; nobody changes it afterwards, the database sees to that.

    A second time for the same day changes nothing.

    Raises:
        Forbidden: the caller is no admin. NotFound: no such draft.
        IllegalTransition: it is published already, for another day.
        InvalidInput: `past-day`, `not-after`, `same-text`.
    """
    actor.require_admin()
    with transaction() as session:
        lock_name(session, "notices")
        known = session.get(NoticeVersion, notice_id)
        if known is not None and known.from_on == from_on:
            return
        row = _locked(session, notice_id)
        newest = newest_of(ConsentKind(row.kind))
        faults = list(rules_consents.check_publication(row.text, from_on, today(now), (newest.version, newest.text)))
        if faults:
            raise InvalidInput(faults)
        row.version, row.from_on = from_on.isoformat(), from_on
        row.published_by, row.published_at = actor.account, now
        session.flush()
        said: dict[str, Any] = {"kind": row.kind, "version": row.version, "asks_again": row.changes_purposes}
        audit.record(session, actor, now, "notice.publish", ("notice", row.id), None, **said)


def _locked(session: Session, notice_id: uuid.UUID) -> NoticeVersion:
    """Return a draft, locked until commit."""
    query = sa.select(NoticeVersion).where(NoticeVersion.id == notice_id).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound
    if row.published_at is not None:
        raise IllegalTransition("已发布的版本不能再修改,请另写一版。")
    return row
