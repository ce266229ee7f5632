"""A unit proposes an activity to a station: write, hand in, call back, drop; the station takes over or sends back.

Every step is kept with its day, its station and who took it, and tells the other side. Nothing here publishes: what was
taken over is submitted by the station and decided by a second person above it (lifecycle). Locks: the activity, then
its proposal. Source: ux.md U8; rules_proposals; ADR 0019.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.accounts import telling
from volunteer.activities import lifecycle, proposals, redrafting, service, views
from volunteer.activities.models import Activity, Shift
from volunteer.activities.proposal_models import ActivityProposal, ProposalStep
from volunteer.activities.rules_proposals import (
    UNSEEN,
    WITH_UNIT,
    ProposalRefusal,
    ProposalState,
    why_not,
    why_not_rewrite,
)
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.stations import service as stations
from volunteer.units import service as units

_P = ProposalState
PROPOSE, RUN = Permission.PROPOSE_ACTIVITIES, Permission.RUN_ACTIVITIES


def write(
    actor: Actor, values: Mapping[str, Any], channel: str, now: dt.datetime, form_id: uuid.UUID | None = None
) -> Activity:
    """Begin a proposal of one of the caller's units; nobody at the station sees it before it is handed in.

    Raises:
        NotFound: the unit is not the caller's.
        InvalidInput: all faults at once; `unknown` on `station_id`.
    """
    with transaction() as session:
        units.require_unit(actor, PROPOSE, values["organizer_unit_id"])
        known = lifecycle.sent_before(session, form_id) if form_id else None
        if known is not None and known.created_by == actor.account:
            return known
        _check_station(values["station_id"])
        activity = lifecycle.make_draft(session, actor, values, channel, now, None if known else form_id)
        session.add(ActivityProposal(activity_id=activity.id, state=_P.WRITING.value, changed_at=now))
        session.flush()
        _note(session, actor, activity, _P.WRITING, None, now)
        return activity


def rewrite(
    actor: Actor,
    activity_id: uuid.UUID,
    values: Mapping[str, Any],
    kept: Sequence[uuid.UUID | None],
    now: dt.datetime,
) -> Activity:
    """Make a proposal that the unit holds what `values` say, its shifts in their order.

    Raises:
        NotFound: not a proposal of the caller's, or the unit that it shall name is not.
        IllegalTransition: the station has it, or it was dropped; `reasons` say which.
        InvalidInput: all faults at once.
    """
    with transaction() as session:
        activity, proposal = _lock(session, activity_id)
        proposals.require_own(actor, activity)
        units.require_unit(actor, PROPOSE, values["organizer_unit_id"])
        _refuse(why_not_rewrite(_P(proposal.state)))
        _check_station(values["station_id"])
        redrafting.redraft(session, actor, activity, values, kept, now)
        return activity


def hand_in(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Hand a proposal to its station, whose keepers are told.

    Raises:
        NotFound: not a proposal of the caller's.
        IllegalTransition: it was taken over or dropped; all shifts are over. `reasons` say which.
    """
    with transaction() as session:
        activity, proposal = _lock_own(session, actor, activity_id)
        if _move(session, actor, activity, proposal, _P.PROPOSED, now):
            ahead = sa.select(Shift.id).where(Shift.activity_id == activity.id, Shift.cancelled_at.is_(None))
            if session.scalar(ahead.where(Shift.ends_at > now).limit(1)) is None:
                _refuse(ProposalRefusal.ALL_OVER)
            _tell_station(session, activity, now)
        return activity


