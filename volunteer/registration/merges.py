"""Making two records of one person one, by an administrator, after a look at all that follows.

The preview is the deed itself, rolled back: what it shows is what would happen now. Who decides sends its digest along,
so nothing is merged that looked different. Past days stay as they were: the merged record keeps its statuses and
memberships until today, and from today on the person counts once. Nothing can take a merge back.
Source: ADR on merging; decisions 5, 17; contract, Merging.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import reading, transaction
from volunteer.errors import Conflict, NotFound, Worded
from volunteer.notifications import service as notifications
from volunteer.registration import facts, links, merging, people, rules_merging, statuses, vault
from volunteer.registration.merging import Moved
from volunteer.registration.models import PERSONAL, Denial, Person, PersonMerge
from volunteer.registration.people import PersonView
from volunteer.registration.rules import IdType, PersonStatus
from volunteer.registration.rules_merging import Likeness, MergeReason, MergeWarning, RecordFacts
from volunteer.registration.statuses import today

MOST_ALIKE = 50
#: What a merged record keeps of its personal columns: its identity, so that it is recognised.
IDENTITY = ("id_type", "id_number_sealed", "id_number_index")
#: What the record that is kept takes over where it says nothing itself: sealed ones are sealed anew for its row.
GAPS_SEALED = ("guardian_name", "guardian_phone", "emergency_name", "emergency_phone")
GAPS_PLAIN = ("guardian_relation", "emergency_relation", "area_id", "political_status", "sex")


@dataclass(frozen=True, slots=True)
class Record:
    """One of the two, masked; `id_number` is its first and last character, `minutes` what counts for it."""

    person: PersonView
    id_type: str | None
    id_number: str | None
    has_account: bool
    minutes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do, or why it may not be done.

    Attributes:
        reasons: why not; then nothing below is told.
        warnings: what speaks against one person; `notes` what meets, and how it is resolved.
        tables: what becomes of each table that holds anything, with the word for it.
        minutes: what would count afterwards.
        digest: of all that is shown; whoever decides sends it along.
    """

    kept: Record
    merged: Record
    reasons: tuple[MergeReason, ...]
    warnings: tuple[MergeWarning, ...] = ()
    notes: tuple[Worded, ...] = ()
    tables: tuple[tuple[str, Moved], ...] = ()
    minutes: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who may be the same person, and why."""

    person: PersonView
    because: tuple[Likeness, ...]


class _OnlyLooked(Exception):
    """Rolls a preview back."""


def alike(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> list[Alike]:
    """Return who may be the same person as one, masked; never more than a suggestion (peers.md T37).

    Raises:
        Forbidden: not an administrator. NotFound: no such person.
    """
    actor.require_admin()
    session = reading()
    person = session.get(Person, person_id)
    if person is None or person.status in facts.GONE:
        raise NotFound
    name = vault.name_of(person)
    same_name = sa.or_(Person.name == name, Person.name_index.in_(vault.name_indexes(name)))
    is_same_person = sa.and_(Person.birth_date == person.birth_date, same_name)
    phone = vault.opened(person, "phone")
    is_same_phone = Person.phone_index.in_(vault.phone_indexes(phone)) if phone else sa.false()
    query = sa.select(Person, is_same_person, is_same_phone).where(
        sa.or_(is_same_person, is_same_phone), Person.id != person_id, Person.status.not_in(facts.GONE)
    )
    found = session.execute(query.order_by(is_same_person.desc(), Person.id).limit(MOST_ALIKE))
    return [
        Alike(people.view(row, now, in_full=False), _because(same_person=by_name, same_phone=by_phone))
        for row, by_name, by_phone in found
    ]


def _because(*, same_person: bool | None, same_phone: bool | None) -> tuple[Likeness, ...]:
    """Return why two records look alike."""
    tests = {Likeness.NAME_AND_BIRTH_DATE: same_person, Likeness.PHONE: same_phone}
    return tuple(why for why, is_so in tests.items() if is_so)


def duplicates(actor: Actor, limit: int, now: dt.datetime) -> list[list[PersonView]]:
    """Return groups of people with one name who were born on one day, masked, the oldest first, at most `limit`.

    Raises:
        Forbidden: not an administrator.
    """
    actor.require_admin()
    session = reading()
    named = sa.func.coalesce(Person.name, sa.cast(sa.func.hex(Person.name_index), sa.String))
    if session.get_bind().dialect.name == "postgresql":
        named = sa.func.coalesce(Person.name, sa.func.encode(Person.name_index, "hex"))
    there = (Person.status.not_in(facts.GONE), named.is_not(None))
    groups = sa.select(Person.birth_date, named).where(*there).group_by(Person.birth_date, named)
    groups = groups.having(sa.func.count() > 1).order_by(Person.birth_date, named).limit(limit)
    found = []
    for birth_date, name in session.execute(groups).all():
        same = sa.select(Person).where(*there, Person.birth_date == birth_date, named == name).order_by(Person.id)
        found.append([people.view(person, now, in_full=False) for person in session.scalars(same.limit(MOST_ALIKE))])
    return found


def preview(
    actor: Actor, into_id: uuid.UUID, from_id: uuid.UUID, now: dt.datetime, *, is_paper_seen: bool = False
) -> Preview:
    """Return what would become of everything if `from_id` were merged into `into_id`: done, read, and rolled back.

    Raises:
        Forbidden: not an administrator. NotFound: no such person.
    """
    actor.require_admin()
    shown: list[Preview] = []
    try:
        with transaction() as session:
            shown.append(_carried_out(session, actor, into_id, from_id, now, is_paper_seen=is_paper_seen))
            raise _OnlyLooked
    except _OnlyLooked:
        return shown[0]


def merge(
    actor: Actor,
    into_id: uuid.UUID,
    from_id: uuid.UUID,
    reason: str,
    now: dt.datetime,
    *,
    digest: str,
    is_paper_seen: bool = False,
) -> Preview:
    """Merge `from_id` into `into_id` for good, as the preview of `digest` showed it; return what was done.

    Where that was done before, nothing changes.

    Raises:
        Forbidden: not an administrator. NotFound: no such person.
        Conflict: `cannot-merge` with all `reasons`; `preview-changed`: look again.
    """
    actor.require_admin()
    with transaction() as session:
        done = _carried_out(session, actor, into_id, from_id, now, is_paper_seen=is_paper_seen)
        if done.reasons and _is_merged_into(session, from_id, into_id):
            return replace(done, reasons=())
        if done.reasons:
            raise Conflict(
                done.reasons[0].sentence, code="cannot-merge", reasons=[str(reason) for reason in done.reasons]
            )
        if done.digest != digest:
            raise Conflict("记录在预览之后有了变化,请重新查看预览,再确认合并。", code="preview-changed")
        told = {"into": str(into_id), "is_paper_seen": is_paper_seen}
        audit.record(session, actor, now, "person.merge", ("person", from_id), reason, **told)
        audit.record(session, actor, now, "person.merged-in", ("person", into_id), reason, merged=str(from_id))
        body = (
            "您在本系统有两份记录,已由管理员合并为一份。报名、签到、时长和证明都在这份记录里,原来的卡和码仍然可用。"
            "如有不对,请联系服务站。"
        )
        notifications.tell(session, into_id, "merged", body, now)
        return done


def _is_merged_into(session: Session, person_id: uuid.UUID, into_id: uuid.UUID) -> bool:
    """Whether one record was merged into the other already: asking again changes nothing."""
    query = sa.select(PersonMerge.into_id).where(PersonMerge.person_id == person_id)
    return session.scalar(query) == into_id


def _carried_out(
    session: Session, actor: Actor, into_id: uuid.UUID, from_id: uuid.UUID, now: dt.datetime, *, is_paper_seen: bool
) -> Preview:
    """Lock both, judge, and merge in the transaction under way; return what came of it."""
    rows = {person_id: facts.locked(session, person_id) for person_id in sorted({into_id, from_id})}
    kept, merged = rows[into_id], rows[from_id]
    records = _record(session, kept, now), _record(session, merged, now)
    if into_id == from_id:
        return Preview(*records, reasons=(MergeReason.SAME_RECORD,))
    known = _facts(session, actor, kept), _facts(session, actor, merged)
    reasons = rules_merging.merge_reasons(*known, is_paper_seen=is_paper_seen)
    if reasons:
        return Preview(*records, reasons=reasons, warnings=rules_merging.merge_warnings(*known))
    _take_over(session, kept, merged, known)
    moved = merging.move_all(session, from_id, into_id, now)
    session.refresh(merged)
    statuses.move(session, merged, PersonStatus.MERGED, today(now))
    session.flush()
    found = Preview(
        *records,
        reasons=(),
        warnings=rules_merging.merge_warnings(*known),
        notes=tuple(dict.fromkeys(note for one in moved.values() for note in one.notes)),
        tables=tuple(
            (merging.MERGERS[name].word, one) for name, one in moved.items() if one.moved or one.ended or one.kept
        ),
        minutes=_minutes(into_id),
    )
    return _sealed(found)


def _sealed(found: Preview) -> Preview:
    """Return a preview with the digest of what it shows."""
    said = [
        str(found.kept.person.id),
        str(found.merged.person.id),
        [found.kept.minutes, found.merged.minutes, found.minutes],
        [[word, one.moved, one.ended, one.kept] for word, one in found.tables],
        [str(one) for one in (*found.notes, *found.warnings)],
    ]
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]
    return replace(found, digest=digest)


def _minutes(person_id: uuid.UUID) -> int:
    """Return what counts for a person."""
    return sum(handler(person_id) for handler in merging.MINUTES_OF)


def _record(session: Session, person: Person, now: dt.datetime) -> Record:
    """Return a record as it is compared."""
    return Record(
        person=people.view(person, now, in_full=False),
        id_type=person.id_type,
        id_number=vault.masked_number(vault.opened(person, "id_number")),
        has_account=bool(links.account_ids_of(session, person.id)),
        minutes=_minutes(person.id),
    )


def _facts(session: Session, actor: Actor, person: Person) -> RecordFacts:
    """Return a record as it is judged."""
    number = vault.opened(person, "id_number")
    id_type = IdType(person.id_type) if person.id_type else None
    return RecordFacts(
        status=PersonStatus(person.status),
        id_type=id_type,
        identity=vault.identity_indexes(id_type, number)[0] if id_type and number else None,
        birth_date=person.birth_date,
        sex=person.sex,
        name=vault.name_of(person),
        is_erasure_asked=person.erase_after is not None,
        is_denied=_is_denied(session, person.id),
        is_own=actor.account_id in links.account_ids_of(session, person.id),
    )


def _is_denied(session: Session, person_id: uuid.UUID) -> bool:
    """Whether somebody says that they never agreed to this registration, and nobody has decided yet."""
    waiting = sa.select(sa.literal(1)).where(Denial.person_id == person_id, Denial.state == "open")
    return session.scalar(waiting.limit(1)) is not None


def _take_over(session: Session, kept: Person, merged: Person, known: tuple[RecordFacts, RecordFacts]) -> None:
    """Let the kept record have what only the other says, and empty the other but for its identity."""
    _fill_gaps(kept, merged)
    numbers = vault.opened(kept, "id_number"), vault.opened(merged, "id_number")
    kept_type, merged_type = known[0].id_type, known[1].id_type
    if rules_merging.takes_identity(*known) and kept_type and merged_type and all(numbers):
        kept.id_number_index = merged.id_number_index = kept.id_number_sealed = merged.id_number_sealed = None
        session.flush()  # one identity is one record at any time
        vault.put_identity(kept, merged_type, numbers[1] or "")
        vault.put_identity(merged, kept_type, numbers[0] or "")
        kept.birth_date, kept.sex = merged.birth_date, merged.sex
    emptied: Collection[str] = set(PERSONAL) - set(IDENTITY) if rules_merging.keeps_identity(*known) else PERSONAL
    for column in emptied:
        setattr(merged, column, None)
    merged.skills, merged.service_categories = [], []
    session.flush()


def _fill_gaps(kept: Person, merged: Person) -> None:
    """Write into the kept record what it does not say itself."""
    if kept.phone_sealed is None and merged.phone_sealed is not None:
        vault.put_phone(kept, vault.opened(merged, "phone"))
        kept.phone_proved_at = merged.phone_proved_at
    for what in GAPS_SEALED:
        if vault.opened(kept, what) is None:
            vault.seal(kept, what, vault.opened(merged, what))
    for column in GAPS_PLAIN:
        if getattr(kept, column) is None:
            setattr(kept, column, getattr(merged, column))
    kept.skills = list(dict.fromkeys([*kept.skills, *merged.skills]))
    kept.service_categories = list(dict.fromkeys([*kept.service_categories, *merged.service_categories]))
