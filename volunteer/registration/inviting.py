"""Inviting people from a list that staff bring in: who is new, who is known, who is somebody else's; then all at once.

Nobody is registered by it: an invited person counts nowhere until they claim the invitation, register with a proved
phone, or, where they agreed elsewhere (`Vouched`), 7 days have passed without their objection.
Source: contract, Imports; decisions 17; domain.md F5; peers.md T37, T39.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Worded
from volunteer.notifications import service as notifications
from volunteer.registration import facts, notices, refusals, statuses, vault
from volunteer.registration.models import Consent, Invitation, Person, StatusSpan
from volunteer.registration.rules import Identity, IdType, PersonStatus, needs_guardian, volunteer_number
from volunteer.registration.statuses import today
from volunteer.units import memberships

T = TypeVar("T")
BATCH: Final = 400
DAYS_TO_OBJECT: Final = 7
RANDOM: Final = secrets.SystemRandom()


class InviteFault(Worded):
    """Why a sound row of a list is not taken; the value is the permanent code."""

    ELSEWHERE = (
        "elsewhere",
        "此人不在您的管理范围内:已注册,或在别的单位的名单中。请由本人修改所在单位,或请管理员办理转移。",
    )
    REFUSED = (
        "refused-before",
        "此人曾收到邀请并明确不同意,不能再次列入名单。请删去这一行;本人改变主意时,可随时自行注册。",
    )
    NEEDS_TRANSFER = "needs-transfer", "此人已注册,所在单位与这一行不同。请先办理转移,或改正这一行的单位。"


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody on a list. `row` is where they stand in it."""

    row: int
    name: str
    identity: Identity
    phone: str | None
    unit_id: uuid.UUID
    political_status: str | None = None


