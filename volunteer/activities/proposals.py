"""Reading what units propose, and the one guard by which nobody but its unit touches a draft not yet taken over.

Source: ux.md U8; rules_proposals.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.access import Actor, Permission
from volunteer.accounts import directory, telling
from volunteer.activities.models import Activity
from volunteer.activities.proposal_models import ActivityProposal, ProposalStep
from volunteer.activities.rules_proposals import UNSEEN, ProposalRefusal, ProposalState
from volunteer.database import reading
from volunteer.errors import Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.stations import service as stations
from volunteer.units import service as units

PROPOSE = Permission.PROPOSE_ACTIVITIES


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a proposal; `who` is masked but for an admin."""

    state: ProposalState
    station_name: str
    who: str
    at: dt.datetime
    reason: str | None


def state_of(session: Session, activity_id: uuid.UUID) -> ProposalState | None:
    """Return where a proposal stands; None for an activity that nobody proposed."""
    return states_of(session, [activity_id]).get(activity_id)


def states_of(session: Session, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, ProposalState]:
    """Return where these activities stand as proposals; those that nobody proposed are left out."""
    columns = (ActivityProposal.activity_id, ActivityProposal.state)
    rows = session.execute(sa.select(*columns).where(ActivityProposal.activity_id.in_(ids))) if ids else ()
    return {activity_id: ProposalState(state) for activity_id, state in rows}


def in_state(*wanted: ProposalState) -> sa.ColumnElement[bool]:
    """Return the condition that an activity is a proposal in one of these states."""
    return sa.exists().where(ActivityProposal.activity_id == Activity.id, ActivityProposal.state.in_(wanted))


def unseen() -> sa.ColumnElement[bool]:
    """Return the condition that an activity is a proposal that does not concern its station."""
    return in_state(*UNSEEN)


def require_in_hand(session: Session, activity: Activity) -> None:
    """Let the station go on with an activity unless a unit still proposes it.

    Raises:
        NotFound: the unit is still writing it, or dropped it.
        IllegalTransition: the station has not taken it over.
    """
    state = state_of(session, activity.id)
    if state in UNSEEN:
        raise NotFound
    if state not in (None, ProposalState.TAKEN_OVER):
        refusal = ProposalRefusal.NOT_TAKEN_OVER
        raise IllegalTransition(refusal.sentence, reasons=[refusal.value])


def tell_unit(session: Session, activity: Activity, body: str, now: dt.datetime) -> None:
    """Tell who handed a proposal in last what became of it; nobody where nobody proposed it."""
    query = sa.select(ProposalStep.taken_by).where(
        ProposalStep.activity_id == activity.id, ProposalStep.state == ProposalState.PROPOSED.value
    )
    account_id = session.scalar(query.order_by(ProposalStep.id.desc()).limit(1))
    if account_id is not None:
        telling.tell_by_id(session, account_id, "proposal-answered", body, now)


def require_same_organizer(session: Session, activity: Activity, values: Mapping[str, Any]) -> None:
    """Raise InvalidInput where a station would give an activity that a unit proposed another organiser."""
    own = {"organizer_unit_id": activity.organizer_unit_id, "team_id": activity.team_id}
    is_changed = any(name in values and values[name] != value for name, value in own.items())
    if is_changed and state_of(session, activity.id) is not None:
        message = "这个活动由单位提议,主办单位不能修改。"
        raise InvalidInput([Fault("organizer_unit_id", "proposed-by-unit", message)])


def require_own(actor: Actor, activity: Activity | None) -> Activity:
    """Return a proposal of one of the caller's units.

    Raises:
        NotFound: no such activity, nobody proposed it, or another unit did.
    """
    if activity is None or activity.organizer_unit_id is None or state_of(reading(), activity.id) is None:
        raise NotFound
    units.require_unit(actor, PROPOSE, activity.organizer_unit_id)
    return activity


def steps_of(actor: Actor, activity_id: uuid.UUID) -> list[StepView]:
    """Return the steps of a proposal, in order. Who may see it was asked before."""
    query = sa.select(ProposalStep).where(ProposalStep.activity_id == activity_id).order_by(ProposalStep.id)
    rows = list(reading().scalars(query))
    places = stations.station_briefs({row.station_id for row in rows})
    names = directory.names_of(actor, {row.taken_by for row in rows})
    return [
        StepView(
            ProposalState(row.state), places[row.station_id].name, names.get(row.taken_by, ""), row.taken_at, row.reason
        )
        for row in rows
    ]


def proposals_in_scope(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the condition on activities that are proposals of the caller's units, or lie at the caller's stations."""
    ways: list[sa.ColumnElement[bool]] = [sa.false()]
    unit_ids = units.unit_ids_in_scope(actor, PROPOSE)
    station_ids = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    if actor.has_everywhere(Permission.READ_PROPOSALS) or unit_ids is None:
        return in_state(*ProposalState)
    if unit_ids:
        ways.append(sa.and_(Activity.organizer_unit_id.in_(unit_ids), in_state(*ProposalState)))
    if station_ids is None or station_ids:
        here = sa.true() if station_ids is None else Activity.station_id.in_(station_ids)
        ways.append(sa.and_(here, in_state(*(set(ProposalState) - UNSEEN))))
    return sa.or_(*ways)


def count_for_station(actor: Actor) -> int:
    """Return how many proposals wait for the caller as who runs a station."""
    scope = stations.station_ids_in_scope(actor, Permission.RUN_ACTIVITIES)
    query = sa.select(sa.func.count()).select_from(Activity).where(in_state(ProposalState.PROPOSED))
    if scope is not None:
        query = query.where(Activity.station_id.in_(scope))
    return int(reading().scalar(query) or 0)


def count_sent_back(actor: Actor) -> int:
    """Return how many proposals of the caller's units were sent back and wait for them."""
    scope = units.unit_ids_in_scope(actor, PROPOSE)
    query = sa.select(sa.func.count()).select_from(Activity).where(in_state(ProposalState.SENT_BACK))
    if scope is not None:
        query = query.where(Activity.organizer_unit_id.in_(scope))
    return int(reading().scalar(query) or 0)
