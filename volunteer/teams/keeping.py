"""Teams: founded, changed and dissolved by who has a say over the unit or station that owns them.

Source: domain.md c2 (Team), A15; decisions 4, 6.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer import audit
from volunteer.access import Actor, Permission
from volunteer.areas import service as areas
from volunteer.database import lock_name, new_id, transaction
from volunteer.errors import Conflict, Fault, IllegalTransition, InvalidInput
from volunteer.registration import code_tables
from volunteer.stations import service as stations
from volunteer.teams import joining, members, rules, service
from volunteer.teams.models import Team
from volunteer.units import service as units

OWNERS = ("unit_id", "station_id")
MANAGE = Permission.MANAGE_TEAMS


def add_team(actor: Actor, values: Mapping[str, Any], now: dt.datetime) -> Team:
    """Found a team. Without a `code` it gets the next number; a `leader_id` leads it from the first day on.

    Raises:
        Conflict: the code is taken.
        InvalidInput: `unknown` on what is not there or not the caller's, `owner-required`, `in-future`.
        JoinRefused: the leader cannot be in the team.
        NotFound: the leader is nobody whom the caller reaches.
    """
    wanted = dict(values)
    leader_id, code = wanted.pop("leader_id", None), wanted.pop("code", None)
    wanted["founded_on"] = wanted.get("founded_on") or service.today(now)
    with transaction() as session:
        faults = _faults(session, actor, wanted, now)
        if faults:
            raise InvalidInput(faults)
        team = Team(
            id=new_id(),
            code=_claimed(session, code),
            created_by=actor.account_id,
            created_at=now,
            takes_requests=wanted.pop("takes_requests", True),
            **wanted,
        )
        session.add(team)
        session.flush()
        audit.record(session, actor, now, "team.add", ("team", team.id))
        if leader_id:
            members.make_leader(actor, team.id, leader_id, team.founded_on, now)
        return team


def change_team(actor: Actor, team_id: uuid.UUID, changes: Mapping[str, Any], now: dt.datetime) -> Team:
    """Change what describes a team, or who owns it. The same again changes nothing.

    Raises:
        NotFound: outside the caller's say.
        IllegalTransition: it is dissolved.
        Conflict, InvalidInput: as `add_team`.
    """
    with transaction() as session:
        service.require_say(actor, MANAGE, team_id, service.today(now), or_leads=False)
        team = service.lock_team(session, team_id)
        differing = {name: value for name, value in changes.items() if getattr(team, name) != value}
        if not differing:
            return team
        if team.dissolved_on is not None:
            raise IllegalTransition("队伍已经解散,不能再修改。")
        owners = {name: getattr(team, name) for name in OWNERS}
        faults = _faults(session, actor, differing, now, owners)
        if faults:
            raise InvalidInput(faults)
        if "code" in differing:
            differing["code"] = _claimed(session, differing["code"])
        for name, value in differing.items():
            setattr(team, name, value)
        audit.record(session, actor, now, "team.change", ("team", team_id), fields=sorted(differing))
        session.flush()
        return team


def dissolve(actor: Actor, team_id: uuid.UUID, on: dt.date | None, reason: str, now: dt.datetime) -> Team:
    """Dissolve a team from a day on: memberships end, waiting requests are refused, everybody is told.

    Raises:
        NotFound: outside the caller's say.
        InvalidInput: `in-future`, `before-founding`, `members-later` on `on`.
    """
    today = service.today(now)
    day = on or today
    with transaction() as session:
        service.require_say(actor, MANAGE, team_id, today, or_leads=False)
        people = members.lock_all(session, team_id)
        team = service.lock_team(session, team_id)
        if team.dissolved_on is not None:
            return team
        fault = rules.check_day("on", day, team.founded_on, today)
        if fault:
            raise InvalidInput([fault])
        members.end_all(session, team, people, day, actor.account_id, reason, now)
        joining.refuse_waiting(session, team, actor, reason, now)
        team.dissolved_on, team.dissolved_reason = day, reason
        audit.record(session, actor, now, "team.dissolve", ("team", team_id), reason, on=str(day))
        session.flush()
        return team


def _claimed(session: Session, code: str | None) -> str:
    """Return a code that nobody else has until commit: the one asked for, or the next number."""
    lock_name(session, "team codes")
    if code is None:
        number = (session.scalar(sa.select(sa.func.count()).select_from(Team)) or 0) + 1
        while _is_taken(session, f"TD{number:04d}"):
            number += 1
        return f"TD{number:04d}"
    if _is_taken(session, code):
        raise Conflict("这个队伍编号已被使用,请换一个。", field="code")
    return code


def _is_taken(session: Session, code: str) -> bool:
    """Whether a team has the code."""
    return session.scalar(sa.select(Team.id).where(Team.code == code)) is not None


def _faults(
    session: Session,
    actor: Actor,
    values: Mapping[str, Any],
    now: dt.datetime,
    owners: Mapping[str, uuid.UUID | None] | None = None,
) -> list[Fault]:
    """Return all that is wrong with these fields; `owners` are those of a team that stands already."""
    faults = [fault for fault in (_owner_fault(actor, name, values.get(name)) for name in OWNERS) if fault]
    merged = {name: values.get(name, (owners or {}).get(name)) for name in OWNERS}
    touches_owner = owners is None or any(name in values for name in OWNERS)
    if touches_owner and not any(merged.values()) and not actor.is_admin:
        faults.append(Fault("unit_id", "owner-required", "请选择队伍所属的单位或站点。"))
    area_id, skill = values.get("area_id"), values.get("required_skill")
    if area_id and not areas.area_exists(area_id):
        faults.append(Fault("area_id", "unknown", "没有找到所在区域,请重新选择。"))
    if skill and skill not in code_tables.labels(session, "skills"):
        faults.append(code_tables.unknown_code("required_skill"))
    founded_on = values.get("founded_on")
    if founded_on and founded_on > service.today(now):
        faults.append(Fault("founded_on", "in-future", "成立日期不能晚于今天。"))
    return faults


def _owner_fault(actor: Actor, field: str, owner_id: uuid.UUID | None) -> Fault | None:
    """Return a fault where an owner is named that is not there, or not the caller's."""
    if owner_id is None:
        return None
    if field == "unit_id":
        scope = units.unit_ids_in_scope(actor, MANAGE)
        is_theirs = units.unit_exists(owner_id) if scope is None else owner_id in scope
    else:
        scope = stations.station_ids_in_scope(actor, MANAGE)
        is_theirs = stations.station_exists(owner_id) if scope is None else owner_id in scope
    return None if is_theirs else Fault(field, "unknown", "没有找到它,或它不在您的管理范围内,请重新选择。")