@dataclass(slots=True)
class Plan:
    """What a list would change: who is new, whose invitation differs, who is known as they are, who is refused."""

    created: list[Invitee] = field(default_factory=list)
    updated: list[tuple[uuid.UUID, Invitee]] = field(default_factory=list)
    unchanged: list[uuid.UUID] = field(default_factory=list)
    refused: list[tuple[Invitee, InviteFault]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vouched:
    """That everybody on the list was registered elsewhere and agreed: the reference of what they signed."""

    reference: str


def plan(invitees: Sequence[Invitee], scope: frozenset[uuid.UUID] | None, now: dt.datetime) -> Plan:
    """Compare a list with who is known. `scope` are the units that the caller may fill; None for all."""
    found = Plan()
    for batch in _batches(invitees):
        by_index = {
            index: invitee
            for invitee in batch
            for index in vault.identity_indexes(invitee.identity.id_type, invitee.identity.number)
        }
        query = sa.select(Person).where(Person.id_number_index.in_(by_index))
        known = {by_index[person.id_number_index or b""].row: person for person in reading().scalars(query)}
        theirs = memberships.units_of(reading(), [person.id for person in known.values()], today(now))
        unknown = [_key(invitee) for invitee in batch if invitee.row not in known]
        refused = refusals.refused_among(unknown)
        for invitee in batch:
            person = known.get(invitee.row)
            if person is None and _key(invitee) in refused:
                found.refused.append((invitee, InviteFault.REFUSED))
            elif person is None:
                found.created.append(invitee)
            else:
                _compare(found, invitee, person, theirs.get(person.id), scope)
    return found


def _key(invitee: Invitee) -> tuple[IdType, str]:
    """Return the identity of a row as refusals know it."""
    return invitee.identity.id_type, invitee.identity.number


def _compare(
    found: Plan, invitee: Invitee, person: Person, unit_id: uuid.UUID | None, scope: frozenset[uuid.UUID] | None
) -> None:
    """Put a known person where they belong in the plan."""
    if unit_id != invitee.unit_id and scope is not None and unit_id not in scope:
        found.refused.append((invitee, InviteFault.ELSEWHERE))
    elif person.status != PersonStatus.INVITED:
        if unit_id == invitee.unit_id:
            found.unchanged.append(person.id)
        else:
            found.refused.append((invitee, InviteFault.NEEDS_TRANSFER))
    elif unit_id != invitee.unit_id or _differs(person, invitee):
        found.updated.append((person.id, invitee))
    else:
        found.unchanged.append(person.id)


def _differs(person: Person, invitee: Invitee) -> bool:
    """Whether the list says anything else about an invited person than is known; an empty cell says nothing."""
    return (
        vault.name_of(person) != invitee.name
        or (invitee.phone is not None and person.phone_index not in vault.phone_indexes(invitee.phone))
        or (invitee.political_status is not None and person.political_status != invitee.political_status)
    )


def carry_out(
    session: Session, actor: Actor, planned: Plan, import_id: uuid.UUID, vouched: Vouched | None, now: dt.datetime
) -> None:
    """Write a plan made in this transaction: nobody is asked anything, and nobody counts more than before.

    Raises:
        InvalidInput: a unit of the plan was closed meanwhile.
    """
    for batch in _batches(planned.created):
        people = [_new(actor, invitee, now) for invitee in batch]
        numbers = iter(_free(session, 2 * len(batch)))
        for person in people:
            person.volunteer_no, person.pass_no = next(numbers), next(numbers)
        session.add_all(people)
        session.flush()
        session.add_all(_begun(people, batch, actor, import_id, now))
        pairs = [(person.id, invitee.unit_id) for person, invitee in zip(people, batch, strict=True)]
        memberships.join_new(session, pairs, today(now), now)
        if vouched is not None:
            _vouch(session, people, vouched, actor, now)
        session.flush()
    for person_id, invitee in planned.updated:
        _update(session, person_id, invitee, now)
    if vouched is not None:
        for person_ids in _batches([*(person_id for person_id, _ in planned.updated), *planned.unchanged]):
            query = sa.select(Person).where(Person.id.in_(person_ids), Person.status == PersonStatus.INVITED.value)
            _vouch(session, list(session.scalars(query)), vouched, actor, now)
    session.flush()


def _new(actor: Actor, invitee: Invitee, now: dt.datetime) -> Person:
    """Return the row of somebody new, without numbers."""
    identity = invitee.identity
    person = Person(
        id=new_id(),
        card_serial=1,
        status=PersonStatus.INVITED.value,
        birth_date=identity.birth_date,
        sex=identity.sex.value,
        political_status=invitee.political_status,
        skills=[],
        service_categories=[],
        channel="import",
        created_at=now,
        created_on=today(now),
        registered_by=actor.account_id,
    )
    vault.put_identity(person, identity.id_type, identity.number)
    vault.put_name(person, invitee.name, is_minor=needs_guardian(identity.birth_date, today(now)))
    vault.put_phone(person, invitee.phone)
    return person


def _begun(
    people: Sequence[Person], batch: Sequence[Invitee], actor: Actor, import_id: uuid.UUID, now: dt.datetime
) -> Iterator[object]:
    """Yield the first status and the invitation of each."""
    for person, invitee in zip(people, batch, strict=True):
        yield StatusSpan(id=new_id(), person_id=person.id, status=person.status, from_on=today(now))
        yield Invitation(
            person_id=person.id,
            import_id=import_id,
            unit_id=invitee.unit_id,
            invited_by=actor.account_id,
            invited_at=now,
        )


def _free(session: Session, count: int) -> list[str]:
    """Return as many volunteer numbers that nobody has, neither as such nor as a pass number."""
    numbers: set[str] = set()
    while len(numbers) < count:
        drawn = {volunteer_number(RANDOM) for _ in range(count - len(numbers))} - numbers
        for column in (Person.volunteer_no, Person.pass_no):
            drawn -= set(session.scalars(sa.select(column).where(column.in_(drawn))))
        numbers |= drawn
    return list(numbers)


def _update(session: Session, person_id: uuid.UUID, invitee: Invitee, now: dt.datetime) -> None:
    """Let an invitation say what the newer list says, unless the person has answered meanwhile."""
    person = facts.locked(session, person_id)
    if person.status != PersonStatus.INVITED:
        return
    vault.put_name(person, invitee.name, is_minor=needs_guardian(person.birth_date, today(now)))
    if invitee.phone is not None:
        vault.put_phone(person, invitee.phone)
    if invitee.political_status is not None:
        person.political_status = invitee.political_status
    memberships.transfer(session, person_id, invitee.unit_id, today(now), now)
    session.execute(sa.update(Invitation).where(Invitation.person_id == person_id).values(unit_id=invitee.unit_id))


def _vouch(session: Session, people: Sequence[Person], vouched: Vouched, actor: Actor, now: dt.datetime) -> None:
    """Set the day from which who agreed elsewhere counts, keep the reference, and tell each of them once.

    Whom no message reaches, for want of a phone, stays invited: the days to object would pass unheard. So does a minor:
    a guardian confirms by a code of their own, and is asked to.
    """
    session.flush()
    day = today(now)
    told = {person.id: person for person in people if person.phone_index is not None}
    waiting = sa.select(Invitation).where(Invitation.person_id.in_(told), Invitation.counts_on.is_(None))
    for invitation in list(session.scalars(waiting)):
        person = told[invitation.person_id]
        if not needs_guardian(person.birth_date, day):
            invitation.counts_on = day + dt.timedelta(days=DAYS_TO_OBJECT)
            _take_for_agreed(session, person, vouched, invitation.counts_on, now)
        elif invitation.reminded_at is None:
            invitation.reminded_at, invitation.reminded_by = now, actor.account_id
            body = (
                "您的孩子已在其他系统注册为志愿者。转入本系统须监护人同意:请监护人打开本站“我是不是已注册”,"
                "用这个手机号验证后确认。确认前不计入;不同意的,可当场删除信息。"
            )
            notifications.tell(session, person.id, "vouched-minor", body, now)


def _take_for_agreed(session: Session, person: Person, vouched: Vouched, counts_on: dt.date, now: dt.datetime) -> None:
    """Keep the reference of a consent that was given elsewhere, and tell the person until when they may object."""
    consent_id = new_id()
    session.add(
        Consent(
            id=consent_id,
            person_id=person.id,
            kind="registration",
            version=notices.current_notice().version,
            given_at=now,
            channel="import",
            is_by_guardian=False,
            paper_reference_sealed=vault.seal_reference(consent_id, vouched.reference),
        )
    )
    body = (
        f"您已在其他系统注册为志愿者,现按您签署的同意书转入本系统,{counts_on:%Y年%m月%d日}起计入。"
        "如不同意,请在此日期前打开本站“我是不是已注册”,验证手机号后选择不同意,您的信息会立即删除。"
    )
    notifications.tell(session, person.id, "vouched", body, now, {"day": f"{counts_on:%m月%d日}"})


def count_due(now: dt.datetime) -> int:
    """Register whose 7 days to object are over; return how many. Each is a transaction of its own."""
    query = (
        sa.select(Invitation.person_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.counts_on <= today(now), Person.status == PersonStatus.INVITED.value)
        .order_by(Invitation.person_id)
    )
    return sum(_count(person_id, now) for person_id in list(reading().scalars(query)))


def _count(person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Register one of them, unless they have answered meanwhile."""
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status != PersonStatus.INVITED:
            return False
        statuses.move(session, person, PersonStatus.REGISTERED, today(now))
        audit.record(session, "system", now, "person.count", ("person", person_id))
        return True


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield a list in parts that one statement can take."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
