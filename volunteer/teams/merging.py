"""How teams follow a merge of two records: the survivor goes on where the record was; past days stay as told."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.database import new_id
from volunteer.registration.merging import Merger, Moved, reassign
from volunteer.teams import service
from volunteer.teams.models import TeamLeader, TeamMember, TeamRequest
from volunteer.teams.rules import RequestState


def merge_members(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """End the record's memberships today; the survivor joins today where they are not in the team."""
    day = service.today(now)
    rows = list(session.scalars(sa.select(TeamMember).where(TeamMember.person_id == from_id)))
    theirs = sa.select(TeamMember.team_id).where(TeamMember.person_id == into_id, TeamMember.until_on.is_(None))
    here = set(session.scalars(theirs))
    running = [row for row in rows if row.until_on is None]
    for row in running:
        row.until_on = max(day, row.from_on)
    fresh = [row.team_id for row in running if row.team_id not in here]
    session.add_all(TeamMember(id=new_id(), team_id=team, person_id=into_id, from_on=day) for team in fresh)
    session.flush()
    return Moved(len(fresh), len(running) - len(fresh), len(rows))


def merge_leaders(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Let the survivor lead from today on what the record leads."""
    day = service.today(now)
    rows = list(session.scalars(sa.select(TeamLeader).where(TeamLeader.person_id == from_id)))
    running = [row for row in rows if row.until_on is None]
    for row in running:
        row.until_on = max(day, row.from_on)
    session.flush()
    session.add_all(TeamLeader(id=new_id(), team_id=row.team_id, person_id=into_id, from_on=day) for row in running)
    session.flush()
    return Moved(len(running), 0, len(rows))


def merge_requests(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Close what the survivor has asked as well or is already; the rest becomes theirs."""
    waiting = sa.select(TeamRequest).where(TeamRequest.person_id == from_id, TeamRequest.state == RequestState.OPEN)
    asked = sa.select(TeamRequest.team_id).where(
        TeamRequest.person_id == into_id, TeamRequest.state == RequestState.OPEN
    )
    inside = sa.select(TeamMember.team_id).where(TeamMember.person_id == into_id, TeamMember.until_on.is_(None))
    settled = {*session.scalars(asked), *session.scalars(inside)}
    doubled = [row for row in session.scalars(waiting) if row.team_id in settled]
    for row in doubled:
        row.state, row.decided_at = RequestState.WITHDRAWN, now
    session.flush()
    done = reassign(session, TeamRequest.__table__, from_id, into_id)
    session.expire_all()
    return Moved(done.moved - len(doubled), len(doubled))


STAYS: Final = frozenset({"person_id"})
TABLES: Final[Mapping[str, Merger]] = {
    "team_members": Merger("队伍成员", merge_members, STAYS),
    "team_leaders": Merger("队长任期", merge_leaders, STAYS),
    "team_requests": Merger("加入队伍的申请", merge_requests),
}
