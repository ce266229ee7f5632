"""Teams of a unit that ends: found, and handed to the unit that goes on. Source: decisions 4 (teams stand apart)."""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.teams.models import Team
from volunteer.units.rules_endings import InUse
from volunteer.units.seams import Handing, Held, Holding


def of_unit(session: Session, unit_id: uuid.UUID, _on: dt.date) -> list[Held]:
    """Return the teams of a unit that are not dissolved, by name; whose they are is as it stands."""
    query = sa.select(Team.id, Team.name).where(Team.unit_id == unit_id, Team.dissolved_on.is_(None))
    return [Held(*row) for row in session.execute(query.order_by(Team.name, Team.id))]


def give(session: Session, team_ids: Collection[uuid.UUID], handing: Handing) -> int:
    """Hand those of these teams that are still a unit's to another one; return how many."""
    mine = sa.and_(Team.id.in_(team_ids), Team.unit_id == handing.unit_id)
    found = list(session.scalars(sa.select(Team).where(mine).order_by(Team.id).with_for_update()))
    for team in found:
        team.unit_id = handing.to_id
    session.flush()
    return len(found)


HOLDING = Holding(InUse.TEAMS, "所属的服务队", of_unit, give)
