"""Who was registered elsewhere and agreed there: told once, and counted after 7 days without an objection.

Source: contract, Imports (`consent_reference`); decisions 17; peers.md T37.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.bulk import Rows
from volunteer.database import new_id, reading, transaction
from volunteer.notifications.service import Mailing
from volunteer.registration import facts, notices, statuses, vault
from volunteer.registration.models import Consent, Invitation, Person
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.statuses import today

DAYS_TO_OBJECT: Final = 7


@dataclass(frozen=True, slots=True)
class Vouched:
    """That everybody on the list was registered elsewhere and agreed: the reference of what they signed."""

    reference: str


class Vouching:
    """What follows for many people from the word that they agreed elsewhere: gathered first, then written at once.

    Whom no message reaches, for want of a phone, stays invited: the days to object would pass unheard. So does a minor:
    a guardian confirms by a code of their own, and is asked to.
    """

    def __init__(self, vouched: Vouched, actor: Actor, now: dt.datetime) -> None:
        self._reference, self._actor, self._now = vouched.reference, actor, now
        self._day = today(now)
        self._counts_on = self._day + dt.timedelta(days=DAYS_TO_OBJECT)
        same = {
            "kind": "registration",
            "version": notices.current_notice().version,
            "given_at": now,
            "channel": "import",
            "is_by_guardian": False,
        }
        self.consents = Rows(Consent, ("id", "person_id", "paper_reference_sealed"), same)
        self.mailing = Mailing(now)

    @property
    def rows(self) -> tuple[Rows, Rows]:
        """What is to be written."""
        return self.consents, self.mailing.rows

    def add(self, person_id: uuid.UUID, phone: str | None, birth_date: dt.date) -> dict[str, Any]:
        """Take one person who waits; return what changes about the invitation."""
        if phone is None:
            return {}
        if needs_guardian(birth_date, self._day):
            body = (
                "您的孩子已在其他系统注册为志愿者。转入本系统须监护人同意:请监护人打开本站“我是不是已注册”,"
                "用这个手机号验证后确认。确认前不计入;不同意的,可当场删除信息。"
            )
            self.mailing.add(person_id, "vouched-minor", body, phone, {})
            return {"reminded_at": self._now, "reminded_by": self._actor.account_id}
        self._take_for_agreed(person_id, phone)
        return {"counts_on": self._counts_on}

    def _take_for_agreed(self, person_id: uuid.UUID, phone: str) -> None:
        """Keep the reference of a consent that was given elsewhere; tell the person until when they may object."""
        consent_id = new_id()
        reference = vault.seal_reference(consent_id, self._reference)
        self.consents.add({"id": consent_id, "person_id": person_id, "paper_reference_sealed": reference})
        body = (
            f"您已在其他系统注册为志愿者,现按您签署的同意书转入本系统,{self._counts_on:%Y年%m月%d日}起计入。"
            "如不同意,请在此日期前打开本站“我是不是已注册”,验证手机号后选择不同意,您的信息会立即删除。"
        )
        self.mailing.add(person_id, "vouched", body, phone, {"day": f"{self._counts_on:%m月%d日}"})

    def add_invited(self, session: Session, person_ids: list[uuid.UUID]) -> None:
        """Take those of these people who were invited before and wait still; each of them once."""
        query = (
            sa.select(Person, Invitation.reminded_at)
            .join(Invitation, Invitation.person_id == Person.id)
            .where(
                Person.id.in_(person_ids),
                Person.status == PersonStatus.INVITED.value,
                Person.phone_index.is_not(None),
                Invitation.counts_on.is_(None),
            )
        )
        changes: dict[str, tuple[dict[str, Any], list[uuid.UUID]]] = {}
        for person, reminded_at in session.execute(query):
            if reminded_at is not None and needs_guardian(person.birth_date, self._day):
                continue
            change = self.add(person.id, vault.opened(person, "phone"), person.birth_date)
            changes.setdefault(next(iter(change)), (change, []))[1].append(person.id)
        for change, ids in changes.values():
            session.execute(sa.update(Invitation).where(Invitation.person_id.in_(ids)).values(**change))


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
