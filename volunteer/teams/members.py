"""Who is in a team and who leads it, by day: added, taken out, leaving, a change of leader.

Whoever is added by somebody else is told at once and may leave by one tap: nobody is assigned (Regulation 685 Art. 25).
Locks: the person, then the team. Source: decisions 3 (a person counts once), 4; Regulation 685 Art. 15.
"""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission, Role
from volunteer.database import new_id, reading, transaction
from volunteer.errors import Conflict, Fault, IllegalTransition, InvalidInput, NotFound
from volunteer.notifications import service as notifications
from volunteer.registration import service as registration
from volunteer.registration.service import PersonFacts
from volunteer.teams import rules, service
from volunteer.teams.models import Team, TeamLeader, TeamMember
from volunteer.teams.rules import Joining, JoinReason

MANAGE = Permission.MANAGE_TEAMS
Days = tuple[dt.date, dt.date]


class JoinRefused(Conflict):
    """409: the person cannot join; `reasons` names every reason."""

    code = "join-refused"
    title = "不能加入队伍"

    def __init__(self, reasons: Collection[JoinReason]) -> None:
        super().__init__("".join(reason.sentence for reason in reasons), reasons=[reason.value for reason in reasons])


def add_member(
    actor: Actor, team_id: uuid.UUID, person_id: uuid.UUID, on: dt.date | None, now: dt.datetime
) -> TeamMember:
    """Add a person to a team from a day on (today unless said); the person is told.

    Raises:
        NotFound: outside the caller's say, or nobody whom they reach.
        InvalidInput: `in-future`, `before-founding` on `from`.
        JoinRefused: with every reason.
    """
    with transaction() as session:
        service.require_say(actor, MANAGE, team_id, service.today(now), or_leads=False)
        require_reach(actor, person_id)
        person = registration.lock_person(session, person_id)
        team = service.lock_team(session, team_id)
        member = join(session, team, person, on or service.today(now), actor.account_id, now, by_request=False)
        audit.record(session, actor, now, "team.member-add", ("team", team_id), on=str(member.from_on))
        note = f"您已被加入志愿服务队“{team.name}”。如不愿意,可以随时在“我的队伍”中退出。"
        notifications.tell(session, person_id, "team-joined", note, now)
        return member


def require_reach(actor: Actor, person_id: uuid.UUID) -> None:
    """Raise NotFound unless the caller may put this person in a team: a keeper anybody, a liaison their people.

    A keeper adds whoever tells them their number, as at a sign-up by staff; the person is told and may leave.
    """
    is_keeper = any(grant.role is Role.STATION_KEEPER for grant in actor.grants_with(MANAGE))
    if not (is_keeper and registration.person_exists(person_id)):
        registration.require_person(actor, MANAGE, person_id)


def join(
    session: Session,
    team: Team,
    person: PersonFacts,
    on: dt.date,
    by: uuid.UUID | None,
    now: dt.datetime,
    *,
    by_request: bool,
) -> TeamMember:
    """Insert a membership; person and team are locked.

    Raises:
        InvalidInput: `in-future`, `before-founding` on `from`. JoinRefused: with every reason.
    """
    fault = rules.check_day("from", on, team.founded_on, service.today(now))
    if fault and team.dissolved_on is None:
        raise InvalidInput([fault])
    reasons = rules.check_join(joining_of(session, team, person, on, by_request=by_request))
    if reasons:
        raise JoinRefused(reasons)
    member = TeamMember(id=new_id(), team_id=team.id, person_id=person.id, from_on=on, added_by=by)
    session.add(member)
    session.flush()
    return member


def joining_of(session: Session, team: Team, person: PersonFacts, on: dt.date, *, by_request: bool) -> Joining:
    """Return what is judged when a person would join; a membership that ends after `on` is in the way too."""
    later = sa.or_(TeamMember.until_on.is_(None), TeamMember.until_on > on)
    theirs = sa.select(TeamMember.id).where(TeamMember.team_id == team.id, TeamMember.person_id == person.id, later)
    return Joining(
        on=on,
        status=person.status,
        birth_date=person.birth_date,
        guardian_consented=person.guardian_consented,
        skills=person.skills,
        is_member=session.scalars(theirs).first() is not None,
        required_skill=team.required_skill,
        is_dissolved=team.dissolved_on is not None,
        takes_requests=team.takes_requests,
        by_request=by_request,
    )


