"""What teams hold about a person: told to them in full, ended and emptied of words when they are erased.

Spans stay, so that past head-counts do not move (decisions 15); the free words do not.
"""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.teams import service
from volunteer.teams.models import Team, TeamLeader, TeamMember, TeamRequest
from volunteer.teams.rules import RequestState


def export_of(session: Session, person_id: uuid.UUID) -> dict[str, Any]:
    """Return a person's teams, leads and requests, for GET /me/data (registration's EXPORTERS)."""

    def rows(model: type[Any], names: tuple[str, ...], order: Any) -> list[dict[str, Any]]:
        query = sa.select(model, Team.name).join(Team, Team.id == model.team_id).where(model.person_id == person_id)
        return [
            {"team": team} | {name: getattr(row, name) for name in names}
            for row, team in session.execute(query.order_by(order, model.id))
        ]

    asked = ("state", "note", "asked_at", "decided_at", "reason")
    return {
        "teams": rows(TeamMember, ("from_on", "until_on", "end_reason"), TeamMember.from_on),
        "teams_led": rows(TeamLeader, ("from_on", "until_on"), TeamLeader.from_on),
        "team_requests": rows(TeamRequest, asked, TeamRequest.asked_at),
    }


def forget_person(session: Session, person_id: uuid.UUID, now: dt.datetime) -> None:
    """End what is open and drop the words: a handler of registration's erasure."""
    day = service.today(now)
    inside = sa.select(TeamMember).where(TeamMember.person_id == person_id, TeamMember.until_on.is_(None))
    leads = sa.select(TeamLeader).where(TeamLeader.person_id == person_id, TeamLeader.until_on.is_(None))
    spans: list[TeamMember | TeamLeader] = [*session.scalars(inside), *session.scalars(leads)]
    for span in spans:
        span.until_on = max(day, span.from_on)
    session.flush()
    theirs = TeamRequest.person_id == person_id
    waiting = {"state": RequestState.WITHDRAWN.value, "decided_at": now}
    session.execute(sa.update(TeamRequest).where(theirs, TeamRequest.state == RequestState.OPEN).values(waiting))
    session.execute(sa.update(TeamRequest).where(theirs).values(note=None, reason=None))
    session.execute(sa.update(TeamMember).where(TeamMember.person_id == person_id).values(end_reason=None))
