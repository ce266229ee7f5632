"""Writing what `inviting` has planned: rows made and sealed while nobody waits, then all written at once, or none.

Between the plan and the writing others go on. What they may have done is looked at again in the transaction: somebody
registered (the unique index of identities), refused, or moved; a number was given away. Then nothing is written, and
the list is judged anew. Source: contract, Imports; adr/0015.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from volunteer import bulk
from volunteer.access import Actor
from volunteer.bulk import Rows, Tick, nobody_asks
from volunteer.database import new_id, reading
from volunteer.errors import Conflict
from volunteer.registration import fresh_numbers, inviting, refusals, vault
from volunteer.registration.inviting import BATCH, Invitee, Plan, batches
from volunteer.registration.models import Invitation, Person, StatusSpan
from volunteer.registration.rules import PersonStatus, needs_guardian
from volunteer.registration.statuses import today
from volunteer.registration.vouching import Vouched, Vouching
from volunteer.units.memberships import Joining

OF_PERSON: Final = (
    *("id", "volunteer_no", "pass_no", "name", "name_sealed", "name_index", "id_type", "id_number_sealed"),
    *("id_number_index", "birth_date", "sex", "phone_sealed", "phone_index", "phone_tail_index", "political_status"),
)
OF_INVITATION: Final = ("person_id", "unit_id", "counts_on", "reminded_at", "reminded_by")


class MeanwhileChanged(Conflict):
    """Somebody on the list registered, refused or moved since it was judged; nothing was written."""

    def __init__(self) -> None:
        super().__init__("名单中有人的情况刚刚有变化,请再次点击导入。", code="changed-meanwhile")


@dataclass(frozen=True, slots=True)
class Deed:
    """Who writes which list, where they may, and when."""

    actor: Actor
    scope: frozenset[uuid.UUID] | None
    import_id: uuid.UUID
    vouched: Vouched | None
    now: dt.datetime


class Ready:
    """A plan whose new rows are made; `write` puts them in, with what changes about those who are known."""

    def __init__(self, planned: Plan, deed: Deed) -> None:
        self._plan, self._deed = planned, deed
        self._day = today(deed.now)
        self._people = Rows(Person, OF_PERSON, _same_of_people(deed))
        span = {"status": PersonStatus.INVITED.value, "from_on": self._day}
        self._spans = Rows(StatusSpan, ("id", "person_id"), span)
        by = {"import_id": deed.import_id, "invited_by": deed.actor.account_id, "invited_at": deed.now}
        self._invitations = Rows(Invitation, OF_INVITATION, by)
        self._joining = Joining(self._day, deed.now)
        self._vouching = Vouching(deed.vouched, deed.actor, deed.now) if deed.vouched else None
        self._span_of_ids: tuple[uuid.UUID, uuid.UUID] | None = None

    def make(self, tick: Tick) -> None:
        """Make the rows of everybody who is new."""
        drawn: set[str] = set()
        for number, batch in enumerate(batches(self._plan.created)):
            tick(number * BATCH, len(self._plan.created))
            fresh = fresh_numbers.draw(reading(), 2 * len(batch), drawn)
            for invitee in batch:
                self._add(invitee, (next(fresh), next(fresh)))

    def _add(self, invitee: Invitee, numbers: tuple[str, str]) -> None:
        """Make the rows of one person: who they are, what they are from today on, their invitation and unit."""
        person_id = new_id()
        self._span_of_ids = (self._span_of_ids[0] if self._span_of_ids else person_id, person_id)
        self._people.add(self._person(person_id, invitee, numbers))
        self._spans.add({"id": new_id(), "person_id": person_id})
        more: dict[str, Any] = {}
        if self._vouching is not None:
            more = self._vouching.add(person_id, invitee.phone, invitee.identity.birth_date)
        self._invitations.add({"person_id": person_id, "unit_id": invitee.unit_id} | more)
        self._joining.add(person_id, invitee.unit_id)

    def _person(self, person_id: uuid.UUID, invitee: Invitee, numbers: tuple[str, str]) -> dict[str, Any]:
        """Return what is one's own of somebody new, sealed."""
        identity = invitee.identity
        is_minor = needs_guardian(identity.birth_date, self._day)
        return {
            "id": person_id,
            "volunteer_no": numbers[0],
            "pass_no": numbers[1],
            "birth_date": identity.birth_date,
            "sex": identity.sex.value,
            "political_status": invitee.political_status,
            **vault.identity_columns(person_id, identity.id_type, identity.number),
            **vault.name_columns(person_id, invitee.name, is_minor=is_minor),
            **vault.phone_columns(person_id, invitee.phone),
        }

    def write(self, session: Session, tick: Tick) -> None:
        """Write it all in the transaction under way: nobody is asked anything, and nobody counts more than before.

        Raises:
            MeanwhileChanged: others have done something that the plan did not know.
            IntegrityError: somebody on the list has registered since, or has one of the numbers.
            InvalidInput: a unit of the plan was closed meanwhile.
        """
        self._look_again(session)
        for person_id, invitee in self._plan.updated:
            inviting.update(session, person_id, invitee, self._deed.now)
        self._joining.check(session)
        vouched: tuple[Rows, ...] = ()
        if self._vouching is not None:
            known = [*(person_id for person_id, _ in self._plan.updated), *self._plan.unchanged]
            for person_ids in batches(known):
                self._vouching.add_invited(session, list(person_ids))
            vouched = self._vouching.rows
            self._vouching.mailing.wake_sender(session)
        bulk.write(session, [self._people, self._spans, self._invitations, self._joining.rows, *vouched], tick)
        self._refuse_shared_numbers(session)

    def _look_again(self, session: Session) -> None:
        """Raise MeanwhileChanged where somebody has refused, or an invitation went elsewhere, since the plan."""
        for keys in batches(self._plan.refusal_keys):
            if refusals.found_among(session, keys):
                raise MeanwhileChanged
        again = inviting.plan([invitee for _, invitee in self._plan.updated], self._deed.scope, self._deed.now)
        if again.updated != self._plan.updated:
            raise MeanwhileChanged

    def _refuse_shared_numbers(self, session: Session) -> None:
        """Raise MeanwhileChanged if a volunteer number given here is somebody's pass number, or the other way round."""
        if self._span_of_ids and fresh_numbers.are_shared(session, Person.id.between(*self._span_of_ids)):
            raise MeanwhileChanged


def prepare(planned: Plan, deed: Deed, tick: Tick = nobody_asks) -> Ready:
    """Return a plan with its rows made; nothing is written. `tick` is told how many are made."""
    ready = Ready(planned, deed)
    ready.make(tick)
    return ready


def _same_of_people(deed: Deed) -> dict[str, Any]:
    """Return what all new people of a list have in common."""
    return {
        "card_serial": 1,
        "status": PersonStatus.INVITED.value,
        "skills": [],
        "service_categories": [],
        "channel": "import",
        "created_at": deed.now,
        "created_on": today(deed.now),
        "registered_by": deed.actor.account_id,
    }