def end_member(
    actor: Actor, team_id: uuid.UUID, person_id: uuid.UUID, on: dt.date | None, reason: str, now: dt.datetime
) -> TeamMember:
    """Take a person out of a team from a day on; the person is told why. Whoever leads it may do so too.

    Raises:
        NotFound: outside the caller's say, or the person never was in the team.
        IllegalTransition: the person leads the team.
        InvalidInput: `in-future`, `before-joining` on `on`.
    """
    today = service.today(now)
    with transaction() as session:
        service.require_say(actor, MANAGE, team_id, today, or_leads=True)
        registration.lock_person(session, person_id)
        team = service.lock_team(session, team_id)
        if service.leader_of(session, team_id, today) == person_id:
            raise IllegalTransition("这位志愿者是队长,请先更换队长。")
        member, is_new = _ended(session, team, person_id, on or today, actor.account_id, reason, now)
        if is_new:
            audit.record(session, actor, now, "team.member-end", ("team", team_id), reason, on=str(on or today))
            note = f"您不再是志愿服务队“{team.name}”的队员。原因:{reason}"
            notifications.tell(session, person_id, "team-left", note, now)
        return member


def leave(actor: Actor, team_id: uuid.UUID, volunteer_id: uuid.UUID | None, now: dt.datetime) -> TeamMember:
    """Leave a team from today on, oneself or somebody for whom the caller acts; whoever leads it leads it no more.

    Raises:
        NotFound: they never were in the team. Forbidden: `not-a-volunteer`.
    """
    person_id, today = registration.acting_as(actor, volunteer_id), service.today(now)
    with transaction() as session:
        registration.lock_person(session, person_id)
        team = service.lock_team(session, team_id)
        member, is_new = _ended(session, team, person_id, today, actor.account_id, None, now)
        if is_new:
            if service.leader_of(session, team_id, today) == person_id:
                _end_leader(session, team_id, today)
            audit.record(session, actor, now, "team.leave", ("team", team_id))
        return member


def make_leader(
    actor: Actor, team_id: uuid.UUID, person_id: uuid.UUID, on: dt.date | None, now: dt.datetime
) -> TeamLeader:
    """Let a person lead a team from a day on; who is not a member yet becomes one. The same again changes nothing.

    Raises:
        NotFound: outside the caller's say, or nobody whom they reach.
        InvalidInput: `in-future`, `before-founding`, `before-last-leader` on `from`.
        JoinRefused: they cannot be in the team.
    """
    today = service.today(now)
    day = on or today
    with transaction() as session:
        service.require_say(actor, MANAGE, team_id, today, or_leads=False)
        require_reach(actor, person_id)
        person = registration.lock_person(session, person_id)
        team = service.lock_team(session, team_id)
        current = session.scalars(_open_leader(team_id)).first()
        if current is not None and current.person_id == person_id:
            return current
        _check_leader_day(team, current, day, today)
        covering = sa.select(TeamMember.id).where(
            TeamMember.team_id == team_id,
            TeamMember.person_id == person_id,
            service.in_force(TeamMember.from_on, TeamMember.until_on, day),
            TeamMember.until_on.is_(None),
        )
        if session.scalars(covering).first() is None:
            join(session, team, person, day, actor.account_id, now, by_request=False)
        _end_leader(session, team_id, day)
        leader = TeamLeader(id=new_id(), team_id=team_id, person_id=person_id, from_on=day)
        session.add(leader)
        session.flush()
        audit.record(session, actor, now, "team.leader", ("team", team_id), on=str(day))
        notifications.tell(session, person_id, "team-leader", f"您已成为志愿服务队“{team.name}”的队长。", now)
        return leader