def recall(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Take a proposal back from the station, to change it.

    Raises:
        NotFound: not a proposal of the caller's.
        IllegalTransition: it was taken over, sent back or dropped.
    """
    with transaction() as session:
        activity, proposal = _lock_own(session, actor, activity_id)
        _move(session, actor, activity, proposal, _P.WRITING, now)
        return activity


def drop(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Give a proposal up; it stays on record.

    Raises:
        NotFound: not a proposal of the caller's.
        IllegalTransition: the station has it.
    """
    with transaction() as session:
        activity, proposal = _lock_own(session, actor, activity_id)
        _move(session, actor, activity, proposal, _P.DROPPED, now)
        return activity


def take_over(actor: Actor, activity_id: uuid.UUID, now: dt.datetime) -> Activity:
    """Let the station go on with a proposal as with a draft of its own; the unit is told.

    Raises:
        NotFound: no proposal that lies at one of the caller's stations.
        IllegalTransition: the unit has it.
    """
    with transaction() as session:
        activity, proposal = _lock_here(session, actor, activity_id)
        if _move(session, actor, activity, proposal, _P.TAKEN_OVER, now):
            proposals.tell_unit(session, activity, f"“{activity.title}”已由站点接手,将由站点提交审核。", now)
        return activity


def send_back(actor: Actor, activity_id: uuid.UUID, reason: str, now: dt.datetime) -> Activity:
    """Send a proposal back to its unit with a reason; the unit is told.

    Raises:
        NotFound: no proposal that lies at one of the caller's stations.
        IllegalTransition: it was taken over.
    """
    with transaction() as session:
        activity, proposal = _lock_here(session, actor, activity_id)
        if _move(session, actor, activity, proposal, _P.SENT_BACK, now, reason):
            proposals.tell_unit(session, activity, f"“{activity.title}”被站点退回,请查看原因,修改后再交,或放弃。", now)
        return activity


def get(actor: Actor, activity_id: uuid.UUID) -> dict[str, Any]:
    """Return a proposal as whoever takes part in it, or reads everything, sees it: the activity, `proposal`, `steps`.

    The leader is in full for who holds the pen.

    Raises:
        NotFound: no proposal, or not within the caller's scope.
    """
    session = reading()
    query = sa.select(Activity).where(Activity.id == activity_id, proposals.proposals_in_scope(actor))
    activity = session.scalar(query)
    if activity is None:
        raise NotFound
    return _shown(actor, session, [activity])[0] | {"steps": proposals.steps_of(actor, activity_id)}


def list_proposals(actor: Actor, state: str | None, limit: int, before: uuid.UUID | None) -> list[dict[str, Any]]:
    """Return up to `limit` proposals in the caller's scope, the newest first."""
    query = sa.select(Activity).where(proposals.proposals_in_scope(actor)).order_by(Activity.id.desc()).limit(limit)
    if state:
        query = query.where(proposals.in_state(_P(state)))
    if before:
        query = query.where(Activity.id < before)
    session = reading()
    return _shown(actor, session, list(session.scalars(query)))


def _shown(actor: Actor, session: Session, activities: Sequence[Activity]) -> list[dict[str, Any]]:
    """Return proposals with where they stand."""
    states = proposals.states_of(session, [one.id for one in activities])
    scope = units.unit_ids_in_scope(actor, PROPOSE)
    rows = []
    for one, view in zip(activities, views.shown(actor, activities), strict=True):
        state = states[one.id]
        if state in WITH_UNIT and (scope is None or one.organizer_unit_id in scope):
            name, phone = service.leader_of(one)
            view |= {"leader_name": name, "leader_phone": phone}
        rows.append(view | {"proposal": state})
    return rows


def _check_station(station_id: uuid.UUID) -> None:
    """Raise InvalidInput for a station that there is not."""
    if not stations.station_exists(station_id):
        raise InvalidInput([Fault("station_id", "unknown", "没有找到所选的站点,请重新选择。")])


def _lock(session: Session, activity_id: uuid.UUID) -> tuple[Activity, ActivityProposal]:
    """Lock an activity and its proposal and return them as they are now.

    Raises:
        NotFound: no such activity, or nobody proposed it.
    """
    query = sa.select(Activity).where(Activity.id == activity_id).with_for_update()
    activity = session.scalars(query.execution_options(populate_existing=True)).first()
    mine = sa.select(ActivityProposal).where(ActivityProposal.activity_id == activity_id).with_for_update()
    proposal = session.scalars(mine.execution_options(populate_existing=True)).first()
    if activity is None or proposal is None:
        raise NotFound
    return activity, proposal


def _lock_own(session: Session, actor: Actor, activity_id: uuid.UUID) -> tuple[Activity, ActivityProposal]:
    """Lock a proposal of one of the caller's units."""
    activity, proposal = _lock(session, activity_id)
    return proposals.require_own(actor, activity), proposal


def _lock_here(session: Session, actor: Actor, activity_id: uuid.UUID) -> tuple[Activity, ActivityProposal]:
    """Lock a proposal that its unit has shown to one of the caller's stations."""
    activity, proposal = _lock(session, activity_id)
    stations.require_station(actor, RUN, activity.station_id)
    if _P(proposal.state) in UNSEEN:
        raise NotFound
    return activity, proposal


def _refuse(refusal: ProposalRefusal | None) -> None:
    """Raise IllegalTransition where there is a refusal."""
    if refusal is not None:
        raise IllegalTransition(refusal.sentence, reasons=[refusal.value])


def _move(
    session: Session,
    actor: Actor,
    activity: Activity,
    proposal: ActivityProposal,
    state: ProposalState,
    now: dt.datetime,
    reason: str | None = None,
) -> bool:
    """Take a step, unless it was taken already; return whether it is new."""
    if _P(proposal.state) is state:
        return False
    _refuse(why_not(_P(proposal.state), state))
    proposal.state, proposal.changed_at = state.value, now
    session.flush()
    _note(session, actor, activity, state, reason, now)
    return True


def _note(
    session: Session, actor: Actor, activity: Activity, state: ProposalState, reason: str | None, now: dt.datetime
) -> None:
    """Keep a step."""
    step = ProposalStep(id=new_id(), activity_id=activity.id, state=state.value, station_id=activity.station_id)
    step.taken_by, step.taken_at, step.reason = actor.account, now, reason
    session.add(step)
    session.flush()
    audit.record(session, actor, now, f"proposal.{state.value}", ("activity", activity.id), reason)


def _tell_station(session: Session, activity: Activity, now: dt.datetime) -> None:
    """Tell the keepers of the station, or where it has none those of the nearest one above it."""
    unit_id = activity.organizer_unit_id
    unit = units.unit_briefs([unit_id])[unit_id].name if unit_id else ""
    body = f"{unit}提议在您的站点开展“{activity.title}”,请登录查看,接手或退回。"
    path = stations.get_station(activity.station_id).path
    for station_id in reversed([uuid.UUID(part) for part in path.strip("/").split("/")]):
        keepers = telling.keepers_of(session, station_id)
        for account in keepers:
            telling.tell_account(session, account, "proposal-made", body, now)
        if keepers:
            return
