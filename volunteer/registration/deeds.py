"""What the caller may do about a person, and all that staff see of one: for the pages that offer it.

The services judge again when it is done (`standing`, `privacy`); here is only what is worth offering.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import directory
from volunteer.database import reading
from volunteer.errors import NotFound
from volunteer.registration import changing, correcting, facts, people, reach, standing, statuses
from volunteer.registration.models import Person, StatusSpan
from volunteer.registration.people import PersonView
from volunteer.registration.rules import COUNTED, PersonStatus
from volunteer.units import memberships
from volunteer.units import service as units


class Deed(StrEnum):
    """What staff may do about a person."""

    CONFIRM = "confirm"
    TRANSFER = "transfer"
    CONTEST = "contest"
    SUSPEND = "suspend"
    RESTORE = "restore"
    UNMASK = "unmask"
    PRINT = "print"
    LEAVE = "leave"
    REPORT_IN = "report-in"
    MERGE = "merge"
    CHANGE = "change"


#: What of the log about a person is worth reading beside them, by the log's own words.
TOLD = (
    "person.confirm",
    "person.suspended",
    "person.registered",
    "person.contest",
    "person.transfer",
    "person.leave",
    "person.report-in",
    "person.report-in-end",
    "person.unmask",
    "unmask.ask",
    "unmask.approve",
    "unmask.refuse",
    "person.change",
    "person.merged-in",
)
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did about a person; `by` is as the reader may read it, None for the person or a machine."""

    at: dt.datetime
    action: str
    by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class PersonFile:
    """A person as staff see them.

    Attributes:
        unit: the name of the unit in which the person counts today, or None.
        statuses: where the person stood, from the first day on.
        memberships: rows of `unit`, `kind`, `from_on`, `until_on`.
        deeds: what the caller may do.
        done: what was decided about the person, the newest first; for who reads the log, else empty.
    """

    person: PersonView
    unit: str | None
    statuses: list[StatusSpan]
    memberships: list[dict[str, object]]
    deeds: frozenset[Deed]
    done: list[Done]

    @property
    def reports_in(self) -> bool:
        """Whether the person reports in somewhere, from now on or later."""
        return any(row["kind"] != "counts" and row["until_on"] is None for row in self.memberships)


def person_file(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> PersonFile:
    """Return what staff see of a person in scope; nothing of the private part, whoever asks.

    Raises:
        NotFound: outside the scope.
    """
    reach.require_person(actor, Permission.READ_PEOPLE, person_id)
    session = reading()
    row = session.get_one(Person, person_id)
    person = people.view(row, now, in_full=False)
    unit = units.unit_briefs([person.unit_id]).get(person.unit_id) if person.unit_id else None
    return PersonFile(
        person=person,
        unit=unit.name if unit else None,
        statuses=statuses.spans_of(session, row),
        memberships=memberships.history_of(session, person_id),
        deeds=_deeds(actor, row, person),
        done=_done(session, actor, person_id) if actor.has_everywhere(Permission.AUDIT) else [],
    )


def _done(session: Session, actor: Actor, person_id: uuid.UUID) -> list[Done]:
    """Return the newest of what was decided about a person, with who did."""
    log = [entry for entry in audit.entries_about(session, "person", person_id) if entry.action in TOLD][:MOST_TOLD]
    kinds = [entry.actor.partition(":") for entry in log]
    accounts = [uuid.UUID(key) if kind == "account" else None for kind, _, key in kinds]
    names = directory.names_of(actor, {one for one in accounts if one})
    return [
        Done(entry.at, entry.action, names.get(account) if account else None, entry.reason)
        for entry, account in zip(log, accounts, strict=True)
    ]


def to_confirm(actor: Actor, person_id: uuid.UUID, now: dt.datetime) -> PersonView:
    """Return the masked view of an unproven person whom the caller may confirm: a keeper at any station may.

    Raises:
        NotFound: not the caller's to confirm, or not waiting for it.
    """
    person = reading().get(Person, person_id)
    if person is None or person.status != PersonStatus.UNPROVEN or not standing.may_confirm(actor, person):
        raise NotFound
    return people.view(person, now, in_full=False)


def _deeds(actor: Actor, row: Person, person: PersonView) -> frozenset[Deed]:
    """Return what the caller may do about a person in scope."""
    if row.status in facts.GONE:
        return frozenset()
    found = set()
    if row.status == PersonStatus.UNPROVEN and standing.may_confirm(actor, row):
        found.add(Deed.CONFIRM)
    if reach.reaches(actor, Permission.MANAGE_PEOPLE, row.id):
        found.add(Deed.TRANSFER)
        found |= {Deed.CONTEST, Deed.LEAVE} if person.unit_id else set()
        found |= {Deed.REPORT_IN} if row.status in COUNTED else set()
        switch = {PersonStatus.REGISTERED.value: Deed.SUSPEND, PersonStatus.SUSPENDED.value: Deed.RESTORE}
        found |= {switch[row.status]} if row.status in switch else set()
    if reach.reaches(actor, Permission.UNMASK, row.id):
        found.add(Deed.UNMASK)
    if row.status in correcting.WITH_IDENTITY and changing.may_ask(actor, row.id):
        found.add(Deed.CHANGE)
    if row.status in COUNTED and reach.reaches(actor, Permission.RUN_ACTIVITIES, row.id):
        found.add(Deed.PRINT)
    if actor.is_admin:
        found.add(Deed.MERGE)
    return frozenset(found)
