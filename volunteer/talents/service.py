"""Keeping what the talent pool knows of a person: by themself, who acts for them, and staff who manage them.

Joining is the person's own word, of somebody under 18 the guardian's, each by their own account; staff neither join
anybody nor leave for them. A paper counts as checked once somebody else has compared it. Locks: the person first.
Source: domain.md A9, b5; PIPL 14, 31; decisions 14 (nobody decides about themself).
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.clock import site_day
from volunteer.config import settings
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, Forbidden, NotFound, invalid
from volunteer.notifications import service as notifications
from volunteer.registration import links, reach
from volunteer.registration import service as registration
from volunteer.registration.rules import age_on
from volunteer.talents import rules
from volunteer.talents.models import Qualification, Talent, TalentTime
from volunteer.talents.rules import Part, PoolReason, QualificationKind

Time = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Paper:
    """A qualification as its reader may see it: `number` in full for the person alone, else its ends."""

    id: uuid.UUID
    kind: QualificationKind
    name: str
    number: str | None
    issuer: str
    expires_on: dt.date | None
    is_valid: bool
    is_checked: bool
    checked_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the pool knows of a person; `reasons` is what stands against joining, as the caller would join them."""

    person_id: uuid.UUID
    is_in_pool: bool
    joined_at: dt.datetime | None
    by_guardian: bool
    reasons: tuple[PoolReason, ...]
    times: list[Time]
    papers: list[Paper]


def today(now: dt.datetime) -> dt.date:
    """Return the day of the site."""
    return site_day(now, settings().zone)


