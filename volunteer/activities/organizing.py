"""Who organises an activity: a unit or a team, as its form finds it by name or code, and as pages name it."""

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from volunteer.errors import Fault
from volunteer.teams import service as teams
from volunteer.units import service as units

MOST_NAMED = 5


class Organizer(NamedTuple):
    """A unit or a team, or neither; `fault` where a text names nothing or too much."""

    unit_id: uuid.UUID | None = None
    team_id: uuid.UUID | None = None
    fault: Fault | None = None


class Named(NamedTuple):
    """Who organises, in words: the name, the code that is unique, and which team it is, if it is one."""

    name: str = ""
    code: str = ""
    team_id: uuid.UUID | None = None


def find(text: str) -> Organizer:
    """Return the unit or team that a text names: its whole name or code, or the only one with such a part."""
    if not text:
        return Organizer()
    known: dict[uuid.UUID, tuple[str, str, bool]] = {
        one.id: (one.name, one.code, False) for one in units.list_units(None, text[:100], 8, None)
    }
    known |= {one.id: (one.name, one.code, True) for one in teams.find_teams(text[:100], 8)}
    exact = {key: one for key, one in known.items() if text in one[:2]}
    found = exact or known
    if len(found) == 1:
        key, (_name, _code, is_team) = next(iter(found.items()))
        return Organizer(team_id=key) if is_team else Organizer(unit_id=key)
    if not found:
        fault = Fault("organizer", "unknown", "没有找到这个单位或队伍,请填写它的名称或代码,或留空。")
        return Organizer(fault=fault)
    names = "、".join(name for name, _code, _is_team in list(found.values())[:MOST_NAMED])
    message = f"有多个单位或队伍符合:{names}。请填写完整的名称或代码。"
    return Organizer(fault=Fault("organizer", "ambiguous", message))


def named(activity: Mapping[str, Any]) -> Named:
    """Return who organises an activity, from its `organizer_unit_id` and `team_id`."""
    if activity["organizer_unit_id"]:
        unit = units.unit_briefs([activity["organizer_unit_id"]])[activity["organizer_unit_id"]]
        return Named(unit.name, unit.code)
    if activity["team_id"]:
        team = teams.team_briefs([activity["team_id"]])[activity["team_id"]]
        return Named(team.name, team.code, team.id)
    return Named()


def names_of(
    organizers: Mapping[uuid.UUID, tuple[uuid.UUID | None, uuid.UUID | None]],
) -> dict[uuid.UUID, str]:
    """Return who organises each activity, by its id, from its unit and its team; empty where neither is named."""
    of_unit = units.unit_briefs({unit for unit, _ in organizers.values() if unit})
    of_team = teams.team_briefs({team for _, team in organizers.values() if team})
    found = {}
    for key, (unit, team) in organizers.items():
        known = of_unit.get(unit) if unit else of_team.get(team) if team else None
        found[key] = known.name if known else ""
    return found
