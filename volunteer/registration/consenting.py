"""Saying yes and taking it back, one consent at a time, at once in force wherever a consent is read.

To withdraw the consent to registration is to ask for erasure (`privacy`). Source: PIPL 14, 15, 16, 31; ADR 0010.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor
from volunteer.database import reading, transaction
from volunteer.errors import Forbidden, IllegalTransition, InvalidInput
from volunteer.registration import consents, facts, links, notices, privacy, vault
from volunteer.registration.models import GUARDIAN, Consent, Person
from volunteer.registration.notices import Notice
from volunteer.registration.rules import needs_guardian
from volunteer.registration.rules_consents import ConsentKind, ConsentRefusal, DiffLine, compare, may_give
from volunteer.registration.statuses import today


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands with one consent.

    Attributes:
        notice: the version in force today.
        given: the consent in force, or None.
        asks_again: whether the notice's purposes have changed since; what was given holds for what it covered.
        refusal: why the caller may not say yes; None: they may.
        history: everything given and withdrawn before, the newest first.
    """

    kind: ConsentKind
    notice: Notice
    given: Consent | None
    asks_again: bool
    refusal: ConsentRefusal | None
    history: tuple[Consent, ...]

    @property
    def version(self) -> str:
        """The version in force today."""
        return self.notice.version

    @property
    def given_version(self) -> str | None:
        """The version that was agreed to, or None."""
        return self.given.version if self.given else None

    @property
    def given_at(self) -> dt.datetime | None:
        """When it was agreed to, or None."""
        return self.given.given_at if self.given else None


def standings(actor: Actor, volunteer_id: uuid.UUID | None, now: dt.datetime) -> list[Standing]:
    """Return how the caller, or one they act for, stands with every consent.

    Raises:
        Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    person_id, session = links.acting_as(actor, volunteer_id), reading()
    person = session.get_one(Person, person_id)
    refusal = may_give(links.relation_of(session, actor.account, person_id), person.birth_date, today(now))
    return standings_of(session, person, refusal, today(now))


def standings_of(session: Session, person: Person, refusal: ConsentRefusal | None, day: dt.date) -> list[Standing]:
    """Return how a person stands with every consent on a day; `refusal`: why the reader may not say yes for them."""
    given, current = consents.history_of(session, [person.id]), notices.current_notices(day)
    is_minor = needs_guardian(person.birth_date, day)
    newest = {kind: consents.newest_in_force(given, kind, is_minor=is_minor) for kind in ConsentKind}
    return [_standing(kind, current[kind], given, newest[kind], refusal, day) for kind in ConsentKind]


def _standing(
    kind: ConsentKind,
    notice: Notice,
    given: list[Consent],
    newest: Consent | None,
    refusal: ConsentRefusal | None,
    day: dt.date,
) -> Standing:
    """Return where somebody stands with one consent."""
    asks = newest is not None and newest.version < notices.last_asking(kind, day)
    history = tuple(one for one in given if one.kind == kind)
    if kind is ConsentKind.REGISTRATION and newest is None:
        refusal = ConsentRefusal.BY_REGISTERING
    return Standing(kind, notice, newest, asks, refusal, history)


def give(
    actor: Actor, volunteer_id: uuid.UUID | None, kind: ConsentKind, version: str, now: dt.datetime, channel: str
) -> None:
    """Say yes to one thing, under the version of its notice that was read. A second time changes nothing.

    Raises:
        Forbidden: `guardian-only`, `self-only`, `by-registering`, `not-a-volunteer`. NotFound: not theirs.
        InvalidInput: `old-version`: another one is in force by now.
        IllegalTransition: erasure was asked for.
    """
    person_id = links.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = facts.locked(session, person_id)
        relation = links.relation_of(session, actor.account, person_id)
        refusal = may_give(relation, person.birth_date, today(now))
        if refusal:
            raise Forbidden(refusal.sentence, code=refusal)
        if person.erase_after is not None:
            raise IllegalTransition("您已申请注销。请先撤回注销申请,再作选择。")
        if version != notices.current_notice(kind, today(now)).version:
            raise InvalidInput([ConsentRefusal.OLD_VERSION.at("version")])
        is_minor = needs_guardian(person.birth_date, today(now))
        newest = consents.newest_in_force(consents.history_of(session, [person_id]), kind, is_minor=is_minor)
        if newest is None and kind is ConsentKind.REGISTRATION:
            raise Forbidden(ConsentRefusal.BY_REGISTERING.sentence, code=ConsentRefusal.BY_REGISTERING)
        if newest is not None and newest.version == version:
            return
        facts_of_it = {"version": version, "channel": channel, "is_by_guardian": relation == GUARDIAN}
        consents.keep(session, person_id, kind, now, **facts_of_it)
        audit.record(session, actor, now, "consent.give", ("person", person_id), kind=kind.value, version=version)


def withdraw(actor: Actor, volunteer_id: uuid.UUID | None, kind: ConsentKind, now: dt.datetime, channel: str) -> None:
    """Take one consent back, in force at once; registration's leads to erasure. A second time changes nothing.

    Raises:
        Unauthenticated: registration, without a fresh sign-in. Forbidden: `not-a-volunteer`. NotFound: not theirs.
    """
    if kind is ConsentKind.REGISTRATION:
        privacy.ask_erasure(actor, volunteer_id, now, channel)
        return
    person_id = links.acting_as(actor, volunteer_id)
    with transaction() as session:
        facts.locked(session, person_id)
        if consents.close(session, person_id, [kind], now, channel):
            audit.record(session, actor, now, "consent.withdraw", ("person", person_id), kind=kind.value)


@dataclass(frozen=True, slots=True)
class Question:
    """A consent that is asked for again: whose, the new notice, and what differs from what they agreed to."""

    person_id: uuid.UUID
    display_name: str
    notice: Notice
    lines: tuple[DiffLine, ...]

    @property
    def key(self) -> str:
        """What stands in the form."""
        return f"{self.person_id}:{self.notice.kind}:{self.notice.version}"


def asked_again(account_id: uuid.UUID, now: dt.datetime) -> list[Question]:
    """Return what an account is asked again, for itself and for its wards, since purposes have changed."""
    session, day = reading(), today(now)
    asking = {kind: version for kind in ConsentKind if (version := notices.last_asking(kind, day))}
    if not asking:
        return []
    people = _may_answer(session, account_id, day)
    given = consents.history_of(session, list(people))
    return [
        question
        for person_id in people
        for kind in asking
        if (question := _question(people[person_id], kind, [c for c in given if c.person_id == person_id], asking, day))
    ]


def _may_answer(session: Session, account_id: uuid.UUID, day: dt.date) -> dict[uuid.UUID, Person]:
    """Return the people for whom an account may say yes."""
    rows = [session.get_one(Person, person_id) for person_id in links.linked_to(account_id)]
    return {
        row.id: row
        for row in rows
        if row.erase_after is None and not may_give(links.relation_of(session, account_id, row.id), row.birth_date, day)
    }


def _question(
    person: Person, kind: ConsentKind, given: list[Consent], asking: dict[ConsentKind, str], day: dt.date
) -> Question | None:
    """Return the question about one consent, or None where it is not needed."""
    newest = consents.newest_in_force(given, kind, is_minor=needs_guardian(person.birth_date, day))
    if newest is None or newest.version >= asking[kind]:
        return None
    notice = notices.current_notice(kind, day)
    lines = compare(notices.text_of(kind, newest.version) or "", notice.text)
    return Question(person.id, vault.shown_name(person), notice, tuple(lines))