def profile(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> Profile:
    """Return what the pool knows of a person, to themself, who acts for them, or staff in scope.

    Raises:
        NotFound: anybody else.
    """
    is_own = registration.may_act_for(actor, person_id)
    if not is_own:
        registration.require_person(actor, Permission.READ_PEOPLE, person_id)
    session = reading()
    row = session.get(Talent, person_id)
    query = sa.select(Qualification).where(Qualification.person_id == person_id).order_by(Qualification.id)
    return Profile(
        person_id=person_id,
        is_in_pool=row is not None,
        joined_at=row.joined_at if row else None,
        by_guardian=row.by_guardian if row else False,
        reasons=_against(session, actor, person_id, now),
        times=times_of(session, person_id),
        papers=[paper(one, today(now), in_full=is_own) for one in session.scalars(query)],
    )


def paper(row: Qualification, day: dt.date, *, in_full: bool) -> Paper:
    """Return one reader's view of a qualification."""
    number = number_of(row)
    kind = QualificationKind(row.kind)
    return Paper(
        id=row.id,
        kind=kind,
        name=row.name or kind.label,
        number=number if in_full or number is None else masked(number),
        issuer=row.issuer,
        expires_on=row.expires_on,
        is_valid=rules.is_valid_on(row.expires_on, day),
        is_checked=row.checked_at is not None,
        checked_on=today(row.checked_at) if row.checked_at else None,
    )


def masked(number: str) -> str:
    """Return a paper's number for others: its last two characters."""
    return "*" * max(len(number) - 2, 2) + number[-2:] if len(number) > 4 else "*" * len(number)


def number_of(row: Qualification) -> str | None:
    """Return the number of a paper in full."""
    if row.number_sealed is None:
        return None
    return settings().keyring.open(row.number_sealed, "qualifications", "number_sealed", row.id)


def times_of(session: Session, person_id: uuid.UUID) -> list[Time]:
    """Return when a person has time as a rule, from Monday morning on."""
    order = {part.value: place for place, part in enumerate(Part)}
    rows = session.execute(sa.select(TalentTime.weekday, TalentTime.part).where(TalentTime.person_id == person_id))
    return sorted(((weekday, part) for weekday, part in rows), key=lambda one: (one[0], order[one[1]]))


def _against(session: Session, actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> tuple[PoolReason, ...]:
    """Return what stands against a person's joining by this caller."""
    person = registration.facts_of(session, [person_id])[person_id]
    is_guardian = links.is_guardian_of(actor, person_id)
    return rules.pool_reasons(age_on(person.birth_date, today(now)), person.status, is_guardian=is_guardian)


def join(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Join the pool: the person, or the guardian of one under 18. A second time changes nothing.

    Raises:
        NotFound: not the caller, nor one for whom they act.
        Conflict: `not-in-pool` with all `reasons`.
    """
    if not registration.may_act_for(actor, person_id):
        raise NotFound
    with transaction() as session:
        registration.lock_person(session, person_id)
        reasons = _against(session, actor, person_id, now)
        if reasons:
            raise Conflict(reasons[0].sentence, code="not-in-pool", reasons=[str(reason) for reason in reasons])
        if session.get(Talent, person_id) is None:
            by_guardian = links.is_guardian_of(actor, person_id)
            row = Talent(person_id=person_id, joined_at=now, joined_by=actor.account, by_guardian=by_guardian)
            session.add(row)
            audit.record(session, actor, now, "talent.join", ("person", person_id), by_guardian=by_guardian)


def leave(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> None:
    """Leave the pool: nobody finds the person there from now on; papers and times stay theirs to change.

    Raises:
        NotFound: not the caller, nor one for whom they act.
    """
    if not registration.may_act_for(actor, person_id):
        raise NotFound
    with transaction() as session:
        registration.lock_person(session, person_id)
        row = session.get(Talent, person_id)
        if row is not None:
            session.delete(row)
            audit.record(session, actor, now, "talent.leave", ("person", person_id))


def set_times(actor: Actor, person_id: uuid.UUID, times: Collection[Time], now: dt.datetime) -> None:
    """Make `times` those at which a person has time as a rule.

    Raises:
        NotFound: neither theirs nor in the scope of who manages people. Forbidden: staff who only read.
    """
    _require_keeper(actor, person_id)
    with transaction() as session:
        registration.lock_person(session, person_id)
        known = set(times_of(session, person_id))
        if known == set(times):
            return
        session.execute(sa.delete(TalentTime).where(TalentTime.person_id == person_id))
        session.add_all(TalentTime(person_id=person_id, weekday=day, part=part) for day, part in sorted(set(times)))
        audit.record(session, actor, now, "talent.times", ("person", person_id), times=len(set(times)))


def add_paper(actor: Actor, person_id: uuid.UUID, values: Mapping[str, Any], now: dt.datetime) -> Qualification:
    """Add a paper, not checked yet: by the person, who acts for them, or staff who manage them.

    Raises:
        NotFound, Forbidden: as `set_times`.
        InvalidInput: `required` on `name` of another paper, `expired` on `expires_on`, `too-many` on `kind`.
    """
    _require_keeper(actor, person_id)
    kind = QualificationKind(values["kind"])
    if kind is QualificationKind.OTHER and not values.get("name"):
        raise invalid("name", "required", "请填写证书的名称。")
    expires_on: dt.date | None = values.get("expires_on")
    if not rules.is_valid_on(expires_on, today(now)):
        raise invalid("expires_on", "expired", "这份证书已经过期,请换证后再填写。")
    with transaction() as session:
        registration.lock_person(session, person_id)
        count = sa.select(sa.func.count()).where(Qualification.person_id == person_id)
        if (session.scalar(count) or 0) >= rules.LONGEST_LIST:
            raise invalid("kind", "too-many", f"最多填写 {rules.LONGEST_LIST} 份证书,请先删去不再有用的。")
        row_id, number = new_id(), values.get("number")
        row = Qualification(
            id=row_id,
            person_id=person_id,
            kind=kind.value,
            name=values.get("name"),
            number_sealed=(
                settings().keyring.seal(number, "qualifications", "number_sealed", row_id) if number else None
            ),
            issuer=values["issuer"],
            expires_on=expires_on,
            added_at=now,
            added_by=actor.account,
        )
        session.add(row)
        audit.record(session, actor, now, "talent.paper", ("person", person_id), kind=kind.value)
        session.flush()
        return row


def get_paper(actor: Actor, paper_id: uuid.UUID, now: dt.datetime) -> tuple[uuid.UUID, Paper]:
    """Return whose a paper is, and the paper as the caller may see it.

    Raises:
        NotFound: no such paper for the caller.
    """
    row = reading().get(Qualification, paper_id)
    if row is None:
        raise NotFound
    is_own = registration.may_act_for(actor, row.person_id)
    if not is_own:
        registration.require_person(actor, Permission.READ_PEOPLE, row.person_id)
    return row.person_id, paper(row, today(now), in_full=is_own)


def remove_paper(actor: Actor, paper_id: uuid.UUID, now: dt.datetime) -> None:
    """Delete a paper.

    Raises:
        NotFound, Forbidden: as `set_times`.
    """
    person_id, _ = get_paper(actor, paper_id, now)
    _require_keeper(actor, person_id)
    with transaction() as session:
        registration.lock_person(session, person_id)
        row = session.get(Qualification, paper_id)
        if row is not None:
            session.delete(row)
            audit.record(session, actor, now, "talent.paper-removed", ("person", person_id), kind=row.kind)


def check_paper(actor: Actor, paper_id: uuid.UUID, now: dt.datetime) -> uuid.UUID:
    """Note that somebody in charge has compared an entry with the paper itself; return whose it is.

    Raises:
        NotFound: no such paper in the caller's scope.
        Forbidden: `second-person-required`: one's own, or of whom one acts for.
    """
    person_id, _ = get_paper(actor, paper_id, now)
    if registration.may_act_for(actor, person_id):
        raise Forbidden("本人和代办人不能核对自己的证书,请由其他工作人员核对。", code="second-person-required")
    _require_keeper(actor, person_id)
    with transaction() as session:
        registration.lock_person(session, person_id)
        row = session.get(Qualification, paper_id, populate_existing=True)
        if row is None:
            raise NotFound
        if row.checked_at is None:
            row.checked_at, row.checked_by = now, actor.account
            audit.record(session, actor, now, "talent.check", ("person", person_id), kind=row.kind)
            label = row.name or QualificationKind(row.kind).label
            notifications.tell(session, person_id, "paper-checked", f"您的“{label}”已由工作人员核对。", now)
        return person_id


def _require_keeper(actor: Actor, person_id: uuid.UUID) -> None:
    """Raise NotFound for strangers, Forbidden for staff who may look and not write."""
    if registration.may_act_for(actor, person_id):
        return
    registration.require_person(actor, Permission.READ_PEOPLE, person_id)
    if not reach.reaches(actor, Permission.MANAGE_PEOPLE, person_id):
        raise Forbidden


def tell_expiring(now: dt.datetime) -> int:
    """Tell everybody once whose paper expires within 30 days; return how many papers. Run nightly."""
    day = today(now)
    soon = (
        Qualification.told_expiring_at.is_(None),
        Qualification.expires_on.between(day, day + rules.TELL_AHEAD),
    )
    query = sa.select(Qualification.person_id).where(*soon).distinct().order_by(Qualification.person_id)
    told = 0
    for person_id in list(reading().scalars(query)):
        with transaction() as session:
            registration.lock_person(session, person_id)
            mine = sa.select(Qualification).where(Qualification.person_id == person_id, *soon)
            for row in session.scalars(mine.order_by(Qualification.id)):
                row.told_expiring_at = now
                label = row.name or QualificationKind(row.kind).label
                body = f"您的“{label}”有效期到 {row.expires_on}。换证后,请在“我的才能”里更新。"
                notifications.tell(session, person_id, "paper-expires", body, now)
                told += 1
    return told
