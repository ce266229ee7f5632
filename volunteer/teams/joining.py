"""Asking to join a team, and the answer: by who leads it, or who has a say over it; never by who asks or is meant.

Judged when asked and again when agreed. Source: decisions 14 (requests share one shape); domain.md c3 (join modes).
"""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.database import new_id, transaction
from volunteer.errors import Forbidden, IllegalTransition, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import service as registration
from volunteer.teams import members, rules, service
from volunteer.teams.models import Team, TeamRequest
from volunteer.teams.rules import RequestState

MANAGE = Permission.MANAGE_TEAMS


def ask(
    actor: Actor, team_id: uuid.UUID, volunteer_id: uuid.UUID | None, note: str | None, now: dt.datetime
) -> TeamRequest:
    """Ask to join, oneself or for somebody for whom the caller acts; one who waits already gets that request again.

    Raises:
        NotFound: no such team, or not theirs to ask for. Forbidden: `not-a-volunteer`.
        JoinRefused: with every reason.
    """
    person_id = registration.acting_as(actor, volunteer_id)
    with transaction() as session:
        person = registration.lock_person(session, person_id)
        team = service.lock_team(session, team_id)
        waiting = sa.select(TeamRequest).where(
            TeamRequest.team_id == team_id, TeamRequest.person_id == person_id, TeamRequest.state == RequestState.OPEN
        )
        known = session.scalars(waiting).first()
        if known is not None:
            return known
        today = service.today(now)
        reasons = rules.check_join(members.joining_of(session, team, person, today, by_request=True))
        if reasons:
            raise members.JoinRefused(reasons)
        made = TeamRequest(
            id=new_id(),
            team_id=team_id,
            person_id=person_id,
            state=RequestState.OPEN,
            note=note,
            asked_by=actor.account,
            asked_at=now,
        )
        session.add(made)
        session.flush()
        audit.record(session, actor, now, "team.ask", ("team", team_id))
        _tell_leader(session, team, now)
        return made


def _tell_leader(session: Session, team: Team, now: dt.datetime) -> None:
    """Tell whoever leads the team that somebody asks."""
    leader_id = service.leader_of(session, team.id, service.today(now))
    if leader_id is not None:
        note = f"有人申请加入您的志愿服务队“{team.name}”,请在“我的队伍”中答复。"
        notifications.tell(session, leader_id, "team-asked", note, now)


def approve(actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> TeamRequest:
    """Agree: the person is a member from today on.

    Raises:
        NotFound: outside the caller's say. Forbidden: `own-request`.
        IllegalTransition: it was refused or withdrawn. JoinRefused: it is not possible any more.
    """
    with transaction() as session:
        request = _locked(session, actor, request_id, now)
        if request.state == RequestState.ACCEPTED:
            return request
        _require_open(request)
        person = registration.lock_person(session, request.person_id)
        team = service.lock_team(session, request.team_id)
        # A team that has stopped taking requests may still answer those it took.
        members.join(session, team, person, service.today(now), actor.account_id, now, by_request=False)
        _decide(session, actor, request, RequestState.ACCEPTED, None, now)
        note = f"您已加入志愿服务队“{team.name}”。可以在“我的队伍”中查看。"
        notifications.tell(session, request.person_id, "team-joined", note, now)
        return request


def reject(actor: Actor, request_id: uuid.UUID, reason: str, now: dt.datetime) -> TeamRequest:
    """Refuse, and say why.

    Raises:
        NotFound: outside the caller's say. Forbidden: `own-request`. IllegalTransition: it was decided otherwise.
    """
    with transaction() as session:
        request = _locked(session, actor, request_id, now)
        if request.state == RequestState.REFUSED:
            return request
        _require_open(request)
        team = service.get_team(request.team_id)
        _decide(session, actor, request, RequestState.REFUSED, reason, now)
        note = f"志愿服务队“{team.name}”未同意您的加入申请。原因:{reason}"
        notifications.tell(session, request.person_id, "team-refused", note, now)
        return request


def withdraw(actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> TeamRequest:
    """Take a request back: who asked, or who acts for the person.

    Raises:
        NotFound: not theirs. IllegalTransition: it was decided.
    """
    with transaction() as session:
        request = session.get(TeamRequest, request_id, populate_existing=True)
        if request is None or not registration.may_act_for(actor, request.person_id):
            raise NotFound
        registration.lock_person(session, request.person_id)
        session.refresh(request, with_for_update=True)
        if request.state == RequestState.WITHDRAWN:
            return request
        _require_open(request)
        request.state, request.decided_at = RequestState.WITHDRAWN, now
        audit.record(session, actor, now, "team.ask-withdrawn", ("team", request.team_id))
        session.flush()
        return request


def why_not_decide(session: Session, actor: Actor, request: TeamRequest) -> str:
    """Return why the caller may not answer a request over whose team they have a say; else ""."""
    own = registration.account_ids_of(session, request.person_id)
    if actor.account == request.asked_by or actor.account in own:
        return "不能答复自己的申请,请由队长或另一位管理人员答复。"
    return ""


def refuse_waiting(session: Session, team: Team, actor: Actor, reason: str, now: dt.datetime) -> None:
    """Close every request of a team that ends; the people are told with everybody else's words."""
    rows = session.scalars(
        sa.select(TeamRequest).where(TeamRequest.team_id == team.id, TeamRequest.state == RequestState.OPEN)
    )
    for request in list(rows):
        request.state, request.decided_at, request.reason = RequestState.WITHDRAWN, now, reason
        note = f"志愿服务队“{team.name}”已解散,您的加入申请已关闭。可以申请加入别的队伍。"
        notifications.tell(session, request.person_id, "team-dissolved", note, now)
    session.flush()


def _locked(session: Session, actor: Actor, request_id: uuid.UUID, now: dt.datetime) -> TeamRequest:
    """Return a request that the caller may answer, its person locked first, then itself.

    Raises:
        NotFound: outside the caller's say. Forbidden: `own-request`.
    """
    request = session.get(TeamRequest, request_id)
    if request is None:
        raise NotFound
    service.require_say(actor, MANAGE, request.team_id, service.today(now), or_leads=True)
    registration.lock_person(session, request.person_id)
    session.refresh(request, with_for_update=True)
    refusal = why_not_decide(session, actor, request)
    if refusal:
        raise Forbidden(refusal, code="own-request")
    return request


def _require_open(request: TeamRequest) -> None:
    """Raise IllegalTransition unless the request still waits."""
    if request.state != RequestState.OPEN:
        raise IllegalTransition("这项申请已有答复或已撤回,请刷新后查看。")


def _decide(
    session: Session,
    actor: Actor,
    request: TeamRequest,
    state: RequestState,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """Write a decision down."""
    request.state, request.reason = state, reason
    request.decided_by, request.decided_at = actor.account, now
    audit.record(session, actor, now, f"team.{state}", ("team", request.team_id), reason)
    session.flush()
