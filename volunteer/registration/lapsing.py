"""Registrations and invitations that nobody ever answered for: told before where somebody can be, then erased.

Source: PIPL 19, 47; `retention.rules` (how long).
"""

import datetime as dt
import uuid

import sqlalchemy as sa

from volunteer.database import reading, transaction
from volunteer.notifications import forgetting
from volunteer.notifications import service as notifications
from volunteer.registration import erasure, facts
from volunteer.registration.models import Invitation, Person, StatusSpan
from volunteer.registration.rules import PersonStatus
from volunteer.registration.statuses import today
from volunteer.retention.rules import TOLD_BEFORE

LAPSES = "unproven-lapses"


def erase_unproven(before: dt.datetime, now: dt.datetime) -> int:
    """Erase who registered before an instant, was never confirmed, and was told 14 days ago; return how many.

    Who has not been told yet is told now, so a shorter time never takes anybody by surprise.
    """
    warned = before + dt.timedelta(days=TOLD_BEFORE)
    query = sa.select(Person.id).where(Person.status == PersonStatus.UNPROVEN.value, Person.created_at < warned)
    found = list(reading().scalars(query.order_by(Person.id)))
    return sum(_warn_or_erase(person_id, before, now) for person_id in found)


def _warn_or_erase(person_id: uuid.UUID, before: dt.datetime, now: dt.datetime) -> bool:
    """Tell one of them, or erase them where that was long enough ago; return whether they are erased."""
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status != PersonStatus.UNPROVEN:
            return False
        told_at = forgetting.told_at(session, person_id, LAPSES)
        if told_at is None:
            last = today(max(person.created_at + (now - before), now + dt.timedelta(days=TOLD_BEFORE)))
            body = f"您的注册还没有核实身份,{last:%Y年%m月%d日} 之后将自动删除。请带证件到所在单位或服务站核实。"
            notifications.tell(session, person_id, LAPSES, body, now)
            return False
        if person.created_at >= before or told_at > now - dt.timedelta(days=TOLD_BEFORE):
            return False
        erasure.erase(session, person, now)
        return True


def erase_unanswered(before: dt.datetime, now: dt.datetime) -> int:
    """Erase who was invited before an instant and has neither claimed nor refused; return how many."""
    query = sa.select(Invitation.person_id).join(Person, Person.id == Invitation.person_id)
    query = query.where(Person.status == PersonStatus.INVITED.value, Invitation.invited_at < before)
    return sum(_erase_invited(one, now) for one in list(reading().scalars(query.order_by(Invitation.person_id))))


def _erase_invited(person_id: uuid.UUID, now: dt.datetime) -> bool:
    """Erase one of them, unless they have answered meanwhile."""
    with transaction() as session:
        person = facts.locked(session, person_id)
        if person.status != PersonStatus.INVITED:
            return False
        erasure.erase(session, person, now)
        return True


def forget_contacts(before: dt.datetime, _now: dt.datetime) -> int:
    """Drop the emergency contacts of who left before an instant; return of how many."""
    left = sa.select(StatusSpan.person_id).where(
        StatusSpan.status == PersonStatus.LEFT.value, StatusSpan.until_on.is_(None), StatusSpan.from_on < today(before)
    )
    empty = {"emergency_name_sealed": None, "emergency_phone_sealed": None, "emergency_relation": None}
    with transaction() as session:
        theirs = sa.update(Person).where(Person.id.in_(left), Person.emergency_name_sealed.is_not(None))
        gone = session.execute(theirs.values(**empty).execution_options(synchronize_session=False))
        return int(gone.rowcount)  # type: ignore[attr-defined]