def _check_leader_day(team: Team, current: TeamLeader | None, day: dt.date, today: dt.date) -> None:
    """Raise InvalidInput unless the lead may change on the day; JoinRefused for a dissolved team."""
    if team.dissolved_on is not None:
        raise JoinRefused([JoinReason.DISSOLVED])
    fault = rules.check_day("from", day, team.founded_on, today)
    if fault is None and current is not None and day < current.from_on:
        message = f"现任队长从 {current.from_on} 起任职,请填写这一天或之后的日期。"
        fault = Fault("from", "before-last-leader", message)
    if fault:
        raise InvalidInput([fault])


def _open_leader(team_id: uuid.UUID) -> sa.Select[TeamLeader]:
    """Return the select of the lead that has no end."""
    return sa.select(TeamLeader).where(TeamLeader.team_id == team_id, TeamLeader.until_on.is_(None))


def _end_leader(session: Session, team_id: uuid.UUID, day: dt.date) -> None:
    """End the lead that is open, if there is one."""
    current = session.scalars(_open_leader(team_id)).first()
    if current is not None:
        current.until_on = max(day, current.from_on)
        session.flush()


def _ended(
    session: Session,
    team: Team,
    person_id: uuid.UUID,
    day: dt.date,
    by: uuid.UUID | None,
    reason: str | None,
    now: dt.datetime,
) -> tuple[TeamMember, bool]:
    """End a membership; return it and whether it was open until now.

    Raises:
        NotFound: the person never was in the team. InvalidInput: `in-future`, `before-joining` on `on`.
    """
    newest = sa.select(TeamMember).where(TeamMember.team_id == team.id, TeamMember.person_id == person_id)
    member = session.scalars(newest.order_by(TeamMember.from_on.desc(), TeamMember.id.desc())).first()
    if member is None:
        raise NotFound
    if member.until_on is not None:
        return member, False
    fault = rules.check_day("on", day, team.founded_on, service.today(now))
    if fault is None and day < member.from_on:
        fault = Fault("on", "before-joining", f"这位志愿者 {member.from_on} 才加入,请填写这一天或之后的日期。")
    if fault:
        raise InvalidInput([fault])
    member.until_on, member.ended_by, member.end_reason = day, by, reason
    session.flush()
    return member, True


def lock_all(session: Session, team_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Lock everybody who is in a team now, in order of id, and return them."""
    query = sa.select(TeamMember.person_id).where(TeamMember.team_id == team_id, TeamMember.until_on.is_(None))
    return frozenset(registration.lock_people(session, session.scalars(query).all()))


def end_all(
    session: Session,
    team: Team,
    people: Collection[uuid.UUID],
    day: dt.date,
    by: uuid.UUID | None,
    reason: str,
    now: dt.datetime,
) -> None:
    """End every open membership and the lead of a team that ends; who was locked is told.

    Raises:
        InvalidInput: `members-later` on `on`: somebody joined after that day.
    """
    rows = session.scalars(sa.select(TeamMember).where(TeamMember.team_id == team.id, TeamMember.until_on.is_(None)))
    for member in list(rows):
        if member.from_on > day:
            raise InvalidInput([Fault("on", "members-later", f"{member.from_on} 还有人加入,请填写之后的日期。")])
        member.until_on, member.ended_by, member.end_reason = day, by, reason
    _end_leader(session, team.id, day)
    for person_id in sorted(people):
        note = f"志愿服务队“{team.name}”已解散。您的服务记录不受影响,可以加入别的队伍。"
        notifications.tell(session, person_id, "team-dissolved", note, now)


def teams_of(person_id: uuid.UUID, day: dt.date) -> list[tuple[TeamMember, Team]]:
    """Return the teams in which a person is on a day, by name."""
    query = (
        sa.select(TeamMember, Team)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.person_id == person_id, service.in_force(TeamMember.from_on, TeamMember.until_on, day))
        .order_by(Team.name, Team.id)
    )
    return [(member, team) for member, team in reading().execute(query)]
